"""The log of one partition (Kafka: UnifiedLog and LocalLog).

Offsets, in ascending order::

    log_start_offset     the first that may be read; what is below is deleted, or hidden by DeleteRecords
    last_stable_offset   no transaction that is open begins below it: as far as read_committed goes
    high_watermark       as far as read_uncommitted goes; on one node it is the log end offset, but for records that
                         flush.messages wants synced and that are not yet
    log_end_offset       the offset of the next record
    recovery_point       everything below has been synced; recovery after a crash begins here

All methods are called on the event loop thread. What a log is made of: ``LogFolder`` (its files), ``LogReader``,
``LogFlusher`` (syncs, on the pool), and rules that keep no state: ``producer_checks``, ``offset_lookup`` and
``retention``.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from minikafka.errors import INCONSISTENT_TOPIC_ID, OFFSET_OUT_OF_RANGE, ApiError, StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import RecordBatch
from minikafka.storage import log_names, offset_lookup
from minikafka.storage.background_steps import run_steps
from minikafka.storage.fetch_data import FetchData
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_flusher import LogFlusher
from minikafka.storage.log_folder import LogFolder
from minikafka.storage.log_reader import LogReader
from minikafka.storage.partition_metadata import encode_uuid, write_topic_id
from minikafka.storage.producers.producer_checks import CheckedProducers, check_producers
from minikafka.storage.producers.producer_entry import ProducerStateEntry
from minikafka.storage.segment import LogSegment, TimestampedOffset
from minikafka.storage.sync_work import SyncWork
from minikafka.storage.validation import batches_with_offsets, check_segment_size, validate_and_assign_offsets

if TYPE_CHECKING:
    from minikafka.config import LogConfig
    from minikafka.storage.retention import Rule

logger = logging.getLogger(__name__)

TRANSIENT_ERRORS = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM") if hasattr(errno, name)
)
"""The disk itself is well: the append is refused, the log stays as it was, and the next one may succeed."""


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


_new_info = tuple.__new__
"""In a third of the time that calling the class takes."""


class LoadedLog(NamedTuple):
    """What recovery found in a partition's folder, or what a new one begins with."""

    folder: LogFolder
    topic_id: bytes | None
    log_start_offset: int
    log_end_offset: int


class PartitionLog:
    """One partition: ``recovery.load_log`` or ``log_creation.create_log`` makes it."""

    def __init__(self, context: LogContext, topic: str, partition: int, config: LogConfig, loaded: LoadedLog) -> None:
        self.topic = topic
        self.partition = partition
        self.name = log_names.partition_directory(topic, partition)
        self.topic_id = loaded.topic_id
        self.leader_epoch = loaded.folder.epochs.latest_epoch or 0
        """Written into batches that are appended without one of their own."""
        self.is_failed = False
        """The disk failed, or the log is closed or deleted: nothing is appended any more."""
        self.on_advance: Callable[[PartitionLog], None] | None = None
        """Called when high watermark, last stable offset or log start offset moved, or the log failed or went."""
        self._context = context
        self._folder = loaded.folder
        self._reader = LogReader(loaded.folder.segments)
        self._flusher = LogFlusher(context, self.name, loaded.folder, self._raise_high_watermark, self._sync_refused)
        self.log_start_offset = max(loaded.log_start_offset, loaded.folder.segments.first.base_offset)
        self.log_end_offset = loaded.log_end_offset
        self.high_watermark = loaded.log_end_offset
        self.last_stable_offset = loaded.log_end_offset
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

    @property
    def directory(self) -> str:
        """The folder of the log."""
        return self._folder.directory

    @property
    def recovery_point(self) -> int:
        return self._folder.recovery_point

    @property
    def last_flush_ms(self) -> int:
        """When something was synced last, in ``Clock.monotonic_ms()``."""
        return self._flusher.last_flush_ms

    def segments(self) -> list[LogSegment]:
        """By ascending base offset; the last is the active one."""
        return list(self._folder.segments)

    @property
    def first_segment_base_offset(self) -> int:
        return self._folder.segments.first.base_offset

    def active_segment_size_bytes(self) -> int:
        return self._folder.segments.active.size_bytes

    @property
    def size_bytes(self) -> int:
        """Bytes of all .log files."""
        return self._folder.segments.size_bytes

    @property
    def leader_epochs(self) -> list[tuple[int, int]]:
        """(epoch, first offset) of the epochs in the log."""
        return self._folder.epochs.entries

    @property
    def first_unstable_offset(self) -> int | None:
        """Where the oldest open transaction begins."""
        return self._folder.producers.first_unstable_offset

    def active_producers(self) -> list[ProducerStateEntry]:
        return list(self._folder.producers.producers.values())

    def has_ongoing_transaction(self, producer_id: int, producer_epoch: int) -> bool:
        """Whether the producer has a transaction open here, begun with this epoch."""
        entry = self._folder.producers.producers.get(producer_id)
        return entry is not None and entry.current_txn_first_offset >= 0 and entry.producer_epoch == producer_epoch

    def remove_expired_producers(self, now_ms: int) -> None:
        self._folder.producers.remove_expired(now_ms, self._context.producer_id_expiration_ms)

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
        write_topic_id(self._context.files, self.directory, topic_id, sync=True)
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
            batches = batches_with_offsets(
                buffer,
                next_offset=next_offset,
                max_message_bytes=self._config.max_message_bytes,
                leader_epoch=self.leader_epoch if leader_epoch is None else leader_epoch,
                origin=origin,
                topic_partition=self.name,
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
        folder = self._folder
        checked: CheckedProducers | None = None
        expecting: ProducerStateEntry | None = None
        if len(batches) == 1 and batches[0].producer_id >= 0:
            expecting = folder.producers.expecting(batches[0])
        if expecting is None and (len(batches) > 1 or batches[0].producer_id >= 0):
            duplicate, checked = check_producers(folder.producers, batches, origin, transaction_version)
            if duplicate is not None:
                return AppendInfo(
                    duplicate.first_offset,
                    duplicate.last_offset,
                    duplicate.timestamp if log_append_time_ms >= 0 else -1,
                    self.log_start_offset,
                    is_duplicate=True,
                )
        try:
            segment = folder.segments.active
            if segment.should_roll(self._config, size_bytes, max_timestamp, last_offset, self._max_segment_ms, now_ms):
                segment = self._roll_to(base_offset)
            if checked is not None:
                # Before the marker is written: one that were missing would make aborted records visible.
                for aborted in checked.aborted(folder.producers):
                    segment.add_aborted_transaction(aborted)
            segment.append(data, batches)
        except OSError as error:
            raise self._append_failed(error) from error
        if expecting is not None:
            expecting.take(batches[0])
        self._appended(batches, last_offset, checked, defers_sync)
        return _new_info(AppendInfo, (base_offset, last_offset, log_append_time_ms, self.log_start_offset, False, ()))

    def _appended(
        self, batches: Sequence[RecordBatch], last_offset: int, checked: CheckedProducers | None, defers_sync: bool
    ) -> None:
        folder = self._folder
        epochs = folder.epochs
        for batch in batches:
            if batch.magic < 2:
                epochs.clear()
            elif batch.partition_leader_epoch != epochs.latest_epoch and batch.partition_leader_epoch >= 0:
                epochs.assign(batch.partition_leader_epoch, batch.base_offset)
        self.log_end_offset = last_offset + 1
        folder.producers.map_end_offset = last_offset + 1
        if checked is not None:
            checked.apply_to(folder.producers)
        if last_offset + 1 - folder.recovery_point >= self._flush_messages:
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

    def _append_failed(self, error: OSError) -> StorageError:
        segment = self._folder.segments.active
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
            self._flusher.stop(self._offline())
            if self.on_advance is not None:
                self.on_advance(self)

    def _offline(self) -> StorageError:
        return StorageError(f"the log of {self.name} in {self.directory} is offline")

    def _update_last_stable_offset(self) -> None:
        first_unstable = self._folder.producers.first_unstable_offset
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
                return self._reader.read(offset, end_offset, self.log_end_offset, max_bytes, committed, min_one_batch)
            if offset == self.log_end_offset:
                self._reader.remember_end(offset)
        except OSError as error:
            raise StorageError(f"{self.directory}: cannot read offset {offset}: {error.strerror or error}") from error
        return FetchData(offset, aborted_transactions=[] if committed else None)

    def aborted_transactions(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """Those that overlap [offset, end_offset)."""
        return self._reader.aborted_transactions(offset, end_offset)

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
        return offset_lookup.earliest(self._folder.epochs, self.log_start_offset)

    def earliest_epoch(self) -> int:
        """The epoch of the first offset; -1 when unknown."""
        return self.earliest().leader_epoch

    def earliest_local(self) -> TimestampedOffset:
        """Without tiered storage the same offset (KIP-405), with the epoch it lies in."""
        return offset_lookup.earliest_local(self._folder.epochs, self.log_start_offset)

    def latest(self) -> TimestampedOffset:
        """The log end offset; a handler lowers it to the high watermark or last stable offset as isolation asks."""
        return offset_lookup.latest(self._folder.epochs, self.log_end_offset)

    def max_timestamp(self) -> TimestampedOffset | None:
        """The first record with the greatest timestamp (KIP-734); None in an empty log."""
        return offset_lookup.of_max_timestamp(self._folder.segments)

    def offset_for_timestamp(self, timestamp: int) -> TimestampedOffset | None:
        """The first record, at or above the log start offset, with this or a later timestamp."""
        return offset_lookup.of_timestamp(self._folder.segments, timestamp, self.log_start_offset)

    def end_offset_for_epoch(self, epoch: int) -> tuple[int, int]:
        """(epoch, end offset) of the greatest epoch <= ``epoch`` in the log; (-1, -1) when unknown."""
        return self._folder.epochs.end_offset_for(epoch, self.log_end_offset)

    # --- rolling and syncing

    def roll(self) -> None:
        """Begin a new segment, unless the active one is empty."""
        if self._folder.segments.active.size_bytes:
            try:
                self._roll_to(self.log_end_offset)
            except OSError as error:
                raise self._append_failed(error) from error

    def _roll_to(self, base_offset: int) -> LogSegment:
        segment = self._folder.roll_to(base_offset, self._config)
        if segment is None:
            return self._folder.segments.active
        logger.info("%s: rolled a new segment at offset %d", self.name, base_offset)
        self.flush_in_background(base_offset)
        return segment

    def flush(self) -> None:
        """Sync everything appended so far, in this thread; advances the recovery point. Raises StorageError."""
        self._flusher.flush(self.log_end_offset)

    def flush_in_background(self, end_offset: int | None = None) -> None:
        """Sync what is below ``end_offset`` (None: everything appended so far) on the pool, and advance the recovery
        point when that is done. While a sync is under way, this one waits for it. A disk without space is tried again
        with the next sync."""
        self._flusher.flush_in_background(self.log_end_offset if end_offset is None else end_offset)

    @property
    def is_syncing(self) -> bool:
        """Whether a sync is under way on the pool."""
        return self._flusher.is_syncing

    def sync_under_way(self) -> Callable[[], None]:
        """What ends when the sync does that is under way, if one is; for any thread."""
        return self._flusher.sync_under_way()

    def when_synced(self, last_offset: int, on_outcome: Callable[[StorageError | None], object]) -> None:
        """Call ``on_outcome(None)`` when the high watermark is above ``last_offset``, as it is at once unless
        flush.messages holds it back; or with why that cannot be promised."""
        if last_offset < self.high_watermark:
            on_outcome(None)
        elif self.is_failed:
            on_outcome(self._offline())
        elif not self._flusher.wait(last_offset, on_outcome):
            # The last sync failed, and its batch has been sent again.
            self.flush_in_background()

    @property
    def awaits_sync(self) -> bool:
        """Whether records are hidden until they are synced."""
        return self.high_watermark < self.log_end_offset

    def _sync_refused(self, error: OSError, work: SyncWork | None) -> StorageError:
        return self._refused("sync", error, has_lost_writes=work is not None and work.has_lost_writes)

    def _refused(self, action: str, error: OSError, *, has_lost_writes: bool = False) -> StorageError:
        """The sentence; unless the disk is only full, or the like, the directory goes offline."""
        if error.errno not in TRANSIENT_ERRORS or has_lost_writes:
            self._disk_failed(self.directory, error)
        return StorageError(f"{self.directory}: cannot {action}: {error.strerror or error}")

    def _raise_high_watermark(self) -> None:
        """As far as flush.messages allows."""
        offset = self.log_end_offset
        if offset - self._folder.recovery_point >= self._flush_messages:
            offset = self._folder.recovery_point
        if offset > self.high_watermark:
            self.high_watermark = offset
            self._update_last_stable_offset()
            if self.on_advance is not None:
                self.on_advance(self)
        self._flusher.release(self.high_watermark)

    # --- cutting

    def truncate_to(self, offset: int) -> bool:
        """Drop the records at ``offset`` and above; False when there are none."""
        if offset >= self.log_end_offset:
            self._folder.epochs.truncate_from_end(self.log_end_offset)
            return False
        if offset < self._folder.segments.first.base_offset:
            self.truncate_fully_and_start_at(offset)
            return True
        self._folder.truncate_to(offset, self._config.file_delete_delay_ms)
        self._set_end(offset)
        self.log_start_offset = min(offset, self.log_start_offset)
        self._moved()
        return True

    def truncate_fully_and_start_at(self, offset: int) -> None:
        """Drop everything; the log goes on at ``offset``."""
        self._folder.start_again_at(offset, self._config)
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
        self._folder.epochs.truncate_from_start(offset)
        self._folder.producers.log_start_offset_moved(offset)
        logger.info("%s: the log start offset is now %d because of %s", self.name, offset, reason)
        self._moved()

    def _set_end(self, offset: int) -> None:
        self.log_end_offset = self.high_watermark = offset
        self._flusher.truncated_to(offset)

    def _moved(self) -> None:
        self._reader.forget_positions()
        self._update_last_stable_offset()
        if self.on_advance is not None:
            self.on_advance(self)

    # --- retention

    def delete_old_segments(self, at_most: int | None = None) -> int:
        """Delete the segments below the log start offset and, with cleanup.policy=delete, those too many
        (retention.bytes) or too old (retention.ms); for each reason ``at_most`` so many, the oldest. Returns how many.
        Raises StorageError."""
        from minikafka.storage import retention

        segments = self._folder.segments
        try:
            deleted = self._delete_oldest(retention.below_start(segments, self.log_start_offset), at_most)
            for rule in retention.rules(segments, self._config, self._context.clock.wall_ms()):
                deleted += self._delete_oldest(rule, at_most)
        except OSError as error:
            raise self._refused("delete segments", error) from error
        return deleted

    def _delete_oldest(self, rule: Rule, at_most: int | None) -> int:
        from minikafka.storage import retention

        segments = self._folder.segments
        deletable = retention.oldest(segments, rule, self.high_watermark, self.log_end_offset, at_most)
        if not deletable:
            return 0
        if deletable[-1] is segments.active:
            self._roll_to(self.log_end_offset)
        following = segments.higher(deletable[-1].base_offset)
        assert following is not None
        self._raise_log_start_offset(following.base_offset, rule.reason)
        self._folder.delete_segments(deletable, self._config.file_delete_delay_ms)
        self._reader.forget_positions()
        logger.info("%s: deleted %d segments because of %s", self.name, len(deletable), rule.reason)
        return len(deletable)

    def replace_segments(self, cleaned: LogSegment, replaced: Sequence[LogSegment]) -> bool:
        """Put the segment that the cleaner wrote (.cleaned, synced and closed) in the place of those it was made from.

        False, and nothing is done, when they are not all in the log any more. Raises StorageError. The caller syncs
        the directory.
        """
        try:
            is_done = not self.is_failed and self._folder.replace_segments(cleaned, replaced, self._config)
        except OSError as error:
            self._disk_failed(self.directory, error)
            raise StorageError(f"{self.directory}: cannot replace segments: {error.strerror or error}") from error
        self._reader.forget_positions()
        return is_done

    # --- end

    def close(self) -> None:
        """Trim the indexes, write the producer snapshot, sync it all. Raises StorageError."""
        if not self.is_failed:
            self._complete_files()
            self.flush()
        self.abandon()

    def begin_close(self) -> Callable[[], None] | None:
        """What syncs the log, so that ``close``, which is to follow, need not: many logs may so be synced at a time.
        It may run on any thread. Raises StorageError."""
        if self.is_failed:
            return None
        self._flusher.finish_under_way()
        self._complete_files()
        try:
            return self._flusher.begin(self.log_end_offset)
        except OSError as error:
            raise self._refused("close", error) from error

    def _complete_files(self) -> None:
        try:
            self._folder.complete()
        except OSError as error:
            raise self._refused("close", error) from error

    def abandon(self) -> None:
        """Let go of all files without writing to them."""
        self.is_failed = True
        self._flusher.stop(self._offline())
        self._folder.abandon()

    def retire_to(self, directory: str) -> None:
        """The log ends, and its folder gets another name. What it has open is closed a little at a time, as far as it
        is much. Raises OSError."""
        self.is_failed = True
        self._flusher.stop(self._offline())
        run_steps(self._folder.abandon_gradually(), self._context.run_blocking, _closed)
        self._folder.rename_itself(directory)

    def exchange_contents(self, copy: PartitionLog) -> None:
        """Take over the folder of ``copy``, which is complete and is not being synced, and leave one's own to it.

        Whoever holds or awaits this log goes on with it, and does not notice.
        """
        mine, its = self._folder, copy._folder
        self._follow(its)
        copy._follow(mine)
        self._update_last_stable_offset()
        self._raise_high_watermark()
        if self.awaits_sync:
            self.flush_in_background()

    def _follow(self, folder: LogFolder) -> None:
        self._folder = folder
        self._reader = LogReader(folder.segments)
        self._flusher.follow(folder)

    def rename_directory(self, directory: str) -> None:
        """Move the folder, with the log open. Raises OSError."""
        self._folder.rename(directory)


def _closed(_: None, error: BaseException | None) -> None:
    if error is not None:
        logger.error("the files of a log that was deleted could not be closed", exc_info=error)
