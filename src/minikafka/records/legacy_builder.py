"""Messages of magic 0 and 1, written byte for byte as Kafka's ``MemoryRecordsBuilder`` writes them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from minikafka.records.batch import LOG_APPEND_TIME, NO_TIMESTAMP, TIMESTAMP_TYPE_FLAG, Record
from minikafka.records.compression import NONE, ZSTD, compress
from minikafka.records.legacy import RECORD_OVERHEAD


def check_legacy(
    records: Sequence[Record], magic: int, compression_type: int, is_control: bool, delete_horizon_ms: int | None
) -> None:
    """Raises ValueError for what magic 0 and 1 cannot say."""
    if is_control:
        raise ValueError(f"Control records are not supported for magic {magic}")
    if compression_type == ZSTD:
        raise ValueError(f"ZStandard compression is not supported for magic {magic}")
    if delete_horizon_ms is not None:
        raise ValueError(f"Delete horizon timestamp is not supported for magic {magic}")
    if any(record.headers for record in records):
        raise ValueError(f"Magic v{magic} does not support record headers")


def build_legacy(
    records: Sequence[Record],
    base_offset: int,
    magic: int,
    compression_type: int,
    level: int | None,
    timestamp_type: int,
    log_append_time_ms: int,
) -> bytes:
    """Uncompressed, one message a record; else one wrapper with the messages in it. Arguments as of ``build_batch``."""
    time_flag = TIMESTAMP_TYPE_FLAG if magic == 1 and timestamp_type == LOG_APPEND_TIME else 0
    # Offsets inside a wrapper of magic 1 count from the first record (KIP-31).
    offset_origin = base_offset if magic == 1 and compression_type != NONE else 0
    messages = bytearray()
    max_timestamp = NO_TIMESTAMP
    for record in records:
        timestamp = log_append_time_ms if timestamp_type == LOG_APPEND_TIME else record.timestamp
        max_timestamp = max(max_timestamp, timestamp)
        _append_message(messages, record.offset - offset_origin, magic, time_flag, timestamp, record.key, record.value)
    if compression_type == NONE:
        return bytes(messages)
    wrapper = bytearray()
    content = compress(compression_type, messages, level, magic=magic)
    _append_message(wrapper, records[-1].offset, magic, time_flag | compression_type, max_timestamp, None, content)
    return bytes(wrapper)


def _append_message(
    out: bytearray, offset: int, magic: int, attributes: int, timestamp: int, key: bytes | None, value: bytes | None
) -> None:
    length = RECORD_OVERHEAD[magic] + len(key or b"") + len(value or b"")
    body = struct.pack(">bbq", 1, attributes, timestamp) if magic == 1 else struct.pack(">bb", 0, attributes)
    body += b"".join((_length(key), key or b"", _length(value), value or b""))
    out += struct.pack(">qiI", offset, length, zlib.crc32(body))
    out += body


def _length(value: bytes | None) -> bytes:
    return struct.pack(">i", -1 if value is None else len(value))
