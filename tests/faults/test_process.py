"""Faults of a broker in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka import ApiError, Broker
from minikafka.errors import KAFKA_STORAGE_ERROR, NONE, NOT_ENOUGH_REPLICAS, NOT_LEADER_OR_FOLLOWER
from tests.faults.raw_client import RawClient
from tests.faults.test_requests import PRODUCE, codes, produce


@pytest.fixture(scope="module")
def process() -> Iterator[Broker]:
    with Broker(process=True) as broker:
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
    with pytest.raises(TypeError, match="keeps no requests"):
        _ = broker.requests


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
