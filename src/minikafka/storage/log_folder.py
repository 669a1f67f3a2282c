"""The files of a log in one folder, and what of them is not durable yet (Kafka: LocalLog).

Segments with their indexes, producer snapshots, the leader epochs. A move to another log directory (KIP-113) exchanges
this, and nothing else, between a log and its copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from minikafka.storage import log_names
from minikafka.storage.background_steps import Steps, Turn
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.log_context import LogContext
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments
from minikafka.storage.sync_work import SyncWork

if TYPE_CHECKING:
    from minikafka.config import LogConfig


class LogFolder:
    """All methods raise OSError."""

    __slots__ = (
        "_context",
        "_files",
        "_unsynced_directories",
        "_unsynced_files",
        "_unsynced_segments",
        "directory",
        "epochs",
        "producers",
        "recovery_point",
        "segments",
    )

    def __init__(
        self,
        context: LogContext,
        directory: str,
        segments: LogSegments,
        producers: ProducerStateManager,
        epochs: LeaderEpochCache,
        *,
        recovery_point: int = 0,
        unsynced_directories: Iterable[str] = (),
        unsynced_files: Iterable[str] = (),
    ) -> None:
        """``unsynced_directories``: folders with names that a loss of power could take back; ``unsynced_files``: small
        files of which the same is true."""
        self._context = context
        self._files = context.files
        self.directory = directory
        self.segments = segments
        self.producers = producers
        self.epochs = epochs
        self.recovery_point = recovery_point
        """Everything below has been synced."""
        self._unsynced_directories = set(unsynced_directories)
        self._unsynced_files = set(unsynced_files)
        self._unsynced_segments: set[LogSegment] = set()
        """Besides those from the recovery point on: changed otherwise than by an append."""
        if self._unsynced_directories:
            self._unsynced_segments.update(segments.range(recovery_point))

    # --- growing

    def roll_to(self, base_offset: int, config: LogConfig) -> LogSegment | None:
        """A new active segment, which begins with the batch that did not belong into the old one any more; None when
        the active one is empty and begins there already."""
        old = self.segments.active
        if not old.size_bytes and old.base_offset == base_offset:
            return None
        old.become_inactive()
        self._unsynced_segments.add(old)
        segment = self._add_segment(base_offset, config)
        self.producers.map_end_offset = base_offset
        self._note_snapshot(self.producers.take_snapshot(sync=False))
        return segment

    def _add_segment(self, base_offset: int, config: LogConfig) -> LogSegment:
        segment = LogSegment.create(self._files, self.directory, base_offset, config, self._context.clock.wall_ms())
        self.segments.add(segment)
        self._unsynced_directories.add(self.directory)
        return segment

    def _note_snapshot(self, path: str | None) -> None:
        if path is not None:
            self._unsynced_files.add(path)
            self._unsynced_directories.add(self.directory)

    # --- cutting

    def truncate_to(self, offset: int, delete_delay_ms: int) -> None:
        """Drop the batches that end at ``offset`` or later; ``offset`` is not below the first segment."""
        from minikafka.storage.loading.producer_replay import rebuild_producers

        self.delete_segments([segment for segment in self.segments if segment.base_offset > offset], delete_delay_ms)
        active = self.segments.active
        active.truncate_to(offset)
        self._unsynced_segments.add(active)
        self.epochs.truncate_from_end(offset)
        rebuild_producers(self._context, self.producers, self.segments, offset)

    def start_again_at(self, offset: int, config: LogConfig) -> None:
        """Drop everything; go on with an empty segment."""
        self.delete_segments(list(self.segments), config.file_delete_delay_ms)
        self._add_segment(offset, config)
        self.epochs.clear()
        self.producers.truncate_fully_and_start_at(offset)

    def delete_segments(
        self, segments: Sequence[LogSegment], delay_ms: int, *, kept_snapshot: int | None = None
    ) -> None:
        """Rename the files now, delete them when those who read them have had time to finish. ``kept_snapshot``: the
        base offset of one whose producer snapshot stays."""
        paths: list[str] = []
        self._unsynced_segments.difference_update(segments)
        self._unsynced_directories.add(self.directory)
        for segment in segments:
            self.segments.remove(segment)
        for segment in segments:
            segment.abandon()
            segment.rename_suffix(log_names.DELETED)
            paths += segment.existing_paths()
            if segment.base_offset != kept_snapshot:
                snapshot_path = self.producers.mark_snapshot_deleted(segment.base_offset)
                if snapshot_path is not None:
                    paths.append(snapshot_path)
        self._context.deletions.schedule(self._context.clock.monotonic_ms() + delay_ms, paths)

    def replace_segments(self, cleaned: LogSegment, replaced: Sequence[LogSegment], config: LogConfig) -> bool:
        """Put the segment that the cleaner wrote (.cleaned, synced and closed) in the place of those it was made from;
        False, and nothing is done, when they are not all in the log any more.

        The renames are in an order that recovery can complete or undo at any point (UnifiedLog.replaceSegments); the
        caller syncs the directory.
        """
        if not all(self._is_inactive(segment) for segment in replaced):
            return False
        segment = LogSegment(
            self._files,
            self.directory,
            cleaned.base_offset,
            config,
            self._context.clock.wall_ms(),
            size_bytes=cleaned.size_bytes,
            has_transaction_index=cleaned.transaction_index.exists,
            suffix=log_names.CLEANED,
        )
        segment.rename_suffix(log_names.SWAP)
        self.segments.add(segment)
        self.delete_segments(replaced, config.file_delete_delay_ms, kept_snapshot=segment.base_offset)
        segment.rename_suffix("")
        return True

    def _is_inactive(self, segment: LogSegment) -> bool:
        return segment is not self.segments.active and self.segments.floor(segment.base_offset) is segment

    # --- syncing

    def has_unsynced(self, end_offset: int) -> bool:
        return end_offset > self.recovery_point or bool(self._unsynced_directories or self._unsynced_segments)

    def take_unsynced(self, end_offset: int) -> SyncWork:
        """Everything that makes the log durable up to ``end_offset``; it counts as synced from now on, unless it is
        given back."""
        segments = self._unsynced_segments | set(self.segments.range(self.recovery_point, end_offset))
        # Recovery builds the indexes of the segment that holds the recovery point anew: no need to sync them as long
        # as that is the active one.
        active = self.segments.active
        batches_only = active if active not in self._unsynced_segments else None
        work = SyncWork(self._files, end_offset, segments, batches_only, self.epochs)
        work.paths, work.directories = self._unsynced_files, self._unsynced_directories
        self._unsynced_segments, self._unsynced_files, self._unsynced_directories = set(), set(), set()
        return work

    def take_back(self, work: SyncWork) -> None:
        """What ``work`` could not sync is still to be synced."""
        self._unsynced_segments |= work.segments & set(self.segments)
        self._unsynced_files |= work.paths
        self._unsynced_directories |= work.directories
        if work.epochs is not None:
            self.epochs.mark_dirty()

    # --- end

    def complete(self) -> None:
        """Trim the indexes and write the producer snapshot, as it is left at a clean stop."""
        self._unsynced_segments.update([segment for segment in self.segments if segment.complete()])
        self._note_snapshot(self.producers.take_snapshot(sync=False))

    def abandon(self) -> None:
        """Let go of all files without writing to them."""
        for segment in self.segments:
            segment.abandon()

    def abandon_gradually(self) -> Steps[None]:
        """The same, of any number of segments."""
        turn = Turn()
        for segment in self.segments:
            segment.abandon()
            if turn.is_over:
                yield turn.end

    def rename_itself(self, directory: str) -> None:
        """Move the folder. Nobody is going to open its files any more."""
        self._files.rename(self.directory, directory)
        old, self.directory = self.directory, directory
        self._unsynced_directories = {directory if path == old else path for path in self._unsynced_directories}
        self._unsynced_files = {
            directory + path.removeprefix(old) if path.startswith(f"{old}/") else path for path in self._unsynced_files
        }

    def rename(self, directory: str) -> None:
        """Move the folder, with the files open."""
        self.rename_itself(directory)
        self.producers.move_to(directory)
        self.epochs.move_to(directory)
        for segment in self.segments:
            segment.move_to(directory)
