"""What the broker does by itself, from time to time, for its logs (Kafka: LogManager.startup)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.clock import Timer, Timers

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig
    from minikafka.storage.log_upkeep import LogUpkeep

log = logging.getLogger(__name__)

_NEVER_MS = 2**63 - 1
_DELETION_CHECK_MS = 1_000


class BackgroundJobs:
    """Runs jobs at fixed intervals, until ``close``. A job that fails is logged, and runs again when it is due."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._pending: dict[str, Timer] = {}

    def every(self, name: str, interval_ms: int, job: Callable[[], object], *, initial_delay_ms: int) -> None:
        """Run ``job`` after ``initial_delay_ms``, and every ``interval_ms`` from then on; never, if that is Kafka's
        way to say never (the largest long)."""
        if interval_ms >= _NEVER_MS:
            return

        def run() -> None:
            # Set first: a job that fails, or is slow, does not put off the next for ever.
            self._pending[name] = self._timers.after(max(1, interval_ms), run)
            try:
                job()
            except Exception:
                log.exception("the background job %r failed; it runs again in %d ms", name, interval_ms)

        self._pending[name] = self._timers.after(initial_delay_ms, run)

    def close(self) -> None:
        for timer in self._pending.values():
            timer.cancel()
        self._pending.clear()


def schedule_log_jobs(jobs: BackgroundJobs, config: BrokerConfig, upkeep: Callable[[], LogUpkeep]) -> None:
    """The upkeep of the logs, which is made for the first job, at the intervals that the configuration gives."""
    initial_delay_ms: int = config["log.initial.task.delay.ms"]

    def schedule(name: str, key: str, job: Callable[[], object]) -> None:
        jobs.every(name, config[key], job, initial_delay_ms=initial_delay_ms)

    schedule("log retention", "log.retention.check.interval.ms", lambda: upkeep().enforce_retention())
    schedule("log flush", "log.flush.scheduler.interval.ms", lambda: upkeep().flush_due())
    schedule(
        "recovery point checkpoint",
        "log.flush.offset.checkpoint.interval.ms",
        lambda: upkeep().checkpoint_recovery_points(),
    )
    schedule(
        "high watermark checkpoint",
        "replica.high.watermark.checkpoint.interval.ms",
        lambda: upkeep().checkpoint_high_watermarks(),
    )
    schedule(
        "log start offset checkpoint",
        "log.flush.start.offset.checkpoint.interval.ms",
        lambda: upkeep().checkpoint_log_start_offsets(),
    )
    schedule(
        "producer expiry",
        "producer.id.expiration.check.interval.ms",
        lambda: upkeep().remove_expired_producers(),
    )
    # Kafka schedules each deletion by itself; a look at the top of a heap costs less than a timer for every file.
    jobs.every("log deletion", _DELETION_CHECK_MS, lambda: upkeep().delete_due(), initial_delay_ms=_DELETION_CHECK_MS)
