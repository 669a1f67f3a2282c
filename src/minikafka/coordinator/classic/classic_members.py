"""Members of the classic protocol in consumer groups: JoinGroup, SyncGroup, Heartbeat and LeaveGroup (KIP-848).

While a group migrates, some of its members still speak the classic protocol. The broker assigns for all; to these it
looks as if another member led. A generation is the member's epoch:

- JoinGroup says what the member reads and has, and moves it one step towards its target; the answer does not wait.
- SyncGroup gives it the partitions of that step.
- Heartbeat tells it to join again (REBALANCE_IN_PROGRESS) for as long as there is a next step.

A member that is told to join again has its rebalance timeout for it, and again as long to ask for its assignment; else
it is out. Source: ``classicGroup...ToConsumerGroup`` of Kafka's GroupMetadataManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minikafka.coordinator.classic.classic_group import CONSUMER_PROTOCOL_TYPE, protocols_of, rebalance_timeout_of
from minikafka.coordinator.consumer.consumer_group import (
    UNRELEASED_PARTITIONS,
    UNREVOKED_PARTITIONS,
    ClassicMetadata,
    ConsumerGroup,
    ConsumerMember,
)
from minikafka.coordinator.consumer.consumer_membership import (
    ConsumerMembership,
    own_static_member,
    replace_static_member,
)
from minikafka.coordinator.consumer_protocol import (
    partitions_by_id,
    read_subscription,
    version_of,
    write_assignment,
)
from minikafka.coordinator.group_conversion import can_downgrade
from minikafka.coordinator.result import Caller, CoordinatorRecord, Result
from minikafka.errors import (
    ILLEGAL_GENERATION,
    INCONSISTENT_GROUP_PROTOCOL,
    MEMBER_ID_REQUIRED,
    NONE,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
    UNKNOWN_SERVER_ERROR,
    ApiError,
    ProtocolError,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import HeartbeatResponse, JoinGroupResponse, LeaveGroupResponse, SyncGroupResponse

if TYPE_CHECKING:
    from minikafka.coordinator.consumer.member_update import MemberUpdate
    from minikafka.protocol.messages import (
        ConsumerProtocolSubscription,
        HeartbeatRequest,
        JoinGroupRequest,
        LeaveGroupRequest,
        SyncGroupRequest,
    )

UNKNOWN_MEMBER = ""
MEMBER_ID_REQUIRED_SINCE_VERSION = 4


class ClassicMembers:
    """The classic protocol's operations on consumer groups with members. All raise ApiError."""

    def __init__(self, membership: ConsumerMembership) -> None:
        self._membership = membership

    # JoinGroup

    def join(self, group: ConsumerGroup, caller: Caller, request: JoinGroupRequest) -> Result[JoinGroupResponse]:
        """GROUP_MAX_SIZE_REACHED, INCONSISTENT_GROUP_PROTOCOL, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, and
        MEMBER_ID_REQUIRED as an answer."""
        is_unknown = request.member_id == UNKNOWN_MEMBER
        member_id = request.member_id if not is_unknown else self._membership.new_member_id()
        self._membership.check_size(group, member_id)
        if not group.supports_classic_protocols(request.protocol_type, [one.name for one in request.protocols]):
            raise ApiError(
                INCONSISTENT_GROUP_PROTOCOL, f"Member {member_id}'s protocols are not supported by the group."
            )
        needs_id = request.group_instance_id is None and caller.api_version >= MEMBER_ID_REQUIRED_SINCE_VERSION
        if is_unknown and needs_id:
            # Nothing is remembered: the client comes back with the id, or does not (KIP-394).
            return Result(response=_join_answer(member_id, MEMBER_ID_REQUIRED))
        subscription = _subscription_of(request)
        records: list[CoordinatorRecord] = []
        static = group.static_member(request.group_instance_id or "")
        before = _member_of(group, member_id, request, records)
        update = self._membership.new_update(group, before, _joined(before, caller, request, subscription), records)
        update.update_subscription()
        owned = partitions_by_id(subscription.owned_partitions, self._membership.metadata.topics_by_name)
        if static is not None and can_downgrade(group, [static.member_id], 1, self._membership.settings):
            return self._downgrade(update, static, owned)
        update.update_target()
        update.reconcile(owned)
        response: Pending[JoinGroupResponse] = Pending()

        def stored() -> None:
            group_id, member = group.group_id, update.member
            self._membership.cancel_join(group_id, member.member_id)
            self._membership.schedule_session(group_id, member.member_id, request.session_timeout_ms)
            self._membership.schedule_sync(group_id, member.member_id, rebalance_timeout_of(request))
            response.complete(_joined_answer(member))

        return Result(records, response, then=stored, on_failure=lambda _: self._membership.look_again(group))

    def _downgrade(self, update: MemberUpdate, static: ConsumerMember, owned: Any) -> Result[JoinGroupResponse]:
        """The last member of the consumer protocol comes back under its instance id, with the classic one."""
        group, needs_rebalance = update.group, update.has_new_group_epoch
        if not needs_rebalance:
            update.keep_target()
            update.reconcile(owned)
        response: Pending[JoinGroupResponse] = Pending()
        reason = (
            f"Downgrade group {group.group_id} from consumer to classic for static member replacement with different "
            "subscription."
        )
        return self._membership.downgrade(
            group,
            [static.member_id],
            update.member,
            update.records,
            reason if needs_rebalance else None,
            response,
            then=lambda: response.complete(_joined_answer(update.member)),
        )

    # SyncGroup

    def sync(self, group: ConsumerGroup, request: SyncGroupRequest) -> Result[SyncGroupResponse]:
        """UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, and
        REBALANCE_IN_PROGRESS when there is a newer group epoch."""
        member, classic = _checked(group, request.member_id, request.group_instance_id, request.generation_id)
        name, metadata = classic.protocols[0]
        _check_protocol(member, request, name)
        group_id, member_id = group.group_id, member.member_id
        if group.group_epoch > member.member_epoch and member.state != UNREVOKED_PARTITIONS:
            self._membership.schedule_join(group_id, member_id, member.rebalance_timeout_ms)
            raise ApiError(
                REBALANCE_IN_PROGRESS,
                f"A new rebalance is triggered in group {group_id} and member {member_id} should rejoin to catch up.",
            )
        self._membership.cancel_sync(group_id, member_id)
        self._membership.schedule_session(group_id, member_id, classic.session_timeout_ms)
        return Result(
            response=SyncGroupResponse(
                protocol_type=request.protocol_type,
                protocol_name=request.protocol_name,
                assignment=self._assignment_of(member, metadata),
            )
        )

    def _assignment_of(self, member: ConsumerMember, metadata: bytes) -> bytes:
        """As the member understands it: in the version of its own metadata."""
        try:
            version = version_of(metadata)
        except ProtocolError as error:
            raise ApiError(
                UNKNOWN_SERVER_ERROR, "Malformed embedded consumer protocol in version deserialization."
            ) from error
        return write_assignment(member.assigned, self._membership.metadata.topics_by_id, version)

    # Heartbeat

    def heartbeat(self, group: ConsumerGroup, request: HeartbeatRequest) -> Result[HeartbeatResponse]:
        """UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION; answers REBALANCE_IN_PROGRESS."""
        member, classic = _checked(group, request.member_id, request.group_instance_id, request.generation_id)
        self._membership.schedule_session(group.group_id, member.member_id, classic.session_timeout_ms)
        code = NONE
        if _should_join_again(group, member):
            code = REBALANCE_IN_PROGRESS
            self._membership.schedule_join(group.group_id, member.member_id, member.rebalance_timeout_ms)
        return Result(response=HeartbeatResponse(error_code=code))

    # LeaveGroup

    def leave(self, group: ConsumerGroup, request: LeaveGroupRequest) -> Result[LeaveGroupResponse]:
        """Members leave, or are removed by an admin: those of the consumer protocol as well."""
        leaving: dict[str, None] = {}
        answers = []
        for one in request.members:
            code = NONE
            try:
                leaving[_leaving_member(group, one.member_id, one.group_instance_id).member_id] = None
            except ApiError as error:
                code = error.code
            answers.append(
                LeaveGroupResponse.MemberResponse(
                    member_id=one.member_id, group_instance_id=one.group_instance_id, error_code=code
                )
            )
        return self._membership.fence(group, list(leaving), LeaveGroupResponse(members=answers))


def _member_of(
    group: ConsumerGroup, member_id: str, request: JoinGroupRequest, records: list[CoordinatorRecord]
) -> ConsumerMember:
    """The member as it is before it joins; one that was put out may come back under its old id."""
    instance_id = request.group_instance_id
    if instance_id is None:
        return group.members.get(member_id) or ConsumerMember(member_id)
    static = group.static_member(instance_id)
    if request.member_id != UNKNOWN_MEMBER:
        return own_static_member(group, instance_id, member_id)
    if static is None:
        return group.members.get(member_id) or ConsumerMember(member_id)
    return replace_static_member(group, static, member_id, records)


def _joined(
    member: ConsumerMember, caller: Caller, request: JoinGroupRequest, subscription: ConsumerProtocolSubscription
) -> ConsumerMember:
    """The member with what it says; what it leaves out stays as it was."""
    return member._replace(
        instance_id=request.group_instance_id or member.instance_id,
        rack_id=subscription.rack_id or member.rack_id,
        client_id=caller.client_id,
        client_host=caller.client_host,
        rebalance_timeout_ms=rebalance_timeout_of(request),
        subscribed_topic_names=tuple(sorted(set(subscription.topics))),
        subscribed_topic_regex="",
        classic=ClassicMetadata(request.session_timeout_ms, tuple(protocols_of(request.protocols))),
    )


def _subscription_of(request: JoinGroupRequest) -> ConsumerProtocolSubscription:
    """All protocols hold the same one."""
    try:
        return read_subscription(bytes(request.protocols[0].metadata))
    except ProtocolError as error:
        raise ApiError(
            UNKNOWN_SERVER_ERROR, "Malformed embedded consumer protocol in subscription deserialization."
        ) from error


def _checked(
    group: ConsumerGroup, member_id: str, instance_id: str | None, generation_id: int
) -> tuple[ConsumerMember, ClassicMetadata]:
    if instance_id is None:
        member = group.member(member_id)
    elif group.static_member(instance_id) is None:
        raise ApiError(
            UNKNOWN_MEMBER_ID, f"Member with instance id {instance_id} is not a member of group {group.group_id}."
        )
    else:
        member = own_static_member(group, instance_id, member_id)
    if member.classic is None:
        raise ApiError(UNKNOWN_MEMBER_ID, f"Member {member_id} does not use the classic protocol.")
    if generation_id != member.member_epoch:
        raise ApiError(
            ILLEGAL_GENERATION,
            f"The request generation id {generation_id} is not equal to the member epoch {member.member_epoch} of "
            f"member {member_id}.",
        )
    return member, member.classic


def _check_protocol(member: ConsumerMember, request: SyncGroupRequest, name: str) -> None:
    """Clients before SyncGroup version 5 say nothing of it."""
    if request.protocol_type is not None and request.protocol_type != CONSUMER_PROTOCOL_TYPE:
        raise ApiError(
            INCONSISTENT_GROUP_PROTOCOL,
            f"The protocol type {request.protocol_type} from member {member.member_id} request is not equal to the "
            f"group protocol type {CONSUMER_PROTOCOL_TYPE}.",
        )
    if request.protocol_name is not None and request.protocol_name != name:
        raise ApiError(
            INCONSISTENT_GROUP_PROTOCOL,
            f"The protocol name {request.protocol_name} from member {member.member_id} request is not equal to the "
            f"protocol name {name} returned in the join response.",
        )


def _should_join_again(group: ConsumerGroup, member: ConsumerMember) -> bool:
    """There is a new group epoch; or it has to give partitions up; or what it waits for is free."""
    if member.member_epoch < group.group_epoch or member.state == UNREVOKED_PARTITIONS:
        return True
    return member.state == UNRELEASED_PARTITIONS and not group.is_waiting_for_unreleased_partition(member)


def _leaving_member(group: ConsumerGroup, member_id: str, instance_id: str | None) -> ConsumerMember:
    """An admin names static members by instance id alone (KIP-345)."""
    if instance_id is None:
        return group.member(member_id)
    return own_static_member(group, instance_id, member_id or group.static_members.get(instance_id, ""))


def _join_answer(member_id: str, code: int) -> JoinGroupResponse:
    return JoinGroupResponse(member_id=member_id, error_code=code, protocol_type=None, protocol_name=None)


def _joined_answer(member: ConsumerMember) -> JoinGroupResponse:
    """Nobody leads, so nobody assigns."""
    assert member.classic is not None
    return JoinGroupResponse(
        member_id=member.member_id,
        generation_id=member.member_epoch,
        protocol_type=CONSUMER_PROTOCOL_TYPE,
        protocol_name=member.classic.protocols[0][0],
    )
