"""DeleteRecords (key 21), versions 0-2: move the log start offset forward (KIP-107).

Source: Kafka's ReplicaManager.deleteRecordsOnLocalLog, Partition.deleteRecordsOnLeader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError
from minikafka.handlers._partitions import partition_log
from minikafka.pending import Pending
from minikafka.protocol.messages import DeleteRecordsRequest, DeleteRecordsResponse
from minikafka.state.topic_names import is_internal
from minikafka.storage.partition_log import PartitionLog

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_HIGH_WATERMARK = -1
_INVALID_LOW_WATERMARK = -1
_TopicResult = DeleteRecordsResponse.DeleteRecordsTopicResult
_PartitionResult = DeleteRecordsResponse.DeleteRecordsPartitionResult


def handle(ctx: RequestContext, request: DeleteRecordsRequest) -> Pending[DeleteRecordsResponse]:
    """Answered when the disk has it: on one node, no other knows that the records are deleted."""
    answer: Pending[DeleteRecordsResponse] = Pending()
    outcomes = [
        (topic.name, [_delete_before(ctx, topic.name, partition) for partition in topic.partitions])
        for topic in request.topics
    ]

    def respond() -> None:
        topics = [
            _TopicResult(name=name, partitions=[_result(index, outcome) for index, outcome in partitions])
            for name, partitions in outcomes
        ]
        answer.complete(DeleteRecordsResponse(topics=topics))

    if any(isinstance(outcome, PartitionLog) for _, partitions in outcomes for _, outcome in partitions):
        ctx.broker.log_upkeep.keep_log_start_offsets(respond)
    else:
        respond()
    return answer


def error_response(request: DeleteRecordsRequest, code: int) -> DeleteRecordsResponse:
    """The answer when the request fails as a whole."""
    return DeleteRecordsResponse(
        topics=[
            _TopicResult(
                name=topic.name,
                partitions=[_refused(partition.partition_index, code) for partition in topic.partitions],
            )
            for topic in request.topics
        ]
    )


def _delete_before(
    ctx: RequestContext, topic: str, partition: DeleteRecordsRequest.DeleteRecordsPartition
) -> tuple[int, PartitionLog | int]:
    """The partition's index, and its log, or why not."""
    index = partition.partition_index
    try:
        if ctx.broker.image.topics_by_name.get(topic) is None:
            raise ApiError(errors.UNKNOWN_TOPIC_OR_PARTITION)
        if is_internal(topic):
            raise ApiError(errors.INVALID_TOPIC_EXCEPTION)
        log = partition_log(ctx.broker, topic, index)
        if "delete" not in log.config.cleanup_policy:
            raise ApiError(errors.POLICY_VIOLATION)
        offset = log.high_watermark if partition.offset == _HIGH_WATERMARK else partition.offset
        if not 0 <= offset <= log.high_watermark:
            raise ApiError(errors.OFFSET_OUT_OF_RANGE)
        log.delete_records_before(offset)
    except ApiError as error:
        return index, error.code
    except StorageError:
        return index, errors.KAFKA_STORAGE_ERROR
    return index, log


def _result(index: int, outcome: PartitionLog | int) -> DeleteRecordsResponse.DeleteRecordsPartitionResult:
    if isinstance(outcome, int):
        return _refused(index, outcome)
    if outcome.is_failed:
        return _refused(index, errors.KAFKA_STORAGE_ERROR)
    return _PartitionResult(partition_index=index, low_watermark=outcome.log_start_offset)


def _refused(index: int, code: int) -> DeleteRecordsResponse.DeleteRecordsPartitionResult:
    return _PartitionResult(partition_index=index, low_watermark=_INVALID_LOW_WATERMARK, error_code=code)
