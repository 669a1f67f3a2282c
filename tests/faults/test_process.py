"""Faults of a broker in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka import ApiError, Broker
from minikafka.errors import KAFKA_STORAGE_ERROR, NONE, NOT_ENOUGH_REPLICAS, NOT_LEADER_OR_FOLLOWER
from minikafka.records.batch import iter_batches
from tests.faults.data_requests import FETCH, PRODUCE, codes, fetch, produce
from tests.faults.raw_client import RawClient


@pytest.fixture(scope="module")
def process() -> Iterator[Broker]:
    with Broker(process=True, requests_kept=100) as broker:
        yield broker


@pytest.fixture
def broker(process: Broker) -> Broker:
    if not process.is_running:
        process.start()
    process.reset()
    process.create_topic("t")
    return process


def test_requests_fail(broker: Broker) -> None:
    with RawClient(broker) as client, broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", times=1) as fault:
        assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NOT_ENOUGH_REPLICAS}
        assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
        assert (fault.hits, fault.is_active) == (1, False)
    assert [record.value for record in broker.records("t")] == [b"v"]


def test_a_fault_that_is_required_must_happen(broker: Broker) -> None:
    with pytest.raises(AssertionError, match="fail Produce"), broker.faults.fail("PRODUCE", 6, required=True):
        pass


def test_the_broker_itself(broker: Broker) -> None:
    with RawClient(broker) as client:
        with broker.faults.leader_unavailable("t"):
            assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NOT_LEADER_OR_FOLLOWER}
        with broker.faults.fill_disk():
            assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): KAFKA_STORAGE_ERROR}
        with broker.faults.jump_clock(1000):
            assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
        with broker.faults.corrupt_batch("t"):
            assert broker.faults.disconnect() >= 1


def test_failures_are_those_of_a_broker_in_this_process(broker: Broker) -> None:
    with pytest.raises(ValueError, match="did you mean Produce"):
        broker.faults.fail("PRODUSE", 6)
    with pytest.raises(ApiError, match="no topic 'none'"):
        broker.faults.move_leader("none")
    with pytest.raises(TypeError, match="leave when= out"):
        broker.faults.fail("PRODUCE", 6, when=bool)
    with pytest.raises(TypeError, match="leave when= out"):
        broker.requests.where(when=bool)


def test_requests_are_kept_there_and_decoded_here(broker: Broker) -> None:
    broker.forget_requests()
    with RawClient(broker) as client:
        with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", topic="t", times=1):
            client.call(produce(("t", 0), value=b"apple"), PRODUCE)
        client.call(produce(("t", 0), value=b"pear"), PRODUCE)
        client.call(fetch("t", 0), FETCH)
    assert [kept.api for kept in broker.requests] == ["Produce", "Produce", "Fetch"]
    [failed] = broker.requests.wait_for("PRODUCE", error="NOT_ENOUGH_REPLICAS", topic="t", client_id="raw")
    assert failed.faults == ["fail Produce of topic 't' with NOT_ENOUGH_REPLICAS"]
    assert failed.topic_partitions == {("t", 0)}
    assert failed.outcome == "NOT_ENOUGH_REPLICAS"
    [fetched] = broker.requests.where("FETCH")
    [batch] = iter_batches(memoryview(fetched.response.responses[0].partitions[0].records))
    assert [record.value for record in batch] == [b"pear"]
    assert fetched.request.topics[0].topic == "t"
    assert broker.requests.lines()[0].endswith(
        f"Produce v9  raw (port {failed.client_port})  t -> NOT_ENOUGH_REPLICAS  [{failed.faults[0]}]"
    )
    broker.restart()
    assert len(broker.requests) == 0
    with RawClient(broker) as client:
        client.call(fetch("t", 0), FETCH)
    assert broker.requests.count("FETCH") == 1
    broker.stop()
    assert broker.requests.lines() == []
    with pytest.raises(RuntimeError, match="not running"):
        broker.requests.where("FETCH")


def test_a_fault_ends_with_the_process(broker: Broker) -> None:
    with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS") as fault, broker.faults.leader_unavailable("t"):
        broker.kill()
        assert not fault.is_active
    broker.start()
    with RawClient(broker) as client:
        assert codes(client.call(produce(("t", 0)), PRODUCE)) == {("t", 0): NONE}
    broker.faults.clear()
    broker.stop()
    with pytest.raises(RuntimeError, match="not running"):
        broker.faults.fail("PRODUCE", 6)
    broker.faults.clear()


def test_what_the_program_asks_itself_meets_no_faults(broker: Broker) -> None:
    with broker.faults.refuse_connections(cut=True):
        with pytest.raises(ConnectionError), RawClient(broker) as client:
            client.call(fetch("t", 0), FETCH)
        broker.produce("t", "apple")
    with RawClient(broker) as client:
        client.call(fetch("t", 0), FETCH)
        assert broker.faults.disconnect() == 1
    assert [record.text for record in broker.records("t")] == ["apple"]


def test_the_next_process_has_room_and_the_right_time(broker: Broker) -> None:
    hour_ms = 3_600_000
    broker.configure_topic("t", message_timestamp_type="LogAppendTime")
    begun_ms = broker.produce("t", "apple").timestamp
    with broker.faults.jump_clock(-hour_ms), broker.faults.fill_disk():
        assert broker.now_ms() < begun_ms
        broker.kill()
        broker.start()
        assert broker.now_ms() >= begun_ms
    broker.create_topic("u")
    broker.configure_topic("u", message_timestamp_type="LogAppendTime")
    assert broker.produce("u", "pear").timestamp >= begun_ms
    with broker.faults.fill_disk(), pytest.raises(ApiError, match="disk"):
        broker.produce("u", "plum")


def test_a_record_is_stamped_with_the_time_of_the_process(broker: Broker) -> None:
    before_ms = broker.produce("t", "apple").timestamp
    with broker.faults.jump_clock(60_000):
        assert broker.produce("t", "pear").timestamp >= before_ms + 60_000
    assert broker.produce("t", "plum").timestamp < before_ms + 60_000


def test_a_connection_that_was_idle_for_too_long_is_made_anew() -> None:
    # Long enough for a request to follow its connection, on a machine that is busy.
    with Broker(process=True, connections_max_idle_ms=1_500) as broker:
        broker.create_topic("t")
        with RawClient(broker) as idle, pytest.raises(ConnectionError):
            idle.receive(fetch("t", 0), FETCH)  # Until the broker closes it.
        assert broker.topics() == {"t": 1}
