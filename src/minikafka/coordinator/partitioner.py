"""Which partition of a coordinator's topic an id belongs to: Java's ``String.hashCode``, as Kafka uses it."""

from __future__ import annotations

from functools import lru_cache

_REMEMBERED_IDS = 4096
"""An id comes with every heartbeat and commit of its group, and is read letter by letter."""


@lru_cache(_REMEMBERED_IDS)
def java_string_hash(text: str) -> int:
    """``String.hashCode``: a signed 32-bit value over the UTF-16 code units."""
    value = 0
    if text.isascii():
        for unit in text.encode():
            value = (value * 31 + unit) & 0xFFFFFFFF
    else:
        encoded = text.encode("utf-16-be", "surrogatepass")
        for index in range(0, len(encoded), 2):
            value = (value * 31 + (encoded[index] << 8 | encoded[index + 1])) & 0xFFFFFFFF
    return value - (1 << 32) if value & 0x80000000 else value


def partition_for(key: str, partition_count: int) -> int:
    """The partition of ``__consumer_offsets`` (by group id) or ``__transaction_state`` (by transactional id) that
    holds ``key`` (Kafka: ``Utils.abs(hashCode) % count``, where the smallest integer counts as 0)."""
    value = java_string_hash(key)
    return (0 if value == -(1 << 31) else abs(value)) % partition_count
