"""What is done for all logs from time to time: retention, syncs, deletions, checkpoints (Kafka: LogManager.startup).

The broker's timers call these methods. Each goes over the logs a few at a time and lets the event loop serve others in
between; of several that are due at a time one comes after the other. What is waiting or at it is not begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from minikafka.errors import StorageError
from minikafka.storage.background_steps import Steps, Turn, run_steps
from minikafka.storage.checkpoints import HIGH_WATERMARK, LOG_START_OFFSET, RECOVERY_POINT
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.log_manager import LogManager, high_watermarks, recovery_points, start_offsets
from minikafka.storage.partition_log import PartitionLog

logger = logging.getLogger(__name__)


_SEGMENTS_AT_A_TIME = 3
"""Each is renamed with its indexes, which takes a tenth of a millisecond, and several on a disk that is busy."""

_OFFSETS_AT_A_TIME = 100


def delete_old_segments(logs: LogManager, is_wanted: Callable[[PartitionLog], bool]) -> Steps[None]:
    """Apply the retention of those logs that are wanted, and that no pass of the cleaner is made over."""
    turn = Turn()
    for log in logs.all():
        while not log.is_failed and log not in logs.being_cleaned and is_wanted(log):
            try:
                deleted = log.delete_old_segments(_SEGMENTS_AT_A_TIME)
            except StorageError as error:
                logger.error("%s", error)
                break
            if not deleted:
                break
            if turn.is_over:
                yield turn.end
        if turn.is_over:
            yield turn.end


class LogUpkeep:
    """Owned by the event loop."""

    def __init__(self, logs: LogManager) -> None:
        self._logs = logs
        self._clock = logs.context.clock
        self._waiting: dict[str, Steps[None]] = {}
        """The first is under way."""
        self._awaiting_start_offsets: list[Callable[[], object]] = []

    def flush_due(self) -> None:
        """Sync, on the pool, the logs whose last sync is flush.ms or longer ago (log.flush.scheduler.interval.ms)."""
        now_ms = self._clock.monotonic_ms()

        def flush(log: PartitionLog) -> None:
            if now_ms - log.last_flush_ms >= log.config.flush_ms:
                log.flush_in_background()

        self._begin("flush", self._for_each(flush))

    def enforce_retention(self) -> None:
        """Delete old segments of every log (log.retention.check.interval.ms)."""
        self._begin("retention", delete_old_segments(self._logs, lambda log: True))

    def delete_due(self) -> None:
        """Delete, on the pool, the files and folders whose delay is over."""
        deletions = self._logs.context.deletions
        due = deletions.take_due(self._clock.monotonic_ms())
        if due:
            self._logs.context.run_blocking(lambda: deletions.delete(due))

    def remove_expired_producers(self) -> None:
        """Forget idle producers (producer.id.expiration.check.interval.ms)."""
        now_ms = self._clock.wall_ms()
        self._begin("producers", self._for_each(lambda log: log.remove_expired_producers(now_ms)))

    def checkpoint_recovery_points(self) -> None:
        """Write, on the pool, how far the logs are synced (log.flush.offset.checkpoint.interval.ms). What a full disk
        did not let through before is tried again first."""

        def try_again(log: PartitionLog) -> None:
            if log.awaits_sync:
                log.flush_in_background()

        def steps() -> Steps[None]:
            yield from self._for_each(try_again)
            yield from self._checkpoint(RECOVERY_POINT, recovery_points)

        self._begin(RECOVERY_POINT, steps())

    def checkpoint_high_watermarks(self) -> None:
        """Write, on the pool, up to where logs are readable (replica.high.watermark.checkpoint.interval.ms), where that
        has changed: Apache Kafka begins there when it takes over the directory."""
        self._begin(HIGH_WATERMARK, self._checkpoint(HIGH_WATERMARK, high_watermarks))

    def checkpoint_log_start_offsets(self) -> None:
        """Write, on the pool, where logs begin within their first segment
        (log.flush.start.offset.checkpoint.interval.ms)."""
        self._begin(LOG_START_OFFSET, self._checkpoint(LOG_START_OFFSET, start_offsets))

    def keep_log_start_offsets(self, on_kept: Callable[[], object]) -> None:
        """Write, on the pool, where logs begin now, and call ``on_kept`` when that is durable: records that a client
        was told to be deleted do not come back. (Kafka relies on other replicas.) A full disk is tried again later;
        if it fails otherwise, its logs are offline by then."""
        self._awaiting_start_offsets.append(on_kept)
        self._begin(f"{LOG_START_OFFSET} that is awaited", self._keep_log_start_offsets())

    def _keep_log_start_offsets(self) -> Steps[None]:
        while self._awaiting_start_offsets:
            told, self._awaiting_start_offsets = self._awaiting_start_offsets, []
            try:
                yield from self._checkpoint(LOG_START_OFFSET, start_offsets, waits=True)
            finally:
                for on_kept in told:
                    on_kept()

    def _checkpoint(
        self,
        name: str,
        offsets_of: Callable[[list[PartitionLog]], dict[tuple[str, int], int]],
        *,
        waits: bool = False,
    ) -> Steps[None]:
        turn = Turn()
        for directory in self._logs.online_directories:
            logs = self._logs.stored_in(directory)
            offsets = dict(directory.kept.get(name, {}))
            for start in range(0, len(logs), _OFFSETS_AT_A_TIME):
                offsets.update(offsets_of(logs[start : start + _OFFSETS_AT_A_TIME]))
                if turn.is_over:
                    yield turn.end
            write = directory.checkpoint(name).writing(offsets)
            if waits:
                yield from self._write_and_wait(directory, write)
            else:
                self._write(directory, write)

    def _write(self, directory: LogDirectory, write: Callable[[], None]) -> None:
        def written(_: None, error: BaseException | None) -> None:
            if error is not None:
                self._logs.directories.attempt_for_now(directory, partial(_raise, error))

        self._logs.context.run_blocking(write, written)

    def _write_and_wait(self, directory: LogDirectory, write: Callable[[], None]) -> Steps[None]:
        try:
            yield write
        except OSError as error:
            self._logs.directories.attempt_for_now(directory, partial(_raise, error))

    # --- a few at a time

    def _for_each(self, action: Callable[[PartitionLog], None]) -> Steps[None]:
        turn = Turn()
        for log in self._logs.all():
            if not log.is_failed:
                action(log)
            if turn.is_over:
                yield turn.end

    def _begin(self, name: str, steps: Steps[None]) -> None:
        if name not in self._waiting:
            self._waiting[name] = steps
            if len(self._waiting) == 1:
                self._run_first()

    def _run_first(self) -> None:
        name, steps = next(iter(self._waiting.items()))
        run_steps(steps, self._logs.context.run_blocking, partial(self._ended, name))

    def _ended(self, name: str, _: None, error: BaseException | None) -> None:
        del self._waiting[name]
        if error is not None:
            logger.error("the %s of the logs failed; it is tried again when it is due", name, exc_info=error)
        if self._waiting:
            self._run_first()


def _raise(error: BaseException) -> None:
    raise error
