"""ListOffsets (key 2), versions 0-11: the offset of a timestamp, or of one of the named points of a log.

    -1  latest: the high watermark, or for read_committed the last stable offset
    -2  earliest: the log start offset
    -3  the largest timestamp (version 7, KIP-734)
    -4  earliest local (version 8, KIP-405)
    -5  latest tiered (version 9, KIP-1005): -1, since nothing is tiered
    -6  earliest pending upload (version 11, KIP-1023): -1 likewise

Version 0 answers with a list of segment base offsets. Source: Kafka's KafkaApis.handleListOffsetRequest*,
ReplicaManager.fetchOffset, Partition.fetchOffsetForTimestamp, UnifiedLog.legacyFetchOffsetsBefore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import NO_EPOCH, check_leader_epoch, partition_log
from minikafka.protocol.messages import ListOffsetsRequest, ListOffsetsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.storage.partition_log import PartitionLog

LATEST_TIMESTAMP = -1
EARLIEST_TIMESTAMP = -2
MAX_TIMESTAMP = -3
EARLIEST_LOCAL_TIMESTAMP = -4
LATEST_TIERED_TIMESTAMP = -5
EARLIEST_PENDING_UPLOAD_TIMESTAMP = -6
_FIRST_VERSION = {
    LATEST_TIMESTAMP: 0,
    EARLIEST_TIMESTAMP: 0,
    MAX_TIMESTAMP: 7,
    EARLIEST_LOCAL_TIMESTAMP: 8,
    LATEST_TIERED_TIMESTAMP: 9,
    EARLIEST_PENDING_UPLOAD_TIMESTAMP: 11,
}
_CONSUMER_REPLICA_ID = -1
_READ_COMMITTED = 1

_PartitionResponse = ListOffsetsResponse.ListOffsetsPartitionResponse


def handle(ctx: RequestContext, request: ListOffsetsRequest) -> ListOffsetsResponse:
    duplicates = _duplicates(request) if ctx.api_version > 0 else frozenset()
    return ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    _look_up(ctx, request, topic.name, partition, (topic.name, partition.partition_index) in duplicates)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def error_response(request: ListOffsetsRequest, code: int) -> ListOffsetsResponse:
    """The answer when the request fails as a whole."""
    return ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    _PartitionResponse(partition_index=partition.partition_index, error_code=code)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _duplicates(request: ListOffsetsRequest) -> frozenset[tuple[str, int]]:
    seen: set[tuple[str, int]] = set()
    duplicates: set[tuple[str, int]] = set()
    for topic in request.topics:
        for partition in topic.partitions:
            key = (topic.name, partition.partition_index)
            (duplicates if key in seen else seen).add(key)
    return frozenset(duplicates)


def _look_up(
    ctx: RequestContext,
    request: ListOffsetsRequest,
    topic: str,
    partition: ListOffsetsRequest.ListOffsetsPartition,
    is_duplicate: bool,
) -> ListOffsetsResponse.ListOffsetsPartitionResponse:
    index = partition.partition_index
    try:
        if is_duplicate:
            raise ApiError(errors.INVALID_REQUEST)
        _check_timestamp(partition.timestamp, ctx.api_version)
        log = partition_log(ctx.broker, topic, index)
        check_leader_epoch(log, partition.current_leader_epoch)
        if ctx.api_version == 0:
            offsets = _offsets_before(log, partition.timestamp, partition.max_num_offsets, ctx.broker.clock.wall_ms())
            return _PartitionResponse(partition_index=index, old_style_offsets=offsets)
        offset, timestamp, epoch = _offset_of(log, partition.timestamp, _limit_offset(log, request))
    except ApiError as error:
        return _PartitionResponse(partition_index=index, error_code=error.code)
    except StorageError:
        return _PartitionResponse(partition_index=index, error_code=errors.KAFKA_STORAGE_ERROR)
    return _PartitionResponse(
        partition_index=index,
        timestamp=timestamp,
        offset=offset,
        leader_epoch=epoch if ctx.api_version >= 4 else NO_EPOCH,
    )


def _check_timestamp(timestamp: int, version: int) -> None:
    if timestamp < 0 and version < _FIRST_VERSION.get(timestamp, version + 1):
        raise ApiError(errors.UNSUPPORTED_VERSION)


def _limit_offset(log: PartitionLog, request: ListOffsetsRequest) -> int:
    """The offset from which on this client may not read."""
    if request.replica_id != _CONSUMER_REPLICA_ID:
        return log.log_end_offset
    return log.last_stable_offset if request.isolation_level == _READ_COMMITTED else log.high_watermark


def _offset_of(log: PartitionLog, timestamp: int, limit_offset: int) -> tuple[int, int, int]:
    """``(offset, timestamp, leader_epoch)``; -1 where there is none."""
    if timestamp == LATEST_TIMESTAMP:
        return limit_offset, -1, log.leader_epoch
    if timestamp in (EARLIEST_TIMESTAMP, EARLIEST_LOCAL_TIMESTAMP):
        return log.log_start_offset, -1, log.earliest_epoch()
    if timestamp in (LATEST_TIERED_TIMESTAMP, EARLIEST_PENDING_UPLOAD_TIMESTAMP):
        return -1, -1, NO_EPOCH
    found = log.max_timestamp() if timestamp == MAX_TIMESTAMP else log.offset_for_timestamp(timestamp)
    if found is None or found[0] >= limit_offset:
        return -1, -1, NO_EPOCH
    return found


def _offsets_before(log: PartitionLog, timestamp: int, max_offsets: int, now_ms: int) -> list[int]:
    """Up to ``max_offsets`` segment base offsets, newest first, of segments last written at or before ``timestamp``."""
    points = [
        (max(segment.base_offset, log.log_start_offset), segment.last_modified_ms()) for segment in log.segments()
    ]
    if log.active_segment_size_bytes() > 0:
        points.append((log.log_end_offset, now_ms))
    if timestamp == LATEST_TIMESTAMP:
        count = len(points)
    elif timestamp == EARLIEST_TIMESTAMP:
        count = 1
    else:
        count = next((at + 1 for at in range(len(points) - 1, -1, -1) if points[at][1] <= timestamp), 0)
    newest_first = sorted((offset for offset, _ in points[:count]), reverse=True)
    return newest_first[: max(max_offsets, 0)]
