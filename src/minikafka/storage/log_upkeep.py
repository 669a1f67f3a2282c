"""What is done for all logs from time to time: retention, syncs, deletions, checkpoints (Kafka: LogManager.startup).

The broker's timers call these methods. Each goes over the logs a few at a time and lets the event loop serve others in
between; while it is at it, a second call of it does nothing.
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


_SEGMENTS_AT_A_TIME = 10
"""Each is renamed with its indexes, which takes a tenth of a millisecond."""


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
        self._under_way: set[str] = set()
        self._high_watermarks: dict[LogDirectory, dict[tuple[str, int], int]] = {}

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
        self._begin(RECOVERY_POINT, self._checkpoint_recovery_points())

    def _checkpoint_recovery_points(self) -> Steps[None]:
        def try_again(log: PartitionLog) -> None:
            if log.awaits_sync:
                log.flush_in_background()

        yield from self._for_each(try_again)
        for directory in self._logs.online_directories:
            self._checkpoint(directory, RECOVERY_POINT, recovery_points(self._logs.stored_in(directory)))

    def checkpoint_high_watermarks(self) -> None:
        """Write, on the pool, up to where logs are readable (replica.high.watermark.checkpoint.interval.ms), where that
        has changed: Apache Kafka begins there when it takes over the directory."""
        for directory in self._logs.online_directories:
            offsets = high_watermarks(self._logs.stored_in(directory))
            if offsets != self._high_watermarks.get(directory):
                self._high_watermarks[directory] = offsets
                self._checkpoint(directory, HIGH_WATERMARK, offsets)

    def checkpoint_log_start_offsets(self) -> None:
        """Write, on the pool, where logs begin within their first segment
        (log.flush.start.offset.checkpoint.interval.ms)."""
        for directory in self._logs.online_directories:
            self._checkpoint(directory, LOG_START_OFFSET, start_offsets(self._logs.stored_in(directory)))

    def _checkpoint(self, directory: LogDirectory, name: str, offsets: dict[tuple[str, int], int]) -> None:
        def written(_: None, error: BaseException | None) -> None:
            def outcome() -> None:
                if error is not None:
                    raise error

            self._logs.directories.attempt_for_now(directory, outcome)

        self._logs.context.run_blocking(directory.checkpoint(name).writing(offsets), written)

    # --- a few at a time

    def _for_each(self, action: Callable[[PartitionLog], None]) -> Steps[None]:
        turn = Turn()
        for log in self._logs.all():
            if not log.is_failed:
                action(log)
            if turn.is_over:
                yield turn.end

    def _begin(self, name: str, steps: Steps[None]) -> None:
        if name not in self._under_way:
            self._under_way.add(name)
            run_steps(steps, self._logs.context.run_blocking, partial(self._ended, name))

    def _ended(self, name: str, _: None, error: BaseException | None) -> None:
        self._under_way.discard(name)
        if error is not None:
            logger.error("the %s of the logs failed; it is tried again when it is due", name, exc_info=error)
