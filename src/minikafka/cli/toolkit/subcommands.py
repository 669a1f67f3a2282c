"""Tools of Kafka whose first word is a command: ``kafka-features --bootstrap-server HOST:PORT describe``.

The options of the tool stand before the command and those of the command behind it, as argparse4j has it; here they
may stand on either side.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from minikafka.cli.toolkit.argparse_tool import Rules, flags_of, parse, usage
from minikafka.cli.toolkit.options import Option, Options, Tool, UsageError
from minikafka.cli.toolkit.tool import run_tool, version
from minikafka.named_tuple import NamedTuple


class Subcommand(NamedTuple):
    """``purpose`` is a sentence about it; ``action`` returns the exit code. For the rest see ``Rules``."""

    purpose: str
    options: tuple[Option, ...]
    action: Callable[[Options], int]
    required: tuple[str, ...] = ()
    at_most_one: tuple[str, ...] = ()


def run_subcommand(
    tool: Tool, rules: Rules, commands: Mapping[str, Subcommand], arguments: Sequence[str] | None
) -> int:
    """Do what the command line says; returns the exit code.

    :param tool: with the options that all commands have. ``rules`` are about these.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-v"]):
        print(version())
        return 0
    try:
        name, words = _split(tool, commands, given)
    except UsageError as error:
        return _refuse(f"{usage(tool, rules)} COMMAND ...", tool, error)
    if not name:
        print(_help(tool, rules, commands))
        return 0
    command = commands[name]
    whole = Tool(f"{tool.name} {name}", command.purpose, (*tool.options, *command.options))
    all_rules = Rules((*rules.required, *command.required), rules.one_of, command.at_most_one)
    if "-h" in words or "--help" in words:
        from minikafka.cli.toolkit.help_page import help_page

        print(f"{usage(whole, all_rules)}\n\n{command.purpose}\n\n{help_page(whole)}")
        return 0
    try:
        options = parse(whole, all_rules, words)
    except UsageError as error:
        return _refuse(usage(whole, all_rules), tool, error)
    return run_tool(whole, ["--"], lambda _: command.action(options))


def all_values(options: Options, name: str) -> list[str]:
    """The values of an option that may be repeated, in order."""
    return [value for option, value in options.in_order if option == name]


def _refuse(usage_lines: str, tool: Tool, error: UsageError) -> int:
    print(f"{usage_lines}\n{tool.name}: error: {error}", file=sys.stderr)
    return 1


def _split(tool: Tool, commands: Mapping[str, Subcommand], given: list[str]) -> tuple[str, list[str]]:
    """The command and all other words; no command where help is wanted. Raises UsageError."""
    with_value = {flag for option in tool.options if option.kind for flag in flags_of(option).split("/")}
    position = 0
    while position < len(given):
        word = given[position]
        if word in ("-h", "--help"):
            return "", given
        if not word.startswith("-"):
            break
        position += 2 if word in with_value else 1
    else:
        raise UsageError("too few arguments")
    name = given[position]
    if name not in commands:
        raise UsageError(f"invalid choice: '{name}' (choose from {', '.join(map(repr, commands))})")
    return name, given[:position] + given[position + 1 :]


def _help(tool: Tool, rules: Rules, commands: Mapping[str, Subcommand]) -> str:
    from minikafka.cli.toolkit.help_page import help_page

    width = max(map(len, commands)) + 2
    listed = "\n".join(f"  {name:{width}}{command.purpose}" for name, command in commands.items())
    return (
        f"{usage(tool, rules)} COMMAND ...\n\n{tool.purpose}\n\nCommands:\n{listed}\n\n{help_page(tool)}\n\n"
        f"{tool.name} COMMAND --help tells more."
    )
