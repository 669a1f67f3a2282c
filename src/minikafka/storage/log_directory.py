"""One of log.dirs: its lock, its checkpoints, its clean shutdown marker."""

from __future__ import annotations

import logging

from minikafka.errors import StorageError
from minikafka.storage import checkpoints
from minikafka.storage.checkpoints import OffsetCheckpoint
from minikafka.storage.files import DirectoryLock, FileSystem

logger = logging.getLogger(__name__)

LOCK_FILE = ".lock"
CLEAN_SHUTDOWN_FILE = ".kafka_cleanshutdown"


class LogDirectory:
    """A directory of partition folders."""

    def __init__(self, files: FileSystem, path: str) -> None:
        self._files = files
        self.path = path
        self.directory_id: bytes | None = None
        self.failure: str | None = None
        """Why the directory is offline."""
        self.was_clean = False
        self._stopped_ms = 0
        self.previous_broker_epoch: int | None = None
        self.recovery_points: dict[tuple[str, int], int] = {}
        self.start_offsets: dict[tuple[str, int], int] = {}
        self.kept: dict[str, dict[tuple[str, int], int]] = {}
        """By checkpoint: the entries of partitions that could not be loaded, for the start at which they can be."""
        self._lock: DirectoryLock | None = None
        self._checkpoints: dict[str, OffsetCheckpoint] = {}

    @property
    def is_online(self) -> bool:
        return self.failure is None

    def path_of(self, name: str) -> str:
        return f"{self.path}/{name}"

    def checkpoint(self, name: str) -> OffsetCheckpoint:
        """One of the checkpoint files, by name (``checkpoints.RECOVERY_POINT``, ...)."""
        if name not in self._checkpoints:
            self._checkpoints[name] = OffsetCheckpoint(self._files, self.path_of(name))
        return self._checkpoints[name]

    def open(self) -> None:
        """Create the directory if need be, and lock it. Raises OSError, and StorageError when another has it."""
        self._files.make_directory(self.path, sync=True)
        self._lock = self._files.lock(self.path_of(LOCK_FILE))
        if self._lock is None:
            raise StorageError(
                f"{self.path} is in use by another broker ({LOCK_FILE} is locked); stop it, or set another log.dirs"
            )

    def read_state(self) -> None:
        """The checkpoints and the marker, which is removed: from now on a crash is one."""
        self._read_marker()
        self.recovery_points = self._read_checkpoint(checkpoints.RECOVERY_POINT, "all segments are recovered")
        self.start_offsets = self._read_checkpoint(checkpoints.LOG_START_OFFSET, "logs begin at their first segment")

    def is_changed_since_stop(self, name: str) -> bool:
        """Whether a file of the folder ``name`` was created, renamed or deleted after the clean stop, by hand. Raises
        OSError."""
        return self.was_clean and self._files.modified_ms(self.path_of(name)) > self._stopped_ms

    def keep_entries(self, key: tuple[str, int]) -> None:
        """Let the checkpoints go on saying of a partition what they do: without its recovery point the next start would
        take what had been synced for the end of a crashed log, and cut it off where it is damaged."""
        read = {checkpoints.RECOVERY_POINT: self.recovery_points, checkpoints.LOG_START_OFFSET: self.start_offsets}
        for name, offsets in read.items():
            if key in offsets:
                self.kept.setdefault(name, {})[key] = offsets[key]

    def mark_clean_shutdown(self, broker_epoch: int) -> None:
        """Say, durably, that all logs are synced and closed (CleanShutdownFileHandler)."""
        content = f'{{"version":0,"brokerEpoch":{broker_epoch}}}'
        self._files.write_bytes(self.path_of(CLEAN_SHUTDOWN_FILE), content.encode(), sync=True)
        self._files.sync_directory(self.path)

    def capacity_bytes(self) -> tuple[int, int]:
        """(total, usable) of the volume; (-1, -1) when unknown."""
        return self._files.capacity_bytes(self.path) if self.is_online else (-1, -1)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _read_marker(self) -> None:
        path = self.path_of(CLEAN_SHUTDOWN_FILE)
        try:
            content = self._files.read_bytes(path)
        except FileNotFoundError:
            return
        self.was_clean = True
        self._stopped_ms = self._files.modified_ms(path)
        self.previous_broker_epoch = _broker_epoch_of(content)
        self._files.unlink(path)
        # Back after a power cut, it would pass off what this run leaves unsynced as a clean end.
        self._files.sync_directory(self.path)

    def _read_checkpoint(self, name: str, consequence: str) -> dict[tuple[str, int], int]:
        try:
            return self.checkpoint(name).read()
        except StorageError as error:
            logger.warning("%s: %s", error, consequence)
            return {}


def _broker_epoch_of(content: bytes) -> int | None:
    """Kafka before 3.8 left the marker empty."""
    _, _, rest = content.partition(b'"brokerEpoch":')
    digits = rest.split(b"}")[0].split(b",")[0].strip()
    return int(digits) if digits.lstrip(b"-").isdigit() else None
