"""What a log accepts from outside, and what it writes into it: offsets, leader epoch, log append time, codec, format.

Kafka's ``UnifiedLog.analyzeAndValidateRecords`` (sizes, checksums) and ``LogValidator`` (everything else).

``LogValidator`` below decides as Kafka does, record by record. The usual append does not come that far: one batch of
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

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from minikafka.errors import (
    INVALID_RECORD,
    INVALID_TIMESTAMP,
    MESSAGE_TOO_LARGE,
    RECORD_LIST_TOO_LARGE,
    UNSUPPORTED_FOR_MESSAGE_FORMAT,
    ApiError,
)
from minikafka.records.batch import (
    COMPRESSION_MASK,
    CONTROL_FLAG,
    CREATE_TIME,
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    RECORD_BATCH_OVERHEAD,
    TIMESTAMP_TYPE_FLAG,
    Record,
    RecordBatch,
    iter_batches,
)
from minikafka.records.builder import build_batch
from minikafka.records.compression import GZIP, LZ4, NAMES, NONE, ZSTD, compression_id, ensure_known
from minikafka.records.errors import CorruptBatchError, InvalidRecordsError
from minikafka.records.legacy import LegacyMessage, LegacyRecordBatch
from minikafka.records.walk import has_records, scan_records

if TYPE_CHECKING:
    from minikafka.config import LogConfig

__all__ = [
    "CorruptBatchError",
    "InvalidRecordsError",
    "ValidatedRecords",
    "analyze_records",
    "check_batch_size",
    "check_segment_size",
    "validate_and_assign_offsets",
    "validate_batches",
]

CLIENT: Final = "client"
COORDINATOR: Final = "coordinator"
REPLICATION: Final = "replication"
RAFT: Final = "raft"

_SCANNED_RECORDS: Final = 4
"""Batches of so many records are read in full always: where a client is wrong, its first small batch shows it."""

_INT64_MAX: Final = 0x7FFF_FFFF_FFFF_FFFF
_SHOWN_ERRORS: Final = 3


class ValidatedRecords:
    """What to write, and what is known about it.

    ``buffer`` holds the bytes, in the memory they came in if nothing had to be built anew, and ``batches`` views of it.
    ``max_timestamp`` (ms, -1 none) and ``offset_of_max_timestamp`` are what the time index takes: the last offset of a
    batch of magic 2. ``log_append_time_ms`` is -1 with create time. ``conversion_count`` records changed format or
    codec. No batches came, no batches go: then ``base_offset`` and ``last_offset`` are -1.
    """

    __slots__ = (
        "base_offset",
        "batches",
        "buffer",
        "conversion_count",
        "last_offset",
        "log_append_time_ms",
        "max_timestamp",
        "offset_of_max_timestamp",
        "record_count",
    )

    def __init__(
        self,
        buffer: memoryview,
        batches: list[RecordBatch],
        base_offset: int,
        last_offset: int,
        max_timestamp: int,
        offset_of_max_timestamp: int,
        log_append_time_ms: int,
        record_count: int,
        conversion_count: int = 0,
    ) -> None:
        self.buffer = buffer
        self.batches = batches
        self.base_offset = base_offset
        self.last_offset = last_offset
        self.max_timestamp = max_timestamp
        self.offset_of_max_timestamp = offset_of_max_timestamp
        self.log_append_time_ms = log_append_time_ms
        self.record_count = record_count
        self.conversion_count = conversion_count


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
    for batch in iter_batches(view):
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
                f"Record is corrupt (stored crc = {batch.crc}){_in_topic_partition(topic_partition)}."
            )
        batches.append(batch)
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
    if len(batches) == 1 and batch.magic == to_magic == 2 and _accepts_as_sent(batch, now_ms, config, origin):
        return _assign_offsets(batch, next_offset, leader_epoch, now_ms, config)
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


def _accepts_as_sent(batch: RecordBatch, now_ms: int, config: LogConfig, origin: str) -> bool:
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
    if codec > ZSTD or (config.compression_type != "producer" and codec != _target_codec(config, codec)):
        return False
    max_timestamp = batch.max_timestamp
    create_time = config.message_timestamp_type == "CreateTime"
    if create_time and max_timestamp - now_ms > config.message_timestamp_after_max_ms:
        return False
    data = batch.records_data() if codec else batch.data[RECORD_BATCH_OVERHEAD:]
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
    batch.set_base_offset(next_offset)
    batch.set_partition_leader_epoch(leader_epoch)
    last_offset = batch.last_offset
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


def _target_codec(config: LogConfig, source_codec: int) -> int:
    """The codec a topic stores: its compression.type, or the sender's (``BrokerCompressionType``)."""
    name = config.compression_type
    if name == "producer":
        return source_codec
    return NONE if name == "uncompressed" else compression_id(name)


def _target_level(config: LogConfig, codec: int) -> int | None:
    """The level to compress with; the topic's only where the topic names the codec, else the codec's default."""
    if config.compression_type == "producer":
        return None
    return {
        GZIP: config.compression_gzip_level,
        LZ4: config.compression_lz4_level,
        ZSTD: config.compression_zstd_level,
    }.get(codec)


def _in_topic_partition(topic_partition: str) -> str:
    return f" in topic partition {topic_partition}" if topic_partition else ""


class _Entry(NamedTuple):
    """A record, and the message of magic 0 or 1 it was (None in magic 2)."""

    record: Record
    message: LegacyMessage | None


def _entries(batch: RecordBatch) -> Iterator[_Entry]:
    if isinstance(batch, LegacyRecordBatch):
        for message in batch.messages():
            yield _Entry(Record(message.offset, message.timestamp, message.key, message.value), message)
    else:
        for record in batch:
            yield _Entry(record, None)


class LogValidator:
    """One append, checked and completed as Kafka's class of this name does it, record by record."""

    def __init__(
        self,
        batches: list[RecordBatch],
        *,
        next_offset: int,
        leader_epoch: int,
        now_ms: int,
        config: LogConfig,
        origin: str,
        to_magic: int,
        topic_partition: str,
    ) -> None:
        self._batches = batches
        self._next_offset = next_offset
        self._leader_epoch = leader_epoch
        self._now_ms = now_ms
        self._config = config
        self._origin = origin
        self._to_magic = to_magic
        self._where = _in_topic_partition(topic_partition)
        self._timestamp_type = LOG_APPEND_TIME if config.message_timestamp_type == "LogAppendTime" else CREATE_TIME
        self._source_codec = NONE
        for batch in batches:
            if ensure_known(batch.compression_type) != NONE:
                self._source_codec = batch.compression_type
        self._target_codec = _target_codec(config, self._source_codec)

    def validate(self) -> ValidatedRecords:
        """What ``validate_batches`` answers. Raises as ``validate_and_assign_offsets``."""
        first = self._batches[0]
        if len(self._batches) > 1 and (first.magic >= 2 or self._source_codec != NONE):
            raise InvalidRecordsError("Compressed outer record has more than one batch")
        if self._source_codec != NONE or self._target_codec != NONE:
            return self._validate_compressed()
        if all(batch.magic == self._to_magic for batch in self._batches):
            return self._assign_offsets_uncompressed()
        return self._build([entry.record for batch in self._batches for entry in self._checked_entries(batch)])

    def _assign_offsets_uncompressed(self) -> ValidatedRecords:
        max_timestamp = NO_TIMESTAMP
        offset_of_max_timestamp = -1
        next_offset = self._next_offset
        for batch in self._batches:
            entries = self._checked_entries(batch)
            next_offset += len(entries)
            batch_max = max([NO_TIMESTAMP, *(entry.record.timestamp for entry in entries)])
            if batch_max > max_timestamp:
                max_timestamp = batch_max
                offset_of_max_timestamp = next_offset - 1
            self._patch(batch, next_offset - 1, batch_max)
        if self._timestamp_type == LOG_APPEND_TIME:
            max_timestamp, offset_of_max_timestamp = self._append_time_extent(next_offset - 1)
        return self._patched(next_offset, max_timestamp, offset_of_max_timestamp)

    def _append_time_extent(self, last_offset: int) -> tuple[int, int]:
        if self._to_magic == 0:
            return NO_TIMESTAMP, -1
        return self._now_ms, self._next_offset if self._to_magic == 1 else last_offset

    def _validate_compressed(self) -> ValidatedRecords:
        first = self._batches[0]
        # Records can stay as they are unless codec or format change, or, in magic 0, as offsets inside are absolute.
        in_place = self._source_codec == self._target_codec and first.magic == self._to_magic != 0
        if self._source_codec == NONE and first.is_control:
            in_place = True
        records: list[Record] = []
        max_timestamp = NO_TIMESTAMP
        for batch in self._batches:
            for record, _ in self._checked_entries(batch):
                if batch.magic > 0 and self._to_magic > 0:
                    max_timestamp = max(max_timestamp, record.timestamp)
                    # Some old clients number records inside a wrapper wrongly; brokers always wrote them anew then.
                    if record.offset != len(records):
                        in_place = False
                records.append(record)
        if not in_place:
            return self._build(records)
        next_offset = self._next_offset + len(records)
        if self._timestamp_type == LOG_APPEND_TIME:
            max_timestamp = self._now_ms
        self._patch(first, next_offset - 1, max_timestamp)
        return self._patched(next_offset, max_timestamp, next_offset - 1)

    def _patch(self, batch: RecordBatch, last_offset: int, max_timestamp: int) -> None:
        batch.set_last_offset(last_offset)
        if batch.magic >= 2:
            batch.set_partition_leader_epoch(self._leader_epoch)
        if batch.magic >= 1:
            append_time = self._timestamp_type == LOG_APPEND_TIME
            batch.set_max_timestamp(self._timestamp_type, self._now_ms if append_time else max_timestamp)

    def _patched(self, next_offset: int, max_timestamp: int, offset_of_max_timestamp: int) -> ValidatedRecords:
        first, last = self._batches[0], self._batches[-1]
        return ValidatedRecords(
            first.buffer[first.position : last.position + last.size_bytes],
            self._batches,
            self._next_offset,
            next_offset - 1,
            max_timestamp,
            offset_of_max_timestamp,
            self._log_append_time_ms(),
            next_offset - self._next_offset,
        )

    def _log_append_time_ms(self) -> int:
        return self._now_ms if self._timestamp_type == LOG_APPEND_TIME else NO_TIMESTAMP

    def _build(self, records: Sequence[Record]) -> ValidatedRecords:
        first = self._batches[0]
        renumbered = [record._replace(offset=self._next_offset + index) for index, record in enumerate(records)]
        try:
            built = build_batch(
                renumbered,
                base_offset=self._next_offset,
                magic=self._to_magic,
                compression=NAMES[self._target_codec],
                level=_target_level(self._config, self._target_codec),
                timestamp_type=self._timestamp_type,
                log_append_time_ms=self._now_ms,
                producer_id=first.producer_id,
                producer_epoch=first.producer_epoch,
                base_sequence=first.base_sequence,
                is_transactional=first.is_transactional,
                is_control=first.is_control,
                partition_leader_epoch=self._leader_epoch,
            )
        except (ValueError, struct.error) as error:  # what the target format cannot say, such as times before 1970
            raise InvalidRecordsError(f"{error}{self._where}") from error
        view = memoryview(bytearray(built))
        max_timestamp, offset_of_max_timestamp = self._built_extent(renumbered)
        return ValidatedRecords(
            view,
            list(iter_batches(view)),
            self._next_offset,
            self._next_offset + len(renumbered) - 1,
            max_timestamp,
            offset_of_max_timestamp,
            self._log_append_time_ms(),
            len(renumbered),
            conversion_count=len(renumbered),
        )

    def _built_extent(self, records: Sequence[Record]) -> tuple[int, int]:
        """Greatest timestamp and the offset the time index takes for it (``MemoryRecordsBuilder.info``)."""
        is_one_batch = self._target_codec != NONE or self._to_magic >= 2
        if self._timestamp_type == LOG_APPEND_TIME:
            return self._now_ms, records[-1].offset if is_one_batch else records[0].offset
        latest = max(records, key=lambda record: record.timestamp)
        if latest.timestamp == NO_TIMESTAMP or self._to_magic == 0:
            return NO_TIMESTAMP, -1
        return latest.timestamp, records[-1].offset if is_one_batch else latest.offset

    def _checked_entries(self, batch: RecordBatch) -> list[_Entry]:
        """The records of ``batch``; raises when the batch, or any of them, is not acceptable."""
        self._check_batch(batch)
        entries = list(_entries(batch))
        errors = [
            (index, *error)
            for index, entry in enumerate(entries)
            if (error := self._record_error(batch, entry)) is not None
        ]
        if errors:
            raise _rejection(errors)
        return entries

    def _check_batch(self, batch: RecordBatch) -> None:
        first = self._batches[0]
        if batch.magic != first.magic:
            raise InvalidRecordsError(
                f"Batch magic {batch.magic} is not the same as the first batch's magic byte {first.magic}{self._where}"
            )
        if self._origin == CLIENT:
            self._check_client_batch(batch)
        if self._to_magic < 2:
            if batch.is_transactional:
                raise ApiError(
                    UNSUPPORTED_FOR_MESSAGE_FORMAT,
                    f"Transactional records cannot be used with magic version {self._to_magic}",
                )
            if batch.has_producer_id:
                raise ApiError(
                    UNSUPPORTED_FOR_MESSAGE_FORMAT,
                    f"Idempotent records cannot be used with magic version {self._to_magic}",
                )

    def _check_client_batch(self, batch: RecordBatch) -> None:
        if batch.magic < 2:
            return
        count_from_offsets = batch.last_offset_delta + 1
        if count_from_offsets <= 0:
            raise InvalidRecordsError(
                f"Batch has an invalid offset range: [{batch.base_offset}, {batch.last_offset}]{self._where}"
            )
        if batch.record_count <= 0:
            raise InvalidRecordsError(f"Invalid reported count for record batch: {batch.record_count}{self._where}")
        if count_from_offsets != batch.record_count:
            raise InvalidRecordsError(
                f"Inconsistent batch offset range [{batch.base_offset}, {batch.last_offset}] and count of records "
                f"{batch.record_count}{self._where}"
            )
        if batch.is_control:
            raise InvalidRecordsError(f"Clients are not allowed to write control records{self._where}")
        if batch.has_producer_id and batch.base_sequence < 0:
            raise InvalidRecordsError(
                f"Invalid sequence number {batch.base_sequence} in record batch with producerId "
                f"{batch.producer_id}{self._where}"
            )

    def _record_error(self, batch: RecordBatch, entry: _Entry) -> tuple[int, str] | None:
        """Error code and message for a record that is refused; None for one that is fine."""
        record, message = entry
        if message is not None and message.magic != batch.magic:
            return INVALID_RECORD, (
                f"Record {_describe(entry)}'s magic does not match outer magic {batch.magic}{self._where}"
            )
        if message is not None and batch.compression_type != NONE:
            message.ensure_valid()  # the wrapper's checksum covers what was compressed, not each message in it
        if self._config.compact and record.key is None:
            return INVALID_RECORD, f"Compacted topic cannot accept message without key{self._where}"
        if self._timestamp_type == CREATE_TIME and record.timestamp != NO_TIMESTAMP:
            return self._timestamp_error(record)
        if batch.timestamp_type == LOG_APPEND_TIME:
            return INVALID_TIMESTAMP, (
                f"Invalid timestamp type in message {_describe(entry)}. Producer should not set timestamp type to "
                "LogAppendTime."
            )
        return None

    def _timestamp_error(self, record: Record) -> tuple[int, str] | None:
        age_ms = self._now_ms - record.timestamp
        before_max_ms = self._config.message_timestamp_before_max_ms
        after_max_ms = self._config.message_timestamp_after_max_ms
        if age_ms <= before_max_ms and -age_ms <= after_max_ms:
            return None
        return INVALID_TIMESTAMP, (
            f"Timestamp {record.timestamp} of message with offset {record.offset} is out of range. The timestamp "
            f"should be within [{self._now_ms - before_max_ms}, {self._now_ms + after_max_ms}]"
        )


def _rejection(errors: Sequence[tuple[int, int, str]]) -> InvalidRecordsError:
    record_errors = [(index, message) for index, _, message in errors]
    if any(code == INVALID_TIMESTAMP for _, code, _ in errors):
        return InvalidRecordsError(
            "One or more records have been rejected due to invalid timestamp", INVALID_TIMESTAMP, record_errors
        )
    shown = ", ".join(
        f"RecordError(batchIndex={index}, message='{message}')" for index, message in record_errors[:_SHOWN_ERRORS]
    )
    return InvalidRecordsError(
        f"One or more records have been rejected due to {len(errors)} record errors in total, and only showing the "
        f"first three errors at most: [{shown}]",
        INVALID_RECORD,
        record_errors,
    )


def _describe(entry: _Entry) -> str:
    record, message = entry
    sizes = f"key={len(record.key or b'')} bytes, value={len(record.value or b'')} bytes"
    if message is None:
        return f"DefaultRecord(offset={record.offset}, timestamp={record.timestamp}, {sizes})"
    return f"LegacyRecordBatch(offset={record.offset}, Record(magic={message.magic}, crc={message.crc}, {sizes}))"
