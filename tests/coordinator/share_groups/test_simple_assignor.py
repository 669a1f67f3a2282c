from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.coordinator.assignments import Assignment
from minikafka.coordinator.consumer.assignors import MemberSpec
from minikafka.coordinator.share_groups.simple_assignor import assign_simple

T, U, V = (bytes([number]) * 16 for number in (1, 2, 3))
ASSIGNABLE = st.dictionaries(st.sampled_from([T, U, V]), st.frozensets(st.integers(0, 9), min_size=1, max_size=8))
READERS = st.lists(st.frozensets(st.sampled_from([T, U, V])), min_size=1, max_size=9)


def assign(
    readers: list[frozenset[bytes]], assignable: Assignment, current: dict[str, Assignment] | None = None
) -> dict[str, Assignment]:
    members = {
        f"m{index}": MemberSpec(None, topic_ids, (current or {}).get(f"m{index}", {}))
        for index, topic_ids in enumerate(readers)
    }
    return assign_simple(members, assignable, is_homogeneous=len(set(readers)) == 1)


def counts(assignments: dict[str, Assignment]) -> list[int]:
    return [sum(map(len, assignment.values())) for assignment in assignments.values()]


@pytest.mark.parametrize(
    ("members", "partitions", "expected"),
    [
        (1, 4, [4]),
        (2, 4, [2, 2]),
        (3, 4, [2, 1, 1]),
        (4, 4, [1, 1, 1, 1]),
        (5, 4, [2, 2, 1, 2, 1]),
        (7, 3, [2, 1, 1, 2, 1, 1, 1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_shares_of_one_topic(members: int, partitions: int, expected: list[int]) -> None:
    assert counts(assign([frozenset([T])] * members, {T: frozenset(range(partitions))})) == expected


def test_topics_that_everybody_reads_are_shared_out_together() -> None:
    assigned = assign([frozenset([T, U])] * 2, {T: frozenset([0]), U: frozenset([0])})
    assert counts(assigned) == [1, 1]


def test_topics_that_some_read_are_shared_out_by_themselves() -> None:
    assigned = assign([frozenset([T, U]), frozenset([U])], {T: frozenset([0, 1]), U: frozenset([0])})
    assert assigned == {"m0": {T: frozenset([0, 1]), U: frozenset([0])}, "m1": {U: frozenset([0])}}


def test_what_has_no_state_is_given_to_nobody() -> None:
    assert assign([frozenset([T, U])], {T: frozenset([1])}) == {"m0": {T: frozenset([1])}}
    assert assign([frozenset()], {T: frozenset([1])}) == {"m0": {}}


def test_members_keep_what_they_have() -> None:
    current = {"m0": {T: frozenset([1, 3])}, "m1": {T: frozenset([0, 2])}}
    assert assign([frozenset([T])] * 2, {T: frozenset(range(4))}, current) == current


def test_a_member_that_joins_gets_its_share() -> None:
    current = {"m0": {T: frozenset(range(4))}}
    assigned = assign([frozenset([T])] * 2, {T: frozenset(range(4))}, current)
    assert assigned == {"m0": {T: frozenset([2, 3])}, "m1": {T: frozenset([0, 1])}}


def test_fewer_members_leave_no_partition_alone() -> None:
    current = {"m0": {T: frozenset([0])}, "m1": {T: frozenset([0])}}
    assert assign([frozenset([T])] * 2, {T: frozenset([0, 1])}, current) == {
        "m0": {T: frozenset([1])},
        "m1": {T: frozenset([0])},
    }


@settings(max_examples=150, deadline=None, derandomize=True)
@given(READERS, ASSIGNABLE, READERS, ASSIGNABLE)
def test_any_group_and_what_it_becomes(
    readers: list[frozenset[bytes]],
    assignable: Assignment,
    later_readers: list[frozenset[bytes]],
    later_assignable: Assignment,
) -> None:
    first = assign(readers, assignable)
    check(first, readers, assignable)
    second = assign(later_readers, later_assignable, first)
    check(second, later_readers, later_assignable)
    assert assign(later_readers, later_assignable, second) == second, "it is at rest"


def check(assigned: dict[str, Assignment], readers: list[frozenset[bytes]], assignable: Assignment) -> None:
    """Everybody has something of what it reads, if there is anything, and nothing else; all partitions have readers."""
    for index, topic_ids in enumerate(readers):
        mine = assigned[f"m{index}"]
        assert mine.keys() <= topic_ids
        assert all(partitions <= assignable[topic_id] for topic_id, partitions in mine.items())
        assert bool(mine) == any(topic_id in assignable for topic_id in topic_ids)
    for topic_id in frozenset[bytes]().union(*readers) & assignable.keys():
        given_out = frozenset[int]().union(*(one.get(topic_id, frozenset()) for one in assigned.values()))
        assert given_out == assignable[topic_id]
