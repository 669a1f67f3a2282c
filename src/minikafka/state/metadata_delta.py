"""What a batch of metadata records changed (Kafka: MetadataDelta): the publisher acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minikafka.state.topics import PartitionImage, TopicImage


class MetadataDelta:
    """``changed_configs`` holds (resource type, name); ``changed_parts`` names attributes of the image that changed
    otherwise: features, cluster, client_quotas, acls, scram, delegation_tokens."""

    def __init__(self) -> None:
        self.created_topics: list[TopicImage] = []
        self.created_partitions: list[tuple[TopicImage, PartitionImage]] = []
        self.changed_partitions: list[tuple[TopicImage, PartitionImage]] = []
        self.deleted_topics: list[TopicImage] = []
        self.changed_configs: set[tuple[int, str]] = set()
        self.changed_parts: set[str] = set()
