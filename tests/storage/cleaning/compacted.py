"""Compacted logs for tests: in memory, with small segments, and a cleaner that works at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minikafka.clock import ManualClock, Timers
from minikafka.config import BrokerConfig
from minikafka.pending import RunBlocking, run_inline
from minikafka.records.batch import Record, RecordBatch, iter_batches
from minikafka.records.builder import build_batch
from minikafka.storage.cleaning.log_cleaner import LogCleaner
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import NOW_MS, TOPIC_ID, log_config, marker, read_all

Pair = tuple[str, str | None]


class Bench:
    """A log manager over files in memory, a clock, and a cleaner; ``log`` is t-0, compacted."""

    def __init__(
        self,
        files: MemoryFiles | None = None,
        clock: ManualClock | None = None,
        *,
        run_blocking: RunBlocking = run_inline,
        broker: dict[str, object] | None = None,
        **settings: object,
    ) -> None:
        self.clock = clock or ManualClock(NOW_MS)
        self.files = files if files is not None else MemoryFiles(self.clock.wall_ms)
        self.settings = {
            "cleanup_policy": "compact",
            "segment_bytes": 600,
            "min_cleanable_dirty_ratio": 0.01,
            "file_delete_delay_ms": 1000,
            **settings,
        }
        self.config = BrokerConfig.from_mapping({"log.dirs": "/data", "node.id": 1, **(broker or {})})
        self.manager = LogManager(self.config, self.clock, run_inline, self.files)
        self.timers = Timers(self.clock)
        self.slept: list[float] = []
        self.sleeps_for_real = False
        """Whether the clock goes on while the cleaner sleeps."""
        self.cleaner = LogCleaner(
            self.manager, lambda: self.config, self.clock, self.timers, run_blocking, sleep=self._sleep
        )
        self.manager.start("c" * 22)
        self.log = self.manager.get("t", 0) or self.manager.create("t", 0, TOPIC_ID, log_config(**self.settings))
        self.log.config = log_config(**self.settings)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.sleeps_for_real:
            self.clock.advance(int(seconds * 1000))

    def change(self, settings: dict[str, object]) -> None:
        """Change settings of the running broker."""
        self.config = BrokerConfig.from_mapping({**self.config.originals, **settings})
        self.cleaner.reconfigure()

    def put(self, *pairs: Pair, log: PartitionLog | None = None) -> int:
        """One batch of (key, value); returns its base offset."""
        data = keyed(*pairs, timestamp=self.clock.wall_ms())
        return (log or self.log).append(data, now_ms=self.clock.wall_ms()).base_offset

    def put_as(self, producer_id: int, sequence: int, *pairs: Pair, transactional: bool = False, epoch: int = 0) -> int:
        data = keyed(
            *pairs,
            timestamp=self.clock.wall_ms(),
            producer=(producer_id, epoch, sequence),
            transactional=transactional,
        )
        return self.log.append(data, now_ms=self.clock.wall_ms()).base_offset

    def end(self, producer_id: int, *, commit: bool, epoch: int = 0) -> int:
        """Write the marker that ends a transaction."""
        data = marker(producer_id, epoch, commit=commit)
        return self.log.append(data, now_ms=self.clock.wall_ms(), origin="coordinator").base_offset

    def clean(self) -> None:
        """Roll, so that everything so far may be compacted, and let the cleaner do so."""
        self.log.roll()
        self.cleaner.run()

    def pairs(self) -> list[Pair]:
        return [(_text(record.key) or "", _text(record.value)) for record in read_all(self.log)]

    def offsets(self) -> list[int]:
        return [record.offset for record in read_all(self.log)]

    def batches(self) -> list[RecordBatch]:
        return batches_of(self.log)

    def file_names(self) -> list[str]:
        return sorted(name for name, _ in self.files.list_directory(self.log.directory))


def keyed(
    *pairs: Pair,
    timestamp: int = NOW_MS,
    producer: tuple[int, int, int] = (-1, -1, -1),
    transactional: bool = False,
    magic: int = 2,
    headers: tuple[tuple[str, bytes | None], ...] = (),
) -> bytearray:
    records = [
        Record(offset, timestamp, key.encode() if key else None, None if value is None else value.encode(), headers)
        for offset, (key, value) in enumerate(pairs)
    ]
    producer_id, producer_epoch, base_sequence = producer
    return bytearray(
        build_batch(
            records,
            magic=magic,
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            base_sequence=base_sequence,
            is_transactional=transactional,
        )
    )


def batches_of(log: PartitionLog) -> list[RecordBatch]:
    """All batches, empty ones and markers included, each checked."""
    found: list[RecordBatch] = []
    for segment in log.segments():
        data = memoryview(segment.log.pread(segment.size_bytes, 0))
        found += iter_batches(data)
    for batch in found:
        batch.ensure_valid()
    return found


def last_values(records: Sequence[Record]) -> dict[bytes | None, bytes]:
    """What a consumer that keeps the last value of each key has in the end."""
    values: dict[bytes | None, bytes] = {}
    for record in records:
        if record.value is None:
            values.pop(record.key, None)
        else:
            values[record.key] = record.value
    return values


class CommittedReader:
    """A read_committed consumer: it goes by the aborted transactions of each fetch."""

    def __init__(self, log: PartitionLog, offset: int | None = None) -> None:
        self._position = log.log_start_offset if offset is None else offset

    def read(self, log: PartitionLog, fetches: int | None = None) -> list[Record]:
        """What so many fetches bring; without a number, everything there is."""
        records: list[Record] = []
        while fetches is None or fetches > 0:
            fetched = log.read(self._position, 700, isolation="read_committed")
            batches = list(iter_batches(fetched.read()))
            if not batches:
                break
            pending = sorted(fetched.aborted_transactions or (), key=lambda entry: entry[1])
            aborting: set[int] = set()
            for batch in batches:
                while pending and pending[0][1] <= batch.last_offset:
                    aborting.add(pending.pop(0)[0])
                if batch.is_control:
                    aborting.discard(batch.producer_id)
                elif not (batch.is_transactional and batch.producer_id in aborting):
                    records += [record for record in batch if record.offset >= self._position]
            self._position = batches[-1].next_offset
            if fetches is not None:
                fetches -= 1
        return records


def committed_records(log: PartitionLog, offset: int | None = None) -> list[Record]:
    """What a read_committed consumer gets."""
    return CommittedReader(log, offset).read(log)


class Pool:
    """A ``RunBlocking`` that runs one piece of work at a time, when told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], object], Callable[..., None] | None]] = []

    def __call__(self, work: Callable[[], object], on_done: Callable[..., None] | None = None) -> None:
        self.waiting.append((work, on_done))

    def step(self) -> None:
        work, on_done = self.waiting.pop(0)
        run_inline(work, on_done)

    def run_all(self) -> None:
        """What comes of it included."""
        while self.waiting:
            self.step()


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode()
