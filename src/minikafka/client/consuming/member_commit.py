"""Commits of a group's member: they only count while its partitions are its own."""

from __future__ import annotations

from collections.abc import Mapping

from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import NONE
from minikafka.protocol.messages import OffsetCommitRequest, OffsetCommitResponse

_LAST_VERSION_WITH_TOPIC_NAMES = 9


def commit_as_member(
    coordinator: GroupCoordinator,
    offsets: Mapping[TopicPartition, int],
    *,
    member_id: str,
    generation_id_or_member_epoch: int,
    instance_id: str | None,
) -> list[int]:
    """The error codes of the partitions. Raises ApiError, ClientError.

    :param member_id: "" and -1 as the generation: of no member, which only a group without any takes.
    """
    request = OffsetCommitRequest(
        group_id=coordinator.group_id,
        topics=[
            OffsetCommitRequest.OffsetCommitRequestTopic(
                name=topic,
                partitions=[
                    OffsetCommitRequest.OffsetCommitRequestPartition(
                        partition_index=index, committed_offset=offsets[topic, index], committed_metadata=""
                    )
                    for index in indexes
                ],
            )
            for topic, indexes in by_topic(offsets).items()
        ],
    )
    version = min(coordinator.version(request), _LAST_VERSION_WITH_TOPIC_NAMES)
    if version >= 1:
        request.generation_id_or_member_epoch = generation_id_or_member_epoch
        request.member_id = member_id
    if version >= 7 and member_id:
        request.group_instance_id = instance_id
    answer = coordinator.call(request, lambda answer: next(filter(None, _codes(answer)), NONE), max_version=version)
    return _codes(answer)


def _codes(answer: OffsetCommitResponse) -> list[int]:
    return [part.error_code for topic in answer.topics for part in topic.partitions]
