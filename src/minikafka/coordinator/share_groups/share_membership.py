"""ShareGroupHeartbeat: members of share groups join, stay, and leave (KIP-932).

A deadline ``share-session-GROUP-MEMBER`` is moved by every heartbeat. The state of partitions that a member is the
first to read is initialized after its heartbeat has been answered; it gets them with a later one.

Source: the share part of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from minikafka.coordinator.assignments import Assignment, named_topics_of, topics_of
from minikafka.coordinator.metadata_hash import TopicHashes
from minikafka.coordinator.result import Caller, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.share_groups import share_records as records_of
from minikafka.coordinator.share_groups.share_group import (
    JOIN_EPOCH,
    LEAVE_EPOCH,
    ShareGroup,
    ShareMember,
    names_of,
)
from minikafka.coordinator.share_groups.share_member_update import ShareMemberUpdate
from minikafka.coordinator.share_groups.simple_assignor import SIMPLE
from minikafka.coordinator.share_groups.state_partitions import NO_STATE_PARTITIONS, partitions_of
from minikafka.coordinator.timers import KeyedTimers
from minikafka.coordinator.topic_metadata import TopicMetadata, group_setting
from minikafka.errors import (
    FENCED_MEMBER_EPOCH,
    GROUP_ID_NOT_FOUND,
    GROUP_MAX_SIZE_REACHED,
    INVALID_REQUEST,
    ApiError,
)
from minikafka.protocol.messages import ShareGroupDescribeResponse, ShareGroupHeartbeatResponse

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.protocol.messages import ShareGroupHeartbeatRequest

T = TypeVar("T")

_logger = logging.getLogger(__name__)

Initialize = Callable[[Assignment, int], object]
"""Called with partitions whose state has to be initialized, and the state epoch that they are to have."""


class ShareMembership:
    """The operations on the share groups among ``groups``, which it shares with the rest of the coordinator."""

    def __init__(
        self,
        groups: dict[str, Any],
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        metadata: TopicMetadata,
    ) -> None:
        self._groups = groups
        self._timers = timers
        self._clock = clock
        self._topic_hashes = TopicHashes(settings.rack)
        self.metadata = metadata
        self.settings = settings

    def heartbeat(
        self, caller: Caller, request: ShareGroupHeartbeatRequest, initialize: Initialize
    ) -> Result[ShareGroupHeartbeatResponse]:
        """``initialize`` is called when what is written says so, if there is anything to initialize.

        Raises ApiError with Kafka's code and sentence when the request is refused.
        """
        _check(request)
        if request.member_epoch == LEAVE_EPOCH:
            return self._leave(request)
        group = self._group_of(request)
        self._check_size(group, request.member_id)
        before = _member_of(group, request)
        update = ShareMemberUpdate(group, before, _updated(before, caller, request), self.metadata, self._topic_hashes)
        update.update_subscription()
        update.update_target()
        update.reconcile()
        to_initialize = self._begin_initializing(update)
        self._schedule_session(group.group_id, request.member_id)
        response = ShareGroupHeartbeatResponse(
            member_id=request.member_id,
            member_epoch=update.member.member_epoch,
            heartbeat_interval_ms=group_setting(
                self.metadata,
                group.group_id,
                "share.heartbeat.interval.ms",
                self.settings.share_heartbeat_interval_ms,
            ),
        )
        is_full = request.member_epoch == JOIN_EPOCH or request.subscribed_topic_names is not None
        if is_full or update.member.assigned != before.assigned:
            response.assignment = _as_response(update.member.assigned)
        return Result(
            update.records,
            response,
            then=(lambda: _ignored(initialize(to_initialize, update.group_epoch))) if to_initialize else None,
            on_failure=lambda _: self.look_again(group),
        )

    def _begin_initializing(self, update: ShareMemberUpdate) -> Assignment:
        """What has to be initialized, now that the group reads what it does; records say so."""
        group = update.group
        topics = self.metadata.topics_by_name
        names = sorted(names_of(update.members().values()))
        now_ms = self._clock.wall_ms()
        states = group.state_partitions or NO_STATE_PARTITIONS
        missing = states.missing(
            [topics[name] for name in names if name in topics], now_ms, self.settings.share_initialize_retry_interval_ms
        )
        if missing:
            update.records.append(records_of.state_partitions_record(group.group_id, states.with_initializing(missing)))
        return partitions_of(missing)

    # Who asks

    def _check_size(self, group: ShareGroup, member_id: str) -> None:
        max_size = self.settings.share_max_size
        if len(group.members) >= max_size and member_id not in group.members:
            raise ApiError(
                GROUP_MAX_SIZE_REACHED,
                f"The share group has reached its maximum capacity of {max_size} members.",
            )

    def existing(self, group_id: str) -> ShareGroup:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self._groups.get(group_id)
        if group is None:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
        if not isinstance(group, ShareGroup):
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {group_id} is not a share group.")
        return group

    def existing_or_new(self, group_id: str) -> ShareGroup:
        """A new one is not stored. Raises ApiError(GROUP_ID_NOT_FOUND) when the group is of another type."""
        return self.existing(group_id) if group_id in self._groups else ShareGroup(group_id)

    def _group_of(self, request: ShareGroupHeartbeatRequest) -> ShareGroup:
        group_id = request.group_id
        if request.member_epoch != JOIN_EPOCH and group_id not in self._groups:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Share group {group_id} not found.")
        return self.existing_or_new(group_id)

    # Leaving

    def _leave(self, request: ShareGroupHeartbeatRequest) -> Result[ShareGroupHeartbeatResponse]:
        group = self.existing(request.group_id)
        member = group.member(request.member_id)
        response = ShareGroupHeartbeatResponse(member_id=request.member_id, member_epoch=request.member_epoch)
        return self.fence(group, member.member_id, response)

    def fence(self, group: ShareGroup, member_id: str, response: T | None = None) -> Result[T]:
        """The member is out; the others take over in a new epoch."""
        self._timers.cancel(_session_key(group.group_id, member_id))
        staying = [member for member in group.members.values() if member.member_id != member_id]
        metadata_hash = self._topic_hashes.of_topics(names_of(staying), self.metadata.topics_by_name)
        return Result(
            [
                *records_of.member_tombstones(group.group_id, member_id),
                records_of.group_epoch_record(group.group_id, group.group_epoch + 1, metadata_hash),
            ],
            response,
        )

    def rebalance(self, group: ShareGroup) -> Result[Any]:
        """Let the members be assigned anew, in a new epoch."""
        return Result([records_of.group_epoch_record(group.group_id, group.group_epoch + 1, group.metadata_hash)])

    @staticmethod
    def look_again(group: ShareGroup) -> None:
        """The next heartbeat has to look what the group reads."""
        group.refreshed_at = None

    # Deadlines

    def _schedule_session(self, group_id: str, member_id: str) -> None:
        timeout_ms = group_setting(
            self.metadata, group_id, "share.session.timeout.ms", self.settings.share_session_timeout_ms
        )
        self._timers.schedule(
            _session_key(group_id, member_id), timeout_ms, lambda: self._session_over(group_id, member_id)
        )

    def _session_over(self, group_id: str, member_id: str) -> Result[Any] | None:
        group = self._groups.get(group_id)
        if not isinstance(group, ShareGroup) or member_id not in group.members:
            return None
        _logger.info("Group %s: member %s is out, its session has ended", group_id, member_id)
        return self.fence(group, member_id)

    def on_loaded(self, group: ShareGroup) -> None:
        """Give the members that were stored a session each."""
        if group.state_partitions is not None:
            group.state_partitions = group.state_partitions._replace(written_ms=0)
        for member_id in group.members:
            self._schedule_session(group.group_id, member_id)

    # Describing

    def describe(self, group_id: str) -> ShareGroupDescribeResponse.DescribedGroup:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        group = self.existing(group_id)
        return ShareGroupDescribeResponse.DescribedGroup(
            group_id=group_id,
            group_state=group.state,
            group_epoch=group.group_epoch,
            assignment_epoch=group.target_epoch,
            assignor_name=SIMPLE,
            members=[
                ShareGroupDescribeResponse.Member(
                    member_id=member.member_id,
                    rack_id=member.rack_id,
                    member_epoch=member.member_epoch,
                    client_id=member.client_id,
                    client_host=member.client_host,
                    subscribed_topic_names=list(member.subscribed_topic_names),
                    assignment=self._described(member.assigned),
                )
                for member in group.members.values()
            ],
        )

    def _described(self, assignment: Assignment) -> ShareGroupDescribeResponse.Assignment:
        return ShareGroupDescribeResponse.Assignment(
            topic_partitions=named_topics_of(
                assignment, self.metadata.topics_by_id, ShareGroupDescribeResponse.TopicPartitions
            )
        )


def _check(request: ShareGroupHeartbeatRequest) -> None:
    for value, name in ((request.member_id, "MemberId"), (request.group_id, "GroupId"), (request.rack_id, "RackId")):
        if value is not None and not value.strip():
            raise ApiError(INVALID_REQUEST, f"{name} can't be empty.")
    if request.member_epoch == JOIN_EPOCH and not request.subscribed_topic_names:
        raise ApiError(INVALID_REQUEST, "SubscribedTopicNames must be set in first request.")
    if request.member_epoch < LEAVE_EPOCH:
        raise ApiError(INVALID_REQUEST, "MemberEpoch is invalid.")


def _member_of(group: ShareGroup, request: ShareGroupHeartbeatRequest) -> ShareMember:
    """The member as it is before this heartbeat. It may start over at any time, and come with its previous epoch: the
    answer that told it of the new one may have been lost."""
    received = request.member_epoch
    if received == JOIN_EPOCH:
        return group.members.get(request.member_id) or ShareMember(request.member_id)
    member = group.member(request.member_id)
    expected = member.member_epoch
    if received in (expected, min(expected, member.previous_member_epoch)):
        return member
    if received > expected:
        raise ApiError(
            FENCED_MEMBER_EPOCH,
            f"The share group member has a greater member epoch ({received}) than the one known by the group "
            f"coordinator ({expected}). The member must abandon all its partitions and rejoin.",
        )
    raise ApiError(
        FENCED_MEMBER_EPOCH,
        f"The share group member has a smaller member epoch ({received}) than the one known by the group coordinator "
        f"({expected}), and it does not match the previous member epoch ({member.previous_member_epoch}). The member "
        "must abandon all its partitions and rejoin.",
    )


def _updated(member: ShareMember, caller: Caller, request: ShareGroupHeartbeatRequest) -> ShareMember:
    """The member with what the request says; what it leaves out stays as it was."""
    changes: dict[str, Any] = {"client_id": caller.client_id, "client_host": caller.client_host}
    if request.rack_id is not None:
        changes["rack_id"] = request.rack_id
    if request.subscribed_topic_names is not None:
        changes["subscribed_topic_names"] = tuple(sorted(set(request.subscribed_topic_names)))
    return member._replace(**changes)


def _as_response(assignment: Assignment) -> ShareGroupHeartbeatResponse.Assignment:
    return ShareGroupHeartbeatResponse.Assignment(
        topic_partitions=topics_of(assignment, ShareGroupHeartbeatResponse.TopicPartitions)
    )


def _ignored(_: object) -> None:
    """The heartbeat is answered already: nobody waits for this."""


def _session_key(group_id: str, member_id: str) -> str:
    return f"share-session-{group_id}-{member_id}"
