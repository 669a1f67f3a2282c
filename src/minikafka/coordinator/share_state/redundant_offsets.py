"""Up to where records of ``__share_group_state`` are needed no more (Kafka: ``ShareCoordinatorOffsetsManager``).

Each partition of a group needs its last snapshot and what comes after it; the oldest of these snapshots is the limit.
"""

from __future__ import annotations

from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey


class RedundantOffsets:
    """Knows the offset of each last snapshot, oldest first: records come in the order of their offsets."""

    __slots__ = ("_end", "_offsets")

    def __init__(self) -> None:
        self._offsets: dict[SharePartitionKey, int] = {}
        self._end = 0

    @property
    def end(self) -> int:
        """All records below this offset are redundant; 0 for none."""
        return self._end

    def snapshot_at(self, key: SharePartitionKey, offset: int) -> None:
        self._offsets.pop(key, None)
        self._offsets[key] = offset
        self._end = next(iter(self._offsets.values()))

    def tombstone_at(self, key: SharePartitionKey, offset: int) -> None:
        """It is kept itself, so that there always is a record to keep."""
        self.snapshot_at(key, offset)
        del self._offsets[key]
