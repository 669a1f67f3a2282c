"""ReadShareGroupState (key 84), version 0: all that a share group has to remember of partitions (KIP-932).

The leader of a partition asks for it when the group first fetches there.
Source: Kafka's ShareCoordinatorService.readState.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.share_state.outcomes import ReadState
from minikafka.handlers._share_states import ByPartition, ask_each, fail_each, results
from minikafka.protocol.messages import ReadShareGroupStateResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import ReadShareGroupStateRequest

_Result = ReadShareGroupStateResponse.ReadStateResult
_PartitionResult = ReadShareGroupStateResponse.PartitionResult


def handle(
    ctx: RequestContext, request: ReadShareGroupStateRequest
) -> ReadShareGroupStateResponse | Pending[ReadShareGroupStateResponse]:
    states = ctx.broker.share_states

    def read(topic_id: bytes, partition: ReadShareGroupStateRequest.PartitionData) -> ReadState | Pending[ReadState]:
        return states.read(request.group_id, topic_id, partition.partition, partition.leader_epoch)

    return map_pending(ask_each(request, read), _response)


def error_response(request: ReadShareGroupStateRequest, code: int) -> ReadShareGroupStateResponse:
    """The answer when the request fails as a whole."""
    return _response(fail_each(request, code, ReadState))


def _response(outcomes: ByPartition[ReadState]) -> ReadShareGroupStateResponse:
    return ReadShareGroupStateResponse(results=results(outcomes, _Result, _partition_result))


def _partition_result(partition: int, outcome: ReadState) -> _PartitionResult:
    return _PartitionResult(
        partition=partition,
        error_code=outcome.code,
        error_message=outcome.message,
        state_epoch=outcome.state_epoch,
        start_offset=outcome.start_offset,
        state_batches=[ReadShareGroupStateResponse.StateBatch(**batch._asdict()) for batch in outcome.batches],
    )
