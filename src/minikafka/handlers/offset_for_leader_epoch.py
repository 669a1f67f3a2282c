"""OffsetForLeaderEpoch (key 23), versions 0-4: where the records of a leader epoch end (KIP-101, KIP-320).

Consumers use it to notice that a log was truncated under them. Source: Kafka's ReplicaManager.lastOffsetForLeaderEpoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import check_leader_epoch, partition_log
from minikafka.protocol.messages import OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_TopicResult = OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult
_EpochEndOffset = OffsetForLeaderEpochResponse.EpochEndOffset


def handle(ctx: RequestContext, request: OffsetForLeaderEpochRequest) -> OffsetForLeaderEpochResponse:
    return OffsetForLeaderEpochResponse(
        topics=[
            _TopicResult(
                topic=topic.topic,
                partitions=[_end_offset(ctx, topic.topic, partition) for partition in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def error_response(request: OffsetForLeaderEpochRequest, code: int) -> OffsetForLeaderEpochResponse:
    """The answer when the request fails as a whole."""
    return OffsetForLeaderEpochResponse(
        topics=[
            _TopicResult(
                topic=topic.topic,
                partitions=[
                    _EpochEndOffset(partition=partition.partition, error_code=code) for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _end_offset(
    ctx: RequestContext, topic: str, partition: OffsetForLeaderEpochRequest.OffsetForLeaderPartition
) -> OffsetForLeaderEpochResponse.EpochEndOffset:
    try:
        log = partition_log(ctx.broker, topic, partition.partition)
        check_leader_epoch(log, partition.current_leader_epoch)
    except ApiError as error:
        return _EpochEndOffset(partition=partition.partition, error_code=error.code)
    except StorageError:
        return _EpochEndOffset(partition=partition.partition, error_code=errors.KAFKA_STORAGE_ERROR)
    epoch, end_offset = log.end_offset_for_epoch(partition.leader_epoch)
    return _EpochEndOffset(partition=partition.partition, leader_epoch=epoch, end_offset=end_offset)
