"""The segments of a log, ordered by base offset (Kafka: LogSegments)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from minikafka.storage.segment import LogSegment


class LogSegments:
    """Never empty once a log is open; the last segment is the active one."""

    __slots__ = ("_bases", "_by_base", "active")

    active: LogSegment

    def __init__(self, segments: Iterable[LogSegment] = ()) -> None:
        self._by_base = {segment.base_offset: segment for segment in segments}
        self._changed()

    def __iter__(self) -> Iterator[LogSegment]:
        return iter([self._by_base[base] for base in self._bases])

    def __len__(self) -> int:
        return len(self._bases)

    @property
    def base_offsets(self) -> list[int]:
        return list(self._bases)

    @property
    def first(self) -> LogSegment:
        return self._by_base[self._bases[0]]

    @property
    def size_bytes(self) -> int:
        return sum(segment.size_bytes for segment in self._by_base.values())

    def add(self, segment: LogSegment) -> None:
        """Add, or replace the segment with the same base offset."""
        self._by_base[segment.base_offset] = segment
        self._changed()

    def remove(self, segment: LogSegment) -> None:
        if self._by_base.get(segment.base_offset) is segment:
            del self._by_base[segment.base_offset]
            self._changed()

    def floor(self, offset: int) -> LogSegment | None:
        """The last segment that begins at or before ``offset``."""
        slot = bisect_right(self._bases, offset) - 1
        return self._by_base[self._bases[slot]] if slot >= 0 else None

    def higher(self, base_offset: int) -> LogSegment | None:
        """The segment after the one that begins at ``base_offset``."""
        slot = bisect_right(self._bases, base_offset)
        return self._by_base[self._bases[slot]] if slot < len(self._bases) else None

    def range(self, first_offset: int, end_offset: int | None = None) -> list[LogSegment]:
        """The segments that may hold offsets of [first_offset, end_offset)."""
        start = max(bisect_right(self._bases, first_offset) - 1, 0)
        end = len(self._bases) if end_offset is None else bisect_left(self._bases, end_offset)
        return [self._by_base[base] for base in self._bases[start:end]]

    def _changed(self) -> None:
        self._bases = sorted(self._by_base)
        if self._bases:
            self.active = self._by_base[self._bases[-1]]
