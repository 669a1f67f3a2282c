"""Transactions as real clients use them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.clients.drivers import Driver, Message, driver
from tests.clients.drivers.transactional import TransactionalProducer, transactional
from tests.conftest import BrokerMaker
from tests.support.brokers import BrokerProcess
from tests.support.polling import wait_until

# kafka-python does not close the sockets of connections that were refused while the broker was away.
pytestmark = pytest.mark.filterwarnings("ignore:.*<socket.socket:pytest.PytestUnraisableExceptionWarning")

Starter = Callable[[], TransactionalProducer]


@pytest.fixture(autouse=True)
def _sockets_are_not_left_to_other_tests() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def start(library: str, shared_broker: BrokerProcess, topic: str) -> Iterator[Starter]:
    """``start()`` gives a producer of the test's transactional id."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(transactional(library, shared_broker.bootstrap, topic)))


def values(
    client: Driver, topic: str, count: int, isolation: str = "read_committed", partition: int = 0
) -> list[bytes]:
    """The first ``count`` values; the reader has to come past what it leaves out."""
    return [message.value or b"" for message in client.read(topic, {partition: "earliest"}, count, isolation=isolation)]


def test_commit_and_abort(client: Driver, topic: str, start: Starter) -> None:
    client.create_topic(topic)
    producer = start()
    for value, commit in ((b"1", True), (b"2", False), (b"3", True)):
        producer.begin()
        producer.send(topic, value)
        if commit:
            producer.commit()
        else:
            producer.abort()
    client.produce(topic, [Message(b"end")])
    assert values(client, topic, 3) == [b"1", b"3", b"end"]
    assert values(client, topic, 4, "read_uncommitted") == [b"1", b"2", b"3", b"end"]


def test_an_open_transaction_is_not_read(client: Driver, topic: str, start: Starter) -> None:
    client.create_topic(topic)
    client.produce(topic, [Message(b"before")])
    producer = start()
    producer.begin()
    producer.send(topic, b"inside")
    client.produce(topic, [Message(b"after")])
    assert values(client, topic, 3, "read_uncommitted") == [b"before", b"inside", b"after"]
    assert values(client, topic, 1) == [b"before"]
    with pytest.raises(AssertionError, match=r"[01] of 2 messages"):
        client.read(topic, {0: "earliest"}, 2, isolation="read_committed", timeout_s=0.5)
    producer.commit()
    assert values(client, topic, 3) == [b"before", b"inside", b"after"]


def test_many_partitions_are_one_transaction(client: Driver, topic: str, start: Starter) -> None:
    client.create_topic(topic, partitions=3)
    producer = start()
    producer.begin()
    for partition in range(3):
        producer.send(topic, b"%d" % partition, partition)
    producer.commit()
    for partition in range(3):
        assert values(client, topic, 1, partition=partition) == [b"%d" % partition]


def test_a_producer_is_fenced_by_the_next_one(client: Driver, topic: str, start: Starter) -> None:
    client.create_topic(topic)
    old = start()
    old.begin()
    old.send(topic, b"old")
    new = start()
    with pytest.raises(Exception) as caught:
        _send_and_commit(old, topic, b"zombie")
    assert old.is_fenced(caught.value), repr(caught.value)
    new.begin()
    _send_and_commit(new, topic, b"new")
    assert values(client, topic, 1) == [b"new"]


def _send_and_commit(producer: TransactionalProducer, topic: str, value: bytes) -> None:
    producer.send(topic, value)
    producer.commit()


def test_consume_transform_produce(client: Driver, topic: str, start: Starter) -> None:
    """Every third attempt is given up, and made again: downstream sees each record once."""
    source, target, group_id = f"{topic}-in", f"{topic}-out", f"{topic}-group"
    client.create_topic(source)
    client.create_topic(target)
    numbers = [b"%d" % number for number in range(30)]
    client.produce(source, [Message(number) for number in numbers])
    producer = start()
    with closing(client.join(group_id, [source])) as member:
        taken = _take(member, len(numbers))
        attempt = done = 0
        while done < len(taken):
            some = taken[done : done + 5]
            producer.begin()
            for message in some:
                producer.send(target, (message.value or b"") + b"!")
            producer.send_offsets({(source, 0): some[-1].offset + 1}, group_id, member)
            attempt += 1
            if attempt % 3 == 0:
                producer.abort()
            else:
                producer.commit()
                done += len(some)
                assert client.committed(group_id, source, 0) == done
    assert values(client, target, len(numbers)) == [number + b"!" for number in numbers]


def _take(member, count: int) -> list:
    taken: list = []

    def has_all() -> bool:
        taken.extend(member.poll())
        return len(taken) >= count

    wait_until(has_all, what=f"{count} records are read")
    return taken


def test_a_broker_that_is_killed_within_a_transaction(make_broker: BrokerMaker, tmp_path: Path, library: str) -> None:
    """The transaction that was committed is there; of the one that was open nothing, once its producer is back."""
    with make_broker(tmp_path) as broker:
        client = driver(library, broker.bootstrap)
        client.create_topic("t")
        producer = transactional(library, broker.bootstrap, "id")
        producer.begin()
        producer.send("t", b"1")
        producer.send_offsets({("t", 0): 1}, "g")
        producer.commit()
        producer.begin()
        producer.send("t", b"lost")
        producer.send_offsets({("t", 0): 2}, "g")
        broker.kill()
        broker.start()
        with closing(transactional(library, broker.bootstrap, "id")) as again:
            again.begin()
            again.send("t", b"2")
            again.commit()
        assert values(client, "t", 2) == [b"1", b"2"]
        assert client.committed("g", "t", 0) == 1
        with pytest.raises(Exception) as caught:
            producer.commit()
        assert producer.is_fenced(caught.value), repr(caught.value)
        producer.close()


def test_a_producer_goes_on_after_the_broker_was_killed(make_broker: BrokerMaker, tmp_path: Path, library: str) -> None:
    with make_broker(tmp_path) as broker:
        client = driver(library, broker.bootstrap)
        client.create_topic("t")
        with closing(transactional(library, broker.bootstrap, "id")) as producer:
            producer.begin()
            producer.send("t", b"before")
            broker.kill()
            broker.start()
            producer.send("t", b"after")
            producer.commit()
            producer.begin()
            producer.send("t", b"next")
            producer.commit()
        assert values(client, "t", 3) == [b"before", b"after", b"next"]
