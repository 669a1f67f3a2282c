"""What the log cleaner leaves of batches (Kafka: ``MemoryRecords.filterTo``).

The cleaner decides which records stay; this keeps the batches around them true: offsets do not move, the last offset
of a batch stays (with it the last sequence number of its producer), a batch whose records are all kept is copied as
it is, and the first time a batch with tombstones is cleaned it gets the time when they may go (KIP-534).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import (
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    Record,
    RecordBatch,
    iter_batches,
    record_extents,
)
from minikafka.records.builder import assemble_batch, batch_attributes, build_batch, build_empty_batch
from minikafka.records.compression import NAMES, NONE, compress, ensure_known
from minikafka.records.legacy import LegacyRecordBatch
from minikafka.records.varint import Buffer, append_varint, read_varlong

Pausing: TypeAlias = "Callable[[Iterable[int]], Iterator[int]]"

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
    pausing: Pausing = iter,
) -> FilterResult:
    """Filter the whole batches of ``buffer``; ``now_ms + delete_retention_ms`` is the horizon new tombstones get.

    ``check_batch_retention`` is asked once a batch, before its records; ``should_retain_record`` once a record.
    ``pausing`` wraps what is gone through once for every record that stays: it may pause in between.
    Raises InvalidRecordsError or CorruptBatchError for batches that cannot be read.
    """
    result = FilterResult()
    for batch in iter_batches(buffer):
        retention, is_marker_of_empty_transaction = check_batch_retention(batch)
        result.bytes_read += batch.size_bytes
        if retention == DELETE:
            continue
        if isinstance(batch, LegacyRecordBatch):
            has_retained = _filter_legacy(result, batch, should_retain_record)
        else:
            horizon_ms = now_ms + delete_retention_ms
            has_retained = _filter(
                result, batch, should_retain_record, is_marker_of_empty_transaction, horizon_ms, pausing
            )
        if not has_retained and retention == RETAIN_EMPTY:
            if batch.magic < 2:
                raise ValueError(f"empty batches exist since magic 2, {batch!r} is older")
            result._retain(build_empty_batch(batch), 0, batch.last_offset, batch.max_timestamp, batch.last_offset)
    return result


class _RetainedRecords:
    """What stays of a batch of magic 2: where its records lie in the decompressed data, not the records themselves.

    Ten thousand records that are held at a time make Python's garbage collector go through all objects there are,
    which takes longer than the event loop may stand still; two lists of numbers do not.
    """

    __slots__ = ("contains_tombstones", "data", "ends", "first_timestamp", "last_offset", "max_timestamp", "starts")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.contains_tombstones = False
        self.first_timestamp = self.max_timestamp = NO_TIMESTAMP
        self.last_offset = -1

    def __len__(self) -> int:
        return len(self.starts)

    def add(self, record: Record, start: int, end: int) -> None:
        """``start``: of its attributes. Raises ValueError for what no batch can be built of (MemoryRecordsBuilder)."""
        if not self.starts:
            self.first_timestamp = record.timestamp
        elif record.offset <= self.last_offset:
            raise ValueError(
                f"Illegal offset {record.offset} following previous offset {self.last_offset} "
                "(Offsets must increase monotonically)."
            )
        if record.timestamp > self.max_timestamp:
            self.max_timestamp = record.timestamp
        elif record.timestamp < NO_TIMESTAMP:
            raise ValueError(f"Invalid negative timestamp {record.timestamp}")
        self.contains_tombstones = self.contains_tombstones or record.value is None
        self.last_offset = record.offset
        self.starts.append(start)
        self.ends.append(end)

    def encode(self, batch: RecordBatch, base_timestamp: int, pausing: Pausing) -> bytearray:
        """The records section of the new batch. But for their timestamps, which count from another, they are as they
        were: offsets count from the same."""
        data, ends = self.data, self.ends
        log_append_time = batch.max_timestamp if batch.timestamp_type == LOG_APPEND_TIME else None
        shift = batch.base_timestamp - base_timestamp
        out = bytearray()
        for index, start in enumerate(pausing(self.starts)):
            timestamp_delta, position = read_varlong(data, start + 1)
            record = bytearray(1)  # attributes: unused
            append_varint(
                record, timestamp_delta + shift if log_append_time is None else log_append_time - base_timestamp
            )
            append_varint(out, len(record) + ends[index] - position)
            out += record
            out += data[position : ends[index]]
        return out


def _filter(
    result: FilterResult,
    batch: RecordBatch,
    should_retain_record: Callable[[RecordBatch, Record], bool],
    is_marker_of_empty_transaction: bool,
    new_horizon_ms: int,
    pausing: Pausing,
) -> bool:
    """Whether records of ``batch``, of magic 2, stay."""
    retained = _RetainedRecords(batch.records_data() if batch.record_count else b"")
    # The records come first: an extent is only asked for when the record before it was read, and is well-formed.
    for record, (start, end) in zip(batch.records_in(retained.data), record_extents(retained.data)):  # noqa: B905
        if should_retain_record(batch, record):
            retained.add(record, start, end)
    result.messages_read += batch.record_count
    if not retained:
        return False
    needs_horizon = not batch.has_delete_horizon and (retained.contains_tombstones or is_marker_of_empty_transaction)
    if len(retained) == batch.record_count and not needs_horizon:
        result._retain(batch.data, batch.record_count, batch.last_offset, batch.max_timestamp, batch.last_offset)
        return True
    delete_horizon_ms = new_horizon_ms if needs_horizon else batch.delete_horizon_ms
    max_timestamp = batch.max_timestamp if batch.timestamp_type == LOG_APPEND_TIME else retained.max_timestamp
    built = _rebuilt(batch, retained, delete_horizon_ms, max_timestamp, pausing)
    offset_of_max_timestamp = batch.last_offset if max_timestamp != NO_TIMESTAMP else -1
    result._retain(built, len(retained), retained.last_offset, max_timestamp, offset_of_max_timestamp)
    return True


def _rebuilt(
    batch: RecordBatch,
    retained: _RetainedRecords,
    delete_horizon_ms: int | None,
    max_timestamp: int,
    pausing: Pausing,
) -> bytes:
    base_timestamp = retained.first_timestamp if delete_horizon_ms is None else delete_horizon_ms
    body: bytes | bytearray = retained.encode(batch, base_timestamp, pausing)
    codec = ensure_known(batch.compression_type)
    return assemble_batch(
        compress(codec, body) if codec != NONE else body,
        base_offset=batch.base_offset,
        last_offset_delta=batch.last_offset_delta,
        attributes=batch_attributes(
            codec, batch.timestamp_type, batch.is_transactional, batch.is_control, delete_horizon_ms is not None
        ),
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        record_count=len(retained),
        partition_leader_epoch=batch.partition_leader_epoch,
    )


def _filter_legacy(
    result: FilterResult,
    batch: LegacyRecordBatch,
    should_retain_record: Callable[[RecordBatch, Record], bool],
) -> bool:
    """Whether messages of ``batch``, of magic 0 or 1, stay."""
    messages = batch.messages()
    retained = []
    has_stray_magic = False
    for message in messages:
        record = Record(message.offset, message.timestamp, message.key, message.value)
        if should_retain_record(batch, record):
            retained.append(record)
            # Brokers once wrote wrappers around messages of another magic (KAFKA-4298); writing them anew mends them.
            has_stray_magic = has_stray_magic or message.magic != batch.magic
    result.messages_read += len(messages)
    if not retained:
        return False
    if len(retained) == len(messages) and not has_stray_magic:
        result._retain(batch.data, len(messages), batch.last_offset, batch.max_timestamp, batch.last_offset)
        return True
    is_append_time = batch.timestamp_type == LOG_APPEND_TIME
    built = build_batch(
        retained,
        base_offset=retained[0].offset,
        magic=batch.magic,
        compression=NAMES[ensure_known(batch.compression_type)],
        timestamp_type=batch.timestamp_type,
        log_append_time_ms=batch.max_timestamp if is_append_time else NO_TIMESTAMP,
    )
    max_timestamp = batch.max_timestamp if is_append_time else max(record.timestamp for record in retained)
    last_offset = retained[-1].offset
    offset_of_max_timestamp = last_offset if max_timestamp != NO_TIMESTAMP else -1
    result._retain(built, len(retained), last_offset, max_timestamp, offset_of_max_timestamp)
    return True
