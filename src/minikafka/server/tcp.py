"""Carries bytes between sockets and ``ServerConnection``: one ``ClientConnection`` a client.

    BUSY     a request waits for its answer. What arrives is kept, up to a limit; then reading stops.
    BLOCKED  the client does not read what it asked for. Nothing more is worked on for it, and reading stops alike.

So a client holds at most: one receive buffer of requests, one answer, and a transport's write buffer of its bytes.
Requests that arrived together are worked off in one go, and their answers leave in one write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.errors import StorageError
from minikafka.pending import Pending
from minikafka.protocol.connection import RemoteProtocolError, Request, ServerConnection
from minikafka.server.dispatch import CloseConnection, Dispatcher
from minikafka.server.endpoints import join_host_port
from minikafka.server.held_requests import HeldRequests
from minikafka.server.piece_sender import PieceSender

if TYPE_CHECKING:
    from minikafka.config import Listener

log = logging.getLogger(__name__)

_FLUSH_BYTES = 64 * 1024
"""Answers to requests that came together are gathered up to here, then written."""

_HELD_BYTES = 64 * 1024
"""How much of the requests behind one that is in work is read ahead."""


class ConnectionFacts:
    """What handlers know of a connection (``handlers.context.Connection``)."""

    __slots__ = (
        "client_host",
        "client_port",
        "client_software_name",
        "client_software_version",
        "listener",
        "listener_name",
        "local_host",
        "local_port",
        "on_lost",
        "principal",
    )

    def __init__(self, listener: Listener, client: tuple[str, int], local: tuple[str, int]) -> None:
        self.listener = listener
        self.listener_name = listener.name
        self.client_host, self.client_port = client
        self.local_host, self.local_port = local
        self.principal = "User:ANONYMOUS"
        self.client_software_name = "unknown"
        self.client_software_version = "unknown"
        self.on_lost: Callable[[object], None] | None = None

    def __str__(self) -> str:
        return f"{join_host_port(self.client_host, self.client_port)} (listener {self.listener_name})"


class ClientConnection(asyncio.BufferedProtocol):
    """Drives one connection on the event loop.

    :param connection: the protocol state.
    :param on_lost: called once when the connection has ended.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        connection: ServerConnection,
        facts: ConnectionFacts,
        held: HeldRequests,
        monotonic_ms: Callable[[], int],
        on_lost: Callable[[ClientConnection], None],
    ) -> None:
        self.facts = facts
        self.last_active_ms = monotonic_ms()
        self._dispatcher = dispatcher
        self._connection = connection
        self._held = held
        self._held_requests = 0
        self._held_bytes = 0
        self._monotonic_ms = monotonic_ms
        self._on_lost = on_lost
        self._transport: asyncio.Transport
        self._sender: PieceSender
        self._pending: Pending[Any] | None = None
        self._is_reading = True
        self._is_closing = False
        self._has_room = False
        """Whether the socket takes more than it did when the sender was told that it takes nothing."""
        # Called by the transport for every read: saves a call.
        self.get_buffer = connection.get_buffer  # type: ignore[method-assign]

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sender = PieceSender(transport)

    def buffer_updated(self, nbytes: int) -> None:
        self.last_active_ms = self._monotonic_ms()
        connection = self._connection
        connection.buffer_updated(nbytes)
        self._work()
        if self._pending is not None or not self._sender.is_ready:
            self._count_held()
            if self._held_bytes >= _HELD_BYTES or self._held.is_full:
                self._pause_reading()

    def eof_received(self) -> bool:
        return False  # The transport closes itself: who has stopped sending awaits no answer.

    def pause_writing(self) -> None:
        self._sender.is_blocked = True
        self._has_room = False

    def resume_writing(self) -> None:
        # Not here: a transport whose connection ends while it says this, be it that a write fails, ends it twice.
        self._has_room = True
        asyncio.get_running_loop().call_soon(self._send_on)

    def _send_on(self) -> None:
        # What else was written meanwhile may have filled the socket again, or ended the connection.
        if not self._has_room or self._transport.is_closing():
            return
        self._has_room = False
        self.last_active_ms = self._monotonic_ms()
        try:
            self._sender.resume()
        except (OSError, StorageError) as error:
            self._end(error)
        if self._is_closing:
            self.close()
        else:
            self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closing = True
        self._sender.drop()
        self._held.change(-self._held_requests, -self._held_bytes)
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
        if self.facts.on_lost is not None:
            self.facts.on_lost(self.facts)
        self._on_lost(self)

    # Closing.

    def close(self) -> None:
        """Work on nothing more; close when what was answered is sent."""
        self._is_closing = True
        if self._sender.is_ready:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; what is not sent is lost."""
        self._is_closing = True
        self._sender.drop()
        self._transport.abort()

    def _end(self, error: Exception) -> None:
        """The one line about a connection that has to be closed, and its end."""
        if self._is_closing:
            return
        level, reason, is_unexpected = _reason(error)
        log.log(
            level,
            "closing the connection of %s: %s",
            self.facts,
            reason,
            exc_info=error if is_unexpected else None,
        )
        if isinstance(error, (OSError, StorageError)):
            # A frame was begun whose rest cannot be read.
            self.abort()
            return
        try:
            self._flush()
            if isinstance(error, CloseConnection) and error.last_bytes:
                self._sender.send([error.last_bytes])
        except (OSError, StorageError):
            self.abort()
        else:
            self.close()

    # Requests.

    def _work(self) -> None:
        """Work off the requests that are there, until one has to wait or its answers are not read."""
        try:
            self._work_off()
            self._flush()
        except Exception as error:
            self._end(error)
        if self._held_bytes:
            self._count_held()
        if not self._is_reading and self._pending is None and self._sender.is_ready:
            self._resume_reading()

    def _work_off(self) -> None:
        connection = self._connection
        dispatch = self._dispatcher.dispatch
        is_ready = self._sender.is_ready  # It changes only when something is sent.
        while is_ready and not self._is_closing:
            request = connection.next_request()
            if request is None:
                return
            response = dispatch(self.facts, request)
            if isinstance(response, Pending):
                self._await(request, response)
                if self._pending is not None:
                    return
                is_ready = self._sender.is_ready
            else:
                connection.send_response(request, response)
                if connection.unsent_bytes >= _FLUSH_BYTES:
                    self._flush()
                    is_ready = self._sender.is_ready

    def _await(self, request: Request, pending: Pending[Any]) -> None:
        self._pending = pending
        pending.on_complete(lambda response: self._complete(request, pending, response))

    def _complete(self, request: Request, pending: Pending[Any], response: Any) -> None:
        """The answer has come, perhaps out of another connection's handler: send it, but start nothing new now."""
        if self._pending is not pending:
            return
        self._pending = None
        try:
            if isinstance(response, Exception):
                response = self._dispatcher.answer_failure(self.facts, request, response)
            self._connection.send_response(request, response)
            self._flush()
        except Exception as error:
            self._end(error)
        if self._connection.has_frame or not self._is_reading:
            asyncio.get_running_loop().call_soon(self._work)

    def _flush(self) -> None:
        outgoing = self._connection.data_to_send()
        if outgoing and not self._transport.is_closing():
            self._sender.send(outgoing)

    def send_through(self, make_sender: Callable[[asyncio.Transport, Callable[[], None]], PieceSender]) -> None:
        """Send what comes next with another sender: ``make_sender(transport, on_drained)``, until it calls that."""

        def drained() -> None:
            is_blocked = self._sender.is_blocked
            self._sender = PieceSender(self._transport)
            self._sender.is_blocked = is_blocked
            if not is_blocked:
                self.resume_writing()

        self._sender = make_sender(self._transport, drained)

    # Reading.

    def _count_held(self) -> None:
        requests, held_bytes = self._connection.waiting_requests, self._connection.buffered_bytes
        self._held.change(requests - self._held_requests, held_bytes - self._held_bytes)
        self._held_requests, self._held_bytes = requests, held_bytes

    def _pause_reading(self) -> None:
        if self._is_reading and not self._transport.is_closing():
            self._is_reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._is_reading = True
            self._transport.resume_reading()


def _reason(error: Exception) -> tuple[int, str, bool]:
    """Log level, words, and whether a traceback is due."""
    if isinstance(error, RemoteProtocolError):
        return logging.WARNING, str(error), False
    if isinstance(error, CloseConnection):
        return logging.INFO, str(error), False
    if isinstance(error, (OSError, StorageError)):
        return logging.ERROR, f"the records of its fetch cannot be read: {error}", False
    return logging.ERROR, "its request could not be answered", True
