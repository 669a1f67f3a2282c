"""Elections, reassignments and leaving brokers, as far as one node can have them (Kafka: ReplicationControlManager).

The metadata may know other brokers, that were part of the cluster when the directory was theirs too; none of them is
there, so none can be elected or be given a replica that would ever be in sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from minikafka.controller.topic_control import ensure_assignable
from minikafka.errors import (
    BROKER_ID_NOT_REGISTERED,
    ELECTION_NOT_NEEDED,
    ELIGIBLE_LEADERS_NOT_AVAILABLE,
    INVALID_REPLICA_ASSIGNMENT,
    NO_REASSIGNMENT_IN_PROGRESS,
    PREFERRED_LEADER_NOT_AVAILABLE,
    UNKNOWN_TOPIC_OR_PARTITION,
    ApiError,
)
from minikafka.state.metadata_version import partition_record_version
from minikafka.state.topics import NO_LEADER

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.state.topics import PartitionImage, TopicImage

PREFERRED: Final = 0
UNCLEAN: Final = 1


class ReplicaControl:
    """:param node_id: the one broker that is there."""

    def __init__(self, image: MetadataImage, node_id: int) -> None:
        self._image = image
        self._node_id = node_id

    def elect(self, election_type: int, topic_name: str, index: int) -> VersionedRecord:
        """The change that makes this node the leader. Raises ApiError: ELECTION_NOT_NEEDED, or why it cannot be."""
        topic = self._image.topics_by_name.get(topic_name)
        if topic is None:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"No such topic as {topic_name}")
        partition = topic.partition(index)
        if partition is None:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"No such partition as {topic_name}-{index}")
        if election_type == PREFERRED:
            if partition.leader == partition.replicas[0]:
                raise ApiError(ELECTION_NOT_NEEDED)
            if partition.replicas[0] != self._node_id or self._node_id not in partition.isr:
                raise ApiError(PREFERRED_LEADER_NOT_AVAILABLE)
            return self._change(topic, partition, leader=self._node_id)
        if partition.leader != NO_LEADER:
            raise ApiError(ELECTION_NOT_NEEDED)
        if self._node_id not in partition.replicas:
            raise ApiError(ELIGIBLE_LEADERS_NOT_AVAILABLE)
        return self._change(topic, partition, leader=self._node_id, isr=[self._node_id])

    def reassign(self, topic_name: str, index: int, replicas: Sequence[int] | None) -> list[VersionedRecord]:
        """What gives a partition these replicas: None cancels a reassignment. Raises ApiError."""
        topic = self._image.topics_by_name.get(topic_name)
        if topic is None:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find a topic named {topic_name}.")
        partition = topic.partition(index)
        if partition is None:
            raise ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"Unable to find partition {topic_name}:{index}.")
        if replicas is None:
            return [self._cancelled(topic, partition)]
        ensure_assignable(self._image, replicas, None)
        if list(replicas) == partition.replicas:
            return []
        if list(replicas) != [self._node_id] or self._node_id not in partition.isr:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"Only broker {self._node_id} is running, so no other replica could get in sync.",
            )
        return [
            self._change(
                topic,
                partition,
                replicas=[self._node_id],
                isr=[self._node_id],
                leader=self._node_id,
                adding_replicas=[],
                removing_replicas=[],
            )
        ]

    def unregister(self, broker_id: int) -> list[VersionedRecord]:
        """What takes a broker that is gone out of the metadata. Raises ApiError(BROKER_ID_NOT_REGISTERED)."""
        from minikafka.protocol.messages import UnregisterBrokerRecord

        registration = self._image.cluster.brokers.get(broker_id)
        if registration is None:
            raise ApiError(BROKER_ID_NOT_REGISTERED, f"Broker ID {broker_id} is not currently registered")
        records = [
            self._without(topic, partition, broker_id)
            for topic in self._image.topics_by_name.values()
            for partition in topic.partitions
            if broker_id in partition.isr and partition.isr != [broker_id]
        ]
        record = UnregisterBrokerRecord(broker_id=broker_id, broker_epoch=registration.broker_epoch)
        return [*records, (record, 0)]

    def _cancelled(self, topic: TopicImage, partition: PartitionImage) -> VersionedRecord:
        if not partition.adding_replicas and not partition.removing_replicas:
            raise ApiError(NO_REASSIGNMENT_IN_PROGRESS)
        replicas = [replica for replica in partition.replicas if replica not in partition.adding_replicas]
        isr = [replica for replica in partition.isr if replica in replicas]
        if not isr:
            raise ApiError(
                INVALID_REPLICA_ASSIGNMENT,
                f"Unable to revert partition assignment for {topic.name}:{partition.index} because it would require an "
                "unclean leader election.",
            )
        return self._change(topic, partition, replicas=replicas, isr=isr, adding_replicas=[], removing_replicas=[])

    def _without(self, topic: TopicImage, partition: PartitionImage, broker_id: int) -> VersionedRecord:
        isr = [replica for replica in partition.isr if replica != broker_id]
        if partition.leader != broker_id:
            return self._change(topic, partition, isr=isr)
        return self._change(topic, partition, isr=isr, leader=self._node_id if self._node_id in isr else NO_LEADER)

    def _change(self, topic: TopicImage, partition: PartitionImage, **fields: Any) -> VersionedRecord:
        from minikafka.protocol.messages import PartitionChangeRecord

        version = partition_record_version(self._image.features.metadata_version)
        return PartitionChangeRecord(partition_id=partition.index, topic_id=topic.topic_id, **fields), version
