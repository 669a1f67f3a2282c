"""Deletions, compactions and splits of segments that were cut short, brought to one of their ends (LogLoader.load)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.storage import log_names
from minikafka.storage.batch_scan import scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.segment import LogSegment

if TYPE_CHECKING:
    from minikafka.config import LogConfig


class FolderContent:
    """The offsets in the file names of a partition's folder, by kind."""

    def __init__(self, names: list[str]) -> None:
        self.logs: set[int] = set()
        self.snapshots: set[int] = set()
        self.indexes: dict[str, set[int]] = {suffix: set() for suffix in log_names.INDEX_SUFFIXES}
        kinds = {log_names.LOG: self.logs, log_names.PRODUCER_SNAPSHOT: self.snapshots, **self.indexes}
        for name in names:
            parsed = log_names.parse_file_name(name)
            if parsed is not None and parsed[1] in kinds:
                kinds[parsed[1]].add(parsed[0])

    def has_indexes(self, base_offset: int) -> bool:
        return base_offset in self.indexes[log_names.OFFSET_INDEX] and base_offset in self.indexes[log_names.TIME_INDEX]


def settle_folder(files: FileSystem, directory: str, config: LogConfig, note: Callable[[str], None]) -> FolderContent:
    """What is in the folder once everything unfinished in it is finished or undone; ``note`` is told of each finding.
    Raises OSError."""
    return _Settling(files, directory, config, note).run()


class _Settling:
    def __init__(self, files: FileSystem, directory: str, config: LogConfig, note: Callable[[str], None]) -> None:
        self._files = files
        self._directory = directory
        self._config = config
        self._note = note

    def run(self) -> FolderContent:
        found = FolderContent(self._finish_interrupted_work(self._list()))
        orphans = [
            log_names.file_name(offset, suffix)
            for suffix, offsets in found.indexes.items()
            for offset in sorted(offsets - found.logs)
        ]
        self._unlink(orphans, "removed indexes without a log:")
        return found

    def _list(self) -> list[str]:
        return [name for name, is_directory in self._files.list_directory(self._directory) if not is_directory]

    def _finish_interrupted_work(self, names: list[str]) -> list[str]:
        """.deleted: the deletion goes on. .cleaned: the new segments were not complete, they go, and so do the .swap
        files at or above the lowest of them, which belong to the same unfinished split (KAFKA-6264). .swap: the new
        segments were complete and replace the old ones in their range.
        """
        if not any(name.endswith((log_names.DELETED, log_names.CLEANED, log_names.SWAP)) for name in names):
            return names
        for name in names:
            if name.endswith(log_names.DELETED):
                self._files.unlink(f"{self._directory}/{name}")
        cleaned = [name for name in names if name.endswith(log_names.CLEANED)]
        lowest_cleaned = min((_offset_of(name) for name in cleaned), default=2**63)
        swap = [name for name in names if name.endswith(log_names.SWAP)]
        invalid = [name for name in swap if _offset_of(name) >= lowest_cleaned]
        self._unlink(cleaned + invalid, "removed unfinished")
        self._complete_swap([name for name in swap if name not in invalid])
        return self._list()

    def _unlink(self, names: list[str], finding: str) -> None:
        for name in names:
            self._files.unlink(f"{self._directory}/{name}")
        if names:
            self._note(f"{finding} {', '.join(sorted(names))}")

    def _complete_swap(self, swap: list[str]) -> None:
        ranges = []
        for name in swap:
            parsed = log_names.parse_file_name(name)
            if parsed is not None and parsed[1] == log_names.LOG:
                segment = LogSegment(self._files, self._directory, parsed[0], self._config, 0, suffix=log_names.SWAP)
                ranges.append((parsed[0], _scan_next_offset(segment)))
                segment.abandon()
        if ranges:
            first, end = min(ranges)[0], max(end for _, end in ranges)
            replaced = []
            for name in self._list():
                parsed = log_names.parse_file_name(name)
                if parsed is not None and not parsed[2] and first <= parsed[0] < end:
                    replaced.append(name)
            self._unlink(replaced, "removed what compaction had replaced:")
        for name in swap:
            path = f"{self._directory}/{name}"
            self._files.rename(path, path.removesuffix(log_names.SWAP))
        if swap:
            self._files.sync_directory(self._directory)
            self._note(f"completed the replacement of segments by {', '.join(sorted(swap))}")


def _offset_of(name: str) -> int:
    parsed = log_names.parse_file_name(name)
    return -1 if parsed is None else parsed[0]


def _scan_next_offset(segment: LogSegment) -> int:
    next_offset = segment.base_offset
    for header in scan_headers(segment.log, 0, segment.size_bytes):
        next_offset = header.last_offset + 1
    return next_offset
