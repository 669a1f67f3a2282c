"""Deadlines, those that are never reached above all."""

from __future__ import annotations

from minikafka.clock import ManualClock, Timers

HOUR_MS = 3_600_000


def test_cancelled_deadlines_do_not_pile_up_until_their_time_would_have_come() -> None:
    clock = ManualClock(0)
    timers = Timers(clock)
    fired: list[int] = []
    timers.after(HOUR_MS, lambda: fired.append(0))
    for number in range(1, 10_001):
        kept = timers.after(HOUR_MS, lambda number=number: fired.append(number))  # type: ignore[misc]
        if number % 1000:
            kept.cancel()
    assert len(timers) < 2000
    clock.advance(HOUR_MS)
    timers.run_due()
    assert fired == list(range(0, 10_001, 1000)), "in the order in which they were made"
    assert not len(timers)
