"""What becomes of a share group when one of its members says something (KIP-932).

1. The member is stored if it is new or says something new; the group epoch counts up if the group reads other topics,
   the topics have changed, or the state of partitions has been initialized.
2. For a new group epoch, the target assignment is computed, of partitions that have state.
3. The member takes its target.

Nothing changes here: the steps give records, and what the group and the member will be when these are replayed.
Source: ``shareGroupHeartbeat`` of Kafka's GroupMetadataManager, ShareGroupAssignmentBuilder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.consumer.assignors import MemberSpec
from minikafka.coordinator.share_groups import share_records as records_of
from minikafka.coordinator.share_groups.share_group import ShareGroup, ShareMember, names_of
from minikafka.coordinator.share_groups.simple_assignor import assign_simple
from minikafka.coordinator.share_groups.state_partitions import NO_STATE_PARTITIONS, partitions_of
from minikafka.coordinator.topic_metadata import TopicMetadata, ids_of_topics

if TYPE_CHECKING:
    from minikafka.coordinator.assignments import Assignment
    from minikafka.coordinator.metadata_hash import TopicHashes
    from minikafka.coordinator.result import CoordinatorRecord


class ShareMemberUpdate:
    """One update in work.

    :param before: the member as the group has it; a new one is ``ShareMember(member_id)``.
    :param member: the member with what it has just said. As the steps go on, what it will be.
    """

    __slots__ = (
        "_metadata",
        "_topic_hashes",
        "before",
        "group",
        "group_epoch",
        "member",
        "records",
        "target",
        "target_epoch",
    )

    def __init__(
        self,
        group: ShareGroup,
        before: ShareMember,
        member: ShareMember,
        metadata: TopicMetadata,
        topic_hashes: TopicHashes,
    ) -> None:
        self._metadata = metadata
        self._topic_hashes = topic_hashes
        self.group = group
        self.before = before
        self.member = member
        self.records: list[CoordinatorRecord] = []
        """In the order in which they are to be written."""
        self.group_epoch = group.group_epoch
        self.target_epoch = group.target_epoch
        self.target: Assignment = group.target.get(member.member_id, {})

    def members(self) -> dict[str, ShareMember]:
        """The members as they will be."""
        return {**self.group.members, self.member.member_id: self.member}

    def update_subscription(self) -> None:
        """Step 1."""
        group, member, before = self.group, self.member, self.before
        if member != before:
            self.records.append(records_of.member_metadata_record(group.group_id, member))
        has_changed = member.subscribed_topic_names != before.subscribed_topic_names or group.needs_new_target()
        if not has_changed and group.refreshed_at == self._metadata.offset:
            return
        names = names_of(self.members().values())
        metadata_hash = self._topic_hashes.of_topics(names, self._metadata.topics_by_name)
        group.refreshed_at = self._metadata.offset
        if has_changed or metadata_hash != group.metadata_hash:
            self.group_epoch += 1
            self.records.append(records_of.group_epoch_record(group.group_id, self.group_epoch, metadata_hash))

    def update_target(self) -> None:
        """Step 2."""
        group = self.group
        if self.group_epoch <= group.target_epoch:
            return
        members = self.members().values()
        specs = {
            one.member_id: MemberSpec(
                instance_id=None,
                topic_ids=ids_of_topics(self._metadata, one.subscribed_topic_names),
                current=group.target.get(one.member_id, {}),
            )
            for one in members
        }
        initialized = (group.state_partitions or NO_STATE_PARTITIONS).initialized
        targets = assign_simple(
            specs,
            partitions_of(initialized),
            is_homogeneous=len({one.subscribed_topic_names for one in members}) == 1,
        )
        for member_id, target in targets.items():
            if group.target.get(member_id) != target:
                self.records.append(records_of.target_assignment_record(group.group_id, member_id, target))
        self.records.append(records_of.target_epoch_record(group.group_id, self.group_epoch))
        self.target_epoch = self.group_epoch
        self.target = targets[self.member.member_id]

    def reconcile(self) -> None:
        """Step 3."""
        member = self.member
        if member.member_epoch == self.target_epoch:
            return
        readable = ids_of_topics(self._metadata, member.subscribed_topic_names)
        self.member = member._replace(
            previous_member_epoch=member.member_epoch,
            member_epoch=self.target_epoch,
            assigned={topic_id: self.target[topic_id] for topic_id in self.target if topic_id in readable},
        )
        self.records.append(records_of.current_assignment_record(self.group.group_id, self.member))
