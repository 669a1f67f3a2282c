"""ConsumerGroupHeartbeat: members of consumer groups join, stay, and leave (KIP-848).

One heartbeat does all: it takes what the member says of itself, counts the group epoch up when somebody reads something
else, computes the target assignment for a new epoch, moves the member one step towards it, and tells it.

Deadlines, by key: ``consumer-session-GROUP-MEMBER`` (every heartbeat moves it) and ``consumer-rebalance-GROUP-MEMBER``
(how long a member may take to give partitions up).

Source: the consumer part of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from minikafka.coordinator import consumer_records as records_of
from minikafka.coordinator.assignors import ASSIGNORS, MemberSpec
from minikafka.coordinator.classic_group import ClassicGroup
from minikafka.coordinator.consumer_group import (
    LEAVE_EPOCH,
    LEAVE_STATIC_EPOCH,
    UNREVOKED_PARTITIONS,
    Assignment,
    ConsumerGroup,
    ConsumerMember,
    assignment_of,
)
from minikafka.coordinator.group_records import group_metadata_tombstone
from minikafka.coordinator.reconciliation import reconcile
from minikafka.coordinator.result import Caller, CoordinatorRecord, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.topic_patterns import matching_topics
from minikafka.errors import (
    FENCED_INSTANCE_ID,
    FENCED_MEMBER_EPOCH,
    GROUP_ID_NOT_FOUND,
    GROUP_MAX_SIZE_REACHED,
    INVALID_REQUEST,
    UNKNOWN_MEMBER_ID,
    UNRELEASED_INSTANCE_ID,
    UNSUPPORTED_ASSIGNOR,
    ApiError,
)
from minikafka.protocol.messages import ConsumerGroupDescribeResponse, ConsumerGroupHeartbeatResponse

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest

_logger = logging.getLogger(__name__)

JOIN_EPOCH = 0
CONSUMER_TYPE = 1
"""``member_type`` in ConsumerGroupDescribe: 0 for members of the classic protocol."""
_GROUP_RESOURCE = 32


class Topic(Protocol):
    name: str
    topic_id: bytes

    @property
    def partitions(self) -> list[Any]: ...


class TopicMetadata(Protocol):
    """What groups have to know of topics (``MetadataImage``)."""

    offset: int
    """Changes whenever anything else here does."""

    @property
    def topics_by_name(self) -> Mapping[str, Any]: ...

    @property
    def topics_by_id(self) -> Mapping[bytes, Any]: ...

    @property
    def configs(self) -> Mapping[tuple[int, str], Mapping[str, str]]: ...


class _Heartbeat:
    """One heartbeat in work: what the group and the member will be, and the records that make them so."""

    __slots__ = ("group", "group_epoch", "member", "records", "regexes", "target", "target_epoch")

    def __init__(self, group: ConsumerGroup, member: ConsumerMember, records: list[CoordinatorRecord]) -> None:
        self.group = group
        self.member = member
        self.records = records
        self.regexes = dict(group.regexes)
        self.group_epoch = group.group_epoch
        self.target_epoch = group.target_epoch
        self.target: Assignment = {}


class ConsumerMembership:
    """The operations on the consumer groups among ``groups``, which it shares with the rest of the coordinator."""

    def __init__(
        self,
        groups: dict[str, Any],
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        metadata: TopicMetadata,
        new_member_id: Callable[[], str],
    ) -> None:
        self._groups = groups
        self._timers = timers
        self._clock = clock
        self._metadata = metadata
        self._new_member_id = new_member_id
        self.settings = settings

    def heartbeat(
        self, caller: Caller, request: ConsumerGroupHeartbeatRequest
    ) -> Result[ConsumerGroupHeartbeatResponse]:
        """Raises ApiError with Kafka's code and sentence when the request is refused."""
        self._check(request)
        if request.member_epoch in (LEAVE_EPOCH, LEAVE_STATIC_EPOCH):
            return self._leave(request)
        records: list[CoordinatorRecord] = []
        group = self._group_to_join(request.group_id, records) if request.member_epoch == JOIN_EPOCH else None
        if group is None:
            group = self.existing(request.group_id)
        member_id = request.member_id or self._new_member_id()
        if len(group.members) >= self.settings.consumer_max_size and member_id not in group.members:
            raise ApiError(
                GROUP_MAX_SIZE_REACHED,
                f"The consumer group has reached its maximum capacity of {self.settings.consumer_max_size} members.",
            )
        owned = None if request.topic_partitions is None else assignment_of(request.topic_partitions)
        before = self._member_of(group, member_id, request, owned, records)
        beat = _Heartbeat(group, _updated(before, caller, request), records)
        self._update_subscription(beat, before)
        self._update_target(beat, before)
        self._reconcile(beat, owned)
        self._schedule_session(group.group_id, member_id)
        response = ConsumerGroupHeartbeatResponse(
            member_id=member_id,
            member_epoch=beat.member.member_epoch,
            heartbeat_interval_ms=self._group_setting(
                group.group_id, "consumer.heartbeat.interval.ms", self.settings.consumer_heartbeat_interval_ms
            ),
        )
        if _is_full(request) or beat.member.assigned != before.assigned:
            response.assignment = _as_response(beat.member.assigned)
        return Result(records, response, on_failure=lambda _: self._look_again(group))

    # Who asks

    def _check(self, request: ConsumerGroupHeartbeatRequest) -> None:
        for value, name in (
            (request.group_id, "GroupId"),
            (request.instance_id, "InstanceId"),
            (request.rack_id, "RackId"),
        ):
            if value is not None and not value.strip():
                raise ApiError(INVALID_REQUEST, f"{name} can't be empty.")
        epoch = request.member_epoch
        if epoch < LEAVE_STATIC_EPOCH:
            raise ApiError(INVALID_REQUEST, f"MemberEpoch is {epoch}, but must be greater than or equal to -2.")
        if epoch != JOIN_EPOCH and not request.member_id:
            raise ApiError(INVALID_REQUEST, "MemberId can't be empty.")
        if epoch == LEAVE_STATIC_EPOCH and request.instance_id is None:
            raise ApiError(INVALID_REQUEST, "InstanceId can't be null.")
        if epoch == JOIN_EPOCH:
            _check_join(request)
        if request.server_assignor is not None and request.server_assignor not in self.settings.consumer_assignors:
            raise ApiError(
                UNSUPPORTED_ASSIGNOR,
                f"ServerAssignor {request.server_assignor} is not supported. Supported assignors: "
                f"{', '.join(self.settings.consumer_assignors)}.",
            )

    def existing(self, group_id: str) -> ConsumerGroup:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self._groups.get(group_id)
        if group is None:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
        if not isinstance(group, ConsumerGroup):
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} is not a consumer group.")
        return group

    def _group_to_join(self, group_id: str, records: list[CoordinatorRecord]) -> ConsumerGroup | None:
        """A new group where there is none, or one of the classic protocol that is empty; its offsets stay."""
        group = self._groups.get(group_id)
        if group is None:
            return ConsumerGroup(group_id)
        if isinstance(group, ClassicGroup) and group.is_empty:
            records.append(group_metadata_tombstone(group_id))
            return ConsumerGroup(group_id)
        return None

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
        if is_joining and static is not None and static.member_id != member_id:
            return _replace_static(group, static, member_id, instance_id, records)
        static = self._own_static_member(group, instance_id, member_id)
        if not (is_joining and static.member_epoch == LEAVE_STATIC_EPOCH):
            _check_epoch(static, request.member_epoch, owned)
            return static
        return static._replace(member_epoch=0, previous_member_epoch=0)

    @staticmethod
    def _own_static_member(group: ConsumerGroup, instance_id: str, member_id: str) -> ConsumerMember:
        static = group.static_member(instance_id)
        if static is None:
            raise ApiError(UNKNOWN_MEMBER_ID, f"Instance id {instance_id} is unknown.")
        if static.member_id != member_id:
            raise ApiError(
                FENCED_INSTANCE_ID,
                f"Static member {member_id} with instance id {instance_id} was fenced by member {static.member_id}.",
            )
        return static

    # What changes

    def _update_subscription(self, beat: _Heartbeat, before: ConsumerMember) -> None:
        """Store the member if it is new or says something new; count the epoch up if the group reads other topics."""
        group, member = beat.group, beat.member
        is_new = before.member_epoch == JOIN_EPOCH and before.previous_member_epoch == -1
        if is_new or _metadata_of(member) != _metadata_of(before):
            beat.records.append(records_of.member_metadata_record(group.group_id, member))
        reads_other_topics = (
            is_new
            or member.subscribed_topic_names != before.subscribed_topic_names
            or member.subscribed_topic_regex != before.subscribed_topic_regex
        )
        if not reads_other_topics and group.refreshed_at == self._metadata.offset:
            return
        self._resolve_regexes(beat)
        metadata_hash = self._metadata_hash(beat)
        group.refreshed_at = self._metadata.offset
        if reads_other_topics or metadata_hash != group.metadata_hash:
            beat.group_epoch += 1
            beat.records.append(records_of.group_epoch_record(group.group_id, beat.group_epoch, metadata_hash))

    def _resolve_regexes(self, beat: _Heartbeat) -> None:
        """Look anew which topics the regular expressions stand for. Raises ApiError(INVALID_REGULAR_EXPRESSION)."""
        group = beat.group
        used = {member.subscribed_topic_regex for member in _members_with(beat).values()} - {""}
        for regex in sorted(used):
            topics = matching_topics(regex, self._metadata.topics_by_name)
            if group.regexes.get(regex) != topics:
                now_ms = self._clock.wall_ms()
                record = records_of.regular_expression_record(
                    group.group_id, regex, topics, self._metadata.offset, now_ms
                )
                beat.records.append(record)
            beat.regexes[regex] = topics
        for regex in group.regexes.keys() - used:
            beat.records.append(records_of.regular_expression_tombstone(group.group_id, regex))
            del beat.regexes[regex]

    def _metadata_hash(self, beat: _Heartbeat) -> int:
        """Stands for the topics that the group reads, with their ids and sizes. Apache Kafka's own is another (XXH3):
        when it takes such a group over, it counts the epoch up once."""
        group = beat.group
        names = {name for member in _members_with(beat).values() for name in group.topics_of(member, beat.regexes)}
        value = 0
        for name in sorted(names):
            topic = self._metadata.topics_by_name.get(name)
            if topic is not None:
                value = crc32(f"{name}:{len(topic.partitions)}:".encode() + topic.topic_id, value)
        return value

    def _update_target(self, beat: _Heartbeat, before: ConsumerMember) -> None:
        group, member = beat.group, beat.member
        own_id = before.member_id if before.member_id in group.target else member.member_id
        if member.instance_id is not None:
            own_id = group.static_members.get(member.instance_id, own_id)
        if beat.group_epoch <= group.target_epoch:
            beat.target = group.target.get(own_id, {})
            return
        members = _members_with(beat)
        counts: dict[bytes, int] = {}
        specs = {}
        for one in members.values():
            topics = [self._metadata.topics_by_name.get(name) for name in group.topics_of(one, beat.regexes)]
            counts.update({topic.topic_id: len(topic.partitions) for topic in topics if topic is not None})
            specs[one.member_id] = MemberSpec(
                one.instance_id,
                frozenset(topic.topic_id for topic in topics if topic is not None),
                group.target.get(own_id if one is member else one.member_id, {}),
            )
        name = group.preferred_assignor(members.values()) or self.settings.consumer_assignors[0]
        ordered_counts = {topic_id: counts[topic_id] for topic_id in sorted(counts)}
        targets = ASSIGNORS[name](specs, ordered_counts)
        for member_id, target in targets.items():
            if group.target.get(member_id) != target or member_id not in group.members:
                beat.records.append(records_of.target_assignment_record(group.group_id, member_id, target))
        beat.records.append(records_of.target_epoch_record(group.group_id, beat.group_epoch))
        beat.target_epoch = beat.group_epoch
        beat.target = targets[member.member_id]

    def _reconcile(self, beat: _Heartbeat, owned: Assignment | None) -> None:
        group, member = beat.group, beat.member
        epochs = group.partition_epochs

        def partition_epoch(topic_id: bytes, partition: int) -> int:
            return epochs.get((topic_id, partition), -1)

        beat.member = reconcile(member, beat.target_epoch, beat.target, partition_epoch, owned)
        if beat.member == member:
            return
        beat.records.append(records_of.current_assignment_record(group.group_id, beat.member))
        key = _rebalance_key(group.group_id, member.member_id)
        if beat.member.state == UNREVOKED_PARTITIONS:
            self._schedule_rebalance_timeout(group.group_id, beat.member)
        else:
            self._timers.cancel(key)

    # Leaving

    def _leave(self, request: ConsumerGroupHeartbeatRequest) -> Result[ConsumerGroupHeartbeatResponse]:
        group = self.existing(request.group_id)
        if request.instance_id is None:
            member = group.member(request.member_id)
        else:
            member = self._own_static_member(group, request.instance_id, request.member_id)
        response = ConsumerGroupHeartbeatResponse(member_id=request.member_id, member_epoch=request.member_epoch)
        if request.member_epoch == LEAVE_STATIC_EPOCH:
            away = member._replace(member_epoch=LEAVE_STATIC_EPOCH, pending_revocation={})
            return Result([records_of.current_assignment_record(group.group_id, away)], response)
        result: Result[ConsumerGroupHeartbeatResponse] = self._fence(group, member)
        result.response = response
        return result

    def _fence(self, group: ConsumerGroup, member: ConsumerMember) -> Result[Any]:
        """The member is out; its partitions are free, and the others get them with a new epoch."""
        self._timers.cancel(_session_key(group.group_id, member.member_id))
        self._timers.cancel(_rebalance_key(group.group_id, member.member_id))
        return Result(
            [
                *records_of.member_tombstones(group.group_id, member.member_id),
                records_of.group_epoch_record(group.group_id, group.group_epoch + 1, group.metadata_hash),
            ],
            then=lambda: self._look_again(group),
        )

    @staticmethod
    def _look_again(group: ConsumerGroup) -> None:
        """The next heartbeat has to look what the group reads."""
        group.refreshed_at = None

    # Deadlines

    def _schedule_session(self, group_id: str, member_id: str) -> None:
        timeout_ms = self._group_setting(
            group_id, "consumer.session.timeout.ms", self.settings.consumer_session_timeout_ms
        )
        self._timers.schedule(
            _session_key(group_id, member_id), timeout_ms, lambda: self._session_over(group_id, member_id)
        )

    def _session_over(self, group_id: str, member_id: str) -> Result[Any] | None:
        group = self._groups.get(group_id)
        if not isinstance(group, ConsumerGroup) or member_id not in group.members:
            return None
        _logger.info("Group %s: the session of member %s has ended", group_id, member_id)
        return self._fence(group, group.members[member_id])

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
        _logger.info("Group %s: member %s has not given up its partitions in time", group_id, member_id)
        return self._fence(group, member)

    def _group_setting(self, group_id: str, key: str, default: int) -> int:
        value = self._metadata.configs.get((_GROUP_RESOURCE, group_id), {}).get(key)
        return default if value is None else int(value)

    def on_loaded(self, group: ConsumerGroup) -> None:
        """Give the members that were stored a session each."""
        for member in group.members.values():
            self._schedule_session(group.group_id, member.member_id)
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
                    member_type=CONSUMER_TYPE,
                )
                for member in group.members.values()
            ],
        )

    def _described(self, assignment: Assignment) -> ConsumerGroupDescribeResponse.Assignment:
        topics = self._metadata.topics_by_id
        return ConsumerGroupDescribeResponse.Assignment(
            topic_partitions=[
                ConsumerGroupDescribeResponse.TopicPartitions(
                    topic_id=topic_id, topic_name=topics[topic_id].name, partitions=sorted(partitions)
                )
                for topic_id, partitions in assignment.items()
                if topic_id in topics
            ]
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
    """A member may come with its previous epoch: the answer that told it of the new one may have been lost."""
    expected = member.member_epoch
    if received == expected:
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


def _replace_static(
    group: ConsumerGroup, static: ConsumerMember, member_id: str, instance_id: str, records: list[CoordinatorRecord]
) -> ConsumerMember:
    """A static member is back under a new member id: it takes the place of the old one, if that has left."""
    if static.member_epoch != LEAVE_STATIC_EPOCH:
        raise ApiError(
            UNRELEASED_INSTANCE_ID,
            f"Static member {member_id} with instance id {instance_id} cannot join the group because the instance id "
            f"is owned by {static.member_id} member.",
        )
    member = static._replace(member_id=member_id, member_epoch=0, previous_member_epoch=0)
    records += records_of.member_tombstones(group.group_id, static.member_id)
    records.append(records_of.member_metadata_record(group.group_id, member))
    target = group.target.get(static.member_id, {})
    records.append(records_of.target_assignment_record(group.group_id, member_id, target))
    records.append(records_of.current_assignment_record(group.group_id, member))
    return member


def _updated(member: ConsumerMember, caller: Caller, request: ConsumerGroupHeartbeatRequest) -> ConsumerMember:
    """The member with what the request says; what it leaves out stays as it was."""
    changes: dict[str, Any] = {"client_id": caller.client_id, "client_host": caller.client_host}
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
    )


def _members_with(beat: _Heartbeat) -> dict[str, ConsumerMember]:
    """The members as they will be: this one updated, and without the incarnation that it replaces."""
    members = dict(beat.group.members)
    if beat.member.instance_id is not None:
        members.pop(beat.group.static_members.get(beat.member.instance_id, ""), None)
    members[beat.member.member_id] = beat.member
    return members


def _is_full(request: ConsumerGroupHeartbeatRequest) -> bool:
    """The member starts over, or has lost an answer: it wants to hear everything."""
    return request.member_epoch == JOIN_EPOCH or (
        request.rebalance_timeout_ms != -1
        and (request.subscribed_topic_names is not None or request.subscribed_topic_regex is not None)
        and request.topic_partitions is not None
    )


def _as_response(assignment: Assignment) -> ConsumerGroupHeartbeatResponse.Assignment:
    return ConsumerGroupHeartbeatResponse.Assignment(
        topic_partitions=[
            ConsumerGroupHeartbeatResponse.TopicPartitions(topic_id=topic_id, partitions=sorted(partitions))
            for topic_id, partitions in assignment.items()
        ]
    )


def _session_key(group_id: str, member_id: str) -> str:
    return f"consumer-session-{group_id}-{member_id}"


def _rebalance_key(group_id: str, member_id: str) -> str:
    return f"consumer-rebalance-{group_id}-{member_id}"
