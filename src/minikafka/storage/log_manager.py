"""All logs of the broker, in one or several log directories (Kafka: LogManager).

``LogUpkeep`` does what is to be done for them from time to time, ``LogCleaner`` compacts them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from minikafka.clock import Clock
from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.pending import RunBlocking
from minikafka.storage import log_names
from minikafka.storage.background_steps import Steps
from minikafka.storage.checkpoints import HIGH_WATERMARK, LOG_START_OFFSET, RECOVERY_POINT
from minikafka.storage.files import FileSystem
from minikafka.storage.in_parallel import run_in_parallel
from minikafka.storage.loading.log_loading import LogLoading, tell_of_recovery
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import create_log
from minikafka.storage.log_directories import LogDirectories, reason_of
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.partition_log import PartitionLog

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig, LogConfig
    from minikafka.storage.loading.recovery import RecoveryReport

logger = logging.getLogger(__name__)

T = TypeVar("T")

_CLOSED_AT_ONCE = 50
_SYNCS_AT_A_TIME = 8
"""In a directory. Kafka has num.recovery.threads.per.data.dir threads for this, too; but a sync keeps no processor
busy, and file systems do several together in the time of one."""


class LogDirectoryDescription(NamedTuple):
    """One log directory, for DescribeLogDirs."""

    path: str
    is_online: bool
    logs: list[PartitionLog]
    total_bytes: int
    usable_bytes: int
    futures: list[PartitionLog]
    """Copies that are being made of partitions that move here."""


class LogManager:
    """Creates, finds, deletes and looks after the logs."""

    def __init__(self, config: BrokerConfig, clock: Clock, run_blocking: RunBlocking, files: FileSystem) -> None:
        self._config = config
        self._clock = clock
        self._files = files
        self.context = LogContext(
            files, clock, run_blocking, producer_id_expiration_ms=config["producer.id.expiration.ms"]
        )
        self.directories = LogDirectories(config, clock, files, self._directory_failed)
        self.context.on_disk_failure = self.directories.disk_failed
        self._logs: dict[tuple[str, int], PartitionLog] = {}
        self._futures: dict[tuple[str, int], PartitionLog] = {}
        self._replaced: dict[tuple[str, int], PartitionLog] = {}
        self._resting_futures: list[PartitionLog] = []
        self.being_cleaned: set[PartitionLog] = set()
        """The logs that the cleaner makes passes over: their folders are not exchanged, nor segments deleted."""
        self.node_id: int = config.node_id
        self.broker_epoch = -1
        """Written into the clean shutdown marker, from which Kafka's controllers recognise the broker (KIP-966)."""
        self.previous_broker_epoch: int | None = None
        """From the marker of the last clean shutdown, if all directories agree."""
        self.was_clean = True
        """Whether every directory had been shut down cleanly."""
        self.reports: list[RecoveryReport] = []
        """What recovery did, of the partitions where there was something to do."""
        self.unloadable: dict[tuple[str, int], str] = {}
        """The partitions whose folders could not be understood, and why; they are offline."""
        self.on_directory_failure: Callable[[str, list[PartitionLog]], None] | None = None
        """Called with the path and the logs that went offline with it."""

    # --- start and end

    def start(
        self,
        cluster_id: str | None = None,
        topic_overrides: Callable[[str], dict[str, str]] = lambda topic: {},
    ) -> None:
        """Lock the directories, check whose they are (new ones are formatted), and load every partition.

        ``topic_overrides`` gives the settings of a topic. Directories that cannot be used are taken offline, as long
        as one is left. Raises ConfigError or StorageError: one clear sentence.
        """
        self.open_directories(cluster_id)
        self.load_logs(topic_overrides)

    def open_directories(self, cluster_id: str | None = None, *, adopts: bool = False) -> None:
        """The first half of ``start``: create, lock, and check meta.properties. ``adopts``: those of a Kafka with
        ZooKeeper become this node's."""
        self.directories.open(cluster_id, adopts=adopts)

    def load_logs(self, topic_overrides: Callable[[str], dict[str, str]] = lambda topic: {}) -> None:
        """The second half of ``start``."""
        configs: dict[str, LogConfig] = {}

        def config_of(topic: str) -> LogConfig:
            if topic not in configs:
                configs[topic] = self._config.log_config(topic_overrides(topic))
            return configs[topic]

        loading = LogLoading(
            self.context, self.directories, config_of, self._config["num.recovery.threads.per.data.dir"]
        )
        loading.run()
        self._logs, self._futures = loading.logs, loading.futures
        self.reports, self.unloadable = loading.reports, loading.unloadable
        epochs = {directory.previous_broker_epoch for directory in self.online_directories}
        self.was_clean = all(directory.was_clean for directory in self.online_directories)
        self.previous_broker_epoch = epochs.pop() if len(epochs) == 1 else None
        self.directories.ensure_any_usable()
        tell_of_recovery(self.reports)

    def close(self) -> None:
        """Sync and close all logs, write checkpoints and clean shutdown markers, release the locks."""
        self.suspend_moves()
        not_closed = self._close_logs()
        for directory in self.online_directories:
            if directory.path not in not_closed:
                self.directories.attempt(
                    directory, partial(self._close_directory, directory, self.stored_in(directory))
                )
        self.directories.release()

    def _close_logs(self) -> set[str]:
        """Close all, with many syncs at a time. Returns the directories where that failed."""
        threads = max(self._config["num.recovery.threads.per.data.dir"], _SYNCS_AT_A_TIME) * len(self.directories)
        failed: set[str] = set()

        def attempt(log: PartitionLog, action: Callable[[], T]) -> T | None:
            try:
                return action()
            except StorageError as error:
                logger.error("%s", error)
                failed.add(os.path.dirname(log.directory))
                return None

        remaining = [*self.all(), *self._resting_futures]
        while remaining:
            # A few at a time: each that is to be synced holds its files open.
            group, remaining = remaining[:_CLOSED_AT_ONCE], remaining[_CLOSED_AT_ONCE:]
            begun = [(log, attempt(log, log.begin_close)) for log in group]
            run_in_parallel([sync for _, sync in begun if sync is not None], threads)
            for log in group:
                attempt(log, log.close)
        return failed

    def _close_directory(self, directory: LogDirectory, logs: list[PartitionLog]) -> None:
        for name, offsets_of in (
            (RECOVERY_POINT, recovery_points),
            (LOG_START_OFFSET, start_offsets),
            (HIGH_WATERMARK, high_watermarks),
        ):
            directory.checkpoint(name).write({**directory.kept.get(name, {}), **offsets_of(logs)})
        directory.mark_clean_shutdown(self.broker_epoch)

    def abandon(self) -> None:
        """Let go of everything without writing: what a crash does."""
        for log in (*self._logs.values(), *self._futures.values(), *self._resting_futures):
            log.abandon()
        self.directories.release()

    # --- logs

    def get(self, topic: str, partition: int) -> PartitionLog | None:
        return self._logs.get((topic, partition))

    def all(self) -> list[PartitionLog]:
        return list(self._logs.values())

    def create(
        self, topic: str, partition: int, topic_id: bytes, config: LogConfig, *, is_new: bool = True
    ) -> PartitionLog:
        """The log of a partition, created in the directory with the fewest of them unless it is there.

        ``is_new`` False: the partition is older than this process, and so may lie in a directory that is offline.
        Raises StorageError when no directory takes it, or it is there and could not be loaded, and
        ApiError(INCONSISTENT_TOPIC_ID) when it has another id.
        """
        log = self._logs.get((topic, partition))
        if log is not None:
            log.assign_topic_id(topic_id)
            return log
        name = log_names.partition_directory(topic, partition)
        self._refuse_to_shadow(name, (topic, partition), is_new)
        refusals = []
        for directory in self._by_partition_count():
            try:
                log = create_log(self.context, directory.path_of(name), topic, partition, config, topic_id)
            except OSError as error:
                refusals.append(f"{directory.path}: {reason_of(error, directory.path)}")
                self.directories.attempt_for_now(
                    directory, partial(self._give_up_creating, directory.path_of(name), error)
                )
                continue
            self._logs[topic, partition] = log
            return log
        raise StorageError(f"no log directory takes {name}: {'; '.join(refusals) or self.directories.failures}")

    def may_create(self, topic: str, partition: int, *, is_new: bool) -> bool:
        """Whether ``create`` depends on the disks alone."""
        try:
            self._refuse_to_shadow(log_names.partition_directory(topic, partition), (topic, partition), is_new)
        except StorageError:
            return False
        return True

    def _refuse_to_shadow(self, name: str, key: tuple[str, int], is_new: bool) -> None:
        """A new log must not take the place of one that is only out of reach (LogManager.getOrCreateLog)."""
        if key in self.unloadable:
            raise StorageError(f"{name} is there and could not be loaded: {self.unloadable[key]}")
        if not is_new and len(self.online_directories) < len(self.directories):
            raise StorageError(f"{name} may lie in a log directory that is offline: {self.directories.failures}")

    def _give_up_creating(self, path: str, reason: OSError) -> None:
        """Leave nothing half-made behind, then let the directory answer for the failure."""
        if self._files.exists(path):
            self._files.remove_directory(path)
        raise reason

    def delete(self, topic: str, partition: int) -> None:
        """Take a log away: its folder is renamed now, and deleted after file.delete.delay.ms."""
        self.discard_future(topic, partition)
        log = self._logs.pop((topic, partition), None)
        if log is None:
            return
        self._mark(log, log_names.DELETE_DIRECTORY)
        self._delete_later(log.directory, log.config.file_delete_delay_ms)
        try:
            self._put_replaced_away((topic, partition))
        except OSError as error:
            raise StorageError(f"what {log.name} was moved from cannot be renamed: {error}") from error

    # --- moving a log to another directory (KIP-113)

    def future(self, topic: str, partition: int) -> PartitionLog | None:
        """The copy that is being made of a log in another directory."""
        return self._futures.get((topic, partition))

    def is_moving(self, log: PartitionLog) -> bool:
        return (log.topic, log.partition) in self._futures

    def create_future(self, log: PartitionLog, path: str) -> PartitionLog:
        """An empty copy of ``log`` in the directory ``path``. Raises StorageError."""
        name = log_names.marked_directory(log.topic, log.partition, log_names.FUTURE_DIRECTORY)
        try:
            future = create_log(self.context, f"{path}/{name}", log.topic, log.partition, log.config, log.topic_id)
        except OSError as error:
            self.directories.disk_failed(path, error)
            raise StorageError(f"{path}/{name}: cannot be created: {error.strerror or error}") from error
        self._futures[log.topic, log.partition] = future
        return future

    def discard_future(self, topic: str, partition: int) -> None:
        """Give up a copy, if there is one: its folder is deleted."""
        future = self._futures.pop((topic, partition), None)
        if future is not None:
            future.abandon()
            self._delete_later(future.directory, 0)

    def suspend_moves(self) -> None:
        """Make no more copies: the next start goes on with them."""
        self._resting_futures += self._futures.values()
        self._futures = {}

    @property
    def moves(self) -> list[tuple[PartitionLog, PartitionLog]]:
        """Each log that has a copy on its way, and the copy."""
        return [(self._logs[key], future) for key, future in self._futures.items()]

    def replace_with_future(self, log: PartitionLog) -> Steps[None]:
        """Let ``log`` go on in the folder of its copy, which is complete and synced as far as ``log`` is; the old one
        is deleted after file.delete.delay.ms. Raises StorageError.

        The new folder gets its name first: a crash between the two renames leaves both folders, not none
        (LogManager.replaceCurrentWithFutureLog), and the next start knows which to take.
        """
        key = log.topic, log.partition
        future = self._futures.pop(key)
        future.delete_records_before(log.log_start_offset)
        log.exchange_contents(future)
        directory = os.path.dirname(log.directory)
        try:
            log.rename_directory(f"{directory}/{log.name}")
            self._replaced[key] = future
            yield partial(self._files.sync_directory, directory)
            self._put_replaced_away(key)
        except OSError as error:
            self._replaced.pop(key, None)
            self.directories.disk_failed(log.directory, error)
            raise StorageError(f"{log.directory}: cannot be moved here: {error.strerror or error}") from error

    def is_leaving(self, log: PartitionLog) -> bool:
        """Whether the folder that ``log`` was in before the last move still has the log's name."""
        return (log.topic, log.partition) in self._replaced

    def _put_replaced_away(self, key: tuple[str, int]) -> None:
        """Without effect when there is none. Raises OSError."""
        old = self._replaced.pop(key, None)
        if old is not None:
            old.abandon()
            mark = log_names.marked_directory(*key, log_names.DELETE_DIRECTORY)
            old.rename_directory(f"{os.path.dirname(old.directory)}/{mark}")
            self._delete_later(old.directory, old.config.file_delete_delay_ms)

    def mark_stray(self, topic: str, partition: int) -> None:
        """Put a log aside that no topic accounts for (KAFKA-15605): its folder is renamed, and left to the operator."""
        log = self._logs.pop((topic, partition), None)
        if log is not None:
            self._mark(log, log_names.STRAY_DIRECTORY)
            logger.warning("no topic accounts for %s-%d, its log is now in %s", topic, partition, log.directory)

    def _mark(self, log: PartitionLog, mark: str) -> None:
        """The log ends, and its folder gets a marked name."""
        parent = os.path.dirname(log.directory)
        try:
            log.retire_to(f"{parent}/{log_names.marked_directory(log.topic, log.partition, mark)}")
        except OSError as error:
            self.directories.disk_failed(log.directory, error)
            raise StorageError(f"{log.directory}: cannot be renamed: {error.strerror}") from error
        finally:
            if log.on_advance is not None:
                log.on_advance(log)

    def _delete_later(self, path: str, delay_ms: int) -> None:
        self.context.deletions.schedule(self._clock.monotonic_ms() + delay_ms, [path], directories=True)

    # --- directories

    @property
    def cluster_id(self) -> str:
        """22 characters; known after ``start``."""
        return self.directories.cluster_id

    @property
    def online_directories(self) -> list[LogDirectory]:
        return self.directories.online

    @property
    def directory_ids(self) -> dict[str, bytes]:
        """Path -> id (16 bytes), of the directories that are online."""
        return self.directories.ids

    @property
    def metadata_directory(self) -> str:
        """Where the controller keeps its log."""
        return self.directories.metadata_path

    def ensure_directory(self, path: str) -> None:
        """Whether ``path`` is a log directory in service. Raises ApiError: LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR."""
        self.directories.ensure_usable(path)

    def directory_id_of(self, log: PartitionLog) -> bytes | None:
        """The id (16 bytes) of the directory a log is in; None when it is offline."""
        return self.directory_ids.get(os.path.dirname(log.directory))

    def logs_in(self, directory: LogDirectory) -> list[PartitionLog]:
        return _within(directory, self._logs.values())

    def stored_in(self, directory: LogDirectory) -> list[PartitionLog]:
        """The logs in a directory, and the copies on their way to it."""
        return _within(directory, [*self._logs.values(), *self._futures.values(), *self._resting_futures])

    def describe_directories(self) -> list[LogDirectoryDescription]:
        descriptions = []
        for directory in self.directories:
            total_bytes, usable_bytes = directory.capacity_bytes()
            descriptions.append(
                LogDirectoryDescription(
                    directory.path,
                    directory.is_online,
                    self.logs_in(directory),
                    total_bytes,
                    usable_bytes,
                    _within(directory, self._futures.values()),
                )
            )
        return descriptions

    def _by_partition_count(self) -> list[LogDirectory]:
        """The fewest first (LogManager.nextLogDirs)."""
        counts = {directory.path: 0 for directory in self.online_directories}
        for log in self._logs.values():
            parent = os.path.dirname(log.directory)
            if parent in counts:
                counts[parent] += 1
        return sorted(self.online_directories, key=lambda directory: counts[directory.path])

    def _directory_failed(self, directory: LogDirectory) -> None:
        logs = self.logs_in(directory)
        logger.error(
            "the log directory %s is offline with %d partitions: %s", directory.path, len(logs), directory.failure
        )
        for log in logs:
            log.fail()
        for future in _within(directory, list(self._futures.values())):
            self._futures.pop((future.topic, future.partition))
            future.abandon()
        if self.on_directory_failure is not None:
            self.on_directory_failure(directory.path, logs)


def recovery_points(logs: Iterable[PartitionLog]) -> dict[tuple[str, int], int]:
    """What the checkpoint of recovery points says of ``logs``."""
    return {(log.topic, log.partition): log.recovery_point for log in logs}


def high_watermarks(logs: Iterable[PartitionLog]) -> dict[tuple[str, int], int]:
    """What the checkpoint of high watermarks says of ``logs``."""
    return {(log.topic, log.partition): log.high_watermark for log in logs}


def start_offsets(logs: Iterable[PartitionLog]) -> dict[tuple[str, int], int]:
    """What the checkpoint of log start offsets says: of logs that begin within their first segment only."""
    return {
        (log.topic, log.partition): log.log_start_offset
        for log in logs
        if log.log_start_offset > log.first_segment_base_offset
    }


def _within(directory: LogDirectory, logs: Iterable[PartitionLog]) -> list[PartitionLog]:
    return [log for log in logs if os.path.dirname(log.directory) == directory.path]
