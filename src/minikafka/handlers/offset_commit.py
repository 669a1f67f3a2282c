"""OffsetCommit (key 8), versions 0-10: store where a group is in its partitions.

Version 0 has neither member nor generation: it commits for a group without members (once to ZooKeeper, today to the
same place as all others). 1: a timestamp for each offset; 2-4: a retention for all; 6: leader epochs (KIP-320);
7: static members (KIP-345); 9: member epochs (KIP-848); 10: topics by id. Partitions that do not exist are refused one
by one.
Source: Kafka's KafkaApis.handleOffsetCommitRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.group_coordinator import offset_commit_error
from minikafka.errors import UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION
from minikafka.handlers._groups import caller_of, partition_exists, topic_name_of
from minikafka.protocol.messages import OffsetCommitRequest, OffsetCommitResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

TOPIC_IDS_SINCE_VERSION = 10

_Topic = OffsetCommitRequest.OffsetCommitRequestTopic
_TopicResponse = OffsetCommitResponse.OffsetCommitResponseTopic
_PartitionResponse = OffsetCommitResponse.OffsetCommitResponsePartition

error_response = offset_commit_error


def handle(ctx: RequestContext, request: OffsetCommitRequest) -> OffsetCommitResponse | Pending[OffsetCommitResponse]:
    refused: list[_TopicResponse] = []
    known: list[_Topic] = []
    for topic in request.topics:
        _sort(ctx, topic, known, refused)
    if not known:
        return OffsetCommitResponse(topics=refused)
    request.topics = known
    if not refused and len(known) == 1:
        return ctx.broker.groups.commit_offsets(caller_of(ctx), request)
    return map_pending(
        ctx.broker.groups.commit_offsets(caller_of(ctx), request), lambda response: _merged(refused, response)
    )


def _sort(ctx: RequestContext, topic: _Topic, known: list[_Topic], refused: list[_TopicResponse]) -> None:
    """Put the topic's partitions that exist to ``known``, and the answer for the others to ``refused``."""
    code = UNKNOWN_TOPIC_OR_PARTITION
    if ctx.api_version >= TOPIC_IDS_SINCE_VERSION:
        name = topic_name_of(ctx, topic.topic_id)
        if name is None:
            code = UNKNOWN_TOPIC_ID
        topic.name = name or ""
    existing: list[OffsetCommitRequest.OffsetCommitRequestPartition] = []
    missing: list[OffsetCommitRequest.OffsetCommitRequestPartition] = []
    for one in topic.partitions:
        (existing if partition_exists(ctx, topic.name, one.partition_index) else missing).append(one)
    if missing:
        refused.append(
            _TopicResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    _PartitionResponse(partition_index=one.partition_index, error_code=code) for one in missing
                ],
            )
        )
    if existing:
        topic.partitions = existing
        known.append(topic)


def _merged(refused: list[_TopicResponse], response: OffsetCommitResponse) -> OffsetCommitResponse:
    """One answer; a topic is in it once, even when some of its partitions were refused before."""
    by_topic = {(topic.topic_id, topic.name): topic for topic in refused}
    for topic in response.topics:
        before = by_topic.get((topic.topic_id, topic.name))
        if before is None:
            refused.append(topic)
            by_topic[topic.topic_id, topic.name] = topic
        else:
            before.partitions = [*before.partitions, *topic.partitions]
    return OffsetCommitResponse(topics=refused)
