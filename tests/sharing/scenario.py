"""Share fetches and acknowledgements of members of share groups: what Apache Kafka 4.2.0 answers, and what it stores,
is what minikafka has to. ``python -m tests.sharing JARS`` asks Kafka again.

Some steps are chosen, each for something that can go well or wrong; then members do anything at all, as a random
sequence that is the same each time. Left out is what Kafka answers by chance: releases that come along with a fetch,
which reads before they are written; and requests about topics there are not, at which it stumbles (its answer to all
of the request is UNKNOWN_SERVER_ERROR).
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from typing import Any

from minikafka import errors
from minikafka.client.connection import Connection
from minikafka.protocol import messages as m
from minikafka.protocol.primitives import uuid_to_text
from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import build_batch
from tests.support.polling import wait_until

GAP, ACCEPT, RELEASE, REJECT, RENEW = range(5)
EXACT = {"share_acquire_mode": 1}
NOW_MS = 1_700_000_000_000
GROUP_RESOURCE, SET = 32, 0
TRANSACTION_COORDINATOR, SHARE_COORDINATOR = 1, 2
WALKS, WALK_STEPS = 8, 45

Acknowledged = tuple[int, int, int, list[int]]
"""Partition, first offset, last offset, types."""


def answers_of(host: str, port: int, settles_s: float = 0.0) -> list[list[Any]]:
    """[what was asked, what was answered] for each step; ``settles_s`` is how long the broker may need after it."""
    world = World(host, port, settles_s)
    try:
        for step in (
            _sessions,
            _acknowledging,
            _too_often,
            _how_much,
            _several_partitions,
            _deleted_records,
            _fencing,
            _lost_connection,
            _limit_of_locks,
            _committed_only,
            _where_to_begin,
            _together,
        ):
            step(world)
        for seed in range(WALKS):
            _walk(world, seed)
    finally:
        world.connection.close()
    return world.answers


class World:
    """One broker, and all that was asked of it."""

    def __init__(self, host: str, port: int, settles_s: float) -> None:
        self.address = (host, port)
        self.settles_s = settles_s
        self.connection = Connection(host, port)
        self.answers: list[list[Any]] = []

    def new_connection(self) -> Connection:
        return Connection(*self.address)

    def settle(self) -> None:
        time.sleep(self.settles_s)

    def set_group(self, group: str, **settings: str) -> None:
        configs = [
            m.IncrementalAlterConfigsRequest.AlterableConfig(
                name=f"share.{key.replace('_', '.')}", config_operation=SET, value=value
            )
            for key, value in settings.items()
        ]
        resource = m.IncrementalAlterConfigsRequest.AlterConfigsResource(
            resource_type=GROUP_RESOURCE, resource_name=group, configs=configs
        )
        answer = self.connection.call(m.IncrementalAlterConfigsRequest(resources=[resource]), 1)
        assert answer.responses[0].error_code == errors.NONE
        self.settle()


class Shared:
    """One topic, and one group that reads it. ``name`` is both's."""

    def __init__(self, world: World, name: str, *, partitions: int = 1, start_offset: int = 0) -> None:
        self.world = world
        self.name = name
        self.connection = world.connection
        topic = m.CreateTopicsRequest.CreatableTopic(name=name, num_partitions=partitions, replication_factor=1)
        [created] = self.connection.call(m.CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 7).topics
        assert created.error_code == errors.NONE
        self.topic_id: bytes = created.topic_id
        key = f"{name}:{uuid_to_text(self.topic_id)}:0"
        find = m.FindCoordinatorRequest(key_type=SHARE_COORDINATOR, coordinator_keys=[key])
        wait_until(lambda: not self.connection.call(find, 6).coordinators[0].error_code)
        for index in range(partitions):
            self.begin(start_offset, index)

    def begin(self, start_offset: int, index: int = 0, *, epoch: int = 1) -> None:
        """As the group coordinator does when the group gets the topic."""
        partition = m.InitializeShareGroupStateRequest.PartitionData(
            partition=index, state_epoch=epoch, start_offset=start_offset
        )
        data = m.InitializeShareGroupStateRequest.InitializeStateData(topic_id=self.topic_id, partitions=[partition])
        request = m.InitializeShareGroupStateRequest(group_id=self.name, topics=[data])
        wait_until(lambda: not self.connection.call(request, 0).results[0].partitions[0].error_code)

    def produce(self, *counts: int, index: int = 0, **how: Any) -> None:
        """Batches of so many records."""
        for count in counts:
            records = [Record(offset, NOW_MS, None, b"0123456789") for offset in range(count)]
            self._append(build_batch(records, **how), index, None)

    def _append(self, records: bytes, index: int, transactional_id: str | None) -> None:
        partition = m.ProduceRequest.PartitionProduceData(index=index, records=records)
        request = m.ProduceRequest(
            transactional_id=transactional_id,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[m.ProduceRequest.TopicProduceData(name=self.name, partition_data=[partition])],
        )
        wait_until(lambda: not self.connection.call(request, 11).responses[0].partition_responses[0].error_code)

    def delete_records(self, offset: int) -> None:
        partition = m.DeleteRecordsRequest.DeleteRecordsPartition(partition_index=0, offset=offset)
        topic = m.DeleteRecordsRequest.DeleteRecordsTopic(name=self.name, partitions=[partition])
        self.connection.call(m.DeleteRecordsRequest(topics=[topic], timeout_ms=10_000), 2)

    def member(self, member_id: str, *, connection: Connection | None = None) -> Member:
        return Member(self, member_id, connection or self.connection)

    def note_state(self, index: int = 0) -> None:
        """What is stored now."""
        partition = m.ReadShareGroupStateRequest.PartitionData(partition=index, leader_epoch=0)
        data = m.ReadShareGroupStateRequest.ReadStateData(topic_id=self.topic_id, partitions=[partition])
        request = m.ReadShareGroupStateRequest(group_id=self.name, topics=[data])
        found = self.connection.call(request, 0).results[0].partitions[0]
        summary = m.ReadShareGroupStateSummaryRequest.PartitionData(partition=index, leader_epoch=0)
        of_topic = m.ReadShareGroupStateSummaryRequest.ReadStateSummaryData(
            topic_id=self.topic_id, partitions=[summary]
        )
        asked = m.ReadShareGroupStateSummaryRequest(group_id=self.name, topics=[of_topic])
        counted = self.connection.call(asked, 1).results[0].partitions[0]
        batches = [[b.first_offset, b.last_offset, b.delivery_state, b.delivery_count] for b in found.state_batches]
        self.note(
            f"state of {index}",
            [found.error_code, found.state_epoch, found.start_offset, counted.delivery_complete_count, batches],
        )

    def note(self, asked: str, answer: Any) -> None:
        self.world.answers.append([f"{self.name}: {asked}", answer])


class Member:
    """A member of the group, which counts its session's requests."""

    def __init__(self, shared: Shared, member_id: str, connection: Connection) -> None:
        self.shared = shared
        self.member_id = member_id
        self.connection = connection
        self.epoch = 0

    def fetch(
        self,
        *indexes: int,
        acknowledged: Sequence[Acknowledged] = (),
        forgotten: Sequence[int] = (),
        epoch: int | None = None,
        version: int = 2,
        **fields: Any,
    ) -> list[tuple[int, int]]:
        """Fetch, of these partitions for the first time; the first and last offsets of what was acquired."""
        batches: dict[int, list[Any]] = {index: [] for index in indexes}
        for index, first, last, types in acknowledged:
            each = m.ShareFetchRequest.AcknowledgementBatch(
                first_offset=first, last_offset=last, acknowledge_types=types
            )
            batches.setdefault(index, []).append(each)
        limits = {"max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "max_records": 500, "batch_size": 500}
        topic = m.ShareFetchRequest.FetchTopic(
            topic_id=self.shared.topic_id,
            partitions=[
                m.ShareFetchRequest.FetchPartition(partition_index=index, acknowledgement_batches=of_partition)
                for index, of_partition in batches.items()
            ],
        )
        request = m.ShareFetchRequest(
            group_id=self.shared.name,
            member_id=self.member_id,
            share_session_epoch=self.epoch if epoch is None else epoch,
            **{**limits, **fields},
            topics=[topic] if batches else [],
            forgotten_topics_data=[
                m.ShareFetchRequest.ForgottenTopic(topic_id=self.shared.topic_id, partitions=[index])
                for index in forgotten
            ],
        )
        response = self.connection.call(request, version)
        self._count(request.share_session_epoch, response.error_code)
        asked = f"{self.member_id} fetches {list(indexes)} {fields} in {request.share_session_epoch}"
        if acknowledged:
            asked += f" with {list(acknowledged)}"
        if forgotten:
            asked += f" without {list(forgotten)}"
        partitions = [partition for topic in response.responses for partition in topic.partitions]
        self.shared.note(
            asked,
            [
                response.error_code,
                response.error_message,
                response.acquisition_lock_timeout_ms,
                sorted(map(_fetched, partitions)),
                len(response.node_endpoints),
            ],
        )
        return [(a.first_offset, a.last_offset) for partition in partitions for a in partition.acquired_records]

    def load(self, *indexes: int) -> None:
        """Open a session when the share partition is loaded, with nothing acquired."""
        self.fetch(*indexes, max_wait_ms=3_000, min_bytes=1, max_records=1)
        self.close()

    def acknowledge(
        self, *acknowledged: Acknowledged, epoch: int | None = None, is_renewal: bool = False, version: int = 2
    ) -> None:
        batches: dict[int, list[Any]] = {}
        for index, first, last, types in acknowledged:
            each = m.ShareAcknowledgeRequest.AcknowledgementBatch(
                first_offset=first, last_offset=last, acknowledge_types=types
            )
            batches.setdefault(index, []).append(each)
        topic = m.ShareAcknowledgeRequest.AcknowledgeTopic(
            topic_id=self.shared.topic_id,
            partitions=[
                m.ShareAcknowledgeRequest.AcknowledgePartition(
                    partition_index=index, acknowledgement_batches=of_partition
                )
                for index, of_partition in batches.items()
            ],
        )
        request = m.ShareAcknowledgeRequest(
            group_id=self.shared.name,
            member_id=self.member_id,
            share_session_epoch=self.epoch if epoch is None else epoch,
            is_renew_ack=is_renewal,
            topics=[topic],
        )
        response = self.connection.call(request, version)
        self._count(request.share_session_epoch, response.error_code)
        partitions = [partition for topic in response.responses for partition in topic.partitions]
        self.shared.note(
            f"{self.member_id} acknowledges {list(acknowledged)} in {request.share_session_epoch}",
            [
                response.error_code,
                response.error_message,
                response.acquisition_lock_timeout_ms,
                sorted(
                    [p.partition_index, p.error_code, p.error_message, p.current_leader.leader_epoch]
                    for p in partitions
                ),
                len(response.node_endpoints),
            ],
        )

    def close(self) -> None:
        self.fetch(epoch=-1)
        self.epoch = 0
        self.shared.world.settle()

    def _count(self, epoch: int, code: int) -> None:
        if code == errors.NONE and epoch >= 0:
            self.epoch = epoch + 1


def _fetched(partition: Any) -> list[Any]:
    records = partition.records or b""
    return [
        partition.partition_index,
        partition.error_code,
        partition.error_message,
        partition.acknowledge_error_code,
        partition.acknowledge_error_message,
        partition.current_leader.leader_epoch,
        [[batch.base_offset, batch.last_offset] for batch in iter_batches(memoryview(bytes(records)))],
        [[a.first_offset, a.last_offset, a.delivery_count] for a in partition.acquired_records],
    ]


WAIT: dict[str, Any] = {"max_wait_ms": 3_000, "min_bytes": 1}


def _sessions(world: World) -> None:
    shared = Shared(world, "sessions")
    member = shared.member("m")
    member.fetch(epoch=1)
    member.fetch(epoch=-1)
    member.acknowledge((0, 0, 0, [ACCEPT]), epoch=1)
    member.acknowledge((0, 0, 0, [ACCEPT]), epoch=0)
    shared.member("").fetch(0)
    shared.member("m" * 37).fetch(0)
    member.fetch(0, acknowledged=[(0, 0, 0, [ACCEPT])])
    shared.produce(2)
    member.fetch(0, version=1, **WAIT)
    member.fetch()
    member.fetch(epoch=1)
    member.fetch(epoch=7)
    member.fetch(0)
    member.fetch(9)
    member.fetch()
    member.fetch(forgotten=[9])
    member.fetch(0, epoch=0)
    member.acknowledge((0, 0, 0, [ACCEPT]), epoch=-1)
    world.settle()
    shared.note_state()
    member.fetch(epoch=1)


def _acknowledging(world: World) -> None:
    shared = Shared(world, "acknowledging")
    shared.produce(5, 5, 3)
    member = shared.member("m")
    member.fetch(0, **WAIT)
    member.acknowledge((0, 0, 1, [ACCEPT]), (0, 2, 4, [ACCEPT, RELEASE, REJECT]))
    shared.note_state()
    member.fetch()
    for wrong in (
        [(0, 0, 4, [ACCEPT])],
        [(0, 10, 20, [ACCEPT])],
        [(0, 100, 200, [ACCEPT])],
        [(0, 3, 2, [ACCEPT])],
        [(0, 5, 6, [])],
        [(0, 5, 7, [ACCEPT, ACCEPT])],
        [(0, 5, 5, [RENEW])],
        [(0, 5, 5, [5])],
        [(0, 5, 5, [-1])],
        [(0, 7, 8, [ACCEPT]), (0, 5, 6, [ACCEPT])],
        [(0, 5, 6, [RELEASE]), (0, 6, 7, [ACCEPT])],
        [(7, 5, 5, [ACCEPT])],
    ):
        member.acknowledge(*wrong)
    member.acknowledge((0, 0, 1, [ACCEPT]))
    member.acknowledge((0, 5, 5, [RENEW]), version=1)
    member.acknowledge((0, 5, 5, [RENEW]), is_renewal=True)
    member.acknowledge((0, 5, 7, [RENEW, ACCEPT, RELEASE]), is_renewal=True)
    member.acknowledge((0, 8, 8, [GAP]))
    member.fetch()
    member.fetch(acknowledged=[(0, 10, 12, [ACCEPT])])
    member.fetch(acknowledged=[(0, 10, 12, [ACCEPT])])
    member.fetch(acknowledged=[(0, 3, 3, [RENEW])], is_renew_ack=True)
    member.fetch(acknowledged=[(0, 3, 3, [RENEW])], is_renew_ack=True, max_bytes=0, max_records=0)
    shared.note_state()
    member.fetch(acknowledged=[(0, 5, 5, [ACCEPT])], epoch=-1)
    world.settle()
    shared.note_state()
    other = shared.member("n")
    other.fetch(0)
    other.fetch(acknowledged=[(0, 0, 0, [ACCEPT])])


def _too_often(world: World) -> None:
    shared = Shared(world, "too-often")
    shared.produce(8, 8)
    member = shared.member("m")
    acquired = member.fetch(0, **WAIT)
    while acquired:
        member.acknowledge(*[(0, first, last, [RELEASE]) for first, last in acquired])
        acquired = member.fetch()
    shared.note_state()


def _how_much(world: World) -> None:
    shared = Shared(world, "how-much")
    shared.produce(*[7] * 10)
    member, other = shared.member("m"), shared.member("n")
    member.fetch(0, max_records=10, **WAIT)
    member.fetch(max_records=1)
    member.fetch(max_records=20, batch_size=5)
    member.fetch(max_records=3, **EXACT)
    member.fetch(max_records=3, **EXACT)
    member.fetch(max_records=10, **EXACT)
    member.fetch(max_bytes=10)
    member.fetch(max_bytes=0)
    member.fetch(max_records=0)
    member.acknowledge((0, 0, 13, [ACCEPT, RELEASE] * 7))
    shared.note_state()
    other.fetch(0, max_records=3)
    other.fetch(max_records=2, **EXACT)
    other.fetch()
    member.close()
    shared.note_state()
    other.fetch(max_records=20)
    other.fetch(max_records=20, **EXACT)
    other.fetch()


def _several_partitions(world: World) -> None:
    shared = Shared(world, "several", partitions=3)
    for index in range(3):
        shared.produce(4, index=index)
        shared.member("loader").load(index)
    member = shared.member("m")
    member.fetch(0, 1)
    member.fetch(2)
    member.fetch(forgotten=[0])
    for index in range(3):
        shared.produce(2, index=index)
    member.fetch()
    member.fetch(acknowledged=[(0, 0, 3, [ACCEPT])])
    member.fetch(acknowledged=[(1, 0, 3, [ACCEPT]), (2, 1, 2, [REJECT, ACCEPT])])
    member.acknowledge((0, 4, 5, [ACCEPT]), (1, 4, 5, [ACCEPT]), (2, 9, 9, [ACCEPT]), (5, 0, 0, [ACCEPT]))
    for index in range(3):
        shared.note_state(index)


def _deleted_records(world: World) -> None:
    shared = Shared(world, "deleted-records")
    shared.produce(*[5] * 6)
    member = shared.member("m")
    member.fetch(0, max_records=10, **WAIT)
    member.acknowledge((0, 0, 9, [RELEASE]))
    shared.delete_records(7)
    member.fetch()
    member.fetch(max_records=10)
    member.acknowledge((0, 7, 9, [ACCEPT]))
    shared.note_state()
    shared.delete_records(12)
    member.acknowledge((0, 10, 11, [ACCEPT]))
    member.fetch()
    member.acknowledge((0, 12, 29, [RELEASE]))
    shared.note_state()
    member.fetch()


def _fencing(world: World) -> None:
    shared = Shared(world, "fencing")
    shared.produce(5)
    member = shared.member("m")
    member.fetch(0, **WAIT)
    shared.begin(2, epoch=2)
    member.acknowledge((0, 0, 0, [ACCEPT]))
    member.acknowledge((0, 1, 1, [ACCEPT]))
    member.fetch(**WAIT)


def _lost_connection(world: World) -> None:
    shared = Shared(world, "lost-connection")
    shared.produce(5)
    connection = world.new_connection()
    lost, other = shared.member("m", connection=connection), shared.member("n")
    lost.fetch(0, **WAIT)
    other.fetch(0)
    connection.close()
    other.fetch(max_wait_ms=10_000, min_bytes=1)
    lost.connection = world.connection
    lost.fetch()
    shared.note_state()


def _limit_of_locks(world: World) -> None:
    shared = Shared(world, "limit-of-locks")
    shared.produce(*[100] * 25)
    member = shared.member("m")
    member.fetch(0, max_records=1_950, batch_size=100, **WAIT)
    member.fetch()
    member.acknowledge((0, 500, 549, [RELEASE]))
    member.fetch()
    member.acknowledge((0, 0, 99, [ACCEPT]))
    member.fetch()


def _committed_only(world: World) -> None:
    world.set_group("committed", isolation_level="read_committed", record_lock_duration_ms="15000")
    shared = Shared(world, "committed")
    transactions = _Transactions(shared)
    shared.produce(2)
    transactions.run(3, commit=False)
    shared.produce(2)
    transactions.run(3, commit=True)
    transactions.run(2, commit=None)
    shared.produce(2)
    shared.member("loader").load(0)
    member = shared.member("m")
    member.fetch(0)
    member.fetch()
    member.acknowledge((0, 2, 2, [ACCEPT]))
    member.acknowledge((0, 0, 1, [ACCEPT]))
    shared.note_state()


class _Transactions:
    """Of one producer."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._sequence = 0
        find = m.FindCoordinatorRequest(key_type=TRANSACTION_COORDINATOR, coordinator_keys=[shared.name])
        wait_until(lambda: not shared.connection.call(find, 6).coordinators[0].error_code)
        request = m.InitProducerIdRequest(
            transactional_id=shared.name, transaction_timeout_ms=60_000, producer_id=-1, producer_epoch=-1
        )
        self._producer = wait_until(lambda: self._producer_of(request))

    def _producer_of(self, request: Any) -> Any:
        answer = self._shared.connection.call(request, 4)
        return answer if answer.error_code == errors.NONE else None

    def run(self, count: int, *, commit: bool | None) -> None:
        """Two batches of a transaction, which is ended, or left open."""
        shared, producer = self._shared, self._producer
        identity = {"producer_id": producer.producer_id, "producer_epoch": producer.producer_epoch}
        topic = m.AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=shared.name, partitions=[0])
        added = m.AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=shared.name,
            v3_and_below_producer_id=producer.producer_id,
            v3_and_below_producer_epoch=producer.producer_epoch,
            v3_and_below_topics=[topic],
        )
        wait_until(
            lambda: (
                not shared.connection.call(added, 3)
                .results_by_topic_v3_and_below[0]
                .results_by_partition[0]
                .partition_error_code
            )
        )
        for _ in range(2):
            records = [Record(offset, NOW_MS, None, b"0123456789") for offset in range(count)]
            batch = build_batch(records, base_sequence=self._sequence, is_transactional=True, **identity)
            shared._append(batch, 0, shared.name)
            self._sequence += count
        if commit is not None:
            ended = m.EndTxnRequest(transactional_id=shared.name, committed=commit, **identity)
            assert shared.connection.call(ended, 3).error_code == errors.NONE
            shared.world.settle()


def _where_to_begin(world: World) -> None:
    world.set_group("earliest", auto_offset_reset="earliest")
    world.set_group("some-time-ago", auto_offset_reset="by_duration:PT1H")
    for name in ("latest", "earliest", "some-time-ago"):
        shared = Shared(world, name, start_offset=-1)
        shared.produce(4)
        member = shared.member("m")
        # Those who begin at the end have to be there before there is more.
        member.fetch(0, max_wait_ms=1_000, min_bytes=1)
        shared.produce(2)
        member.fetch(max_wait_ms=1_000, min_bytes=1)


def _together(world: World) -> None:
    shared = Shared(world, "together")
    shared.produce(5, 5, 5, 5)
    shared.member("loader").load(0)
    a, b, c, d = map(shared.member, "abcd")
    for member in (a, b, c):
        member.fetch(0, max_records=5)
    a.acknowledge((0, 1, 3, [RELEASE]))
    d.fetch(0, max_records=2)
    d.fetch(max_records=2)
    b.acknowledge((0, 4, 6, [ACCEPT]))
    b.acknowledge((0, 5, 6, [ACCEPT]), (0, 7, 10, [ACCEPT]))
    b.fetch()
    b.acknowledge((0, 5, 9, [ACCEPT]))
    shared.note_state()


# --- anything at all


def _walk(world: World, seed: int) -> None:
    chance = random.Random(seed)
    shared = Shared(world, f"walk-{seed}")
    shared.produce(*[chance.randint(1, 12) for _ in range(chance.randint(1, 4))])
    shared.member("loader").load(0)
    walkers = [_Walker(shared, member_id, chance) for member_id in "abc"]
    for step in range(WALK_STEPS):
        if chance.random() < 0.15:
            shared.produce(chance.randint(1, 12))
        else:
            chance.choice(walkers).walk()
        if step % 8 == 7:
            shared.note_state()
    shared.note_state()


class _Walker:
    """A member that does anything; ``_held`` is what it believes to hold."""

    def __init__(self, shared: Shared, member_id: str, chance: random.Random) -> None:
        self._member = shared.member(member_id)
        self._chance = chance
        self._held: set[int] = set()

    def walk(self) -> None:
        kind = self._chance.random()
        if kind < 0.5 or not self._member.epoch:
            self._fetch()
        elif kind < 0.93:
            self._acknowledge()
        else:
            self._member.close()
            self._held.clear()

    def _fetch(self) -> None:
        chance = self._chance
        limits: dict[str, Any] = {
            "max_records": chance.choice([1, 2, 3, 5, 8, 13, 500]),
            "batch_size": chance.choice([1, 2, 5, 500]),
            "share_acquire_mode": chance.choice([0, 0, 1]),
            "max_bytes": chance.choice([1 << 20, 1 << 20, 200, 90]),
        }
        along: list[Acknowledged] = []
        if self._member.epoch and chance.random() < 0.4:
            # Whether a release is written when the fetch reads is up to chance in Kafka.
            along = self._about_held([GAP, ACCEPT, REJECT])
        indexes = [] if self._member.epoch else [0]
        for first, last in self._member.fetch(*indexes, acknowledged=along, **limits):
            self._held |= set(range(first, last + 1))

    def _acknowledge(self) -> None:
        chance = self._chance
        is_renewal = chance.random() < 0.2
        kinds = [GAP, ACCEPT, ACCEPT, RELEASE, RELEASE, REJECT, *([RENEW] * 4 if is_renewal else [])]
        acknowledged = self._about_held(kinds) if chance.random() < 0.9 else []
        if not acknowledged:
            first = chance.randint(0, 40)
            acknowledged = [(0, first, first + chance.randint(0, 4), [chance.choice([ACCEPT, RELEASE, REJECT])])]
        self._member.acknowledge(*acknowledged, is_renewal=is_renewal)

    def _about_held(self, kinds: Iterable[int]) -> list[Acknowledged]:
        """Some of what is held, in order, which is held no more unless it is renewed."""
        chance, kinds = self._chance, list(kinds)
        found: list[Acknowledged] = []
        next_offset = 0
        for _ in range(chance.randint(1, 3)):
            offsets = [offset for offset in sorted(self._held) if offset >= next_offset]
            if not offsets:
                break
            first = last = chance.choice(offsets[:6])
            while last + 1 in self._held and chance.random() < 0.7:
                last += 1
            types = [chance.choice(kinds) for _ in range(last - first + 1)]
            if chance.random() < 0.6:
                types = types[:1]
            for offset in range(first, last + 1):
                if types[(offset - first) % len(types)] != RENEW:
                    self._held.discard(offset)
            found.append((0, first, last, types))
            next_offset = last + 1
        return found
