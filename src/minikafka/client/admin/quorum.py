"""The quorum of controllers: its replicas, and how one is added or taken away (KIP-595, KIP-853)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from minikafka.client.cluster import check
from minikafka.client.controllers import Controllers
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    AddRaftVoterRequest,
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    RemoveRaftVoterRequest,
)

_TOPIC: Final = "__cluster_metadata"
_TIMEOUT_MS: Final = 30_000


class RaftEndpoint(NamedTuple):
    listener: str
    host: str
    port: int


class QuorumReplica(NamedTuple):
    """``directory_id`` is all zeros where it is not known. Timestamps are in ms, None where the leader knows none."""

    replica_id: int
    directory_id: bytes
    log_end_offset: int
    last_fetch_ms: int | None
    last_caught_up_ms: int | None


class Quorum(NamedTuple):
    """``endpoints``: node id -> where its listeners are."""

    leader_id: int
    leader_epoch: int
    high_watermark: int
    voters: list[QuorumReplica]
    observers: list[QuorumReplica]
    endpoints: dict[int, list[RaftEndpoint]]


def describe_quorum(controllers: Controllers) -> Quorum:
    """Raises ApiError, ClientError."""
    partition = DescribeQuorumRequest.PartitionData(partition_index=0)
    request = DescribeQuorumRequest(topics=[DescribeQuorumRequest.TopicData(topic_name=_TOPIC, partitions=[partition])])
    answer = controllers.call_any(request, _error_codes)
    check(answer.error_code, answer.error_message)
    found = answer.topics[0].partitions[0]
    check(found.error_code, found.error_message)
    return Quorum(
        found.leader_id,
        found.leader_epoch,
        found.high_watermark,
        [_replica(state) for state in found.current_voters],
        [_replica(state) for state in found.observers],
        {
            node.node_id: [RaftEndpoint(each.name, each.host, each.port) for each in node.listeners]
            for node in answer.nodes
        },
    )


def add_voter(controllers: Controllers, voter_id: int, directory_id: bytes, endpoints: Sequence[RaftEndpoint]) -> None:
    """Raises ApiError, ClientError."""
    request = AddRaftVoterRequest(
        cluster_id=None,
        timeout_ms=_TIMEOUT_MS,
        voter_id=voter_id,
        voter_directory_id=directory_id,
        listeners=[
            AddRaftVoterRequest.Listener(name=each.listener, host=each.host, port=each.port) for each in endpoints
        ],
    )
    answer = controllers.call(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)


def remove_voter(controllers: Controllers, voter_id: int, directory_id: bytes) -> None:
    """Raises ApiError, ClientError."""
    request = RemoveRaftVoterRequest(cluster_id=None, voter_id=voter_id, voter_directory_id=directory_id)
    answer = controllers.call(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)


def _error_codes(answer: Any) -> list[int]:
    return [answer.error_code, *(part.error_code for topic in answer.topics for part in topic.partitions)]


def _replica(state: DescribeQuorumResponse.ReplicaState) -> QuorumReplica:
    fetch_ms, caught_up_ms = state.last_fetch_timestamp, state.last_caught_up_timestamp
    return QuorumReplica(
        state.replica_id,
        state.replica_directory_id,
        state.log_end_offset,
        None if fetch_ms < 0 else fetch_ms,
        None if caught_up_ms < 0 else caught_up_ms,
    )
