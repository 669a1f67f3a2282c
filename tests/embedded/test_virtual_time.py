"""``Broker(clock=ManualClock())``: what takes minutes happens when the test moves the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer
from kafka import KafkaProducer

from minikafka import Broker
from minikafka.clock import ManualClock
from minikafka.protocol.messages import (
    AddPartitionsToTxnRequest,
    ConsumerGroupHeartbeatRequest,
    FindCoordinatorRequest,
    InitProducerIdRequest,
    JoinGroupRequest,
    MetadataRequest,
    OffsetCommitRequest,
)
from tests.faults.data_requests import FETCH, codes, fetch
from tests.faults.raw_client import RawClient
from tests.support.polling import wait_until

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def broker(clock: ManualClock) -> Iterator[Broker]:
    with Broker(clock=clock) as running:
        yield running


def test_records_expire(broker: Broker, clock: ManualClock) -> None:
    broker.create_topic("t", retention_ms=10 * MINUTE_MS)
    broker.produce("t", "old")
    clock.advance(6 * MINUTE_MS)
    broker.produce("kept", "v")
    assert [record.text for record in broker.records("t")] == ["old"]
    clock.advance(6 * MINUTE_MS)
    assert broker.records("t") == []
    assert [record.text for record in broker.records("kept")] == ["v"]


def test_a_member_that_does_not_heartbeat_is_removed(broker: Broker, clock: ManualClock) -> None:
    join = JoinGroupRequest(
        group_id="g",
        session_timeout_ms=45_000,
        rebalance_timeout_ms=45_000,
        protocol_type="consumer",
        protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")],
    )

    def joined() -> bool:  # the coordinator starts when it is first asked for
        return bool(broker.call(join, 3).error_code == 0)

    wait_until(joined, what="the member has joined")
    assert len(broker.members("g")) == 1
    clock.advance(44_999)
    assert len(broker.members("g")) == 1
    clock.advance(1)
    assert broker.members("g") == []


def test_a_member_of_a_consumer_group_that_does_not_heartbeat_is_removed(broker: Broker, clock: ManualClock) -> None:
    broker.create_topic("t")
    join = ConsumerGroupHeartbeatRequest(
        group_id="g",
        member_id="m" * 22,
        member_epoch=0,
        rebalance_timeout_ms=60_000,
        subscribed_topic_names=["t"],
        topic_partitions=[],
    )
    wait_until(lambda: broker.call(join, 1).error_code == 0, what="the member has joined")
    assert [member.partitions for member in broker.members("g")] == [[("t", 0)]]
    clock.advance(44_999)
    assert len(broker.members("g")) == 1
    clock.advance(1)
    assert broker.members("g") == []


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_stock_client_whose_session_has_ended_joins_again(clock: ManualClock, protocol: str) -> None:
    prompt = {"group.consumer.min.heartbeat.interval.ms": 100, "group.consumer.heartbeat.interval.ms": 100}
    with Broker(config=prompt, clock=clock, requests_kept=1000) as broker:
        broker.create_topic("t")
        settings = {"heartbeat.interval.ms": "100"} if protocol == "classic" else {}
        consumer = Consumer(
            {
                "bootstrap.servers": broker.bootstrap_servers,
                "group.id": "g",
                "group.protocol": protocol,
                "client.id": "c",
                **settings,
            }
        )
        consumer.subscribe(["t"])

        def is_stable() -> bool:
            consumer.poll(0.02)
            return broker.groups().get("g") == "Stable"

        try:
            wait_until(is_stable, what="the member has joined")
            clock.advance(45_000)
            wait_until(
                lambda: consumer.poll(0.02) or broker.requests.count(error="UNKNOWN_MEMBER_ID"),
                what="the member hears that it is not one any more",
            )
            wait_until(is_stable, what="the member has joined again")
        finally:
            consumer.close()


def test_a_fetch_waits_for_the_clock(clock: ManualClock) -> None:
    with Broker(clock=clock, requests_kept=10) as broker, RawClient(broker) as client:
        broker.create_topic("t")
        request = fetch("t", 0, max_wait_ms=MINUTE_MS)
        client.send(request, FETCH)
        [kept] = broker.requests.wait_for("FETCH")
        clock.advance(MINUTE_MS - 1)
        assert kept.outcome == "waits"
        clock.advance(1)
        assert codes(client.receive(request, FETCH)) == {("t", 0): 0}


def test_idle_connections_are_closed(clock: ManualClock) -> None:
    with Broker(clock=clock) as broker, RawClient(broker) as client:
        client.call(MetadataRequest(), 9)
        clock.advance(11 * MINUTE_MS)
        assert client.receive_rest() == b""


def test_an_abandoned_transaction_is_aborted(broker: Broker, clock: ManualClock) -> None:
    broker.create_topic("t")
    broker.call(FindCoordinatorRequest(key="tx", key_type=1), 3)
    begin = InitProducerIdRequest(
        transactional_id="tx", transaction_timeout_ms=MINUTE_MS, producer_id=-1, producer_epoch=-1
    )
    producer = wait_until(lambda: _ok(broker, begin), what="the coordinator is there")
    topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name="t", partitions=[0])
    add = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id="tx",
        v3_and_below_producer_id=producer.producer_id,
        v3_and_below_producer_epoch=producer.producer_epoch,
        v3_and_below_topics=[topic],
    )
    [result] = broker.call(add, 3).results_by_topic_v3_and_below
    assert [part.partition_error_code for part in result.results_by_partition] == [0]
    _append_transactional(broker, producer.producer_id, producer.producer_epoch)
    broker.produce("t", "behind it")
    assert broker.records("t", committed_only=True) == []
    clock.advance(2 * MINUTE_MS)
    assert [record.text for record in broker.records("t", committed_only=True)] == ["behind it"]


def _ok(broker: Broker, request: InitProducerIdRequest) -> object:
    answer = broker.call(request, 4)
    return answer if answer.error_code == 0 else None


def _append_transactional(broker: Broker, producer_id: int, producer_epoch: int) -> None:
    from minikafka.protocol.messages import ProduceRequest
    from minikafka.records.batch import Record
    from minikafka.records.builder import build_batch

    batch = build_batch(
        [Record(0, broker.now_ms(), None, b"in the transaction")],
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=0,
        is_transactional=True,
    )
    data = ProduceRequest.PartitionProduceData(index=0, records=bytearray(batch))
    request = ProduceRequest(
        transactional_id="tx",
        acks=-1,
        timeout_ms=1000,
        topic_data=[ProduceRequest.TopicProduceData(name="t", partition_data=[data])],
    )
    [answer] = broker.call(request, 9).responses[0].partition_responses
    assert answer.error_code == 0


def test_offsets_of_a_group_without_members_expire(broker: Broker, clock: ManualClock) -> None:
    broker.produce("t", "v")
    partition = OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
    topic = OffsetCommitRequest.OffsetCommitRequestTopic(name="t", partitions=[partition])

    def is_committed() -> bool:
        answer = broker.call(OffsetCommitRequest(group_id="g", topics=[topic]), 2)
        return bool(answer.topics[0].partitions[0].error_code == 0)

    wait_until(is_committed, what="the offset is committed")
    clock.advance(6 * DAY_MS)
    assert broker.committed_offsets("g") == {("t", 0): 1}
    clock.advance(2 * DAY_MS)
    assert broker.committed_offsets("g") == {}
    assert broker.groups() == {}


def test_time_goes_on_after_a_restore(broker: Broker, clock: ManualClock) -> None:
    broker.create_topic("t", retention_ms=10 * MINUTE_MS)
    broker.produce("t", "v")
    snapshot = broker.snapshot()
    for _ in range(2):
        broker.restore(snapshot)
        assert len(broker.records("t")) == 1
    clock.advance(20 * MINUTE_MS)
    assert broker.records("t") == []


def test_the_clock_begins_at_the_time_of_clients(broker: Broker) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    try:
        assert producer.send("t", b"v").get(timeout=10).offset == 0  # and is not refused as being of the future
    finally:
        producer.close()


@pytest.mark.parametrize("move", [ManualClock().advance, ManualClock().jump, ManualClock])
def test_times_are_whole_milliseconds(move: Callable[[Any], object]) -> None:
    for ms in (0.5, "5"):
        with pytest.raises(TypeError, match=f"times are whole milliseconds, not {ms!r}"):
            move(ms)
