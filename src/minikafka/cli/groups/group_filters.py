"""``--state stable,empty`` and ``--type classic``: words of Kafka, in whatever case."""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.cli.toolkit.options import UsageError


def chosen_states(text: str | None, valid: Sequence[str]) -> list[str]:
    """The states that ``text`` names; none of nothing. Raises UsageError."""
    return _chosen(text, valid, "state", "states")


def chosen_types(text: str | None, valid: Sequence[str]) -> list[str]:
    """The same for types."""
    return _chosen(text, valid, "types", "types")


def _chosen(text: str | None, valid: Sequence[str], what: str, plural: str) -> list[str]:
    if not text:
        return []
    by_word = {word.lower(): word for word in valid}
    words = [word.strip().lower() for word in text.split(",")]
    if not all(word in by_word for word in words):
        raise UsageError(f"Invalid {what} list '{text}'. Valid {plural} are: {', '.join(valid)}")
    return [by_word[word] for word in dict.fromkeys(words)]
