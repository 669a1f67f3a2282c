"""Fires ``clock.Timers`` on an event loop: by the loop's own clock, or whenever a ManualClock is moved."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from minikafka.clock import Clock, ManualClock, Timers

_CLOSED_POLL_S = 0.05


class TimerDriver:
    """Runs what is due in ``timers``, on ``loop``, until ``close``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, timers: Timers) -> None:
        self._loop = loop
        self._clock = clock
        self._timers = timers
        self._handle: asyncio.TimerHandle | None = None
        self._thread_id = threading.get_ident()
        self._is_closed = False
        self._stop_listening: Callable[[], None] | None = None
        if isinstance(clock, ManualClock):
            self._stop_listening = clock.on_advance(self._run_after_advance)
            timers.on_earlier_deadline = self._run_what_is_due
        else:
            timers.on_earlier_deadline = self._arm
            self._arm()

    def close(self) -> None:
        """Fire nothing any more. On the event loop thread."""
        self._is_closed = True
        self._timers.on_earlier_deadline = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._stop_listening is not None:
            self._stop_listening()

    def _arm(self) -> None:
        deadline_ms = self._timers.next_deadline_ms()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if deadline_ms is not None and not self._is_closed:
            # Both clocks are time.monotonic.
            self._handle = self._loop.call_at(deadline_ms / 1000, self._fire)

    def _fire(self) -> None:
        self._handle = None
        try:
            self._timers.run_due()
        finally:
            self._arm()

    def _run_what_is_due(self) -> None:
        """A ManualClock stands still: what is due at this very moment would else wait until it is moved."""
        deadline_ms = self._timers.next_deadline_ms()
        if deadline_ms is not None and deadline_ms <= self._clock.monotonic_ms():
            self._loop.call_soon(self._run_unless_closed)

    def _run_unless_closed(self) -> None:
        if not self._is_closed:
            self._timers.run_due()

    def _run_after_advance(self) -> None:
        """A ManualClock was moved, perhaps by another thread: run what is due on the loop, and return after that."""
        if threading.get_ident() == self._thread_id:
            self._timers.run_due()
            return
        done = threading.Event()

        def run() -> None:
            try:
                if not self._is_closed:
                    self._timers.run_due()
            finally:
                done.set()

        try:
            self._loop.call_soon_threadsafe(run)
        except RuntimeError:
            return  # The loop is closed: nothing is due any more.
        while not done.wait(_CLOSED_POLL_S) and not self._is_closed:
            pass
