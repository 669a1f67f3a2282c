"""What adding and removing voters share: whom a request is about, as Kafka shows it.

(Kafka: KafkaRaftClient, AddVoterHandler, RemoveVoterHandler; KIP-853.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.protocol.primitives import uuid_to_text

if TYPE_CHECKING:
    from minikafka.handlers.context import Services

_NO_DIRECTORY = bytes(16)


def check_cluster_id(broker: Services, cluster_id: str | None) -> None:
    """Raises ApiError(INCONSISTENT_CLUSTER_ID)."""
    if cluster_id is not None and cluster_id != broker.cluster_id:
        raise ApiError(
            errors.INCONSISTENT_CLUSTER_ID,
            f'The given id "{cluster_id}" doesn\'t match the cluster id "{broker.cluster_id}"',
        )


def is_voter(voter_id: int, directory_id: bytes) -> bool:
    """Whether these can be of a voter at all."""
    return voter_id >= 0 and directory_id != _NO_DIRECTORY


def replica_key(voter_id: int, directory_id: bytes) -> str:
    return f"ReplicaKey(id={voter_id}, directoryId={uuid_to_text(directory_id)})"


def voters(broker: Services) -> str:
    """All there are: this node."""
    return f"[{replica_key(broker.node_id, broker.controller.voter_directory_id)}]"
