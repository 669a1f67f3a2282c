"""Key -> the last offset it has in the dirty part of a log: what one compaction pass goes by (Kafka: OffsetMap).

Kafka keeps 24 bytes an entry, an MD5 of the key and the offset, in one buffer that it allocates beforehand. Here it is
a dict, which grows as needed and is several times faster in Python; an entry is counted with what it costs, so that
log.cleaner.dedupe.buffer.size remains a bound of the memory.
"""

from __future__ import annotations

from hashlib import sha256

BYTES_PER_ENTRY = 176
"""Of the dict at its emptiest (just resized), the key, and the offset; measured with keys of 24 to 32 bytes."""

_DIGEST_BYTES = 32


class OffsetMap:
    """At most ``capacity`` keys. Keys as long as a digest or longer are known by their SHA-256."""

    __slots__ = ("_offsets", "capacity", "latest_offset")

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
        self._offsets: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def is_full(self) -> bool:
        return len(self._offsets) >= self.capacity

    def put(self, key: bytes, offset: int) -> None:
        """Note that ``key`` is at ``offset``, which is above all offsets before."""
        self._offsets[key if len(key) < _DIGEST_BYTES else sha256(key).digest()] = offset

    def get(self, key: bytes) -> int:
        """The last offset of ``key``; -1 when it is not in the dirty part."""
        return self._offsets.get(key if len(key) < _DIGEST_BYTES else sha256(key).digest(), -1)
