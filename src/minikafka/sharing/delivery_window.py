"""The stretch of a partition whose records are in flight, in order (the cached state of Kafka's SharePartition).

::

      settled            in flight, by batches             not given to anybody yet
    -------------|---------------------------------------|-----------------------------
            start_offset                             end_offset

Everything below ``start_offset`` is settled. ``end_offset`` is the last offset in flight, or, where nothing is, the
offset to begin with. What was settled out of order stays in the window until all before it is settled, too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from minikafka.sharing.in_flight import AVAILABLE

if TYPE_CHECKING:
    from minikafka.sharing.in_flight import InFlightBatch


class DeliveryWindow:
    """The batches in flight, and the offsets around them.

    ``delivery_complete_count`` is how many records of the window are acknowledged or archived.
    """

    def __init__(self) -> None:
        self.start_offset = 0
        self.end_offset = 0
        self.delivery_complete_count = 0
        self.has_released = False
        """Whether records may be available again below the end, so that the next fetch has to look for them."""
        self._batches: dict[int, InFlightBatch] = {}
        self._first_offsets: list[int] = []
        # Between what the persister gave back there may be records that had been given to nobody, or only had not been
        # answered for. They lie from here on up to there; -1 when there are none.
        self._gap_start = -1
        self._gap_end = -1

    def __iter__(self) -> Iterator[InFlightBatch]:
        return iter(self._between(0, len(self._first_offsets)))

    def __len__(self) -> int:
        return len(self._first_offsets)

    @property
    def first(self) -> InFlightBatch:
        return self._batches[self._first_offsets[0]]

    @property
    def last(self) -> InFlightBatch:
        return self._batches[self._first_offsets[-1]]

    @property
    def record_count(self) -> int:
        """How many offsets are in flight, which group.share.partition.max.record.locks limits."""
        return self.end_offset - self.start_offset + 1 if self._first_offsets else 0

    def begin_at(self, start_offset: int, batches: Sequence[InFlightBatch]) -> None:
        """Start with what the persister has kept, in order of offsets, all at or above ``start_offset``."""
        self.start_offset = self.end_offset = start_offset
        gap_start, next_offset = -1, start_offset
        for batch in batches:
            if gap_start < 0 and batch.first_offset > next_offset:
                gap_start = next_offset
            next_offset = batch.last_offset + 1
            self.add(batch)
            assert batch.state is not None
            if batch.state.is_terminal:
                self.delivery_complete_count += batch.record_count
        if batches:
            self.end_offset = self.last.last_offset
            self.has_released = True
            if gap_start >= 0:
                self._gap_start, self._gap_end = gap_start, self.end_offset
            self.slide()

    # --- batches

    def add(self, batch: InFlightBatch) -> None:
        if batch.first_offset not in self._batches:
            self._first_offsets.insert(bisect_left(self._first_offsets, batch.first_offset), batch.first_offset)
        self._batches[batch.first_offset] = batch

    def floor(self, offset: int) -> InFlightBatch | None:
        """The last batch that begins at or before ``offset``, whether or not it reaches there."""
        at = bisect_right(self._first_offsets, offset)
        return self._batches[self._first_offsets[at - 1]] if at else None

    def beginning_in(self, first_offset: int, last_offset: int) -> list[InFlightBatch]:
        """The batches whose first offset lies in the range, by offset."""
        return self._between(
            bisect_left(self._first_offsets, first_offset), bisect_right(self._first_offsets, last_offset)
        )

    def _between(self, start: int, end: int) -> list[InFlightBatch]:
        return [self._batches[first_offset] for first_offset in self._first_offsets[start:end]]

    def _remove_first(self, count: int) -> None:
        for first_offset in self._first_offsets[:count]:
            del self._batches[first_offset]
        del self._first_offsets[:count]

    def count_from_start(self, first_offset: int, last_offset: int) -> int:
        """How many of these offsets are not below the start of the window."""
        return max(0, last_offset - max(self.start_offset, first_offset) + 1)

    # --- gaps in what the persister gave back

    @property
    def gap_start(self) -> int | None:
        """Where the next record lies that was not in flight when the window was loaded, until all of it has been
        read or the window grows beyond what was loaded."""
        return self._gap_start if self._gap_start >= 0 and self._gap_end == self.end_offset else None

    def has_read_to(self, offset: int) -> None:
        """Everything below ``offset`` has been looked at for gaps."""
        if not 0 <= self._gap_start < offset:
            return
        batch = self.floor(offset)
        while batch is not None and batch.last_offset >= offset:
            offset = batch.last_offset + 1
            batch = self.floor(offset)
        if self._gap_end == self.end_offset and offset <= self._gap_end:
            self._gap_start = offset
        else:
            self._gap_start = -1

    # --- what comes next

    def next_fetch_offset(self) -> int:
        """Where the next fetch reads: the first record that is available again, else behind the end."""
        if not self._first_offsets or self.start_offset > self.last.last_offset:
            self.has_released = False
            return self.end_offset
        if self.has_released:
            offset = self._first_available()
            if offset is not None:
                return offset
            self.has_released = False
        return self.end_offset + 1

    def _first_available(self) -> int | None:
        gap_start = self.gap_start
        for batch in self:
            if gap_start is not None:
                if batch.first_offset > gap_start:
                    return gap_start
                gap_start = max(batch.last_offset + 1, gap_start)
            if batch.state is not None:
                if batch.state.is_available:
                    return batch.first_offset
                continue
            for offset, state in enumerate(batch.offsets, batch.first_offset):
                if state.is_available:
                    return offset
        return None

    def reach(self, fetch_offset: int, max_records: int) -> int | None:
        """The end of the batch in flight up to which so many records are available again from ``fetch_offset`` on; None
        when there are fewer, or gaps between them."""
        first = self.floor(fetch_offset)
        if first is None or self.gap_start is not None or not self.has_released:
            return None
        for batch in self.beginning_in(first.first_offset, self.end_offset):
            if batch.state is not None:
                max_records -= batch.record_count if batch.state.is_available else 0
            else:
                states = batch.states_between(fetch_offset, batch.last_offset)
                max_records -= sum(state.is_available for _, state in states)
            if max_records <= 0:
                return batch.last_offset
        return None

    # --- moving on

    def slide(self) -> bool:
        """Move the start past the records that are settled, and forget them; whether there were any."""
        if not self._can_slide():
            return False
        settled_to, settled_count = self._settled()
        if settled_to is None:
            return False
        if settled_to == self.last.last_offset:
            # Never back: the log may have been cut above this in the meantime.
            self.start_offset = self.end_offset = max(settled_to + 1, self.start_offset)
            self._remove_first(len(self))
            self.delivery_complete_count = 0
            return True
        removed = bisect_right(self._first_offsets, settled_to)
        reached = self._batches[self._first_offsets[removed - 1]]
        if settled_to == reached.last_offset:
            self.start_offset = max(self.start_offset, self._first_offsets[removed])
            gap_start = self.gap_start
            if gap_start is not None:
                self.start_offset = min(gap_start, self.start_offset)
        else:
            self.start_offset = max(self.start_offset, settled_to + 1)
            removed -= 1
        self.delivery_complete_count -= settled_count
        self._remove_first(removed)
        return True

    def _can_slide(self) -> bool:
        if not self._first_offsets:
            return False
        first = self.floor(self.start_offset)
        if first is None:
            if self.gap_start is not None:
                # What lies at the start is still to be read.
                return False
            first = self.first
            self.start_offset = first.first_offset
        return first.last_offset < self.start_offset or first.state_at(self.start_offset).is_settled

    def _settled(self) -> tuple[int | None, int]:
        """The last offset before which all is settled, and how many records from the start on that are. Below the
        start it does not matter who holds what."""
        settled_to: int | None = None
        count = 0
        for batch in self:
            gap_start = self.gap_start
            if gap_start is not None and batch.last_offset >= gap_start:
                return settled_to, count
            if batch.state is not None:
                if not batch.state.is_settled and batch.last_offset >= self.start_offset:
                    return settled_to, count
                settled_to = batch.last_offset
                count += self.count_from_start(batch.first_offset, batch.last_offset)
                continue
            for offset, state in enumerate(batch.offsets, batch.first_offset):
                if not state.is_settled and offset >= self.start_offset:
                    return settled_to, count
                settled_to = offset
                count += offset >= self.start_offset
        return settled_to, count

    def move_start_to(self, log_start_offset: int) -> None:
        """The log begins there now: what nobody holds below is archived, what somebody holds goes when it comes back.

        Nothing happens when the window begins there already, or above.
        """
        self.has_read_to(log_start_offset)
        if log_start_offset <= self.start_offset:
            return
        if not self._first_offsets:
            self.start_offset = self.end_offset = log_start_offset
            self.delivery_complete_count = 0
            return
        passed = sum(_terminal_between(batch, self.start_offset, log_start_offset - 1) for batch in self)
        if sum(_archive(batch, self.start_offset, log_start_offset - 1, AVAILABLE) for batch in self):
            self.has_released = True
        self.start_offset = log_start_offset
        self.delivery_complete_count -= passed
        self.end_offset = max(self.end_offset, self.start_offset)

    def archive_below_start(self) -> None:
        """What has come back from its holders since the start has moved past it."""
        if self._first_offsets:
            for batch in self.beginning_in(self._first_offsets[0], self.start_offset - 1):
                _archive(batch, batch.first_offset, self.start_offset - 1, AVAILABLE)

    def archive_missing(self, fetch_offset: int, base_offset: int) -> None:
        """A read at ``fetch_offset`` has found ``base_offset`` first: compaction has removed what was to be delivered
        again in between."""
        if not self._first_offsets or fetch_offset >= base_offset:
            return
        first = self.floor(fetch_offset)
        begin = first.first_offset if first is not None and first.last_offset >= fetch_offset else fetch_offset
        missing = self.beginning_in(begin, base_offset - 1)
        if sum(self.archive(batch, fetch_offset, base_offset - 1, AVAILABLE) for batch in missing):
            self.has_released = True

    def archive(self, batch: InFlightBatch, first_offset: int, last_offset: int, state: int) -> int:
        """Archive what is in ``state`` (AVAILABLE or ACQUIRED) of a batch, as far as it lies in the range."""
        archived = _archive(batch, first_offset, last_offset, state)
        self.delivery_complete_count += archived
        return archived


def _archive(batch: InFlightBatch, first_offset: int, last_offset: int, state: int) -> int:
    whole = batch.state
    if whole is not None:
        if whole.state != state or batch.first_offset > last_offset or batch.last_offset < first_offset:
            return 0
        if batch.lies_within(first_offset, last_offset):
            whole.archive()
            return batch.record_count
        batch.split()
    archived = [each for _, each in batch.states_between(first_offset, last_offset) if each.state == state]
    for each in archived:
        each.archive()
    return len(archived)


def _terminal_between(batch: InFlightBatch, first_offset: int, last_offset: int) -> int:
    if batch.state is None:
        return sum(state.is_terminal for _, state in batch.states_between(first_offset, last_offset))
    overlap = min(last_offset, batch.last_offset) - max(first_offset, batch.first_offset) + 1
    return max(0, overlap) if batch.state.is_terminal else 0
