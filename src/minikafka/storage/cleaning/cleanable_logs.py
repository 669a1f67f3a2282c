"""Which log to compact next, and how far (Kafka: LogCleanerManager, LogToClean).

::

    log start          first dirty offset        first uncleanable offset      log end
    |------ clean ------|------- cleanable --------|--- active segment, ... ---|

What is clean has been through a pass before: each of its keys is there once. The filthiest log, the one with the
greatest share of cleanable bytes, is next.
"""

from __future__ import annotations

import logging

from minikafka.named_tuple import NamedTuple
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.segment import LogSegment

logger = logging.getLogger(__name__)


class LogToClean(NamedTuple):
    """What a pass over ``log`` would do (LogToClean, OffsetsToClean)."""

    log: PartitionLog
    first_dirty_offset: int
    first_uncleanable_offset: int
    """A segment's base offset."""
    clean_bytes: int
    cleanable_bytes: int
    is_overdue: bool
    """Some of it is older than max.compaction.lag.ms."""

    @property
    def cleanable_ratio(self) -> float:
        total_bytes = self.clean_bytes + self.cleanable_bytes
        return self.cleanable_bytes / total_bytes if total_bytes else 0.0

    @property
    def is_cleanable(self) -> bool:
        """Whether it is worth a pass, by min.cleanable.dirty.ratio, or due for one."""
        if self.is_overdue and self.cleanable_bytes:
            return True
        return self.cleanable_ratio > self.log.config.min_cleanable_dirty_ratio


def look_at(log: PartitionLog, cleaned_to: int | None, now_ms: int) -> LogToClean:
    """``cleaned_to``: the end of the last pass, None when there was none."""
    segments = log.segments()
    first_dirty_offset = _first_dirty_offset(log, cleaned_to)
    limit = max(_uncleanable_limit(log, segments, first_dirty_offset, now_ms), first_dirty_offset)
    uncleanable = [segment for segment in _containing(segments, limit) if segment is not segments[-1]]
    first_uncleanable_offset = uncleanable[0].base_offset if uncleanable else segments[-1].base_offset
    dirty = [
        segment
        for segment in _containing(segments, min(first_dirty_offset, first_uncleanable_offset))
        if segment.base_offset < first_uncleanable_offset
    ]
    return LogToClean(
        log,
        first_dirty_offset,
        first_uncleanable_offset,
        sum(segment.size_bytes for segment in segments if segment.base_offset < first_dirty_offset),
        sum(segment.size_bytes for segment in dirty),
        _is_overdue(log, _containing(segments, first_dirty_offset), now_ms),
    )


def _first_dirty_offset(log: PartitionLog, cleaned_to: int | None) -> int:
    """The checkpoint may have become wrong by retention, or by a log that lost its end."""
    start_offset = log.log_start_offset
    if cleaned_to is None:
        return start_offset
    if cleaned_to < start_offset:
        if not log.config.delete:
            logger.warning(
                "%s: compaction begins anew at the log start offset %d, since the checkpoint %d is below it",
                log.name,
                start_offset,
                cleaned_to,
            )
        return start_offset
    if cleaned_to > log.log_end_offset:
        logger.warning(
            "%s: compaction begins anew at the log start offset %d, since the checkpoint %d is above the log end "
            "offset %d",
            log.name,
            start_offset,
            cleaned_to,
            log.log_end_offset,
        )
        return start_offset
    return cleaned_to


def _uncleanable_limit(log: PartitionLog, segments: list[LogSegment], first_dirty_offset: int, now_ms: int) -> int:
    """Not the active segment, no open transaction, nothing younger than min.compaction.lag.ms, nothing unsynced.

    The last is not in Kafka, where a replica would have it: a record may not push an older one out of the log before
    it is as durable as that one was.
    """
    limits = [log.last_stable_offset, segments[-1].base_offset, log.recovery_point]
    lag_ms = log.config.min_compaction_lag_ms
    if lag_ms > 0:
        for segment in _containing(segments, first_dirty_offset):
            if segment is not segments[-1] and segment.largest_timestamp > now_ms - lag_ms:
                limits.append(segment.base_offset)
                break
    return min(limits)


def _is_overdue(log: PartitionLog, dirty: list[LogSegment], now_ms: int) -> bool:
    """``dirty``: up to the active segment, which does not count (LogCleanerManager.maxCompactionDelay)."""
    oldest_ms = now_ms - log.config.max_compaction_lag_ms
    if oldest_ms <= 0:
        return False
    timestamps = (segment.first_batch_timestamp for segment in dirty[:-1])
    return any(0 < timestamp < oldest_ms for timestamp in timestamps)


def _containing(segments: list[LogSegment], offset: int) -> list[LogSegment]:
    """The segment that holds ``offset``, and all after it."""
    following = [segment for segment in segments if segment.base_offset > offset]
    position = len(segments) - len(following)
    return segments[max(position - 1, 0) :]
