"""What the APIs of the share coordinator share: each asks it something of many partitions of one share group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from minikafka.coordinator.gathering import gather, map_pending
from minikafka.errors import message_of
from minikafka.pending import Pending

T = TypeVar("T")
R = TypeVar("R")

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
    asked = _partitions_of(request)
    answers = gather([ask(topic_id, partition) for topic_id, partition in asked])
    return map_pending(answers, lambda outcomes: _by_partition(asked, outcomes))


def fail_each(request: StateRequest, code: int, outcome: Callable[[int, str], T]) -> ByPartition[T]:
    """The same error for all, as ``outcome(code, message)`` makes it."""
    asked = _partitions_of(request)
    return _by_partition(asked, [outcome(code, message_of(code))] * len(asked))


def _partitions_of(request: StateRequest) -> list[tuple[bytes, Any]]:
    return [(topic.topic_id, partition) for topic in request.topics for partition in topic.partitions]


def _by_partition(asked: Sequence[tuple[bytes, Any]], outcomes: Sequence[T]) -> ByPartition[T]:
    arranged: ByPartition[T] = {}
    for (topic_id, partition), outcome in zip(asked, outcomes, strict=True):
        arranged.setdefault(topic_id, {})[partition.partition] = outcome
    return arranged


def results(
    outcomes: ByPartition[T], topic_result: Callable[..., R], partition_result: Callable[[int, T], object]
) -> list[R]:
    """The ``results`` of a response: ``topic_result(topic_id=..., partitions=...)`` for each topic."""
    return [
        topic_result(topic_id=topic_id, partitions=[partition_result(*each) for each in by_partition.items()])
        for topic_id, by_partition in outcomes.items()
    ]
