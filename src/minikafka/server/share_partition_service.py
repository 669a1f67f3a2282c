"""Puts the share partitions together with what they need of a broker, and with what they have to hear of its metadata
(Kafka: SharePartitionManager's listeners)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.handlers._groups import share_groups_are_enabled
from minikafka.sharing.share_partitions import SharePartitions
from minikafka.sharing.share_settings import ShareSettings
from minikafka.state.configurations import GROUP

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
        if "features" in delta.changed_parts and not share_groups_are_enabled(services):
            self.partitions.forget_everything()
