from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.coordinator.assignments import Assignment
from minikafka.coordinator.consumer.assignors import ASSIGNORS, MemberSpec, assign_range, assign_uniform

T, U, V = (bytes([number]) * 16 for number in (1, 2, 3))
COUNTS = st.dictionaries(st.sampled_from([T, U, V]), st.integers(1, 12))
READERS = st.lists(st.frozensets(st.sampled_from([T, U, V])), min_size=1, max_size=6)


def specs(
    reads: list[frozenset[bytes]], counts: dict[bytes, int], current: dict[str, Assignment]
) -> dict[str, MemberSpec]:
    return {
        f"m{index}": MemberSpec(None, frozenset(topics & counts.keys()), current.get(f"m{index}", {}))
        for index, topics in enumerate(reads)
    }


def sizes(assignments: dict[str, Assignment]) -> list[int]:
    return [sum(map(len, one.values())) for one in assignments.values()]


def test_range_splits_topics_of_equal_size_alike() -> None:
    members = specs([frozenset({T, U})] * 2, counts := {T: 3, U: 3}, {})
    assert assign_range(members, counts) == {
        "m0": {T: frozenset({0, 1}), U: frozenset({0, 1})},
        "m1": {T: frozenset({2}), U: frozenset({2})},
    }


def test_range_puts_static_members_first_by_instance_id() -> None:
    members = {
        "a": MemberSpec(None, frozenset({T}), {}),
        "z": MemberSpec("i1", frozenset({T}), {}),
        "y": MemberSpec("i2", frozenset({T}), {}),
    }
    assert {name: sorted(one[T]) for name, one in assign_range(members, {T: 3}).items()} == {
        "z": [0],
        "y": [1],
        "a": [2],
    }


def test_uniform_moves_no_more_than_it_has_to() -> None:
    reads = [frozenset({T})] * 3
    before = assign_uniform(specs(reads[:2], {T: 9}, {}), {T: 9})
    after = assign_uniform(specs(reads, {T: 9}, before), {T: 9})
    assert sizes(after) == [3, 3, 3]
    assert all(after[member][T] <= before[member][T] for member in before)
    again = assign_uniform(specs(reads, {T: 9}, after), {T: 9})
    assert again == after


@pytest.mark.parametrize("name", ASSIGNORS)
@given(reads=READERS, counts=COUNTS)
@settings(deadline=None, max_examples=60, derandomize=True)
def test_every_partition_goes_to_one_of_its_readers(
    name: str, reads: list[frozenset[bytes]], counts: dict[bytes, int]
) -> None:
    members = specs(reads, counts, {})
    result = ASSIGNORS[name](members, counts)
    assert set(result) == set(members)
    given_out = [
        (topic_id, partition)
        for member_id, assignment in result.items()
        for topic_id, partitions in assignment.items()
        for partition in partitions
        if topic_id in members[member_id].topic_ids
    ]
    wanted = [(topic, p) for topic in counts if any(topic in one for one in reads) for p in range(counts[topic])]
    assert sorted(given_out) == sorted(wanted)


@given(reads=READERS, counts=COUNTS, later=READERS, later_counts=COUNTS)
@settings(deadline=None, max_examples=60, derandomize=True)
def test_uniform_is_even_as_far_as_subscriptions_allow_also_after_changes(
    reads: list[frozenset[bytes]],
    counts: dict[bytes, int],
    later: list[frozenset[bytes]],
    later_counts: dict[bytes, int],
) -> None:
    before = assign_uniform(specs(reads, counts, {}), counts)
    members = specs(later, later_counts, before)
    result = assign_uniform(members, later_counts)
    held = dict(zip(result, sizes(result), strict=True))
    for member_id, assignment in result.items():
        for topic_id in assignment:
            readers = [one for one, spec in members.items() if topic_id in spec.topic_ids]
            assert held[member_id] - min(held[one] for one in readers) <= 1
