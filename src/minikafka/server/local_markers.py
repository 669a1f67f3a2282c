"""Writes transaction markers into the logs of this node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.partitioner import partition_for
from minikafka.coordinator.transactions.transaction_markers import Marker
from minikafka.errors import KAFKA_STORAGE_ERROR, NONE, UNKNOWN_TOPIC_OR_PARTITION, ApiError, StorageError
from minikafka.records.builder import end_transaction_marker
from minikafka.state.topic_names import GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.coordinator.group_shard import GroupShard
    from minikafka.server.coordinator_runtime import CoordinatorRuntime
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.storage.log_manager import LogManager


class LocalMarkers:
    """A ``MarkerWriter`` for the logs of this node."""

    def __init__(
        self, image: MetadataImage, logs: LogManager, groups: CoordinatorRuntime[GroupShard], clock: Clock
    ) -> None:
        self._image = image
        self._logs = logs
        self._groups = groups
        self._clock = clock

    def coordinator_epoch(self, transactional_id: str) -> int:
        topic = self._image.topics_by_name[TRANSACTION_STATE_TOPIC]
        return topic.partitions[partition_for(transactional_id, len(topic.partitions))].leader_epoch

    def write(self, topic: str, partition: int, marker: Marker) -> int:
        known = self._image.topics_by_name.get(topic)
        if known is None or not 0 <= partition < len(known.partitions):
            return UNKNOWN_TOPIC_OR_PARTITION
        if topic == GROUP_METADATA_TOPIC:
            return self._groups.end_transaction(
                partition,
                marker,
                marker.coordinator_epoch,
                committed=marker.committed,
                transaction_version=marker.transaction_version,
            )
        log = self._logs.get(topic, partition)
        if log is None:
            return KAFKA_STORAGE_ERROR
        now_ms = self._clock.wall_ms()
        batch = end_transaction_marker(
            commit=marker.committed,
            producer_id=marker.producer_id,
            producer_epoch=marker.producer_epoch,
            coordinator_epoch=marker.coordinator_epoch,
            timestamp=now_ms,
        )
        try:
            log.append(
                bytearray(batch),
                now_ms=now_ms,
                origin="coordinator",
                transaction_version=marker.transaction_version,
            )
        except ApiError as error:
            return error.code
        except StorageError:
            return KAFKA_STORAGE_ERROR
        return NONE
