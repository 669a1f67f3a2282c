"""ConsumerGroupHeartbeat: members of consumer groups join, stay, and leave (KIP-848).

One heartbeat does all: it takes what the member says of itself, counts the group epoch up when somebody reads something
else, computes the target assignment for a new epoch, moves the member one step towards it, and tells it.

Deadlines, by key:

- ``consumer-session-GROUP-MEMBER``: every heartbeat moves it.
- ``consumer-rebalance-GROUP-MEMBER``: how long a member may take to give partitions up.
- ``consumer-join-GROUP-MEMBER``, ``consumer-sync-GROUP-MEMBER``: how long a member of the classic protocol may take to
  join again, and then to ask for its assignment.

Source: the consumer part of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

from minikafka.coordinator.assignments import Assignment, assignment_of, named_topics_of, topics_of
from minikafka.coordinator.classic.classic_group import ClassicGroup
from minikafka.coordinator.consumer import consumer_records as records_of
from minikafka.coordinator.consumer.consumer_group import (
    LEAVE_EPOCH,
    LEAVE_STATIC_EPOCH,
    UNREVOKED_PARTITIONS,
    ConsumerGroup,
    ConsumerMember,
)
from minikafka.coordinator.consumer.member_update import MemberUpdate, Surroundings
from minikafka.coordinator.group_conversion import can_downgrade, check_upgrade, downgraded, upgraded
from minikafka.coordinator.group_records import group_metadata_record, group_metadata_tombstone
from minikafka.coordinator.metadata_hash import TopicHashes
from minikafka.coordinator.result import Caller, CoordinatorRecord, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.topic_metadata import TopicMetadata, group_setting
from minikafka.errors import (
    FENCED_INSTANCE_ID,
    FENCED_MEMBER_EPOCH,
    GROUP_ID_NOT_FOUND,
    GROUP_MAX_SIZE_REACHED,
    INVALID_REQUEST,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
    UNRELEASED_INSTANCE_ID,
    UNSUPPORTED_ASSIGNOR,
    ApiError,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatResponse

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.coordinator.classic.classic_membership import ClassicMembership
    from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest

T = TypeVar("T")

_logger = logging.getLogger(__name__)

JOIN_EPOCH = 0
CLIENT_MAKES_ID_SINCE_VERSION = 1
CLASSIC_TYPE = 0
CONSUMER_TYPE = 1
"""``member_type`` in ConsumerGroupDescribe."""


class ConsumerMembership:
    """The operations on the consumer groups among ``groups``, which it shares with the rest of the coordinator."""

    def __init__(
        self,
        groups: dict[str, Any],
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        metadata: TopicMetadata,
        classic: ClassicMembership,
        new_member_id: Callable[[], str],
    ) -> None:
        self._groups = groups
        self._timers = timers
        self._clock = clock
        self._classic = classic
        self._topic_hashes = TopicHashes(settings.rack)
        self.metadata = metadata
        self.new_member_id = new_member_id
        self.settings = settings

    def heartbeat(
        self, caller: Caller, request: ConsumerGroupHeartbeatRequest
    ) -> Result[ConsumerGroupHeartbeatResponse]:
        """Raises ApiError with Kafka's code and sentence when the request is refused."""
        self._check(caller, request)
        if request.member_epoch in (LEAVE_EPOCH, LEAVE_STATIC_EPOCH):
            return self._leave(request)
        records: list[CoordinatorRecord] = []
        group = self._group_of(request, records)
        is_upgraded = bool(group.members) and bool(records)
        self.check_size(group, request.member_id)
        member_id = request.member_id or self.new_member_id()
        owned = None if request.topic_partitions is None else assignment_of(request.topic_partitions)
        before = self._member_of(group, member_id, request, owned, records)
        update = self.new_update(group, before, _updated(before, caller, request), records)
        update.update_subscription()
        update.update_target()
        if update.reconcile(owned):
            self._watch_revocation(group.group_id, update.member)
        if is_upgraded:
            self._schedule_classic_sessions(group)
        self.schedule_session(group.group_id, member_id)
        response = ConsumerGroupHeartbeatResponse(
            member_id=member_id,
            member_epoch=update.member.member_epoch,
            heartbeat_interval_ms=group_setting(
                self.metadata,
                group.group_id,
                "consumer.heartbeat.interval.ms",
                self.settings.consumer_heartbeat_interval_ms,
            ),
        )
        if _is_full(request) or update.member.assigned != before.assigned:
            response.assignment = _as_response(update.member.assigned)
        return Result(records, response, on_failure=lambda _: self.look_again(group))

    def new_update(
        self,
        group: ConsumerGroup,
        before: ConsumerMember,
        member: ConsumerMember,
        records: list[CoordinatorRecord],
    ) -> MemberUpdate:
        around = Surroundings(
            self.metadata, self._topic_hashes, self.settings.consumer_assignors[0], self._clock.wall_ms()
        )
        return MemberUpdate(group, before, member, records, around)

    # Who asks

    def _check(self, caller: Caller, request: ConsumerGroupHeartbeatRequest) -> None:
        epoch = request.member_epoch
        needs_member_id = caller.api_version >= CLIENT_MAKES_ID_SINCE_VERSION or epoch > 0 or epoch == LEAVE_EPOCH
        for value, name in (
            (request.member_id if needs_member_id else None, "MemberId"),
            (request.group_id, "GroupId"),
            (request.instance_id, "InstanceId"),
            (request.rack_id, "RackId"),
        ):
            if value is not None and not value.strip():
                raise ApiError(INVALID_REQUEST, f"{name} can't be empty.")
        if epoch == JOIN_EPOCH:
            _check_join(request)
        elif epoch == LEAVE_STATIC_EPOCH and request.instance_id is None:
            raise ApiError(INVALID_REQUEST, "InstanceId can't be null.")
        elif epoch < LEAVE_STATIC_EPOCH:
            raise ApiError(INVALID_REQUEST, "MemberEpoch is invalid.")
        if request.server_assignor is not None and request.server_assignor not in self.settings.consumer_assignors:
            raise ApiError(
                UNSUPPORTED_ASSIGNOR,
                f"ServerAssignor {request.server_assignor} is not supported. Supported assignors: "
                f"{', '.join(self.settings.consumer_assignors)}.",
            )

    def check_size(self, group: ConsumerGroup, member_id: str) -> None:
        """Raises ApiError(GROUP_MAX_SIZE_REACHED) when a member that is not in the group has no place in it."""
        if len(group.members) >= self.settings.consumer_max_size and member_id not in group.members:
            raise ApiError(
                GROUP_MAX_SIZE_REACHED,
                f"The consumer group has reached its maximum capacity of {self.settings.consumer_max_size} members.",
            )

    def existing(self, group_id: str) -> ConsumerGroup:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self._groups.get(group_id)
        if group is None:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
        if not isinstance(group, ConsumerGroup):
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} is not a consumer group.")
        return group

    def _group_of(self, request: ConsumerGroupHeartbeatRequest, records: list[CoordinatorRecord]) -> ConsumerGroup:
        """The group; when a member joins, a new one where there is none, or in place of a classic one, whose offsets
        stay. Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group_id = request.group_id
        group = self._groups.get(group_id)
        if request.member_epoch != JOIN_EPOCH:
            if group is None:
                raise ApiError(GROUP_ID_NOT_FOUND, f"Consumer group {group_id} not found.")
            return self.existing(group_id)
        if group is None:
            return ConsumerGroup(group_id)
        if not isinstance(group, ClassicGroup):
            return self.existing(group_id)
        if group.is_empty:
            records.append(group_metadata_tombstone(group_id))
            return ConsumerGroup(group_id)
        check_upgrade(group, self.settings)
        return self._upgrade(group, records)

    def _upgrade(self, group: ClassicGroup, records: list[CoordinatorRecord]) -> ConsumerGroup:
        """Members that wait in a rebalance are told to join again: the next one is the consumer group's."""
        consumer_group = upgraded(group, self.metadata, self._topic_hashes)
        self._classic.interrupt(group, REBALANCE_IN_PROGRESS)
        records.append(group_metadata_tombstone(group.group_id))
        records += records_of.consumer_group_records(consumer_group)
        _logger.info("Group %s becomes a consumer group", group.group_id)
        return consumer_group

    def _member_of(
        self,
        group: ConsumerGroup,
        member_id: str,
        request: ConsumerGroupHeartbeatRequest,
        owned: Assignment | None,
        records: list[CoordinatorRecord],
    ) -> ConsumerMember:
        """The member as it is before this heartbeat."""
        instance_id = request.instance_id
        is_joining = request.member_epoch == JOIN_EPOCH
        if instance_id is None:
            member = group.members.get(member_id)
            if member is None and is_joining:
                return ConsumerMember(member_id)
            member = group.member(member_id)
            _check_epoch(member, request.member_epoch, owned)
            return member
        static = group.static_member(instance_id)
        if is_joining and static is None:
            return ConsumerMember(member_id)
        if is_joining and static is not None:
            _check_released(static, member_id, instance_id)
            return replace_static_member(group, static, member_id, records)
        static = own_static_member(group, instance_id, member_id)
        _check_epoch(static, request.member_epoch, owned)
        return static

    # Leaving

    def _leave(self, request: ConsumerGroupHeartbeatRequest) -> Result[ConsumerGroupHeartbeatResponse]:
        group = self.existing(request.group_id)
        if request.instance_id is None:
            member = group.member(request.member_id)
        else:
            member = own_static_member(group, request.instance_id, request.member_id)
        response = ConsumerGroupHeartbeatResponse(member_id=request.member_id, member_epoch=request.member_epoch)
        if request.member_epoch == LEAVE_STATIC_EPOCH:
            away = member._replace(member_epoch=LEAVE_STATIC_EPOCH, pending_revocation={})
            return Result([records_of.current_assignment_record(group.group_id, away)], response)
        return self.fence(group, [member.member_id], response)

    def fence(self, group: ConsumerGroup, member_ids: Collection[str], response: T | None = None) -> Result[T]:
        """The members are out; their partitions are free, and the others get them with a new epoch. When only members
        of the classic protocol are left, the group becomes a classic one."""
        if not member_ids:
            return Result(response=response)
        if can_downgrade(group, member_ids, 0, self.settings):
            reason = f"Downgrade group {group.group_id} from consumer to classic for member leaving."
            return self.downgrade(group, member_ids, None, [], reason, response)
        for member_id in member_ids:
            self._cancel_timers(group.group_id, member_id)
        staying = [member for member in group.members.values() if member.member_id not in member_ids]
        still_used = {member.subscribed_topic_regex for member in staying}
        names = {name for member in staying for name in group.topics_of(member)}
        metadata_hash = self._topic_hashes.of_topics(names, self.metadata.topics_by_name)
        return Result(
            [
                *[
                    record
                    for member_id in member_ids
                    for record in records_of.member_tombstones(group.group_id, member_id)
                ],
                *[
                    records_of.regular_expression_tombstone(group.group_id, regex)
                    for regex in group.regexes
                    if regex not in still_used
                ],
                records_of.group_epoch_record(group.group_id, group.group_epoch + 1, metadata_hash),
            ],
            response,
            then=lambda: self.look_again(group),
        )

    def rebalance(self, group: ConsumerGroup) -> Result[Any]:
        """Let the members be assigned anew, in a new epoch."""
        return Result(
            [records_of.group_epoch_record(group.group_id, group.group_epoch + 1, group.metadata_hash)],
            then=lambda: self.look_again(group),
        )

    def downgrade(
        self,
        group: ConsumerGroup,
        leaving: Collection[str],
        joining: ConsumerMember | None,
        records: list[CoordinatorRecord],
        rebalance_reason: str | None,
        response: T | Pending[T] | None = None,
        then: Callable[[], object] | None = None,
    ) -> Result[T]:
        """Let the group be a classic one (``can_downgrade``), after ``records``. Without a reason for a rebalance its
        members stay as they are. ``then``: what to do when it is one."""
        classic_group = downgraded(group, leaving, joining, self.metadata, self._clock.wall_ms())
        replaced = {} if joining is None else dict.fromkeys(leaving, joining.member_id)
        records += records_of.consumer_group_tombstones(group, replaced)
        assignments = {member.member_id: member.assignment for member in classic_group.members.values()}
        records.append(group_metadata_record(classic_group, assignments))

        def is_classic() -> Result[Any] | None:
            _logger.info("Group %s becomes a classic group", group.group_id)
            for member_id in group.members:
                self._cancel_timers(group.group_id, member_id)
            if then is not None:
                then()
            return self._classic.take_over(classic_group, rebalance_reason)

        return Result(records, response, then=is_classic)

    @staticmethod
    def look_again(group: ConsumerGroup) -> None:
        """The next heartbeat has to look what the group reads."""
        group.refreshed_at = None

    # Deadlines

    def schedule_session(self, group_id: str, member_id: str, timeout_ms: int | None = None) -> None:
        """The member is alive. Those of the classic protocol say themselves how long that holds."""
        if timeout_ms is None:
            timeout_ms = group_setting(
                self.metadata, group_id, "consumer.session.timeout.ms", self.settings.consumer_session_timeout_ms
            )
        self._schedule_fencing(_session_key(group_id, member_id), group_id, member_id, timeout_ms, "session has ended")

    def schedule_join(self, group_id: str, member_id: str, timeout_ms: int) -> None:
        """A member of the classic protocol has been told to join again; the first time counts."""
        key = _join_key(group_id, member_id)
        if not self._timers.is_scheduled(key):
            self._schedule_fencing(key, group_id, member_id, timeout_ms, "time to join again is over")

    def cancel_join(self, group_id: str, member_id: str) -> None:
        self._timers.cancel(_join_key(group_id, member_id))

    def schedule_sync(self, group_id: str, member_id: str, timeout_ms: int) -> None:
        """A member of the classic protocol has joined, and is to ask for its assignment."""
        key = _sync_key(group_id, member_id)
        self._schedule_fencing(key, group_id, member_id, timeout_ms, "time to ask for its assignment is over")

    def cancel_sync(self, group_id: str, member_id: str) -> None:
        self._timers.cancel(_sync_key(group_id, member_id))

    def _schedule_classic_sessions(self, group: ConsumerGroup) -> None:
        for member in group.members.values():
            if member.classic is not None:
                self.schedule_session(group.group_id, member.member_id, member.classic.session_timeout_ms)

    def _schedule_fencing(self, key: str, group_id: str, member_id: str, timeout_ms: int, what: str) -> None:
        self._timers.schedule(key, timeout_ms, lambda: self._deadline_over(group_id, member_id, what))

    def _deadline_over(self, group_id: str, member_id: str, what: str) -> Result[Any] | None:
        group = self._groups.get(group_id)
        if not isinstance(group, ConsumerGroup) or member_id not in group.members:
            return None
        _logger.info("Group %s: member %s is out, its %s", group_id, member_id, what)
        return self.fence(group, [member_id])

    def _watch_revocation(self, group_id: str, member: ConsumerMember) -> None:
        if member.state == UNREVOKED_PARTITIONS:
            self._schedule_rebalance_timeout(group_id, member)
        else:
            self._timers.cancel(_rebalance_key(group_id, member.member_id))

    def _schedule_rebalance_timeout(self, group_id: str, member: ConsumerMember) -> None:
        self._timers.schedule(
            _rebalance_key(group_id, member.member_id),
            member.rebalance_timeout_ms,
            lambda: self._rebalance_timeout_over(group_id, member.member_id, member.member_epoch),
        )

    def _rebalance_timeout_over(self, group_id: str, member_id: str, epoch: int) -> Result[Any] | None:
        group = self._groups.get(group_id)
        if not isinstance(group, ConsumerGroup):
            return None
        member = group.members.get(member_id)
        if member is None or member.member_epoch != epoch:
            return None
        return self._deadline_over(group_id, member_id, "time to give up partitions is over")

    def _cancel_timers(self, group_id: str, member_id: str) -> None:
        for key_of in (_session_key, _rebalance_key, _join_key, _sync_key):
            self._timers.cancel(key_of(group_id, member_id))

    def on_loaded(self, group: ConsumerGroup) -> None:
        """Give the members that were stored a session each."""
        for member in group.members.values():
            self.schedule_session(group.group_id, member.member_id)
            if member.state == UNREVOKED_PARTITIONS:
                self._schedule_rebalance_timeout(group.group_id, member)

    # Describing

    def describe(self, group_id: str) -> ConsumerGroupDescribeResponse.DescribedGroup:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self.existing(group_id)
        return ConsumerGroupDescribeResponse.DescribedGroup(
            group_id=group_id,
            group_state=group.state,
            group_epoch=group.group_epoch,
            assignment_epoch=group.target_epoch,
            assignor_name=group.preferred_assignor(group.members.values()) or self.settings.consumer_assignors[0],
            members=[
                ConsumerGroupDescribeResponse.Member(
                    member_id=member.member_id,
                    instance_id=member.instance_id,
                    rack_id=member.rack_id,
                    member_epoch=member.member_epoch,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    subscribed_topic_names=list(member.subscribed_topic_names),
                    subscribed_topic_regex=member.subscribed_topic_regex,
                    assignment=self._described(member.assigned),
                    target_assignment=self._described(group.target.get(member.member_id, {})),
                    member_type=CLASSIC_TYPE if member.uses_classic_protocol else CONSUMER_TYPE,
                )
                for member in group.members.values()
            ],
        )

    def _described(self, assignment: Assignment) -> ConsumerGroupDescribeResponse.Assignment:
        return ConsumerGroupDescribeResponse.Assignment(
            topic_partitions=named_topics_of(
                assignment, self.metadata.topics_by_id, ConsumerGroupDescribeResponse.TopicPartitions
            )
        )


def _check_join(request: ConsumerGroupHeartbeatRequest) -> None:
    if request.rebalance_timeout_ms == -1:
        raise ApiError(INVALID_REQUEST, "RebalanceTimeoutMs must be provided in first request.")
    if request.topic_partitions is None or request.topic_partitions:
        raise ApiError(INVALID_REQUEST, "TopicPartitions must be empty when (re-)joining.")
    if request.subscribed_topic_names is None and request.subscribed_topic_regex is None:
        raise ApiError(
            INVALID_REQUEST,
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        )


def _check_epoch(member: ConsumerMember, received: int, owned: Assignment | None) -> None:
    """A member may start over at any time, and come with its previous epoch: the answer that told it of the new one may
    have been lost."""
    expected = member.member_epoch
    if received in (expected, JOIN_EPOCH):
        return
    size = "greater" if received > expected else "smaller"
    if size == "smaller" and received == member.previous_member_epoch and _is_subset(owned, member.assigned):
        return
    raise ApiError(
        FENCED_MEMBER_EPOCH,
        f"The consumer group member has a {size} member epoch ({received}) than the one known by the group coordinator "
        f"({expected}). The member must abandon all its partitions and rejoin.",
    )


def _is_subset(owned: Assignment | None, assigned: Assignment) -> bool:
    if owned is None:
        return False
    return all(partitions <= assigned.get(topic_id, frozenset()) for topic_id, partitions in owned.items())


def _check_released(static: ConsumerMember, member_id: str, instance_id: str) -> None:
    """A static member takes the place of another one only when that has left, or uses the classic protocol."""
    if static.member_epoch != LEAVE_STATIC_EPOCH and not static.uses_classic_protocol:
        raise ApiError(
            UNRELEASED_INSTANCE_ID,
            f"Static member {member_id} with instance id {instance_id} cannot join the group because the instance id "
            f"is owned by {static.member_id} member.",
        )


def own_static_member(group: ConsumerGroup, instance_id: str, member_id: str) -> ConsumerMember:
    """Raises ApiError: UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another member has the instance id."""
    static = group.static_member(instance_id)
    if static is None:
        raise ApiError(UNKNOWN_MEMBER_ID, f"Instance id {instance_id} is unknown.")
    if static.member_id != member_id:
        raise ApiError(
            FENCED_INSTANCE_ID,
            f"Static member {member_id} with instance id {instance_id} was fenced by member {static.member_id}.",
        )
    return static


def replace_static_member(
    group: ConsumerGroup, static: ConsumerMember, member_id: str, records: list[CoordinatorRecord]
) -> ConsumerMember:
    """A static member is back under a new member id: it takes the place of the old one. Returns the new one."""
    member = static._replace(member_id=member_id, member_epoch=0, previous_member_epoch=0)
    records += records_of.member_tombstones(group.group_id, static.member_id)
    records.append(records_of.member_metadata_record(group.group_id, member))
    target = group.target.get(static.member_id, {})
    records.append(records_of.target_assignment_record(group.group_id, member_id, target))
    records.append(records_of.current_assignment_record(group.group_id, member))
    return member


def _updated(member: ConsumerMember, caller: Caller, request: ConsumerGroupHeartbeatRequest) -> ConsumerMember:
    """The member with what the request says; what it leaves out stays as it was."""
    changes: dict[str, Any] = {"client_id": caller.client_id, "client_host": caller.client_host, "classic": None}
    if request.instance_id is not None:
        changes["instance_id"] = request.instance_id
    if request.rack_id is not None:
        changes["rack_id"] = request.rack_id
    if request.rebalance_timeout_ms != -1:
        changes["rebalance_timeout_ms"] = request.rebalance_timeout_ms
    if request.server_assignor is not None:
        changes["server_assignor"] = request.server_assignor
    if request.subscribed_topic_names is not None:
        changes["subscribed_topic_names"] = tuple(sorted(set(request.subscribed_topic_names)))
    if request.subscribed_topic_regex is not None:
        changes["subscribed_topic_regex"] = request.subscribed_topic_regex
    return member._replace(**changes)


def _is_full(request: ConsumerGroupHeartbeatRequest) -> bool:
    """The member starts over, or has lost an answer: it wants to hear everything."""
    return request.member_epoch == JOIN_EPOCH or (
        request.rebalance_timeout_ms != -1
        and (request.subscribed_topic_names is not None or request.subscribed_topic_regex is not None)
        and request.topic_partitions is not None
    )


def _as_response(assignment: Assignment) -> ConsumerGroupHeartbeatResponse.Assignment:
    return ConsumerGroupHeartbeatResponse.Assignment(
        topic_partitions=topics_of(assignment, ConsumerGroupHeartbeatResponse.TopicPartitions)
    )


def _session_key(group_id: str, member_id: str) -> str:
    return f"consumer-session-{group_id}-{member_id}"


def _rebalance_key(group_id: str, member_id: str) -> str:
    return f"consumer-rebalance-{group_id}-{member_id}"


def _join_key(group_id: str, member_id: str) -> str:
    return f"consumer-join-{group_id}-{member_id}"


def _sync_key(group_id: str, member_id: str) -> str:
    return f"consumer-sync-{group_id}-{member_id}"
