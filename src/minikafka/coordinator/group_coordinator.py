"""What handlers ask for groups: each request goes to the shard its group lives in, and errors become its answer.

This is where ids and timeouts are checked, and where what went wrong with the log is put into the words that clients of
a coordinator expect. Source: Kafka's GroupCoordinatorService.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.gathering import chain_pending, gather, shielded
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import Caller, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    INVALID_GROUP_ID,
    INVALID_SESSION_TIMEOUT,
    NONE,
    NOT_COORDINATOR,
    NOT_ENOUGH_REPLICAS,
    REQUEST_TIMED_OUT,
    UNKNOWN_MEMBER_ID,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)
from minikafka.pending import Pending
from minikafka.protocol.messages import (
    ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeatResponse,
    DeleteGroupsResponse,
    DescribeGroupsResponse,
    HeartbeatResponse,
    JoinGroupResponse,
    LeaveGroupResponse,
    ListGroupsResponse,
    OffsetCommitResponse,
    OffsetDeleteResponse,
    OffsetFetchResponse,
    SyncGroupResponse,
    TxnOffsetCommitResponse,
)

if TYPE_CHECKING:
    from minikafka.coordinator.share_groups.share_group_coordinator import ShareGroupCoordinator
    from minikafka.protocol.messages import (
        ConsumerGroupHeartbeatRequest,
        HeartbeatRequest,
        JoinGroupRequest,
        LeaveGroupRequest,
        OffsetCommitRequest,
        OffsetDeleteRequest,
        OffsetFetchRequest,
        SyncGroupRequest,
        TxnOffsetCommitRequest,
    )

_logger = logging.getLogger(__name__)

T = TypeVar("T")


_FETCH_CODES = {UNKNOWN_TOPIC_OR_PARTITION, NOT_ENOUGH_REPLICAS, REQUEST_TIMED_OUT}
"""Consumers before 3.9 do not retry an OffsetFetch on what these become elsewhere, but on NOT_COORDINATOR."""


class Producer(Protocol):
    """Whose transaction records are part of."""

    producer_id: int
    producer_epoch: int


class GroupRuntime(Protocol):
    """Where the shards are. Both give the answer, or a promise of it when the shard is not there yet; whatever goes
    wrong is given to ``on_error`` as a Kafka error code."""

    def write(
        self,
        group_id: str,
        operation: Callable[[GroupShard], Result[T]],
        on_error: Callable[[int], T],
        producer: Producer | None = None,
    ) -> T | Pending[T]:
        """Run an operation, write and replay its records, then release its answer."""
        ...

    def read(self, group_id: str, operation: Callable[[GroupShard], T], on_error: Callable[[int], T]) -> T | Pending[T]:
        """Ask the state."""
        ...

    def shards(self) -> Iterable[GroupShard]:
        """Those that are loaded."""
        ...

    def is_loading(self) -> bool:
        """Whether some are not loaded yet."""
        ...

    def write_to_shard(self, shard: GroupShard, operation: Callable[[], Result[Any]]) -> None:
        """As ``write``, for a shard at hand and without anybody who waits for an answer."""
        ...


class GroupCoordinator:
    """The group coordinator, as handlers see it (``ctx.broker.groups``).

    :param new_share: makes what handlers ask for share groups, when the first of them is met.
    """

    def __init__(
        self, runtime: GroupRuntime, settings: GroupSettings, new_share: Callable[[], ShareGroupCoordinator]
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._new_share = new_share
        self._share: ShareGroupCoordinator | None = None

    def change_settings(self, settings: GroupSettings) -> None:
        """Use these settings from now on."""
        self._settings = settings
        for shard in self._runtime.shards():
            shard.change_settings(settings)

    @property
    def share(self) -> ShareGroupCoordinator:
        """What handlers ask for share groups."""
        if self._share is None:
            self._share = self._new_share()
        return self._share

    # Membership of the classic protocol

    def join_group(self, caller: Caller, request: JoinGroupRequest) -> JoinGroupResponse | Pending[JoinGroupResponse]:
        def failed(code: int) -> JoinGroupResponse:
            return JoinGroupResponse(member_id=request.member_id, error_code=coordinator_code(code), protocol_name=None)

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        settings = self._settings
        if not settings.min_session_timeout_ms <= request.session_timeout_ms <= settings.max_session_timeout_ms:
            return failed(INVALID_SESSION_TIMEOUT)
        return self._runtime.write(request.group_id, lambda shard: shard.join_group(caller, request), failed)

    def sync_group(self, caller: Caller, request: SyncGroupRequest) -> SyncGroupResponse | Pending[SyncGroupResponse]:
        def failed(code: int) -> SyncGroupResponse:
            return SyncGroupResponse(error_code=coordinator_code(code))

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        return self._runtime.write(request.group_id, lambda shard: shard.sync_group(caller, request), failed)

    def heartbeat(self, caller: Caller, request: HeartbeatRequest) -> HeartbeatResponse | Pending[HeartbeatResponse]:
        def failed(code: int) -> HeartbeatResponse:
            # Sessions begin when the groups are loaded, so until then every member counts as alive.
            return HeartbeatResponse(
                error_code=NONE if code == COORDINATOR_LOAD_IN_PROGRESS else coordinator_code(code)
            )

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        return self._runtime.write(request.group_id, lambda shard: shard.heartbeat(caller, request), failed)

    def leave_group(
        self, caller: Caller, request: LeaveGroupRequest
    ) -> LeaveGroupResponse | Pending[LeaveGroupResponse]:
        def failed(code: int) -> LeaveGroupResponse:
            if code != UNKNOWN_MEMBER_ID:
                return LeaveGroupResponse(error_code=coordinator_code(code))
            return LeaveGroupResponse(
                members=[
                    LeaveGroupResponse.MemberResponse(
                        member_id=one.member_id, group_instance_id=one.group_instance_id, error_code=code
                    )
                    for one in request.members
                ]
            )

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        return self._runtime.write(request.group_id, lambda shard: shard.leave_group(caller, request), failed)

    # Consumer groups (KIP-848)

    def consumer_group_heartbeat(
        self, caller: Caller, request: ConsumerGroupHeartbeatRequest
    ) -> ConsumerGroupHeartbeatResponse | Pending[ConsumerGroupHeartbeatResponse]:
        """Errors come with a sentence, so those that the group gives are answered where they arise."""

        def failed(code: int) -> ConsumerGroupHeartbeatResponse:
            return ConsumerGroupHeartbeatResponse(error_code=coordinator_code(code))

        def operation(shard: GroupShard) -> Result[ConsumerGroupHeartbeatResponse]:
            try:
                return shard.consumer_group_heartbeat(caller, request)
            except ApiError as error:
                return Result(
                    response=ConsumerGroupHeartbeatResponse(error_code=error.code, error_message=error.message)
                )

        return self._runtime.write(request.group_id, operation, failed)

    def describe_consumer_groups(
        self, group_ids: list[str]
    ) -> (
        list[ConsumerGroupDescribeResponse.DescribedGroup] | Pending[list[ConsumerGroupDescribeResponse.DescribedGroup]]
    ):
        return gather([self._describe_consumer_group(group_id) for group_id in group_ids])

    def _describe_consumer_group(
        self, group_id: str
    ) -> ConsumerGroupDescribeResponse.DescribedGroup | Pending[ConsumerGroupDescribeResponse.DescribedGroup]:
        def failed(code: int, message: str | None = None) -> ConsumerGroupDescribeResponse.DescribedGroup:
            return ConsumerGroupDescribeResponse.DescribedGroup(
                group_id=group_id, error_code=coordinator_code(code), error_message=message
            )

        def operation(shard: GroupShard) -> ConsumerGroupDescribeResponse.DescribedGroup:
            try:
                return shard.consumer.describe(group_id)
            except ApiError as error:
                return failed(error.code, error.message)

        return failed(INVALID_GROUP_ID) if not group_id else self._runtime.read(group_id, operation, failed)

    # Offsets

    def commit_offsets(
        self, caller: Caller, request: OffsetCommitRequest
    ) -> OffsetCommitResponse | Pending[OffsetCommitResponse]:
        """The empty group id is a group too, for the sake of old clients."""

        def failed(code: int) -> OffsetCommitResponse:
            return offset_commit_error(request, coordinator_code(code))

        return self._runtime.write(request.group_id, lambda shard: shard.commit_offsets(caller, request), failed)

    def commit_transactional_offsets(
        self, caller: Caller, request: TxnOffsetCommitRequest
    ) -> TxnOffsetCommitResponse | Pending[TxnOffsetCommitResponse]:
        """The transaction must have been verified before."""

        def failed(code: int) -> TxnOffsetCommitResponse:
            return txn_offset_commit_error(request, coordinator_code(code))

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        return self._runtime.write(
            request.group_id, lambda shard: shard.commit_transactional_offsets(caller, request), failed, request
        )

    def fetch_offsets(
        self, request: OffsetFetchRequest.OffsetFetchRequestGroup, *, require_stable: bool
    ) -> OffsetFetchResponse.OffsetFetchResponseGroup | Pending[OffsetFetchResponse.OffsetFetchResponseGroup]:
        """One group's offsets; all of them when ``request.topics`` is None."""

        def failed(code: int) -> OffsetFetchResponse.OffsetFetchResponseGroup:
            return OffsetFetchResponse.OffsetFetchResponseGroup(
                group_id=request.group_id,
                error_code=NOT_COORDINATOR if code in _FETCH_CODES else coordinator_code(code),
            )

        return self._runtime.read(
            request.group_id, lambda shard: shard.fetch_offsets(request, require_stable=require_stable), failed
        )

    def delete_offsets(self, request: OffsetDeleteRequest) -> OffsetDeleteResponse | Pending[OffsetDeleteResponse]:
        def failed(code: int) -> OffsetDeleteResponse:
            return OffsetDeleteResponse(error_code=coordinator_code(code))

        if not request.group_id:
            return failed(INVALID_GROUP_ID)
        return self._runtime.write(request.group_id, lambda shard: shard.delete_offsets(request), failed)

    def on_topic_deleted(self, topic: str, topic_id: bytes, partitions: Iterable[int]) -> None:
        """The topic is gone: forget everybody's offsets in it."""
        for shard in list(self._runtime.shards()):
            for partition in partitions:
                self._runtime.write_to_shard(
                    shard,
                    lambda shard=shard, partition=partition: shard.delete_offsets_of_partition(topic, partition),  # type: ignore[misc]
                )
        if any(shard.has_share_groups for shard in self._runtime.shards()):
            self.share.on_topic_deleted(topic_id)

    # Groups as a whole

    def describe_groups(
        self, caller: Caller, group_ids: list[str]
    ) -> list[DescribeGroupsResponse.DescribedGroup] | Pending[list[DescribeGroupsResponse.DescribedGroup]]:
        return gather([self._describe_group(caller, group_id) for group_id in group_ids])

    def _describe_group(
        self, caller: Caller, group_id: str
    ) -> DescribeGroupsResponse.DescribedGroup | Pending[DescribeGroupsResponse.DescribedGroup]:
        return self._runtime.read(
            group_id,
            lambda shard: shard.describe_group(group_id, caller.api_version),
            lambda code: DescribeGroupsResponse.DescribedGroup(group_id=group_id, error_code=coordinator_code(code)),
        )

    def list_groups(self, states_filter: list[str], types_filter: list[str]) -> ListGroupsResponse:
        if self._runtime.is_loading():
            return ListGroupsResponse(error_code=COORDINATOR_LOAD_IN_PROGRESS)
        states = {state.strip().lower() for state in states_filter}
        types = {group_type.lower() for group_type in types_filter}
        groups = [group for shard in self._runtime.shards() for group in shard.list_groups(states, types)]
        return ListGroupsResponse(groups=groups)

    def delete_groups(
        self, group_ids: list[str]
    ) -> list[DeleteGroupsResponse.DeletableGroupResult] | Pending[list[DeleteGroupsResponse.DeletableGroupResult]]:
        return gather([self._delete_group(group_id) for group_id in group_ids])

    def _delete_group(
        self, group_id: str
    ) -> DeleteGroupsResponse.DeletableGroupResult | Pending[DeleteGroupsResponse.DeletableGroupResult]:
        def failed(code: int) -> DeleteGroupsResponse.DeletableGroupResult:
            return DeleteGroupsResponse.DeletableGroupResult(group_id=group_id, error_code=coordinator_code(code))

        def delete(
            code: int,
        ) -> DeleteGroupsResponse.DeletableGroupResult | Pending[DeleteGroupsResponse.DeletableGroupResult]:
            if code:
                return failed(code)
            return self._runtime.write(group_id, lambda shard: shard.delete_group(group_id), failed)

        has_share_state = self._runtime.read(group_id, lambda shard: shard.has_share_state(group_id), lambda _: False)
        if has_share_state is True:
            return shielded(chain_pending(self.share.forget_group(group_id), delete))
        return delete(NONE)


def offset_commit_error(request: OffsetCommitRequest, code: int) -> OffsetCommitResponse:
    """``code`` for every partition of the request: the response has no other place for it."""
    return OffsetCommitResponse(
        topics=[
            OffsetCommitResponse.OffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    OffsetCommitResponse.OffsetCommitResponsePartition(
                        partition_index=one.partition_index, error_code=code
                    )
                    for one in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def txn_offset_commit_error(request: TxnOffsetCommitRequest, code: int) -> TxnOffsetCommitResponse:
    """``code`` for every partition of the request."""
    return TxnOffsetCommitResponse(
        topics=[
            TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic(
                name=topic.name,
                partitions=[
                    TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition(
                        partition_index=one.partition_index, error_code=code
                    )
                    for one in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
