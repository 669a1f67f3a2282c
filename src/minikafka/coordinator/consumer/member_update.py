"""What becomes of a consumer group when one of its members says something (KIP-848), whichever protocol it says it in.

1. The member is stored if it is new or says something new; the group epoch counts up if the group reads other topics,
   or the topics have changed.
2. For a new group epoch, the target assignment is computed.
3. The member moves one step towards its target.

Nothing changes here: the steps give records, and what the group and the member will be when these are replayed.
Source: ``consumerGroupHeartbeat`` of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from typing import Any

from minikafka.coordinator.assignments import Assignment
from minikafka.coordinator.consumer import consumer_records as records_of
from minikafka.coordinator.consumer.assignors import ASSIGNORS, MemberSpec
from minikafka.coordinator.consumer.consumer_group import NEW_MEMBER_EPOCHS, ConsumerGroup, ConsumerMember
from minikafka.coordinator.consumer.reconciliation import reconcile
from minikafka.coordinator.metadata_hash import TopicHashes
from minikafka.coordinator.patterns.name_patterns import matching_topics
from minikafka.coordinator.result import CoordinatorRecord
from minikafka.coordinator.topic_metadata import TopicMetadata, ids_of_topics
from minikafka.named_tuple import NamedTuple


class Surroundings(NamedTuple):
    """What an update depends on beside the group."""

    metadata: TopicMetadata
    topic_hashes: TopicHashes
    default_assignor: str
    now_ms: int


class MemberUpdate:
    """One update in work.

    :param before: the member as the group has it; a new one has the epochs of ``ConsumerMember(member_id)``.
    :param member: the member with what it has just said. As the steps go on, what it will be.
    :param records: where the records go, in the order in which they are to be written.
    """

    __slots__ = (
        "_around",
        "before",
        "group",
        "group_epoch",
        "has_subscription_changed",
        "member",
        "records",
        "regexes",
        "target",
        "target_epoch",
    )

    def __init__(
        self,
        group: ConsumerGroup,
        before: ConsumerMember,
        member: ConsumerMember,
        records: list[CoordinatorRecord],
        around: Surroundings,
    ) -> None:
        self._around = around
        self.group = group
        self.before = before
        self.member = member
        self.records = records
        self.regexes = dict(group.regexes)
        self.group_epoch = group.group_epoch
        self.target_epoch = group.target_epoch
        self.target: Assignment = {}
        self.has_subscription_changed = False

    @property
    def has_new_group_epoch(self) -> bool:
        return self.group_epoch != self.group.group_epoch

    def update_subscription(self) -> None:
        """Step 1. Raises ApiError(INVALID_REGULAR_EXPRESSION)."""
        group, member, before = self.group, self.member, self.before
        is_new = (before.member_epoch, before.previous_member_epoch) == NEW_MEMBER_EPOCHS
        if is_new or _metadata_of(member) != _metadata_of(before):
            self.records.append(records_of.member_metadata_record(group.group_id, member))
        self.has_subscription_changed = (
            is_new
            or member.subscribed_topic_names != before.subscribed_topic_names
            or member.subscribed_topic_regex != before.subscribed_topic_regex
        )
        metadata = self._around.metadata
        if not self.has_subscription_changed and group.refreshed_at == metadata.offset:
            return
        self._resolve_regexes()
        metadata_hash = self._metadata_hash()
        group.refreshed_at = metadata.offset
        # Epoch 0 means to join, so nobody can stay in it: a group upgraded in its first rebalance has to leave it.
        if self.has_subscription_changed or metadata_hash != group.metadata_hash or not group.group_epoch:
            self.group_epoch += 1
            self.records.append(records_of.group_epoch_record(group.group_id, self.group_epoch, metadata_hash))
        if group.has_partition_metadata_record:
            self.records.append(records_of.partition_metadata_tombstone(group.group_id))

    def _resolve_regexes(self) -> None:
        """Look anew which topics the regular expressions stand for."""
        group, metadata = self.group, self._around.metadata
        used = {member.subscribed_topic_regex for member in self._members().values()} - {""}
        for regex in sorted(used):
            topics = matching_topics(regex, metadata.topics_by_name)
            if group.regexes.get(regex) != topics:
                record = records_of.regular_expression_record(
                    group.group_id, regex, topics, metadata.offset, self._around.now_ms
                )
                self.records.append(record)
            self.regexes[regex] = topics
        for regex in group.regexes.keys() - used:
            self.records.append(records_of.regular_expression_tombstone(group.group_id, regex))
            del self.regexes[regex]

    def _metadata_hash(self) -> int:
        names = {name for member in self._members().values() for name in self.group.topics_of(member, self.regexes)}
        return self._around.topic_hashes.of_topics(names, self._around.metadata.topics_by_name)

    def _members(self) -> dict[str, ConsumerMember]:
        """The members as they will be: this one updated, and without the incarnation that it replaces."""
        members = dict(self.group.members)
        if self.member.instance_id is not None:
            members.pop(self.group.static_members.get(self.member.instance_id, ""), None)
        members[self.member.member_id] = self.member
        return members

    def update_target(self) -> None:
        """Step 2."""
        group, member, topics_by_name = self.group, self.member, self._around.metadata.topics_by_name
        if self.group_epoch <= group.target_epoch:
            self.keep_target()
            return
        self.keep_target()
        members = self._members()
        counts: dict[bytes, int] = {}
        specs = {}
        for one in members.values():
            topics = [topics_by_name.get(name) for name in group.topics_of(one, self.regexes)]
            counts.update({topic.topic_id: len(topic.partitions) for topic in topics if topic is not None})
            specs[one.member_id] = MemberSpec(
                one.instance_id,
                frozenset(topic.topic_id for topic in topics if topic is not None),
                self.target if one is member else group.target.get(one.member_id, {}),
            )
        assignor = ASSIGNORS[group.preferred_assignor(members.values()) or self._around.default_assignor]
        targets = assignor(specs, {topic_id: counts[topic_id] for topic_id in sorted(counts)})
        for member_id, target in targets.items():
            if group.target.get(member_id) != target or member_id not in group.members:
                self.records.append(records_of.target_assignment_record(group.group_id, member_id, target))
        self.records.append(records_of.target_epoch_record(group.group_id, self.group_epoch))
        self.target_epoch = self.group_epoch
        self.target = targets[member.member_id]

    def keep_target(self) -> None:
        """In place of step 2: go on with what the member is to have so far, or its earlier incarnation."""
        group, member = self.group, self.member
        own_id = member.member_id
        if member.instance_id is not None:
            own_id = group.static_members.get(member.instance_id, own_id)
        self.target = group.target.get(own_id, {})

    def reconcile(self, owned: Assignment | None) -> bool:
        """Step 3. ``owned``: what the member says it has. Returns whether it is another now."""
        epochs = self.group.partition_epochs
        member = reconcile(
            self.member,
            self.target_epoch,
            self.target,
            partition_epoch=lambda topic_id, partition: epochs.get((topic_id, partition), -1),
            owned=owned,
            subscribed_topic_ids=ids_of_topics(self._around.metadata, self.group.topics_of(self.member, self.regexes)),
            has_subscription_changed=self.has_subscription_changed,
        )
        if member == self.member:
            return False
        self.member = member
        self.records.append(records_of.current_assignment_record(self.group.group_id, member))
        return True


def _metadata_of(member: ConsumerMember) -> tuple[Any, ...]:
    """What is stored of a member itself, without its assignment."""
    return (
        member.instance_id,
        member.rack_id,
        member.client_id,
        member.client_host,
        member.rebalance_timeout_ms,
        member.server_assignor,
        member.subscribed_topic_names,
        member.subscribed_topic_regex,
        member.classic,
    )
