"""From a classic group to a consumer group and back, while its members are there (KIP-848, online migration).

A classic group is *upgraded* when the first member of the consumer protocol joins it: each member goes on with the
partitions it has, in an epoch that is the generation, until it joins again. A consumer group is *downgraded* when the
last member of the consumer protocol goes: each member goes on with its target, in a generation that is the epoch.

These make what a group will be; records make it so. Sources: ``convertToConsumerGroup``, ``convertToClassicGroup``,
``validateOnlineUpgrade`` and ``validateOnlineDowngrade...`` of Kafka's GroupMetadataManager,
ConsumerGroup.fromClassicGroup, ClassicGroup.fromConsumerGroup.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from minikafka.coordinator.classic import classic_group as states
from minikafka.coordinator.classic.classic_group import CONSUMER_PROTOCOL_TYPE, ClassicGroup, ClassicGroupMember
from minikafka.coordinator.consumer.consumer_group import ClassicMetadata, ConsumerGroup, ConsumerMember
from minikafka.coordinator.consumer_protocol import (
    partitions_by_id,
    read_assignment,
    read_subscription,
    version_of,
    write_assignment,
)
from minikafka.errors import GROUP_ID_NOT_FOUND, ApiError, ProtocolError

if TYPE_CHECKING:
    from minikafka.coordinator.metadata_hash import TopicHashes
    from minikafka.coordinator.settings import GroupSettings
    from minikafka.coordinator.topic_metadata import TopicMetadata

_logger = logging.getLogger(__name__)


class _CustomAssignorError(Exception):
    """An assignment has data of its assignor's own, which the broker's assignors cannot keep."""


# Upgrade


def check_upgrade(group: ClassicGroup, settings: GroupSettings) -> None:
    """Raises ApiError(GROUP_ID_NOT_FOUND) when the group has to stay a classic one."""
    if not settings.allows_upgrade:
        raise _not_upgraded(group, "online upgrade is disabled.")
    if not group.uses_consumer_protocol:
        raise _not_upgraded(group, "the group does not use the consumer embedded protocol.")
    if len(group.members) > settings.consumer_max_size:
        raise _not_upgraded(group, "the group size exceeds the consumer group maximum size.")


def upgraded(group: ClassicGroup, metadata: TopicMetadata, topic_hashes: TopicHashes) -> ConsumerGroup:
    """The consumer group that a classic one becomes. Raises ApiError(GROUP_ID_NOT_FOUND) when that cannot be."""
    try:
        return _upgraded(group, metadata, topic_hashes)
    except _CustomAssignorError:
        raise _not_upgraded(
            group,
            "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default "
            "assignor before re-attempting the upgrade.",
        ) from None
    except (ProtocolError, LookupError) as error:
        _logger.warning("What the members of group %s say is malformed: %s", group.group_id, error)
        raise _not_upgraded(group, "the embedded consumer protocol is malformed.") from error


def _upgraded(group: ClassicGroup, metadata: TopicMetadata, topic_hashes: TopicHashes) -> ConsumerGroup:
    consumer_group = ConsumerGroup(group.group_id)
    consumer_group.group_epoch = consumer_group.target_epoch = group.generation_id
    for classic in group.members.values():
        member = _upgraded_member(group, classic, metadata)
        consumer_group.put_member(member)
        consumer_group.target[member.member_id] = member.assigned
    names = {name for member in consumer_group.members.values() for name in member.subscribed_topic_names}
    consumer_group.metadata_hash = topic_hashes.of_topics(names, metadata.topics_by_name)
    return consumer_group


def _upgraded_member(group: ClassicGroup, member: ClassicGroupMember, metadata: TopicMetadata) -> ConsumerMember:
    """A group in its first rebalance has no protocol yet: then the member's first says the same."""
    subscription = read_subscription(member.metadata_for(group.protocol_name or member.protocols[0][0]))
    assigned = {}
    if member.assignment:
        assignment = read_assignment(member.assignment)
        if assignment.user_data:
            raise _CustomAssignorError
        assigned = partitions_by_id(assignment.assigned_partitions, metadata.topics_by_name)
    return ConsumerMember(
        member.member_id,
        instance_id=member.group_instance_id,
        rack_id=subscription.rack_id or None,
        client_id=member.client_id,
        client_host=member.client_host,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        subscribed_topic_names=tuple(sorted(set(subscription.topics))),
        member_epoch=group.generation_id,
        previous_member_epoch=group.generation_id,
        assigned=assigned,
        classic=ClassicMetadata(member.session_timeout_ms, tuple(member.protocols)),
    )


def _not_upgraded(group: ClassicGroup, reason: str) -> ApiError:
    sentence = f"Cannot upgrade classic group {group.group_id} to consumer group because {reason}"
    _logger.info("%s", sentence)
    return ApiError(GROUP_ID_NOT_FOUND, sentence)


# Downgrade


def can_downgrade(group: ConsumerGroup, leaving: Collection[str], joining: int, settings: GroupSettings) -> bool:
    """Whether the group becomes a classic one when the members ``leaving`` go, and ``joining`` others come for them."""
    if not group.all_use_classic_protocol_except(leaving):
        return False
    size = len(group.members) - len(leaving) + joining
    if not size:
        return False
    if not settings.allows_downgrade:
        _logger.info("Group %s stays a consumer group: online downgrade is disabled", group.group_id)
        return False
    if size > settings.max_size:
        _logger.info("Group %s stays a consumer group: its %d members are too many", group.group_id, size)
        return False
    return True


def downgraded(
    group: ConsumerGroup,
    leaving: Collection[str],
    joining: ConsumerMember | None,
    metadata: TopicMetadata,
    now_ms: int,
) -> ClassicGroup:
    """The classic group that a consumer group becomes without the members ``leaving``.

    :param joining: a static member of the classic protocol that takes the place of one of those.
    :raises ApiError: GROUP_ID_NOT_FOUND, when what a member said when it joined cannot be read.
    """
    classic_group = ClassicGroup(group.group_id, now_ms)
    classic_group.state, classic_group.previous_state = states.STABLE, states.COMPLETING_REBALANCE
    classic_group.generation_id = group.group_epoch
    targets = {member_id: group.target.get(member_id, {}) for member_id in group.members if member_id not in leaving}
    members = [member for member in group.members.values() if member.member_id not in leaving]
    if joining is not None:
        members.append(joining)
        targets[joining.member_id] = group.target.get(group.static_members.get(joining.instance_id or "", ""), {})
    for member in members:
        classic_group.add(_downgraded_member(member))
    classic_group.protocol_name = protocol_name = classic_group.select_protocol()
    for classic in classic_group.members.values():
        try:
            version = version_of(classic.metadata_for(protocol_name))
        except ProtocolError as error:
            raise ApiError(
                GROUP_ID_NOT_FOUND, f"Cannot downgrade the classic group {group.group_id}: {error}."
            ) from error
        classic.assignment = write_assignment(targets[classic.member_id], metadata.topics_by_id, version)
    return classic_group


def _downgraded_member(member: ConsumerMember) -> ClassicGroupMember:
    assert member.classic is not None
    return ClassicGroupMember(
        member.member_id,
        group_instance_id=member.instance_id,
        client_id=member.client_id,
        client_host=member.client_host,
        rebalance_timeout_ms=member.rebalance_timeout_ms,
        session_timeout_ms=member.classic.session_timeout_ms,
        protocol_type=CONSUMER_PROTOCOL_TYPE,
        protocols=list(member.classic.protocols),
    )
