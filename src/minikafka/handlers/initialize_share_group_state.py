"""InitializeShareGroupState (key 83), version 0: begin to keep the state of partitions for a share group (KIP-932).

The group coordinator asks for it when a group subscribes to a topic, and with a higher state epoch when its offsets
are reset.
Source: Kafka's ShareCoordinatorService.initializeState.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.handlers._share_states import ByPartition, ask_each, fail_each, results
from minikafka.protocol.messages import InitializeShareGroupStateResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import InitializeShareGroupStateRequest

_Result = InitializeShareGroupStateResponse.InitializeStateResult
_PartitionResult = InitializeShareGroupStateResponse.PartitionResult


def handle(
    ctx: RequestContext, request: InitializeShareGroupStateRequest
) -> InitializeShareGroupStateResponse | Pending[InitializeShareGroupStateResponse]:
    states = ctx.broker.share_states

    def initialize(
        topic_id: bytes, partition: InitializeShareGroupStateRequest.PartitionData
    ) -> Outcome | Pending[Outcome]:
        return states.initialize(
            request.group_id, topic_id, partition.partition, partition.state_epoch, partition.start_offset
        )

    return map_pending(ask_each(request, initialize, skips_empty_topics=True), _response)


def error_response(request: InitializeShareGroupStateRequest, code: int) -> InitializeShareGroupStateResponse:
    """The answer when the request fails as a whole."""
    return _response(fail_each(request, code, Outcome))


def _response(outcomes: ByPartition[Outcome]) -> InitializeShareGroupStateResponse:
    return InitializeShareGroupStateResponse(results=results(outcomes, _Result, _partition_result))


def _partition_result(partition: int, outcome: Outcome) -> _PartitionResult:
    return _PartitionResult(
        partition=partition,
        error_code=outcome.code,
        error_message=outcome.message,
    )
