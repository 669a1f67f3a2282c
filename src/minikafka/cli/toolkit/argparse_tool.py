"""Command lines of the tools of Kafka that use argparse4j: options alone, some of them required, nothing else.

As there, the beginning of an option's name will do where it is the only one that begins so, and an error comes with
the usage. Source: ``net.sourceforge.argparse4j``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from minikafka.cli.toolkit.options import HELP, Option, Options, Tool, UsageError, java_number
from minikafka.cli.toolkit.tool import run_tool
from minikafka.named_tuple import NamedTuple

_JAVA_TYPES: Final[dict[str, Callable[[str], object]]] = {
    "Integer": partial(java_number, "Integer"),
    "Long": partial(java_number, "Long"),
    "Double": float,
}
_WIDTH: Final = 75


class Rules(NamedTuple):
    """What a command line must have. Names are those of the tool's options.

    ``one_of``: exactly one of these. ``at_most_one``: one of these, or none. ``several``: an option takes all words up
    to the next option.
    """

    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    at_most_one: tuple[str, ...] = ()
    several: frozenset[str] = frozenset()
    choices: Mapping[str, tuple[str, ...]] = {}


def run(
    tool: Tool, rules: Rules, arguments: Sequence[str] | None, action: Callable[[Options], int], *, exit_code: int = 0
) -> int:
    """Do ``action`` with what the command line says; returns the exit code. Without any words the help is printed.

    :param exit_code: of the help.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        from minikafka.cli.toolkit.help_page import help_page

        print(f"{usage(tool, rules)}\n\n{tool.purpose}\n\n{help_page(tool)}")
        return exit_code
    if given == ["--version"]:
        return run_tool(tool, given, action)
    try:
        options = parse(tool, rules, given)
    except UsageError as error:
        return refuse(tool, rules, error)
    try:
        return run_tool(tool, ["--"], lambda _: action(options))
    except WrongArguments as error:
        return refuse(tool, rules, error)


class WrongArguments(Exception):
    """Arguments that are understood and do not go together; raised by an action."""


def refuse(tool: Tool, rules: Rules, error: Exception) -> int:
    print(f"{usage(tool, rules)}\n{tool.name}: error: {error}", file=sys.stderr)
    return 1


def parse(tool: Tool, rules: Rules, arguments: Sequence[str]) -> Options:
    """:raises UsageError: what is wrong with the arguments, as argparse4j says it."""
    values: dict[str, list[str]] = {}
    order: list[tuple[str, str]] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        option = _option(tool, word)
        value = word.partition("=")[2]
        if option is None:
            raise UsageError(f"unrecognized arguments: '{word}'")
        if not option.kind:
            given: list[str] = []
        elif option.name in rules.several:
            given = _words(tool, rest)
            if not given:
                raise UsageError(f"argument {flags_of(option)}: expected 1 argument(s)")
        elif value or "=" in word:
            given = [value]
        elif rest and not _is_flag(tool, rest[0]):
            given = [rest.pop(0)]
        else:
            raise UsageError(f"argument {flags_of(option)}: expected one argument")
        for each in given:
            _check(option, each, rules)
        values[option.name] = given  # as there, the last one counts
        order += [(option.name, each) for each in given or [""]]
    _check_presence(tool, rules, values)
    return Options(tool, values, {name: name for name in values}, order)


def flags_of(option: Option) -> str:
    """The names an error calls it by: ``--config/-c``."""
    return "/".join([f"--{option.name}", *(f"-{name}" for name in option.other_names if len(name) == 1)])


def _option(tool: Tool, word: str) -> Option | None:
    name = word.partition("=")[0]
    if not name.startswith("--"):
        short = [option for option in tool.options if name[1:] in option.other_names and len(name) == 2]
        return short[0] if short and name.startswith("-") else None
    found = [option for option in (*tool.options, HELP) if name[2:] in (option.name, *option.other_names)]
    if not found:
        found = [option for option in tool.options if option.name.startswith(name[2:])]
    if len(found) > 1:
        names = ", ".join(f"--{option.name}" for option in found)
        raise UsageError(f"ambiguous option: {name} could match {names}")
    return found[0] if found else None


def _is_flag(tool: Tool, word: str) -> bool:
    return word.startswith("--") or _option(tool, word) is not None


def _words(tool: Tool, rest: list[str]) -> list[str]:
    found = []
    while rest and not _is_flag(tool, rest[0]):
        found.append(rest.pop(0))
    return found


def _check(option: Option, value: str, rules: Rules) -> None:
    convert = _JAVA_TYPES.get(option.kind)
    try:
        if convert is not None:
            convert(value)
    except ValueError:
        raise UsageError(
            f"argument {flags_of(option)}: could not convert '{value}' to {option.kind} (For input string: \"{value}\")"
        ) from None
    choices = rules.choices.get(option.name)
    if choices is not None and value not in choices:
        raise UsageError(
            f"argument {flags_of(option)}: invalid choice: '{value}' (choose from {{{','.join(choices)}}})"
        )


def _check_presence(tool: Tool, rules: Rules, values: Mapping[str, object]) -> None:
    flags = {option.name: flags_of(option) for option in tool.options}
    for group in (rules.one_of, rules.at_most_one):
        present = [flags[name] for name in values if name in group]
        if len(present) > 1:
            raise UsageError(f"argument {present[1]}: not allowed with argument {present[0]}")
    for name in rules.required:
        if name not in values:
            raise UsageError(f"argument {flags[name]} is required")
    if rules.one_of and not any(name in values for name in rules.one_of):
        raise UsageError(f"one of the arguments {' '.join(flags[name] for name in rules.one_of)} is required")


def usage(tool: Tool, rules: Rules) -> str:
    """All options in a few lines; those that may be left out in brackets."""
    parts = ["[-h]"]
    for option in tool.options:
        if option.name not in (*rules.one_of, *rules.at_most_one):
            words = _words_of(option, rules)
            parts.append(words if option.name in rules.required else f"[{words}]")
    by_name = {option.name: option for option in tool.options}
    for group, left, right in ((rules.at_most_one, "[", "]"), (rules.one_of, "(", ")")):
        if group:
            parts.append(f"{left}{' | '.join(_words_of(by_name[name], rules) for name in group)}{right}")
    lines = [f"usage: {tool.name}", "      "]
    for part in parts:
        if len(lines[-1]) + 1 + len(part) > _WIDTH:
            lines.append("      ")
        lines[-1] += f" {part}"
    return "\n".join(lines)


def _words_of(option: Option, rules: Rules) -> str:
    if not option.kind:
        return f"--{option.name}"
    further = f" [{option.argument} ...]" if option.name in rules.several else ""
    return f"--{option.name} {option.argument}{further}"
