"""Command lines of the commands that Kafka does not have: words, and options before, between and behind them.

What cannot be understood is said in one sentence; those of Kafka's tools have Kafka's ways (``options``,
``argparse_tool``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from minikafka.cli.toolkit.options import UsageError
from minikafka.named_tuple import NamedTuple


class CommandLine(NamedTuple):
    """The words that belong to no option, the flags that are there, and option -> its values, as they were given."""

    words: list[str]
    flags: frozenset[str]
    values: dict[str, list[str]]

    def value(self, option: str) -> str | None:
        """The last one that was given."""
        return self.values[option][-1] if option in self.values else None


def read(
    command: str, arguments: Sequence[str], *, flags: Collection[str] = (), values: Mapping[str, str]
) -> CommandLine:
    """:param command: its name, as in ``minikafka check``.
    :param flags: options that stand alone: ``--dry-run``.
    :param values: option -> what stands behind it, or after ``=``: ``{"--config": "a FILE"}``.
    :raises UsageError: what cannot be understood.
    """
    words: list[str] = []
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in flags:
            seen.add(word)
        elif name in values:
            if not equals and not rest:
                raise UsageError(f"{name} needs {values[name]} behind it")
            found.setdefault(name, []).append(value if equals else rest.pop(0))
        elif word.startswith("-") and word != "-":
            raise UsageError(f"there is no option {word}; {command} --help lists them")
        else:
            words.append(word)
    return CommandLine(words, frozenset(seen), found)
