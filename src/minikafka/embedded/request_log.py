"""The last requests of a broker, a line each: what it was asked by whom, and how it answered."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from minikafka.embedded.node_calls import CLIENT_ID
from minikafka.errors import NONE, name_of
from minikafka.handlers import API_BY_KEY
from minikafka.pending import Pending
from minikafka.server.dispatch import Dispatcher

if TYPE_CHECKING:
    from minikafka.handlers.context import Connection, Services
    from minikafka.protocol.connection import Request

_DEPTH = 4
_NAMES = ("topic", "topic_name", "name", "group_id", "transactional_id", "member_id")


class _Entry:
    __slots__ = ("head", "outcome")

    def __init__(self, head: str) -> None:
        self.head = head
        self.outcome = "not answered yet"


class RequestLog:
    """:param size: how many are kept. What the program asks by ``Broker`` itself is left out."""

    def __init__(self, size: int) -> None:
        self._entries: deque[_Entry] = deque(maxlen=size)
        self._started_s = time.monotonic()

    def dispatcher(self, services: Services) -> Dispatcher:
        """A dispatcher whose requests are kept here."""
        return _ObservedDispatcher(services, self)

    def lines(self) -> list[str]:
        """Oldest first."""
        return [f"{entry.head} -> {entry.outcome}" for entry in list(self._entries)]

    def clear(self) -> None:
        self._entries.clear()

    def begin(self, connection: Connection, request: Request) -> _Entry:
        names = sorted(set(_names(request.message, _DEPTH)))
        entry = _Entry(
            f"{time.monotonic() - self._started_s:9.3f} s  {API_BY_KEY[request.api_key].name} v{request.api_version}"
            f"  {request.client_id or '-'} (port {connection.client_port})" + (f"  {', '.join(names)}" if names else "")
        )
        self._entries.append(entry)
        return entry


class _ObservedDispatcher(Dispatcher):
    def __init__(self, services: Services, log: RequestLog) -> None:
        super().__init__(services)
        self._request_log = log

    def dispatch(self, connection: Connection, request: Request) -> Any:
        if request.client_id == CLIENT_ID:
            return super().dispatch(connection, request)
        entry = self._request_log.begin(connection, request)
        response = super().dispatch(connection, request)
        if isinstance(response, Pending):
            return _observed(response, entry)
        entry.outcome = _outcome(response)
        return response


def _observed(pending: Pending[Any], entry: _Entry) -> Pending[Any]:
    """A promise for the connection that passes on what the handler's brings."""
    entry.outcome = "waits"
    passed_on: Pending[Any] = Pending(pending.cancel)

    def arrived(response: Any) -> None:
        entry.outcome = _outcome(response)
        passed_on.complete(response)

    pending.on_complete(arrived)
    return passed_on


def _outcome(response: Any) -> str:
    if response is None:
        return "no answer awaited"
    if isinstance(response, Exception):
        return f"{type(response).__name__}: {response}"
    codes = sorted(set(_codes(response, _DEPTH)) - {NONE})
    return ", ".join(map(name_of, codes)) or "ok"


def _codes(part: Any, depth: int) -> list[int]:
    found: list[int] = []
    for name in getattr(part, "__slots__", ()):
        value = getattr(part, name, None)
        if name == "error_code":
            found.append(getattr(part, name))
        elif isinstance(value, list) and depth:
            for each in value:
                found += _codes(each, depth - 1)
    return found


def _names(part: Any, depth: int) -> list[str]:
    found: list[str] = []
    for name in getattr(part, "__slots__", ()):
        value = getattr(part, name, None)
        if name in _NAMES and isinstance(value, str) and value:
            found.append(value)
        elif isinstance(value, list) and depth:
            for each in value:
                found += _names(each, depth - 1)
    return found
