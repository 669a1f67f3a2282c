"""Compaction of all logs, in the background (Kafka: LogCleaner, LogCleanerManager).

There are log.cleaner.threads cleaners. Each takes the filthiest log that no other one is at, makes a pass over it,
writes the checkpoint, and looks for the next; when none is worth a pass it rests for log.cleaner.backoff.ms. They share
log.cleaner.dedupe.buffer.size, log.cleaner.io.buffer.size and log.cleaner.io.max.bytes.per.second. All these settings
may change at any time; a pass goes on with the buffers it began with.

A pass is given up when its log is deleted, cut, or about to move to another directory; a log that a pass fails over is
left alone until the broker is started again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING

from minikafka.clock import Clock, Timer, Timers
from minikafka.errors import StorageError
from minikafka.pending import RunBlocking
from minikafka.storage.background_steps import Steps, Turn, run_steps
from minikafka.storage.cleaning.cleaner_checkpoints import CleanerCheckpoints
from minikafka.storage.log_manager import LogManager
from minikafka.storage.partition_log import TRANSIENT_ERRORS, PartitionLog

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.storage.cleaning.cleanable_logs import LogToClean
    from minikafka.storage.cleaning.cleaner import Cleaner
    from minikafka.storage.cleaning.throttler import Throttler

logger = logging.getLogger(__name__)

_CLEANER_MODULES = (
    "hashlib",
    "minikafka.records.filtering",
    "minikafka.storage.cleaning.offset_map",
    "minikafka.storage.cleaning.cleaned_transactions",
    "minikafka.storage.cleaning.cleaner",
)
"""The last one imports the others. Each takes about a millisecond."""
_PAUSE_SECONDS = 0.0002

_MAX_DEDUPE_BUFFER_BYTES = 2**31 - 1
"""Of one cleaner, as in Kafka."""


class LogCleaner:
    """Owned by the event loop. ``settings`` gives the configuration as it is at the time: log.cleaner.* may change."""

    def __init__(
        self,
        logs: LogManager,
        settings: Callable[[], BrokerConfig],
        clock: Clock,
        timers: Timers,
        run_blocking: RunBlocking,
        *,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """``run_blocking`` should have log.cleaner.threads threads of its own: a pass keeps one busy for long.

        ``sleep`` (seconds) is called on them, to throttle; by default it sleeps until ``close`` at most.
        """
        self._logs = logs
        self._settings = settings
        self._clock = clock
        self._timers = timers
        self._run_blocking = run_blocking
        self._stop = threading.Event()
        self._throttling_sleep = sleep or self._stop.wait
        self._pause = sleep or time.sleep
        self._workers: list[_Worker] = []
        self._backoff_ms = -1
        self._is_started = False
        self._checkpoints = CleanerCheckpoints(logs)
        self._uncleanable: dict[PartitionLog, str] = {}

    @property
    def uncleanable(self) -> dict[PartitionLog, str]:
        """The logs that are left alone since a pass failed, and why."""
        return dict(self._uncleanable)

    def cleaned_to(self, log: PartitionLog) -> int | None:
        """Where the last pass over ``log`` ended, by the checkpoint; None before the first."""
        self._checkpoints.read()
        return self._checkpoints.offset_of(log)

    def start(self) -> None:
        """Begin to look after the logs, if log.cleaner.enable says so."""
        if self._settings()["log.cleaner.enable"]:
            self._is_started = True
            self._checkpoints.create_files()
            self._checkpoints.read()
            self._apply_settings()
            for worker in self._workers:
                worker.rest(self._backoff_ms)

    def reconfigure(self) -> None:
        """Take over changed settings: to be called after each change."""
        if not self._is_started or self._stop.is_set():
            return
        backoff_ms, present = self._backoff_ms, list(self._workers)
        self._apply_settings()
        for worker in self._workers:
            if worker not in present:
                worker.run()
            elif self._backoff_ms != backoff_ms:
                worker.rest(self._backoff_ms)

    def run(self) -> None:
        """Look for logs to clean now, and clean them; returns at once, unless ``run_blocking`` does not."""
        if not self._stop.is_set():
            self._checkpoints.read()
            self._apply_settings()
            for worker in self._workers:
                worker.run()

    def close(self) -> None:
        """Abandon the passes that are being made; the logs stay as they are, and what is half written is deleted."""
        self._stop.set()
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    @cached_property
    def _throttler(self) -> Throttler:
        """One for all."""
        from minikafka.storage.cleaning.throttler import Throttler

        return Throttler(
            lambda: self._settings()["log.cleaner.io.max.bytes.per.second"], self._clock, self._throttling_sleep
        )

    def _apply_settings(self) -> None:
        config = self._settings()
        self._backoff_ms = max(config["log.cleaner.backoff.ms"], 1)
        threads = config["log.cleaner.threads"]
        for worker in self._workers[threads:]:
            worker.close()
        del self._workers[threads:]
        for number in range(len(self._workers), threads):
            self._workers.append(_Worker(f"cleaner {number}", self._work, self._timers, self._run_blocking))

    # --- what one cleaner does

    def _work(self, worker: _Worker) -> Steps[int]:
        """Clean until there is nothing to clean; returns for how many milliseconds to rest."""
        while not worker.is_closed:
            to_clean = yield from self._claim_filthiest()
            if to_clean is None:
                break
            try:
                is_well = yield from self._clean(to_clean, worker)
            finally:
                self._logs.being_cleaned.discard(to_clean.log)
            if not is_well:
                break
        if not worker.is_closed:
            from minikafka.storage.log_upkeep import delete_old_segments

            # Compacted logs are looked after here, too, and so more often than others.
            yield from delete_old_segments(self._logs, self._is_available)
            yield from self._write_checkpoints()
        return self._backoff_ms

    def _claim_filthiest(self) -> Steps[LogToClean | None]:
        """The log with the greatest share of cleanable bytes, of those worth a pass; no other cleaner takes it."""
        self._forget_deleted()
        while True:
            filthiest: LogToClean | None = None
            turn = Turn()
            for log in self._logs.all():
                to_clean = self._look_at(log)
                if to_clean is not None and (filthiest is None or to_clean.cleanable_ratio > filthiest.cleanable_ratio):
                    filthiest = to_clean
                if turn.is_over:
                    yield turn.end
            if filthiest is None:
                return None
            # Meanwhile it may have been deleted, or another cleaner may have come first.
            claimed = self._look_at(filthiest.log)
            if claimed is not None:
                self._logs.being_cleaned.add(claimed.log)
                return claimed

    def _look_at(self, log: PartitionLog) -> LogToClean | None:
        """None when there is nothing to clean, or not now."""
        if not self._is_available(log) or self._logs.is_moving(log):
            return None
        from minikafka.storage.cleaning.cleanable_logs import look_at

        cleaned_to = self._checkpoints.offset_of(log)
        try:
            to_clean = look_at(log, cleaned_to, self._clock.wall_ms())
        except (OSError, StorageError) as error:
            self._met_disk(log, error)
            return None
        if cleaned_to is not None and to_clean.first_dirty_offset != cleaned_to:
            self._checkpoints.note(log, to_clean.first_dirty_offset)
        return to_clean if to_clean.is_cleanable else None

    def _is_available(self, log: PartitionLog) -> bool:
        return (
            log.config.compact
            and not log.is_failed
            and log not in self._logs.being_cleaned
            and log not in self._uncleanable
            and self._logs.get(log.topic, log.partition) is log
        )

    def _clean(self, to_clean: LogToClean, worker: _Worker) -> Steps[bool]:
        """One pass and its checkpoint; False when rest is in order."""
        yield self._import_cleaner
        from minikafka.storage.cleaning.cleaner import CleaningAbortedError

        log = to_clean.log
        cleaner = self._new_cleaner(lambda: worker.is_closed or self._logs.is_moving(log))
        try:
            summary = yield from cleaner.clean(to_clean)
        except CleaningAbortedError as error:
            logger.info("compaction was given up: %s", error)
            return True
        except (OSError, StorageError) as error:
            return self._met_disk(log, error)
        except Exception as error:
            self._mark_uncleanable(log, error)
            return True
        logger.info("%s: compacted %s", log.name, summary)
        self._checkpoints.note(log, summary.end_offset)
        yield from self._write_checkpoints()
        return True

    def _import_cleaner(self) -> None:
        """On the pool, the first time, and piece by piece: all of it would hold the interpreter for longer than the
        event loop may stand still."""
        for name in _CLEANER_MODULES:
            import_module(name)
            self._pause(_PAUSE_SECONDS)

    def _met_disk(self, log: PartitionLog, error: Exception) -> bool:
        if log.is_failed:
            logger.info("%s: compaction ended with the log: %s", log.name, error)
        elif isinstance(error, OSError) and error.errno not in TRANSIENT_ERRORS:
            self._logs.context.on_disk_failure(log.directory, error)
        elif isinstance(error, OSError):
            logger.warning("%s: cannot be compacted now, it is tried again later: %s", log.name, error)
        else:
            self._mark_uncleanable(log, error)
            return True
        return False

    def _mark_uncleanable(self, log: PartitionLog, error: Exception) -> None:
        self._uncleanable[log] = str(error)
        logger.warning(
            "%s: compaction failed and is not tried again before the next start; the log grows meanwhile: %s",
            log.name,
            error,
            exc_info=error,
        )

    def _forget_deleted(self) -> None:
        self._checkpoints.forget_deleted()
        for log in list(self._uncleanable):
            if self._logs.get(log.topic, log.partition) is not log:
                del self._uncleanable[log]

    def _new_cleaner(self, should_stop: Callable[[], bool]) -> Cleaner:
        from minikafka.storage.cleaning.cleaner import Cleaner
        from minikafka.storage.cleaning.throttler import Breather

        config = self._settings()
        threads = max(config["log.cleaner.threads"], 1)
        return Cleaner(
            self._logs.context.files.for_another_thread(),
            self._clock,
            dedupe_buffer_bytes=min(config["log.cleaner.dedupe.buffer.size"] // threads, _MAX_DEDUPE_BUFFER_BYTES),
            load_factor=config["log.cleaner.io.buffer.load.factor"],
            io_buffer_bytes=config["log.cleaner.io.buffer.size"] // threads,
            throttler=self._throttler,
            breather=Breather(self._pause),
            should_stop=should_stop,
        )

    def _write_checkpoints(self) -> Steps[None]:
        for directory in self._logs.online_directories:
            write = self._checkpoints.writing(directory)
            if write is None:
                continue
            try:
                yield write
            except OSError as error:
                self._checkpoints.not_written(directory)
                self._logs.directories.attempt_for_now(directory, partial(_fail_with, error))


class _Worker:
    """One cleaner: at work, resting, or closed."""

    def __init__(
        self, name: str, work: Callable[[_Worker], Steps[int]], timers: Timers, run_blocking: RunBlocking
    ) -> None:
        self._name = name
        self._work = work
        self._timers = timers
        self._run_blocking = run_blocking
        self._timer: Timer | None = None
        self._is_at_work = False
        self.is_closed = False
        """Also read by the thread of a pass, which then gives up."""

    def run(self) -> None:
        """Work now, unless at work already."""
        if not self._is_at_work and not self.is_closed:
            self._cancel_rest()
            self._is_at_work = True
            run_steps(self._work(self), self._run_blocking, self._done)

    def rest(self, duration_ms: int) -> None:
        """Work after ``duration_ms``, unless at work."""
        if not self._is_at_work and not self.is_closed:
            self._cancel_rest()
            self._timer = self._timers.after(duration_ms, self.run)

    def close(self) -> None:
        """Give up the pass that is being made."""
        self.is_closed = True
        self._cancel_rest()

    def _done(self, rest_ms: int | None, error: BaseException | None) -> None:
        self._is_at_work = False
        if error is not None:
            logger.error("the %s failed, and tries again later", self._name, exc_info=error)
        self.rest(_REST_AFTER_FAILURE_MS if rest_ms is None else rest_ms)

    def _cancel_rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_REST_AFTER_FAILURE_MS = 15_000


def _fail_with(error: OSError) -> None:
    raise error
