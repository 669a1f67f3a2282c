"""The committed offsets of a group: fetch, set and delete them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from minikafka.client.cluster import Cluster, check
from minikafka.client.consuming.member_commit import commit_as_member
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import OffsetDeleteRequest, OffsetFetchRequest

_LAST_VERSION_WITH_TOPIC_NAMES: Final = 9  # of OffsetFetch
_FIRST_VERSION_FOR_ALL_TOPICS: Final = 2  # of OffsetFetch: Kafka 0.10.2
_NO_LEADER_EPOCH: Final = -1
_NO_GENERATION: Final = -1


class CommittedOffset(NamedTuple):
    """``leader_epoch`` is None where it was not committed, or the broker does not tell."""

    offset: int
    leader_epoch: int | None
    metadata: str


def fetch_offsets(
    coordinator: GroupCoordinator, partitions: dict[str, list[int]] | None, *, require_stable: bool = False
) -> dict[TopicPartition, CommittedOffset]:
    """The group's offsets; partitions without one are not there. ``partitions``: indexes by topic, None for all.

    Raises ApiError, ClientError.
    """
    request = OffsetFetchRequest()
    version = min(coordinator.version(request), _LAST_VERSION_WITH_TOPIC_NAMES)
    if partitions is None and version < _FIRST_VERSION_FOR_ALL_TOPICS:
        partitions = _all_partitions(coordinator.cluster)
    if version >= 8:
        request.groups = [_wanted_of_group(coordinator.group_id, partitions)]
    else:
        request.group_id = coordinator.group_id
        request.topics = None
        if partitions is not None:
            request.topics = [
                OffsetFetchRequest.OffsetFetchRequestTopic(name=topic, partition_indexes=indexes)
                for topic, indexes in partitions.items()
            ]
    if version >= 7:
        request.require_stable = require_stable
    answer = coordinator.call(request, lambda response: _group(response, version).error_code, max_version=version)
    group = _group(answer, version)
    check(group.error_code)
    found = {}
    for topic in group.topics:
        for part in topic.partitions:
            check(part.error_code)
            if part.committed_offset >= 0:
                epoch = part.committed_leader_epoch
                found[topic.name, part.partition_index] = CommittedOffset(
                    part.committed_offset, None if epoch == _NO_LEADER_EPOCH else epoch, part.metadata or ""
                )
    return found


def set_offsets(coordinator: GroupCoordinator, offsets: Mapping[TopicPartition, int]) -> None:
    """Set the offsets of a group that has no members. Raises ApiError, ClientError."""
    if not offsets:
        return
    for code in commit_as_member(
        coordinator, offsets, member_id="", generation_id_or_member_epoch=_NO_GENERATION, instance_id=None
    ):
        check(code)


def delete_offsets(coordinator: GroupCoordinator, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """Partition -> error code. Raises ApiError where none is deleted, and ClientError (KIP-496)."""
    request = OffsetDeleteRequest(
        group_id=coordinator.group_id,
        topics=[
            OffsetDeleteRequest.OffsetDeleteRequestTopic(
                name=topic,
                partitions=[
                    OffsetDeleteRequest.OffsetDeleteRequestPartition(partition_index=index) for index in indexes
                ],
            )
            for topic, indexes in by_topic(partitions).items()
        ],
    )
    answer = coordinator.call(request, lambda response: response.error_code)
    check(answer.error_code)
    return {(topic.name, part.partition_index): part.error_code for topic in answer.topics for part in topic.partitions}


def _wanted_of_group(
    group_id: str, partitions: dict[str, list[int]] | None
) -> OffsetFetchRequest.OffsetFetchRequestGroup:
    wanted = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group_id, topics=None)
    if partitions is not None:
        wanted.topics = [
            OffsetFetchRequest.OffsetFetchRequestTopics(name=topic, partition_indexes=indexes)
            for topic, indexes in partitions.items()
        ]
    return wanted


def _group(answer: Any, version: int) -> Any:
    return answer.groups[0] if version >= 8 else answer


def _all_partitions(cluster: Cluster) -> dict[str, list[int]]:
    return {
        topic.name or "": [part.partition_index for part in topic.partitions] for topic in cluster.metadata(None).topics
    }
