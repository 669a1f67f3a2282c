"""Faults that put something into the answer: an error code, a time to wait."""

from __future__ import annotations

from typing import Any

from minikafka.errors import name_of
from minikafka.faults import frames, names, refusals
from minikafka.faults.calls import Call, GoOn, when_answered
from minikafka.faults.rule import Rule
from minikafka.faults.selection import Selection


class Fail(Rule):
    """An error code in the answer, at what is selected; the rest of the request is done, or with ``after_work`` all."""

    def __init__(
        self,
        selection: Selection,
        times: int | None = None,
        skip: int = 0,
        *,
        error: str | int,
        message: str | None = None,
        throttle_ms: int = 0,
        after_work: bool = False,
    ) -> None:
        super().__init__(selection, times, skip)
        refusals.check_can_fail(selection)
        self._code = names.error_code(error)
        self._message = message
        self._throttle_ms = throttle_ms
        self._after_work = after_work

    def apply(self, call: Call, go_on: GoOn) -> Any:
        if self._after_work:
            answer = when_answered(
                call,
                go_on(call),
                lambda response: refusals.refuse_answered(call, response, self.selection, self._code, self._message),
            )
        else:
            answer = refusals.refuse(call, go_on, self.selection, self._code, self._message)
        return when_answered(call, answer, lambda response: frames.throttled(call, response, self._throttle_ms))

    def __str__(self) -> str:
        return f"fail {self.selection} with {name_of(self._code)}"


class Throttle(Rule):
    """The answer tells the client to wait (``throttle_time_ms``)."""

    def __init__(self, selection: Selection, times: int | None = None, skip: int = 0, *, ms: int) -> None:
        super().__init__(selection, times, skip)
        self._ms = ms

    def apply(self, call: Call, go_on: GoOn) -> Any:
        return when_answered(call, go_on(call), lambda response: frames.throttled(call, response, self._ms))
