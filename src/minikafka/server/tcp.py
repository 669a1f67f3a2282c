"""Carries bytes between sockets and ``ServerConnection``: one ``ClientConnection`` a client.

    BUSY     a request waits for its answer. What arrives is kept, up to a limit; then reading stops.
    BLOCKED  the client does not read what it asked for. Nothing more is worked on for it, and reading stops alike.

So a client holds at most: one receive buffer of requests, one answer, and a transport's write buffer of its bytes.
Requests that arrived together are worked off in one go, and their answers leave in one write.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.errors import StorageError
from minikafka.pending import Pending
from minikafka.protocol.connection import Outgoing, RemoteProtocolError, Request, ServerConnection
from minikafka.server.dispatch import CloseConnection, Dispatcher
from minikafka.server.endpoints import join_host_port

if TYPE_CHECKING:
    from minikafka.config import Listener

log = logging.getLogger(__name__)

JOINED_BYTES = 64 * 1024
"""Answers with file slices up to this size are read and sent in one write; larger ones go out in pieces."""

PIECE_BYTES = 256 * 1024
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
        "local_host",
        "local_port",
        "principal",
    )

    def __init__(self, listener: Listener, client: tuple[str, int], local: tuple[str, int]) -> None:
        self.listener = listener
        self.client_host, self.client_port = client
        self.local_host, self.local_port = local
        self.principal = "User:ANONYMOUS"
        self.client_software_name = "unknown"
        self.client_software_version = "unknown"

    @property
    def listener_name(self) -> str:
        return self.listener.name

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
        monotonic_ms: Callable[[], int],
        on_lost: Callable[[ClientConnection], None],
    ) -> None:
        self.facts = facts
        self.last_active_ms = monotonic_ms()
        self._dispatch = dispatcher.dispatch
        self._dispatcher = dispatcher
        self._connection = connection
        self._monotonic_ms = monotonic_ms
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._pending: Pending[Any] | None = None
        self._unsent: deque[Outgoing] = deque()
        self._is_blocked = False
        self._is_reading = True
        self._is_closing = False
        # Called by the transport for every read: saves a call.
        self.get_buffer = connection.get_buffer  # type: ignore[method-assign]

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def buffer_updated(self, nbytes: int) -> None:
        self.last_active_ms = self._monotonic_ms()
        connection = self._connection
        connection.buffer_updated(nbytes)
        self._work()
        if (self._pending is not None or self._is_blocked) and connection.buffered_bytes >= _HELD_BYTES:
            self._pause_reading()

    def eof_received(self) -> bool:
        return False  # The transport closes itself: who has stopped sending awaits no answer.

    def pause_writing(self) -> None:
        self._is_blocked = True

    def resume_writing(self) -> None:
        self.last_active_ms = self._monotonic_ms()
        self._is_blocked = False
        self._send_unsent()
        self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closing = True
        self._unsent.clear()
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
        self._on_lost(self)

    # Closing.

    def close(self) -> None:
        """Work on nothing more; close when what was answered is sent."""
        self._is_closing = True
        if self._transport is not None and not self._unsent:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; what is not sent is lost."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()

    # Requests.

    def _work(self) -> None:
        """Work off the requests that are there, until one has to wait or its answers are not read."""
        connection = self._connection
        dispatch = self._dispatch
        facts = self.facts
        try:
            while not (self._is_blocked or self._unsent or self._is_closing):
                request = connection.next_request()
                if request is None:
                    break
                response = dispatch(facts, request)
                if isinstance(response, Pending):
                    self._await(request, response)
                    if self._pending is not None:
                        break
                else:
                    connection.send_response(request, response)
                    if connection.unsent_bytes >= JOINED_BYTES:
                        self._flush()
            self._flush()
        except RemoteProtocolError as error:
            self._flush()
            self._fail(logging.WARNING, "%s", error)
        except CloseConnection as error:
            self._flush()
            self._fail(logging.INFO, "%s", error)
        except Exception:
            self._fail(logging.ERROR, "its request could not be answered", exc_info=True)
        if not self._is_reading and self._pending is None and not self._is_blocked:
            self._resume_reading()

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
        except CloseConnection as error:
            self._fail(logging.INFO, "%s", error)
        except Exception:
            self._fail(logging.ERROR, "its request could not be answered", exc_info=True)
        if self._connection.has_frame or not self._is_reading:
            asyncio.get_running_loop().call_soon(self._work)

    # Answers.

    def _flush(self) -> None:
        outgoing = self._connection.data_to_send()
        transport = self._transport
        if not outgoing or transport is None:
            return
        if len(outgoing) == 1 and type(outgoing[0]) is bytearray:
            transport.write(outgoing[0])
        elif _size_bytes(outgoing) <= JOINED_BYTES:
            self._guarded(lambda: transport.write(b"".join(map(_bytes_of, outgoing))))
        else:
            self._unsent.extend(outgoing)
            self._send_unsent()

    def _send_unsent(self) -> None:
        """Send on, as far as the transport takes it without keeping more than it should."""
        if self._unsent:
            self._guarded(self._send_pieces)
            if not self._unsent and self._is_closing and self._transport is not None:
                self._transport.close()

    def _send_pieces(self) -> None:
        transport = self._transport
        unsent = self._unsent
        while unsent and not self._is_blocked and transport is not None:
            piece = unsent[0]
            if isinstance(piece, _BYTES):
                transport.write(piece)
                unsent.popleft()
            elif piece.size_bytes <= PIECE_BYTES:
                transport.write(piece.read())
                unsent.popleft()
            else:
                first, unsent[0] = piece.split(PIECE_BYTES)
                transport.write(first.read())

    def _guarded(self, send: Callable[[], None]) -> None:
        """Where a file cannot be read any more the answer cannot be completed: the frame's size is already out."""
        try:
            send()
        except (OSError, StorageError) as error:
            self._unsent.clear()
            self._fail(logging.ERROR, "the records of its fetch cannot be read: %s", error)
            self.abort()

    # The two ends of reading.

    def _pause_reading(self) -> None:
        if self._is_reading and self._transport is not None and not self._transport.is_closing():
            self._is_reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._is_reading = True
            self._transport.resume_reading()

    def _fail(self, level: int, reason: str, *arguments: object, exc_info: bool = False) -> None:
        """The one line about a connection that has to be closed, and its end."""
        if not self._is_closing:
            log.log(level, "closing the connection of %s: " + reason, self.facts, *arguments, exc_info=exc_info)
            self.close()


def _size_bytes(outgoing: list[Outgoing]) -> int:
    return sum(len(item) if isinstance(item, _BYTES) else item.size_bytes for item in outgoing)


def _bytes_of(item: Outgoing) -> bytes | bytearray | memoryview:
    return item if isinstance(item, _BYTES) else item.read()


_BYTES = (bytearray, bytes, memoryview)
