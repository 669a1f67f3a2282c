"""The folder of one partition."""

from __future__ import annotations

from itertools import zip_longest

from minikafka.errors import CorruptLogError, StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.storage import leader_epoch_cache, log_names, partition_metadata
from minikafka.storage.files import FileSystem
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.partition_metadata import encode_uuid, read_topic_id
from minikafka.storage.producers.producer_snapshots import decode_snapshot
from minikafka.storage.verification.log_progress import LogProgress
from minikafka.storage.verification.report import Report
from minikafka.storage.verification.segment_check import SegmentCheck

ALL_SYNCED = 2**63
"""A synced offset: the broker was stopped cleanly."""


class Claims(NamedTuple):
    """What other files say of a partition; None where they say nothing."""

    was_clean: bool
    recovery_point: int | None = None
    log_start_offset: int | None = None
    high_watermark: int | None = None
    cleaner_offset: int | None = None
    topic_id: bytes | None = None
    is_compacted: bool | None = None


class LogCheck:
    """``other_names``: whether a file name belongs there although it is not part of a log."""

    def __init__(
        self,
        report: Report,
        files: FileSystem,
        directory: str,
        name: str,
        claims: Claims,
        *,
        reads_records: bool = True,
        other_names: frozenset[str] = frozenset(),
    ) -> None:
        self._report = report
        self._files = files
        self._directory = directory
        self._name = name
        self._claims = claims
        self._reads_records = reads_records
        self._other_names = other_names
        self._synced_offset = ALL_SYNCED if claims.was_clean else claims.recovery_point or 0
        self._names = {name for name, is_folder in files.list_directory(directory) if not is_folder}
        self._bases: list[int] = []
        self._snapshots: set[int] = set()

    def run(self) -> None:
        """Report what is wrong. Raises OSError."""
        self._report.partitions += 1
        self._sort_names()
        self._check_topic_id()
        progress = LogProgress(self._files, self._directory, self._name, self._load_epochs(), self._synced_offset)
        if not self._bases:
            self._unsound(self._directory, "there is no segment; the next start begins an empty log", 0)
        for base_offset, following in zip_longest(self._bases, self._bases[1:]):
            self._check_segment(progress, base_offset, following)
        self._check_snapshots_above(progress)
        self._check_offsets(progress.next_offset)

    def _unsound(self, path: str, text: str, offset: int) -> None:
        """A problem, unless it concerns what was not synced when the broker ended."""
        if offset < self._synced_offset:
            self._report.problem(path, text)
        else:
            self._report.note(path, text)

    def _path(self, name: str) -> str:
        return f"{self._directory}/{name}"

    # --- files

    def _sort_names(self) -> None:
        known = {leader_epoch_cache.FILE_NAME, partition_metadata.FILE_NAME, *self._other_names}
        indexes = []
        for name in sorted(self._names - known):
            offset, kind, mark = log_names.parse_file_name(name) or (-1, "", "")
            if mark == log_names.DELETED:
                self._report.note(self._path(name), "left from a deletion, which the next start completes")
            elif mark:
                self._report.note(self._path(name), "left from a compaction, which the next start completes or undoes")
            elif kind == log_names.LOG:
                self._bases.append(offset)
            elif kind == log_names.PRODUCER_SNAPSHOT:
                self._snapshots.add(offset)
            elif kind in log_names.INDEX_SUFFIXES:
                indexes.append((offset, name))
            else:
                self._report.note(self._path(name), "not a file of a log")
        for offset, name in indexes:
            if offset not in self._bases:
                self._report.note(self._path(name), "an index without its log, which the next start removes")

    def _check_topic_id(self) -> None:
        path = self._path(partition_metadata.FILE_NAME)
        wanted = self._claims.topic_id
        try:
            found = read_topic_id(self._files, self._directory)
        except StorageError:
            self._unsound(path, "cannot be understood", 0)
            return
        if found is None and wanted is not None:
            self._report.note(path, "there is none, the next start writes it")
        elif found is not None and wanted is not None and found != wanted:
            self._report.problem(
                path, f"has the topic id {encode_uuid(found)}, and in the metadata the topic has {encode_uuid(wanted)}"
            )

    def _load_epochs(self) -> LeaderEpochCache | None:
        epochs = LeaderEpochCache(self._files, self._directory)
        try:
            epochs.load()
        except StorageError as error:
            path = self._path(leader_epoch_cache.FILE_NAME)
            self._unsound(path, f"{str(error).removeprefix(f'{path}: ')}; the next start builds it", 0)
            return None
        return epochs

    # --- batches

    def _check_segment(self, progress: LogProgress, base_offset: int, following: int | None) -> None:
        self._check_gap(progress.next_offset, base_offset)
        progress.next_offset = max(progress.next_offset, base_offset)
        if base_offset in self._snapshots:
            self._check_snapshot(base_offset, progress)
        SegmentCheck(
            self._report,
            self._files,
            self._directory,
            base_offset,
            progress,
            synced_offset=self._synced_offset,
            has_indexes=self._synced_offset >= (ALL_SYNCED if following is None else following),
            names=self._names,
            is_compacted=self._claims.is_compacted is not False,
            reads_records=self._reads_records,
        ).run()

    def _check_gap(self, next_offset: int, base_offset: int) -> None:
        if base_offset == self._bases[0] or next_offset >= base_offset or self._claims.is_compacted:
            return
        path = self._path(log_names.file_name(base_offset, log_names.LOG))
        text = f"offsets {next_offset} to {base_offset - 1} before it are missing"
        if self._claims.is_compacted is None:
            self._report.note(path, f"{text}, as compaction may leave it")
        else:
            self._unsound(path, text, next_offset)

    # --- producers

    def _check_snapshots_above(self, progress: LogProgress) -> None:
        for offset in sorted(self._snapshots.difference(self._bases)):
            if offset > progress.next_offset:
                path = self._path(log_names.file_name(offset, log_names.PRODUCER_SNAPSHOT))
                self._unsound(path, f"the log ends at offset {progress.next_offset}", offset - 1)
            else:
                self._check_snapshot(offset, progress if offset == progress.next_offset else None)

    def _check_snapshot(self, offset: int, progress: LogProgress | None) -> None:
        """``progress``: with the producers as they should be; None: only whether the file can be read."""
        path = self._path(log_names.file_name(offset, log_names.PRODUCER_SNAPSHOT))
        try:
            entries = decode_snapshot(self._files.read_bytes(path), path)
        except CorruptLogError as error:
            self._unsound(path, f"{str(error).removeprefix(f'{path}: ')}; the next start builds it", offset)
            return
        if progress is None or self._claims.is_compacted is not False:
            return
        for entry in entries:
            known = progress.producers.producers.get(entry.producer_id)
            if known is not None and known.batches and entry.last_data_offset != known.last_data_offset:
                self._report.problem(
                    path,
                    f"the last record of producer {entry.producer_id} is at offset {known.last_data_offset}, and not "
                    f"{entry.last_data_offset}",
                )
                return

    # --- what other files say

    def _check_offsets(self, log_end_offset: int) -> None:
        claims = self._claims
        recovery_point = claims.recovery_point or 0
        if recovery_point > log_end_offset:
            self._report.problem(
                self._directory,
                f"the log ends at offset {log_end_offset}, and all up to {recovery_point} had been synced: records "
                "are lost",
            )
        elif claims.was_clean and claims.recovery_point is not None and recovery_point < log_end_offset:
            self._report.problem(
                self._directory,
                f"the log ends at offset {log_end_offset}, and ended at {recovery_point} when the broker was stopped",
            )
        if claims.log_start_offset is not None and claims.log_start_offset > log_end_offset:
            self._report.problem(
                self._directory,
                f"the log ends at offset {log_end_offset}, and is to begin at {claims.log_start_offset}: the next "
                "start empties it",
            )
        for offset, what in ((claims.high_watermark, "high watermark"), (claims.cleaner_offset, "cleaner's offset")):
            if offset is not None and offset > log_end_offset and recovery_point <= log_end_offset:
                self._unsound(self._directory, f"the {what} {offset} is above the log end offset {log_end_offset}", 0)
