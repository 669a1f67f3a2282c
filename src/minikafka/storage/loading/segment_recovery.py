"""Checking the batches of a segment after a crash, and building its indexes anew (Kafka: LogSegment.recover)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from minikafka.errors import ApiError, CorruptLogError
from minikafka.records.batch import RecordBatch, iter_batches
from minikafka.storage.batch_scan import read_batch, scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.index import MAX_RELATIVE_OFFSET
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.loading.producer_replay import rebuild_producers, replay_batch
from minikafka.storage.log_context import LogContext
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

if TYPE_CHECKING:
    from minikafka.config import LogConfig


IsSynced = Callable[[int, Iterable[RecordBatch]], bool]


class _TooFar(Exception):
    """A batch's offset is too far from the segment's for its index."""


class SegmentRecovery:
    """Recovers segments of one log, which is being loaded, in ascending order.

    :param note: told of each finding.
    :param is_synced: whether what is damaged had been synced, from its offset and the valid batches behind it, of which
        there is one at least.
    :param advice: what to do about damage that is not mended.
    """

    def __init__(
        self,
        context: LogContext,
        files: FileSystem,
        directory: str,
        config: LogConfig,
        segments: LogSegments,
        producers: ProducerStateManager,
        epochs: LeaderEpochCache,
        note: Callable[[str], None],
        is_synced: IsSynced,
        advice: str,
    ) -> None:
        self._context = context
        self._files = files
        self._directory = directory
        self._config = config
        self._segments = segments
        self._producers = producers
        self._epochs = epochs
        self._note = note
        self._is_synced = is_synced
        self._advice = advice

    def recover(self, segment: LogSegment, *, may_cut: bool = True) -> int:
        """Check every batch, build the indexes anew, and cut off what is not valid; returns the bytes cut off.

        Without ``may_cut`` invalid bytes raise CorruptLogError: what has been synced is not torn, but damaged. So they
        do when what had been synced is valid behind them. A segment with offsets too far apart becomes several. Raises
        OSError.
        """
        try:
            return self._recover(segment, may_cut)
        except _TooFar:
            return self._split_and_recover(segment, may_cut)

    def _split_and_recover(self, segment: LogSegment, may_cut: bool) -> int:
        from minikafka.storage.loading.segment_split import split_segment

        parts = split_segment(self._files, self._directory, segment, self._config)
        self._note(
            f"split {segment.log.path.removesuffix('.deleted')}, whose offsets were too far apart for an index, at "
            f"the offsets {', '.join(str(part.base_offset) for part in parts)}"
        )
        for part in parts:
            self._segments.add(part)
        for index, part in enumerate(parts):
            dropped_bytes = self._recover(part, may_cut)
            if dropped_bytes:
                for rest in parts[index + 1 :]:
                    dropped_bytes += rest.size_bytes
                    self._segments.remove(rest)
                    rest.abandon()
                    for path in rest.existing_paths():
                        self._files.unlink(path)
                return dropped_bytes
        return 0

    def _recover(self, segment: LogSegment, may_cut: bool) -> int:
        rebuild_producers(self._context, self._producers, self._segments, segment.base_offset)
        valid_bytes = 0
        segment.start_rebuilding()
        try:
            for header in scan_headers(segment.log, 0, segment.size_bytes):
                batches = list(iter_batches(memoryview(read_batch(segment.log, header))))
                for batch in batches:
                    batch.ensure_valid()
                if header.last_offset - segment.base_offset > MAX_RELATIVE_OFFSET:
                    raise _TooFar
                segment.index_batch(header)
                for batch in batches:
                    self._replay(segment, batch)
                valid_bytes = header.end_position
            reason = "cut off"
        except (CorruptLogError, ApiError, ValueError) as error:
            reason = str(error)
        dropped_bytes = segment.size_bytes - valid_bytes
        if dropped_bytes:
            offset = max(self._producers.map_end_offset, segment.base_offset)
            behind = _batches_behind(segment, valid_bytes, offset)
            if not may_cut or self._hides_what_follows_the_synced(segment, offset, behind):
                self._refuse(segment, valid_bytes, offset, reason)
            self._cut(segment, valid_bytes, offset, reason, behind)
        segment.finish_rebuilding()
        self._producers.take_snapshot(sync=True)
        return dropped_bytes

    def refuse_hole(self, end_offset: int, segment: LogSegment) -> None:
        """Raise CorruptLogError if what is missing between ``end_offset`` and ``segment`` had been synced."""
        if segment.size_bytes and self._is_synced(end_offset, self._batches_from(segment)):
            raise CorruptLogError(
                f"offsets {end_offset} to {segment.base_offset - 1} are missing before {segment.log.path}, where they "
                f"had been synced; {self._advice}"
            )

    def _hides_what_follows_the_synced(self, segment: LogSegment, offset: int, behind: Sequence[RecordBatch]) -> bool:
        following = self._segments.higher(segment.base_offset)
        while following is not None and not following.size_bytes:
            following = self._segments.higher(following.base_offset)
        if not behind and following is None:
            return False
        further = iter(()) if following is None else self._batches_from(following)
        return self._is_synced(offset, chain(behind, further))

    def _batches_from(self, segment: LogSegment) -> Iterator[RecordBatch]:
        """The valid batches of ``segment`` and of those after it."""
        from minikafka.storage.batch_reader import BatchReader

        for each in self._segments.range(segment.base_offset):
            yield from BatchReader(each.log, each.size_bytes).batches_behind(-1, each.base_offset)

    def _refuse(self, segment: LogSegment, position: int, offset: int, reason: str) -> None:
        segment.abandon()
        self._files.unlink(segment.offset_index.path)  # so that the next start finds this again
        raise CorruptLogError(
            f"{segment.log.path} is damaged at position {position}, offset {offset} ({reason}), where it had been "
            f"synced; {self._advice}"
        )

    def _cut(self, segment: LogSegment, position: int, offset: int, reason: str, behind: Sequence[RecordBatch]) -> None:
        kind = _describe_tail(segment, position, reason, behind)
        dropped_bytes = segment.size_bytes - position
        segment.truncate_to_position(position)
        self._note(
            f"truncated {segment.log.path} at position {position}, offset {offset}: {kind} ({dropped_bytes} bytes)"
        )

    def _replay(self, segment: LogSegment, batch: RecordBatch) -> None:
        if batch.magic >= 2:
            self._epochs.note(batch.partition_leader_epoch, batch.base_offset)
        for aborted in replay_batch(self._producers, batch):
            segment.add_aborted_transaction(aborted)


def _batches_behind(segment: LogSegment, position: int, offset: int) -> list[RecordBatch]:
    from minikafka.storage.batch_reader import BatchReader

    reader = BatchReader(segment.log, segment.size_bytes)
    return [] if reader.is_zero_from(position) else list(reader.batches_behind(position, offset))


def _describe_tail(segment: LogSegment, position: int, reason: str, behind: Sequence[RecordBatch]) -> str:
    """Whether the log just ends in bytes that were never a batch, or whether good batches are lost with a bad one."""
    from minikafka.storage.batch_reader import BatchReader

    if reason != "cut off" and BatchReader(segment.log, segment.size_bytes).is_zero_from(position):
        return "the file ends in zeros"
    if behind:
        return (
            f"{'a batch is not complete' if reason == 'cut off' else reason}; CORRUPTION IN THE MIDDLE: {len(behind)} "
            f"valid batches behind it, offsets {behind[0].base_offset} to {behind[-1].last_offset}, are dropped as well"
        )
    return "the last batch is not complete" if reason == "cut off" else reason
