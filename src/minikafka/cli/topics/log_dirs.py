"""``kafka-log-dirs``: what is in the log directories of brokers, as JSON (LogDirsCommand)."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from minikafka.cli.toolkit.connecting import BOOTSTRAP_SERVER, COMMAND_CONFIG, cluster_of
from minikafka.cli.toolkit.options import Options, Tool, UsageError, flag, string
from minikafka.cli.toolkit.tool import run_tool
from minikafka.client.admin.log_dirs import LogDirDescription, describe_log_dirs
from minikafka.client.errors import ClientError
from minikafka.errors import NONE, name_of

_TOOL = Tool(
    "kafka-log-dirs",
    "This tool helps to query log directory usage on the specified brokers.",
    (
        BOOTSTRAP_SERVER,
        COMMAND_CONFIG,
        flag("describe", "REQUIRED: Show log directories."),
        string("topic-list", "Topic list", "Only these topics: topic1,topic2.", default=""),
        string("broker-list", "Broker list", "Only these brokers: 0,1,2.", default=""),
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    return run_tool(_TOOL, arguments, _act)


def _act(options: Options) -> int:
    options.require("bootstrap-server", "describe")
    topics = {name for name in (options.value("topic-list") or "").split(",") if name}
    asked = _broker_ids(options.value("broker-list") or "")
    with cluster_of(options, client_id="log-dirs-tool") as cluster:
        existing = cluster.broker_ids()
        missing = [broker for broker in asked if broker not in existing]
        if missing:
            raise ClientError(
                f"ERROR: The given brokers do not exist from --broker-list: {_commas(missing)}. Current existent "
                f"brokers: {_commas(existing)}"
            )
        print("Querying brokers for log directories information")
        brokers = asked or existing
        described = {broker: describe_log_dirs(cluster, broker) for broker in brokers}
        print(f"Received log directory information from brokers {_commas(brokers)}")
    document = {
        "brokers": [
            {"broker": broker, "logDirs": [_plain(directory, topics) for directory in directories]}
            for broker, directories in described.items()
        ],
        "version": 1,
    }
    print(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
    return 0


def _broker_ids(text: str) -> list[int]:
    try:
        return sorted({int(part) for part in text.split(",") if part})
    except ValueError:
        raise UsageError(f"--broker-list {text}: brokers are numbers with commas between them") from None


def _plain(directory: LogDirDescription, topics: set[str]) -> dict[str, Any]:
    return {
        "partitions": [
            {
                "partition": f"{replica.topic}-{replica.partition}",
                "size": replica.size_bytes,
                "offsetLag": replica.offset_lag,
                "isFuture": replica.is_future,
            }
            for replica in directory.replicas
            if not topics or replica.topic in topics
        ],
        "error": None if directory.error_code == NONE else name_of(directory.error_code),
        "logDir": directory.path,
    }


def _commas(brokers: list[int]) -> str:
    return ",".join(map(str, brokers))


if __name__ == "__main__":
    sys.exit(main())
