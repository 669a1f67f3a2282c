"""What is known of one transactional id, and how it changes: values and nothing else.

    Empty              a producer has the id, no transaction yet     -> Ongoing (partitions added), PrepareAbort (TV2)
    Ongoing            partitions take part                           -> PrepareCommit, PrepareAbort
    PrepareCommit      decided: markers are being written             -> CompleteCommit
    PrepareAbort       decided: markers are being written             -> CompleteAbort
    CompleteCommit     all markers are written                       -> Ongoing, Empty (a producer), PrepareAbort (TV2)
    CompleteAbort      all markers are written                       -> Ongoing, Empty (a producer), PrepareAbort (TV2)

Every state that does not wait for markers may also be deleted, when the id has not been used for long. In transactions
version 2 ("TV2", KIP-890) each end of a transaction gives the producer a new epoch. Each change is a new value, which
takes effect when its record is written and replayed. Source: Kafka's TransactionMetadata, TransactionLog.
"""

from __future__ import annotations

from typing import Final

from minikafka.coordinator.result import CoordinatorRecord
from minikafka.errors import PRODUCER_FENCED, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import TransactionLogKey, TransactionLogValue

EMPTY: Final = 0
ONGOING: Final = 1
PREPARE_COMMIT: Final = 2
PREPARE_ABORT: Final = 3
COMPLETE_COMMIT: Final = 4
COMPLETE_ABORT: Final = 5
DEAD: Final = 6
PREPARE_EPOCH_FENCE: Final = 7

STATE_NAMES: Final = {
    EMPTY: "Empty",
    ONGOING: "Ongoing",
    PREPARE_COMMIT: "PrepareCommit",
    PREPARE_ABORT: "PrepareAbort",
    COMPLETE_COMMIT: "CompleteCommit",
    COMPLETE_ABORT: "CompleteAbort",
    DEAD: "Dead",
    PREPARE_EPOCH_FENCE: "PrepareEpochFence",
}
"""As DescribeTransactions and ListTransactions show and filter them. Dead and PrepareEpochFence are never stored, and
no transaction here is ever in them: what Kafka does in between is one step on one thread."""

ENDED: Final = frozenset({EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT})
"""No transaction is open: a new producer may take over at once, and the id may expire."""
PREPARED: Final = frozenset({PREPARE_COMMIT, PREPARE_ABORT})

NO_PRODUCER_ID: Final = -1
NO_EPOCH: Final = -1
NO_TIMESTAMP: Final = -1
LAST_CLIENT_EPOCH: Final = 2**15 - 2
"""The highest epoch a producer is given: one above it is left, so that the producer can always be fenced."""
NO_TIMEOUT_MS: Final = 2**31 - 1
"""A timeout that never comes: of transactions that another coordinator decides about (KIP-939)."""

TRANSACTION_VERSION_0: Final = 0
TRANSACTION_VERSION_2: Final = 2

TopicPartition = tuple[str, int]


class ProducerIdAndEpoch(NamedTuple):
    """Whom a client says it is."""

    producer_id: int
    producer_epoch: int


class TransactionMetadata(NamedTuple):
    """One transactional id."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    """-1 as long as no producer has been given one."""
    timeout_ms: int
    state: int
    partitions: frozenset[TopicPartition]
    start_timestamp_ms: int
    """When the first partition was added, in wall time; -1 before."""
    last_update_timestamp_ms: int
    client_transaction_version: int = TRANSACTION_VERSION_0
    """What the client that last changed the transaction speaks: 0 or 2."""
    previous_producer_id: int = NO_PRODUCER_ID
    """The id before, when the last change brought another one; -1 otherwise. By it a retry is recognised."""
    next_producer_id: int = NO_PRODUCER_ID
    """The id the producer goes on with, with epoch 0, once the markers are written: its epochs are used up."""

    @property
    def is_epoch_exhausted(self) -> bool:
        return self.producer_epoch >= LAST_CLIENT_EPOCH

    def is_timed_out(self, now_ms: int) -> bool:
        """Whether it is open for longer than its producer asked for."""
        return (
            self.state == ONGOING
            and self.timeout_ms != NO_TIMEOUT_MS
            and self.start_timestamp_ms + self.timeout_ms < now_ms
        )

    # Changes

    def accepts_producer(self, expected: ProducerIdAndEpoch) -> bool:
        """Whether a producer that says who it was may go on as this one: it is, it was before its epochs were used
        up, or nobody has ever been."""
        return (
            self.producer_epoch == NO_EPOCH
            or expected.producer_id == self.producer_id
            or (expected.producer_id == self.previous_producer_id and expected.producer_epoch >= LAST_CLIENT_EPOCH)
        )

    def with_producer(self, producer_id: int, producer_epoch: int, timeout_ms: int, now_ms: int) -> TransactionMetadata:
        """A producer has (re)started: no transaction is open."""
        return self._replace(
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            timeout_ms=timeout_ms,
            state=EMPTY,
            partitions=frozenset(),
            start_timestamp_ms=NO_TIMESTAMP,
            last_update_timestamp_ms=now_ms,
            previous_producer_id=self.producer_id if producer_id != self.producer_id else NO_PRODUCER_ID,
        )

    def with_partitions(
        self, added: frozenset[TopicPartition], client_transaction_version: int, now_ms: int
    ) -> TransactionMetadata:
        """Partitions take part; the first of them begin the transaction."""
        return self._replace(
            state=ONGOING,
            partitions=self.partitions | added,
            start_timestamp_ms=now_ms if self.state in ENDED else self.start_timestamp_ms,
            last_update_timestamp_ms=now_ms,
            client_transaction_version=client_transaction_version,
            previous_producer_id=NO_PRODUCER_ID,
        )

    def prepared(
        self,
        state: int,
        producer_epoch: int,
        client_transaction_version: int,
        now_ms: int,
        next_producer_id: int = NO_PRODUCER_ID,
    ) -> TransactionMetadata:
        """It is decided how the transaction ends. One without partitions (TV2) begins and ends now."""
        return self._replace(
            state=state,
            producer_epoch=producer_epoch,
            start_timestamp_ms=now_ms if self.state in ENDED else self.start_timestamp_ms,
            last_update_timestamp_ms=now_ms,
            client_transaction_version=client_transaction_version,
            previous_producer_id=NO_PRODUCER_ID,
            next_producer_id=next_producer_id,
        )

    def completed(self, now_ms: int) -> TransactionMetadata:
        """All markers are written."""
        completed = self._replace(
            state=COMPLETE_COMMIT if self.state == PREPARE_COMMIT else COMPLETE_ABORT,
            partitions=frozenset(),
            last_update_timestamp_ms=now_ms,
            previous_producer_id=NO_PRODUCER_ID,
            next_producer_id=NO_PRODUCER_ID,
        )
        if self.next_producer_id == NO_PRODUCER_ID:
            return completed
        return completed._replace(
            producer_id=self.next_producer_id, producer_epoch=0, previous_producer_id=self.producer_id
        )

    # Records

    def record(self, transaction_version: int) -> CoordinatorRecord:
        """``transaction_version``: the feature's finalized level.

        Kafka 4.2 leaves the previous and the next producer id out of its records, although it reads them: after a
        crash in between it has forgotten which id a producer was told to go on with. Here they are written, in the
        one case in 32,767 in which they matter.
        """
        value = TransactionLogValue(
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            transaction_timeout_ms=self.timeout_ms,
            transaction_status=self.state,
            transaction_partitions=None if self.state == EMPTY else self._partitions_by_topic(),
            transaction_last_update_timestamp_ms=self.last_update_timestamp_ms,
            transaction_start_timestamp_ms=self.start_timestamp_ms,
            client_transaction_version=self.client_transaction_version,
            previous_producer_id=self.previous_producer_id,
            next_producer_id=self.next_producer_id,
        )
        has_tagged_fields = (self.client_transaction_version, self.previous_producer_id, self.next_producer_id) != (
            TRANSACTION_VERSION_0,
            NO_PRODUCER_ID,
            NO_PRODUCER_ID,
        )
        version = 1 if transaction_version >= 1 or has_tagged_fields else 0
        return CoordinatorRecord(TransactionLogKey(transactional_id=self.transactional_id), value, version)

    def _partitions_by_topic(self) -> list[TransactionLogValue.PartitionsSchema]:
        by_topic: dict[str, list[int]] = {}
        for topic, partition in sorted(self.partitions):
            by_topic.setdefault(topic, []).append(partition)
        return [
            TransactionLogValue.PartitionsSchema(topic=topic, partition_ids=partitions)
            for topic, partitions in by_topic.items()
        ]


def tombstone(transactional_id: str) -> CoordinatorRecord:
    """What makes the id forgotten."""
    return CoordinatorRecord(TransactionLogKey(transactional_id=transactional_id), None)


def metadata_of(transactional_id: str, value: TransactionLogValue) -> TransactionMetadata:
    """What a record says."""
    return TransactionMetadata(
        transactional_id,
        value.producer_id,
        value.producer_epoch,
        value.transaction_timeout_ms,
        value.transaction_status,
        frozenset(
            (topic.topic, partition)
            for topic in value.transaction_partitions or ()
            for partition in topic.partition_ids
        ),
        value.transaction_start_timestamp_ms,
        value.transaction_last_update_timestamp_ms,
        value.client_transaction_version,
        # Kafka keeps its copy of the id where there was no other one before.
        NO_PRODUCER_ID if value.previous_producer_id == value.producer_id else value.previous_producer_id,
        value.next_producer_id,
    )


def new_metadata(transactional_id: str, producer_id: int, timeout_ms: int, now_ms: int) -> TransactionMetadata:
    """Of an id that is not known yet; nobody has an epoch."""
    return TransactionMetadata(
        transactional_id, producer_id, NO_EPOCH, timeout_ms, EMPTY, frozenset(), NO_TIMESTAMP, now_ms
    )


def next_epoch_for(metadata: TransactionMetadata, expected_epoch: int | None, last_epoch: int) -> tuple[int, int]:
    """The epoch a (re)started producer gets and the one it had, by which it is known again if it has to ask twice.

    :param expected_epoch: the one it says it has; None when it says nothing, and whoever was before is fenced.
    :param last_epoch: the one the present producer had before, -1 for none.
    :raises ApiError: PRODUCER_FENCED.
    """
    current = metadata.producer_epoch
    if expected_epoch is None:
        return current + 1, NO_EPOCH
    if current in (NO_EPOCH, expected_epoch):
        return current + 1, current
    if expected_epoch == last_epoch:
        return current, last_epoch
    raise ApiError(
        PRODUCER_FENCED,
        f"the producer of transactional id {metadata.transactional_id} has epoch {expected_epoch}, its successor "
        f"{current}",
    )
