"""Who waits is woken by what happens, and asks the broker for nothing meanwhile: here, and in a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka import KafkaProducer

from minikafka import Broker
from minikafka.embedded.watches import Watch
from tests.support.polling import wait_until

LONG_S = 30.0
"""Longer than a test may take: who is not woken fails it."""


class CountingBroker(Broker):
    """Knows how often it was asked, and who waits."""

    calls = 0
    looks = 0
    waiting = 0

    def call(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        return super().call(*arguments, **named)

    def partition_count(self, *arguments: Any, **named: Any) -> int:
        self.looks += 1
        return super().partition_count(*arguments, **named)

    def watch(self, *arguments: Any) -> Any:
        return CountedWatch(self, super().watch(*arguments))


class CountedWatch:
    def __init__(self, broker: CountingBroker, watch: Watch) -> None:
        self.broker = broker
        self.watch = watch
        self.close = watch.close

    def wait(self, timeout_s: float) -> None:
        self.broker.waiting += 1
        self.watch.wait(timeout_s)
        self.broker.waiting -= 1


@pytest.fixture
def waiting() -> Iterator[Callable[..., Future[Any]]]:
    """Runs a call on a thread, where it may wait: until the broker is stopped, at most."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


@pytest.fixture(params=[False, True], ids=["thread", "process"])
def broker(request: pytest.FixtureRequest, waiting: Callable[..., Future[Any]]) -> Iterator[CountingBroker]:
    with CountingBroker(process=request.param) as running:
        assert isinstance(running, CountingBroker)
        yield running


def wait_until_idle(broker: CountingBroker, waiting: int = 1) -> None:
    """Until so many wait."""
    wait_until(lambda: broker.waiting == waiting, what=f"{waiting} wait")


def test_nobody_asks_while_nothing_happens(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    broker.create_topic("t")
    broker.create_topic("busy")
    others = [
        waiting(broker.wait_for, "t", 1, timeout_s=LONG_S),
        waiting(broker.wait_for_group, "g", timeout_s=LONG_S),
        waiting(next, broker.follow("t", timeout_s=LONG_S)),
    ]
    wait_until_idle(broker, 3)
    before = broker.calls
    for _ in range(200):
        broker.produce("busy", "v", partition=0)
    # In a process of its own, a broker makes sure that nothing came between the first look and the watch.
    assert broker.calls - before <= 200 + 3 * 4, "they look once more at most"
    broker.produce("t", "v", partition=0)
    assert [record.text for record in others[0].result(LONG_S)] == ["v"]
    assert others[2].result(LONG_S).text == "v"
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "g"})
    consumer.subscribe(["t"])
    wait_until(lambda: consumer.poll(0.01) or others[1].done(), what="the group is stable")
    assert others[1].result().members[0].partitions == [("t", 0)]
    consumer.close()


def test_records_that_come(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    awaited = waiting(broker.wait_for, "later", lambda record: record.text == "2", timeout_s=LONG_S)
    followed = broker.follow("later", timeout_s=LONG_S)
    first = waiting(next, followed)
    wait_until_idle(broker, 2)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    for number in range(3):
        producer.send("later", str(number).encode())
    producer.close()
    assert [record.text for record in awaited.result(LONG_S)] == ["2"]
    assert first.result(LONG_S).text == "0"
    assert [next(followed).text, next(followed).text] == ["1", "2"]
    followed.close()


def test_a_partition_that_is_added(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    from minikafka.protocol.messages import CreatePartitionsRequest

    broker.create_topic("t")
    awaited = waiting(broker.wait_for, "t", timeout_s=LONG_S)
    wait_until_idle(broker)
    wanted = CreatePartitionsRequest.CreatePartitionsTopic(name="t", count=2, assignments=None)
    broker.call(CreatePartitionsRequest(topics=[wanted], timeout_ms=1000))
    broker.produce("t", "v", partition=1)
    assert [record.partition for record in awaited.result(LONG_S)] == [1]


def test_a_transaction_that_is_committed(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, transactional_id="tx")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("t", b"v").get(10)
    awaited = waiting(broker.wait_for, "t", committed_only=True, timeout_s=LONG_S)
    wait_until_idle(broker)
    assert not awaited.done()
    producer.commit_transaction()
    producer.close()
    assert [record.text for record in awaited.result(LONG_S)] == ["v"]


def test_offsets_that_are_committed(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    broker.seed({"t": ["a", "b"]})
    done = waiting(broker.wait_for_lag, "g", topic="t", timeout_s=LONG_S)
    almost = waiting(broker.wait_for_lag, "g", 1, timeout_s=LONG_S)
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "g"})
    consumer.commit(offsets=[TopicPartition("t", 0, 1)], asynchronous=False)
    assert almost.result(LONG_S) == {("t", 0): 1}
    wait_until_idle(broker)
    consumer.commit(offsets=[TopicPartition("t", 0, 2)], asynchronous=False)
    assert done.result(LONG_S) == {("t", 0): 0}
    consumer.close()


def test_a_state_that_is_restored(broker: CountingBroker, waiting: Callable[..., Future[Any]]) -> None:
    broker.seed({"t": ["a"]})
    snapshot = broker.snapshot()
    broker.reset()
    awaited = waiting(broker.wait_for, "t", timeout_s=LONG_S)
    wait_until_idle(broker)
    broker.restore(snapshot)
    assert [record.text for record in awaited.result(LONG_S)] == ["a"]


@pytest.mark.parametrize("end", [Broker.stop, Broker.kill])
def test_a_broker_that_goes(
    broker: CountingBroker, waiting: Callable[..., Future[Any]], end: Callable[[Broker], None]
) -> None:
    awaited = waiting(broker.wait_for, "t", timeout_s=LONG_S)
    wait_until_idle(broker)
    end(broker)
    with pytest.raises(RuntimeError, match="the broker is not running"):
        awaited.result(LONG_S)


def test_a_busy_topic_is_looked_at_now_and_then(waiting: Callable[..., Future[Any]]) -> None:
    with CountingBroker() as broker:
        assert isinstance(broker, CountingBroker)
        broker.create_topic("t")
        awaited = waiting(broker.wait_for, "t", 2000, timeout_s=LONG_S)
        started = time.monotonic()
        for _ in range(2000):
            broker.produce("t", "v", partition=0)
        assert len(awaited.result(LONG_S)) == 2000
        assert broker.looks <= 3 + (time.monotonic() - started) / 0.002


def test_nobody_is_left_watching(broker: CountingBroker) -> None:
    for _ in range(20):
        with pytest.raises(TimeoutError):
            broker.wait_for("t", timeout_s=0)
    assert list(broker.follow("t", timeout_s=0)) == []
    keeper = broker._keeper
    if keeper is not None:
        wait_until(lambda: not keeper.watches._watched, what="the watches are gone")
        assert len(keeper.running.services.purgatory) == 0
    assert not [thread for thread in threading.enumerate() if "watch" in thread.name.lower()]
