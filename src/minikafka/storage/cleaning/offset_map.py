"""Key -> the last offset it has in the dirty part of a log: what one compaction pass goes by (Kafka: OffsetMap).

Kafka keeps 24 bytes an entry, an MD5 of the key and the offset, in one buffer that it allocates beforehand. Here it is
dicts, which grow as needed and are several times faster in Python; an entry is counted with what it costs, so that
log.cleaner.dedupe.buffer.size remains a bound of the memory. They are several, since one with 700,000 keys holds the
interpreter for 30 ms when it grows, and for 20 when it is freed.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

BYTES_PER_ENTRY = 176
"""Of the dict at its emptiest (just resized), the key, and the offset; measured with keys of 24 to 32 bytes."""

_DIGEST_BYTES = 32
_SHARDS = 64


class OffsetMap:
    """At most ``capacity`` keys. Keys as long as a digest or longer are known by their SHA-256."""

    __slots__ = ("_shards", "_size", "capacity", "latest_offset")

    def __init__(self, memory_bytes: int, load_factor: float) -> None:
        """``memory_bytes``: log.cleaner.dedupe.buffer.size, ``load_factor``: log.cleaner.io.buffer.load.factor.

        Raises ValueError when not even one key fits: no pass would get anywhere.
        """
        self.capacity = int(memory_bytes // BYTES_PER_ENTRY * load_factor)
        if self.capacity < 1:
            raise ValueError(
                f"log.cleaner.dedupe.buffer.size={memory_bytes} with log.cleaner.io.buffer.load.factor={load_factor} "
                "is too small for even a single key: compaction would never make progress"
            )
        self.latest_offset = -1
        """All records up to here are in the map; advanced by whoever fills it."""
        self._shards: list[dict[bytes, int]] = [{} for _ in range(_SHARDS)]
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def is_full(self) -> bool:
        return self._size >= self.capacity

    def put(self, key: bytes, offset: int) -> None:
        """Note that ``key`` is at ``offset``, which is above all offsets before."""
        if len(key) >= _DIGEST_BYTES:
            key = sha256(key).digest()
        shard = self._shards[hash(key) % _SHARDS]
        self._size -= len(shard)
        shard[key] = offset
        self._size += len(shard)

    def get(self, key: bytes) -> int:
        """The last offset of ``key``; -1 when it is not in the dirty part."""
        if len(key) >= _DIGEST_BYTES:
            key = sha256(key).digest()
        return self._shards[hash(key) % _SHARDS].get(key, -1)

    def clear(self, pause: Callable[[], object]) -> None:
        """Free the memory, part by part with a pause after each; freed by Python, all of it would go at once."""
        self._size = 0
        for shard in self._shards:
            shard.clear()
            pause()
