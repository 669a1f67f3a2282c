from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer

from minikafka import ApiError, Broker
from minikafka.errors import GROUP_ID_NOT_FOUND
from tests.support.polling import wait_until


@contextmanager
def consumer(broker: Broker, protocol: str, client_id: str = "c") -> Iterator[Any]:
    subscribed = Consumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": "g",
            "client.id": client_id,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "group.protocol": protocol,
        }
    )
    subscribed.subscribe(["t"])
    try:
        yield subscribed
    finally:
        subscribed.close()


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_from_its_first_member_to_its_last_commit(broker: Broker, protocol: str) -> None:
    broker.seed({"t": {"partitions": 2, "records": [{"value": str(n), "partition": n % 2} for n in range(6)]}})
    assert broker.members("g") == []
    assert broker.lag("g", "t") == {("t", 0): 3, ("t", 1): 3}
    with consumer(broker, protocol) as reading:
        messages: list[Any] = []
        wait_until(lambda: messages.extend(reading.consume(6, 0.05)) or len(messages) == 6, what="six messages")
        group = broker.wait_for_group("g")
        assert (group.kind, group.state) == (protocol, "Stable")
        [member] = group.members
        assert (member.client_id, member.partitions) == ("c", [("t", 0), ("t", 1)])
        assert broker.members("g") == [member]
        assert broker.groups() == {"g": "Stable"}
        assert broker.committed_offsets("g") == {}
        assert broker.lag("g") == {("t", 0): 3, ("t", 1): 3}
        with pytest.raises(TimeoutError, match=r"a lag of 0 or less of the group 'g'\. It is .*3.*The group is Stable"):
            broker.wait_for_lag("g", timeout_s=0)
        reading.commit(asynchronous=False)
        assert broker.wait_for_lag("g") == {("t", 0): 0, ("t", 1): 0}
        assert broker.committed_offsets("g") == {("t", 0): 3, ("t", 1): 3}
        broker.produce("t", "more", partition=1)
        assert broker.lag("g") == {("t", 0): 0, ("t", 1): 1}
        assert broker.wait_for_lag("g", 1) == {("t", 0): 0, ("t", 1): 1}
        assert broker.wait_for_lag("g", 1, topic="t") == {("t", 0): 0, ("t", 1): 1}


def test_what_there_is_no_group_of(broker: Broker) -> None:
    with pytest.raises(ApiError) as refused:
        broker.group("none")
    assert refused.value.code == GROUP_ID_NOT_FOUND
    assert broker.groups() == {}
    assert broker.lag("none") == {}
    with pytest.raises(TimeoutError, match=r"the group 'none' is stable with 2 members\. There is no such group"):
        broker.wait_for_group("none", 2, timeout_s=0)


@pytest.mark.parametrize(
    ("offsets", "error", "sentence"),
    [
        ({"t": 5}, TypeError, r"offsets are of \(topic, partition\), such as .* not of 't'"),
        ({("t", 0): "5"}, TypeError, "an offset is a number, not '5'"),
        ({("t", 0): -5}, ValueError, "an offset is 0 or more, not -5"),
        ({("none", 0): 5}, ApiError, r"the offset of 'g' in none-0 was not committed: This server does not host this"),
    ],
)
def test_offsets_that_cannot_be_committed(broker: Broker, offsets: Any, error: type[Exception], sentence: str) -> None:
    broker.create_topic("t")
    with pytest.raises(error, match=sentence):
        broker.commit_offsets("g", offsets)
    assert broker.committed_offsets("g") == {}


def test_the_offsets_of_a_deleted_topic_do_not_count(broker: Broker) -> None:
    broker.seed({"t": ["a"]})
    with consumer(broker, "classic") as reading:
        wait_until(lambda: reading.poll(0.05), what="a message")
        reading.commit(asynchronous=False)
    broker.delete_topic("t")
    assert broker.lag("g") == {}
