"""Ranges of offsets with the same delivery state, and how a change of some is taken into all
(Kafka: ``PersisterStateBatch``, ``PersisterStateBatchCombiner``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

from minikafka.named_tuple import NamedTuple

NO_START_OFFSET = -1


class StateBatch(NamedTuple):
    """Offsets from the first to the last one, both included."""

    first_offset: int
    last_offset: int
    delivery_state: int
    """0 available, 1 acquired, 2 acknowledged, 4 archived (Kafka: ``RecordState``)."""
    delivery_count: int


_Range = tuple[int, int, int, int]
"""First offset, last offset, delivery count, delivery state: in that order they are compared."""


def combine_batches(
    known: Iterable[StateBatch], changed: Iterable[StateBatch], start_offset: int
) -> tuple[StateBatch, ...]:
    """All of them, without overlaps, in order; nothing below ``start_offset`` (-1: there is no such limit).

    Where two overlap, the one with the higher delivery count wins, then the higher delivery state: a record is never
    given back what it has been through, in whatever order the changes arrive.
    """
    waiting = list(_from_start(known, start_offset)) + list(_from_start(changed, start_offset))
    if len(waiting) > 1:
        heapify(waiting)
        waiting = list(_without_overlaps(waiting))
    return tuple(StateBatch(first, last, state, count) for first, last, count, state in waiting)


def _from_start(batches: Iterable[StateBatch], start_offset: int) -> Iterator[_Range]:
    for first, last, state, count in batches:
        if start_offset == NO_START_OFFSET:
            yield first, last, count, state
        elif last >= start_offset:
            yield max(first, start_offset), last, count, state


def _without_overlaps(heap: list[_Range]) -> Iterator[_Range]:
    """Takes the least two again and again: what they become goes back, and what the next does not touch is ready."""
    current = heappop(heap)
    while heap:
        following = heap[0]
        if following == current:
            heappop(heap)
        elif following[0] <= current[1] or (following[0] == current[1] + 1 and following[2:] == current[2:]):
            heappop(heap)
            for piece in _merged(current, following):
                heappush(heap, piece)
            current = heappop(heap)
        else:
            yield current
            current = heappop(heap)
    yield current


def _merged(lower: _Range, upper: _Range) -> Iterator[_Range]:
    """Two that overlap, or touch and are of the same state; ``lower`` does not begin after ``upper``."""
    if lower[2:] == upper[2:]:
        yield lower[0], max(lower[1], upper[1]), *lower[2:]
    elif upper[2:] < lower[2:]:
        yield lower
        if upper[1] > lower[1]:
            yield lower[1] + 1, *upper[1:]
    else:
        if lower[0] < upper[0]:
            yield lower[0], upper[0] - 1, *lower[2:]
        yield upper
        if lower[1] > upper[1]:
            yield upper[1] + 1, *lower[1:]
