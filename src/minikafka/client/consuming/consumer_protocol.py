"""What consumers of a classic group tell each other through the broker (``ConsumerProtocol``): topics, partitions.

A version (int16) is in front of either message. A later version may have more behind what this one knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.protocol.messages import ConsumerProtocolAssignment, ConsumerProtocolSubscription

PROTOCOL_TYPE: Final = "consumer"
_VERSION: Final = 1
_VERSION_WITH_GENERATION: Final = 2


def encoded_subscription(
    topics: list[str],
    user_data: bytes | None = None,
    *,
    owned: list[TopicPartition] | None = None,
    generation_id: int = -1,
) -> bytes:
    """:param user_data: what members with the same assignor tell each other besides.
    :param owned: what the member keeps while the group is put together anew, where its assignor is cooperative;
        ``generation_id`` since when.
    """
    subscription = ConsumerProtocolSubscription(topics=sorted(topics), user_data=user_data)
    if owned is None:
        return _VERSION.to_bytes(2, "big") + subscription.encode(_VERSION)
    subscription.owned_partitions = [
        ConsumerProtocolSubscription.TopicPartition(topic=topic, partitions=indexes)
        for topic, indexes in by_topic(owned).items()
    ]
    subscription.generation_id = generation_id
    return _VERSION_WITH_GENERATION.to_bytes(2, "big") + subscription.encode(_VERSION_WITH_GENERATION)


def decoded_subscription(subscription: bytes) -> ConsumerProtocolSubscription:
    """Raises ProtocolError."""
    version = min(int.from_bytes(subscription[:2], "big"), ConsumerProtocolSubscription.max_version)
    return ConsumerProtocolSubscription.decode_from(subscription, 2, version)[0]


def encoded_assignment(partitions: Mapping[str, list[int]]) -> bytes:
    assignment = ConsumerProtocolAssignment(
        assigned_partitions=[
            ConsumerProtocolAssignment.TopicPartition(topic=topic, partitions=indexes)
            for topic, indexes in partitions.items()
        ],
        user_data=None,
    )
    return _VERSION.to_bytes(2, "big") + assignment.encode(_VERSION)


def assigned_partitions(assignment: bytes) -> list[TopicPartition]:
    """None at all of nothing. Raises ProtocolError."""
    if not assignment:
        return []
    version = min(int.from_bytes(assignment[:2], "big"), ConsumerProtocolAssignment.max_version)
    decoded, _ = ConsumerProtocolAssignment.decode_from(assignment, 2, version)
    return [(topic.topic, index) for topic in decoded.assigned_partitions for index in topic.partitions]
