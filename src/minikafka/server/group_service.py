"""Puts the group coordinator together: its runtime over ``__consumer_offsets``, and what it has to hear of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from minikafka.coordinator.group_coordinator import GroupCoordinator
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.settings import GroupSettings
from minikafka.records.compression import NAMES as COMPRESSION_NAMES
from minikafka.server.coordinator_metadata import CoordinatorMetadata
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.state.topic_names import GROUP_METADATA_TOPIC

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.config.broker import BrokerConfig
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.coordinator.share_groups.share_group_coordinator import ShareGroupCoordinator
    from minikafka.coordinator.share_state.share_coordinator import ShareCoordinator
    from minikafka.coordinator.timers import KeyedTimers
    from minikafka.pending import RunBlocking
    from minikafka.state.topics import TopicImage
    from minikafka.storage.log_manager import LogManager


class GroupService:
    """``coordinator`` is what handlers use; ``runtime`` what ends transactions in the coordinator's topic.

    :param share_states: gives the share coordinator, once there is a share group.

    ``start`` when the logs are loaded and attached to the controller; ``stop`` before they are closed.
    """

    def __init__(
        self,
        controller: QuorumController,
        logs: LogManager,
        clock: Clock,
        timers: Timers,
        run_blocking: RunBlocking,
        share_states: Callable[[], ShareCoordinator],
    ) -> None:
        self._controller = controller
        self._share_states = share_states
        self._clock = clock
        self._settings = GroupSettings(controller.config)
        self._metadata = CoordinatorMetadata(
            controller,
            GROUP_METADATA_TOPIC,
            change_settings=self._change_settings,
            on_topic_deleted=self._on_topic_deleted,
        )
        self.runtime: CoordinatorRuntime[GroupShard] = CoordinatorRuntime(
            topic=GROUP_METADATA_TOPIC,
            partition_count=self._metadata.partition_count,
            create_topic=self._metadata.create_topic,
            logs=logs,
            clock=clock,
            timers=timers,
            run_blocking=run_blocking,
            new_shard=self._new_shard,
            new_loader=GroupLoader,
            compression=COMPRESSION_NAMES[controller.config["offsets.topic.compression.codec"]],
            defers_sync=True,
        )
        self.coordinator = GroupCoordinator(self.runtime, self._settings, self._new_share)

    def start(self) -> None:
        """Load the groups; follow the metadata from now on."""
        self.runtime.start()
        self._metadata.start()

    def stop(self) -> None:
        """Answer whoever waits. What comes after is refused."""
        self._metadata.stop()
        self.runtime.stop()

    def _new_shard(self, timers: KeyedTimers) -> GroupShard:
        return GroupShard(timers, self._clock, self._settings, self._controller.image)

    def _new_share(self) -> ShareGroupCoordinator:
        from minikafka.coordinator.share_groups.share_group_coordinator import ShareGroupCoordinator

        return ShareGroupCoordinator(self.runtime, self._share_states(), self._controller.image)

    def _change_settings(self, config: BrokerConfig) -> None:
        self._settings = GroupSettings(config)
        self.coordinator.change_settings(self._settings)

    def _on_topic_deleted(self, topic: TopicImage) -> None:
        indexes = [partition.index for partition in topic.partitions]
        if topic.name == GROUP_METADATA_TOPIC:
            for index in indexes:
                self.runtime.unload(index)
        else:
            self.coordinator.on_topic_deleted(topic.name, topic.topic_id, indexes)
