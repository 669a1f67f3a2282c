"""JoinGroup, SyncGroup, Heartbeat and LeaveGroup on classic groups, and the deadlines behind them.

Requests and deadlines come in; answers, records and new deadlines go out. Deadlines, by key:

- ``heartbeat-GROUP-MEMBER``: the member's session. Every sign of life moves it.
- ``join-GROUP``: how long a rebalance waits for members to join again, or, for a new group, for the first ones.
- ``sync-GROUP``: how long members may take to ask for their assignment.

Source: the classic part of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.classic import classic_group as states
from minikafka.coordinator.classic.classic_group import (
    ClassicGroup,
    ClassicGroupMember,
    Protocols,
    protocols_of,
    rebalance_timeout_of,
)
from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.group_records import group_metadata_record, new_group_record
from minikafka.coordinator.result import Caller, Result
from minikafka.coordinator.settings import NEW_MEMBER_JOIN_TIMEOUT_MS, GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.errors import (
    COORDINATOR_NOT_AVAILABLE,
    FENCED_INSTANCE_ID,
    GROUP_MAX_SIZE_REACHED,
    ILLEGAL_GENERATION,
    INCONSISTENT_GROUP_PROTOCOL,
    MEMBER_ID_REQUIRED,
    NONE,
    NOT_COORDINATOR,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
    ApiError,
    name_of,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import (
    HeartbeatResponse,
    JoinGroupResponse,
    LeaveGroupResponse,
    SyncGroupResponse,
)

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.protocol.messages import HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest

_logger = logging.getLogger(__name__)

UNKNOWN_MEMBER = ""
MEMBER_ID_REQUIRED_SINCE_VERSION = 4
SKIP_ASSIGNMENT_SINCE_VERSION = 9

Joining = Pending[JoinGroupResponse]
Syncing = Pending[SyncGroupResponse]


class ClassicMembership:
    """The operations on the classic groups among ``groups``, which it shares with the rest of the coordinator."""

    def __init__(
        self,
        groups: dict[str, Any],
        timers: KeyedTimers,
        clock: Clock,
        settings: GroupSettings,
        new_uuid_text: Callable[[], str],
    ) -> None:
        self._groups = groups
        self._timers = timers
        self._clock = clock
        self._new_uuid_text = new_uuid_text
        self.settings = settings

    # JoinGroup

    def join(self, caller: Caller, request: JoinGroupRequest) -> Result[JoinGroupResponse]:
        """A member joins. The answer waits until the group has settled who is in the next generation."""
        response: Joining = Pending()
        group = self._classic_group(request.group_id)
        if group is None and request.member_id != UNKNOWN_MEMBER:
            return Result(response=_join_error(request.member_id, UNKNOWN_MEMBER_ID))
        if group is None:
            # The group is stored before it gets its first member, so that what a member was told of it is true.
            record = new_group_record(request.group_id, self._clock.wall_ms())
            return Result([record], response, then=lambda: self._join_stored_group(caller, request, response))
        result = self._join(group, caller, request, response)
        return Result(response=response) if result is None else _answered_by(result, response)

    def _join_stored_group(self, caller: Caller, request: JoinGroupRequest, response: Joining) -> Result[Any] | None:
        return self._join(self._groups[request.group_id], caller, request, response)

    def _join(
        self, group: ClassicGroup, caller: Caller, request: JoinGroupRequest, response: Joining
    ) -> Result[Any] | None:
        member_id = request.member_id
        if not self._accepts_joining_member(group, member_id):
            group.remove(member_id)
            response.complete(_join_error(UNKNOWN_MEMBER, GROUP_MAX_SIZE_REACHED))
            return self._maybe_complete_join_phase(group)
        if group.state == states.DEAD:
            response.complete(_join_error(member_id, COORDINATOR_NOT_AVAILABLE))
            return None
        protocols = protocols_of(request.protocols)
        if not group.supports_protocols(request.protocol_type, protocols):
            response.complete(_join_error(member_id, INCONSISTENT_GROUP_PROTOCOL))
            return None
        if member_id == UNKNOWN_MEMBER:
            return self._join_new_member(group, caller, request, protocols, response)
        return self._join_known_member(group, caller, request, protocols, response)

    def _accepts_joining_member(self, group: ClassicGroup, member_id: str) -> bool:
        """Whether there is room. While members gather, those who wait count, not the size of the group: it may be
        above the limit already, when that was lowered, and then the last to come back have to go."""
        max_size = self.settings.max_size
        if group.state == states.PREPARING_REBALANCE:
            member = group.members.get(member_id)
            return (member is not None and member.awaiting_join is not None) or group.awaiting_join_count < max_size
        if group.state in (states.COMPLETING_REBALANCE, states.STABLE):
            return member_id in group.members or len(group.members) < max_size
        return True

    def _join_new_member(
        self, group: ClassicGroup, caller: Caller, request: JoinGroupRequest, protocols: Protocols, response: Joining
    ) -> Result[Any] | None:
        instance_id = request.group_instance_id
        member_id = f"{caller.client_id if instance_id is None else instance_id}-{self._new_uuid_text()}"
        if instance_id is not None:
            old_member_id = group.static_members.get(instance_id)
            if old_member_id is not None:
                return self._replace_static_member(
                    group, caller, request, protocols, old_member_id, member_id, response
                )
        elif caller.api_version >= MEMBER_ID_REQUIRED_SINCE_VERSION:
            # The client asks again with this id. One that gives up in between leaves nothing behind (KIP-394).
            group.pending_join_members.add(member_id)
            self._schedule_session(group, member_id, request.session_timeout_ms)
            response.complete(_join_error(member_id, MEMBER_ID_REQUIRED))
            return None
        return self._add_member(group, caller, request, protocols, member_id, response)

    def _join_known_member(
        self, group: ClassicGroup, caller: Caller, request: JoinGroupRequest, protocols: Protocols, response: Joining
    ) -> Result[Any] | None:
        member_id = request.member_id
        if member_id in group.pending_join_members:
            if request.group_instance_id is not None:
                # Ids are handed out in advance to dynamic members only, so this is somebody else's id.
                response.complete(_join_error(member_id, UNKNOWN_MEMBER_ID))
                return None
            return self._add_member(group, caller, request, protocols, member_id, response)
        try:
            group.validate_member(member_id, request.group_instance_id)
        except ApiError as error:
            response.complete(_join_error(member_id, error.code))
            return None
        member = group.members[member_id]
        if group.state == states.EMPTY:
            response.complete(_join_error(member_id, UNKNOWN_MEMBER_ID))
            return None
        if self._join_changes_nothing(group, member, protocols):
            response.complete(_joined(group, member_id, with_members=group.is_leader(member_id)))
            return None
        reason = f"member {member_id} joins again; client reason: {request.reason or 'not provided'}"
        return self._update_member(group, member, request, protocols, response, reason)

    @staticmethod
    def _join_changes_nothing(group: ClassicGroup, member: ClassicGroupMember, protocols: Protocols) -> bool:
        """Whether the member can simply be told of the current generation: it may have missed the answer. A leader
        that joins a stable group wants a rebalance, for it has seen topics change."""
        if member.protocols != protocols or group.state == states.PREPARING_REBALANCE:
            return False
        return group.state == states.COMPLETING_REBALANCE or not group.is_leader(member.member_id)

    def _add_member(
        self,
        group: ClassicGroup,
        caller: Caller,
        request: JoinGroupRequest,
        protocols: Protocols,
        member_id: str,
        response: Joining,
    ) -> Result[Any] | None:
        member = ClassicGroupMember(
            member_id,
            group_instance_id=request.group_instance_id,
            client_id=caller.client_id,
            client_host=caller.client_host,
            rebalance_timeout_ms=rebalance_timeout_of(request),
            session_timeout_ms=request.session_timeout_ms,
            protocol_type=request.protocol_type,
            protocols=protocols,
        )
        member.is_new = True
        if group.state == states.PREPARING_REBALANCE and group.previous_state == states.EMPTY:
            group.new_member_added = True
        group.add(member, response)
        self._schedule_session(group, member_id, NEW_MEMBER_JOIN_TIMEOUT_MS)
        reason = f"new member {member_id}; client reason: {request.reason or 'not provided'}"
        return self._maybe_prepare_rebalance_or_complete_join(group, reason)

    def _update_member(
        self,
        group: ClassicGroup,
        member: ClassicGroupMember,
        request: JoinGroupRequest,
        protocols: Protocols,
        response: Joining,
        reason: str,
    ) -> Result[Any] | None:
        group.update_member(member, protocols, rebalance_timeout_of(request), request.session_timeout_ms, response)
        return self._maybe_prepare_rebalance_or_complete_join(group, reason)

    # Static members (KIP-345)

    def _replace_static_member(
        self,
        group: ClassicGroup,
        caller: Caller,
        request: JoinGroupRequest,
        protocols: Protocols,
        old_member_id: str,
        new_member_id: str,
        response: Joining,
    ) -> Result[Any] | None:
        """A static member is back under its instance id: it takes its place, and in a stable group nobody notices."""
        instance_id = request.group_instance_id
        assert instance_id is not None
        old_leader_id = group.leader_id
        old = group.members[old_member_id]
        before = (old.protocols, old.rebalance_timeout_ms, old.session_timeout_ms)
        group.complete_join(old, _join_error(old_member_id, FENCED_INSTANCE_ID))
        group.complete_sync(old, SyncGroupResponse(error_code=FENCED_INSTANCE_ID))
        member = group.replace_static_member(instance_id, old_member_id, new_member_id)
        self._schedule_session(group, new_member_id, member.session_timeout_ms)
        group.update_member(member, protocols, rebalance_timeout_of(request), request.session_timeout_ms, response)
        if group.state == states.COMPLETING_REBALANCE:
            # The leader may already be assigning to the old id; the new one would get nothing.
            return self._prepare_rebalance(group, f"static member {instance_id} joins as {new_member_id}")
        if group.state == states.PREPARING_REBALANCE:
            return self._maybe_complete_join_phase(group)
        if group.select_protocol() != group.protocol_name:
            return self._maybe_prepare_rebalance_or_complete_join(
                group, f"static member {instance_id} joins as {new_member_id} and changes the protocol"
            )

        def stored() -> None:
            if caller.api_version >= SKIP_ASSIGNMENT_SINCE_VERSION:
                is_leader = group.is_leader(new_member_id)
                answer = _joined(group, new_member_id, with_members=is_leader, skip_assignment=is_leader)
            else:
                # Named as leader under its new id, an older client would assign; nobody would hear of it.
                answer = _joined(group, new_member_id, leader=old_leader_id)
            group.complete_join(member, answer)

        def not_stored(code: int) -> None:
            group.update_member(member, *before, None)
            reverted = group.replace_static_member(instance_id, new_member_id, old_member_id)
            self._schedule_session(group, old_member_id, reverted.session_timeout_ms)
            response.complete(_join_error(UNKNOWN_MEMBER, coordinator_code(code)))

        assignments = {member.member_id: member.assignment for member in group.members.values()}
        return Result([group_metadata_record(group, assignments)], then=stored, on_failure=not_stored)

    # Rebalance

    def _maybe_prepare_rebalance_or_complete_join(self, group: ClassicGroup, reason: str) -> Result[Any] | None:
        if group.can_rebalance:
            return self._prepare_rebalance(group, reason)
        return self._maybe_complete_join_phase(group)

    def _maybe_complete_join_phase(self, group: ClassicGroup) -> Result[Any] | None:
        """Go on as soon as everybody has joined; but a new group waits for its initial delay."""
        if (
            group.state != states.PREPARING_REBALANCE
            or group.previous_state == states.EMPTY
            or not group.has_all_members_joined
        ):
            return None
        return self._complete_join(group)

    def _prepare_rebalance(self, group: ClassicGroup, reason: str) -> Result[Any] | None:
        if group.state == states.COMPLETING_REBALANCE:
            self._reset_assignments(group, REBALANCE_IN_PROGRESS)
        group.pending_sync_members.clear()
        self._timers.cancel(_sync_key(group.group_id))
        _logger.info(
            "Group %s rebalances from state %s, generation %d: %s",
            group.group_id,
            group.state,
            group.generation_id,
            reason,
        )
        is_initial = group.state == states.EMPTY
        group.transition_to(states.PREPARING_REBALANCE, self._clock.wall_ms())
        if is_initial:
            delay_ms = self.settings.initial_rebalance_delay_ms
            self._schedule_initial_delay(group, delay_ms, max(group.rebalance_timeout_ms - delay_ms, 0))
            return None
        if group.has_all_members_joined:
            return self._complete_join(group)
        self._schedule_join_timeout(group)
        return None

    def _schedule_initial_delay(self, group: ClassicGroup, delay_ms: int, remaining_ms: int) -> None:
        self._timers.schedule(
            _join_key(group.group_id), delay_ms, lambda: self._initial_delay_over(group, delay_ms, remaining_ms)
        )

    def _initial_delay_over(self, group: ClassicGroup, delay_ms: int, remaining_ms: int) -> Result[Any] | None:
        """The first members get company for as long as more come, up to the rebalance timeout (KIP-134)."""
        if group.new_member_added and remaining_ms:
            group.new_member_added = False
            next_delay_ms = min(self.settings.initial_rebalance_delay_ms, remaining_ms)
            self._schedule_initial_delay(group, next_delay_ms, max(remaining_ms - delay_ms, 0))
            return None
        return self._complete_join(group)

    def _schedule_join_timeout(self, group: ClassicGroup) -> None:
        self._timers.schedule(_join_key(group.group_id), group.rebalance_timeout_ms, lambda: self._complete_join(group))

    def _complete_join(self, group: ClassicGroup) -> Result[Any] | None:
        """Everybody has joined, or had the time to: begin the next generation with those who did.

        Static members keep their place until their session ends, joined or not.
        """
        self._timers.cancel(_join_key(group.group_id))
        absent = [m for m in group.members.values() if m.awaiting_join is None and m.group_instance_id is None]
        for member in absent:
            group.remove(member.member_id)
            self._timers.cancel(_session_key(group.group_id, member.member_id))
        if group.state == states.DEAD:
            return None
        if not group.maybe_elect_new_joined_leader() and group.members:
            # Only static members are left and none has joined: wait until they do or their sessions end.
            self._schedule_join_timeout(group)
            return None
        group.begin_next_generation(self._clock.wall_ms())
        if group.state == states.EMPTY:
            # If this cannot be stored, a restart brings members back whose sessions then end: warn, and go on.
            return Result(
                [group_metadata_record(group, {})],
                on_failure=lambda code: _logger.warning(
                    "Cannot store that group %s is empty: %s", group.group_id, name_of(code)
                ),
            )
        for member in group.members.values():
            is_leader = group.is_leader(member.member_id)
            group.complete_join(member, _joined(group, member.member_id, with_members=is_leader))
            self._schedule_session(group, member.member_id, member.session_timeout_ms)
            member.is_new = False
            group.pending_sync_members.add(member.member_id)
        generation_id = group.generation_id
        self._timers.schedule(
            _sync_key(group.group_id),
            group.rebalance_timeout_ms,
            lambda: self._sync_timeout_over(group, generation_id),
        )
        return None

    def _sync_timeout_over(self, group: ClassicGroup, generation_id: int) -> Result[Any] | None:
        """Members that never asked for their assignment are out (KAFKA-13435)."""
        if generation_id != group.generation_id or group.state not in (states.COMPLETING_REBALANCE, states.STABLE):
            return None
        absent = sorted(group.pending_sync_members)
        if not absent:
            return None
        for member_id in absent:
            group.remove(member_id)
            self._timers.cancel(_session_key(group.group_id, member_id))
        return self._prepare_rebalance(group, f"members {absent} have not sent SyncGroup")

    # SyncGroup

    def sync(self, caller: Caller, request: SyncGroupRequest) -> Result[SyncGroupResponse]:
        """A member asks for its assignment; the leader brings those of all. Followers wait for it."""
        group = self._classic_group(request.group_id)
        if group is None or group.is_empty:
            return Result(response=SyncGroupResponse(error_code=UNKNOWN_MEMBER_ID))
        code = _sync_error(group, request)
        if code != NONE:
            return Result(response=SyncGroupResponse(error_code=code))
        member = group.members[request.member_id]
        if group.state == states.PREPARING_REBALANCE:
            return Result(response=SyncGroupResponse(error_code=REBALANCE_IN_PROGRESS))
        self._sync_received(group, request.member_id)
        if group.state == states.STABLE:
            self._schedule_session(group, member.member_id, member.session_timeout_ms)
            return Result(response=_synced(group, member))
        response: Syncing = Pending()
        # An earlier request of the same member is on a connection that is gone.
        member.awaiting_sync = response
        if not group.is_leader(member.member_id):
            return Result(response=response)
        assignments = {one.member_id: bytes(one.assignment) for one in request.assignments}
        unassigned = [member_id for member_id in group.members if member_id not in assignments]
        if unassigned:
            _logger.warning(
                "The leader of group %s assigned nothing to %s in generation %d",
                group.group_id,
                unassigned,
                group.generation_id,
            )
        return Result(
            [group_metadata_record(group, assignments)],
            response,
            then=lambda: self._propagate_assignments(group),
            on_failure=lambda code: self._assignment_not_stored(group, code),
        )

    def _sync_received(self, group: ClassicGroup, member_id: str) -> None:
        group.pending_sync_members.discard(member_id)
        if not group.pending_sync_members:
            self._timers.cancel(_sync_key(group.group_id))

    def _propagate_assignments(self, group: ClassicGroup) -> None:
        """Answer all who wait. A session that ended while they did was ignored, so it begins anew."""
        for member in group.members.values():
            if group.complete_sync(member, _synced(group, member)):
                self._schedule_session(group, member.member_id, member.session_timeout_ms)

    def _assignment_not_stored(self, group: ClassicGroup, code: int) -> Result[Any] | None:
        self._reset_assignments(group, coordinator_code(code))
        return self._maybe_prepare_rebalance_or_complete_join(group, f"cannot store assignments: {name_of(code)}")

    def _reset_assignments(self, group: ClassicGroup, code: int) -> None:
        for member in group.members.values():
            member.assignment = b""
            if group.complete_sync(member, SyncGroupResponse(error_code=code)):
                self._schedule_session(group, member.member_id, member.session_timeout_ms)

    # Heartbeat

    def heartbeat(self, caller: Caller, request: HeartbeatRequest) -> Result[HeartbeatResponse]:
        """A sign of life; answered with REBALANCE_IN_PROGRESS to make the member join again.

        Raises ApiError: COORDINATOR_NOT_AVAILABLE, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION.
        """
        group = self._classic_group(request.group_id)
        if group is None:
            raise ApiError(UNKNOWN_MEMBER_ID, f"Group {request.group_id} not found.")
        if group.state == states.DEAD:
            raise ApiError(COORDINATOR_NOT_AVAILABLE)
        group.validate_member(request.member_id, request.group_instance_id)
        if request.generation_id != group.generation_id:
            raise ApiError(ILLEGAL_GENERATION)
        self.touch(group, request.member_id)
        code = REBALANCE_IN_PROGRESS if group.state == states.PREPARING_REBALANCE else NONE
        return Result(response=HeartbeatResponse(error_code=code))

    def touch(self, group: ClassicGroup, member_id: str) -> None:
        """The member is alive: its session begins anew."""
        self._schedule_session(group, member_id, group.members[member_id].session_timeout_ms)

    def _schedule_session(self, group: ClassicGroup, member_id: str, timeout_ms: int) -> None:
        self._timers.schedule(
            _session_key(group.group_id, member_id), timeout_ms, lambda: self._session_over(group, member_id)
        )

    def _session_over(self, group: ClassicGroup, member_id: str) -> Result[Any] | None:
        if group.state == states.DEAD:
            return None
        if member_id in group.pending_join_members:
            group.remove(member_id)
            return self._maybe_complete_after_removal(group)
        member = group.members.get(member_id)
        if member is None or member.has_satisfied_heartbeat:
            return None
        return self._end_session(group, member)

    def _end_session(self, group: ClassicGroup, member: ClassicGroupMember) -> Result[Any] | None:
        member_id = member.member_id
        _logger.info("Group %s: the session of member %s has ended", group.group_id, member_id)
        group.complete_join(member, _join_error(UNKNOWN_MEMBER, UNKNOWN_MEMBER_ID))
        group.remove(member_id)
        if group.state in (states.STABLE, states.COMPLETING_REBALANCE):
            return self._maybe_prepare_rebalance_or_complete_join(group, f"the session of {member_id} has ended")
        return self._maybe_complete_after_removal(group)

    def _maybe_complete_after_removal(self, group: ClassicGroup) -> Result[Any] | None:
        if group.state == states.PREPARING_REBALANCE and group.has_all_members_joined:
            return self._complete_join(group)
        return None

    # What somebody asks for who is no member

    def rebalance(self, group: ClassicGroup) -> Result[Any] | None:
        """Let all members join again."""
        return self._maybe_prepare_rebalance_or_complete_join(group, "it was asked for")

    def expire(self, group: ClassicGroup, member_id: str) -> Result[Any] | None:
        """As if the member had not been heard of for its session timeout."""
        self._timers.cancel(_session_key(group.group_id, member_id))
        return self._end_session(group, group.members[member_id])

    # LeaveGroup

    def leave(self, caller: Caller, request: LeaveGroupRequest) -> Result[LeaveGroupResponse]:
        """Members leave, or are removed by an admin, who names static members by instance id alone (KIP-345).

        Raises ApiError(UNKNOWN_MEMBER_ID) when there is no such group.
        """
        group = self._classic_group(request.group_id)
        if group is None:
            raise ApiError(UNKNOWN_MEMBER_ID, f"Group {request.group_id} not found.")
        if group.state == states.DEAD:
            return Result(response=LeaveGroupResponse(error_code=COORDINATOR_NOT_AVAILABLE))
        members = [
            LeaveGroupResponse.MemberResponse(
                member_id=one.member_id,
                group_instance_id=one.group_instance_id,
                error_code=self._leave_one(group, one.member_id, one.group_instance_id),
            )
            for one in request.members
        ]
        left = [one.group_instance_id or one.member_id for one in members if one.error_code == NONE]
        result = self._after_leave(group, f"members {left} have left") if left else None
        response = LeaveGroupResponse(members=members)
        return Result(response=response) if result is None else _answered_by(result, response)

    def _leave_one(self, group: ClassicGroup, member_id: str, instance_id: str | None) -> int:
        """Returns a Kafka error code."""
        if member_id == UNKNOWN_MEMBER:
            static_member_id = group.static_members.get(instance_id) if instance_id is not None else None
            if static_member_id is None:
                return UNKNOWN_MEMBER_ID
            member_id = static_member_id
        elif member_id in group.pending_join_members:
            group.remove(member_id)
            self._timers.cancel(_session_key(group.group_id, member_id))
            return NONE
        else:
            try:
                group.validate_member(member_id, instance_id)
            except ApiError as error:
                return error.code
        self._timers.cancel(_session_key(group.group_id, member_id))
        group.complete_join(group.members[member_id], _join_error(UNKNOWN_MEMBER, UNKNOWN_MEMBER_ID))
        group.remove(member_id)
        return NONE

    def _after_leave(self, group: ClassicGroup, reason: str) -> Result[Any] | None:
        if group.state in (states.STABLE, states.COMPLETING_REBALANCE):
            return self._maybe_prepare_rebalance_or_complete_join(group, reason)
        return self._maybe_complete_join_phase(group)

    # From and to consumer groups

    def interrupt(self, group: ClassicGroup, code: int) -> None:
        """Answer all who wait with ``code``: they join again."""
        for member in group.members.values():
            group.complete_join(member, _join_error(member.member_id, code))
            group.complete_sync(member, SyncGroupResponse(error_code=code))

    def take_over(self, downgraded: ClassicGroup, rebalance_reason: str | None) -> Result[Any] | None:
        """A consumer group has just become this one, and its record has been replayed: give its members what the record
        does not hold, their other protocols and a session each."""
        group: ClassicGroup = self._groups[downgraded.group_id]
        for member in group.members.values():
            protocols = downgraded.members[member.member_id].protocols
            group.update_member(member, protocols, member.rebalance_timeout_ms, member.session_timeout_ms, None)
            self.touch(group, member.member_id)
        return None if rebalance_reason is None else self._prepare_rebalance(group, rebalance_reason)

    # Loading and unloading

    def on_loaded(self, group: ClassicGroup) -> Result[Any] | None:
        """Give the members that were stored a session each; make room when there are more than may be."""
        for member in group.members.values():
            self._schedule_session(group, member.member_id, member.session_timeout_ms)
        if len(group.members) > self.settings.max_size:
            return self._prepare_rebalance(group, f"{len(group.members)} members are loaded, above group.max.size")
        return None

    def on_unloaded(self, group: ClassicGroup) -> None:
        """Let go of the group: whoever waits should ask for the coordinator again."""
        self.cancel_timers(group)
        group.transition_to(states.DEAD, self._clock.wall_ms())
        self.interrupt(group, NOT_COORDINATOR)

    def cancel_timers(self, group: ClassicGroup) -> None:
        self._timers.cancel(_join_key(group.group_id))
        self._timers.cancel(_sync_key(group.group_id))
        for member_id in [*group.members, *group.pending_join_members]:
            self._timers.cancel(_session_key(group.group_id, member_id))

    def _classic_group(self, group_id: str) -> ClassicGroup | None:
        group = self._groups.get(group_id)
        return group if isinstance(group, ClassicGroup) else None


def _sync_error(group: ClassicGroup, request: SyncGroupRequest) -> int:
    if group.state == states.DEAD:
        return COORDINATOR_NOT_AVAILABLE
    try:
        group.validate_member(request.member_id, request.group_instance_id)
    except ApiError as error:
        return error.code
    if request.generation_id != group.generation_id:
        return ILLEGAL_GENERATION
    if _differs(request.protocol_type, group.protocol_type) or _differs(request.protocol_name, group.protocol_name):
        return INCONSISTENT_GROUP_PROTOCOL
    return NONE


def _differs(requested: str | None, actual: str | None) -> bool:
    """Clients before SyncGroup version 5 say nothing of it."""
    return requested is not None and actual is not None and requested != actual


def _join_error(member_id: str, code: int) -> JoinGroupResponse:
    return JoinGroupResponse(member_id=member_id, error_code=code, protocol_type=None, protocol_name=None)


def _joined(
    group: ClassicGroup,
    member_id: str,
    *,
    with_members: bool = False,
    skip_assignment: bool = False,
    leader: str | None = None,
) -> JoinGroupResponse:
    """The current generation, as the member is told of it; ``with_members`` for the leader, who has to assign."""
    members = []
    if with_members:
        members = [
            JoinGroupResponse.JoinGroupResponseMember(
                member_id=member.member_id,
                group_instance_id=member.group_instance_id,
                metadata=member.metadata_for(group.protocol_name or ""),
            )
            for member in group.members.values()
        ]
    return JoinGroupResponse(
        generation_id=group.generation_id,
        protocol_type=group.protocol_type,
        protocol_name=group.protocol_name,
        leader=leader or group.leader_id or "",
        skip_assignment=skip_assignment,
        member_id=member_id,
        members=members,
    )


def _synced(group: ClassicGroup, member: ClassicGroupMember) -> SyncGroupResponse:
    return SyncGroupResponse(
        protocol_type=group.protocol_type, protocol_name=group.protocol_name, assignment=member.assignment
    )


def _answered_by(result: Result[Any], response: Any) -> Result[Any]:
    result.response = response
    return result


def _session_key(group_id: str, member_id: str) -> str:
    return f"heartbeat-{group_id}-{member_id}"


def _join_key(group_id: str) -> str:
    return f"join-{group_id}"


def _sync_key(group_id: str) -> str:
    return f"sync-{group_id}"
