"""Which partitions somebody has, is to have, or says that it has: the same for consumer groups and share groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Assignment = dict[bytes, frozenset[int]]
"""Partitions by 16-byte topic id."""

Place = tuple[bytes, int]
"""Topic id, partition."""


def assignment_of(topics: Iterable[Any]) -> Assignment:
    """From a list of structs with ``topic_id`` and ``partitions``."""
    return {topic.topic_id: frozenset(topic.partitions) for topic in topics if topic.partitions}


def as_assignment(places: Iterable[Place]) -> Assignment:
    """From single partitions."""
    by_topic: dict[bytes, set[int]] = {}
    for topic_id, partition in places:
        by_topic.setdefault(topic_id, set()).add(partition)
    return {topic_id: frozenset(partitions) for topic_id, partitions in by_topic.items()}
