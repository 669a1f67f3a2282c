"""Opening the log of a partition from its folder (Kafka: LogLoader).

After a clean shutdown nothing is read but small files: names, the newest producer snapshot, the leader epochs. After
any other end, the segments from the recovery point on are read batch by batch: what is whole and has the right
checksum stays, the rest is cut off; indexes and producer state are built anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.errors import CorruptLogError, StorageError
from minikafka.storage import log_names, partition_metadata
from minikafka.storage.batch_scan import scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.index import MAX_RELATIVE_OFFSET
from minikafka.storage.leader_epoch_cache import FILE_NAME as EPOCHS_FILE
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.loading.interrupted_work import FolderContent, settle_folder
from minikafka.storage.loading.producer_replay import rebuild_producers
from minikafka.storage.loading.segment_recovery import IsSynced, SegmentRecovery
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import small_files, with_parent
from minikafka.storage.log_folder import LogFolder
from minikafka.storage.partition_log import LoadedLog, PartitionLog
from minikafka.storage.partition_metadata import read_topic_id
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

if TYPE_CHECKING:
    from minikafka.config import LogConfig


class RecoveryReport:
    """What was found and done, for one line a partition."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.log_end_offset = 0
        self.findings: list[str] = []
        self.was_empty = False
        """There was nothing in the log, and nothing had to be done but look."""

    def note(self, finding: str) -> None:
        self.findings.append(finding)

    @property
    def is_routine(self) -> bool:
        """Nothing had to be done but look."""
        return len(self.findings) < 2

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        return f"{self.directory}: {'; '.join(self.findings)}; log end offset {self.log_end_offset}"


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
    is_changed_since: bool = False,
    files: FileSystem | None = None,
    is_synced: IsSynced | None = None,
    advice: str = "bring back a copy of it, or delete the partition's folder",
) -> tuple[PartitionLog, RecoveryReport]:
    """The log in ``directory``. ``log_start_offset`` and ``recovery_point`` are the checkpoints'.
    ``is_changed_since``: somebody had their hands in the folder after the clean shutdown. ``files``: where this
    does not run on the thread that the log will be used on, a FileSystem of its own. ``is_synced`` and
    ``advice``: see ``SegmentRecovery``; by default what is below the recovery point.

    Raises OSError, and StorageError for files that cannot be understood.
    """
    loader = _LogLoader(
        context,
        files or context.files,
        directory,
        topic,
        partition,
        config,
        log_start_offset,
        recovery_point,
        clean_shutdown,
        is_changed_since,
        is_synced or (lambda offset, _: offset < recovery_point),
        advice,
    )
    loaded = loader.load()
    if files is not None:
        for segment in loaded.folder.segments:
            segment.use(context.files)
    return PartitionLog(context, topic, partition, config, loaded), loader.report


class _LogLoader:
    def __init__(
        self,
        context: LogContext,
        segment_files: FileSystem,
        directory: str,
        topic: str,
        partition: int,
        config: LogConfig,
        log_start_offset: int,
        recovery_point: int,
        clean_shutdown: bool,
        is_changed_since: bool,
        is_synced: IsSynced,
        advice: str,
    ) -> None:
        self._context = context
        self._files = context.files
        self._segment_files = segment_files
        self._directory = directory
        self._name = log_names.partition_directory(topic, partition)
        self._config = config
        self._log_start_offset = log_start_offset
        self._recovery_point = recovery_point
        self._clean_shutdown = clean_shutdown
        self._is_changed_since = is_changed_since
        self._is_synced = is_synced
        self._advice = advice
        self._segments = LogSegments()
        self._epochs = LeaderEpochCache(self._files, directory)
        self.report = RecoveryReport(directory)

    def load(self) -> LoadedLog:
        found = settle_folder(self._segment_files, self._directory, self._config, self.report.note)
        self._producers = ProducerStateManager(self._files, self._directory, self._name, found.snapshots)
        self._open_segments(found)
        self._recovery = SegmentRecovery(
            self._context,
            self._segment_files,
            self._directory,
            self._config,
            self._segments,
            self._producers,
            self._epochs,
            self.report.note,
            self._is_synced,
            self._advice,
        )
        self._load_epochs()
        self._rebuild_damaged_indexes(found)
        if not self._clean_shutdown:
            self._recover_unflushed_segments()
        log_end_offset = self._find_log_end_offset()
        if log_end_offset < self._recovery_point:
            self.report.note(f"all up to offset {self._recovery_point} had been synced: records are lost")
        log_end_offset = self._drop_segments_below_start(log_end_offset)
        log_start_offset = max(self._log_start_offset, self._segments.first.base_offset)
        self._epochs.truncate_from_end(log_end_offset)
        self._epochs.truncate_from_start(self._log_start_offset)
        self._load_producers(log_end_offset)
        if self._clean_shutdown:
            self._recovery_point = log_end_offset
        self.report.log_end_offset = log_end_offset
        self.report.was_empty = not log_end_offset and len(self.report.findings) == 1 and not self._clean_shutdown
        topic_id = self._read_topic_id()
        is_clean = self._clean_shutdown
        folder = LogFolder(
            self._context,
            self._directory,
            self._segments,
            self._producers,
            self._epochs,
            recovery_point=min(self._recovery_point, log_end_offset),
            unsynced_directories=() if is_clean else with_parent(self._directory),
            unsynced_files=() if is_clean or topic_id is None else small_files(self._directory),
        )
        return LoadedLog(folder, topic_id, log_start_offset, log_end_offset)

    # --- segments

    def _open_segments(self, found: FolderContent) -> None:
        now_ms = self._context.clock.wall_ms()
        self._segments = LogSegments(
            LogSegment(
                self._segment_files,
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
            self._segment_files, self._directory, self._log_start_offset, self._config, self._context.clock.wall_ms()
        )
        self._segments.add(segment)

    def _load_epochs(self) -> None:
        try:
            self._epochs.load()
        except StorageError as error:
            self._rebuild_epochs(str(error))
        else:
            if not self._files.exists(f"{self._directory}/{EPOCHS_FILE}") and self._has_batches_of_producers():
                self._rebuild_epochs(f"there is no {EPOCHS_FILE}")

    def _rebuild_epochs(self, reason: str) -> None:
        self.report.note(f"the leader epochs are rebuilt, since {reason}")
        try:
            for segment in self._segments:
                for header in scan_headers(segment.log, 0, segment.size_bytes):
                    self._epochs.note(header.partition_leader_epoch, header.base_offset)
        except CorruptLogError:
            pass  # what is damaged and what is only torn is told when the segment is recovered or read

    def _has_batches_of_producers(self) -> bool:
        """Whether the last batches are of the format that has producers and leader epochs."""
        try:
            for segment in reversed(list(self._segments)):
                for header in scan_headers(segment.log, 0, segment.size_bytes, lookup=True):
                    return bool(header.magic >= 2)
        except CorruptLogError:
            pass  # the same
        return False

    def _recover_unflushed_segments(self) -> None:
        unflushed = self._segments.range(self._recovery_point)
        self.report.note(
            f"recovered {len(unflushed)} of {len(self._segments)} segments from offset {self._recovery_point}"
        )
        for position, segment in enumerate(unflushed):
            end_offset = self._producers.map_end_offset
            if position and self._is_behind_a_hole(unflushed[position - 1], segment):
                self._recovery.refuse_hole(end_offset, segment)
                self.report.note(f"offsets {end_offset} to {segment.base_offset - 1} are missing")
                self._drop_rest(unflushed[position:])
                return
            if self._recovery.recover(segment):
                self._drop_rest(unflushed[position + 1 :])
                return

    def _is_behind_a_hole(self, before: LogSegment, segment: LogSegment) -> bool:
        """A loss of power may keep a new segment and lose the unsynced end of the one before. What lies behind such a
        hole goes, as what lies behind a torn batch does. Compaction makes holes too, and those are no loss; nor are
        those wider than a segment, which have always been there (see ``segment_split``)."""
        is_hole = segment.base_offset > self._producers.map_end_offset
        is_loss = segment.base_offset - before.base_offset <= MAX_RELATIVE_OFFSET + 1
        return is_hole and is_loss and not self._config.compact

    def _drop_rest(self, segments: list[LogSegment]) -> None:
        if segments:
            self.report.note(f"removed {len(segments)} segments ({_total_bytes(segments)} bytes) behind it")
            self._drop(segments)

    def _rebuild_damaged_indexes(self, found: FolderContent) -> None:
        """Indexes that are missing or cannot be right, in ascending order, since each relies on the segments before;
        the segments from the recovery point on get theirs anew in any case."""
        first_recovered = None
        if not self._clean_shutdown:
            first_recovered = self._segments.floor(self._recovery_point) or self._segments.first
        lacks_transaction_index = self._is_changed_since and self._search_of_lost_transaction_indexes()
        for segment in self._segments:
            if first_recovered is not None and segment.base_offset >= first_recovered.base_offset:
                break
            if (
                not found.has_indexes(segment.base_offset)
                or not self._indexes_look_sane(segment)
                or (lacks_transaction_index and lacks_transaction_index(segment))
            ):
                self._recovery.recover(segment, may_cut=False)
                self.report.note(f"rebuilt the indexes of {segment.log.path}")

    def _search_of_lost_transaction_indexes(self) -> Callable[[LogSegment], bool] | None:
        """What tells whether a segment has lost one; None when there never was any."""
        from minikafka.storage.loading.lost_transaction_indexes import lacks_transaction_index, may_hold_markers

        return lacks_transaction_index if may_hold_markers(self._files, self._producers) else None

    def _indexes_look_sane(self, segment: LogSegment) -> bool:
        """After a clean shutdown the sorted indexes are not even opened, as in Kafka, unless somebody else was there
        in between."""
        if not segment.transaction_index.looks_sane():
            return False
        if self._clean_shutdown and not self._is_changed_since:
            return True
        return segment.offset_index.looks_sane() and segment.time_index.looks_sane()

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
        # Later, and on the pool: each log has one of the stop before last, and a start is not to wait for that.
        self._context.deletions.schedule(
            self._context.clock.monotonic_ms(), producers.forget_stray_snapshots(self._segments.base_offsets)
        )
        has_no_snapshot = self._clean_shutdown and producers.latest_snapshot_offset is None
        if has_no_snapshot and not self._has_batches_of_producers():
            # A log from before idempotence, or without records: nobody to know (UnifiedLog.rebuildProducerState). Of
            # others, the snapshots were lost.
            producers.map_end_offset = log_end_offset
            return
        rebuild_producers(self._context, producers, self._segments, log_end_offset)


def _total_bytes(segments: list[LogSegment]) -> int:
    return sum(segment.size_bytes for segment in segments)
