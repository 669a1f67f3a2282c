"""Operations that wait: for something to happen, or for their deadline (Kafka: DelayedOperationPurgatory).

A fetch with too little to return waits here under the key of each of its partitions; an append checks the key, and
the fetch looks again. What runs, runs on the event loop thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable

from minikafka.clock import Timer, Timers

log = logging.getLogger(__name__)


class _Operation:
    """One waiting operation, under all its keys."""

    __slots__ = ("is_done", "is_trying", "keys", "timer", "try_complete")

    def __init__(self, try_complete: Callable[[bool], bool], keys: tuple[Hashable, ...]) -> None:
        self.try_complete = try_complete
        self.keys = keys
        self.timer: Timer | None = None
        self.is_done = False
        self.is_trying = False


class WaitingOperations:
    """The waiting operations of one broker, by key."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._watched: dict[Hashable, dict[_Operation, None]] = {}

    def __len__(self) -> int:
        """How many operations wait."""
        return len({operation for watchers in self._watched.values() for operation in watchers})

    def watch(
        self, try_complete: Callable[[bool], bool], keys: Iterable[Hashable], deadline_ms: int | None
    ) -> Callable[[], None]:
        """Call ``try_complete(False)`` whenever one of ``keys`` is checked, until it returns True, and
        ``try_complete(True)`` once when the monotonic ``deadline_ms`` is reached; None: there is no deadline.

        Returns what cancels it: idempotent, and without effect once it is complete.
        """
        operation = _Operation(try_complete, tuple(dict.fromkeys(keys)))
        for key in operation.keys:
            self._watched.setdefault(key, {})[operation] = None
        if deadline_ms is not None:
            operation.timer = self._timers.at(deadline_ms, lambda: self._expire(operation))
        return lambda: self._forget(operation)

    def check(self, key: Hashable) -> None:
        """Something about ``key`` has changed: try the operations that wait for it, oldest first."""
        watchers = self._watched.get(key)
        if watchers is None:
            return
        # A copy: completing one may make others come or go.
        for operation in list(watchers):
            if not operation.is_done and not operation.is_trying:
                self._try(operation)

    def _try(self, operation: _Operation) -> None:
        # While it is being tried, what it does may lead to a check of one of its own keys.
        operation.is_trying = True
        try:
            is_complete = operation.try_complete(False)
        except Exception:
            # Whoever changed the key is not to blame. The operation is left to its deadline.
            log.exception("a waiting operation failed when it was tried; it is tried once more at its deadline")
            self._unwatch(operation)
        else:
            if is_complete:
                self._forget(operation)
        finally:
            operation.is_trying = False

    def _expire(self, operation: _Operation) -> None:
        self._forget(operation)
        try:
            operation.try_complete(True)
        except Exception:
            log.exception("a waiting operation failed at its deadline")

    def _forget(self, operation: _Operation) -> None:
        if operation.is_done:
            return
        operation.is_done = True
        if operation.timer is not None:
            operation.timer.cancel()
        self._unwatch(operation)

    def _unwatch(self, operation: _Operation) -> None:
        for key in operation.keys:
            watchers = self._watched.get(key)
            if watchers is not None:
                watchers.pop(operation, None)
                if not watchers:
                    del self._watched[key]
