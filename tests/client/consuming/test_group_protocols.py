"""Consumers of groups of both protocols and all strategies: they share, take over, and commit what they read."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from minikafka.broker import Broker
from minikafka.client.admin.group_offsets import fetch_offsets
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.consuming import assignors
from minikafka.client.consuming.consumer import Consumer, ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import TopicPartition
from minikafka.client.producing.producer import Producer

SETTINGS = ConsumerSettings(auto_offset_reset="earliest", fetch=FetchSettings(max_wait_ms=20))
KINDS = [
    pytest.param({"protocol": "consumer"}, id="consumer"),
    pytest.param({"protocol": "consumer", "remote_assignor": "range"}, id="consumer-range"),
    *(pytest.param({"assignors": (name,)}, id=name) for name in assignors.NAMES),
]
DEADLINE_S = 20.0


class Member:
    """A consumer, and what the group told it."""

    def __init__(self, cluster: Cluster, group_id: str, topic: str, kind: dict[str, object]) -> None:
        self.told: list[tuple[str, int]] = []
        settings = GroupSettings(group_id, heartbeat_interval_ms=50, **kind)  # type: ignore[arg-type]
        self.consumer = Consumer(
            cluster,
            SETTINGS,
            settings,
            on_assigned=lambda partitions: self._note("assigned", partitions),
            on_revoked=lambda partitions: self._note("revoked", partitions),
        )
        self.consumer.subscribe([topic])
        self.values: list[bytes | None] = []

    def _note(self, what: str, partitions: list[TopicPartition]) -> None:
        self.told.append((what, len(partitions)))

    def poll(self) -> None:
        self.consumer.poll(0.05)
        self.values += [fetched.record.value for _, fetched in self.consumer.take_many(1000)]


def poll_until(members: list[Member], shares: list[int]) -> None:
    """Until the members have so many partitions each."""
    deadline = time.monotonic() + DEADLINE_S
    while sorted(len(member.consumer.assignment) for member in members) != shares:
        assert time.monotonic() < deadline, [member.consumer.assignment for member in members]
        for member in members:
            member.poll()


def topic_of(cluster: Cluster, name: str, count: int) -> str:
    create_topic(cluster, name, partitions=4)
    producer = Producer(cluster)
    for number in range(count):
        producer.send(name, b"%d" % number, partition=number % 4)
    producer.flush()
    return name


@pytest.mark.parametrize("kind", KINDS)
def test_one_member(cluster: Cluster, kind: dict[str, object], request: pytest.FixtureRequest) -> None:
    name = f"one-{request.node.callspec.id}"
    topic = topic_of(cluster, name, 8)
    first = Member(cluster, name, topic, kind)
    deadline = time.monotonic() + DEADLINE_S
    while len(first.values) < 8:
        assert time.monotonic() < deadline
        first.poll()
    first.consumer.close()
    assert first.told == [("assigned", 4), ("revoked", 4)]
    committed = fetch_offsets(GroupCoordinator(cluster, name), None)
    assert {where: each.offset for where, each in committed.items()} == {(topic, index): 2 for index in range(4)}
    second = Member(cluster, name, topic, kind)
    poll_until([second], [4])
    second.poll()
    assert second.values == []
    second.consumer.close()


@pytest.fixture
def brisk_cluster() -> Iterator[Cluster]:
    """With a heartbeat every 50 ms, in whose answers the broker says what has moved."""
    settings = {"group_consumer_heartbeat_interval_ms": 50, "group_consumer_min_heartbeat_interval_ms": 50}
    with Broker(**settings) as broker, Cluster(broker.bootstrap_servers) as cluster:
        yield cluster


def test_the_broker_moves_partitions_between_members(brisk_cluster: Cluster) -> None:
    cluster = brisk_cluster
    topic = topic_of(cluster, "moved", 400)
    kind: dict[str, object] = {"protocol": "consumer"}
    first = Member(cluster, "moving", topic, kind)
    poll_until([first], [4])
    first.poll()
    second = Member(cluster, "moving", topic, kind)
    poll_until([first, second], [2, 2])
    first.consumer.close()
    poll_until([second], [4])
    deadline = time.monotonic() + DEADLINE_S
    while len(first.values) + len(second.values) < 400:
        assert time.monotonic() < deadline
        second.poll()
    # What the first one read was committed before its partitions went: nothing comes twice.
    assert len(first.values + second.values) == len({*first.values, *second.values}) == 400
    second.consumer.close()
