"""A member of a classic consumer group: joins, learns its partitions, says that it is alive, commits, leaves.

States: outside -> joined (``join``) -> outside again when a heartbeat or a commit says that the group is being put
together anew; the caller then commits if it still can, and joins again. The leader assigns the partitions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.consuming.assignors import assign, must_join_again, subscription_of
from minikafka.client.consuming.consumer_protocol import (
    PROTOCOL_TYPE,
    assigned_partitions,
    encoded_assignment,
)
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.consuming.member_commit import commit_as_member
from minikafka.client.consuming.sticky_assignor import Owned
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import (
    FENCED_INSTANCE_ID,
    ILLEGAL_GENERATION,
    MEMBER_ID_REQUIRED,
    REBALANCE_IN_PROGRESS,
    UNKNOWN_MEMBER_ID,
    ApiError,
)
from minikafka.protocol.messages import (
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    SyncGroupRequest,
)

_OUTSIDE: Final = frozenset({ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS})


class GroupMember:
    """:param partition_counts: topics -> their numbers of partitions, for when this member leads the group."""

    def __init__(
        self,
        cluster: Cluster,
        settings: GroupSettings,
        partition_counts: Callable[[list[str]], Mapping[str, int]],
    ) -> None:
        self.coordinator = GroupCoordinator(cluster, settings.group_id)
        self.is_joined = False
        self._cluster = cluster
        self._settings = settings
        self._partition_counts = partition_counts
        self._member_id = ""
        self._generation_id = -1
        self._owned = Owned([])
        self._joins_again = False
        self._heartbeat_due_s = 0.0

    @property
    def can_commit(self) -> bool:
        """Whether its partitions are this member's still: also while others are joining."""
        return self._generation_id >= 0

    def join(self, topics: list[str]) -> list[TopicPartition]:
        """Become a member; returns the partitions that are this member's until ``is_joined`` is false.

        Waits until the group is complete. Raises ApiError, ClientError.
        """
        while True:
            joined = self._ask_to_join(topics)
            code = joined.error_code
            if code == MEMBER_ID_REQUIRED:
                self._member_id = joined.member_id
                continue
            if code == UNKNOWN_MEMBER_ID:
                self._member_id = ""
                continue
            check(code)
            self._member_id, self._generation_id = joined.member_id, joined.generation_id
            assignment = self._sync(joined)
            if assignment is not None:
                self.is_joined = not self._joins_again
                self._schedule_heartbeat()
                return assignment

    def heartbeat_if_due(self) -> None:
        """Say that this member is alive, every heartbeat interval; learns here of a rebalance. Raises as ``join``."""
        if not self.is_joined or time.monotonic() < self._heartbeat_due_s:
            return
        request = HeartbeatRequest(
            group_id=self._settings.group_id, generation_id=self._generation_id, member_id=self._member_id
        )
        if self.coordinator.version(request) >= 3:
            request.group_instance_id = self._settings.instance_id
        self._schedule_heartbeat()
        self._judge(self.coordinator.call(request, lambda answer: answer.error_code).error_code)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit where this member will go on. Raises as ``join``; a rebalance only shows in ``is_joined``."""
        if not offsets:
            return
        codes = commit_as_member(
            self.coordinator,
            offsets,
            member_id=self._member_id if self.can_commit else "",
            generation_id_or_member_epoch=self._generation_id,
            instance_id=self._settings.instance_id,
        )
        for code in codes:
            self._judge(code)

    def leave(self) -> None:
        """Leave, so that the others need not wait for the session to end. Raises as ``join``."""
        # A static member stays until its session ends: it is expected back (KIP-345).
        if not self._member_id or self._settings.instance_id is not None:
            return
        request = LeaveGroupRequest(group_id=self._settings.group_id)
        if self.coordinator.version(request) >= 3:
            identity = LeaveGroupRequest.MemberIdentity(
                member_id=self._member_id, reason="the consumer is being closed"
            )
            request.members = [identity]
        else:
            request.member_id = self._member_id
        self.is_joined, self._member_id, self._generation_id = False, "", -1
        self.coordinator.call(request, lambda answer: answer.error_code, once=True)

    def _ask_to_join(self, topics: list[str]) -> JoinGroupResponse:
        request = JoinGroupRequest(
            group_id=self._settings.group_id,
            session_timeout_ms=self._settings.session_timeout_ms,
            rebalance_timeout_ms=self._settings.max_poll_interval_ms,
            member_id=self._member_id,
            protocol_type=PROTOCOL_TYPE,
            protocols=[
                JoinGroupRequest.JoinGroupRequestProtocol(
                    name=name, metadata=subscription_of(name, topics, self._owned)
                )
                for name in self._settings.assignors
            ],
        )
        if self.coordinator.version(request) >= 5:
            request.group_instance_id = self._settings.instance_id
        elif self._settings.instance_id is not None:
            raise ClientError("group.instance.id: this broker has no static members; Kafka has them from 2.3 on")
        # The answer comes when the group is complete: as late as the slowest member's rebalance timeout.
        connection = self.coordinator.connection()
        with connection.patience(self._settings.max_poll_interval_ms / 1000):
            answer: JoinGroupResponse = self.coordinator.call(request, lambda answer: answer.error_code)
        return answer

    def _sync(self, joined: JoinGroupResponse) -> list[TopicPartition] | None:
        """The assignment; None when the group is being put together again."""
        request = SyncGroupRequest(
            group_id=self._settings.group_id,
            generation_id=self._generation_id,
            member_id=self._member_id,
            protocol_type=PROTOCOL_TYPE,
            protocol_name=joined.protocol_name,
        )
        if self.coordinator.version(request) >= 3:
            request.group_instance_id = self._settings.instance_id
        if joined.leader == self._member_id and not joined.skip_assignment:
            request.assignments = self._assignments(joined)
        with self.coordinator.connection().patience(self._settings.max_poll_interval_ms / 1000):
            answer = self.coordinator.call(request, lambda answer: answer.error_code)
        if answer.error_code in _OUTSIDE:
            self._judge(answer.error_code)
            return None
        check(answer.error_code)
        partitions = assigned_partitions(bytes(answer.assignment))
        self._joins_again = must_join_again(joined.protocol_name or "", self._owned, partitions)
        self._owned = Owned(partitions, self._generation_id)
        return partitions

    def _assignments(self, joined: JoinGroupResponse) -> list[SyncGroupRequest.SyncGroupRequestAssignment]:
        subscriptions = {member.member_id: member.metadata for member in joined.members}
        name = joined.protocol_name or self._settings.assignors[0]
        assigned = assign(name, self._partition_counts, subscriptions)
        return [
            SyncGroupRequest.SyncGroupRequestAssignment(member_id=member, assignment=encoded_assignment(partitions))
            for member, partitions in assigned.items()
        ]

    def _judge(self, code: int) -> None:
        if code in _OUTSIDE:
            self.is_joined = False
            if code != REBALANCE_IN_PROGRESS:
                self._generation_id = -1
                self._owned = Owned([])
            if code == UNKNOWN_MEMBER_ID:
                self._member_id = ""
        elif code == FENCED_INSTANCE_ID:
            raise ApiError(code, f"another consumer has taken over as group.instance.id={self._settings.instance_id}")
        else:
            check(code)

    def _schedule_heartbeat(self) -> None:
        self._heartbeat_due_s = time.monotonic() + self._settings.heartbeat_interval_ms / 1000
