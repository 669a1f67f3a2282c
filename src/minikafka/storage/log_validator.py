"""Kafka's ``LogValidator``: what becomes of the records of one append, decided record by record.

``validation`` comes here with all that cannot be stored as it was sent, and for Kafka's word on what is wrong with it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from minikafka.errors import INVALID_RECORD, INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import CREATE_TIME, LOG_APPEND_TIME, NO_TIMESTAMP, Record, RecordBatch, iter_batches
from minikafka.records.builder import build_batch
from minikafka.records.compression import GZIP, LZ4, NAMES, NONE, ZSTD, ensure_known
from minikafka.records.errors import InvalidRecordsError
from minikafka.records.legacy import LegacyMessage, LegacyRecordBatch
from minikafka.storage.validated_records import CLIENT, ValidatedRecords, in_topic_partition, target_codec

if TYPE_CHECKING:
    from minikafka.config import LogConfig

_SHOWN_ERRORS: Final = 3


def _target_level(config: LogConfig, codec: int) -> int | None:
    """The level to compress with; the topic's only where the topic names the codec, else the codec's default."""
    if config.compression_type == "producer":
        return None
    return {
        GZIP: config.compression_gzip_level,
        LZ4: config.compression_lz4_level,
        ZSTD: config.compression_zstd_level,
    }.get(codec)


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
        self._where = in_topic_partition(topic_partition)
        self._timestamp_type = LOG_APPEND_TIME if config.message_timestamp_type == "LogAppendTime" else CREATE_TIME
        self._source_codec = NONE
        for batch in batches:
            if ensure_known(batch.compression_type) != NONE:
                self._source_codec = batch.compression_type
        self._target_codec = target_codec(config, self._source_codec)

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
