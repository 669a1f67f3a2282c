"""Running a tool: its help and version, what goes wrong as one sentence, and its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from minikafka.cli.toolkit.options import Options, Tool, UsageError, parse
from minikafka.errors import MinikafkaError

KAFKA_VERSION = "4.2.0"
"""The release of Kafka whose tools these are."""

INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended (128 + SIGINT)."""


def run_tool(
    tool: Tool, arguments: Sequence[str] | None, action: Callable[[Options], int], *, failure_prefix: str = ""
) -> int:
    """Parse the command line (default: the process's) and do ``action``; returns the exit code.

    ``failure_prefix`` stands before the sentence of what fails in ``action``, which goes to stdout where a tool of
    Kafka writes it there; without a prefix it goes to stderr.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parse(tool, given)
        if not given or options.has("help"):
            raise UsageError(tool.purpose)
        if options.has("version"):
            print(version())
            return 0
        return action(options)
    except UsageError as error:
        return _print_usage(tool, error)
    except (MinikafkaError, OSError) as error:
        return _print_failure(error, failure_prefix)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _flush()


def version() -> str:
    from minikafka import __version__

    return f"{KAFKA_VERSION} (minikafka {__version__})"


def _print_usage(tool: Tool, error: UsageError) -> int:
    print(error, file=sys.stderr)
    if error.shows_help:
        from minikafka.cli.toolkit.help_page import help_page

        print(help_page(tool), file=sys.stderr)
    return 1


def _print_failure(error: Exception, prefix: str) -> int:
    if isinstance(error, BrokenPipeError):
        return 1
    sys.stdout.flush()
    print(f"{prefix}{error}", file=sys.stdout if prefix else sys.stderr)
    return 1


def _flush() -> None:
    """What cannot be written because nobody reads any more is dropped, without Python's complaint at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
