"""APIs and errors by the names Kafka writes for them, in any of its spellings, or by number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from minikafka.errors import NAMES, NONE
from minikafka.handlers import API_BY_KEY, API_TABLE

ALL = "*"
"""Stands for every API."""


def api_keys(apis: str | int | Iterable[str | int]) -> frozenset[int]:
    """``"PRODUCE"``, ``"Produce"``, ``0``, several of them, or ``"*"`` for all. Raises ValueError."""
    if apis == ALL:
        return frozenset(API_BY_KEY)
    if isinstance(apis, Iterable) and not isinstance(apis, str):
        found = frozenset(map(api_key, apis))
        if not found:
            raise ValueError("no API is named")
        return found
    return frozenset((api_key(apis),))


def api_key(api: str | int) -> int:
    """Raises ValueError: there is no such API, or it is not served."""
    by_name = {_plain(row.name): row.key for row in API_TABLE}
    return _number(api, by_name, "API", {row.key: row.name for row in API_TABLE})


def error_code(error: str | int) -> int:
    """``"NOT_LEADER_OR_FOLLOWER"``, ``"NotLeaderOrFollower"`` or ``6``. Raises ValueError."""
    names = {code: name for code, name in NAMES.items() if code != NONE}
    return _number(error, {_plain(name): code for code, name in names.items()}, "error", names)


def _number(given: str | int, by_name: Mapping[str, int], what: str, names: Mapping[int, str]) -> int:
    if isinstance(given, str):
        found = by_name.get(_plain(given))
        if found is not None:
            return found
        if not given.lstrip("-").isdecimal():
            raise ValueError(f"there is no {what} {given!r}{_nearest(given, by_name, names)}")
        given = int(given)
    if given not in names:
        raise ValueError(f"there is no {what} {given!r}")
    return given


def _nearest(given: str, by_name: Mapping[str, int], names: Mapping[int, str]) -> str:
    from difflib import get_close_matches

    close: Sequence[str] = get_close_matches(_plain(given), list(by_name), 3, 0.5)
    return f": did you mean {' or '.join(names[by_name[each]] for each in close)}?" if close else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
