"""One share group (KIP-932): members, epochs, target assignment, and which partitions have state.

The group epoch counts changes of who reads what, and of what can be read; a target assignment is computed for it (the
assignment epoch). Partitions are shared, so nobody has to give anything up first: a member takes its target as it is.

    Empty         no members
    Stable        some

All of it is hard state: it changes by replaying records only. Sources: Kafka's ShareGroup, ShareGroupMember.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.coordinator.assignments import Assignment, assignment_of
from minikafka.errors import GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, UNKNOWN_MEMBER_ID, ApiError
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.coordinator.share_groups.state_partitions import StatePartitions
    from minikafka.protocol.messages import ShareGroupCurrentMemberAssignmentValue, ShareGroupMemberMetadataValue

EMPTY: Final = "Empty"
STABLE: Final = "Stable"

MEMBER_STABLE: Final = 0
"""The only state that members of share groups have."""
JOIN_EPOCH: Final = 0
LEAVE_EPOCH: Final = -1


class ShareMember(NamedTuple):
    """One member. Never changed in place: what it will be is computed first, written, and then replayed."""

    member_id: str
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: tuple[str, ...] = ()
    """Sorted."""
    member_epoch: int = 0
    previous_member_epoch: int = -1
    assigned: Assignment = {}

    def with_metadata(self, value: ShareGroupMemberMetadataValue) -> ShareMember:
        return self._replace(
            rack_id=value.rack_id,
            client_id=value.client_id,
            client_host=value.client_host,
            subscribed_topic_names=tuple(sorted(value.subscribed_topic_names)),
        )

    def with_current_assignment(self, value: ShareGroupCurrentMemberAssignmentValue | None) -> ShareMember:
        if value is None:
            return self._replace(member_epoch=LEAVE_EPOCH, previous_member_epoch=LEAVE_EPOCH, assigned={})
        return self._replace(
            member_epoch=value.member_epoch,
            previous_member_epoch=value.previous_member_epoch,
            assigned=assignment_of(value.assigned_partitions),
        )


class ShareGroup:
    """See the module."""

    __slots__ = (
        "group_epoch",
        "group_id",
        "members",
        "metadata_hash",
        "refreshed_at",
        "state_partitions",
        "target",
        "target_epoch",
    )

    group_type = "share"
    protocol_type = "share"

    def __init__(self, group_id: str) -> None:
        self.group_id = group_id
        self.group_epoch = 0
        self.target_epoch = 0
        self.metadata_hash = 0
        self.members: dict[str, ShareMember] = {}
        self.target: dict[str, Assignment] = {}
        self.state_partitions: StatePartitions | None = None
        """None until the first partition has been initialized, or is about to be."""
        self.refreshed_at: int | None = None
        """The version of the metadata that the group has last been compared with. Not stored."""

    @property
    def state(self) -> str:
        return STABLE if self.members else EMPTY

    @property
    def is_empty(self) -> bool:
        return not self.members

    def member(self, member_id: str) -> ShareMember:
        """Raises ApiError(UNKNOWN_MEMBER_ID)."""
        try:
            return self.members[member_id]
        except KeyError:
            raise ApiError(UNKNOWN_MEMBER_ID, f"Member {member_id} is not a member of group {self.group_id}.") from None

    def needs_new_target(self) -> bool:
        """Whether the state of partitions has been initialized, or deleted, that the target does not know of."""
        if not self.members or self.state_partitions is None:
            return False
        names = names_of(self.members.values())
        return any(
            topic.name in names and topic.partitions != self._assigned_partitions(topic_id)
            for topic_id, topic in self.state_partitions.initialized.items()
        )

    def _assigned_partitions(self, topic_id: bytes) -> frozenset[int]:
        return frozenset[int]().union(*(target.get(topic_id, ()) for target in self.target.values()))

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
        """Raises ApiError(GROUP_ID_NOT_FOUND): a share group commits nothing."""
        raise self._no_consumer_group()

    def validate_offset_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Raises ApiError(GROUP_ID_NOT_FOUND)."""
        raise self._no_consumer_group()

    def _no_consumer_group(self) -> ApiError:
        return ApiError(GROUP_ID_NOT_FOUND, f"Group {self.group_id} is not a consumer group.")

    def validate_delete(self) -> None:
        """Of the group, or of its offsets. Raises ApiError(NON_EMPTY_GROUP) while there are members."""
        if self.members:
            raise ApiError(NON_EMPTY_GROUP)


def names_of(members: Iterable[ShareMember]) -> set[str]:
    """The topics that any of these reads."""
    return {name for member in members for name in member.subscribed_topic_names}
