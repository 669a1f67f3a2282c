"""Puts the transaction coordinator together: its runtime over ``__transaction_state``, the markers it writes, and what
it has to hear of the metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.transactions.transaction_coordinator import TransactionCoordinator
from minikafka.coordinator.transactions.transaction_loader import TransactionLoader
from minikafka.coordinator.transactions.transaction_settings import TransactionSettings
from minikafka.coordinator.transactions.transaction_shard import TransactionShard
from minikafka.records.batch import NO_SEQUENCE
from minikafka.server.coordinator_metadata import CoordinatorMetadata
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.server.local_markers import LocalMarkers
from minikafka.state.features import TRANSACTION_VERSION
from minikafka.state.topic_names import TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.config.broker import BrokerConfig
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.coordinator.group_shard import GroupShard
    from minikafka.coordinator.timers import KeyedTimers
    from minikafka.coordinator.transactions.producer_ids import ProducerIds
    from minikafka.pending import RunBlocking
    from minikafka.state.topics import TopicImage
    from minikafka.storage.log_manager import LogManager


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
        self._settings = TransactionSettings(controller.config)
        self.markers = LocalMarkers(controller.image, logs, groups, clock)
        self._metadata = CoordinatorMetadata(
            controller,
            TRANSACTION_STATE_TOPIC,
            change_settings=self._change_settings,
            on_topic_deleted=self._on_topic_deleted,
        )
        self.runtime: CoordinatorRuntime[TransactionShard] = CoordinatorRuntime(
            topic=TRANSACTION_STATE_TOPIC,
            partition_count=self._metadata.partition_count,
            create_topic=self._metadata.create_topic,
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
        self._metadata.start()

    def stop(self) -> None:
        """What comes after is refused."""
        self._metadata.stop()
        self.runtime.stop()

    def _new_shard(self, timers: KeyedTimers) -> TransactionShard:
        return TransactionShard(timers, self._clock, self._settings, self.markers, self._transaction_version)

    def _transaction_version(self) -> int:
        return self._controller.image.features.level(TRANSACTION_VERSION)

    def _change_settings(self, config: BrokerConfig) -> None:
        self._settings = TransactionSettings(config)
        self.coordinator.change_settings(self._settings)

    def _on_topic_deleted(self, topic: TopicImage) -> None:
        if topic.name == TRANSACTION_STATE_TOPIC:
            for partition in topic.partitions:
                self.runtime.unload(partition.index)
