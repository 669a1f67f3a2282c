"""Kafka's variable-length integers of magic 2: zigzag, then seven bits a byte, lowest first (``ByteUtils``)."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_MAX_SHIFT_INT32 = 28
_MAX_SHIFT_INT64 = 63


def append_varint(out: bytearray, value: int) -> None:
    """Append a signed integer of at most 64 bits."""
    rest = (value << 1) if value >= 0 else ~(value << 1)
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


@lru_cache(4096)
def varint(value: int) -> bytes:
    """The bytes of a signed integer: lengths and deltas of records are the same few again and again."""
    out = bytearray()
    append_varint(out, value)
    return bytes(out)


def read_varint(data: Buffer, position: int) -> tuple[int, int]:
    """A signed 32-bit integer and the position behind it.

    Raises ValueError when it has more than five bytes, IndexError when ``data`` ends first.
    Bits above the 32nd are dropped, as in ``ByteUtils.readVarint``.
    """
    low = data[position]
    if low < 0x80:
        return (low >> 1) ^ -(low & 1), position + 1
    high = data[position + 1]
    if high < 0x80:
        return (high << 6 | (low & 0x7F) >> 1) ^ -(low & 1), position + 2
    raw, position = _read_raw(data, position, _MAX_SHIFT_INT32)
    raw &= 0xFFFF_FFFF
    return (raw >> 1) ^ -(raw & 1), position


def read_varlong(data: Buffer, position: int) -> tuple[int, int]:
    """A signed 64-bit integer and the position behind it; errors as ``read_varint`` (ten bytes at most)."""
    low = data[position]
    if low < 0x80:
        return (low >> 1) ^ -(low & 1), position + 1
    raw, position = _read_raw(data, position, _MAX_SHIFT_INT64)
    raw &= 0xFFFF_FFFF_FFFF_FFFF
    return (raw >> 1) ^ -(raw & 1), position


def _read_raw(data: Buffer, position: int, max_shift: int) -> tuple[int, int]:
    raw = shift = 0
    while True:
        byte = data[position]
        position += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            return raw, position
        shift += 7
        if shift > max_shift:
            raise ValueError(f"variable-length integer of more than {max_shift // 7 + 1} bytes")
