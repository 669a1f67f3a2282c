"""``python -m minikafka``: a command if one is named, else ``minikafka-server`` with the arguments given."""

from __future__ import annotations

import sys

_INTERRUPTED = 130
_LEAST_PYTHON = (3, 10)
_DEPENDENCIES = {"crc32c": "crc32c", "lz4": "lz4", "snappy": "python-snappy", "zstandard": "zstandard"}
"""Module -> the package that brings it."""
_ANOTHER_PYTHON = "The commands in bin/ run another Python when the variable PYTHON names it."


def main() -> int:
    """Returns the exit code."""
    if sys.version_info < _LEAST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        print(
            f"minikafka needs Python 3.10 or newer, and {sys.executable} is {found}. {_ANOTHER_PYTHON}",
            file=sys.stderr,
        )
        return 1
    try:
        return _run()
    except KeyboardInterrupt:  # before the command was set up to deal with it
        return _INTERRUPTED
    except ModuleNotFoundError as error:
        if error.name not in _DEPENDENCIES:
            raise
        print(
            f"minikafka needs the package {_DEPENDENCIES[error.name]}, which {sys.executable} does not have. In a "
            f"checkout, python3 -m pip install . installs all that it needs. {_ANOTHER_PYTHON}",
            file=sys.stderr,
        )
        return 1


def _run() -> int:
    from minikafka import cli

    if len(sys.argv) > 1 and sys.argv[1] in cli.COMMANDS:
        return cli.main()
    from minikafka.cli.local import server

    return server.main()


if __name__ == "__main__":
    sys.exit(main())
