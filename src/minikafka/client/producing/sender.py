"""Batches to the leaders of their partitions: one request a broker at a time, answers read while others are made.

Of one partition there is never more than one batch on its way, so that their order, and their numbers, stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from minikafka.client.cluster import Cluster
from minikafka.client.connection import Connection
from minikafka.client.errors import BrokerUnreachable, ClientError
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.client.producing.producer_batch import ProducerBatch
from minikafka.client.producing.producer_numbers import ProducerNumbers
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.client.producing.transactions import Transactions
from minikafka.errors import (
    DUPLICATE_SEQUENCE_NUMBER,
    NONE,
    REQUEST_TIMED_OUT,
    ApiError,
    MinikafkaError,
    is_retriable,
)
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import ProduceRequest
from minikafka.protocol.primitives import ZERO_UUID

CHANNEL: Final = "produce"
"""The name of the connections whose answers wait until the next request."""
_FIRST_VERSION_WITH_HEADERS: Final = 3
_FIRST_VERSION_WITH_TOPIC_IDS: Final = 13
_MAX_TRANSACTIONAL_VERSION: Final = 11
"""Later ones add partitions to the transaction themselves (KIP-890), which ``Transactions`` does."""

_MAX_QUEUED_BATCHES: Final = 4
"""So many wait for an answer: enough for one request to take several partitions along."""

OnWritten = Callable[[ProducerBatch, int], None]
"""A batch, and the offset of its first record: -1 where the broker does not tell (acks=0)."""
OnLost = Callable[[ProducerBatch, MinikafkaError], None]


class _InFlight(NamedTuple):
    connection: Connection
    request: ProduceRequest
    version: int
    batches: dict[TopicPartition, ProducerBatch]
    topic_ids: dict[str, bytes]


class Sender:
    def __init__(
        self,
        cluster: Cluster,
        leaders: Leaders,
        settings: ProducerSettings,
        numbers: ProducerNumbers,
        transactions: Transactions | None,
        on_written: OnWritten,
        on_lost: OnLost,
    ) -> None:
        self._cluster = cluster
        self._leaders = leaders
        self._settings = settings
        self._numbers = numbers
        self._transactions = transactions
        self._on_written = on_written
        self._on_lost = on_lost
        self._queue: list[ProducerBatch] = []
        self._in_flight: list[_InFlight] = []
        self._is_backing_off = False

    @property
    def is_idle(self) -> bool:
        """Whether every batch is written or lost."""
        return not self._queue and not self._in_flight

    def send(self, batch: ProducerBatch) -> None:
        """Send the batch as soon as its broker has answered to what it was sent before."""
        batch.deadline_s = time.monotonic() + self._settings.delivery_timeout_ms / 1000
        try:
            self._encode(batch)
        except MinikafkaError as error:
            self._lose(batch, error)
            return
        self._queue.append(batch)
        if not self._in_flight:
            self._start()
        elif len(self._queue) >= _MAX_QUEUED_BATCHES:
            self._collect()
            self._start()

    def finish(self) -> None:
        """Until every batch is written or lost."""
        while not self.is_idle:
            self._collect()
            self._start()

    def drop(self) -> None:
        """Forget what was not sent yet, and await the answers to the rest."""
        self._queue.clear()
        while self._in_flight:
            self._collect()
            self._queue.clear()

    def _encode(self, batch: ProducerBatch) -> None:
        if not batch.data:
            self._numbers.number(batch)
            batch.encode(
                self._settings.compression,
                self._settings.compression_level,
                is_transactional=self._transactions is not None,
            )

    # Requests.

    def _start(self) -> None:
        """A request to each broker, with the first batch of each partition that it leads."""
        if self._is_backing_off:
            time.sleep(self._settings.retry_backoff_ms / 1000)
            self._is_backing_off = False
        by_node: dict[int, dict[TopicPartition, ProducerBatch]] = {}
        later: list[ProducerBatch] = []
        failed: list[tuple[ProducerBatch, MinikafkaError]] = []
        seen: set[TopicPartition] = set()
        room_bytes = self._settings.max_request_size_bytes
        for batch in self._queue:
            is_first = batch.partition not in seen
            seen.add(batch.partition)
            if not is_first or (by_node and len(batch.data) > room_bytes):
                later.append(batch)
                continue
            try:
                self._encode(batch)
                by_node.setdefault(self._leaders.leader(batch.partition), {})[batch.partition] = batch
                room_bytes -= len(batch.data)
            except MinikafkaError as error:
                failed.append((batch, error))
        self._queue = later
        for batch, reason in failed:
            self._retry_or_lose(batch, reason)
        for node_id, batches in by_node.items():
            try:
                self._request(node_id, batches)
            except MinikafkaError as error:
                for batch in reversed(batches.values()):
                    self._retry_or_lose(batch, error)

    def _request(self, node_id: int, batches: dict[TopicPartition, ProducerBatch]) -> None:
        if self._transactions is not None:
            self._transactions.add(batches)
        connection = self._cluster.broker(node_id, channel=CHANNEL)
        topic_ids = {topic: self._topic_id(topic) for topic, _ in batches}
        request = ProduceRequest(
            acks=self._settings.acks,
            timeout_ms=self._settings.request_timeout_ms,
            topic_data=[
                ProduceRequest.TopicProduceData(
                    name=topic,
                    topic_id=topic_ids[topic],
                    partition_data=[
                        ProduceRequest.PartitionProduceData(index=index, records=batches[topic, index].data)
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(batches).items()
            ],
        )
        version = connection.highest_version(request)
        if version >= _FIRST_VERSION_WITH_TOPIC_IDS and ZERO_UUID in topic_ids.values():
            version = _FIRST_VERSION_WITH_TOPIC_IDS - 1
        if self._transactions is not None:
            request.transactional_id = self._transactions.transactional_id
            version = min(version, _MAX_TRANSACTIONAL_VERSION)
        if version < _FIRST_VERSION_WITH_HEADERS:
            raise ClientError(f"{connection} is older than Kafka 0.11, whose records this producer writes")
        connection.send(connection.framed(request, version), f"Produce v{version}")
        if self._settings.acks == 0:
            for batch in batches.values():
                self._on_written(batch, -1)
        else:
            self._in_flight.append(_InFlight(connection, request, version, batches, topic_ids))

    def _topic_id(self, topic: str) -> bytes:
        found = self._leaders.topic(topic)
        return ZERO_UUID if found is None else found.topic_id

    # Answers.

    def _collect(self) -> None:
        """Read the answers to all requests."""
        in_flight, self._in_flight = self._in_flight, []
        for sent in in_flight:
            try:
                body = sent.connection.receive(f"Produce v{sent.version}")
                answer = sent.connection.decoded(body, sent.request, sent.version)
            except MinikafkaError as error:
                for batch in reversed(sent.batches.values()):
                    self._retry_or_lose(batch, error)
                continue
            names = {topic_id: topic for topic, topic_id in sent.topic_ids.items()}
            for result in answer.responses:
                is_by_name = sent.version < _FIRST_VERSION_WITH_TOPIC_IDS
                topic = result.name if is_by_name else names[result.topic_id]
                for part in result.partition_responses:
                    batch = sent.batches[topic, part.index]
                    if part.error_code in (NONE, DUPLICATE_SEQUENCE_NUMBER):
                        self._on_written(batch, part.base_offset)
                    else:
                        self._retry_or_lose(batch, ApiError(part.error_code, part.error_message))

    def _retry_or_lose(self, batch: ProducerBatch, error: MinikafkaError) -> None:
        self._leaders.forget(batch.partition[0])
        may_pass = isinstance(error, BrokerUnreachable) or (isinstance(error, ApiError) and is_retriable(error.code))
        if may_pass and batch.attempts < self._settings.retries:
            if time.monotonic() < batch.deadline_s:
                batch.attempts += 1
                # What was sent of a partition comes before what was not.
                self._queue.insert(0, batch)
                self._is_backing_off = True
                return
            error = ApiError(
                REQUEST_TIMED_OUT,
                f"Expiring {len(batch.records)} record(s) for {batch}:{self._settings.delivery_timeout_ms} ms has "
                f"passed since batch creation. The last error was: {error}",
            )
        self._lose(batch, error)

    def _lose(self, batch: ProducerBatch, error: MinikafkaError) -> None:
        if self._transactions is not None:
            self._transactions.spoil(error)
        else:
            self._numbers.forget()
            for queued in self._queue:
                # Those that may have arrived keep their numbers, by which the broker would know them again.
                if queued.attempts == 0:
                    queued.data = b""
        self._on_lost(batch, error)
