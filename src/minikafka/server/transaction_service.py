"""Puts the transaction coordinator together: its runtime over ``__transaction_state``, the markers it writes into this
node's logs, and what it has to hear of the metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.partitioner import partition_for
from minikafka.coordinator.transaction_coordinator import TransactionCoordinator
from minikafka.coordinator.transaction_loader import TransactionLoader
from minikafka.coordinator.transaction_markers import Marker
from minikafka.coordinator.transaction_settings import TransactionSettings
from minikafka.coordinator.transaction_shard import TransactionShard
from minikafka.errors import KAFKA_STORAGE_ERROR, NONE, UNKNOWN_TOPIC_OR_PARTITION, ApiError, StorageError
from minikafka.records.batch import NO_SEQUENCE
from minikafka.records.builder import end_transaction_marker
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.state.features import TRANSACTION_VERSION
from minikafka.state.topic_names import GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.coordinator.group_shard import GroupShard
    from minikafka.coordinator.producer_ids import ProducerIds
    from minikafka.coordinator.timers import KeyedTimers
    from minikafka.pending import RunBlocking
    from minikafka.state.metadata_delta import MetadataDelta
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


class TransactionService:
    """``coordinator`` is what handlers use, and ``markers`` what writes markers that other coordinators order.

    ``start`` when the groups have been started, whose offsets may be part of transactions; ``stop`` before them.
    """

    def __init__(
        self,
        controller: QuorumController,
        logs: LogManager,
        groups: CoordinatorRuntime[GroupShard],
        producer_ids: ProducerIds,
        clock: Clock,
        timers: Timers,
        run_blocking: RunBlocking,
    ) -> None:
        self._controller = controller
        self._clock = clock
        self._config = controller.config
        self._settings = TransactionSettings(controller.config)
        self.markers = LocalMarkers(controller.image, logs, groups, clock)
        self.runtime: CoordinatorRuntime[TransactionShard] = CoordinatorRuntime(
            topic=TRANSACTION_STATE_TOPIC,
            partition_count=self._partition_count,
            create_topic=lambda: controller.create_internal_topic(TRANSACTION_STATE_TOPIC),
            logs=logs,
            clock=clock,
            timers=timers,
            run_blocking=run_blocking,
            new_shard=self._new_shard,
            new_loader=TransactionLoader,
            base_sequence=NO_SEQUENCE,
        )
        self.coordinator = TransactionCoordinator(self.runtime, producer_ids, self._settings, clock.wall_ms)

    def start(self) -> None:
        """Load the transactions, and finish those that were decided; follow the metadata from now on."""
        self.runtime.start()
        self._controller.publisher.listeners.append(self._on_change)

    def stop(self) -> None:
        """What comes after is refused."""
        self._controller.publisher.listeners.remove(self._on_change)
        self.runtime.stop()

    def _partition_count(self) -> int:
        topic = self._controller.image.topics_by_name.get(TRANSACTION_STATE_TOPIC)
        return 0 if topic is None else len(topic.partitions)

    def _new_shard(self, timers: KeyedTimers) -> TransactionShard:
        return TransactionShard(timers, self._clock, self._settings, self.markers, self._transaction_version)

    def _transaction_version(self) -> int:
        return self._controller.image.features.level(TRANSACTION_VERSION)

    def _on_change(self, delta: MetadataDelta) -> None:
        if self._controller.config is not self._config:
            self._config = self._controller.config
            self._settings = TransactionSettings(self._config)
            self.coordinator.change_settings(self._settings)
        for topic in delta.deleted_topics:
            if topic.name == TRANSACTION_STATE_TOPIC:
                for partition in topic.partitions:
                    self.runtime.unload(partition.index)
