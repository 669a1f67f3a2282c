"""The page that ``--help`` prints, in the two columns of Kafka's tools."""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.cli.toolkit.options import HELP, VERSION, Option, Tool

_WIDTH = 100
_MAX_OPTION_WIDTH = 42
_SPACE = 2


def help_page(tool: Tool) -> str:
    """Every option with its value and what it does, by name."""
    options = sorted((*tool.options, HELP, VERSION))
    width = min(_MAX_OPTION_WIDTH, max(len(_usage(option)) for option in options))
    lines = [_row("Option", "Description", width), _row("------", "-----------", width)]
    for option in options:
        left = list(_wrapped(_usage(option), width))
        right = list(_wrapped(_description(option), _WIDTH - width - _SPACE))
        for index in range(max(len(left), len(right))):
            lines.append(_row(_cell(left, index), _cell(right, index), width))
    return "\n".join(lines)


def _usage(option: Option) -> str:
    if not option.kind:
        return f"--{option.name}"
    value = f"{option.kind}: {option.argument}" if option.argument else option.kind
    return f"--{option.name} [{value}]" if option.argument_is_optional else f"--{option.name} <{value}>"


def _description(option: Option) -> str:
    text = option.text
    if option.other_names:
        names = (f"-{name}" if len(name) == 1 else f"--{name}" for name in option.other_names)
        text += f" Also: {', '.join(names)}."
    return text if option.default is None else f"{text} (default: {option.default})"


def _wrapped(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split():
        if line.strip() and len(line) + 1 + len(word) > width:
            yield line
            line = "  " + word
        else:
            line = f"{line} {word}" if line.strip() else line + word
    yield line


def _cell(lines: list[str], index: int) -> str:
    return lines[index] if index < len(lines) else ""


def _row(left: str, right: str, width: int) -> str:
    return f"{left:{width}}{' ' * _SPACE}{right}".rstrip()
