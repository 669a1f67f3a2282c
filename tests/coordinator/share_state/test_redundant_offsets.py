"""Kafka: ShareCoordinatorOffsetsManagerTest."""

from __future__ import annotations

from minikafka.coordinator.share_state.redundant_offsets import RedundantOffsets
from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey

A, B, C = (SharePartitionKey("g", bytes(16), partition) for partition in range(3))


def ends(*steps: tuple[SharePartitionKey, int] | tuple[SharePartitionKey, int, str]) -> list[int]:
    """What is redundant after each snapshot, or tombstone ("gone")."""
    offsets = RedundantOffsets()
    found = []
    for key, offset, *gone in steps:
        if gone:
            offsets.tombstone_at(key, offset)
        else:
            offsets.snapshot_at(key, offset)
        found.append(offsets.end)
    return found


def test_nothing_is_redundant_at_first() -> None:
    assert RedundantOffsets().end == 0


def test_the_oldest_snapshot_is_the_limit() -> None:
    assert ends((A, 0), (B, 5), (C, 7), (B, 9), (A, 12), (C, 20)) == [0, 0, 0, 0, 7, 9]


def test_one_key_leaves_its_last_snapshot() -> None:
    assert ends((A, 3), (A, 4), (A, 900)) == [3, 4, 900]


def test_what_is_deleted_holds_nothing_back() -> None:
    assert ends((A, 0), (B, 1), (A, 2, "gone"), (B, 3)) == [0, 0, 1, 3]


def test_the_tombstone_is_kept_until_something_follows() -> None:
    assert ends((A, 0), (A, 6, "gone"), (B, 8)) == [0, 6, 8]
