"""The states of one partition of ``__share_group_state``: what its records, replayed in their order, come to.

Source: the replay of Kafka's ShareCoordinatorShard.
"""

from __future__ import annotations

from minikafka.coordinator.share_state.redundant_offsets import RedundantOffsets
from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey
from minikafka.coordinator.share_state.share_state import ShareState, state_of_snapshot, with_update
from minikafka.protocol.messages import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue


class ShareStateTable:
    """``states``; for each of them the highest epochs seen, which fence those who come with lower ones, and the number
    of updates. ``redundant`` says which records are needed no more.

    :param updates_per_snapshot: ``share.coordinator.snapshot.update.records.per.snapshot``.
    """

    __slots__ = ("leader_epochs", "redundant", "state_epochs", "states", "update_counts", "updates_per_snapshot")

    def __init__(self, updates_per_snapshot: int) -> None:
        self.updates_per_snapshot = updates_per_snapshot
        self.states: dict[SharePartitionKey, ShareState] = {}
        self.leader_epochs: dict[SharePartitionKey, int] = {}
        self.state_epochs: dict[SharePartitionKey, int] = {}
        self.update_counts: dict[SharePartitionKey, int] = {}
        """Kafka counts from the second update on, and from the first after a snapshot that was due."""
        self.redundant = RedundantOffsets()

    def needs_snapshot(self, key: SharePartitionKey) -> bool:
        """Whether the next change is to be written as a snapshot."""
        return self.update_counts.get(key, 0) >= self.updates_per_snapshot

    def replay(
        self,
        key: ShareSnapshotKey | ShareUpdateKey,
        value: ShareSnapshotValue | ShareUpdateValue | None,
        record_offset: int,
    ) -> None:
        """Take a record in; its offset is above those before it."""
        partition = SharePartitionKey(key.group_id, key.topic_id, key.partition)
        if isinstance(value, ShareSnapshotValue):
            self._replay_snapshot(partition, value)
            self.redundant.snapshot_at(partition, record_offset)
        elif isinstance(value, ShareUpdateValue):
            self._replay_update(partition, value)
        else:
            self._forget(partition)
            self.redundant.tombstone_at(partition, record_offset)

    def _replay_snapshot(self, key: SharePartitionKey, value: ShareSnapshotValue) -> None:
        self.states[key] = state_of_snapshot(value)
        self.leader_epochs[key] = max(self.leader_epochs.get(key, value.leader_epoch), value.leader_epoch)
        self.state_epochs[key] = max(self.state_epochs.get(key, value.state_epoch), value.state_epoch)
        if key in self.update_counts and self.needs_snapshot(key):
            self.update_counts[key] = 0

    def _replay_update(self, key: SharePartitionKey, value: ShareUpdateValue) -> None:
        self.states[key] = with_update(self.states.get(key), value)
        self.leader_epochs[key] = max(self.leader_epochs.get(key, value.leader_epoch), value.leader_epoch)
        self.update_counts[key] = self.update_counts.get(key, -1) + 1

    def _forget(self, key: SharePartitionKey) -> None:
        for part in (self.states, self.leader_epochs, self.state_epochs, self.update_counts):
            part.pop(key, None)
