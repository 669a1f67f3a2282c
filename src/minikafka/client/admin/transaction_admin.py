"""What an administrator sees of transactions, and how hanging ones are ended (KIP-664)."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Final

from minikafka.client.cluster import RETRY_BACKOFF_S, Cluster, check
from minikafka.client.coordinator import TransactionCoordinator, ask_when_loaded
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.errors import (
    CLUSTER_AUTHORIZATION_FAILED,
    CONCURRENT_TRANSACTIONS,
    INVALID_PRODUCER_EPOCH,
    NONE,
    TRANSACTION_COORDINATOR_FENCED,
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    TRANSACTIONAL_ID_NOT_FOUND,
    UNSUPPORTED_VERSION,
    ApiError,
    message_of,
)
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    DescribeTransactionsRequest,
    InitProducerIdRequest,
    ListTransactionsRequest,
    WriteTxnMarkersRequest,
)

NOT_KNOWN: Final = -1
"""Of a number that the broker has none for."""


class ListedTransaction(NamedTuple):
    transactional_id: str
    coordinator_id: int
    producer_id: int
    state: str


class TransactionDescription(NamedTuple):
    """``start_time_ms`` is None while no transaction runs."""

    coordinator_id: int
    transactional_id: str
    producer_id: int
    producer_epoch: int
    state: str
    timeout_ms: int
    start_time_ms: int | None
    partitions: list[TopicPartition]


class ProducerState(NamedTuple):
    """Of one partition. ``start_offset`` is where the producer's transaction begins, None without one;
    ``coordinator_epoch`` is NOT_KNOWN before the first marker.
    """

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    last_sequence: int
    last_timestamp: int
    start_offset: int | None


class Abortion(NamedTuple):
    """A transaction to be ended in one partition. Its text is that of Kafka's ``AbortTransactionSpec``."""

    partition: TopicPartition
    producer_id: int
    producer_epoch: int
    coordinator_epoch: int

    def __str__(self) -> str:
        topic, index = self.partition
        return (
            f"AbortTransactionSpec(topicPartition={topic}-{index}, producerId={self.producer_id}, "
            f"producerEpoch={self.producer_epoch}, coordinatorEpoch={self.coordinator_epoch})"
        )


def list_transactions(
    cluster: Cluster,
    *,
    producer_ids: Collection[int] = (),
    longer_than_ms: int = NOT_KNOWN,
    pattern: str | None = None,
) -> list[ListedTransaction]:
    """Of all coordinators, by broker and name; only what runs ``longer_than_ms``, and whose name ``pattern`` matches.

    :raises ApiError: a broker cannot tell, or not by duration (KIP-994) or pattern (KIP-1152). ClientError.
    """
    found = []
    for node_id in cluster.broker_ids():
        connection = cluster.broker(node_id)
        request = ListTransactionsRequest(producer_id_filters=list(producer_ids))
        version = connection.highest_version(request)
        if longer_than_ms >= 0 and version < 1:
            raise ApiError(
                UNSUPPORTED_VERSION,
                "Duration filter can be set only when using API version 1 or higher. If client is connected to an "
                "older broker, do not specify duration filter or set duration filter to -1.",
            )
        if pattern is not None and version < 2:
            raise ApiError(
                UNSUPPORTED_VERSION,
                "Transactional ID pattern filter can be set only when using API version 2 or higher. If client is "
                "connected to an older broker, do not specify the pattern filter.",
            )
        if version >= 1:
            request.duration_filter = longer_than_ms
        if version >= 2:
            request.transactional_id_pattern = pattern
        answer = ask_when_loaded(connection, request, version)
        check(answer.error_code)
        found += [
            ListedTransaction(each.transactional_id, node_id, each.producer_id, each.transaction_state)
            for each in sorted(answer.transaction_states, key=lambda state: state.transactional_id)
        ]
    return found


def describe_transaction(coordinator: TransactionCoordinator) -> TransactionDescription:
    """Raises ApiError, ClientError."""
    name = coordinator.transactional_id
    request = DescribeTransactionsRequest(transactional_ids=[name])
    state = coordinator.call(request, lambda answer: answer.transaction_states[0].error_code).transaction_states[0]
    if state.error_code != NONE:
        reasons = {
            TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "due to authorization failure",
            TRANSACTIONAL_ID_NOT_FOUND: "because the ID could not be found",
        }
        reason = reasons.get(state.error_code, "due to unexpected error")
        sentence = f"DescribeTransactions request for transactionalId `{name}` failed {reason}"
        raise ApiError(state.error_code, sentence)
    start_ms = state.transaction_start_time_ms
    return TransactionDescription(
        coordinator.node_id(),
        state.transactional_id,
        state.producer_id,
        state.producer_epoch,
        state.transaction_state,
        state.transaction_timeout_ms,
        None if start_ms < 0 else start_ms,
        [(topic.topic, index) for topic in state.topics for index in topic.partitions],
    )


def describe_producers(
    cluster: Cluster, partitions: Iterable[TopicPartition], *, broker_id: int | None = None
) -> dict[TopicPartition, list[ProducerState]]:
    """The producers that a partition's leader, or its replica on ``broker_id``, knows.

    :raises ApiError: of a partition that cannot be asked about. ClientError.
    """
    leaders = Leaders(cluster)
    by_node: dict[int, list[TopicPartition]] = {}
    for partition in partitions:
        node_id = leaders.leader(partition) if broker_id is None else broker_id
        by_node.setdefault(node_id, []).append(partition)
    found = {}
    for node_id, asked in by_node.items():
        request = DescribeProducersRequest(
            topics=[
                DescribeProducersRequest.TopicRequest(name=topic, partition_indexes=indexes)
                for topic, indexes in by_topic(asked).items()
            ]
        )
        for topic in cluster.broker(node_id).call(request).topics:
            for part in topic.partitions:
                check(part.error_code, part.error_message)
                found[topic.name, part.partition_index] = [_producer(each) for each in part.active_producers]
    return found


def abort_transaction(cluster: Cluster, abortion: Abortion) -> None:
    """Write the marker that ends a transaction in one partition. Raises ApiError, ClientError."""
    topic, index = abortion.partition
    marker = WriteTxnMarkersRequest.WritableTxnMarker(
        producer_id=abortion.producer_id,
        producer_epoch=abortion.producer_epoch,
        coordinator_epoch=abortion.coordinator_epoch,
        transaction_result=False,
        topics=[WriteTxnMarkersRequest.WritableTxnMarkerTopic(name=topic, partition_indexes=[index])],
    )
    node_id = Leaders(cluster).leader(abortion.partition)
    answer = cluster.broker(node_id).call(WriteTxnMarkersRequest(markers=[marker]))
    code = answer.markers[0].topics[0].partitions[0].error_code
    if code != NONE:
        reasons = {
            CLUSTER_AUTHORIZATION_FAILED: "failed due to cluster authorization error",
            INVALID_PRODUCER_EPOCH: "failed due an invalid producer epoch",
            TRANSACTION_COORDINATOR_FENCED: f"failed since the provided coordinator epoch {abortion.coordinator_epoch} "
            "has been fenced by the active coordinator",
        }
        reason = reasons.get(code, f"failed due to unexpected error: {message_of(code)}")
        raise ApiError(code, f"WriteTxnMarkers request with {abortion} {reason}")


def fence_producer(coordinator: TransactionCoordinator, *, timeout_ms: int = 30_000) -> None:
    """Let nobody go on with a transactional id: its transaction is aborted. Raises ApiError, ClientError."""
    request = InitProducerIdRequest(transactional_id=coordinator.transactional_id, transaction_timeout_ms=timeout_ms)
    deadline = time.monotonic() + timeout_ms / 1000
    while True:
        code = coordinator.call(request, lambda response: response.error_code).error_code
        if code != CONCURRENT_TRANSACTIONS or time.monotonic() >= deadline:
            break
        time.sleep(RETRY_BACKOFF_S)
    if code != NONE:
        reasons = {
            CLUSTER_AUTHORIZATION_FAILED: "cluster authorization failure",
            TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "transactional ID authorization failure",
        }
        reason = reasons.get(code, "unexpected error")
        sentence = f"InitProducerId request for transactionalId `{coordinator.transactional_id}` failed due to {reason}"
        raise ApiError(code, sentence)


def _producer(state: DescribeProducersResponse.ProducerState) -> ProducerState:
    return ProducerState(
        state.producer_id,
        state.producer_epoch,
        state.coordinator_epoch,
        state.last_sequence,
        state.last_timestamp,
        None if state.current_txn_start_offset < 0 else state.current_txn_start_offset,
    )
