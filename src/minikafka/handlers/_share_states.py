"""What the APIs of the share coordinator share: each asks it something of many partitions of one share group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from minikafka.coordinator.gathering import gather, map_pending
from minikafka.errors import message_of
from minikafka.pending import Pending

T = TypeVar("T")

ByPartition = dict[bytes, dict[int, T]]
"""Topic id -> partition -> what came of it, in the order in which they were asked for."""


class StateRequest(Protocol):
    """Any of the requests: partitions by topic."""

    @property
    def group_id(self) -> str: ...

    @property
    def topics(self) -> Sequence[Any]: ...


def ask_each(
    request: StateRequest, ask: Callable[[bytes, Any], T | Pending[T]], *, skips_empty_topics: bool = False
) -> ByPartition[T] | Pending[ByPartition[T]]:
    """What ``ask(topic id, partition)`` gives for each partition; the last word counts where one is named twice.

    Nothing is asked without a group, or where a topic has no partitions; ``skips_empty_topics``: only of such a topic.
    """
    if not request.group_id or (not skips_empty_topics and not all(topic.partitions for topic in request.topics)):
        return {}
    asked = [(topic.topic_id, partition) for topic in request.topics for partition in topic.partitions]

    def arrange(outcomes: list[T]) -> ByPartition[T]:
        arranged: ByPartition[T] = {}
        for (topic_id, partition), outcome in zip(asked, outcomes, strict=True):
            arranged.setdefault(topic_id, {})[partition.partition] = outcome
        return arranged

    return map_pending(gather([ask(topic_id, partition) for topic_id, partition in asked]), arrange)


def fail_each(request: StateRequest, code: int, outcome: Callable[[int, str], T]) -> ByPartition[T]:
    """The same error for all, as ``outcome(code, message)`` makes it."""
    failure = outcome(code, message_of(code))
    return {
        topic.topic_id: {partition.partition: failure for partition in topic.partitions} for topic in request.topics
    }
