"""Giving records to a member (SharePartition.acquire).

A fetch that reads where records have been in flight before acquires those that are available again, and then what lies
behind. How much: at most ``max_records``, rounded up to whole batches of the log (``BATCH_OPTIMIZED``), or exactly
(``RECORD_LIMIT``, KIP-1206), and never more in flight than the limit of locks per partition.

What has failed often is given out in smaller and smaller parts (KIP-1240), so that a record that makes its consumers
fail does not take its neighbours with it: from half of the delivery limit on, half as many with each delivery, and at
the last delivery one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.named_tuple import NamedTuple
from minikafka.sharing.in_flight import ACQUIRED, AVAILABLE, InFlightBatch, InFlightState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minikafka.sharing.delivery_locks import DeliveryLocks
    from minikafka.sharing.delivery_window import DeliveryWindow
    from minikafka.sharing.fetched_batches import FetchedBatch, FetchedBatches

BATCH_OPTIMIZED: Final = 0
RECORD_LIMIT: Final = 1
ACQUIRE_MODES: Final = frozenset({BATCH_OPTIMIZED, RECORD_LIMIT})

_MIN_THROTTLED_DELIVERIES: Final = 2


class AcquiredRecords(NamedTuple):
    """Records that are the member's now, and how often they have been delivered, with this time."""

    first_offset: int
    last_offset: int
    delivery_count: int


class DeliveryLimits(NamedTuple):
    """What a share partition allows.

    ``max_deliveries``: group.share.delivery.count.limit; ``max_record_locks``: group.share.partition.max.record.locks.
    """

    max_deliveries: int
    max_record_locks: int

    @property
    def throttled_deliveries(self) -> int:
        """From so many deliveries on, less is given out with each."""
        return max(_MIN_THROTTLED_DELIVERIES, (self.max_deliveries + 1) // 2)


class Acquisition:
    """One fetch of one member from a share partition. ``run`` once.

    :param max_records: at most so many, or the batch they end in.
    :param batch_size: how many records the member likes to acknowledge as one.
    """

    def __init__(
        self,
        window: DeliveryWindow,
        locks: DeliveryLocks,
        limits: DeliveryLimits,
        member_id: str,
        *,
        mode: int = BATCH_OPTIMIZED,
        max_records: int,
        batch_size: int,
    ) -> None:
        self._window = window
        self._locks = locks
        self._limits = limits
        self._member_id = member_id
        self._is_exact = mode == RECORD_LIMIT
        self._left = max_records
        # Less than one would make batches of nothing.
        self._batch_size = max(batch_size, 1)
        self._acquired: list[AcquiredRecords] = []
        self._fetched: FetchedBatches

    def run(self, fetch_offset: int, fetched: FetchedBatches) -> list[AcquiredRecords]:
        """What the member acquires of what a read at ``fetch_offset`` has found."""
        batches = fetched.batches
        if self._left <= 0 or not batches or batches[-1].last_offset < self._window.start_offset:
            return []
        self._fetched = fetched
        last_offset = self._limit(fetch_offset, batches[-1].last_offset)
        if self._left <= 0:
            return []
        self._acquire(fetch_offset, batches[0].base_offset, last_offset)
        if not self._acquired:
            # All of it was looked at, and there is nothing to give.
            self._window.has_read_to(last_offset + 1)
            return []
        self._window.has_read_to(self._acquired[-1].last_offset + 1)
        if fetched.aborted_transactions:
            self._archive_aborted()
        return self._acquired

    def _limit(self, fetch_offset: int, last_offset: int) -> int:
        """Lower what may be acquired to what may be in flight; the last offset that counts."""
        window = self._window
        free = self._limits.max_record_locks - window.record_count
        if free <= 0 < self._left and fetch_offset <= window.end_offset:
            # What is released within the window counts already.
            self._left = min(self._left, window.end_offset - fetch_offset + 1)
            return min(last_offset, window.end_offset)
        self._left = min(self._left, free)
        return last_offset

    def _acquire(self, fetch_offset: int, first_offset: int, last_offset: int) -> None:
        window = self._window
        window.archive_missing(fetch_offset, first_offset)
        floor = window.floor(first_offset)
        begin = first_offset
        if floor is None:
            begin = max(first_offset, window.start_offset)
        elif floor.last_offset >= first_offset:
            begin = floor.first_offset
        in_flight = window.beginning_in(min(first_offset, begin), last_offset)
        if not in_flight:
            self._acquire_new(begin, last_offset)
            return
        if not self._acquire_again(in_flight, begin, first_offset, last_offset):
            return
        end = in_flight[-1].last_offset
        if self._left > 0 and end < last_offset:
            self._acquire_new(end + 1, last_offset)

    # --- what has been in flight before

    def _acquire_again(
        self, in_flight: Sequence[InFlightBatch], begin: int, first_offset: int, last_offset: int
    ) -> bool:
        """What is available again, and what lies in gaps; whether more may be acquired behind it."""
        gap_start = begin
        for batch in in_flight:
            if self._left <= 0:
                return False
            if self._window.gap_start is not None:
                if gap_start < batch.first_offset:
                    self._acquire_new(gap_start, batch.first_offset - 1)
                gap_start = batch.last_offset + 1
                if self._left <= 0:
                    return False
            is_throttled = self._is_throttled(batch, first_offset, last_offset)
            if is_throttled and self._acquired:
                return False
            is_whole = batch.lies_within(first_offset, last_offset) and not (
                is_throttled or (self._is_exact and batch.record_count > self._left)
            )
            if batch.state is not None and not batch.state.is_available:
                continue
            if batch.state is not None and is_whole:
                self._take(batch.state, batch.first_offset, batch.last_offset)
                self._left -= batch.record_count
            elif self._acquire_part(batch, first_offset, last_offset) and is_throttled:
                return False
        return True

    def _is_throttled(self, batch: InFlightBatch, first_offset: int, last_offset: int) -> bool:
        if batch.state is not None:
            counts = [batch.state.delivery_count] if batch.state.is_available else []
        else:
            counts = [
                state.delivery_count
                for _, state in batch.states_between(first_offset, last_offset)
                if state.is_available
            ]
        return max(counts, default=0) >= self._limits.throttled_deliveries

    def _acquire_part(self, batch: InFlightBatch, first_offset: int, last_offset: int) -> int:
        """Acquire records of a batch one by one; how many."""
        max_deliveries, throttled_deliveries = self._limits.max_deliveries, self._limits.throttled_deliveries
        isolates_last = max_deliveries > _MIN_THROTTLED_DELIVERIES
        states = batch.split()
        most = self._left if self._is_exact else len(states)
        throttled: int | None = None
        lock = None
        taken: list[AcquiredRecords] = []
        for offset, state in batch.states_between(first_offset, last_offset):
            if not state.is_available:
                continue
            if isolates_last and state.delivery_count == max_deliveries - 1 and taken:
                break
            if state.delivery_count >= throttled_deliveries and throttled is None:
                throttled = max(1, len(states) >> (state.delivery_count - throttled_deliveries + 1))
            lock = lock or self._locks.start(batch.first_offset, batch.last_offset)
            state.acquire(self._member_id, lock)
            taken.append(AcquiredRecords(offset, offset, state.delivery_count))
            if isolates_last and state.delivery_count == max_deliveries:
                break
            if len(taken) >= most or len(taken) == throttled:
                break
        self._acquired += merged(taken)
        self._left -= len(taken)
        return len(taken)

    def _take(self, state: InFlightState, first_offset: int, last_offset: int) -> None:
        state.acquire(self._member_id, self._locks.start(first_offset, last_offset))
        self._acquired.append(AcquiredRecords(first_offset, last_offset, state.delivery_count))

    # --- what has not

    def _acquire_new(self, first_offset: int, last_offset: int) -> None:
        """Records that were not in flight: they are from now on."""
        window = self._window
        if not len(window) and window.end_offset > first_offset:
            first_offset = window.end_offset
        last_acquired = last_offset
        if self._left < last_offset - first_offset + 1:
            last_acquired = self._fetched.end_of_batch_with(first_offset + self._left - 1)
            if window.gap_start is not None:
                last_acquired = min(last_acquired, last_offset)
        acquired_to = last_acquired
        if self._is_exact and last_acquired - first_offset + 1 > self._left:
            acquired_to = first_offset + self._left - 1
            self._add_partly(first_offset, acquired_to, last_acquired)
        else:
            for first, last in self._portions(first_offset, last_acquired):
                batch = InFlightBatch(first, last, InFlightState(AVAILABLE, 0))
                assert batch.state is not None
                window.add(batch)
                self._take(batch.state, first, last)
        if window.first.first_offset == first_offset:
            # What lies before is a gap, where there is nothing to deliver.
            window.start_offset = first_offset
        window.end_offset = max(window.end_offset, last_acquired)
        window.has_read_to(acquired_to + 1)
        self._left -= acquired_to - first_offset + 1

    def _portions(self, first_offset: int, last_offset: int) -> list[tuple[int, int]]:
        """Parts of whole batches, of at least the batch size, where there is more than that."""
        portions: list[tuple[int, int]] = []
        if not self._is_exact and last_offset - first_offset + 1 > self._batch_size:
            for batch in self._fetched.batches:
                if batch.base_offset > last_offset:
                    break
                if batch.base_offset - first_offset >= self._batch_size:
                    portions.append((first_offset, batch.base_offset - 1))
                    first_offset = batch.base_offset
        return [*portions, (first_offset, last_offset)]

    def _add_partly(self, first_offset: int, acquired_to: int, last_offset: int) -> None:
        """A batch of the log of which only the first records are acquired."""
        batch = InFlightBatch(first_offset, last_offset, InFlightState(AVAILABLE, 0))
        self._window.add(batch)
        self._window.has_released = True
        batch.split()
        lock = self._locks.start(first_offset, acquired_to)
        for _, state in batch.states_between(first_offset, acquired_to):
            state.acquire(self._member_id, lock)
        self._acquired.append(AcquiredRecords(first_offset, acquired_to, 1))

    # --- read_committed

    def _archive_aborted(self) -> None:
        """Records of aborted transactions are not delivered, and never will be."""
        for aborted in self._fetched.aborted_batches():
            begin = self._window.floor(aborted.base_offset)
            if begin is None:
                # Below the window: nobody is given it.
                continue
            for batch in self._window.beginning_in(begin.first_offset, aborted.last_offset):
                self._window.archive(batch, aborted.base_offset, aborted.last_offset, ACQUIRED)
            self._acquired = without(self._acquired, aborted)


def merged(records: Sequence[AcquiredRecords]) -> list[AcquiredRecords]:
    """Neighbours that were delivered equally often as one."""
    found: list[AcquiredRecords] = []
    for each in records:
        if found and found[-1].last_offset + 1 == each.first_offset and found[-1].delivery_count == each.delivery_count:
            found[-1] = found[-1]._replace(last_offset=each.last_offset)
        else:
            found.append(each)
    return found


def without(acquired: Sequence[AcquiredRecords], batch: FetchedBatch) -> list[AcquiredRecords]:
    """What is left of ``acquired`` when the offsets of ``batch`` are taken out."""
    left: list[AcquiredRecords] = []
    for each in acquired:
        if each.last_offset < batch.base_offset or each.first_offset > batch.last_offset:
            left.append(each)
            continue
        if each.first_offset < batch.base_offset:
            left.append(each._replace(last_offset=batch.base_offset - 1))
        if each.last_offset > batch.last_offset:
            left.append(each._replace(first_offset=batch.last_offset + 1))
    return left
