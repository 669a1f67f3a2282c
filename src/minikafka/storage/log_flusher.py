"""When a log is synced, and who waits for it.

Syncing runs on the pool, one sync of a log at a time; the next one takes everything that has come meanwhile. Those who
wait for their records to be durable are told in the order in which they came.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from minikafka.errors import StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_folder import LogFolder
from minikafka.storage.sync_work import SyncWork

logger = logging.getLogger(__name__)


class _Waiter(NamedTuple):
    """Who waits until the record at an offset is synced."""

    last_offset: int
    on_outcome: Callable[[StorageError | None], object]


class LogFlusher:
    """The syncs of one log.

    :param on_synced: called when the recovery point has moved.
    :param refused: called with the failure of a sync, it answers with what its waiters are told.
    """

    __slots__ = (
        "_asked_offset",
        "_context",
        "_folder",
        "_is_stopped",
        "_name",
        "_on_synced",
        "_refused",
        "_under_way",
        "_waiters",
        "last_flush_ms",
    )

    def __init__(
        self,
        context: LogContext,
        name: str,
        folder: LogFolder,
        on_synced: Callable[[], None],
        refused: Callable[[OSError, SyncWork | None], StorageError],
    ) -> None:
        self._context = context
        self._name = name
        self._folder = folder
        self._on_synced = on_synced
        self._refused = refused
        self._is_stopped = False
        self.last_flush_ms = context.clock.monotonic_ms()
        """When something was synced last, in ``Clock.monotonic_ms()``."""
        self._under_way: SyncWork | None = None
        self._asked_offset = -1
        """How far the next sync is to reach; -1 when none has been asked for."""
        self._waiters: list[_Waiter] = []

    def flush(self, end_offset: int) -> None:
        """Sync what is below ``end_offset`` in this thread. Raises StorageError."""
        self.finish_under_way()
        if not self._folder.has_unsynced(end_offset):
            return
        work: SyncWork | None = None
        try:
            work = self._folder.take_unsynced(end_offset)
            work.run()
            if work.error is not None:
                raise work.error
        except OSError as error:
            raise self._failed(error, work, end_offset) from error
        self._synced(work)
        self._on_synced()

    def flush_in_background(self, end_offset: int) -> None:
        """Sync what is below ``end_offset`` on the pool; while a sync is under way, this one waits for it."""
        self._asked_offset = max(self._asked_offset, end_offset)
        if self._under_way is None:
            self._start()

    @property
    def is_syncing(self) -> bool:
        return self._under_way is not None

    def sync_under_way(self) -> Callable[[], None]:
        """What ends when the sync does that is under way, if one is; for any thread."""
        return _nothing if self._under_way is None else self._under_way.run

    def begin(self, end_offset: int) -> Callable[[], None] | None:
        """What syncs all below ``end_offset``, for the caller to run on any thread before the next ``flush``; None when
        there is nothing. Raises OSError."""
        self.finish_under_way()
        if not self._folder.has_unsynced(end_offset):
            return None
        self._under_way = self._folder.take_unsynced(end_offset)
        return self._under_way.run

    def finish_under_way(self) -> None:
        """What it syncs would otherwise be missing in a sync that overtakes it."""
        self._asked_offset = -1
        if self._under_way is not None:
            self._under_way.run()
            self._settle(self._under_way)

    def truncated_to(self, end_offset: int) -> None:
        """The records from ``end_offset`` on are gone, also those that are being synced."""
        self._folder.recovery_point = min(self._folder.recovery_point, end_offset)
        if self._under_way is not None:
            self._under_way.end_offset = min(self._under_way.end_offset, end_offset)

    def follow(self, folder: LogFolder) -> None:
        """The log goes on in another folder; what a sync of the old one finds out does not matter any more."""
        self._folder = folder
        self._under_way = None

    # --- who waits

    def wait(self, last_offset: int, on_outcome: Callable[[StorageError | None], object]) -> bool:
        """Call ``on_outcome`` once the record at ``last_offset`` is released, or refused. Whether a sync is under way
        that may bring this about."""
        self._waiters.append(_Waiter(last_offset, on_outcome))
        return self._under_way is not None

    def release(self, high_watermark: int) -> None:
        """Tell those who wait for records below the high watermark."""
        if self._waiters:
            self._tell(high_watermark, None)

    def stop(self, reason: StorageError) -> None:
        """The log is closed, or has failed: nobody waits any more."""
        self._is_stopped = True
        self._tell(None, reason)

    def _tell(self, end_offset: int | None, outcome: StorageError | None) -> None:
        waiters = self._waiters
        self._waiters = [] if end_offset is None else [each for each in waiters if each.last_offset >= end_offset]
        for waiter in waiters:
            if end_offset is None or waiter.last_offset < end_offset:
                waiter.on_outcome(outcome)

    # --- one after the other

    def _start(self) -> None:
        end_offset, self._asked_offset = self._asked_offset, -1
        if not self._folder.has_unsynced(end_offset):
            return
        try:
            work = self._under_way = self._folder.take_unsynced(end_offset)
        except OSError as error:
            self._report(error, None, end_offset)
            return
        self._context.run_blocking(work.run, lambda _, error: self._ended(work, error))

    def _ended(self, work: SyncWork, error: BaseException | None) -> None:
        if error is not None:
            raise error
        if self._under_way is work:  # else ``finish_under_way`` has taken note of it
            self._settle(work)

    def _settle(self, work: SyncWork) -> None:
        self._under_way = None
        if work.error is None:
            self._synced(work)
        else:
            self._report(work.error, work, work.end_offset)
        if self._is_stopped:
            return
        if self._asked_offset >= 0:
            self._start()
        self._on_synced()

    def _synced(self, work: SyncWork) -> None:
        self._folder.recovery_point = max(self._folder.recovery_point, work.end_offset)
        self.last_flush_ms = self._context.clock.monotonic_ms()

    def _report(self, error: OSError, work: SyncWork | None, end_offset: int) -> None:
        if self._is_stopped:
            logger.info("%s: a sync failed after the log was closed: %s", self._name, error)
        else:
            logger.warning("%s", self._failed(error, work, end_offset))

    def _failed(self, error: OSError, work: SyncWork | None, end_offset: int) -> StorageError:
        if work is not None:
            self._folder.take_back(work)
        refusal = self._refused(error, work)
        self._tell(end_offset, refusal)
        return refusal


def _nothing() -> None:
    pass
