"""Listens, accepts within the quotas, keeps the connections, closes idle ones (Kafka: SocketServer)."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from minikafka.clock import Clock, Timer, Timers
from minikafka.errors import ConfigError
from minikafka.protocol.connection import ServerConnection
from minikafka.protocol.framing import SCRATCH_BYTES
from minikafka.server.connection_quotas import ConnectionQuotas, TooManyConnections
from minikafka.server.dispatch import Dispatcher
from minikafka.server.held_requests import HeldRequests
from minikafka.server.tcp import ClientConnection, ConnectionFacts

if TYPE_CHECKING:
    from minikafka.config import BrokerConfig, Listener
    from minikafka.server.connection_quotas import ConnectionLimits

log = logging.getLogger(__name__)

_OUT_OF_DESCRIPTORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_ACCEPT_RETRY_S = 1.0
_ACCEPTED_AT_ONCE = 64
_SYSTEM_BUFFER_BYTES = -1
"""Unless it is set, the buffer for requests grows as the system sees fit: the faster a producer, the more."""

_SEND_BUFFER_BYTES = 256 * 1024
"""Unless it is set. One that grows takes in a whole MB at once, and what the client has not taken yet is sent on by
the client's own system calls while the broker has nothing to do: with four clients that halves the throughput of large
fetches. With Kafka's 100 kB they take more turns of the loop than that is worth."""

_BACKLOG_SIZE = 1024
"""Unless it is set. Kafka's 50 are for a thread that does nothing but accept; the loop here comes to it in between."""
_CLOSE_TIMEOUT_S = 2.0
_IPV4_IN_IPV6 = "::ffff:"
_RESET = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""SO_LINGER: close at once, and tell the client so."""


class SocketSettings:
    """The socket.* and connection settings, typed and by Kafka's names."""

    __slots__ = (
        "backlog_size",
        "max_idle_ms",
        "queued_max_request_bytes",
        "queued_max_requests",
        "receive_buffer_bytes",
        "request_max_bytes",
        "send_buffer_bytes",
    )

    def __init__(
        self,
        *,
        request_max_bytes: int = 100 * 1024 * 1024,
        send_buffer_bytes: int = -1,
        receive_buffer_bytes: int = -1,
        backlog_size: int = 50,
        max_idle_ms: int = 600_000,
        queued_max_requests: int = 500,
        queued_max_request_bytes: int = -1,
    ) -> None:
        self.request_max_bytes = request_max_bytes
        self.send_buffer_bytes = send_buffer_bytes
        self.receive_buffer_bytes = receive_buffer_bytes
        self.backlog_size = backlog_size
        self.max_idle_ms = max_idle_ms
        self.queued_max_requests = queued_max_requests
        self.queued_max_request_bytes = queued_max_request_bytes

    @classmethod
    def from_config(cls, config: BrokerConfig) -> SocketSettings:
        """What ``config`` says."""

        def chosen(key: str, otherwise: int) -> int:
            """The setting if somebody made it, else what is better here than Kafka's default."""
            if key not in config:
                return otherwise
            value: int = config[key]
            return value

        return cls(
            request_max_bytes=config["socket.request.max.bytes"],
            send_buffer_bytes=chosen("socket.send.buffer.bytes", _SEND_BUFFER_BYTES),
            receive_buffer_bytes=chosen("socket.receive.buffer.bytes", _SYSTEM_BUFFER_BYTES),
            backlog_size=chosen("socket.listen.backlog.size", _BACKLOG_SIZE),
            max_idle_ms=config["connections.max.idle.ms"],
            queued_max_requests=config["queued.max.requests"],
            queued_max_request_bytes=config["queued.max.request.bytes"],
        )


class SocketServer:
    """All listeners and connections of one broker, on one event loop.

    ``bind`` opens the listeners, so that ports are known and taken; ``start`` begins to accept; ``close`` ends all.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        settings: SocketSettings,
        quotas: ConnectionQuotas,
        clock: Clock,
        timers: Timers,
    ) -> None:
        self._dispatcher = dispatcher
        self._settings = settings
        self._quotas = quotas
        self._clock = clock
        self._timers = timers
        self._scratch = bytearray(SCRATCH_BYTES)
        self._held = HeldRequests(settings.queued_max_requests, settings.queued_max_request_bytes)
        self._sockets: list[tuple[Listener, socket.socket]] = []
        self._acceptors: list[asyncio.Task[None]] = []
        self._connections: dict[ClientConnection, None] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._slot_free = asyncio.Event()
        self._all_closed = asyncio.Event()
        self._idle_timer: Timer | None = None
        self._is_stopping = False
        self.refuses_connections = False
        """Whether new connections are reset as soon as they are made."""

    @property
    def bound_listeners(self) -> list[Listener]:
        """The listeners with the ports they are really bound to."""
        return [listener for listener, _ in self._sockets]

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    def connections(self) -> list[ClientConnection]:
        """Those that are open."""
        return list(self._connections)

    def connection_of(self, facts: object) -> ClientConnection | None:
        """The one with these facts; None when it has ended."""
        return next((connection for connection in self._connections if connection.facts is facts), None)

    def activity(self) -> Iterator[tuple[ConnectionFacts, int]]:
        """Every connection, and when something last came by it (monotonic ms)."""
        return ((connection.facts, connection.last_active_ms) for connection in self._connections)

    def bind(self, listeners: list[Listener], inherited: Mapping[str, socket.socket] | None = None) -> list[Listener]:
        """Bind every listener, unless its socket is inherited; returns them with the ports they got.

        :raises ConfigError: one cannot be bound, in a sentence that names it; none is bound then.
        """
        try:
            for listener in listeners:
                bound = (inherited or {}).get(listener.name)
                if bound is None:
                    bound = bind_listener(listener, self._settings.receive_buffer_bytes)
                port: int = bound.getsockname()[1]
                self._sockets.append((listener._replace(port=port), bound))
        except BaseException:
            self._close_sockets()
            raise
        return self.bound_listeners

    def duplicate_sockets(self) -> dict[str, socket.socket]:
        """Listener name -> its socket once more; with it the port stays taken, and connections wait to be accepted."""
        return {listener.name: bound.dup() for listener, bound in self._sockets}

    def close_inherited(self) -> None:
        """In a forked process: listen no more. The event loop is not told: what it watches with is the parent's."""
        self._close_sockets()

    def change_limits(self, limits: ConnectionLimits) -> None:
        """Use these limits for new connections from now on."""
        self._quotas.limits = limits
        self._slot_free.set()

    def start(self) -> None:
        """Begin to accept connections."""
        loop = asyncio.get_running_loop()
        for listener, listening in self._sockets:
            listening.listen(self._settings.backlog_size)
            self._acceptors.append(loop.create_task(self._accept_forever(listener, listening)))
        if self._settings.max_idle_ms >= 0:
            self._watch_idle(self._settings.max_idle_ms)

    async def close(self) -> None:
        """Accept nothing more, let what was answered go out, and close every connection."""
        await self._stop_accepting()
        await asyncio.gather(*self._connecting)
        self._close_sockets()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for connection in list(self._connections):
            connection.close()
        if self._connections and not await self._wait_all_closed():
            for connection in list(self._connections):
                connection.abort()
            await self._wait_all_closed()

    async def abort(self) -> None:
        """Cut every connection, whatever is still to be sent, and accept nothing more; ``close`` has to follow."""
        await self._stop_accepting()
        await asyncio.gather(*self._connecting)
        for connection in list(self._connections):
            connection.abort()

    async def _wait_all_closed(self) -> bool:
        if not self._connections:
            return True
        self._all_closed.clear()
        try:
            await asyncio.wait_for(self._all_closed.wait(), _CLOSE_TIMEOUT_S)
        except asyncio.TimeoutError:
            return False
        return True

    async def _stop_accepting(self) -> None:
        """Without losing one that ``sock_accept`` has accepted and not handed over yet: it would never be closed."""
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        for _, listening in self._sockets:
            with suppress(NotImplementedError):  # on Windows, whose loop has no readers
                loop.remove_reader(listening)
        await asyncio.sleep(0)  # What was accepted is handed over now.
        for acceptor in self._acceptors:
            acceptor.cancel()
        await asyncio.gather(*self._acceptors, return_exceptions=True)
        self._acceptors.clear()

    def _close_sockets(self) -> None:
        for _, listening in self._sockets:
            listening.close()
        self._sockets.clear()

    # Accepting.

    async def _accept_forever(self, listener: Listener, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            await self._wait_for_slot(listener.name)
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    continue  # The client has gone before it was accepted.
                log.error("no connection can be accepted on %s: %s; trying again every second", listener, error)
                await asyncio.sleep(_ACCEPT_RETRY_S)
                continue
            self._welcome(listener, client)
            self._accept_waiting(listener, listening)

    def _accept_waiting(self, listener: Listener, listening: socket.socket) -> None:
        """Those that wait in the backlog, without a turn of the loop for each: when many come at once it is soon full,
        and whoever does not get in tries again only after a second."""
        for _ in range(_ACCEPTED_AT_ONCE):
            if not self._quotas.has_slot(listener.name) or self._quotas.creation_delay_ms(listener.name) > 0:
                return
            try:
                client, _ = listening.accept()
            except OSError:
                return  # None waits; or what is wrong is found again, and told, by the one who awaits the next.
            self._welcome(listener, client)

    async def _wait_for_slot(self, listener_name: str) -> None:
        while not self._quotas.has_slot(listener_name):
            self._slot_free.clear()
            await self._slot_free.wait()
        delay_ms = self._quotas.creation_delay_ms(listener_name)
        if delay_ms > 0:
            due = asyncio.Event()
            self._timers.after(delay_ms, due.set)
            await due.wait()

    def _welcome(self, listener: Listener, client: socket.socket) -> None:
        if self.refuses_connections:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()
            return
        try:
            self._begin(listener, client)
        except OSError as error:
            client.close()
            log.debug("a new connection on %s is already gone: %s", listener, error)

    def _begin(self, listener: Listener, client: socket.socket) -> None:
        facts = ConnectionFacts(listener, _address(client.getpeername()), _address(client.getsockname()))
        self._set_options(client)
        try:
            self._quotas.add(listener.name, facts.client_host)
        except TooManyConnections as error:
            client.close()
            log.info("refusing a connection of %s: %s", facts, error)
            return
        protocol = ClientConnection(
            self._dispatcher,
            ServerConnection(self._dispatcher.versions, self._settings.request_max_bytes, self._scratch),
            facts,
            self._held,
            self._clock.monotonic_ms,
            self._forget,
        )
        self._connections[protocol] = None
        # A task of its own: the acceptor may be cancelled at any time, a half-made transport must not be.
        task = asyncio.get_running_loop().create_task(self._connect(protocol, client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, protocol: ClientConnection, client: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, client)
        except OSError as error:
            client.close()
            self._forget(protocol)
            log.debug("a new connection of %s is already gone: %s", protocol.facts, error)

    def _set_options(self, client: socket.socket) -> None:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._settings.send_buffer_bytes != -1:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._settings.send_buffer_bytes)

    def _forget(self, connection: ClientConnection) -> None:
        del self._connections[connection]
        self._quotas.remove(connection.facts.listener_name, connection.facts.client_host)
        self._slot_free.set()
        if not self._connections:
            self._all_closed.set()

    # Idle connections.

    def _watch_idle(self, delay_ms: int) -> None:
        self._idle_timer = self._timers.after(delay_ms, self._close_idle)

    def _close_idle(self) -> None:
        max_idle_ms = self._settings.max_idle_ms
        now_ms = self._clock.monotonic_ms()
        oldest_ms = now_ms
        for connection in list(self._connections):
            if connection.last_active_ms + max_idle_ms <= now_ms:
                log.debug("closing the connection of %s: idle for connections.max.idle.ms", connection.facts)
                connection.abort()
            else:
                oldest_ms = min(oldest_ms, connection.last_active_ms)
        self._watch_idle(max(1, oldest_ms + max_idle_ms - now_ms))


def bind_listener(listener: Listener, receive_buffer_bytes: int = -1) -> socket.socket:
    """A bound socket that does not listen yet. An empty host means all interfaces, IPv4 and IPv6 where there is both.

    :raises ConfigError: it cannot be bound.
    """
    host, family = listener.host, socket.AF_INET
    try:
        dual_stack = host == "" and socket.has_dualstack_ipv6()
        if dual_stack:
            host, family = "::", socket.AF_INET6
        elif host:
            # Given as bytes, it is not looked at as an international name, for which Python loads large tables.
            looked_up = host.encode() if host.isascii() else host
            found = socket.getaddrinfo(looked_up, listener.port, type=socket.SOCK_STREAM)
            # As Java does, IPv4 first: "localhost" is 127.0.0.1 everywhere.
            family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
            host = str(address[0])
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {listener}: the host {listener.host!r} has no address here ({error.strerror})"
        ) from error
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setblocking(False)
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual_stack else 1)
        if receive_buffer_bytes != -1:
            # Before listening: connections inherit it, and the window is negotiated with it.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        bound.bind((host, listener.port))
    except OSError as error:
        bound.close()
        raise ConfigError(_why_not_bound(listener, error)) from error
    return bound


def _why_not_bound(listener: Listener, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {listener}: port {listener.port} is in use. "
            "Stop what uses it, or choose another port in listeners (0 takes any that is free)"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {listener}: {listener.host} is no address of this machine"
    if error.errno == errno.EACCES:
        return f"cannot listen on {listener}: port {listener.port} is reserved for privileged users"
    return f"cannot listen on {listener}: {error.strerror}"


def _address(name: tuple[str, int]) -> tuple[str, int]:
    """Host and port; an IPv4 client of an IPv6 socket by its IPv4 address."""
    host = name[0]
    if host.startswith(_IPV4_IN_IPV6):
        host = host[len(_IPV4_IN_IPV6) :]
    return host, name[1]
