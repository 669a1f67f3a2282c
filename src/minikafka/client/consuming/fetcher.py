"""Records of partitions from their leaders, as they are asked for from a position on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from minikafka.client.cluster import Cluster
from minikafka.client.connection import Connection
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.client.offsets import FoundOffset, by_leader, by_topic
from minikafka.errors import NONE
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import FetchRequest, FetchResponse
from minikafka.protocol.primitives import ZERO_UUID, Buffer
from minikafka.records.batch import Record, RecordBatch, iter_batches
from minikafka.records.builder import CONTROL_ABORT, control_type_of

_FIRST_VERSION_WITH_TOPIC_IDS: Final = 13
_new_record: Final = tuple.__new__  # a third of what the constructor takes


class FetchSettings(NamedTuple):
    """Kafka's consumer settings, in its units."""

    min_bytes: int = 1
    max_bytes: int = 50 * 1024 * 1024
    max_wait_ms: int = 500
    max_partition_bytes: int = 1024 * 1024
    read_committed: bool = False
    check_crcs: bool = True


class FetchedRecord(NamedTuple):
    """``timestamp_type``: 0 create time, 1 log append time, -1 none; leader epoch -1: unknown."""

    record: Record
    timestamp_type: int
    leader_epoch: int


class FetchedPartition(NamedTuple):
    """What came for one partition. ``next_position`` lies behind it all, also behind records that are not shown."""

    error_code: int
    records: list[FetchedRecord]
    next_position: int
    log_start_offset: int
    high_watermark: int


def fetch(
    cluster: Cluster,
    leaders: Leaders,
    positions: Mapping[TopicPartition, int],
    settings: FetchSettings,
    max_wait_ms: int,
) -> dict[TopicPartition, FetchedPartition]:
    """What follows the positions. Leaders are asked at the same time, and wait ``max_wait_ms`` at most for something.

    :raises ClientError: a broker cannot be asked. ProtocolError: what it sent is no record batch.
    """
    found: dict[TopicPartition, FetchedPartition] = {}
    refused: dict[TopicPartition, FoundOffset] = {}
    for answer, version, topic_ids in _answers(cluster, leaders, positions, settings, max_wait_ms, refused):
        names = {topic_id: topic for topic, topic_id in topic_ids.items()}
        for topic_answer in answer.responses:
            is_by_id = version >= _FIRST_VERSION_WITH_TOPIC_IDS
            topic = names.get(topic_answer.topic_id) if is_by_id else topic_answer.topic
            if topic is not None:
                for part in topic_answer.partitions:
                    where = (topic, part.partition_index)
                    found[where] = _fetched(part, positions[where], settings)
        if answer.error_code != NONE:
            refused.update((where, FoundOffset(-1, -1, answer.error_code)) for where in positions if where not in found)
    for where, why in refused.items():
        found[where] = FetchedPartition(why.error_code, [], positions[where], -1, -1)
    return found


def _answers(
    cluster: Cluster,
    leaders: Leaders,
    positions: Mapping[TopicPartition, int],
    settings: FetchSettings,
    max_wait_ms: int,
    refused: dict[TopicPartition, FoundOffset],
) -> Iterator[tuple[FetchResponse, int, dict[str, bytes]]]:
    """Each leader's answer, its version, and the ids of the topics; partitions without a leader go to ``refused``."""
    waiting: list[tuple[Connection, FetchRequest, int, dict[str, bytes]]] = []
    try:
        for node_id, partitions in by_leader(leaders, positions, refused).items():
            connection = cluster.broker(node_id)
            topic_ids = {topic: _topic_id(leaders, topic) for topic, _ in partitions}
            request = _request(positions, partitions, topic_ids, settings, max_wait_ms)
            version = connection.highest_version(request)
            if version >= _FIRST_VERSION_WITH_TOPIC_IDS and ZERO_UUID in topic_ids.values():
                version = _FIRST_VERSION_WITH_TOPIC_IDS - 1
            connection.send(connection.framed(request, version), f"Fetch v{version}")
            waiting.append((connection, request, version, topic_ids))
        while waiting:
            connection, request, version, topic_ids = waiting.pop(0)
            body = connection.receive(f"Fetch v{version}")
            yield connection.decoded(body, request, version), version, topic_ids
    finally:
        # An error, or an interrupt: what comes there now would be taken for the answer to something else.
        for connection, *_ in waiting:
            connection.close()


def _topic_id(leaders: Leaders, topic: str) -> bytes:
    found = leaders.topic(topic)
    return ZERO_UUID if found is None else found.topic_id


def _request(
    positions: Mapping[TopicPartition, int],
    partitions: list[TopicPartition],
    topic_ids: Mapping[str, bytes],
    settings: FetchSettings,
    max_wait_ms: int,
) -> FetchRequest:
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=settings.min_bytes,
        max_bytes=settings.max_bytes,
        isolation_level=1 if settings.read_committed else 0,
        topics=[
            FetchRequest.FetchTopic(
                topic=topic,
                topic_id=topic_ids[topic],
                partitions=[
                    FetchRequest.FetchPartition(
                        partition=index,
                        fetch_offset=positions[topic, index],
                        partition_max_bytes=settings.max_partition_bytes,
                    )
                    for index in indexes
                ],
            )
            for topic, indexes in by_topic(partitions).items()
        ],
    )


def _fetched(part: FetchResponse.PartitionData, position: int, settings: FetchSettings) -> FetchedPartition:
    if part.error_code != NONE:
        return FetchedPartition(part.error_code, [], position, part.log_start_offset, part.high_watermark)
    records: list[FetchedRecord] = []
    next_position = position
    aborted = (part.aborted_transactions or []) if settings.read_committed else []
    for batch, is_shown in _batches(cast(Buffer, part.records or b""), aborted):
        if settings.check_crcs:
            batch.ensure_valid()
        next_position = max(next_position, batch.next_offset)
        if is_shown:
            timestamp_type, leader_epoch = batch.timestamp_type, batch.partition_leader_epoch
            shown = [_new_record(FetchedRecord, (record, timestamp_type, leader_epoch)) for record in batch]
            # The first batch may begin before what was asked for.
            is_whole = batch.base_offset >= position
            records += shown if is_whole else [fetched for fetched in shown if fetched.record.offset >= position]
    return FetchedPartition(NONE, records, next_position, part.log_start_offset, part.high_watermark)


def _batches(
    data: Buffer, aborted_transactions: list[FetchResponse.AbortedTransaction]
) -> Iterator[tuple[RecordBatch, bool]]:
    """The batches, and whether their records are shown: control records and aborted transactions are not.

    Source: ``CompletedFetch.nextFetchedRecord``.
    """
    aborted = sorted(aborted_transactions, key=lambda transaction: transaction.first_offset, reverse=True)
    aborting: set[int] = set()
    for batch in iter_batches(data):
        while aborted and aborted[-1].first_offset <= batch.last_offset:
            aborting.add(aborted.pop().producer_id)
        if batch.is_control:
            if batch.producer_id in aborting and _ends_with_abort(batch):
                aborting.discard(batch.producer_id)
            yield batch, False
        else:
            yield batch, not (batch.is_transactional and batch.producer_id in aborting)


def _ends_with_abort(batch: RecordBatch) -> bool:
    return any(control_type_of(record.key) == CONTROL_ABORT for record in batch)
