"""Whoever reads a compacted log to its end has the same final map as one that read everything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.records.batch import Record
from tests.storage.cleaning.compacted import Bench, CommittedReader, batches_of, committed_records, last_values
from tests.storage.logs import upkeep_of

KEYS = st.sampled_from([f"k{number}" for number in range(6)])
ACTIONS = st.one_of(
    st.tuples(
        st.just("put"),
        st.lists(st.tuples(KEYS, st.one_of(st.none(), st.text("xyz", max_size=30))), min_size=1, max_size=4),
    ),
    st.tuples(
        st.just("txn"),
        st.sampled_from([11, 12]),
        st.lists(st.tuples(KEYS, st.text("pq", max_size=5)), min_size=1, max_size=3),
    ),
    st.tuples(st.just("end"), st.sampled_from([11, 12]), st.booleans()),
    st.tuples(st.just("roll")),
    st.tuples(st.just("clean")),
    st.tuples(st.just("wait"), st.sampled_from([1, 400, 1000])),
    st.tuples(st.just("read"), st.integers(1, 3)),
    st.tuples(st.just("restart")),
)
RETENTION_MS = 500
DEDUPE_BYTES = 4 * 1024 * 1024


class SlowReader:
    """A consumer that reads a little at a time, and is through within delete.retention.ms, or begins anew."""

    def __init__(self, bench: Bench) -> None:
        self.began_ms = bench.clock.wall_ms()
        self.reader = CommittedReader(bench.log)
        self.records: list[Record] = []

    def is_late(self, bench: Bench) -> bool:
        return bench.clock.wall_ms() - self.began_ms >= RETENTION_MS

    def read(self, bench: Bench, fetches: int | None = None) -> None:
        self.records += self.reader.read(bench.log, fetches)


class Actor:
    """Carries out actions on a compacted log, and keeps what was written to it."""

    def __init__(self, broker: dict[str, object] | None = None) -> None:
        self._broker = broker
        self.bench = Bench(segment_bytes=400, delete_retention_ms=RETENTION_MS, broker=broker)
        self.slow_reader = SlowReader(self.bench)
        self.everything: list[Record] = []
        self.sequences = {11: 0, 12: 0}
        self.open: dict[int, list[Record]] = {}
        self.committed: list[Record] = []

    def act(self, action: tuple[object, ...]) -> None:
        getattr(self, f"_{action[0]}")(*action[1:])

    def finish(self) -> None:
        for producer_id in list(self.open):
            self._end(producer_id, True)
        self.committed.sort(key=lambda record: record.offset)

    def _put(self, pairs: list[tuple[str, str | None]]) -> None:
        base_offset = self.bench.put(*pairs)
        self.committed += _records(base_offset, pairs)

    def _txn(self, producer_id: int, pairs: list[tuple[str, str | None]]) -> None:
        base_offset = self.bench.put_as(producer_id, self.sequences[producer_id], *pairs, transactional=True)
        self.sequences[producer_id] += len(pairs)
        self.open.setdefault(producer_id, []).extend(_records(base_offset, pairs))

    def _end(self, producer_id: int, commit: bool) -> None:
        if producer_id in self.open:
            self.bench.end(producer_id, commit=commit)
            written = self.open.pop(producer_id)
            if commit:
                self.committed += written

    def _read(self, fetches: int) -> None:
        if self.slow_reader.is_late(self.bench):
            self.slow_reader = SlowReader(self.bench)
        self.slow_reader.read(self.bench, fetches)

    def _roll(self) -> None:
        self.bench.log.roll()

    def _clean(self) -> None:
        self.bench.cleaner.run()

    def _wait(self, duration_ms: int) -> None:
        self.bench.clock.advance(duration_ms)
        upkeep_of(self.bench.manager).delete_due()

    def _restart(self) -> None:
        self.bench.manager.close()
        self.bench = Bench(self.bench.files, self.bench.clock, broker=self._broker, **self.bench.settings)
        assert not self.bench.manager.reports


def _records(base_offset: int, pairs: list[tuple[str, str | None]]) -> list[Record]:
    return [
        Record(base_offset + index, 0, key.encode(), None if value is None else value.encode())
        for index, (key, value) in enumerate(pairs)
    ]


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_a_reader_of_the_compacted_log_has_the_same_final_map(actions: list[tuple[object, ...]]) -> None:
    actor = Actor()
    for action in actions:
        actor.act(action)
    check_final_map(actor)


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTIONS, max_size=40))
def test_so_has_one_that_reads_slowly_while_the_log_is_compacted(actions: list[tuple[object, ...]]) -> None:
    actor = Actor()
    for action in actions:
        actor.act(action)
    actor.finish()
    if actor.slow_reader.is_late(actor.bench):
        actor.slow_reader = SlowReader(actor.bench)
    actor.slow_reader.read(actor.bench)
    assert last_values(actor.slow_reader.records) == last_values(actor.committed)


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=30), st.integers(1, 4), st.integers(1, 2))
def test_so_has_one_when_few_keys_fit_into_the_dedupe_buffer(
    actions: list[tuple[object, ...]], capacity: int, threads: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minikafka.storage.cleaning.offset_map.BYTES_PER_ENTRY", DEDUPE_BYTES // threads // capacity)
        actor = Actor(
            {
                "log.cleaner.dedupe.buffer.size": DEDUPE_BYTES,
                "log.cleaner.io.buffer.load.factor": 1.0,
                "log.cleaner.threads": threads,
            }
        )
        for action in actions:
            actor.act(action)
        check_final_map(actor)


def check_final_map(actor: Actor) -> None:
    actor.finish()
    expected = last_values(actor.committed)
    for _ in range(2):
        assert last_values(committed_records(actor.bench.log)) == expected
        actor.bench.clean()
    assert not actor.bench.cleaner.uncleanable
    offsets = [batch.base_offset for batch in batches_of(actor.bench.log)]
    assert offsets == sorted(offsets)
    surviving = {(record.offset, record.key, record.value) for record in committed_records(actor.bench.log)}
    assert surviving <= {(record.offset, record.key, record.value) for record in actor.committed}
