"""The log of one partition (Kafka: UnifiedLog and LocalLog).

Offsets, in ascending order::

    log_start_offset     the first that may be read; what is below is deleted, or hidden by DeleteRecords
    last_stable_offset   no transaction that is open begins below it: as far as read_committed goes
    high_watermark       as far as read_uncommitted goes; on one node it is the log end offset, but for records that
                         flush.messages wants synced and that are not yet
    log_end_offset       the offset of the next record
    recovery_point       everything below has been synced; recovery after a crash begins here

All methods are called on the event loop thread. Syncing runs on the pool, one sync of a log at a time, and the next
one takes everything that has come meanwhile; deletion is handed to ``LogContext.deletions``.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from minikafka.errors import (
    CORRUPT_MESSAGE,
    INCONSISTENT_TOPIC_ID,
    OFFSET_OUT_OF_RANGE,
    ApiError,
    CorruptLogError,
    StorageError,
)
from minikafka.records.batch import RecordBatch
from minikafka.storage import log_names
from minikafka.storage.batch_scan import LOG_OVERHEAD_BYTES
from minikafka.storage.fetch_data import FetchData, FileSlice
from minikafka.storage.files import Descriptor, FileSystem
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.log_context import LogContext
from minikafka.storage.partition_metadata import encode_uuid, write_topic_id
from minikafka.storage.producer_replay import rebuild_producers
from minikafka.storage.producer_state import (
    BatchMetadata,
    CompletedTransaction,
    ProducerAppendInfo,
    ProducerStateEntry,
    ProducerStateManager,
)
from minikafka.storage.segment import LogSegment, TimestampedOffset
from minikafka.storage.segments import LogSegments
from minikafka.storage.validation import analyze_records, check_segment_size, validate_and_assign_offsets

if TYPE_CHECKING:
    from minikafka.config import LogConfig

logger = logging.getLogger(__name__)

TRANSIENT_ERRORS = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM") if hasattr(errno, name)
)
"""The disk itself is well: the append is refused, the log stays as it was, and the next one may succeed."""

_MAX_HINTS = 64

_CONTENTS = (
    "directory",
    "recovery_point",
    "_segments",
    "_producers",
    "_epochs",
    "_unsynced_directories",
    "_unsynced_files",
    "_unsynced_segments",
)
"""The attributes of a log that belong to its folder."""


class AppendInfo(NamedTuple):
    """What an append did. Offsets are -1 when there was nothing to append."""

    base_offset: int
    last_offset: int
    log_append_time_ms: int
    """The time the broker stamped the records with; -1 for message.timestamp.type=CreateTime."""
    log_start_offset: int
    is_duplicate: bool = False
    """A retry of a batch that is in the log already: the offsets are those it got then."""
    record_errors: Sequence[tuple[int, str | None]] = ()


class LoadedLog(NamedTuple):
    """What recovery found in a partition's folder, or what a new one begins with."""

    segments: LogSegments
    producers: ProducerStateManager
    epochs: LeaderEpochCache
    topic_id: bytes | None
    log_start_offset: int
    log_end_offset: int
    recovery_point: int
    unsynced_directories: tuple[str, ...] = ()
    """Folders with names that a loss of power could take back."""
    unsynced_files: tuple[str, ...] = ()
    """Small files of which the same is true."""


class _Waiter(NamedTuple):
    """Who waits until the record at an offset is synced."""

    last_offset: int
    on_outcome: Callable[[StorageError | None], object]


class _CheckedAppend(NamedTuple):
    """The producers' side of an append, checked and to be applied once the batches are written."""

    producers: dict[int, ProducerAppendInfo]
    completed: list[CompletedTransaction]


class PartitionLog:
    """One partition: ``recovery.load_log`` or ``recovery.create_log`` makes it."""

    def __init__(
        self, context: LogContext, directory: str, topic: str, partition: int, config: LogConfig, loaded: LoadedLog
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.name = log_names.partition_directory(topic, partition)
        self.directory = directory
        self.topic_id = loaded.topic_id
        self.leader_epoch = loaded.epochs.latest_epoch or 0
        """Written into batches that are appended without one of their own."""
        self.is_failed = False
        """The disk failed, or the log is closed or deleted: nothing is appended any more."""
        self.on_advance: Callable[[PartitionLog], None] | None = None
        """Called when high watermark, last stable offset or log start offset moved, or the log failed or went."""
        self._context = context
        self._files = context.files
        self._segments = loaded.segments
        self._producers = loaded.producers
        self._epochs = loaded.epochs
        self.log_start_offset = max(loaded.log_start_offset, loaded.segments.first.base_offset)
        self.log_end_offset = loaded.log_end_offset
        self.high_watermark = loaded.log_end_offset
        self.last_stable_offset = loaded.log_end_offset
        self.recovery_point = loaded.recovery_point
        self.last_flush_ms = context.clock.monotonic_ms()
        """When something was synced last, in ``Clock.monotonic_ms()``."""
        self._unsynced_directories = set(loaded.unsynced_directories)
        self._unsynced_files = set(loaded.unsynced_files)
        self._unsynced_segments: set[LogSegment] = set()
        """Besides those from the recovery point on: changed otherwise than by an append."""
        if loaded.unsynced_directories:
            self._unsynced_segments.update(loaded.segments.range(loaded.recovery_point))
        self._syncing: _SyncWork | None = None
        """What is being synced on the pool."""
        self._sync_asked_offset = -1
        """How far the next sync is to reach; -1 when none has been asked for."""
        self._waiters: list[_Waiter] = []
        self._end_positions: dict[int, tuple[LogSegment, int]] = {}
        """Offset -> (segment, position) where reads have ended, which is where the next ones begin."""
        self.config = config
        self._update_last_stable_offset()

    def __repr__(self) -> str:
        return f"PartitionLog({self.directory}, offsets {self.log_start_offset}..{self.log_end_offset})"

    @property
    def config(self) -> LogConfig:
        """May be replaced at any time (AlterConfigs); existing segments keep their index sizes and jitter."""
        return self._config

    @config.setter
    def config(self, config: LogConfig) -> None:
        self._config = config
        self._max_segment_ms = config.max_segment_ms
        self._flush_messages = config.flush_messages

    def segments(self) -> list[LogSegment]:
        """By ascending base offset; the last is the active one."""
        return list(self._segments)

    @property
    def first_segment_base_offset(self) -> int:
        return self._segments.first.base_offset

    def active_segment_size_bytes(self) -> int:
        return self._segments.active.size_bytes

    @property
    def size_bytes(self) -> int:
        """Bytes of all .log files."""
        return self._segments.size_bytes

    @property
    def leader_epochs(self) -> list[tuple[int, int]]:
        """(epoch, first offset) of the epochs in the log."""
        return self._epochs.entries

    @property
    def first_unstable_offset(self) -> int | None:
        """Where the oldest open transaction begins."""
        return self._producers.first_unstable_offset

    def active_producers(self) -> list[ProducerStateEntry]:
        return list(self._producers.producers.values())

    def has_ongoing_transaction(self, producer_id: int, producer_epoch: int) -> bool:
        """Whether the producer has a transaction open here, begun with this epoch."""
        entry = self._producers.producers.get(producer_id)
        return entry is not None and entry.current_txn_first_offset >= 0 and entry.producer_epoch == producer_epoch

    def assign_topic_id(self, topic_id: bytes) -> None:
        """Give the log the id of its topic (16 bytes), for good. Raises ApiError(INCONSISTENT_TOPIC_ID)."""
        if self.topic_id == topic_id:
            return
        if self.topic_id is not None:
            raise ApiError(
                INCONSISTENT_TOPIC_ID,
                f"Tried to assign topic ID {encode_uuid(topic_id)} to log for topic partition {self.name}, but log "
                f"already contained topic ID {encode_uuid(self.topic_id)}",
            )
        write_topic_id(self._files, self.directory, topic_id, sync=True)
        self.topic_id = topic_id

    # --- append

    def append(
        self,
        buffer: bytes | bytearray | memoryview,
        *,
        now_ms: int,
        leader_epoch: int | None = None,
        origin: str = "client",
        to_magic: int = 2,
        transaction_version: int = 0,
        defers_sync: bool = False,
    ) -> AppendInfo:
        """Validate batches, give them offsets, write them: one write, without syncing unless flush.messages says so.

        If it does, all is synced on return, as in Kafka; with ``defers_sync`` the sync is only begun: the records are
        below the high watermark once it is done, and ``when_synced`` tells.

        ``origin`` is "client" (producers), "coordinator" (this broker's coordinators and markers), "replication" or
        "raft" (batches that have their offsets). ``transaction_version`` 2 holds markers to KIP-890's epoch rule.
        Raises ApiError (InvalidRecordsError and others, as Kafka's append) and StorageError when the disk refuses.
        """
        if self.is_failed:
            raise self._offline()
        next_offset = self.log_end_offset
        log_append_time_ms = -1
        if origin in ("client", "coordinator"):
            validated = validate_and_assign_offsets(
                buffer,
                next_offset=next_offset,
                leader_epoch=self.leader_epoch if leader_epoch is None else leader_epoch,
                now_ms=now_ms,
                config=self._config,
                origin=origin,
                to_magic=to_magic,
                topic_partition=self.name,
            )
            data: bytes | bytearray | memoryview = validated.buffer
            batches: Sequence[RecordBatch] = validated.batches
            base_offset, last_offset = validated.base_offset, validated.last_offset
            max_timestamp = validated.max_timestamp
            log_append_time_ms = validated.log_append_time_ms
        else:
            batches = self._batches_with_offsets(
                buffer, origin, self.leader_epoch if leader_epoch is None else leader_epoch
            )
            data = memoryview(buffer)[: sum(batch.size_bytes for batch in batches)]
            base_offset = batches[0].base_offset if batches else -1
            last_offset = batches[-1].last_offset if batches else -1
            max_timestamp = max((batch.max_timestamp for batch in batches), default=-1)
        if not batches:
            return AppendInfo(-1, -1, -1, self.log_start_offset)
        size_bytes = len(data)
        if size_bytes > self._config.segment_bytes:
            check_segment_size(size_bytes, self._config.segment_bytes, self.name)
        checked: _CheckedAppend | None = None
        expecting: ProducerStateEntry | None = None
        if len(batches) == 1 and batches[0].producer_id >= 0:
            expecting = self._producers.expecting(batches[0])
        if expecting is None and (len(batches) > 1 or batches[0].producer_id >= 0):
            duplicate, checked = self._check_producers(batches, origin, transaction_version)
            if duplicate is not None:
                return AppendInfo(
                    duplicate.first_offset,
                    duplicate.last_offset,
                    duplicate.timestamp if log_append_time_ms >= 0 else -1,
                    self.log_start_offset,
                    is_duplicate=True,
                )
        try:
            segment = self._segments.active
            if segment.should_roll(self._config, size_bytes, max_timestamp, last_offset, self._max_segment_ms, now_ms):
                segment = self._roll_to(base_offset)
            if checked is not None and checked.completed:
                self._index_aborted(segment, checked.completed)
            segment.append(data, batches)
        except OSError as error:
            raise self._append_failed(error) from error
        if expecting is not None:
            expecting.take(batches[0])
        self._appended(batches, last_offset, checked, defers_sync)
        return AppendInfo(base_offset, last_offset, log_append_time_ms, self.log_start_offset)

    def _appended(
        self, batches: Sequence[RecordBatch], last_offset: int, checked: _CheckedAppend | None, defers_sync: bool
    ) -> None:
        for batch in batches:
            if batch.magic < 2:
                self._epochs.clear()
            elif batch.partition_leader_epoch != self._epochs.latest_epoch and batch.partition_leader_epoch >= 0:
                self._epochs.assign(batch.partition_leader_epoch, batch.base_offset)
        self.log_end_offset = last_offset + 1
        self._producers.map_end_offset = last_offset + 1
        if checked is not None:
            for info in checked.producers.values():
                self._producers.update(info)
            for completed in checked.completed:
                self._producers.complete(completed)
        if last_offset + 1 - self.recovery_point >= self._flush_messages:
            # Kafka syncs within the append: nobody sees the records before they are durable.
            if defers_sync:
                self.flush_in_background()
            else:
                self.flush()
            return
        self.high_watermark = last_offset + 1
        self._update_last_stable_offset()
        if self.on_advance is not None:
            self.on_advance(self)

    def _batches_with_offsets(
        self, buffer: bytes | bytearray | memoryview, origin: str, epoch: int
    ) -> list[RecordBatch]:
        """The batches of a leader, whose offsets are kept: whole, valid and ascending from the log end offset."""
        batches = analyze_records(
            buffer,
            max_message_bytes=self._config.max_message_bytes,
            leader_epoch=epoch,
            origin=origin,
            topic_partition=self.name,
        )
        next_offset = self.log_end_offset
        for batch in batches:
            if batch.base_offset < next_offset:
                raise ApiError(
                    CORRUPT_MESSAGE,
                    f"Unexpected offset in append to {self.name}: {batch.base_offset} is less than the next offset "
                    f"{next_offset}.",
                )
            next_offset = batch.next_offset
        return batches

    def _check_producers(
        self, batches: Sequence[RecordBatch], origin: str, transaction_version: int
    ) -> tuple[BatchMetadata | None, _CheckedAppend | None]:
        """The batch this is a retry of, or the checked producers (analyzeAndValidateProducerState)."""
        infos: dict[int, ProducerAppendInfo] = {}
        completed: list[CompletedTransaction] = []
        producers = self._producers
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
        return None, _CheckedAppend(infos, completed) if infos else None

    def _index_aborted(self, segment: LogSegment, completed: list[CompletedTransaction]) -> None:
        """Before the marker is written: one that were missing in the index would make aborted records visible."""
        for transaction in completed:
            if transaction.is_aborted:
                last_stable_offset = self._producers.last_stable_offset_after(transaction)
                segment.add_aborted_transaction(
                    AbortedTransaction(
                        transaction.producer_id, transaction.first_offset, transaction.last_offset, last_stable_offset
                    )
                )

    def _append_failed(self, error: OSError) -> StorageError:
        segment = self._segments.active
        try:
            segment.discard_partial_write()
            segment.transaction_index.truncate_to(self.log_end_offset)
        except OSError as second_error:
            if second_error.errno not in TRANSIENT_ERRORS:
                self._disk_failed(segment.log.path, second_error)
        if error.errno not in TRANSIENT_ERRORS:
            self._disk_failed(segment.log.path, error)
        return StorageError(f"{segment.log.path}: cannot append: {error.strerror or error}")

    def _disk_failed(self, path: str, error: OSError) -> None:
        """The directory cannot be trusted; ``on_disk_failure`` takes all its logs offline."""
        self.fail()
        self._context.on_disk_failure(path, error)

    def fail(self) -> None:
        """Refuse appends from now on; what is in the log can be read as long as the disk allows."""
        if not self.is_failed:
            self.is_failed = True
            self._refuse_waiters(self.log_end_offset, self._offline())
            if self.on_advance is not None:
                self.on_advance(self)

    def _offline(self) -> StorageError:
        return StorageError(f"the log of {self.name} in {self.directory} is offline")

    def _update_last_stable_offset(self) -> None:
        first_unstable = self._producers.first_unstable_offset
        if first_unstable is None:
            self.last_stable_offset = self.high_watermark
        else:
            self.last_stable_offset = min(max(first_unstable, self.log_start_offset), self.high_watermark)

    # --- read

    def read(
        self, offset: int, max_bytes: int, *, isolation: str = "read_uncommitted", min_one_batch: bool = True
    ) -> FetchData:
        """The batches from ``offset`` on, at most ``max_bytes`` (the last may be cut), from one segment.

        ``isolation``: "read_uncommitted" (to the high watermark), "read_committed" (to the last stable offset, with
        the aborted transactions) or "log_end". ``min_one_batch``: the whole first batch even if it is larger.
        Raises ApiError(OFFSET_OUT_OF_RANGE), StorageError.
        """
        committed = isolation == "read_committed"
        if committed:
            end_offset = self.last_stable_offset
        elif isolation == "read_uncommitted":
            end_offset = self.high_watermark
        else:
            end_offset = self.log_end_offset
        if offset < self.log_start_offset or offset > self.log_end_offset:
            raise self._out_of_range(offset)
        try:
            if offset < end_offset:
                return self._read_up_to(offset, end_offset, max_bytes, committed, min_one_batch)
            if offset == self.log_end_offset:
                self._remember_end()
        except OSError as error:
            raise StorageError(f"{self.directory}: cannot read offset {offset}: {error.strerror or error}") from error
        return FetchData(offset, [], [] if committed else None)

    def _read_up_to(
        self, offset: int, end_offset: int, max_bytes: int, committed: bool, min_one_batch: bool
    ) -> FetchData:
        located = self._locate(offset)
        if located is None:
            return FetchData(offset, [], [] if committed else None)
        segment, position = located
        end_position = segment.size_bytes
        if end_offset == self.log_end_offset:
            if segment is self._segments.active:
                self._remember_end()
        else:
            stable = self._locate(end_offset)
            if stable is not None and stable[0] is segment:
                end_position = stable[1]
        available = end_position - position
        size_bytes = min(max_bytes, available)
        first_incomplete = False
        if size_bytes < available:
            first_batch_bytes = _batch_bytes_at(segment, position)
            if size_bytes < first_batch_bytes:
                first_incomplete = not min_one_batch
                size_bytes = first_batch_bytes if min_one_batch else size_bytes
        slices = [FileSlice(segment.log.descriptor(), position, size_bytes)] if size_bytes > 0 else []
        aborted = self._aborted_transactions(segment, offset, position + size_bytes) if committed else None
        return FetchData(offset, slices, aborted, first_incomplete)

    def _locate(self, offset: int) -> tuple[LogSegment, int] | None:
        """Where the first batch that ends at or after ``offset`` begins; None past the last one."""
        hint = self._end_positions.get(offset)
        if hint is not None:
            if hint[1] < hint[0].size_bytes:
                return hint
            following = self._segments.higher(hint[0].base_offset)
            return (following, 0) if following is not None and following.size_bytes else None
        segment = self._segments.floor(offset)
        while segment is not None:
            header = segment.find_batch(offset)
            if header is not None:
                return segment, header.position
            segment = self._segments.higher(segment.base_offset)
        return None

    def _remember_end(self) -> None:
        """Consumers at the end of the log come back for exactly this offset: spare them the search."""
        hints = self._end_positions
        if self.log_end_offset not in hints:
            if len(hints) >= _MAX_HINTS:
                hints.clear()
            segment = self._segments.active
            hints[self.log_end_offset] = (segment, segment.size_bytes)

    def _aborted_transactions(self, segment: LogSegment, offset: int, end_position: int) -> list[tuple[int, int]]:
        """Of the transactions aborted in the range that was read, or later (addAbortedTransactions)."""
        end_offset = segment.offset_index.first_offset_after_position(end_position)
        if end_offset is None:
            following = self._segments.higher(segment.base_offset)
            end_offset = self.log_end_offset if following is None else following.base_offset
        return [
            (aborted.producer_id, aborted.first_offset)
            for aborted in self._aborted_between(segment, offset, end_offset)
        ]

    def aborted_transactions(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """Those that overlap [offset, end_offset)."""
        segment = self._segments.floor(offset)
        return [] if segment is None else self._aborted_between(segment, offset, end_offset)

    def _aborted_between(self, first: LogSegment, offset: int, end_offset: int) -> list[AbortedTransaction]:
        found: list[AbortedTransaction] = []
        segment: LogSegment | None = first
        while segment is not None:
            aborted, is_complete = segment.transaction_index.overlapping(offset, end_offset)
            found += aborted
            if is_complete:
                break
            segment = self._segments.higher(segment.base_offset)
        return found

    def _out_of_range(self, offset: int) -> ApiError:
        if offset < self.log_start_offset:
            limit = f"starting from offset: {self.log_start_offset}"
        else:
            limit = f"upto {self.log_end_offset}"
        return ApiError(
            OFFSET_OUT_OF_RANGE,
            f"Received request for offset {offset} for partition {self.name}, but we only have log segments {limit}.",
        )

    # --- lookups

    def earliest(self) -> TimestampedOffset:
        """The log start offset; the epoch is -1 when no entry covers it."""
        entry = self._epochs.earliest_entry
        known = entry is not None and entry[1] <= self.log_start_offset
        return TimestampedOffset(self.log_start_offset, -1, entry[0] if known and entry is not None else -1)

    def earliest_epoch(self) -> int:
        """The epoch of the first offset; -1 when unknown."""
        return self.earliest().leader_epoch

    def earliest_local(self) -> TimestampedOffset:
        """Without tiered storage the same offset (KIP-405), with the epoch it lies in."""
        epoch = self._epochs.epoch_at(self.log_start_offset)
        return TimestampedOffset(self.log_start_offset, -1, -1 if epoch is None else epoch)

    def latest(self) -> TimestampedOffset:
        """The log end offset; a handler lowers it to the high watermark or last stable offset as isolation asks."""
        epoch = self._epochs.latest_epoch
        return TimestampedOffset(self.log_end_offset, -1, -1 if epoch is None else epoch)

    def max_timestamp(self) -> TimestampedOffset | None:
        """The first record with the greatest timestamp (KIP-734); None in an empty log."""
        best = max(self._segments, key=lambda segment: segment.max_timestamp)
        return best.find_offset_of_max_timestamp() if best.max_timestamp >= 0 else None

    def offset_for_timestamp(self, timestamp: int) -> TimestampedOffset | None:
        """The first record, at or above the log start offset, with this or a later timestamp."""
        for segment in self._segments:
            if segment.largest_timestamp >= timestamp:
                found = segment.find_offset_by_timestamp(timestamp, self.log_start_offset)
                if found is not None:
                    return found
        return None

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """(epoch, end offset) of the greatest epoch <= ``epoch`` in the log; (-1, -1) when unknown."""
        return self._epochs.end_offset_for(epoch, self.log_end_offset)

    # --- rolling and syncing

    def roll(self) -> None:
        """Begin a new segment, unless the active one is empty."""
        if self._segments.active.size_bytes:
            try:
                self._roll_to(self.log_end_offset)
            except OSError as error:
                raise self._append_failed(error) from error

    def _roll_to(self, base_offset: int) -> LogSegment:
        """``base_offset``: of the batch that did not belong into the active segment any more."""
        old = self._segments.active
        if not old.size_bytes and old.base_offset == base_offset:
            return old
        old.become_inactive()
        self._unsynced_segments.add(old)
        segment = LogSegment.create(
            self._files, self.directory, base_offset, self._config, self._context.clock.wall_ms()
        )
        self._segments.add(segment)
        self._unsynced_directories.add(self.directory)
        self._producers.map_end_offset = base_offset
        snapshot_path = self._producers.take_snapshot(sync=False)
        if snapshot_path is not None:
            self._unsynced_files.add(snapshot_path)
        logger.info("%s: rolled a new segment at offset %d", self.name, base_offset)
        self.flush_in_background(base_offset)
        return segment

    def flush(self) -> None:
        """Sync everything appended so far, in this thread; advances the recovery point. Raises StorageError."""
        self._finish_sync_under_way()
        if not self._has_unsynced(self.log_end_offset):
            return
        work: _SyncWork | None = None
        try:
            work = self._sync_work(self.log_end_offset)
            work.run()
            if work.error is not None:
                raise work.error
        except OSError as error:
            self._take_back(work)
            refusal = self._refused("sync", error, work)
            self._refuse_waiters(self.log_end_offset, refusal)
            raise refusal from error
        self._synced(work.end_offset)
        self._raise_high_watermark()

    def flush_in_background(self, end_offset: int | None = None) -> None:
        """Sync what is below ``end_offset`` (None: everything appended so far) on the pool, and advance the recovery
        point when that is done. While a sync is under way, this one waits for it. A disk without space is tried again
        with the next sync."""
        if end_offset is None:
            end_offset = self.log_end_offset
        self._sync_asked_offset = max(self._sync_asked_offset, end_offset)
        if self._syncing is None:
            self._start_sync()

    def when_synced(self, last_offset: int, on_outcome: Callable[[StorageError | None], object]) -> None:
        """Call ``on_outcome(None)`` when the high watermark is above ``last_offset``, as it is at once unless
        flush.messages holds it back; or with why that cannot be promised."""
        if last_offset < self.high_watermark:
            on_outcome(None)
        elif self.is_failed:
            on_outcome(self._offline())
        else:
            self._waiters.append(_Waiter(last_offset, on_outcome))
            if self._syncing is None:  # the last one failed, and its batch has been sent again
                self.flush_in_background()

    @property
    def awaits_sync(self) -> bool:
        """Whether records are hidden until they are synced."""
        return self.high_watermark < self.log_end_offset

    def _start_sync(self) -> None:
        end_offset, self._sync_asked_offset = self._sync_asked_offset, -1
        if not self._has_unsynced(end_offset):
            return
        try:
            work = self._syncing = self._sync_work(end_offset)
        except OSError as error:
            self._sync_failed(error, None, end_offset)
            return
        self._context.run_blocking(work.run, lambda _, error: self._sync_ended(work, error))

    def _sync_ended(self, work: _SyncWork, error: BaseException | None) -> None:
        if error is not None:
            raise error
        if self._syncing is work:  # else ``flush`` has taken note of it
            self._settle(work)

    def _finish_sync_under_way(self) -> None:
        """What it syncs would otherwise be missing in a sync that overtakes it."""
        self._sync_asked_offset = -1
        if self._syncing is not None:
            self._syncing.run()
            self._settle(self._syncing)

    def _settle(self, work: _SyncWork) -> None:
        self._syncing = None
        if work.error is not None:
            self._sync_failed(work.error, work, work.end_offset)
        else:
            self._synced(work.end_offset)
        if self.is_failed:
            return
        if self._sync_asked_offset >= 0:
            self._start_sync()
        self._raise_high_watermark()

    def _sync_failed(self, error: OSError, work: _SyncWork | None, end_offset: int) -> None:
        if self.is_failed:
            logger.info("%s: a sync failed after the log was closed: %s", self.name, error)
            return
        self._take_back(work)
        refusal = self._refused("sync", error, work)
        logger.warning("%s", refusal)
        self._refuse_waiters(end_offset, refusal)

    def _has_unsynced(self, end_offset: int) -> bool:
        return end_offset > self.recovery_point or bool(self._unsynced_directories or self._unsynced_segments)

    def _sync_work(self, end_offset: int) -> _SyncWork:
        """Everything that makes the log durable up to ``end_offset``. Raises OSError."""
        segments = self._unsynced_segments | set(self._segments.range(self.recovery_point, end_offset))
        # Recovery builds the indexes of the segment that holds the recovery point anew: no need to sync them as long
        # as that is the active one.
        active = self._segments.active
        batches_only = active if active not in self._unsynced_segments else None
        work = _SyncWork(self._files, end_offset, segments, batches_only, self._epochs)
        work.paths, work.directories = self._unsynced_files, self._unsynced_directories
        self._unsynced_segments, self._unsynced_files, self._unsynced_directories = set(), set(), set()
        return work

    def _take_back(self, work: _SyncWork | None) -> None:
        """What ``work`` could not sync is still to be synced."""
        if work is not None:
            self._unsynced_segments |= work.segments & set(self._segments)
            self._unsynced_files |= work.paths
            self._unsynced_directories |= work.directories
            if work.epochs is not None:
                self._epochs.mark_dirty()

    def _refused(self, action: str, error: OSError, work: _SyncWork | None = None) -> StorageError:
        """The sentence; unless the disk is only full, or the like, the directory goes offline."""
        if error.errno not in TRANSIENT_ERRORS or (work is not None and work.has_lost_writes):
            self._disk_failed(self.directory, error)
        return StorageError(f"{self.directory}: cannot {action}: {error.strerror or error}")

    def _synced(self, end_offset: int) -> None:
        self.recovery_point = max(self.recovery_point, min(end_offset, self.log_end_offset))
        self.last_flush_ms = self._context.clock.monotonic_ms()

    def _raise_high_watermark(self) -> None:
        """As far as flush.messages allows."""
        offset = self.log_end_offset
        if offset - self.recovery_point >= self._flush_messages:
            offset = self.recovery_point
        if offset > self.high_watermark:
            self.high_watermark = offset
            self._update_last_stable_offset()
            if self.on_advance is not None:
                self.on_advance(self)
        if self._waiters:
            waiters = self._waiters
            self._waiters = [waiter for waiter in waiters if waiter.last_offset >= self.high_watermark]
            for waiter in waiters:
                if waiter.last_offset < self.high_watermark:
                    waiter.on_outcome(None)

    def _refuse_waiters(self, end_offset: int, reason: StorageError) -> None:
        """Tell those who wait for records below ``end_offset``."""
        waiters = self._waiters
        self._waiters = [waiter for waiter in waiters if waiter.last_offset >= end_offset]
        for waiter in waiters:
            if waiter.last_offset < end_offset:
                waiter.on_outcome(reason)

    # --- cutting

    def truncate_to(self, offset: int) -> bool:
        """Drop the records at ``offset`` and above; False when there are none."""
        if offset >= self.log_end_offset:
            self._epochs.truncate_from_end(self.log_end_offset)
            return False
        if offset < self._segments.first.base_offset:
            self.truncate_fully_and_start_at(offset)
            return True
        dropped = [segment for segment in self._segments if segment.base_offset > offset]
        for segment in dropped:
            self._segments.remove(segment)
        self._delete_segments(dropped)
        self._segments.active.truncate_to(offset)
        self._unsynced_segments.add(self._segments.active)
        self._epochs.truncate_from_end(offset)
        self._set_end(offset)
        self.log_start_offset = min(offset, self.log_start_offset)
        self._reload_producers(offset)
        self._moved()
        return True

    def truncate_fully_and_start_at(self, offset: int) -> None:
        """Drop everything; the log goes on at ``offset``."""
        old = list(self._segments)
        for segment in old:
            self._segments.remove(segment)
        self._delete_segments(old)
        self._segments.add(
            LogSegment.create(self._files, self.directory, offset, self._config, self._context.clock.wall_ms())
        )
        self._unsynced_directories.add(self.directory)
        self._epochs.clear()
        self._producers.truncate_fully_and_start_at(offset)
        self._set_end(offset)
        self.log_start_offset = offset
        self._moved()

    def delete_records_before(self, offset: int) -> int:
        """Move the log start offset up to ``offset`` (-1: the high watermark); returns it. Segments that lie below
        are deleted by retention. Raises ApiError(OFFSET_OUT_OF_RANGE) above the high watermark."""
        if offset == -1:
            offset = self.high_watermark
        if offset > self.high_watermark or offset < 0:
            raise ApiError(
                OFFSET_OUT_OF_RANGE,
                f"Cannot increment the log start offset to {offset} of partition {self.name} since it is larger than "
                f"the high watermark {self.high_watermark}",
            )
        self._raise_log_start_offset(offset, "a DeleteRecords request")
        return self.log_start_offset

    def _raise_log_start_offset(self, offset: int, reason: str) -> None:
        if offset <= self.log_start_offset:
            return
        self.log_start_offset = offset
        self._epochs.truncate_from_start(offset)
        self._producers.log_start_offset_moved(offset)
        logger.info("%s: the log start offset is now %d because of %s", self.name, offset, reason)
        self._moved()

    def _set_end(self, offset: int) -> None:
        self.log_end_offset = self.high_watermark = offset
        self.recovery_point = min(self.recovery_point, offset)

    def _reload_producers(self, end_offset: int) -> None:
        rebuild_producers(self._context, self._producers, self._segments, end_offset)

    def _moved(self) -> None:
        self._end_positions.clear()
        self._update_last_stable_offset()
        if self.on_advance is not None:
            self.on_advance(self)

    # --- retention

    def delete_old_segments(self) -> int:
        """Delete the segments below the log start offset and, with cleanup.policy=delete, those too many
        (retention.bytes) or too old (retention.ms). Returns how many. Raises StorageError."""
        try:
            deleted = self._delete_oldest_while(self._is_below_start, "the log start offset")
            if self._config.delete:
                deleted += self._delete_by_size() + self._delete_by_age()
        except OSError as error:
            raise self._refused("delete segments", error) from error
        return deleted

    def _is_below_start(self, segment: LogSegment) -> bool:
        following = self._segments.higher(segment.base_offset)
        return following is not None and following.base_offset <= self.log_start_offset

    def _delete_by_size(self) -> int:
        excess_bytes = self.size_bytes - self._config.retention_bytes
        if self._config.retention_bytes < 0 or excess_bytes < 0:
            return 0

        def fits_the_excess(segment: LogSegment) -> bool:
            nonlocal excess_bytes
            if excess_bytes < segment.size_bytes:
                return False
            excess_bytes -= segment.size_bytes
            return True

        return self._delete_oldest_while(fits_the_excess, f"retention.bytes={self._config.retention_bytes}")

    def _delete_by_age(self) -> int:
        retention_ms = self._config.retention_ms
        if retention_ms < 0:
            return 0
        now_ms = self._context.clock.wall_ms()
        return self._delete_oldest_while(
            lambda segment: now_ms - segment.largest_timestamp > retention_ms, f"retention.ms={retention_ms}"
        )

    def _delete_oldest_while(self, is_deletable: Callable[[LogSegment], bool], reason: str) -> int:
        """Delete from the oldest segment on; an empty active segment stays."""
        deletable: list[LogSegment] = []
        for segment in self._segments:
            is_empty_active = segment is self._segments.active and not segment.size_bytes
            if is_empty_active or self._end_of(segment) > self.high_watermark or not is_deletable(segment):
                break
            deletable.append(segment)
        if not deletable:
            return 0
        if deletable[-1] is self._segments.active:
            self._roll_to(self.log_end_offset)
        following = self._segments.higher(deletable[-1].base_offset)
        assert following is not None
        self._raise_log_start_offset(following.base_offset, reason)
        for segment in deletable:
            self._segments.remove(segment)
        self._delete_segments(deletable)
        self._end_positions.clear()
        logger.info("%s: deleted %d segments because of %s", self.name, len(deletable), reason)
        return len(deletable)

    def _end_of(self, segment: LogSegment) -> int:
        following = self._segments.higher(segment.base_offset)
        return self.log_end_offset if following is None else following.base_offset

    def replace_segments(self, cleaned: LogSegment, replaced: Sequence[LogSegment]) -> bool:
        """Put the segment that the cleaner wrote (.cleaned, synced and closed) in the place of those it was made from.

        False, and nothing is done, when they are not all in the log any more. Raises StorageError. The renames are
        in an order that recovery can complete or undo at any point (UnifiedLog.replaceSegments); the caller syncs the
        directory.
        """
        if self.is_failed or not all(self._is_inactive(segment) for segment in replaced):
            return False
        segment = LogSegment(
            self._files,
            self.directory,
            cleaned.base_offset,
            self._config,
            self._context.clock.wall_ms(),
            size_bytes=cleaned.size_bytes,
            has_transaction_index=cleaned.transaction_index.exists,
            suffix=log_names.CLEANED,
        )
        try:
            segment.rename_suffix(log_names.SWAP)
            for old in replaced:
                self._segments.remove(old)
            self._segments.add(segment)
            self._delete_segments(replaced, kept_snapshot=segment.base_offset)
            segment.rename_suffix("")
        except OSError as error:
            self._disk_failed(self.directory, error)
            raise StorageError(f"{self.directory}: cannot replace segments: {error.strerror or error}") from error
        self._end_positions.clear()
        return True

    def _is_inactive(self, segment: LogSegment) -> bool:
        return segment is not self._segments.active and self._segments.floor(segment.base_offset) is segment

    def _delete_segments(self, segments: Sequence[LogSegment], *, kept_snapshot: int | None = None) -> None:
        """Rename the files now, delete them when those who read them have had time to finish. ``kept_snapshot``: the
        base offset of one whose producer snapshot stays."""
        paths: list[str] = []
        self._unsynced_segments.difference_update(segments)
        self._unsynced_directories.add(self.directory)
        for segment in segments:
            segment.abandon()
            segment.rename_suffix(log_names.DELETED)
            paths += segment.existing_paths()
            if segment.base_offset != kept_snapshot:
                snapshot_path = self._producers.mark_snapshot_deleted(segment.base_offset)
                if snapshot_path is not None:
                    paths.append(snapshot_path)
        deadline_ms = self._context.clock.monotonic_ms() + self._config.file_delete_delay_ms
        self._context.deletions.schedule(deadline_ms, paths)

    def remove_expired_producers(self, now_ms: int) -> None:
        self._producers.remove_expired(now_ms, self._context.producer_id_expiration_ms)

    # --- end

    def close(self) -> None:
        """Trim the indexes, write the producer snapshot, sync it all. Raises StorageError."""
        if self.is_failed:
            self.abandon()
            return
        self._complete_files()
        self.flush()
        self.abandon()

    def begin_close(self) -> Callable[[], None] | None:
        """What syncs the log, so that ``close``, which is to follow, need not: many logs may so be synced at a time.
        It may run on any thread. Raises StorageError."""
        if self.is_failed:
            return None
        self._finish_sync_under_way()
        self._complete_files()
        if not self._has_unsynced(self.log_end_offset):
            return None
        try:
            self._syncing = self._sync_work(self.log_end_offset)
        except OSError as error:
            raise self._refused("close", error) from error
        return self._syncing.run

    def _complete_files(self) -> None:
        try:
            self._unsynced_segments.update([segment for segment in self._segments if segment.complete()])
            snapshot_path = self._producers.take_snapshot(sync=False)
        except OSError as error:
            raise self._refused("close", error) from error
        if snapshot_path is not None:
            self._unsynced_files.add(snapshot_path)
            self._unsynced_directories.add(self.directory)

    def abandon(self) -> None:
        """Let go of all files without writing to them."""
        self.is_failed = True
        self._refuse_waiters(self.log_end_offset, self._offline())
        for segment in self._segments:
            segment.abandon()

    def exchange_contents(self, copy: PartitionLog) -> None:
        """Take over the folder of ``copy``, which is complete and synced, and leave one's own to it.

        Whoever holds or awaits this log goes on with it, and does not notice.
        """
        mine, its = self.__dict__, copy.__dict__
        for name in _CONTENTS:
            mine[name], its[name] = its[name], mine[name]
        self._end_positions.clear()
        copy._end_positions.clear()
        self._syncing = None  # what it finds out is about the folder that was left
        self._update_last_stable_offset()
        self._raise_high_watermark()

    def rename_directory(self, directory: str) -> None:
        """Move the folder, with the log open."""
        self._files.rename(self.directory, directory)
        self.directory = directory
        self._producers.move_to(directory)
        self._epochs.move_to(directory)
        for segment in self._segments:
            segment.move_to(directory)


class _SyncWork:
    """What has to be synced, gathered on the event loop; ``run`` may be called on any thread, and by several."""

    def __init__(
        self,
        files: FileSystem,
        end_offset: int,
        segments: set[LogSegment],
        batches_only: LogSegment | None,
        epoch_cache: LeaderEpochCache,
    ) -> None:
        """``batches_only``: the one of ``segments`` whose indexes are left out. Raises OSError when the indexes cannot
        be written; nothing has changed then."""
        self._files = files
        self._lock = Lock()
        self._has_run = False
        self._descriptors: list[Descriptor] = []
        for segment in segments:
            self._descriptors += (
                [segment.log.descriptor()] if segment is batches_only else segment.descriptors_to_sync()
            )
        self._epoch_cache = epoch_cache
        self.epochs = epoch_cache.take_dirty()
        self.end_offset = end_offset
        self.segments = segments
        self.paths: set[str] = set()
        """Small files."""
        self.directories: set[str] = set()
        self.error: OSError | None = None
        """Why not all of it could be synced, once it has run."""
        self.has_lost_writes = False
        """A file could not be synced. The operating system tells so once, and may have dropped what it could not
        write: the next sync would succeed, and prove nothing."""

    def run(self) -> None:
        """Sync, once: who comes second waits for the outcome."""
        with self._lock:
            if not self._has_run:
                self._has_run = True
                try:
                    self._sync()
                except OSError as error:
                    self.error = error

    def _sync(self) -> None:
        self.has_lost_writes = True
        for descriptor in self._descriptors:
            descriptor.sync()
        self.has_lost_writes = False
        for path in self.paths:
            self._sync_if_there(path)
        if self.epochs is not None:
            self._epoch_cache.write(self.epochs)
        for directory in self.directories:
            self._files.sync_directory(directory)

    def _sync_if_there(self, path: str) -> None:
        try:
            self._files.sync_file(path)
        except FileNotFoundError:
            logger.debug("%s has been deleted before it was synced", path)


def _batch_bytes_at(segment: LogSegment, position: int) -> int:
    overhead = segment.log.pread(LOG_OVERHEAD_BYTES, position)
    if len(overhead) < LOG_OVERHEAD_BYTES:
        raise CorruptLogError(f"{segment.log.path}: no batch at position {position}, where the log has one")
    return int.from_bytes(overhead[8:12], "big") + LOG_OVERHEAD_BYTES
