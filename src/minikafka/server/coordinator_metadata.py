"""What a coordinator asks and hears of the metadata: its own topic, topics that are deleted, settings that change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig
    from minikafka.controller.quorum_controller import QuorumController
    from minikafka.state.metadata_delta import MetadataDelta
    from minikafka.state.topics import TopicImage


class CoordinatorMetadata:
    """The metadata as seen by the coordinator that keeps its state in ``topic``.

    :param on_topic_deleted: called with every topic that is deleted, the coordinator's own among them.
    :param change_settings: called with the broker's configuration whenever it has changed.
    """

    def __init__(
        self,
        controller: QuorumController,
        topic: str,
        *,
        on_topic_deleted: Callable[[TopicImage], None],
        change_settings: Callable[[BrokerConfig], None] | None = None,
    ) -> None:
        self._controller = controller
        self._topic = topic
        self._config = controller.config
        self._change_settings = change_settings
        self._on_topic_deleted = on_topic_deleted

    def partition_count(self) -> int:
        """How many partitions the coordinator's topic has; 0 while there is none."""
        topic = self._controller.image.topics_by_name.get(self._topic)
        return 0 if topic is None else len(topic.partitions)

    def create_topic(self) -> object:
        """Create the coordinator's topic; a promise where that takes time."""
        return self._controller.create_internal_topic(self._topic)

    def start(self) -> None:
        """Call back from now on."""
        self._controller.publisher.listeners.append(self._on_change)

    def stop(self) -> None:
        """Call back no more."""
        self._controller.publisher.listeners.remove(self._on_change)

    def _on_change(self, delta: MetadataDelta) -> None:
        if self._controller.config is not self._config:
            self._config = self._controller.config
            if self._change_settings is not None:
                self._change_settings(self._config)
        for topic in delta.deleted_topics:
            self._on_topic_deleted(topic)
