"""The three indexes of a segment, in the bytes Kafka writes (OffsetIndex, TimeIndex, TransactionIndex).

Offset and time index are sparse and sorted. New entries gather in memory and go to the file a few thousand bytes at a
time, and whenever the log is flushed; what is on the file is searched with positioned reads. That costs a tenth of a
microsecond an entry, a few kilobytes of memory per active segment and, unlike a mapping, no descriptor for a segment
that is idle. Nothing is lost by waiting: after an unclean stop the indexes of unflushed segments are rebuilt anyway.

While a segment is active its indexes are preallocated to segment.index.bytes (sparse zeros), and trimmed when it is
rolled or closed, as in Kafka.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple
from minikafka.storage.files import Descriptor, FileSystem, LogFile

NO_TIMESTAMP = -1
MAX_RELATIVE_OFFSET = 2**31 - 1

_STORE_AT_BYTES = 4096
_BLOCK_ENTRIES = 512

_INT32 = Struct(">i")
_INT64 = Struct(">q")
_OFFSET_ENTRY = Struct(">ii")
_TIME_ENTRY = Struct(">qi")
_ABORTED_ENTRY = Struct(">hqqqq")


class _SortedIndex:
    """Fixed-size entries in ascending order: some on the file, the newest in memory."""

    __slots__ = ("_file", "_max_entries", "_preallocated", "_stored", "_tail", "base_offset")

    entry_bytes: int
    kept_entries = 0
    """Slots for what is written when the segment is rolled."""

    def __init__(self, files: FileSystem, path: str, base_offset: int, max_bytes: int) -> None:
        self._file: LogFile = files.open(path)
        self.base_offset = base_offset
        self._max_entries = max_bytes // self.entry_bytes
        self._stored = -1
        self._tail = bytearray()
        self._preallocated = False

    @property
    def path(self) -> str:
        return self._file.path

    @path.setter
    def path(self, path: str) -> None:
        self._file.path = path

    def use(self, files: FileSystem) -> None:
        """Open the file through ``files`` from now on."""
        self._file = files.open(self._file.path)

    @property
    def preallocated_bytes(self) -> int:
        return self._max_entries * self.entry_bytes

    @property
    def entries(self) -> int:
        return self._stored_entries() + len(self._tail) // self.entry_bytes

    @property
    def is_full(self) -> bool:
        """Whether there is room for no more entries."""
        return self.entries + self.kept_entries >= self._max_entries

    @property
    def size_bytes(self) -> int:
        """Of the entries, without what is preallocated."""
        return self.entries * self.entry_bytes

    def mark_created(self, *, preallocated: bool) -> None:
        """The file has just been created, without entries."""
        self._stored = 0
        self._preallocated = preallocated

    def store(self) -> None:
        """Write the entries that are only in memory to the file."""
        if not self._tail:
            return
        stored = self._stored_entries()
        if not self._preallocated:
            self._file.truncate(self.preallocated_bytes)
            self._preallocated = True
        self._file.pwrite(self._tail, stored * self.entry_bytes)
        self._stored = stored + len(self._tail) // self.entry_bytes
        self._tail.clear()

    def maybe_store(self) -> None:
        """Keep the memory small: store once a few hundred entries have gathered."""
        if len(self._tail) >= _STORE_AT_BYTES:
            self.store()

    def descriptor(self) -> Descriptor:
        return self._file.descriptor()

    @property
    def is_trimmed(self) -> bool:
        """Whether the file is just what its entries are."""
        return not self._tail and not self._preallocated

    def trim(self) -> None:
        """Store everything and cut the file to its entries."""
        self.store()
        if self._preallocated:
            self._file.truncate(self._stored_entries() * self.entry_bytes)
            self._preallocated = False

    def close(self) -> None:
        self.trim()
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file without writing anything: it is to be deleted, or its disk has failed."""
        self._file.close()

    def truncate_to_entries(self, count: int) -> None:
        """Keep the first ``count`` entries."""
        stored = self._stored_entries()
        if count >= stored:
            del self._tail[(count - stored) * self.entry_bytes :]
            return
        self._tail.clear()
        self._file.truncate(count * self.entry_bytes)
        self._stored = count
        self._preallocated = False

    def reset(self) -> None:
        """Forget all entries, also those of a file that cannot be trusted."""
        self._tail.clear()
        self._file.truncate(0)
        self.mark_created(preallocated=False)

    def entry_bytes_at(self, slot: int) -> bytes:
        stored = self._stored_entries()
        if slot >= stored:
            start = (slot - stored) * self.entry_bytes
            return bytes(self._tail[start : start + self.entry_bytes])
        return self._file.pread(self.entry_bytes, slot * self.entry_bytes)

    def _stored_entries(self) -> int:
        if self._stored < 0:
            self._stored = self._file.size_bytes() // self.entry_bytes
        return self._stored

    def _last_slot_at_most(self, target: int, key: Struct, key_position: int) -> int:
        """The greatest slot whose key is <= ``target``; -1 when there is none."""
        size = self.entry_bytes
        low, high = 0, self._stored_entries()
        tail = self._tail
        if tail and key.unpack_from(tail, key_position)[0] <= target:
            return high + _bisect(tail, size, key, key_position, target)
        while high - low > _BLOCK_ENTRIES:
            middle = (low + high) // 2
            if key.unpack_from(self._file.pread(size, middle * size), key_position)[0] <= target:
                low = middle
            else:
                high = middle
        if low == high:
            return -1
        block = self._file.pread((high - low) * size, low * size)
        slot = _bisect(block, size, key, key_position, target)
        return low + slot if slot >= 0 else low - 1


def _bisect(block: bytes | bytearray, size: int, key: Struct, key_position: int, target: int) -> int:
    low, high = 0, len(block) // size
    while low < high:
        middle = (low + high) // 2
        if key.unpack_from(block, middle * size + key_position)[0] <= target:
            low = middle + 1
        else:
            high = middle
    return low - 1


class OffsetIndex(_SortedIndex):
    """(offset - base offset: int32, position in the .log file: int32), ascending in both."""

    __slots__ = ("_last_offset",)

    entry_bytes = 8

    def __init__(self, files: FileSystem, path: str, base_offset: int, max_bytes: int) -> None:
        super().__init__(files, path, base_offset, max_bytes)
        self._last_offset = -1

    @property
    def last_offset(self) -> int:
        """The offset of the last entry; the base offset when there is none."""
        if self._last_offset < 0:
            entries = self.entries
            self._last_offset = self.entry(entries - 1)[0] if entries else self.base_offset
        return self._last_offset

    def entry(self, slot: int) -> tuple[int, int]:
        """(offset, position)"""
        relative_offset, position = _OFFSET_ENTRY.unpack(self.entry_bytes_at(slot))
        return self.base_offset + relative_offset, position

    def append(self, offset: int, position: int) -> None:
        """Offsets ascend; one that does not is a sign of a corrupt log and is refused."""
        if offset <= self.last_offset and self.entries:
            raise CorruptLogError(
                f"{self.path}: offset {offset} at position {position} is not above the last indexed offset "
                f"{self.last_offset}"
            )
        self._tail += _OFFSET_ENTRY.pack(offset - self.base_offset, position)
        self._last_offset = offset

    def position_before(self, offset: int) -> int:
        """A position from which the batch that holds ``offset`` can be found by going forward."""
        slot = self._last_slot_at_most(offset - self.base_offset, _INT32, 0)
        return 0 if slot < 0 else self.entry(slot)[1]

    def first_offset_after_position(self, position: int) -> int | None:
        """The first indexed offset whose batch begins at or after ``position`` (fetchUpperBoundOffset)."""
        slot = self._last_slot_at_most(position - 1, _INT32, 4) + 1
        return self.entry(slot)[0] if slot < self.entries else None

    def truncate_to(self, offset: int) -> None:
        """Drop the entries of ``offset`` and above."""
        self.truncate_to_entries(self._last_slot_at_most(offset - self.base_offset - 1, _INT32, 0) + 1)
        self._last_offset = -1

    def reset(self) -> None:
        super().reset()
        self._last_offset = -1

    def looks_sane(self) -> bool:
        """Whether the file could be a trimmed index of this segment (OffsetIndex.sanityCheck). A segment's first
        batch is never indexed, so a position of 0 is left over from preallocation."""
        if self._file.size_bytes() % self.entry_bytes:
            return False
        if not self.entries:
            return True
        offset, position = self.entry(self.entries - 1)
        return offset >= self.base_offset and position > 0


class TimeIndex(_SortedIndex):
    """(timestamp: int64, offset - base offset: int32): no record up to the offset has a greater timestamp."""

    __slots__ = ("_last_entry",)

    entry_bytes = 12
    kept_entries = 1

    def __init__(self, files: FileSystem, path: str, base_offset: int, max_bytes: int) -> None:
        super().__init__(files, path, base_offset, max_bytes)
        self._last_entry: tuple[int, int] | None = None

    @property
    def last_entry(self) -> tuple[int, int]:
        """(timestamp, offset); (-1, base offset) when there is none."""
        if self._last_entry is None:
            entries = self.entries
            self._last_entry = self.entry(entries - 1) if entries else (NO_TIMESTAMP, self.base_offset)
        return self._last_entry

    def entry(self, slot: int) -> tuple[int, int]:
        """(timestamp, offset)"""
        timestamp, relative_offset = _TIME_ENTRY.unpack(self.entry_bytes_at(slot))
        return timestamp, self.base_offset + relative_offset

    def maybe_append(self, timestamp: int, offset: int) -> None:
        """Add an entry if ``timestamp`` is greater than all before."""
        if timestamp > self.last_entry[0]:
            self._tail += _TIME_ENTRY.pack(timestamp, offset - self.base_offset)
            self._last_entry = (timestamp, offset)

    def lookup(self, timestamp: int) -> tuple[int, int]:
        """The last entry whose timestamp is <= ``timestamp``; (-1, base offset) when there is none."""
        slot = self._last_slot_at_most(timestamp, _INT64, 0)
        return (NO_TIMESTAMP, self.base_offset) if slot < 0 else self.entry(slot)

    def truncate_to(self, offset: int) -> None:
        """Drop the entries of ``offset`` and above."""
        self.truncate_to_entries(self._last_slot_at_most(offset - self.base_offset - 1, _INT32, 8) + 1)
        self._last_entry = None

    def reset(self) -> None:
        super().reset()
        self._last_entry = None

    def looks_sane(self) -> bool:
        """Whether the file could be a trimmed index of this segment (TimeIndex.sanityCheck)."""
        if self._file.size_bytes() % self.entry_bytes:
            return False
        if not self.entries:
            return True
        timestamp, offset = self.last_entry
        return offset >= self.base_offset and (self.entries == 1 or timestamp > self.entry(0)[0])


class AbortedTransaction(NamedTuple):
    """One entry of a transaction index; ``last_offset`` is the abort marker's."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


class TransactionIndex:
    """The transactions whose abort marker lies in the segment, ascending by marker: 34 bytes each
    (version: int16, then the four fields of AbortedTransaction). The file appears with the first one."""

    __slots__ = ("_exists", "_file", "_files", "_size_bytes")

    entry_bytes = 34

    def __init__(self, files: FileSystem, path: str, *, exists: bool) -> None:
        self._files = files
        self._file: LogFile = files.open(path)
        self._exists = exists
        self._size_bytes = -1 if exists else 0

    @property
    def path(self) -> str:
        return self._file.path

    @path.setter
    def path(self, path: str) -> None:
        self._file.path = path

    def use(self, files: FileSystem) -> None:
        """Open the file through ``files`` from now on."""
        self._files = files
        self._file = files.open(self._file.path)

    @property
    def exists(self) -> bool:
        return self._exists

    @property
    def entries(self) -> int:
        if self._size_bytes < 0:
            self._size_bytes = self._file.size_bytes()
        return self._size_bytes // self.entry_bytes

    def append(self, aborted: AbortedTransaction) -> None:
        position = self.entries * self.entry_bytes
        if not self._exists:
            self._files.create(self.path)
            self._exists = True
        self._file.pwrite(_ABORTED_ENTRY.pack(0, *aborted), position)
        self._size_bytes = position + self.entry_bytes

    def overlapping(self, first_offset: int, end_offset: int) -> tuple[list[AbortedTransaction], bool]:
        """The aborted transactions that overlap [first_offset, end_offset), and whether later segments cannot hold
        more of them (the last stable offset at the time of an abort had passed the range)."""
        found = []
        for aborted in self._from_slot(self._first_slot_ending_at_or_after(first_offset)):
            if aborted.first_offset < end_offset:
                found.append(aborted)
            if aborted.last_stable_offset >= end_offset:
                return found, True
        return found, False

    def all(self) -> list[AbortedTransaction]:
        return list(self._from_slot(0))

    def truncate_to(self, offset: int) -> None:
        """Drop the transactions whose marker is at ``offset`` or above."""
        if self._exists:
            size_bytes = self._first_slot_ending_at_or_after(offset) * self.entry_bytes
            self._file.truncate(size_bytes)
            self._size_bytes = size_bytes

    def reset(self) -> None:
        if self._exists:
            self._file.truncate(0)
            self._size_bytes = 0

    def descriptor(self) -> Descriptor:
        return self._file.descriptor()

    def close(self) -> None:
        self._file.close()

    def looks_sane(self) -> bool:
        """Whether every entry has the known version and lies in a segment like this (TransactionIndex.sanityCheck)."""
        if not self._exists:
            return True
        if self._file.size_bytes() % self.entry_bytes:
            return False
        data = self._file.pread(self.entries * self.entry_bytes, 0)
        return all(entry[0] == 0 and entry[3] >= entry[2] >= 0 for entry in _ABORTED_ENTRY.iter_unpack(data))

    def _first_slot_ending_at_or_after(self, offset: int) -> int:
        low, high = 0, self.entries
        while low < high:
            middle = (low + high) // 2
            if self._entry(middle).last_offset < offset:
                low = middle + 1
            else:
                high = middle
        return low

    def _entry(self, slot: int) -> AbortedTransaction:
        data = self._file.pread(self.entry_bytes, slot * self.entry_bytes)
        return AbortedTransaction(*_ABORTED_ENTRY.unpack(data)[1:])

    def _from_slot(self, slot: int) -> Iterator[AbortedTransaction]:
        count = self.entries
        if slot >= count:
            return
        data = self._file.pread((count - slot) * self.entry_bytes, slot * self.entry_bytes)
        for entry in _ABORTED_ENTRY.iter_unpack(data):
            yield AbortedTransaction(*entry[1:])
