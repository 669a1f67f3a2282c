"""Kafka's checkpoint files: text, a version line, a count line, one line an entry (CheckpointFile)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock

from minikafka.errors import StorageError
from minikafka.storage.files import FileSystem

RECOVERY_POINT = "recovery-point-offset-checkpoint"
LOG_START_OFFSET = "log-start-offset-checkpoint"
HIGH_WATERMARK = "replication-offset-checkpoint"
CLEANER_OFFSET = "cleaner-offset-checkpoint"

_VERSION = 0


class OffsetCheckpoint:
    """A file of "topic partition offset" lines (OffsetCheckpointFile), replaced atomically."""

    def __init__(self, files: FileSystem, path: str) -> None:
        self._files = files
        self.path = path
        self._wanted: Mapping[tuple[str, int], int] = {}
        self._written: bytes | None = None
        self._lock = Lock()

    def create(self) -> None:
        """An empty file, unless there is one (CheckpointFile's constructor). Raises OSError."""
        if not self._files.exists(self.path):
            self._files.create(self.path)

    def read(self) -> dict[tuple[str, int], int]:
        """Empty when there is no file. Raises StorageError for a malformed one."""
        offsets: dict[tuple[str, int], int] = {}
        for line in read_lines(self._files, self.path):
            try:
                topic, partition, offset = line.split(" ")
                offsets[topic, int(partition)] = int(offset)
            except ValueError:
                raise malformed(self.path, line) from None
        return offsets

    def write(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Replace the file, durably, unless it says the same already. Raises OSError."""
        self.writing(offsets)()

    def writing(self, offsets: Mapping[tuple[str, int], int]) -> Callable[[], None]:
        """What does the same, later and on any thread; of several at a time all write the offsets given last. They must
        not change any more."""
        self._wanted = offsets
        return self._write_wanted

    def _write_wanted(self) -> None:
        with self._lock:
            lines = (f"{topic} {partition} {offset}" for (topic, partition), offset in self._wanted.items())
            content = encode(lines)
            if content != self._written:
                self._files.replace_atomically(self.path, content, sync=True)
                self._written = content


def read_lines(files: FileSystem, path: str) -> Iterator[str]:
    """The entry lines of a checkpoint; none when the file is missing or empty (as a new one is)."""
    try:
        content = files.read_bytes(path)
    except FileNotFoundError:
        return iter(())
    if not content:
        return iter(())
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError:
        raise malformed(path, repr(content[:40])) from None
    if lines[0] != str(_VERSION):
        raise StorageError(f"{path}: unknown version {lines[0]!r} of a checkpoint file, {_VERSION} is expected")
    if len(lines) < 2:
        return iter(())
    if not lines[1].isdecimal():
        raise malformed(path, lines[1])
    if int(lines[1]) != len(lines) - 2:
        raise StorageError(f"{path}: {lines[1]} entries are announced, {len(lines) - 2} are there")
    return iter(lines[2:])


def encode(lines: Iterable[str]) -> bytes:
    entries = list(lines)
    return "".join(f"{line}\n" for line in (str(_VERSION), str(len(entries)), *entries)).encode()


def malformed(path: str, line: str) -> StorageError:
    return StorageError(f"{path}: malformed line in a checkpoint file: {line!r}")
