"""Waiting for a condition: tests look until it holds or a deadline passes, and never sleep to give it time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_INTERVAL_S = 0.005


def wait_until(condition: Callable[[], T], *, timeout_s: float = 20.0, what: str = "") -> T:
    """Call ``condition`` until it gives something true, and return that.

    Raises AssertionError, naming ``what`` was awaited, when ``timeout_s`` seconds have passed without.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        outcome = condition()
        if outcome:
            return outcome
        if time.monotonic() > deadline:
            awaited = what or getattr(condition, "__name__", repr(condition))
            raise AssertionError(f"not within {timeout_s} s: {awaited}")
        time.sleep(POLL_INTERVAL_S)
