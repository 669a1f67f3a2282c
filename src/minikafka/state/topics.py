"""Topics and partitions of the metadata image (Kafka: TopicsImage, TopicImage, PartitionRegistration)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from minikafka.errors import CorruptLogError
from minikafka.state.metadata_version import partition_record_version
from minikafka.state.topic_names import is_internal

if TYPE_CHECKING:
    from minikafka.protocol.messages import (
        ClearElrRecord,
        PartitionChangeRecord,
        PartitionRecord,
        RemoveTopicRecord,
        TopicRecord,
    )

NO_LEADER = -1
NO_LEADER_CHANGE = -2
_RECOVERED = 0
_NO_RECOVERY_CHANGE = -1
UNASSIGNED_DIRECTORY = bytes(16)
"""Kafka's DirectoryId.UNASSIGNED: not yet known to the controller."""

_index_of = attrgetter("index")


class PartitionImage:
    """One partition. ``leader`` is a broker id or -1; ``directories`` are 16-byte ids, one for each of ``replicas``."""

    __slots__ = (
        "adding_replicas",
        "directories",
        "eligible_leader_replicas",
        "index",
        "isr",
        "last_known_elr",
        "leader",
        "leader_epoch",
        "leader_recovery_state",
        "partition_epoch",
        "removing_replicas",
        "replicas",
    )

    def __init__(
        self,
        index: int,
        *,
        leader: int,
        leader_epoch: int = 0,
        partition_epoch: int = 0,
        replicas: list[int],
        isr: list[int],
        directories: list[bytes],
        removing_replicas: list[int] | None = None,
        adding_replicas: list[int] | None = None,
        eligible_leader_replicas: list[int] | None = None,
        last_known_elr: list[int] | None = None,
        leader_recovery_state: int = _RECOVERED,
    ) -> None:
        self.index = index
        self.leader = leader
        self.leader_epoch = leader_epoch
        self.partition_epoch = partition_epoch
        self.replicas = replicas
        self.isr = isr
        self.directories = directories
        self.removing_replicas = removing_replicas or []
        self.adding_replicas = adding_replicas or []
        self.eligible_leader_replicas = eligible_leader_replicas or []
        self.last_known_elr = last_known_elr or []
        self.leader_recovery_state = leader_recovery_state

    @classmethod
    def from_record(cls, record: PartitionRecord) -> PartitionImage:
        return cls(
            record.partition_id,
            leader=record.leader,
            leader_epoch=record.leader_epoch,
            partition_epoch=record.partition_epoch,
            replicas=record.replicas,
            isr=record.isr,
            directories=record.directories or [UNASSIGNED_DIRECTORY] * len(record.replicas),
            removing_replicas=record.removing_replicas,
            adding_replicas=record.adding_replicas,
            eligible_leader_replicas=record.eligible_leader_replicas,
            last_known_elr=record.last_known_elr,
            leader_recovery_state=record.leader_recovery_state,
        )

    def to_record(self, topic_id: bytes, metadata_version: int) -> tuple[PartitionRecord, int]:
        """The record that creates this partition, and its version at this level of metadata.version."""
        from minikafka.protocol.messages import PartitionRecord

        version = partition_record_version(metadata_version)
        record = PartitionRecord(
            partition_id=self.index,
            topic_id=topic_id,
            replicas=self.replicas,
            isr=self.isr,
            removing_replicas=self.removing_replicas,
            adding_replicas=self.adding_replicas,
            leader=self.leader,
            leader_recovery_state=self.leader_recovery_state,
            leader_epoch=self.leader_epoch,
            partition_epoch=self.partition_epoch,
        )
        if version >= 1:
            record.directories = self.directories
        if version >= 2:
            # Kafka leaves these tagged fields out when they are empty.
            record.eligible_leader_replicas = self.eligible_leader_replicas or None
            record.last_known_elr = self.last_known_elr or None
        return record, version

    def change(self, record: PartitionChangeRecord) -> None:
        """Merge a change (PartitionRegistration.merge). Naming a leader, even the same one, starts an epoch."""
        if record.replicas is not None:
            self._reassign(record.replicas, record.directories)
        elif record.directories is not None:
            self.directories = record.directories
        if record.isr is not None:
            self.isr = record.isr
        if record.removing_replicas is not None:
            self.removing_replicas = record.removing_replicas
        if record.adding_replicas is not None:
            self.adding_replicas = record.adding_replicas
        if record.eligible_leader_replicas is not None:
            self.eligible_leader_replicas = record.eligible_leader_replicas
        if record.last_known_elr is not None:
            self.last_known_elr = record.last_known_elr
        if record.leader_recovery_state != _NO_RECOVERY_CHANGE:
            self.leader_recovery_state = record.leader_recovery_state
        if record.leader != NO_LEADER_CHANGE:
            self.leader = record.leader
            self.leader_epoch += 1
        self.partition_epoch += 1

    def _reassign(self, replicas: list[int], directories: list[bytes] | None) -> None:
        if directories is None:
            known = dict(zip(self.replicas, self.directories, strict=False))
            directories = [known.get(replica, UNASSIGNED_DIRECTORY) for replica in replicas]
        self.replicas = replicas
        self.directories = directories

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionImage) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"PartitionImage({self.index}, leader={self.leader}, leader_epoch={self.leader_epoch}, "
            f"partition_epoch={self.partition_epoch}, replicas={self.replicas}, isr={self.isr})"
        )


class TopicImage:
    """One topic; ``partitions`` is ordered by index, and complete from 0 on between batches of the metadata log."""

    __slots__ = ("is_internal", "name", "partitions", "topic_id")

    def __init__(self, name: str, topic_id: bytes, partitions: list[PartitionImage] | None = None) -> None:
        self.name = name
        self.topic_id = topic_id
        self.partitions: list[PartitionImage] = partitions if partitions is not None else []
        self.is_internal = is_internal(name)

    def partition(self, index: int) -> PartitionImage | None:
        return self.partitions[index] if 0 <= index < len(self.partitions) else None

    def find(self, index: int) -> PartitionImage | None:
        """As ``partition``, also while some indexes are still missing (in the middle of a replay)."""
        candidate = self.partition(index)
        if candidate is not None and candidate.index == index:
            return candidate
        return next((partition for partition in self.partitions if partition.index == index), None)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TopicImage)
            and (self.name, self.topic_id) == (other.name, other.topic_id)
            and self.partitions == other.partitions
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TopicImage({self.name!r}, {self.topic_id.hex()}, {self.partitions!r})"


class TopicsImage:
    """All topics, by name and by id."""

    def __init__(self) -> None:
        self.by_name: dict[str, TopicImage] = {}
        self.by_id: dict[bytes, TopicImage] = {}

    def replay_topic(self, record: TopicRecord) -> TopicImage:
        if record.name in self.by_name:
            raise CorruptLogError(f"the metadata log creates topic {record.name!r} twice")
        topic = TopicImage(record.name, record.topic_id)
        self.by_name[topic.name] = topic
        self.by_id[topic.topic_id] = topic
        return topic

    def replay_partition(self, record: PartitionRecord) -> tuple[TopicImage, PartitionImage, bool]:
        """Returns topic, partition, and whether the partition is new."""
        topic = self._topic(record.topic_id, "creates a partition of")
        partition = PartitionImage.from_record(record)
        if not topic.partitions or topic.partitions[-1].index < partition.index:
            topic.partitions.append(partition)
            return topic, partition, True
        previous = topic.find(partition.index)
        if previous is not None:
            topic.partitions[topic.partitions.index(previous)] = partition
            return topic, partition, False
        insort(topic.partitions, partition, key=_index_of)
        return topic, partition, True

    def replay_partition_change(self, record: PartitionChangeRecord) -> tuple[TopicImage, PartitionImage]:
        topic = self._topic(record.topic_id, "changes a partition of")
        partition = topic.find(record.partition_id)
        if partition is None:
            raise CorruptLogError(f"the metadata log changes {topic.name}-{record.partition_id}, which does not exist")
        partition.change(record)
        return topic, partition

    def replay_remove_topic(self, record: RemoveTopicRecord) -> TopicImage:
        topic = self._topic(record.topic_id, "removes")
        del self.by_id[topic.topic_id]
        del self.by_name[topic.name]
        return topic

    def replay_clear_elr(self, record: ClearElrRecord) -> None:
        """Kafka writes it when min.insync.replicas changes; an empty name means all topics."""
        topics = [self.by_name[record.topic_name]] if record.topic_name else list(self.by_name.values())
        for topic in topics:
            for partition in topic.partitions:
                if partition.eligible_leader_replicas or partition.last_known_elr:
                    partition.eligible_leader_replicas = []
                    partition.last_known_elr = []
                    partition.partition_epoch += 1

    def records(self, metadata_version: int) -> Iterator[tuple[Any, int]]:
        from minikafka.protocol.messages import TopicRecord

        for topic in self.by_name.values():
            yield TopicRecord(name=topic.name, topic_id=topic.topic_id), 0
            for partition in topic.partitions:
                yield partition.to_record(topic.topic_id, metadata_version)

    def _topic(self, topic_id: bytes, verb: str) -> TopicImage:
        topic = self.by_id.get(topic_id)
        if topic is None:
            raise CorruptLogError(f"the metadata log {verb} the unknown topic id {topic_id.hex()}")
        return topic
