"""Moving logs from one log directory to another while they are in use (KIP-113).

A copy is made in a folder ``topic-partition.ID-future``, batch by batch, as a follower would (Kafka:
ReplicaAlterLogDirsThread). When it has caught up, the log goes on in the copy's folder. Reading runs on the pool;
appending to the copy, a little at a time, and the exchange, on the event loop, so that nothing is written in between.
What a stop interrupts goes on after the next start.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from minikafka.errors import ApiError, StorageError
from minikafka.records.batch import RecordBatch
from minikafka.storage.background_steps import Steps, Turn, run_steps
from minikafka.storage.batch_scan import LOG_OVERHEAD_BYTES
from minikafka.storage.replica_quota import ReplicaQuota

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.config import BrokerConfig
    from minikafka.pending import RunBlocking
    from minikafka.storage.log_manager import LogManager
    from minikafka.storage.partition_log import PartitionLog

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 1024 * 1024
_PIECE_BYTES = 64 * 1024
_PIECE_BATCHES = 16
"""What is appended in one go: a batch costs about 20 microseconds, whatever its size."""
_SYNC_BYTES = 32 * 1024 * 1024
"""So that at last there is not much that has to be synced at once."""
_SMALL_BYTES = 64 * 1024
_MAX_SMALL_CHUNKS = 3
_POLL_S = 0.05
_MAX_SYNCS = 10
"""So often a copy is synced in the background to catch up with a log that is synced all the time; then at once."""


class _Pause:
    """Yielded in place of work for the pool, which it is not to keep busy."""

    def __init__(self, duration_ms: int) -> None:
        self.duration_ms = duration_ms

    def __call__(self) -> None:
        pass


class ReplicaMover:
    """:param on_moved: called with each log that has arrived.
    :param settings: gives the configuration as it is at the time.
    """

    def __init__(
        self,
        logs: LogManager,
        clock: Clock,
        run_blocking: RunBlocking,
        on_moved: Callable[[PartitionLog], None],
        *,
        timers: Timers,
        settings: Callable[[], BrokerConfig],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._logs = logs
        self._clock = clock
        self._run_on_pool = run_blocking
        self._on_moved = on_moved
        self._timers = timers
        self._quota = ReplicaQuota(lambda: settings()["replica.alter.log.dirs.io.max.bytes.per.second"], clock)
        self._sleep = sleep

    def move(self, log: PartitionLog, path: str) -> None:
        """Begin to move ``log`` to the log directory ``path``; another move of it is given up. Nothing is done when
        it is there, or on its way. Raises ApiError, StorageError."""
        self._logs.ensure_directory(path)
        future = self._logs.future(log.topic, log.partition)
        if future is not None:
            if os.path.dirname(future.directory) == path:
                return
            self._logs.discard_future(log.topic, log.partition)
        if os.path.dirname(log.directory) == path:
            return
        future = self._logs.create_future(log, path)
        logger.info("%s: begins to move to %s", log.name, path)
        self._begin(log, future)

    def resume(self) -> None:
        """Go on with the moves that the last stop interrupted."""
        for log, future in self._logs.moves:
            logger.info(
                "%s: goes on to move to %s, from offset %d",
                log.name,
                os.path.dirname(future.directory),
                future.log_end_offset,
            )
            self._begin(log, future)

    def _begin(self, log: PartitionLog, future: PartitionLog) -> None:
        run_steps(self._copy(log, future), self._run_or_pause, partial(self._ended, log, future))

    def _run_or_pause(
        self, work: Callable[[], Any], on_done: Callable[[Any, BaseException | None], None] | None = None
    ) -> None:
        if isinstance(work, _Pause) and on_done is not None:
            self._timers.after(work.duration_ms, partial(on_done, None, None))
        else:
            self._run_on_pool(work, on_done)

    def _copy(self, log: PartitionLog, future: PartitionLog) -> Steps[None]:
        small_chunks = syncs = unsynced_bytes = 0
        while self._is_wanted(log, future):
            if future.log_end_offset < log.log_start_offset:
                # Retention, or DeleteRecords, was quicker: what was copied is of no use any more.
                future.truncate_fully_and_start_at(log.log_start_offset)
            if future.log_end_offset < log.log_end_offset:
                wait_ms = self._quota.wait_ms()
                if wait_ms:
                    yield _Pause(wait_ms)
                    continue
                chunk_bytes = min(_CHUNK_BYTES, log.config.segment_bytes, self._quota.bytes_per_second)
                data = log.read(future.log_end_offset, chunk_bytes, isolation="log_end")
                is_small = data.size_bytes <= _SMALL_BYTES
                small_chunks += is_small
                # A log that is written to all the time would never be caught up with if reading it took a while.
                is_read_at_once = is_small and small_chunks > _MAX_SMALL_CHUNKS
                chunk: bytes = data.read() if is_read_at_once else (yield data.read)
                self._quota.record(len(chunk))
                yield from self._append(log, future, chunk)
                unsynced_bytes += len(chunk)
                if unsynced_bytes >= _SYNC_BYTES and self._is_wanted(log, future):
                    unsynced_bytes = 0
                    future.flush_in_background()
                    yield future.sync_under_way()
            elif log in self._logs.being_cleaned or self._logs.is_leaving(log):
                # Of a move just before this one: there may be no two folders with the log's name in a directory.
                yield partial(self._sleep, _POLL_S)
            elif syncs < _MAX_SYNCS and _has_to_be_synced(log, future):
                syncs += 1
                if not future.is_syncing:
                    future.flush_in_background()
                yield future.sync_under_way()
            else:
                if _has_to_be_synced(log, future):
                    future.flush()
                yield from self._logs.replace_with_future(log)
                if self._logs.get(log.topic, log.partition) is log:
                    logger.info("%s: has moved to %s", log.name, log.directory)
                    self._on_moved(log)
                return

    def _append(self, log: PartitionLog, future: PartitionLog, chunk: bytes) -> Steps[None]:
        end_offset = future.log_end_offset
        turn = Turn()
        for piece in _pieces(chunk):
            if not self._is_wanted(log, future):
                return
            base_offset = RecordBatch(piece, 0).base_offset
            if base_offset < future.log_end_offset == future.log_start_offset:
                # Records were deleted up to the middle of a batch, and a batch is copied as a whole.
                future.truncate_fully_and_start_at(base_offset)
                end_offset = base_offset
            future.append(piece, now_ms=self._clock.wall_ms(), origin="replication", defers_sync=True)
            if future.is_syncing and len(chunk) > _SMALL_BYTES:
                # A write to a file that is being synced may wait for the disk, and the event loop with it.
                yield future.sync_under_way()
            elif turn.is_over:
                yield turn.end
        if self._is_wanted(log, future) and future.log_end_offset == end_offset:
            raise StorageError(f"{log.directory}: no batch can be read at offset {end_offset}")

    def _is_wanted(self, log: PartitionLog, future: PartitionLog) -> bool:
        return self._logs.future(log.topic, log.partition) is future and not log.is_failed and not future.is_failed

    def _ended(self, log: PartitionLog, future: PartitionLog, _: None, error: BaseException | None) -> None:
        if self._logs.future(log.topic, log.partition) is future:
            self._logs.discard_future(log.topic, log.partition)
        if isinstance(error, (ApiError, StorageError, OSError)):
            logger.error("%s: cannot be moved, and stays in %s: %s", log.name, log.directory, error)
        elif error is not None:
            logger.error("%s: the move failed, it stays in %s", log.name, log.directory, exc_info=error)


def _pieces(chunk: bytes) -> Iterator[memoryview]:
    """The whole batches of ``chunk``, a few at a time."""
    view = memoryview(chunk)
    start = end = count = 0
    while end + LOG_OVERHEAD_BYTES <= len(view):
        batch_bytes = LOG_OVERHEAD_BYTES + int.from_bytes(view[end + 8 : end + LOG_OVERHEAD_BYTES], "big")
        if end + batch_bytes > len(view):
            break
        end += batch_bytes
        count += 1
        if count == _PIECE_BATCHES or end - start >= _PIECE_BYTES:
            yield view[start:end]
            start, count = end, 0
    if start < end:
        yield view[start:end]


def _has_to_be_synced(log: PartitionLog, future: PartitionLog) -> bool:
    """What has been synced in the old folder must not be lost in the new one, nor what is being synced there."""
    return future.is_syncing or future.recovery_point < log.recovery_point
