"""DeleteShareGroupState (key 86), version 0: forget the state of partitions for a share group (KIP-932).

The group coordinator asks for it when a group, or its offsets, are deleted.
Source: Kafka's ShareCoordinatorService.deleteState.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.handlers._share_states import ByPartition, ask_each, fail_each, results
from minikafka.protocol.messages import DeleteShareGroupStateResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import DeleteShareGroupStateRequest

_Result = DeleteShareGroupStateResponse.DeleteStateResult
_PartitionResult = DeleteShareGroupStateResponse.PartitionResult


def handle(
    ctx: RequestContext, request: DeleteShareGroupStateRequest
) -> DeleteShareGroupStateResponse | Pending[DeleteShareGroupStateResponse]:
    states = ctx.broker.share_states

    def delete(topic_id: bytes, partition: DeleteShareGroupStateRequest.PartitionData) -> Outcome | Pending[Outcome]:
        return states.delete(request.group_id, topic_id, partition.partition)

    return map_pending(ask_each(request, delete), _response)


def error_response(request: DeleteShareGroupStateRequest, code: int) -> DeleteShareGroupStateResponse:
    """The answer when the request fails as a whole."""
    return _response(fail_each(request, code, Outcome))


def _response(outcomes: ByPartition[Outcome]) -> DeleteShareGroupStateResponse:
    return DeleteShareGroupStateResponse(results=results(outcomes, _Result, _partition_result))


def _partition_result(partition: int, outcome: Outcome) -> _PartitionResult:
    return _PartitionResult(
        partition=partition,
        error_code=outcome.code,
        error_message=outcome.message,
    )
