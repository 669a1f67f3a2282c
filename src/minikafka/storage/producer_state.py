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
from collections import deque
from collections.abc import Iterable, Iterator
from struct import Struct
from struct import error as StructError

from minikafka.errors import (
    INVALID_PRODUCER_EPOCH,
    INVALID_TXN_STATE,
    OUT_OF_ORDER_SEQUENCE_NUMBER,
    TRANSACTION_COORDINATOR_FENCED,
    ApiError,
    CorruptLogError,
)
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import RecordBatch
from minikafka.records.builder import CONTROL_ABORT, CONTROL_COMMIT, control_type_of, coordinator_epoch_of
from minikafka.records.checksum import crc32c
from minikafka.storage import log_names
from minikafka.storage.batch_scan import BatchHeader
from minikafka.storage.files import FileSystem

logger = logging.getLogger(__name__)

NO_EPOCH = -1
NO_SEQUENCE = -1
NO_OFFSET = -1
NO_TIMESTAMP = -1
MAX_SEQUENCE = 2**31 - 1
BATCHES_TO_RETAIN = 5

_SNAPSHOT_VERSION = 1
_SNAPSHOT_HEADER = Struct(">hIi")
_SNAPSHOT_ENTRY = Struct(">qhiqiqiq")
_CRC_END = 6


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

    def ongoing_transactions(self) -> Iterator[ProducerStateEntry]:
        """The producers that have one, by age of the transaction."""
        for producer_id in self._ongoing.values():
            yield self.producers[producer_id]

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


def _is_expired(entry: ProducerStateEntry, now_ms: int, expiration_ms: int) -> bool:
    return entry.current_txn_first_offset < 0 and now_ms - entry.last_timestamp >= expiration_ms


def encode_snapshot(entries: Iterable[ProducerStateEntry]) -> bytes:
    """ProducerSnapshot version 1: version int16, crc32c of what follows uint32, count int32, entries of 46 bytes."""
    packed = [
        _SNAPSHOT_ENTRY.pack(
            entry.producer_id,
            entry.producer_epoch,
            entry.last_sequence,
            entry.last_data_offset,
            entry.last_offset_delta,
            entry.last_timestamp,
            entry.coordinator_epoch,
            entry.current_txn_first_offset,
        )
        for entry in entries
    ]
    data = bytearray(_SNAPSHOT_HEADER.pack(_SNAPSHOT_VERSION, 0, len(packed)))
    for entry_bytes in packed:
        data += entry_bytes
    _SNAPSHOT_HEADER.pack_into(data, 0, _SNAPSHOT_VERSION, crc32c(memoryview(data)[_CRC_END:]), len(packed))
    return bytes(data)


def decode_snapshot(data: bytes, path: str) -> list[ProducerStateEntry]:
    """The producers of a snapshot. Raises CorruptLogError."""
    try:
        version, crc, count = _SNAPSHOT_HEADER.unpack_from(data)
        if version != _SNAPSHOT_VERSION:
            raise CorruptLogError(f"{path}: unknown version {version} of a producer snapshot")
        if crc != crc32c(memoryview(data)[_CRC_END:]):
            raise CorruptLogError(f"{path}: the checksum of the producer snapshot does not match")
        body = data[_SNAPSHOT_HEADER.size :]
        if len(body) != count * _SNAPSHOT_ENTRY.size:
            raise CorruptLogError(f"{path}: {count} producers are announced in {len(body)} bytes")
    except StructError:
        raise CorruptLogError(f"{path}: {len(data)} bytes are too short for a producer snapshot") from None
    return [_entry(*fields) for fields in _SNAPSHOT_ENTRY.iter_unpack(body)]


def _entry(
    producer_id: int,
    producer_epoch: int,
    last_sequence: int,
    last_offset: int,
    offset_delta: int,
    timestamp: int,
    coordinator_epoch: int,
    current_txn_first_offset: int,
) -> ProducerStateEntry:
    entry = ProducerStateEntry(producer_id)
    entry.producer_epoch = producer_epoch
    entry.coordinator_epoch = coordinator_epoch
    entry.last_timestamp = timestamp
    entry.current_txn_first_offset = current_txn_first_offset if current_txn_first_offset >= 0 else NO_OFFSET
    if last_offset >= 0:
        entry.batches.append(BatchMetadata(last_sequence, last_offset, offset_delta, timestamp))
    return entry
