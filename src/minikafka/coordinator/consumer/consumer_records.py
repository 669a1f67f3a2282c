"""The records of ``__consumer_offsets`` for consumer groups (Kafka: ``GroupCoordinatorRecordHelpers``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.assignments import topics_of
from minikafka.coordinator.result import CoordinatorRecord
from minikafka.protocol.messages import (
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
    ConsumerGroupPartitionMetadataKey,
    ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue,
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue,
    ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from minikafka.coordinator.assignments import Assignment
    from minikafka.coordinator.consumer.consumer_group import ConsumerGroup, ConsumerMember


def member_metadata_record(group_id: str, member: ConsumerMember) -> CoordinatorRecord:
    classic = member.classic
    value = ConsumerGroupMemberMetadataValue(
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=list(member.subscribed_topic_names),
        subscribed_topic_regex=member.subscribed_topic_regex,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        server_assignor=member.server_assignor,
        classic_member_metadata=None
        if classic is None
        else ConsumerGroupMemberMetadataValue.ClassicMemberMetadata(
            session_timeout_ms=classic.session_timeout_ms,
            supported_protocols=[
                ConsumerGroupMemberMetadataValue.ClassicProtocol(name=name, metadata=metadata)
                for name, metadata in classic.protocols
            ],
        ),
    )
    return CoordinatorRecord(ConsumerGroupMemberMetadataKey(group_id=group_id, member_id=member.member_id), value)


def group_epoch_record(group_id: str, epoch: int, metadata_hash: int) -> CoordinatorRecord:
    value = ConsumerGroupMetadataValue(epoch=epoch, metadata_hash=metadata_hash)
    return CoordinatorRecord(ConsumerGroupMetadataKey(group_id=group_id), value)


def target_assignment_record(group_id: str, member_id: str, assignment: Assignment) -> CoordinatorRecord:
    value = ConsumerGroupTargetAssignmentMemberValue(
        topic_partitions=topics_of(assignment, ConsumerGroupTargetAssignmentMemberValue.TopicPartition)
    )
    return CoordinatorRecord(ConsumerGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id), value)


def target_epoch_record(group_id: str, epoch: int) -> CoordinatorRecord:
    value = ConsumerGroupTargetAssignmentMetadataValue(assignment_epoch=epoch)
    return CoordinatorRecord(ConsumerGroupTargetAssignmentMetadataKey(group_id=group_id), value)


def current_assignment_record(group_id: str, member: ConsumerMember) -> CoordinatorRecord:
    value = ConsumerGroupCurrentMemberAssignmentValue(
        member_epoch=member.member_epoch,
        previous_member_epoch=member.previous_member_epoch,
        state=member.state,
        assigned_partitions=topics_of(member.assigned, ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions),
        partitions_pending_revocation=topics_of(
            member.pending_revocation, ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions
        ),
    )
    key = ConsumerGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member.member_id)
    return CoordinatorRecord(key, value)


def regular_expression_record(
    group_id: str, regex: str, topics: Iterable[str], version: int, now_ms: int
) -> CoordinatorRecord:
    value = ConsumerGroupRegularExpressionValue(topics=sorted(topics), version=version, timestamp=now_ms)
    return CoordinatorRecord(ConsumerGroupRegularExpressionKey(group_id=group_id, regular_expression=regex), value)


def regular_expression_tombstone(group_id: str, regex: str) -> CoordinatorRecord:
    return CoordinatorRecord(ConsumerGroupRegularExpressionKey(group_id=group_id, regular_expression=regex), None)


def member_tombstones(group_id: str, member_id: str) -> list[CoordinatorRecord]:
    """In the order that Kafka's replay insists on: what a member has, what it shall have, what it is."""
    return [
        CoordinatorRecord(ConsumerGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id), None),
        CoordinatorRecord(ConsumerGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id), None),
        CoordinatorRecord(ConsumerGroupMemberMetadataKey(group_id=group_id, member_id=member_id), None),
    ]


def partition_metadata_tombstone(group_id: str) -> CoordinatorRecord:
    """For what brokers before 4.1 have stored."""
    return CoordinatorRecord(ConsumerGroupPartitionMetadataKey(group_id=group_id), None)


def consumer_group_records(group: ConsumerGroup) -> list[CoordinatorRecord]:
    """All of a group, in Kafka's order."""
    group_id, members = group.group_id, group.members.values()
    return [
        *[member_metadata_record(group_id, member) for member in members],
        group_epoch_record(group_id, group.group_epoch, group.metadata_hash),
        *[target_assignment_record(group_id, one.member_id, group.target[one.member_id]) for one in members],
        target_epoch_record(group_id, group.target_epoch),
        *[current_assignment_record(group_id, member) for member in members],
    ]


def consumer_group_tombstones(
    group: ConsumerGroup, replaced_member_ids: Mapping[str, str] | None = None
) -> list[CoordinatorRecord]:
    """What deletes a group with all its members, in Kafka's order.

    :param replaced_member_ids: from old to new ids of members that are given another one by the records before these.
    """
    group_id = group.group_id
    replaced = replaced_member_ids or {}
    member_ids = [replaced.get(member_id, member_id) for member_id in group.members]
    return [
        *[
            CoordinatorRecord(ConsumerGroupCurrentMemberAssignmentKey(group_id=group_id, member_id=member_id), None)
            for member_id in member_ids
        ],
        *[
            CoordinatorRecord(ConsumerGroupTargetAssignmentMemberKey(group_id=group_id, member_id=member_id), None)
            for member_id in member_ids
        ],
        CoordinatorRecord(ConsumerGroupTargetAssignmentMetadataKey(group_id=group_id), None),
        *[
            CoordinatorRecord(ConsumerGroupMemberMetadataKey(group_id=group_id, member_id=member_id), None)
            for member_id in member_ids
        ],
        *[regular_expression_tombstone(group_id, regex) for regex in group.regexes],
        partition_metadata_tombstone(group_id),
        CoordinatorRecord(ConsumerGroupMetadataKey(group_id=group_id), None),
    ]
