"""Deadlines by key: at most one for each key, moved by scheduling it again (Kafka: ``CoordinatorTimer``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikafka.clock import Clock, Timer, Timers
from minikafka.coordinator.result import Result

Operation = Callable[[], "Result[Any] | None"]


class KeyedTimers:
    """Keyed deadlines on top of ``clock.Timers``; what an operation returns goes to ``run``.

    A heartbeat moves its deadline some 15 times before one ever fires, so moving one later only notes the new
    deadline: the timer that is already set finds it when it fires, and sets itself again.
    """

    __slots__ = ("_clock", "_entries", "_run", "_timers")

    def __init__(self, clock: Clock, timers: Timers, run: Callable[[Operation], None]) -> None:
        self._clock = clock
        self._timers = timers
        self._run = run
        self._entries: dict[str, _Entry] = {}

    def schedule(self, key: str, delay_ms: int, operation: Operation) -> None:
        """Run ``operation`` in ``delay_ms`` milliseconds, in place of what ``key`` stood for so far."""
        deadline_ms = self._clock.monotonic_ms() + delay_ms
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry()
        elif entry.timer is not None and entry.timer.deadline_ms > deadline_ms:
            entry.timer.cancel()
            entry.timer = None
        entry.deadline_ms = deadline_ms
        entry.operation = operation
        if entry.timer is None:
            entry.timer = self._timers.at(deadline_ms, lambda: self._fire(key, entry))

    def cancel(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None and entry.timer is not None:
            entry.timer.cancel()

    def cancel_all(self) -> None:
        for key in list(self._entries):
            self.cancel(key)

    def is_scheduled(self, key: str) -> bool:
        return key in self._entries

    def _fire(self, key: str, entry: _Entry) -> None:
        if entry.deadline_ms > self._clock.monotonic_ms():
            entry.timer = self._timers.at(entry.deadline_ms, lambda: self._fire(key, entry))
            return
        del self._entries[key]
        self._run(entry.operation)


class _Entry:
    __slots__ = ("deadline_ms", "operation", "timer")

    deadline_ms: int
    operation: Operation

    def __init__(self) -> None:
        self.timer: Timer | None = None
