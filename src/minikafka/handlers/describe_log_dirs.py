"""DescribeLogDirs (key 35), versions 0-4: which partitions lie in which log directory, and their sizes (KIP-113).

Version 3 has an error for the whole, 4 the size of the volume (KIP-827). A partition that is being moved is shown at
both places. Source: ReplicaManager.describeLogDirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.protocol.messages import DescribeLogDirsRequest, DescribeLogDirsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.storage.log_manager import LogDirectoryDescription
    from minikafka.storage.partition_log import PartitionLog

_Result = DescribeLogDirsResponse.DescribeLogDirsResult
_Topic = DescribeLogDirsResponse.DescribeLogDirsTopic
_Partition = DescribeLogDirsResponse.DescribeLogDirsPartition
_Wanted = set[tuple[str, int]]


def handle(ctx: RequestContext, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse:
    wanted: _Wanted | None = None
    if request.topics is not None:
        wanted = {(topic.topic, index) for topic in request.topics for index in topic.partitions}
    return DescribeLogDirsResponse(
        results=[_result(ctx, directory, wanted) for directory in ctx.broker.logs.describe_directories()]
    )


def _result(ctx: RequestContext, directory: LogDirectoryDescription, wanted: _Wanted | None) -> _Result:
    if not directory.is_online:
        return _Result(log_dir=directory.path, error_code=errors.KAFKA_STORAGE_ERROR)
    logs = _wanted(directory.logs, wanted)
    futures = _wanted(directory.futures, wanted)
    partitions: dict[str, list[_Partition]] = {}
    for log in logs:
        lag = max(log.high_watermark - log.log_end_offset, 0)
        partitions.setdefault(log.topic, []).append(_partition(log, lag, is_future=False))
    for future in futures:
        log_moving = ctx.broker.logs.get(future.topic, future.partition)
        lag = 0 if log_moving is None else max(log_moving.log_end_offset - future.log_end_offset, 0)
        partitions.setdefault(future.topic, []).append(_partition(future, lag, is_future=True))
    result = _Result(
        log_dir=directory.path,
        topics=[_Topic(name=name, partitions=described) for name, described in partitions.items()],
    )
    result.total_bytes, result.usable_bytes = directory.total_bytes, directory.usable_bytes
    return result


def _wanted(logs: Iterable[PartitionLog], wanted: _Wanted | None) -> list[PartitionLog]:
    return [log for log in logs if wanted is None or (log.topic, log.partition) in wanted]


def _partition(log: PartitionLog, offset_lag: int, *, is_future: bool) -> _Partition:
    return _Partition(
        partition_index=log.partition, partition_size=log.size_bytes, offset_lag=offset_lag, is_future_key=is_future
    )
