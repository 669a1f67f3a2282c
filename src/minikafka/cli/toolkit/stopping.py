"""Ctrl-C and SIGTERM in a tool that goes on until then: it ends where nothing is half done."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """The signal came while it was allowed to interrupt."""


class Stopping:
    """Set up with ``with``; ``signal_number`` is None until a signal has come. A second one ends the process."""

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._may_interrupt = False

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as a shell tells it; 0 without one."""
        return 0 if self.signal_number is None else 128 + self.signal_number

    @contextmanager
    def signals_caught(self) -> Iterator[None]:
        """Within, signals stop the tool instead of ending the process."""
        previous = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def may_interrupt(self) -> Iterator[None]:
        """Within, a signal raises Stopped; so it does at once when one has come before."""
        if self.signal_number is not None:
            raise Stopped
        self._may_interrupt = True
        try:
            yield
        finally:
            self._may_interrupt = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal_number is not None:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.signal_number = number
        if self._may_interrupt:
            self._may_interrupt = False
            raise Stopped
