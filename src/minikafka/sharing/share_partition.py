"""One partition as one share group reads it (Kafka: SharePartition).

::

    EMPTY -> INITIALIZING -> ACTIVE -> FENCED        the log or its leader has gone, or the persister has refused it
                  |
                  '-> FAILED                         what the persister gave cannot be used

What outlives the broker is written by the persister before anybody is told of it: acknowledgements, and what a member
that left gives back. That records are acquired is not written (as in Kafka): with the broker, all locks are gone, and
a delivery that nobody answered is not counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from minikafka import errors
from minikafka.config.durations import duration_ms
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.coordinator.share_state.state_batches import NO_START_OFFSET, StateBatch
from minikafka.errors import ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.pending import Pending
from minikafka.sharing.acknowledgement import Acknowledgement
from minikafka.sharing.acquisition import Acquisition
from minikafka.sharing.delivery_locks import DeliveryLocks
from minikafka.sharing.delivery_window import DeliveryWindow
from minikafka.sharing.in_flight import ACQUIRED, ARCHIVED, AVAILABLE, STATES, InFlightBatch, InFlightState
from minikafka.sharing.state_changes import StateChanges, append_stored

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.coordinator.share_state.outcomes import ReadState
    from minikafka.sharing.acknowledgement import AcknowledgementBatch
    from minikafka.sharing.acquisition import AcquiredRecords
    from minikafka.sharing.delivery_locks import DeliveryLock
    from minikafka.sharing.fetched_batches import FetchedBatches
    from minikafka.sharing.share_settings import ShareSettings
    from minikafka.storage.partition_log import PartitionLog

log = logging.getLogger(__name__)

T = TypeVar("T")

EMPTY: Final = "empty"
INITIALIZING: Final = "initializing"
ACTIVE: Final = "active"
FAILED: Final = "failed"
FENCED: Final = "fenced"

DONE: Final = Outcome()

FENCING_CODES: Final = frozenset(
    {
        errors.NOT_LEADER_OR_FOLLOWER,
        errors.FENCED_STATE_EPOCH,
        errors.GROUP_ID_NOT_FOUND,
        errors.UNKNOWN_TOPIC_OR_PARTITION,
    }
)
"""With these, what is remembered of the share partition is no longer what holds: it has to be read anew."""

_COORDINATOR_CODES = (
    errors.NOT_COORDINATOR,
    errors.COORDINATOR_NOT_AVAILABLE,
    errors.COORDINATOR_LOAD_IN_PROGRESS,
)


class Persister(Protocol):
    """What keeps the state of share partitions (``ShareCoordinator``)."""

    def read(
        self, group_id: str, topic_id: bytes, partition: int, leader_epoch: int
    ) -> ReadState | Pending[ReadState]: ...

    def write(
        self,
        group_id: str,
        topic_id: bytes,
        partition: int,
        *,
        state_epoch: int,
        leader_epoch: int,
        start_offset: int,
        delivery_complete_count: int,
        batches: Sequence[StateBatch],
    ) -> Outcome | Pending[Outcome]: ...


class SharePartitionId(NamedTuple):
    """Which partition, of which group."""

    group_id: str
    topic_id: bytes
    partition: int


class SharePartition:
    """The records in flight of one group and partition.

    :param on_available: called when records may be acquired that could not be before.
    """

    def __init__(
        self,
        key: SharePartitionId,
        partition_log: PartitionLog,
        *,
        persister: Persister,
        settings: ShareSettings,
        clock: Clock,
        timers: Timers,
        on_available: Callable[[SharePartition], object],
    ) -> None:
        self.key = key
        self.log = partition_log
        self.leader_epoch = partition_log.leader_epoch
        self.state = EMPTY
        self.window = DeliveryWindow()
        self._persister = persister
        self._settings = settings
        self._clock = clock
        self._on_available = on_available
        self._state_epoch = 0
        self._locks = DeliveryLocks(timers, self._lock_duration_ms, self._locks_timed_out)

    def __repr__(self) -> str:
        return f"SharePartition({self.name}, {self.state})"

    @property
    def name(self) -> str:
        """For logs: group and partition."""
        return f"{self.key.group_id}-{self.log.name}"

    def _lock_duration_ms(self) -> int:
        return self._settings.of_group(self.key.group_id).record_lock_duration_ms

    # --- lifecycle

    def maybe_initialize(self) -> Outcome | Pending[Outcome]:
        """Read what the persister has kept, unless that has been done.

        Codes: LEADER_NOT_AVAILABLE while another request does it, or where the partition has just been given up; those
        of the persister as clients know them; OFFSET_NOT_AVAILABLE when the log has no offset to begin with.
        """
        if self.state == ACTIVE:
            return DONE
        if self.state != EMPTY:
            return Outcome(errors.LEADER_NOT_AVAILABLE, f"Share partition is {self.state} {self.name}")
        self.state = INITIALIZING
        return _followed_by(self._persister.read(*self.key, self.leader_epoch), self._loaded)

    def _loaded(self, stored: ReadState) -> Outcome:
        if self.state != INITIALIZING:
            return Outcome(errors.LEADER_NOT_AVAILABLE, f"Share partition is {self.state} {self.name}")
        try:
            if stored.code != errors.NONE:
                log.warning("the state of share partition %s cannot be read: %s", self.name, stored.message)
                raise _as_client_sees(stored.code, stored.message)
            start_offset = stored.start_offset
            if start_offset == NO_START_OFFSET:
                start_offset = self._reset_offset()
            self._state_epoch = stored.state_epoch
            self._check_stored(start_offset, stored.batches)
        except ApiError as error:
            self.state = FAILED
            return Outcome(error.code, error.message)
        self.state = ACTIVE
        self._begin_at(start_offset, stored.batches)
        return DONE

    def _begin_at(self, start_offset: int, stored: Sequence[StateBatch]) -> None:
        """Begin with what is stored, as far as the log goes. A machine that lost power may have lost records whose
        states it has kept: other records will have their offsets."""
        end_offset = self.log.log_end_offset
        kept = [
            batch._replace(last_offset=min(batch.last_offset, end_offset - 1))
            for batch in stored
            if batch.first_offset < end_offset
        ]
        self.window.begin_at(min(start_offset, end_offset), [_in_flight(each) for each in kept])
        stored_to = stored[-1].last_offset + 1 if stored else start_offset
        if stored_to > end_offset:
            log.warning("%s: the log ends at %d, but states are stored up to %d", self.name, end_offset, stored_to)
            # The persister forgets what lies below a start offset, and nothing else.
            for offset, batches in ((stored_to, []), (self.window.start_offset, kept)):
                _followed_by(self._write(batches, offset), self._written_for_nobody)

    def _check_stored(self, start_offset: int, stored: Sequence[StateBatch]) -> None:
        for batch in stored:
            if not start_offset <= batch.first_offset <= batch.last_offset or batch.delivery_state not in STATES:
                log.error("%s: the persister gives %r for the start offset %d", self.name, batch, start_offset)
                raise ApiError(errors.UNKNOWN_SERVER_ERROR, f"Failed to initialize the share partition {self.name}")

    def _reset_offset(self) -> int:
        """Where share.auto.offset.reset says a group begins. Raises ApiError(OFFSET_NOT_AVAILABLE)."""
        reset = self._settings.of_group(self.key.group_id).auto_offset_reset
        if reset == "earliest":
            return self.log.log_start_offset
        if reset == "latest":
            return self.log.high_watermark
        timestamp = self._clock.wall_ms() - (duration_ms(reset.partition(":")[2]) or 0)
        found = self.log.offset_for_timestamp(timestamp)
        if found is None or found.offset >= self.log.high_watermark:
            raise ApiError(
                errors.OFFSET_NOT_AVAILABLE,
                f"Offset for timestamp {timestamp} not found for topic partition: {self.log.name}",
            )
        return found.offset

    def fence(self) -> None:
        """Give nothing out any more, and let no lock run out."""
        self.state = FENCED
        self._locks.is_closed = True

    # --- what members ask

    def fetch_offset(self) -> int | None:
        """Where a fetch has to read; None while nothing can be acquired."""
        if self.state != ACTIVE:
            return None
        window = self.window
        offset = window.next_fetch_offset()
        if offset == window.end_offset + 1 and window.record_count >= self._settings.limits.max_record_locks:
            return None
        return offset

    def acquire(
        self,
        member_id: str,
        fetch_offset: int,
        fetched: FetchedBatches,
        *,
        mode: int,
        max_records: int,
        batch_size: int,
    ) -> list[AcquiredRecords]:
        """Give the member records of what a read at ``fetch_offset`` has found; see ``Acquisition``."""
        if self.state != ACTIVE:
            return []
        acquisition = Acquisition(
            self.window,
            self._locks,
            self._settings.limits,
            member_id,
            mode=mode,
            max_records=max_records,
            batch_size=batch_size,
        )
        acquired = acquisition.run(fetch_offset, fetched)
        if not acquired:
            # Nothing to deliver there: what was archived instead must not hold up the window.
            self.window.slide()
        return acquired

    def acknowledge(self, member_id: str, batches: Sequence[AcknowledgementBatch]) -> Outcome | Pending[Outcome]:
        """Take all of ``batches``, or nothing.

        Codes: INVALID_RECORD_STATE, INVALID_REQUEST; those of the persister as clients know them.
        """
        changes = StateChanges(self.window, self._settings.limits.max_deliveries)
        acknowledgement = Acknowledgement(self.window, self._locks, changes, member_id)
        try:
            for batch in batches:
                acknowledgement.take(batch)
        except ApiError as error:
            changes.roll_back()
            return Outcome(error.code, error.message)
        return self._write_changes(changes)

    def release(self, member_id: str) -> Outcome | Pending[Outcome]:
        """The member has gone: what it holds is available again. Codes: those of the persister."""
        changes = StateChanges(self.window, self._settings.limits.max_deliveries)
        for batch in self.window:
            changes.release(batch, member_id)
        return self._write_changes(changes)

    def move_start_to(self, log_start_offset: int) -> None:
        """The log begins there now."""
        self.window.move_start_to(log_start_offset)
        self.window.slide()

    # --- what is written

    def _write_changes(self, changes: StateChanges) -> Outcome | Pending[Outcome]:
        if not changes.stored:
            return DONE
        return _followed_by(self._write(changes.stored), lambda outcome: self._written(changes, outcome))

    def _write(self, batches: Sequence[StateBatch], start_offset: int | None = None) -> Outcome | Pending[Outcome]:
        return self._persister.write(
            *self.key,
            state_epoch=self._state_epoch,
            leader_epoch=self.leader_epoch,
            start_offset=self.window.start_offset if start_offset is None else start_offset,
            delivery_complete_count=self.window.delivery_complete_count,
            batches=batches,
        )

    def _written(self, changes: StateChanges, outcome: Outcome) -> Outcome:
        if outcome.code == errors.NONE:
            changes.commit()
            self.window.slide()
        else:
            log.warning("the state of share partition %s cannot be written: %s", self.name, outcome.message)
            changes.roll_back()
            # Kafka's persister is a client of the share coordinator, and says so.
            outcome = Outcome(*_client_code(outcome.code, f"Error in write state RPC. {outcome.message}"))
        self._on_available(self)
        return outcome

    def _locks_timed_out(self, locks: Sequence[DeliveryLock]) -> None:
        """What the locks still hold is available again, at once: there is no member to wait for the write."""
        stored: list[StateBatch] = []
        for lock in locks:
            first = self.window.floor(lock.first_offset)
            if first is not None:
                for batch in self.window.beginning_in(first.first_offset, lock.last_offset):
                    self._give_up(batch, lock, stored)
        if stored:
            _followed_by(self._write(stored), self._written_for_nobody)
            self._on_available(self)

    def _give_up(self, batch: InFlightBatch, lock: DeliveryLock, stored: list[StateBatch]) -> None:
        whole = batch.state
        if whole is not None and not (_is_held(whole, lock) and batch.reaches_across(self.window.start_offset)):
            self._give_up_state(whole, batch.first_offset, batch.last_offset, lock, stored)
            return
        batch.split()
        for offset, state in batch.states_between(lock.first_offset, lock.last_offset):
            self._give_up_state(state, offset, offset, lock, stored)

    def _give_up_state(
        self, state: InFlightState, first_offset: int, last_offset: int, lock: DeliveryLock, stored: list[StateBatch]
    ) -> None:
        if not _is_held(state, lock):
            return
        window = self.window
        new_state = ARCHIVED if last_offset < window.start_offset else AVAILABLE
        state.give_up(new_state, self._settings.limits.max_deliveries)
        state.drop_lock()
        if state.is_terminal:
            window.delivery_complete_count += window.count_from_start(first_offset, last_offset)
        else:
            window.has_released = True
        append_stored(stored, StateBatch(first_offset, last_offset, state.state, state.delivery_count))

    def _written_for_nobody(self, outcome: Outcome) -> Outcome:
        if outcome.code != errors.NONE:
            log.warning("the state of share partition %s cannot be written: %s", self.name, outcome.message)
        if self.window.slide():
            self._on_available(self)
        return outcome


def _in_flight(stored: StateBatch) -> InFlightBatch:
    """Whoever had acquired it holds no lock any more. (Not brokers store such states, but admins may.)"""
    state = AVAILABLE if stored.delivery_state == ACQUIRED else stored.delivery_state
    return InFlightBatch(stored.first_offset, stored.last_offset, InFlightState(state, stored.delivery_count))


def _is_held(state: InFlightState, lock: DeliveryLock) -> bool:
    """Not if it has another lock by now; nor if a change has been begun, which itself looks at the lock if it cannot
    be written."""
    return state.lock is lock and state.state == ACQUIRED


def _followed_by(value: T | Pending[T], step: Callable[[T], Outcome]) -> Outcome | Pending[Outcome]:
    """``step`` with the value, whether or not somebody waits for its outcome still: a client that goes away does not
    keep what has been written from being taken over."""
    if not isinstance(value, Pending):
        return step(value)
    promise: Pending[Outcome] = Pending()
    value.on_complete(lambda it: promise.complete(step(it)))
    return promise


def _as_client_sees(code: int, message: str | None) -> ApiError:
    return ApiError(*_client_code(code, message))


def _client_code(code: int, message: str | None) -> tuple[int, str | None]:
    """What consumers are told of the persister's errors (SharePartition.fetchPersisterError)."""
    if code in _COORDINATOR_CODES:
        return errors.COORDINATOR_NOT_AVAILABLE, message
    if code in (errors.GROUP_ID_NOT_FOUND, errors.UNKNOWN_TOPIC_OR_PARTITION):
        return code, message
    if code in (errors.FENCED_LEADER_EPOCH, errors.FENCED_STATE_EPOCH):
        return errors.NOT_LEADER_OR_FOLLOWER, message
    return errors.UNKNOWN_SERVER_ERROR, message
