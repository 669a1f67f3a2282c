"""So many records a second, and no more (Kafka's ThroughputThrottler)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_MIN_SLEEP_S: Final = 0.002


class Throttle:
    """:param per_second: -1 for as many as come; 0 for none.
    :param start_ms: when the first was sent. ``sleep`` takes seconds.
    """

    def __init__(self, per_second: float, start_ms: int, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._per_second = per_second
        self._start_ms = start_ms
        self._sleep = sleep
        self._deficit_s = 0.0

    @property
    def is_needed(self) -> bool:
        return self._per_second >= 0

    def is_ahead(self, count: int, now_ms: int) -> bool:
        """Whether ``count`` until now is more than may be."""
        elapsed_s = (now_ms - self._start_ms) / 1000
        return elapsed_s > 0 and self._per_second >= 0 and count / elapsed_s > self._per_second

    def pause_s(self) -> float:
        """How long to pause before the next one: 0 until enough has added up to be worth it."""
        if self._per_second == 0:
            return float("inf")
        self._deficit_s += 1 / self._per_second
        if self._deficit_s < _MIN_SLEEP_S:
            return 0.0
        deficit_s, self._deficit_s = self._deficit_s, 0.0
        return deficit_s

    def pause(self, pause_s: float) -> None:
        """Ends in no other way than by a signal when nothing may be sent."""
        while pause_s == float("inf"):
            self._sleep(3600)
        self._sleep(pause_s)
