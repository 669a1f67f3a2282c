"""Operations wait for their keys and their deadline."""

from __future__ import annotations

import logging

import pytest

from minikafka.clock import ManualClock, Timers
from minikafka.server.purgatory import WaitingOperations


class Setup:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.clock.on_advance(self.timers.run_due)
        self.purgatory = WaitingOperations(self.timers)


@pytest.fixture
def setup() -> Setup:
    return Setup()


class Operation:
    """Completes when told to, and remembers how it was tried."""

    def __init__(self, *, completes: bool = False) -> None:
        self.completes = completes
        self.tries: list[bool] = []

    def __call__(self, is_expired: bool) -> bool:
        self.tries.append(is_expired)
        return self.completes or is_expired


def test_it_is_tried_at_each_check_until_complete(setup: Setup) -> None:
    operation = Operation()
    setup.purgatory.watch(operation, ["a", "b"], 1000)
    setup.purgatory.check("a")
    setup.purgatory.check("other")
    operation.completes = True
    setup.purgatory.check("b")
    setup.purgatory.check("a")
    assert operation.tries == [False, False]
    assert len(setup.purgatory) == 0


def test_it_expires_once(setup: Setup) -> None:
    operation = Operation()
    setup.purgatory.watch(operation, ["a"], 1000)
    setup.clock.advance(999)
    assert operation.tries == []
    setup.clock.advance(1)
    setup.clock.advance(5000)
    setup.purgatory.check("a")
    assert operation.tries == [True]
    assert len(setup.purgatory) == 0


def test_a_completed_one_does_not_expire(setup: Setup) -> None:
    operation = Operation(completes=True)
    setup.purgatory.watch(operation, ["a"], 1000)
    setup.purgatory.check("a")
    setup.clock.advance(2000)
    assert operation.tries == [False]
    assert setup.timers.next_deadline_ms() is None


def test_a_cancelled_one_is_not_called(setup: Setup) -> None:
    operation = Operation()
    cancel = setup.purgatory.watch(operation, ["a"], 1000)
    cancel()
    cancel()
    setup.purgatory.check("a")
    setup.clock.advance(2000)
    assert operation.tries == []
    assert len(setup.purgatory) == 0


def test_without_keys_it_only_waits(setup: Setup) -> None:
    operation = Operation()
    setup.purgatory.watch(operation, [], 10)
    setup.clock.advance(10)
    assert operation.tries == [True]


def test_the_same_key_twice_is_one(setup: Setup) -> None:
    operation = Operation(completes=True)
    setup.purgatory.watch(operation, ["a", "a"], 1000)
    setup.purgatory.check("a")
    assert operation.tries == [False]
    assert len(setup.purgatory) == 0


def test_oldest_first(setup: Setup) -> None:
    order: list[int] = []
    for number in range(3):
        setup.purgatory.watch(lambda _, number=number: order.append(number) is None, ["a"], 1000)
    setup.purgatory.check("a")
    assert order == [0, 1, 2]


def test_completing_one_may_check_its_own_key(setup: Setup) -> None:
    tries = []

    def complete(is_expired: bool) -> bool:
        tries.append(is_expired)
        setup.purgatory.check("a")
        return True

    setup.purgatory.watch(complete, ["a"], 1000)
    setup.purgatory.check("a")
    assert tries == [False]


def test_completing_one_may_cancel_another(setup: Setup) -> None:
    other = Operation()
    cancels = []
    setup.purgatory.watch(lambda _: cancels[0]() is None, ["a"], 1000)
    cancels.append(setup.purgatory.watch(other, ["a"], 1000))
    setup.purgatory.check("a")
    assert other.tries == []


def test_one_that_fails_does_not_harm_the_others_and_is_left_to_its_deadline(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    def fail_at_first(is_expired: bool) -> bool:
        tries.append(is_expired)
        if not is_expired:
            raise ValueError("broken")
        return True

    other = Operation(completes=True)
    setup.purgatory.watch(fail_at_first, ["a"], 1000)
    setup.purgatory.watch(other, ["a"], 1000)
    with caplog.at_level(logging.ERROR):
        setup.purgatory.check("a")
    assert other.tries == [False]
    assert "waiting operation failed" in caplog.text
    setup.purgatory.check("a")
    setup.clock.advance(1000)
    assert tries == [False, True]


def test_one_that_fails_at_its_deadline_is_logged(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    def fail(is_expired: bool) -> bool:
        raise ValueError("broken")

    setup.purgatory.watch(fail, ["a"], 10)
    with caplog.at_level(logging.ERROR):
        setup.clock.advance(10)
    assert "failed at its deadline" in caplog.text
    assert len(setup.purgatory) == 0
