"""What is known of a log while its segments are gone through one after the other."""

from __future__ import annotations

from minikafka.records.batch import RecordBatch
from minikafka.storage.files import FileSystem
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.loading.producer_replay import replay_batch
from minikafka.storage.producers.producer_state import ProducerStateManager

_NO_EPOCH = -1


class LogProgress:
    """``next_offset``: what follows must have this offset or more."""

    def __init__(
        self, files: FileSystem, directory: str, name: str, epochs: LeaderEpochCache | None, synced_offset: int
    ) -> None:
        """``epochs``: what leader-epoch-checkpoint says of the records below ``synced_offset``; None when it cannot be
        read."""
        self.next_offset = 0
        self.producers = ProducerStateManager(files, directory, name)
        """As the batches so far make it; those that have been deleted since are missing."""
        self._epochs = epochs
        self._synced_offset = synced_offset
        self._last_epoch = -1

    def take_epoch(self, batch: RecordBatch) -> str | None:
        """What is wrong about the leader epoch of the next batch."""
        epoch = batch.partition_leader_epoch if batch.magic >= 2 else -1
        if epoch < _NO_EPOCH:
            return f"there is no leader epoch {epoch}"
        if epoch == _NO_EPOCH:
            return None
        if epoch < self._last_epoch:
            return f"leader epoch {epoch} comes after {self._last_epoch}"
        self._last_epoch = epoch
        if self._epochs is None or batch.base_offset >= self._synced_offset:
            return None
        known = self._epochs.epoch_at(batch.base_offset)
        if known is not None and known != epoch:
            return f"the batch is of leader epoch {epoch}, and leader-epoch-checkpoint says {known}"
        return None

    def take_producer(self, batch: RecordBatch) -> list[AbortedTransaction]:
        """What the batch has to say to the transaction index. Raises ApiError when it does not fit the ones before."""
        return replay_batch(self.producers, batch)
