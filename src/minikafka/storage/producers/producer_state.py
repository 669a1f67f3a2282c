"""What a partition knows about the producers that write to it: idempotence, fencing, open transactions.

A producer id is remembered with its epoch and its last five batches, by which retries are recognised and gaps refused
(KIP-98); with the coordinator epoch of its last marker (KIP-101's zombie fencing for transaction coordinators); and
with the first offset of its open transaction, which holds the last stable offset back. The state is written to
``.snapshot`` files when a segment is rolled and when the log is closed, so that recovery reads only what came after.
Source: ProducerStateManager, ProducerAppendInfo, ProducerStateEntry.

Kafka also keeps "unreplicated" transactions, whose marker is above the high watermark. On one node every batch is
replicated once it is written, so a completed transaction is forgotten at once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from minikafka.errors import CorruptLogError
from minikafka.records.batch import RecordBatch
from minikafka.storage import log_names
from minikafka.storage.files import FileSystem
from minikafka.storage.producers.producer_append import CompletedTransaction, ProducerAppendInfo
from minikafka.storage.producers.producer_entry import BatchMetadata, ProducerStateEntry
from minikafka.storage.producers.producer_snapshots import decode_snapshot, encode_snapshot

logger = logging.getLogger(__name__)


class ProducerStateManager:
    """The producers of one partition, and the snapshot files in its folder."""

    def __init__(self, files: FileSystem, directory: str, name: str, snapshot_offsets: Iterable[int] = ()) -> None:
        """``name`` is topic-partition, for messages; ``snapshot_offsets`` those found in the folder."""
        self._files = files
        self._directory = directory
        self.name = name
        self.producers: dict[int, ProducerStateEntry] = {}
        self._ongoing: dict[int, int] = {}
        """First offset -> producer id of the open transactions, ascending: they begin in the order of the log."""
        self._snapshots = sorted(snapshot_offsets)
        self._last_snapshot_offset = 0
        self.map_end_offset = 0
        """The offset up to which batches are part of this state."""

    # --- transactions

    @property
    def first_unstable_offset(self) -> int | None:
        """Where the oldest open transaction begins; None when there is none."""
        for first_offset in self._ongoing:
            return first_offset
        return None

    def last_stable_offset_after(self, completed: CompletedTransaction) -> int:
        """What the last stable offset will be once ``completed`` has left the open ones."""
        for first_offset in self._ongoing:
            if first_offset != completed.first_offset:
                return first_offset
        return completed.last_offset + 1

    def complete(self, completed: CompletedTransaction) -> None:
        del self._ongoing[completed.first_offset]

    # --- appending

    def prepare(self, producer_id: int, origin: str) -> ProducerAppendInfo:
        """To check the batches of a producer before they are written."""
        return ProducerAppendInfo(self, producer_id, origin)

    def expecting(self, batch: RecordBatch) -> ProducerStateEntry | None:
        """The batch's producer, if the batch is just what is expected of it."""
        entry = self.producers.get(batch.producer_id)
        return entry if entry is not None and entry.expects(batch) else None

    def find_duplicate(
        self, producer_id: int, producer_epoch: int, first_sequence: int, last_sequence: int
    ) -> BatchMetadata | None:
        entry = self.producers.get(producer_id)
        return None if entry is None else entry.find_batch(producer_epoch, first_sequence, last_sequence)

    def update(self, info: ProducerAppendInfo) -> None:
        """Apply checked batches, which have now been written."""
        updated = info.updated
        entry = self.producers.get(updated.producer_id)
        if entry is None:
            self.producers[updated.producer_id] = updated
        else:
            entry.adopt_epoch(updated.producer_epoch)
            entry.batches.extend(updated.batches)
            entry.coordinator_epoch = updated.coordinator_epoch
            entry.current_txn_first_offset = updated.current_txn_first_offset
            entry.last_timestamp = updated.last_timestamp
        for first_offset in info.started_transactions:
            self._ongoing[first_offset] = updated.producer_id

    def remove_expired(self, now_ms: int, expiration_ms: int) -> None:
        """Forget the producers without an open transaction that have not written for ``expiration_ms``."""
        for entry in list(self.producers.values()):
            if _is_expired(entry, now_ms, expiration_ms):
                del self.producers[entry.producer_id]

    # --- snapshots

    @property
    def snapshot_offsets(self) -> list[int]:
        return list(self._snapshots)

    @property
    def latest_snapshot_offset(self) -> int | None:
        return self._snapshots[-1] if self._snapshots else None

    def snapshot_path(self, offset: int) -> str:
        return f"{self._directory}/{log_names.file_name(offset, log_names.PRODUCER_SNAPSHOT)}"

    def take_snapshot(self, *, sync: bool) -> str | None:
        """Write the state as of ``map_end_offset``; returns the path, or None when the last one says the same."""
        if self.map_end_offset <= self._last_snapshot_offset:
            return None
        path = self.snapshot_path(self.map_end_offset)
        self._files.write_bytes(path, encode_snapshot(self.producers.values()), sync=sync)
        if self.map_end_offset not in self._snapshots:
            self._snapshots.append(self.map_end_offset)
            self._snapshots.sort()
        self._last_snapshot_offset = self.map_end_offset
        return path

    def truncate_and_reload(self, log_start_offset: int, end_offset: int, now_ms: int, expiration_ms: int) -> None:
        """Go back to the newest snapshot at or before ``end_offset``; later ones are deleted.

        Kafka also deletes those at or below the log start offset, and so forgets, at the next start, the producers
        whose records are all deleted. Here they stay as long as their segment.
        """
        for offset in self.snapshot_offsets:
            if offset > end_offset:
                self.delete_snapshot(offset)
        if end_offset == self.map_end_offset:
            self.log_start_offset_moved(log_start_offset)
            return
        self._clear()
        self._load_newest_snapshot(log_start_offset, now_ms, expiration_ms)

    def truncate_fully_and_start_at(self, offset: int) -> None:
        """The log has been emptied."""
        self._clear()
        for snapshot_offset in self.snapshot_offsets:
            self.delete_snapshot(snapshot_offset)
        self._last_snapshot_offset = 0
        self.map_end_offset = offset

    def log_start_offset_moved(self, log_start_offset: int) -> None:
        self.map_end_offset = max(self.map_end_offset, log_start_offset)
        latest = self.latest_snapshot_offset
        self._last_snapshot_offset = 0 if latest is None else latest

    def forget_stray_snapshots(self, segment_base_offsets: Iterable[int]) -> list[str]:
        """Keep the snapshots that belong to a segment, and the newest of all if it is above every segment: that is
        the one of the clean shutdown. Returns the paths of the others, which are of no use any more."""
        bases = set(segment_base_offsets)
        newest = self.latest_snapshot_offset
        strays = [
            offset
            for offset in self._snapshots
            if offset not in bases and (offset != newest or offset < max(bases, default=0))
        ]
        self._snapshots = [offset for offset in self._snapshots if offset not in strays]
        return [self.snapshot_path(offset) for offset in strays]

    def delete_snapshot(self, offset: int) -> None:
        if offset in self._snapshots:
            self._snapshots.remove(offset)
            try:
                self._files.unlink(self.snapshot_path(offset))
            except FileNotFoundError:
                logger.info("%s had already been deleted", self.snapshot_path(offset))

    def mark_snapshot_deleted(self, offset: int) -> str | None:
        """Rename the snapshot of a deleted segment, which is to be deleted with it; returns the new path."""
        if offset not in self._snapshots:
            return None
        self._snapshots.remove(offset)
        path = self.snapshot_path(offset)
        if not self._files.exists(path):
            return None
        self._files.rename(path, path + log_names.DELETED)
        return path + log_names.DELETED

    def move_to(self, directory: str) -> None:
        """The folder has been renamed."""
        self._directory = directory

    def _clear(self) -> None:
        self.producers.clear()
        self._ongoing.clear()

    def _load_newest_snapshot(self, log_start_offset: int, now_ms: int, expiration_ms: int) -> None:
        while self._snapshots:
            offset = self._snapshots[-1]
            path = self.snapshot_path(offset)
            try:
                entries = decode_snapshot(self._files.read_bytes(path), path)
            except (CorruptLogError, FileNotFoundError) as error:
                logger.warning("the producer snapshot cannot be used and is deleted: %s", error)
                self.delete_snapshot(offset)
                continue
            self._take_entries(entries, now_ms, expiration_ms)
            self._last_snapshot_offset = self.map_end_offset = offset
            return
        self._last_snapshot_offset = self.map_end_offset = log_start_offset

    def _take_entries(self, entries: list[ProducerStateEntry], now_ms: int, expiration_ms: int) -> None:
        ongoing = []
        for entry in entries:
            if _is_expired(entry, now_ms, expiration_ms):
                continue
            self.producers[entry.producer_id] = entry
            if entry.current_txn_first_offset >= 0:
                ongoing.append((entry.current_txn_first_offset, entry.producer_id))
        self._ongoing = dict(sorted(ongoing))


def _is_expired(entry: ProducerStateEntry, now_ms: int, expiration_ms: int) -> bool:
    return entry.current_txn_first_offset < 0 and now_ms - entry.last_timestamp >= expiration_ms
