"""Partitions as tools take them: ``TOPIC`` for all it has, or ``TOPIC:0,1,2``; and whether they can be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from minikafka.cli.toolkit.options import UsageError
from minikafka.client.admin.topics import describe_topics
from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition


def named_partitions(topic: str) -> list[TopicPartition]:
    """The partitions of ``TOPIC:0,1,2``. Raises UsageError."""
    name, colon, indexes = topic.partition(":")
    if not colon or not indexes or ":" in indexes:
        raise UsageError(f"Invalid topic arg '{topic}', expected topic name and partitions")
    found = []
    for text in indexes.rstrip(",").split(","):
        try:
            found.append((name, int(text)))
        except ValueError:
            raise UsageError(f"Invalid partition '{text}' specified in topic arg '{topic}''") from None
    return found


def chosen_partitions(cluster: Cluster, topics: Sequence[str]) -> list[TopicPartition]:
    """What ``topics`` stand for. Raises UsageError, ApiError for a topic that is not there, ClientError."""
    chosen = [where for topic in topics if ":" in topic for where in named_partitions(topic)]
    whole = describe_topics(cluster, [topic for topic in topics if ":" not in topic])
    chosen += [(name, part.partition) for name, topic in whole.items() for part in topic.partitions]
    return list(dict.fromkeys(chosen))


def check_partitions(cluster: Cluster, partitions: Iterable[TopicPartition]) -> None:
    """Raises ClientError where some are not there, or have no leader, and ApiError for a missing topic."""
    partitions = list(partitions)
    leaders = _leaders(cluster, partitions)
    missing = [where for where in partitions if where not in leaders]
    if missing:
        raise ClientError(f'The partitions "{_joined(missing)}" do not exist')
    idle = [where for where in partitions if leaders[where] < 0]
    if idle:
        raise ClientError(f'The partitions "{_joined(idle)}" have no leader')


def without_leader(cluster: Cluster, partitions: Collection[TopicPartition]) -> set[TopicPartition]:
    """Those of ``partitions`` that nobody leads at the moment. Raises ApiError for a missing topic, ClientError."""
    leaders = _leaders(cluster, partitions)
    return {where for where in partitions if leaders.get(where, 0) < 0}


def _leaders(cluster: Cluster, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    topics = describe_topics(cluster, {topic for topic, _ in partitions})
    return {(name, part.partition): part.leader for name, topic in topics.items() for part in topic.partitions}


def _joined(partitions: Iterable[TopicPartition]) -> str:
    return ",".join(f"{topic}-{index}" for topic, index in partitions)
