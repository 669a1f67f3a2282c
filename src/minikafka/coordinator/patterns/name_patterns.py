"""Regular expressions that clients choose topics and transactions with: RE2's language, matched against whole names.

Clients send them and the event loop runs them, so what they may cost is bounded (``re2_matcher``): above that they are
refused. Source: Kafka's ``throwIfRegularExpressionIsInvalid`` and ``refreshRegularExpressions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from minikafka.coordinator.patterns.re2_matcher import Matcher, TooExpensiveError
from minikafka.coordinator.patterns.re2_syntax import PatternError, parse
from minikafka.errors import INVALID_REGULAR_EXPRESSION, ApiError

MAX_TOPIC_NAME_LENGTH: Final = 249
MAX_NAME_LENGTH: Final = 32_767
"""Of any name on the wire."""
_TOO_EXPENSIVE: Final = "expression too large"


def matching_topics(regex: str, topic_names: Iterable[str]) -> frozenset[str]:
    """The names that ``regex`` matches as a whole. Raises ApiError(INVALID_REGULAR_EXPRESSION)."""
    matches = name_filter(regex, MAX_TOPIC_NAME_LENGTH)
    return frozenset(name for name in topic_names if matches(name))


def name_filter(regex: str, max_length: int = MAX_NAME_LENGTH) -> Callable[[str], bool]:
    """Whether ``regex`` matches the whole of a name. Both raise ApiError(INVALID_REGULAR_EXPRESSION)."""
    try:
        matcher = _matcher(regex, max_length)
    except PatternError as error:
        raise _invalid(regex, str(error)) from error
    except TooExpensiveError:
        raise _invalid(regex, _TOO_EXPENSIVE) from None

    def matches(name: str) -> bool:
        try:
            return matcher.matches(name)
        except TooExpensiveError:
            raise _invalid(regex, _TOO_EXPENSIVE) from None

    return matches


@lru_cache(maxsize=16)
def _matcher(regex: str, max_length: int) -> Matcher:
    """Every member of a group sends the same expression, and it is run again when topics come and go. One that has used
    its work up has nothing left for the next time either."""
    return Matcher(parse(regex), max_length)


def _invalid(regex: str, reason: str) -> ApiError:
    return ApiError(
        INVALID_REGULAR_EXPRESSION, f"SubscribedTopicRegex `{regex}` is not a valid regular expression: {reason}."
    )
