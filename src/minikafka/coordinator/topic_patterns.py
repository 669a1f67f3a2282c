"""Regular expressions that consumers subscribe with: RE2's language, matched against whole topic names.

They are run by Python's ``re``. What RE2 does not have (looking around, references back, possessive and atomic parts,
conditions) is refused, so that nobody comes to depend on it here; what RE2 writes differently is put into Python's
form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from minikafka.errors import INVALID_REGULAR_EXPRESSION, ApiError

_NOT_IN_RE2 = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|(?<![\\])(?:\\\\)*\\[1-9]|[*+?}]\+")
_CLASS_NAMES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
}
_NAMED_CLASS = re.compile(r"\[:(\w+):\]")


def matching_topics(regex: str, topic_names: Iterable[str]) -> frozenset[str]:
    """The names that ``regex`` matches as a whole. Raises ApiError(INVALID_REGULAR_EXPRESSION)."""
    matches = compile_pattern(regex).fullmatch
    return frozenset(name for name in topic_names if matches(name))


def compile_pattern(regex: str) -> re.Pattern[str]:
    """Raises ApiError(INVALID_REGULAR_EXPRESSION)."""
    foreign = _NOT_IN_RE2.search(regex)
    if foreign is not None:
        raise _invalid(regex, f"invalid or unsupported syntax: `{foreign.group()}`")
    try:
        return re.compile(_NAMED_CLASS.sub(_named_class, regex).replace(r"\z", r"\Z"), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise _invalid(regex, str(error)) from error


def _named_class(found: re.Match[str]) -> str:
    return _CLASS_NAMES.get(found.group(1), found.group())


def _invalid(regex: str, reason: str) -> ApiError:
    return ApiError(
        INVALID_REGULAR_EXPRESSION, f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {reason}."
    )
