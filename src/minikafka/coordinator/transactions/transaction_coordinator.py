"""What handlers ask for transactions: each request goes to the shard its transactional id lives in, and errors become
its answer. Where a producer needs a new id, that is fetched first. Source: Kafka's TransactionCoordinator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.gathering import chain_pending
from minikafka.coordinator.result import Result
from minikafka.coordinator.transactions.producer_ids import ProducerIds
from minikafka.coordinator.transactions.transaction_metadata import (
    NO_PRODUCER_ID,
    STATE_NAMES,
    ProducerIdAndEpoch,
    TopicPartition,
    TransactionMetadata,
)
from minikafka.coordinator.transactions.transaction_settings import TransactionSettings
from minikafka.coordinator.transactions.transaction_shard import ProducerOutcome, TransactionShard
from minikafka.errors import (
    CONCURRENT_TRANSACTIONS,
    COORDINATOR_LOAD_IN_PROGRESS,
    INVALID_REQUEST,
    INVALID_TRANSACTION_TIMEOUT,
    NOT_COORDINATOR,
    TRANSACTIONAL_ID_NOT_FOUND,
    ApiError,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import DescribeTransactionsResponse, ListTransactionsRequest, ListTransactionsResponse

T = TypeVar("T")


class TransactionRuntime(Protocol):
    """Where the shards are; see ``GroupRuntime``."""

    @property
    def has_topic(self) -> bool:
        """Whether there is a topic to keep transactions in; ``write`` creates it."""
        ...

    def write(
        self, transactional_id: str, operation: Callable[[TransactionShard], Result[T]], on_error: Callable[[int], T], /
    ) -> T | Pending[T]: ...

    def read(
        self, transactional_id: str, operation: Callable[[TransactionShard], T], on_error: Callable[[int], T], /
    ) -> T | Pending[T]: ...

    def shards(self) -> Iterable[TransactionShard]: ...

    def is_loading(self) -> bool: ...


class TransactionCoordinator:
    """The transaction coordinator, as handlers see it (``ctx.broker.transactions``)."""

    def __init__(
        self,
        runtime: TransactionRuntime,
        producer_ids: ProducerIds,
        settings: TransactionSettings,
        now_ms: Callable[[], int],
    ) -> None:
        self._runtime = runtime
        self._producer_ids = producer_ids
        self._settings = settings
        self._now_ms = now_ms

    @property
    def verifies_partitions(self) -> bool:
        """Whether transactional writes are held to the transaction's partitions (KIP-890)."""
        return self._settings.partition_verification_enable

    def change_settings(self, settings: TransactionSettings) -> None:
        """Use these settings from now on."""
        self._settings = settings
        for shard in self._runtime.shards():
            shard.change_settings(settings)

    # Producers

    def init_producer_id(
        self, transactional_id: str, timeout_ms: int, expected: ProducerIdAndEpoch | None
    ) -> ProducerOutcome | Pending[ProducerOutcome]:
        """The producer of a transactional id, fencing the one before. Creates the topic when there is none."""
        if not transactional_id:
            return ProducerOutcome(INVALID_REQUEST)
        if not 0 < timeout_ms <= self._settings.max_timeout_ms:
            return ProducerOutcome(INVALID_TRANSACTION_TIMEOUT)

        def init(new_producer_id: int) -> ProducerOutcome | Pending[ProducerOutcome]:
            return self._runtime.write(
                transactional_id,
                lambda shard: shard.init_producer_id(transactional_id, timeout_ms, expected, new_producer_id),
                _failed,
            )

        def attempt() -> ProducerOutcome | Pending[ProducerOutcome]:
            # Where the state cannot be asked, ``init`` finds the same error and answers with it.
            needs_id = self._runtime.read(
                transactional_id, lambda shard: shard.needs_id_to_init(transactional_id, expected), lambda _: False
            )
            return chain_pending(needs_id, lambda needs: self._with_new_id(init) if needs else init(NO_PRODUCER_ID))

        # On one node an open transaction is aborted by now, and its successor need not come again after a while.
        return chain_pending(
            attempt(), lambda outcome: attempt() if outcome.error_code == CONCURRENT_TRANSACTIONS else outcome
        )

    def end_transaction(
        self, transactional_id: str, producer: ProducerIdAndEpoch, committed: bool, client_transaction_version: int
    ) -> ProducerOutcome | Pending[ProducerOutcome]:
        """Commit or abort; complete when the markers are written."""
        if not transactional_id:
            return ProducerOutcome(INVALID_REQUEST)
        if not self._runtime.has_topic:
            return ProducerOutcome(NOT_COORDINATOR)

        def end(new_producer_id: int) -> ProducerOutcome | Pending[ProducerOutcome]:
            return self._runtime.write(
                transactional_id,
                lambda shard: shard.end_transaction(
                    transactional_id, producer, committed, client_transaction_version, new_producer_id
                ),
                _failed,
            )

        needs_id = self._runtime.read(
            transactional_id,
            lambda shard: shard.needs_id_to_end(transactional_id, client_transaction_version),
            lambda _: False,
        )
        return chain_pending(needs_id, lambda needs: self._with_new_id(end) if needs else end(NO_PRODUCER_ID))

    def _with_new_id(
        self, go_on: Callable[[int], ProducerOutcome | Pending[ProducerOutcome]]
    ) -> ProducerOutcome | Pending[ProducerOutcome]:
        def has_id(outcome: int | ApiError) -> ProducerOutcome | Pending[ProducerOutcome]:
            return ProducerOutcome(outcome.code) if isinstance(outcome, ApiError) else go_on(outcome)

        return chain_pending(self._producer_ids.next_id(), has_id)

    # Partitions

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdAndEpoch,
        partitions: frozenset[TopicPartition],
        client_transaction_version: int,
    ) -> int:
        """Let partitions take part. Returns a Kafka error code."""
        if not transactional_id:
            return INVALID_REQUEST
        if not self._runtime.has_topic:
            return NOT_COORDINATOR
        return _at_once(
            self._runtime.write(
                transactional_id,
                lambda shard: shard.add_partitions(transactional_id, producer, partitions, client_transaction_version),
                coordinator_code,
            )
        )

    def verify_partitions(
        self, transactional_id: str, producer: ProducerIdAndEpoch, partitions: frozenset[TopicPartition]
    ) -> dict[TopicPartition, int]:
        """Whether they take part, as a Kafka error code each."""
        if not transactional_id:
            return dict.fromkeys(partitions, INVALID_REQUEST)
        if not self._runtime.has_topic:
            return dict.fromkeys(partitions, NOT_COORDINATOR)
        return _at_once(
            self._runtime.read(
                transactional_id,
                lambda shard: shard.verify_partitions(transactional_id, producer, partitions),
                lambda code: dict.fromkeys(partitions, coordinator_code(code)),
            )
        )

    # Looking

    def describe(self, transactional_id: str) -> DescribeTransactionsResponse.TransactionState:
        def failed(code: int) -> DescribeTransactionsResponse.TransactionState:
            return DescribeTransactionsResponse.TransactionState(transactional_id=transactional_id, error_code=code)

        if not transactional_id:
            return failed(INVALID_REQUEST)
        if not self._runtime.has_topic:
            return failed(NOT_COORDINATOR)

        def describe(shard: TransactionShard) -> DescribeTransactionsResponse.TransactionState:
            metadata = shard.transactions.get(transactional_id)
            return failed(TRANSACTIONAL_ID_NOT_FOUND) if metadata is None else _described(metadata)

        return _at_once(self._runtime.read(transactional_id, describe, failed))

    def list_transactions(self, request: ListTransactionsRequest) -> ListTransactionsResponse:
        """Those that all filters let through; an empty filter lets all through.

        Raises ApiError: INVALID_REGULAR_EXPRESSION.
        """
        if self._runtime.is_loading():
            return ListTransactionsResponse(error_code=COORDINATOR_LOAD_IN_PROGRESS)
        unknown = [name for name in dict.fromkeys(request.state_filters) if name not in STATE_NAMES.values()]
        is_listed = self._filter(request)
        return ListTransactionsResponse(
            unknown_state_filters=unknown,
            transaction_states=[
                ListTransactionsResponse.TransactionState(
                    transactional_id=metadata.transactional_id,
                    producer_id=metadata.producer_id,
                    transaction_state=STATE_NAMES[metadata.state],
                )
                for shard in self._runtime.shards()
                for metadata in shard.transactions.values()
                if is_listed(metadata)
            ],
        )

    def _filter(self, request: ListTransactionsRequest) -> Callable[[TransactionMetadata], bool]:
        states = set(request.state_filters)
        producer_ids = set(request.producer_id_filters)
        pattern = _pattern(request.transactional_id_pattern)
        duration_ms = request.duration_filter
        now_ms = self._now_ms()

        def is_listed(metadata: TransactionMetadata) -> bool:
            return (
                (not producer_ids or metadata.producer_id in producer_ids)
                and (not states or STATE_NAMES[metadata.state] in states)
                and (duration_ms < 0 or now_ms - metadata.start_timestamp_ms > duration_ms)
                and (pattern is None or pattern(metadata.transactional_id))
            )

        return is_listed


def _pattern(regex: str | None) -> Callable[[str], bool] | None:
    """Imported when it is needed, which is seldom. Raises ApiError."""
    if not regex:
        return None
    from minikafka.coordinator.patterns.name_patterns import name_filter

    return name_filter(regex)


def _described(metadata: TransactionMetadata) -> DescribeTransactionsResponse.TransactionState:
    by_topic: dict[str, list[int]] = {}
    for topic, partition in sorted(metadata.partitions):
        by_topic.setdefault(topic, []).append(partition)
    return DescribeTransactionsResponse.TransactionState(
        transactional_id=metadata.transactional_id,
        transaction_state=STATE_NAMES[metadata.state],
        transaction_timeout_ms=metadata.timeout_ms,
        transaction_start_time_ms=metadata.start_timestamp_ms,
        producer_id=metadata.producer_id,
        producer_epoch=metadata.producer_epoch,
        topics=[
            DescribeTransactionsResponse.TopicData(topic=topic, partitions=partitions)
            for topic, partitions in by_topic.items()
        ],
    )


def _failed(code: int) -> ProducerOutcome:
    return ProducerOutcome(coordinator_code(code))


def _at_once(answer: T | Pending[T]) -> T:
    """Only the creation of the topic keeps a runtime waiting, and only ``init_producer_id`` begins it."""
    assert not isinstance(answer, Pending)
    return answer
