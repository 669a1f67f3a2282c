"""Consumers in a group: how long they take to come together, and how fast they commit.

Members of the classic protocol, each on a connection of its own and with a thread of its own, as they are in clients.
"""

from __future__ import annotations

import itertools
import selectors
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event
from typing import Any

from tests.support import wire
from tests.support.brokers import BrokerProcess

from benchmarks.load import RECEIVE_BYTES, connect
from minikafka import errors
from minikafka.client.connection import Connection
from minikafka.protocol.messages import (
    ConsumerProtocolSubscription,
    FindCoordinatorRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    SyncGroupRequest,
)

_group_numbers = itertools.count()
SUBSCRIPTION = b"\0\0" + ConsumerProtocolSubscription(topics=["t"], user_data=None).encode(0)
ASSIGNMENT = b"\0\0\0\0\0\0\xff\xff\xff\xff"
JOIN, SYNC, LEAVE, COMMIT, HEARTBEAT = 7, 3, 3, 7, 3
"""Versions that every broker of the comparison serves."""
HEARTBEAT_S = 0.01
NOT_READY = frozenset({errors.COORDINATOR_NOT_AVAILABLE, errors.COORDINATOR_LOAD_IN_PROGRESS, errors.NOT_COORDINATOR})
"""What Apache Kafka answers for a moment after it has created its topic of offsets."""
TRY_AGAIN = NOT_READY | {errors.MEMBER_ID_REQUIRED, errors.REBALANCE_IN_PROGRESS}


class Member:
    """One consumer of ``group``."""

    def __init__(self, broker: BrokerProcess, group: str) -> None:
        self.connection = Connection(broker.host, broker.port)
        self.group = group
        self.member_id = ""
        self.generation_id = -1

    def settle(self, size: int, is_settled: Event) -> None:
        """Join, and join again whenever the group says so, until ``size`` members are there."""
        self._join(size, is_settled)
        while not is_settled.wait(HEARTBEAT_S):
            request = HeartbeatRequest(group_id=self.group, generation_id=self.generation_id, member_id=self.member_id)
            code = self.connection.call(request, HEARTBEAT).error_code
            if code == errors.REBALANCE_IN_PROGRESS:
                self._join(size, is_settled)
            else:
                assert code == errors.NONE, f"{self.group}: a heartbeat was answered with error code {code}"

    def _join(self, size: int, is_settled: Event) -> None:
        while True:
            protocol = JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=SUBSCRIPTION)
            answer = self.connection.call(
                JoinGroupRequest(
                    group_id=self.group,
                    session_timeout_ms=30_000,
                    rebalance_timeout_ms=30_000,
                    member_id=self.member_id,
                    protocol_type="consumer",
                    protocols=[protocol],
                ),
                JOIN,
            )
            self.member_id, self.generation_id = answer.member_id, answer.generation_id
            code = answer.error_code or self._sync(answer)
            if code == errors.NONE:
                if len(answer.members) == size:  # only the leader is told of them
                    is_settled.set()
                return
            assert code in TRY_AGAIN, f"{self.group}: joining was answered with error code {code}"
            if code in NOT_READY:
                time.sleep(HEARTBEAT_S)

    def _sync(self, answer: Any) -> int:
        assignments = [
            SyncGroupRequest.SyncGroupRequestAssignment(member_id=one.member_id, assignment=ASSIGNMENT)
            for one in answer.members
        ]
        request = SyncGroupRequest(
            group_id=self.group, generation_id=self.generation_id, member_id=self.member_id, assignments=assignments
        )
        code: int = self.connection.call(request, SYNC).error_code
        return code


class Group:
    """A group of its own for one measurement, with ``size`` members that have come together; left afterwards."""

    def __init__(self, broker: BrokerProcess, size: int) -> None:
        self.name = f"benchmark-{next(_group_numbers)}"
        self.members = [Member(broker, self.name) for _ in range(size)]
        self._await_coordinator()
        self._pool = ThreadPoolExecutor(size)
        began = time.perf_counter()
        is_settled = Event()
        for _ in self._pool.map(lambda member: member.settle(size, is_settled), self.members):
            pass
        self.seconds_to_settle = time.perf_counter() - began

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        identities = [LeaveGroupRequest.MemberIdentity(member_id=member.member_id) for member in self.members]
        self.members[0].connection.call(LeaveGroupRequest(group_id=self.name, members=identities), LEAVE)
        self._pool.shutdown()
        for member in self.members:
            member.connection.close()

    def _await_coordinator(self) -> None:
        """The first one makes the broker create its topic of offsets."""
        connection = self.members[0].connection
        while connection.call(FindCoordinatorRequest(key=self.name), 1).error_code != errors.NONE:
            time.sleep(0.1)

    def commits(self, topic_name: str) -> list[bytes]:
        """A framed request of each member, which commits one offset of a topic that is there."""
        frames = []
        for member in self.members:
            partition = OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
            topic = OffsetCommitRequest.OffsetCommitRequestTopic(name=topic_name, partitions=[partition])
            request = OffsetCommitRequest(
                group_id=self.name,
                generation_id_or_member_epoch=member.generation_id,
                member_id=member.member_id,
                topics=[topic],
            )
            frames.append(member.connection.framed(request, COMMIT))
        return frames


def seconds_to_settle(size: int) -> Callable[[BrokerProcess, float], float]:
    def measure(broker: BrokerProcess, seconds: float) -> float:
        with Group(broker, size) as group:
            return group.seconds_to_settle

    return measure


def commits_per_second(size: int) -> Callable[[BrokerProcess, float], float]:
    def measure(broker: BrokerProcess, seconds: float) -> float:
        with Group(broker, size) as group, closing(wire.Connection(broker.host, broker.port)) as connection:
            connection.create_topic(group.name)
            try:
                return ask_over_many(broker.host, broker.port, group.commits(group.name), seconds)
            finally:
                connection.delete_topic(group.name)

    return measure


def ask_over_many(host: str, port: int, frames: Sequence[bytes], seconds: float) -> float:
    """Each frame over a connection of its own, again and again, one on its way; answers per second. All answers must be
    as the first one is, and that must say that there was no error."""
    connections = [connect(host, port) for _ in frames]
    selector = selectors.EpollSelector()
    answered, busy = 0, len(frames)
    expected: set[bytes] = set()
    began = time.perf_counter()
    for connection, frame in zip(connections, frames, strict=True):
        selector.register(connection, selectors.EVENT_READ, (connection, frame))
        connection.sendall(frame)
    while busy:
        for key, _ in selector.select():
            connection, frame = key.data
            answer = connection.recv(RECEIVE_BYTES)
            expected.add(answer[8:])  # behind size and correlation id
            answered += 1
            if time.perf_counter() - began < seconds:
                connection.sendall(frame)
            else:
                busy -= 1
    elapsed = time.perf_counter() - began
    for connection in connections:
        connection.close()
    selector.close()
    assert len(expected) == 1, f"answers differ: {sorted(expected)}"
    assert expected.pop()[-2:] == b"\0\0", "a commit was refused"
    return answered / elapsed
