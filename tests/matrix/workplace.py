"""What every client of the matrix needs: a directory to build in, a broker, and commands that must succeed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

MATRIX_DIRECTORY = Path(__file__).parent
COMMAND_TIMEOUT_S = 600


class CannotRunHere(Exception):
    """A client cannot be had on this machine; says what is missing."""


class CommandFailed(Exception):
    """A command that had to succeed did not; carries the end of what it printed, and in ``printed`` all of it."""

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed


class Workplace(NamedTuple):
    """Where clients are built, and what the broker at ``bootstrap`` ("HOST:PORT") can do: some of "848",
    "configs", "groups", "share", "transactions"."""

    directory: Path
    bootstrap: str
    features: frozenset[str]
    run_id: str

    def topic(self, name: str) -> str:
        """A topic of this run alone, so that a broker may see several runs."""
        return f"{name}-{self.run_id}"

    def folder(self, name: str) -> Path:
        folder = self.directory / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    timeout_s: float = COMMAND_TIMEOUT_S,
) -> str:
    """Run a command to its end, and return what it printed. Raises CommandFailed."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise CommandFailed(
            f"{' '.join(words)}: not done in {timeout_s} s\n{_tail(expired.output)}", _text(expired.output)
        ) from None
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(words)}: exit code {done.returncode}\n{_tail(done.stdout)}", _text(done.stdout))
    return _text(done.stdout)


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")


def _tail(output: bytes | None) -> str:
    return _text(output)[-6000:]


def executable(name: str) -> str:
    """The path of the program ``name``. Raises CannotRunHere."""
    path = shutil.which(name)
    if path is None:
        raise CannotRunHere(f"no {name} on this machine")
    return path
