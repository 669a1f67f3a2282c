"""The server-side assignors of consumer groups (KIP-848): from who reads what, and has what, to who shall have what.

``uniform``: as even as possible over all partitions, moving as few as possible. ``range``: for each topic by itself,
contiguous ranges in the order of the members, so that topics of equal size are split alike.

Sources: Kafka's UniformAssignor (its homogeneous builder; where subscriptions differ this one levels greedily),
RangeAssignor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from minikafka.coordinator.assignments import Assignment, Place, as_assignment
from minikafka.named_tuple import NamedTuple


class MemberSpec(NamedTuple):
    """What an assignor knows of a member."""

    instance_id: str | None
    topic_ids: frozenset[bytes]
    """Topics it reads, those that exist only."""
    current: Mapping[bytes, frozenset[int]]
    """Its target assignment so far."""


Assignor = Callable[[Mapping[str, MemberSpec], Mapping[bytes, int]], dict[str, Assignment]]
"""From members by id and partition counts by topic id to the partitions of each member."""


def assign_range(members: Mapping[str, MemberSpec], partition_counts: Mapping[bytes, int]) -> dict[str, Assignment]:
    """Static members come first, by instance id: they keep their ranges when they come back under another member id."""
    ordered = sorted(members, key=lambda one: (members[one].instance_id is None, members[one].instance_id or one))
    result: dict[str, Assignment] = {member_id: {} for member_id in members}
    for topic_id, count in partition_counts.items():
        readers = [member_id for member_id in ordered if topic_id in members[member_id].topic_ids]
        start = 0
        for index, member_id in enumerate(readers):
            size = count // len(readers) + (index < count % len(readers))
            if size:
                result[member_id][topic_id] = frozenset(range(start, start + size))
            start += size
    return result


def assign_uniform(members: Mapping[str, MemberSpec], partition_counts: Mapping[bytes, int]) -> dict[str, Assignment]:
    """Everybody keeps what it may, up to its share; the rest goes to those with least."""
    held: dict[str, list[Place]] = {}
    taken: set[Place] = set()
    for member_id in members:
        held[member_id] = _kept(members[member_id], partition_counts, taken)
        taken.update(held[member_id])
    is_homogeneous = len({spec.topic_ids for spec in members.values()}) == 1
    if is_homogeneous:
        taken -= _shed(held, sum(partition_counts.values()))
    readers = {
        topic_id: [member_id for member_id, spec in members.items() if topic_id in spec.topic_ids]
        for topic_id in partition_counts
    }
    # The topics with the fewest readers first: they leave the least choice.
    for topic_id in sorted(partition_counts, key=lambda one: len(readers[one])):
        for partition in range(partition_counts[topic_id]):
            if (topic_id, partition) not in taken and readers[topic_id]:
                held[min(readers[topic_id], key=lambda one: len(held[one]))].append((topic_id, partition))
    if not is_homogeneous:
        _level(held, readers)
    return {member_id: as_assignment(places) for member_id, places in held.items()}


def _kept(spec: MemberSpec, partition_counts: Mapping[bytes, int], taken: set[Place]) -> list[Place]:
    """What a member has now, may still have, and nobody else has."""
    return [
        (topic_id, partition)
        for topic_id in partition_counts
        if topic_id in spec.topic_ids
        for partition in sorted(spec.current.get(topic_id, ()))
        if partition < partition_counts[topic_id] and (topic_id, partition) not in taken
    ]


def _shed(held: dict[str, list[Place]], partition_count: int) -> set[Place]:
    """Take what is above a member's share of ``partition_count`` from it; returns what was taken."""
    share, larger_shares = divmod(partition_count, len(held))
    shed: set[Place] = set()
    for member_id, places in held.items():
        limit = share
        if larger_shares and len(places) > share:
            limit += 1
            larger_shares -= 1
        shed.update(places[limit:])
        held[member_id] = places[:limit]
    return shed


def _level(held: dict[str, list[Place]], readers: Mapping[bytes, list[str]]) -> None:
    """Move single partitions to a reader that has at least two fewer, until there is none."""
    moved = True
    while moved:
        moved = False
        for member_id in sorted(held, key=lambda one: -len(held[one])):
            for place in list(held[member_id]):
                least = min(readers[place[0]], key=lambda one: len(held[one]))
                if len(held[least]) + 1 < len(held[member_id]):
                    held[member_id].remove(place)
                    held[least].append(place)
                    moved = True


ASSIGNORS: Final[dict[str, Assignor]] = {"uniform": assign_uniform, "range": assign_range}
"""By name, in the order in which ``group.consumer.assignors`` has them; the first is the default."""
