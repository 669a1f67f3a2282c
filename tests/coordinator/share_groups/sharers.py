"""Members of share groups, as clients are: they remember their epoch and their partitions."""

from __future__ import annotations

from typing import Any

from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import Caller
from minikafka.coordinator.share_groups.share_group import ShareGroup
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequest,
    ShareGroupHeartbeatRequest,
)
from tests.coordinator.groups import Groups, Outcome


class Sharer:
    """One client. ``beat`` sends a heartbeat and does what it is told."""

    def __init__(self, groups: Groups, member_id: str, *topics: str, group_id: str = "s", rack: str | None = None):
        self.groups = groups
        self.member_id = member_id
        self.group_id = group_id
        self.topics = list(topics)
        self.rack = rack
        self.epoch = 0
        self.assigned: dict[bytes, set[int]] = {}

    def send(self, **changes: Any) -> Any:
        """The answer to a heartbeat with all that the member has to say, but for ``changes``."""
        fields: dict[str, Any] = {
            "group_id": self.group_id,
            "member_id": self.member_id,
            "member_epoch": self.epoch,
            "rack_id": self.rack,
            "subscribed_topic_names": self.topics,
            **changes,
        }
        request = ShareGroupHeartbeatRequest(**fields)
        return Outcome(self.groups.coordinator.share.heartbeat(Caller(1, "client", "/127.0.0.1"), request)).value

    def beat(self, **changes: Any) -> int:
        """Returns the error code."""
        answer = self.send(**changes)
        code: int = answer.error_code
        if code == 0:
            self.epoch = answer.member_epoch
            if answer.assignment is not None:
                self.assigned = {one.topic_id: set(one.partitions) for one in answer.assignment.topic_partitions}
        return code

    def leave(self) -> int:
        answer = self.send(member_epoch=-1, subscribed_topic_names=None)
        if answer.error_code == 0:
            self.epoch, self.assigned = 0, {}
        code: int = answer.error_code
        return code


def settle(*sharers: Sharer) -> None:
    """Heartbeats until nothing changes any more."""
    for _ in range(10):
        before = [(one.epoch, one.assigned) for one in sharers]
        for one in sharers:
            assert one.beat() == 0
        if before == [(one.epoch, one.assigned) for one in sharers]:
            return
    raise AssertionError("the group does not settle")


def share_group(groups: Groups, group_id: str = "s") -> ShareGroup:
    group = groups.shard.groups[group_id]
    assert isinstance(group, ShareGroup)
    return group


def alter(groups: Groups, topic: str, offsets: dict[int, int], group_id: str = "s") -> Any:
    cls = AlterShareGroupOffsetsRequest
    partitions = [
        cls.AlterShareGroupOffsetsRequestPartition(partition_index=index, start_offset=offset)
        for index, offset in offsets.items()
    ]
    topics = [cls.AlterShareGroupOffsetsRequestTopic(topic_name=topic, partitions=partitions)]
    return Outcome(groups.coordinator.share.alter_offsets(cls(group_id=group_id, topics=topics))).value


def forget(groups: Groups, *topics: str, group_id: str = "s") -> Any:
    cls = DeleteShareGroupOffsetsRequest
    asked = [cls.DeleteShareGroupOffsetsRequestTopic(topic_name=topic) for topic in topics]
    return Outcome(groups.coordinator.share.delete_offsets(cls(group_id=group_id, topics=asked))).value


def describe_offsets(groups: Groups, group_id: str = "s", latest: int = 0) -> dict[tuple[str, int], tuple[int, int]]:
    """Start offset and lag of what has state, by topic and partition."""
    request = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(group_id=group_id, topics=None)
    described = Outcome(groups.coordinator.share.describe_offsets(request, lambda topic, partition: latest)).value
    assert described.error_code == 0
    return {
        (topic.topic_name, one.partition_index): (one.start_offset, one.lag)
        for topic in described.topics
        for one in topic.partitions
    }


def share_state(shard: GroupShard) -> dict[str, Any]:
    """The hard state of all share groups."""
    return {
        group_id: (
            group.group_epoch,
            group.target_epoch,
            group.metadata_hash,
            group.members,
            group.target,
            group.state_partitions and group.state_partitions._replace(written_ms=0),
        )
        for group_id, group in shard.groups.items()
        if isinstance(group, ShareGroup)
    }
