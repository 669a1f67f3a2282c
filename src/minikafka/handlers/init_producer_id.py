"""InitProducerId (key 22), versions 0-5: the id of an idempotent or transactional producer (KIP-98).

Without a transactional id each call gives a new producer id with epoch 0, whatever id the producer had before.
Source: Kafka's KafkaApis.handleInitProducerIdRequest, TransactionCoordinator.handleInitProducerId.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import InitProducerIdRequest, InitProducerIdResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_NONE = -1


def handle(ctx: RequestContext, request: InitProducerIdRequest) -> Pending[InitProducerIdResponse]:
    if (request.producer_id == _NONE) != (request.producer_epoch == _NONE):
        raise ApiError(errors.INVALID_REQUEST)
    if request.transactional_id is not None:
        raise ApiError(errors.INVALID_REQUEST if not request.transactional_id else errors.COORDINATOR_NOT_AVAILABLE)
    answer: Pending[InitProducerIdResponse] = Pending()
    ctx.broker.producer_ids.next_id().on_complete(lambda outcome: answer.complete(_response(outcome)))
    return answer


def error_response(request: InitProducerIdRequest, code: int) -> InitProducerIdResponse:
    """The answer when the request fails."""
    return InitProducerIdResponse(error_code=code, producer_id=_NONE, producer_epoch=_NONE)


def _response(outcome: int | ApiError) -> InitProducerIdResponse:
    if isinstance(outcome, ApiError):
        return InitProducerIdResponse(error_code=outcome.code, producer_id=_NONE, producer_epoch=_NONE)
    return InitProducerIdResponse(producer_id=outcome, producer_epoch=0)
