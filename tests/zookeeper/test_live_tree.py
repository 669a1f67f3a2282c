"""When znodes are read from the brokers, and what is shown in between; answers are made up, and time stands still."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minikafka.client.cluster import Cluster
from minikafka.client.errors import BrokerUnreachable
from minikafka.clock import ManualClock
from minikafka.errors import TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_OR_PARTITION, ApiError
from minikafka.zookeeper import live_tree
from minikafka.zookeeper.cluster_state import NO_SETTINGS, BrokerState, PartitionState, Topology
from minikafka.zookeeper.live_tree import FRESH_MS, LiveTree

TOPOLOGY = Topology("id", 1, [BrokerState(1, "kafka", 9092, None)], {"t": {0: PartitionState(1, 0, [1], [1])}})


class Brokers:
    """``reads`` names what was read, in order; each takes ``reading_ms``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = ManualClock()
        self.reads: list[str] = []
        self.reading_ms = 0
        self.warnings: list[str] = []
        self.topology: Topology | Exception = TOPOLOGY
        self.failure: Exception | None = None
        monkeypatch.setattr(live_tree, "read_topology", lambda cluster: self._read("topology", lambda: self.topology))
        monkeypatch.setattr(
            live_tree, "read_settings", lambda cluster, _: self._read("settings", lambda: self.failure or NO_SETTINGS)
        )
        self.live = LiveTree(Cluster("kafka:9092"), self.clock, on_warning=self.warnings.append)

    def _read(self, what: str, answer: Callable[[], object]) -> object:
        self.reads.append(what)
        self.clock.advance(self.reading_ms)
        found = answer()
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    return Brokers(monkeypatch)


def test_what_is_fresh_is_not_read_again(brokers: Brokers) -> None:
    for _ in range(3):
        brokers.live.refresh("/brokers/topics")
    assert brokers.reads == ["topology"]
    brokers.clock.advance(FRESH_MS)
    brokers.live.refresh("/brokers/ids")
    assert brokers.reads == ["topology"] * 2
    brokers.live.expire()
    brokers.live.refresh("/brokers/ids")
    assert brokers.reads == ["topology"] * 3


def test_settings_are_read_for_who_asks_for_them(brokers: Brokers) -> None:
    brokers.live.refresh("/brokers/topics")
    brokers.live.refresh("/config/topics/t")
    assert brokers.reads == ["topology", "topology", "settings"]
    brokers.live.refresh("/config/topics/t")
    brokers.live.refresh("/brokers/topics")
    assert len(brokers.reads) == 3
    brokers.live.refresh("/consumers/g")
    assert len(brokers.reads) == 3


def test_what_takes_long_to_read_stays_fresh_for_longer(brokers: Brokers) -> None:
    brokers.reading_ms = 150
    brokers.live.refresh("/config/topics/t")
    brokers.clock.advance(2999)
    brokers.live.refresh("/config/topics/t")
    assert brokers.reads == ["topology", "settings"]
    brokers.clock.advance(1)
    brokers.live.refresh("/config/topics/t")
    assert len(brokers.reads) == 4


def test_topics_outlive_their_brokers(brokers: Brokers) -> None:
    brokers.live.refresh("/")
    brokers.topology = BrokerUnreachable("nobody there")
    for _ in range(3):
        brokers.clock.advance(FRESH_MS)
        brokers.live.refresh("/brokers/ids")
    assert brokers.live.tree.get("/brokers/ids/1") is None
    assert brokers.live.tree.get("/controller") is None
    assert brokers.live.tree.get("/brokers/topics/t") is not None
    assert brokers.warnings == ["The znodes cannot be read from the broker at kafka:9092: nobody there"]
    brokers.topology = TOPOLOGY
    brokers.clock.advance(FRESH_MS)
    brokers.live.refresh("/brokers/ids")
    assert brokers.live.tree.get("/brokers/ids/1") is not None
    assert brokers.warnings[1:] == ["The broker at kafka:9092 answers."]


def test_a_topic_that_goes_between_two_questions_is_no_failure(brokers: Brokers) -> None:
    brokers.failure = ApiError(UNKNOWN_TOPIC_OR_PARTITION)
    brokers.live.refresh("/config/topics/t")
    assert brokers.warnings == []
    assert brokers.live.tree.get("/brokers/ids/1") is not None
    brokers.failure = None
    brokers.live.refresh("/config/topics/t")
    assert brokers.reads == ["topology", "settings"] * 2


def test_a_broker_that_does_not_tell_is_named(brokers: Brokers) -> None:
    brokers.failure = ApiError(TOPIC_AUTHORIZATION_FAILED)
    brokers.live.refresh("/config/topics/t")
    assert brokers.warnings == [
        "The znodes cannot be read from the broker at kafka:9092: Topic authorization failed."
    ]
