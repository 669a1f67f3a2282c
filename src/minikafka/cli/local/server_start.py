"""``kafka-server-start [-daemon] FILE [--override KEY=VALUE]...``: a broker, under Kafka's name for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.local import server
from minikafka.cli.local.running_processes import registered, start_daemon
from minikafka.config import BrokerConfig
from minikafka.errors import MinikafkaError

COMMAND = "kafka-server-start"
_USAGE = f"USAGE: {COMMAND} [-daemon] server.properties [--override property=value]*"
_DAEMON = "-daemon"
_OUTPUT_NAME = "kafkaServer.out"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given == [_DAEMON]:
        print(_USAGE)
        return 1
    if _DAEMON in given:
        given.remove(_DAEMON)
        return start_daemon(COMMAND, given, _OUTPUT_NAME, "ready in")
    with registered(COMMAND, _node_id(given)):
        return server.main(given)


def _node_id(given: list[str]) -> str:
    """For kafka-server-stop --node-id; what is wrong with the settings, the server itself says."""
    try:
        parsed = server.parse(given)
        return str(BrokerConfig.load(parsed.file, parsed.overrides).node_id)
    except MinikafkaError:
        return ""
