"""Running a tool: its help and version, what goes wrong as one sentence, and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from minikafka.cli.toolkit.options import Options, Tool, UsageError, parse
from minikafka.cli.toolkit.standard_streams import flush_output
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
        code = _run(tool, given, action, failure_prefix)
    finally:
        is_written = flush_output(tool.name)
    return code if is_written else 1


def _run(tool: Tool, given: Sequence[str], action: Callable[[Options], int], failure_prefix: str) -> int:
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
        return _print_failure(tool, error, failure_prefix)
    except KeyboardInterrupt:
        return INTERRUPTED


def version() -> str:
    from minikafka import __version__

    return f"{KAFKA_VERSION} (minikafka {__version__})"


def _print_usage(tool: Tool, error: UsageError) -> int:
    print(error, file=sys.stderr)
    if error.shows_help:
        from minikafka.cli.toolkit.help_page import help_page

        print(help_page(tool), file=sys.stderr)
    return 1


def _print_failure(tool: Tool, error: Exception, prefix: str) -> int:
    if isinstance(error, BrokenPipeError) or not flush_output(tool.name):
        return 1
    try:
        print(f"{prefix}{error}", file=sys.stdout if prefix else sys.stderr, flush=True)
    except OSError:  # standard output is what failed
        print(f"{prefix}{error}", file=sys.stderr)
    return 1
