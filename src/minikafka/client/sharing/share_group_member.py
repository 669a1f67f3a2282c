"""A member of a share group (KIP-932): heartbeats say which partitions it reads; others may read the same ones."""

from __future__ import annotations

import time
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.consuming.member_ids import random_member_id
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import UnsupportedByBroker
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.errors import FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER_ID, UNSUPPORTED_VERSION
from minikafka.protocol.messages import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse

_JOIN_EPOCH: Final = 0
_LEAVE_EPOCH: Final = -1
_UNSUPPORTED: Final = (
    "The cluster does not support the share group protocol. To use share groups, the cluster must have the share group "
    "protocol enabled."
)


class ShareGroupMember:
    """``member_id`` also names the member's share sessions with the brokers."""

    def __init__(self, cluster: Cluster, group_id: str, topics: list[str], leaders: Leaders) -> None:
        self.coordinator = GroupCoordinator(cluster, group_id)
        self.member_id = random_member_id()
        self.partitions: list[TopicPartition] = []
        self._topics = sorted(topics)
        self._leaders = leaders
        self._epoch = _JOIN_EPOCH
        self._assigned: dict[bytes, list[int]] | None = None
        self._due_s = 0.0

    def heartbeat_if_due(self) -> None:
        """Say that this member is alive; ``partitions`` are then what it is to read. Raises ApiError, ClientError."""
        if time.monotonic() >= self._due_s:
            self._beat()
        if self._assigned is not None:
            self._name_partitions(self._assigned)

    def leave(self) -> None:
        """Raises ApiError, ClientError."""
        if self._epoch == _JOIN_EPOCH:
            return
        request = self._request()
        request.member_epoch = _LEAVE_EPOCH
        self._epoch = _JOIN_EPOCH
        self.coordinator.call(request, lambda answer: answer.error_code, once=True)

    def _request(self) -> ShareGroupHeartbeatRequest:
        return ShareGroupHeartbeatRequest(
            group_id=self.coordinator.group_id, member_id=self.member_id, member_epoch=self._epoch
        )

    def _beat(self) -> None:
        request = self._request()
        if self._epoch == _JOIN_EPOCH:
            request.subscribed_topic_names = self._topics
        try:
            answer: ShareGroupHeartbeatResponse = self.coordinator.call(request, lambda answer: answer.error_code)
        except UnsupportedByBroker as error:
            raise UnsupportedByBroker(f"{_UNSUPPORTED} {error}") from error
        if answer.error_code == UNSUPPORTED_VERSION:
            raise UnsupportedByBroker(f"{_UNSUPPORTED} The feature share.version is off: kafka-features turns it on.")
        if answer.error_code in (UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH):
            self._epoch, self.partitions = _JOIN_EPOCH, []
            return
        check(answer.error_code, answer.error_message)
        self._epoch = answer.member_epoch
        self._due_s = time.monotonic() + answer.heartbeat_interval_ms / 1000
        if answer.assignment is not None:
            self._assigned = {topic.topic_id: topic.partitions for topic in answer.assignment.topic_partitions}

    def _name_partitions(self, assigned: dict[bytes, list[int]]) -> None:
        """Once the topics' names are known; until then they are asked for."""
        found = {topic: self._leaders.topic(topic) for topic in self._topics}
        names = {known.topic_id: topic for topic, known in found.items() if known is not None}
        if all(topic_id in names for topic_id in assigned):
            self.partitions = [(names[topic_id], index) for topic_id, indexes in assigned.items() for index in indexes]
            self._assigned = None
        else:
            for topic in self._topics:
                self._leaders.forget(topic)
