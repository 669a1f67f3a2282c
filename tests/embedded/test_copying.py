"""Seeding from another Kafka: what it has, and where its groups were."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka import KafkaProducer

from minikafka import Broker
from minikafka.client.cluster import Cluster
from minikafka.embedded import copying
from minikafka.embedded.plain_types import CommittedOffset
from minikafka.protocol.messages import DeleteRecordsRequest

Source = Any
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def original() -> Iterator[Broker]:
    with Broker(num_partitions=2) as running:
        yield running


@pytest.fixture
def source(original: Broker) -> Broker:
    original.reset()
    return original


@pytest.fixture(params=["broker", "address", "cluster"])
def given(request: pytest.FixtureRequest, source: Broker) -> Iterator[Callable[[], Source]]:
    with ExitStack() as opened:
        yield {
            "broker": lambda: source,
            "address": lambda: f"kafka://{source.bootstrap_servers}",
            "cluster": lambda: opened.enter_context(Cluster(source.bootstrap_servers)),
        }[request.param]


def delete_records(broker: Broker, topic: str, offset: int) -> None:
    partition = DeleteRecordsRequest.DeleteRecordsPartition(partition_index=0, offset=offset)
    wanted = DeleteRecordsRequest.DeleteRecordsTopic(name=topic, partitions=[partition])
    broker.call(DeleteRecordsRequest(topics=[wanted], timeout_ms=1000))


def test_topics_settings_and_records(source: Broker, given: Callable[[], Source], broker: Broker) -> None:
    configs = {"cleanup.policy": "compact", "max.message.bytes": "2000", "message.timestamp.type": "LogAppendTime"}
    source.create_topic("strict", 3, {**configs, "message.timestamp.before.max.ms": HOUR_MS})
    source.produce("strict", "v", key="k", headers={"h": b"\xff", "none": None}, partition=2, timestamp=99)
    source.create_topic("empty", 4)
    source.produce("plain", None, key=b"gone", headers=[("h", "1"), ("h", "2")], timestamp=99, partition=1)
    source.produce("plain", b"x" * 600_000, partition=0, timestamp=source.now_ms() + 2 * HOUR_MS // 4)
    for number in range(500):
        source.produce("plain", str(number), partition=0)
    broker.seed(given())
    assert broker.topics() == {"empty": 4, "plain": 2, "strict": 3}
    for topic in broker.topics():
        assert broker.records(topic) == source.records(topic)
        assert broker.topic_configs(topic) == source.topic_configs(topic)
    with pytest.raises(Exception, match="Compacted topic"):
        broker.produce("strict", "v")


def test_groups_go_on_with_the_same_record(source: Broker, given: Callable[[], Source], broker: Broker) -> None:
    source.seed({"t": {"partitions": 2, "records": [{"value": str(n), "partition": 0} for n in range(10)]}})
    producer = KafkaProducer(bootstrap_servers=source.bootstrap_servers, transactional_id="tx")
    producer.init_transactions()
    for end in (producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        producer.send("t", end.__name__.encode(), partition=0).get(10)
        end()
    producer.begin_transaction()
    producer.send("t", b"open", partition=0).get(10)
    delete_records(source, "t", 4)
    at = {"before": 0, "first": 4, "middle": 7, "aborted": 11, "committed": 12, "end": 14}
    for group, offset in at.items():
        source.commit_offsets(group, {("t", 0): CommittedOffset(offset, f"of {group}"), ("t", 1): 0})
    broker.seed(given())
    assert [record.text for record in broker.records("t")] == [*"456789", "commit_transaction"]
    assert {group: broker.commits(group)["t", 0] for group in at} == {
        "before": (0, "of before"),
        "first": (0, "of first"),
        "middle": (3, "of middle"),
        "aborted": (6, "of aborted"),
        "committed": (6, "of committed"),
        "end": (7, "of end"),
    }
    assert broker.committed_offsets("middle")["t", 1] == 0
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "middle"})
    consumer.assign([TopicPartition("t", 0)])
    message = consumer.poll(10)
    assert message.value() == b"7"
    consumer.close()
    producer.abort_transaction()
    producer.close()


def test_only_some_topics(source: Broker, given: Callable[[], Source], broker: Broker) -> None:
    source.seed({"a": ["1"], "b": ["2"], "c": ["3"]})
    source.commit_offsets("g", {("a", 0): 1, ("b", 0): 1})
    source.commit_offsets("other", {("b", 0): 1})
    broker.seed(given(), topics=["a", "c"])
    assert list(broker.topics()) == ["a", "c"]
    assert broker.groups() == {"g": "Empty"}
    assert broker.committed_offsets("g") == {("a", 0): 1}
    with pytest.raises(ValueError, match="there is no topic d to copy, only a, b, c"):
        broker.seed(given(), topics=["a", "d"])


def test_a_topic_that_is_there_already(source: Broker, broker: Broker) -> None:
    source.seed({"same": {"partitions": 2, "configs": {"retention.ms": 5}, "records": [("k", "1"), ("k", "2")]}})
    source.seed({"fewer": {"partitions": 4, "records": [(str(n), str(n)) for n in range(20)]}})
    [index] = {record.partition for record in source.records("same")}
    source.commit_offsets("g", {("same", index): 1, ("fewer", 3): 1})
    broker.create_topic("same", 2, retention_ms=77)
    broker.produce("same", "0", partition=index)
    broker.create_topic("fewer", 2)
    broker.seed(source)
    assert [record.text for record in broker.records("same")] == ["0", "1", "2"]
    assert broker.topic_configs("same") == {"retention.ms": "77"}
    assert broker.committed_offsets("g") == {("same", index): 2}
    expected = {str(n): broker.produce("fewer", "again", key=str(n)).partition for n in range(20)}
    copied = {record.text: record.partition for record in broker.records("fewer") if record.text != "again"}
    assert copied == expected


def test_settings_that_make_no_sense_here(
    source: Broker, broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source.create_topic("t")
    found = {"min.insync.replicas": "2", "retention.ms": "5", "vendor.key": "on"}
    monkeypatch.setattr(source, "topic_configs", lambda topic: found)
    with caplog.at_level(logging.WARNING, copying.log.name):
        broker.seed(source)
    assert broker.topic_configs("t") == {"retention.ms": "5"}
    assert caplog.messages == ["the topic t has vendor.key=on, which this broker does not know: left out"]


def test_topics_are_for_another_broker(broker: Broker) -> None:
    with pytest.raises(ValueError, match="topics= is for another broker"):
        broker.seed({"a": ["1"], "b": ["2"]}, topics=["a"])


def test_offsets_can_be_committed_without_a_consumer(broker: Broker) -> None:
    broker.seed({"t": ["a", "b", "c"]})
    broker.commit_offsets("g", {("t", 0): 2})
    assert broker.committed_offsets("g") == {("t", 0): 2}
    assert broker.lag("g") == {("t", 0): 1}
    assert broker.end_offsets("t") == {0: 3}
    with pytest.raises(Exception, match="the offset of 'g' in none-0"):
        broker.commit_offsets("g", {("none", 0): 2})


def test_settings_are_changed_and_taken_back(broker: Broker) -> None:
    broker.create_topic("t", retention_ms=5)
    broker.configure_topic("t", {"cleanup.policy": "compact"}, retention_ms=None, preallocate=True)
    assert broker.topic_configs("t") == {"cleanup.policy": "compact", "preallocate": "true"}
    with pytest.raises(Exception, match="retention"):
        broker.configure_topic("t", retention_ms="soon")
