"""Elections of leaders that an administrator asks for (KIP-183, KIP-460)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ApiError
from minikafka.protocol.messages import ElectLeadersRequest

PREFERRED: Final = 0
UNCLEAN: Final = 1


def elect_leaders(
    cluster: Cluster, election_type: int, partitions: Iterable[TopicPartition] | None, *, timeout_ms: int
) -> dict[TopicPartition, ApiError | None]:
    """Partition -> why it has no other leader. ``partitions`` None: all, of which only those that matter are answered.

    Raises ApiError, ClientError.
    """
    request = ElectLeadersRequest(topic_partitions=None, timeout_ms=timeout_ms)
    if partitions is not None:
        request.topic_partitions = [
            ElectLeadersRequest.TopicPartitions(topic=topic, partitions=indexes)
            for topic, indexes in by_topic(partitions).items()
        ]
    if cluster.any_broker().highest_version(request) >= 1:
        request.election_type = election_type
    elif election_type != PREFERRED:
        raise ApiError(UNSUPPORTED_VERSION)
    answer = cluster.call_controller(request, lambda response: [response.error_code])
    check(answer.error_code)
    return {
        (topic.topic, part.partition_id): None
        if part.error_code == NONE
        else ApiError(part.error_code, part.error_message)
        for topic in answer.replica_election_results
        for part in topic.partition_result
    }
