"""What the log cleaner leaves of batches (Kafka: ``MemoryRecords.filterTo``).

The cleaner decides which records stay; this keeps the batches around them true: offsets do not move, the last offset
of a batch stays (with it the last sequence number of its producer), a batch whose records are all kept is copied as
it is, and the first time a batch with tombstones is cleaned it gets the time when they may go (KIP-534).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from minikafka.records.batch import (
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    Record,
    RecordBatch,
    iter_batches,
)
from minikafka.records.builder import build_batch, build_empty_batch
from minikafka.records.compression import NAMES, ensure_known
from minikafka.records.legacy import LegacyRecordBatch
from minikafka.records.varint import Buffer

DELETE: Final = "delete"
"""The batch goes, its records are not even read."""
RETAIN_EMPTY: Final = "retain_empty"
"""When no record stays, the header does: the last batch of an active producer, or the log's last offset."""
DELETE_EMPTY: Final = "delete_empty"
"""When no record stays, the batch goes."""


class BatchRetention(NamedTuple):
    """The cleaner's word on a batch: DELETE, RETAIN_EMPTY or DELETE_EMPTY, and whether it is the marker of a
    transaction that has no records left (which then gets a delete horizon, as if it were a tombstone)."""

    retention: str
    contains_marker_for_empty_transaction: bool = False


class FilterResult:
    """The filtered batches (``output``) and counts of messages and bytes, read and retained.

    ``max_offset`` is that of the last record that stayed (of the last batch where batches stayed whole or empty), -1
    when nothing did; ``max_timestamp`` (ms) with ``offset_of_max_timestamp`` are what the time index takes.
    """

    __slots__ = (
        "bytes_read",
        "bytes_retained",
        "max_offset",
        "max_timestamp",
        "messages_read",
        "messages_retained",
        "offset_of_max_timestamp",
        "output",
    )

    def __init__(self) -> None:
        self.output = bytearray()
        self.messages_read = 0
        self.bytes_read = 0
        self.messages_retained = 0
        self.bytes_retained = 0
        self.max_offset = -1
        self.max_timestamp = NO_TIMESTAMP
        self.offset_of_max_timestamp = -1

    def _retain(
        self, data: Buffer, message_count: int, max_offset: int, max_timestamp: int, offset_of_max_timestamp: int
    ) -> None:
        self.output += data
        self.messages_retained += message_count
        self.bytes_retained += len(data)
        self.max_offset = max(self.max_offset, max_offset)
        if max_timestamp > self.max_timestamp:
            self.max_timestamp = max_timestamp
            self.offset_of_max_timestamp = offset_of_max_timestamp


def filter_records(
    buffer: Buffer,
    *,
    check_batch_retention: Callable[[RecordBatch], BatchRetention],
    should_retain_record: Callable[[RecordBatch, Record], bool],
    now_ms: int,
    delete_retention_ms: int,
) -> FilterResult:
    """Filter the whole batches of ``buffer``; ``now_ms + delete_retention_ms`` is the horizon new tombstones get.

    ``check_batch_retention`` is asked once a batch, before its records; ``should_retain_record`` once a record.
    Raises InvalidRecordsError or CorruptBatchError for batches that cannot be read.
    """
    result = FilterResult()
    for batch in iter_batches(buffer):
        retention, contains_marker_for_empty_transaction = check_batch_retention(batch)
        result.bytes_read += batch.size_bytes
        if retention == DELETE:
            continue
        retained, read_count, has_stray_magic = _retained_records(batch, should_retain_record)
        result.messages_read += read_count
        if retained:
            contains_tombstones = any(record.value is None for record in retained)
            needs_horizon = (
                batch.magic >= 2
                and (contains_tombstones or contains_marker_for_empty_transaction)
                and not batch.has_delete_horizon
            )
            if len(retained) == read_count and not has_stray_magic and not needs_horizon:
                result._retain(batch.data, read_count, batch.last_offset, batch.max_timestamp, batch.last_offset)
            else:
                horizon_ms = now_ms + delete_retention_ms if needs_horizon else batch.delete_horizon_ms
                _retain_rebuilt(result, batch, retained, horizon_ms)
        elif retention == RETAIN_EMPTY:
            if batch.magic < 2:
                raise ValueError(f"empty batches exist since magic 2, {batch!r} is older")
            result._retain(build_empty_batch(batch), 0, batch.last_offset, batch.max_timestamp, batch.last_offset)
    return result


def _retained_records(
    batch: RecordBatch, should_retain_record: Callable[[RecordBatch, Record], bool]
) -> tuple[list[Record], int, bool]:
    """The records to keep, how many there were, and whether one to keep has another magic than its wrapper."""
    if isinstance(batch, LegacyRecordBatch):
        messages = batch.messages()
        kept = [
            (record, message.magic)
            for message in messages
            if should_retain_record(
                batch, record := Record(message.offset, message.timestamp, message.key, message.value)
            )
        ]
        # Brokers once wrote such wrappers (KAFKA-4298); writing them anew mends them.
        return [record for record, _ in kept], len(messages), any(magic != batch.magic for _, magic in kept)
    records = list(batch)
    return [record for record in records if should_retain_record(batch, record)], len(records), False


def _retain_rebuilt(
    result: FilterResult, batch: RecordBatch, retained: list[Record], delete_horizon_ms: int | None
) -> None:
    codec = ensure_known(batch.compression_type)
    is_append_time = batch.timestamp_type == LOG_APPEND_TIME
    built = build_batch(
        retained,
        base_offset=batch.base_offset if batch.magic >= 2 else retained[0].offset,
        magic=batch.magic,
        compression=NAMES[codec],
        timestamp_type=batch.timestamp_type,
        log_append_time_ms=batch.max_timestamp if is_append_time else NO_TIMESTAMP,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        is_transactional=batch.is_transactional,
        is_control=batch.is_control,
        partition_leader_epoch=batch.partition_leader_epoch,
        delete_horizon_ms=delete_horizon_ms,
        last_offset=batch.last_offset if batch.magic >= 2 else None,
    )
    max_timestamp = batch.max_timestamp if is_append_time else max(record.timestamp for record in retained)
    last_offset = batch.last_offset if batch.magic >= 2 else retained[-1].offset
    result._retain(
        built,
        len(retained),
        retained[-1].offset,
        max_timestamp,
        last_offset if max_timestamp != NO_TIMESTAMP else -1,
    )
