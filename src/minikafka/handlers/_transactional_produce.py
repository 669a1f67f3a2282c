"""The part of Produce that is about transactions: whether the batches belong to the one they say they belong to.

Source: Kafka's ReplicaManager.handleProduceAppend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.coordinator.transactions.transaction_metadata import ProducerIdAndEpoch, TopicPartition
from minikafka.errors import ApiError, name_of
from minikafka.handlers._partitions import partition_log
from minikafka.handlers._transactional_writes import transaction_codes
from minikafka.handlers.produce import check_single_batch, is_transactional, refused, topic_name
from minikafka.records.batch import RECORD_BATCH_OVERHEAD, RecordBatch

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext
    from minikafka.protocol.messages import ProduceRequest, ProduceResponse

_FIRST_VERSION_WITH_ABORTABLE = 11
_FIRST_VERSION_THAT_ADDS = 12
"""Transactions version 2: the first write to a partition adds it to the transaction (KIP-890)."""

_IMPOSSIBLE_NOW = frozenset(
    {
        errors.CONCURRENT_TRANSACTIONS,
        errors.COORDINATOR_LOAD_IN_PROGRESS,
        errors.COORDINATOR_NOT_AVAILABLE,
        errors.NOT_COORDINATOR,
    }
)


def refused_in_transaction(
    ctx: RequestContext, request: ProduceRequest
) -> dict[TopicPartition, ProduceResponse.PartitionProduceResponse]:
    """Add the partitions to the transaction, or see whether they have been added, where it is not open in them yet.

    Gives the answers for those that may not be written to. Raises ApiError where Kafka refuses the whole request.
    """
    if request.transactional_id is None:
        raise ApiError(errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    producers: set[ProducerIdAndEpoch] = set()
    unsure: set[TopicPartition] = set()
    for topic in request.topic_data:
        for partition in topic.partition_data:
            records = partition.records
            if records is None or not is_transactional(records) or len(records) < RECORD_BATCH_OVERHEAD:
                continue
            try:
                name = topic_name(ctx.broker, ctx.api_version, topic)
                log = partition_log(ctx.broker, name, partition.index)
                check_single_batch(ctx.api_version, records)
            except ApiError:
                continue  # The append finds the same, and answers it.
            batch = RecordBatch(memoryview(records), 0)
            producer = ProducerIdAndEpoch(batch.producer_id, batch.producer_epoch)
            producers.add(producer)
            if not log.has_ongoing_transaction(*producer):
                unsure.add((name, partition.index))
    if len(producers) > 1:
        raise ApiError(errors.INVALID_PRODUCER_ID_MAPPING, "Transactional records contained more than one producer ID")
    if not unsure:
        return {}
    codes = transaction_codes(
        ctx.broker.transactions,
        request.transactional_id,
        producers.pop(),
        frozenset(unsure),
        adds=ctx.api_version >= _FIRST_VERSION_THAT_ADDS,
        knows_abortable=ctx.api_version >= _FIRST_VERSION_WITH_ABORTABLE,
    )
    return {partition: _refused_write(partition[1], code) for partition, code in codes.items()}


def _refused_write(index: int, code: int) -> ProduceResponse.PartitionProduceResponse:
    """Older producers may not know that they can try again, but after NOT_ENOUGH_REPLICAS they do, and without asking
    for metadata first."""
    answer = refused(index, errors.NOT_ENOUGH_REPLICAS if code in _IMPOSSIBLE_NOW else code)
    if code == errors.INVALID_TXN_STATE:
        answer.error_message = "Partition was not added to the transaction"
    elif code in _IMPOSSIBLE_NOW:
        answer.error_message = (
            f"Unable to verify the partition has been added to the transaction. Underlying error: {name_of(code)}"
        )
    return answer
