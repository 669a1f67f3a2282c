"""Command lines as Kafka's tools read them: long options, a value behind them or after ``=``, any order.

Kafka's tools use jopt-simple. What it accepts is accepted here, and its sentences are kept: an option may be written
with one dash or two, an option with a value takes whatever comes next, words that belong to no option are ignored, and
an option that is asked for one value must not have two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple


class UsageError(MinikafkaError):
    """A command line that cannot be used; ``shows_help``: the options are listed behind the sentence."""

    def __init__(self, sentence: str, *, shows_help: bool = True) -> None:
        super().__init__(sentence)
        self.shows_help = shows_help


class Option(NamedTuple):
    """``argument`` names the value in the help ("" for a flag), ``kind`` is Integer, Long or String."""

    name: str
    text: str
    argument: str = ""
    kind: str = ""
    default: str | None = None
    argument_is_optional: bool = False
    other_names: tuple[str, ...] = ()
    """Names that older releases had for it."""


class Tool(NamedTuple):
    """A command: its name, a sentence about it, and its options."""

    name: str
    purpose: str
    options: tuple[Option, ...]


_JAVA_LIMITS = {"Integer": 1 << 31, "Long": 1 << 63}

HELP = Option("help", "Print this.")
VERSION = Option("version", "Print the version.")


def flag(name: str, text: str, *other_names: str) -> Option:
    return Option(name, text, other_names=other_names)


def string(name: str, argument: str, text: str, *other_names: str, default: str | None = None) -> Option:
    return Option(name, text, argument, "String", default, other_names=other_names)


def integer(name: str, argument: str, text: str, *other_names: str, default: int | None = None) -> Option:
    return Option(name, text, argument, "Integer", None if default is None else str(default), other_names=other_names)


def long(name: str, argument: str, text: str, *other_names: str, default: int | None = None) -> Option:
    return Option(name, text, argument, "Long", None if default is None else str(default), other_names=other_names)


class Options:
    """What a command line says. Names are those of the tool's options; older names stand for the same."""

    def __init__(
        self, tool: Tool, values: dict[str, list[str]], written: dict[str, str], order: list[tuple[str, str]]
    ) -> None:
        self.tool = tool
        self.in_order = order
        """Name and value of each option as they follow each other; flags have the value ""."""
        self._values = values
        self._written = written
        self._defaults = {option.name: option.default for option in tool.options}

    def has(self, name: str) -> bool:
        """Whether the option was given."""
        return name in self._values

    def written_name(self, name: str) -> str:
        """The name under which an option was given: its own, or an older one."""
        return self._written.get(name, name)

    def value(self, name: str) -> str | None:
        """The option's value, else its default. Raises UsageError when there are two."""
        given = self._values.get(name, [])
        if len(given) > 1:
            sentence = f"Found multiple arguments for option {name}, but you asked for only one"
            raise UsageError(sentence, shows_help=False)
        return given[0] if given else self._defaults[name]

    def values(self, name: str) -> list[str]:
        """All values of an option that may be given more than once."""
        return self._values.get(name, [])

    def number(self, name: str) -> int | None:
        """The value of an Integer or Long. Raises UsageError."""
        value = self.value(name)
        kinds = {option.name: option.kind for option in self.tool.options}
        return None if value is None else _number(name, kinds[name], value)

    # The checks of Kafka's CommandLineUtils, with their sentences.

    def require(self, *names: str) -> None:
        for name in names:
            if not self.has(name):
                raise UsageError(f'Missing required argument "[{name}]"')

    def forbid_with(self, used: str, others: Iterable[str]) -> None:
        """None of ``others`` may be there when ``used`` is."""
        if self.has(used):
            for other in others:
                if self.has(other):
                    raise UsageError(f'Option "[{used}]" can\'t be used with option "[{other}]"')


def parse(tool: Tool, arguments: Sequence[str]) -> Options:
    """:raises UsageError: in Kafka's words, what cannot be understood."""
    by_name = {name: option for option in (*tool.options, HELP, VERSION) for name in (option.name, *option.other_names)}
    values: dict[str, list[str]] = {}
    written: dict[str, str] = {}
    order: list[tuple[str, str]] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            continue
        name, equals, value = word.lstrip("-").partition("=")
        option = by_name.get(name)
        if option is None:
            raise UsageError(f"{name if word.startswith('--') else name[:1]} is not a recognized option")
        found = values.setdefault(option.name, [])
        written[option.name] = name
        if not option.kind:
            order.append((option.name, ""))
            continue
        if not equals:
            if option.argument_is_optional:
                value = rest.pop(0) if rest and _may_be_value(option, rest[0]) else ""
            elif not rest:
                raise UsageError(f"Option {name} requires an argument")
            else:
                value = rest.pop(0)
        if option.kind in ("Integer", "Long"):
            if not value and option.argument_is_optional:  # the default counts
                continue
            _number(name, option.kind, value)
        found.append(value)
        order.append((option.name, value))
    return Options(tool, values, written, order)


def _may_be_value(option: Option, word: str) -> bool:
    """Of an option that may have none: a negative number is one, where numbers are meant."""
    is_option = len(word) > 1 and word.startswith("-")
    return not is_option or (option.kind in ("Integer", "Long") and word[1:].isdecimal())


def _number(name: str, kind: str, value: str) -> int:
    try:
        return java_number(kind, value)
    except ValueError:
        raise UsageError(f"Cannot parse argument '{value}' of option {name}") from None


def java_number(kind: str, text: str) -> int:
    """What ``Integer.parseInt`` or ``Long.parseLong`` reads. Raises ValueError, for a number out of its range, too."""
    digits = text[1:] if text.startswith(("+", "-")) else text
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError(text)
    number, limit = int(text), _JAVA_LIMITS[kind]
    if not -limit <= number < limit:
        raise ValueError(text)
    return number


def key_value_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """``KEY=VALUE`` words; the value may hold more equals signs, or be missing."""
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
