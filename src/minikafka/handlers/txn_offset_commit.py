"""TxnOffsetCommit (key 28), versions 0-5: a group's offsets, which count when the transaction commits (KIP-98).

3: the sender's generation and member id, so that a group that has gone on fences it (KIP-447); 4: the error code
TRANSACTION_ABORTABLE; 5: the group's partition joins the transaction by this request, where before AddOffsetsToTxn had
to come first (KIP-890).
Source: Kafka's KafkaApis.handleTxnOffsetCommitRequest, CoordinatorPartitionWriter.maybeStartTransactionVerification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.gathering import map_pending
from minikafka.coordinator.group_coordinator import txn_offset_commit_error
from minikafka.coordinator.transactions.transaction_metadata import ProducerIdAndEpoch
from minikafka.errors import (
    COORDINATOR_LOAD_IN_PROGRESS,
    COORDINATOR_NOT_AVAILABLE,
    INVALID_GROUP_ID,
    NONE,
    UNKNOWN_TOPIC_OR_PARTITION,
)
from minikafka.handlers._groups import caller_of, group_partition, partition_exists
from minikafka.handlers._transactional_writes import transaction_codes
from minikafka.protocol.messages import TxnOffsetCommitRequest, TxnOffsetCommitResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.pending import Pending

_FIRST_VERSION_WITH_LOADING = 2
_FIRST_VERSION_WITH_ABORTABLE = 4
_FIRST_VERSION_THAT_ADDS = 5

_Topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
_TopicResponse = TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic
_PartitionResponse = TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition

error_response = txn_offset_commit_error


def handle(
    ctx: RequestContext, request: TxnOffsetCommitRequest
) -> TxnOffsetCommitResponse | Pending[TxnOffsetCommitResponse]:
    refused: list[_TopicResponse] = []
    known: list[_Topic] = []
    for topic in request.topics:
        _sort(ctx, topic, known, refused)
    if not known:
        return TxnOffsetCommitResponse(topics=refused)
    request.topics = known
    code = _transaction_code(ctx, request)
    if code != NONE:
        answer: TxnOffsetCommitResponse | Pending[TxnOffsetCommitResponse] = txn_offset_commit_error(
            request, coordinator_code(code)
        )
    else:
        answer = ctx.broker.groups.commit_transactional_offsets(caller_of(ctx), request)
    return map_pending(answer, lambda response: _finish(refused, response, ctx.api_version))


def _sort(ctx: RequestContext, topic: _Topic, known: list[_Topic], refused: list[_TopicResponse]) -> None:
    """Put the topic's partitions that exist to ``known``, and the answer for the others to ``refused``."""
    missing = [one for one in topic.partitions if not partition_exists(ctx, topic.name, one.partition_index)]
    if missing:
        refused.append(
            _TopicResponse(
                name=topic.name,
                partitions=[
                    _PartitionResponse(partition_index=one.partition_index, error_code=UNKNOWN_TOPIC_OR_PARTITION)
                    for one in missing
                ],
            )
        )
    existing = [one for one in topic.partitions if one not in missing]
    if existing:
        topic.partitions = existing
        known.append(topic)


def _transaction_code(ctx: RequestContext, request: TxnOffsetCommitRequest) -> int:
    """Whether the group's offsets are part of the transaction; from version 5 on they become so now."""
    if not request.group_id:
        return INVALID_GROUP_ID
    partition = group_partition(ctx, request.group_id)
    if partition is None:
        return COORDINATOR_NOT_AVAILABLE
    version = ctx.api_version
    codes = transaction_codes(
        ctx.broker.transactions,
        request.transactional_id,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        frozenset([partition]),
        adds=version >= _FIRST_VERSION_THAT_ADDS,
        knows_abortable=version >= _FIRST_VERSION_WITH_ABORTABLE,
    )
    return codes.get(partition, NONE)


def _finish(refused: list[_TopicResponse], response: TxnOffsetCommitResponse, version: int) -> TxnOffsetCommitResponse:
    """One answer; a topic is in it once, even when some of its partitions were refused before."""
    by_name = {topic.name: topic for topic in refused}
    for topic in response.topics:
        if version < _FIRST_VERSION_WITH_LOADING:
            _without_loading(topic)
        before = by_name.get(topic.name)
        if before is None:
            refused.append(topic)
        else:
            before.partitions = [*before.partitions, *topic.partitions]
    return TxnOffsetCommitResponse(topics=refused)


def _without_loading(topic: _TopicResponse) -> None:
    """Producers before 2.0 may crash on COORDINATOR_LOAD_IN_PROGRESS (KAFKA-7296)."""
    for one in topic.partitions:
        if one.error_code == COORDINATOR_LOAD_IN_PROGRESS:
            one.error_code = COORDINATOR_NOT_AVAILABLE
