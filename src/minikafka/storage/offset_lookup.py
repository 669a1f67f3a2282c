"""Offsets of a log by other things than an offset: its ends, a timestamp, a leader epoch (ListOffsets)."""

from __future__ import annotations

from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.segment import TimestampedOffset
from minikafka.storage.segments import LogSegments


def earliest(epochs: LeaderEpochCache, log_start_offset: int) -> TimestampedOffset:
    """The log start offset; the epoch is -1 when no entry covers it."""
    entry = epochs.earliest_entry
    return TimestampedOffset(
        log_start_offset, -1, entry[0] if entry is not None and entry[1] <= log_start_offset else -1
    )


def earliest_local(epochs: LeaderEpochCache, log_start_offset: int) -> TimestampedOffset:
    """Without tiered storage the same offset (KIP-405), with the epoch it lies in."""
    epoch = epochs.epoch_at(log_start_offset)
    return TimestampedOffset(log_start_offset, -1, -1 if epoch is None else epoch)


def latest(epochs: LeaderEpochCache, log_end_offset: int) -> TimestampedOffset:
    """The log end offset, with the newest epoch."""
    epoch = epochs.latest_epoch
    return TimestampedOffset(log_end_offset, -1, -1 if epoch is None else epoch)


def of_max_timestamp(segments: LogSegments) -> TimestampedOffset | None:
    """The first record with the greatest timestamp (KIP-734); None in an empty log."""
    best = max(segments, key=lambda segment: segment.max_timestamp)
    return best.find_offset_of_max_timestamp() if best.max_timestamp >= 0 else None


def of_timestamp(segments: LogSegments, timestamp: int, log_start_offset: int) -> TimestampedOffset | None:
    """The first record, at or above the log start offset, with this or a later timestamp."""
    for segment in segments:
        if segment.largest_timestamp >= timestamp:
            found = segment.find_offset_by_timestamp(timestamp, log_start_offset)
            if found is not None:
                return found
    return None
