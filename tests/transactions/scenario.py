"""One sequence of transactional requests, right and wrong: what Apache Kafka 4.2.0 answers is what minikafka has to
answer. ``python -m tests.transactions JARS`` asks Kafka again.

Answers that ask the client to come again are waited out: how long that takes is no part of the comparison. Producer ids
are counted from the first one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from minikafka import errors
from minikafka.client.connection import Connection
from minikafka.protocol.messages import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    CreateTopicsRequest,
    DescribeProducersRequest,
    DescribeTransactionsRequest,
    EndTxnRequest,
    FindCoordinatorRequest,
    InitProducerIdRequest,
    ListTransactionsRequest,
    OffsetFetchRequest,
    ProduceRequest,
    TxnOffsetCommitRequest,
    WriteTxnMarkersRequest,
)
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.support.polling import wait_until

SETTINGS = {
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
}

COME_AGAIN = frozenset(
    {
        errors.CONCURRENT_TRANSACTIONS,
        errors.COORDINATOR_LOAD_IN_PROGRESS,
        errors.COORDINATOR_NOT_AVAILABLE,
        errors.NOT_COORDINATOR,
        errors.NOT_ENOUGH_REPLICAS,
    }
)
PATIENCE_S = 10.0

Parts = Iterable[tuple[str, list[int]]]


class Client:
    """Sends requests of any transactional id, producer id and epoch, and gives the answers as plain data."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._first_producer_id: int | None = None

    def prepare(self) -> None:
        """The topics ``t`` (two partitions) and ``u``, and the coordinators."""
        topics = [
            CreateTopicsRequest.CreatableTopic(name=name, num_partitions=count, replication_factor=1)
            for name, count in (("t", 2), ("u", 1))
        ]
        self._connection.call(CreateTopicsRequest(topics=topics, timeout_ms=10_000), 5)
        for key, key_type in (("x", 1), ("g", 0)):
            request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
            wait_until(lambda request=request: not self._connection.call(request, 4).coordinators[0].error_code)

    def _patiently(self, ask: Callable[[], Any], code_of: Callable[[Any], int]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = ask()
            if code_of(answer) not in COME_AGAIN or time.monotonic() > deadline:
                return answer
            time.sleep(0.02)

    def producer_id(self, number: int) -> int:
        """The producer id that is shown as ``number``."""
        assert self._first_producer_id is not None
        return self._first_producer_id + number

    def _shown(self, producer_id: int) -> int:
        if producer_id < 0:
            return producer_id
        if self._first_producer_id is None:
            self._first_producer_id = producer_id
        return producer_id - self._first_producer_id

    def init(
        self, name: str = "x", number: int | None = None, epoch: int = -1, *, version: int = 5, timeout_ms: int = 60_000
    ) -> list[int]:
        request = InitProducerIdRequest(
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            producer_id=-1 if number is None else self.producer_id(number),
            producer_epoch=epoch,
        )
        answer = self._patiently(lambda: self._connection.call(request, version), lambda answer: answer.error_code)
        return [answer.error_code, self._shown(answer.producer_id), answer.producer_epoch]

    def add(self, number: int, epoch: int, parts: Parts, *, name: str = "x", version: int = 3) -> list[Any]:
        topics = [
            AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=topic, partitions=indexes)
            for topic, indexes in parts
        ]
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=name,
            v3_and_below_producer_id=self.producer_id(number),
            v3_and_below_producer_epoch=epoch,
            v3_and_below_topics=topics,
        )
        return self._patiently(
            lambda: _codes(self._connection.call(request, version).results_by_topic_v3_and_below),
            lambda codes: codes[0][2],
        )

    def verify(self, number: int, epoch: int, parts: Parts, *, name: str = "x", version: int = 5) -> list[Any]:
        transaction = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction(
            transactional_id=name,
            producer_id=self.producer_id(number),
            producer_epoch=epoch,
            verify_only=True,
            topics=[
                AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=topic, partitions=indexes)
                for topic, indexes in parts
            ],
        )
        request = AddPartitionsToTxnRequest(transactions=[transaction])
        return self._patiently(
            lambda: _codes(self._connection.call(request, version).results_by_transaction[0].topic_results),
            lambda codes: codes[0][2],
        )

    def end(self, number: int, epoch: int, committed: bool, *, name: str = "x", version: int = 5) -> list[int]:
        request = EndTxnRequest(
            transactional_id=name, producer_id=self.producer_id(number), producer_epoch=epoch, committed=committed
        )
        answer = self._patiently(lambda: self._connection.call(request, version), lambda answer: answer.error_code)
        return [answer.error_code, self._shown(answer.producer_id), answer.producer_epoch]

    def produce(
        self,
        number: int,
        epoch: int,
        sequence: int,
        *,
        version: int = 12,
        name: str | None = "x",
        topic: str = "t",
        is_transactional: bool = True,
    ) -> list[Any]:
        records = build_batch(
            [Record(0, 1_700_000_000_000, None, b"value")],
            producer_id=self.producer_id(number),
            producer_epoch=epoch,
            base_sequence=sequence,
            is_transactional=is_transactional,
        )
        request = ProduceRequest(
            transactional_id=name,
            acks=-1,
            timeout_ms=10_000,
            topic_data=[
                ProduceRequest.TopicProduceData(
                    name=topic, partition_data=[ProduceRequest.PartitionProduceData(index=0, records=records)]
                )
            ],
        )
        answer = self._patiently(
            lambda: self._connection.call(request, version).responses[0].partition_responses[0],
            lambda answer: answer.error_code,
        )
        return [answer.error_code, answer.base_offset, answer.error_message, answer.log_start_offset]

    def add_offsets(self, number: int, epoch: int, version: int) -> int:
        request = AddOffsetsToTxnRequest(
            transactional_id="x", producer_id=self.producer_id(number), producer_epoch=epoch, group_id="g"
        )
        code: int = self._patiently(lambda: self._connection.call(request, version).error_code, lambda code: code)
        return code

    def commit_offset(
        self,
        number: int,
        epoch: int,
        version: int,
        *,
        name: str = "x",
        group_id: str = "g",
        generation_id: int = -1,
        member_id: str = "",
        topic: str = "t",
    ) -> int:
        request = TxnOffsetCommitRequest(
            transactional_id=name,
            group_id=group_id,
            producer_id=self.producer_id(number),
            producer_epoch=epoch,
            generation_id=generation_id,
            member_id=member_id,
            topics=[
                TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
                            partition_index=0, committed_offset=3, committed_metadata=""
                        )
                    ],
                )
            ],
        )
        code: int = self._patiently(
            lambda: self._connection.call(request, version).topics[0].partitions[0].error_code, lambda code: code
        )
        return code

    def offset(self) -> list[Any]:
        topics = [OffsetFetchRequest.OffsetFetchRequestTopics(name="t", partition_indexes=[0])]
        groups = [OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=topics)]
        answer = self._connection.call(OffsetFetchRequest(require_stable=True, groups=groups), 9)
        [one] = answer.groups[0].topics[0].partitions
        return [one.committed_offset, one.error_code]

    def mark(
        self,
        number: int,
        epoch: int,
        topic: str,
        partition: int,
        version: int,
        *,
        coordinator_epoch: int = 0,
        transaction_version: int = 0,
    ) -> int:
        marker = WriteTxnMarkersRequest.WritableTxnMarker(
            producer_id=self.producer_id(number),
            producer_epoch=epoch,
            transaction_result=False,
            coordinator_epoch=coordinator_epoch,
            transaction_version=transaction_version,
            topics=[WriteTxnMarkersRequest.WritableTxnMarkerTopic(name=topic, partition_indexes=[partition])],
        )
        answer = self._connection.call(WriteTxnMarkersRequest(markers=[marker]), version)
        code: int = answer.markers[0].topics[0].partitions[0].error_code
        return code

    def describe(self, name: str = "x") -> list[Any]:
        """The state, once no marker is awaited any more."""

        def ask() -> Any:
            return self._connection.call(DescribeTransactionsRequest(transactional_ids=[name]), 0).transaction_states[0]

        state = wait_until(lambda: None if (state := ask()).transaction_state.startswith("Prepare") else state)
        return [
            state.error_code,
            state.transaction_state,
            self._shown(state.producer_id),
            state.producer_epoch,
            state.transaction_timeout_ms,
            sorted([topic.topic, sorted(topic.partitions)] for topic in state.topics),
        ]

    def list_transactions(self, version: int, **filters: Any) -> list[Any]:
        answer = self._connection.call(ListTransactionsRequest(**filters), version)
        return [
            answer.error_code,
            answer.unknown_state_filters,
            sorted(
                [one.transactional_id, self._shown(one.producer_id), one.transaction_state]
                for one in answer.transaction_states
            ),
        ]

    def describe_producers(self, topic: str, partition: int) -> list[Any]:
        topics = [DescribeProducersRequest.TopicRequest(name=topic, partition_indexes=[partition])]
        [one] = self._connection.call(DescribeProducersRequest(topics=topics), 0).topics[0].partitions
        return [
            one.error_code,
            one.error_message,
            sorted(
                [self._shown(p.producer_id), p.producer_epoch, p.last_sequence, p.current_txn_start_offset]
                for p in one.active_producers
            ),
        ]


def _codes(topics: Any) -> list[Any]:
    return sorted(
        [topic.name, one.partition_index, one.partition_error_code]
        for topic in topics
        for one in topic.results_by_partition
    )


def answers_of(connection: Connection) -> list[list[Any]]:
    """What each step is called, and its answer."""
    client = Client(connection)
    client.prepare()
    answers: list[list[Any]] = []

    def step(name: str, answer: Any) -> None:
        answers.append([name, answer])

    step("a new producer", client.init())
    _before_any_transaction(client, step)
    _version_1(client, step)
    _version_2(client, step)
    _fencing(client, step)
    _timeout(client, step)
    _markers(client, step)
    return answers


Note = Callable[[str, Any], None]


def _before_any_transaction(client: Client, step: Note) -> None:
    for name in ("x", "nobody", ""):
        step(f"describe {name!r}", client.describe(name))
    step("init without a name", client.init(""))
    for timeout_ms in (0, 900_001):
        step(f"init with timeout {timeout_ms}", client.init("y", timeout_ms=timeout_ms))
    step("init with an id and no epoch", client.init("y", 5))
    step("init with an epoch and no id", client.init("y", epoch=5))
    for version in range(4):
        step(f"add, stale, v{version}", client.add(0, 9, [("t", [0])], version=version))
        step(f"add, another id, v{version}", client.add(77, 0, [("t", [0])], version=version))
    for name in ("nobody", ""):
        step(f"add of {name!r}", client.add(0, 0, [("t", [0])], name=name))
    step("add what is not there", client.add(0, 0, [("t", [0, 7]), ("missing", [0])]))
    for version in (4, 5):
        step(f"verify, v{version}", client.verify(0, 0, [("t", [0])], version=version))
        step(f"verify, another id, v{version}", client.verify(7, 0, [("t", [0])], version=version))
        step(f"verify, stale, v{version}", client.verify(0, 3, [("t", [0])], version=version))
        step(f"verify of nobody, v{version}", client.verify(0, 0, [("t", [0])], name="nobody", version=version))
        step(f"verify what is not there, v{version}", client.verify(0, 0, [("t", [9])], version=version))
    for version in range(6):
        step(f"commit nothing, v{version}", client.end(0, 0, True, version=version))
        step(f"commit, stale, v{version}", client.end(0, 8, True, version=version))
        step(f"commit, another id, v{version}", client.end(8, 0, True, version=version))
        for name in ("nobody", ""):
            step(f"commit of {name!r}, v{version}", client.end(0, 0, True, name=name, version=version))
    for version in range(5):
        step(f"abort nothing, v{version}", client.end(0, 0, False, version=version))
    for version in range(3, 12):
        step(f"write what was not added, v{version}", client.produce(0, 0, 0, version=version))
    for version in (9, 11, 12):
        step(f"write, stale, v{version}", client.produce(0, 7, 0, version=version))
        step(f"write, another id, v{version}", client.produce(9, 0, 0, version=version))
        step(f"write of nobody, v{version}", client.produce(0, 0, 0, version=version, name="nobody"))
    step("write without a name", client.produce(0, 0, 0, version=9, name=None))
    for version in range(5):
        step(f"offset that was not added, v{version}", client.commit_offset(0, 0, version))
        step(f"offset, stale, v{version}", client.commit_offset(0, 6, version))
        step(f"offset, another id, v{version}", client.commit_offset(6, 0, version))
        step(f"offset of nobody, v{version}", client.commit_offset(0, 0, version, name="nobody"))
        step(f"offset of no topic, v{version}", client.commit_offset(0, 0, version, topic="missing"))
        step(f"offset of no group, v{version}", client.commit_offset(0, 0, version, group_id=""))


def _version_1(client: Client, step: Note) -> None:
    step("add", client.add(0, 0, [("t", [0])]))
    step("write", client.produce(0, 0, 0, version=9))
    step("write it again", client.produce(0, 0, 0, version=9))
    step("write with a gap", client.produce(0, 0, 5, version=9))
    step("write outside", client.produce(0, 0, 1, version=9, name=None, is_transactional=False))
    step("verify both", client.verify(0, 0, [("t", [0, 1])]))
    for version in range(5):
        step(f"add offsets, v{version}", client.add_offsets(0, 0, version))
        step(f"add offsets, stale, v{version}", client.add_offsets(0, 4, version))
    for version in range(5):
        step(f"offset, v{version}", client.commit_offset(0, 0, version))
    step("offset, a generation", client.commit_offset(0, 0, 3, generation_id=4))
    step("offset, a member", client.commit_offset(0, 0, 3, member_id="m"))
    step("offset, both", client.commit_offset(0, 0, 3, generation_id=4, member_id="m"))
    step("fetch, unstable", client.offset())
    step("ongoing", client.describe())
    step("commit", client.end(0, 0, True, version=3))
    step("committed", client.describe())
    step("fetch", client.offset())
    step("commit again", client.end(0, 0, True, version=3))
    step("abort what is committed", client.end(0, 0, False, version=3))
    step("late write", client.produce(0, 0, 1, version=11))


def _version_2(client: Client, step: Note) -> None:
    step("commit nothing in TV2", client.end(0, 0, True))
    step("abort nothing in TV2", client.end(0, 0, False))
    step("it is aborted", client.describe())
    step("abort again", client.end(0, 0, False))
    step("commit what is aborted", client.end(0, 0, True))
    step("abort again in TV1", client.end(0, 1, False, version=4))
    step("commit what is aborted in TV1", client.end(0, 1, True, version=4))
    step("write of the old epoch", client.produce(0, 0, 1))
    step("write that adds", client.produce(0, 1, 0))
    step("and another", client.produce(0, 1, 0, topic="u"))
    step("offset that adds", client.commit_offset(0, 1, 5))
    step("what was added", client.describe())
    step("commit in TV2", client.end(0, 1, True))
    step("commit in TV2 again", client.end(0, 1, True))
    step("abort it in TV2", client.end(0, 1, False))
    step("commit of the future", client.end(0, 4, True))
    step("commit of the past", client.end(0, 0, True))
    step("commit nothing of the next", client.end(0, 2, True))
    step("late write in TV2", client.produce(0, 1, 1))
    step("write that begins with a gap", client.produce(0, 2, 3))
    step("what a refused write leaves", client.describe())
    step("write in TV2", client.produce(0, 2, 0))
    step("commit it in TV1", client.end(0, 2, True, version=4))
    step("committed in TV1", client.describe())


def _fencing(client: Client, step: Note) -> None:
    step("open", client.produce(0, 2, 1))
    step("take over", client.init())
    step("taken over", client.describe())
    step("zombie writes", client.produce(0, 2, 2))
    step("zombie writes with the epoch between", client.produce(0, 3, 0))
    step("zombie commits", client.end(0, 2, True))
    step("zombie aborts", client.end(0, 2, False))
    step("go on", client.init(number=0, epoch=4))
    step("go on, asked twice", client.init(number=0, epoch=4))
    step("go on with an old epoch", client.init(number=0, epoch=0))
    step("go on with an old epoch, v3", client.init(number=0, epoch=0, version=3))
    step("go on with another id", client.init(number=3, epoch=0))
    step("open again", client.produce(0, 5, 0))
    step("go on from an open transaction", client.init(number=0, epoch=5))
    step("gone on", client.describe())


def _timeout(client: Client, step: Note) -> None:
    step("a short timeout", client.init(timeout_ms=300))
    epoch = client.describe()[3]
    step("open for too long", client.produce(0, epoch, 0))
    step("timed out", wait_until(lambda: None if (state := client.describe())[1] == "Ongoing" else state))
    step("commit after the timeout", client.end(0, epoch, True))
    step("abort after the timeout", client.end(0, epoch, False))
    step("write after the timeout", client.produce(0, epoch, 1))


def _markers(client: Client, step: Note) -> None:
    step("another producer", client.init("hanging"))
    step("it writes", client.produce(1, 0, 0, name="hanging"))
    for version in (1, 2):
        step(f"mark what is not there, v{version}", client.mark(1, 0, "missing", 0, version))
    step(
        "mark with the same epoch in TV2",
        client.mark(1, 0, "t", 0, 2, coordinator_epoch=5, transaction_version=2),
    )
    step("mark", client.mark(1, 0, "t", 0, 1, coordinator_epoch=5))
    step("mark of an old coordinator", client.mark(1, 0, "t", 0, 1, coordinator_epoch=4))
    step("mark again in TV2", client.mark(1, 0, "t", 0, 2, coordinator_epoch=5, transaction_version=2))
    for partition in (0, 9):
        step(f"mark offsets {partition}", client.mark(1, 0, "__consumer_offsets", partition, 1, coordinator_epoch=5))
    for topic, partition in (("t", 0), ("t", 5), ("missing", 0), ("bad name", 0)):
        step(f"producers of {topic} {partition}", client.describe_producers(topic, partition))
    step("list", client.list_transactions(0))
    step("list by state", client.list_transactions(0, state_filters=["Ongoing", "Unheard", "CompleteAbort"]))
    step("list by producer", client.list_transactions(0, producer_id_filters=[client.producer_id(0)]))
    step("list by age", client.list_transactions(1, duration_filter=0))
    for pattern in ("[hx]", "", "(", "h.*"):
        step(f"list by pattern {pattern!r}", client.list_transactions(2, transactional_id_pattern=pattern))
