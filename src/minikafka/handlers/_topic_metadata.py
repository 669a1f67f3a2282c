"""What Metadata and DescribeTopicPartitions both tell of partitions, and how a topic comes to be by being asked for.

Source: Kafka's KRaftMetadataCache, DefaultAutoTopicCreationManager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.named_tuple import NamedTuple
from minikafka.state import topic_names
from minikafka.state.topics import NO_LEADER

if TYPE_CHECKING:
    from minikafka.handlers.context import Services
    from minikafka.state.topics import PartitionImage, TopicImage


class PartitionState(NamedTuple):
    """A partition as clients see it: ``error`` and ``leader`` take the state of its log into account."""

    error: int
    leader: int
    offline_replicas: list[int]


def partition_state(broker: Services, topic: TopicImage, partition: PartitionImage) -> PartitionState:
    """LEADER_NOT_AVAILABLE without a leader in service, also when its log directory has failed."""
    node_id = broker.node_id
    if partition.replicas == [node_id] and partition.leader == node_id:
        # By far the most frequent case: a client that asks for all topics gets thousands of these.
        log = broker.logs.get(topic.name, partition.index)
        if log is not None and not log.is_failed and _is_in_service(broker, node_id):
            return PartitionState(errors.NONE, node_id, [])
    offline = [
        replica
        for replica in partition.replicas
        if not _is_in_service(broker, replica) or not _has_log(broker, topic, partition, replica)
    ]
    leader = partition.leader
    if leader == NO_LEADER or leader in offline:
        return PartitionState(errors.LEADER_NOT_AVAILABLE, NO_LEADER, offline)
    return PartitionState(errors.NONE, leader, offline)


def error_of_missing_topic(name: str) -> int:
    """What asking for a topic that is not there is answered with."""
    return errors.UNKNOWN_TOPIC_OR_PARTITION if topic_names.is_valid(name) else errors.INVALID_TOPIC_EXCEPTION


def _is_in_service(broker: Services, broker_id: int) -> bool:
    registration = broker.image.cluster.brokers.get(broker_id)
    return registration is not None and not registration.fenced


def _has_log(broker: Services, topic: TopicImage, partition: PartitionImage, broker_id: int) -> bool:
    """Only this node's own log directories can be seen from here."""
    if broker_id != broker.node_id:
        return True
    log = broker.logs.get(topic.name, partition.index)
    return log is not None and not log.is_failed
