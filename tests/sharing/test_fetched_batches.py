"""What a read found: batches of all formats, aborted transactions, and the bytes that are answered."""

from __future__ import annotations

import pytest

from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import build_batch
from minikafka.sharing.fetched_batches import FetchedBatches
from tests.handlers.data_broker import NOW_MS
from tests.sharing.shared_log import SharedLog


def fetched(
    shared: SharedLog, *, known_offset: int = 1_000, max_records: int = 1_000, offset: int = 0
) -> FetchedBatches:
    data = shared.log.read(offset, 1 << 20, isolation="read_committed")
    return FetchedBatches.of(data, known_offset, max_records, "t-0")


def offsets(batches: FetchedBatches) -> list[tuple[int, int]]:
    return [(each.base_offset, each.last_offset) for each in batches.batches]


def test_batches_are_looked_at_as_far_as_they_may_be_acquired() -> None:
    shared = SharedLog()
    shared.produce(*[2] * 10)
    assert len(offsets(fetched(shared))) == 10
    assert offsets(fetched(shared, known_offset=2, max_records=3)) == [(0, 1), (2, 3), (4, 5)]
    assert offsets(fetched(shared, known_offset=0, max_records=1, offset=8)) == [(8, 9)]


def test_a_batch_that_is_cut_off_is_not_there() -> None:
    shared = SharedLog()
    shared.produce(2, 2)
    data = shared.log.read(0, 100)
    assert offsets(FetchedBatches.of(data, 1_000, 1_000, "t-0")) == [(0, 1)]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(0, 7, [(0, 1), (2, 3), (4, 5), (6, 7)]), (3, 4, [(2, 3), (4, 5)]), (7, 7, [(6, 7)]), (0, 0, [(0, 1)])],
)
def test_the_answer_has_the_batches_around_what_was_acquired(
    first: int, last: int, expected: list[tuple[int, int]]
) -> None:
    shared = SharedLog()
    shared.produce(2, 2, 2, 2)
    stored = fetched(shared).slice(first, last).read()
    assert [(each.base_offset, each.last_offset) for each in iter_batches(memoryview(stored))] == expected


@pytest.mark.parametrize("magic", [0, 1])
def test_compressed_messages_of_old_formats_begin_with_the_first_one_in_them(magic: int) -> None:
    """On disk they carry the offset of the last: what lies before must not be passed over."""
    shared = SharedLog()
    records = [Record(offset, NOW_MS, None, b"v") for offset in range(4)]
    shared.log.append(build_batch(records, magic=magic, compression="gzip"), now_ms=NOW_MS, to_magic=magic)
    assert offsets(fetched(shared)) == [(0, 3)]
    shared.load()
    assert shared.fetch() == [(0, 3, 1)]


def test_the_batches_of_aborted_transactions_are_known() -> None:
    shared = SharedLog()

    def transactional(producer_id: int, base_sequence: int) -> None:
        shared.produce(1, producer_id=producer_id, producer_epoch=0, base_sequence=base_sequence, is_transactional=True)

    transactional(7, 0)
    transactional(8, 0)
    shared.produce(1)
    transactional(7, 1)
    shared.end_transaction(7, commit=False)
    transactional(7, 2)
    shared.end_transaction(8, commit=True)
    shared.end_transaction(7, commit=True)
    aborted = fetched(shared).aborted_batches()
    assert [each.base_offset for each in aborted] == [0, 3]
