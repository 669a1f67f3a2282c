"""The producers' side of an append: checked before the batches are written, applied once they are (Kafka:
UnifiedLog.analyzeAndValidateProducerState)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import RecordBatch
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.producers.producer_append import CompletedTransaction, ProducerAppendInfo
from minikafka.storage.producers.producer_entry import BatchMetadata
from minikafka.storage.producers.producer_state import ProducerStateManager


class CheckedProducers(NamedTuple):
    """What an append does to the state of its producers."""

    infos: dict[int, ProducerAppendInfo]
    completed: list[CompletedTransaction]

    def aborted(self, producers: ProducerStateManager) -> Iterator[AbortedTransaction]:
        """What the transaction index has to say of it."""
        for transaction in self.completed:
            if transaction.is_aborted:
                last_stable_offset = producers.last_stable_offset_after(transaction)
                yield AbortedTransaction(
                    transaction.producer_id, transaction.first_offset, transaction.last_offset, last_stable_offset
                )

    def apply_to(self, producers: ProducerStateManager) -> None:
        for info in self.infos.values():
            producers.update(info)
        for completed in self.completed:
            producers.complete(completed)


def check_producers(
    producers: ProducerStateManager, batches: Sequence[RecordBatch], origin: str, transaction_version: int
) -> tuple[BatchMetadata | None, CheckedProducers | None]:
    """The batch this is a retry of, or what is to be applied (None: no producer has an id). Raises ApiError."""
    infos: dict[int, ProducerAppendInfo] = {}
    completed: list[CompletedTransaction] = []
    for batch in batches:
        producer_id = batch.producer_id
        if producer_id < 0:
            continue
        if origin == "client" and not batch.is_control:
            duplicate = producers.find_duplicate(
                producer_id, batch.producer_epoch, batch.base_sequence, batch.last_sequence
            )
            if duplicate is not None:
                return duplicate, None
        info = infos.get(producer_id)
        if info is None:
            info = infos[producer_id] = producers.prepare(producer_id, origin)
        transaction = info.append(batch, transaction_version)
        if transaction is not None:
            completed.append(transaction)
    return None, CheckedProducers(infos, completed) if infos else None
