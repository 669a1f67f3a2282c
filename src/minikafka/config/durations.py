"""ISO 8601 durations as ``java.time.Duration.parse`` reads them, e.g. ``PT1H30M`` or ``P2DT0.5S``."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>[-+]?\d+)D)?"
    r"(?:T(?=[-+\d])(?:(?P<hours>[-+]?\d+)H)?(?:(?P<minutes>[-+]?\d+)M)?(?:(?P<seconds>[-+]?\d+(?:[.,]\d{0,9})?)S)?)?",
    re.ASCII | re.IGNORECASE,
)


def duration_ms(text: str) -> int | None:
    """The milliseconds of a duration, fractions of one dropped; None when ``text`` is no duration."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.group("days", "hours", "minutes", "seconds")):
        return None
    days, hours, minutes = (int(match[name] or 0) for name in ("days", "hours", "minutes"))
    seconds_ms = int(float((match["seconds"] or "0").replace(",", ".")) * 1000)
    total_ms = ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds_ms
    return -total_ms if match["sign"] == "-" else total_ms
