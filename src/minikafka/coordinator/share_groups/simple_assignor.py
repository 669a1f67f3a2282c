"""The assignor of share groups: who reads a topic has a share of its partitions, or shares a partition (KIP-932).

Where all members read the same topics, the partitions of all topics are shared out together; else those of each topic
by themselves. With more members than partitions each partition has as many members as it takes for everybody to have
one. Members keep what they have as far as that fits. Source: Kafka's SimpleAssignor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from minikafka.coordinator.assignments import Assignment, Place, as_assignment
from minikafka.coordinator.consumer.assignors import MemberSpec


def assign_simple(
    members: Mapping[str, MemberSpec], assignable: Mapping[bytes, frozenset[int]], *, is_homogeneous: bool
) -> dict[str, Assignment]:
    """The partitions of each member.

    :param members: by member id.
    :param assignable: the partitions of each topic that can be read.
    :param is_homogeneous: whether all subscribe to the same topics, those among them that there are not.
    """
    # In an order that does not depend on who came when, which nobody knows any more after a restart.
    members = {member_id: members[member_id] for member_id in sorted(members)}
    held: dict[str, list[Place]] = {member_id: [] for member_id in members}
    pools = _one_pool(members) if is_homogeneous else _pool_of_each_topic(members)
    for topic_ids, readers in pools:
        places = [
            (topic_id, partition)
            for topic_id in sorted(topic_ids)
            for partition in sorted(assignable.get(topic_id, ()))
        ]
        for member_id, shared in _share_out(places, {one: members[one] for one in readers}).items():
            held[member_id] += shared
    return {member_id: as_assignment(places) for member_id, places in held.items()}


Pool = tuple[frozenset[bytes], list[str]]
"""Topics whose partitions are shared out together, and who reads them."""


def _one_pool(members: Mapping[str, MemberSpec]) -> list[Pool]:
    return [(spec.topic_ids, list(members)) for spec in list(members.values())[:1]]


def _pool_of_each_topic(members: Mapping[str, MemberSpec]) -> list[Pool]:
    topic_ids = frozenset[bytes]().union(*(spec.topic_ids for spec in members.values()))
    return [
        (frozenset([topic_id]), [member_id for member_id, spec in members.items() if topic_id in spec.topic_ids])
        for topic_id in sorted(topic_ids)
    ]


def _share_out(places: Sequence[Place], members: Mapping[str, MemberSpec]) -> dict[str, list[Place]]:
    """All partitions get equally many readers, and all readers, as far as that goes, equally many partitions.

    What is too much goes from the front: a member's first partitions, a partition's first members.
    """
    reader_count = -(-len(members) // len(places)) if places else 0
    share_counts = _even_shares(reader_count * len(places), list(members))
    readers: dict[Place, list[str]] = {place: [] for place in places}
    for member_id, spec in members.items():
        kept = [place for place in places if place[1] in spec.current.get(place[0], ())]
        for place in kept[max(len(kept) - share_counts[member_id], 0) :]:
            readers[place].append(member_id)
    for place in places:
        readers[place] = readers[place][max(len(readers[place]) - reader_count, 0) :]
    shares: dict[str, list[Place]] = {member_id: [] for member_id in members}
    for place, its_readers in readers.items():
        for member_id in its_readers:
            shares[member_id].append(place)
    wanting = deque(member_id for member_id in members if len(shares[member_id]) < share_counts[member_id])
    for place in places:
        for _ in range(len(wanting)):
            if len(readers[place]) == reader_count:
                break
            member_id = wanting.popleft()
            if member_id not in readers[place]:
                readers[place].append(member_id)
                shares[member_id].append(place)
            if len(shares[member_id]) < share_counts[member_id]:
                wanting.append(member_id)
    return shares


def _even_shares(total: int, member_ids: Sequence[str]) -> dict[str, int]:
    """``total`` in whole parts that differ by one at most."""
    count = len(member_ids)
    ends = [-(-total * number // count) for number in range(count + 1)]
    return {member_id: ends[index + 1] - ends[index] for index, member_id in enumerate(member_ids)}


SIMPLE: Final = "simple"
