"""Share groups (KIP-932): describe them, and describe, set and delete their offsets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minikafka.client.brokers import BrokerNode
from minikafka.client.cluster import check
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import NONE, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequest,
    ShareGroupDescribeRequest,
)


class ShareGroupMember(NamedTuple):
    member_id: str
    client_id: str
    host: str
    member_epoch: int
    partitions: list[TopicPartition]


class ShareGroupDescription(NamedTuple):
    """``state`` is the broker's word for it ("Stable", "Empty", "Dead")."""

    group_id: str
    state: str
    coordinator: BrokerNode
    members: list[ShareGroupMember]
    group_epoch: int
    assignment_epoch: int


class SharePartition(NamedTuple):
    """Where a group reads a partition from; None where that is not known."""

    start_offset: int | None
    leader_epoch: int | None
    lag: int | None


def describe_share_group(coordinator: GroupCoordinator) -> ShareGroupDescription:
    """Raises ApiError, ClientError."""
    request = ShareGroupDescribeRequest(group_ids=[coordinator.group_id])
    group = coordinator.call(request, lambda answer: answer.groups[0].error_code).groups[0]
    check(group.error_code, group.error_message)
    node_id = coordinator.node_id()
    host, port = coordinator.cluster.address(node_id)
    members = [
        ShareGroupMember(
            member.member_id,
            member.client_id,
            member.client_host,
            member.member_epoch,
            [(topic.topic_name, index) for topic in member.assignment.topic_partitions for index in topic.partitions],
        )
        for member in group.members
    ]
    return ShareGroupDescription(
        group.group_id,
        group.group_state,
        BrokerNode(node_id, host, port, None, False),
        members,
        group.group_epoch,
        group.assignment_epoch,
    )


def share_group_offsets(coordinator: GroupCoordinator) -> dict[TopicPartition, SharePartition]:
    """All partitions that the group has an offset for. Raises ApiError, ClientError."""
    wanted = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(
        group_id=coordinator.group_id, topics=None
    )
    request = DescribeShareGroupOffsetsRequest(groups=[wanted])
    group = coordinator.call(request, lambda answer: answer.groups[0].error_code).groups[0]
    check(group.error_code, group.error_message)
    found = {}
    for topic in group.topics:
        for part in topic.partitions:
            if part.error_code == NONE:
                known = part.start_offset >= 0
                found[topic.topic_name, part.partition_index] = SharePartition(
                    part.start_offset if known else None,
                    part.leader_epoch if known else None,
                    part.lag if known and part.lag >= 0 else None,
                )
    return found


def set_share_group_offsets(coordinator: GroupCoordinator, offsets: Mapping[TopicPartition, int]) -> None:
    """Let a group without members go on from these offsets. Raises ApiError, ClientError."""
    request = AlterShareGroupOffsetsRequest(
        group_id=coordinator.group_id,
        topics=[
            AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestTopic(
                topic_name=topic,
                partitions=[
                    AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestPartition(
                        partition_index=index, start_offset=offsets[topic, index]
                    )
                    for index in indexes
                ],
            )
            for topic, indexes in by_topic(offsets).items()
        ],
    )
    answer = coordinator.call(request, lambda response: response.error_code)
    check(answer.error_code, answer.error_message)
    for topic in answer.responses:
        for part in topic.partitions:
            check(part.error_code, part.error_message)


def delete_share_group_offsets(coordinator: GroupCoordinator, topics: Iterable[str]) -> dict[str, ApiError | None]:
    """Topic -> why its offsets are still there. Raises ApiError where all are, and ClientError."""
    request = DeleteShareGroupOffsetsRequest(
        group_id=coordinator.group_id,
        topics=[
            DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic(topic_name=topic) for topic in topics
        ],
    )
    answer = coordinator.call(request, lambda response: response.error_code)
    check(answer.error_code, answer.error_message)
    return {
        topic.topic_name: None if topic.error_code == NONE else ApiError(topic.error_code, topic.error_message)
        for topic in answer.responses
    }
