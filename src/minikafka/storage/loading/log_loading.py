"""Finding the partitions in the log directories at a start, and recovering them, several at a time.

After a clean stop a log is opened in a fraction of a millisecond, and one after the other. What has to be recovered is
read by num.recovery.threads.per.data.dir threads for each directory, if it is much: a thread costs more than a small
log does.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.storage import log_names
from minikafka.storage.in_parallel import run_in_parallel
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_directories import LogDirectories, reason_of
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.partition_log import PartitionLog

if TYPE_CHECKING:
    from minikafka.config import LogConfig
    from minikafka.storage.loading.recovery import RecoveryReport

logger = logging.getLogger(__name__)

PARALLEL_BYTES = 32 << 20
"""From so many bytes on that are to be recovered, threads share the work."""

_NOT_PARTITIONS = frozenset({"remote-log-index-cache"})


class _Folder(NamedTuple):
    """A partition's folder that is to be loaded."""

    directory: LogDirectory
    name: str
    topic: str
    partition: int
    is_future: bool

    @property
    def key(self) -> tuple[str, int]:
        return self.topic, self.partition

    @property
    def path(self) -> str:
        return self.directory.path_of(self.name)


class LogLoading:
    """One start's work; the attributes are its outcome.

    :param config_of: the settings of a topic.
    :param threads: for each directory.
    """

    def __init__(
        self, context: LogContext, directories: LogDirectories, config_of: Callable[[str], LogConfig], threads: int
    ) -> None:
        self._context = context
        self._directories = directories
        self._config_of = config_of
        self._threads = threads
        self._outcomes: dict[str, tuple[PartitionLog, RecoveryReport] | StorageError | OSError] = {}
        self.logs: dict[tuple[str, int], PartitionLog] = {}
        self.futures: dict[tuple[str, int], PartitionLog] = {}
        """Copies on their way from one directory to another."""
        self.unloadable: dict[tuple[str, int], str] = {}
        """Why the folder of a partition could not be understood."""
        self.reports: list[RecoveryReport] = []
        """What recovery did, of the partitions where there was something to do."""

    def run(self) -> None:
        """Load all. Directories whose disk refuses are taken offline. Raises StorageError: something is there that
        nobody but the operator can decide about."""
        folders: list[_Folder] = []
        for directory in self._directories.online:
            self._directories.attempt(directory, partial(self._find, directory, folders))
        folders = [folder for folder in folders if folder.directory.is_online]
        configs = {folder.topic: self._config_of(folder.topic) for folder in folders}
        works = [partial(self._load, folder, configs[folder.topic]) for folder in folders]
        if len(works) > 1 and self._bytes_to_recover(folders) >= PARALLEL_BYTES:
            run_in_parallel([partial(work, True) for work in works], self._threads * len(self._directories.online))
        else:
            for work in works:
                work(False)
        for folder in folders:
            outcome = self._outcomes[folder.path]
            if isinstance(outcome, OSError):
                self._directories.fail(folder.directory, reason_of(outcome, folder.directory.path))
        for folder in folders:
            self._directories.attempt(folder.directory, partial(self._take, folder))
        self._match_futures()

    # --- finding

    def _find(self, directory: LogDirectory, folders: list[_Folder]) -> None:
        directory.read_state()
        for name, is_folder in sorted(self._context.files.list_directory(directory.path)):
            if is_folder and name not in _NOT_PARTITIONS:
                self._find_folder(directory, name, folders)

    def _find_folder(self, directory: LogDirectory, name: str, folders: list[_Folder]) -> None:
        parsed = log_names.parse_directory(name)
        if parsed is None:
            raise StorageError(
                f"{directory.path_of(name)} is not a partition's folder (topic-partition); a log directory holds "
                "nothing else, move it away"
            )
        topic, partition, mark = parsed
        if topic == log_names.METADATA_TOPIC or mark == log_names.STRAY_DIRECTORY:
            return
        if mark == log_names.DELETE_DIRECTORY:
            self._delete(directory.path_of(name))
        else:
            folders.append(_Folder(directory, name, topic, partition, mark == log_names.FUTURE_DIRECTORY))

    def _delete(self, path: str) -> None:
        self._context.deletions.schedule(self._context.clock.monotonic_ms(), [path], directories=True)

    def _bytes_to_recover(self, folders: Iterable[_Folder]) -> int:
        return sum(
            _bytes_above(self._context, folder.path, folder.directory.recovery_points.get(folder.key, 0))
            for folder in folders
            if not folder.directory.was_clean
        )

    # --- loading

    def _load(self, folder: _Folder, config: LogConfig, is_on_its_own_thread: bool) -> None:
        from minikafka.storage.loading.recovery import load_log

        directory, key = folder.directory, folder.key
        try:
            self._outcomes[folder.path] = load_log(
                self._context,
                folder.path,
                *key,
                config,
                log_start_offset=directory.start_offsets.get(key, 0),
                recovery_point=directory.recovery_points.get(key, 0),
                clean_shutdown=directory.was_clean,
                is_changed_since=directory.is_changed_since_stop(folder.name),
                files=self._context.files.for_another_thread() if is_on_its_own_thread else None,
            )
        except (StorageError, OSError) as error:
            self._outcomes[folder.path] = error

    def _take(self, folder: _Folder) -> None:
        outcome = self._outcomes.pop(folder.path)
        if isinstance(outcome, OSError):
            return
        if isinstance(outcome, StorageError):
            logger.error("the partition %s is offline: %s", folder.name, outcome)
            folder.directory.keep_entries(folder.key)
            if not folder.is_future:
                self.unloadable[folder.key] = str(outcome)
            return
        log, report = outcome
        if report:
            self.reports.append(report)
        if folder.is_future:
            self._take_future(folder, log)
        elif folder.key in self.logs:
            self.logs[folder.key] = self._choose(self.logs[folder.key], log)
        else:
            self.logs[folder.key] = log
        if not folder.directory.is_online:  # it answers for its other folders
            log.fail()

    def _choose(self, first: PartitionLog, second: PartitionLog) -> PartitionLog:
        """Of the two folders of a partition, the one to go on with.

        A move to another directory gives the copy its name before it takes the old folder's away. Nobody writes to the
        old one any more: what was written between the two renames is in the copy alone. Kafka does not start then.
        """
        if first.topic_id is None or first.topic_id != second.topic_id:
            raise StorageError(
                f"{first.name} is in two log directories, {os.path.dirname(first.directory)} and "
                f"{os.path.dirname(second.directory)}, with different topic ids: delete the folder that is out of date"
            )
        kept, other = (first, second) if first.log_end_offset > second.log_end_offset else (second, first)
        stray = log_names.marked_directory(other.topic, other.partition, log_names.STRAY_DIRECTORY)
        place = f"{os.path.dirname(other.directory)}/{stray}"
        other.abandon()
        other.rename_directory(place)
        logger.warning(
            "%s was being moved to another log directory when the broker ended: it goes on in %s, and what is left of "
            "it in the other directory (offsets %d to %d) is put aside in %s",
            kept.name,
            kept.directory,
            other.log_start_offset,
            other.log_end_offset,
            place,
        )
        return kept

    # --- copies

    def _take_future(self, folder: _Folder, future: PartitionLog) -> None:
        if folder.key in self.futures:
            future.abandon()
            logger.warning("%s is a second copy of %s on its way, it is deleted", folder.path, future.name)
            self._delete(folder.path)
        else:
            self.futures[folder.key] = future

    def _match_futures(self) -> None:
        """A copy goes on if there is the log that it is made of."""
        for key, future in list(self.futures.items()):
            log = self.logs.get(key)
            if log is None and future.log_end_offset:
                logger.warning(
                    "%s is a copy of a partition that is in no log directory in service, it is left as it is",
                    future.directory,
                )
                del self.futures[key]
                future.abandon()
            elif log is None or not _is_copy_of(log, future):
                logger.warning(
                    "%s is a copy of a partition that is not there any more, it is deleted", future.directory
                )
                del self.futures[key]
                future.abandon()
                self._delete(future.directory)
            elif future.log_end_offset > log.log_end_offset:
                # Of the log, what was not synced is lost; other records will get these offsets.
                future.truncate_to(log.log_end_offset)


def _is_copy_of(log: PartitionLog, future: PartitionLog) -> bool:
    is_elsewhere = os.path.dirname(log.directory) != os.path.dirname(future.directory)
    return is_elsewhere and log.topic_id == future.topic_id


def _bytes_above(context: LogContext, path: str, recovery_point: int) -> int:
    """Of the segments from the one on that holds the recovery point."""
    bases = sorted(
        parsed[0]
        for name, _ in context.files.list_directory(path)
        if (parsed := log_names.parse_file_name(name)) is not None and parsed[1:] == (log_names.LOG, "")
    )
    below = [base for base in bases if base <= recovery_point]
    return sum(
        context.files.size_bytes(f"{path}/{log_names.file_name(base, log_names.LOG)}")
        for base in bases
        if not below or base >= below[-1]
    )


def tell_of_recovery(reports: Sequence[RecoveryReport]) -> None:
    """One line for each partition where there was something to do; those that were empty share one."""
    empty = [report.directory for report in reports if report.was_empty]
    for report in reports:
        if not report.was_empty or len(empty) == 1:
            logger.warning("%s", report)
    if len(empty) > 1:
        topics = sorted({os.path.basename(directory).rpartition("-")[0] for directory in empty})
        logger.warning("%d partitions without records were looked at as well, of %s", len(empty), ", ".join(topics))
