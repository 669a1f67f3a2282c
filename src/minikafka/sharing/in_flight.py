"""Records that a share group has been given, and what has become of them (Kafka: InFlightBatch, InFlightState).

::

                    acquire (delivery count + 1)          accept
        AVAILABLE ------------------------> ACQUIRED ----------------> ACKNOWLEDGED
            ^                                | |
            '--------------------------------' '----------------------> ARCHIVED
               release, lock timed out,          reject, or instead of AVAILABLE when the
               member gone                       delivery count has reached its limit

What a member or the loss of a member changes has to be written by the persister first: until then the new state is
only *begun*, and it is taken back when the write fails. A whole batch has one state as long as all its records fare
alike; then it is split into one for each offset.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minikafka.sharing.delivery_locks import DeliveryLock

# What the persister stores for a state (Kafka's RecordState).
AVAILABLE: Final = 0
ACQUIRED: Final = 1
ACKNOWLEDGED: Final = 2
ARCHIVED: Final = 4
STATES: Final = frozenset({AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED})

NO_MEMBER: Final = ""


class InFlightState:
    """The state of one record, or of all records of a batch.

    ``member_id`` has acquired it, while ``lock`` runs.
    """

    __slots__ = ("_is_archived", "_previous", "delivery_count", "lock", "member_id", "state")

    def __init__(
        self, state: int, delivery_count: int, member_id: str = NO_MEMBER, lock: DeliveryLock | None = None
    ) -> None:
        self.state = state
        self.delivery_count = delivery_count
        self.member_id = member_id
        self.lock = lock
        if lock is not None:
            lock.hold()
        self._previous: tuple[int, str] | None = None
        """State and member before the change that has been begun."""
        self._is_archived = False

    def __repr__(self) -> str:
        return f"InFlightState(state={self.state}, delivery_count={self.delivery_count}, member_id={self.member_id!r})"

    @property
    def is_available(self) -> bool:
        return self.state == AVAILABLE and self._previous is None

    @property
    def is_terminal(self) -> bool:
        """Whether it is decided what became of the record, though the persister may not have confirmed it."""
        return self.state in (ACKNOWLEDGED, ARCHIVED)

    @property
    def is_settled(self) -> bool:
        """Whether nothing will happen to the record any more."""
        return self._previous is None and self.is_terminal

    def copy(self) -> InFlightState:
        """The same for one record of the batch, under the same lock. A change that was begun stays with the batch."""
        return InFlightState(self.state, self.delivery_count, self.member_id, self.lock)

    def acquire(self, member_id: str, lock: DeliveryLock) -> None:
        """Give an available record to a member."""
        self.state = ACQUIRED
        self.delivery_count += 1
        self.member_id = member_id
        self.renew(lock)

    def renew(self, lock: DeliveryLock) -> None:
        """Let the member have it under another lock."""
        self.drop_lock()
        self.lock = lock
        lock.hold()

    def give_up(self, state: int, max_deliveries: int) -> None:
        """Move on from ACQUIRED at once. Instead of becoming available once too often it is archived."""
        self.state = ARCHIVED if state == AVAILABLE and self.delivery_count >= max_deliveries else state
        self.member_id = NO_MEMBER

    def begin(self, state: int, max_deliveries: int) -> None:
        """As ``give_up``, until ``commit`` or ``roll_back``; the lock goes on meanwhile."""
        self._previous = (self.state, self.member_id)
        self.give_up(state, max_deliveries)

    def commit(self) -> None:
        self._previous = None
        self.drop_lock()

    def roll_back(self, max_deliveries: int) -> None:
        """What was begun could not be written: acquired as before, unless the lock has timed out since."""
        assert self._previous is not None
        if self._is_archived:
            self.commit()
            return
        (self.state, self.member_id), self._previous = self._previous, None
        if self.lock is not None and self.lock.has_expired:
            self.give_up(AVAILABLE, max_deliveries)
            self.drop_lock()

    def archive(self) -> None:
        """There is nothing to deliver any more, whatever else has been begun."""
        self._is_archived = True
        self.state = ARCHIVED
        self.member_id = NO_MEMBER
        self.drop_lock()

    def drop_lock(self) -> None:
        lock, self.lock = self.lock, None
        if lock is not None:
            lock.let_go()


class InFlightBatch:
    """The records from ``first_offset`` to ``last_offset``: one ``state`` for all, or, split, one for each offset."""

    __slots__ = ("first_offset", "last_offset", "offsets", "state")

    def __init__(self, first_offset: int, last_offset: int, state: InFlightState) -> None:
        self.first_offset = first_offset
        self.last_offset = last_offset
        self.state: InFlightState | None = state
        self.offsets: list[InFlightState] = []
        """The states of a split batch, from ``first_offset`` on; else nothing."""

    def __repr__(self) -> str:
        return f"InFlightBatch({self.first_offset}..{self.last_offset}, {self.state or self.offsets})"

    @property
    def record_count(self) -> int:
        return self.last_offset - self.first_offset + 1

    def split(self) -> list[InFlightState]:
        """The states by offset, from now on."""
        whole = self.state
        if whole is not None:
            self.offsets = [whole.copy() for _ in range(self.record_count)]
            self.state = None
            whole.drop_lock()
        return self.offsets

    def state_at(self, offset: int) -> InFlightState:
        return self.offsets[offset - self.first_offset] if self.state is None else self.state

    def states_between(self, first_offset: int, last_offset: int) -> Iterator[tuple[int, InFlightState]]:
        """(offset, state) of a split batch, as far as it lies in the range."""
        first = max(first_offset, self.first_offset)
        last = min(last_offset, self.last_offset)
        for offset in range(first, last + 1):
            yield offset, self.offsets[offset - self.first_offset]

    def lies_within(self, first_offset: int, last_offset: int) -> bool:
        return first_offset <= self.first_offset and self.last_offset <= last_offset

    def reaches_across(self, offset: int) -> bool:
        """Whether some of it lies below ``offset``, and some not."""
        return self.first_offset < offset <= self.last_offset
