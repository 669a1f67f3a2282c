"""Topics, and where groups were in them, from another Kafka.

Records get offsets of their own, from 0 on without gaps: those of the source may have gaps, where it has compacted,
deleted, or aborted transactions. What groups have committed is moved accordingly, so that they go on with the record
they would have gone on with there.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from minikafka.client.producing.partitioner import partition_for_key
from minikafka.embedded.batches import in_batches
from minikafka.embedded.plain_types import CommittedOffset, Record
from minikafka.records.batch import Record as StoredRecord

if TYPE_CHECKING:
    from minikafka.embedded.seeding import Seeding

log = logging.getLogger(__name__)

_OF_REPLICAS: Final = frozenset(
    {"min.insync.replicas", "leader.replication.throttled.replicas", "follower.replication.throttled.replicas"}
)
"""Settings that say how many brokers there are, or which: here is one."""

_ANY_TIME_MS: Final = str(2**63 - 1)
_TAKE_EVERYTHING: Final = {
    "cleanup.policy": "delete",
    "message.timestamp.type": "CreateTime",
    "message.timestamp.before.max.ms": _ANY_TIME_MS,
    "message.timestamp.after.max.ms": _ANY_TIME_MS,
    "max.message.bytes": str(2**31 - 1),
}
"""While a topic is filled: records without a key, or from long ago, were taken once, before it got its settings."""


_TYPES_WITH_OFFSETS: Final = ("classic", "consumer", "streams")


class Source(Protocol):
    """What can be copied from."""

    def topics(self) -> dict[str, int]: ...

    def topic_configs(self, topic: str) -> dict[str, str]: ...

    def committed_records(self, topic: str) -> Iterable[Record]:
        """Without those of aborted and open transactions; each partition's by offset."""
        ...

    def group_offsets(self) -> Mapping[str, Mapping[tuple[str, int], CommittedOffset]]: ...


class BrokerSource:
    """An embedded broker as a ``Source``, without a connection."""

    def __init__(self, broker: Seeding) -> None:
        self._broker = broker
        self.topics = broker.topics
        self.topic_configs = broker.topic_configs

    def committed_records(self, topic: str) -> list[Record]:
        return self._broker.records(topic, committed_only=True)

    def group_offsets(self) -> dict[str, dict[tuple[str, int], CommittedOffset]]:
        return {group_id: self._broker.commits(group_id) for group_id in self._broker.groups(_TYPES_WITH_OFFSETS)}


def copy(source: Source, target: Seeding, topics: Collection[str] | None) -> None:
    """Copy ``topics``, or all of them. Raises ApiError, ClientError, ValueError: there is no such topic."""
    there = source.topics()
    missing = sorted(set(topics or ()) - set(there))
    if missing:
        raise ValueError(f"there is no topic {', '.join(missing)} to copy, only {', '.join(there) or 'none'}")
    copied: dict[tuple[str, int], _Moved] = {}
    for topic, partitions in there.items():
        if topics is None or topic in topics:
            for index, moved in _copy_topic(source, target, topic, partitions).items():
                copied[topic, index] = moved
    for group_id, offsets in source.group_offsets().items():
        moved_offsets = {
            where: CommittedOffset(copied[where].offset_for(committed.offset), committed.metadata)
            for where, committed in offsets.items()
            if where in copied
        }
        if moved_offsets:
            target.commit_offsets(group_id, moved_offsets)


class _Moved:
    """Where the records of a partition went: the first to ``first_offset``, the others behind it."""

    def __init__(self, first_offset: int) -> None:
        self._first_offset = first_offset
        self._source_offsets: list[int] = []

    def add(self, source_offset: int) -> None:
        self._source_offsets.append(source_offset)

    def offset_for(self, source_offset: int) -> int:
        return self._first_offset + bisect_left(self._source_offsets, source_offset)


def _copy_topic(source: Source, target: Seeding, topic: str, partitions: int) -> dict[int, _Moved]:
    """Partition -> where its records went; none where the topic was there with another number of partitions."""
    count = target.partition_count(topic)
    is_new = count == 0
    if is_new:
        settings = _settings(topic, source.topic_configs(topic))
        target.create_topic(topic, partitions, {**settings, **_TAKE_EVERYTHING})
        count = partitions
    moved = {index: _Moved(end) for index, end in target.end_offsets(topic).items()}
    by_partition: dict[int, list[StoredRecord]] = {}
    for record in source.committed_records(topic):
        index = record.partition
        if count != partitions:
            index = partition_for_key(record.key, count) if record.key is not None else index % count
        moved[index].add(record.offset)
        by_partition.setdefault(index, []).append(
            StoredRecord(0, record.timestamp, record.key, record.value, record.headers)
        )
    for index, records in by_partition.items():
        for batch in in_batches(records):
            target.append(topic, index, batch)
    if is_new:
        target.configure_topic(topic, {key: settings.get(key) for key in _TAKE_EVERYTHING})
    return moved if count == partitions else {}


def _settings(topic: str, given: Mapping[str, str]) -> dict[str, str]:
    from minikafka.config.tables import topic_keys

    known = {key: value for key, value in given.items() if key not in _OF_REPLICAS}
    for key in sorted(key for key in known if key not in topic_keys()):
        log.warning("the topic %s has %s=%s, which this broker does not know: left out", topic, key, known.pop(key))
    return known
