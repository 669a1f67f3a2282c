"""``minikafka COMMAND``: finds the module of the command, and imports no other."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = {
    "server": ("minikafka.cli.server", "run a broker (the same as minikafka-server)"),
    "adopt": ("minikafka.cli.adopt", "take over the directory of a Kafka with ZooKeeper"),
    "config": ("minikafka.cli.config", "explain settings, and check property files"),
    "check": ("minikafka.cli.check", "verify the directory of a stopped broker"),
    "doctor": ("minikafka.cli.doctor", "test a broker from the side of its clients"),
    "init": ("minikafka.cli.layout", "lay out bin/ and config/ in a folder"),
    "dump-log": ("minikafka.cli.dump_log", "the same as kafka-dump-log"),
    "kafka-server-start": ("minikafka.cli.server_start", "run a broker, also as a daemon"),
    "kafka-server-stop": ("minikafka.cli.server_stop", "stop the brokers that kafka-server-start started"),
    "zookeeper-server-start": ("minikafka.cli.zookeeper_start", "answer where old instructions expect ZooKeeper"),
    "zookeeper-server-stop": ("minikafka.cli.zookeeper_stop", "stop that again"),
    "zookeeper-shell": ("minikafka.cli.zookeeper_shell", "look at znodes, here or in a real ZooKeeper"),
    "kafka-acls": ("minikafka.cli.acls", "list, add and remove access control lists"),
    "kafka-broker-api-versions": ("minikafka.cli.api_versions", "which APIs each broker serves"),
    "kafka-client-metrics": ("minikafka.cli.client_metrics", "say which metrics clients shall push"),
    "kafka-cluster": ("minikafka.cli.cluster_tool", "the id of a cluster, and its brokers"),
    "kafka-configs": ("minikafka.cli.configs", "show and change settings, quotas and credentials"),
    "kafka-console-consumer": ("minikafka.cli.console_consumer", "print what is in topics, and what comes"),
    "kafka-console-producer": ("minikafka.cli.console_producer", "write lines to a topic"),
    "kafka-console-share-consumer": ("minikafka.cli.console_share_consumer", "print what comes to a share group"),
    "kafka-consumer-groups": ("minikafka.cli.consumer_groups", "show groups of consumers, and move their offsets"),
    "kafka-consumer-perf-test": ("minikafka.cli.consumer_perf", "how many records a second can be read"),
    "kafka-delegation-tokens": ("minikafka.cli.delegation_tokens", "create, renew, expire and show tokens"),
    "kafka-delete-records": ("minikafka.cli.delete_records", "delete what is below an offset"),
    "kafka-dump-log": ("minikafka.cli.dump_log", "print what is in logs, indexes and snapshots"),
    "kafka-e2e-latency": ("minikafka.cli.end_to_end_latency", "how long a record takes to the consumer"),
    "kafka-features": ("minikafka.cli.features", "show features, and change their levels"),
    "kafka-get-offsets": ("minikafka.cli.get_offsets", "where partitions begin and end"),
    "kafka-groups": ("minikafka.cli.groups_tool", "list the groups of all types"),
    "kafka-leader-election": ("minikafka.cli.leader_election", "let partitions elect their leaders anew"),
    "kafka-log-dirs": ("minikafka.cli.log_dirs", "what is in the log directories"),
    "kafka-reassign-partitions": ("minikafka.cli.reassign_partitions", "move partitions to other brokers"),
    "kafka-share-groups": ("minikafka.cli.share_groups", "show share groups, and move their offsets"),
    "kafka-producer-perf-test": ("minikafka.cli.producer_perf", "how many records a second can be written"),
    "kafka-metadata-quorum": ("minikafka.cli.metadata_quorum", "show the controllers of a cluster"),
    "kafka-run-class": ("minikafka.cli.run_class", "a tool by the name of its Java class"),
    "kafka-storage": ("minikafka.cli.storage", "format log directories, and say what they are"),
    "kafka-topics": ("minikafka.cli.topics", "create, list, describe, change and delete topics"),
    "kafka-transactions": ("minikafka.cli.transactions", "look at transactions, and end what hangs"),
    "kafka-verifiable-consumer": ("minikafka.cli.verifiable_consumer", "read records and tell about each step in JSON"),
    "kafka-verifiable-producer": ("minikafka.cli.verifiable_producer", "write numbers and tell about each in JSON"),
}
"""Command -> its module, which has ``main(arguments) -> exit code``, and one line about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (default: the process's) begin with; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if given[0] == "--version":
        from minikafka import __version__

        print(f"minikafka {__version__}")
        return 0
    if given[0] not in COMMANDS:
        print(f"minikafka: there is no command {given[0]!r}; minikafka --help lists them", file=sys.stderr)
        return 1
    from importlib import import_module

    code: int = import_module(COMMANDS[given[0]][0]).main(given[1:])
    return code


def _usage() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {line}" for name, (_, line) in COMMANDS.items())
    return f"usage: minikafka COMMAND [ARGUMENT]...\n\nCommands:\n{commands}\n\nminikafka COMMAND --help tells more."
