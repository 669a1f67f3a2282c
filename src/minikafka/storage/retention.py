"""Which segments a log need not keep any longer (Kafka: UnifiedLog.deleteOldSegments).

Always the oldest ones, without a gap, and nothing above the high watermark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from minikafka.named_tuple import NamedTuple
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments

if TYPE_CHECKING:
    from minikafka.config import LogConfig


class Rule(NamedTuple):
    """Asked of one segment after the other, until one ``is_deletable`` no more."""

    reason: str
    is_deletable: Callable[[LogSegment], bool]


def rules(segments: LogSegments, config: LogConfig, now_ms: int) -> Iterator[Rule]:
    """With cleanup.policy=delete, too many bytes and too old; each as it is when the rules before have been applied."""
    if not config.delete:
        return
    if config.retention_bytes >= 0:
        yield Rule(f"retention.bytes={config.retention_bytes}", _fits(segments.size_bytes - config.retention_bytes))
    if config.retention_ms >= 0:
        yield Rule(f"retention.ms={config.retention_ms}", _is_older(now_ms - config.retention_ms))


def below_start(segments: LogSegments, log_start_offset: int) -> Rule:
    """Segments that lie below the log start offset, whatever cleanup.policy says."""

    def is_below(segment: LogSegment) -> bool:
        following = segments.higher(segment.base_offset)
        return following is not None and following.base_offset <= log_start_offset

    return Rule("the log start offset", is_below)


def _fits(excess_bytes: int) -> Callable[[LogSegment], bool]:
    """Whether the segment is within what is too much, of which it takes its part."""

    def fits(segment: LogSegment) -> bool:
        nonlocal excess_bytes
        if excess_bytes < segment.size_bytes:
            return False
        excess_bytes -= segment.size_bytes
        return True

    return fits


def _is_older(limit_ms: int) -> Callable[[LogSegment], bool]:
    return lambda segment: segment.largest_timestamp < limit_ms


def oldest(
    segments: LogSegments, rule: Rule, high_watermark: int, log_end_offset: int, at_most: int | None
) -> list[LogSegment]:
    """The oldest segments that ``rule`` lets go, ``at_most`` so many; an empty active segment stays."""
    deletable: list[LogSegment] = []
    for segment in segments:
        if len(deletable) == at_most:
            break
        following = segments.higher(segment.base_offset)
        end_offset = log_end_offset if following is None else following.base_offset
        is_empty_active = following is None and not segment.size_bytes
        if is_empty_active or end_offset > high_watermark or not rule.is_deletable(segment):
            break
        deletable.append(segment)
    return deletable
