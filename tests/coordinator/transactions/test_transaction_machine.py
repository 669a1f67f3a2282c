"""Transactions under any sequence of requests, timeouts and kills: readers see what was committed and nothing else, and
what was written gives back what was there."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from minikafka.coordinator.transactions.transaction_loader import TransactionLoader
from minikafka.coordinator.transactions.transaction_shard import TransactionShard
from tests.handlers.transaction_broker import Producer, start_broker

IDS = ["one", "two"]
PARTITIONS = [("t", 0), ("t", 1)]
PRODUCER = st.integers(0, 3)


class TransactionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.broker = start_broker()
        self.broker._create_internal_topic("__consumer_offsets")
        self.broker._create_internal_topic("__transaction_state")
        # Two for each id, one of each version: they fence each other all the time.
        self.producers = [
            Producer(self.broker, transactional_id, version) for transactional_id in IDS for version in (1, 2)
        ]
        self.open: list[list[int]] = [[] for _ in self.producers]
        """What each has written since it last began. All that is written is a number of its own, values and offsets
        alike."""
        self.committed: set[int] = set()
        self.offsets: set[int] = set()
        self.written = 0

    def next_number(self) -> int:
        self.written += 1
        return self.written

    @rule(index=PRODUCER, keep=st.booleans())
    def init(self, index: int, keep: bool) -> None:
        producer = self.producers[index]
        producer.init(keep=keep and producer.producer_id >= 0)
        self.open[index].clear()

    @rule(index=PRODUCER, partition=st.sampled_from(PARTITIONS))
    def take_over(self, index: int, partition: tuple[str, int]) -> None:
        """What fencing is for: the other one of the same id goes on as if nothing had happened."""
        self.producers[index].started()
        self.open[index].clear()
        self.write(index, partition)

    @rule(index=PRODUCER, partition=st.sampled_from(PARTITIONS))
    def write_something(self, index: int, partition: tuple[str, int]) -> None:
        self.write(index, partition)

    def write(self, index: int, partition: tuple[str, int]) -> None:
        number = self.next_number()
        if self.producers[index].producer_id >= 0 and self.producers[index].write(b"%d" % number, *partition) == 0:
            self.open[index].append(number)

    @rule(index=PRODUCER)
    def send_offset(self, index: int) -> None:
        number = self.next_number()
        if self.producers[index].producer_id >= 0 and self.producers[index].send_offset(number) == 0:
            self.open[index].append(number)
            self.offsets.add(number)

    @rule(index=PRODUCER)
    def commit(self, index: int) -> None:
        if self.producers[index].producer_id >= 0 and self.producers[index].commit() == 0:
            self.committed.update(self.open[index])
        self.open[index].clear()

    @rule(index=PRODUCER)
    def abort(self, index: int) -> None:
        if self.producers[index].producer_id >= 0:
            self.producers[index].abort()
        self.open[index].clear()

    @rule(duration_ms=st.sampled_from([1, 10_000, 70_000]))
    def wait(self, duration_ms: int) -> None:
        self.broker.clock.advance(duration_ms)

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.broker = self.broker.restarted(kill=kill)
        for producer in self.producers:
            producer.broker = self.broker

    @invariant()
    def nothing_uncommitted_is_seen(self) -> None:
        for topic, partition in PARTITIONS:
            assert {int(value or b"-1") for value in self.broker.committed(topic, partition)} <= self.committed

    @invariant()
    def what_was_written_gives_back_what_is_there(self) -> None:
        for index in range(2):
            log = self.broker.logs.get("__transaction_state", index)
            assert log is not None
            live = self.broker.transaction_service.runtime._partitions.get(index)
            if log.log_end_offset == 0 or live is None:
                continue
            loader = TransactionLoader()
            loader.feed(log.read(0, 1 << 20, isolation="log_end").read())
            shard = live.shard
            loaded = TransactionShard(shard._timers, shard._clock, shard._settings, shard._markers, lambda: 2)
            loader.finish(loaded)
            assert loaded.transactions == shard.transactions
            assert set(loaded._ongoing) == set(shard._ongoing)

    def teardown(self) -> None:
        """When every transaction is over, all that was committed is seen, in the order of the log."""
        for transactional_id in IDS:
            Producer(self.broker, transactional_id).started()
        for topic, partition in PARTITIONS:
            values = self.broker.values(topic, partition)
            assert self.broker.committed(topic, partition) == [
                value for value in values if int(value or b"-1") in self.committed
            ]
        last_offset = max(self.offsets & self.committed, default=-1)
        assert self.broker.offset("g", "u", require_stable=True) == (last_offset, 0)


TestTransactions = TransactionMachine.TestCase
TestTransactions.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
