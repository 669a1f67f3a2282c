"""``Producer``: collects records into a batch a partition, and sends batches to the partitions' leaders.

Nothing runs in the background: a batch goes out when it is full, and all with ``flush``; answers are read when the next
one goes out. Idempotent, it numbers its batches (KIP-98), so that one that is sent again after a lost answer is stored
once; with a transactional id, it writes within transactions.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from minikafka.client.cluster import Cluster
from minikafka.client.errors import ClientError
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.producing.partitioner import partition_for_key
from minikafka.client.producing.producer_batch import (
    BATCH_OVERHEAD_BYTES,
    RECORD_OVERHEAD_BYTES,
    ProducerBatch,
    size_bytes,
)
from minikafka.client.producing.producer_numbers import ProducerNumbers
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.client.producing.sender import Sender
from minikafka.client.producing.transactions import Transactions
from minikafka.errors import MESSAGE_TOO_LARGE, NONE, ApiError, MinikafkaError, name_of
from minikafka.records.batch import Record

Headers = Sequence[tuple[str, "bytes | None"]]

_MAX_OPEN_BYTES: Final = 1 << 20
_time_ns: Final = time.time_ns
_new_record: Final = tuple.__new__  # a third of what the constructor takes


class RecordRefused(MinikafkaError):
    """A record was not written; the text says why."""


OnRefused = Callable[[str, Record, MinikafkaError], None]
"""Topic, record, and why it was not written."""
OnWritten = Callable[[str, int, int, Sequence[Record]], None]
"""Topic, partition, offset of the first record (-1 where the broker does not tell), and records that follow each
other; their own ``offset`` counts within the batch."""


class Producer:
    """:param on_refused: is told of each record that could not be written. Without one, ``flush`` raises.
    :param on_written: is told of batches, when the answer to them is read.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: ProducerSettings | None = None,
        *,
        on_refused: OnRefused | None = None,
        on_written: OnWritten | None = None,
        on_warning: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._settings = settings or ProducerSettings()
        self._leaders = Leaders(cluster, allow_auto_topic_creation=True)
        self._on_refused = on_refused
        self._on_written = on_written
        self._on_warning = on_warning
        self._open: dict[TopicPartition, ProducerBatch] = {}
        self._sticky: dict[str, ProducerBatch] = {}
        self._open_bytes = 0
        self._failure: MinikafkaError | None = None
        numbers = ProducerNumbers(cluster, is_enabled=self._settings.is_idempotent)
        self._transactions = _transactions(cluster, self._settings, numbers)
        self._sender = Sender(
            cluster, self._leaders, self._settings, numbers, self._transactions, self._written, self._lost
        )

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
        """Put a record into a batch, and send what is full. Raises as ``flush``.

        :param timestamp_ms: its create time; now, when left out.
        """
        if timestamp_ms is None:
            timestamp_ms = _time_ns() // 1_000_000
        if headers or key is not None:
            headers = tuple(headers)
            size = size_bytes(key, value, headers)
        else:
            headers = ()
            size = RECORD_OVERHEAD_BYTES + (0 if value is None else len(value))
        batch = self._sticky.get(topic) if key is None and partition is None else None
        if batch is None or batch.size_bytes + size > self._settings.batch_size_bytes:
            try:
                batch = self._batch_with_room(topic, key, partition, size)
            except MinikafkaError as error:
                self._refuse(topic, [Record(0, timestamp_ms, key, value, headers)], error)
                self._raise_failure()
                return
        records = batch.records
        records.append(_new_record(Record, (len(records), timestamp_ms, key, value, headers)))
        batch.size_bytes += size
        self._open_bytes += size
        if self._open_bytes >= _MAX_OPEN_BYTES:
            self._send_open()
        if self._failure is not None:
            self._raise_failure()

    @property
    def has_unsent(self) -> bool:
        """Whether there are records that ``flush`` would wait for."""
        return bool(self._open) or not self._sender.is_idle

    def flush(self) -> None:
        """Send all records, and return when each is written or refused.

        :raises MinikafkaError: why the first record that was refused was, unless ``on_refused`` is told.
        """
        self._send_open()
        self._sender.finish()
        self._raise_failure()

    # Transactions.

    def init_transactions(self) -> None:
        """To be called once, before the first transaction. Raises ApiError, ClientError."""
        self._ensure_transactional().init()

    def begin_transaction(self) -> None:
        """Raises ClientError."""
        self._ensure_transactional().begin()

    def commit_transaction(self) -> None:
        """Send all records, and make them count. Raises ApiError; MinikafkaError: a record was lost, abort."""
        transactions = self._ensure_transactional()
        self.flush()
        transactions.commit()

    def abort_transaction(self) -> None:
        """Drop what was not sent; what was will not count. Raises ApiError, ClientError."""
        transactions = self._ensure_transactional()
        self._open.clear()
        self._sticky.clear()
        self._open_bytes = 0
        self._sender.drop()
        self._failure = None
        transactions.abort()

    def _ensure_transactional(self) -> Transactions:
        if self._transactions is None:
            raise ClientError("this producer has no transactional.id")
        return self._transactions

    # Batches.

    def _batch_with_room(self, topic: str, key: bytes | None, partition: int | None, size: int) -> ProducerBatch:
        """Raises ApiError, ClientError, RecordRefused."""
        self._check_size(size)
        full = self._sticky.pop(topic, None) if key is None and partition is None else None
        if full is not None:
            self._send(full)
        if partition is None:
            count = self._partition_count(topic)
            partition = random.randrange(count) if key is None else partition_for_key(key, count)
        where = (topic, partition)
        batch = self._open.get(where)
        if batch is not None and batch.size_bytes + size > self._settings.batch_size_bytes:
            self._send(batch)
            batch = None
        if batch is None:
            batch = self._open[where] = ProducerBatch(where)
        if key is None:
            self._sticky.setdefault(topic, batch)
        return batch

    def _send(self, batch: ProducerBatch) -> None:
        topic = batch.partition[0]
        if self._sticky.get(topic) is batch:
            del self._sticky[topic]
        del self._open[batch.partition]
        self._open_bytes -= batch.size_bytes - BATCH_OVERHEAD_BYTES
        self._sender.send(batch)

    def _send_open(self) -> None:
        for batch in list(self._open.values()):
            self._send(batch)

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
        if size + BATCH_OVERHEAD_BYTES > limit:
            raise ApiError(
                MESSAGE_TOO_LARGE,
                f"The message is {size + BATCH_OVERHEAD_BYTES} bytes when serialized which is larger than {limit}, "
                "which is the value of the max.request.size configuration.",
            )

    # What became of them.

    def _written(self, batch: ProducerBatch, base_offset: int) -> None:
        if self._on_written is not None:
            self._on_written(*batch.partition, base_offset, batch.records)

    def _lost(self, batch: ProducerBatch, error: MinikafkaError) -> None:
        self._refuse(batch.partition[0], batch.records, error)

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


def _transactions(cluster: Cluster, settings: ProducerSettings, numbers: ProducerNumbers) -> Transactions | None:
    if settings.transactional_id is None:
        return None
    return Transactions(
        cluster,
        numbers,
        settings.transactional_id,
        settings.transaction_timeout_ms,
        max_wait_s=settings.max_block_ms / 1000,
    )
