"""Finding batches in the segments of a log, and what a read may see of them (Kafka: LocalLog.read)."""

from __future__ import annotations

from minikafka.errors import CorruptLogError
from minikafka.storage.batch_scan import LOG_OVERHEAD_BYTES
from minikafka.storage.fetch_data import NO_RECORDS, FetchData, FileSlice
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

_MAX_HINTS = 64


class LogReader:
    """Reads of one log. What changes the log other than by an append has to call ``forget_positions``."""

    __slots__ = ("_end_positions", "_segments")

    def __init__(self, segments: LogSegments) -> None:
        self._segments = segments
        self._end_positions: dict[int, tuple[LogSegment, int]] = {}
        """Offset -> (segment, position) where reads have ended, which is where the next ones begin."""

    def read(
        self, offset: int, end_offset: int, log_end_offset: int, max_bytes: int, committed: bool, min_one_batch: bool
    ) -> FetchData:
        """The batches from ``offset`` to below ``end_offset``, at most ``max_bytes`` (the last may be cut), from one
        segment; see ``PartitionLog.read``. Raises OSError."""
        located = self._locate(offset)
        if located is None:
            return FetchData(offset, aborted_transactions=[] if committed else None)
        segment, position, batch_bytes = located
        end_position = segment.size_bytes
        if end_offset == log_end_offset:
            if segment is self._segments.active:
                self.remember_end(log_end_offset)
        else:
            stable = self._locate(end_offset)
            if stable is not None and stable[0] is segment:
                end_position = stable[1]
        available = end_position - position
        size_bytes = min(max_bytes, available)
        first_incomplete = False
        if size_bytes < available:
            first_batch_bytes = batch_bytes or _batch_bytes_at(segment, position)
            if size_bytes < first_batch_bytes:
                first_incomplete = not min_one_batch
                size_bytes = first_batch_bytes if min_one_batch else size_bytes
        records = FileSlice(segment.log.descriptor(), position, size_bytes) if size_bytes > 0 else NO_RECORDS
        aborted = None
        if committed:
            read_to = self._first_offset_after(segment, position + size_bytes, log_end_offset)
            aborted = [(each.producer_id, each.first_offset) for each in self._aborted_from(segment, offset, read_to)]
        return FetchData(offset, records, aborted, first_incomplete)

    def remember_end(self, log_end_offset: int) -> None:
        """Consumers at the end of the log come back for exactly this offset: spare them the search."""
        hints = self._end_positions
        if log_end_offset not in hints:
            if len(hints) >= _MAX_HINTS:
                hints.clear()
            segment = self._segments.active
            hints[log_end_offset] = (segment, segment.size_bytes)

    def forget_positions(self) -> None:
        """Segments have been cut, replaced or removed."""
        self._end_positions.clear()

    def aborted_transactions(self, offset: int, end_offset: int) -> list[AbortedTransaction]:
        """Those that overlap [offset, end_offset)."""
        segment = self._segments.floor(offset)
        return [] if segment is None else self._aborted_from(segment, offset, end_offset)

    def _locate(self, offset: int) -> tuple[LogSegment, int, int] | None:
        """Where the first batch that ends at or after ``offset`` begins, and its size, 0 where it has not been looked
        at; None past the last one."""
        hint = self._end_positions.get(offset)
        if hint is not None:
            ended_in, position = hint
            if position < ended_in.size_bytes:
                return ended_in, position, 0
            following = self._segments.higher(ended_in.base_offset)
            return (following, 0, 0) if following is not None and following.size_bytes else None
        segment = self._segments.floor(offset)
        while segment is not None:
            header = segment.find_batch(offset)
            if header is not None:
                return segment, header.position, header.size_bytes
            segment = self._segments.higher(segment.base_offset)
        return None

    def _first_offset_after(self, segment: LogSegment, position: int, log_end_offset: int) -> int:
        """As far as a read that ends at ``position`` may have got (addAbortedTransactions)."""
        offset = segment.offset_index.first_offset_after_position(position)
        if offset is None:
            following = self._segments.higher(segment.base_offset)
            offset = log_end_offset if following is None else following.base_offset
        return offset

    def _aborted_from(self, first: LogSegment, offset: int, end_offset: int) -> list[AbortedTransaction]:
        found: list[AbortedTransaction] = []
        segment: LogSegment | None = first
        while segment is not None:
            aborted, is_complete = segment.transaction_index.overlapping(offset, end_offset)
            found += aborted
            if is_complete:
                break
            segment = self._segments.higher(segment.base_offset)
        return found


def _batch_bytes_at(segment: LogSegment, position: int) -> int:
    overhead = segment.log.pread(LOG_OVERHEAD_BYTES, position)
    if len(overhead) < LOG_OVERHEAD_BYTES:
        raise CorruptLogError(f"{segment.log.path}: no batch at position {position}, where the log has one")
    return int.from_bytes(overhead[8:12], "big") + LOG_OVERHEAD_BYTES
