"""Releases of kafka-python, each in an environment of its own on a Python of its time, with what its tutorials do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.matrix.workplace import MATRIX_DIRECTORY, CannotRunHere, Workplace, executable, run

# What these releases import when they compress, and what their tutorials serialise with.
COMPANIONS = ("python-snappy", "lz4", "zstandard", "crc32c", "xxhash", "msgpack")
# 1.4.6 and 2.0.2 do not import on 3.12 and newer.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 8), (3, 11)


def python_of_their_time() -> str:
    """A Python that all of these releases run on, from the search path or pyenv. Raises CannotRunHere."""
    for candidate in _candidates():
        asked = subprocess.run(
            [candidate, "-c", "import ensurepip, sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0 and OLDEST_PYTHON <= tuple(map(int, asked.stdout.split())) <= NEWEST_PYTHON:
            return candidate
    raise CannotRunHere("no Python 3.8 to 3.11 on this machine")


def _candidates() -> Iterator[str]:
    for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1):
        yield from map(str, sorted(Path("~/.pyenv/versions").expanduser().glob(f"3.{minor}.*/bin/python")))
        try:
            yield executable(f"python3.{minor}")
        except CannotRunHere:
            continue
    yield executable("python3")


def tutorial(version: str, *options: str, workplace: Workplace) -> str:
    """Run the programs of tests/clients/tutorial with kafka-python ``version``."""
    folder = workplace.folder(f"kafka-python-{version}")
    python = folder / "bin" / "python"
    if not python.exists():
        run([python_of_their_time(), "-m", "venv", folder])
        run([python, "-m", "pip", "install", "--quiet", f"kafka-python=={version}", *COMPANIONS])
    script = MATRIX_DIRECTORY / "kafka_python_tutorial.py"
    features = ",".join(sorted(workplace.features))
    return run([python, "-W", "ignore", script, workplace.bootstrap, "--features", features, *options], timeout_s=300)
