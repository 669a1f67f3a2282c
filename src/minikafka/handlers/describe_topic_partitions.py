"""DescribeTopicPartitions (key 75), version 0: topics in order of name, a page at a time (KIP-966).

A page has at most response_partition_limit partitions (and max.request.partition.size.limit); the cursor names the
first partition that did not fit. Source: DescribeTopicPartitionsRequestHandler, KRaftMetadataCache.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers._authorized_operations import TOPIC_OPERATIONS
from minikafka.handlers._topic_metadata import error_of_missing_topic, partition_state
from minikafka.protocol.messages import DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse
from minikafka.state.topic_names import is_internal

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.topics import PartitionImage, TopicImage

_Topic = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic
_Partition = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition


def handle(ctx: RequestContext, request: DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse:
    names = _names(ctx, request)
    limit = ctx.broker.config["max.request.partition.size.limit"]
    remaining = max(min(limit, request.response_partition_limit), 1)
    cursor = request.cursor
    response = DescribeTopicPartitionsResponse()
    for name in names:
        first = cursor.partition_index if cursor is not None and name == cursor.topic_name else 0
        if remaining == 0:
            response.next_cursor = _cursor(name, first)
            break
        topic = ctx.broker.image.topics_by_name.get(name)
        if topic is None:
            response.topics.append(_missing(name))
            continue
        page = topic.partitions[first : first + remaining]
        response.topics.append(_describe(ctx, topic, page))
        remaining -= len(page)
        if first + len(page) < len(topic.partitions):
            response.next_cursor = _cursor(name, first + len(page))
            break
    return response


def error_response(request: DescribeTopicPartitionsRequest, code: int) -> DescribeTopicPartitionsResponse:
    """The answer when the request fails as a whole."""
    return DescribeTopicPartitionsResponse(
        topics=[_Topic(name=topic.name, error_code=code) for topic in request.topics]
    )


def _names(ctx: RequestContext, request: DescribeTopicPartitionsRequest) -> list[str]:
    """The topics to tell of, from the cursor's on."""
    cursor = request.cursor
    names = {topic.name for topic in request.topics} or set(ctx.broker.image.topics_by_name)
    if cursor is None:
        return sorted(names)
    names = {name for name in names if name >= cursor.topic_name}
    if request.topics and cursor.topic_name not in names:
        raise ApiError(
            errors.INVALID_REQUEST,
            f"DescribeTopicPartitionsRequest topic list should contain the cursor topic: {cursor.topic_name}",
        )
    if cursor.partition_index < 0:
        raise ApiError(
            errors.INVALID_REQUEST,
            f"DescribeTopicPartitionsRequest cursor partition must be valid: {cursor.partition_index}",
        )
    return sorted(names)


def _cursor(name: str, index: int) -> DescribeTopicPartitionsResponse.Cursor:
    return DescribeTopicPartitionsResponse.Cursor(topic_name=name, partition_index=index)


def _missing(name: str) -> _Topic:
    return _Topic(
        error_code=error_of_missing_topic(name),
        name=name,
        is_internal=is_internal(name),
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _describe(ctx: RequestContext, topic: TopicImage, partitions: list[PartitionImage]) -> _Topic:
    return _Topic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[_describe_partition(ctx, topic, partition) for partition in partitions],
        topic_authorized_operations=TOPIC_OPERATIONS,
    )


def _describe_partition(ctx: RequestContext, topic: TopicImage, partition: PartitionImage) -> _Partition:
    """Kafka reports no error for a partition without a leader here: its leader is -1."""
    _, leader, offline_replicas = partition_state(ctx.broker, topic, partition)
    return _Partition(
        partition_index=partition.index,
        leader_id=leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        eligible_leader_replicas=partition.eligible_leader_replicas,
        last_known_elr=partition.last_known_elr,
        offline_replicas=offline_replicas,
    )
