"""OffsetDelete (key 47), version 0: forget where a group is in partitions that it does not read (KIP-496).

Source: Kafka's KafkaApis.handleOffsetDeleteRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.errors import NONE, UNKNOWN_TOPIC_OR_PARTITION
from minikafka.handlers._groups import partition_exists
from minikafka.protocol.messages import OffsetDeleteRequest, OffsetDeleteResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

_Topic = OffsetDeleteRequest.OffsetDeleteRequestTopic
_Partition = OffsetDeleteRequest.OffsetDeleteRequestPartition
_TopicResponse = OffsetDeleteResponse.OffsetDeleteResponseTopic
_PartitionResponse = OffsetDeleteResponse.OffsetDeleteResponsePartition


def handle(ctx: RequestContext, request: OffsetDeleteRequest) -> OffsetDeleteResponse | Pending[OffsetDeleteResponse]:
    asked = _asked(request)
    existing: dict[str, list[_Partition]] = {}
    for name, partition in asked:
        if partition_exists(ctx, name, partition):
            existing.setdefault(name, []).append(_Partition(partition_index=partition))
    request.topics = [_Topic(name=name, partitions=partitions) for name, partitions in existing.items()]
    return map_pending(ctx.broker.groups.delete_offsets(request), lambda response: _merged(asked, response))


def part_error_response(request: OffsetDeleteRequest, code: int) -> OffsetDeleteResponse:
    """The answer when each partition fails, and not the request as a whole."""
    return _response(_asked(request), {}, code)


def _asked(request: OffsetDeleteRequest) -> list[tuple[str, int]]:
    return [(topic.name, one.partition_index) for topic in request.topics for one in topic.partitions]


def _merged(asked: list[tuple[str, int]], response: OffsetDeleteResponse) -> OffsetDeleteResponse:
    """Every partition that was asked for, in that order; what the coordinator was not asked does not exist."""
    if response.error_code != NONE:
        return response
    codes = {(topic.name, one.partition_index): one.error_code for topic in response.topics for one in topic.partitions}
    return _response(asked, codes, UNKNOWN_TOPIC_OR_PARTITION)


def _response(asked: list[tuple[str, int]], codes: dict[tuple[str, int], int], other_code: int) -> OffsetDeleteResponse:
    topics: dict[str, list[_PartitionResponse]] = {}
    for name, partition in asked:
        code = codes.get((name, partition), other_code)
        topics.setdefault(name, []).append(_PartitionResponse(partition_index=partition, error_code=code))
    return OffsetDeleteResponse(
        topics=[_TopicResponse(name=name, partitions=partitions) for name, partitions in topics.items()]
    )
