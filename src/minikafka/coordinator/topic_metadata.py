"""What groups have to know of topics, and of the settings that a group has of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

_GROUP_RESOURCE: Final = 32


class Topic(Protocol):
    name: str
    topic_id: bytes

    @property
    def partitions(self) -> list[Any]: ...


class TopicMetadata(Protocol):
    """The metadata image, as far as groups look (``MetadataImage``)."""

    offset: int
    """Changes whenever anything else here does."""

    @property
    def topics_by_name(self) -> Mapping[str, Any]: ...

    @property
    def topics_by_id(self) -> Mapping[bytes, Any]: ...

    @property
    def configs(self) -> Mapping[tuple[int, str], Mapping[str, str]]: ...


def ids_of_topics(metadata: TopicMetadata, names: Iterable[str]) -> frozenset[bytes]:
    """The ids of the topics among ``names`` that there are."""
    topics = (metadata.topics_by_name.get(name) for name in names)
    return frozenset(topic.topic_id for topic in topics if topic is not None)


def group_setting(metadata: TopicMetadata, group_id: str, key: str, default: int) -> int:
    """A number that a group may have of its own; ``default`` when it has not."""
    value = metadata.configs.get((_GROUP_RESOURCE, group_id), {}).get(key)
    return default if value is None else int(value)
