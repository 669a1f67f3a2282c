from __future__ import annotations

import struct
from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.errors import CorruptLogError
from minikafka.storage.index import AbortedTransaction, OffsetIndex, TimeIndex, TransactionIndex
from minikafka.storage.memory_files import MemoryFiles

BASE = 1_000


def new_offset_index(files: MemoryFiles, max_bytes: int = 100_000) -> OffsetIndex:
    index = OffsetIndex(files, "/x.index", BASE, max_bytes)
    files.create(index.path, index.preallocated_bytes)
    index.mark_created(preallocated=True)
    return index


def new_time_index(files: MemoryFiles, max_bytes: int = 100_000) -> TimeIndex:
    index = TimeIndex(files, "/x.timeindex", BASE, max_bytes)
    files.create(index.path, index.preallocated_bytes)
    index.mark_created(preallocated=True)
    return index


def test_an_active_index_is_preallocated_and_trimmed_at_close() -> None:
    files = MemoryFiles()
    index = new_offset_index(files, max_bytes=103)
    assert files.size_bytes(index.path) == 96
    index.append(BASE + 3, 40)
    index.append(BASE + 9, 80)
    index.close()
    assert files.read_bytes(index.path) == struct.pack(">iiii", 3, 40, 9, 80)


def test_a_time_index_is_preallocated_to_a_multiple_of_twelve() -> None:
    files = MemoryFiles()
    index = new_time_index(files, max_bytes=103)
    assert files.size_bytes(index.path) == 96
    index.maybe_append(77, BASE + 1)
    index.maybe_append(77, BASE + 2)
    index.maybe_append(76, BASE + 3)
    index.maybe_append(80, BASE + 4)
    index.close()
    assert files.read_bytes(index.path) == struct.pack(">qiqi", 77, 1, 80, 4)


def test_offsets_must_ascend() -> None:
    index = new_offset_index(MemoryFiles())
    index.append(BASE + 3, 40)
    with pytest.raises(CorruptLogError, match="not above the last indexed offset 1003"):
        index.append(BASE + 3, 50)


def test_full_indexes_say_so_and_the_time_index_keeps_a_slot_for_its_last_entry() -> None:
    files = MemoryFiles()
    offsets, times = new_offset_index(files, max_bytes=16), new_time_index(files, max_bytes=24)
    offsets.append(BASE + 1, 1)
    times.maybe_append(1, BASE + 1)
    assert (offsets.is_full, times.is_full) == (False, True)
    offsets.append(BASE + 2, 2)
    assert offsets.is_full


@given(
    steps=st.lists(st.integers(1, 50), max_size=2000),
    stored=st.integers(0, 2000),
    probes=st.lists(st.integers(0, 60_000)),
)
def test_lookups_find_the_last_entry_at_or_before(steps: list[int], stored: int, probes: list[int]) -> None:
    files = MemoryFiles()
    offset_index, time_index = new_offset_index(files), new_time_index(files)
    entries, offset, position = [], BASE, 0
    for slot, step in enumerate(steps):
        if slot == stored:
            offset_index.store()
            time_index.store()
        offset, position = offset + step, position + step * 3
        offset_index.append(offset, position)
        time_index.maybe_append(offset * 2, offset)
        entries.append((offset, position))
    offsets, positions = [entry[0] for entry in entries], [entry[1] for entry in entries]
    for probe in probes:
        slot = bisect_right(offsets, BASE + probe) - 1
        assert offset_index.position_before(BASE + probe) == (positions[slot] if slot >= 0 else 0)
        slot = bisect_right(positions, probe - 1)
        assert offset_index.first_offset_after_position(probe) == (offsets[slot] if slot < len(offsets) else None)
        slot = bisect_right([2 * offset for offset in offsets], probe) - 1
        assert time_index.lookup(probe) == ((2 * offsets[slot], offsets[slot]) if slot >= 0 else (-1, BASE))


@given(count=st.integers(0, 1500), stored=st.integers(0, 1500), cut=st.integers(0, 1600))
def test_truncation_drops_the_offset_and_all_above(count: int, stored: int, cut: int) -> None:
    files = MemoryFiles()
    offset_index, time_index = new_offset_index(files), new_time_index(files)
    for slot in range(count):
        if slot == stored:
            offset_index.store()
            time_index.store()
        offset_index.append(BASE + 2 * slot, slot)
        time_index.maybe_append(slot, BASE + 2 * slot)
    offset_index.truncate_to(BASE + cut)
    time_index.truncate_to(BASE + cut)
    kept = min(count, (cut + 1) // 2)
    assert (offset_index.entries, time_index.entries) == (kept, kept)
    assert offset_index.last_offset == (BASE + 2 * (kept - 1) if kept else BASE)
    assert time_index.last_entry == ((kept - 1, BASE + 2 * (kept - 1)) if kept else (-1, BASE))
    offset_index.append(BASE + 10_000, 10_000)
    offset_index.close()
    again = OffsetIndex(files, offset_index.path, BASE, 100_000)
    assert again.entries == kept + 1
    assert again.looks_sane()
    assert again.last_offset == BASE + 10_000


def test_the_file_is_written_a_few_thousand_bytes_at_a_time() -> None:
    files = MemoryFiles()
    index = new_offset_index(files)
    before = files.operations
    for slot in range(1024):
        index.append(BASE + 1 + slot, slot)
        index.maybe_store()
    assert files.operations - before == 2


def test_a_reset_index_forgets_a_damaged_file() -> None:
    files = MemoryFiles()
    files.write_bytes("/x.index", b"damaged", sync=False)
    index = OffsetIndex(files, "/x.index", BASE, 96)
    assert not index.looks_sane()
    index.reset()
    index.append(BASE + 1, 1)
    index.close()
    assert files.read_bytes("/x.index") == struct.pack(">ii", 1, 1)


def aborted(*numbers: tuple[int, int, int]) -> list[AbortedTransaction]:
    return [AbortedTransaction(9, first, last, stable) for first, last, stable in numbers]


def test_the_transaction_index_appears_with_the_first_entry() -> None:
    files = MemoryFiles()
    index = TransactionIndex(files, "/x.txnindex", exists=False)
    assert index.overlapping(0, 100) == ([], False)
    assert not files.exists("/x.txnindex")
    index.append(AbortedTransaction(5, 10, 20, 21))
    assert files.read_bytes("/x.txnindex") == struct.pack(">hqqqq", 0, 5, 10, 20, 21)


def test_aborted_transactions_that_overlap_a_range() -> None:
    index = TransactionIndex(MemoryFiles(), "/x.txnindex", exists=False)
    for entry in aborted((0, 10, 5), (5, 15, 12), (20, 30, 31)):
        index.append(entry)
    assert index.overlapping(11, 16) == (aborted((5, 15, 12), (20, 30, 31))[:1], True)
    assert index.overlapping(0, 5) == (aborted((0, 10, 5)), True)
    assert index.overlapping(10, 40) == (aborted((0, 10, 5), (5, 15, 12), (20, 30, 31)), False)
    assert index.overlapping(31, 40) == ([], False)


def test_truncating_the_transaction_index() -> None:
    files = MemoryFiles()
    index = TransactionIndex(files, "/x.txnindex", exists=False)
    for entry in aborted((0, 10, 5), (5, 15, 12), (20, 30, 31)):
        index.append(entry)
    index.truncate_to(15)
    assert index.all() == aborted((0, 10, 5))
    index.close()
    again = TransactionIndex(files, "/x.txnindex", exists=True)
    assert again.looks_sane()
    assert again.all() == aborted((0, 10, 5))
    files.open("/x.txnindex").pwrite(b"\7", 0)
    assert not again.looks_sane()
