"""The fast loader reads what a plain replay, record by record, reads."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.clock import ManualClock, Timers
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_records import offset_commit_record, offset_commit_tombstone
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.offsets import OffsetAndMetadata
from minikafka.coordinator.result import CoordinatorRecord
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.protocol import stored
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.coordinator.groups import DEFAULTS, Topics

NAMES = st.sampled_from(["g", "h", "group-" * 12, "é" * 100, ""])
OFFSETS = st.builds(
    OffsetAndMetadata,
    committed_offset=st.integers(0, 1 << 62),
    leader_epoch=st.integers(-1, 9),
    metadata=st.sampled_from(["", "note", "x" * 126, "x" * 127, "é" * 2_000]),
    commit_timestamp_ms=st.integers(0, 1 << 42),
    expire_timestamp_ms=st.sampled_from([-1, -1, 5]),
    topic_id=st.sampled_from([bytes(16), bytes(range(16))]),
    record_offset=st.just(-1),
)
COMMITS = st.builds(offset_commit_record, NAMES, NAMES, st.integers(0, 3), OFFSETS)
TOMBSTONES = st.builds(offset_commit_tombstone, NAMES, NAMES, st.integers(0, 3))
BATCHES = st.lists(
    st.tuples(
        st.lists(st.one_of(COMMITS, COMMITS, TOMBSTONES), min_size=1, max_size=12),
        st.sampled_from(["none", "none", "gzip", "lz4"]),
        st.integers(0, 300),
    ),
    max_size=4,
)


def new_shard() -> GroupShard:
    clock = ManualClock()
    timers = KeyedTimers(clock, Timers(clock), lambda operation: None)
    return GroupShard(timers, clock, GroupSettings(DEFAULTS), Topics())


def batch_of(records: list[CoordinatorRecord], base_offset: int, compression: str = "none") -> bytes:
    return build_batch(
        [
            Record(
                base_offset + delta,
                1_700_000_000_000 + delta * 1_000,
                stored.encode_key(record.key),
                None if record.value is None else stored.encode_value(record.value, record.version),
            )
            for delta, record in enumerate(records)
        ],
        base_offset=base_offset,
        compression=compression,
    )


def offsets_of(shard: GroupShard) -> dict[str, Any]:
    return {group_id: shard.offsets.of_group(group_id) for group_id in shard.offsets.groups()}


@given(BATCHES)
@settings(deadline=None, max_examples=40, derandomize=True)
def test_loader_reads_what_a_replay_reads(batches: list[tuple[list[CoordinatorRecord], str, int]]) -> None:
    loader, loaded, replayed = GroupLoader(), new_shard(), new_shard()
    offset = 0
    for records, compression, gap in batches:
        offset += gap
        assert loader.feed(batch_of(records, offset, compression)) == offset + len(records)
        for record in records:
            # Through its bytes: what a version has no place for is not stored.
            value = record.value
            if value is not None:
                value = stored.decode_value(type(value), stored.encode_value(value, record.version))
            replayed.replay(record.key, value, offset)
            offset += 1
    loader.finish(loaded)
    assert offsets_of(loaded) == offsets_of(replayed)
    assert set(loaded.groups) == set(offsets_of(replayed))


def test_batch_of_many_records() -> None:
    """Offset deltas of more than one byte."""
    offset = OffsetAndMetadata(1, -1, "", 0, -1, bytes(16), -1)
    loader, shard = GroupLoader(), new_shard()
    loader.feed(batch_of([offset_commit_record("g", "t", partition, offset) for partition in range(20_000)], 5))
    loader.finish(shard)
    offsets = shard.offsets.of_group("g")["t"]
    assert {partition: one.record_offset for partition, one in offsets.items()} == {p: p + 5 for p in range(20_000)}


def commit(partition: int, offset: int, metadata: str = "") -> CoordinatorRecord:
    return offset_commit_record("g", "t", partition, OffsetAndMetadata(offset, 0, metadata, 5, -1, bytes(16), -1))


COMMITS_ALIKE = [commit(partition, 100 + partition) for partition in range(8)]


@pytest.mark.parametrize(
    "records",
    [
        COMMITS_ALIKE,
        [*COMMITS_ALIKE, commit(3, 7)],
        [*COMMITS_ALIKE[:5], commit(5, 1, "longer"), *COMMITS_ALIKE[6:]],
        [*COMMITS_ALIKE, offset_commit_tombstone("g", "t", 4)],
        [offset_commit_tombstone("g", "t", partition) for partition in range(6)],
        [commit(partition, partition, "x" * 100) for partition in range(6)],
        [commit(partition, partition) for partition in range(100)],
    ],
)
@pytest.mark.parametrize("timestamps", [[0], [0, 1], [0, 1_000]])
def test_commits_that_are_laid_out_alike_and_not(records: list[CoordinatorRecord], timestamps: list[int]) -> None:
    data = build_batch(
        [
            Record(
                7 + delta,
                timestamps[delta % len(timestamps)],
                stored.encode_key(record.key),
                None if record.value is None else stored.encode_value(record.value, record.version),
            )
            for delta, record in enumerate(records)
        ],
        base_offset=7,
    )
    loader, loaded, replayed = GroupLoader(), new_shard(), new_shard()
    assert loader.feed(data) == 7 + len(records)
    loader.finish(loaded)
    for delta, record in enumerate(records):
        replayed.replay(record.key, record.value, 7 + delta)
    assert offsets_of(loaded) == offsets_of(replayed)


def test_batch_that_is_cut_off_is_left_for_later() -> None:
    first = batch_of([offset_commit_tombstone("g", "t", 0)], 7)
    loader = GroupLoader()
    assert loader.feed(first + first[:-1]) == 8
    assert loader.feed(first[:40]) == -1


def test_records_of_unknown_types_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    loader, shard = GroupLoader(), new_shard()
    unknown = build_batch([Record(0, 0, b"\x7f\x00\x00\x01g", b"?"), Record(1, 0, b"\0", b"?")])
    loader.feed(unknown)
    loader.feed(batch_of([offset_commit_record("g", "t", 0, OffsetAndMetadata(1, -1, "", 0, -1, bytes(16), -1))], 2))
    loader.finish(shard)
    assert list(offsets_of(shard)) == ["g"]
    assert "unknown type 32512" in caplog.text


def test_garbage_collection_is_as_before() -> None:
    GroupLoader().finish(new_shard())
    assert gc.isenabled()
