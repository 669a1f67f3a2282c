"""A ``FileSystem`` in memory that can crash, for tests of what a log loses and what it must not lose.

Files and folders each have two states: what the process sees, and what is known to be on the disk because it has been
synced. A crash (``crash_at_operation``) ends the process's view; ``after_crash`` gives the file system that the next
process finds, under one of three assumptions:

* ``"process"``: only the process died, all its writes are there (``kill -9``);
* ``"power"``: only what was synced is there;
* ``"torn"``: everything synced, and of the rest anything: writes whole, cut, or as zeros, names old or new.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from random import Random

Write = tuple[int, bytes]
"""(position, data); an empty ``data`` stands for a truncation to ``position``."""


class Crashed(BaseException):
    """The simulated process is dead. Not an Exception: no handler of the code under test may survive it."""


class _File:
    def __init__(self, content: bytes = b"", modified_ms: int = 0) -> None:
        self.content = bytearray(content)
        self.synced = bytes(content)
        self.unsynced_writes: list[Write] = []
        self.modified_ms = modified_ms

    def write(self, position: int, data: bytes) -> None:
        _apply(self.content, position, data)
        self.unsynced_writes.append((position, data))

    def truncate(self, size_bytes: int) -> None:
        _resize(self.content, size_bytes)
        self.unsynced_writes.append((size_bytes, b""))

    def sync(self) -> None:
        self.synced = bytes(self.content)
        self.unsynced_writes.clear()

    def survivor(self, assumption: str, random: Random) -> _File:
        if assumption == "process":
            return _File(bytes(self.content), self.modified_ms)
        content = bytearray(self.synced)
        if assumption == "torn":
            for position, data in self.unsynced_writes:
                _apply_partly(content, position, data, random)
        return _File(bytes(content), self.modified_ms)


class _Folder:
    def __init__(self, now_ms: Callable[[], int], modified_ms: int | None = None) -> None:
        self.children: dict[str, _File | _Folder] = {}
        self.history: list[dict[str, _File | _Folder]] = [{}]
        """The children as they were synced, and after each change since."""
        self.modified_ms = now_ms() if modified_ms is None else modified_ms
        self._now_ms = now_ms

    def put(self, name: str, child: _File | _Folder) -> None:
        self.children[name] = child
        self._changed()

    def take(self, name: str) -> _File | _Folder:
        child = self.children.pop(name)
        self._changed()
        return child

    def rename(self, name: str, new_name: str) -> None:
        """One change: no loss of power leaves neither name."""
        self.children[new_name] = self.children.pop(name)
        self._changed()

    def _changed(self) -> None:
        self.history.append(dict(self.children))
        self.modified_ms = self._now_ms()

    def sync(self) -> None:
        self.history = [dict(self.children)]

    def survivor(self, assumption: str, random: Random) -> _Folder:
        if assumption == "process":
            names = self.children
        else:
            names = self.history[0] if assumption == "power" else random.choice(self.history)
        folder = _Folder(self._now_ms, self.modified_ms)
        folder.children = {name: child.survivor(assumption, random) for name, child in names.items()}
        folder.sync()
        return folder


class MemoryDescriptor:
    """Keeps a file readable, as an open descriptor does."""

    def __init__(self, files: MemoryFiles, file: _File, path: str) -> None:
        self._files = files
        self._file = file
        self._path = path

    def fileno(self) -> int:
        raise OSError(errno.EBADF, "a file in memory has no descriptor", self._path)

    def pread(self, size_bytes: int, position: int) -> bytes:
        self._files.before("read", self._path, changes=False)
        return bytes(self._file.content[position : position + size_bytes])

    def sync(self) -> None:
        self._files.before("sync", self._path)
        self._file.sync()


class MemoryLogFile:
    """See ``files.LogFile``."""

    def __init__(self, files: MemoryFiles, path: str) -> None:
        self._files = files
        self.path = path
        self._opened: _File | None = None

    def pread(self, size_bytes: int, position: int) -> bytes:
        return self.descriptor().pread(size_bytes, position)

    def pwrite(self, data: bytes | bytearray | memoryview, position: int) -> None:
        self._files.write(self._file(), self.path, position, bytes(data))

    def size_bytes(self) -> int:
        return len(self._file().content)

    def truncate(self, size_bytes: int) -> None:
        self._files.before("truncate", self.path)
        self._file().truncate(size_bytes)

    def descriptor(self) -> MemoryDescriptor:
        return MemoryDescriptor(self._files, self._file(), self.path)

    def close(self) -> None:
        self._opened = None

    def _file(self) -> _File:
        if self._opened is None:
            self._opened = self._files.file_at(self.path)
        return self._opened


class MemoryFiles:
    """See the module; ``operations`` counts what changed something, in order to crash at each in turn."""

    def __init__(self, now_ms: Callable[[], int] = lambda: 0) -> None:
        self.operations = 0
        self.journal: list[tuple[str, str]] = []
        """(operation, path) of every change."""
        self.crash_at_operation: int | None = None
        """Crash instead of the operation with this number (from 1); a write is then done by half."""
        self.free_bytes: int | None = None
        """What is left on the volume; writes beyond it are cut short and fail with ENOSPC. None: no limit."""
        self.fault: Callable[[str, str], int | None] | None = None
        """(operation, path) -> the errno to fail with, or None. Operations: read, write, sync, truncate, create,
        rename, unlink, mkdir, sync-directory."""
        self._now_ms = now_ms
        self._root = _Folder(now_ms)
        self._crashed = False
        self._locks: set[str] = set()

    def after_crash(self, assumption: str = "process", seed: int = 0) -> MemoryFiles:
        """The file system that the next process finds."""
        files = MemoryFiles(self._now_ms)
        files._root = self._root.survivor(assumption, Random(seed))
        return files

    def before(self, operation: str, path: str, *, changes: bool = True) -> None:
        """Crash or fail here, if that is wanted."""
        if changes:
            self._count(operation, path)
        elif self._crashed:
            raise Crashed
        code = self.fault(operation, path) if self.fault is not None else None
        if code is not None:
            raise OSError(code, os.strerror(code), path)

    def write(self, file: _File, path: str, position: int, data: bytes) -> None:
        try:
            self.before("write", path)
        except Crashed:
            if self.operations == self.crash_at_operation and data:
                file.write(position, data[: len(data) // 2])
            raise
        fits = len(data)
        if self.free_bytes is not None:
            fits = max(0, min(fits, self.free_bytes + len(file.content) - position))
        if fits:
            size_before = len(file.content)
            file.write(position, data[:fits])
            file.modified_ms = self._now_ms()
            if self.free_bytes is not None:
                self.free_bytes -= len(file.content) - size_before
        if fits < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    # --- the FileSystem

    def open(self, path: str) -> MemoryLogFile:
        return MemoryLogFile(self, path)

    def create(self, path: str, size_bytes: int = 0) -> None:
        self.before("create", path)
        self._put_file(path).truncate(size_bytes)

    def read_bytes(self, path: str) -> bytes:
        self.before("read", path, changes=False)
        return bytes(self.file_at(path).content)

    def sync_file(self, path: str) -> None:
        file = self.file_at(path)
        self.before("sync", path)
        file.sync()

    def write_bytes(self, path: str, data: bytes, *, sync: bool) -> None:
        self.create(path)
        file = self.file_at(path)
        self.write(file, path, 0, data)
        if sync:
            self.sync_file(path)

    def replace_atomically(self, path: str, data: bytes, *, sync: bool) -> None:
        self.write_bytes(path + ".tmp", data, sync=sync)
        self.rename(path + ".tmp", path)
        if sync:
            self.sync_directory(os.path.dirname(path))

    def exists(self, path: str) -> bool:
        try:
            self._node(path)
        except FileNotFoundError:
            return False
        return True

    def size_bytes(self, path: str) -> int:
        return len(self.file_at(path).content)

    def modified_ms(self, path: str) -> int:
        return self._node(path).modified_ms

    def set_modified_ms(self, path: str, modified_ms: int) -> None:
        self.file_at(path).modified_ms = modified_ms

    def list_directory(self, path: str) -> list[tuple[str, bool]]:
        self.before("read", path, changes=False)
        return [(name, isinstance(child, _Folder)) for name, child in self._folder(path).children.items()]

    def make_directory(self, path: str, *, sync: bool = False) -> None:
        if self.exists(path):
            self._folder(path)
            return
        parent = os.path.dirname(path)
        self.make_directory(parent, sync=sync)
        self.before("mkdir", path)
        self._folder(parent).put(os.path.basename(path), _Folder(self._now_ms))
        if sync:
            self.sync_directory(parent)

    def rename(self, source: str, target: str) -> None:
        self._node(source)
        self.before("rename", source)
        folder, target_folder = self._parent(source), self._parent(target)
        if folder is target_folder:
            folder.rename(os.path.basename(source), os.path.basename(target))
        else:
            target_folder.put(os.path.basename(target), folder.take(os.path.basename(source)))

    def unlink(self, path: str) -> None:
        self.file_at(path)
        self.before("unlink", path)
        self._parent(path).take(os.path.basename(path))

    def remove_directory(self, path: str) -> None:
        for name, is_directory in self.list_directory(path):
            if is_directory:
                self.remove_directory(f"{path}/{name}")
            else:
                self.unlink(f"{path}/{name}")
        self.before("unlink", path)
        self._parent(path).take(os.path.basename(path))

    def sync_directory(self, path: str) -> None:
        folder = self._folder(path)
        self.before("sync-directory", path)
        folder.sync()

    def lock(self, path: str) -> MemoryLock | None:
        if path in self._locks:
            return None
        if not self.exists(path):
            self.create(path)
        self._locks.add(path)
        return MemoryLock(self._locks, path)

    def capacity_bytes(self, path: str) -> tuple[int, int]:
        return -1, -1 if self.free_bytes is None else self.free_bytes

    # --- inside

    def for_another_thread(self) -> MemoryFiles:
        return self

    def file_at(self, path: str) -> _File:
        node = self._node(path)
        if not isinstance(node, _File):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return node

    def _count(self, operation: str, path: str) -> None:
        if self._crashed:
            raise Crashed
        self.operations += 1
        self.journal.append((operation, path))
        if self.operations == self.crash_at_operation:
            self._crashed = True
            raise Crashed

    def _put_file(self, path: str) -> _File:
        """An existing file keeps its identity: those who have it open see it change."""
        parent, name = self._parent(path), os.path.basename(path)
        existing = parent.children.get(name)
        if isinstance(existing, _File):
            existing.truncate(0)
            return existing
        file = _File(modified_ms=self._now_ms())
        parent.put(name, file)
        return file

    def _node(self, path: str) -> _File | _Folder:
        node: _File | _Folder = self._root
        for name in path.strip("/").split("/"):
            if not name:
                continue
            if not isinstance(node, _Folder) or name not in node.children:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            node = node.children[name]
        return node

    def _folder(self, path: str) -> _Folder:
        node = self._node(path)
        if not isinstance(node, _Folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return node

    def _parent(self, path: str) -> _Folder:
        return self._folder(os.path.dirname(path))


class MemoryLock:
    def __init__(self, locks: set[str], path: str) -> None:
        self._locks = locks
        self._path = path

    def release(self) -> None:
        self._locks.discard(self._path)


def _apply(content: bytearray, position: int, data: bytes) -> None:
    if len(content) < position:
        content.extend(bytes(position - len(content)))
    content[position : position + len(data)] = data


def _resize(content: bytearray, size_bytes: int) -> None:
    del content[size_bytes:]
    content.extend(bytes(size_bytes - len(content)))


def _apply_partly(content: bytearray, position: int, data: bytes, random: Random) -> None:
    outcome = random.choice(("kept", "kept", "lost", "cut", "zeros"))
    if outcome == "lost":
        return
    if not data:
        _resize(content, position)
    elif outcome == "kept":
        _apply(content, position, data)
    elif outcome == "cut":
        _apply(content, position, data[: random.randrange(len(data))])
    else:
        _apply(content, position, bytes(len(data)))
