"""InitProducerId (key 22), versions 0-5: the id of an idempotent or transactional producer (KIP-98).

Without a transactional id each call gives a new producer id with epoch 0, whatever id the producer had before. With
one it gives the id that belongs to it, with the next epoch, so that every producer before is fenced; an open
transaction is aborted first. Kafka lets the producer ask again in the meantime (CONCURRENT_TRANSACTIONS); on one node
there is no such time, unless a marker cannot be written. From version 3 on a producer may say who it is, to go on
after an error (KIP-360).
Source: Kafka's KafkaApis.handleInitProducerIdRequest, TransactionCoordinator.handleInitProducerId.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.transactions.transaction_metadata import ProducerIdAndEpoch
from minikafka.coordinator.transactions.transaction_shard import ProducerOutcome
from minikafka.errors import ApiError
from minikafka.handlers._producers import fenced_code
from minikafka.protocol.messages import InitProducerIdRequest, InitProducerIdResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

_NONE = -1
_FIRST_VERSION_WITH_FENCED = 4


def handle(
    ctx: RequestContext, request: InitProducerIdRequest
) -> InitProducerIdResponse | Pending[InitProducerIdResponse]:
    if (request.producer_id == _NONE) != (request.producer_epoch == _NONE):
        raise ApiError(errors.INVALID_REQUEST)
    if request.transactional_id is None:
        return map_pending(ctx.broker.producer_ids.next_id(), _response_of_new_id)
    expected = None
    if request.producer_id != _NONE:
        expected = ProducerIdAndEpoch(request.producer_id, request.producer_epoch)
    return map_pending(
        ctx.broker.transactions.init_producer_id(request.transactional_id, request.transaction_timeout_ms, expected),
        lambda outcome: _response(outcome, ctx.api_version),
    )


def error_response(request: InitProducerIdRequest, code: int) -> InitProducerIdResponse:
    """The answer when the request fails."""
    return InitProducerIdResponse(error_code=code, producer_id=_NONE, producer_epoch=_NONE)


def _response_of_new_id(outcome: int | ApiError) -> InitProducerIdResponse:
    if isinstance(outcome, ApiError):
        return InitProducerIdResponse(error_code=outcome.code, producer_id=_NONE, producer_epoch=_NONE)
    return InitProducerIdResponse(producer_id=outcome, producer_epoch=0)


def _response(outcome: ProducerOutcome, version: int) -> InitProducerIdResponse:
    return InitProducerIdResponse(
        error_code=fenced_code(outcome.error_code, version, _FIRST_VERSION_WITH_FENCED),
        producer_id=outcome.producer_id,
        producer_epoch=outcome.producer_epoch,
    )
