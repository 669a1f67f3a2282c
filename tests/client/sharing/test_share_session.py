"""What a share session says about acknowledgements."""

from __future__ import annotations

import pytest

from minikafka.client.sharing.share_session import ACCEPT, GAP, REJECT, RELEASE, acknowledgement_batches_of


@pytest.mark.parametrize(
    ("types", "batches"),
    [
        ({}, []),
        ({5: ACCEPT}, [(5, 5, [ACCEPT])]),
        ({7: ACCEPT, 5: ACCEPT, 6: ACCEPT}, [(5, 7, [ACCEPT])]),
        ({5: ACCEPT, 6: REJECT, 9: RELEASE, 10: RELEASE}, [(5, 6, [ACCEPT, REJECT]), (9, 10, [RELEASE])]),
        ({1: GAP, 3: GAP}, [(1, 1, [GAP]), (3, 3, [GAP])]),
    ],
)
def test_acknowledgements_that_follow_each_other_go_together(
    types: dict[int, int], batches: list[tuple[int, int, list[int]]]
) -> None:
    assert acknowledgement_batches_of(types) == batches
