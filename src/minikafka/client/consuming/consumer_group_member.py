"""A member of a consumer group of the new protocol (KIP-848): the broker assigns, and heartbeats carry everything.

States: outside (epoch 0) -> joined, once a heartbeat's answer has brought an assignment -> outside again when a later
one brings another; the caller then commits, and joins again, which takes the new assignment over. A member that the
broker no longer knows begins anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.consuming.member_commit import commit_as_member
from minikafka.client.consuming.member_ids import random_member_id
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError, UnsupportedByBroker
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import (
    FENCED_MEMBER_EPOCH,
    NONE,
    STALE_MEMBER_EPOCH,
    UNKNOWN_MEMBER_ID,
    UNRELEASED_INSTANCE_ID,
)
from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse

_JOIN_EPOCH: Final = 0
_LEAVE_EPOCH: Final = -1
_LEAVE_STATIC_EPOCH: Final = -2
_LOST: Final = frozenset({UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH})
_WAIT_S: Final = 0.05
_UNSUPPORTED: Final = (
    "The cluster does not support the new CONSUMER group protocol. Set group.protocol=classic on the consumer configs "
    "to revert to the CLASSIC protocol until the cluster is upgraded."
)


class ConsumerGroupMember:
    """:param leaders: knows the ids of the topics."""

    def __init__(self, cluster: Cluster, settings: GroupSettings, leaders: Leaders) -> None:
        self.coordinator = GroupCoordinator(cluster, settings.group_id)
        self.is_joined = False
        self._settings = settings
        self._leaders = leaders
        self._member_id = random_member_id()
        self._epoch = _JOIN_EPOCH
        self._topics: list[str] = []
        self._owned: list[TopicPartition] = []
        self._target: dict[bytes, list[int]] | None = None
        self._heartbeat_due_s = 0.0
        self._interval_s = settings.heartbeat_interval_ms / 1000

    @property
    def can_commit(self) -> bool:
        """Whether its partitions are this member's still."""
        return self._epoch > _JOIN_EPOCH

    def join(self, topics: list[str]) -> list[TopicPartition]:
        """Become a member, or take over what was assigned anew; returns the partitions that are this member's until
        ``is_joined`` is false. Raises ApiError, ClientError.
        """
        deadline_s = time.monotonic() + self._settings.max_poll_interval_ms / 1000
        if sorted(topics) != self._topics:
            self._topics = sorted(topics)
            self._beat(says_all=True)
        while True:
            partitions = None if self._target is None else self._named(self._target)
            if partitions is not None:
                break
            if time.monotonic() >= deadline_s:
                raise ClientError(f"the group {self._settings.group_id} assigned nothing in time")
            time.sleep(_WAIT_S)
            self._beat(says_all=not self.can_commit)
        has_changed = sorted(partitions) != sorted(self._owned)
        self._owned, self._target = partitions, None
        self.is_joined = True
        if has_changed:
            # What was given up is free for others from now on, and what was taken over is confirmed.
            self._beat(says_all=True)
        return partitions

    def heartbeat_if_due(self) -> None:
        """Say that this member is alive; learns here of another assignment. Raises as ``join``."""
        if self.is_joined and time.monotonic() >= self._heartbeat_due_s:
            self._beat(says_all=False)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit where this member will go on. Raises as ``join``."""
        if not offsets:
            return
        for is_last in (False, True):
            codes = commit_as_member(
                self.coordinator,
                offsets,
                member_id=self._member_id if self.can_commit else "",
                generation_id_or_member_epoch=self._epoch if self.can_commit else -1,
                instance_id=self._settings.instance_id,
            )
            if STALE_MEMBER_EPOCH not in codes or is_last:
                break
            self._beat(says_all=False)  # the group has gone on: its epoch comes with the answer
        for code in codes:
            if code in _LOST:
                self._begin_anew()
            else:
                check(code)

    def leave(self) -> None:
        """Leave, so that others take over at once. Raises as ``join``."""
        if not self.can_commit:
            return
        request = self._request()
        request.member_epoch = _LEAVE_EPOCH if self._settings.instance_id is None else _LEAVE_STATIC_EPOCH
        self._begin_anew()
        self.coordinator.call(request, lambda answer: answer.error_code, once=True)

    def _request(self) -> ConsumerGroupHeartbeatRequest:
        return ConsumerGroupHeartbeatRequest(
            group_id=self._settings.group_id,
            member_id=self._member_id,
            member_epoch=self._epoch,
            instance_id=self._settings.instance_id,
        )

    def _beat(self, *, says_all: bool) -> None:
        """:param says_all: also what is wanted and what is owned, which the broker else takes to be as before."""
        request = self._request()
        if says_all:
            request.rebalance_timeout_ms = self._settings.max_poll_interval_ms
            request.subscribed_topic_names = self._topics
            request.server_assignor = self._settings.remote_assignor
            request.topic_partitions = self._owned_by_id() if self.can_commit else []
        try:
            answer: ConsumerGroupHeartbeatResponse = self.coordinator.call(request, lambda answer: answer.error_code)
        except UnsupportedByBroker as error:
            raise UnsupportedByBroker(f"{_UNSUPPORTED} {error}") from error
        if answer.error_code in _LOST:
            self._begin_anew()
            return
        if answer.error_code == UNRELEASED_INSTANCE_ID and not self.can_commit:
            return  # the member before is still there: until its session ends
        check(answer.error_code, answer.error_message)
        if answer.error_code == NONE:
            self._take(answer)

    def _take(self, answer: ConsumerGroupHeartbeatResponse) -> None:
        self._epoch = answer.member_epoch
        self._interval_s = answer.heartbeat_interval_ms / 1000
        self._heartbeat_due_s = time.monotonic() + self._interval_s
        if answer.assignment is None:
            return
        self._target = {topic.topic_id: topic.partitions for topic in answer.assignment.topic_partitions}
        partitions = self._named(self._target)
        if partitions is not None and sorted(partitions) == sorted(self._owned) and self.is_joined:
            self._target = None
        else:
            self.is_joined = False

    def _begin_anew(self) -> None:
        self.is_joined, self._epoch = False, _JOIN_EPOCH
        self._owned, self._target = [], None

    def _named(self, target: Mapping[bytes, list[int]]) -> list[TopicPartition] | None:
        """The partitions by their topics' names; None while a topic is not known, which is then asked for."""
        names = {}
        for topic in self._topics:
            found = self._leaders.topic(topic)
            if found is not None:
                names[found.topic_id] = topic
        if any(topic_id not in names for topic_id in target):
            for topic in self._topics:
                self._leaders.forget(topic)
            return None
        return [(names[topic_id], index) for topic_id, indexes in target.items() for index in indexes]

    def _owned_by_id(self) -> list[ConsumerGroupHeartbeatRequest.TopicPartitions]:
        found = []
        for topic, indexes in by_topic(self._owned).items():
            known = self._leaders.topic(topic)
            if known is not None:
                found.append(ConsumerGroupHeartbeatRequest.TopicPartitions(topic_id=known.topic_id, partitions=indexes))
        return found
