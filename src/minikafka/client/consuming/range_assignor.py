"""The range assignor: of each topic, every member gets a run of partitions that follow each other.

Source: ``org.apache.kafka.clients.consumer.RangeAssignor``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NAME = "range"


def assign(
    partition_counts: Mapping[str, int], subscriptions: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, list[int]]]:
    """Member -> topic -> partitions; every member is there, even with nothing.

    :param partition_counts: topic -> number of partitions; topics that are not there are left out.
    :param subscriptions: member -> topics. Members are ordered by what they are called.
    """
    assignment: dict[str, dict[str, list[int]]] = {member: {} for member in subscriptions}
    for topic in sorted({topic for topics in subscriptions.values() for topic in topics}):
        count = partition_counts.get(topic, 0)
        members = sorted(member for member, topics in subscriptions.items() if topic in topics)
        each, extra = divmod(count, len(members))
        start = 0
        for position, member in enumerate(members):
            size = each + (position < extra)
            if size:
                assignment[member][topic] = list(range(start, start + size))
            start += size
    return assignment
