"""Producer ids come from blocks the controller has written, one after the other, and never twice."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.transactions.producer_ids import ProducerIds
from minikafka.errors import ApiError
from minikafka.pending import Pending


class Controller:
    """Answers each request for a block when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Pending] = []

    def allocate(self) -> Pending:
        pending: Pending = Pending()
        self.asked.append(pending)
        return pending


class Asked:
    """The outcome of one ``next_id``."""

    def __init__(self, ids: ProducerIds) -> None:
        self.outcome: int | ApiError | None = None
        self.pending = ids.next_id()
        self.pending.on_complete(self._take)

    def _take(self, outcome: int | ApiError) -> None:
        self.outcome = outcome


@pytest.fixture
def controller() -> Controller:
    return Controller()


@pytest.fixture
def ids(controller: Controller) -> ProducerIds:
    return ProducerIds(controller.allocate)


def test_ids_follow_each_other_through_a_block(controller, ids):
    first = Asked(ids)
    assert first.outcome is None
    controller.asked[0].complete((5000, 3))
    assert [first.outcome, Asked(ids).outcome, Asked(ids).outcome] == [5000, 5001, 5002]
    assert len(controller.asked) == 1


def test_the_next_block_is_asked_for_when_one_is_used_up(controller, ids):
    waiting = [Asked(ids) for _ in range(3)]
    assert len(controller.asked) == 1
    controller.asked[0].complete((0, 2))
    assert [asked.outcome for asked in waiting] == [0, 1, None]
    controller.asked[1].complete((1000, 2))
    assert waiting[2].outcome == 1000
    assert Asked(ids).outcome == 1001


def test_who_has_gone_takes_no_id(controller, ids):
    gone, waiting = Asked(ids), Asked(ids)
    gone.pending.cancel()
    controller.asked[0].complete((7, 1))
    assert (gone.outcome, waiting.outcome) == (None, 7)


def test_a_failure_is_told_to_all_who_wait_and_the_next_call_tries_again(controller, ids):
    waiting = [Asked(ids), Asked(ids)]
    failure = ApiError(errors.KAFKA_STORAGE_ERROR)
    controller.asked[0].complete(failure)
    assert [asked.outcome for asked in waiting] == [failure, failure]
    again = Asked(ids)
    controller.asked[1].complete((0, 1000))
    assert again.outcome == 0
