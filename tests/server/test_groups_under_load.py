"""Groups of a running broker that has other things to do: over connections of their own, in real time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker, errors
from minikafka.client.connection import Connection
from minikafka.protocol.messages import (
    ConsumerProtocolSubscription,
    CreateTopicsRequest,
    FetchRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    ProduceRequest,
    SyncGroupRequest,
)
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.support.polling import wait_until

MEMBERS = 100
FETCHERS = 4
BATCH_BYTES = 900_000
BATCHES = 24
SLOWEST_HEARTBEAT_S = 2.0
"""A third of the shortest session that a member may ask for: how often clients send heartbeats."""
SUBSCRIPTION = b"\0\0" + ConsumerProtocolSubscription(topics=["t"], user_data=None).encode(0)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    settings = {"group.initial.rebalance.delay.ms": "1000", "group.min.session.timeout.ms": "500"}
    with Broker(tmp_path, settings) as broker:
        yield broker


def connect(broker: Broker) -> Connection:
    return Connection("127.0.0.1", broker.port)


class Member:
    """A member of the classic protocol on its own connection."""

    def __init__(self, broker: Broker, session_timeout_ms: int = 30_000) -> None:
        self.connection = connect(broker)
        self.session_timeout_ms = session_timeout_ms
        self.member_id = ""
        self.generation_id = -1

    def join(self) -> list[str]:
        """Until the group is stable. Returns the members of the generation to its leader, else nothing."""
        while True:
            answer = self.connection.call(
                JoinGroupRequest(
                    group_id="g",
                    session_timeout_ms=self.session_timeout_ms,
                    rebalance_timeout_ms=20_000,
                    member_id=self.member_id,
                    protocol_type="consumer",
                    protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTION)],
                ),
                7,
            )
            self.member_id, self.generation_id = answer.member_id, answer.generation_id
            if answer.error_code == errors.NONE and self._sync(answer) == errors.NONE:
                return [one.member_id for one in answer.members]
            assert answer.error_code in (errors.NONE, errors.MEMBER_ID_REQUIRED)

    def _sync(self, answer: Any) -> int:
        assignments = [
            SyncGroupRequest.SyncGroupRequestAssignment(
                member_id=one.member_id, assignment=b"\0\0\0\0\0\0\xff\xff\xff\xff"
            )
            for one in answer.members
        ]
        request = SyncGroupRequest(
            group_id="g", generation_id=self.generation_id, member_id=self.member_id, assignments=assignments
        )
        code: int = self.connection.call(request, 3).error_code
        assert code in (errors.NONE, errors.REBALANCE_IN_PROGRESS)
        return code

    def heartbeat(self) -> int:
        request = HeartbeatRequest(group_id="g", generation_id=self.generation_id, member_id=self.member_id)
        code: int = self.connection.call(request, 3).error_code
        return code


def test_hundred_members_that_join_at_once_settle_in_one_or_two_rebalances(broker: Broker) -> None:
    members = [Member(broker) for _ in range(MEMBERS)]
    with ThreadPoolExecutor(MEMBERS) as pool:
        led = [names for names in pool.map(Member.join, members) if names]
    assert [len(names) for names in led][-1] == MEMBERS
    assert {member.generation_id for member in members} <= {1, 2}
    assert {member.heartbeat() for member in members} == {errors.NONE}
    for member in members:
        member.connection.close()


def test_heartbeats_do_not_wait_for_large_fetches(broker: Broker) -> None:
    fill(broker)
    member = Member(broker, session_timeout_ms=6_000)
    member.join()
    with ThreadPoolExecutor(FETCHERS) as pool:
        fetches: list[Future[int]] = [pool.submit(fetch_everything, broker, times=4) for _ in range(FETCHERS)]
        durations = []
        while not all(one.done() for one in fetches):
            began = time.monotonic()
            assert member.heartbeat() == errors.NONE
            durations.append(time.monotonic() - began)
        assert [one.result() for one in fetches] == [BATCHES * 4] * FETCHERS
    assert len(durations) > FETCHERS
    assert max(durations) < SLOWEST_HEARTBEAT_S
    member.connection.close()


def fill(broker: Broker) -> None:
    connection = connect(broker)
    topic = CreateTopicsRequest.CreatableTopic(name="t", num_partitions=1, replication_factor=1)
    assert (
        connection.call(CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 5).topics[0].error_code == errors.NONE
    )
    batch = build_batch([Record(0, 0, None, bytes(BATCH_BYTES))])
    request = ProduceRequest(
        acks=1,
        timeout_ms=10_000,
        topic_data=[
            ProduceRequest.TopicProduceData(
                name="t", partition_data=[ProduceRequest.PartitionProduceData(index=0, records=batch)]
            )
        ],
    )
    for _ in range(BATCHES):
        answer = connection.call(request, 7).responses[0].partition_responses[0]
        assert answer.error_code == errors.NONE
    connection.close()


def fetch_everything(broker: Broker, times: int) -> int:
    """The number of batches that came, in fetches as large as a broker lets them be."""
    connection = connect(broker)
    size = 0
    for _ in range(times):
        request = FetchRequest(
            max_wait_ms=100,
            min_bytes=1,
            max_bytes=55_000_000,
            topics=[
                FetchRequest.FetchTopic(
                    topic="t",
                    partitions=[
                        FetchRequest.FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=55_000_000)
                    ],
                )
            ],
        )
        answer = connection.call(request, 4).responses[0].partitions[0]
        assert answer.error_code == errors.NONE
        size += len(answer.records)
    connection.close()
    return size // BATCH_BYTES


def test_member_that_just_stops_is_out_after_its_session(broker: Broker) -> None:
    stopped, other = Member(broker, session_timeout_ms=1_000), Member(broker, session_timeout_ms=30_000)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Member.join, [stopped, other]))
    stopped.connection.close()
    wait_until(
        lambda: other.heartbeat() == errors.REBALANCE_IN_PROGRESS, what="a rebalance without the one that stopped"
    )
    assert other.join() == [other.member_id]
    other.connection.close()
