"""A disk that is full when it is told to be."""

from __future__ import annotations

import errno
import os

from minikafka.storage.files import FILES_OF_ANOTHER_THREAD, OsFiles, OsLogFile


class Disk:
    """``is_full``: nothing can be written that takes room. Read on the event loop and on the broker's threads."""

    __slots__ = ("is_full",)

    def __init__(self) -> None:
        self.is_full = False

    def ensure_room(self, path: str) -> None:
        """:raises OSError: ENOSPC."""
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


class FillableFiles(OsFiles):
    """The machine's file system, on a disk that may be full."""

    def __init__(self, disk: Disk, *, durable: bool = True, max_open_files: int | None = None) -> None:
        super().__init__(durable=durable, max_open_files=max_open_files)
        self.disk = disk

    def open(self, path: str) -> OsLogFile:
        return _FillableFile(self, path, self.disk)

    def create(self, path: str, size_bytes: int = 0) -> None:
        self.disk.ensure_room(path)
        super().create(path, size_bytes)

    def write_bytes(self, path: str, data: bytes, *, sync: bool) -> None:
        self.disk.ensure_room(path)
        super().write_bytes(path, data, sync=sync)

    def make_directory(self, path: str, *, sync: bool = False) -> None:
        if not self.exists(path):
            self.disk.ensure_room(path)
        super().make_directory(path, sync=sync)

    def capacity_bytes(self, path: str) -> tuple[int, int]:
        total_bytes, usable_bytes = super().capacity_bytes(path)
        return total_bytes, 0 if self.disk.is_full else usable_bytes

    def for_another_thread(self) -> FillableFiles:
        return FillableFiles(self.disk, durable=self.durable, max_open_files=FILES_OF_ANOTHER_THREAD)


class _FillableFile(OsLogFile):
    __slots__ = ("_disk",)

    def __init__(self, files: OsFiles, path: str, disk: Disk) -> None:
        super().__init__(files, path)
        self._disk = disk

    def pwrite(self, data: bytes | bytearray | memoryview, position: int) -> None:
        if self._disk.is_full:
            self._disk.ensure_room(self.path)
        super().pwrite(data, position)
