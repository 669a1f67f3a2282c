"""Where the last pass over each log ended: the cleaner-offset-checkpoint of each log directory (LogCleanerManager)."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial

from minikafka.errors import StorageError
from minikafka.storage.checkpoints import CLEANER_OFFSET
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.log_manager import LogManager
from minikafka.storage.partition_log import PartitionLog

logger = logging.getLogger(__name__)

_Offsets = dict[tuple[str, int], int]


class CleanerCheckpoints:
    """By log, not by its name: a topic that is deleted and created again is another one, and a log that moves to
    another directory takes its offset along."""

    def __init__(self, logs: LogManager) -> None:
        self._logs = logs
        self._offsets: dict[PartitionLog, int] = {}
        self._on_disk: dict[str, _Offsets] = {}
        """Directory -> what its file says."""

    def read(self) -> None:
        """Take over what the files of the directories say that have not been read yet."""
        for directory in self._logs.online_directories:
            if directory.path not in self._on_disk:
                self._logs.directories.attempt(directory, partial(self._take_over, directory))

    def create_files(self) -> None:
        """As Kafka does when its cleaner begins: each directory has a file from then on."""
        for directory in self._logs.online_directories:
            self._logs.directories.attempt_for_now(directory, directory.checkpoint(CLEANER_OFFSET).create)

    def _take_over(self, directory: LogDirectory) -> None:
        offsets = self._on_disk[directory.path] = _read(directory)
        for (topic, partition), offset in offsets.items():
            log = self._logs.get(topic, partition)
            if log is not None and os.path.dirname(log.directory) == directory.path:
                self._offsets[log] = offset

    def offset_of(self, log: PartitionLog) -> int | None:
        """None before the first pass."""
        return self._offsets.get(log)

    def note(self, log: PartitionLog, end_offset: int) -> None:
        """A pass over ``log`` has ended there, or it turned out that the last one is of no use any more."""
        self._offsets[log] = end_offset

    def forget_deleted(self) -> None:
        """Of logs that are not there any more nothing is known."""
        for log in list(self._offsets):
            if self._logs.get(log.topic, log.partition) is not log:
                del self._offsets[log]

    def writing(self, directory: LogDirectory) -> Callable[[], None] | None:
        """What brings the file of ``directory`` up to date, on any thread; None when it is. It raises OSError."""
        wanted = {
            (log.topic, log.partition): offset
            for log, offset in self._offsets.items()
            if os.path.dirname(log.directory) == directory.path
        }
        if wanted == self._on_disk.get(directory.path, {}):
            return None
        self._on_disk[directory.path] = wanted
        return directory.checkpoint(CLEANER_OFFSET).writing(wanted)

    def not_written(self, directory: LogDirectory) -> None:
        """What ``writing`` gave has failed."""
        self._on_disk[directory.path] = {}


def _read(directory: LogDirectory) -> _Offsets:
    try:
        return directory.checkpoint(CLEANER_OFFSET).read()
    except StorageError as error:
        logger.warning("%s: compaction begins anew at the log start offsets", error)
        return {}
