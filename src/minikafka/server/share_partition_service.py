"""Puts the share partitions together with what they need of a broker, and with what they have to hear of its metadata
(Kafka: SharePartitionManager's listeners)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.sharing.share_partitions import SharePartitions
from minikafka.sharing.share_settings import ShareSettings
from minikafka.state.configurations import GROUP
from minikafka.state.features import SHARE_VERSION

if TYPE_CHECKING:
    from minikafka.server.services import BrokerServices
    from minikafka.state.metadata_delta import MetadataDelta


class SharePartitionService:
    """``partitions`` is what handlers use. ``start`` when it is first needed, ``stop`` before the share states."""

    def __init__(self, services: BrokerServices) -> None:
        self._services = services
        self.partitions = SharePartitions(
            services.share_states,
            ShareSettings(lambda: services.config, lambda group_id: services.image.configs.get((GROUP, group_id), {})),
            services.clock,
            services.timers,
            services.purgatory.check,
        )

    def start(self) -> None:
        """Follow the metadata from now on."""
        self._services.controller.publisher.listeners.append(self._follow)

    def stop(self) -> None:
        """What comes after is as if nobody held anything."""
        self._services.controller.publisher.listeners.remove(self._follow)
        self.partitions.stop()

    def _follow(self, delta: MetadataDelta) -> None:
        services = self._services
        for topic in delta.deleted_topics:
            self.partitions.forget_topic(topic.topic_id)
        for topic, partition in delta.changed_partitions:
            if partition.leader != services.node_id:
                self.partitions.forget_partition(topic.topic_id, partition.index)
        if (
            "features" in delta.changed_parts
            and services.image.features.level(SHARE_VERSION) < 1
            and not services.config["group.share.enable"]
        ):
            self.partitions.forget_everything()
