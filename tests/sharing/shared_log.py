"""A share partition over a log in memory, with a persister that can be slow or refuse, and time by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikafka.clock import ManualClock, Timers
from minikafka.config import BrokerConfig
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState
from minikafka.coordinator.share_state.state_batches import StateBatch, combine_batches
from minikafka.pending import Pending
from minikafka.records.builder import end_transaction_marker
from minikafka.sharing.acknowledgement import AcknowledgementBatch
from minikafka.sharing.acquisition import BATCH_OPTIMIZED
from minikafka.sharing.fetched_batches import FetchedBatches
from minikafka.sharing.share_partition import SharePartition, SharePartitionId
from minikafka.sharing.share_settings import ShareSettings
from tests.handlers.data_broker import NOW_MS, DataBroker, batch, topic_id_of

GROUP_ID = "g"


class MemoryPersister:
    """Keeps states as the share coordinator does. ``refusal`` is the outcome of all writes while it is set; with
    ``is_slow`` they, and reads, are done by ``finish``."""

    def __init__(self) -> None:
        self.start_offsets: dict[SharePartitionId, int] = {}
        self.batches: dict[SharePartitionId, tuple[StateBatch, ...]] = {}
        self.delivery_complete_counts: dict[SharePartitionId, int] = {}
        self.refusal: Outcome | None = None
        self.read_refusal: ReadState | None = None
        self.is_slow = False
        self.writes = 0
        self._waiting: list[tuple[Pending[Any], Any]] = []

    def read(self, group_id: str, topic_id: bytes, partition: int, leader_epoch: int) -> ReadState | Pending[ReadState]:
        key = SharePartitionId(group_id, topic_id, partition)
        outcome = self.read_refusal or ReadState(
            state_epoch=1, start_offset=self.start_offsets.get(key, 0), batches=self.batches.get(key, ())
        )
        return self._answer(lambda: outcome)

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
    ) -> Outcome | Pending[Outcome]:
        self.writes += 1
        assert state_epoch == 1
        refusal = self.refusal

        def take() -> Outcome:
            if refusal is not None:
                return refusal
            key = SharePartitionId(group_id, topic_id, partition)
            self.start_offsets[key] = start_offset
            self.batches[key] = combine_batches(self.batches.get(key, ()), batches, start_offset)
            self.delivery_complete_counts[key] = delivery_complete_count
            return Outcome()

        return self._answer(take)

    def _answer(self, take: Any) -> Any:
        if not self.is_slow:
            return take()
        pending: Pending[Any] = Pending()
        self._waiting.append((pending, take))
        return pending

    def finish(self) -> None:
        """Let everything that waits be done, in order."""
        while self._waiting:
            pending, take = self._waiting.pop(0)
            pending.complete(take())


class SharedLog:
    """One topic with one partition, and the share partition of one group on it."""

    def __init__(self, *, group: dict[str, str] | None = None, **config: object) -> None:
        self.broker = DataBroker(**config)
        self.clock: ManualClock = self.broker.clock
        self.timers: Timers = self.broker.timers
        self.log = self.broker.create("t")
        self.persister = MemoryPersister()
        self.group = group or {}
        self.config: BrokerConfig = self.broker.config
        self.settings = ShareSettings(lambda: self.config, lambda group_id: self.group)
        self.key = SharePartitionId(GROUP_ID, topic_id_of("t"), 0)
        self.woken = 0
        self.batches_read = 0
        """How many batches the last fetch has looked at."""
        self.partition = self.new_partition()

    def new_partition(self) -> SharePartition:
        return SharePartition(
            self.key,
            self.log,
            persister=self.persister,
            settings=self.settings,
            clock=self.clock,
            timers=self.timers,
            on_available=self._wake,
        )

    def _wake(self, partition: SharePartition) -> None:
        self.woken += 1

    def load(self) -> SharedLog:
        outcome = self.partition.maybe_initialize()
        assert outcome == Outcome()
        return self

    def restart(self) -> None:
        """As after the broker was killed: what the persister has is left."""
        self.partition.fence()
        self.partition = self.new_partition()
        self.load()

    def produce(self, *counts: int, **how: Any) -> None:
        """Batches of so many records."""
        for count in counts:
            self.log.append(batch(*[b"v"] * count, **how), now_ms=NOW_MS)

    def end_transaction(self, producer_id: int, *, commit: bool) -> None:
        marker = end_transaction_marker(
            commit=commit, producer_id=producer_id, producer_epoch=0, coordinator_epoch=0, timestamp=NOW_MS
        )
        self.log.append(marker, now_ms=NOW_MS, origin="coordinator")

    def fetch(
        self,
        member_id: str = "a",
        *,
        max_records: int = 500,
        batch_size: int = 500,
        mode: int = BATCH_OPTIMIZED,
        max_bytes: int = 1 << 20,
    ) -> list[tuple[int, int, int]]:
        """(first offset, last offset, delivery count) of what the member acquires, as with the requests of a client."""
        offset = self.partition.fetch_offset()
        if offset is not None and offset < self.log.log_start_offset:
            self.partition.move_start_to(self.log.log_start_offset)
            offset = self.partition.fetch_offset()
            assert offset is None or offset >= self.log.log_start_offset
        if offset is None:
            return []
        data = self.log.read(offset, max_bytes, isolation=self.settings.of_group(GROUP_ID).isolation)
        window = self.partition.window
        fetched = FetchedBatches.of(
            data, max(window.end_offset, offset), max_records, "t-0", window.reach(offset, max_records)
        )
        self.batches_read = len(fetched.batches)
        acquired = self.partition.acquire(
            member_id, offset, fetched, mode=mode, max_records=max_records, batch_size=batch_size
        )
        return [tuple(each) for each in acquired]  # type: ignore[misc]

    def acknowledge(self, member_id: str, *batches: tuple[int, int, int | list[int]]) -> int:
        """The error code for batches of (first offset, last offset, type or types)."""
        outcome = self.begin_acknowledge(member_id, *batches)
        assert not isinstance(outcome, Pending)
        return outcome.code

    def begin_acknowledge(
        self, member_id: str, *batches: tuple[int, int, int | list[int]]
    ) -> Outcome | Pending[Outcome]:
        return self.partition.acknowledge(
            member_id,
            [
                AcknowledgementBatch(first, last, types if isinstance(types, list) else [types])
                for first, last, types in batches
            ],
        )

    @property
    def stored(self) -> tuple[int, list[tuple[int, int, int, int]]]:
        """Start offset and batches, as the persister has them."""
        return self.persister.start_offsets.get(self.key, 0), [
            tuple(each)
            for each in self.persister.batches.get(self.key, ())  # type: ignore[misc]
        ]
