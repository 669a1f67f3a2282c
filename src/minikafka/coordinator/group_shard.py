"""The groups and offsets of one partition of ``__consumer_offsets``: requests in, Results out, records replayed.

Pure: it reads the clock it is given, sets keyed deadlines, and writes nothing itself. Groups of all types live in one
namespace, ``groups``; each type brings its own operations, share groups only when there are any. Source: Kafka's
GroupCoordinatorShard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Union

from minikafka.coordinator import offset_commits
from minikafka.coordinator.assignments import assignment_of
from minikafka.coordinator.classic import classic_group as states
from minikafka.coordinator.classic.classic_group import ClassicGroup
from minikafka.coordinator.classic.classic_members import ClassicMembers
from minikafka.coordinator.classic.classic_membership import ClassicMembership
from minikafka.coordinator.consumer.consumer_group import ConsumerGroup, ConsumerMember
from minikafka.coordinator.consumer.consumer_membership import ConsumerMembership
from minikafka.coordinator.consumer.consumer_records import consumer_group_tombstones
from minikafka.coordinator.group_records import group_metadata_tombstone
from minikafka.coordinator.member_ids import random_uuid_text
from minikafka.coordinator.offsets import NO_PRODUCER_ID, OffsetAndMetadata, OffsetStore
from minikafka.coordinator.result import Caller, CoordinatorRecord, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.topic_metadata import TopicMetadata
from minikafka.errors import (
    GROUP_ID_NOT_FOUND,
    ILLEGAL_GENERATION,
    INCONSISTENT_GROUP_PROTOCOL,
    NONE,
    STALE_MEMBER_EPOCH,
    UNKNOWN_MEMBER_ID,
    ApiError,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import (
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMetadataKey,
    ConsumerGroupPartitionMetadataKey,
    ConsumerGroupRegularExpressionKey,
    ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMetadataKey,
    DeleteGroupsResponse,
    DescribeGroupsResponse,
    GroupMetadataKey,
    JoinGroupResponse,
    ListGroupsResponse,
    OffsetCommitKey,
    OffsetFetchResponse,
)

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.coordinator.share_groups.share_group import ShareGroup
    from minikafka.coordinator.share_groups.share_groups import ShareGroups
    from minikafka.protocol.messages import (
        ConsumerGroupHeartbeatRequest,
        ConsumerGroupHeartbeatResponse,
        GroupMetadataValue,
        HeartbeatRequest,
        HeartbeatResponse,
        JoinGroupRequest,
        LeaveGroupRequest,
        LeaveGroupResponse,
        OffsetCommitRequest,
        OffsetCommitResponse,
        OffsetCommitValue,
        OffsetDeleteRequest,
        OffsetDeleteResponse,
        OffsetFetchRequest,
        SyncGroupRequest,
        SyncGroupResponse,
        TxnOffsetCommitRequest,
        TxnOffsetCommitResponse,
    )

_logger = logging.getLogger(__name__)

NO_TARGET_EPOCH = -1
EXPIRATION_KEY = "expire-group-metadata"
DESCRIBE_NOT_FOUND_SINCE_VERSION = 6
GROUP_ID_NOT_FOUND_SINCE_VERSION = 9

SHARE_TYPE = "share"
"""``group_type`` of share groups, whose class is not known here: most brokers have none."""
SHARE_RECORD_TYPES = range(10, 16)
"""Of the keys of share groups' records (Kafka: CoordinatorRecordType)."""

Group = Union[ClassicGroup, ConsumerGroup, "ShareGroup"]
"""What ``groups`` holds: one class for each type of group."""


class GroupShard:
    """One shard. ``new_uuid_text`` is where member ids get their random part."""

    def __init__(
        self,
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        metadata: TopicMetadata,
        new_uuid_text: Callable[[], str] = random_uuid_text,
    ) -> None:
        self._timers = timers
        self._clock = clock
        self._settings = settings
        self._metadata = metadata
        self._share: ShareGroups | None = None
        self.groups: dict[str, Group] = {}
        self.offsets = OffsetStore()
        self.classic = ClassicMembership(self.groups, timers, clock, settings, new_uuid_text)
        self.consumer = ConsumerMembership(self.groups, timers, clock, settings, metadata, self.classic, new_uuid_text)
        self.classic_members = ClassicMembers(self.consumer)
        self._replay_by_key: dict[type, Callable[[Any, Any, int, int], None]] = {
            OffsetCommitKey: self._replay_offset_commit,
            GroupMetadataKey: self._replay_group_metadata,
            ConsumerGroupMetadataKey: self._replay_consumer_group,
            ConsumerGroupPartitionMetadataKey: self._replay_partition_metadata,
            ConsumerGroupMemberMetadataKey: self._replay_consumer_member,
            ConsumerGroupTargetAssignmentMetadataKey: self._replay_target_epoch,
            ConsumerGroupTargetAssignmentMemberKey: self._replay_target_assignment,
            ConsumerGroupCurrentMemberAssignmentKey: self._replay_current_assignment,
            ConsumerGroupRegularExpressionKey: self._replay_regular_expression,
        }

    def change_settings(self, settings: GroupSettings) -> None:
        """Use these settings from now on."""
        self._settings = self.classic.settings = self.consumer.settings = settings
        if self._share is not None:
            self._share.change_settings(settings)

    @property
    def share(self) -> ShareGroups:
        """The operations on share groups."""
        if self._share is None:
            from minikafka.coordinator.share_groups.share_groups import ShareGroups

            self._share = ShareGroups(self.groups, self._timers, self._clock, self._settings, self._metadata)
        return self._share

    @property
    def has_share_groups(self) -> bool:
        """Whether there may be any."""
        return self._share is not None

    # Membership of the classic protocol

    def join_group(self, caller: Caller, request: JoinGroupRequest) -> Result[JoinGroupResponse]:
        group = self.groups.get(request.group_id)
        if group is not None and group.group_type == SHARE_TYPE:
            return Result(response=JoinGroupResponse(error_code=INCONSISTENT_GROUP_PROTOCOL, protocol_name=None))
        if not isinstance(group, ConsumerGroup):
            return self.classic.join(caller, request)
        if not group.is_empty:
            return self.classic_members.join(group, caller, request)
        response: Pending[JoinGroupResponse] = Pending()
        tombstones = consumer_group_tombstones(group)
        return Result(tombstones, response, then=lambda: self._join_in_place(caller, request, response))

    def _join_in_place(
        self, caller: Caller, request: JoinGroupRequest, response: Pending[JoinGroupResponse]
    ) -> Result[JoinGroupResponse]:
        """An empty consumer group has just made way for a classic one; its offsets stay."""
        result = self.classic.join(caller, request)
        if isinstance(result.response, Pending):
            result.response.on_complete(lambda answer: _complete(response, answer))
        elif result.response is not None:
            response.complete(result.response)
        return result

    def sync_group(self, caller: Caller, request: SyncGroupRequest) -> Result[SyncGroupResponse]:
        group = self.groups.get(request.group_id)
        if not isinstance(group, ConsumerGroup):
            return self.classic.sync(caller, request)
        return self.classic_members.sync(group, request)

    def heartbeat(self, caller: Caller, request: HeartbeatRequest) -> Result[HeartbeatResponse]:
        group = self.groups.get(request.group_id)
        if not isinstance(group, ConsumerGroup):
            return self.classic.heartbeat(caller, request)
        return self.classic_members.heartbeat(group, request)

    def leave_group(self, caller: Caller, request: LeaveGroupRequest) -> Result[LeaveGroupResponse]:
        group = self.groups.get(request.group_id)
        if not isinstance(group, ConsumerGroup):
            return self.classic.leave(caller, request)
        return self.classic_members.leave(group, request)

    def consumer_group_heartbeat(
        self, caller: Caller, request: ConsumerGroupHeartbeatRequest
    ) -> Result[ConsumerGroupHeartbeatResponse]:
        return self.consumer.heartbeat(caller, request)

    # Offsets

    def commit_offsets(self, caller: Caller, request: OffsetCommitRequest) -> Result[OffsetCommitResponse]:
        """Raises ApiError when the sender may not commit for the group now."""
        group = self._group_to_commit_for(request.group_id, request.generation_id_or_member_epoch, caller.api_version)
        if group is not None:
            group.validate_offset_commit(
                request.member_id,
                request.group_instance_id,
                request.generation_id_or_member_epoch,
                is_transactional=False,
                api_version=caller.api_version,
            )
            if isinstance(group, ClassicGroup) and group.state in (states.STABLE, states.PREPARING_REBALANCE):
                # In the classic protocol a commit is as good as a heartbeat.
                self.classic.touch(group, request.member_id)
        return offset_commits.commit_offsets(request, self._settings, self._clock.wall_ms())

    def _group_to_commit_for(self, group_id: str, generation_id: int, api_version: int) -> Group | None:
        """None when there is no such group and none is claimed: the commit makes a simple group."""
        group = self.groups.get(group_id)
        if group is None and generation_id >= 0:
            # The code is as old as the client: those before version 9 know only the second one.
            if api_version >= GROUP_ID_NOT_FOUND_SINCE_VERSION:
                raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
            raise ApiError(ILLEGAL_GENERATION)
        return group

    def commit_transactional_offsets(
        self, caller: Caller, request: TxnOffsetCommitRequest
    ) -> Result[TxnOffsetCommitResponse]:
        """The runtime writes and replays the records with the request's producer id. Raises ApiError."""
        group = self._group_to_commit_for(request.group_id, request.generation_id, 0)
        if group is not None:
            try:
                group.validate_offset_commit(
                    request.member_id,
                    request.group_instance_id,
                    request.generation_id,
                    is_transactional=True,
                    api_version=caller.api_version,
                )
            except ApiError as error:
                if error.code == STALE_MEMBER_EPOCH:
                    raise ApiError(ILLEGAL_GENERATION) from error
                raise
        return offset_commits.commit_transactional_offsets(request, self._settings, self._clock.wall_ms())

    def fetch_offsets(
        self, request: OffsetFetchRequest.OffsetFetchRequestGroup, *, require_stable: bool
    ) -> OffsetFetchResponse.OffsetFetchResponseGroup:
        """Raises ApiError when the sender says it is a member and is not."""
        group = self.groups.get(request.group_id)
        try:
            if group is None:
                raise ApiError(GROUP_ID_NOT_FOUND, f"Group {request.group_id} not found.")
            group.validate_offset_fetch(request.member_id, request.member_epoch)
        except ApiError as error:
            if error.code != GROUP_ID_NOT_FOUND:
                raise
            topics = offset_commits.no_offsets(request)
        else:
            topics = offset_commits.fetch_offsets(self.offsets, request, require_stable=require_stable)
        return OffsetFetchResponse.OffsetFetchResponseGroup(group_id=request.group_id, topics=topics)

    def delete_offsets(self, request: OffsetDeleteRequest) -> Result[OffsetDeleteResponse]:
        """Raises ApiError: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP."""
        group = self._existing_group(request.group_id)
        if not isinstance(group, ClassicGroup | ConsumerGroup):
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {request.group_id} is not a consumer group.")
        group.validate_offset_delete()
        return offset_commits.delete_offsets(self.offsets, group, request)

    def delete_offsets_of_partition(self, topic: str, partition: int) -> Result[None]:
        """A partition is gone, and with it everybody's place in it."""
        return Result(offset_commits.tombstones_of_partition(self.offsets, topic, partition), is_atomic=False)

    # Groups as a whole

    def describe_group(self, group_id: str, api_version: int) -> DescribeGroupsResponse.DescribedGroup:
        group = self.groups.get(group_id)
        if not isinstance(group, ClassicGroup):
            return _no_such_classic_group(group_id, group is not None, api_version)
        is_stable = group.state == states.STABLE
        return DescribeGroupsResponse.DescribedGroup(
            group_id=group_id,
            group_state=group.state,
            protocol_type=group.protocol_type or "",
            protocol_data=(group.protocol_name or "") if is_stable else "",
            members=[
                DescribeGroupsResponse.DescribedGroupMember(
                    member_id=member.member_id,
                    group_instance_id=member.group_instance_id,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    member_metadata=member.metadata_for(group.protocol_name or "") if is_stable else b"",
                    member_assignment=member.assignment,
                )
                for member in group.members.values()
            ],
        )

    def list_groups(self, states_filter: set[str], types_filter: set[str]) -> list[ListGroupsResponse.ListedGroup]:
        """Groups in one of the states and of one of the types, all in lower case; an empty set lets all through."""
        return [
            ListGroupsResponse.ListedGroup(
                group_id=group.group_id,
                protocol_type=group.protocol_type or "",
                group_state=group.state,
                group_type=group.group_type,
            )
            for group in self.groups.values()
            if (not states_filter or group.state.lower() in states_filter)
            and (not types_filter or group.group_type.lower() in types_filter)
        ]

    def delete_group(self, group_id: str) -> Result[DeleteGroupsResponse.DeletableGroupResult]:
        """Delete an empty group with its offsets."""
        code, records = NONE, []
        try:
            self._existing_group(group_id).validate_delete()
            records = self._tombstones_of(group_id)
        except ApiError as error:
            code = error.code
        return Result(records, DeleteGroupsResponse.DeletableGroupResult(group_id=group_id, error_code=code))

    def has_share_state(self, group_id: str) -> bool:
        """Whether the share coordinator may have to forget something before the group can be deleted."""
        group = self.groups.get(group_id)
        return group is not None and group.group_type == SHARE_TYPE

    def _tombstones_of(self, group_id: str) -> list[CoordinatorRecord]:
        return [
            *offset_commits.tombstones_of_group(self.offsets, group_id),
            *self._tombstones_of_group(self.groups[group_id]),
        ]

    def _tombstones_of_group(self, group: Group) -> list[CoordinatorRecord]:
        if isinstance(group, ClassicGroup):
            return [group_metadata_tombstone(group.group_id)]
        return consumer_group_tombstones(group) if isinstance(group, ConsumerGroup) else self.share.tombstones_of(group)

    def _existing_group(self, group_id: str) -> Group:
        group = self.groups.get(group_id)
        if group is None:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
        return group

    # What somebody asks for who is no member (tests)

    def rebalance(self, group_id: str) -> Result[Any] | None:
        """Let the group rebalance. Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self._existing_group(group_id)
        if isinstance(group, ClassicGroup):
            return self.classic.rebalance(group)
        return self.consumer.rebalance(group) if isinstance(group, ConsumerGroup) else self.share.rebalance(group)

    def expire_member(self, group_id: str, name: str | None) -> Result[Any] | None:
        """End the session of a member: by its member, instance or client id; None where there is only one.

        Raises ApiError: GROUP_ID_NOT_FOUND, UNKNOWN_MEMBER_ID.
        """
        group = self._existing_group(group_id)
        found = [
            member.member_id
            for member in group.members.values()
            if name is None or name in (member.member_id, member.client_id, _instance_id(member))
        ]
        if len(found) != 1:
            raise ApiError(
                UNKNOWN_MEMBER_ID,
                f"{'no member' if not found else f'{len(found)} members'} of group {group_id} fit {name!r}; it has "
                f"{[(member.member_id, member.client_id) for member in group.members.values()]}",
            )
        if isinstance(group, ClassicGroup):
            return self.classic.expire(group, found[0])
        if isinstance(group, ConsumerGroup):
            return self.consumer.fence(group, found)
        return self.share.fence(group, found[0])

    # Expiration

    def expire(self) -> Result[None]:
        """Drop the offsets whose retention is over, and the empty groups that have none left; then again later."""
        self._schedule_expiration()
        records: list[CoordinatorRecord] = []
        now_ms = self._clock.wall_ms()
        for group in self.groups.values():
            if not isinstance(group, ClassicGroup | ConsumerGroup):
                continue  # A share group stays until somebody deletes it.
            expired, nothing_left = offset_commits.expired_offsets(
                self.offsets, group, self._settings.offsets_retention_ms, now_ms
            )
            records += expired
            if nothing_left and group.is_empty:
                records += self._tombstones_of_group(group)
        if records:
            _logger.info("%d offsets and groups have expired", len(records))
        return Result(records, is_atomic=False)

    def _schedule_expiration(self) -> None:
        self._timers.schedule(EXPIRATION_KEY, self._settings.offsets_retention_check_interval_ms, self.expire)

    # Records

    def replay(self, key: Any, value: Any | None, record_offset: int, producer_id: int = NO_PRODUCER_ID) -> None:
        """Take a written record into the state. ``producer_id`` when it is part of a transaction."""
        if type(key) not in self._replay_by_key:
            self._replay_by_key.update(self.share.replayers())
        self._replay_by_key[type(key)](key, value, record_offset, producer_id)

    def can_replay(self, key: Any) -> bool:
        """Whether this broker knows the type of record; newer ones may write more."""
        return type(key) in self._replay_by_key or key.api_key in SHARE_RECORD_TYPES

    def _replay_offset_commit(
        self, key: OffsetCommitKey, value: OffsetCommitValue | None, record_offset: int, producer_id: int
    ) -> None:
        if value is None:
            self.offsets.remove(key.group, key.topic, key.partition)
            return
        offset = OffsetAndMetadata.from_record(value, record_offset)
        self.ensure_group(key.group)
        self.offsets.put(key.group, key.topic, key.partition, offset, producer_id)

    def ensure_group(self, group_id: str) -> None:
        """Offsets of no known group make a simple one: it has no record of its own."""
        if group_id not in self.groups:
            self.groups[group_id] = ClassicGroup(group_id, self._clock.wall_ms())

    def _replay_consumer_group(self, key: ConsumerGroupMetadataKey, value: Any | None, *_: int) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is None:
            return
        if value is None:
            del self.groups[key.group_id]
        else:
            group.group_epoch = value.epoch
            group.metadata_hash = value.metadata_hash

    def _replay_partition_metadata(self, key: ConsumerGroupPartitionMetadataKey, value: Any | None, *_: int) -> None:
        """What it says is not needed: only that it is there."""
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is not None:
            group.has_partition_metadata_record = value is not None

    def _replay_consumer_member(self, key: ConsumerGroupMemberMetadataKey, value: Any | None, *_: int) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is None:
            return
        if value is None:
            group.remove_member(key.member_id)
        else:
            group.put_member(group.members.get(key.member_id, ConsumerMember(key.member_id)).with_metadata(value))

    def _replay_target_epoch(self, key: ConsumerGroupTargetAssignmentMetadataKey, value: Any | None, *_: int) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is not None:
            group.target_epoch = NO_TARGET_EPOCH if value is None else value.assignment_epoch

    def _replay_target_assignment(
        self, key: ConsumerGroupTargetAssignmentMemberKey, value: Any | None, *_: int
    ) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is None:
            return
        if value is None:
            group.target.pop(key.member_id, None)
        else:
            group.target[key.member_id] = assignment_of(value.topic_partitions)

    def _replay_current_assignment(
        self, key: ConsumerGroupCurrentMemberAssignmentKey, value: Any | None, *_: int
    ) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is None:
            return
        member = group.members.get(key.member_id)
        if member is not None or value is not None:
            group.put_member((member or ConsumerMember(key.member_id)).with_current_assignment(value))

    def _replay_regular_expression(self, key: ConsumerGroupRegularExpressionKey, value: Any | None, *_: int) -> None:
        group = self._consumer_group(key.group_id, create=value is not None)
        if group is None:
            return
        if value is None:
            group.regexes.pop(key.regular_expression, None)
        else:
            group.regexes[key.regular_expression] = frozenset(value.topics)

    def _consumer_group(self, group_id: str, *, create: bool) -> ConsumerGroup | None:
        """The group; what deletes something creates nothing. A simple group in its place only held offsets."""
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            return group
        if not create:
            return None
        group = self.groups[group_id] = ConsumerGroup(group_id)
        return group

    def _replay_group_metadata(
        self, key: GroupMetadataKey, value: GroupMetadataValue | None, record_offset: int, producer_id: int
    ) -> None:
        group = self.groups.get(key.group)
        if value is None:
            if isinstance(group, ClassicGroup):
                self.classic.cancel_timers(group)
                del self.groups[key.group]
            return
        if not isinstance(group, ClassicGroup):
            group = self.groups[key.group] = ClassicGroup(key.group, self._clock.wall_ms())
        group.apply(value)

    def replay_end_transaction_marker(self, producer_id: int, *, committed: bool) -> None:
        self.offsets.end_transaction(producer_id, committed=committed)

    # Loading and unloading

    def on_loaded(self) -> Iterator[Result[Any]]:
        """The state is complete: begin the sessions of the members. Gives what has to be written."""
        for group in list(self.groups.values()):
            if isinstance(group, ConsumerGroup):
                self.consumer.on_loaded(group)
            elif isinstance(group, ClassicGroup):
                result = self.classic.on_loaded(group)
                if result is not None:
                    yield result
        if self._share is not None:
            yield self._share.on_loaded()
        self._schedule_expiration()

    def on_unloaded(self) -> None:
        """The broker stops: answer whoever waits."""
        self._timers.cancel_all()
        for group in self.groups.values():
            if isinstance(group, ClassicGroup):
                self.classic.on_unloaded(group)


def _instance_id(member: Any) -> str | None:
    """Members of share groups have none."""
    instance_id: str | None = (
        member.instance_id if isinstance(member, ConsumerMember) else getattr(member, "group_instance_id", None)
    )
    return instance_id


def _complete(promise: Pending[Any], value: object) -> None:
    promise.complete(value)


def _no_such_classic_group(group_id: str, exists: bool, api_version: int) -> DescribeGroupsResponse.DescribedGroup:
    """A group that is not there is Dead; since version 6 that is an error too (KIP-1043)."""
    described = DescribeGroupsResponse.DescribedGroup(group_id=group_id, group_state=states.DEAD)
    if api_version >= DESCRIBE_NOT_FOUND_SINCE_VERSION:
        described.error_code = GROUP_ID_NOT_FOUND
        described.error_message = (
            f"Group {group_id} is not a classic group." if exists else f"Group {group_id} not found."
        )
    return described
