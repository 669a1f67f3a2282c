"""Time, in one place: every part of the broker that needs the time is handed a Clock.

``SystemClock`` is the machine's time. ``ManualClock`` stands still until a test moves it, and then runs what has
become due, in order of deadline, so that timeouts and retention are tested without waiting. A leaf.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol


class Clock(Protocol):
    """Two readings: wall time for what is stored or sent, monotonic time for deadlines. Both in milliseconds."""

    def wall_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes backwards."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class JumpingClock(SystemClock):
    """The machine's clocks, where the wall clock can be set wrong. ``jump`` may be called on any thread."""

    __slots__ = ("_ahead_ms",)

    def __init__(self) -> None:
        self._ahead_ms = 0

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead_ms

    def jump(self, duration_ms: int) -> None:
        """Set the wall clock forward, or back where negative. Deadlines stay when they were."""
        self._ahead_ms += duration_ms


def _whole(ms: int) -> int:
    if not isinstance(ms, int):
        raise TypeError(f"times are whole milliseconds, not {ms!r}")
    return ms


class ManualClock:
    """A clock that moves only by ``advance`` and tells its listeners when it did.

    :param wall_ms: what it shows first; the machine's time, when left out: records that clients stamp with that would
        else be refused as being of the future (``message.timestamp.after.max.ms``).
    """

    def __init__(self, wall_ms: int | None = None) -> None:
        self._wall_ms = SystemClock().wall_ms() if wall_ms is None else _whole(wall_ms)
        self._monotonic_ms = 0
        self._listeners: list[Callable[[], None]] = []

    def wall_ms(self) -> int:
        return self._wall_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def advance(self, duration_ms: int) -> None:
        """Move both readings forward by ``duration_ms`` (>= 0), then call the listeners."""
        if _whole(duration_ms) < 0:
            raise ValueError(f"time does not go backwards: advance({duration_ms})")
        self._wall_ms += duration_ms
        self._monotonic_ms += duration_ms
        for listener in list(self._listeners):
            listener()

    def jump(self, duration_ms: int) -> None:
        """Set the wall clock forward, or back where negative; time does not pass by that: nothing becomes due."""
        self._wall_ms += _whole(duration_ms)

    def on_advance(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after each ``advance``. Returns what ends that."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove


_LEAST_TO_SWEEP = 1024


class Timer:
    """One scheduled call; ``cancel`` is idempotent."""

    __slots__ = ("callback", "deadline_ms")

    def __init__(self, deadline_ms: int, callback: Callable[[], None]) -> None:
        self.deadline_ms = deadline_ms
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None

    @property
    def active(self) -> bool:
        """Whether it is neither fired nor cancelled."""
        return self.callback is not None


class Timers:
    """Deadlines on a monotonic clock, fired in order by whoever drives ``run_due`` (the event loop, or a test)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Timer]] = []
        self._sequence = count()
        self._sweep_at = _LEAST_TO_SWEEP
        self.on_earlier_deadline: Callable[[], None] | None = None
        """Called when a new timer is due before all others, so that the driver can wake up sooner."""

    def at(self, deadline_ms: int, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` once ``Clock.monotonic_ms()`` has reached ``deadline_ms``."""
        timer = Timer(deadline_ms, callback)
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        earlier = not self._heap or deadline_ms < self._heap[0][0]
        heappush(self._heap, (deadline_ms, next(self._sequence), timer))
        if earlier and self.on_earlier_deadline is not None:
            self.on_earlier_deadline()
        return timer

    def after(self, delay_ms: int, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` in ``delay_ms`` milliseconds from now."""
        return self.at(self._clock.monotonic_ms() + delay_ms, callback)

    def __len__(self) -> int:
        """How many are kept, cancelled ones among them."""
        return len(self._heap)

    def _sweep(self) -> None:
        """Let go of what is cancelled: most deadlines are never reached, and some lie hours ahead."""
        self._heap = [entry for entry in self._heap if entry[2].active]
        heapify(self._heap)
        self._sweep_at = max(_LEAST_TO_SWEEP, 2 * len(self._heap))

    def next_deadline_ms(self) -> int | None:
        """The deadline of the next active timer, in ``Clock.monotonic_ms()``; None when there is none."""
        heap = self._heap
        while heap and not heap[0][2].active:
            heappop(heap)
        return heap[0][0] if heap else None

    def run_due(self) -> None:
        """Fire every timer that is due now, those they schedule for now included."""
        while (deadline_ms := self.next_deadline_ms()) is not None and deadline_ms <= self._clock.monotonic_ms():
            timer = heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
