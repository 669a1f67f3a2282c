"""The transactional ids of one partition of ``__transaction_state``: requests in, Results out, records replayed.

Pure: it reads the clock it is given, sets keyed deadlines, and writes nothing itself but the markers, through a
``MarkerWriter``. The steps of an end, each durable before the next:

    PrepareCommit or PrepareAbort written       it is decided
    a marker in each partition                  readers see it, or skip it
    CompleteCommit or CompleteAbort written     the next transaction may begin

A stop between any two of them is made good when the partition is loaded again: a marker that is written twice is
harmless. On one node nothing can come in between, so the answer waits for the last step, where Kafka answers after the
first and lets the next request wait with CONCURRENT_TRANSACTIONS.
Sources: Kafka's TransactionCoordinator, TransactionStateManager, TransactionMarkerChannelManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.result import Result
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.transactions import transaction_metadata as states
from minikafka.coordinator.transactions.transaction_markers import Marker, MarkerWriter
from minikafka.coordinator.transactions.transaction_metadata import (
    ENDED,
    LAST_CLIENT_EPOCH,
    NO_EPOCH,
    NO_PRODUCER_ID,
    PREPARED,
    TRANSACTION_VERSION_0,
    TRANSACTION_VERSION_2,
    ProducerIdAndEpoch,
    TopicPartition,
    TransactionMetadata,
    metadata_of,
    new_metadata,
    next_epoch_for,
)
from minikafka.coordinator.transactions.transaction_settings import TransactionSettings
from minikafka.errors import (
    CONCURRENT_TRANSACTIONS,
    INVALID_PRODUCER_EPOCH,
    INVALID_PRODUCER_ID_MAPPING,
    INVALID_TXN_STATE,
    NONE,
    PRODUCER_FENCED,
    TRANSACTION_ABORTABLE,
    TRANSACTION_COORDINATOR_FENCED,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
    name_of,
)
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.protocol.messages import TransactionLogKey, TransactionLogValue

_logger = logging.getLogger(__name__)

ABORT_TIMED_OUT_KEY = "abort-timed-out-transactions"
EXPIRATION_KEY = "expire-transactional-ids"
MARKER_RETRY_MS = 100
"""How long to wait after a partition could not take its marker (Kafka waits ``retry.backoff.ms``)."""

_MOOT = frozenset({UNKNOWN_TOPIC_OR_PARTITION, INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED})
"""Answers to a marker after which nothing is left to be ended: the partition is gone, or a later epoch has written."""


class ProducerOutcome(NamedTuple):
    """The answer to a producer: who it is from now on, or what is wrong."""

    error_code: int = NONE
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = NO_EPOCH


class TransactionShard:
    """One shard. ``transaction_version`` gives the finalized level of the feature."""

    def __init__(
        self,
        timers: KeyedTimers,
        clock: Clock,
        settings: TransactionSettings,
        markers: MarkerWriter,
        transaction_version: Callable[[], int],
    ) -> None:
        self._timers = timers
        self._clock = clock
        self._settings = settings
        self._markers = markers
        self._transaction_version = transaction_version
        self.transactions: dict[str, TransactionMetadata] = {}
        self._ongoing: dict[str, None] = {}
        """The ids in state Ongoing, derived from ``transactions``."""
        self._last_epochs: dict[str, int] = {}
        """The epoch that a producer had before its present one: known until the broker stops, as in Kafka."""
        self._unmarked: dict[str, set[TopicPartition]] = {}
        """The partitions of prepared transactions that still wait for their marker."""

    def change_settings(self, settings: TransactionSettings) -> None:
        """Use these settings from now on."""
        self._settings = settings

    # A producer begins

    def needs_id_to_init(self, transactional_id: str, expected: ProducerIdAndEpoch | None) -> bool:
        """Whether ``init_producer_id`` has to be given a new producer id."""
        metadata = self.transactions.get(transactional_id)
        if metadata is None:
            return True
        return metadata.state in ENDED and self._is_used_up(metadata, expected)

    @staticmethod
    def _is_used_up(metadata: TransactionMetadata, expected: ProducerIdAndEpoch | None) -> bool:
        return metadata.is_epoch_exhausted and (expected is None or expected.producer_epoch == metadata.producer_epoch)

    def init_producer_id(
        self,
        transactional_id: str,
        timeout_ms: int,
        expected: ProducerIdAndEpoch | None,
        new_producer_id: int = NO_PRODUCER_ID,
    ) -> Result[ProducerOutcome]:
        """A producer (re)starts: whoever had the id is fenced, and its open transaction aborted first.

        Raises ApiError: CONCURRENT_TRANSACTIONS, PRODUCER_FENCED.
        """
        now_ms = self._clock.wall_ms()
        metadata = self.transactions.get(transactional_id)
        if metadata is None:
            metadata = new_metadata(transactional_id, new_producer_id, timeout_ms, now_ms)
        if expected is not None and not metadata.accepts_producer(expected):
            raise ApiError(PRODUCER_FENCED)
        if metadata.state in PREPARED:
            raise ApiError(CONCURRENT_TRANSACTIONS)
        if metadata.state == states.ONGOING:
            return self._fence(metadata, ProducerOutcome(CONCURRENT_TRANSACTIONS))
        if self._is_used_up(metadata, expected):
            last_epoch = NO_EPOCH if expected is None else metadata.producer_epoch
            changed = metadata.with_producer(new_producer_id, 0, timeout_ms, now_ms)
        else:
            expected_epoch = None if expected is None else expected.producer_epoch
            epoch, last_epoch = next_epoch_for(metadata, expected_epoch, self._last_epoch(transactional_id))
            changed = metadata.with_producer(metadata.producer_id, epoch, timeout_ms, now_ms)
        _logger.info(
            "transactional id %s: producer id %d, epoch %d",
            transactional_id,
            changed.producer_id,
            changed.producer_epoch,
        )
        outcome = ProducerOutcome(NONE, changed.producer_id, changed.producer_epoch)
        return self._change(changed, outcome, last_epoch=last_epoch)

    def _fence(self, metadata: TransactionMetadata, response: ProducerOutcome | None) -> Result[ProducerOutcome]:
        """Abort the open transaction under a new epoch, which nobody is given: its producer is out."""
        supports_epoch_bump = self._transaction_version() >= TRANSACTION_VERSION_2
        prepared = metadata.prepared(
            states.PREPARE_ABORT,
            metadata.producer_epoch + 1,
            TRANSACTION_VERSION_2 if supports_epoch_bump else TRANSACTION_VERSION_0,
            self._clock.wall_ms(),
        )
        last_epoch = metadata.producer_epoch if supports_epoch_bump else NO_EPOCH
        return self._decide(prepared, response, last_epoch)

    # Partitions take part

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: frozenset[TopicPartition],
        client_transaction_version: int,
    ) -> Result[int]:
        """They belong to the transaction from now on; the first ones begin it.

        Raises ApiError: INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS.
        """
        metadata = self._transaction_of(transactional_id, producer)
        if metadata.state == states.ONGOING and partitions <= metadata.partitions:
            return Result(response=NONE)
        changed = metadata.with_partitions(partitions, client_transaction_version, self._clock.wall_ms())
        return self._change(changed, NONE, then=self._watch_timeouts)

    def verify_partitions(
        self, transactional_id: str, producer: ProducerIdAndEpoch, partitions: frozenset[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """TRANSACTION_ABORTABLE for each partition that does not belong to the transaction. Raises as above."""
        metadata = self._transaction_of(transactional_id, producer)
        return {
            partition: NONE if partition in metadata.partitions else TRANSACTION_ABORTABLE for partition in partitions
        }

    def _transaction_of(self, transactional_id: str, producer: ProducerIdAndEpoch) -> TransactionMetadata:
        metadata = self.transactions.get(transactional_id)
        if metadata is None or metadata.producer_id != producer.producer_id:
            raise ApiError(INVALID_PRODUCER_ID_MAPPING)
        if metadata.producer_epoch != producer.producer_epoch:
            raise ApiError(PRODUCER_FENCED)
        if metadata.state in PREPARED:
            raise ApiError(CONCURRENT_TRANSACTIONS)
        return metadata

    # The end

    def needs_id_to_end(self, transactional_id: str, client_transaction_version: int) -> bool:
        """Whether ``end_transaction`` may have to be given a new producer id."""
        metadata = self.transactions.get(transactional_id)
        return (
            metadata is not None
            and client_transaction_version >= TRANSACTION_VERSION_2
            and metadata.state not in PREPARED
            and metadata.is_epoch_exhausted
        )

    def end_transaction(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        committed: bool,
        client_transaction_version: int,
        new_producer_id: int = NO_PRODUCER_ID,
    ) -> Result[ProducerOutcome]:
        """Commit or abort. In TV2 the answer says who the producer is in its next transaction.

        Raises ApiError: INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS, INVALID_TXN_STATE.
        """
        metadata = self.transactions.get(transactional_id)
        if metadata is None:
            raise ApiError(INVALID_PRODUCER_ID_MAPPING)
        if client_transaction_version >= TRANSACTION_VERSION_2:
            return self._end_v2(metadata, producer, committed, new_producer_id)
        return self._end_v1(metadata, producer, committed)

    def _end_v1(
        self, metadata: TransactionMetadata, producer: ProducerIdAndEpoch, committed: bool
    ) -> Result[ProducerOutcome]:
        if metadata.producer_id != producer.producer_id:
            raise ApiError(INVALID_PRODUCER_ID_MAPPING)
        if metadata.producer_epoch != producer.producer_epoch:
            raise ApiError(PRODUCER_FENCED)
        if metadata.state == states.ONGOING:
            prepared = metadata.prepared(
                _prepare_state(committed), metadata.producer_epoch, TRANSACTION_VERSION_0, self._clock.wall_ms()
            )
            return self._decide(prepared, ProducerOutcome(), None)
        _check_same_end(metadata, committed)
        return Result(response=ProducerOutcome())

    def _end_v2(
        self, metadata: TransactionMetadata, producer: ProducerIdAndEpoch, committed: bool, new_producer_id: int
    ) -> Result[ProducerOutcome]:
        """The epoch tells a retry, which still has the old one, from the end of a next transaction. One that nothing
        was added to may be aborted, but not committed."""
        is_rotated = (
            metadata.previous_producer_id == producer.producer_id
            and producer.producer_epoch == LAST_CLIENT_EPOCH
            and metadata.producer_epoch == 0
        )
        if metadata.producer_id != producer.producer_id and not is_rotated:
            raise ApiError(INVALID_PRODUCER_ID_MAPPING)
        is_retry = is_rotated or metadata.producer_epoch == producer.producer_epoch + 1
        if not self._is_epoch_valid(metadata, producer, is_retry):
            raise ApiError(PRODUCER_FENCED)
        if metadata.state not in (states.EMPTY, states.ONGOING) and is_retry:
            _check_same_end(metadata, committed)
            return Result(response=ProducerOutcome(NONE, metadata.producer_id, metadata.producer_epoch))
        if metadata.state != states.ONGOING and committed:
            raise _invalid_end(metadata, committed)
        prepared = metadata.prepared(
            _prepare_state(committed),
            metadata.producer_epoch + 1,
            TRANSACTION_VERSION_2,
            self._clock.wall_ms(),
            new_producer_id if metadata.is_epoch_exhausted else NO_PRODUCER_ID,
        )
        completed = prepared.completed(prepared.last_update_timestamp_ms)
        outcome = ProducerOutcome(NONE, completed.producer_id, completed.producer_epoch)
        return self._decide(prepared, outcome, metadata.producer_epoch)

    @staticmethod
    def _is_epoch_valid(metadata: TransactionMetadata, producer: ProducerIdAndEpoch, is_retry: bool) -> bool:
        is_current = producer == (metadata.producer_id, metadata.producer_epoch)
        if metadata.state in PREPARED:
            return is_retry
        if metadata.state in (states.EMPTY, states.ONGOING):
            return is_current
        return is_retry or is_current

    def _decide(
        self, prepared: TransactionMetadata, response: ProducerOutcome | None, last_epoch: int | None
    ) -> Result[ProducerOutcome]:
        """Write how it ends, then see to it."""
        transactional_id = prepared.transactional_id
        return self._change(prepared, response, last_epoch=last_epoch, then=lambda: self._complete(transactional_id))

    def _complete(self, transactional_id: str) -> Result[Any] | None:
        """Write the markers of a prepared transaction, then that it is over; what fails is tried again."""
        metadata = self.transactions.get(transactional_id)
        if metadata is None or metadata.state not in PREPARED:
            return None
        if not self._write_markers(metadata):
            self._complete_later(transactional_id)
            return None
        return self._change(
            metadata.completed(self._clock.wall_ms()), on_failure=lambda _: self._complete_later(transactional_id)
        )

    def _complete_later(self, transactional_id: str) -> None:
        self._timers.schedule(f"complete-{transactional_id}", MARKER_RETRY_MS, lambda: self._complete(transactional_id))

    def _write_markers(self, metadata: TransactionMetadata) -> bool:
        """Whether all partitions have theirs."""
        marker = Marker(
            metadata.producer_id,
            metadata.producer_epoch,
            self._markers.coordinator_epoch(metadata.transactional_id),
            metadata.state == states.PREPARE_COMMIT,
            metadata.client_transaction_version,
        )
        unmarked = self._unmarked.setdefault(metadata.transactional_id, set(metadata.partitions))
        for topic, partition in sorted(unmarked):
            code = self._markers.write(topic, partition, marker)
            if code in _MOOT:
                _logger.warning(
                    "%s-%d takes no marker of transactional id %s (producer id %d, epoch %d): %s. There is nothing "
                    "left to end there",
                    topic,
                    partition,
                    metadata.transactional_id,
                    metadata.producer_id,
                    metadata.producer_epoch,
                    name_of(code),
                )
            if code == NONE or code in _MOOT:
                unmarked.discard((topic, partition))
            else:
                _logger.info("%s-%d cannot take a marker now: %s", topic, partition, name_of(code))
        return not unmarked

    # Time

    def _watch_timeouts(self) -> None:
        """Look for transactions that have run out of time; only while some are open."""
        if self._ongoing and not self._timers.is_scheduled(ABORT_TIMED_OUT_KEY):
            self._timers.schedule(
                ABORT_TIMED_OUT_KEY, self._settings.abort_timed_out_interval_ms, self._abort_timed_out
            )

    def _abort_timed_out(self) -> None:
        """Each one is an operation by itself."""
        now_ms = self._clock.wall_ms()
        for transactional_id in self._ongoing:
            if self.transactions[transactional_id].is_timed_out(now_ms):
                self._timers.schedule(
                    f"abort-{transactional_id}",
                    0,
                    lambda transactional_id=transactional_id: self._abort(transactional_id),  # type: ignore[misc]
                )
        self._watch_timeouts()

    def _abort(self, transactional_id: str) -> Result[ProducerOutcome] | None:
        metadata = self.transactions.get(transactional_id)
        if metadata is None or not metadata.is_timed_out(self._clock.wall_ms()):
            return None
        _logger.info(
            "transactional id %s: the transaction is open for longer than %d ms and is aborted",
            transactional_id,
            metadata.timeout_ms,
        )
        return self._fence(metadata, None)

    def expire(self) -> Result[None]:
        """Forget the ids that nobody has used for long; then again later."""
        self._schedule_expiration()
        limit_ms = self._clock.wall_ms() - self._settings.id_expiration_ms
        expired = [
            states.tombstone(metadata.transactional_id)
            for metadata in self.transactions.values()
            if metadata.state in ENDED and metadata.last_update_timestamp_ms <= limit_ms
        ]
        if expired:
            _logger.info("%d transactional ids have expired", len(expired))
        return Result(expired, is_atomic=False)

    def _schedule_expiration(self) -> None:
        self._timers.schedule(EXPIRATION_KEY, self._settings.remove_expired_interval_ms, self.expire)

    # Records

    def _change(
        self,
        changed: TransactionMetadata,
        response: Any = None,
        *,
        last_epoch: int | None = None,
        then: Callable[[], Result[Any] | None] | None = None,
        on_failure: Callable[[int], Result[Any] | None] | None = None,
    ) -> Result[Any]:
        """Write ``changed``. ``last_epoch``: what to remember as the producer's former epoch; None for no change."""

        def written() -> Result[Any] | None:
            if last_epoch is not None:
                self._last_epochs[changed.transactional_id] = last_epoch
            return None if then is None else then()

        return Result([changed.record(self._transaction_version())], response, then=written, on_failure=on_failure)

    def _last_epoch(self, transactional_id: str) -> int:
        return self._last_epochs.get(transactional_id, NO_EPOCH)

    def replay(
        self, key: TransactionLogKey, value: TransactionLogValue | None, record_offset: int, producer_id: int
    ) -> None:
        """Take a written record into the state."""
        transactional_id = key.transactional_id
        self._ongoing.pop(transactional_id, None)
        if value is None or value.transaction_status not in PREPARED:
            self._unmarked.pop(transactional_id, None)
        if value is None:
            self.transactions.pop(transactional_id, None)
            self._last_epochs.pop(transactional_id, None)
            return
        self.transactions[transactional_id] = metadata_of(transactional_id, value)
        if value.transaction_status == states.ONGOING:
            self._ongoing[transactional_id] = None

    # Loading and unloading

    def on_loaded(self) -> Iterator[Result[Any]]:
        """The state is complete: finish what was decided before. Gives what has to be written."""
        for metadata in list(self.transactions.values()):
            if metadata.state in PREPARED:
                _logger.info(
                    "transactional id %s: going on with %s",
                    metadata.transactional_id,
                    states.STATE_NAMES[metadata.state],
                )
                result = self._complete(metadata.transactional_id)
                if result is not None:
                    yield result
        self._watch_timeouts()
        self._schedule_expiration()

    def on_unloaded(self) -> None:
        """The broker stops, or the partition is gone."""
        self._timers.cancel_all()


def _prepare_state(committed: bool) -> int:
    return states.PREPARE_COMMIT if committed else states.PREPARE_ABORT


def _check_same_end(metadata: TransactionMetadata, committed: bool) -> None:
    """An end that has come before: fine when it was the same one, and all is written."""
    if metadata.state == (states.COMPLETE_COMMIT if committed else states.COMPLETE_ABORT):
        return
    if metadata.state == _prepare_state(committed):
        raise ApiError(CONCURRENT_TRANSACTIONS)
    raise _invalid_end(metadata, committed)


def _invalid_end(metadata: TransactionMetadata, committed: bool) -> ApiError:
    return ApiError(
        INVALID_TXN_STATE,
        f"transactional id {metadata.transactional_id} is in state {states.STATE_NAMES[metadata.state]}, where it "
        f"cannot be {'committed' if committed else 'aborted'}",
    )
