"""A promise lets go of whoever waits for it, and of whoever is to complete it, once it is over."""

from __future__ import annotations

import weakref

from minikafka.pending import Pending


class Party:
    """Waits for a promise, or is to complete it; knows it either way."""

    def __init__(self, pending: Pending[str]) -> None:
        self.pending = pending
        self.heard: list[str] = []

    def hear(self, value: str) -> None:
        self.heard.append(value)

    def withdraw(self) -> None:
        self.heard.append("cancelled")


def test_nothing_is_left_to_the_collector_when_it_is_complete() -> None:
    pending: Pending[str] = Pending()
    waiting, completing = Party(pending), Party(pending)
    pending.on_complete(waiting.hear)
    pending.on_cancel = completing.withdraw
    assert pending.complete("done")
    assert waiting.heard == ["done"]
    references = [weakref.ref(waiting), weakref.ref(completing)]
    del waiting, completing
    assert [reference() for reference in references] == [None, None]


def test_nothing_is_left_to_the_collector_when_it_is_cancelled() -> None:
    pending: Pending[str] = Pending()
    waiting, completing = Party(pending), Party(pending)
    pending.on_complete(waiting.hear)
    pending.on_cancel = completing.withdraw
    pending.cancel()
    pending.cancel()
    assert completing.heard == ["cancelled"]
    assert not pending.complete("too late")
    assert waiting.heard == []
    references = [weakref.ref(waiting), weakref.ref(completing)]
    del waiting, completing
    assert [reference() for reference in references] == [None, None]
