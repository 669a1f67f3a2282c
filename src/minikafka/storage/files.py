"""The file layer: everything the log does to the disk goes through a ``FileSystem``.

``OsFiles`` is the machine's. ``memory_files.MemoryFiles`` is for tests: it knows what has been synced and what has not,
can lose the rest in a crash, and fails on demand. Both raise ``OSError``; the log turns that into ``StorageError``.

A ``LogFile`` opens its descriptor on first use, and may lose it again when too many are open: 1,000 partitions of a
few segments each must not need thousands of descriptors. Whoever streams from a file holds the ``Descriptor`` itself,
which closes when the last holder lets go, so neither eviction nor deletion pulls it from under a reader.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Protocol

try:
    import fcntl
except ImportError:  # Windows has no flock; the lock file then only marks the directory
    fcntl = None  # type: ignore[assignment]

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
FILES_OF_ANOTHER_THREAD = 16


class Descriptor(Protocol):
    """An open file that stays readable as long as somebody holds this object."""

    def fileno(self) -> int:
        """The operating system's descriptor; OSError for files that have none (in memory)."""
        ...

    def pread(self, size_bytes: int, position: int) -> bytes: ...

    def sync(self) -> None:
        """Make the content of the file durable. May be called on another thread."""
        ...


class LogFile(Protocol):
    """One file that is read and written at positions. ``path`` follows renames: its owner sets it."""

    path: str

    def pread(self, size_bytes: int, position: int) -> bytes:
        """Up to ``size_bytes`` from ``position``; less only at the end of the file."""
        ...

    def pwrite(self, data: bytes | bytearray | memoryview, position: int) -> None:
        """Write all of ``data`` at ``position``."""
        ...

    def size_bytes(self) -> int: ...

    def truncate(self, size_bytes: int) -> None:
        """Cut the file, or extend it with (sparse) zeros."""
        ...

    def descriptor(self) -> Descriptor: ...

    def close(self) -> None:
        """Let go of the descriptor; the next use opens the file again."""
        ...


class DirectoryLock(Protocol):
    """A held lock on a directory."""

    def release(self) -> None: ...


class FileSystem(Protocol):
    """What the log asks of a file system. Paths are absolute strings."""

    def open(self, path: str) -> LogFile:
        """A handle to a file that exists, or will by the time it is used."""
        ...

    def create(self, path: str, size_bytes: int = 0) -> None:
        """Create an empty (or, sparsely, zero-filled) file; an existing one is emptied."""
        ...

    def read_bytes(self, path: str) -> bytes: ...

    def sync_file(self, path: str) -> None:
        """Make the content of a closed file durable."""
        ...

    def write_bytes(self, path: str, data: bytes, *, sync: bool) -> None:
        """Replace the content of ``path`` in place."""
        ...

    def replace_atomically(self, path: str, data: bytes, *, sync: bool) -> None:
        """Write ``path + ".tmp"``, then rename it over ``path``, as Kafka does (Utils.atomicMoveWithFallback).

        With ``sync`` both the content and the renaming are durable on return."""
        ...

    def exists(self, path: str) -> bool: ...

    def size_bytes(self, path: str) -> int: ...

    def modified_ms(self, path: str) -> int:
        """Time of the last write, in milliseconds since the Unix epoch; of a directory: when a name in it was created,
        changed or deleted."""
        ...

    def set_modified_ms(self, path: str, modified_ms: int) -> None:
        """Pretend that the last write was then."""
        ...

    def list_directory(self, path: str) -> list[tuple[str, bool]]:
        """(name, is a directory), in no particular order."""
        ...

    def make_directory(self, path: str, *, sync: bool = False) -> None:
        """Create the directory, and its parents, unless it is there; with ``sync``, durably."""
        ...

    def rename(self, source: str, target: str) -> None: ...

    def unlink(self, path: str) -> None: ...

    def remove_directory(self, path: str) -> None:
        """Remove a directory with the files in it."""
        ...

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory durable."""
        ...

    def lock(self, path: str) -> DirectoryLock | None:
        """Lock the file ``path`` (created if need be) for this process; None when another holds it."""
        ...

    def capacity_bytes(self, path: str) -> tuple[int, int]:
        """(total, usable) bytes of the volume that holds ``path``; (-1, -1) where that is not known."""
        ...

    def for_another_thread(self) -> FileSystem:
        """The same files, through handles that another thread may open and use: a ``LogFile`` belongs to one thread,
        since its descriptor may be taken away whenever a file of the same ``FileSystem`` is opened."""
        ...


class OsDescriptor:
    """A file descriptor that is closed when the last reference to this object goes."""

    __slots__ = ("_durable", "_fd")

    def __init__(self, fd: int, durable: bool) -> None:
        self._fd = fd
        self._durable = durable

    def fileno(self) -> int:
        return self._fd

    def pread(self, size_bytes: int, position: int) -> bytes:
        return _pread_fully(self._fd, size_bytes, position)

    def sync(self) -> None:
        if self._durable:
            os.fsync(self._fd)

    def __del__(self) -> None:
        os.close(self._fd)


class OsLogFile:
    """A file of the operating system; see ``LogFile``."""

    __slots__ = ("_files", "_held", "fd", "path", "recently_used")

    def __init__(self, files: OsFiles, path: str) -> None:
        self._files = files
        self._held: OsDescriptor | None = None
        self.path = path
        self.fd = -1
        self.recently_used = False

    def pread(self, size_bytes: int, position: int) -> bytes:
        fd = self.fd if self.fd >= 0 else self._open()
        self.recently_used = True
        return _pread_fully(fd, size_bytes, position)

    def pwrite(self, data: bytes | bytearray | memoryview, position: int) -> None:
        fd = self.fd if self.fd >= 0 else self._open()
        self.recently_used = True
        try:
            written = os.pwrite(fd, data, position)
            if written != len(data):
                _pwrite_rest(fd, memoryview(data), position, written)
        except OSError as error:
            error.filename = self.path
            raise

    def size_bytes(self) -> int:
        return os.fstat(self.fd if self.fd >= 0 else self._open()).st_size

    def truncate(self, size_bytes: int) -> None:
        try:
            os.ftruncate(self.fd if self.fd >= 0 else self._open(), size_bytes)
        except OSError as error:
            error.filename = self.path
            raise

    def descriptor(self) -> OsDescriptor:
        held = self._held
        if held is None:
            self._open()
            held = self._held
            assert held is not None
        return held

    def close(self) -> None:
        self.fd = -1
        self._held = None

    def _open(self) -> int:
        self._files.make_room()
        fd = os.open(self.path, (os.O_RDONLY if self._files.read_only else os.O_RDWR) | _BINARY)
        self._held = OsDescriptor(fd, self._files.durable)
        self.fd = fd
        self._files.opened(self)
        return fd


class OsFiles:
    """The machine's file system.

    ``durable=False`` skips every sync, for logs that are thrown away with the process (tests). ``max_open_files``
    bounds the descriptors that logs keep open; by default half of what the process may have. ``read_only`` opens files
    for reading alone, which needs the right to read and no more, and shares the lock of a directory with other readers.
    """

    def __init__(self, *, durable: bool = True, max_open_files: int | None = None, read_only: bool = False) -> None:
        self.durable = durable
        self.read_only = read_only
        self._max_open_files = max_open_files if max_open_files is not None else _half_of_the_descriptor_limit()
        self._open_files: deque[OsLogFile] = deque()

    def open(self, path: str) -> OsLogFile:
        return OsLogFile(self, path)

    def create(self, path: str, size_bytes: int = 0) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, 0o644)
        try:
            if size_bytes:
                os.ftruncate(fd, size_bytes)
        finally:
            os.close(fd)

    def read_bytes(self, path: str) -> bytes:
        fd = os.open(path, os.O_RDONLY | _BINARY)
        try:
            return _pread_fully(fd, os.fstat(fd).st_size, 0)
        finally:
            os.close(fd)

    def sync_file(self, path: str) -> None:
        if self.durable:
            fd = os.open(path, os.O_RDWR | _BINARY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def write_bytes(self, path: str, data: bytes, *, sync: bool) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, 0o644)
        try:
            _pwrite_rest(fd, memoryview(data), 0, 0)
            if sync and self.durable:
                os.fsync(fd)
        except OSError as error:
            error.filename = path
            raise
        finally:
            os.close(fd)

    def replace_atomically(self, path: str, data: bytes, *, sync: bool) -> None:
        self.write_bytes(path + ".tmp", data, sync=sync)
        os.replace(path + ".tmp", path)
        if sync:
            self.sync_directory(os.path.dirname(path))

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def size_bytes(self, path: str) -> int:
        return os.stat(path).st_size

    def modified_ms(self, path: str) -> int:
        return os.stat(path).st_mtime_ns // 1_000_000

    def set_modified_ms(self, path: str, modified_ms: int) -> None:
        os.utime(path, ns=(modified_ms * 1_000_000, modified_ms * 1_000_000))

    def list_directory(self, path: str) -> list[tuple[str, bool]]:
        with os.scandir(path) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]

    def make_directory(self, path: str, *, sync: bool = False) -> None:
        if os.path.isdir(path):
            return
        parent = os.path.dirname(path)
        if parent and parent != path:
            self.make_directory(parent, sync=sync)
        os.mkdir(path)
        if sync:
            self.sync_directory(parent)

    def rename(self, source: str, target: str) -> None:
        os.replace(source, target)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def remove_directory(self, path: str) -> None:
        for name, is_directory in self.list_directory(path):
            child = os.path.join(path, name)
            if is_directory:
                self.remove_directory(child)
            else:
                os.unlink(child)
        os.rmdir(path)

    def sync_directory(self, path: str) -> None:
        if not self.durable or os.name == "nt":
            return
        fd = os.open(path or os.curdir, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def lock(self, path: str) -> DirectoryLock | None:
        path = os.path.realpath(path)
        if path in _locked_by_this_process:
            return None
        if self.read_only:
            fd = os.open(path, os.O_RDONLY | _BINARY)
        else:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o644)
        if not _try_lock(fd, shared=self.read_only):
            os.close(fd)
            return None
        _locked_by_this_process.add(path)
        return OsDirectoryLock(fd, path)

    def capacity_bytes(self, path: str) -> tuple[int, int]:
        if not hasattr(os, "statvfs"):
            return -1, -1
        volume = os.statvfs(path)
        return volume.f_blocks * volume.f_frsize, volume.f_bavail * volume.f_frsize

    def for_another_thread(self) -> OsFiles:
        return OsFiles(durable=self.durable, max_open_files=FILES_OF_ANOTHER_THREAD, read_only=self.read_only)

    def make_room(self) -> None:
        """Close the least recently used descriptors until one more may be opened (second chance)."""
        open_files = self._open_files
        while len(open_files) >= self._max_open_files:
            file = open_files.popleft()
            if file.fd < 0:
                continue
            if file.recently_used:
                file.recently_used = False
                open_files.append(file)
            else:
                file.close()

    def opened(self, file: OsLogFile) -> None:
        self._open_files.append(file)


class OsDirectoryLock:
    """Holds the lock until released, or until the process ends."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            _locked_by_this_process.discard(self._path)


_locked_by_this_process: set[str] = set()
"""Record locks do not exclude their own process, and any close of the file would drop them: two brokers in one
process are kept apart here."""


def _try_lock(fd: int, *, shared: bool) -> bool:
    """Java's FileChannel.tryLock is a POSIX record lock; the same kind keeps Kafka and this broker from opening one
    directory at a time."""
    if fcntl is None:
        return True
    try:
        fcntl.lockf(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _pread_fully(fd: int, size_bytes: int, position: int) -> bytes:
    data = os.pread(fd, size_bytes, position)
    return data if len(data) == size_bytes else data + _pread_rest(fd, size_bytes - len(data), position + len(data))


def _pread_rest(fd: int, size_bytes: int, position: int) -> bytes:
    """A read may be short; nothing more comes at the end of the file."""
    chunks = []
    while size_bytes > 0:
        chunk = os.pread(fd, size_bytes, position)
        if not chunk:
            break
        chunks.append(chunk)
        size_bytes -= len(chunk)
        position += len(chunk)
    return b"".join(chunks)


def _pwrite_rest(fd: int, data: memoryview, position: int, written: int) -> None:
    """A write may be short, e.g. when the volume fills up: the next attempt then says why."""
    while written < len(data):
        written += os.pwrite(fd, data[written:], position + written)


def _half_of_the_descriptor_limit() -> int:
    try:
        import resource
    except ImportError:
        return 256
    soft_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 4096 if soft_limit == resource.RLIM_INFINITY else max(16, min(soft_limit // 2, 4096))
