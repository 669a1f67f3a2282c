"""A line on the terminal that says how far a long piece of work has come."""

from __future__ import annotations

import time
from typing import TextIO

_EVERY_SECONDS = 0.2
_WIDTH = 78
_MIB = 1 << 20


class ProgressLine:
    """Writes to ``stream`` if that is a terminal, a few times a second, and leaves nothing behind."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._shown_at = 0.0
        self._is_there = False
        self._what = ""
        self._done_bytes = 0
        self.total_bytes = 0

    def begin(self, what: str) -> None:
        self._what = what
        self._show()

    def advance(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        self._show()

    def clear(self) -> None:
        """Before something else is printed."""
        if self._is_there:
            self._is_there = False
            self._stream.write("\r" + " " * _WIDTH + "\r")
            self._stream.flush()

    def _show(self) -> None:
        now = time.monotonic()
        if not self._is_shown or now - self._shown_at < _EVERY_SECONDS:
            return
        self._shown_at = now
        self._is_there = True
        line = f"{self._done_bytes // _MIB} of {self.total_bytes // _MIB} MiB  {self._what}"
        self._stream.write("\r" + line[:_WIDTH].ljust(_WIDTH))
        self._stream.flush()
