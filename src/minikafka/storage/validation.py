"""What a log accepts from outside, and what it writes into it: offsets, leader epoch, log append time, codec, format.

Kafka's ``UnifiedLog.analyzeAndValidateRecords`` (sizes, checksums) and ``LogValidator`` (everything else).

``log_validator`` decides as Kafka does, record by record. The usual append does not come that far: one batch of
magic 2 that stays as it is but for its offset, leader epoch and, with log append time, its timestamp. For it
``_accepts_as_sent`` looks at the header and the checksum and at as much of the records as can matter:

* batches of up to 4 records, topics that are compacted or limit old timestamps, and headers whose timestamps do not fit
  together: every record, read in full but for keys and values (``walk.scan_records``);
* all others: that the batch is as long as the records it says it has (``walk.has_records``), decompressed if need be.

Whatever does not pass goes to ``LogValidator``, which accepts, changes or refuses it in Kafka's words.

Where the outcome differs from Kafka 4.2's. For a batch of five records or more whose checksum, count, sizes and header
are right, and where what is wrong lies inside a record, this accepts more:

* a record whose parts do not fill its length, or with impossible headers, is stored; Kafka refuses the batch;
* a timestamp beyond message.timestamp.after.max.ms that the header's maximum hides is stored; Kafka refuses the batch;
* a header's maximum timestamp, or compressed offset deltas, that the records do not have are stored as they are; Kafka
  writes the maximum anew, and fails on the deltas.

For all compressed batches this refuses a record whose length is wrong, which Kafka skips over there, and which no
consumer can read. Compressed batches of up to four records with wrong offset deltas are written anew, where Kafka means
to but fails. Data that no codec can decompress, and lengths beyond a message's end, are INVALID_RECORD or
CORRUPT_MESSAGE where Kafka answers UNKNOWN_SERVER_ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.errors import CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, ApiError
from minikafka.records.batch import (
    COMPRESSION_MASK,
    CONTROL_FLAG,
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    TIMESTAMP_TYPE_FLAG,
    RecordBatch,
    is_single_batch,
    iter_batches,
)
from minikafka.records.compression import ZSTD
from minikafka.records.errors import CorruptBatchError, InvalidRecordsError
from minikafka.records.walk import has_records, scan_records
from minikafka.storage.validated_records import (
    CLIENT,
    COORDINATOR,
    RAFT,
    REPLICATION,
    ValidatedRecords,
    in_topic_partition,
    target_codec,
)

if TYPE_CHECKING:
    from minikafka.config import LogConfig

__all__ = [
    "CLIENT",
    "COORDINATOR",
    "RAFT",
    "REPLICATION",
    "CorruptBatchError",
    "InvalidRecordsError",
    "ValidatedRecords",
    "analyze_records",
    "batches_with_offsets",
    "check_batch_size",
    "check_segment_size",
    "validate_and_assign_offsets",
    "validate_batches",
]

_SCANNED_RECORDS: Final = 4
"""Batches of so many records are read in full always: where a client is wrong, its first small batch shows it."""

_INT64_MAX: Final = 0x7FFF_FFFF_FFFF_FFFF


def validate_and_assign_offsets(
    buffer: bytes | bytearray | memoryview,
    *,
    next_offset: int,
    leader_epoch: int,
    now_ms: int,
    config: LogConfig,
    origin: str = CLIENT,
    to_magic: int = 2,
    topic_partition: str = "",
) -> ValidatedRecords:
    """Check what came to be appended at ``next_offset`` and make it what the log stores.

    ``origin``: client, coordinator (no rules for clients), raft (no limit on sizes either).
    ``topic_partition`` ("topic-0") is for messages. A batch cut off at the end is left out, as Kafka does.
    ``buffer`` is changed in place if it is writable, and copied if not. ``config`` is read for compression, timestamps,
    cleanup policy and max_message_bytes.

    Raises CorruptBatchError (CORRUPT_MESSAGE), InvalidRecordsError (INVALID_RECORD or INVALID_TIMESTAMP, with the
    records at fault), ApiError(MESSAGE_TOO_LARGE) or ApiError(UNSUPPORTED_FOR_MESSAGE_FORMAT).
    """
    batches = analyze_records(
        buffer,
        max_message_bytes=config.max_message_bytes,
        leader_epoch=leader_epoch,
        origin=origin,
        topic_partition=topic_partition,
    )
    if not batches:
        return ValidatedRecords(memoryview(b""), [], -1, -1, NO_TIMESTAMP, -1, NO_TIMESTAMP, 0)
    validated = validate_batches(
        batches,
        next_offset=next_offset,
        leader_epoch=leader_epoch,
        now_ms=now_ms,
        config=config,
        origin=origin,
        to_magic=to_magic,
        topic_partition=topic_partition,
    )
    if validated.conversion_count and origin != RAFT:
        for batch in validated.batches:
            check_batch_size(batch.size_bytes, config.max_message_bytes, topic_partition)
    return validated


def analyze_records(
    buffer: bytes | bytearray | memoryview,
    *,
    max_message_bytes: int,
    leader_epoch: int,
    origin: str = CLIENT,
    topic_partition: str = "",
) -> list[RecordBatch]:
    """The whole batches of ``buffer``, each within the size limit and with a right checksum; views that can be patched.

    For records that keep their offsets (origin replication) this is all there is to check. Raises as
    ``validate_and_assign_offsets``. Kafka: ``UnifiedLog.analyzeAndValidateRecords``.
    """
    view = buffer if isinstance(buffer, memoryview) else memoryview(buffer)
    if view.readonly:
        view = memoryview(bytearray(view))
    batches = []
    for batch in (RecordBatch(view),) if is_single_batch(view) else iter_batches(view):
        if origin == CLIENT:
            # Only magic 2: older clients send offsets of all kinds.
            if batch.magic == 2 and batch.base_offset != 0:
                raise InvalidRecordsError(
                    f"The baseOffset of the record batch in the append to {topic_partition} should be 0, "
                    f"but it is {batch.base_offset}"
                )
        elif origin == RAFT and batch.partition_leader_epoch != leader_epoch:
            raise InvalidRecordsError("Append from Raft leader did not set the batch epoch correctly")
        if batch.size_bytes > max_message_bytes and origin in (CLIENT, COORDINATOR):
            check_batch_size(batch.size_bytes, max_message_bytes, topic_partition)
        if not batch.is_valid():
            raise CorruptBatchError(
                f"Record is corrupt (stored crc = {batch.crc}){in_topic_partition(topic_partition)}."
            )
        batches.append(batch)
    return batches


def batches_with_offsets(
    buffer: bytes | bytearray | memoryview,
    *,
    next_offset: int,
    max_message_bytes: int,
    leader_epoch: int,
    origin: str,
    topic_partition: str = "",
) -> list[RecordBatch]:
    """The batches of a leader, whose offsets are kept: whole, valid and ascending from ``next_offset``.

    Raises ApiError(CORRUPT_MESSAGE), and as ``analyze_records``.
    """
    batches = analyze_records(
        buffer,
        max_message_bytes=max_message_bytes,
        leader_epoch=leader_epoch,
        origin=origin,
        topic_partition=topic_partition,
    )
    for batch in batches:
        if batch.base_offset < next_offset:
            raise ApiError(
                CORRUPT_MESSAGE,
                f"Unexpected offset in append to {topic_partition}: {batch.base_offset} is less than the next offset "
                f"{next_offset}.",
            )
        next_offset = batch.next_offset
    return batches


def check_batch_size(size_bytes: int, max_message_bytes: int, topic_partition: str = "") -> None:
    """Raise ApiError(MESSAGE_TOO_LARGE) for a batch over max.message.bytes; sizes are with the batch header."""
    if size_bytes > max_message_bytes:
        raise ApiError(
            MESSAGE_TOO_LARGE,
            f"The record batch size in the append to {topic_partition} is {size_bytes} bytes "
            f"which exceeds the maximum configured value of {max_message_bytes}.",
        )


def check_segment_size(size_bytes: int, segment_bytes: int, topic_partition: str = "") -> None:
    """Raise ApiError(RECORD_LIST_TOO_LARGE) for an append that no segment can hold; all its batches together."""
    if size_bytes > segment_bytes:
        raise ApiError(
            RECORD_LIST_TOO_LARGE,
            f"Message batch size is {size_bytes} bytes in append to partition {topic_partition}, "
            f"which exceeds the maximum configured segment size of {segment_bytes}.",
        )


def validate_batches(
    batches: list[RecordBatch],
    *,
    next_offset: int,
    leader_epoch: int,
    now_ms: int,
    config: LogConfig,
    origin: str = CLIENT,
    to_magic: int = 2,
    topic_partition: str = "",
) -> ValidatedRecords:
    """``validate_and_assign_offsets`` for batches that ``analyze_records`` gave (Kafka: ``LogValidator``)."""
    batch = batches[0]
    if len(batches) == 1 and batch.magic == to_magic == 2 and _accepts_as_sent(batch, now_ms, config):
        return _assign_offsets(batch, next_offset, leader_epoch, now_ms, config)
    from minikafka.storage.log_validator import LogValidator

    return LogValidator(
        batches,
        next_offset=next_offset,
        leader_epoch=leader_epoch,
        now_ms=now_ms,
        config=config,
        origin=origin,
        to_magic=to_magic,
        topic_partition=topic_partition,
    ).validate()


def _accepts_as_sent(batch: RecordBatch, now_ms: int, config: LogConfig) -> bool:
    """Whether a magic 2 batch can be stored without changing a record: see the module's text. False is no verdict."""
    count = batch.record_count
    attributes = batch.attributes
    if (
        count <= 0
        or count != batch.last_offset_delta + 1
        or attributes & (TIMESTAMP_TYPE_FLAG | CONTROL_FLAG)
        or (batch.producer_id >= 0 and batch.base_sequence < 0)
        or batch.base_offset != 0
    ):
        return False
    codec = attributes & COMPRESSION_MASK
    if codec > ZSTD or (config.compression_type != "producer" and codec != target_codec(config, codec)):
        return False
    max_timestamp = batch.max_timestamp
    create_time = config.message_timestamp_type == "CreateTime"
    if create_time and max_timestamp - now_ms > config.message_timestamp_after_max_ms:
        return False
    data = batch.records_data() if codec else batch.stored_data
    limits_old = create_time and config.message_timestamp_before_max_ms != _INT64_MAX
    if (
        count > _SCANNED_RECORDS
        and not limits_old
        and not config.compact
        and (max_timestamp >= batch.base_timestamp or not create_time)
    ):
        return has_records(data, count)
    scan = scan_records(data, count)
    if scan is None or (codec and not scan.has_consecutive_offsets) or (config.compact and scan.has_null_key):
        return False
    if not create_time:
        return True
    base_timestamp = batch.base_timestamp
    if base_timestamp + scan.max_timestamp_delta != max_timestamp:
        return False
    return (
        not limits_old or now_ms - base_timestamp - scan.min_timestamp_delta <= config.message_timestamp_before_max_ms
    )


def _assign_offsets(
    batch: RecordBatch, next_offset: int, leader_epoch: int, now_ms: int, config: LogConfig
) -> ValidatedRecords:
    batch.set_place(next_offset, leader_epoch)
    last_offset = next_offset + batch.last_offset_delta
    append_time = NO_TIMESTAMP
    if config.message_timestamp_type == "LogAppendTime":
        append_time = now_ms
        batch.set_max_timestamp(LOG_APPEND_TIME, now_ms)
    max_timestamp = batch.max_timestamp
    return ValidatedRecords(
        batch.data,
        [batch],
        next_offset,
        last_offset,
        max_timestamp,
        last_offset if max_timestamp != NO_TIMESTAMP or batch.attributes & COMPRESSION_MASK else -1,  # as Kafka
        append_time,
        batch.record_count,
    )
