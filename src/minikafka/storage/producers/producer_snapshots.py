"""The bytes of a .snapshot file: the producers of a partition as of an offset (Kafka: ProducerStateManager)."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from struct import error as StructError

from minikafka.errors import CorruptLogError
from minikafka.records.checksum import crc32c
from minikafka.storage.producers.producer_entry import NO_OFFSET, BatchMetadata, ProducerStateEntry

_SNAPSHOT_VERSION = 1
_SNAPSHOT_HEADER = Struct(">hIi")
_SNAPSHOT_ENTRY = Struct(">qhiqiqiq")
_CRC_END = 6


def encode_snapshot(entries: Iterable[ProducerStateEntry]) -> bytes:
    """ProducerSnapshot version 1: version int16, crc32c of what follows uint32, count int32, entries of 46 bytes."""
    packed = [
        _SNAPSHOT_ENTRY.pack(
            entry.producer_id,
            entry.producer_epoch,
            entry.last_sequence,
            entry.last_data_offset,
            entry.last_offset_delta,
            entry.last_timestamp,
            entry.coordinator_epoch,
            entry.current_txn_first_offset,
        )
        for entry in entries
    ]
    data = bytearray(_SNAPSHOT_HEADER.pack(_SNAPSHOT_VERSION, 0, len(packed)))
    for entry_bytes in packed:
        data += entry_bytes
    _SNAPSHOT_HEADER.pack_into(data, 0, _SNAPSHOT_VERSION, crc32c(memoryview(data)[_CRC_END:]), len(packed))
    return bytes(data)


def decode_snapshot(data: bytes, path: str) -> list[ProducerStateEntry]:
    """The producers of a snapshot. Raises CorruptLogError."""
    try:
        version, crc, count = _SNAPSHOT_HEADER.unpack_from(data)
        if version != _SNAPSHOT_VERSION:
            raise CorruptLogError(f"{path}: unknown version {version} of a producer snapshot")
        if crc != crc32c(memoryview(data)[_CRC_END:]):
            raise CorruptLogError(f"{path}: the checksum of the producer snapshot does not match")
        body = data[_SNAPSHOT_HEADER.size :]
        if len(body) != count * _SNAPSHOT_ENTRY.size:
            raise CorruptLogError(f"{path}: {count} producers are announced in {len(body)} bytes")
    except StructError:
        raise CorruptLogError(f"{path}: {len(data)} bytes are too short for a producer snapshot") from None
    return [_entry(*fields) for fields in _SNAPSHOT_ENTRY.iter_unpack(body)]


def _entry(
    producer_id: int,
    producer_epoch: int,
    last_sequence: int,
    last_offset: int,
    offset_delta: int,
    timestamp: int,
    coordinator_epoch: int,
    current_txn_first_offset: int,
) -> ProducerStateEntry:
    entry = ProducerStateEntry(producer_id)
    entry.producer_epoch = producer_epoch
    entry.coordinator_epoch = coordinator_epoch
    entry.last_timestamp = timestamp
    entry.current_txn_first_offset = current_txn_first_offset if current_txn_first_offset >= 0 else NO_OFFSET
    if last_offset >= 0:
        entry.batches.append(BatchMetadata(last_sequence, last_offset, offset_delta, timestamp))
    return entry
