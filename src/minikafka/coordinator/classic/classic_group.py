"""One classic group: its members, its generation, its state. No timers, no records, no answers of its own.

    Empty                no member; holds offsets, or waits for its first member
        first member joins             -> PreparingRebalance
    PreparingRebalance   members are asked to join again; who has joined waits for its answer
        all have joined, or time is up -> CompletingRebalance, with a new generation
        nobody is left                 -> Empty
    CompletingRebalance  members have the new generation; they wait for the leader's assignment
        the leader's SyncGroup         -> Stable
        a member joins, leaves, fails  -> PreparingRebalance
    Stable               every member has its assignment
        a member joins, leaves, fails  -> PreparingRebalance
    Dead                 the coordinator has let go of the group (from every state)

Sources: Kafka's ClassicGroup, ClassicGroupMember, ClassicGroupState; KIP-345 (static members).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.classic.subscriptions import subscribed_topics_of
from minikafka.errors import (
    COORDINATOR_NOT_AVAILABLE,
    FENCED_INSTANCE_ID,
    GROUP_ID_NOT_FOUND,
    ILLEGAL_GENERATION,
    NON_EMPTY_GROUP,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
    ApiError,
)

if TYPE_CHECKING:
    from minikafka.pending import Pending
    from minikafka.protocol.messages import GroupMetadataValue, JoinGroupRequest

EMPTY = "Empty"
PREPARING_REBALANCE = "PreparingRebalance"
COMPLETING_REBALANCE = "CompletingRebalance"
STABLE = "Stable"
DEAD = "Dead"

VALID_PREVIOUS_STATES: dict[str, frozenset[str]] = {
    EMPTY: frozenset({PREPARING_REBALANCE}),
    PREPARING_REBALANCE: frozenset({STABLE, COMPLETING_REBALANCE, EMPTY}),
    COMPLETING_REBALANCE: frozenset({PREPARING_REBALANCE}),
    STABLE: frozenset({COMPLETING_REBALANCE}),
    DEAD: frozenset({STABLE, PREPARING_REBALANCE, COMPLETING_REBALANCE, EMPTY, DEAD}),
}

CONSUMER_PROTOCOL_TYPE = "consumer"

Protocols = list[tuple[str, bytes]]
"""A member's protocols (assignors) with its metadata for each, most wanted first."""


class ClassicGroupMember:
    """One member. Stored with the group: all but ``protocols`` (only the chosen one is), ``is_new`` and the two
    promises."""

    __slots__ = (
        "assignment",
        "awaiting_join",
        "awaiting_sync",
        "client_host",
        "client_id",
        "group_instance_id",
        "is_new",
        "member_id",
        "protocol_type",
        "protocols",
        "rebalance_timeout_ms",
        "session_timeout_ms",
    )

    def __init__(
        self,
        member_id: str,
        *,
        group_instance_id: str | None,
        client_id: str,
        client_host: str,
        rebalance_timeout_ms: int,
        session_timeout_ms: int,
        protocol_type: str,
        protocols: Protocols,
        assignment: bytes = b"",
    ) -> None:
        self.member_id = member_id
        self.group_instance_id = group_instance_id
        self.client_id = client_id
        self.client_host = client_host
        self.rebalance_timeout_ms = rebalance_timeout_ms
        self.session_timeout_ms = session_timeout_ms
        self.protocol_type = protocol_type
        self.protocols = protocols
        self.assignment = assignment
        self.is_new = False
        self.awaiting_join: Pending[Any] | None = None
        self.awaiting_sync: Pending[Any] | None = None

    @property
    def has_satisfied_heartbeat(self) -> bool:
        """Whether the session may not end now: the member waits for the group. A new member may, for it does not
        know its id yet and cannot send heartbeats: that is how joins nobody waits for any more are given up."""
        return not self.is_new and (self.awaiting_join is not None or self.awaiting_sync is not None)

    def metadata_for(self, protocol_name: str) -> bytes:
        """The member's metadata for one protocol. Raises LookupError when it does not support that."""
        for name, metadata in self.protocols:
            if name == protocol_name:
                return metadata
        raise LookupError(f"member {self.member_id} does not support protocol {protocol_name}")

    def vote(self, candidates: Collection[str]) -> str:
        """The candidate the member likes best. Raises LookupError when it supports none."""
        for name, _ in self.protocols:
            if name in candidates:
                return name
        raise LookupError(f"member {self.member_id} supports none of the protocols {sorted(candidates)}")


class ClassicGroup:
    """A group of the classic protocol; also the *simple* group that only stores offsets (no protocol type)."""

    __slots__ = (
        "_awaiting_join_count",
        "_protocol_counts",
        "current_state_timestamp_ms",
        "generation_id",
        "group_id",
        "leader_id",
        "members",
        "new_member_added",
        "pending_join_members",
        "pending_sync_members",
        "previous_state",
        "protocol_name",
        "protocol_type",
        "state",
        "static_members",
        "subscribed_topics",
    )

    group_type = "classic"

    def __init__(self, group_id: str, now_ms: int) -> None:
        self.group_id = group_id
        self.state = EMPTY
        self.previous_state = DEAD
        self.generation_id = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.leader_id: str | None = None
        self.current_state_timestamp_ms: int | None = now_ms
        """Wall time of the last change of state; None when the record is too old to hold it (versions 0 and 1)."""
        self.subscribed_topics: frozenset[str] | None = None
        """Topics of all members; None when unknown, because the protocol is not the consumer's or not readable."""
        self.members: dict[str, ClassicGroupMember] = {}
        self.static_members: dict[str, str] = {}
        """group instance id -> member id"""
        self.pending_join_members: set[str] = set()
        """Ids given out with MEMBER_ID_REQUIRED whose owners have not come back yet."""
        self.pending_sync_members: set[str] = set()
        self.new_member_added = False
        self._awaiting_join_count = 0
        self._protocol_counts: dict[str, int] = {}

    # Facts

    @property
    def is_empty(self) -> bool:
        return self.state == EMPTY

    @property
    def uses_consumer_protocol(self) -> bool:
        return self.protocol_type == CONSUMER_PROTOCOL_TYPE

    @property
    def can_rebalance(self) -> bool:
        return self.state in VALID_PREVIOUS_STATES[PREPARING_REBALANCE]

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member asks for."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def awaiting_join_count(self) -> int:
        return self._awaiting_join_count

    @property
    def has_all_members_joined(self) -> bool:
        return len(self.members) == self._awaiting_join_count and not self.pending_join_members

    def is_leader(self, member_id: str) -> bool:
        return self.leader_id is not None and self.leader_id == member_id

    def is_subscribed_to_topic(self, topic: str) -> bool:
        """Whether a member reads ``topic``; when that is unknown, a consumer group counts as subscribed to all."""
        if self.subscribed_topics is None:
            return self.uses_consumer_protocol
        return topic in self.subscribed_topics

    def supports_protocols(self, protocol_type: str, protocols: Protocols) -> bool:
        """Whether a member with these protocols may be in the group: same type, and one protocol all have."""
        if self.state == EMPTY:
            return bool(protocol_type) and bool(protocols)
        size = len(self.members)
        return protocol_type == self.protocol_type and any(
            self._protocol_counts.get(name, 0) == size for name, _ in protocols
        )

    def select_protocol(self) -> str:
        """The protocol with the most votes among those that every member supports; of equals, the first voted for."""
        size = len(self.members)
        candidates = {name for name, count in self._protocol_counts.items() if count == size}
        votes: dict[str, int] = {}
        for member in self.members.values():
            name = member.vote(candidates)
            votes[name] = votes.get(name, 0) + 1
        return max(votes, key=votes.__getitem__)

    # Checks of what a request says of itself

    def validate_member(self, member_id: str, group_instance_id: str | None) -> None:
        """Raises ApiError: UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID when another member has the instance id."""
        if group_instance_id is not None:
            existing_member_id = self.static_members.get(group_instance_id)
            if existing_member_id is None:
                raise ApiError(UNKNOWN_MEMBER_ID)
            if existing_member_id != member_id:
                raise ApiError(FENCED_INSTANCE_ID)
        if member_id not in self.members:
            raise ApiError(UNKNOWN_MEMBER_ID)

    def validate_offset_commit(
        self,
        member_id: str,
        group_instance_id: str | None,
        generation_id: int,
        *,
        is_transactional: bool,
        api_version: int,
    ) -> None:
        """Raises ApiError when the sender may not commit offsets for the group now."""
        if self.state == DEAD:
            raise ApiError(COORDINATOR_NOT_AVAILABLE)
        if generation_id < 0 and self.state == EMPTY:
            # From an admin client, or a consumer that only stores offsets here.
            return
        if generation_id >= 0 or member_id or group_instance_id is not None:
            self.validate_member(member_id, group_instance_id)
            if generation_id != self.generation_id:
                raise ApiError(ILLEGAL_GENERATION)
        elif not is_transactional:
            # Versions of TxnOffsetCommit before 3 carry neither, so they are let through.
            raise ApiError(UNKNOWN_MEMBER_ID)
        if not is_transactional and self.state == COMPLETING_REBALANCE:
            # The member has the new generation but not its new assignment: it should rejoin, then commit.
            raise ApiError(REBALANCE_IN_PROGRESS)

    def validate_offset_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Classic groups let anyone read their offsets. Raises ApiError(GROUP_ID_NOT_FOUND) on a dead group."""
        if self.state == DEAD:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {self.group_id} is in dead state.")

    def validate_offset_delete(self) -> None:
        """Raises ApiError: members of an unknown protocol type may use any offset (NON_EMPTY_GROUP)."""
        if self.state == DEAD:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {self.group_id} is in dead state.")
        if self.state != EMPTY and not self.uses_consumer_protocol:
            raise ApiError(NON_EMPTY_GROUP)

    def validate_delete(self) -> None:
        """Raises ApiError(NON_EMPTY_GROUP) while there are members."""
        if self.state == DEAD:
            raise ApiError(GROUP_ID_NOT_FOUND, f"Group {self.group_id} is in dead state.")
        if self.state != EMPTY:
            raise ApiError(NON_EMPTY_GROUP)

    def expiration_base_ms(self, commit_timestamp_ms: int) -> int | None:
        """When the retention of an offset committed at ``commit_timestamp_ms`` begins, or None: not at all yet
        (KIP-211). A group of members counts from when it became empty; a simple one, and a consumer group for
        topics it no longer reads, from the commit."""
        if self.protocol_type is None:
            return commit_timestamp_ms
        if self.state == EMPTY:
            since_ms = self.current_state_timestamp_ms
            return commit_timestamp_ms if since_ms is None else since_ms
        if self.uses_consumer_protocol and self.subscribed_topics is not None and self.state == STABLE:
            return commit_timestamp_ms
        return None

    # Members come and go

    def add(self, member: ClassicGroupMember, awaiting_join: Pending[Any] | None = None) -> None:
        """Take in a member that fits (``supports_protocols``); the first one leads."""
        if member.group_instance_id is not None:
            self.static_members[member.group_instance_id] = member.member_id
        if not self.members:
            self.protocol_type = member.protocol_type
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        self._count_protocols(member, 1)
        self._set_awaiting_join(member, awaiting_join)
        self.pending_join_members.discard(member.member_id)

    def remove(self, member_id: str) -> None:
        """Let a member or a pending member id go; when it led, the longest-serving member leads."""
        member = self.members.pop(member_id, None)
        if member is not None:
            self._count_protocols(member, -1)
            self._set_awaiting_join(member, None)
            if member.group_instance_id is not None:
                del self.static_members[member.group_instance_id]
        if self.is_leader(member_id):
            self.leader_id = next(iter(self.members), None)
        self.pending_join_members.discard(member_id)
        self.pending_sync_members.discard(member_id)

    def update_member(
        self,
        member: ClassicGroupMember,
        protocols: Protocols,
        rebalance_timeout_ms: int,
        session_timeout_ms: int,
        awaiting_join: Pending[Any] | None,
    ) -> None:
        """What a member says when it joins again."""
        self._count_protocols(member, -1)
        member.protocols = protocols
        self._count_protocols(member, 1)
        member.rebalance_timeout_ms = rebalance_timeout_ms
        member.session_timeout_ms = session_timeout_ms
        self._set_awaiting_join(member, awaiting_join)

    def replace_static_member(
        self, group_instance_id: str, old_member_id: str, new_member_id: str
    ) -> ClassicGroupMember:
        """Give the place of a static member to the new incarnation that came with its instance id (KIP-345).

        Returns the new member, with the protocols, timeouts and assignment of the old one. Whoever still waits as the
        old one must have been answered before.
        """
        old = self.members.pop(old_member_id)
        self._set_awaiting_join(old, None)
        new = ClassicGroupMember(
            new_member_id,
            group_instance_id=old.group_instance_id,
            client_id=old.client_id,
            client_host=old.client_host,
            rebalance_timeout_ms=old.rebalance_timeout_ms,
            session_timeout_ms=old.session_timeout_ms,
            protocol_type=old.protocol_type,
            protocols=old.protocols,
            assignment=old.assignment,
        )
        self.members[new_member_id] = new
        if self.is_leader(old_member_id):
            self.leader_id = new_member_id
        self.static_members[group_instance_id] = new_member_id
        return new

    def maybe_elect_new_joined_leader(self) -> bool:
        """Make sure that the leader is one of those who joined. False when nobody has."""
        if self.leader_id is None:
            return False
        if self.members[self.leader_id].awaiting_join is not None:
            return True
        for member in self.members.values():
            if member.awaiting_join is not None:
                self.leader_id = member.member_id
                return True
        return False

    def complete_join(self, member: ClassicGroupMember, response: object) -> bool:
        """Answer the member's JoinGroup, if it waits for one."""
        awaiting = member.awaiting_join
        if awaiting is None:
            return False
        self._set_awaiting_join(member, None)
        awaiting.complete(response)
        return True

    def complete_sync(self, member: ClassicGroupMember, response: object) -> bool:
        """Answer the member's SyncGroup, if it waits for one."""
        awaiting, member.awaiting_sync = member.awaiting_sync, None
        if awaiting is None:
            return False
        awaiting.complete(response)
        return True

    def _set_awaiting_join(self, member: ClassicGroupMember, awaiting: Pending[Any] | None) -> None:
        self._awaiting_join_count += (awaiting is not None) - (member.awaiting_join is not None)
        member.awaiting_join = awaiting

    def _count_protocols(self, member: ClassicGroupMember, change: int) -> None:
        counts = self._protocol_counts
        for name, _ in member.protocols:
            counts[name] = counts.get(name, 0) + change

    # State

    def transition_to(self, state: str, now_ms: int) -> None:
        if self.state not in VALID_PREVIOUS_STATES[state]:
            raise RuntimeError(f"group {self.group_id} cannot go from {self.state} to {state}")
        self.previous_state = self.state
        self.state = state
        self.current_state_timestamp_ms = now_ms

    def begin_next_generation(self, now_ms: int) -> None:
        """All that will join have joined: choose the protocol, and wait for the leader's assignment."""
        self.generation_id += 1
        self.pending_sync_members.clear()
        if self.members:
            self.protocol_name = self.select_protocol()
            self.subscribed_topics = self.compute_subscribed_topics()
            self.transition_to(COMPLETING_REBALANCE, now_ms)
        else:
            self.protocol_name = None
            self.subscribed_topics = self.compute_subscribed_topics()
            self.transition_to(EMPTY, now_ms)

    def compute_subscribed_topics(self) -> frozenset[str] | None:
        if not self.uses_consumer_protocol:
            return None
        if not self.members:
            return frozenset()
        if self.protocol_name is None:
            return None
        return subscribed_topics_of(member.metadata_for(self.protocol_name) for member in self.members.values())

    def apply(self, value: GroupMetadataValue) -> None:
        """Become what a stored group says; what it does not say (other protocols, promises) stays with members that
        stay. Live, the group has just been prepared to be this; at recovery it starts from nothing."""
        self.generation_id = value.generation
        self.protocol_type = value.protocol_type or None
        self.protocol_name = value.protocol
        self.current_state_timestamp_ms = None if value.current_state_timestamp == -1 else value.current_state_timestamp
        self._apply_members(value)
        self.leader_id = value.leader
        state = STABLE if self.members else EMPTY
        if state != self.state:
            self.previous_state, self.state = self.state, state
        self.subscribed_topics = self.compute_subscribed_topics()

    def _apply_members(self, value: GroupMetadataValue) -> None:
        stored = {member.member_id for member in value.members}
        for member_id in [member_id for member_id in self.members if member_id not in stored]:
            self.remove(member_id)
        for entry in value.members:
            protocols: Protocols = [(value.protocol or "", entry.subscription)]
            rebalance_timeout_ms = entry.rebalance_timeout if entry.rebalance_timeout != -1 else entry.session_timeout
            member = self.members.get(entry.member_id)
            if member is None:
                member = ClassicGroupMember(
                    entry.member_id,
                    group_instance_id=entry.group_instance_id,
                    client_id=entry.client_id,
                    client_host=entry.client_host,
                    rebalance_timeout_ms=rebalance_timeout_ms,
                    session_timeout_ms=entry.session_timeout,
                    protocol_type=value.protocol_type,
                    protocols=protocols,
                )
                self.add(member)
            else:
                known = member.protocols if protocols[0] in member.protocols else protocols
                self.update_member(member, known, rebalance_timeout_ms, entry.session_timeout, member.awaiting_join)
                member.client_id = entry.client_id
                member.client_host = entry.client_host
            member.assignment = entry.assignment
        self.members = {entry.member_id: self.members[entry.member_id] for entry in value.members}


def protocols_of(requested: Iterable[Any]) -> Protocols:
    """The protocols of a JoinGroup request."""
    return [(protocol.name, bytes(protocol.metadata)) for protocol in requested]


def rebalance_timeout_of(request: JoinGroupRequest) -> int:
    """In milliseconds. JoinGroup version 0 has no rebalance timeout (-1): it is the session timeout."""
    return request.rebalance_timeout_ms if request.rebalance_timeout_ms >= 0 else request.session_timeout_ms
