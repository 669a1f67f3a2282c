"""OffsetFetch (key 9), versions 0-10: where groups are in their partitions.

0: an offset that was never committed is UNKNOWN_TOPIC_OR_PARTITION, as it was when ZooKeeper held them; 2: no topics
means all of them, and errors of the group stand beside the topics; 5: leader epochs (KIP-320); 7: only stable offsets
(KIP-447); 8: several groups (KIP-709); 9: members (KIP-848); 10: topics by id.
Source: Kafka's KafkaApis.handleOffsetFetchRequest, OffsetFetchRequest.groups, OffsetFetchResponse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import gather, map_pending
from minikafka.errors import NONE, UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION
from minikafka.handlers._groups import ZERO_TOPIC_ID, topic_name_of
from minikafka.protocol.messages import OffsetFetchRequest, OffsetFetchResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

TOP_LEVEL_ERROR_SINCE_VERSION = 2
SEVERAL_GROUPS_SINCE_VERSION = 8
TOPIC_IDS_SINCE_VERSION = 10
INVALID_OFFSET = -1

_Group = OffsetFetchRequest.OffsetFetchRequestGroup
_Topics = OffsetFetchRequest.OffsetFetchRequestTopics
_GroupResponse = OffsetFetchResponse.OffsetFetchResponseGroup
_TopicsResponse = OffsetFetchResponse.OffsetFetchResponseTopics
_PartitionsResponse = OffsetFetchResponse.OffsetFetchResponsePartitions


def handle(ctx: RequestContext, request: OffsetFetchRequest) -> OffsetFetchResponse | Pending[OffsetFetchResponse]:
    version = ctx.api_version
    groups = request.groups if version >= SEVERAL_GROUPS_SINCE_VERSION else [_single_group(request)]
    answers = gather([_fetch(ctx, group, request.require_stable) for group in groups])
    if version >= SEVERAL_GROUPS_SINCE_VERSION:
        return map_pending(answers, lambda groups: OffsetFetchResponse(groups=groups))
    return map_pending(answers, lambda groups: _single_answer(request, groups[0], version))


def error_response(request: OffsetFetchRequest, code: int) -> OffsetFetchResponse:
    """The answer when the request fails as a whole: each place where a version may look for the error has it."""
    return OffsetFetchResponse(
        error_code=code,
        topics=[_failed_topic(topic.name, topic.partition_indexes, code) for topic in request.topics or ()],
        groups=[_GroupResponse(group_id=group.group_id, error_code=code) for group in request.groups],
    )


def _single_group(request: OffsetFetchRequest) -> _Group:
    """What versions up to 7 ask, in the form of the later ones."""
    topics = request.topics
    return _Group(
        group_id=request.group_id,
        topics=None
        if topics is None
        else [_Topics(name=topic.name, partition_indexes=topic.partition_indexes) for topic in topics],
    )


def _fetch(ctx: RequestContext, group: _Group, require_stable: bool) -> _GroupResponse | Pending[_GroupResponse]:
    if ctx.api_version < TOPIC_IDS_SINCE_VERSION:
        return ctx.broker.groups.fetch_offsets(group, require_stable=require_stable)
    if group.topics is None:
        return map_pending(
            ctx.broker.groups.fetch_offsets(group, require_stable=require_stable),
            lambda answer: _with_topic_ids(ctx, answer),
        )
    unknown = []
    known = []
    for topic in group.topics:
        name = topic_name_of(ctx, topic.topic_id)
        if name is None:
            unknown.append(_topic_without_id(topic))
        else:
            topic.name = name
            known.append(topic)
    group.topics = known
    return map_pending(
        ctx.broker.groups.fetch_offsets(group, require_stable=require_stable),
        lambda answer: _with_topics(answer, unknown),
    )


def _with_topics(answer: _GroupResponse, more: list[_TopicsResponse]) -> _GroupResponse:
    if answer.error_code == NONE:
        answer.topics = [*answer.topics, *more]
    return answer


def _with_topic_ids(ctx: RequestContext, answer: _GroupResponse) -> _GroupResponse:
    """All topics of a group by id: those that are gone have none, and cannot be told of."""
    for topic in answer.topics:
        known = ctx.broker.image.topics_by_name.get(topic.name)
        topic.topic_id = ZERO_TOPIC_ID if known is None else known.topic_id
    answer.topics = [topic for topic in answer.topics if topic.topic_id != ZERO_TOPIC_ID]
    return answer


def _topic_without_id(topic: _Topics) -> _TopicsResponse:
    return _TopicsResponse(
        topic_id=topic.topic_id,
        partitions=[
            _PartitionsResponse(
                partition_index=partition, committed_offset=INVALID_OFFSET, metadata="", error_code=UNKNOWN_TOPIC_ID
            )
            for partition in topic.partition_indexes
        ],
    )


def _single_answer(request: OffsetFetchRequest, group: _GroupResponse, version: int) -> OffsetFetchResponse:
    """In the form of versions up to 7. Before 2 an error of the group stands in every partition."""
    if group.error_code != NONE:
        topics = request.topics or () if version < TOP_LEVEL_ERROR_SINCE_VERSION else ()
        return OffsetFetchResponse(
            error_code=group.error_code,
            topics=[_failed_topic(topic.name, topic.partition_indexes, group.error_code) for topic in topics],
        )
    return OffsetFetchResponse(
        topics=[
            OffsetFetchResponse.OffsetFetchResponseTopic(
                name=topic.name, partitions=[_single_partition(one, version) for one in topic.partitions]
            )
            for topic in group.topics
        ]
    )


def _single_partition(one: _PartitionsResponse, version: int) -> OffsetFetchResponse.OffsetFetchResponsePartition:
    never_committed = one.error_code == NONE and one.committed_offset == INVALID_OFFSET
    return OffsetFetchResponse.OffsetFetchResponsePartition(
        partition_index=one.partition_index,
        committed_offset=one.committed_offset,
        committed_leader_epoch=one.committed_leader_epoch,
        metadata=one.metadata,
        error_code=UNKNOWN_TOPIC_OR_PARTITION if version == 0 and never_committed else one.error_code,
    )


def _failed_topic(name: str, partitions: list[int], code: int) -> OffsetFetchResponse.OffsetFetchResponseTopic:
    return OffsetFetchResponse.OffsetFetchResponseTopic(
        name=name,
        partitions=[
            OffsetFetchResponse.OffsetFetchResponsePartition(
                partition_index=partition, committed_offset=INVALID_OFFSET, metadata="", error_code=code
            )
            for partition in partitions
        ],
    )
