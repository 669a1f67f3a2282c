"""Compaction of all logs, in the background (Kafka: LogCleaner).

The cleaner takes the filthiest log, makes a pass over it, writes the checkpoint, and looks for the next; when none is
worth a pass it rests for log.cleaner.backoff.ms. There is one pass at a time, whatever log.cleaner.threads: threads of
one interpreter do not compute side by side.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from minikafka.clock import Clock, Timer, Timers
from minikafka.errors import StorageError
from minikafka.pending import RunBlocking
from minikafka.storage.background_steps import Steps, run_steps
from minikafka.storage.checkpoints import CLEANER_OFFSET
from minikafka.storage.cleanable_logs import LogToClean, find_filthiest
from minikafka.storage.log_directory import LogDirectory
from minikafka.storage.log_manager import LogManager
from minikafka.storage.partition_log import TRANSIENT_ERRORS, PartitionLog

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.storage.cleaner import Cleaner

logger = logging.getLogger(__name__)

_Checkpoints = dict[tuple[str, int], int]


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
        """``sleep`` (seconds) is called on the pool, to throttle; by default it sleeps until ``close`` at most."""
        self._logs = logs
        self._settings = settings
        self._clock = clock
        self._timers = timers
        self._run_blocking = run_blocking
        self._stop = threading.Event()
        self._sleep = sleep if sleep is not None else self._stop.wait
        self._timer: Timer | None = None
        self._is_running = False
        self._checkpoints: dict[str, _Checkpoints] = {}
        self._uncleanable: dict[PartitionLog, str] = {}

    @property
    def uncleanable(self) -> dict[PartitionLog, str]:
        """The logs that are left alone since a pass failed, and why."""
        return dict(self._uncleanable)

    def start(self) -> None:
        """Begin to look after the logs, if log.cleaner.enable says so."""
        if self._settings()["log.cleaner.enable"]:
            self._rest()

    def close(self) -> None:
        """Abandon the pass that is being made; the log stays as it is, and what is half written is deleted."""
        self._stop.set()
        if self._timer is not None:
            self._timer.cancel()

    def run(self) -> None:
        """Look for logs to clean now, and clean them; returns at once, unless ``run_blocking`` does not."""
        if not self._is_running and not self._stop.is_set():
            self._is_running = True
            run_steps(self._clean_all(), self._run_blocking, self._done)

    def cleaned_to(self, log: PartitionLog) -> int | None:
        """Where the last pass over ``log`` ended, by the checkpoint; None before the first."""
        for directory in self._logs.online_directories:
            if log in self._logs.logs_in(directory):
                return self._checkpoints_of(directory).get((log.topic, log.partition))
        return None

    def _rest(self) -> None:
        self._timer = self._timers.after(max(self._settings()["log.cleaner.backoff.ms"], 1), self.run)

    def _done(self, _: None, error: BaseException | None) -> None:
        self._is_running = False
        if error is not None:
            logger.error("the log cleaner failed, and tries again later", exc_info=error)
        if not self._stop.is_set():
            self._rest()

    def _clean_all(self) -> Steps[None]:
        while not self._stop.is_set():
            self._forget_deleted()
            candidates = [
                log for log in self._logs.all() if log not in self._uncleanable and not self._logs.is_moving(log)
            ]
            to_clean = find_filthiest(candidates, self._all_checkpoints(), self._clock.wall_ms())
            if to_clean is None or not (yield from self._clean(to_clean)):
                return

    def _clean(self, to_clean: LogToClean) -> Steps[bool]:
        """One pass and its checkpoint; False when it did not succeed, and rest is in order."""
        from minikafka.storage.cleaner import CleaningAbortedError

        log = to_clean.log
        self._logs.being_cleaned.add(log)
        try:
            summary = yield from self._new_cleaner().clean(to_clean)
        except CleaningAbortedError as error:
            logger.info("compaction was given up: %s", error)
            return False
        except (OSError, StorageError) as error:
            return self._met_disk(log, error)
        except Exception as error:
            self._mark_uncleanable(log, error)
            return True
        finally:
            self._logs.being_cleaned.discard(log)
        logger.info("%s: compacted %s", log.name, summary)
        for directory in self._logs.online_directories:
            if log in self._logs.logs_in(directory):
                yield self._note(directory, log, summary.end_offset)
        return True

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
        for log in list(self._uncleanable):
            if self._logs.get(log.topic, log.partition) is not log:
                del self._uncleanable[log]

    def _new_cleaner(self) -> Cleaner:
        from minikafka.storage.cleaner import Cleaner
        from minikafka.storage.throttler import Breather, Throttler

        config = self._settings()
        return Cleaner(
            self._logs.context.files.for_another_thread(),
            self._clock,
            dedupe_buffer_bytes=config["log.cleaner.dedupe.buffer.size"],
            load_factor=config["log.cleaner.io.buffer.load.factor"],
            io_buffer_bytes=config["log.cleaner.io.buffer.size"],
            throttler=Throttler(config["log.cleaner.io.max.bytes.per.second"], self._clock, self._sleep),
            breather=Breather(self._sleep),
            should_stop=self._stop.is_set,
        )

    # --- checkpoints

    def _all_checkpoints(self) -> _Checkpoints:
        merged: _Checkpoints = {}
        for directory in self._logs.online_directories:
            merged.update(self._checkpoints_of(directory))
        return merged

    def _checkpoints_of(self, directory: LogDirectory) -> _Checkpoints:
        known = self._checkpoints.get(directory.path)
        if known is None:
            try:
                known = directory.checkpoint(CLEANER_OFFSET).read()
            except StorageError as error:
                logger.warning("%s: compaction begins anew at the log start offsets", error)
                known = {}
            self._checkpoints[directory.path] = known
        return known

    def _note(self, directory: LogDirectory, log: PartitionLog, end_offset: int) -> Callable[[], None]:
        """What writes the checkpoint, on the pool; logs that are gone are left out."""
        present = {(other.topic, other.partition) for other in self._logs.logs_in(directory)}
        known = self._checkpoints_of(directory)
        known[log.topic, log.partition] = end_offset
        offsets = {name: offset for name, offset in known.items() if name in present}
        self._checkpoints[directory.path] = offsets
        return partial(directory.checkpoint(CLEANER_OFFSET).write, dict(offsets))
