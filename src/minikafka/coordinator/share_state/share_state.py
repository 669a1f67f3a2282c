"""How far one share group has come in one partition, and the records that say so
(Kafka: ``ShareGroupOffset``, ``ShareCoordinatorRecordHelpers``)."""

from __future__ import annotations

from collections.abc import Iterable

from minikafka.coordinator.result import CoordinatorRecord
from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey
from minikafka.coordinator.share_state.state_batches import StateBatch, take_in
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue

NO_EPOCH = -1
NO_OFFSET = -1
NO_COUNT = -1


class ShareState(NamedTuple):
    snapshot_epoch: int
    """Goes up with each snapshot."""
    state_epoch: int
    leader_epoch: int
    start_offset: int
    """-1 while nobody has said where the group begins."""
    delivery_complete_count: int
    batches: tuple[StateBatch, ...]
    create_timestamp_ms: int
    """When the state that a snapshot shows came to be."""
    write_timestamp_ms: int
    """When the snapshot was written: later, where nothing had changed and it was written once more."""


def snapshot_record(key: SharePartitionKey, state: ShareState) -> CoordinatorRecord:
    """All of the state."""
    return CoordinatorRecord(
        ShareSnapshotKey(group_id=key.group_id, topic_id=key.topic_id, partition=key.partition),
        ShareSnapshotValue(
            snapshot_epoch=state.snapshot_epoch,
            state_epoch=state.state_epoch,
            leader_epoch=state.leader_epoch,
            start_offset=state.start_offset,
            delivery_complete_count=state.delivery_complete_count,
            create_timestamp=state.create_timestamp_ms,
            write_timestamp=state.write_timestamp_ms,
            state_batches=[ShareSnapshotValue.StateBatch(**batch._asdict()) for batch in state.batches],
        ),
    )


def update_record(
    key: SharePartitionKey,
    state: ShareState,
    leader_epoch: int,
    start_offset: int,
    delivery_complete_count: int,
    batches: Iterable[StateBatch],
) -> CoordinatorRecord:
    """What is other than in ``state``, for ``with_update``."""
    return CoordinatorRecord(
        ShareUpdateKey(group_id=key.group_id, topic_id=key.topic_id, partition=key.partition),
        ShareUpdateValue(
            snapshot_epoch=state.snapshot_epoch,
            leader_epoch=leader_epoch,
            start_offset=start_offset,
            delivery_complete_count=delivery_complete_count,
            state_batches=[ShareUpdateValue.StateBatch(**batch._asdict()) for batch in batches],
        ),
    )


def tombstone(key: SharePartitionKey) -> CoordinatorRecord:
    """There is no state any more."""
    return CoordinatorRecord(
        ShareSnapshotKey(group_id=key.group_id, topic_id=key.topic_id, partition=key.partition), None
    )


def state_of_snapshot(value: ShareSnapshotValue) -> ShareState:
    return ShareState(
        value.snapshot_epoch,
        value.state_epoch,
        value.leader_epoch,
        value.start_offset,
        value.delivery_complete_count,
        _batches_of(value.state_batches),
        value.create_timestamp,
        value.write_timestamp,
    )


def with_update(state: ShareState | None, value: ShareUpdateValue) -> ShareState:
    """The state after an update. None: its snapshot is lost, and the update is all there is."""
    batches = _batches_of(value.state_batches)
    if state is None:
        return ShareState(
            value.snapshot_epoch,
            0,
            value.leader_epoch,
            value.start_offset,
            value.delivery_complete_count,
            batches,
            0,
            0,
        )
    start_offset = state.start_offset if value.start_offset == NO_OFFSET else value.start_offset
    return state._replace(
        leader_epoch=state.leader_epoch if value.leader_epoch == NO_EPOCH else value.leader_epoch,
        start_offset=start_offset,
        delivery_complete_count=value.delivery_complete_count,
        batches=take_in(state.batches, batches, start_offset),
    )


def _batches_of(
    batches: Iterable[ShareSnapshotValue.StateBatch] | Iterable[ShareUpdateValue.StateBatch],
) -> tuple[StateBatch, ...]:
    return tuple(
        StateBatch(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
        for batch in batches
    )
