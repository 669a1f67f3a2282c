"""``minikafka doctor HOST:PORT``: tests a broker as a client meets it, and says what is wrong and what to do."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from minikafka.cli.toolkit.command_line import read
from minikafka.cli.toolkit.options import Tool, UsageError
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
_SERVER: Final = "--bootstrap-server"
_READ_ONLY: Final = "--read-only"
_WITH_VALUE: Final = {
    _SERVER: "HOST:PORT",
    "--command-config": "a FILE",
    "--topic": "a TOPIC",
    "--timeout": "SECONDS",
}
_FAILED: Final = "FAIL"
_STEP_WIDTH: Final = 10
_WIDTH: Final = 120
_WRONG_USE: Final = 2
_ADVICE: Final = textwrap.TextWrapper(
    _WIDTH, initial_indent="  -> ", subsequent_indent="     ", break_on_hyphens=False, break_long_words=False
)


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
    """:raises MinikafkaError: what cannot be understood, or used."""
    line = read("minikafka doctor", given, flags=(_READ_ONLY,), values=_WITH_VALUE)
    servers = [*line.values.get(_SERVER, []), *line.words]
    if not servers:
        raise UsageError("it needs the HOST:PORT of a broker; minikafka doctor --help tells more")
    if len(servers) > 1:
        raise UsageError(f"one HOST:PORT is examined at a time, not {' and '.join(servers)}")
    from minikafka.cli.doctor.advice import Address
    from minikafka.cli.doctor.examination import Wanted
    from minikafka.cli.toolkit.client_security import client_security
    from minikafka.cli.toolkit.connecting import load_properties
    from minikafka.client.connection import addresses

    security = client_security(load_properties(line.value("--command-config")))
    return Wanted(
        [Address(*found) for found in addresses(servers[0])],
        security,
        line.value("--topic"),
        _READ_ONLY in line.flags,
        _seconds(line.value("--timeout") or "10"),
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--timeout is a number of seconds above 0, not {text!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
