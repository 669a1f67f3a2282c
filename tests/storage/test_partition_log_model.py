"""The log against a list: any sequence of appends, transactions, cuts, restarts and crashes."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from minikafka.clock import ManualClock
from minikafka.records.batch import iter_batches
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import NOW_MS, batch, marker, new_context, new_log, read_all, reopened

PRODUCERS = st.integers(1, 3)


class Entry(NamedTuple):
    offset: int
    value: str
    timestamp: int
    is_marker: bool = False


class Transaction(NamedTuple):
    producer_id: int
    first_offset: int


class LogMachine(RuleBasedStateMachine):
    @initialize(
        segment_bytes=st.sampled_from([300, 600, 1_000_000]), index_interval_bytes=st.sampled_from([1, 100, 4096])
    )
    def begin(self, segment_bytes: int, index_interval_bytes: int) -> None:
        self.clock = ManualClock(NOW_MS)
        self.context = new_context(clock=self.clock)
        self.log: PartitionLog = new_log(
            self.context,
            segment_bytes=segment_bytes,
            index_interval_bytes=index_interval_bytes,
            segment_index_bytes=240,
            retention_ms=-1,
        )
        self.entries: list[Entry] = []
        self.start = 0
        self.next_offset = 0
        self.sequences: dict[int, int] = {}
        self.open: dict[int, int] = {}
        self.aborted: list[tuple[Transaction, int]] = []
        self.synced = 0

    # --- what is done to it

    @rule(count=st.integers(1, 5), timestamp=st.integers(NOW_MS, NOW_MS + 50), size=st.sampled_from([1, 30]))
    def append(self, count: int, timestamp: int, size: int) -> None:
        texts = [f"{self.next_offset + number:0{size}}" for number in range(count)]
        self._append(batch(*texts, timestamp=timestamp), texts, timestamp)

    @rule(producer=PRODUCERS, count=st.integers(1, 3), transactional=st.booleans())
    def produce(self, producer: int, count: int, transactional: bool) -> None:
        transactional = transactional or producer in self.open
        sequence = self.sequences.get(producer, 0)
        texts = [f"p{producer}-{sequence + number}" for number in range(count)]
        data = batch(*texts, producer=(producer, 0, sequence), transactional=transactional, timestamp=NOW_MS + 60)
        retry = bytearray(data)
        offset = self._append(data, texts, NOW_MS + 60)
        self.sequences[producer] = sequence + count
        if transactional:
            self.open.setdefault(producer, offset)
        info = self.log.append(retry, now_ms=NOW_MS)
        assert (info.base_offset, info.is_duplicate) == (offset, True)

    @rule(producer=PRODUCERS, commit=st.booleans())
    def end_transaction(self, producer: int, commit: bool) -> None:
        data = marker(producer, 0, commit=commit)
        offset = self.log.append(data, now_ms=NOW_MS, origin="coordinator").base_offset
        assert offset == self.next_offset
        self.entries.append(Entry(offset, "", NOW_MS, is_marker=True))
        self.next_offset += 1
        first_offset = self.open.pop(producer, None)
        if first_offset is not None and not commit:
            self.aborted.append((Transaction(producer, first_offset), offset))

    def _append(self, data: bytearray, texts: list[str], timestamp: int) -> int:
        offset = self.log.append(data, now_ms=NOW_MS).base_offset
        assert offset == self.next_offset
        self.entries += [Entry(offset + number, text, timestamp) for number, text in enumerate(texts)]
        self.next_offset += len(texts)
        return offset

    @rule()
    def roll(self) -> None:
        self.log.roll()

    @rule()
    def flush(self) -> None:
        self.log.flush()
        self.synced = self.next_offset

    @rule(data=st.data())
    def delete_records(self, data: st.DataObject) -> None:
        self.start = data.draw(st.integers(self.start, self.next_offset))
        self.log.delete_records_before(self.start)

    @rule()
    def delete_old_segments(self) -> None:
        self.log.delete_old_segments()
        self.clock.advance(100_000)
        self.context.deletions.delete(self.context.deletions.take_due(self.clock.monotonic_ms()))

    @precondition(lambda self: not self.open)
    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        """Only where no producer is involved: what is left of its state is another test's matter."""
        lowest = max([entry.offset + 1 for entry in self.entries if entry.value[:1] in ("p", "")], default=self.start)
        offset = data.draw(st.integers(max(lowest, self.start), max(lowest, self.start, self.next_offset)))
        boundary = self._batch_start(offset)
        if boundary >= max(lowest, self.start):
            self.log.truncate_to(boundary)
            self.entries = [entry for entry in self.entries if entry.offset < boundary]
            self.next_offset = min(self.next_offset, boundary)
            self.synced = min(self.synced, boundary)

    def _batch_start(self, offset: int) -> int:
        if offset >= self.next_offset:
            return self.next_offset
        return next(iter_batches(self.log.read(offset, 1).read())).base_offset

    @rule()
    def restart(self) -> None:
        self.log.close()
        start = self.log.log_start_offset
        self.log, report = reopened(self.log, self.context, log_start_offset=start)
        assert not report
        self.synced = self.next_offset

    @rule()
    def kill(self) -> None:
        self._crash("process", self.log.recovery_point)

    @rule(old=st.booleans())
    def lose_power(self, old: bool) -> None:
        """With nothing unsynced, nothing is lost, however old the recovery point."""
        self.flush()
        self._crash("power", 0 if old else self.log.recovery_point)

    def _crash(self, assumption: str, recovery_point: int) -> None:
        files = self.context.files
        assert isinstance(files, MemoryFiles)
        self.context = new_context(files.after_crash(assumption), self.clock)
        start = self.log.log_start_offset
        self.log, _ = reopened(
            self.log, self.context, clean_shutdown=False, recovery_point=recovery_point, log_start_offset=start
        )

    # --- what must hold

    @invariant()
    def offsets_agree(self) -> None:
        assert self.log.log_start_offset == self.start
        assert self.log.log_end_offset == self.log.high_watermark == self.next_offset
        first_open = min((max(offset, self.start) for offset in self.open.values()), default=self.next_offset)
        assert self.log.last_stable_offset == first_open

    @invariant()
    def records_agree(self) -> None:
        wanted = [
            (entry.offset, entry.value) for entry in self.entries if entry.offset >= self.start and not entry.is_marker
        ]
        assert [(record.offset, (record.value or b"").decode()) for record in read_all(self.log)] == wanted

    @rule(data=st.data(), max_bytes=st.integers(0, 600))
    def read(self, data: st.DataObject, max_bytes: int) -> None:
        offset = data.draw(st.integers(self.start, self.next_offset))
        fetched = self.log.read(offset, max_bytes)
        batches = list(iter_batches(fetched.read()))
        assert bool(batches) == (offset < self.next_offset)
        if batches:
            assert batches[0].base_offset <= offset <= batches[0].last_offset
            assert fetched.size_bytes <= max(max_bytes, batches[0].size_bytes)

    @rule(data=st.data())
    def read_committed(self, data: st.DataObject) -> None:
        offset = data.draw(st.integers(self.start, self.next_offset))
        fetched = self.log.read(offset, 1_000_000, isolation="read_committed")
        batches = list(iter_batches(fetched.read()))
        end = batches[-1].next_offset if batches else offset
        assert end <= max(self.log.last_stable_offset, offset)
        needed = {
            transaction for transaction, last in self.aborted if last >= offset and transaction.first_offset < end
        }
        assert needed <= {Transaction(*entry) for entry in fetched.aborted_transactions or ()} if batches else True

    @rule(timestamp=st.integers(NOW_MS, NOW_MS + 70))
    def look_up(self, timestamp: int) -> None:
        found = self.log.offset_for_timestamp(timestamp)
        wanted = [entry for entry in self.entries if entry.offset >= self.start and entry.timestamp >= timestamp]
        if wanted:
            assert found is not None
            assert (found.offset, found.timestamp) == (wanted[0].offset, wanted[0].timestamp)
        else:
            assert found is None

    @invariant()
    def open_transactions_agree(self) -> None:
        found = {entry.producer_id for entry in self.log.active_producers() if entry.current_txn_first_offset >= 0}
        assert found == set(self.open)


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
