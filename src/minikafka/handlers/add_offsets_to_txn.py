"""AddOffsetsToTxn (key 25), versions 0-4: the offsets of a group become part of a transaction (KIP-98).

That is: the partition of ``__consumer_offsets`` that holds the group takes part. Producers of transactions version 2
leave this out; their TxnOffsetCommit says as much. Source: Kafka's KafkaApis.handleAddOffsetsToTxnRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.transactions.transaction_metadata import TRANSACTION_VERSION_0, ProducerIdAndEpoch
from minikafka.errors import COORDINATOR_NOT_AVAILABLE
from minikafka.handlers._groups import group_partition
from minikafka.handlers._producers import fenced_code
from minikafka.pending import Pending
from minikafka.protocol.messages import AddOffsetsToTxnResponse
from minikafka.state.topic_names import GROUP_METADATA_TOPIC

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import AddOffsetsToTxnRequest

_FIRST_VERSION_WITH_FENCED = 2


def handle(
    ctx: RequestContext, request: AddOffsetsToTxnRequest
) -> AddOffsetsToTxnResponse | Pending[AddOffsetsToTxnResponse]:
    if group_partition(ctx, request.group_id) is not None:
        return _add(ctx, request)
    # The producer asks for the group's coordinator, which creates the topic, only after this.
    created = ctx.broker.controller.create_internal_topic(GROUP_METADATA_TOPIC)
    answer: Pending[AddOffsetsToTxnResponse] = Pending()
    created.on_complete(lambda _: answer.complete(_add(ctx, request)))
    return answer


def _add(ctx: RequestContext, request: AddOffsetsToTxnRequest) -> AddOffsetsToTxnResponse:
    partition = group_partition(ctx, request.group_id)
    if partition is None:
        return AddOffsetsToTxnResponse(error_code=COORDINATOR_NOT_AVAILABLE)
    code = ctx.broker.transactions.add_partitions(
        request.transactional_id,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        frozenset([partition]),
        TRANSACTION_VERSION_0,
    )
    return AddOffsetsToTxnResponse(error_code=fenced_code(code, ctx.api_version, _FIRST_VERSION_WITH_FENCED))
