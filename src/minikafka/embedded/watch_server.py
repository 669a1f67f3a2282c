"""Watching a broker in another process: a connection for each watch.

    JSON array of topics, or null for every topic, and a newline  ->
    one byte: tell me when something has changed                   ->
                                                   <-  one byte: something may have changed since the last time
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Collection
from typing import TYPE_CHECKING

from minikafka.embedded.watches import Watched

if TYPE_CHECKING:
    from minikafka.embedded.watches import Watches

_ADDRESS = "127.0.0.1"
_SIGNAL = b"."


class WatchServer:
    """Lets other processes of this machine watch, from ``start`` to ``stop``, on the event loop of the watches."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches

    async def start(self) -> int:
        """Returns the port it listens on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Watcher(self._watches), _ADDRESS, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Listen no more; what watches still is told of the end of the broker."""
        self._server.close()


class _Watcher(asyncio.Protocol):
    """The end at the broker."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._received = b""
        self._watched: Watched | None = None
        self._is_asked = False
        # What changed before the watch began is seen by looking once more.
        self._has_changed = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._watched is None:
            self._received += data
            line, newline, data = self._received.partition(b"\n")
            if not newline:
                return
            self._watched = Watched(json.loads(line), self._changed)
            self._watches.add(self._watched)
        if data:
            self._is_asked = True
            self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        if self._watched is not None:
            self._watches.remove(self._watched)

    def _changed(self) -> None:
        self._has_changed = True
        self._tell()

    def _tell(self) -> None:
        if self._is_asked and self._has_changed:
            self._is_asked = self._has_changed = False
            self._transport.write(_SIGNAL)


class RemoteWatch:
    """A ``Watch``: the end in the program."""

    def __init__(self, port: int, topics: Collection[str] | None) -> None:
        self._connection = socket.create_connection((_ADDRESS, port))
        self._connection.sendall(json.dumps(None if topics is None else list(topics)).encode() + b"\n")
        self._is_awaited = False

    def wait(self, timeout_s: float) -> None:
        try:
            if not self._is_awaited:
                self._connection.sendall(_SIGNAL)
                self._is_awaited = True
            self._connection.settimeout(timeout_s)
            self._connection.recv(1)
        except TimeoutError:
            return
        except ConnectionError:
            return  # The broker has gone: whoever looks now is told so.
        self._is_awaited = False

    def close(self) -> None:
        self._connection.close()
