"""The records of ``__consumer_offsets`` for share groups (Kafka: ``GroupCoordinatorRecordHelpers``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.assignments import topics_of
from minikafka.coordinator.result import CoordinatorRecord
from minikafka.coordinator.share_groups.share_group import MEMBER_STABLE
from minikafka.protocol.messages import (
    ShareGroupCurrentMemberAssignmentKey,
    ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey,
    ShareGroupMemberMetadataValue,
    ShareGroupMetadataKey,
    ShareGroupMetadataValue,
    ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue,
    ShareGroupTargetAssignmentMemberKey,
    ShareGroupTargetAssignmentMemberValue,
    ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue,
)

if TYPE_CHECKING:
    from minikafka.coordinator.assignments import Assignment
    from minikafka.coordinator.share_groups.share_group import ShareGroup, ShareMember
    from minikafka.coordinator.share_groups.state_partitions import StatePartitions, StateTopics

_StateValue = ShareGroupStatePartitionMetadataValue


def member_metadata_record(group_id: str, member: ShareMember) -> CoordinatorRecord:
    value = ShareGroupMemberMetadataValue(
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=list(member.subscribed_topic_names),
    )
    return CoordinatorRecord(ShareGroupMemberMetadataKey(group_id=group_id, member_id=member.member_id), value)


def group_epoch_record(group_id: str, epoch: int, metadata_hash: int) -> CoordinatorRecord:
    value = ShareGroupMetadataValue(epoch=epoch, metadata_hash=metadata_hash)
    return CoordinatorRecord(ShareGroupMetadataKey(group_id=group_id), value)


def target_assignment_record(group_id: str, member_id: str, assignment: Assignment) -> CoordinatorRecord:
    value = ShareGroupTargetAssignmentMemberValue(
        topic_partitions=topics_of(assignment, ShareGroupTargetAssignmentMemberValue.TopicPartition)
    )
    return CoordinatorRecord(ShareGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id), value)


def target_epoch_record(group_id: str, epoch: int) -> CoordinatorRecord:
    value = ShareGroupTargetAssignmentMetadataValue(assignment_epoch=epoch)
    return CoordinatorRecord(ShareGroupTargetAssignmentMetadataKey(group_id=group_id), value)


def current_assignment_record(group_id: str, member: ShareMember) -> CoordinatorRecord:
    value = ShareGroupCurrentMemberAssignmentValue(
        member_epoch=member.member_epoch,
        previous_member_epoch=member.previous_member_epoch,
        state=MEMBER_STABLE,
        assigned_partitions=topics_of(member.assigned, ShareGroupCurrentMemberAssignmentValue.TopicPartitions),
    )
    return CoordinatorRecord(ShareGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member.member_id), value)


def state_partitions_record(group_id: str, states: StatePartitions) -> CoordinatorRecord:
    value = _StateValue(
        initializing_topics=_state_topics(states.initializing),
        initialized_topics=_state_topics(states.initialized),
        deleting_topics=[
            _StateValue.TopicInfo(topic_id=topic_id, topic_name=name) for topic_id, name in states.deleting.items()
        ],
    )
    return CoordinatorRecord(ShareGroupStatePartitionMetadataKey(group_id=group_id), value)


def _state_topics(topics: StateTopics) -> list[_StateValue.TopicPartitionsInfo]:
    return [
        _StateValue.TopicPartitionsInfo(topic_id=topic_id, topic_name=topic.name, partitions=sorted(topic.partitions))
        for topic_id, topic in topics.items()
    ]


def member_tombstones(group_id: str, member_id: str) -> list[CoordinatorRecord]:
    """In the order that Kafka's replay insists on: what a member has, what it shall have, what it is."""
    return [
        CoordinatorRecord(ShareGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id), None),
        CoordinatorRecord(ShareGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id), None),
        CoordinatorRecord(ShareGroupMemberMetadataKey(group_id=group_id, member_id=member_id), None),
    ]


def share_group_tombstones(group: ShareGroup) -> list[CoordinatorRecord]:
    """What deletes a group, which must be empty."""
    group_id = group.group_id
    return [
        CoordinatorRecord(ShareGroupTargetAssignmentMetadataKey(group_id=group_id), None),
        CoordinatorRecord(ShareGroupStatePartitionMetadataKey(group_id=group_id), None),
        CoordinatorRecord(ShareGroupMetadataKey(group_id=group_id), None),
    ]
