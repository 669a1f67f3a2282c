"""The committed offsets of groups, and those that a transaction has written but not yet committed.

State: by group, topic and partition the last committed offset; beside it, by producer id, the pending offsets of open
transactions. Only ``put``, ``remove`` and ``end_transaction`` (called by replay) change it.

Source: Kafka's OffsetMetadataManager.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.protocol.messages import OffsetCommitValue

NO_PRODUCER_ID = -1
ZERO_TOPIC_ID = bytes(16)


class OffsetAndMetadata(NamedTuple):
    """One committed offset."""

    committed_offset: int
    leader_epoch: int
    """-1 when the client did not say."""
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int
    """When it expires whatever the group does (OffsetCommit 2-4 may ask for that); -1: by the broker's rules."""
    topic_id: bytes
    """16 bytes; zeros when the client named the topic by name."""
    record_offset: int
    """Where it is stored. Of a transactional and a plain commit, the one stored later counts, even when compaction
    has changed what a reader sees first."""

    @classmethod
    def from_record(cls, value: OffsetCommitValue, record_offset: int) -> OffsetAndMetadata:
        return cls(
            value.offset,
            value.leader_epoch,
            value.metadata,
            value.commit_timestamp,
            value.expire_timestamp,
            value.topic_id,
            record_offset,
        )


TopicOffsets = dict[int, OffsetAndMetadata]
GroupOffsets = dict[str, TopicOffsets]
Place = tuple[str, str, int]
"""Group id, topic, partition."""


class OffsetStore:
    """Offsets of the groups of one partition of ``__consumer_offsets``."""

    __slots__ = ("_committed", "_open_transactions", "_pending")

    def __init__(self) -> None:
        self._committed: dict[str, GroupOffsets] = {}
        self._pending: dict[int, dict[Place, OffsetAndMetadata]] = {}
        self._open_transactions: dict[str, dict[tuple[str, int], set[int]]] = {}
        """By group: the producer ids that have a pending offset for a topic and partition."""

    # Reading

    def get(self, group_id: str, topic: str, partition: int) -> OffsetAndMetadata | None:
        group = self._committed.get(group_id)
        topic_offsets = group.get(topic) if group is not None else None
        return topic_offsets.get(partition) if topic_offsets is not None else None

    def of_group(self, group_id: str) -> GroupOffsets:
        """What is committed for a group, by topic and partition. Not to be changed by the caller."""
        return self._committed.get(group_id, {})

    def has_group(self, group_id: str) -> bool:
        return group_id in self._committed

    def groups(self) -> Iterator[str]:
        """The groups that have committed or pending offsets."""
        yield from self._committed
        for group_id in self._open_transactions:
            if group_id not in self._committed:
                yield group_id

    def has_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction has written an offset for the partition."""
        group = self._open_transactions.get(group_id)
        return group is not None and (topic, partition) in group

    def has_open_transactions(self, group_id: str) -> bool:
        return group_id in self._open_transactions

    def pending_places(self, group_id: str) -> list[tuple[str, int]]:
        """The topics and partitions of a group for which a transaction has written an offset."""
        return list(self._open_transactions.get(group_id, ()))

    def places_of_partition(self, topic: str, partition: int) -> list[str]:
        """The groups that have a committed or a pending offset for the partition."""
        found = [group_id for group_id in self._committed if self.get(group_id, topic, partition) is not None]
        return found + [
            group_id
            for group_id, places in self._open_transactions.items()
            if (topic, partition) in places and self.get(group_id, topic, partition) is None
        ]

    # Changing

    def put(
        self, group_id: str, topic: str, partition: int, offset: OffsetAndMetadata, producer_id: int = NO_PRODUCER_ID
    ) -> None:
        """Store an offset: at once, or, with a producer id, when that producer's transaction commits."""
        if producer_id == NO_PRODUCER_ID:
            self._committed.setdefault(group_id, {}).setdefault(topic, {})[partition] = offset
            return
        self._pending.setdefault(producer_id, {})[group_id, topic, partition] = offset
        self._open_transactions.setdefault(group_id, {}).setdefault((topic, partition), set()).add(producer_id)

    def put_group(self, group_id: str, offsets: GroupOffsets) -> None:
        """Store all committed offsets of a group at once: how the loader fills an empty store."""
        self._committed[group_id] = offsets

    def remove(self, group_id: str, topic: str, partition: int) -> None:
        """Forget an offset, and what open transactions have written for it."""
        group = self._committed.get(group_id)
        if group is not None and topic in group:
            group[topic].pop(partition, None)
            if not group[topic]:
                del group[topic]
            if not group:
                del self._committed[group_id]
        for producer_id in list(self._open_transactions.get(group_id, {}).get((topic, partition), ())):
            # The producer stays: its transaction is still open, if only with offsets of other partitions.
            del self._pending[producer_id][group_id, topic, partition]
            self._close(group_id, topic, partition, producer_id)

    def end_transaction(self, producer_id: int, *, committed: bool) -> None:
        """A transaction is over: its offsets become the committed ones, or are dropped."""
        for (group_id, topic, partition), offset in self._pending.pop(producer_id, {}).items():
            self._close(group_id, topic, partition, producer_id)
            if not committed:
                continue
            known = self.get(group_id, topic, partition)
            if known is None or offset.record_offset > known.record_offset:
                self.put(group_id, topic, partition, offset)

    def _close(self, group_id: str, topic: str, partition: int, producer_id: int) -> None:
        places = self._open_transactions[group_id]
        producers = places[topic, partition]
        producers.discard(producer_id)
        if not producers:
            del places[topic, partition]
            if not places:
                del self._open_transactions[group_id]
