"""The round-robin assignor: partitions of all topics in their order go to one member after the other.

Source: ``org.apache.kafka.clients.consumer.RoundRobinAssignor``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

NAME: Final = "roundrobin"


def assign(
    partition_counts: Mapping[str, int], subscriptions: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, list[int]]]:
    """As ``range_assignor.assign``; a member that does not want the topic is passed over."""
    assignment: dict[str, dict[str, list[int]]] = {member: {} for member in subscriptions}
    members = cycle(sorted(subscriptions))
    for topic in sorted({topic for topics in subscriptions.values() for topic in topics}):
        for partition in range(partition_counts.get(topic, 0)):
            member = next(member for member in members if topic in subscriptions[member])
            assignment[member].setdefault(topic, []).append(partition)
    return assignment
