"""Names one partition of one share group (Kafka: ``SharePartitionKey``)."""

from __future__ import annotations

from minikafka.named_tuple import NamedTuple
from minikafka.protocol.primitives import uuid_to_text


class SharePartitionKey(NamedTuple):
    group_id: str
    topic_id: bytes
    """16 bytes."""
    partition: int

    def __str__(self) -> str:
        """As it is looked up with FindCoordinator: what its place in ``__share_group_state`` depends on."""
        return f"{self.group_id}:{uuid_to_text(self.topic_id)}:{self.partition}"
