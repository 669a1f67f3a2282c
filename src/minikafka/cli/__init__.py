"""``minikafka COMMAND``: finds the module of the command, and imports no other."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = {
    "server": ("local.server", "run a broker (the same as minikafka-server)"),
    "adopt": ("local.adopt", "take over the directory of a Kafka with ZooKeeper"),
    "config": ("local.config", "explain settings, and check property files"),
    "check": ("local.check", "verify the directory of a stopped broker"),
    "doctor": ("doctor.doctor", "test a broker from the side of its clients"),
    "init": ("local.layout", "lay out bin/ and config/ in a folder"),
    "dump-log": ("dump_log.dump_log", "the same as kafka-dump-log"),
    "kafka-server-start": ("local.server_start", "run a broker, also as a daemon"),
    "kafka-server-stop": ("local.server_stop", "stop the brokers that kafka-server-start started"),
    "zookeeper-server-start": ("local.zookeeper_start", "answer where old instructions expect ZooKeeper"),
    "zookeeper-server-stop": ("local.zookeeper_stop", "stop that again"),
    "zookeeper-shell": ("local.zookeeper_shell", "look at znodes, here or in a real ZooKeeper"),
    "kafka-acls": ("cluster.acls", "list, add and remove access control lists"),
    "kafka-broker-api-versions": ("cluster.api_versions", "which APIs each broker serves"),
    "kafka-client-metrics": ("cluster.client_metrics", "say which metrics clients shall push"),
    "kafka-cluster": ("cluster.cluster_tool", "the id of a cluster, and its brokers"),
    "kafka-configs": ("cluster.configs", "show and change settings, quotas and credentials"),
    "kafka-console-consumer": ("console.console_consumer", "print what is in topics, and what comes"),
    "kafka-console-producer": ("console.console_producer", "write lines to a topic"),
    "kafka-console-share-consumer": ("console.console_share_consumer", "print what comes to a share group"),
    "kafka-consumer-groups": ("groups.consumer_groups", "show groups of consumers, and move their offsets"),
    "kafka-consumer-perf-test": ("measuring.consumer_perf", "how many records a second can be read"),
    "kafka-delegation-tokens": ("cluster.delegation_tokens", "create, renew, expire and show tokens"),
    "kafka-delete-records": ("topics.delete_records", "delete what is below an offset"),
    "kafka-dump-log": ("dump_log.dump_log", "print what is in logs, indexes and snapshots"),
    "kafka-e2e-latency": ("measuring.end_to_end_latency", "how long a record takes to the consumer"),
    "kafka-features": ("cluster.features", "show features, and change their levels"),
    "kafka-get-offsets": ("topics.get_offsets", "where partitions begin and end"),
    "kafka-groups": ("groups.groups_tool", "list the groups of all types"),
    "kafka-leader-election": ("topics.leader_election", "let partitions elect their leaders anew"),
    "kafka-log-dirs": ("topics.log_dirs", "what is in the log directories"),
    "kafka-reassign-partitions": ("topics.reassign_partitions", "move partitions to other brokers"),
    "kafka-share-groups": ("groups.share_groups", "show share groups, and move their offsets"),
    "kafka-producer-perf-test": ("measuring.producer_perf", "how many records a second can be written"),
    "kafka-metadata-quorum": ("cluster.metadata_quorum", "show the controllers of a cluster"),
    "kafka-run-class": ("local.run_class", "a tool by the name of its Java class"),
    "kafka-storage": ("local.storage", "format log directories, and say what they are"),
    "kafka-topics": ("topics.topics", "create, list, describe, change and delete topics"),
    "kafka-transactions": ("cluster.transactions", "look at transactions, and end what hangs"),
    "kafka-verifiable-consumer": ("measuring.verifiable_consumer", "read records and tell about each step in JSON"),
    "kafka-verifiable-producer": ("measuring.verifiable_producer", "write numbers and tell about each in JSON"),
}
"""Command -> its module in this package, which has ``main(arguments) -> exit code``, and one line about it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` (default: the process's) begin with; returns the exit code."""
    from minikafka.cli.toolkit.standard_streams import drop_output, flush_output, open_closed_streams

    given = list(sys.argv[1:] if arguments is None else arguments)
    open_closed_streams()
    try:
        code = _main(given)
    except BrokenPipeError:  # nobody reads any more
        code = 1
    except OSError as error:
        drop_output()
        print(f"minikafka {given[0]}: {error}", file=sys.stderr)
        code = 1
    return code if flush_output("minikafka") else 1


def _main(given: Sequence[str]) -> int:
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
    return run(given[0], given[1:])


def run(command: str, arguments: Sequence[str]) -> int:
    """Run one of COMMANDS; returns the exit code."""
    from importlib import import_module

    code: int = import_module(f"{__name__}.{COMMANDS[command][0]}").main(arguments)
    return code


def _usage() -> str:
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {line}" for name, (_, line) in COMMANDS.items())
    return f"usage: minikafka COMMAND [ARGUMENT]...\n\nCommands:\n{commands}\n\nminikafka COMMAND --help tells more."
