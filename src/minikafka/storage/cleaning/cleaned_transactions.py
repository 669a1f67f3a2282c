"""What the cleaner knows of transactions while it goes through a log (Kafka: CleanedTransactionMetadata).

The cleaner stays below the last stable offset, so every transaction it meets is decided, and the transaction index says
in advance which were aborted. Records of aborted ones go at once. A marker may go when no batch of its transaction is
left; it then gets a delete horizon first, as a tombstone does. The aborted transactions whose markers stay are what
the cleaned segment's transaction index has to hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from minikafka.records.batch import RecordBatch
from minikafka.records.builder import CONTROL_ABORT, CONTROL_COMMIT, control_type_of
from minikafka.storage.index import AbortedTransaction


class _OngoingAborted:
    """An aborted transaction whose first offset has been passed, and whose marker has not."""

    __slots__ = ("has_batches", "transaction")

    def __init__(self, transaction: AbortedTransaction) -> None:
        self.transaction = transaction
        self.has_batches = False


class CleanedTransactions:
    """Told of every batch, in the order of the log."""

    def __init__(self) -> None:
        self.retained: list[AbortedTransaction] = []
        """The aborted transactions whose markers have been read and stay, since their batches are not all gone."""
        self._committed: set[int] = set()
        self._aborted: dict[int, _OngoingAborted] = {}
        self._upcoming: list[tuple[int, AbortedTransaction]] = []

    def add_aborted(self, aborted: Iterable[AbortedTransaction]) -> None:
        """From the index of the part of the log that comes next. One that spans two parts may be added twice."""
        for transaction in aborted:
            heappush(self._upcoming, (transaction.first_offset, transaction))

    def on_batch(self, batch: RecordBatch) -> bool:
        """Whether a batch that is not a marker belongs to an aborted transaction, and can be discarded."""
        self._pass(batch.last_offset)
        if not batch.is_transactional:
            return False
        ongoing = self._aborted.get(batch.producer_id)
        if ongoing is None:
            self._committed.add(batch.producer_id)
            return False
        ongoing.has_batches = True
        return True

    def on_control_batch(self, batch: RecordBatch) -> bool:
        """Whether a control batch can be discarded, as far as transactions go."""
        self._pass(batch.last_offset)
        control_type = next((control_type_of(record.key) for record in batch), None)
        if control_type is None:
            return True  # emptied by an earlier pass
        if control_type == CONTROL_ABORT:
            ongoing = self._aborted.pop(batch.producer_id, None)
            if ongoing is None or not ongoing.has_batches:
                return True
            self.retained.append(ongoing.transaction)
            return False
        if control_type == CONTROL_COMMIT:
            if batch.producer_id not in self._committed:
                return True
            self._committed.remove(batch.producer_id)
        return False

    def _pass(self, offset: int) -> None:
        while self._upcoming and self._upcoming[0][0] <= offset:
            transaction = heappop(self._upcoming)[1]
            self._aborted.setdefault(transaction.producer_id, _OngoingAborted(transaction))
