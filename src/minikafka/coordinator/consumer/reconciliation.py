"""How a member of a consumer group moves from its current assignment towards the target (KIP-848).

1. What it has and shall not have, it must give up: it stays in its epoch until it says it has.
2. Then it is in the target's epoch, with what is free of what it shall have.
3. What others have not given up yet comes with a later heartbeat.

Source: Kafka's CurrentAssignmentBuilder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from minikafka.coordinator.assignments import Assignment
from minikafka.coordinator.consumer.consumer_group import (
    MEMBER_STABLE,
    UNRELEASED_PARTITIONS,
    UNREVOKED_PARTITIONS,
    ConsumerMember,
)
from minikafka.errors import FENCED_MEMBER_EPOCH, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_EPOCH = -1
_NONE: frozenset[int] = frozenset()


def reconcile(
    member: ConsumerMember,
    target_epoch: int,
    target: Mapping[bytes, frozenset[int]],
    *,
    partition_epoch: Callable[[bytes, int], int],
    owned: Mapping[bytes, frozenset[int]] | None,
    subscribed_topic_ids: Collection[bytes],
    has_subscription_changed: bool = False,
) -> ConsumerMember:
    """The member after its next step; the same one when there is none.

    :param partition_epoch: the epoch of the member that holds a partition, -1 when it is free.
    :param owned: what the member says it has; None when it says nothing.
    :param subscribed_topic_ids: what the member reads now. It gets nothing else, whatever the target says.
    :param has_subscription_changed: whether it has just changed that: topics it has dropped are taken from it at once.
    :raises ApiError: FENCED_MEMBER_EPOCH, when the member is in a state that a newer Kafka has stored.
    """
    if member.is_reconciled_to(target_epoch):
        return _without_dropped_topics(member, owned, subscribed_topic_ids) if has_subscription_changed else member
    epoch = member.member_epoch
    if member.state == UNREVOKED_PARTITIONS:
        if _owns_any(owned, member.pending_revocation):
            return _without_dropped_topics(member, owned, subscribed_topic_ids) if has_subscription_changed else member
    elif member.state not in (MEMBER_STABLE, UNRELEASED_PARTITIONS):
        if owned is None or owned:
            raise ApiError(
                FENCED_MEMBER_EPOCH,
                "The consumer group member is in a unknown state. The member must abandon all its partitions and "
                "rejoin.",
            )
        epoch = target_epoch
    wanted = {topic_id: target[topic_id] for topic_id in target if topic_id in subscribed_topic_ids}
    return _next_assignment(member, epoch, target_epoch, wanted, partition_epoch, owned)


def _without_dropped_topics(
    member: ConsumerMember, owned: Mapping[bytes, frozenset[int]] | None, subscribed_topic_ids: Collection[bytes]
) -> ConsumerMember:
    """The member in its epoch, giving up what it no longer reads."""
    dropped = member.assigned.keys() - set(subscribed_topic_ids)
    if not dropped:
        return member
    to_revoke = dict(member.pending_revocation)
    for topic_id in dropped:
        to_revoke[topic_id] = to_revoke.get(topic_id, _NONE) | member.assigned[topic_id]
    assigned = {topic_id: member.assigned[topic_id] for topic_id in member.assigned if topic_id not in dropped}
    if not _owns_any(owned, to_revoke):
        return member._replace(assigned=assigned)
    return member._replace(state=UNREVOKED_PARTITIONS, assigned=assigned, pending_revocation=to_revoke)


def _next_assignment(
    member: ConsumerMember,
    epoch: int,
    target_epoch: int,
    target: Mapping[bytes, frozenset[int]],
    partition_epoch: Callable[[bytes, int], int],
    owned: Mapping[bytes, frozenset[int]] | None,
) -> ConsumerMember:
    assigned: Assignment = {}
    to_revoke: Assignment = {}
    to_assign: Assignment = {}
    some_unreleased = False
    for topic_id in {**target, **member.assigned}:
        wanted = target.get(topic_id, _NONE)
        current = member.assigned.get(topic_id, _NONE)
        kept = current & wanted
        missing = wanted - kept
        own = member.pending_revocation.get(topic_id, _NONE)
        free = frozenset(
            partition for partition in missing if partition in own or partition_epoch(topic_id, partition) == NO_EPOCH
        )
        some_unreleased = some_unreleased or free != missing
        _put(assigned, topic_id, kept)
        _put(to_revoke, topic_id, current - kept)
        _put(to_assign, topic_id, free)
    if to_revoke and _owns_any(owned, to_revoke):
        return _moved(member, epoch, UNREVOKED_PARTITIONS, assigned, to_revoke)
    for topic_id, free in to_assign.items():
        assigned[topic_id] = assigned.get(topic_id, _NONE) | free
    return _moved(member, target_epoch, UNRELEASED_PARTITIONS if some_unreleased else MEMBER_STABLE, assigned, {})


def _moved(
    member: ConsumerMember, epoch: int, state: int, assigned: Assignment, pending_revocation: Assignment
) -> ConsumerMember:
    return member._replace(
        state=state,
        previous_member_epoch=member.member_epoch,
        member_epoch=epoch,
        assigned=assigned,
        pending_revocation=pending_revocation,
    )


def _put(assignment: Assignment, topic_id: bytes, partitions: frozenset[int]) -> None:
    if partitions:
        assignment[topic_id] = partitions


def _owns_any(owned: Mapping[bytes, frozenset[int]] | None, assignment: Mapping[bytes, frozenset[int]]) -> bool:
    """A member that says nothing of what it has counts as having it all."""
    if owned is None:
        return True
    return any(not partitions.isdisjoint(assignment.get(topic_id, _NONE)) for topic_id, partitions in owned.items())
