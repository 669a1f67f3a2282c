"""The broker's settings that the share coordinator reads (Kafka: ``ShareCoordinatorConfig``). None of them can be
changed while the broker runs."""

from __future__ import annotations

from minikafka.coordinator.settings import Config


class ShareStateSettings:
    __slots__ = ("cold_snapshot_interval_ms", "compression_codec", "prune_interval_ms", "updates_per_snapshot")

    def __init__(self, config: Config) -> None:
        self.updates_per_snapshot: int = config["share.coordinator.snapshot.update.records.per.snapshot"]
        self.compression_codec: int = config["share.coordinator.state.topic.compression.codec"]
        self.prune_interval_ms: int = config["share.coordinator.state.topic.prune.interval.ms"]
        self.cold_snapshot_interval_ms: int = config["share.coordinator.cold.partition.snapshot.interval.ms"]
