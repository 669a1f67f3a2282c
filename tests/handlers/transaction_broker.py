"""A broker for the tests of transactions: both coordinators over real logs in memory, which can be killed at any
write, and started again. Time by hand, requests through their bytes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from minikafka.clock import ManualClock
from minikafka.pending import Pending, run_inline
from minikafka.protocol.messages import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    FetchRequest,
    InitProducerIdRequest,
    OffsetFetchRequest,
    ProduceRequest,
    TxnOffsetCommitRequest,
)
from minikafka.records.batch import iter_batches
from minikafka.records.builder import CONTROL_COMMIT, control_type_of
from minikafka.server.group_service import GroupService
from minikafka.server.transaction_service import TransactionService
from minikafka.storage.memory_files import MemoryFiles
from tests.handlers.data_broker import DataBroker, batch, values_in

COORDINATOR_PARTITIONS = 2
PRODUCER_ID_BLOCK = 1000


def topic_id_of(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")[:16]


class TransactionBroker(DataBroker):
    """``transaction_version`` is the finalized level of the feature."""

    def __init__(
        self, *, files: MemoryFiles | None = None, clock: ManualClock | None = None, life: int = 1, **config: object
    ) -> None:
        defaults = {"group.initial.rebalance.delay.ms": 0, "log.index.size.max.bytes": 4096}
        super().__init__(files=files, clock=clock, **{**defaults, **config})
        self.settings = config
        self.life = life
        self.transaction_version = 2
        self.image.features = SimpleNamespace(level=lambda name: self.transaction_version)
        self.image.offset = 0
        self.producer_id_blocks = [
            ((life * 100 + number) * PRODUCER_ID_BLOCK, PRODUCER_ID_BLOCK) for number in range(10)
        ]
        self.controller = SimpleNamespace(
            config=self.config,
            image=self.image,
            create_internal_topic=self._create_internal_topic,
            publisher=SimpleNamespace(listeners=[]),
        )
        self._known_topics: dict[str, int] = {}

    def start_coordinators(self) -> None:
        controller: Any = self.controller
        self.group_service = GroupService(
            controller, self.logs, self.clock, self.timers, run_inline, share_states=lambda: self.share_states
        )
        self.groups = self.group_service.coordinator
        self.group_service.start()
        self.transaction_service = TransactionService(
            controller,
            self.logs,
            self.group_service.runtime,
            self.producer_ids,
            self.clock,
            self.timers,
            run_inline,
        )
        self.transactions = self.transaction_service.coordinator
        self.transaction_markers = self.transaction_service.markers
        self.transaction_service.start()

    def _create_internal_topic(self, name: str) -> Pending[Any]:
        if name not in self.image.topics_by_name:
            self.create(name, COORDINATOR_PARTITIONS, cleanup_policy="compact")
        created: Pending[Any] = Pending()
        created.complete(None)
        return created

    def create(self, name: str, partitions: int = 1, **topic_config: str) -> Any:
        self._know(name, partitions)
        log_config = self.config.log_config({key.replace("_", "."): value for key, value in topic_config.items()})
        for index in range(partitions):
            log = self.logs.create(name, index, topic_id_of(name), log_config)
            log.on_advance = self.purgatory.check
        return self.logs.get(name, 0)

    def _know(self, name: str, partitions: int) -> None:
        topic = SimpleNamespace(
            name=name,
            topic_id=topic_id_of(name),
            partitions=[SimpleNamespace(index=index, leader_epoch=0) for index in range(partitions)],
        )
        self.image.topics_by_name[name] = self.image.topics_by_id[topic.topic_id] = topic
        self._known_topics[name] = partitions

    def restarted(self, *, kill: bool = True) -> TransactionBroker:
        """The next process on the same files."""
        if kill:
            self.logs.abandon()
        else:
            self.transaction_service.stop()
            self.group_service.stop()
            self.logs.close()
        return self.after(self.files.after_crash("process"))

    def after(self, files: MemoryFiles) -> TransactionBroker:
        """The next process, on ``files``."""
        clock = ManualClock(self.clock.wall_ms())
        broker = TransactionBroker(files=files, clock=clock, life=self.life + 1, **self.settings)
        broker.transaction_version = self.transaction_version
        for name, partitions in self._known_topics.items():
            if all(broker.logs.get(name, index) is not None for index in range(partitions)):
                broker._know(name, partitions)
        broker.start_coordinators()
        return broker

    # What there is to see

    def committed(self, topic: str, partition: int = 0) -> list[bytes | None]:
        """The values a read_committed consumer gets."""
        request = FetchRequest(
            isolation_level=1,
            max_bytes=1 << 20,
            topics=[
                FetchRequest.FetchTopic(
                    topic=topic,
                    partitions=[FetchRequest.FetchPartition(partition=partition, partition_max_bytes=1 << 20)],
                )
            ],
        )
        [answer] = self.call(request, 11).value.responses[0].partitions
        assert answer.error_code == 0
        aborted = sorted((one.first_offset, one.producer_id) for one in answer.aborted_transactions or ())
        return _without_aborted(answer.records or b"", aborted)

    def values(self, topic: str, partition: int = 0) -> list[bytes | None]:
        """The values a read_uncommitted consumer gets."""
        log = self.logs.get(topic, partition)
        assert log is not None
        data = log.read(log.log_start_offset, 1 << 20, isolation="log_end").read()
        return [value for _, value in values_in(data)]

    def state(self, transactional_id: str) -> str:
        """The state as DescribeTransactions names it; the error code's number where there is none."""
        described = self.transactions.describe(transactional_id)
        return described.transaction_state or str(described.error_code)

    def offset(self, group_id: str, topic: str, *, require_stable: bool = False) -> tuple[int, int]:
        """(committed offset, error code) of partition 0."""
        request = OffsetFetchRequest(
            require_stable=require_stable,
            groups=[
                OffsetFetchRequest.OffsetFetchRequestGroup(
                    group_id=group_id,
                    topics=[OffsetFetchRequest.OffsetFetchRequestTopics(name=topic, partition_indexes=[0])],
                )
            ],
        )
        [group] = self.call(request, 9).value.groups
        assert group.error_code == 0
        [one] = group.topics[0].partitions
        return one.committed_offset, one.error_code


def _without_aborted(records: bytes, aborted: list[tuple[int, int]]) -> list[bytes | None]:
    """As a consumer does it: from its first offset on to its marker, an aborted producer's batches are left out."""
    values: list[bytes | None] = []
    dropped: set[int] = set()
    for one in iter_batches(memoryview(bytes(records))):
        while aborted and aborted[0][0] <= one.last_offset:
            dropped.add(aborted.pop(0)[1])
        if one.is_control:
            [record] = one
            if control_type_of(record.key) != CONTROL_COMMIT:
                dropped.discard(one.producer_id)
        elif not (one.is_transactional and one.producer_id in dropped):
            values += [record.value for record in one]
    return values


def start_broker(**config: object) -> TransactionBroker:
    """One with the topics ``t`` (two partitions) and ``u``."""
    broker = TransactionBroker(**config)
    broker.start_coordinators()
    broker.create("t", 2)
    broker.create("u")
    return broker


class Producer:
    """A transactional producer that speaks transactions version 1 or 2."""

    def __init__(self, broker: TransactionBroker, transactional_id: str = "tx", version: int = 2) -> None:
        self.broker = broker
        self.transactional_id = transactional_id
        self.version = version
        self.producer_id = -1
        self.producer_epoch = -1
        self._sequences: dict[tuple[str, int], int] = {}

    @property
    def _identity(self) -> dict[str, Any]:
        return {
            "transactional_id": self.transactional_id,
            "producer_id": self.producer_id,
            "producer_epoch": self.producer_epoch,
        }

    def init(self, *, timeout_ms: int = 60_000, keep: bool = False) -> int:
        """``keep``: say who it is. Returns the error code."""
        request = InitProducerIdRequest(
            transactional_id=self.transactional_id,
            transaction_timeout_ms=timeout_ms,
            producer_id=self.producer_id if keep else -1,
            producer_epoch=self.producer_epoch if keep else -1,
        )
        answer = self.broker.call(request, 5).value
        if answer.error_code == 0:
            self._become(answer.producer_id, answer.producer_epoch)
        return int(answer.error_code)

    def started(self, **how: Any) -> Producer:
        """Ready to begin, whatever had to be aborted before."""
        for _ in range(3):
            code = self.init(**how)
            if code == 0:
                return self
        raise AssertionError(f"InitProducerId is answered with {code}")

    def _become(self, producer_id: int, producer_epoch: int) -> None:
        self.producer_id = producer_id
        self.producer_epoch = producer_epoch
        self._sequences.clear()

    def add(self, *partitions: tuple[str, int], version: int = 3) -> list[int]:
        """AddPartitionsToTxn. Returns the error codes."""
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.transactional_id,
            v3_and_below_producer_id=self.producer_id,
            v3_and_below_producer_epoch=self.producer_epoch,
            v3_and_below_topics=[
                AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=name, partitions=[index])
                for name, index in partitions
            ],
        )
        answer = self.broker.call(request, version).value
        return [
            one.partition_error_code
            for topic in answer.results_by_topic_v3_and_below
            for one in topic.results_by_partition
        ]

    def produce(
        self, value: bytes, topic: str = "t", partition: int = 0, version: int | None = None
    ) -> ProduceRequest | Any:
        """Returns the partition's answer."""
        if version is None:
            version = 12 if self.version == 2 else 11
        sequence = self._sequences.get((topic, partition), 0)
        records = batch(
            value,
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=sequence,
            is_transactional=True,
        )
        request = ProduceRequest(
            transactional_id=self.transactional_id,
            acks=-1,
            topic_data=[
                ProduceRequest.TopicProduceData(
                    name=topic,
                    partition_data=[ProduceRequest.PartitionProduceData(index=partition, records=records)],
                )
            ],
        )
        [answer] = self.broker.call(request, version).value.responses[0].partition_responses
        if answer.error_code == 0:
            self._sequences[topic, partition] = sequence + 1
        return answer

    def write(self, value: bytes, topic: str = "t", partition: int = 0) -> int:
        """Add the partition if that is to be done first, and produce. Returns the error code."""
        if self.version == 1:
            [code] = self.add((topic, partition))
            if code:
                return code
        return int(self.produce(value, topic, partition).error_code)

    def send_offset(self, offset: int, *, group_id: str = "g", topic: str = "u", generation_id: int = -1) -> int:
        """sendOffsetsToTransaction. Returns the error code."""
        if self.version == 1:
            request = AddOffsetsToTxnRequest(group_id=group_id, **self._identity)
            code = self.broker.call(request, 3).value.error_code
            if code:
                return int(code)
        elif "__consumer_offsets" not in self.broker.image.topics_by_name:
            self.broker._create_internal_topic("__consumer_offsets")
        return self.commit_offset(offset, group_id=group_id, topic=topic, generation_id=generation_id)

    def commit_offset(
        self,
        offset: int,
        *,
        group_id: str = "g",
        topic: str = "u",
        generation_id: int = -1,
        version: int | None = None,
    ) -> int:
        """TxnOffsetCommit. Returns the error code."""
        commit = TxnOffsetCommitRequest(
            group_id=group_id,
            generation_id=generation_id,
            topics=[
                TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
                            partition_index=0, committed_offset=offset, committed_metadata=""
                        )
                    ],
                )
            ],
            **self._identity,
        )
        version = version if version is not None else (5 if self.version == 2 else 3)
        return int(self.broker.call(commit, version).value.topics[0].partitions[0].error_code)

    def end(self, committed: bool, version: int | None = None) -> int:
        """EndTxn. Returns the error code."""
        request = EndTxnRequest(committed=committed, **self._identity)
        version = version if version is not None else (5 if self.version == 2 else 4)
        answer = self.broker.call(request, version).value
        if answer.error_code == 0 and version >= 5:
            self._become(answer.producer_id, answer.producer_epoch)
        return int(answer.error_code)

    def commit(self) -> int:
        return self.end(True)

    def abort(self) -> int:
        return self.end(False)
