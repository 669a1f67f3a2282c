"""``minikafka init DIR``: the ``bin`` and ``config`` of Kafka, for who installed minikafka with pip."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from minikafka.cli import COMMANDS

_USAGE = """usage: minikafka init DIR

Lays out bin/ (Kafka's commands, each with and without .sh) and config/ in the folder DIR. Files that are there already
are left as they are."""

_LAUNCHER = """#!/bin/sh
# A command of minikafka; which one is told by the name of this file. It runs from the src folder of a checkout where
# there is one, else from the installed package. PYTHON may name another Python.
home=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
if [ -d "$home/src/minikafka" ]; then
    PYTHONPATH="$home/src${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
fi
MINIKAFKA_HOME=$home
export MINIKAFKA_HOME
exec "${PYTHON:-python3}" -m minikafka "$(basename -- "$0" .sh)" "$@"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or given[0].startswith("-"):
        print(_USAGE, file=sys.stdout if given in (["-h"], ["--help"]) else sys.stderr)
        return 0 if given in (["-h"], ["--help"]) else 1
    directory = Path(given[0])
    try:
        written = write_layout(directory)
    except OSError as error:
        print(f"minikafka init: {error.filename or directory}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{written} files written to {directory.absolute()}. Start a broker there with:")
    print("    bin/kafka-server-start.sh config/server.properties")
    return 0


def write_layout(directory: Path) -> int:
    """Write what is not there yet; returns how many files that were."""
    written = 0
    scripts = directory / "bin"
    scripts.mkdir(parents=True, exist_ok=True)
    for name, text in launchers(sys.executable).items():
        script = scripts / name
        if not script.exists():
            script.write_text(text)
            script.chmod(0o755)
            written += 1
    source = config_source()
    for file in sorted(source.rglob("*.properties")):
        target = directory / "config" / file.relative_to(source)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
            written += 1
    return written


def launchers(python: str | None = None) -> dict[str, str]:
    """File name -> script, for each of Kafka's commands; ``python`` is the one to use instead of python3."""
    text = _LAUNCHER
    if python is not None and shlex.quote(python) == python:
        text = text.replace("${PYTHON:-python3}", f"${{PYTHON:-{python}}}")
    names = [name for name in COMMANDS if name.startswith(("kafka-", "zookeeper-"))]
    return {name + suffix: text for name in names for suffix in ("", ".sh")}


def config_source() -> Path:
    """The folder of property files: in the installed package, or that of the checkout."""
    installed = Path(__file__).parents[2] / "layout" / "config"
    return installed if installed.is_dir() else Path(__file__).parents[4] / "config"
