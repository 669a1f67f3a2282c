"""ListPartitionReassignments (key 46), version 0: which partitions are being given other replicas (KIP-455).

Only a directory that comes from a larger cluster can have any: one node finishes its own at once.
Source: ReplicationControlManager.listPartitionReassignments.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from minikafka.protocol.messages import ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.state.topics import PartitionImage, TopicImage

_Topic = ListPartitionReassignmentsResponse.OngoingTopicReassignment
_Partition = ListPartitionReassignmentsResponse.OngoingPartitionReassignment


def handle(ctx: RequestContext, request: ListPartitionReassignmentsRequest) -> ListPartitionReassignmentsResponse:
    topics = []
    for topic, partitions in _asked_for(ctx, request):
        ongoing = [_ongoing(partition) for partition in partitions if _is_ongoing(partition)]
        if ongoing:
            topics.append(_Topic(name=topic.name, partitions=ongoing))
    return ListPartitionReassignmentsResponse(error_message=None, topics=topics)


def _asked_for(
    ctx: RequestContext, request: ListPartitionReassignmentsRequest
) -> Iterator[tuple[TopicImage, list[PartitionImage]]]:
    known = ctx.broker.image.topics_by_name
    if request.topics is None:
        yield from ((topic, topic.partitions) for topic in known.values())
        return
    for wanted in request.topics:
        topic = known.get(wanted.name)
        if topic is not None:
            found = (topic.partition(index) for index in wanted.partition_indexes)
            yield topic, [partition for partition in found if partition is not None]


def _is_ongoing(partition: PartitionImage) -> bool:
    return bool(partition.adding_replicas or partition.removing_replicas)


def _ongoing(partition: PartitionImage) -> _Partition:
    return _Partition(
        partition_index=partition.index,
        replicas=partition.replicas,
        adding_replicas=partition.adding_replicas,
        removing_replicas=partition.removing_replicas,
    )
