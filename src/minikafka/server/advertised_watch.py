"""Notices clients that were told an address and never come there: the beginners' most common failure.

A client that connects for the first time asks for the brokers, and goes on with the addresses it is told. When these do
not work from where it is, all that the broker sees is what does not happen: the client is silent, or begins anew again
and again. Nothing is watched where the address told is the one it came by, and nothing costs anything per request: it
is enough to look, some time after the first answer, at what connections there are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from minikafka.clock import Clock, Timer, Timers
from minikafka.server.endpoints import is_loopback, join_host_port

if TYPE_CHECKING:
    from minikafka.handlers.context import Connection, Endpoint

log = logging.getLogger(__name__)

WAIT_MS: Final = 10_000
"""A client connects where it was told within milliseconds; Kafka's have a connection set up in 10 s, or try again."""

_SAME_READ_MS: Final = 100
"""A request behind the one that was answered comes at least this much later; what comes sooner arrived with it."""

_ATTEMPTS: Final = 3
"""So often a client must have begun anew to be one that does not get on, when none of its connections is open."""

_MAX_REMEMBERED: Final = 4096

OpenConnections = Callable[[], Iterable["tuple[Connection, int]"]]
"""All connections, and when each was last active (monotonic ms)."""


class _Asker:
    """What one client host was told: ``connections`` are those it asked by, with the time of the last answer."""

    __slots__ = ("connections", "endpoint", "since_ms")

    def __init__(self, endpoint: Endpoint, since_ms: int) -> None:
        self.endpoint = endpoint
        self.since_ms = since_ms
        self.connections: dict[Connection, int] = {}


class AdvertisedWatch:
    """``told`` is called whenever a client is told where the broker is."""

    def __init__(self, clock: Clock, timers: Timers, open_connections: OpenConnections) -> None:
        self._clock = clock
        self._timers = timers
        self._open_connections = open_connections
        self._askers: dict[str, _Asker] = {}
        self._arrived: set[str] = set()
        self._warned: set[str] = set()
        self._timer: Timer | None = None

    def told(self, connection: Connection, endpoint: Endpoint) -> None:
        """The client of ``connection`` was told to connect to ``endpoint``."""
        host = connection.client_host
        if host in self._arrived or _is_where_it_came(connection, endpoint) or _address(endpoint) in self._warned:
            return
        now_ms = self._clock.monotonic_ms()
        asker = self._askers.get(host)
        if asker is None:
            asker = self._askers[host] = _Asker(endpoint, now_ms)
        asker.connections[connection] = now_ms
        if self._timer is None:
            self._timer = self._timers.after(WAIT_MS, self._look)

    def _look(self) -> None:
        self._timer = None
        now_ms = self._clock.monotonic_ms()
        due = {host: asker for host, asker in self._askers.items() if asker.since_ms + WAIT_MS <= now_ms}
        found: dict[str, list[tuple[Connection, int]]] = {host: [] for host in due}
        for connection, active_ms in self._open_connections():
            if connection.client_host in found:
                found[connection.client_host].append((connection, active_ms))
        for host, asker in due.items():
            del self._askers[host]
            self._judge(host, asker, found[host])
        if self._askers:
            next_ms = min(asker.since_ms for asker in self._askers.values()) + WAIT_MS
            self._timer = self._timers.at(next_ms, self._look)

    def _judge(self, host: str, asker: _Asker, connections: list[tuple[Connection, int]]) -> None:
        if len(connections) > 1 or any(_does_more(asker, *each) for each in connections):
            # Two at a time: the second is the one to the address told, even when all it asks for is metadata.
            if len(self._arrived) >= _MAX_REMEMBERED:
                self._arrived.clear()
            self._arrived.add(host)
        elif connections or len(asker.connections) >= _ATTEMPTS:
            self._warn(host, asker)

    def _warn(self, host: str, asker: _Asker) -> None:
        address = _address(asker.endpoint)
        if address in self._warned:
            return
        self._warned.add(address)
        came_by = next(iter(asker.connections))
        log.warning(
            "the client at %s was told to connect to %s and has not come there within %d s: if it cannot, set "
            "advertised.listeners to an address that it can reach; the one it came by is %s://%s",
            host,
            address,
            WAIT_MS // 1000,
            asker.endpoint.listener_name,
            join_host_port(came_by.local_host, came_by.local_port),
        )


def _is_where_it_came(connection: Connection, endpoint: Endpoint) -> bool:
    if endpoint.port != connection.local_port:
        return False
    if endpoint.host == connection.local_host:
        return True
    return is_loopback(endpoint.host) and is_loopback(connection.local_host)


def _does_more(asker: _Asker, connection: Connection, active_ms: int) -> bool:
    """Whether a connection is used for more than to ask where the broker is."""
    told_ms = asker.connections.get(connection)
    return told_ms is None or active_ms > told_ms + _SAME_READ_MS


def _address(endpoint: Endpoint) -> str:
    return join_host_port(endpoint.host, endpoint.port)
