"""``kafka-run-class``: Kafka's tools by the names of their Java classes, of all releases."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from minikafka.cli import COMMANDS, run

_USAGE: Final = "USAGE: kafka-run-class [-daemon] [-name servicename] [-loggc] classname [opts]"
_PACKAGES: Final = ("kafka.", "org.apache.kafka.", "org.apache.zookeeper.")
_DAEMONS: Final = ("kafka-server-start", "zookeeper-server-start")
CLASSES: Final = {
    "AclCommand": "kafka-acls",
    "BrokerApiVersionsCommand": "kafka-broker-api-versions",
    "ClientMetricsCommand": "kafka-client-metrics",
    "ClusterTool": "kafka-cluster",
    "ConfigCommand": "kafka-configs",
    "ConsoleConsumer": "kafka-console-consumer",
    "ConsoleProducer": "kafka-console-producer",
    "ConsoleShareConsumer": "kafka-console-share-consumer",
    "ConsumerGroupCommand": "kafka-consumer-groups",
    "ConsumerPerformance": "kafka-consumer-perf-test",
    "DelegationTokenCommand": "kafka-delegation-tokens",
    "DeleteRecordsCommand": "kafka-delete-records",
    "DumpLogSegments": "kafka-dump-log",
    "EndToEndLatency": "kafka-e2e-latency",
    "FeatureCommand": "kafka-features",
    "GetOffsetShell": "kafka-get-offsets",
    "GroupsCommand": "kafka-groups",
    "Kafka": "kafka-server-start",
    "LeaderElectionCommand": "kafka-leader-election",
    "LogDirsCommand": "kafka-log-dirs",
    "MetadataQuorumCommand": "kafka-metadata-quorum",
    "ProducerPerformance": "kafka-producer-perf-test",
    "QuorumPeerMain": "zookeeper-server-start",
    "ReassignPartitionsCommand": "kafka-reassign-partitions",
    "ReplicaVerificationTool": "kafka-replica-verification",
    "ShareConsumerPerformance": "kafka-share-consumer-perf-test",
    "ShareGroupCommand": "kafka-share-groups",
    "StorageTool": "kafka-storage",
    "StreamsGroupCommand": "kafka-streams-groups",
    "StreamsResetter": "kafka-streams-application-reset",
    "TestEndToEndLatency": "kafka-e2e-latency",
    "TopicCommand": "kafka-topics",
    "TransactionsCommand": "kafka-transactions",
    "VerifiableConsumer": "kafka-verifiable-consumer",
    "VerifiableProducer": "kafka-verifiable-producer",
    "VerifiableShareConsumer": "kafka-verifiable-share-consumer",
    "ZooKeeperMainWithTlsSupportForKafka": "zookeeper-shell",
    "ZooKeeperMain": "zookeeper-shell",
}
"""Simple name of a class -> the command that does what it does; releases moved classes between packages."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_daemon = False
    while words and words[0] in ("-daemon", "-name", "-loggc"):
        option = words.pop(0)
        is_daemon |= option == "-daemon"
        if option == "-name" and words:
            words.pop(0)
    if not words or words[0] in ("-h", "--help"):
        print(_USAGE, file=sys.stderr)
        return 1
    command = command_of(words[0])
    if command is None:
        print(_unknown(words[0]), file=sys.stderr)
        return 1
    if is_daemon and command not in _DAEMONS:
        print(f"kafka-run-class: -daemon is for servers; {words[0]} runs in the foreground only", file=sys.stderr)
        return 1
    return run(command, (["-daemon"] if is_daemon else []) + words[1:])


def command_of(class_name: str) -> str | None:
    """The command that stands for a Java class of Kafka; None when there is none."""
    command = CLASSES.get(class_name.rpartition(".")[2]) if class_name.startswith(_PACKAGES) else None
    return command if command in COMMANDS else None


def _unknown(class_name: str) -> str:
    known = [f"  {name} ({command})" for name, command in sorted(CLASSES.items()) if command in COMMANDS]
    return (
        f"Error: Could not find or load main class {class_name}\n"
        "minikafka has no Java; it has commands that do what these classes do, whichever package they are in:\n"
        + "\n".join(known)
    )


if __name__ == "__main__":
    sys.exit(main())
