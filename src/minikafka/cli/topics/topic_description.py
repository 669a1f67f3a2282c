"""What ``kafka-topics --describe`` prints: a line a topic, and one a partition below it."""

from __future__ import annotations

from collections.abc import Sequence

from minikafka.cli.toolkit.options import Options
from minikafka.client.admin.configs import TOPIC, ConfigEntry, Resource, describe_configs
from minikafka.client.admin.reassignments import Reassignment, list_reassignments
from minikafka.client.admin.topics import (
    PartitionDescription,
    TopicDescription,
    describe_topics,
)
from minikafka.client.cluster import Cluster
from minikafka.client.controllers import Controllers
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.primitives import ZERO_UUID, uuid_to_text

_DEFAULT_PARTITION_LIMIT = 2000
_OF_TOPIC = "DYNAMIC_TOPIC_CONFIG"


class Report(NamedTuple):
    """What is asked for. ``is_of_2_4``: in the columns of Kafka 2.4, that knew no topic ids."""

    under_replicated: bool
    unavailable: bool
    under_min_isr: bool
    at_min_isr: bool
    overrides_only: bool
    partition_limit: int
    is_of_2_4: bool

    @classmethod
    def of(cls, options: Options) -> Report:
        return cls(
            options.has("under-replicated-partitions"),
            options.has("unavailable-partitions"),
            options.has("under-min-isr-partitions"),
            options.has("at-min-isr-partitions"),
            options.has("topics-with-overrides"),
            options.number("partition-size-limit-per-response") or _DEFAULT_PARTITION_LIMIT,
            options.has("zookeeper"),
        )

    @property
    def is_of_replication(self) -> bool:
        """Whether only some partitions are shown, and no topics."""
        return self.under_replicated or self.unavailable or self.under_min_isr or self.at_min_isr


def describe(cluster: Cluster, names: Sequence[str], report: Report) -> None:
    """Print the topics by name. Raises ApiError, ClientError."""
    topics = describe_topics(cluster, names, partition_limit=report.partition_limit)
    configs = describe_configs(cluster, [Resource(TOPIC, name) for name in topics])
    live_brokers = set(cluster.broker_ids())
    reassignments = list_reassignments(Controllers(cluster, are_asked=False)) if topics else {}
    for name, topic in topics.items():
        entries = configs[Resource(TOPIC, name)]
        own = [entry for entry in entries if _is_own(entry, report)]
        partitions = sorted(topic.partitions)
        if not report.is_of_replication and (own or not report.overrides_only):
            factor = _replication_factor(partitions[0], reassignments.get((name, partitions[0].partition)))
            print(_topic_line(topic, factor, own, report))
        if not report.overrides_only:
            for partition in partitions:
                reassignment = reassignments.get((name, partition.partition))
                if _is_shown(partition, reassignment, entries, live_brokers, report):
                    print(_partition_line(name, partition, reassignment, report))


def _is_own(entry: ConfigEntry, report: Report) -> bool:
    """Whether a setting is shown: those of the topic itself, since Kafka 3.0 those of the broker as well."""
    return entry.source == _OF_TOPIC if report.is_of_2_4 else not entry.is_default


def _topic_line(topic: TopicDescription, factor: int, own: list[ConfigEntry], report: Report) -> str:
    columns = [f"Topic: {topic.name}"]
    if topic.topic_id != ZERO_UUID and not report.is_of_2_4:
        columns.append(f"TopicId: {uuid_to_text(topic.topic_id)}")
    configs = ",".join(f"{entry.name}={entry.value}" for entry in own)
    columns += [f"PartitionCount: {len(topic.partitions)}", f"ReplicationFactor: {factor}", f"Configs: {configs}"]
    return "\t".join(columns)


def _partition_line(
    topic: str, partition: PartitionDescription, reassignment: Reassignment | None, report: Report
) -> str:
    columns = [
        f"\tTopic: {topic}",
        f"Partition: {partition.partition}",
        f"Leader: {'none' if partition.leader < 0 else partition.leader}",
        f"Replicas: {_ids(partition.replicas)}",
        f"Isr: {_ids(partition.isr)}",
    ]
    if reassignment is not None:
        columns.append(f"Adding Replicas: {_ids(reassignment.adding_replicas)}")
        columns.append(f"Removing Replicas: {_ids(reassignment.removing_replicas)}")
    if not report.is_of_2_4:
        columns.append(f"Elr: {_ids(partition.eligible_leader_replicas)}")
        columns.append(f"LastKnownElr: {_ids(partition.last_known_eligible_leader_replicas)}")
    return "\t".join(columns)


def _ids(brokers: list[int] | None) -> str:
    return "N/A" if brokers is None else ",".join(map(str, brokers))


def _is_shown(
    partition: PartitionDescription,
    reassignment: Reassignment | None,
    entries: list[ConfigEntry],
    live_brokers: set[int],
    report: Report,
) -> bool:
    if not report.is_of_replication:
        return True
    in_sync = len(partition.isr)
    min_isr = next(int(entry.value or 1) for entry in entries if entry.name == "min.insync.replicas")
    return (
        (report.under_replicated and _replication_factor(partition, reassignment) > in_sync)
        or (report.unavailable and partition.leader not in live_brokers)
        or (report.under_min_isr and (partition.leader < 0 or in_sync < min_isr))
        or (report.at_min_isr and in_sync == min_isr)
    )


def _replication_factor(partition: PartitionDescription, reassignment: Reassignment | None) -> int:
    """A partition that is being moved has more replicas than it will have (TopicCommand.getReplicationFactor)."""
    if reassignment is None:
        return len(partition.replicas)
    changing = {*reassignment.adding_replicas, *reassignment.removing_replicas}
    if changing.isdisjoint(partition.replicas):
        return len(partition.replicas)
    return len(reassignment.replicas) - len(reassignment.adding_replicas)
