"""Where the faults of a broker are kept, through the lives of its nodes, and put before its handlers.

While there is neither a fault nor anybody who looks on, connections call the handlers as ever, and nothing costs
anything. Rules are added and removed on any thread; they are applied on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from minikafka.faults.calls import Call
from minikafka.faults.control import FaultState
from minikafka.faults.rules import make_rule

if TYPE_CHECKING:
    from minikafka.faults.rule import Rule
    from minikafka.handlers.context import Connection
    from minikafka.protocol.connection import Request
    from minikafka.server.node import Node


class Observer(Protocol):
    """Who wants to know of every request and its answer."""

    def observe(self, call: Call, go_on: Callable[[Callable[[str], None]], Any]) -> Any:
        """Return what ``go_on`` gives or brings later. It is given what to tell of each fault that happens."""
        ...


class Switchboard:
    """:param own_client_id: whose requests nothing happens to: the program asks them by ``Broker`` itself."""

    def __init__(self, own_client_id: str) -> None:
        self._own_client_id = own_client_id
        self._lock = Lock()
        self._ids = count(1)
        self._known: dict[int, Rule] = {}
        self._active: tuple[Rule, ...] = ()
        self._observer: Observer | None = None
        self._node: Node | None = None

    def attach(self, node: Node | None) -> None:
        """From now on this is the broker's node; None: it has stopped."""
        with self._lock:
            self._node = node
            self._switch()

    def observe(self, observer: Observer | None) -> None:
        """Tell ``observer`` of every request, None: nobody."""
        with self._lock:
            self._observer = observer
            self._switch()

    def add(self, kind: str, arguments: dict[str, Any]) -> int:
        """Put a rule in force. Returns its number. Raises ValueError."""
        rule = make_rule(kind, arguments)
        with self._lock:
            number = next(self._ids)
            self._known[number] = rule
            self._active = (*self._active, rule)
            self._switch()
        return number

    def remove(self, number: int) -> FaultState:
        """Put a rule out of force, if it still is in, and forget it. Raises what the rule's own predicate raised."""
        rule = self._known[number]
        with self._lock:
            self._active = tuple(each for each in self._active if each is not rule)
            self._switch()
        state = self.state(number)
        del self._known[number]
        if rule.failure is not None:
            raise rule.failure
        return state

    def clear(self) -> None:
        """Put all rules out of force."""
        with self._lock:
            self._active = ()
            self._switch()

    def state(self, number: int) -> FaultState:
        rule = self._known[number]
        return FaultState(str(rule), rule.hits, rule.times, rule in self._active)

    def _switch(self) -> None:
        if self._node is not None:
            is_used = self._active or self._observer is not None
            dispatcher = self._node.dispatcher
            dispatcher.dispatch = self._intercept if is_used else dispatcher.handle

    def _intercept(self, connection: Connection, request: Request) -> Any:
        assert self._node is not None
        if request.client_id == self._own_client_id:
            return self._node.dispatcher.handle(connection, request)
        call = Call(self._node, connection, request)
        observer = self._observer
        if observer is None:
            return _apply(call, self._active, _tell_nobody)
        return observer.observe(call, lambda tell: _apply(call, self._active, tell))


def _apply(call: Call, rules: tuple[Rule, ...], tell: Callable[[str], None]) -> Any:
    for index, rule in enumerate(rules):
        if rule.is_meant_for(call):
            tell(str(rule))
            try:
                return rule.apply(call, lambda call: _apply(call, rules[index + 1 :], tell))  # noqa: B023
            finally:
                rule.hits += 1
    return call.handle()


def _tell_nobody(_: str) -> None:
    return
