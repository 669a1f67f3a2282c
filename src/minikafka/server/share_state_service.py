"""Puts the share coordinator together: its runtime over ``__share_group_state``, and what it does from time to time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.coordinator.share_state.share_coordinator import ShareCoordinator
from minikafka.coordinator.share_state.share_state_loader import ShareStateLoader
from minikafka.coordinator.share_state.share_state_settings import ShareStateSettings
from minikafka.coordinator.share_state.share_state_shard import ShareStateShard
from minikafka.records.compression import NAMES as COMPRESSION_NAMES
from minikafka.server.background_jobs import BackgroundJobs
from minikafka.server.coordinator_metadata import CoordinatorMetadata
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.server.share_state_pruner import ShareStatePruner
from minikafka.state.topic_names import SHARE_GROUP_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.coordinator.timers import KeyedTimers
    from minikafka.pending import RunBlocking
    from minikafka.state.topics import TopicImage
    from minikafka.storage.log_manager import LogManager


class ShareStateService:
    """``coordinator`` is what handlers, share groups and share partitions use.

    ``start`` when it is first needed: what is asked while the states are loaded waits for them. ``stop`` before the
    logs are closed, and after those who use it.
    """

    def __init__(
        self, controller: QuorumController, logs: LogManager, clock: Clock, timers: Timers, run_blocking: RunBlocking
    ) -> None:
        self._controller = controller
        self._clock = clock
        self._settings = ShareStateSettings(controller.config)
        self._jobs = BackgroundJobs(timers)
        self._metadata = CoordinatorMetadata(
            controller, SHARE_GROUP_STATE_TOPIC, on_topic_deleted=self._on_topic_deleted
        )
        self.runtime: CoordinatorRuntime[ShareStateShard] = CoordinatorRuntime(
            topic=SHARE_GROUP_STATE_TOPIC,
            partition_count=self._metadata.partition_count,
            create_topic=self._metadata.create_topic,
            logs=logs,
            clock=clock,
            timers=timers,
            run_blocking=run_blocking,
            new_shard=self._new_shard,
            new_loader=lambda: ShareStateLoader(self._settings.updates_per_snapshot),
            compression=COMPRESSION_NAMES[self._settings.compression_codec],
            defers_sync=True,
            awaits_loading=True,
        )
        self.coordinator = ShareCoordinator(self.runtime)
        self._pruner = ShareStatePruner(self.runtime.active, logs, run_blocking)

    def start(self) -> None:
        """Load the states; follow the metadata from now on."""
        self.runtime.start()
        self._metadata.start()
        for name, interval_ms, job in (
            ("share group state pruning", self._settings.prune_interval_ms, self._pruner.prune),
            ("share group state snapshots", self._settings.cold_snapshot_interval_ms, self._snapshot_cold),
        ):
            self._jobs.every(name, interval_ms, job, initial_delay_ms=interval_ms)

    def stop(self) -> None:
        """Answer whoever waits. What comes after is refused."""
        self._jobs.close()
        self._metadata.stop()
        self.runtime.stop()

    def _new_shard(self, timers: KeyedTimers) -> ShareStateShard:
        return ShareStateShard(self._clock, self._settings, self._controller.image)

    def _snapshot_cold(self) -> None:
        for _, shard in self.runtime.active():
            self.runtime.write_to_shard(shard, shard.snapshot_cold)

    def _on_topic_deleted(self, topic: TopicImage) -> None:
        if topic.name == SHARE_GROUP_STATE_TOPIC:
            for partition in topic.partitions:
                self.runtime.unload(partition.index)
            return
        for _, shard in self.runtime.active():
            self.runtime.write_to_shard(shard, lambda shard=shard: shard.forget_topics({topic.topic_id}))  # type: ignore[misc]
