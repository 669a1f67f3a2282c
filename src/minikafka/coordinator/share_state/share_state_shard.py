"""The share coordinator's state for one partition of ``__share_group_state``, and the operations on it.

    not initialized   read and write are refused         initialize -> initialized
    initialized       reads, writes; initialize again     delete, or the topic is deleted -> not initialized

Source: Kafka's ShareCoordinatorShard.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from minikafka.coordinator.result import Result
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState, ReadSummary
from minikafka.coordinator.share_state.share_state import (
    NO_COUNT,
    NO_EPOCH,
    NO_OFFSET,
    ShareState,
    snapshot_record,
    tombstone,
    update_record,
)
from minikafka.coordinator.share_state.share_state_table import ShareStateTable
from minikafka.coordinator.share_state.state_batches import StateBatch, combine_batches, take_in
from minikafka.errors import (
    FENCED_LEADER_EPOCH,
    FENCED_STATE_EPOCH,
    INVALID_REQUEST,
    UNKNOWN_TOPIC_OR_PARTITION,
    message_of,
)
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.clock import Clock
    from minikafka.coordinator.result import CoordinatorRecord
    from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey
    from minikafka.coordinator.share_state.share_state_settings import ShareStateSettings
    from minikafka.protocol.messages import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey, ShareUpdateValue
    from minikafka.state.topics import TopicImage

_logger = logging.getLogger(__name__)

_NEGATIVE_PARTITION = "The partition id cannot be a negative number."
_READ_UNINITIALIZED = "Read operation on uninitialized share partition not allowed."
_WRITE_UNINITIALIZED = "Write operation on uninitialized share partition not allowed."


class Topics(Protocol):
    """The topics there are, as in ``MetadataImage``."""

    @property
    def topics_by_id(self) -> Mapping[bytes, TopicImage]: ...


class _Refusal(NamedTuple):
    code: int
    message: str


class ShareStateShard:
    """See the module. ``table`` is the hard state: records change it, and nothing else."""

    def __init__(self, clock: Clock, settings: ShareStateSettings, topics: Topics) -> None:
        self._clock = clock
        self._settings = settings
        self._topics = topics
        self.table = ShareStateTable(settings.updates_per_snapshot)

    # Operations

    def initialize(self, key: SharePartitionKey, state_epoch: int, start_offset: int) -> Result[Outcome]:
        """Begin anew. A partition that was known keeps its count of snapshots, and its fences."""
        refusal = _check_partition(key) or self._check_state_epoch(key, state_epoch) or self._check_topic(key)
        if refusal is not None:
            return Result(response=Outcome(*refusal))
        known = self.table.states.get(key)
        now_ms = self._clock.wall_ms()
        state = ShareState(
            snapshot_epoch=0 if known is None else known.snapshot_epoch + 1,
            state_epoch=state_epoch,
            leader_epoch=0,
            start_offset=start_offset,
            delivery_complete_count=NO_COUNT,
            batches=(),
            create_timestamp_ms=now_ms,
            write_timestamp_ms=now_ms,
        )
        return Result([snapshot_record(key, state)], Outcome())

    def read(self, key: SharePartitionKey, leader_epoch: int) -> Result[ReadState]:
        """The state; a leader epoch that is new is written down."""
        refusal = (
            _check_partition(key)
            or self._check_initialized(key, _READ_UNINITIALIZED)
            or self._check_leader_epoch(key, leader_epoch)
            or self._check_topic(key)
        )
        if refusal is not None:
            return Result(response=ReadState(*refusal))
        state = self.table.states[key]
        found = ReadState(state_epoch=state.state_epoch, start_offset=state.start_offset, batches=state.batches)
        if leader_epoch in (NO_EPOCH, self.table.leader_epochs.get(key)):
            return Result(response=found)
        record = self._changed(key, leader_epoch, state.start_offset, state.delivery_complete_count, ())
        return Result([record], found)

    def read_summary(self, key: SharePartitionKey) -> ReadSummary:
        """The state without its batches."""
        refusal = _check_partition(key) or self._check_topic(key)
        if refusal is not None:
            return ReadSummary(*refusal)
        state = self.table.states.get(key)
        if state is None:
            return ReadSummary(start_offset=NO_OFFSET, delivery_complete_count=NO_COUNT)
        return ReadSummary(
            state_epoch=state.state_epoch,
            leader_epoch=state.leader_epoch,
            start_offset=state.start_offset,
            delivery_complete_count=state.delivery_complete_count,
        )

    def write(
        self,
        key: SharePartitionKey,
        state_epoch: int,
        leader_epoch: int,
        start_offset: int,
        delivery_complete_count: int,
        batches: Sequence[StateBatch],
    ) -> Result[Outcome]:
        """Take a change in; the epochs are checked only, -1 is below none."""
        refusal = (
            _check_partition(key)
            or self._check_initialized(key, _WRITE_UNINITIALIZED)
            or (self._check_leader_epoch(key, leader_epoch) if leader_epoch != NO_EPOCH else None)
            or self._check_state_epoch(key, state_epoch)
            or self._check_topic(key)
        )
        if refusal is not None:
            return Result(response=Outcome(*refusal))
        kept_leader_epoch = self.table.states[key].leader_epoch
        record = self._changed(key, kept_leader_epoch, start_offset, delivery_complete_count, batches)
        return Result([record], Outcome())

    def delete(self, key: SharePartitionKey) -> Result[Outcome]:
        """Forget the state; nothing to be forgotten is no error."""
        refusal = _check_partition(key) or self._check_topic(key)
        if refusal is not None:
            return Result(response=Outcome(*refusal))
        return Result([tombstone(key)] if key in self.table.states else [], Outcome())

    def _changed(
        self,
        key: SharePartitionKey,
        leader_epoch: int,
        start_offset: int,
        delivery_complete_count: int,
        batches: Sequence[StateBatch],
    ) -> CoordinatorRecord:
        """An update, or, after so many of them, a snapshot."""
        state = self.table.states[key]
        if not self.table.needs_snapshot(key):
            return update_record(
                key,
                state,
                leader_epoch,
                start_offset,
                delivery_complete_count,
                combine_batches((), batches, start_offset),
            )
        now_ms = self._clock.wall_ms()
        moved_start_offset = state.start_offset if start_offset == NO_OFFSET else start_offset
        return snapshot_record(
            key,
            state._replace(
                snapshot_epoch=state.snapshot_epoch + 1,
                leader_epoch=leader_epoch,
                start_offset=moved_start_offset,
                delivery_complete_count=delivery_complete_count,
                batches=take_in(state.batches, batches, moved_start_offset),
                create_timestamp_ms=now_ms,
                write_timestamp_ms=now_ms,
            ),
        )

    # Checks, each None when all is well

    def _check_initialized(self, key: SharePartitionKey, message: str) -> _Refusal | None:
        return None if key in self.table.states else _Refusal(INVALID_REQUEST, message)

    def _check_leader_epoch(self, key: SharePartitionKey, leader_epoch: int) -> _Refusal | None:
        if self.table.leader_epochs.get(key, leader_epoch) <= leader_epoch:
            return None
        return _Refusal(FENCED_LEADER_EPOCH, message_of(FENCED_LEADER_EPOCH))

    def _check_state_epoch(self, key: SharePartitionKey, state_epoch: int) -> _Refusal | None:
        if state_epoch == NO_EPOCH or self.table.state_epochs.get(key, state_epoch) <= state_epoch:
            return None
        return _Refusal(FENCED_STATE_EPOCH, message_of(FENCED_STATE_EPOCH))

    def _check_topic(self, key: SharePartitionKey) -> _Refusal | None:
        topic = self._topics.topics_by_id.get(key.topic_id)
        if topic is not None and key.partition < len(topic.partitions):
            return None
        return _Refusal(UNKNOWN_TOPIC_OR_PARTITION, message_of(UNKNOWN_TOPIC_OR_PARTITION))

    # Upkeep

    def snapshot_cold(self) -> Result[None]:
        """Write the states anew that have not been for an interval, once each, so that pruning can pass them."""
        now_ms = self._clock.wall_ms()
        states = self.table.states
        if all(state.create_timestamp_ms != state.write_timestamp_ms for state in states.values()):
            return Result()
        latest_ms = now_ms - self._settings.cold_snapshot_interval_ms
        return Result(
            [
                snapshot_record(key, state._replace(snapshot_epoch=state.snapshot_epoch + 1, write_timestamp_ms=now_ms))
                for key, state in states.items()
                if state.write_timestamp_ms <= latest_ms
            ],
            is_atomic=False,
        )

    def forget_topics(self, topic_ids: set[bytes]) -> Result[None]:
        """The topics are deleted: so is what groups had to remember of them."""
        return Result([tombstone(key) for key in self.table.states if key.topic_id in topic_ids], is_atomic=False)

    # Records

    def replay(
        self,
        key: ShareSnapshotKey | ShareUpdateKey,
        value: ShareSnapshotValue | ShareUpdateValue | None,
        record_offset: int,
        producer_id: int,
    ) -> None:
        """Take a written record into the state."""
        self.table.replay(key, value, record_offset)

    def on_loaded(self) -> Iterator[Result[Any]]:
        """Topics may have been deleted while nobody had asked for their states."""
        gone = {key.topic_id for key in self.table.states} - self._topics.topics_by_id.keys()
        if gone:
            _logger.info("Forgetting the share group state of %d topics that are deleted", len(gone))
            yield self.forget_topics(gone)

    def on_unloaded(self) -> None:
        """There is nothing to stop: time is the business of whoever holds the shards."""


def _check_partition(key: SharePartitionKey) -> _Refusal | None:
    return _Refusal(INVALID_REQUEST, _NEGATIVE_PARTITION) if key.partition < 0 else None
