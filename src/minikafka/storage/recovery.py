"""Opening the log of a partition from its folder (Kafka: LogLoader).

After a clean shutdown nothing is read but small files: names, the newest producer snapshot, the leader epochs. After
any other end, the segments from the recovery point on are read batch by batch: what is whole and has the right
checksum stays, the rest is cut off; indexes and producer state are built anew.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from minikafka.errors import ApiError, CorruptLogError, StorageError
from minikafka.records.batch import RecordBatch, iter_batches
from minikafka.storage import log_names, partition_metadata
from minikafka.storage.batch_scan import BatchHeader, read_batch, scan_headers
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_folder import LogFolder
from minikafka.storage.partition_log import LoadedLog, PartitionLog
from minikafka.storage.partition_metadata import read_topic_id, write_topic_id
from minikafka.storage.producer_replay import rebuild_producers, replay_batch
from minikafka.storage.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

if TYPE_CHECKING:
    from minikafka.config import LogConfig

logger = logging.getLogger(__name__)


class RecoveryReport:
    """What was found and done, for one line a partition."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.log_end_offset = 0
        self.findings: list[str] = []

    def note(self, finding: str) -> None:
        self.findings.append(finding)

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        return f"{self.directory}: {'; '.join(self.findings)}; log end offset {self.log_end_offset}"


def create_log(
    context: LogContext, directory: str, topic: str, partition: int, config: LogConfig, topic_id: bytes | None
) -> PartitionLog:
    """A new, empty log in a folder that is created. Raises OSError."""
    files = context.files
    files.make_directory(directory)
    segments = LogSegments([LogSegment.create(files, directory, 0, config, context.clock.wall_ms())])
    epochs = LeaderEpochCache(files, directory)
    epochs.create()
    small_files: tuple[str, ...] = ()
    if topic_id is not None:
        write_topic_id(files, directory, topic_id, sync=False)
        small_files = _small_files(directory)
    producers = ProducerStateManager(files, directory, log_names.partition_directory(topic, partition))
    folder = LogFolder(
        context,
        directory,
        segments,
        producers,
        epochs,
        unsynced_directories=_with_parent(directory),
        unsynced_files=small_files,
    )
    return PartitionLog(context, topic, partition, config, LoadedLog(folder, topic_id, 0, 0))


def load_log(
    context: LogContext,
    directory: str,
    topic: str,
    partition: int,
    config: LogConfig,
    *,
    log_start_offset: int = 0,
    recovery_point: int = 0,
    clean_shutdown: bool = False,
) -> tuple[PartitionLog, RecoveryReport]:
    """The log in ``directory``. ``log_start_offset`` and ``recovery_point`` are the checkpoints'.

    Raises OSError, and StorageError for files that cannot be understood.
    """
    loader = _LogLoader(context, directory, topic, partition, config, log_start_offset, recovery_point, clean_shutdown)
    loaded = loader.load()
    return PartitionLog(context, topic, partition, config, loaded), loader.report


class _LogLoader:
    def __init__(
        self,
        context: LogContext,
        directory: str,
        topic: str,
        partition: int,
        config: LogConfig,
        log_start_offset: int,
        recovery_point: int,
        clean_shutdown: bool,
    ) -> None:
        self._context = context
        self._files = context.files
        self._directory = directory
        self._name = log_names.partition_directory(topic, partition)
        self._config = config
        self._log_start_offset = log_start_offset
        self._recovery_point = recovery_point
        self._clean_shutdown = clean_shutdown
        self._segments = LogSegments()
        self._epochs = LeaderEpochCache(self._files, directory)
        self.report = RecoveryReport(directory)

    def load(self) -> LoadedLog:
        names = self._finish_interrupted_work(self._list())
        found = _FolderContent(names)
        self._delete_orphans(found)
        self._producers = ProducerStateManager(self._files, self._directory, self._name, found.snapshots)
        self._open_segments(found)
        self._load_epochs()
        self._rebuild_damaged_indexes(found)
        if not self._clean_shutdown:
            self._recover_unflushed_segments()
        log_end_offset = self._find_log_end_offset()
        log_end_offset = self._drop_segments_below_start(log_end_offset)
        log_start_offset = max(self._log_start_offset, self._segments.first.base_offset)
        self._epochs.truncate_from_end(log_end_offset)
        self._epochs.truncate_from_start(self._log_start_offset)
        self._load_producers(log_end_offset)
        if self._clean_shutdown:
            self._recovery_point = log_end_offset
        self.report.log_end_offset = log_end_offset
        topic_id = self._read_topic_id()
        is_clean = self._clean_shutdown
        folder = LogFolder(
            self._context,
            self._directory,
            self._segments,
            self._producers,
            self._epochs,
            recovery_point=min(self._recovery_point, log_end_offset),
            unsynced_directories=() if is_clean else _with_parent(self._directory),
            unsynced_files=() if is_clean or topic_id is None else _small_files(self._directory),
        )
        return LoadedLog(folder, topic_id, log_start_offset, log_end_offset)

    # --- leftovers

    def _list(self) -> list[str]:
        return [name for name, is_directory in self._files.list_directory(self._directory) if not is_directory]

    def _finish_interrupted_work(self, names: list[str]) -> list[str]:
        """Bring deletions, compactions and splits that were cut short to one of their ends (LogLoader.load).

        .deleted: the deletion goes on. .cleaned: the new segments were not complete, they go, and so do the .swap
        files at or above the lowest of them, which belong to the same unfinished split (KAFKA-6264). .swap: the new
        segments were complete and replace the old ones in their range.
        """
        if not any(name.endswith((log_names.DELETED, log_names.CLEANED, log_names.SWAP)) for name in names):
            return names
        for name in names:
            if name.endswith(log_names.DELETED):
                self._files.unlink(f"{self._directory}/{name}")
        cleaned = [name for name in names if name.endswith(log_names.CLEANED)]
        lowest_cleaned = min((_offset_of(name) for name in cleaned), default=2**63)
        swap = [name for name in names if name.endswith(log_names.SWAP)]
        invalid = [name for name in swap if _offset_of(name) >= lowest_cleaned]
        self._unlink(cleaned + invalid, "removed unfinished")
        self._complete_swap([name for name in swap if name not in invalid])
        return self._list()

    def _unlink(self, names: list[str], finding: str) -> None:
        for name in names:
            self._files.unlink(f"{self._directory}/{name}")
        if names:
            self.report.note(f"{finding} {', '.join(sorted(names))}")

    def _complete_swap(self, swap: list[str]) -> None:
        ranges = []
        for name in swap:
            parsed = log_names.parse_file_name(name)
            if parsed is not None and parsed[1] == log_names.LOG:
                segment = LogSegment(self._files, self._directory, parsed[0], self._config, 0, suffix=log_names.SWAP)
                ranges.append((parsed[0], _scan_next_offset(segment)))
                segment.abandon()
        if ranges:
            first, end = min(ranges)[0], max(end for _, end in ranges)
            replaced = []
            for name in self._list():
                parsed = log_names.parse_file_name(name)
                if parsed is not None and not parsed[2] and first <= parsed[0] < end:
                    replaced.append(name)
            self._unlink(replaced, "removed what compaction had replaced:")
        for name in swap:
            path = f"{self._directory}/{name}"
            self._files.rename(path, path.removesuffix(log_names.SWAP))
        if swap:
            self._files.sync_directory(self._directory)
            self.report.note(f"completed the replacement of segments by {', '.join(sorted(swap))}")

    def _delete_orphans(self, found: _FolderContent) -> None:
        orphans = [
            log_names.file_name(offset, suffix)
            for suffix, offsets in found.indexes.items()
            for offset in sorted(offsets - found.logs)
        ]
        self._unlink(orphans, "removed indexes without a log:")

    # --- segments

    def _open_segments(self, found: _FolderContent) -> None:
        now_ms = self._context.clock.wall_ms()
        self._segments = LogSegments(
            LogSegment(
                self._files,
                self._directory,
                offset,
                self._config,
                now_ms,
                has_transaction_index=offset in found.indexes[log_names.TRANSACTION_INDEX],
            )
            for offset in found.logs
        )
        if not found.logs:
            self._start_empty()

    def _start_empty(self) -> None:
        segment = LogSegment.create(
            self._files, self._directory, self._log_start_offset, self._config, self._context.clock.wall_ms()
        )
        self._segments.add(segment)

    def _load_epochs(self) -> None:
        try:
            self._epochs.load()
        except StorageError as error:
            self.report.note(f"the leader epochs are rebuilt, since {error}")
            for segment in self._segments:
                for header in scan_headers(segment.log, 0, segment.size_bytes):
                    self._note_epoch(header.partition_leader_epoch, header.base_offset)

    def _note_epoch(self, epoch: int, base_offset: int) -> None:
        latest = self._epochs.latest_epoch
        if epoch >= 0 and (latest is None or epoch > latest):
            self._epochs.assign(epoch, base_offset)

    def _recover_unflushed_segments(self) -> None:
        unflushed = self._segments.range(self._recovery_point)
        self.report.note(
            f"recovered {len(unflushed)} of {len(self._segments)} segments from offset {self._recovery_point}"
        )
        for position, segment in enumerate(unflushed):
            end_offset = self._producers.map_end_offset
            if position and self._is_behind_a_hole(segment):
                self.report.note(f"offsets {end_offset} to {segment.base_offset - 1} are missing")
                self._drop_rest(unflushed[position:])
                return
            if self._recover(segment):
                self._drop_rest(unflushed[position + 1 :])
                return

    def _is_behind_a_hole(self, segment: LogSegment) -> bool:
        """A loss of power may keep a new segment and lose the unsynced end of the one before. What lies behind such a
        hole goes, as what lies behind a torn batch does. Compaction makes holes too, and those are no loss."""
        return segment.base_offset > self._producers.map_end_offset and not self._config.compact

    def _drop_rest(self, segments: list[LogSegment]) -> None:
        if segments:
            self.report.note(f"removed {len(segments)} segments ({_total_bytes(segments)} bytes) behind it")
            self._drop(segments)

    def _recover(self, segment: LogSegment, *, may_cut: bool = True) -> int:
        """Check every batch, build the indexes anew, and cut off what is not valid; returns the bytes cut off.

        Without ``may_cut`` invalid bytes raise CorruptLogError: what has been synced is not torn, but damaged."""
        rebuild_producers(self._context, self._producers, self._segments, segment.base_offset)
        valid_bytes = 0
        segment.start_rebuilding()
        try:
            for header in scan_headers(segment.log, 0, segment.size_bytes):
                batches = list(iter_batches(memoryview(read_batch(segment.log, header))))
                for batch in batches:
                    batch.ensure_valid()
                segment.index_batch(header)
                for batch in batches:
                    self._replay(segment, batch)
                valid_bytes = header.end_position
            reason = "cut off"
        except (CorruptLogError, ApiError, ValueError) as error:
            reason = str(error)
        dropped_bytes = segment.size_bytes - valid_bytes
        if dropped_bytes and not may_cut:
            segment.abandon()
            self._files.unlink(segment.offset_index.path)  # so that the next start finds this again
            raise CorruptLogError(
                f"{segment.log.path} is damaged at position {valid_bytes}, offset {self._producers.map_end_offset} "
                f"({reason}), where it had been synced; bring back a copy of it, or delete the partition's folder"
            )
        if dropped_bytes:
            self._cut(segment, valid_bytes, reason)
        segment.finish_rebuilding()
        self._producers.take_snapshot(sync=True)
        return dropped_bytes

    def _cut(self, segment: LogSegment, position: int, reason: str) -> None:
        offset = max(self._producers.map_end_offset, segment.base_offset)
        kind = _describe_tail(segment, position, reason)
        dropped_bytes = segment.size_bytes - position
        segment.truncate_to_position(position)
        self.report.note(
            f"truncated {segment.log.path} at position {position}, offset {offset}: {kind} ({dropped_bytes} bytes)"
        )

    def _replay(self, segment: LogSegment, batch: RecordBatch) -> None:
        if batch.magic >= 2:
            self._note_epoch(batch.partition_leader_epoch, batch.base_offset)
        for aborted in replay_batch(self._producers, batch):
            segment.add_aborted_transaction(aborted)

    def _rebuild_damaged_indexes(self, found: _FolderContent) -> None:
        """Indexes that are missing or cannot be right, in ascending order, since each relies on the segments before;
        the segments from the recovery point on get theirs anew in any case."""
        first_recovered = None if self._clean_shutdown else self._segments.floor(self._recovery_point)
        for segment in self._segments:
            if first_recovered is not None and segment.base_offset >= first_recovered.base_offset:
                break
            if not found.has_indexes(segment.base_offset) or not self._indexes_look_sane(segment):
                self._recover(segment, may_cut=False)
                self.report.note(f"rebuilt the indexes of {segment.log.path}")

    def _indexes_look_sane(self, segment: LogSegment) -> bool:
        """After a clean shutdown the sorted indexes are not even opened, as in Kafka."""
        if not segment.transaction_index.looks_sane():
            return False
        return self._clean_shutdown or (segment.offset_index.looks_sane() and segment.time_index.looks_sane())

    def _find_log_end_offset(self) -> int:
        """After a clean shutdown the recovery point and the name of the newest producer snapshot both are the log end
        offset; when they agree, the log itself need not be read."""
        active = self._segments.active
        if self._clean_shutdown and self._recovery_point == self._producers.latest_snapshot_offset:
            is_empty = self._recovery_point == active.base_offset
            if self._recovery_point >= active.base_offset and is_empty == (active.size_bytes == 0):
                return self._recovery_point
        return active.read_next_offset()

    def _drop_segments_below_start(self, log_end_offset: int) -> int:
        """A log that ends below its start offset has lost its files; it begins anew there."""
        if log_end_offset >= self._log_start_offset:
            return log_end_offset
        self.report.note(
            f"removed all segments, since the log ends at {log_end_offset} and should begin at {self._log_start_offset}"
        )
        self._drop(list(self._segments))
        self._start_empty()
        self._epochs.clear()
        self._producers.truncate_fully_and_start_at(self._log_start_offset)
        return self._log_start_offset

    def _drop(self, segments: list[LogSegment]) -> None:
        for segment in segments:
            self._segments.remove(segment)
            segment.abandon()
            for path in segment.existing_paths():
                self._files.unlink(path)
            self._producers.delete_snapshot(segment.base_offset)

    def _read_topic_id(self) -> bytes | None:
        try:
            return read_topic_id(self._files, self._directory)
        except StorageError as error:
            if self._clean_shutdown:
                raise
            # It is not synced before the first flush, and the controller's records know the id as well.
            self._files.unlink(f"{self._directory}/{partition_metadata.FILE_NAME}")
            self.report.note(f"the topic id is to be written again, since {error}")
            return None

    # --- producers

    def _load_producers(self, log_end_offset: int) -> None:
        producers = self._producers
        producers.remove_stray_snapshots(self._segments.base_offsets)
        if self._clean_shutdown and producers.latest_snapshot_offset is None:
            # A log from before idempotence, or without records: nobody to know (UnifiedLog.rebuildProducerState).
            producers.map_end_offset = log_end_offset
            return
        rebuild_producers(self._context, producers, self._segments, log_end_offset)


class _FolderContent:
    """The offsets in the file names of a partition's folder, by kind."""

    def __init__(self, names: list[str]) -> None:
        self.logs: set[int] = set()
        self.snapshots: set[int] = set()
        self.indexes: dict[str, set[int]] = {suffix: set() for suffix in log_names.INDEX_SUFFIXES}
        kinds = {log_names.LOG: self.logs, log_names.PRODUCER_SNAPSHOT: self.snapshots, **self.indexes}
        for name in names:
            parsed = log_names.parse_file_name(name)
            if parsed is not None and parsed[1] in kinds:
                kinds[parsed[1]].add(parsed[0])

    def has_indexes(self, base_offset: int) -> bool:
        return base_offset in self.indexes[log_names.OFFSET_INDEX] and base_offset in self.indexes[log_names.TIME_INDEX]


def _total_bytes(segments: list[LogSegment]) -> int:
    return sum(segment.size_bytes for segment in segments)


def _with_parent(directory: str) -> tuple[str, str]:
    """The folder, and the log directory that holds its name."""
    return directory, os.path.dirname(directory)


def _small_files(directory: str) -> tuple[str]:
    return (f"{directory}/{partition_metadata.FILE_NAME}",)


def _offset_of(name: str) -> int:
    parsed = log_names.parse_file_name(name)
    return -1 if parsed is None else parsed[0]


def _scan_next_offset(segment: LogSegment) -> int:
    next_offset = segment.base_offset
    for header in scan_headers(segment.log, 0, segment.size_bytes):
        next_offset = header.last_offset + 1
    return next_offset


def _describe_tail(segment: LogSegment, position: int, reason: str) -> str:
    """Whether the log just ends in bytes that were never a batch, or whether good batches are lost with a bad one."""
    if reason == "cut off":
        return "the last batch is not complete"
    rest = _read_up_to(segment, position, 1 << 20)
    if not rest.strip(b"\0"):
        return "the file ends in zeros"
    lost = list(_valid_batches_behind(segment, position))
    if lost:
        return (
            f"{reason}; CORRUPTION IN THE MIDDLE: {len(lost)} valid batches behind it, offsets {lost[0].base_offset} "
            f"to {lost[-1].last_offset}, are dropped as well"
        )
    return reason


def _read_up_to(segment: LogSegment, position: int, max_bytes: int) -> bytes:
    return segment.log.pread(min(segment.size_bytes - position, max_bytes), position)


def _valid_batches_behind(segment: LogSegment, position: int) -> Iterator[BatchHeader]:
    """The valid batches after the invalid one at ``position``, if that one's length can be believed."""
    try:
        headers = scan_headers(segment.log, position, segment.size_bytes)
        for header in headers:
            for batch in iter_batches(memoryview(read_batch(segment.log, header))):
                if batch.is_valid():
                    yield header
    except (CorruptLogError, ApiError):
        return
