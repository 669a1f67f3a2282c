"""One group of the consumer protocol (KIP-848): members, epochs, target and current assignments.

The group epoch counts changes of who reads what; a target assignment is computed for it (the assignment epoch); each
member moves from its current assignment towards the target, first giving up, then taking on.

    Empty         no members
    Assigning     the target assignment is older than the group epoch
    Reconciling   some member is not at the target assignment yet
    Stable        all are

All of it is hard state: it changes by replaying records only. Sources: Kafka's ConsumerGroup, ConsumerGroupMember.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.coordinator.assignments import Assignment, Place, assignment_of
from minikafka.errors import (
    ILLEGAL_GENERATION,
    NON_EMPTY_GROUP,
    STALE_MEMBER_EPOCH,
    UNKNOWN_MEMBER_ID,
    UNSUPPORTED_VERSION,
    ApiError,
)
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from minikafka.protocol.messages import ConsumerGroupCurrentMemberAssignmentValue, ConsumerGroupMemberMetadataValue

EMPTY: Final = "Empty"
ASSIGNING: Final = "Assigning"
RECONCILING: Final = "Reconciling"
STABLE: Final = "Stable"

MEMBER_STABLE: Final = 0
"""The member has what the target assignment of its epoch gives it."""
UNREVOKED_PARTITIONS: Final = 1
"""The member has to give up partitions, and has not said that it did."""
UNRELEASED_PARTITIONS: Final = 2
"""Partitions the member is to get have not been given up by others."""

NEW_MEMBER_EPOCHS: Final = (0, -1)
"""The epoch and the previous epoch of a member that has never been in the group."""
LEAVE_EPOCH: Final = -1
LEAVE_STATIC_EPOCH: Final = -2
"""Of a static member that will come back: its partitions wait for it, for the length of its session."""
CONSUMER_API_SINCE_OFFSET_COMMIT_VERSION: Final = 9


class ClassicMetadata(NamedTuple):
    """What a member of the classic protocol has said when it joined, as far as consumer groups have no place for it."""

    session_timeout_ms: int
    protocols: tuple[tuple[str, bytes], ...]
    """Its assignors with its metadata for each, most wanted first. All hold the same subscription."""


class ConsumerMember(NamedTuple):
    """One member. Never changed in place: what it will be is computed first, written, and then replayed."""

    member_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    rebalance_timeout_ms: int = -1
    server_assignor: str | None = None
    subscribed_topic_names: tuple[str, ...] = ()
    """Sorted."""
    subscribed_topic_regex: str = ""
    member_epoch: int = 0
    previous_member_epoch: int = -1
    state: int = MEMBER_STABLE
    assigned: Assignment = {}
    pending_revocation: Assignment = {}
    classic: ClassicMetadata | None = None
    """Of a member that still uses the classic protocol."""

    @property
    def uses_classic_protocol(self) -> bool:
        return self.classic is not None

    def is_reconciled_to(self, target_epoch: int) -> bool:
        return self.state == MEMBER_STABLE and self.member_epoch == target_epoch

    def with_metadata(self, value: ConsumerGroupMemberMetadataValue) -> ConsumerMember:
        return self._replace(
            instance_id=value.instance_id,
            rack_id=value.rack_id,
            client_id=value.client_id,
            client_host=value.client_host,
            rebalance_timeout_ms=value.rebalance_timeout_ms,
            server_assignor=value.server_assignor,
            subscribed_topic_names=tuple(sorted(value.subscribed_topic_names)),
            subscribed_topic_regex=value.subscribed_topic_regex or "",
            classic=_classic_metadata_of(value),
        )

    def with_current_assignment(self, value: ConsumerGroupCurrentMemberAssignmentValue | None) -> ConsumerMember:
        if value is None:
            return self._replace(
                member_epoch=LEAVE_EPOCH,
                previous_member_epoch=LEAVE_EPOCH,
                state=MEMBER_STABLE,
                assigned={},
                pending_revocation={},
            )
        return self._replace(
            member_epoch=value.member_epoch,
            previous_member_epoch=value.previous_member_epoch,
            state=value.state,
            assigned=assignment_of(value.assigned_partitions),
            pending_revocation=assignment_of(value.partitions_pending_revocation),
        )


class ConsumerGroup:
    """See the module."""

    __slots__ = (
        "group_epoch",
        "group_id",
        "has_partition_metadata_record",
        "members",
        "metadata_hash",
        "partition_epochs",
        "refreshed_at",
        "regexes",
        "static_members",
        "target",
        "target_epoch",
    )

    group_type = "consumer"
    protocol_type = "consumer"

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.group_epoch = 0
        self.target_epoch = 0
        self.metadata_hash = 0
        self.members: dict[str, ConsumerMember] = {}
        self.static_members: dict[str, str] = {}
        """instance id -> member id"""
        self.target: dict[str, Assignment] = {}
        self.partition_epochs: dict[Place, int] = {}
        """The epoch of the member that has, or has not yet given up, a partition."""
        self.regexes: dict[str, frozenset[str]] = {}
        """The topics that each subscribed regular expression stands for."""
        self.refreshed_at: int | None = None
        """The version of the metadata that the group has last been compared with. Not stored."""
        self.has_partition_metadata_record = False
        """Whether a broker before 4.1 has stored the sizes of topics, in place of a hash of them."""

    @property
    def state(self) -> str:
        if not self.members:
            return EMPTY
        if self.group_epoch > self.target_epoch:
            return ASSIGNING
        if all(member.is_reconciled_to(self.target_epoch) for member in self.members.values()):
            return STABLE
        return RECONCILING

    @property
    def is_empty(self) -> bool:
        return not self.members

    def member(self, member_id: str) -> ConsumerMember:
        """Raises ApiError(UNKNOWN_MEMBER_ID)."""
        try:
            return self.members[member_id]
        except KeyError:
            raise ApiError(UNKNOWN_MEMBER_ID, f"Member {member_id} is not a member of group {self.group_id}.") from None

    def static_member(self, instance_id: str) -> ConsumerMember | None:
        member_id = self.static_members.get(instance_id)
        return None if member_id is None else self.members[member_id]

    def topics_of(self, member: ConsumerMember, regexes: Mapping[str, frozenset[str]] | None = None) -> set[str]:
        """The topics a member reads, by name or by regular expression."""
        resolved = self.regexes if regexes is None else regexes
        return {*member.subscribed_topic_names, *resolved.get(member.subscribed_topic_regex, ())}

    def is_subscribed_to_topic(self, topic: str) -> bool:
        return any(topic in self.topics_of(member) for member in self.members.values())

    def expiration_base_ms(self, commit_timestamp_ms: int) -> int | None:
        return commit_timestamp_ms

    def preferred_assignor(self, members: Iterable[ConsumerMember]) -> str | None:
        """What most members ask for; None when nobody does."""
        votes: dict[str, int] = {}
        for member in members:
            if member.server_assignor is not None:
                votes[member.server_assignor] = votes.get(member.server_assignor, 0) + 1
        return max(votes, key=votes.__getitem__) if votes else None

    # Members of the classic protocol

    def supports_classic_protocols(self, protocol_type: str, names: Collection[str]) -> bool:
        """Whether a member with these assignors may join: all members of the classic protocol have one in common, so
        that they can be a classic group again."""
        if protocol_type != self.protocol_type or not names:
            return False
        common: set[str] = set(names)
        for member in self.members.values():
            if member.classic is not None:
                common.intersection_update(name for name, _ in member.classic.protocols)
        return bool(common)

    def all_use_classic_protocol_except(self, member_ids: Collection[str]) -> bool:
        """Whether these are all the members of the consumer protocol that there are, and there is one."""
        others = {member.member_id for member in self.members.values() if not member.uses_classic_protocol}
        return bool(others) and others.issubset(member_ids)

    def is_waiting_for_unreleased_partition(self, member: ConsumerMember) -> bool:
        """Whether somebody else still has what the member is to get."""
        return member.state == UNRELEASED_PARTITIONS and any(
            (topic_id, partition) in self.partition_epochs
            for topic_id, partitions in self.target.get(member.member_id, {}).items()
            for partition in partitions - member.assigned.get(topic_id, frozenset())
        )

    # Checks

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
        if generation_id < 0 and not self.members:
            return
        if is_transactional and generation_id == -1 and not member_id and group_instance_id is None:
            # Versions of TxnOffsetCommit before 3 carry no member, so they are let through.
            return
        member = self.member(member_id)
        if (
            not is_transactional
            and not member.uses_classic_protocol
            and api_version < CONSUMER_API_SINCE_OFFSET_COMMIT_VERSION
        ):
            raise ApiError(
                UNSUPPORTED_VERSION,
                "OffsetCommit version 9 or above must be used by members using the modern group protocol",
            )
        _validate_epoch(generation_id, member)

    def validate_offset_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Raises ApiError when the sender says it is a member and is not, or not in this epoch."""
        if member_id is None and member_epoch < 0:
            return
        _validate_epoch(member_epoch, self.member(member_id or ""))

    def validate_offset_delete(self) -> None:
        """Offsets of topics that nobody reads can be deleted at any time."""

    def validate_delete(self) -> None:
        """Raises ApiError(NON_EMPTY_GROUP) while there are members."""
        if self.members:
            raise ApiError(NON_EMPTY_GROUP)

    # Replay

    def put_member(self, member: ConsumerMember) -> None:
        self._forget_partitions(member.member_id)
        self.members[member.member_id] = member
        for place in _places(member):
            self.partition_epochs[place] = member.member_epoch
        if member.instance_id is not None:
            self.static_members[member.instance_id] = member.member_id

    def remove_member(self, member_id: str) -> None:
        self._forget_partitions(member_id)
        member = self.members.pop(member_id, None)
        # The place of a static member may have been given to a new incarnation already.
        if member is not None and self.static_members.get(member.instance_id or "") == member_id:
            del self.static_members[member.instance_id or ""]

    def _forget_partitions(self, member_id: str) -> None:
        member = self.members.get(member_id)
        for place in _places(member) if member is not None else ():
            if member is not None and self.partition_epochs.get(place) == member.member_epoch:
                del self.partition_epochs[place]


def _places(member: ConsumerMember) -> list[Place]:
    return [
        (topic_id, partition)
        for assignment in (member.assigned, member.pending_revocation)
        for topic_id, partitions in assignment.items()
        for partition in partitions
    ]


def _validate_epoch(received: int, member: ConsumerMember) -> None:
    expected = member.member_epoch
    if received == expected:
        return
    if member.uses_classic_protocol:
        raise ApiError(
            ILLEGAL_GENERATION,
            f"The received generation id {received} does not match the expected member epoch {expected}.",
        )
    raise ApiError(
        STALE_MEMBER_EPOCH,
        f"The received member epoch {received} does not match the expected member epoch {expected}.",
    )


def _classic_metadata_of(value: ConsumerGroupMemberMetadataValue) -> ClassicMetadata | None:
    stored = value.classic_member_metadata
    if stored is None:
        return None
    protocols = tuple((protocol.name, bytes(protocol.metadata)) for protocol in stored.supported_protocols)
    return ClassicMetadata(stored.session_timeout_ms, protocols)
