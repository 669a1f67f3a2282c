"""ReadShareGroupStateSummary (key 87), versions 0-1: where a share group begins in partitions (KIP-932).

The group coordinator asks for it to describe the offsets of a group. Version 1 adds how many records are done with
(KIP-1226).
Source: Kafka's ShareCoordinatorService.readStateSummary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.share_state.outcomes import ReadSummary
from minikafka.handlers._share_states import ByPartition, ask_each, fail_each, results
from minikafka.protocol.messages import ReadShareGroupStateSummaryResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ReadShareGroupStateSummaryRequest

_Result = ReadShareGroupStateSummaryResponse.ReadStateSummaryResult
_PartitionResult = ReadShareGroupStateSummaryResponse.PartitionResult


def handle(
    ctx: RequestContext, request: ReadShareGroupStateSummaryRequest
) -> ReadShareGroupStateSummaryResponse | Pending[ReadShareGroupStateSummaryResponse]:
    states = ctx.broker.share_states

    def read_summary(
        topic_id: bytes, partition: ReadShareGroupStateSummaryRequest.PartitionData
    ) -> ReadSummary | Pending[ReadSummary]:
        return states.read_summary(request.group_id, topic_id, partition.partition, partition.leader_epoch)

    return map_pending(ask_each(request, read_summary), _response)


def error_response(request: ReadShareGroupStateSummaryRequest, code: int) -> ReadShareGroupStateSummaryResponse:
    """The answer when the request fails as a whole."""
    return _response(fail_each(request, code, ReadSummary))


def _response(outcomes: ByPartition[ReadSummary]) -> ReadShareGroupStateSummaryResponse:
    return ReadShareGroupStateSummaryResponse(results=results(outcomes, _Result, _partition_result))


def _partition_result(partition: int, outcome: ReadSummary) -> _PartitionResult:
    return _PartitionResult(
        partition=partition,
        error_code=outcome.code,
        error_message=outcome.message,
        state_epoch=outcome.state_epoch,
        leader_epoch=outcome.leader_epoch,
        start_offset=outcome.start_offset,
        delivery_complete_count=outcome.delivery_complete_count,
    )
