"""Topics: list, describe, create, extend, delete; over whichever API the broker has for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from minikafka.client.cluster import Cluster, check
from minikafka.errors import LEADER_NOT_AVAILABLE, NONE, UNKNOWN_TOPIC_OR_PARTITION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    MetadataResponse,
)
from minikafka.protocol.primitives import ZERO_UUID

TIMEOUT_MS = 30_000
_INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})


class PartitionDescription(NamedTuple):
    """``leader`` is -1 when there is none; the eligible leader replicas (KIP-966) are None where unknown."""

    partition: int
    leader: int
    replicas: list[int]
    isr: list[int]
    eligible_leader_replicas: list[int] | None
    last_known_eligible_leader_replicas: list[int] | None


class TopicDescription(NamedTuple):
    """``topic_id`` is all zeros where the broker has no topic ids."""

    name: str
    topic_id: bytes
    is_internal: bool
    partitions: list[PartitionDescription]


def list_topics(cluster: Cluster) -> list[TopicDescription]:
    """All topics by name, internal ones included. Raises ClientError."""
    found = [_from_metadata(topic) for topic in cluster.metadata(None).topics if topic.error_code in _STILL_A_TOPIC]
    return sorted(found, key=lambda topic: topic.name)


# A topic that is just being created has no leaders yet, and is a topic all the same.
_STILL_A_TOPIC = frozenset({NONE, LEADER_NOT_AVAILABLE})


def describe_topics(
    cluster: Cluster, names: Iterable[str], *, partition_limit: int = 2000
) -> dict[str, TopicDescription]:
    """The topics in the order of their names.

    :param partition_limit: of how many partitions one answer may tell, where the broker lets itself be limited.
    :raises ApiError: one of them is not there. ClientError.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    if cluster.any_broker().served_versions(DescribeTopicPartitionsRequest.api_key) is not None:
        return _describe_by_pages(cluster, wanted, partition_limit)
    topics = {topic.name or "": topic for topic in cluster.metadata(wanted).topics}
    for topic in topics.values():
        if topic.error_code not in _STILL_A_TOPIC:
            check(topic.error_code)
    return {name: _from_metadata(topics[name]) for name in wanted}


def create_topic(
    cluster: Cluster,
    name: str,
    *,
    partitions: int = -1,
    replication_factor: int = -1,
    assignment: Mapping[int, Sequence[int]] | None = None,
    configs: Mapping[str, str] | None = None,
) -> None:
    """:raises ApiError: why the topic was not created. ClientError."""
    topic = CreateTopicsRequest.CreatableTopic(
        name=name,
        num_partitions=-1 if assignment else partitions,
        replication_factor=-1 if assignment else replication_factor,
        assignments=[
            CreateTopicsRequest.CreatableReplicaAssignment(partition_index=index, broker_ids=list(replicas))
            for index, replicas in (assignment or {}).items()
        ],
        configs=[
            CreateTopicsRequest.CreatableTopicConfig(name=key, value=value) for key, value in (configs or {}).items()
        ],
    )
    request = CreateTopicsRequest(topics=[topic], timeout_ms=TIMEOUT_MS)
    answer = cluster.call_controller(request, lambda response: [topic.error_code for topic in response.topics])
    for result in answer.topics:
        check(result.error_code, result.error_message)


def create_partitions(cluster: Cluster, counts: Mapping[str, int], assignments: Mapping[str, list[list[int]]]) -> None:
    """Raise the partitions of topics to ``counts``; ``assignments``: replicas of the new ones, where they matter.

    :raises ApiError: why one of them has no more than before. ClientError.
    """
    topics = [
        CreatePartitionsRequest.CreatePartitionsTopic(
            name=name,
            count=count,
            assignments=[
                CreatePartitionsRequest.CreatePartitionsAssignment(broker_ids=replicas)
                for replicas in assignments[name]
            ]
            if name in assignments
            else None,
        )
        for name, count in counts.items()
    ]
    request = CreatePartitionsRequest(topics=topics, timeout_ms=TIMEOUT_MS)
    answer = cluster.call_controller(request, lambda response: [topic.error_code for topic in response.results])
    for result in answer.results:
        check(result.error_code, result.error_message)


def delete_topics(cluster: Cluster, names: Sequence[str]) -> None:
    """:raises ApiError: why one of them is still there. ClientError."""
    request = DeleteTopicsRequest(timeout_ms=TIMEOUT_MS)
    if cluster.any_broker().highest_version(request) >= 6:
        request.topics = [DeleteTopicsRequest.DeleteTopicState(name=name) for name in names]
    else:
        request.topic_names = list(names)
    answer = cluster.call_controller(request, lambda response: [topic.error_code for topic in response.responses])
    for result in answer.responses:
        check(result.error_code, result.error_message)


def _describe_by_pages(cluster: Cluster, names: list[str], partition_limit: int) -> dict[str, TopicDescription]:
    found: dict[str, TopicDescription] = {}
    request = DescribeTopicPartitionsRequest(
        topics=[DescribeTopicPartitionsRequest.TopicRequest(name=name) for name in names],
        response_partition_limit=partition_limit,
    )
    while True:
        answer: DescribeTopicPartitionsResponse = cluster.call(request)
        for topic in answer.topics:
            check(topic.error_code)
            described = found.setdefault(
                topic.name or "", TopicDescription(topic.name or "", topic.topic_id, topic.is_internal, [])
            )
            described.partitions.extend(_from_page(partition) for partition in topic.partitions)
        cursor = answer.next_cursor
        if cursor is None:
            break
        request.cursor = DescribeTopicPartitionsRequest.Cursor(
            topic_name=cursor.topic_name, partition_index=cursor.partition_index
        )
    missing = [name for name in names if name not in found]
    if missing:
        raise ApiError(UNKNOWN_TOPIC_OR_PARTITION)
    return {name: found[name] for name in names}


def _from_page(
    partition: DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition,
) -> PartitionDescription:
    return PartitionDescription(
        partition.partition_index,
        partition.leader_id,
        partition.replica_nodes,
        partition.isr_nodes,
        partition.eligible_leader_replicas,
        partition.last_known_elr,
    )


def _from_metadata(topic: MetadataResponse.MetadataResponseTopic) -> TopicDescription:
    name = topic.name or ""
    partitions = [
        PartitionDescription(part.partition_index, part.leader_id, part.replica_nodes, part.isr_nodes, None, None)
        for part in sorted(topic.partitions, key=lambda part: part.partition_index)
    ]
    is_internal = topic.is_internal or name in _INTERNAL_TOPICS
    return TopicDescription(name, topic.topic_id or ZERO_UUID, is_internal, partitions)
