"""``Producer``: collects records into a batch a partition, and sends batches to the partitions' leaders.

Nothing runs in the background: records go out when batches are full, and with ``flush``. Idempotent, it numbers its
batches (KIP-98), so that one that is sent again after a lost answer is stored once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from minikafka.client.cluster import Cluster, check
from minikafka.client.errors import BrokerUnreachable, ClientError, UnsupportedByBroker
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.client.partitioner import partition_for_key
from minikafka.errors import (
    DUPLICATE_SEQUENCE_NUMBER,
    MESSAGE_TOO_LARGE,
    NONE,
    REQUEST_TIMED_OUT,
    ApiError,
    MinikafkaError,
    is_retriable,
    name_of,
)
from minikafka.protocol.messages import InitProducerIdRequest, ProduceRequest
from minikafka.protocol.primitives import ZERO_UUID
from minikafka.records.batch import Record, increment_sequence
from minikafka.records.builder import build_batch

Headers = Sequence[tuple[str, bytes | None]]

_RECORD_OVERHEAD_BYTES: Final = 21  # attributes, lengths and deltas at their longest, nearly
_BATCH_OVERHEAD_BYTES: Final = 61
_MAX_UNSENT_BYTES: Final = 1 << 20
_FIRST_VERSION_WITH_HEADERS: Final = 3
_FIRST_VERSION_WITH_TOPIC_IDS: Final = 13


class ProducerSettings(NamedTuple):
    """Kafka's producer settings, in its units; acks: 0, 1 or -1 (all)."""

    acks: int = -1
    compression: str = "none"
    batch_size_bytes: int = 16384
    max_request_size_bytes: int = 1 << 20
    retries: int = 2147483647
    retry_backoff_ms: int = 100
    request_timeout_ms: int = 30_000
    max_block_ms: int = 60_000
    delivery_timeout_ms: int = 120_000
    is_idempotent: bool = True


class RecordRefused(MinikafkaError):
    """A record was not written; the text says why."""


OnRefused = Callable[[str, Record, MinikafkaError], None]
"""Topic, record, and why it was not written."""


class _Batch:
    """Records of one partition on their way."""

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.records: list[Record] = []
        self.size_bytes = _BATCH_OVERHEAD_BYTES
        self.base_sequence = -1
        self.data = b""
        self.attempts = 0
        self.deadline_s = 0.0


class Producer:
    """:param on_refused: is told of each record that could not be written. Without one, ``flush`` raises."""

    def __init__(
        self,
        cluster: Cluster,
        settings: ProducerSettings | None = None,
        *,
        on_refused: OnRefused | None = None,
        on_warning: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._cluster = cluster
        self._settings = settings or ProducerSettings()
        self._leaders = Leaders(cluster, allow_auto_topic_creation=True)
        self._on_refused = on_refused
        self._on_warning = on_warning
        self._open: dict[TopicPartition, _Batch] = {}
        self._full: list[_Batch] = []
        self._unsent_bytes = 0
        self._sticky: dict[str, int] = {}
        self._producer_id = -1
        self._producer_epoch = -1
        self._sequences: dict[TopicPartition, int] = {}
        self._failure: MinikafkaError | None = None

    def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Headers = (),
        *,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> None:
        """Put a record into a batch, and send what is full. Raises as ``flush``."""
        timestamp = time.time_ns() // 1_000_000 if timestamp_ms is None else timestamp_ms
        record = Record(0, timestamp, key, value, tuple(headers))
        size = _size_bytes(record)
        try:
            self._check_size(size)
            where = (topic, self._partition_for(topic, key) if partition is None else partition)
        except MinikafkaError as error:
            self._refuse(topic, [record], error)
            self._raise_failure()
            return
        batch = self._open.get(where)
        if batch is not None and batch.size_bytes + size > self._settings.batch_size_bytes:
            self._full.append(self._open.pop(where))
            self._sticky.pop(topic, None)
            batch = None
        if batch is None:
            batch = self._open[where] = _Batch(where)
        batch.records.append(record)
        batch.size_bytes += size
        self._unsent_bytes += size
        if self._unsent_bytes >= _MAX_UNSENT_BYTES:
            self.flush()

    @property
    def has_unsent(self) -> bool:
        """Whether there are records that ``flush`` would send."""
        return self._unsent_bytes > 0

    def flush(self) -> None:
        """Send all records, and return when each is written or refused.

        :raises MinikafkaError: why the first record that was refused was, unless ``on_refused`` is told.
        """
        batches = [*self._full, *self._open.values()]
        self._full, self._open, self._unsent_bytes = [], {}, 0
        self._sticky.clear()
        deadline_s = time.monotonic() + self._settings.delivery_timeout_ms / 1000
        for batch in batches:
            batch.deadline_s = deadline_s
        while batches:
            # Of one partition the batches follow each other: their order, and their sequence numbers, stay.
            sent_now: dict[TopicPartition, _Batch] = {}
            later: list[_Batch] = []
            for batch in batches:
                if batch.partition in sent_now:
                    later.append(batch)
                else:
                    sent_now[batch.partition] = batch
            unfinished = self._send_batches(list(sent_now.values()))
            batches = unfinished + later
            if unfinished:
                time.sleep(self._settings.retry_backoff_ms / 1000)
        self._raise_failure()

    # Which partition.

    def _partition_for(self, topic: str, key: bytes | None) -> int:
        count = self._partition_count(topic)
        if key is not None:
            return partition_for_key(key, count)
        partition = self._sticky.get(topic)
        if partition is None:
            partition = self._sticky[topic] = random.randrange(count)
        return partition

    def _partition_count(self, topic: str) -> int:
        """Waits for a topic that is being created. Raises ApiError, ClientError."""
        deadline = time.monotonic() + self._settings.max_block_ms / 1000
        warned_of = None
        while True:
            found = self._leaders.topic(topic)
            if found is not None and found.leaders:
                return len(found.leaders)
            code = self._leaders.problems.get(topic, NONE)
            if code != warned_of:
                self._on_warning(
                    f"The metadata response from the cluster reported a recoverable issue : {{{topic}={name_of(code)}}}"
                )
                warned_of = code
            if time.monotonic() >= deadline:
                raise RecordRefused(f"Topic {topic} not present in metadata after {self._settings.max_block_ms} ms.")
            time.sleep(self._settings.retry_backoff_ms / 1000)
            self._leaders.refresh([topic])

    def _check_size(self, size: int) -> None:
        limit = self._settings.max_request_size_bytes
        if size + _BATCH_OVERHEAD_BYTES > limit:
            raise ApiError(
                MESSAGE_TOO_LARGE,
                f"The message is {size + _BATCH_OVERHEAD_BYTES} bytes when serialized which is larger than {limit}, "
                "which is the value of the max.request.size configuration.",
            )

    # Sending.

    def _send_batches(self, batches: list[_Batch]) -> list[_Batch]:
        """Send one batch a partition; returns those to be sent again."""
        unfinished: list[_Batch] = []
        by_node: dict[int, list[_Batch]] = {}
        for batch in batches:
            try:
                by_node.setdefault(self._leaders.leader(batch.partition), []).append(batch)
            except MinikafkaError as error:
                self._retry_or_refuse(batch, error, unfinished)
        for node_id, group in by_node.items():
            try:
                for batch in group:
                    self._encode(batch)
                self._produce(node_id, group, unfinished)
            except MinikafkaError as error:
                for batch in group:
                    self._retry_or_refuse(batch, error, unfinished)
        return unfinished

    def _encode(self, batch: _Batch) -> None:
        if batch.data:
            return
        if self._settings.is_idempotent:
            self._ensure_producer_id()
        sequence = self._sequences.get(batch.partition, 0)
        is_numbered = self._producer_id >= 0
        batch.records = [record._replace(offset=index) for index, record in enumerate(batch.records)]
        batch.data = build_batch(
            batch.records,
            compression=self._settings.compression,
            producer_id=self._producer_id,
            producer_epoch=self._producer_epoch,
            base_sequence=sequence if is_numbered else -1,
        )
        batch.base_sequence = sequence
        self._sequences[batch.partition] = increment_sequence(sequence, len(batch.records))

    def _ensure_producer_id(self) -> None:
        if self._producer_id >= 0:
            return
        request = InitProducerIdRequest(transactional_id=None, transaction_timeout_ms=2147483647)
        while True:
            try:
                answer = self._cluster.call(request)
            except UnsupportedByBroker:  # before 0.11 nobody numbers anything
                self._settings = self._settings._replace(is_idempotent=False)
                return
            if not is_retriable(answer.error_code):
                break
            time.sleep(self._settings.retry_backoff_ms / 1000)
        check(answer.error_code)
        self._producer_id, self._producer_epoch = answer.producer_id, answer.producer_epoch

    def _produce(self, node_id: int, batches: list[_Batch], unfinished: list[_Batch]) -> None:
        connection = self._cluster.broker(node_id)
        by_partition = {batch.partition: batch for batch in batches}
        topic_ids = {topic: self._topic_id(topic) for topic, _ in by_partition}
        request = ProduceRequest(
            acks=self._settings.acks,
            timeout_ms=self._settings.request_timeout_ms,
            topic_data=[
                ProduceRequest.TopicProduceData(
                    name=topic,
                    topic_id=topic_ids[topic],
                    partition_data=[
                        ProduceRequest.PartitionProduceData(index=index, records=by_partition[topic, index].data)
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(by_partition).items()
            ],
        )
        version = connection.highest_version(request)
        if version >= _FIRST_VERSION_WITH_TOPIC_IDS and ZERO_UUID in topic_ids.values():
            version = _FIRST_VERSION_WITH_TOPIC_IDS - 1
        if version < _FIRST_VERSION_WITH_HEADERS:
            raise ClientError(f"{connection} is older than Kafka 0.11, whose records this producer writes")
        what = f"Produce v{version}"
        if self._settings.acks == 0:
            connection.send(connection.framed(request, version), what)
            return
        answer = connection.decoded(connection.exchange(connection.framed(request, version), what), request, version)
        names = {topic_id: topic for topic, topic_id in topic_ids.items()}
        for result in answer.responses:
            topic = result.name if version < _FIRST_VERSION_WITH_TOPIC_IDS else names[result.topic_id]
            for part in result.partition_responses:
                if part.error_code not in (NONE, DUPLICATE_SEQUENCE_NUMBER):
                    error = ApiError(part.error_code, part.error_message)
                    self._retry_or_refuse(by_partition[topic, part.index], error, unfinished)

    def _topic_id(self, topic: str) -> bytes:
        found = self._leaders.topic(topic)
        return ZERO_UUID if found is None else found.topic_id

    def _retry_or_refuse(self, batch: _Batch, error: MinikafkaError, unfinished: list[_Batch]) -> None:
        self._leaders.forget(batch.partition[0])
        may_pass = isinstance(error, BrokerUnreachable) or (isinstance(error, ApiError) and is_retriable(error.code))
        if may_pass and batch.attempts < self._settings.retries:
            if time.monotonic() < batch.deadline_s:
                batch.attempts += 1
                unfinished.append(batch)
                return
            error = ApiError(
                REQUEST_TIMED_OUT,
                f"Expiring {len(batch.records)} record(s) for {batch.partition[0]}-{batch.partition[1]}:"
                f"{self._settings.delivery_timeout_ms} ms has passed since batch creation. The last error was: {error}",
            )
        self._forget_numbers()
        self._refuse(batch.partition[0], batch.records, error)

    def _forget_numbers(self) -> None:
        """A batch that was given up leaves a gap: a new producer id begins without one."""
        self._producer_id = self._producer_epoch = -1
        self._sequences.clear()

    def _refuse(self, topic: str, records: list[Record], error: MinikafkaError) -> None:
        if self._on_refused is None:
            self._failure = self._failure or error
            return
        for record in records:
            self._on_refused(topic, record, error)

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


def _size_bytes(record: Record) -> int:
    size = _RECORD_OVERHEAD_BYTES + len(record.key or b"") + len(record.value or b"")
    return size + sum(10 + len(key.encode()) + len(value or b"") for key, value in record.headers)
