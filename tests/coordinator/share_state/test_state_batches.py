from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.coordinator.share_state import state_batches
from minikafka.coordinator.share_state.state_batches import StateBatch, combine_batches, take_in

AVAILABLE, ACKNOWLEDGED, ARCHIVED = 0, 2, 4

Span = tuple[int, int, int, int]


@pytest.mark.parametrize(
    ("known", "changed", "start_offset", "combined"),
    [
        pytest.param([], [], -1, [], id="nothing"),
        pytest.param([(0, 9, 0, 1)], [], -1, [(0, 9, 0, 1)], id="nothing new"),
        pytest.param([], [(9, 0, 0, 1)], -1, [(9, 0, 0, 1)], id="one alone is as it came"),
        pytest.param([(0, 4, 0, 1)], [(5, 9, 0, 1)], -1, [(0, 9, 0, 1)], id="touching, same state"),
        pytest.param([(0, 4, 0, 1)], [(6, 9, 0, 1)], -1, [(0, 4, 0, 1), (6, 9, 0, 1)], id="apart"),
        pytest.param([(0, 4, 0, 1)], [(5, 9, 0, 2)], -1, [(0, 4, 0, 1), (5, 9, 0, 2)], id="touching, given out again"),
        pytest.param([(0, 9, 0, 1)], [(0, 9, 0, 1)], -1, [(0, 9, 0, 1)], id="the same twice"),
        pytest.param([(0, 9, 0, 1)], [(0, 9, 2, 1)], -1, [(0, 9, 2, 1)], id="acknowledged"),
        pytest.param([(0, 9, 2, 1)], [(0, 9, 0, 1)], -1, [(0, 9, 2, 1)], id="a late word"),
        pytest.param(
            [(0, 9, 0, 1)], [(3, 5, 2, 1)], -1, [(0, 2, 0, 1), (3, 5, 2, 1), (6, 9, 0, 1)], id="in the middle"
        ),
        pytest.param([(0, 9, 0, 2)], [(3, 5, 4, 1)], -1, [(0, 9, 0, 2)], id="fewer deliveries in the middle"),
        pytest.param([(0, 9, 0, 2)], [(3, 15, 4, 1)], -1, [(0, 9, 0, 2), (10, 15, 4, 1)], id="fewer beyond the end"),
        pytest.param([(0, 9, 0, 1)], [(3, 15, 4, 1)], -1, [(0, 2, 0, 1), (3, 15, 4, 1)], id="more beyond the end"),
        pytest.param([(0, 9, 0, 1)], [], 10, [], id="all below the start"),
        pytest.param([(0, 9, 0, 1), (10, 12, 4, 5)], [], 7, [(7, 9, 0, 1), (10, 12, 4, 5)], id="cut by the start"),
        pytest.param([(0, 3, 0, 1)], [(1, 8, 2, 1)], 2, [(2, 8, 2, 1)], id="cut, and then overlapping"),
    ],
)
def test_a_change_is_taken_in(known: list[Span], changed: list[Span], start_offset: int, combined: list[Span]) -> None:
    found = combine_batches(
        [StateBatch(*span) for span in known], [StateBatch(*span) for span in changed], start_offset
    )
    assert [tuple(batch) for batch in found] == combined


BATCHES = st.lists(
    st.builds(
        lambda first, count, state, deliveries: StateBatch(first, first + count, state, deliveries),
        st.integers(0, 30),
        st.integers(0, 9),
        st.sampled_from((AVAILABLE, ACKNOWLEDGED, ARCHIVED)),
        st.integers(1, 3),
    ),
    max_size=8,
)


@given(BATCHES, BATCHES, st.integers(-1, 40))
def test_each_offset_keeps_the_most_it_has_been_through(
    known: list[StateBatch], changed: list[StateBatch], start_offset: int
) -> None:
    combined = combine_batches(known, changed, start_offset)
    expected: dict[int, tuple[int, int]] = {}
    for first, last, state, count in [*known, *changed]:
        for offset in range(max(first, start_offset), last + 1):
            expected[offset] = max(expected.get(offset, (count, state)), (count, state))
    found = [
        (offset, (batch.delivery_count, batch.delivery_state))
        for batch in combined
        for offset in range(batch.first_offset, batch.last_offset + 1)
    ]
    assert found == sorted(expected.items()), "in order, and each offset once"


@given(BATCHES, st.lists(BATCHES, max_size=4), st.integers(-1, 40))
def test_changes_taken_in_one_by_one_come_to_the_same(
    known: list[StateBatch], changes: list[list[StateBatch]], start_offset: int
) -> None:
    taken = combined = combine_batches(known, [], -1)
    for changed in changes:
        taken, combined = take_in(taken, changed, start_offset), combine_batches(combined, changed, start_offset)
        assert taken == combined


def test_a_change_of_one_record_does_not_look_at_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def combine(known: tuple[StateBatch, ...], *rest: object) -> tuple[StateBatch, ...]:
        looked_at.extend(known)
        return combine_batches(known, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(state_batches, "combine_batches", combine)
    known = tuple(StateBatch(offset, offset, (AVAILABLE, ACKNOWLEDGED)[offset % 2], 1) for offset in range(10_000))
    taken = take_in(known, [StateBatch(5000, 5000, ARCHIVED, 1)], 1)
    assert taken == (*known[1:5000], StateBatch(5000, 5000, ARCHIVED, 1), *known[5001:])
    assert looked_at == list(known[4999:5002]), "itself and its neighbours"
