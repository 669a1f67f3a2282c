"""Stock consumers of three libraries live through what happens to leaders and coordinators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import confluent_kafka
import kafka
import pytest

from minikafka import Broker
from tests.support.polling import wait_until

Disturb = Callable[[bool], None]
"""Told whether the client fetches all the time, or only when it is asked for a record."""

Consume = Callable[[Broker, Disturb], list[str]]
"""``consume(broker, disturb)``: read one record of topic t as group g, call ``disturb``, read one more, commit."""


def consume_kafka_python(broker: Broker, disturb: Disturb) -> list[str]:
    consumer = kafka.KafkaConsumer(
        "t",
        bootstrap_servers=broker.bootstrap_servers,
        group_id="g",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=10_000,
        retry_backoff_ms=10,
        reconnect_backoff_ms=10,
        fetch_max_wait_ms=50,
    )
    try:
        found = [next(consumer).value.decode()]
        disturb(False)
        found.append(next(consumer).value.decode())
        consumer.commit()
        return found
    finally:
        consumer.close()


def committed(consumer: confluent_kafka.Consumer) -> bool:
    """librdkafka tries a commit three times, within a few milliseconds here: too few for a coordinator that is loading
    on a busy machine."""
    try:
        consumer.commit(asynchronous=False)
    except confluent_kafka.KafkaException as failure:
        if failure.args[0].code() != confluent_kafka.KafkaError.COORDINATOR_LOAD_IN_PROGRESS:
            raise
        return False
    return True


def consume_confluent(broker: Broker, disturb: Disturb) -> list[str]:
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "fetch.error.backoff.ms": 10,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "topic.metadata.refresh.fast.interval.ms": 10,
        }
    )
    consumer.subscribe(["t"])

    def read() -> str:
        while True:
            message = consumer.poll(10)
            assert message is not None
            if message.error() is None:
                return str(message.value().decode())

    try:
        found = [read()]
        disturb(True)
        found.append(read())
        wait_until(lambda: committed(consumer), what="the commit")
        return found
    finally:
        consumer.close()


def consume_aiokafka(broker: Broker, disturb: Disturb) -> list[str]:
    from aiokafka import AIOKafkaConsumer

    async def consume() -> list[str]:
        consumer = AIOKafkaConsumer(
            "t",
            bootstrap_servers=broker.bootstrap_servers,
            group_id="g",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            retry_backoff_ms=10,
            fetch_max_wait_ms=50,
        )
        await consumer.start()
        try:
            found = [(await asyncio.wait_for(consumer.getone(), 10)).value.decode()]
            await asyncio.to_thread(disturb, False)
            found.append((await asyncio.wait_for(consumer.getone(), 10)).value.decode())
            await consumer.commit()
            return found
        finally:
            await consumer.stop()

    return asyncio.run(consume())


@pytest.fixture
def broker() -> Broker:
    return Broker(requests_kept=1000)


@pytest.mark.parametrize("consume", [consume_kafka_python, consume_confluent, consume_aiokafka])
class TestConsumers:
    def test_the_leader_moves(self, broker: Broker, consume: Consume) -> None:
        def move(is_fetching: bool) -> None:
            broker.faults.move_leader("t")
            if is_fetching:
                broker.requests.wait_for("FETCH", error="NOT_LEADER_OR_FOLLOWER", topic="t")
            broker.produce("t", "after")

        with broker:
            broker.seed({"t": ["before"]})
            assert consume(broker, move) == ["before", "after"]

    def test_fetches_fail_for_a_while(self, broker: Broker, consume: Consume) -> None:
        def fail(is_fetching: bool) -> None:
            broker.faults.fail("FETCH", "KAFKA_STORAGE_ERROR", topic="t", partition=0, times=2)
            if is_fetching:
                broker.requests.wait_for("FETCH", 2, error="KAFKA_STORAGE_ERROR")
            broker.produce("t", "after")

        with broker:
            broker.seed({"t": ["before"]})
            assert consume(broker, fail) == ["before", "after"]
            assert broker.requests.count("FETCH", error="KAFKA_STORAGE_ERROR") == 2

    def test_connections_are_cut(self, broker: Broker, consume: Consume) -> None:
        def cut(is_fetching: bool) -> None:
            broker.faults.disconnect()
            broker.produce("t", "after")

        with broker:
            broker.seed({"t": ["before"]})
            assert consume(broker, cut) == ["before", "after"]

    def test_the_coordinator_moves_before_a_commit(self, broker: Broker, consume: Consume) -> None:
        asked = 0

        def move(is_fetching: bool) -> None:
            nonlocal asked
            broker.produce("t", "after")
            asked = broker.requests.count("FIND_COORDINATOR")
            broker.faults.move_coordinator(group="g")

        with broker:
            broker.requests.keep(100_000)
            broker.seed({"t": ["before"]})
            assert consume(broker, move) == ["before", "after"]
            assert broker.committed_offsets("g") == {("t", 0): 2}
            # Not NOT_COORDINATOR: librdkafka also asks now and then, and may do so before its commit.
            assert broker.requests.count("FIND_COORDINATOR") > asked
