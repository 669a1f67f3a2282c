"""``minikafka-server [FILE] [--override KEY=VALUE]...``: a broker, in the foreground, until it is told to stop."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Sequence

from minikafka import __version__
from minikafka.config import BrokerConfig
from minikafka.errors import MinikafkaError
from minikafka.named_tuple import NamedTuple

DEFAULT_DIRECTORY = "minikafka-data"
_DEFAULTS = {"listeners": "PLAINTEXT://localhost:9092", "log.dirs": DEFAULT_DIRECTORY}
_LISTENER_KEYS = frozenset(("listeners", "port", "host.name"))
_DIRECTORY_KEYS = frozenset(("log.dirs", "log.dir"))

USAGE = f"""usage: minikafka-server [FILE] [--override KEY=VALUE]...

Runs a Kafka broker until it gets SIGTERM or SIGINT (Ctrl-C).

  FILE                  settings in Kafka's format, such as config/server.properties. Without one, the broker listens
                        on localhost:9092 and keeps its data in the folder {DEFAULT_DIRECTORY}.
  --override KEY=VALUE  a setting that goes before the file's; any number of times
  --version             print the version
  -h, --help            print this

The exit code is 0 after a clean stop, and 1 when the broker cannot start."""


class Arguments(NamedTuple):
    """What the command line says."""

    file: str | None
    overrides: dict[str, str]


class UsageError(MinikafkaError):
    """A command line that cannot be understood."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a broker with ``arguments`` (default: the process's); returns the exit code."""
    started_ms = time.monotonic_ns() // 1_000_000
    if None in (sys.stdin, sys.stdout, sys.stderr):
        from minikafka.cli.toolkit.standard_streams import open_closed_streams

        open_closed_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(USAGE)
        return 0
    if "--version" in given:
        print(f"minikafka {__version__}")
        return 0
    try:
        config = _load(parse(given))
        _log_to_stdout()
        _run(config, started_ms)
    except (MinikafkaError, OSError) as error:
        print(f"minikafka-server: {error}", file=sys.stderr)
        return 1
    return 0


def _run(config: BrokerConfig, started_ms: int) -> None:
    # What a start makes is there to stay: to look through it for garbage would take a twentieth of the start.
    gc.disable()
    try:
        from minikafka.server.foreground import run_until_signalled

        run_until_signalled(config, started_ms)
    finally:
        gc.enable()


def parse(arguments: Sequence[str]) -> Arguments:
    """:raises UsageError: in one sentence, what cannot be understood."""
    file: str | None = None
    overrides: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--override":
            if not rest:
                raise UsageError("--override needs KEY=VALUE behind it")
            argument = "--override=" + rest.pop(0)
        if argument.startswith("--override="):
            key, equals, value = argument.removeprefix("--override=").partition("=")
            if not equals or not key.strip():
                raise UsageError(f"--override takes KEY=VALUE, not {argument.removeprefix('--override=')!r}")
            overrides[key.strip()] = value.strip()
        elif argument.startswith("-"):
            raise UsageError(f"there is no option {argument}; minikafka-server --help lists them")
        elif file is None:
            file = argument
        else:
            raise UsageError(f"one FILE is read, not two ({file} and {argument})")
    return Arguments(file, overrides)


def _load(arguments: Arguments) -> BrokerConfig:
    overrides = arguments.overrides
    if arguments.file is None:
        defaults = dict(_DEFAULTS)
        if _LISTENER_KEYS & overrides.keys():
            del defaults["listeners"]
        if _DIRECTORY_KEYS & overrides.keys():
            del defaults["log.dirs"]
        overrides = {**defaults, **overrides}
    return BrokerConfig.load(arguments.file, overrides)


class _Log(logging.StreamHandler):  # type: ignore[type-arg]  # in Python 3.10 it takes no type
    """When its disk is full or its terminal is gone, lines are lost; stderr is not filled with tracebacks instead."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def _log_to_stdout() -> None:
    handler = _Log(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
