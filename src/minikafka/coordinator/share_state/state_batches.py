"""Ranges of offsets with the same delivery state, and how a change of some is taken into all
(Kafka: ``PersisterStateBatch``, ``PersisterStateBatchCombiner``)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final

from minikafka.named_tuple import NamedTuple

NO_START_OFFSET = -1


class StateBatch(NamedTuple):
    """Offsets from the first to the last one, both included."""

    first_offset: int
    last_offset: int
    delivery_state: int
    """0 available, 1 acquired, 2 acknowledged, 4 archived (Kafka: ``RecordState``)."""
    delivery_count: int


_ORDER: Final = itemgetter(0, 1, 3, 2)
"""By first offset, last offset, delivery count and delivery state."""
_FIRST_OFFSET: Final = itemgetter(0)
_LAST_OFFSET: Final = itemgetter(1)


def combine_batches(
    known: Sequence[StateBatch], changed: Sequence[StateBatch], start_offset: int
) -> tuple[StateBatch, ...]:
    """All of them, without overlaps, in order; nothing below ``start_offset`` (-1: there is no such limit).

    Where two overlap, the one with the higher delivery count wins, then the higher delivery state: a record is never
    given back what it has been through, in whatever order the changes arrive.
    """
    batches = [*_from_start(known, start_offset), *_from_start(changed, start_offset)]
    if len(batches) > 1:
        batches.sort(key=_ORDER)
        batches = _without_overlaps(batches)
    return tuple(batches)


def take_in(
    combined: tuple[StateBatch, ...], changed: Sequence[StateBatch], start_offset: int
) -> tuple[StateBatch, ...]:
    """``combine_batches``, where ``combined`` is what that or this gave before: what no change touches stays as it is.

    There may be thousands of batches, and most changes are of a few records. Only where Kafka's way of combining has
    left neighbours of the same state, which it makes one the next time, all are looked at.
    """
    if any(map(_continues, combined, combined[1:])):
        return combine_batches(combined, changed, start_offset)
    start = 0 if start_offset == NO_START_OFFSET else bisect_left(combined, start_offset, key=_LAST_OFFSET)
    changed = _from_start(changed, start_offset)
    touched = end = start + 1
    if changed:
        touched = bisect_left(combined, min(map(_FIRST_OFFSET, changed)) - 1, start, key=_LAST_OFFSET)
        end = bisect_right(combined, max(map(_LAST_OFFSET, changed)) + 1, touched, key=_FIRST_OFFSET)
    return (
        *_from_start(combined[start : min(start + 1, touched)], start_offset),
        *combined[start + 1 : touched],
        *combine_batches(combined[touched:end], changed, start_offset),
        *combined[end:],
    )


def _from_start(batches: Sequence[StateBatch], start_offset: int) -> Sequence[StateBatch]:
    if start_offset == NO_START_OFFSET:
        return batches
    return [
        batch if batch.first_offset >= start_offset else batch._replace(first_offset=start_offset)
        for batch in batches
        if batch.last_offset >= start_offset
    ]


def _without_overlaps(batches: list[StateBatch]) -> list[StateBatch]:
    """Takes the least two again and again: what they become goes back, and what the next does not touch is ready."""
    ready = []
    current = batches[0]
    position = 1
    while position < len(batches):
        following = batches[position]
        position += 1
        if following.first_offset > current.last_offset and not _continues(current, following):
            ready.append(current)
            current = following
        else:
            for piece in _merged(current, following):
                insort(batches, piece, position, key=_ORDER)
            current = batches[position]
            position += 1
    ready.append(current)
    return ready


def _continues(lower: StateBatch, upper: StateBatch) -> bool:
    return (
        upper.delivery_state == lower.delivery_state
        and upper.first_offset == lower.last_offset + 1
        and upper.delivery_count == lower.delivery_count
    )


def _progress(batch: StateBatch) -> tuple[int, int]:
    """How much the records have been through."""
    return batch.delivery_count, batch.delivery_state


def _merged(lower: StateBatch, upper: StateBatch) -> Iterator[StateBatch]:
    """Two that overlap, or touch and are of the same state; ``lower`` does not begin after ``upper``."""
    if _progress(upper) == _progress(lower):
        yield lower._replace(last_offset=max(lower.last_offset, upper.last_offset))
    elif _progress(upper) < _progress(lower):
        yield lower
        if upper.last_offset > lower.last_offset:
            yield upper._replace(first_offset=lower.last_offset + 1)
    else:
        if lower.first_offset < upper.first_offset:
            yield lower._replace(last_offset=upper.first_offset - 1)
        yield upper
        if lower.last_offset > upper.last_offset:
            yield lower._replace(first_offset=upper.last_offset + 1)
