"""DescribeProducers (key 61), version 0: the producers a partition remembers, and their open transactions (KIP-664).

Source: Kafka's KafkaApis.handleDescribeProducersRequest, UnifiedLog.activeProducers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.errors import ApiError
from minikafka.handlers._partitions import partition_log
from minikafka.protocol.messages import DescribeProducersRequest, DescribeProducersResponse
from minikafka.state import topic_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.handlers.context import RequestContext
    from minikafka.storage.producers.producer_entry import ProducerStateEntry

_PartitionResponse = DescribeProducersResponse.PartitionResponse


def handle(ctx: RequestContext, request: DescribeProducersRequest) -> DescribeProducersResponse:
    return _response(request, lambda topic, index: _describe(ctx, topic, index))


def error_response(request: DescribeProducersRequest, code: int) -> DescribeProducersResponse:
    """The answer when the request fails as a whole."""
    return _response(request, lambda _, index: _PartitionResponse(partition_index=index, error_code=code))


def _response(
    request: DescribeProducersRequest, describe: Callable[[str, int], _PartitionResponse]
) -> DescribeProducersResponse:
    return DescribeProducersResponse(
        topics=[
            DescribeProducersResponse.TopicResponse(
                name=topic.name, partitions=[describe(topic.name, index) for index in topic.partition_indexes]
            )
            for topic in request.topics
        ]
    )


def _describe(ctx: RequestContext, topic: str, index: int) -> _PartitionResponse:
    known = ctx.broker.image.topics_by_name.get(topic)
    try:
        topic_names.validate(topic)
        log = partition_log(ctx.broker, topic, index)
    except ApiError as error:
        # Kafka explains what is wrong with a topic, but not with a partition.
        message = error.message if known is None else None
        return _PartitionResponse(partition_index=index, error_code=error.code, error_message=message)
    return _PartitionResponse(
        partition_index=index, active_producers=[_described(entry) for entry in log.active_producers()]
    )


def _described(entry: ProducerStateEntry) -> DescribeProducersResponse.ProducerState:
    return DescribeProducersResponse.ProducerState(
        producer_id=entry.producer_id,
        producer_epoch=entry.producer_epoch,
        last_sequence=entry.last_sequence,
        last_timestamp=entry.last_timestamp,
        coordinator_epoch=entry.coordinator_epoch,
        current_txn_start_offset=entry.current_txn_first_offset,
    )
