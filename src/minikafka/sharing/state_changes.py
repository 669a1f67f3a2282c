"""New states of records that have been begun, until the persister has written them or refused to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.sharing.in_flight import ACQUIRED, ARCHIVED, AVAILABLE

if TYPE_CHECKING:
    from minikafka.sharing.delivery_window import DeliveryWindow
    from minikafka.sharing.in_flight import InFlightBatch, InFlightState


class StateChanges:
    """What one request, or the loss of one member, changes; ``stored`` is how the persister is told."""

    __slots__ = ("_begun", "_max_deliveries", "_window", "stored")

    def __init__(self, window: DeliveryWindow, max_deliveries: int) -> None:
        self._window = window
        self._max_deliveries = max_deliveries
        self._begun: list[tuple[InFlightState, int, int]] = []
        """State, first and last offset."""
        self.stored: list[StateBatch] = []

    def begin(self, state: InFlightState, first_offset: int, last_offset: int, new_state: int) -> None:
        """Let acquired records become something else."""
        state.begin(new_state, self._max_deliveries)
        self._begun.append((state, first_offset, last_offset))
        append_stored(self.stored, StateBatch(first_offset, last_offset, state.state, state.delivery_count))
        if state.is_terminal:
            self._window.delivery_complete_count += self._window.count_from_start(first_offset, last_offset)

    def release(self, batch: InFlightBatch, member_id: str) -> None:
        """Let what the member holds of a batch be available again; what lies below the start is archived."""
        whole = batch.state
        start_offset = self._window.start_offset
        if whole is not None:
            if not _is_held(whole, member_id):
                return
            if not batch.reaches_across(start_offset):
                new_state = ARCHIVED if batch.last_offset < start_offset else AVAILABLE
                self.begin(whole, batch.first_offset, batch.last_offset, new_state)
                return
        for offset, state in enumerate(batch.split(), batch.first_offset):
            if _is_held(state, member_id):
                self.begin(state, offset, offset, ARCHIVED if offset < start_offset else AVAILABLE)

    def commit(self) -> None:
        for state, _, _ in self._begun:
            state.commit()
            self._note_released(state)

    def roll_back(self) -> None:
        window = self._window
        for state, first_offset, last_offset in self._begun:
            # What was archived meanwhile is counted, too.
            was_complete = state.is_terminal
            state.roll_back(self._max_deliveries)
            self._note_released(state)
            if was_complete != state.is_terminal:
                count = window.count_from_start(first_offset, last_offset)
                window.delivery_complete_count += -count if was_complete else count
        window.archive_below_start()

    def _note_released(self, state: InFlightState) -> None:
        if state.state == AVAILABLE:
            self._window.has_released = True


def append_stored(stored: list[StateBatch], batch: StateBatch) -> None:
    """Add a batch; one that goes on as the last one ends makes that longer."""
    if stored:
        last = stored[-1]
        if (
            last.last_offset + 1 == batch.first_offset
            and last.delivery_state == batch.delivery_state
            and last.delivery_count == batch.delivery_count
        ):
            stored[-1] = StateBatch(last.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
            return
    stored.append(batch)


def _is_held(state: InFlightState, member_id: str) -> bool:
    return state.state == ACQUIRED and state.member_id == member_id
