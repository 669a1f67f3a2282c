"""EndTxn (key 26), versions 0-5: commit or abort a transaction (KIP-98).

From version 5 on (transactions version 2, KIP-890) the answer has the producer's id and epoch for its next transaction.
Source: Kafka's KafkaApis.handleEndTxnRequest, TransactionCoordinator.endTransaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.transactions.transaction_metadata import (
    TRANSACTION_VERSION_0,
    TRANSACTION_VERSION_2,
    ProducerIdAndEpoch,
)
from minikafka.handlers._producers import fenced_code
from minikafka.protocol.messages import EndTxnResponse

if TYPE_CHECKING:
    from minikafka.coordinator.transactions.transaction_shard import ProducerOutcome
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending
    from minikafka.protocol.messages import EndTxnRequest

_FIRST_VERSION_WITH_FENCED = 2
_FIRST_VERSION_WITH_EPOCH_BUMP = 5


def handle(ctx: RequestContext, request: EndTxnRequest) -> EndTxnResponse | Pending[EndTxnResponse]:
    version = ctx.api_version
    answer = ctx.broker.transactions.end_transaction(
        request.transactional_id,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        request.committed,
        TRANSACTION_VERSION_2 if version >= _FIRST_VERSION_WITH_EPOCH_BUMP else TRANSACTION_VERSION_0,
    )
    return map_pending(answer, lambda outcome: _response(outcome, version))


def _response(outcome: ProducerOutcome, version: int) -> EndTxnResponse:
    return EndTxnResponse(
        error_code=fenced_code(outcome.error_code, version, _FIRST_VERSION_WITH_FENCED),
        producer_id=outcome.producer_id,
        producer_epoch=outcome.producer_epoch,
    )
