"""What all kinds of faults of requests have in common."""

from __future__ import annotations

from typing import Any

from minikafka.faults.calls import Call, GoOn
from minikafka.faults.selection import Selection


class Rule:
    """A fault of requests. It is put between a connection and the handlers: ``apply`` is given the call and ``go_on``,
    which leads to the next one and in the end to the handler.

    :param times: for how many requests, and then no more; None: for all, until it is removed.
    :param skip: how many requests that it is meant for go untouched before.
    """

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0) -> None:
        if times is not None and times < 1:
            raise ValueError(f"times={times}: a fault happens once at least; None is for as long as it is there")
        self.selection = selection
        self.times = times
        self.hits = 0
        """To how many requests it has happened. Counted when what it does is begun, such as the waiting of a delay: who
        then moves the clock, moves it for that."""
        self.failure: Exception | None = None
        """What the predicate of the selection raised, if it did."""
        self._left = times
        self._skip = skip

    def is_meant_for(self, call: Call) -> bool:
        """Whether it happens to this request. If so, that is one less of ``times``."""
        if self._left == 0:
            return False
        try:
            if not self.selection.fits(call.request, call.node.services.image, call.session_partitions):
                return False
        except Exception as error:
            # The predicate is the program's own: it is told where it asked for the fault, not in the broker's log.
            self.failure = error
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self._left is not None:
            self._left -= 1
        return True

    def apply(self, call: Call, go_on: GoOn) -> Any:
        """What becomes of the request. Raises CloseConnection."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()} {self.selection}"
