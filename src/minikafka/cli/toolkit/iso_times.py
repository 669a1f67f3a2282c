"""Points in time and durations as Kafka's tools take them (``Utils.getDateTime``, ``java.time.Duration``)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from minikafka.client.errors import ClientError

_DATETIME: Final = re.compile(
    r"(\d+)-(\d{1,2})-(\d{1,2})T(\d{1,2}):(\d{1,2}):(\d{1,2})\.(\d{1,3})(?:Z|([+-])(\d\d)(?::?(\d\d))?)?"
)
_DURATION: Final = re.compile(
    r"([-+]?)P(?:([-+]?\d+)D)?(T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+)(?:[.,](\d{0,9}))?S)?)?", re.IGNORECASE
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)


def datetime_ms(text: str) -> int:
    """``2024-01-31T12:00:00.000``, with ``Z`` or ``+02:00`` behind it; without them it is UTC. Raises ClientError."""
    if "T" not in text:
        raise ClientError(
            "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"
        )
    found = _DATETIME.match(text)
    if found is None:
        raise _unparseable(text)
    year, month, day, hour, minute, second, millisecond = map(int, found.groups()[:7])
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    zone = timezone(-offset if found[8] == "-" else offset)
    try:
        moment = datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=zone)
    except ValueError:
        raise _unparseable(text) from None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def duration_ms(text: str) -> int:
    """``P1DT2H3M4.5S``; each part may be negative or missing. Raises ClientError."""
    found = _DURATION.fullmatch(text)
    parts = found.groups() if found is not None else ()
    if not any(parts[1:2] + parts[3:6]) or parts[2] in ("T", "t"):
        raise ClientError("Text cannot be parsed to a Duration")
    sign, days, _, hours, minutes, seconds, fraction = parts
    fraction_ms = int((fraction or "").ljust(3, "0")[:3])
    if (seconds or "").startswith("-"):
        fraction_ms = -fraction_ms
    whole_s = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    total_ms = whole_s * 1000 + fraction_ms
    return -total_ms if sign == "-" else total_ms


def _unparseable(text: str) -> ClientError:
    zoned = text if re.search(r"[-+Z]", text.split("T")[1]) else f"{text}Z"
    return ClientError(f'java.text.ParseException: Unparseable date: "{zoned}"')
