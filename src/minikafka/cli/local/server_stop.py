"""``kafka-server-stop``: ends the brokers that ``kafka-server-start`` of the same folder started."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from minikafka.cli.local import server_start
from minikafka.cli.local.running_processes import running, stop
from minikafka.cli.toolkit.options import Options, Tool, string
from minikafka.cli.toolkit.tool import run_tool

_TOOL = Tool(
    "kafka-server-stop",
    "This tool stops the brokers that kafka-server-start of the same folder started.",
    (
        string("node-id", "id", "Only the broker with this node.id."),
        string("process-role", "role", "As in Kafka; every minikafka is broker and controller."),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        return stop(running(server_start.COMMAND), "No kafka server to stop")
    return run_tool(_TOOL, given, _act)


def _act(options: Options) -> int:
    node_id = options.value("node-id")
    brokers = [each for each in running(server_start.COMMAND) if node_id in (None, each.node_id)]
    return stop(brokers, "No kafka server to stop")
