"""How far long work is, as one line on a person's terminal: never in a pipe, a file, or a terminal that cannot erase.

The line goes to stderr, is drawn anew ten times a second at most, and is gone when the work has ended. Whoever prints
something else meanwhile calls ``clear`` before.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from typing_extensions import Self

_INTERVAL_S: Final = 0.1
_MIN_BAR_WIDTH: Final = 10
_MAX_BAR_WIDTH: Final = 40
_ERASE: Final = "\r\x1b[K"


class Progress:
    """Use it with ``with``; ``advance`` and ``reach`` may be called for every item: they cost little. ``what`` and
    ``total`` may be changed when more is known.

    :param what: what is being done, in a few words: "Reading orders-0".
    :param total: how many units there are; None: nobody knows, and only what is done is shown.
    :param unit: what is counted: "records", "bytes".
    :param is_wanted: not, for instance, while lines go by on the same terminal, which show as much.
    """

    def __init__(
        self,
        what: str,
        total: int | None,
        unit: str = "",
        *,
        is_wanted: bool = True,
        stream: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = 0
        self.what = what
        self.total = total
        self._unit = f" {unit}" if unit else ""
        self._stream = sys.stderr if stream is None else stream
        self._now = now
        self._is_enabled = is_wanted and is_enabled(self._stream)
        self._is_drawn = False
        self._start_s = self._due_s = now()

    def advance(self, count: int = 1) -> None:
        """So many more units are done."""
        self.reach(self.done + count)

    def reach(self, done: int) -> None:
        """So many units are done altogether."""
        self.done = done
        if self._is_enabled and self._now() >= self._due_s:
            self._draw()

    def clear(self) -> None:
        """Take the line away; the next ``advance`` that is due draws it again."""
        if self._is_drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._is_drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def _draw(self) -> None:
        now_s = self._now()
        self._due_s = now_s + _INTERVAL_S
        line = _line(self.what, self.done, self.total, self._unit, now_s - self._start_s, _width(self._stream))
        self._stream.write(_ERASE + line)
        self._stream.flush()
        self._is_drawn = True


def is_enabled(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal on which a line can be drawn again."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _line(what: str, done: int, total: int | None, unit: str, elapsed_s: float, width: int) -> str:
    if not total:
        return f"{what}: {done}{unit}"[:width]
    share = min(1.0, done / total)
    words = f" {share:4.0%} {done}/{total}{unit}{_time_left(share, elapsed_s)}"
    bar_width = min(_MAX_BAR_WIDTH, width - len(what) - len(words) - 3)
    if bar_width < _MIN_BAR_WIDTH:
        return f"{what}{words}"[:width]
    filled = int(bar_width * share)
    return f"{what} [{'#' * filled}{'.' * (bar_width - filled)}]{words}"


def _time_left(share: float, elapsed_s: float) -> str:
    if share <= 0 or elapsed_s < 1:
        return ""
    left_s = round(elapsed_s * (1 - share) / share)
    return f", {left_s // 60}:{left_s % 60:02} left"


def _width(stream: TextIO) -> int:
    """One less than the terminal has: a full line would go on in the next."""
    try:
        return max(1, (os.get_terminal_size(stream.fileno()).columns or 80) - 1)
    except OSError:
        return 79
