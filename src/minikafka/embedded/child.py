"""The process of ``Broker(process=True)``: reads commands from its standard input, one JSON object a line, and answers
each with one on its standard output. Its log goes to standard error. When the input ends, because the parent ended or
wants it to, it stops cleanly: no broker outlives its program.

    {"settings": {KEY: VALUE}, "is_durable": BOOL, "ports": [LISTENER]}   the first line: starts the broker
    {"command": "reset"}   {"command": "snapshot" | "restore", "paths": [PATH]}   {"command": "stop"}
    {"command": "call", "on": "faults" | "requests", "method": NAME, "arguments": {NAME: VALUE}}
        a method of ``LocalFaults`` or ``RequestLog``
    answers: {"listeners": [LISTENER], "cluster_id": TEXT, "watch_port": PORT} | {} | {"value": VALUE}
             | {"error": CLASS, "text": TEXT, "code": NUMBER, of Kafka's errors, or null}
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Callable
from typing import Any

from minikafka.clock import Clock, JumpingClock
from minikafka.config import BrokerConfig, Listener
from minikafka.embedded.host import ThreadHost
from minikafka.embedded.kept_request import KeptRequest
from minikafka.embedded.local_faults import LocalFaults
from minikafka.embedded.node_keeper import NodeKeeper
from minikafka.embedded.request_log import RequestLog
from minikafka.embedded.watch_server import WatchServer
from minikafka.errors import ApiError
from minikafka.faults.control import FaultState


def main() -> int:
    """Serve the parent until it has enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends the input.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    first = sys.stdin.readline()
    if not first:
        return 0
    wanted = json.loads(first)
    clock = JumpingClock()
    faults = LocalFaults(lambda: host, clock)
    requests = RequestLog(0, lambda: faults.observe(requests))
    callable_parts = {"faults": faults, "requests": requests}
    try:
        host = _start(wanted, clock, faults)
    except Exception as error:
        _tell_failure(error)
        return 1
    watch_server = WatchServer(host.watches)
    watch_port = host.run(watch_server.start())
    _tell(
        {
            "listeners": [list(listener) for listener in host.listeners],
            "cluster_id": host.cluster_id,
            "watch_port": watch_port,
        }
    )
    for line in sys.stdin:
        wanted = json.loads(line)
        if wanted["command"] == "stop":
            break
        if wanted["command"] == "call":
            _tell(_outcome(getattr(callable_parts[wanted["on"]], wanted["method"]), wanted["arguments"]))
            continue
        _obey(getattr(host, wanted["command"]), wanted.get("paths"))
    host.run(watch_server.stop())
    _obey(host.stop, None)
    return 0


def _start(wanted: dict[str, Any], clock: Clock, faults: LocalFaults) -> ThreadHost:
    config = BrokerConfig.from_mapping(wanted["settings"])
    keeper = NodeKeeper(config, clock, is_durable=wanted["is_durable"], faults=faults)
    return ThreadHost(keeper, f"minikafka-{config.node_id}", [Listener(*each) for each in wanted["ports"]])


def _obey(command: Callable[..., None], paths: list[str] | None) -> None:
    try:
        command(*([] if paths is None else [paths]))
    except Exception as error:
        logging.getLogger(__name__).exception("the command failed")
        _tell_failure(error)
    else:
        _tell({})


def _outcome(method: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": _plain(method(**arguments))}
    except Exception as error:
        return _failure(error)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(_plain, value))
    return value.as_values() if isinstance(value, (FaultState, KeptRequest)) else value


def _tell_failure(error: Exception) -> None:
    _tell(_failure(error))


def _failure(error: Exception) -> dict[str, Any]:
    code = error.code if isinstance(error, ApiError) else None
    return {"error": type(error).__name__, "text": str(error), "code": code}


def _tell(answer: dict[str, Any]) -> None:
    try:
        print(json.dumps(answer), flush=True)
    except BrokenPipeError:
        sys.stderr.write("the program that started this broker has gone\n")


if __name__ == "__main__":
    sys.exit(main())
