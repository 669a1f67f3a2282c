"""WriteShareGroupState (key 85), versions 0-1: what has changed in the state of partitions for a share group (KIP-932).

Leaders of partitions send what was acknowledged, released, or given out too often. Version 1 adds how many records
are done with, which lags are reckoned from (KIP-1226).
Source: Kafka's ShareCoordinatorService.writeState.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.handlers._share_states import ByPartition, ask_each, fail_each, results
from minikafka.protocol.messages import WriteShareGroupStateResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import WriteShareGroupStateRequest

_Result = WriteShareGroupStateResponse.WriteStateResult
_PartitionResult = WriteShareGroupStateResponse.PartitionResult


def handle(
    ctx: RequestContext, request: WriteShareGroupStateRequest
) -> WriteShareGroupStateResponse | Pending[WriteShareGroupStateResponse]:
    states = ctx.broker.share_states

    def write(topic_id: bytes, partition: WriteShareGroupStateRequest.PartitionData) -> Outcome | Pending[Outcome]:
        return states.write(
            request.group_id,
            topic_id,
            partition.partition,
            state_epoch=partition.state_epoch,
            leader_epoch=partition.leader_epoch,
            start_offset=partition.start_offset,
            delivery_complete_count=partition.delivery_complete_count,
            batches=[
                StateBatch(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
                for batch in partition.state_batches
            ],
        )

    return map_pending(ask_each(request, write), _response)


def error_response(request: WriteShareGroupStateRequest, code: int) -> WriteShareGroupStateResponse:
    """The answer when the request fails as a whole."""
    return _response(fail_each(request, code, Outcome))


def _response(outcomes: ByPartition[Outcome]) -> WriteShareGroupStateResponse:
    return WriteShareGroupStateResponse(results=results(outcomes, _Result, _partition_result))


def _partition_result(partition: int, outcome: Outcome) -> _PartitionResult:
    return _PartitionResult(
        partition=partition,
        error_code=outcome.code,
        error_message=outcome.message,
    )
