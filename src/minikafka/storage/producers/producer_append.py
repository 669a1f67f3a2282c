"""Batches of one producer that are about to be appended (Kafka: ProducerAppendInfo)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from minikafka.errors import (
    INVALID_PRODUCER_EPOCH,
    INVALID_TXN_STATE,
    OUT_OF_ORDER_SEQUENCE_NUMBER,
    TRANSACTION_COORDINATOR_FENCED,
    ApiError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import RecordBatch
from minikafka.records.builder import CONTROL_ABORT, CONTROL_COMMIT, control_type_of, coordinator_epoch_of
from minikafka.storage.batch_scan import BatchHeader
from minikafka.storage.producers.producer_entry import (
    MAX_SEQUENCE,
    NO_EPOCH,
    NO_OFFSET,
    BatchMetadata,
    ProducerStateEntry,
)

if TYPE_CHECKING:
    from minikafka.storage.producers.producer_state import ProducerStateManager

logger = logging.getLogger(__name__)


class CompletedTransaction(NamedTuple):
    """A transaction whose marker has come, at ``last_offset``."""

    producer_id: int
    first_offset: int
    last_offset: int
    is_aborted: bool


class EndTransactionMarker(NamedTuple):
    """The record of a control batch that ends a transaction."""

    is_commit: bool
    coordinator_epoch: int
    timestamp: int


class ProducerAppendInfo:
    """Batches of one producer that are about to be appended: checked one by one, applied together once written."""

    __slots__ = ("_checks_sequence", "_current", "_manager", "_strict", "started_transactions", "updated")

    def __init__(self, manager: ProducerStateManager, producer_id: int, origin: str) -> None:
        self._manager = manager
        current = manager.producers.get(producer_id)
        if current is None:
            current = ProducerStateEntry(producer_id)
        self._current = current
        self._strict = origin != "replication"
        self._checks_sequence = origin == "client"
        updated = ProducerStateEntry(producer_id)
        updated.producer_epoch = current.producer_epoch
        updated.coordinator_epoch = current.coordinator_epoch
        updated.last_timestamp = current.last_timestamp
        updated.current_txn_first_offset = current.current_txn_first_offset
        self.updated = updated
        self.started_transactions: list[int] = []

    def append(self, batch: RecordBatch | BatchHeader, transaction_version: int = 0) -> CompletedTransaction | None:
        """Check one batch; returns the transaction it ends. Raises ApiError, see the two below."""
        if not batch.is_control:
            self.append_data(
                batch.producer_epoch,
                batch.base_sequence,
                batch.last_sequence,
                batch.base_offset,
                batch.last_offset,
                batch.max_timestamp,
                batch.is_transactional,
            )
            return None
        assert isinstance(batch, RecordBatch), "a control batch has to be read, its header is not enough"
        marker = end_transaction_marker_of(batch)
        if marker is None:
            return None
        return self.append_marker(marker, batch.producer_epoch, batch.base_offset, transaction_version)

    def append_data(
        self,
        producer_epoch: int,
        first_sequence: int,
        last_sequence: int,
        first_offset: int,
        last_offset: int,
        max_timestamp: int,
        is_transactional: bool,
    ) -> None:
        """Raises ApiError: INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE."""
        updated = self.updated
        if producer_epoch < updated.producer_epoch:
            self._refuse_epoch(producer_epoch, first_offset, "<", 0)
        if self._checks_sequence:
            self._check_sequence(producer_epoch, first_sequence, first_offset)
        updated.adopt_epoch(producer_epoch)
        updated.batches.append(BatchMetadata(last_sequence, last_offset, last_offset - first_offset, max_timestamp))
        updated.last_timestamp = max_timestamp
        if is_transactional:
            if updated.current_txn_first_offset < 0:
                updated.current_txn_first_offset = first_offset
                self.started_transactions.append(first_offset)
        elif updated.current_txn_first_offset >= 0:
            raise ApiError(
                INVALID_TXN_STATE,
                f"Expected transactional write from producer {updated.producer_id} at offset {first_offset} in "
                f"partition {self._manager.name}",
            )

    def append_marker(
        self, marker: EndTransactionMarker, producer_epoch: int, offset: int, transaction_version: int
    ) -> CompletedTransaction | None:
        """A marker ends the open transaction, if there is one.

        Since transactions version 2 (KIP-890) the marker comes with a greater epoch than the transaction's batches.
        Raises ApiError: INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED.
        """
        updated = self.updated
        if transaction_version >= 2:
            is_retry = producer_epoch == updated.producer_epoch and updated.current_txn_first_offset < 0
            if producer_epoch <= updated.producer_epoch and not is_retry:
                self._refuse_epoch(producer_epoch, offset, "<=", transaction_version)
        elif producer_epoch < updated.producer_epoch:
            self._refuse_epoch(producer_epoch, offset, "<", transaction_version)
        if updated.coordinator_epoch > marker.coordinator_epoch and self._strict:
            raise ApiError(
                TRANSACTION_COORDINATOR_FENCED,
                f"Invalid coordinator epoch for producerId {updated.producer_id} at offset {offset} in partition "
                f"{self._manager.name}: {marker.coordinator_epoch} (zombie), {updated.coordinator_epoch} (current)",
            )
        completed = None
        if updated.current_txn_first_offset >= 0:
            completed = CompletedTransaction(
                updated.producer_id, updated.current_txn_first_offset, offset, not marker.is_commit
            )
        updated.adopt_epoch(producer_epoch)
        updated.coordinator_epoch = marker.coordinator_epoch
        updated.current_txn_first_offset = NO_OFFSET
        updated.last_timestamp = marker.timestamp
        return completed

    def _refuse_epoch(self, producer_epoch: int, offset: int, relation: str, transaction_version: int) -> None:
        updated = self.updated
        message = (
            f"Epoch of producer {updated.producer_id} at offset {offset} in {self._manager.name} is {producer_epoch}, "
            f"which is {relation} the last seen epoch {updated.producer_epoch} (TV{transaction_version})"
        )
        if self._strict:
            raise ApiError(INVALID_PRODUCER_EPOCH, message)
        logger.warning("%s", message)

    def _check_sequence(self, producer_epoch: int, first_sequence: int, offset: int) -> None:
        updated, current = self.updated, self._current
        if producer_epoch != updated.producer_epoch:
            if first_sequence != 0 and updated.producer_epoch != NO_EPOCH:
                raise ApiError(
                    OUT_OF_ORDER_SEQUENCE_NUMBER,
                    f"Invalid sequence number for new epoch of producer {updated.producer_id}at offset {offset} in "
                    f"partition {self._manager.name}: {producer_epoch} (request epoch), {first_sequence} (seq. "
                    f"number), {updated.producer_epoch} (current producer epoch)",
                )
            return
        if updated.batches:
            last_sequence = updated.last_sequence
        else:
            last_sequence = current.last_sequence
        # Without a current epoch the producer's records are gone (retention, DeleteRecords): any sequence will do.
        if current.producer_epoch == NO_EPOCH or first_sequence == last_sequence + 1:
            return
        if first_sequence == 0 and last_sequence == MAX_SEQUENCE:
            return
        raise ApiError(
            OUT_OF_ORDER_SEQUENCE_NUMBER,
            f"Out of order sequence number for producer {updated.producer_id} at offset {offset} in partition "
            f"{self._manager.name}: {first_sequence} (incoming seq. number), {last_sequence} (current end sequence "
            "number)",
        )


def end_transaction_marker_of(batch: RecordBatch) -> EndTransactionMarker | None:
    """What a control batch with a producer id says; None when compaction has emptied it."""
    for record in batch:
        control_type = control_type_of(record.key)
        if control_type not in (CONTROL_ABORT, CONTROL_COMMIT):
            return None
        return EndTransactionMarker(
            control_type == CONTROL_COMMIT, coordinator_epoch_of(record.value), record.timestamp
        )
    return None
