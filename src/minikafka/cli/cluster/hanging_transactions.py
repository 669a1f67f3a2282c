"""Transactions that are open in a partition while their coordinator knows nothing of it (KIP-664)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from minikafka.cli.toolkit.progress import Progress
from minikafka.client.admin.topics import describe_topics, list_topics
from minikafka.client.admin.transaction_admin import (
    ProducerState,
    describe_producers,
    describe_transaction,
    list_transactions,
)
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import TransactionCoordinator
from minikafka.client.errors import ClientError
from minikafka.client.leaders import TopicPartition
from minikafka.errors import TRANSACTIONAL_ID_NOT_FOUND, ApiError
from minikafka.named_tuple import NamedTuple

_PARTITIONS_A_REQUEST: Final = 500


class OpenTransaction(NamedTuple):
    partition: TopicPartition
    producer: ProducerState


class SearchFailed(ClientError):
    """A step of the search cannot be done; says which, and why."""


def partitions_to_search(
    cluster: Cluster, topic: str | None, index: int | None, broker_id: int | None
) -> list[TopicPartition]:
    """One partition, a topic's, or all; of these those that ``broker_id`` has. Raises SearchFailed, ClientError."""
    if topic is not None and index is not None:
        return [(topic, index)]
    if topic is not None:
        with _doing("Failed to describe 1 topics"):
            topics = list(describe_topics(cluster, [topic]).values())
    else:
        with _doing("Failed to list topics"):
            topics = list_topics(cluster)
    return [
        (each.name, part.partition)
        for each in topics
        for part in each.partitions
        if broker_id is None or broker_id in part.replicas
    ]


def find_hanging(
    cluster: Cluster,
    partitions: Sequence[TopicPartition],
    *,
    broker_id: int | None,
    longer_than_ms: int,
    now_ms: int,
) -> list[OpenTransaction]:
    """What was open and silent for ``longer_than_ms``, and is not of a transaction. Raises SearchFailed."""
    candidates = list(_open(cluster, partitions, broker_id, now_ms - longer_than_ms))
    producer_ids = {candidate.producer.producer_id for candidate in candidates}
    if not producer_ids:
        return []
    with _doing(f"Failed to list transactions for {len(producer_ids)} producers"):
        names = {
            each.producer_id: each.transactional_id for each in list_transactions(cluster, producer_ids=producer_ids)
        }
    known = {producer_id: _partitions_of(cluster, name, len(names)) for producer_id, name in names.items()}
    return [each for each in candidates if each.partition not in known.get(each.producer.producer_id, ())]


def _open(
    cluster: Cluster, partitions: Sequence[TopicPartition], broker_id: int | None, latest_timestamp: int
) -> Iterator[OpenTransaction]:
    with Progress("Searching", len(partitions), "partitions") as progress:
        for start in range(0, len(partitions), _PARTITIONS_A_REQUEST):
            some = partitions[start : start + _PARTITIONS_A_REQUEST]
            with _doing(f"Failed to describe producers for {len(some)} partitions on broker {broker_id}"):
                found = describe_producers(cluster, some, broker_id=broker_id)
            for partition, producers in sorted(found.items()):
                for producer in producers:
                    if producer.start_offset is not None and producer.last_timestamp < latest_timestamp:
                        yield OpenTransaction(partition, producer)
            progress.advance(len(some))


def _partitions_of(cluster: Cluster, transactional_id: str, count: int) -> list[TopicPartition]:
    with _doing(f"Failed to describe {count} transactions"):
        try:
            return describe_transaction(TransactionCoordinator(cluster, transactional_id)).partitions
        except ApiError as error:
            if error.code != TRANSACTIONAL_ID_NOT_FOUND:
                raise
            return []


@contextmanager
def _doing(what: str) -> Iterator[None]:
    try:
        yield
    except (ApiError, ClientError) as error:
        raise SearchFailed(f"{what}: {error}") from error
