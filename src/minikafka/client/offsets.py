"""Offsets of partitions: by time, at the ends, and where deletion of records moves the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from minikafka.client.cluster import Cluster
from minikafka.client.leaders import Leaders, TopicPartition
from minikafka.errors import NONE, UNSUPPORTED_VERSION, ApiError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.messages import DeleteRecordsRequest, ListOffsetsRequest

LATEST: Final = -1
EARLIEST: Final = -2
MAX_TIMESTAMP: Final = -3
EARLIEST_LOCAL: Final = -4
LATEST_TIERED: Final = -5
EARLIEST_PENDING_UPLOAD: Final = -6

_FIRST_VERSION: Final = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, EARLIEST_PENDING_UPLOAD: 11}
_TIMEOUT_MS: Final = 30_000


class FoundOffset(NamedTuple):
    """``error_code`` is not NONE where there is no offset; ``offset`` is -1 where no record is that young."""

    offset: int
    timestamp: int
    error_code: int


def list_offsets(
    cluster: Cluster,
    leaders: Leaders,
    timestamps: Mapping[TopicPartition, int],
    *,
    read_committed: bool = False,
) -> dict[TopicPartition, FoundOffset]:
    """The offset of the first record at or after a timestamp (ms), or at LATEST, EARLIEST and so on.

    :raises ClientError: a broker cannot be asked.
    """
    found: dict[TopicPartition, FoundOffset] = {}
    for node_id, partitions in by_leader(leaders, timestamps, found).items():
        connection = cluster.broker(node_id)
        request = ListOffsetsRequest(
            replica_id=-1,
            topics=[
                ListOffsetsRequest.ListOffsetsTopic(
                    name=topic,
                    partitions=[
                        ListOffsetsRequest.ListOffsetsPartition(
                            partition_index=index, timestamp=timestamps[topic, index]
                        )
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(partitions).items()
            ],
        )
        version = connection.highest_version(request)
        if version >= 2:
            request.isolation_level = 1 if read_committed else 0
        if version >= 10:
            request.timeout_ms = _TIMEOUT_MS
        if any(_FIRST_VERSION.get(timestamps[each], 0) > version for each in partitions):
            raise ApiError(UNSUPPORTED_VERSION)
        for topic in connection.call(request, version).topics:
            for part in topic.partitions:
                offset = part.offset if version >= 1 else next(iter(part.old_style_offsets), -1)
                found[topic.name, part.partition_index] = FoundOffset(offset, part.timestamp, part.error_code)
                if part.error_code != NONE:
                    leaders.forget(topic.name)
    return found


class DeletedRecords(NamedTuple):
    """``low_watermark``: where the partition begins now."""

    low_watermark: int
    error_code: int


def delete_records(
    cluster: Cluster, leaders: Leaders, offsets: Mapping[TopicPartition, int]
) -> dict[TopicPartition, DeletedRecords]:
    """Delete the records below an offset; -1: all there are. Raises ClientError."""
    refused: dict[TopicPartition, FoundOffset] = {}
    grouped = by_leader(leaders, offsets, refused)
    deleted = {partition: DeletedRecords(-1, why.error_code) for partition, why in refused.items()}
    for node_id, partitions in grouped.items():
        request = DeleteRecordsRequest(
            topics=[
                DeleteRecordsRequest.DeleteRecordsTopic(
                    name=topic,
                    partitions=[
                        DeleteRecordsRequest.DeleteRecordsPartition(partition_index=index, offset=offsets[topic, index])
                        for index in indexes
                    ],
                )
                for topic, indexes in by_topic(partitions).items()
            ],
            timeout_ms=_TIMEOUT_MS,
        )
        for topic in cluster.broker(node_id).call(request).topics:
            for part in topic.partitions:
                deleted[topic.name, part.partition_index] = DeletedRecords(part.low_watermark, part.error_code)
    return deleted


def by_leader(
    leaders: Leaders, partitions: Iterable[TopicPartition], refused: dict[TopicPartition, FoundOffset]
) -> dict[int, list[TopicPartition]]:
    """Node id -> the partitions it leads; those without a leader go to ``refused``. Raises ClientError."""
    grouped: dict[int, list[TopicPartition]] = {}
    for partition in partitions:
        try:
            grouped.setdefault(leaders.leader(partition), []).append(partition)
        except ApiError as error:
            refused[partition] = FoundOffset(-1, -1, error.code)
    return grouped


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    """Topic -> partition indexes, in the order given."""
    topics: dict[str, list[Any]] = {}
    for topic, index in partitions:
        topics.setdefault(topic, []).append(index)
    return topics
