"""A share coordinator on a manual clock, over logs in memory: its operations, shards and records are the real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minikafka.clock import ManualClock, Timers
from minikafka.coordinator.result import Result
from minikafka.coordinator.share_state.share_coordinator import ShareCoordinator
from minikafka.coordinator.share_state.share_state_loader import ShareStateLoader
from minikafka.coordinator.share_state.share_state_settings import ShareStateSettings
from minikafka.coordinator.share_state.share_state_shard import ShareStateShard
from minikafka.coordinator.share_state.share_state_table import ShareStateTable
from minikafka.pending import RunBlocking, run_inline
from minikafka.protocol import stored
from minikafka.records.batch import Record, RecordBatch, iter_batches
from minikafka.records.builder import build_batch
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.state.topic_names import SHARE_GROUP_STATE_TOPIC
from tests.coordinator.groups import MemoryLog, Topics

DEFAULTS: dict[str, Any] = {
    "share.coordinator.snapshot.update.records.per.snapshot": 500,
    "share.coordinator.state.topic.compression.codec": 0,
    "share.coordinator.state.topic.prune.interval.ms": 300_000,
    "share.coordinator.cold.partition.snapshot.interval.ms": 300_000,
}


class StateLogs:
    """The logs of ``__share_group_state``."""

    def __init__(self, count: int) -> None:
        self.logs = [MemoryLog() for _ in range(count)]

    def get(self, topic: str, partition: int) -> MemoryLog | None:
        assert topic == SHARE_GROUP_STATE_TOPIC
        return self.logs[partition] if partition < len(self.logs) else None


class MemoryStates:
    """``coordinator`` is what a broker has as ``share_states``. ``topics`` are those that there are."""

    def __init__(
        self, partitions: int = 1, *, clock: ManualClock | None = None, topics: Topics | None = None, **config: Any
    ) -> None:
        self.clock = clock if clock is not None else ManualClock()
        self.topics = topics if topics is not None else Topics()
        self.logs = StateLogs(partitions)
        self.settings = ShareStateSettings(
            {**DEFAULTS, **{f"share.coordinator.{key.replace('_', '.')}": value for key, value in config.items()}}
        )
        self.restart()

    def restart(self, run_blocking: RunBlocking = run_inline) -> None:
        """As after ``kill -9``: all that is left is the logs."""
        self.runtime: CoordinatorRuntime[ShareStateShard] = CoordinatorRuntime(
            topic=SHARE_GROUP_STATE_TOPIC,
            partition_count=lambda: len(self.logs.logs),
            create_topic=lambda: None,
            logs=self.logs,  # type: ignore[arg-type]
            clock=self.clock,
            timers=Timers(self.clock),
            run_blocking=run_blocking,
            new_shard=lambda timers: ShareStateShard(self.clock, self.settings, self.topics),
            new_loader=lambda: ShareStateLoader(self.settings.updates_per_snapshot),
            awaits_loading=True,
        )
        self.runtime.start()
        self.coordinator = ShareCoordinator(self.runtime)

    def records(self, partition: int = 0) -> Iterator[tuple[Any, Any | None]]:
        """Decoded keys and values of what was written."""
        for data in self.logs.logs[partition].batches:
            for batch in iter_batches(data):
                for record in batch:
                    assert record.key is not None
                    key = stored.decode_share_key(record.key)
                    value = record.value
                    yield key, None if value is None else stored.decode_value(stored.value_class(key), value)

    def table(self, partition: int = 0) -> ShareStateTable:
        """The hard state of a partition; empty when nobody has used it."""
        return dict(self.runtime.active())[partition].table if self.runtime.active() else ShareStateTable(0)

    def run_on_shards(self, operation: Callable[[ShareStateShard], Result[None]]) -> None:
        """What the broker does by itself."""
        for shard in self.runtime.shards():
            self.runtime.write_to_shard(shard, lambda shard=shard: operation(shard))  # type: ignore[misc]

    def append_record(self, key: bytes | None, value: bytes | None, partition: int = 0) -> None:
        """Put something into the log that the coordinator would not."""
        buffer = bytearray(build_batch([Record(0, self.clock.wall_ms(), key, value)]))
        self.logs.logs[partition].append(
            buffer, now_ms=0, origin="coordinator", transaction_version=0, defers_sync=False
        )

    def forget_records_before(self, offset: int, partition: int = 0) -> None:
        """As when segments below the log start offset are deleted; there is one for each batch."""
        log = self.logs.logs[partition]
        log.log_start_offset = offset
        log.batches = [data for data in log.batches if RecordBatch(memoryview(data), 0).next_offset > offset]
