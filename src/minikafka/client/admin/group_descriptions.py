"""What groups of consumers are doing: state, members and their partitions, in either protocol (KIP-848)."""

from __future__ import annotations

from collections.abc import Iterable

from minikafka.client.admin.groups import CLASSIC, CONSUMER
from minikafka.client.brokers import BrokerNode
from minikafka.client.cluster import Cluster, check
from minikafka.client.consuming.consumer_protocol import PROTOCOL_TYPE, assigned_partitions
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import GROUP_ID_NOT_FOUND, UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)


class GroupMemberDescription(NamedTuple):
    """``target`` and ``member_epoch`` are None in a classic group; ``is_upgraded``: whether the member of a consumer
    group speaks its protocol, None where the broker does not tell.
    """

    member_id: str
    instance_id: str | None
    client_id: str
    host: str
    partitions: list[TopicPartition]
    target: list[TopicPartition] | None
    member_epoch: int | None
    is_upgraded: bool | None


class ConsumerGroupDescription(NamedTuple):
    """``state`` is the broker's word for it ("Stable"); the epochs are None in a classic group."""

    group_id: str
    group_type: str
    state: str
    assignor: str
    coordinator: BrokerNode
    members: list[GroupMemberDescription]
    group_epoch: int | None
    target_assignment_epoch: int | None


def describe_consumer_groups(
    cluster: Cluster, group_ids: Iterable[str], *, timeout_s: float = 60.0
) -> dict[str, ConsumerGroupDescription]:
    """:raises ApiError: one of them cannot be described, or is not there. ClientError."""
    return {
        group_id: describe_consumer_group(cluster, group_id, timeout_s=timeout_s)
        for group_id in dict.fromkeys(group_ids)
    }


def describe_consumer_group(cluster: Cluster, group_id: str, *, timeout_s: float = 60.0) -> ConsumerGroupDescription:
    """Raises as ``describe_consumer_groups``. A broker before Kafka 4.0 says of a missing group that it is Dead."""
    coordinator = GroupCoordinator(cluster, group_id, timeout_s=timeout_s)
    refusal = None
    if coordinator.connection().served_versions(ConsumerGroupDescribeRequest.api_key) is not None:
        request = ConsumerGroupDescribeRequest(group_ids=[group_id])
        group = coordinator.call(request, lambda answer: answer.groups[0].error_code).groups[0]
        if group.error_code not in (GROUP_ID_NOT_FOUND, UNSUPPORTED_VERSION):
            check(group.error_code, group.error_message)
            return _consumer_group(group, _node(coordinator))
        refusal = group
    asked = DescribeGroupsRequest(groups=[group_id])
    classic = coordinator.call(asked, lambda answer: answer.groups[0].error_code).groups[0]
    if refusal is not None and refusal.error_code == classic.error_code:
        raise ApiError(GROUP_ID_NOT_FOUND, refusal.error_message)
    check(classic.error_code, classic.error_message)
    return _classic_group(classic, _node(coordinator))


def _consumer_group(
    group: ConsumerGroupDescribeResponse.DescribedGroup, coordinator: BrokerNode
) -> ConsumerGroupDescription:
    members = [
        GroupMemberDescription(
            member.member_id,
            member.instance_id,
            member.client_id,
            member.client_host,
            _partitions(member.assignment),
            _partitions(member.target_assignment),
            member.member_epoch,
            None if member.member_type < 0 else member.member_type == 1,
        )
        for member in group.members
    ]
    return ConsumerGroupDescription(
        group.group_id,
        CONSUMER,
        group.group_state,
        group.assignor_name,
        coordinator,
        members,
        group.group_epoch,
        group.assignment_epoch,
    )


def _classic_group(group: DescribeGroupsResponse.DescribedGroup, coordinator: BrokerNode) -> ConsumerGroupDescription:
    if group.protocol_type not in ("", PROTOCOL_TYPE):
        raise ClientError(f"GroupId {group.group_id} is not a consumer group ({group.protocol_type}).")
    members = [
        GroupMemberDescription(
            member.member_id,
            member.group_instance_id,
            member.client_id,
            member.client_host,
            assigned_partitions(bytes(member.member_assignment)),
            None,
            None,
            None,
        )
        for member in group.members
    ]
    return ConsumerGroupDescription(
        group.group_id, CLASSIC, group.group_state, group.protocol_data, coordinator, members, None, None
    )


def _partitions(assignment: ConsumerGroupDescribeResponse.Assignment) -> list[TopicPartition]:
    return [(topic.topic_name, index) for topic in assignment.topic_partitions for index in topic.partitions]


def _node(coordinator: GroupCoordinator) -> BrokerNode:
    node_id = coordinator.node_id()
    host, port = coordinator.cluster.address(node_id)
    return BrokerNode(node_id, host, port, None, False)
