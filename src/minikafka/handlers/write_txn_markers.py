"""WriteTxnMarkers (key 27), versions 0-2: end transactions in partitions, as another coordinator orders it (KIP-98).

Here it comes from admin tools alone, which abort hanging transactions with it (KIP-664). Version 2 says by which
transaction version's rules the epoch is to be checked (KIP-890).
Source: Kafka's KafkaApis.handleWriteTxnMarkersRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.transactions.transaction_markers import Marker
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    COORDINATOR_NOT_AVAILABLE,
    NOT_COORDINATOR,
    NOT_LEADER_OR_FOLLOWER,
)
from minikafka.protocol.messages import WriteTxnMarkersRequest, WriteTxnMarkersResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_Marker = WriteTxnMarkersRequest.WritableTxnMarker
_MarkerResult = WriteTxnMarkersResponse.WritableTxnMarkerResult
_TopicResult = WriteTxnMarkersResponse.WritableTxnMarkerTopicResult
_PartitionResult = WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult

_NOT_READY = frozenset({COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR})
"""What the group coordinator may say for its topic; who writes markers knows the second word for it."""


def handle(ctx: RequestContext, request: WriteTxnMarkersRequest) -> WriteTxnMarkersResponse:
    def write(marker: _Marker, topic: str, partition: int) -> int:
        code = ctx.broker.transaction_markers.write(
            topic,
            partition,
            Marker(
                marker.producer_id,
                marker.producer_epoch,
                marker.coordinator_epoch,
                marker.transaction_result,
                marker.transaction_version,
            ),
        )
        return NOT_LEADER_OR_FOLLOWER if code in _NOT_READY else code

    results: dict[int, _MarkerResult] = {}
    for marker in request.markers:
        result = results.setdefault(marker.producer_id, _MarkerResult(producer_id=marker.producer_id))
        result.topics = result.topics + [
            _TopicResult(
                name=topic.name,
                partitions=[
                    _PartitionResult(partition_index=index, error_code=write(marker, topic.name, index))
                    for index in topic.partition_indexes
                ],
            )
            for topic in marker.topics
        ]
    return WriteTxnMarkersResponse(markers=list(results.values()))


def error_response(request: WriteTxnMarkersRequest, code: int) -> WriteTxnMarkersResponse:
    """The answer when the request fails as a whole."""
    return WriteTxnMarkersResponse(
        markers=[
            _MarkerResult(
                producer_id=marker.producer_id,
                topics=[
                    _TopicResult(
                        name=topic.name,
                        partitions=[
                            _PartitionResult(partition_index=index, error_code=code)
                            for index in topic.partition_indexes
                        ],
                    )
                    for topic in marker.topics
                ],
            )
            for marker in request.markers
        ]
    )
