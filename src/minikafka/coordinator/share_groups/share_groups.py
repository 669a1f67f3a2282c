"""The share groups of one partition of ``__consumer_offsets``: their operations, and the records that change them.

``GroupShard`` makes this when it first meets a share group: in a request, or in a record (Kafka: the share part of
GroupMetadataManager).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.assignments import assignment_of
from minikafka.coordinator.result import CoordinatorRecord, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.share_groups.share_group import ShareGroup, ShareMember
from minikafka.coordinator.share_groups.share_membership import ShareMembership
from minikafka.coordinator.share_groups.share_offsets import ShareOffsets
from minikafka.coordinator.share_groups.share_records import share_group_tombstones
from minikafka.coordinator.share_groups.state_partitions import StatePartitions
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.topic_metadata import TopicMetadata
from minikafka.protocol.messages import (
    ShareGroupCurrentMemberAssignmentKey,
    ShareGroupMemberMetadataKey,
    ShareGroupMetadataKey,
    ShareGroupStatePartitionMetadataKey,
    ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMetadataKey,
)

if TYPE_CHECKING:
    from minikafka.clock import Clock

_NO_TARGET_EPOCH = -1

Replay = Callable[[ShareGroup, Any, Any], None]
"""Takes a record into its group: key, and value or None."""


class ShareGroups:
    """See the module. ``groups`` are those of all types."""

    def __init__(
        self,
        groups: dict[str, Any],
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        metadata: TopicMetadata,
    ) -> None:
        self._groups = groups
        self._clock = clock
        self.membership = ShareMembership(groups, timers, clock, settings, metadata)
        self.offsets = ShareOffsets(groups, self.membership)
        self._replay_by_key: dict[type, Replay] = {
            ShareGroupMetadataKey: self._replay_group,
            ShareGroupMemberMetadataKey: _replay_member,
            ShareGroupTargetAssignmentMetadataKey: _replay_target_epoch,
            ShareGroupTargetAssignmentMemberKey: _replay_target_assignment,
            ShareGroupCurrentMemberAssignmentKey: _replay_current_assignment,
            ShareGroupStatePartitionMetadataKey: self._replay_state_partitions,
        }

    def change_settings(self, settings: GroupSettings) -> None:
        """Use these settings from now on."""
        self.membership.settings = settings

    def tombstones_of(self, group: ShareGroup) -> list[CoordinatorRecord]:
        """What deletes an empty group."""
        return share_group_tombstones(group)

    def rebalance(self, group: ShareGroup) -> Result[Any]:
        return self.membership.rebalance(group)

    def fence(self, group: ShareGroup, member_id: str) -> Result[Any]:
        """End the session of a member."""
        return self.membership.fence(group, member_id)

    def on_loaded(self) -> Result[None]:
        """The state is complete: begin the sessions of the members. Gives what has to be written."""
        for group in self._groups.values():
            if isinstance(group, ShareGroup):
                self.membership.on_loaded(group)
        return self.offsets.forget_missing_topics()

    # Records

    def replayers(self) -> dict[type, Callable[[Any, Any, int, int], None]]:
        """What takes in the records of share groups, by the class of their keys."""
        return dict.fromkeys(self._replay_by_key, self._replay)

    def _replay(self, key: Any, value: Any | None, *_: int) -> None:
        """What deletes something creates nothing."""
        group = self._groups.get(key.group_id)
        if not isinstance(group, ShareGroup):
            if value is None:
                return
            group = self._groups[key.group_id] = ShareGroup(key.group_id)
        self._replay_by_key[type(key)](group, key, value)

    def _replay_group(self, group: ShareGroup, key: ShareGroupMetadataKey, value: Any | None) -> None:
        if value is None:
            del self._groups[key.group_id]
        else:
            group.group_epoch = value.epoch
            group.metadata_hash = value.metadata_hash

    def _replay_state_partitions(self, group: ShareGroup, _: Any, value: Any | None) -> None:
        group.state_partitions = None if value is None else StatePartitions.from_record(value, self._clock.wall_ms())


def _replay_member(group: ShareGroup, key: ShareGroupMemberMetadataKey, value: Any | None) -> None:
    if value is None:
        group.members.pop(key.member_id, None)
    else:
        group.members[key.member_id] = _member_of(group, key.member_id).with_metadata(value)


def _replay_target_epoch(group: ShareGroup, _: Any, value: Any | None) -> None:
    group.target_epoch = _NO_TARGET_EPOCH if value is None else value.assignment_epoch


def _replay_target_assignment(group: ShareGroup, key: ShareGroupTargetAssignmentMemberKey, value: Any | None) -> None:
    if value is None:
        group.target.pop(key.member_id, None)
    else:
        group.target[key.member_id] = assignment_of(value.topic_partitions)


def _replay_current_assignment(group: ShareGroup, key: ShareGroupCurrentMemberAssignmentKey, value: Any | None) -> None:
    if key.member_id in group.members or value is not None:
        group.members[key.member_id] = _member_of(group, key.member_id).with_current_assignment(value)


def _member_of(group: ShareGroup, member_id: str) -> ShareMember:
    return group.members.get(member_id) or ShareMember(member_id)
