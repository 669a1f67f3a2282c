"""Which partitions of a share group have state in the share coordinator, are about to get it, or to lose it (KIP-932).

    (none)         -> Initializing     a member reads the topic, or somebody sets offsets
    Initializing   -> Initialized      the share coordinator has it; from now on it can be assigned
                   -> (none)           the share coordinator refused; tried again with the next heartbeat
    Initialized    -> Deleting         somebody deletes the offsets in a topic, or the group
    Deleting       -> (none)           the share coordinator has forgotten it

What has been initializing for too long is initialized again: the answer may have been lost. Nothing here changes
anything: each step gives what will be. Source: ``ShareGroupStatePartitionMetadataInfo`` and what Kafka's
GroupMetadataManager does with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from minikafka.coordinator.assignments import Assignment
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.coordinator.topic_metadata import Topic, TopicMetadata
    from minikafka.protocol.messages import ShareGroupStatePartitionMetadataValue

_NONE: frozenset[int] = frozenset()


class StateTopic(NamedTuple):
    """Partitions of one topic."""

    name: str
    partitions: frozenset[int]


StateTopics = Mapping[bytes, StateTopic]
"""By topic id."""


class StatePartitions(NamedTuple):
    """See the module."""

    initializing: StateTopics = {}
    initialized: StateTopics = {}
    deleting: Mapping[bytes, str] = {}
    """Names by topic id: of these, all partitions."""
    written_ms: int = 0
    """When this was stored, in wall time: what is initializing has been so since then. 0 when this was loaded: what was
    under way when the broker stopped is so no more. Not stored itself."""

    @classmethod
    def from_record(cls, value: ShareGroupStatePartitionMetadataValue, now_ms: int) -> StatePartitions:
        return cls(
            {one.topic_id: StateTopic(one.topic_name, frozenset(one.partitions)) for one in value.initializing_topics},
            {one.topic_id: StateTopic(one.topic_name, frozenset(one.partitions)) for one in value.initialized_topics},
            {one.topic_id: one.topic_name for one in value.deleting_topics},
            now_ms,
        )

    def topic_ids(self) -> set[bytes]:
        return {*self.initializing, *self.initialized, *self.deleting}

    def missing(self, topics: Iterable[Topic], now_ms: int, retry_interval_ms: int) -> StateTopics:
        """What has to be initialized of ``topics``: what is neither initialized nor has just begun to be."""
        is_late = now_ms - self.written_ms >= retry_interval_ms
        found = {}
        for topic in topics:
            begun = self.initialized.get(topic.topic_id, StateTopic("", _NONE)).partitions
            if not is_late:
                begun |= self.initializing.get(topic.topic_id, StateTopic("", _NONE)).partitions
            if len(begun) < len(topic.partitions):
                found[topic.topic_id] = StateTopic(topic.name, frozenset(range(len(topic.partitions))) - begun)
        return found

    def with_initializing(self, topics: StateTopics) -> StatePartitions:
        """``topics`` begin; what is deleted meanwhile is needed again."""
        initializing = _combined(self.initializing, topics)
        return self.without_deleting(initializing)._replace(initializing=initializing)

    def with_initialized(self, places: Assignment, metadata: TopicMetadata) -> StatePartitions:
        """The share coordinator has their state. What was deleted meanwhile is left out."""
        names = metadata.topics_by_id
        arrived = {
            topic_id: StateTopic(names[topic_id].name, partitions)
            for topic_id, partitions in places.items()
            if topic_id in names
        }
        return self.without_initializing(places)._replace(initialized=_combined(self.initialized, arrived))

    def without_initializing(self, places: Assignment) -> StatePartitions:
        """Nobody initializes these any more."""
        rest = {
            topic_id: StateTopic(topic.name, topic.partitions - places.get(topic_id, _NONE))
            for topic_id, topic in self.initializing.items()
        }
        return self._replace(initializing={topic_id: topic for topic_id, topic in rest.items() if topic.partitions})

    def all_of(self, metadata: TopicMetadata) -> StateTopics:
        """Everything that may have state: what is being deleted, too, as long as its topic is there."""
        topics = metadata.topics_by_id
        retried = {
            topic_id: StateTopic(name, _all_partitions(topics[topic_id]))
            for topic_id, name in self.deleting.items()
            if topic_id in topics
        }
        return _combined(_combined(self.initialized, self.initializing), retried)

    def to_delete_of(self, topic: Topic) -> frozenset[int]:
        """The partitions whose state has to go when the offsets in ``topic`` do; none when there are no offsets."""
        if topic.topic_id in self.initialized:
            return self.initialized[topic.topic_id].partitions
        return _all_partitions(topic) if topic.topic_id in self.deleting else _NONE

    def with_deleting(self, names: Mapping[bytes, str]) -> StatePartitions:
        """The topics lose the state that they have."""
        return self._replace(initialized=_without(self.initialized, names), deleting={**self.deleting, **names})

    def without_deleting(self, topic_ids: Collection[bytes]) -> StatePartitions:
        """The share coordinator has forgotten them."""
        return self._replace(deleting={key: name for key, name in self.deleting.items() if key not in topic_ids})

    def without_topics(self, topic_ids: Collection[bytes]) -> StatePartitions:
        """The topics themselves are gone."""
        return self.without_deleting(topic_ids)._replace(
            initializing=_without(self.initializing, topic_ids), initialized=_without(self.initialized, topic_ids)
        )


NO_STATE_PARTITIONS = StatePartitions()


def partitions_of(topics: StateTopics) -> Assignment:
    """The same without names."""
    return {topic_id: topic.partitions for topic_id, topic in topics.items()}


def _all_partitions(topic: Topic) -> frozenset[int]:
    return frozenset(range(len(topic.partitions)))


def _combined(first: StateTopics, second: StateTopics) -> StateTopics:
    combined = dict(first)
    for topic_id, topic in second.items():
        known = first.get(topic_id)
        combined[topic_id] = topic if known is None else StateTopic(topic.name, known.partitions | topic.partitions)
    return combined


def _without(topics: StateTopics, topic_ids: Collection[bytes]) -> StateTopics:
    return {topic_id: topic for topic_id, topic in topics.items() if topic_id not in topic_ids}
