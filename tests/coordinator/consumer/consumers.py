"""Members of consumer groups, as clients are: they remember their epoch and their partitions."""

from __future__ import annotations

from typing import Any

from minikafka.coordinator.consumer.consumer_group import ConsumerGroup
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import Caller
from minikafka.protocol.messages import ConsumerGroupHeartbeatRequest
from tests.coordinator.groups import Groups, Outcome


class Consumer:
    """One client. ``beat`` sends a heartbeat and does what it is told."""

    def __init__(
        self,
        groups: Groups,
        member_id: str,
        *topics: str,
        group_id: str = "c",
        instance: str | None = None,
        regex: str | None = None,
        assignor: str | None = None,
        version: int = 1,
    ) -> None:
        self.groups = groups
        self.member_id = member_id
        self.group_id = group_id
        self.topics: list[str] | None = list(topics)
        self.regex = regex
        self.instance = instance
        self.assignor = assignor
        self.version = version
        self.epoch = 0
        self.owned: dict[bytes, set[int]] = {}

    def send(self, **changes: Any) -> Any:
        """The answer to a heartbeat with all that the consumer has to say, but for ``changes``."""
        fields: dict[str, Any] = {
            "group_id": self.group_id,
            "member_id": self.member_id,
            "member_epoch": self.epoch,
            "instance_id": self.instance,
            "rebalance_timeout_ms": 60_000,
            "subscribed_topic_names": self.topics,
            "subscribed_topic_regex": self.regex,
            "server_assignor": self.assignor,
            "topic_partitions": [
                ConsumerGroupHeartbeatRequest.TopicPartitions(topic_id=topic_id, partitions=sorted(partitions))
                for topic_id, partitions in self.owned.items()
                if partitions
            ],
            **changes,
        }
        request = ConsumerGroupHeartbeatRequest(**fields)
        return Outcome(
            self.groups.coordinator.consumer_group_heartbeat(Caller(self.version, "client", "/127.0.0.1"), request)
        ).value

    def beat(self) -> int:
        """Returns the error code."""
        answer = self.send()
        code: int = answer.error_code
        if code == 0:
            self.epoch = answer.member_epoch
            if answer.assignment is not None:
                self.owned = {one.topic_id: set(one.partitions) for one in answer.assignment.topic_partitions}
        return code

    def leave(self, epoch: int = -1) -> int:
        answer = self.send(member_epoch=epoch, topic_partitions=None)
        if answer.error_code == 0:
            self.epoch, self.owned = 0, {}
        code: int = answer.error_code
        return code

    @property
    def count(self) -> int:
        return sum(map(len, self.owned.values()))


def settle(*consumers: Consumer) -> None:
    """Heartbeats until nothing changes any more."""
    for _ in range(10):
        before = [(one.epoch, {t: set(p) for t, p in one.owned.items()}) for one in consumers]
        for one in consumers:
            assert one.beat() == 0
        if before == [(one.epoch, one.owned) for one in consumers]:
            return
    raise AssertionError("the group does not settle")


def consumer_state(shard: GroupShard) -> dict[str, Any]:
    """The hard state of all consumer groups."""
    return {
        group_id: (
            group.group_epoch,
            group.target_epoch,
            group.metadata_hash,
            group.members,
            group.static_members,
            group.target,
            group.partition_epochs,
            group.regexes,
        )
        for group_id, group in shard.groups.items()
        if isinstance(group, ConsumerGroup)
    }
