"""What a member says of the records it has acquired (SharePartition.acknowledge).

====  =======  ====================================================================================
type  meaning  what becomes of the record
====  =======  ====================================================================================
0     gap      archived: there is no record with this offset (compaction, transaction markers)
1     accept   acknowledged
2     release  available again, unless it has been delivered as often as it may
3     reject   archived
4     renew    acquired still, under a new lock (KIP-1222)
====  =======  ====================================================================================

A batch has one type for all its offsets, or one for each. It is refused as a whole if one of its records is not the
member's, and with it all other batches of the request for the partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from minikafka.errors import INVALID_RECORD_STATE, INVALID_REQUEST, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.sharing.in_flight import ACKNOWLEDGED, ACQUIRED, ARCHIVED, AVAILABLE, NO_MEMBER

if TYPE_CHECKING:
    from minikafka.sharing.delivery_locks import DeliveryLocks
    from minikafka.sharing.delivery_window import DeliveryWindow
    from minikafka.sharing.in_flight import InFlightBatch, InFlightState
    from minikafka.sharing.state_changes import StateChanges

GAP: Final = 0
ACCEPT: Final = 1
RELEASE: Final = 2
REJECT: Final = 3
RENEW: Final = 4

_STATE_AFTER: Final = {GAP: ARCHIVED, ACCEPT: ACKNOWLEDGED, RELEASE: AVAILABLE, REJECT: ARCHIVED}


class AcknowledgementBatch(NamedTuple):
    """Offsets from the first to the last one, and one type for all of them or one for each."""

    first_offset: int
    last_offset: int
    types: Sequence[int]

    def type_of(self, offset: int) -> int:
        return self.types[offset - self.first_offset if len(self.types) > 1 else 0]


class Acknowledgement:
    """One request of one member for one share partition; what it changes goes to ``changes``."""

    def __init__(self, window: DeliveryWindow, locks: DeliveryLocks, changes: StateChanges, member_id: str) -> None:
        self._window = window
        self._locks = locks
        self._changes = changes
        self._member_id = member_id

    def take(self, acknowledged: AcknowledgementBatch) -> None:
        """Begin the changes of one batch. Offsets below the window are passed over: they are settled.

        Raises ApiError: INVALID_RECORD_STATE, INVALID_REQUEST. What was begun then has to be rolled back.
        """
        if acknowledged.last_offset < self._window.start_offset:
            return
        for batch in self._batches_of(acknowledged):
            if batch.last_offset >= self._window.start_offset:
                self._take_of(batch, acknowledged)

    def _batches_of(self, acknowledged: AcknowledgementBatch) -> list[InFlightBatch]:
        window = self._window
        first = window.floor(acknowledged.first_offset)
        if first is None and acknowledged.first_offset < window.start_offset:
            first = window.floor(window.start_offset)
        if first is None:
            raise ApiError(
                INVALID_RECORD_STATE, "Batch record not found. The request batch offsets are not found in the cache."
            )
        batches = window.beginning_in(first.first_offset, acknowledged.last_offset)
        if batches[-1].last_offset < acknowledged.first_offset:
            raise ApiError(
                INVALID_REQUEST, "Batch record not found. The first offset in request is past acquired records."
            )
        if batches[-1].last_offset < acknowledged.last_offset:
            raise ApiError(
                INVALID_REQUEST, "Batch record not found. The last offset in request is past acquired records."
            )
        return batches

    def _take_of(self, batch: InFlightBatch, acknowledged: AcknowledgementBatch) -> None:
        whole = batch.state
        if whole is not None:
            self._check_batch(whole)
            if (
                len(acknowledged.types) == 1
                and batch.lies_within(acknowledged.first_offset, acknowledged.last_offset)
                and not batch.reaches_across(self._window.start_offset)
            ):
                self._change(whole, batch.first_offset, batch.last_offset, acknowledged.types[0])
                return
        batch.split()
        first_offset = max(acknowledged.first_offset, self._window.start_offset)
        renewed: list[tuple[int, InFlightState]] = []
        for offset, state in batch.states_between(first_offset, acknowledged.last_offset):
            self._check_offset(state)
            kind = acknowledged.type_of(offset)
            if kind == RENEW:
                renewed.append((offset, state))
            else:
                self._change(state, offset, offset, kind)
        if renewed:
            lock = self._locks.start(renewed[0][0], renewed[-1][0])
            for _, state in renewed:
                state.renew(lock)

    def _change(self, state: InFlightState, first_offset: int, last_offset: int, kind: int) -> None:
        if kind == RENEW:
            state.renew(self._locks.start(first_offset, last_offset))
        else:
            self._changes.begin(state, first_offset, last_offset, _STATE_AFTER[kind])

    def _check_batch(self, state: InFlightState) -> None:
        if state.member_id == NO_MEMBER or state.state != ACQUIRED:
            raise ApiError(
                INVALID_RECORD_STATE, "The batch cannot be acknowledged. The batch is not in the acquired state."
            )
        if state.member_id != self._member_id:
            raise ApiError(INVALID_RECORD_STATE, "Member is not the owner of batch record")

    def _check_offset(self, state: InFlightState) -> None:
        if state.state != ACQUIRED:
            raise ApiError(INVALID_RECORD_STATE, "The offset cannot be acknowledged. The offset is not acquired.")
        if state.member_id != self._member_id:
            raise ApiError(INVALID_RECORD_STATE, "Member is not the owner of offset")
