"""Partitions that are moved between brokers (KIP-455), and between log directories of one (KIP-113)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.controllers import Controllers
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    AlterPartitionReassignmentsRequest,
    AlterReplicaLogDirsRequest,
    ListPartitionReassignmentsRequest,
)

_TIMEOUT_MS: Final = 30_000


class Reassignment(NamedTuple):
    replicas: list[int]
    adding_replicas: list[int]
    removing_replicas: list[int]


def list_reassignments(controllers: Controllers) -> dict[TopicPartition, Reassignment]:
    """Partitions that are being moved; none where the cluster cannot tell. Raises ApiError, ClientError."""
    if controllers.cluster.any_broker().served_versions(ListPartitionReassignmentsRequest.api_key) is None:
        return {}
    request = ListPartitionReassignmentsRequest(topics=None, timeout_ms=_TIMEOUT_MS)
    answer = controllers.call(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)
    return {
        (topic.name, partition.partition_index): Reassignment(
            partition.replicas, partition.adding_replicas, partition.removing_replicas
        )
        for topic in answer.topics
        for partition in topic.partitions
    }


def alter_reassignments(
    controllers: Controllers,
    replicas: Mapping[TopicPartition, Sequence[int] | None],
    *,
    allow_replication_factor_change: bool = True,
) -> dict[TopicPartition, ApiError | None]:
    """Move partitions to these brokers, or where that is None, back. Partition -> why it is not done.

    Raises ApiError, ClientError.
    """
    request = AlterPartitionReassignmentsRequest(
        timeout_ms=_TIMEOUT_MS,
        topics=[
            AlterPartitionReassignmentsRequest.ReassignableTopic(
                name=topic,
                partitions=[
                    AlterPartitionReassignmentsRequest.ReassignablePartition(
                        partition_index=index, replicas=_listed(replicas[topic, index])
                    )
                    for index in indexes
                ],
            )
            for topic, indexes in by_topic(replicas).items()
        ],
    )
    if not allow_replication_factor_change:
        if controllers.cluster.any_broker().highest_version(request) < 1:
            raise ApiError(UNSUPPORTED_VERSION)
        request.allow_replication_factor_change = False
    answer = controllers.call(request, lambda response: [response.error_code])
    check(answer.error_code, answer.error_message)
    return {
        (topic.name, part.partition_index): None
        if part.error_code == NONE
        else ApiError(part.error_code, part.error_message)
        for topic in answer.responses
        for part in topic.partitions
    }


def alter_log_dirs(
    cluster: Cluster, broker_id: int, directories: Mapping[TopicPartition, str]
) -> dict[TopicPartition, int]:
    """Move a broker's replicas to these directories of its own. Partition -> error code. Raises ClientError."""
    request = AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDirsRequest.AlterReplicaLogDir(
                path=path,
                topics=[
                    AlterReplicaLogDirsRequest.AlterReplicaLogDirTopic(name=topic, partitions=indexes)
                    for topic, indexes in by_topic(
                        where for where, directory in directories.items() if directory == path
                    ).items()
                ],
            )
            for path in dict.fromkeys(directories.values())
        ]
    )
    answer = cluster.broker(broker_id).call(request)
    return {
        (topic.topic_name, part.partition_index): part.error_code
        for topic in answer.results
        for part in topic.partitions
    }


def _listed(replicas: Sequence[int] | None) -> list[int] | None:
    return None if replicas is None else list(replicas)
