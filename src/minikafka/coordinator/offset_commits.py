"""OffsetCommit, TxnOffsetCommit, OffsetFetch and OffsetDelete, and what becomes of offsets nobody needs any more.

Who may do what is decided by the group; here are the offsets themselves. Source: Kafka's OffsetMetadataManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from minikafka.coordinator.group_records import offset_commit_record, offset_commit_tombstone
from minikafka.coordinator.offsets import ZERO_TOPIC_ID, OffsetAndMetadata, OffsetStore
from minikafka.coordinator.result import CoordinatorRecord, Result
from minikafka.coordinator.settings import GroupSettings
from minikafka.errors import GROUP_SUBSCRIBED_TO_TOPIC, NONE, OFFSET_METADATA_TOO_LARGE, UNSTABLE_OFFSET_COMMIT
from minikafka.protocol.messages import (
    OffsetCommitResponse,
    OffsetDeleteResponse,
    OffsetFetchResponse,
    TxnOffsetCommitResponse,
)

if TYPE_CHECKING:
    from minikafka.protocol.messages import (
        OffsetCommitRequest,
        OffsetDeleteRequest,
        OffsetFetchRequest,
        TxnOffsetCommitRequest,
    )

INVALID_OFFSET = -1
DEFAULT_RETENTION_TIME = -1
DEFAULT_TIMESTAMP = -1


class OffsetGroup(Protocol):
    """What the offsets have to know of a group, whatever its type."""

    group_id: str

    def is_subscribed_to_topic(self, topic: str) -> bool: ...

    def expiration_base_ms(self, commit_timestamp_ms: int) -> int | None: ...


def commit_offsets(request: OffsetCommitRequest, settings: GroupSettings, now_ms: int) -> Result[OffsetCommitResponse]:
    """Store what the request says; metadata that is too long is refused partition by partition."""
    retention_time_ms = request.retention_time_ms
    expire_timestamp_ms = -1 if retention_time_ms == DEFAULT_RETENTION_TIME else now_ms + retention_time_ms
    records: list[CoordinatorRecord] = []
    topics = []
    for topic in request.topics:
        partitions = []
        for one in topic.partitions:
            code = _metadata_error(one.committed_metadata, settings)
            if code == NONE:
                commit_timestamp_ms = one.commit_timestamp if one.commit_timestamp != DEFAULT_TIMESTAMP else now_ms
                offset = _offset_of(one, commit_timestamp_ms, expire_timestamp_ms, topic.topic_id)
                records.append(offset_commit_record(request.group_id, topic.name, one.partition_index, offset))
            partitions.append(
                OffsetCommitResponse.OffsetCommitResponsePartition(partition_index=one.partition_index, error_code=code)
            )
        topics.append(
            OffsetCommitResponse.OffsetCommitResponseTopic(
                name=topic.name, topic_id=topic.topic_id, partitions=partitions
            )
        )
    return Result(records, OffsetCommitResponse(topics=topics))


def commit_transactional_offsets(
    request: TxnOffsetCommitRequest, settings: GroupSettings, now_ms: int
) -> Result[TxnOffsetCommitResponse]:
    """As ``commit_offsets``; the records are written, and replayed, as part of the producer's transaction."""
    records: list[CoordinatorRecord] = []
    topics = []
    for topic in request.topics:
        partitions = []
        for one in topic.partitions:
            code = _metadata_error(one.committed_metadata, settings)
            if code == NONE:
                offset = _offset_of(one, now_ms, -1, ZERO_TOPIC_ID)
                records.append(offset_commit_record(request.group_id, topic.name, one.partition_index, offset))
            partitions.append(
                TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition(
                    partition_index=one.partition_index, error_code=code
                )
            )
        topics.append(TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic(name=topic.name, partitions=partitions))
    return Result(records, TxnOffsetCommitResponse(topics=topics))


def _metadata_error(metadata: str | None, settings: GroupSettings) -> int:
    """Counted in UTF-16 code units, as Java's ``String.length`` does."""
    if metadata is None or len(metadata) * 2 <= settings.offset_metadata_max_bytes:
        return NONE
    length = len(metadata) if metadata.isascii() else len(metadata.encode("utf-16-be", "surrogatepass")) // 2
    return OFFSET_METADATA_TOO_LARGE if length > settings.offset_metadata_max_bytes else NONE


def _offset_of(one: Any, commit_timestamp_ms: int, expire_timestamp_ms: int, topic_id: bytes) -> OffsetAndMetadata:
    return OffsetAndMetadata(
        one.committed_offset,
        one.committed_leader_epoch,
        one.committed_metadata or "",
        commit_timestamp_ms,
        expire_timestamp_ms,
        topic_id,
        -1,
    )


def fetch_offsets(
    store: OffsetStore, request: OffsetFetchRequest.OffsetFetchRequestGroup, *, require_stable: bool
) -> list[OffsetFetchResponse.OffsetFetchResponseTopics]:
    """The offsets of the partitions asked for; all that there are when ``request.topics`` is None.

    With ``require_stable``, a partition that an open transaction has written an offset for is answered with
    UNSTABLE_OFFSET_COMMIT (KIP-447).
    """
    group_id = request.group_id
    if request.topics is None:
        return [
            OffsetFetchResponse.OffsetFetchResponseTopics(
                name=topic,
                partitions=[
                    _fetched(store, group_id, topic, partition, offset, require_stable)
                    for partition, offset in partitions.items()
                ],
            )
            for topic, partitions in store.of_group(group_id).items()
        ]
    return [
        OffsetFetchResponse.OffsetFetchResponseTopics(
            name=topic.name,
            topic_id=topic.topic_id,
            partitions=[
                _fetched(
                    store,
                    group_id,
                    topic.name,
                    partition,
                    _unless_of_other_topic(store.get(group_id, topic.name, partition), topic.topic_id),
                    require_stable,
                )
                for partition in topic.partition_indexes
            ],
        )
        for topic in request.topics
    ]


def no_offsets(
    request: OffsetFetchRequest.OffsetFetchRequestGroup,
) -> list[OffsetFetchResponse.OffsetFetchResponseTopics]:
    """The answer for a group that does not exist: as for one that has committed nothing."""
    return fetch_offsets(OffsetStore(), request, require_stable=False)


def _unless_of_other_topic(offset: OffsetAndMetadata | None, topic_id: bytes) -> OffsetAndMetadata | None:
    """An offset of a topic that was deleted and created again is none of the new topic."""
    if offset is None or topic_id in (ZERO_TOPIC_ID, offset.topic_id) or offset.topic_id == ZERO_TOPIC_ID:
        return offset
    return None


def _fetched(
    store: OffsetStore,
    group_id: str,
    topic: str,
    partition: int,
    offset: OffsetAndMetadata | None,
    require_stable: bool,
) -> OffsetFetchResponse.OffsetFetchResponsePartitions:
    if require_stable and store.has_pending(group_id, topic, partition):
        return OffsetFetchResponse.OffsetFetchResponsePartitions(
            partition_index=partition,
            committed_offset=INVALID_OFFSET,
            metadata="",
            error_code=UNSTABLE_OFFSET_COMMIT,
        )
    if offset is None:
        return OffsetFetchResponse.OffsetFetchResponsePartitions(
            partition_index=partition, committed_offset=INVALID_OFFSET, metadata=""
        )
    return OffsetFetchResponse.OffsetFetchResponsePartitions(
        partition_index=partition,
        committed_offset=offset.committed_offset,
        committed_leader_epoch=offset.leader_epoch,
        metadata=offset.metadata,
    )


def delete_offsets(
    store: OffsetStore, group: OffsetGroup, request: OffsetDeleteRequest
) -> Result[OffsetDeleteResponse]:
    """Forget the offsets of topics that no member reads (GROUP_SUBSCRIBED_TO_TOPIC otherwise)."""
    records: list[CoordinatorRecord] = []
    topics = []
    for topic in request.topics:
        code = GROUP_SUBSCRIBED_TO_TOPIC if group.is_subscribed_to_topic(topic.name) else NONE
        for one in topic.partitions if code == NONE else ():
            if _is_stored(store, request.group_id, topic.name, one.partition_index):
                records.append(offset_commit_tombstone(request.group_id, topic.name, one.partition_index))
        partitions = [
            OffsetDeleteResponse.OffsetDeleteResponsePartition(partition_index=one.partition_index, error_code=code)
            for one in topic.partitions
        ]
        topics.append(OffsetDeleteResponse.OffsetDeleteResponseTopic(name=topic.name, partitions=partitions))
    return Result(records, OffsetDeleteResponse(topics=topics))


def _is_stored(store: OffsetStore, group_id: str, topic: str, partition: int) -> bool:
    return store.get(group_id, topic, partition) is not None or store.has_pending(group_id, topic, partition)


def tombstones_of_group(store: OffsetStore, group_id: str) -> list[CoordinatorRecord]:
    """What deletes every offset of a group, pending ones included."""
    committed = [(topic, partition) for topic, offsets in store.of_group(group_id).items() for partition in offsets]
    pending = [place for place in store.pending_places(group_id) if store.get(group_id, *place) is None]
    return [offset_commit_tombstone(group_id, topic, partition) for topic, partition in committed + pending]


def tombstones_of_partition(store: OffsetStore, topic: str, partition: int) -> list[CoordinatorRecord]:
    """What deletes the offsets of all groups for a partition that is gone."""
    return [
        offset_commit_tombstone(group_id, topic, partition) for group_id in store.places_of_partition(topic, partition)
    ]


def expired_offsets(
    store: OffsetStore, group: OffsetGroup, retention_ms: int, now_ms: int
) -> tuple[list[CoordinatorRecord], bool]:
    """The tombstones of a group's offsets that have expired, and whether nothing of the group is left then."""
    records: list[CoordinatorRecord] = []
    group_id = group.group_id
    is_all_expired = not store.has_open_transactions(group_id)
    for topic, offsets in store.of_group(group_id).items():
        subscribed = group.is_subscribed_to_topic(topic)
        for partition, offset in offsets.items():
            if (
                not subscribed
                and _is_expired(group, offset, retention_ms, now_ms)
                and not store.has_pending(group_id, topic, partition)
            ):
                records.append(offset_commit_tombstone(group_id, topic, partition))
            else:
                is_all_expired = False
    return records, is_all_expired


def _is_expired(group: OffsetGroup, offset: OffsetAndMetadata, retention_ms: int, now_ms: int) -> bool:
    base_ms = group.expiration_base_ms(offset.commit_timestamp_ms)
    if base_ms is None:
        return False
    if offset.expire_timestamp_ms != -1:
        return now_ms >= offset.expire_timestamp_ms
    return now_ms - base_ms >= retention_ms
