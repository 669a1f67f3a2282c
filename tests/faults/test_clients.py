"""Stock clients live through faults, or make what a fault is known to make of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import confluent_kafka
import kafka
import pytest

from minikafka import Broker
from minikafka.faults import Fault
from tests.support.polling import wait_until


def texts(broker: Broker, topic: str = "t", *, committed_only: bool = False) -> list[str]:
    return [record.text for record in broker.records(topic, committed_only=committed_only)]


Send = Callable[[Broker, str, bool], None]
"""``send(broker, text, is_idempotent)``: one record to topic t, and wait until it is acknowledged."""


def send_kafka_python(broker: Broker, text: str, is_idempotent: bool) -> None:
    producer = kafka.KafkaProducer(
        bootstrap_servers=broker.bootstrap_servers,
        enable_idempotence=is_idempotent,
        retry_backoff_ms=10,
        reconnect_backoff_ms=10,
    )
    try:
        producer.send("t", text.encode(), partition=0).get(timeout=10)
    finally:
        producer.close()


def send_confluent(broker: Broker, text: str, is_idempotent: bool) -> None:
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "enable.idempotence": is_idempotent,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "linger.ms": 0,
        }
    )
    errors: list[Any] = []
    producer.produce("t", text, partition=0, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(10) == 0
    assert errors == [None]


def send_aiokafka(broker: Broker, text: str, is_idempotent: bool) -> None:
    from aiokafka import AIOKafkaProducer

    async def send() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap_servers, enable_idempotence=is_idempotent, retry_backoff_ms=10
        )
        await producer.start()
        try:
            await producer.send_and_wait("t", text.encode(), partition=0)
        finally:
            await producer.stop()

    asyncio.run(send())


SENDERS = [send_kafka_python, send_confluent, send_aiokafka]


@pytest.fixture
def topic(broker: Broker) -> None:
    broker.create_topic("t")


@pytest.mark.usefixtures("topic")
@pytest.mark.parametrize("send", SENDERS)
class TestProducers:
    def test_an_idempotent_producer_survives_a_lost_answer(self, broker: Broker, send: Send) -> None:
        with broker.faults.drop_after("PRODUCE", times=1, required=True):
            send(broker, "once", True)
        assert texts(broker) == ["once"]
        assert broker.requests.count("PRODUCE") == 2

    def test_another_producer_writes_twice(self, broker: Broker, send: Send) -> None:
        with broker.faults.drop_after("PRODUCE", times=1, required=True):
            send(broker, "twice", False)
        assert texts(broker) == ["twice", "twice"]

    def test_a_request_that_was_never_worked_on_is_sent_again(self, broker: Broker, send: Send) -> None:
        with broker.faults.drop_before("PRODUCE", times=1, required=True):
            send(broker, "once", False)
        assert texts(broker) == ["once"]

    def test_errors_that_pass(self, broker: Broker, send: Send) -> None:
        with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", times=2, required=True):
            send(broker, "late", True)
        assert texts(broker) == ["late"]

    def test_the_leader_moves(self, broker: Broker, send: Send) -> None:
        with broker.faults.fail("PRODUCE", "NOT_LEADER_OR_FOLLOWER", topic="t", partition=0, times=1, required=True):
            send(broker, "moved", True)
        assert texts(broker) == ["moved"]


# Five requests in flight to several partitions would not do: what follows a refused batch is out of order, librdkafka
# then raises the epoch for all partitions at once, and sends what may have been written elsewhere as something new.
@pytest.mark.parametrize(("partitions", "in_flight"), [(1, 5), (2, 1)])
def test_an_idempotent_producer_loses_and_doubles_nothing_whatever_happens(
    broker: Broker, partitions: int, in_flight: int
) -> None:
    broker.create_topic("t", partitions)
    faults = broker.faults
    kinds: list[Callable[[], Fault]] = [
        lambda: faults.drop_before("PRODUCE", times=1),
        lambda: faults.drop_after("PRODUCE", times=1),
        lambda: faults.cut_answer("PRODUCE", times=1),
        lambda: faults.delay("PRODUCE", 5, times=1),
        lambda: faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", topic="t", partition=0, times=1),
        lambda: faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", after_work=True, times=1),
    ]
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "enable.idempotence": True,
            "retry.backoff.ms": 5,
            "reconnect.backoff.ms": 5,
            "reconnect.backoff.max.ms": 10,
            "linger.ms": 0,
            "max.in.flight.requests.per.connection": in_flight,
        }
    )
    errors: list[Any] = []
    sent: list[list[str]] = [[] for _ in range(partitions)]

    def send() -> None:
        for partition in range(partitions):
            sent[partition].append(str(len(sent[partition])))
            producer.produce("t", sent[partition][-1], partition=partition, on_delivery=lambda e, _: errors.append(e))
        producer.poll(0)

    send()
    producer.flush(10)
    for kind in [*kinds, *kinds]:
        with kind() as fault:
            wait_until(lambda fault=fault: send() or fault.hits, what=str(fault))
        with faults.leader_unavailable("t", partitions - 1), faults.fill_disk():
            send()
    assert producer.flush(20) == 0
    assert set(errors) == {None}
    for partition in range(partitions):
        assert [record.text for record in broker.records("t") if record.partition == partition] == sent[partition]


def test_an_answer_that_is_cut_and_one_that_is_garbled(broker: Broker) -> None:
    broker.create_topic("t")
    for send, fault in ((send_confluent, broker.faults.cut_answer), (send_kafka_python, broker.faults.garble)):
        with fault("PRODUCE", times=1, required=True):
            send(broker, "v", True)
    assert texts(broker) == ["v", "v"]


@contextmanager
def confluent_consumer(broker: Broker, **settings: Any) -> Iterator[Any]:
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": "g",
            "client.id": "reader",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "fetch.error.backoff.ms": 10,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "topic.metadata.refresh.fast.interval.ms": 10,
            "heartbeat.interval.ms": 100,
            **settings,
        }
    )
    consumer.subscribe(["t"])
    try:
        yield consumer
    finally:
        consumer.close()


def read(consumer: Any, count: int) -> list[str]:
    """So many texts; errors that the client tells of and goes on after do not count."""
    found: list[str] = []

    def all_read() -> bool:
        message = consumer.poll(0.02)
        if message is not None and message.error() is None:
            found.append(message.value().decode())
        return len(found) >= count

    wait_until(all_read, what=f"{count} records are read")
    return found


class TestConsumers:
    def test_it_rides_over_a_leader_that_moves(self, broker: Broker) -> None:
        broker.seed({"t": ["a"]})
        with confluent_consumer(broker) as consumer:
            assert read(consumer, 1) == ["a"]
            with broker.faults.move_leader("t"):
                broker.requests.wait_for("FETCH", error="NOT_LEADER_OR_FOLLOWER", topic="t")
                broker.produce("t", "b")
                assert read(consumer, 1) == ["b"]

    def test_it_waits_for_a_leader(self, broker: Broker) -> None:
        broker.seed({"t": ["a"]})
        with confluent_consumer(broker) as consumer:
            assert read(consumer, 1) == ["a"]
            with broker.faults.leader_unavailable("t"):
                broker.requests.wait_for("FETCH", error="NOT_LEADER_OR_FOLLOWER", topic="t")
            broker.produce("t", "b")
            assert read(consumer, 1) == ["b"]

    def test_a_commit_goes_to_the_new_coordinator(self, broker: Broker) -> None:
        broker.requests.keep(100_000)  # librdkafka may take 45 s to commit, and fetches and heartbeats meanwhile.
        broker.seed({"t": ["a"]})
        with confluent_consumer(broker) as consumer:
            read(consumer, 1)
            with broker.faults.fail("OFFSET_COMMIT", "NOT_COORDINATOR", group="g", times=1, required=True):
                [committed] = consumer.commit(asynchronous=False)
            assert committed.error is None
        assert broker.committed_offsets("g") == {("t", 0): 1}
        assert broker.requests.count("OFFSET_COMMIT", error="NOT_COORDINATOR") == 1

    def test_a_rebalance_and_an_expired_session(self, broker: Broker) -> None:
        broker.seed({"t": ["a"]})
        with confluent_consumer(broker) as consumer:
            read(consumer, 1)
            [before] = broker.wait_for_group("g").members
            for disturb in (broker.faults.rebalance, broker.faults.expire_member):
                joins = broker.requests.count("JOIN_GROUP")
                disturb("g")
                wait_until(
                    lambda joins=joins: consumer.poll(0.02) or broker.requests.count("JOIN_GROUP") > joins,
                    what="the member has joined again",
                )
            wait_until(lambda: consumer.poll(0.02) or broker.members("g"), what="there is a member")
            assert broker.wait_for_group("g").members[0].member_id != before.member_id

    def test_a_corrupt_batch_is_found(self, broker: Broker) -> None:
        broker.seed({"t": ["a"]})
        consumer = kafka.KafkaConsumer(
            "t", bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=2000
        )
        try:
            with broker.faults.corrupt_batch("t"), pytest.raises(kafka.errors.CorruptRecordError):
                next(consumer)
        finally:
            consumer.close()


def transactional_producer(broker: Broker, transactional_id: str = "tx") -> Any:
    return confluent_kafka.Producer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "transactional.id": transactional_id,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "linger.ms": 0,
        }
    )


class TestTransactions:
    def test_a_producer_that_is_fenced_cannot_commit(self, broker: Broker) -> None:
        broker.create_topic("t")
        producer = transactional_producer(broker)
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.produce("t", "lost")
        producer.flush(10)
        with (
            broker.faults.fail("END_TXN", "INVALID_PRODUCER_EPOCH", transactional_id="tx", times=1, required=True),
            pytest.raises(confluent_kafka.KafkaException) as fenced,
        ):
            producer.commit_transaction(10)
        assert fenced.value.args[0].fatal()
        transactional_producer(broker).init_transactions(10)  # the next one aborts what the last one left
        assert texts(broker, committed_only=True) == []

    def test_the_answer_to_a_commit_is_lost(self, broker: Broker) -> None:
        broker.create_topic("t")
        producer = transactional_producer(broker)
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.produce("t", "kept")
        with broker.faults.drop_after("END_TXN", times=1, required=True):
            producer.commit_transaction(10)
        assert texts(broker, committed_only=True) == ["kept"]

    def test_its_coordinator_moves(self, broker: Broker) -> None:
        broker.create_topic("t")
        producer = transactional_producer(broker)
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.produce("t", "kept")
        producer.flush(10)
        asked = broker.requests.count("FIND_COORDINATOR")
        with broker.faults.move_coordinator(transactional_id="tx"):
            producer.commit_transaction(10)
        # Not the fault's hits: librdkafka also asks now and then, and may do so before it commits.
        assert broker.requests.count("FIND_COORDINATOR") > asked
        assert texts(broker, committed_only=True) == ["kept"]
