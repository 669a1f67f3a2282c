"""Logs for tests: in memory, with small segments, and batches to append to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig, LogConfig
from minikafka.pending import RunBlocking, run_inline
from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import build_batch, end_transaction_marker
from minikafka.storage.loading.recovery import RecoveryReport, load_log
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import create_log
from minikafka.storage.log_manager import LogManager
from minikafka.storage.log_upkeep import LogUpkeep
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog

NOW_MS = 1_700_000_000_000
TOPIC_ID = bytes(range(16))
DIRECTORY = "/data/t-0"


class HeldWork:
    """A ``RunBlocking`` that works when it is told to: ``run_next`` works off the oldest and tells of it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any, BaseException | None], None] | None]] = []

    def __call__(
        self, work: Callable[[], Any], on_done: Callable[[Any, BaseException | None], None] | None = None
    ) -> None:
        self.waiting.append((work, on_done))

    def __len__(self) -> int:
        return len(self.waiting)

    def run_next(self) -> None:
        run_inline(*self.waiting.pop(0))


def log_config(**settings: object) -> LogConfig:
    """``log_config(segment_bytes=500)``; index.interval.bytes is small, so that indexes have entries."""
    values = {"index_interval_bytes": 100, "segment_index_bytes": 1200, **settings}
    return LogConfig({name.replace("_", "."): value for name, value in values.items()})


def new_context(
    files: MemoryFiles | None = None, clock: ManualClock | None = None, run_blocking: RunBlocking = run_inline
) -> LogContext:
    clock = clock or ManualClock(NOW_MS)
    if files is None:
        files = MemoryFiles(clock.wall_ms)
        files.make_directory("/data", sync=True)
    return LogContext(files, clock, run_blocking)


def new_log(context: LogContext | None = None, **settings: object) -> PartitionLog:
    """An empty log t-0 in memory."""
    return create_log(context or new_context(), DIRECTORY, "t", 0, log_config(**settings), TOPIC_ID)


def reopened(log: PartitionLog, context: LogContext, **how: object) -> tuple[PartitionLog, RecoveryReport]:
    """The log as the next process finds it: after ``close`` with ``clean_shutdown=True``, else as after a crash."""
    clean = {"clean_shutdown": True, "recovery_point": log.recovery_point, "log_start_offset": log.log_start_offset}
    arguments = {**clean, **how}
    return load_log(context, DIRECTORY, "t", 0, log.config, **arguments)  # type: ignore[arg-type]


def manager_for(files: MemoryFiles, clock: ManualClock, **settings: object) -> LogManager:
    """A manager over /data (or the ``log_dirs`` given), not yet started."""
    config = BrokerConfig.from_mapping({"log.dirs": "/data", "node.id": 1, **settings})
    return LogManager(config, clock, run_inline, files)


def upkeep_of(manager: LogManager) -> LogUpkeep:
    """What the timers of a broker would call."""
    return LogUpkeep(manager)


def batch(
    *values: bytes | str,
    timestamp: int = NOW_MS,
    producer: tuple[int, int, int] | None = None,
    transactional: bool = False,
) -> bytearray:
    """One batch of these values; ``producer`` is (id, epoch, base sequence)."""
    records = [
        Record(offset, timestamp, None, value.encode() if isinstance(value, str) else value)
        for offset, value in enumerate(values)
    ]
    producer_id, producer_epoch, base_sequence = producer or (-1, -1, -1)
    return bytearray(
        build_batch(
            records,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            base_sequence=base_sequence,
            is_transactional=transactional,
        )
    )


def marker(producer_id: int, producer_epoch: int, *, commit: bool, coordinator_epoch: int = 0) -> bytearray:
    """The control batch that ends a transaction."""
    return bytearray(
        end_transaction_marker(
            commit=commit,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            coordinator_epoch=coordinator_epoch,
            timestamp=NOW_MS,
        )
    )


def append(log: PartitionLog, *values: bytes | str, timestamp: int = NOW_MS) -> int:
    """Append one batch; returns its base offset."""
    return log.append(batch(*values, timestamp=timestamp), now_ms=NOW_MS).base_offset


def fill(log: PartitionLog, count: int) -> None:
    """``count`` batches of one record, "v<offset>"."""
    for _ in range(count):
        append(log, f"v{log.log_end_offset}")


def read_all(log: PartitionLog, offset: int | None = None, isolation: str = "read_uncommitted") -> list[Record]:
    """All records from ``offset`` (else the log start), fetched in pieces, as a consumer would; markers left out."""
    position = log.log_start_offset if offset is None else offset
    records: list[Record] = []
    while True:
        data = log.read(position, 4096, isolation=isolation).read()
        batches = list(iter_batches(data))
        if not batches:
            return records
        for found in batches:
            if not found.is_control:
                records += [record for record in found if record.offset >= position]
        assert batches[-1].next_offset > position, "a read goes forward"
        position = batches[-1].next_offset


def values(records: Sequence[Record]) -> list[str]:
    return [(record.value or b"").decode() for record in records]
