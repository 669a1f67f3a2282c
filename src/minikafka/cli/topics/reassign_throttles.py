"""How fast replicas may be moved: set for the brokers and topics of a reassignment, and taken away after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from minikafka.client.admin.configs import BROKER, DELETE, SET, TOPIC, Change, Resource, alter_configs
from minikafka.client.admin.reassignments import Reassignment
from minikafka.client.cluster import Cluster
from minikafka.client.leaders import TopicPartition
from minikafka.named_tuple import NamedTuple

_BETWEEN_BROKERS: Final = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")
_BETWEEN_LOG_DIRS: Final = "replica.alter.log.dirs.io.max.bytes.per.second"
_LEADER_REPLICAS: Final = "leader.replication.throttled.replicas"
_FOLLOWER_REPLICAS: Final = "follower.replication.throttled.replicas"


class Move(NamedTuple):
    """From where, and to where besides."""

    sources: set[int]
    destinations: set[int]


def moves_of(
    ongoing: Mapping[TopicPartition, Reassignment],
    proposed: Mapping[TopicPartition, Sequence[int]],
    current: Mapping[TopicPartition, Sequence[int]],
) -> dict[TopicPartition, Move]:
    """What is being moved, and what is to be."""
    moves = {
        where: Move(set(each.replicas) - set(each.adding_replicas), set(each.adding_replicas))
        for where, each in ongoing.items()
    }
    for where, replicas in proposed.items():
        sources = moves[where].sources if where in moves else set(current[where])
        moves[where] = Move(sources, set(replicas) - sources)
    return moves


def throttle_moves(cluster: Cluster, moves: Mapping[TopicPartition, Move], bytes_per_s: int) -> None:
    """Raises ApiError, ClientError."""
    for topic in sorted({topic for topic, _ in moves}):
        of_topic = {index: move for (name, index), move in moves.items() if name == topic}
        leaders = {f"{index}:{broker}" for index, move in of_topic.items() for broker in move.sources}
        followers = {f"{index}:{broker}" for index, move in of_topic.items() for broker in move.destinations}
        changes = [
            Change(_LEADER_REPLICAS, SET, ",".join(sorted(leaders))),
            Change(_FOLLOWER_REPLICAS, SET, ",".join(sorted(followers))),
        ]
        alter_configs(cluster, Resource(TOPIC, topic), changes)
    for broker in sorted({broker for move in moves.values() for broker in move.sources | move.destinations}):
        changes = [Change(key, SET, str(bytes_per_s)) for key in _BETWEEN_BROKERS]
        alter_configs(cluster, Resource(BROKER, str(broker)), changes)
    print(f"The inter-broker throttle limit was set to {bytes_per_s} B/s")


def throttle_log_dirs(cluster: Cluster, broker_ids: Iterable[int], bytes_per_s: int) -> None:
    """Raises ApiError, ClientError."""
    for broker in sorted(set(broker_ids)):
        alter_configs(cluster, Resource(BROKER, str(broker)), [Change(_BETWEEN_LOG_DIRS, SET, str(bytes_per_s))])
    print(f"The replica-alter-dir throttle limit was set to {bytes_per_s} B/s")


def clear_throttles(cluster: Cluster, broker_ids: Iterable[int], topics: Iterable[str]) -> None:
    """Raises ApiError, ClientError."""
    brokers, names = sorted(set(broker_ids)), sorted(set(topics))
    print(f"Clearing broker-level throttles on broker{_plural(brokers)} {','.join(map(str, brokers))}")
    for broker in brokers:
        changes = [Change(key, DELETE, None) for key in (*_BETWEEN_BROKERS, _BETWEEN_LOG_DIRS)]
        alter_configs(cluster, Resource(BROKER, str(broker)), changes)
    print(f"Clearing topic-level throttles on topic{_plural(names)} {','.join(names)}")
    for topic in names:
        changes = [Change(key, DELETE, None) for key in (_LEADER_REPLICAS, _FOLLOWER_REPLICAS)]
        alter_configs(cluster, Resource(TOPIC, topic), changes)


def _plural(things: Sequence[object]) -> str:
    return "" if len(things) == 1 else "s"
