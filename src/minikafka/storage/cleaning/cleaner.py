"""One compaction pass over one log (Kafka: Cleaner).

1. The dirty part is read, and the last offset of every key in it noted (``OffsetMap``), until the map is full.
2. Everything below that point, the clean part included, is copied without the records that a later one has replaced:
   group by group of neighbouring segments, each group into one new segment, which then takes their place. Offsets do
   not move; ``records.filtering`` says what becomes of batches.

A tombstone stays until its delete horizon: delete.retention.ms after the first pass that met it, so that a reader who
began before has seen it. Markers of transactions go the same way once their transaction has no records left.

Reading and copying is done on the pool, through files of its own; the event loop takes stock before and swaps after.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count, pairwise
from typing import TYPE_CHECKING

from minikafka.clock import Clock
from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import Record, RecordBatch, iter_batches, next_batch_size
from minikafka.records.filtering import DELETE, DELETE_EMPTY, RETAIN_EMPTY, BatchRetention, filter_records
from minikafka.storage import log_names
from minikafka.storage.background_steps import Steps, Turn
from minikafka.storage.cleaning.cleanable_logs import LogToClean
from minikafka.storage.cleaning.cleaned_transactions import CleanedTransactions
from minikafka.storage.cleaning.offset_map import OffsetMap
from minikafka.storage.cleaning.throttler import Breather, Throttler
from minikafka.storage.files import FileSystem
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.segment import LogSegment

if TYPE_CHECKING:
    from minikafka.config import LogConfig

logger = logging.getLogger(__name__)

_MAX_RELATIVE_OFFSET = 2**31 - 1
_MAX_GROUP_SEGMENTS = 64
"""Kafka has no such limit. The swap renames five files a segment on the event loop, and is to take less than 5 ms."""
_RECORDS_BETWEEN_BREATHS = 16


class CleaningAbortedError(Exception):
    """The log was closed, deleted or cut meanwhile, or the broker stops; the log is as it was."""


class CleaningSummary:
    """What a pass has read and written, in bytes and records."""

    __slots__ = ("bytes_read", "bytes_written", "end_offset", "keys", "records_read", "records_written")

    def __init__(self) -> None:
        self.end_offset = -1
        """The first offset that is still dirty."""
        self.keys = 0
        self.bytes_read = self.bytes_written = self.records_read = self.records_written = 0

    def __str__(self) -> str:
        return (
            f"up to offset {self.end_offset}: {self.keys} keys, {self.records_read} records of {self.bytes_read} bytes "
            f"to {self.records_written} of {self.bytes_written}"
        )


class Source(NamedTuple):
    """A segment as it was when the pass began; ``segment`` itself belongs to the event loop."""

    segment: LogSegment
    path: str
    base_offset: int
    end_offset: int
    """Where the next segment begins."""
    size_bytes: int
    offset_index_bytes: int
    time_index_bytes: int
    modified_ms: int

    @property
    def is_in_place(self) -> bool:
        """Whether the segment is still what was read."""
        return self.segment.size_bytes == self.size_bytes

    def ensure_valid(self, batch: RecordBatch) -> None:
        """Nothing damaged is copied: a copy would have a checksum that fits, and offsets are outside of it."""
        batch.ensure_valid()
        if not self.base_offset <= batch.last_offset < self.end_offset:
            raise CorruptLogError(
                f"{self.path}: a batch ends at offset {batch.last_offset}, outside of the segment's "
                f"[{self.base_offset}, {self.end_offset})"
            )


class LastRecord(NamedTuple):
    """Where an active producer has left off: its last batch must keep its place, to know the sequence again."""

    last_data_offset: int
    """-1 when all that is known of it is a marker."""
    producer_epoch: int


class Cleaner:
    """Makes passes; one at a time.

    ``files``: for use on the pool alone. ``should_stop`` is asked there, between two reads.
    """

    def __init__(
        self,
        files: FileSystem,
        clock: Clock,
        *,
        dedupe_buffer_bytes: int,
        load_factor: float,
        io_buffer_bytes: int,
        throttler: Throttler,
        breather: Breather,
        should_stop: Callable[[], bool],
    ) -> None:
        self._files = files
        self._clock = clock
        self._dedupe_buffer_bytes = dedupe_buffer_bytes
        self._load_factor = load_factor
        # Kafka has one buffer for reading and one for writing within log.cleaner.io.buffer.size.
        self._chunk_bytes = max(io_buffer_bytes // 2, 1)
        self._throttler = throttler
        self._breather = breather
        self._should_stop = should_stop

    def clean(self, to_clean: LogToClean) -> Steps[CleaningSummary]:
        """One pass. Raises CleaningAbortedError; OSError, CorruptLogError, InvalidRecordsError for what it met."""
        offset_map = OffsetMap(self._dedupe_buffer_bytes, self._load_factor)
        try:
            summary = yield from self._clean(to_clean, offset_map)
        except Exception:
            yield partial(offset_map.clear, self._breather.breathe)
            raise
        yield partial(offset_map.clear, self._breather.breathe)
        return summary

    def _clean(self, to_clean: LogToClean, offset_map: OffsetMap) -> Steps[CleaningSummary]:
        log = to_clean.log
        now_ms = self._clock.wall_ms()
        limit = to_clean.first_uncleanable_offset
        sources = yield from _sources(log, limit)
        summary = CleaningSummary()
        transactions = CleanedTransactions()
        transactions.add_aborted(log.aborted_transactions(to_clean.first_dirty_offset, limit))
        dirty = [source for source in sources if source.end_offset > to_clean.first_dirty_offset]
        yield partial(self._fill, offset_map, log, dirty, to_clean.first_dirty_offset, transactions)
        summary.end_offset = offset_map.latest_offset + 1
        summary.keys = len(offset_map)
        legacy_horizon_ms = _legacy_delete_horizon_ms(sources, to_clean.first_dirty_offset, log.config)
        cleaned = [source for source in sources if source.base_offset < summary.end_offset]
        transactions = CleanedTransactions()
        for group in group_segments(cleaned, log.config.segment_bytes, log.config.segment_index_bytes, limit):
            transactions.add_aborted(log.aborted_transactions(group[0].base_offset, group[-1].end_offset))
            retention = _Retention(
                offset_map, transactions, _last_records(log), limit, now_ms, legacy_horizon_ms, self._breather.breathe
            )
            segment = yield partial(self._clean_group, log, group, retention, summary)
            self._swap(log, segment, group)
            yield partial(self._files.sync_directory, log.directory)
        return summary

    def _swap(self, log: PartitionLog, segment: LogSegment, group: Sequence[Source]) -> None:
        in_place = all(source.is_in_place for source in group)
        if not in_place or not log.replace_segments(segment, [source.segment for source in group]):
            _discard(self._files, segment)
            raise CleaningAbortedError(f"{log.name} has been cut meanwhile")

    # --- on the pool

    def _fill(
        self,
        offset_map: OffsetMap,
        log: PartitionLog,
        dirty: Sequence[Source],
        first_offset: int,
        transactions: CleanedTransactions,
    ) -> None:
        """Map the keys of ``dirty`` from ``first_offset`` on, as many as fit (Cleaner.buildOffsetMap)."""
        for source in dirty:
            for chunk in self._chunks(log, source):
                for batch in iter_batches(chunk):
                    source.ensure_valid(batch)
                    self._breather.breathe()
                    if batch.last_offset >= first_offset and not self._map_batch(
                        offset_map, batch, first_offset, transactions
                    ):
                        return
            offset_map.latest_offset = source.end_offset - 1

    def _map_batch(
        self, offset_map: OffsetMap, batch: RecordBatch, first_offset: int, transactions: CleanedTransactions
    ) -> bool:
        """False when the map is full before the end of the batch; it holds all keys up to ``latest_offset`` then."""
        if batch.is_control:
            transactions.on_control_batch(batch)
        elif not transactions.on_batch(batch):
            for record in self._breather.each(batch):
                if record.key is not None and record.offset >= first_offset:
                    if offset_map.is_full:
                        return False
                    offset_map.put(record.key, record.offset)
                    offset_map.latest_offset = record.offset
        offset_map.latest_offset = batch.last_offset
        return True

    def _clean_group(
        self, log: PartitionLog, group: Sequence[Source], retention: _Retention, summary: CleaningSummary
    ) -> LogSegment:
        """One new segment, named .cleaned, complete and synced, with what stays of ``group``."""
        segment = LogSegment.create(
            self._files,
            log.directory,
            group[0].base_offset,
            log.config,
            self._clock.wall_ms(),
            suffix=log_names.CLEANED,
        )
        try:
            for source in group:
                self._clean_into(segment, log, source, retention, summary)
            segment.become_inactive()
            for descriptor in segment.descriptors_to_sync():
                descriptor.sync()
            segment.close()
            self._files.set_modified_ms(segment.log.path, group[-1].modified_ms)
        except BaseException:
            _discard(self._files, segment)
            raise
        return segment

    def _clean_into(
        self, segment: LogSegment, log: PartitionLog, source: Source, retention: _Retention, summary: CleaningSummary
    ) -> None:
        retention.begin_segment(source)
        for chunk in self._chunks(log, source):
            result = filter_records(
                chunk,
                check_batch_retention=retention.of_batch,
                should_retain_record=retention.of_record,
                now_ms=retention.now_ms,
                delete_retention_ms=log.config.delete_retention_ms,
                pausing=self._breather.each,
            )
            summary.bytes_read += result.bytes_read
            summary.records_read += result.messages_read
            summary.bytes_written += result.bytes_retained
            summary.records_written += result.messages_retained
            for aborted in retention.take_aborted():
                segment.add_aborted_transaction(aborted)
            if result.output:
                batches = list(self._breather.each(iter_batches(result.output)))
                segment.append(result.output, self._breather.sequence(batches))
                self._throttler.maybe_throttle(len(result.output))

    def _chunks(self, log: PartitionLog, source: Source) -> Iterator[memoryview]:
        """The batches of a segment, some at a time, each chunk ending with a whole one."""
        file = self._files.open(source.path)
        position = 0
        while position < source.size_bytes:
            if log.is_failed or self._should_stop():
                raise CleaningAbortedError(f"{log.name} is closed")
            chunk = file.pread(min(self._chunk_bytes, source.size_bytes - position), position)
            first_bytes = next_batch_size(chunk, 0)
            if first_bytes is None or first_bytes > source.size_bytes - position:
                raise CorruptLogError(f"{source.path}: the batch at position {position} is cut off")
            if first_bytes > len(chunk):
                chunk = file.pread(first_bytes, position)
            whole_bytes = self._whole_batches_bytes(chunk)
            self._throttler.maybe_throttle(whole_bytes)
            yield memoryview(chunk)[:whole_bytes]
            position += whole_bytes
        file.close()

    def _whole_batches_bytes(self, chunk: bytes) -> int:
        position = 0
        for _ in self._breather.each(count()):
            size_bytes = next_batch_size(chunk, position)
            if size_bytes is None or position + size_bytes > len(chunk):
                break
            position += size_bytes
        return position


class _Retention:
    """What stays of a log (Cleaner.cleanInto and shouldRetainRecord)."""

    def __init__(
        self,
        offset_map: OffsetMap,
        transactions: CleanedTransactions,
        last_records: dict[int, LastRecord],
        limit: int,
        now_ms: int,
        legacy_horizon_ms: int,
        breathe: Callable[[], None],
    ) -> None:
        self.now_ms = now_ms
        self._offset_map = offset_map
        self._transactions = transactions
        self._last_records = last_records
        self._limit = limit
        self._legacy_horizon_ms = legacy_horizon_ms
        self._breathe = breathe
        self._seen_records = 0
        self._source: Source | None = None
        self._retains_legacy_tombstones = False
        self._discards_records = False

    def begin_segment(self, source: Source) -> None:
        """Batches before magic 2 have no delete horizon: their tombstones go by the age of their segment."""
        self._source = source
        self._retains_legacy_tombstones = source.modified_ms > self._legacy_horizon_ms

    def take_aborted(self) -> list[AbortedTransaction]:
        """Those whose marker stays, since the last call."""
        retained = self._transactions.retained
        self._transactions.retained = []
        return retained

    def of_batch(self, batch: RecordBatch) -> BatchRetention:
        assert self._source is not None
        self._source.ensure_valid(batch)
        self._breathe()
        if batch.is_control:
            can_discard = self._transactions.on_control_batch(batch)
            horizon_ms = batch.delete_horizon_ms
            self._discards_records = can_discard and horizon_ms is not None and horizon_ms <= self.now_ms
        else:
            can_discard = self._discards_records = self._transactions.on_batch(batch)
        if self._must_keep_header(batch):
            retention = RETAIN_EMPTY
        else:
            retention = DELETE if self._discards_records else DELETE_EMPTY
        return BatchRetention(retention, can_discard and batch.is_control)

    def _must_keep_header(self, batch: RecordBatch) -> bool:
        """The last batch of an active producer says its sequence (or, a marker, its epoch); the last of the pass, that
        the log goes as far as here. Before magic 2 there are no empty batches, and Kafka would give the log up."""
        if batch.magic < 2:
            return False
        last_record = self._last_records.get(batch.producer_id) if batch.producer_id >= 0 else None
        if last_record is not None:
            if last_record.last_data_offset >= 0:
                if batch.last_offset == last_record.last_data_offset:
                    return True
            elif batch.is_control and batch.producer_epoch == last_record.producer_epoch:
                return True
        return batch.next_offset == self._limit

    def of_record(self, batch: RecordBatch, record: Record) -> bool:
        self._seen_records += 1
        if self._seen_records % _RECORDS_BETWEEN_BREATHS == 0:
            self._breathe()
        if self._discards_records:
            return False
        if batch.is_control or record.offset > self._offset_map.latest_offset:
            return True
        if record.key is None or record.offset < self._offset_map.get(record.key):
            return False
        if record.value is not None:
            return True
        if batch.magic < 2:
            return self._retains_legacy_tombstones
        horizon_ms = batch.delete_horizon_ms
        return horizon_ms is None or self.now_ms < horizon_ms


def group_segments(sources: Sequence[Source], max_bytes: int, max_index_bytes: int, limit: int) -> list[list[Source]]:
    """Neighbours that fit into one segment: by bytes, by bytes of each index, by the range of offsets."""
    groups: list[list[Source]] = []
    size_bytes = offset_index_bytes = time_index_bytes = 0
    for position, source in enumerate(sources):
        last_offset = (sources[position + 1].base_offset if position + 1 < len(sources) else limit) - 1
        size_bytes += source.size_bytes
        offset_index_bytes += source.offset_index_bytes
        time_index_bytes += source.time_index_bytes
        fits = (
            bool(groups)
            and len(groups[-1]) < _MAX_GROUP_SEGMENTS
            and size_bytes <= max_bytes
            and offset_index_bytes <= max_index_bytes
            and time_index_bytes <= max_index_bytes
            and (not source.size_bytes or last_offset - groups[-1][0].base_offset <= _MAX_RELATIVE_OFFSET)
        )
        if fits:
            groups[-1].append(source)
        else:
            groups.append([source])
            size_bytes = source.size_bytes
            offset_index_bytes, time_index_bytes = source.offset_index_bytes, source.time_index_bytes
    return groups


def _sources(log: PartitionLog, limit: int) -> Steps[list[Source]]:
    """The segments below ``limit``, which is the base offset of one."""
    turn = Turn()
    segments = [segment for segment in log.segments() if segment.base_offset <= limit]
    sources = []
    for segment, following in pairwise(segments):
        sources.append(
            Source(
                segment,
                segment.log.path,
                segment.base_offset,
                following.base_offset,
                segment.size_bytes,
                segment.offset_index.size_bytes,
                segment.time_index.size_bytes,
                segment.last_modified_ms(),
            )
        )
        if turn.is_over:
            yield turn.end
            if log.is_failed:
                raise CleaningAbortedError(f"{log.name} is closed")
    return sources


def _legacy_delete_horizon_ms(sources: Sequence[Source], first_dirty_offset: int, config: LogConfig) -> int:
    """Tombstones without a horizon of their own go from segments older than this: delete.retention.ms before the last
    clean segment was written."""
    clean = [source for source in sources if source.base_offset < first_dirty_offset]
    return clean[-1].modified_ms - config.delete_retention_ms if clean else 0


def _last_records(log: PartitionLog) -> dict[int, LastRecord]:
    return {
        entry.producer_id: LastRecord(entry.last_data_offset, entry.producer_epoch) for entry in log.active_producers()
    }


def _discard(files: FileSystem, segment: LogSegment) -> None:
    segment.abandon()
    for kind in log_names.SEGMENT_SUFFIXES:
        with suppress(FileNotFoundError):
            files.unlink(segment.path(kind))
