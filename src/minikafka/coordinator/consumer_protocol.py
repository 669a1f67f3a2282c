"""The embedded protocol of consumers: what they put into the bytes of JoinGroup and SyncGroup.

The classic protocol carries these bytes without a look at them. A consumer group reads and writes them itself for its
members of the classic protocol: there the broker assigns. Each message is an int16 version and a body; what a newer
client adds at the end is left alone. Source: Kafka's ConsumerProtocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from minikafka.errors import ProtocolError
from minikafka.protocol.messages import ConsumerProtocolAssignment, ConsumerProtocolSubscription

if TYPE_CHECKING:
    from minikafka.coordinator.assignments import Assignment

HIGHEST_VERSION: Final = 3
_VERSION_BYTES: Final = 2


def version_of(data: bytes) -> int:
    """The version of a message that this broker can write or read as. Raises ProtocolError."""
    if len(data) < _VERSION_BYTES:
        raise ProtocolError(f"a message of the consumer protocol has {len(data)} bytes, too few for its version")
    version = int.from_bytes(data[:_VERSION_BYTES], "big", signed=True)
    if version < 0:
        raise ProtocolError(f"a message of the consumer protocol has version {version}")
    return min(version, HIGHEST_VERSION)


def read_subscription(data: bytes) -> ConsumerProtocolSubscription:
    """What a consumer says of itself in JoinGroup. Raises ProtocolError."""
    return ConsumerProtocolSubscription.decode_from(data, _VERSION_BYTES, version_of(data))[0]


def read_assignment(data: bytes) -> ConsumerProtocolAssignment:
    """What the leader of a classic group has given a member. Raises ProtocolError."""
    return ConsumerProtocolAssignment.decode_from(data, _VERSION_BYTES, version_of(data))[0]


def write_assignment(assignment: Assignment, topics_by_id: Mapping[bytes, Any], version: int) -> bytes:
    """The partitions for SyncGroup's answer; without topics that are gone."""
    message = ConsumerProtocolAssignment(
        assigned_partitions=[
            ConsumerProtocolAssignment.TopicPartition(
                topic=topics_by_id[topic_id].name, partitions=sorted(assignment[topic_id])
            )
            for topic_id in assignment
            if topic_id in topics_by_id
        ],
        user_data=None,
    )
    return version.to_bytes(_VERSION_BYTES, "big") + message.encode(version)


def partitions_by_id(topics: list[Any], topics_by_name: Mapping[str, Any]) -> Assignment:
    """Partitions by topic id from a list of structs with ``topic`` and ``partitions``; without topics that are gone."""
    return {
        topics_by_name[one.topic].topic_id: frozenset(one.partitions)
        for one in topics
        if one.topic in topics_by_name and one.partitions
    }
