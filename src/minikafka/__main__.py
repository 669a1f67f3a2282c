"""``python -m minikafka``: a command if one is named, else ``minikafka-server`` with the arguments given."""

from __future__ import annotations

import sys

from minikafka import cli


def main() -> int:
    """Returns the exit code."""
    if len(sys.argv) > 1 and sys.argv[1] in cli.COMMANDS:
        return cli.main()
    from minikafka.cli import server

    return server.main()


if __name__ == "__main__":
    sys.exit(main())
