"""From the image to the logs: what the metadata says about this node's partitions, done.

(Kafka: BrokerMetadataPublisher, ReplicaManager.applyDelta.)
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.errors import ApiError, StorageError
from minikafka.state.configurations import TOPIC
from minikafka.state.metadata_delta import MetadataDelta

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig, LogConfig
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.state.topics import PartitionImage, TopicImage
    from minikafka.storage.log_manager import LogManager

log = logging.getLogger(__name__)

DeltaListener = Callable[["MetadataDelta"], None]


class Publisher:
    """Creates, configures and deletes partition logs; then tells its listeners.

    ``listeners`` are called with each delta, after the logs are as it says: coordinators and caches subscribe here.
    """

    def __init__(self, image: MetadataImage, config: BrokerConfig, node_id: int) -> None:
        self.listeners: list[DeltaListener] = []
        self._image = image
        self._config = config
        self._node_id = node_id
        self._logs: LogManager | None = None
        self._missing: dict[tuple[bytes, int], bool] = {}
        """Topic id and index of the partitions whose logs could not be created, and whether they are new."""

    def attach(self, logs: LogManager) -> None:
        """Bring ``logs`` in line with the whole image, and from now on with its changes. Raises StorageError when they
        cannot belong together."""
        self._logs = logs
        self._put_strays_aside(logs)
        for topic in self._image.topics_by_name.values():
            config = self._log_config(topic.name)
            for partition in topic.partitions:
                self._bring_in_line(logs, topic, partition, config, is_new=False)

    def _put_strays_aside(self, logs: LogManager) -> None:
        """Logs of topics that were deleted, or made anew, while the broker or its disk was away (KAFKA-15605)."""
        if not self._image.topics_by_name and logs.all():
            raise StorageError(
                f"{logs.metadata_directory} has no metadata of topics, but there are {len(logs.all())} partitions in "
                "the log directories, e.g. "
                f"{logs.all()[0].directory}; bring back __cluster_metadata-0, or set another log.dirs"
            )
        for partition_log in logs.all():
            topic = self._image.topics_by_name.get(partition_log.topic)
            partition = None if topic is None else topic.partition(partition_log.partition)
            is_ours = partition is not None and self._node_id in partition.replicas
            same_topic = topic is not None and partition_log.topic_id in {None, topic.topic_id}
            if not (is_ours and same_topic):
                logs.mark_stray(partition_log.topic, partition_log.partition)

    def reconfigure(self, config: BrokerConfig) -> None:
        """The broker's settings, from which those of topics derive, are others now."""
        self._config = config
        if self._logs is not None:
            for name in self._image.topics_by_name:
                self._configure(self._logs, name)

    def publish(self, delta: MetadataDelta) -> None:
        logs = self._logs
        if logs is not None:
            for topic in delta.deleted_topics:
                self._delete(logs, topic)
            for topic, partition in delta.created_partitions:
                if self._image.topics_by_id.get(topic.topic_id) is topic:
                    self._bring_in_line(logs, topic, partition, self._log_config(topic.name))
            for topic, partition in delta.changed_partitions:
                self._change_leader(logs, topic, partition)
            for resource_type, name in delta.changed_configs:
                if resource_type == TOPIC:
                    self._configure(logs, name)
        for listener in self.listeners:
            listener(delta)

    def open_missing_logs(self) -> MetadataDelta | None:
        """Try again to create the logs for which there was no space, or the like, and tell the listeners; None when
        there is nothing new. The first that fails again ends it."""
        delta = MetadataDelta()
        for (topic_id, index), is_new in list(self._missing.items()):
            topic = self._image.topics_by_id.get(topic_id)
            partition = None if topic is None else topic.partition(index)
            if topic is None or partition is None or self._logs is None:
                del self._missing[topic_id, index]
            elif self._logs.may_create(topic.name, index, is_new=is_new):
                self._bring_in_line(self._logs, topic, partition, self._log_config(topic.name), is_new=is_new)
                if (topic_id, index) in self._missing:
                    break
                log.info("The log of %s-%d could be created now", topic.name, index)
                delta.created_partitions.append((topic, partition))
        if not delta.created_partitions:
            return None
        for listener in self.listeners:
            listener(delta)
        return delta

    def _log_config(self, name: str) -> LogConfig:
        return self._config.log_config(self._image.topic_configs(name))

    def _bring_in_line(
        self, logs: LogManager, topic: TopicImage, partition: PartitionImage, config: LogConfig, *, is_new: bool = True
    ) -> None:
        if self._node_id not in partition.replicas:
            return
        partition_log = logs.get(topic.name, partition.index)
        try:
            if partition_log is None:
                partition_log = logs.create(topic.name, partition.index, topic.topic_id, config, is_new=is_new)
            elif partition_log.topic_id is None:
                partition_log.assign_topic_id(topic.topic_id)
        except (ApiError, StorageError, OSError) as error:
            # The partition is there, as in Kafka, and offline: clients get KAFKA_STORAGE_ERROR for it.
            log.error("The log of %s-%d cannot be opened: %s", topic.name, partition.index, error)
            self._missing[topic.topic_id, partition.index] = is_new
            return
        self._missing.pop((topic.topic_id, partition.index), None)
        partition_log.config = config
        partition_log.leader_epoch = partition.leader_epoch

    def _delete(self, logs: LogManager, topic: TopicImage) -> None:
        for partition in topic.partitions:
            if logs.get(topic.name, partition.index) is None:
                continue
            try:
                logs.delete(topic.name, partition.index)
            except (StorageError, OSError) as error:
                log.error("The log of %s-%d cannot be deleted: %s", topic.name, partition.index, error)

    def _change_leader(self, logs: LogManager, topic: TopicImage, partition: PartitionImage) -> None:
        partition_log = logs.get(topic.name, partition.index)
        if partition_log is not None:
            partition_log.leader_epoch = partition.leader_epoch

    def _configure(self, logs: LogManager, name: str) -> None:
        topic = self._image.topics_by_name.get(name)
        if topic is None:
            return
        config = self._log_config(name)
        for partition in topic.partitions:
            partition_log = logs.get(name, partition.index)
            if partition_log is not None:
                partition_log.config = config
