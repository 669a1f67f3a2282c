"""Where the partitions of topics are led: asked for once, and again when an answer shows that it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minikafka.client.cluster import Cluster
from minikafka.errors import (
    LEADER_NOT_AVAILABLE,
    NONE,
    REPLICA_NOT_AVAILABLE,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
    is_retriable,
)
from minikafka.named_tuple import NamedTuple

TopicPartition = tuple[str, int]


class TopicLeaders(NamedTuple):
    """``leaders``: partition -> node id, -1 where there is none at the moment."""

    topic_id: bytes
    leaders: dict[int, int]


class Leaders:
    """:param allow_auto_topic_creation: a topic that is asked for may be created, where the broker does that."""

    def __init__(self, cluster: Cluster, *, allow_auto_topic_creation: bool = False) -> None:
        self._cluster = cluster
        self._allow_auto_topic_creation = allow_auto_topic_creation
        self._topics: dict[str, TopicLeaders] = {}
        self.problems: Mapping[str, int] = {}
        """Topic -> error code, of the last refresh: what kept topics from being known."""

    def refresh(self, topics: Iterable[str]) -> None:
        """Ask for these topics again.

        :raises ApiError: a topic cannot be used, and that will not pass. ClientError.
        """
        answer = self._cluster.metadata(topics, allow_auto_topic_creation=self._allow_auto_topic_creation)
        problems = {}
        for topic in answer.topics:
            name = topic.name or ""
            self._topics.pop(name, None)
            if topic.error_code in (NONE, REPLICA_NOT_AVAILABLE):
                leaders = {part.partition_index: part.leader_id for part in topic.partitions}
                self._topics[name] = TopicLeaders(topic.topic_id, leaders)
            elif is_retriable(topic.error_code):
                problems[name] = topic.error_code
            else:
                raise ApiError(topic.error_code)
        self.problems = problems

    def topic(self, name: str) -> TopicLeaders | None:
        """What is known about a topic; None: nothing yet."""
        found = self._topics.get(name)
        if found is None and name not in self.problems:
            self.refresh([name])
            found = self._topics.get(name)
        return found

    def leader(self, partition: TopicPartition) -> int:
        """The node id of a partition's leader.

        :raises ApiError: there is none at the moment (retriable). ClientError.
        """
        topic = self.topic(partition[0])
        if topic is None:
            raise ApiError(self.problems.get(partition[0], UNKNOWN_TOPIC_OR_PARTITION))
        if partition[1] not in topic.leaders:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION)
        if topic.leaders[partition[1]] < 0:
            raise ApiError(LEADER_NOT_AVAILABLE)
        return topic.leaders[partition[1]]

    def forget(self, name: str) -> None:
        """What is known about a topic has proved wrong."""
        self._topics.pop(name, None)
        self.problems = {topic: code for topic, code in self.problems.items() if topic != name}
