"""Which partitions somebody has, is to have, or says that it has: the same for consumer groups and share groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

Assignment = dict[bytes, frozenset[int]]
"""Partitions by 16-byte topic id."""

Place = tuple[bytes, int]
"""Topic id, partition."""


def assignment_of(topics: Iterable[Any]) -> Assignment:
    """From a list of structs with ``topic_id`` and ``partitions``."""
    return {topic.topic_id: frozenset(topic.partitions) for topic in topics if topic.partitions}


def topics_of(assignment: Assignment, new_topic: Callable[..., T]) -> list[T]:
    """The list of structs that ``assignment_of`` reads, each made by ``new_topic(topic_id=, partitions=)``."""
    return [new_topic(topic_id=topic_id, partitions=sorted(indexes)) for topic_id, indexes in assignment.items()]


def named_topics_of(assignment: Assignment, topics: Mapping[bytes, Any], new_topic: Callable[..., T]) -> list[T]:
    """As ``topics_of``, with ``topic_name=``; without those that are not among ``topics``, which are by id."""
    return [
        new_topic(topic_id=topic_id, topic_name=topics[topic_id].name, partitions=sorted(indexes))
        for topic_id, indexes in assignment.items()
        if topic_id in topics
    ]


def as_assignment(places: Iterable[Place]) -> Assignment:
    """From single partitions."""
    by_topic: dict[bytes, set[int]] = {}
    for topic_id, partition in places:
        by_topic.setdefault(topic_id, set()).add(partition)
    return {topic_id: frozenset(partitions) for topic_id, partitions in by_topic.items()}
