"""What a partition remembers of one producer id (Kafka: ProducerStateEntry)."""

from __future__ import annotations

from collections import deque

from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import RecordBatch

NO_EPOCH = -1
NO_SEQUENCE = -1
NO_OFFSET = -1
NO_TIMESTAMP = -1
MAX_SEQUENCE = 2**31 - 1
BATCHES_TO_RETAIN = 5


class BatchMetadata(NamedTuple):
    """One of the last batches of a producer."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_sequence(self) -> int:
        """Sequences wrap around to 0 after 2^31 - 1."""
        sequence = self.last_sequence - self.offset_delta
        return sequence if sequence >= 0 else sequence + MAX_SEQUENCE + 1

    @property
    def first_offset(self) -> int:
        return self.last_offset - self.offset_delta


class ProducerStateEntry:
    """What is known of one producer id in one partition."""

    __slots__ = (
        "batches",
        "coordinator_epoch",
        "current_txn_first_offset",
        "last_timestamp",
        "producer_epoch",
        "producer_id",
    )

    def __init__(self, producer_id: int) -> None:
        self.producer_id = producer_id
        self.producer_epoch = NO_EPOCH
        self.coordinator_epoch = -1
        self.last_timestamp = NO_TIMESTAMP
        self.current_txn_first_offset = NO_OFFSET
        self.batches: deque[BatchMetadata] = deque(maxlen=BATCHES_TO_RETAIN)

    def __repr__(self) -> str:
        return (
            f"ProducerStateEntry({self.producer_id}, epoch {self.producer_epoch}, last sequence {self.last_sequence}, "
            f"open transaction from {self.current_txn_first_offset})"
        )

    @property
    def last_sequence(self) -> int:
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    @property
    def last_data_offset(self) -> int:
        return self.batches[-1].last_offset if self.batches else NO_OFFSET

    @property
    def last_offset_delta(self) -> int:
        return self.batches[-1].offset_delta if self.batches else 0

    def adopt_epoch(self, producer_epoch: int) -> None:
        """Batches of another epoch say nothing about sequences any more."""
        if self.producer_epoch != producer_epoch:
            self.batches.clear()
            self.producer_epoch = producer_epoch

    def expects(self, batch: RecordBatch) -> bool:
        """Whether ``batch`` carries data, and follows the last one in epoch, sequence and transaction: the usual case,
        which needs no further check."""
        if batch.producer_epoch != self.producer_epoch or not self.batches or batch.is_control:
            return False
        if batch.base_sequence != self.batches[-1][0] + 1:
            return False
        return batch.is_transactional == (self.current_txn_first_offset >= 0)

    def take(self, batch: RecordBatch) -> None:
        """Note a batch that ``expects`` has let through, and that has been written."""
        max_timestamp, delta = batch.max_timestamp, batch.last_offset_delta
        self.batches.append(
            BatchMetadata(batch.base_sequence + delta & MAX_SEQUENCE, batch.base_offset + delta, delta, max_timestamp)
        )
        self.last_timestamp = max_timestamp

    def find_batch(self, producer_epoch: int, first_sequence: int, last_sequence: int) -> BatchMetadata | None:
        """The remembered batch with exactly these sequences: the new one is a retry of it."""
        if producer_epoch != self.producer_epoch:
            return None
        for batch in self.batches:
            if batch.last_sequence == last_sequence and batch.first_sequence == first_sequence:
                return batch
        return None
