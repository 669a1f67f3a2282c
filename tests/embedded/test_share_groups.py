"""Share groups, as who holds a broker sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import ShareConsumer

from minikafka import ApiError, Broker
from minikafka.clock import ManualClock
from minikafka.errors import INVALID_CONFIG
from tests.support.polling import wait_until

QUICK = {"group.share.heartbeat.interval.ms": 100, "group.share.min.heartbeat.interval.ms": 100}


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(config=QUICK) as running:
        running.create_topic("t", 2)
        running.configure_group("g", share_auto_offset_reset="earliest")
        yield running


def consumer(broker: Broker, group: str = "g") -> ShareConsumer:
    """Acknowledges what it is told to. It says in its log that it is a preview."""
    made = ShareConsumer(
        {
            "bootstrap.servers": broker.bootstrap_servers,
            "group.id": group,
            "client.id": "c",
            "share.acknowledgement.mode": "explicit",
            "log_level": 3,
        }
    )
    made.subscribe(["t"])
    return made


def take(consumer: ShareConsumer, count: int) -> list[bytes]:
    """Values, each acknowledged."""
    found: list[bytes] = []

    def look() -> bool:
        for message in consumer.poll(0.1):
            assert message.error() is None, message.error()
            found.append(message.value())
            consumer.acknowledge(message)
        return len(found) >= count

    wait_until(look, what=f"{count} records")
    assert set(consumer.commit_sync(10).values()) <= {None}
    return sorted(found)


def test_a_share_group_from_its_first_member_to_its_last_acknowledgement(broker: Broker) -> None:
    for number in range(6):
        broker.produce("t", str(number), partition=number % 2)
    assert broker.members("g") == []
    with consumer(broker) as reading:
        reading.poll(0.0)
        group = broker.wait_for_group("g")
        assert (group.kind, group.state) == ("share", "Stable")
        [member] = group.members
        assert (member.client_id, member.instance_id, member.partitions) == ("c", None, [("t", 0), ("t", 1)])
        assert broker.members("g") == [member]
        assert broker.groups() == broker.groups(["share"]) == {"g": "Stable"}
        assert broker.lag("g") == {("t", 0): 3, ("t", 1): 3}
        with pytest.raises(TimeoutError, match=r"a lag of 0 or less of the group 'g'\. It is .*3.*The group is Stable"):
            broker.wait_for_lag("g", timeout_s=0)
        assert take(reading, 6) == [b"0", b"1", b"2", b"3", b"4", b"5"]
        assert broker.wait_for_lag("g") == {("t", 0): 0, ("t", 1): 0}
        broker.produce("t", "more", partition=1)
        assert broker.lag("g") == broker.lag("g", "t") == {("t", 0): 0, ("t", 1): 1}
        assert broker.wait_for_lag("g", 1, topic="t") == {("t", 0): 0, ("t", 1): 1}
    assert broker.group("g").state == "Empty"
    assert broker.committed_offsets("g") == {}


def test_settings_of_a_group(broker: Broker) -> None:
    broker.configure_group("g", {"share.isolation.level": "read_committed"}, share_record_lock_duration_ms=20_000)
    assert broker.group_configs("g") == {
        "share.auto.offset.reset": "earliest",
        "share.isolation.level": "read_committed",
        "share.record.lock.duration.ms": "20000",
    }
    broker.configure_group("g", share_isolation_level=None, share_auto_offset_reset=None)
    assert broker.group_configs("g") == {"share.record.lock.duration.ms": "20000"}
    with pytest.raises(ApiError, match=r"share\.isolation\.level") as refused:
        broker.configure_group("g", share_isolation_level="some")
    assert refused.value.code == INVALID_CONFIG


def test_a_share_group_is_restored_and_reset(broker: Broker) -> None:
    for value in ("a", "b"):
        broker.produce("t", value, partition=0)
    with consumer(broker) as reading:
        assert take(reading, 2) == [b"a", b"b"]
    prepared = broker.snapshot()
    broker.produce("t", "c", partition=0)
    with consumer(broker) as reading:
        assert take(reading, 1) == [b"c"]
    broker.restore(prepared)
    assert broker.groups() == {"g": "Empty"}
    broker.produce("t", "again", partition=0)
    with consumer(broker) as reading:
        assert take(reading, 1) == [b"again"]
    broker.reset()
    assert (broker.groups(), broker.topics(), broker.group_configs("g")) == ({}, {}, {})
    broker.create_topic("t")
    broker.configure_group("g", share_auto_offset_reset="earliest")
    broker.produce("t", "new")
    with consumer(broker) as reading:
        assert take(reading, 1) == [b"new"]


def test_a_share_group_outlives_a_kill(broker: Broker) -> None:
    for value in ("a", "b"):
        broker.produce("t", value, partition=0)
    with consumer(broker) as reading:
        assert take(reading, 2) == [b"a", b"b"]
    broker.produce("t", "c", partition=0)
    broker.kill()
    broker.start()
    assert broker.groups() == {"g": "Empty"}
    assert broker.lag("g")["t", 0] == 1
    with consumer(broker) as reading:
        assert take(reading, 1) == [b"c"]


def test_delivery_locks_run_out_when_the_clock_is_moved() -> None:
    clock = ManualClock()
    with Broker(config=QUICK, clock=clock) as broker:
        broker.create_topic("t")
        broker.configure_group("g", share_auto_offset_reset="earliest", share_session_timeout_ms=60_000)
        broker.produce("t", "once more")
        with consumer(broker) as slow, consumer(broker) as other:
            held: list[object] = []
            wait_until(lambda: held.extend(slow.poll(0.1)) or held, what="the record")
            wait_until(lambda: other.poll(0.1) or len(broker.members("g")) == 2, what="another member")
            assert list(other.poll(0.3)) == []
            clock.advance(30_000)  # group.share.record.lock.duration.ms
            assert take(other, 1) == [b"once more"]
            assert broker.wait_for_lag("g") == {("t", 0): 0}
