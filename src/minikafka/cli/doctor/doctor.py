"""``minikafka doctor HOST:PORT``: tests a broker as a client meets it, and says what is wrong and what to do."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from minikafka.cli.toolkit.options import Tool
from minikafka.cli.toolkit.tool import run_tool
from minikafka.errors import MinikafkaError

if TYPE_CHECKING:
    from minikafka.cli.doctor.examination import Wanted

_USAGE: Final = """usage: minikafka doctor HOST:PORT[,HOST:PORT]... [OPTION]...

Tests a broker from here, as a client meets it, step by step: finds its address, connects, speaks TLS, logs in, asks for
versions and brokers, connects to each address they advertise, writes a record to a topic and reads it back. Says in
plain words what is wrong, and what to do. It works with any Kafka since 0.10.

  --command-config FILE  settings of the client: security.protocol, ssl.*, sasl.*
  --topic TOPIC          write to, or read from, this topic; otherwise one is created, and deleted in the end
  --read-only            write nothing, and create nothing
  --timeout SECONDS      how long each step may take (10)
  -h, --help             print this

The exit code is 0 when all is well, 1 when a step failed, and 2 when the command line or FILE cannot be used."""

_TOOL: Final = Tool("minikafka doctor", "Tests a broker from the side of its clients.", ())
_FAILED: Final = "FAIL"
_STEP_WIDTH: Final = 10
_WIDTH: Final = 120
_WRONG_USE: Final = 2
_ADVICE: Final = textwrap.TextWrapper(
    _WIDTH, initial_indent="  -> ", subsequent_indent="     ", break_on_hyphens=False, break_long_words=False
)


class _UsageError(MinikafkaError):
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "-h" in given or "--help" in given:
        print(_USAGE)
        return 0
    try:
        wanted = _wanted(given)
    except MinikafkaError as error:
        print(f"minikafka doctor: {error}", file=sys.stderr)
        return _WRONG_USE
    return run_tool(_TOOL, ["--"], lambda _: _examine(wanted))


def _examine(wanted: Wanted) -> int:
    from minikafka.cli.doctor.advice import Problem
    from minikafka.cli.doctor.examination import Examination

    examination = Examination(wanted, _print_line)
    try:
        examination.run()
    except Problem as problem:
        _print_line(_FAILED, examination.step, problem.text)
        print(_ADVICE.fill(problem.advice))
        return 1
    print("All is well.")
    return 0


def _print_line(status: str, step: str, text: str) -> None:
    print(f"{status:4}  {step:{_STEP_WIDTH}}  {text}", flush=True)


def _wanted(given: list[str]) -> Wanted:
    servers: str | None = None
    values = {"--command-config": "", "--topic": "", "--timeout": "10"}
    is_read_only = False
    rest = list(given)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if name == "--bootstrap-server" or not word.startswith("-"):
            if servers is not None:
                raise _UsageError(f"one HOST:PORT is examined at a time, not {servers} and {word}")
            servers = word if not word.startswith("-") else value if equals else _next(name, rest)
        elif name in values:
            values[name] = value if equals else _next(name, rest)
        elif word == "--read-only":
            is_read_only = True
        else:
            raise _UsageError(f"there is no option {word}; minikafka doctor --help lists them")
    if servers is None:
        raise _UsageError("it needs the HOST:PORT of a broker; minikafka doctor --help tells more")
    from minikafka.cli.doctor.advice import Address
    from minikafka.cli.doctor.examination import Wanted
    from minikafka.cli.toolkit.client_security import client_security
    from minikafka.cli.toolkit.connecting import load_properties
    from minikafka.client.connection import addresses

    security = client_security(load_properties(values["--command-config"] or None))
    return Wanted(
        [Address(*found) for found in addresses(servers)],
        security,
        values["--topic"] or None,
        is_read_only,
        _seconds(values["--timeout"]),
    )


def _next(name: str, rest: list[str]) -> str:
    if not rest:
        raise _UsageError(f"{name} needs a value behind it")
    return rest.pop(0)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise _UsageError(f"--timeout is a number of seconds above 0, not {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
