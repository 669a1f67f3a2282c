"""Which leader epoch began at which offset: leader-epoch-checkpoint (Kafka: LeaderEpochFileCache)."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter

from minikafka.storage import checkpoints
from minikafka.storage.files import FileSystem

FILE_NAME = "leader-epoch-checkpoint"

UNKNOWN = (-1, -1)


class LeaderEpochCache:
    """(epoch, start offset) entries, ascending in both.

    The file is written when the log is flushed or closed, not on each change: until then recovery finds the epochs in
    the batches, which begin above the recovery point.
    """

    __slots__ = ("_dirty", "_entries", "_files", "_path")

    def __init__(self, files: FileSystem, directory: str) -> None:
        self._files = files
        self._path = f"{directory}/{FILE_NAME}"
        self._entries: list[tuple[int, int]] = []
        self._dirty = False

    def load(self) -> None:
        """Read the file. Raises StorageError when it is malformed."""
        self._entries = []
        for line in checkpoints.read_lines(self._files, self._path):
            try:
                epoch, start_offset = map(int, line.split(" "))
            except ValueError:
                raise checkpoints.malformed(self._path, line) from None
            self.assign(epoch, start_offset)
        self._dirty = False

    def create(self) -> None:
        """The empty file of a new log."""
        self._files.create(self._path)

    def move_to(self, directory: str) -> None:
        self._path = f"{directory}/{FILE_NAME}"

    @property
    def entries(self) -> list[tuple[int, int]]:
        return list(self._entries)

    @property
    def latest_epoch(self) -> int | None:
        return self._entries[-1][0] if self._entries else None

    @property
    def earliest_entry(self) -> tuple[int, int] | None:
        return self._entries[0] if self._entries else None

    def assign(self, epoch: int, start_offset: int) -> None:
        """``epoch`` has its first batch at ``start_offset``; entries that contradict it go."""
        entries = self._entries
        if entries and entries[-1][0] == epoch and start_offset >= entries[-1][1]:
            return
        while entries and (entries[-1][0] >= epoch or entries[-1][1] >= start_offset):
            entries.pop()
        entries.append((epoch, start_offset))
        self._dirty = True

    def note(self, epoch: int, start_offset: int) -> None:
        """``assign``, if the batch of ``epoch`` (-1: none) is the first one of a later epoch than all so far."""
        latest = self.latest_epoch
        if epoch >= 0 and (latest is None or epoch > latest):
            self.assign(epoch, start_offset)

    def epoch_at(self, offset: int) -> int | None:
        """The epoch that ``offset`` was (or would be) written in."""
        slot = bisect_right(self._entries, offset, key=itemgetter(1)) - 1
        return self._entries[slot][0] if slot >= 0 else None

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """(epoch, end offset) of the greatest epoch <= ``epoch``; (-1, -1) when unknown (KIP-101, KIP-320)."""
        entries = self._entries
        if epoch < 0:
            return UNKNOWN
        if entries and entries[-1][0] == epoch:
            return epoch, log_end_offset
        above = bisect_right(entries, epoch, key=itemgetter(0))
        if above == len(entries):
            return UNKNOWN
        return (entries[above - 1][0] if above else epoch), entries[above][1]

    def truncate_from_end(self, end_offset: int) -> None:
        """Drop the epochs that begin at ``end_offset`` or later."""
        while self._entries and self._entries[-1][1] >= end_offset:
            self._entries.pop()
            self._dirty = True

    def truncate_from_start(self, start_offset: int) -> None:
        """Drop the epochs that end at or before ``start_offset``; the one it lies in now begins there."""
        keep = bisect_right(self._entries, start_offset, key=itemgetter(1))
        if keep:
            epoch, begins = self._entries[keep - 1]
            if keep > 1 or begins != start_offset:
                self._entries[:keep] = [(epoch, start_offset)]
                self._dirty = True

    def clear(self) -> None:
        if self._entries:
            self._entries.clear()
            self._dirty = True

    def take_dirty(self) -> bytes | None:
        """The content to be written, once, if it differs from the file's."""
        if not self._dirty:
            return None
        self._dirty = False
        return checkpoints.encode(f"{epoch} {start_offset}" for epoch, start_offset in self._entries)

    def mark_dirty(self) -> None:
        """What ``take_dirty`` gave could not be written."""
        self._dirty = True

    def write(self, content: bytes, *, sync: bool = True) -> None:
        """Write what ``take_dirty`` gave; may be called on another thread."""
        self._files.replace_atomically(self._path, content, sync=sync)

    def flush(self, *, sync: bool = True) -> None:
        content = self.take_dirty()
        if content is not None:
            self.write(content, sync=sync)
