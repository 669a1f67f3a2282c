"""A segment of a log: one .log file and its indexes (Kafka: LogSegment)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple
from minikafka.storage import log_names
from minikafka.storage.batch_scan import BatchHeader, read_batch, scan_headers
from minikafka.storage.files import Descriptor, FileSystem, LogFile
from minikafka.storage.index import (
    MAX_RELATIVE_OFFSET,
    NO_TIMESTAMP,
    AbortedTransaction,
    OffsetIndex,
    TimeIndex,
    TransactionIndex,
)

if TYPE_CHECKING:
    from minikafka.config import LogConfig
    from minikafka.records.batch import RecordBatch


_NOT_LOADED = -2
"""In place of a timestamp: the time index has not been looked at yet."""


class TimestampedOffset(NamedTuple):
    """What a lookup by timestamp finds; ``leader_epoch`` is -1 when unknown."""

    offset: int
    timestamp: int
    leader_epoch: int


class LogSegment:
    """The batches from ``base_offset`` up to the next segment's. Files are opened when first needed."""

    __slots__ = (
        "_bytes_since_index_entry",
        "_first_batch_timestamp",
        "_has_index_room",
        "_index_interval_bytes",
        "_max_timestamp",
        "_may_be_longer",
        "_offset_of_max_timestamp",
        "_size_bytes",
        "base_offset",
        "created_ms",
        "directory",
        "files",
        "log",
        "offset_index",
        "roll_jitter_ms",
        "suffix",
        "time_index",
        "transaction_index",
    )

    def __init__(
        self,
        files: FileSystem,
        directory: str,
        base_offset: int,
        config: LogConfig,
        now_ms: int,
        *,
        size_bytes: int = -1,
        has_transaction_index: bool = False,
        suffix: str = "",
    ) -> None:
        """``size_bytes`` -1: not known yet. ``suffix``: .cleaned or .swap while a segment is being replaced."""
        self.files = files
        self.directory = directory
        self.base_offset = base_offset
        self.suffix = suffix
        self.created_ms = now_ms
        self.roll_jitter_ms = _random_jitter_ms(config)
        self.log: LogFile = files.open(self.path(log_names.LOG))
        max_index_bytes = config.segment_index_bytes
        self.offset_index = OffsetIndex(files, self.path(log_names.OFFSET_INDEX), base_offset, max_index_bytes)
        self.time_index = TimeIndex(files, self.path(log_names.TIME_INDEX), base_offset, max_index_bytes)
        self.transaction_index = TransactionIndex(
            files, self.path(log_names.TRANSACTION_INDEX), exists=has_transaction_index
        )
        self._index_interval_bytes = config.index_interval_bytes
        self._bytes_since_index_entry = 0
        self._has_index_room = False
        """Known since the last entry; else the indexes have to be asked."""
        self._size_bytes = size_bytes
        self._may_be_longer = False
        self._max_timestamp = _NOT_LOADED
        self._offset_of_max_timestamp = -1
        self._first_batch_timestamp: int | None = None

    @classmethod
    def create(
        cls, files: FileSystem, directory: str, base_offset: int, config: LogConfig, now_ms: int, *, suffix: str = ""
    ) -> LogSegment:
        """A new, empty segment; files left over under its names are emptied or removed."""
        segment = cls(files, directory, base_offset, config, now_ms, size_bytes=0, suffix=suffix)
        files.create(segment.log.path, config.segment_bytes if config.preallocate else 0)
        segment._may_be_longer = config.preallocate
        for index in (segment.offset_index, segment.time_index):
            files.create(index.path, index.preallocated_bytes)
            index.mark_created(preallocated=True)
        if files.exists(segment.transaction_index.path):
            files.unlink(segment.transaction_index.path)
        return segment

    def __repr__(self) -> str:
        return f"LogSegment({self.log.path}, {self._size_bytes} bytes)"

    def path(self, file_suffix: str) -> str:
        name = log_names.file_name(self.base_offset, file_suffix)
        return f"{self.directory}/{name}{self.suffix}"

    @property
    def size_bytes(self) -> int:
        """Bytes of batches in the .log file (a preallocated file is longer)."""
        if self._size_bytes < 0:
            self._size_bytes = self.files.size_bytes(self.log.path)
        return self._size_bytes

    # --- writing

    def append(self, data: bytes | bytearray | memoryview, batches: Sequence[RecordBatch]) -> None:
        """Write ``data``, which holds ``batches``, at the end: one write. The caller rolls before a segment overflows.

        After an OSError the segment is as before, but the file may be longer: see ``discard_partial_write``.
        """
        position = self._size_bytes if self._size_bytes >= 0 else self.size_bytes
        if self._bytes_since_index_entry > self._index_interval_bytes:
            self._make_room_for_entries()
        self.log.pwrite(data, position)
        self._size_bytes = position + len(data)
        for batch in batches:
            self._note_batch(batch.last_offset, batch.max_timestamp, position, batch.size_bytes)
            position += batch.size_bytes

    def discard_partial_write(self) -> None:
        """Cut what a failed ``append`` may have left beyond the last whole batch."""
        self._may_be_longer = True
        self.log.truncate(self.size_bytes)
        self._may_be_longer = False

    def _make_room_for_entries(self) -> None:
        """All that may fail about the indexes is done before the batch is written, so that no append fails halfway."""
        self.offset_index.maybe_store()
        self.time_index.maybe_store()

    def _note_batch(self, last_offset: int, max_timestamp: int, position: int, size_bytes: int) -> None:
        if max_timestamp > self.max_timestamp:
            self._max_timestamp = max_timestamp
            self._offset_of_max_timestamp = last_offset
        if self._bytes_since_index_entry > self._index_interval_bytes:
            self.offset_index.append(last_offset, position)
            self.time_index.maybe_append(self._max_timestamp, self._offset_of_max_timestamp)
            self._bytes_since_index_entry = 0
            self._has_index_room = False
        self._bytes_since_index_entry += size_bytes

    def add_aborted_transaction(self, aborted: AbortedTransaction) -> None:
        self.transaction_index.append(aborted)

    def should_roll(
        self, config: LogConfig, size_bytes: int, max_timestamp: int, last_offset: int, max_segment_ms: int, now_ms: int
    ) -> bool:
        """Whether a batch of this size, timestamp and offset belongs into a new segment (LogSegment.shouldRoll)."""
        size = self._size_bytes if self._size_bytes >= 0 else self.size_bytes
        if size + size_bytes > config.segment_bytes:
            return True
        if last_offset - self.base_offset > MAX_RELATIVE_OFFSET:
            return True
        if size and self.time_waited_for_roll_ms(now_ms, max_timestamp) > max_segment_ms - self.roll_jitter_ms:
            return True
        if not self._has_index_room:
            self._has_index_room = not (self.offset_index.is_full or self.time_index.is_full)
        return not self._has_index_room

    def time_waited_for_roll_ms(self, now_ms: int, max_timestamp: int) -> int:
        """The age that segment.ms is held against: by record time if the first batch has one, else since creation."""
        first = self._first_batch_timestamp
        if first is None:
            first = self.first_batch_timestamp
        return max_timestamp - first if first >= 0 else now_ms - self.created_ms

    @property
    def first_batch_timestamp(self) -> int:
        """The greatest timestamp of the first batch; -1 when there is none."""
        if self._first_batch_timestamp is None:
            for header in scan_headers(self.log, 0, self.size_bytes, lookup=True):
                self._first_batch_timestamp = header.max_timestamp
                break
        return NO_TIMESTAMP if self._first_batch_timestamp is None else self._first_batch_timestamp

    def become_inactive(self) -> None:
        """The segment is rolled: complete and trim the indexes."""
        self.time_index.maybe_append(self.max_timestamp, self.offset_of_max_timestamp)
        self._has_index_room = False
        self.offset_index.trim()
        self.time_index.trim()
        self.log.truncate(self.size_bytes)
        self._may_be_longer = False

    def descriptors_to_sync(self) -> list[Descriptor]:
        """What has to be synced, on any thread, to make everything appended so far durable."""
        self.offset_index.store()
        self.time_index.store()
        descriptors = [self.log.descriptor(), self.offset_index.descriptor(), self.time_index.descriptor()]
        if self.transaction_index.exists:
            descriptors.append(self.transaction_index.descriptor())
        return descriptors

    def complete(self) -> bool:
        """Bring the files to the state in which they are left at a clean stop; False when they are in it already."""
        if self._max_timestamp != _NOT_LOADED:
            self.time_index.maybe_append(self._max_timestamp, self._offset_of_max_timestamp)
            self._has_index_room = False
        if self.offset_index.is_trimmed and self.time_index.is_trimmed and not self._may_be_longer:
            return False
        self.offset_index.trim()
        self.time_index.trim()
        if self._may_be_longer:
            self.discard_partial_write()
        return True

    def close(self) -> None:
        """``complete``, and let go of the files."""
        self.complete()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files without writing to them."""
        self.offset_index.abandon()
        self.time_index.abandon()
        self.transaction_index.close()
        self.log.close()

    # --- reading

    @property
    def max_timestamp(self) -> int:
        """The greatest record timestamp so far; -1 when there is none."""
        if self._max_timestamp == _NOT_LOADED:
            self._max_timestamp, self._offset_of_max_timestamp = self.time_index.last_entry
        return self._max_timestamp

    @property
    def offset_of_max_timestamp(self) -> int:
        """The last offset of the first batch with the greatest timestamp."""
        if self._max_timestamp == _NOT_LOADED:
            self._max_timestamp, self._offset_of_max_timestamp = self.time_index.last_entry
        return self._offset_of_max_timestamp

    @property
    def largest_timestamp(self) -> int:
        """The greatest record timestamp; where records have none, the time the file was last written."""
        timestamp = self.max_timestamp
        return timestamp if timestamp >= 0 else self.last_modified_ms()

    def last_modified_ms(self) -> int:
        """When the .log file was last written, in milliseconds since the Unix epoch."""
        return self.files.modified_ms(self.log.path)

    def find_batch(self, offset: int, start_position: int = 0) -> BatchHeader | None:
        """The first batch that ends at or after ``offset``; None when there is none in this segment."""
        position = max(self.offset_index.position_before(offset), start_position)
        for header in scan_headers(self.log, position, self.size_bytes, lookup=True, from_offset=offset):
            if header.last_offset >= offset:
                return header
        if position > start_position and self._has_no_batch_at(position):
            return self._find_batch_without_index(offset, start_position)
        return None

    def _has_no_batch_at(self, position: int) -> bool:
        return next(scan_headers(self.log, position, self.size_bytes, lookup=True), None) is None

    def _find_batch_without_index(self, offset: int, position: int) -> BatchHeader | None:
        """For an index that is damaged: it names a position where no batch is. After a clean stop nobody has looked."""
        for header in scan_headers(self.log, position, self.size_bytes):
            if header.last_offset >= offset:
                return header
        return None

    def read_next_offset(self) -> int:
        """The offset after the last whole batch, found by going on from the last indexed one."""
        entries = self.offset_index.entries
        position = self.offset_index.entry(entries - 1)[1] if entries else 0
        next_offset = self.base_offset
        header = None
        for header in scan_headers(self.log, position, self.size_bytes):
            next_offset = header.last_offset + 1
        if header is None and position:  # the index is damaged
            for header in scan_headers(self.log, 0, self.size_bytes):
                next_offset = header.last_offset + 1
        return next_offset

    def find_offset_by_timestamp(self, timestamp: int, start_offset: int) -> TimestampedOffset | None:
        """The first record at or after ``start_offset`` whose timestamp is >= ``timestamp``."""
        indexed_offset = self.time_index.lookup(timestamp)[1]
        position = self.offset_index.position_before(max(indexed_offset, start_offset))
        for header in scan_headers(self.log, position, self.size_bytes):
            if header.max_timestamp < timestamp:
                continue
            for batch in self.load(header):
                for record in batch:
                    if record.timestamp >= timestamp and record.offset >= start_offset:
                        return TimestampedOffset(record.offset, record.timestamp, header.partition_leader_epoch)
        return None

    def find_offset_of_max_timestamp(self) -> TimestampedOffset | None:
        """The first record with the greatest timestamp of this segment."""
        timestamp, offset = self.max_timestamp, self.offset_of_max_timestamp
        position = self.offset_index.position_before(offset)
        for header in scan_headers(self.log, position, self.size_bytes):
            if header.max_timestamp != timestamp:
                continue
            for batch in self.load(header):
                for record in batch:
                    if record.timestamp == timestamp:
                        return TimestampedOffset(record.offset, timestamp, header.partition_leader_epoch)
        return None

    def load(self, header: BatchHeader) -> Sequence[RecordBatch]:
        """The batch itself, with its records."""
        from minikafka.records.batch import iter_batches

        return list(iter_batches(memoryview(read_batch(self.log, header))))

    # --- cutting

    def truncate_to(self, offset: int) -> int:
        """Drop the batches that end at ``offset`` or later; returns the bytes dropped."""
        first_dropped = self.find_batch(offset)
        self.offset_index.truncate_to(offset)
        self.time_index.truncate_to(offset)
        self.transaction_index.truncate_to(offset)
        size_before = self.size_bytes
        if first_dropped is not None:
            self.truncate_to_position(first_dropped.position)
        self._bytes_since_index_entry = 0
        self._find_max_timestamp()
        return size_before - self.size_bytes

    def truncate_to_position(self, position: int) -> None:
        """Cut the .log file, which may be longer than its batches."""
        self.log.truncate(position)
        self._size_bytes = position
        if position == 0:
            self._first_batch_timestamp = None

    def _find_max_timestamp(self) -> None:
        self._max_timestamp, self._offset_of_max_timestamp = self.time_index.last_entry
        position = self.offset_index.position_before(self._offset_of_max_timestamp)
        for header in scan_headers(self.log, position, self.size_bytes):
            if header.max_timestamp > self._max_timestamp:
                self._max_timestamp, self._offset_of_max_timestamp = header.max_timestamp, header.last_offset

    # --- rebuilding (recovery.py drives it batch by batch)

    def start_rebuilding(self) -> None:
        """Empty the indexes, whose files may be missing or damaged."""
        for index in (self.offset_index, self.time_index):
            if not self.files.exists(index.path):
                self.files.create(index.path)
            index.reset()
        self.transaction_index.reset()
        self._max_timestamp, self._offset_of_max_timestamp = NO_TIMESTAMP, self.base_offset
        self._bytes_since_index_entry = 0

    def index_batch(self, header: BatchHeader) -> None:
        """Index the next batch, as ``append`` would have."""
        if header.last_offset - self.base_offset > MAX_RELATIVE_OFFSET or header.last_offset < self.base_offset:
            raise CorruptLogError(
                f"{self.log.path}: offset {header.last_offset} at position {header.position} does not belong into "
                f"a segment that begins at {self.base_offset}"
            )
        self._note_batch(header.last_offset, header.max_timestamp, header.position, header.size_bytes)

    def finish_rebuilding(self) -> None:
        self.offset_index.trim()
        self.time_index.maybe_append(self.max_timestamp, self.offset_of_max_timestamp)
        self.time_index.trim()

    def use(self, files: FileSystem) -> None:
        """Go on with ``files``, on the thread that they belong to. Nothing may be unwritten."""
        self.abandon()
        self.files = files
        self.log = files.open(self.log.path)
        for index in (self.offset_index, self.time_index, self.transaction_index):
            index.use(files)

    # --- names

    def move_to(self, directory: str) -> None:
        """The folder has been renamed."""
        self.directory = directory
        self._follow_paths()

    def rename_suffix(self, suffix: str) -> None:
        """Rename all files from the present suffix to ``suffix``, the .log file first (changeFileSuffixes)."""
        old_paths = [self.path(kind) for kind in log_names.SEGMENT_SUFFIXES]
        self.suffix = suffix
        for old_path, kind in zip(old_paths, log_names.SEGMENT_SUFFIXES, strict=True):
            if kind != log_names.TRANSACTION_INDEX or self.transaction_index.exists:
                self.files.rename(old_path, self.path(kind))
        self._follow_paths()

    def existing_paths(self) -> list[str]:
        """The files of the segment, for deletion."""
        paths = [self.path(kind) for kind in log_names.SEGMENT_SUFFIXES]
        return [path for path in paths if self.files.exists(path)]

    def _follow_paths(self) -> None:
        self.log.path = self.path(log_names.LOG)
        self.offset_index.path = self.path(log_names.OFFSET_INDEX)
        self.time_index.path = self.path(log_names.TIME_INDEX)
        self.transaction_index.path = self.path(log_names.TRANSACTION_INDEX)


def _random_jitter_ms(config: LogConfig) -> int:
    """Spreads the rolling of many partitions that were created together (segment.jitter.ms)."""
    if not config.segment_jitter_ms:
        return 0
    import random  # with its hash functions, milliseconds that no start needs

    return random.randrange(2**31) % min(config.segment_jitter_ms, config.segment_ms)
