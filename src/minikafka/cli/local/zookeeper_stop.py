"""``zookeeper-server-stop``: ends what ``zookeeper-server-start`` of the same folder started."""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.cli.local.running_processes import running, stop
from minikafka.cli.local.zookeeper_start import COMMAND


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return stop(running(COMMAND), "No zookeeper server to stop")
