"""Produce (key 0), versions 0-13: append record batches to partitions.

Each partition succeeds or fails on its own. On one node there is no replica to wait for, so acks 1 and -1 are answered
alike: as soon as the batch is written, or synced where flush.messages says so; acks=0 is not answered, and an error
then closes the connection.
Versions 0-2 may carry message sets of magic 0 and 1, which are converted; from version 3 on a partition carries
exactly one batch of magic 2; from version 13 on topics go by id (KIP-516).
Source: Kafka's KafkaApis.handleProduceRequest, ProduceRequest.validateRecords, ReplicaManager.appendToLocalLog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError, StorageError, name_of
from minikafka.handlers._partitions import partition_log
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import ProduceRequest, ProduceResponse
from minikafka.records.batch import (
    ATTRIBUTES_POSITION,
    COMPRESSION_MASK,
    MAGIC_POSITION,
    TRANSACTIONAL_FLAG,
    is_single_batch,
    next_batch_size,
)
from minikafka.records.compression import ZSTD
from minikafka.records.errors import InvalidRecordsError
from minikafka.records.varint import Buffer
from minikafka.state.topic_names import INTERNAL_TOPICS

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext, Services
    from minikafka.pending import Pending
    from minikafka.storage.partition_log import PartitionLog

_TopicResponse = ProduceResponse.TopicProduceResponse
_PartitionResponse = ProduceResponse.PartitionProduceResponse
_RecordError = ProduceResponse.BatchIndexAndErrorMessage

_ERRORS_WITHOUT_LOG_START = frozenset(
    {
        errors.UNKNOWN_TOPIC_OR_PARTITION,
        errors.NOT_LEADER_OR_FOLLOWER,
        errors.MESSAGE_TOO_LARGE,
        errors.RECORD_LIST_TOO_LARGE,
        errors.CORRUPT_MESSAGE,
        errors.KAFKA_STORAGE_ERROR,
        errors.INVALID_TOPIC_EXCEPTION,
        errors.INVALID_REQUIRED_ACKS,
        errors.UNSUPPORTED_COMPRESSION_TYPE,
    }
)
"""Errors that Kafka answers without the log start offset (ReplicaManager.appendToLocalLog)."""

_ACKS = frozenset((-1, 0, 1))

_ADMIN_CLIENT_ID = "__admin_client"
"""The client id of Kafka's own admin tools, which alone may write to internal topics (AdminUtils)."""


_Refusals = dict[tuple[str, int], ProduceResponse.PartitionProduceResponse]
"""Topic and partition -> the answer to a write that is not part of its transaction."""


class Unsynced(NamedTuple):
    """An answer that holds once the records up to an offset are synced."""

    answer: ProduceResponse.PartitionProduceResponse
    log: PartitionLog
    last_offset: int


def handle(ctx: RequestContext, request: ProduceRequest) -> ProduceResponse | Pending[ProduceResponse] | None:
    refusals = _refused_in_transaction(ctx, request) if _has_transactional_records(request) else {}
    unsynced: list[Unsynced] = []
    responses = [
        _TopicResponse(
            name=topic.name,
            topic_id=topic.topic_id,
            partition_responses=[
                _append(ctx, request, topic, partition.index, partition.records, refusals, unsynced)
                for partition in topic.partition_data
            ],
        )
        for topic in request.topic_data
    ]
    if request.acks == 0:
        _raise_first_error(responses)
        return None
    response = ProduceResponse(responses=responses)
    return _when_synced(response, unsynced) if unsynced else response


def error_response(request: ProduceRequest, code: int) -> ProduceResponse | None:
    """The answer when the request fails as a whole; None with acks=0, whose only answer is a closed connection."""
    if request.acks == 0:
        return None
    return ProduceResponse(
        responses=[
            _TopicResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[refused(partition.index, code) for partition in topic.partition_data],
            )
            for topic in request.topic_data
        ]
    )


def _append(
    ctx: RequestContext,
    request: ProduceRequest,
    topic: ProduceRequest.TopicProduceData,
    index: int,
    records: Buffer | None,
    refusals: _Refusals,
    unsynced: list[Unsynced],
) -> ProduceResponse.PartitionProduceResponse:
    broker = ctx.broker
    log: PartitionLog | None = None
    try:
        name = topic.name if ctx.api_version < 13 else topic_name(broker, ctx.api_version, topic)
        log = partition_log(broker, name, index)
        if request.acks not in _ACKS:
            raise ApiError(errors.INVALID_REQUIRED_ACKS)
        if name in INTERNAL_TOPICS and ctx.client_id != _ADMIN_CLIENT_ID:
            raise ApiError(errors.INVALID_TOPIC_EXCEPTION)
        if ctx.api_version >= 3:
            check_single_batch(ctx.api_version, records)
        if refusals and (name, index) in refusals:
            return refusals[name, index]
        # One node is the whole in-sync set.
        if request.acks == -1 and log.config.min_insync_replicas > 1:
            raise ApiError(errors.NOT_ENOUGH_REPLICAS)
        appended = log.append(records or b"", now_ms=broker.clock.wall_ms(), defers_sync=True)
    except InvalidRecordsError as error:
        return _PartitionResponse(
            index=index,
            error_code=error.code,
            base_offset=-1,
            log_start_offset=log.log_start_offset if log else -1,
            record_errors=[
                _RecordError(batch_index=at, batch_index_error_message=message) for at, message in error.record_errors
            ],
            error_message=error.message,
        )
    except ApiError as error:
        knows_log_start = log is not None and error.code not in _ERRORS_WITHOUT_LOG_START
        return refused(index, error.code, log.log_start_offset if log and knows_log_start else -1)
    except StorageError:
        return refused(index, errors.KAFKA_STORAGE_ERROR)
    answer = _PartitionResponse(
        index=index,
        base_offset=appended.base_offset,
        log_append_time_ms=appended.log_append_time_ms,
        log_start_offset=appended.log_start_offset,
    )
    if appended.last_offset >= log.high_watermark:
        unsynced.append(Unsynced(answer, log, appended.last_offset))
    return answer


def refused(index: int, code: int, log_start_offset: int = -1) -> ProduceResponse.PartitionProduceResponse:
    return _PartitionResponse(index=index, error_code=code, base_offset=-1, log_start_offset=log_start_offset)


def topic_name(broker: Services, version: int, topic: ProduceRequest.TopicProduceData) -> str:
    if version < 13:
        return topic.name
    known = broker.image.topics_by_id.get(topic.topic_id)
    if known is None:
        raise ApiError(errors.UNKNOWN_TOPIC_ID)
    return known.name


def _has_transactional_records(request: ProduceRequest) -> bool:
    for topic in request.topic_data:
        for partition in topic.partition_data:
            if is_transactional(partition.records):
                return True
    return False


def is_transactional(records: Buffer | None) -> bool:
    """Whether a first batch of magic 2 says so: no other batch may come with it."""
    return (
        records is not None
        and len(records) > ATTRIBUTES_POSITION + 1
        and bool(records[ATTRIBUTES_POSITION + 1] & TRANSACTIONAL_FLAG)
        and records[MAGIC_POSITION] == 2
    )


def _refused_in_transaction(ctx: RequestContext, request: ProduceRequest) -> _Refusals:
    # Imported when it is needed: most brokers see no transaction.
    from minikafka.handlers._transactional_produce import refused_in_transaction

    return refused_in_transaction(ctx, request)


def _when_synced(response: ProduceResponse, unsynced: list[Unsynced]) -> Pending[ProduceResponse]:
    # Imported when it is needed: by default nothing waits for the disk.
    from minikafka.handlers._synced_produce import when_synced

    return when_synced(response, unsynced)


def check_single_batch(version: int, records: Buffer | None) -> None:
    """Refuse anything but exactly one batch of magic 2 (ProduceRequest.validateRecords)."""
    if not records:
        raise ApiError(errors.INVALID_RECORD)
    if not is_single_batch(records):
        _check_first_batch(records)
    if version < 7 and records[ATTRIBUTES_POSITION + 1] & COMPRESSION_MASK == ZSTD:
        raise ApiError(errors.UNSUPPORTED_COMPRESSION_TYPE)


def _check_first_batch(records: Buffer) -> None:
    """Behind one batch of magic 2 there may be a part of another, which is dropped, but not all of it."""
    size_bytes = next_batch_size(records, 0)
    if size_bytes is None or size_bytes > len(records) or records[MAGIC_POSITION] != 2:
        raise ApiError(errors.INVALID_RECORD)
    if size_bytes < len(records):
        second_size_bytes = next_batch_size(records, size_bytes)
        if second_size_bytes is not None and size_bytes + second_size_bytes <= len(records):
            raise ApiError(errors.INVALID_RECORD)


def _raise_first_error(responses: list[ProduceResponse.TopicProduceResponse]) -> None:
    """With acks=0 nobody waits for an answer: an error is told by closing the connection."""
    for topic in responses:
        for partition in topic.partition_responses:
            if partition.error_code != errors.NONE:
                raise ApiError(
                    partition.error_code,
                    f"acks=0 produce to partition {partition.index} of topic {topic.name or topic.topic_id.hex()} "
                    f"failed: {name_of(partition.error_code)}",
                )
