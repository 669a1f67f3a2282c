"""How long a member holds what it has acquired (Kafka: AcquisitionLockTimerTask).

One lock for all records that were acquired together, and one timer: records leave it one by one as they are
acknowledged, and with the last one the timer goes. Kafka starts a timer for every record of a batch that is split;
all of them run out at the same time as the batch's would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.clock import Timer, Timers


class DeliveryLock:
    """The lock on records between ``first_offset`` and ``last_offset``, for one member."""

    __slots__ = ("_holders", "first_offset", "has_expired", "last_offset", "timer")

    def __init__(self, first_offset: int, last_offset: int) -> None:
        self.first_offset = first_offset
        self.last_offset = last_offset
        self.timer: Timer | None = None
        self.has_expired = False
        self._holders = 0

    def hold(self) -> None:
        """One state more depends on it."""
        self._holders += 1

    def let_go(self) -> None:
        self._holders -= 1
        if not self._holders and self.timer is not None:
            self.timer.cancel()


class DeliveryLocks:
    """Makes the locks of one share partition.

    :param duration_ms: how long a lock made now is to hold.
    :param on_timeout: called with the locks that have run out, and that some record still has. Those that run out
        together come together: each call is a write of the persister.
    """

    __slots__ = ("_duration_ms", "_expired", "_on_timeout", "_timers", "is_closed")

    def __init__(
        self, timers: Timers, duration_ms: Callable[[], int], on_timeout: Callable[[Sequence[DeliveryLock]], None]
    ) -> None:
        self._expired: list[DeliveryLock] = []
        self._timers = timers
        self._duration_ms = duration_ms
        self._on_timeout = on_timeout
        self.is_closed = False
        """The share partition is gone; whoever comes after has records and locks of its own."""

    def start(self, first_offset: int, last_offset: int) -> DeliveryLock:
        lock = DeliveryLock(first_offset, last_offset)
        lock.timer = self._timers.after(self._duration_ms(), lambda: self._expire(lock))
        return lock

    def _expire(self, lock: DeliveryLock) -> None:
        lock.has_expired = True
        if not self._expired:
            # After all that is due now.
            self._timers.after(0, self._tell)
        self._expired.append(lock)

    def _tell(self) -> None:
        expired, self._expired = self._expired, []
        if not self.is_closed:
            self._on_timeout(expired)
