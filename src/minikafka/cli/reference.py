"""What COMMANDS and the modules of the commands say, for people, as ``docs/commands.md``.

``python -m minikafka.cli.reference docs/commands.md`` writes the page anew.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from minikafka.cli import COMMANDS

_INTRODUCTION: Final = """# Commands

<!-- Written by `python -m minikafka.cli.reference docs/commands.md` from src/minikafka/cli. -->

Every command is called as `minikafka COMMAND`. Those with Kafka's names are also scripts, with and without `.sh`: in
`bin/` of a checkout, and wherever `minikafka init DIR` lays them out. `COMMAND --help` lists the options of one.

The tools of Kafka have the options, output, exit codes and error sentences of Kafka 4.2's own, and take the options of
Kafka 2.x besides (`--zookeeper`, `--broker-list`, `--new-consumer`). They work against any Kafka from 0.10 on, as far
as it has what they ask for: `--bootstrap-server` says where. Where Kafka prints the stack of a Java exception behind
its sentence, there is only the sentence; progress of long work is shown on a terminal and nowhere else.
"""
_OWN: Final = "Of minikafka"
_OF_KAFKA: Final = "With Kafka's names"
_PREFIXES: Final = ("kafka-", "zookeeper-", "connect-")
_HEAD: Final = "\n## {}\n\n| Command | What it does | In Kafka |\n|---|---|---|\n"
_JAVA_CLASS: Final = re.compile(r"\((?:Kafka's )?([A-Z]\w+)\)")


def page() -> str:
    """The text of ``docs/commands.md``."""
    of_kafka = sorted(name for name in COMMANDS if name.startswith(_PREFIXES))
    own = sorted(set(COMMANDS) - set(of_kafka))
    return _INTRODUCTION + "".join(_section(_OF_KAFKA, of_kafka)) + "".join(_section(_OWN, own))


def _section(title: str, names: Sequence[str]) -> Iterator[str]:
    yield _HEAD.format(title)
    for name in names:
        module, purpose = COMMANDS[name]
        java_class = _JAVA_CLASS.search(_docstring(module).partition("\n")[0])
        shown = f"`{java_class[1]}`" if java_class else "-"
        yield f"| `{name}` | {purpose[:1].upper()}{purpose[1:]} | {shown} |\n"


def _docstring(module: str) -> str:
    """What the module opens with; the class of Kafka that the command answers to is in parentheses there."""
    source = (Path(__file__).parent / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def write(arguments: Sequence[str]) -> int:
    """Write the page to the file that ``arguments`` names; the exit code."""
    Path(arguments[0]).write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(write(sys.argv[1:]))
