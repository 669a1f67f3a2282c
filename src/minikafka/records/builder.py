"""Batches written byte for byte as Kafka's ``MemoryRecordsBuilder`` writes them (compressed ones: but for the codec).

Control batches (KIP-98, KIP-595, KIP-630, KIP-853) hold records whose key is version int16 = 0 and type int16.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

from minikafka.records.batch import (
    ATTRIBUTES_POSITION,
    CONTROL_FLAG,
    CRC_POSITION,
    CREATE_TIME,
    DELETE_HORIZON_FLAG,
    HEADER,
    LOG_APPEND_TIME,
    LOG_OVERHEAD,
    NO_PARTITION_LEADER_EPOCH,
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    RECORD_BATCH_OVERHEAD,
    TIMESTAMP_TYPE_FLAG,
    TRANSACTIONAL_FLAG,
    Record,
    RecordBatch,
)
from minikafka.records.checksum import crc32c
from minikafka.records.compression import NONE, compress, compression_id
from minikafka.records.varint import append_varint, varint

CONTROL_ABORT: Final = 0
CONTROL_COMMIT: Final = 1
CONTROL_LEADER_CHANGE: Final = 2
CONTROL_SNAPSHOT_HEADER: Final = 3
CONTROL_SNAPSHOT_FOOTER: Final = 4
CONTROL_KRAFT_VERSION: Final = 5
CONTROL_KRAFT_VOTERS: Final = 6

_CONTROL_KEY = struct.Struct(">hh")
_END_TRANSACTION_VALUE = struct.Struct(">hi")
_CRC = struct.Struct(">I")
_MAX_OFFSET_DELTA = 0x7FFF_FFFF
_NULL = b"\1"  # the length -1 as zigzag
_timestamp_of = itemgetter(1)


def build_batch(
    records: Iterable[Record],
    *,
    base_offset: int = 0,
    magic: int = 2,
    compression: str = "none",
    level: int | None = None,
    timestamp_type: int = CREATE_TIME,
    log_append_time_ms: int = NO_TIMESTAMP,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = NO_PRODUCER_EPOCH,
    base_sequence: int = NO_SEQUENCE,
    is_transactional: bool = False,
    is_control: bool = False,
    partition_leader_epoch: int = NO_PARTITION_LEADER_EPOCH,
    delete_horizon_ms: int | None = None,
    last_offset: int | None = None,
) -> bytes:
    """One batch of ``records`` (offsets absolute, ascending); of magic 0 and 1 uncompressed, one message a record.

    ``timestamp_type`` LOG_APPEND_TIME writes ``log_append_time_ms`` as the maximum (magic 1: as every timestamp) and
    leaves the records' own below it. ``delete_horizon_ms`` becomes the base timestamp (KIP-534); ``last_offset`` is
    for a batch that lost its last records to the cleaner. ``level`` as in compression.{gzip,lz4,zstd}.level.
    No records: no bytes. Raises ValueError for what the format cannot say: offsets that do not ascend or lie more than
    2^31 - 1 apart, timestamps below -1, headers, transactions, producer ids, control or zstd before magic 2.
    """
    records = records if isinstance(records, list) else list(records)
    compression_type = compression_id(compression)
    _check_producer(magic, producer_id, producer_epoch, base_sequence, is_transactional, is_control)
    if not records:
        return b""
    _check_records(records, base_offset)
    if magic < 2:
        from minikafka.records.legacy_builder import build_legacy, check_legacy

        check_legacy(records, magic, compression_type, is_control, delete_horizon_ms)
        return build_legacy(records, base_offset, magic, compression_type, level, timestamp_type, log_append_time_ms)
    if timestamp_type == LOG_APPEND_TIME:
        max_timestamp = log_append_time_ms
    else:
        max_timestamp = max(NO_TIMESTAMP, max(map(_timestamp_of, records)))
    base_timestamp = records[0].timestamp if delete_horizon_ms is None else delete_horizon_ms
    body = encode_records(records, base_offset, base_timestamp)
    return assemble_batch(
        compress(compression_type, body, level) if compression_type != NONE else body,
        base_offset=base_offset,
        last_offset_delta=(records[-1].offset if last_offset is None else last_offset) - base_offset,
        attributes=batch_attributes(
            compression_type, timestamp_type, is_transactional, is_control, delete_horizon_ms is not None
        ),
        base_timestamp=base_timestamp,
        max_timestamp=max_timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        record_count=len(records),
        partition_leader_epoch=partition_leader_epoch,
    )


def build_empty_batch(batch: RecordBatch) -> bytes:
    """The header of ``batch`` alone, of magic 2, uncompressed, without records (``writeEmptyHeader``).

    The cleaner keeps it so that the last sequence number of a producer, or the last offset, stays known.
    """
    return assemble_batch(
        b"",
        base_offset=batch.base_offset,
        last_offset_delta=batch.last_offset_delta,
        attributes=batch_attributes(NONE, batch.timestamp_type, batch.is_transactional, batch.is_control, False),
        base_timestamp=NO_TIMESTAMP,
        max_timestamp=batch.max_timestamp,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        record_count=0,
        partition_leader_epoch=batch.partition_leader_epoch,
    )


def build_control_batch(
    control_type: int,
    value: bytes,
    *,
    timestamp: int,
    base_offset: int = 0,
    partition_leader_epoch: int = NO_PARTITION_LEADER_EPOCH,
) -> bytes:
    """A batch of one KRaft control record: leader change, snapshot header or footer, KRaft version or voters.

    ``value`` is the encoded message of that type (its version is not part of it).
    """
    return build_batch(
        [control_record(control_type, value, offset=base_offset, timestamp=timestamp)],
        base_offset=base_offset,
        is_control=True,
        partition_leader_epoch=partition_leader_epoch,
    )


def control_record(control_type: int, value: bytes, *, offset: int, timestamp: int) -> Record:
    """A control record of one of the CONTROL_* types; for ``build_batch(..., is_control=True)``."""
    return Record(offset, timestamp, _CONTROL_KEY.pack(0, control_type), value)


def control_type_of(key: bytes | None) -> int:
    """The type in a control record's key; ValueError when there is none to read (``ControlRecordType.parseTypeId``)."""
    if key is None or len(key) < _CONTROL_KEY.size:
        raise ValueError(f"a control record's key has 4 bytes at least, this one is {key!r}")
    version, control_type = _CONTROL_KEY.unpack_from(key)
    if version < 0:
        raise ValueError(f"a control record's key has version 0 or above, this one says {version}")
    return int(control_type)


def end_transaction_marker(
    *,
    commit: bool,
    producer_id: int,
    producer_epoch: int,
    coordinator_epoch: int,
    timestamp: int,
    base_offset: int = 0,
    partition_leader_epoch: int = NO_PARTITION_LEADER_EPOCH,
) -> bytes:
    """The batch that ends a producer's transaction in a partition (``MemoryRecords.withEndTransactionMarker``)."""
    value = _END_TRANSACTION_VALUE.pack(0, coordinator_epoch)
    control_type = CONTROL_COMMIT if commit else CONTROL_ABORT
    return build_batch(
        [control_record(control_type, value, offset=base_offset, timestamp=timestamp)],
        base_offset=base_offset,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        is_transactional=True,
        is_control=True,
        partition_leader_epoch=partition_leader_epoch,
    )


def coordinator_epoch_of(value: bytes | None) -> int:
    """The coordinator epoch in the value of an end transaction marker; ValueError when it has none."""
    if value is None or len(value) < _END_TRANSACTION_VALUE.size:
        raise ValueError(f"a transaction marker's value has 6 bytes at least, this one is {value!r}")
    version, coordinator_epoch = _END_TRANSACTION_VALUE.unpack_from(value)
    if version < 0:
        raise ValueError(f"a transaction marker's value has version 0 or above, this one says {version}")
    return int(coordinator_epoch)


def leader_change(value: bytes, *, timestamp: int, partition_leader_epoch: int, base_offset: int = 0) -> bytes:
    """The batch a KRaft leader starts its epoch with; ``value`` is an encoded LeaderChangeMessage (KIP-595)."""
    return build_control_batch(
        CONTROL_LEADER_CHANGE,
        value,
        timestamp=timestamp,
        base_offset=base_offset,
        partition_leader_epoch=partition_leader_epoch,
    )


def batch_attributes(
    compression_type: int, timestamp_type: int, is_transactional: bool, is_control: bool, has_delete_horizon: bool
) -> int:
    """The attributes of a magic 2 batch."""
    return (
        compression_type
        | (TIMESTAMP_TYPE_FLAG if timestamp_type == LOG_APPEND_TIME else 0)
        | (TRANSACTIONAL_FLAG if is_transactional else 0)
        | (CONTROL_FLAG if is_control else 0)
        | (DELETE_HORIZON_FLAG if has_delete_horizon else 0)
    )


def assemble_batch(
    body: bytes | bytearray,
    *,
    base_offset: int,
    last_offset_delta: int,
    attributes: int,
    base_timestamp: int,
    max_timestamp: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
    record_count: int,
    partition_leader_epoch: int,
) -> bytes:
    """A magic 2 batch of a header with these fields and ``body``, the records (compressed as ``attributes`` says)."""
    batch = bytearray(RECORD_BATCH_OVERHEAD)
    HEADER.pack_into(
        batch,
        0,
        base_offset,
        RECORD_BATCH_OVERHEAD - LOG_OVERHEAD + len(body),
        partition_leader_epoch,
        2,
        0,
        attributes,
        last_offset_delta,
        base_timestamp,
        max_timestamp,
        producer_id,
        producer_epoch,
        base_sequence,
        record_count,
    )
    batch += body
    with memoryview(batch) as view:
        crc = crc32c(view[ATTRIBUTES_POSITION:])
    _CRC.pack_into(batch, CRC_POSITION, crc)
    return bytes(batch)


def encode_records(records: Iterable[Record], base_offset: int, base_timestamp: int) -> bytearray:
    """The records section of a magic 2 batch, not compressed (``DefaultRecord.writeTo``)."""
    out = bytearray()
    for offset, timestamp, key, value, headers in records:
        if value is not None and not headers:
            # Nearly all there are: put together at once, where a call for each part would cost more than all parts.
            key_part = _NULL if key is None else varint(len(key)) + key
            head = b"\0%b%b%b%b" % (
                varint(timestamp - base_timestamp),
                varint(offset - base_offset),
                key_part,
                varint(len(value)),
            )
            out += b"%b%b%b\0" % (varint(len(head) + len(value) + 1), head, value)
            continue
        body = bytearray(1)  # attributes: unused
        append_varint(body, timestamp - base_timestamp)
        append_varint(body, offset - base_offset)
        _append_nullable_bytes(body, key)
        _append_nullable_bytes(body, value)
        append_varint(body, len(headers))
        for header_key, header_value in headers:
            _append_nullable_bytes(body, header_key.encode("utf-8", "surrogateescape"))
            _append_nullable_bytes(body, header_value)
        append_varint(out, len(body))
        out += body
    return out


def _append_nullable_bytes(out: bytearray, value: bytes | None) -> None:
    if value is None:
        out += _NULL
    else:
        append_varint(out, len(value))
        out += value


def _check_producer(
    magic: int, producer_id: int, producer_epoch: int, base_sequence: int, is_transactional: bool, is_control: bool
) -> None:
    if is_transactional and producer_id == NO_PRODUCER_ID:
        raise ValueError("Cannot write transactional messages without a valid producer ID")
    if producer_id == NO_PRODUCER_ID:
        return
    if producer_epoch == NO_PRODUCER_EPOCH:
        raise ValueError("Invalid negative producer epoch")
    if base_sequence < 0 and not is_control:
        raise ValueError("Invalid negative sequence number used")
    if magic < 2:
        raise ValueError(f"Idempotent messages are not supported for magic {magic}")


def _check_records(records: Sequence[Record], base_offset: int) -> None:
    previous: int | None = None
    for record in records:
        if previous is not None and record.offset <= previous:
            raise ValueError(
                f"Illegal offset {record.offset} following previous offset {previous} "
                "(Offsets must increase monotonically)."
            )
        if record.timestamp < NO_TIMESTAMP:
            raise ValueError(f"Invalid negative timestamp {record.timestamp}")
        previous = record.offset
    if previous is not None and previous - base_offset > _MAX_OFFSET_DELTA:
        raise ValueError(f"Maximum offset delta exceeded, base offset: {base_offset}, last offset: {previous}")
