"""AddPartitionsToTxn (key 24), versions 0-5: partitions take part in a transaction (KIP-98).

Versions 0-3 come from producers, with one transaction; versions 4 and 5 from brokers, with many, each of which may be
only asked about (KIP-890). A partition that does not exist makes its whole transaction fail.
Source: Kafka's KafkaApis.handleAddPartitionsToTxnRequest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.transactions.transaction_metadata import (
    TRANSACTION_VERSION_0,
    TRANSACTION_VERSION_2,
    ProducerIdAndEpoch,
    TopicPartition,
)
from minikafka.errors import NONE, OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION
from minikafka.handlers._groups import partition_exists
from minikafka.handlers._producers import fenced_code
from minikafka.protocol.messages import AddPartitionsToTxnRequest, AddPartitionsToTxnResponse

if TYPE_CHECKING:
    from minikafka.handlers.context import RequestContext

_FIRST_VERSION_WITH_FENCED = 2
_FIRST_VERSION_WITH_BATCHES = 4

_Transaction = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction
_Topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic
_Result = AddPartitionsToTxnResponse.AddPartitionsToTxnResult
_TopicResult = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult
_PartitionResult = AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult


def handle(ctx: RequestContext, request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnResponse:
    if ctx.api_version < _FIRST_VERSION_WITH_BATCHES:
        transaction = _single_transaction(request)
        results = _topic_results(transaction.topics, _add(ctx, transaction))
        return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=results)
    return AddPartitionsToTxnResponse(
        results_by_transaction=[_result(transaction, _add(ctx, transaction)) for transaction in request.transactions]
    )


def error_response(request: AddPartitionsToTxnRequest, code: int) -> AddPartitionsToTxnResponse:
    """The answer when the request fails as a whole: each version has a place of its own for the error."""
    topics = request.v3_and_below_topics
    codes = dict.fromkeys(_partitions_of(topics), code)
    return AddPartitionsToTxnResponse(error_code=code, results_by_topic_v3_and_below=_topic_results(topics, codes))


def part_error_response(request: AddPartitionsToTxnRequest, code: int) -> AddPartitionsToTxnResponse:
    """The answer when each partition fails, and not the request as a whole."""
    topics = request.v3_and_below_topics
    return AddPartitionsToTxnResponse(
        results_by_topic_v3_and_below=_topic_results(topics, dict.fromkeys(_partitions_of(topics), code)),
        results_by_transaction=[
            _result(transaction, dict.fromkeys(_partitions_of(transaction.topics), code))
            for transaction in request.transactions
        ],
    )


def _single_transaction(request: AddPartitionsToTxnRequest) -> _Transaction:
    """What versions up to 3 ask, in the form of the later ones."""
    return _Transaction(
        transactional_id=request.v3_and_below_transactional_id,
        producer_id=request.v3_and_below_producer_id,
        producer_epoch=request.v3_and_below_producer_epoch,
        topics=request.v3_and_below_topics,
    )


def _add(ctx: RequestContext, transaction: _Transaction) -> dict[TopicPartition, int]:
    """The error code of each partition."""
    partitions = _partitions_of(transaction.topics)
    missing = [partition for partition in partitions if not partition_exists(ctx, *partition)]
    if missing:
        return {
            **dict.fromkeys(partitions, OPERATION_NOT_ATTEMPTED),
            **dict.fromkeys(missing, UNKNOWN_TOPIC_OR_PARTITION),
        }
    producer = ProducerIdAndEpoch(transaction.producer_id, transaction.producer_epoch)
    transactions = ctx.broker.transactions
    if transaction.verify_only:
        return transactions.verify_partitions(transaction.transactional_id, producer, partitions)
    is_from_broker = ctx.api_version >= _FIRST_VERSION_WITH_BATCHES
    code = transactions.add_partitions(
        transaction.transactional_id,
        producer,
        partitions,
        TRANSACTION_VERSION_2 if is_from_broker else TRANSACTION_VERSION_0,
    )
    return dict.fromkeys(partitions, fenced_code(code, ctx.api_version, _FIRST_VERSION_WITH_FENCED))


def _partitions_of(topics: list[_Topic]) -> frozenset[TopicPartition]:
    return frozenset((topic.name, partition) for topic in topics for partition in topic.partitions)


def _result(transaction: _Transaction, codes: dict[TopicPartition, int]) -> _Result:
    return _Result(
        transactional_id=transaction.transactional_id, topic_results=_topic_results(transaction.topics, codes)
    )


def _topic_results(topics: list[_Topic], codes: dict[TopicPartition, int]) -> list[_TopicResult]:
    return [
        _TopicResult(
            name=topic.name,
            results_by_partition=[
                _PartitionResult(
                    partition_index=partition, partition_error_code=codes.get((topic.name, partition), NONE)
                )
                for partition in topic.partitions
            ],
        )
        for topic in topics
    ]
