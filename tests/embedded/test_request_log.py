"""``Broker.requests``: every request and its answer, decoded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from minikafka import Broker
from minikafka.clock import ManualClock
from minikafka.protocol.messages import HeartbeatRequest, MetadataRequest, ProduceRequest
from minikafka.records.batch import iter_batches
from tests.faults.data_requests import FETCH, PRODUCE, fetch, produce
from tests.faults.raw_client import RawClient


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(requests_kept=50) as running:
        running.create_topic("t", 2)
        yield running


@pytest.fixture
def client(broker: Broker) -> Iterator[RawClient]:
    with RawClient(broker, "shop") as connected:
        yield connected


def test_what_is_known_of_a_request(broker: Broker, client: RawClient) -> None:
    client.call(produce(("t", 1), value=b"apple"), PRODUCE)
    [kept] = broker.requests.where(api="PRODUCE")
    assert (kept.api, kept.version, kept.client_id, kept.client_host) == ("Produce", PRODUCE, "shop", "127.0.0.1")
    assert kept.correlation_id == client.correlation_id
    assert isinstance(kept.request, ProduceRequest)
    [batch] = iter_batches(memoryview(kept.request.topic_data[0].partition_data[0].records))
    assert [record.value for record in batch] == [b"apple"]
    assert kept.response.responses[0].partition_responses[0].base_offset == 0
    assert kept.topic_partitions == {("t", 1)}
    assert (kept.outcome, kept.errors, kept.is_answered) == ("ok", set(), True)
    assert kept.answered_ms is not None
    assert kept.received_ms <= kept.answered_ms
    assert kept.size_bytes > 60


def test_records_that_were_fetched(broker: Broker, client: RawClient) -> None:
    broker.produce("t", "apple", partition=0)
    client.call(fetch("t", 0), FETCH)
    [kept] = broker.requests.where("FETCH", topic="t", partition=0)
    broker.reset()
    [batch] = iter_batches(memoryview(kept.response.responses[0].partitions[0].records))
    assert [record.value for record in batch] == [b"apple"]


def test_records_of_large_fetches_are_left_out(broker: Broker, client: RawClient) -> None:
    broker.create_topic("large", max_message_bytes=4_000_000)
    broker.produce("large", b"x" * 2_000_000)
    answer = client.call(fetch("large", 0), FETCH)
    assert len(answer.responses[0].partitions[0].records) > 2_000_000
    [kept] = broker.requests.where("FETCH")
    assert kept.response.responses[0].partitions[0].records is None


def test_a_fetch_of_a_session_is_about_its_partitions(broker: Broker, client: RawClient) -> None:
    opened = client.call(fetch("t", 0, 1, session=(0, 0)), FETCH)
    client.call(fetch("t", session=(opened.session_id, 1)), FETCH)
    assert broker.requests.count("FETCH", topic="t", partition=1) == 2
    assert broker.requests.lines()[-1].endswith("t -> ok")


def test_the_filters(broker: Broker, client: RawClient) -> None:
    client.call(produce(("t", 0)), PRODUCE)
    client.call(HeartbeatRequest(group_id="g", member_id="m"), 4)
    with RawClient(broker, "bank") as other:
        other.call(MetadataRequest(), 9)
    requests = broker.requests
    assert [kept.api for kept in requests] == ["Produce", "Heartbeat", "Metadata"]
    assert [kept.api for kept in requests.where(client_id="bank")] == ["Metadata"]
    assert [kept.api for kept in requests.where(group="g")] == ["Heartbeat"]
    assert [kept.api for kept in requests.where(topic="t")] == ["Produce"]
    assert requests.count(topic="t", partition=1) == 0
    assert requests.count(["PRODUCE", 3]) == 2
    assert requests.count("METADATA", when=lambda request: request.topics) == 0
    with pytest.raises(ValueError, match="did you mean Produce"):
        requests.where("PRODUSE")
    with pytest.raises(TypeError, match=r"requests are not selected by topics=; there are topic, partition, client_id"):
        requests.where(topics=["t"])  # type: ignore[call-arg]


def test_errors_and_faults_are_told(broker: Broker, client: RawClient) -> None:
    with broker.faults.fail("PRODUCE", "NOT_ENOUGH_REPLICAS", times=1):
        client.call(produce(("t", 0)), PRODUCE)
    [kept] = broker.requests.where(error="NOT_ENOUGH_REPLICAS")
    assert kept.errors == {"NOT_ENOUGH_REPLICAS"}
    assert kept.faults == ["fail Produce with NOT_ENOUGH_REPLICAS"]
    with broker.faults.drop_after("PRODUCE"), pytest.raises(ConnectionError):
        client.call(produce(("t", 0)), PRODUCE)
    last = broker.requests.where("PRODUCE")[-1]
    assert (last.response, last.is_answered) == (None, True)
    assert "drop the connection after Produce" in str(last)


def test_waiting_for_a_request(broker: Broker, client: RawClient) -> None:
    asking = threading.Thread(target=client.call, args=(MetadataRequest(), 9))
    asking.start()
    [kept] = broker.requests.wait_for("METADATA", client_id="shop")
    asking.join()
    assert kept.api == "Metadata"
    with pytest.raises(TimeoutError, match=r"2 requests, only 1 fit\. There were:\n.*Metadata v9  shop"):
        broker.requests.wait_for("METADATA", 2, timeout_s=0)


def test_one_that_waits_for_its_answer(broker: Broker, client: RawClient) -> None:
    client.send(fetch("t", 0, max_wait_ms=60_000), FETCH)
    [kept] = broker.requests.wait_for("FETCH")
    assert (kept.is_answered, kept.outcome) == (False, "waits")
    broker.produce("t", "v", partition=0)
    client.receive(fetch("t", 0), FETCH)
    assert (kept.is_answered, kept.outcome) == (True, "ok")


def test_so_many_are_kept(broker: Broker, client: RawClient) -> None:
    broker.requests.keep(3)
    for _ in range(5):
        client.call(MetadataRequest(), 9)
    assert len(broker.requests) == 3
    broker.requests.clear()
    assert broker.requests.lines() == []
    client.call(MetadataRequest(), 9)
    broker.requests.keep(0)
    client.call(MetadataRequest(), 9)
    assert len(broker.requests) == 0


def test_so_many_bytes_are_kept(broker: Broker, client: RawClient) -> None:
    broker.create_topic("large", max_message_bytes=20_000_000)
    for _ in range(4):
        client.call(produce(("large", 0), value=bytes(10_000_000)), PRODUCE)
    assert len(broker.requests.where("PRODUCE")) == 3


def test_none_are_kept_unless_asked_for() -> None:
    with Broker() as broker, RawClient(broker) as client:
        client.call(MetadataRequest(), 9)
        with pytest.raises(RuntimeError, match=r"say Broker\(requests_kept=1000\), or broker.requests.keep"):
            broker.requests.where("METADATA")
        broker.requests.keep()
        client.call(MetadataRequest(), 9)
        assert broker.requests.count("METADATA") == 1


def test_they_outlive_the_broker() -> None:
    with Broker(requests_kept=10) as broker:
        with RawClient(broker) as client:
            client.call(MetadataRequest(), 9)
        broker.restart()
        with RawClient(broker) as client:
            client.call(MetadataRequest(), 9)
    assert broker.requests.count("METADATA") == 2


def test_times_are_those_of_the_broker() -> None:
    clock = ManualClock(1_700_000_000_000)
    with Broker(clock=clock, requests_kept=10) as broker, RawClient(broker) as client:
        with broker.faults.delay("METADATA", 5000) as fault:
            client.send(MetadataRequest(), 9)
            fault.wait_for_hits()
            clock.advance(5000)
            client.receive(MetadataRequest(), 9)
        [kept] = broker.requests
        assert (kept.received_ms, kept.answered_ms) == (1_700_000_000_000, 1_700_000_005_000)


def test_on_the_programs_own_loop() -> None:
    async def use() -> list[str]:
        broker = await Broker(requests_kept=10).start_async()
        try:
            with broker.faults.fail("METADATA", "UNKNOWN_SERVER_ERROR", times=1, required=True):
                await asyncio.to_thread(_ask, broker)
            await asyncio.to_thread(broker.create_topic, "t")
            with pytest.raises(RuntimeError, match="needs the event loop of this thread"):
                broker.faults.move_leader("t")
            assert broker.topics() == {"t": 1}
            with await asyncio.to_thread(broker.faults.move_leader, "t"):
                pass
            with broker.faults.fill_disk(), broker.faults.refuse_connections(), broker.faults.jump_clock(5):
                pass
            return [kept.outcome for kept in broker.requests]
        finally:
            await broker.stop_async()

    assert asyncio.run(use()) == ["UNKNOWN_SERVER_ERROR"]


def _ask(broker: Broker) -> None:
    with RawClient(broker) as client:
        client.call(MetadataRequest(), 13)
