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
"""So often a client must have begun anew to be one that does not get on, when it does not stay connected."""

_LEAVES_AT_ONCE: Final = frozenset(("kafka-python",))
"""Clients that close their first connection when they were told, and always need the other: once is enough of these."""

_THIS_MACHINE: Final = "this machine"

_MAX_REMEMBERED: Final = 4096

OpenConnections = Callable[[], Iterable["tuple[Connection, int]"]]
"""All connections, and when each was last active (monotonic ms)."""


class _Asker:
    """What one machine was told: ``connections`` are those it asked by, with the time of the last answer."""

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
        machine = _machine(connection)
        if machine in self._arrived or _address(endpoint) in self._warned:
            return
        asker = self._askers.get(machine)
        if asker is not None and _came_otherwise(connection, asker):
            del self._askers[machine]
            self._remember(machine)
            return
        if _is_where_it_came(connection, endpoint):
            return
        now_ms = self._clock.monotonic_ms()
        if asker is None:
            asker = self._askers[machine] = _Asker(endpoint, now_ms)
        asker.connections[connection] = now_ms
        if self._timer is None:
            self._timer = self._timers.after(WAIT_MS, self._look)

    def _look(self) -> None:
        self._timer = None
        now_ms = self._clock.monotonic_ms()
        due = {machine: asker for machine, asker in self._askers.items() if asker.since_ms + WAIT_MS <= now_ms}
        found: dict[str, list[tuple[Connection, int]]] = {machine: [] for machine in due}
        for connection, active_ms in self._open_connections():
            machine = _machine(connection)
            if machine in found:
                found[machine].append((connection, active_ms))
        for machine, asker in due.items():
            del self._askers[machine]
            self._judge(machine, asker, found[machine])
        if self._askers:
            next_ms = min(asker.since_ms for asker in self._askers.values()) + WAIT_MS
            self._timer = self._timers.at(next_ms, self._look)

    def _judge(self, machine: str, asker: _Asker, connections: list[tuple[Connection, int]]) -> None:
        first = next(iter(asker.connections))
        told = len(asker.connections)
        if len(connections) > 1 or any(_does_more(asker, *each) for each in connections):
            # Two at a time: the second is the one to the address told, even when all it asks for is metadata.
            self._remember(machine)
        elif told >= _ATTEMPTS or (told == 1 and (connections or first.client_software_name in _LEAVES_AT_ONCE)):
            self._warn(asker, first)
        elif connections:
            # It went from its first connection to another one, and is idle there.
            self._remember(machine)

    def _remember(self, machine: str) -> None:
        if len(self._arrived) >= _MAX_REMEMBERED:
            self._arrived.clear()
        self._arrived.add(machine)

    def _warn(self, asker: _Asker, first: Connection) -> None:
        address = _address(asker.endpoint)
        if address in self._warned:
            return
        self._warned.add(address)
        log.warning(
            "the client at %s was told to connect to %s and has not come there within %d s: if it cannot, set "
            "advertised.listeners to an address that it can reach; the one it came by is %s://%s",
            first.client_host,
            address,
            WAIT_MS // 1000,
            asker.endpoint.listener_name,
            join_host_port(first.local_host, first.local_port),
        )


def _machine(connection: Connection) -> str:
    """Who is at the other end; this machine has many addresses, and connects from the one it connects to."""
    host = connection.client_host
    return _THIS_MACHINE if is_loopback(host) or host == connection.local_host else host


def _came_otherwise(connection: Connection, asker: _Asker) -> bool:
    """Whether it came by another address than at first, so by one that it was told."""
    first = next(iter(asker.connections))
    return (connection.local_host, connection.local_port) != (first.local_host, first.local_port)


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
