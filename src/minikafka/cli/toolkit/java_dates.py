"""Times as ``java.text.SimpleDateFormat`` writes them, by a pattern of letters."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

from minikafka.errors import MinikafkaError

_PIECE: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class UnknownPattern(MinikafkaError):
    """The pattern has a letter that stands for nothing."""


class DateFormat:
    """:param pattern: as SimpleDateFormat takes it: ``yyyy-MM-dd HH:mm:ss:SSS``. Raises UnknownPattern."""

    def __init__(self, pattern: str) -> None:
        self._pieces = list(_pieces(pattern))

    def text(self, time_ms: int) -> str:
        """The moment ``time_ms`` after 1970, in the local time zone."""
        moment = time.localtime(time_ms // 1000)
        return "".join(
            piece if isinstance(piece, str) else _field(*piece, moment, time_ms % 1000) for piece in self._pieces
        )


def _pieces(pattern: str) -> list[str | tuple[str, int]]:
    """Texts as they are, and letters with how often they stand."""
    found: list[str | tuple[str, int]] = []
    position = 0
    for piece in _PIECE.finditer(pattern):
        if piece.start() != position:
            raise UnknownPattern("Unterminated quote")
        position = piece.end()
        if piece[2]:
            if piece[2] not in _NUMBERS and piece[2] not in "GMEazZX":
                raise UnknownPattern(f"Illegal pattern character '{piece[2]}'")
            found.append((piece[2], len(piece[0])))
        elif piece[0].startswith("'"):
            found.append((piece[1] or "").replace("''", "'") if len(piece[0]) > 2 else "'")
        else:
            found.append(piece[0])
    if position != len(pattern):
        raise UnknownPattern("Unterminated quote")
    return found


_NUMBERS: Final[dict[str, Callable[[time.struct_time, int], int]]] = {
    "y": lambda moment, ms: moment.tm_year,
    "Y": lambda moment, ms: moment.tm_year,
    "L": lambda moment, ms: moment.tm_mon,
    "d": lambda moment, ms: moment.tm_mday,
    "D": lambda moment, ms: moment.tm_yday,
    "u": lambda moment, ms: moment.tm_wday + 1,
    "H": lambda moment, ms: moment.tm_hour,
    "k": lambda moment, ms: moment.tm_hour or 24,
    "K": lambda moment, ms: moment.tm_hour % 12,
    "h": lambda moment, ms: moment.tm_hour % 12 or 12,
    "m": lambda moment, ms: moment.tm_min,
    "s": lambda moment, ms: moment.tm_sec,
    "S": lambda moment, ms: ms,
}


def _field(letter: str, width: int, moment: time.struct_time, ms: int) -> str:
    if letter in "yY" and width == 2:
        return f"{moment.tm_year % 100:02}"
    if letter in _NUMBERS:
        return str(_NUMBERS[letter](moment, ms)).zfill(width)
    if letter == "M":
        name = _MONTHS[moment.tm_mon - 1]
        return str(moment.tm_mon).zfill(width) if width < 3 else name[:3] if width == 3 else name
    if letter == "E":
        return _DAYS[moment.tm_wday][: 3 if width < 4 else None]
    if letter == "a":
        return "AM" if moment.tm_hour < 12 else "PM"
    return "AD" if letter == "G" else _zone(letter, width, moment)


def _zone(letter: str, width: int, moment: time.struct_time) -> str:
    if letter == "z":
        return moment.tm_zone
    minutes = abs(moment.tm_gmtoff) // 60
    sign = "-" if moment.tm_gmtoff < 0 else "+"
    if letter == "X":
        if minutes == 0:
            return "Z"
        return f"{sign}{minutes // 60:02}" + ("" if width == 1 else f"{':' if width > 2 else ''}{minutes % 60:02}")
    return f"{sign}{minutes // 60:02}{minutes % 60:02}"
