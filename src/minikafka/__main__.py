"""``python -m minikafka``: a command if one is named, else ``minikafka-server`` with the arguments given."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> int:
    """Returns the exit code."""
    try:
        from minikafka import cli

        if len(sys.argv) > 1 and sys.argv[1] in cli.COMMANDS:
            return cli.main()
        from minikafka.cli.local import server

        return server.main()
    except KeyboardInterrupt:  # before the command was set up to deal with it
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
