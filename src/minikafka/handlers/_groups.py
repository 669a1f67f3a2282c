"""What the group APIs share: who asks, and which of the topics asked for there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.partitioner import partition_for
from minikafka.coordinator.result import Caller
from minikafka.state.features import GROUP_VERSION, SHARE_VERSION
from minikafka.state.topic_names import GROUP_METADATA_TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext, Services

ZERO_TOPIC_ID = bytes(16)
_READ, _DELETE, _DESCRIBE, _DESCRIBE_CONFIGS, _ALTER_CONFIGS = 3, 6, 8, 10, 11
ALL_GROUP_OPERATIONS = sum(1 << code for code in (_READ, _DELETE, _DESCRIBE, _DESCRIBE_CONFIGS, _ALTER_CONFIGS))
"""What may be done with a group where nothing is forbidden, one bit for each of Kafka's ``AclOperation`` codes."""


def caller_of(ctx: RequestContext) -> Caller:
    """The sender, as members are remembered: the host with a slash before it, as Kafka stores and shows it."""
    return Caller(ctx.api_version, ctx.client_id or "", f"/{ctx.connection.client_host}")


def consumer_protocol_is_enabled(ctx: RequestContext) -> bool:
    """Whether there may be consumer groups (KIP-848): the broker and the cluster's features must both say so."""
    broker = ctx.broker
    return (
        "consumer" in broker.config["group.coordinator.rebalance.protocols"]
        and broker.image.features.level(GROUP_VERSION) >= 1
    )


def share_groups_are_enabled(broker: Services) -> bool:
    """Whether there may be share groups (KIP-932): the broker or the cluster's features must say so."""
    return bool(broker.config["group.share.enable"]) or broker.image.features.level(SHARE_VERSION) >= 1


def topic_name_of(ctx: RequestContext, topic_id: bytes) -> str | None:
    """The name of a topic by its id; None when there is none with that id."""
    topic = ctx.broker.image.topics_by_id.get(topic_id)
    return None if topic is None else topic.name


def partition_exists(ctx: RequestContext, topic_name: str, partition: int) -> bool:
    topic = ctx.broker.image.topics_by_name.get(topic_name)
    return topic is not None and 0 <= partition < len(topic.partitions)


def group_partition(ctx: RequestContext, group_id: str) -> tuple[str, int] | None:
    """The partition of ``__consumer_offsets`` that holds a group; None while there is no such topic."""
    topic = ctx.broker.image.topics_by_name.get(GROUP_METADATA_TOPIC)
    if topic is None or not topic.partitions:
        return None
    return GROUP_METADATA_TOPIC, partition_for(group_id, len(topic.partitions))
