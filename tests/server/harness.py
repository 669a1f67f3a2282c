"""A socket server with fake handlers on a loop of its own, and clients that speak to it over real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from minikafka.clock import ManualClock, Timers
from minikafka.config import Listener
from minikafka.handlers import Api
from minikafka.pending import Pending
from minikafka.protocol.headers import request_header_version, response_header_version
from minikafka.protocol.messages import request_class, response_class
from minikafka.server.connection_quotas import ConnectionLimits, ConnectionQuotas
from minikafka.server.dispatch import Dispatcher
from minikafka.server.socket_server import SocketServer, SocketSettings

APIS = (
    Api(0, "Produce", 0, 13, "failing_mutely", ""),
    Api(1, "Fetch", 0, 18, "reading", ""),
    Api(3, "Metadata", 0, 13, "echo", ""),
    Api(10, "FindCoordinator", 0, 6, "failing", ""),
    Api(12, "Heartbeat", 0, 4, "waiting", ""),
    Api(16, "ListGroups", 0, 5, "failing_apart", ""),
)
LOOPBACK = Listener("PLAINTEXT", "127.0.0.1", 0, "PLAINTEXT")
TIMEOUT_S = 20.0


class FakeServices:
    """What the fake handlers need of the broker."""

    def __init__(self) -> None:
        self.promises: list[tuple[str, Pending[Any]]] = []
        self.records: Callable[[int], Any] = lambda size_bytes: bytes(size_bytes)


class Running:
    """A started server and what it is made of."""

    def __init__(self, settings: SocketSettings, **quotas: Any) -> None:
        self.clock = ManualClock()
        self.timers = Timers(self.clock)
        self.clock.on_advance(self.timers.run_due)
        self.services = FakeServices()
        self.quotas = ConnectionQuotas(self.clock.monotonic_ms, ConnectionLimits(**quotas))
        dispatcher = Dispatcher(self.services, APIS, "tests.server.fake_handlers")  # type: ignore[arg-type]
        self.server = SocketServer(dispatcher, settings, self.quotas, self.clock, self.timers)

    @property
    def port(self) -> int:
        return self.server.bound_listeners[0].port

    async def connect(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        return Client(reader, writer)


@asynccontextmanager
async def running(settings: SocketSettings | None = None, **quotas: Any) -> AsyncIterator[Running]:
    it = Running(settings or SocketSettings(), **quotas)
    it.server.bind([LOOPBACK])
    it.server.start()
    try:
        yield it
    finally:
        await it.server.close()


class Client:
    """One client connection. Versions are 1 unless told otherwise."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._correlation_id = 0

    def request(self, message: Any, version: int = 1) -> tuple[int, bytes]:
        """(correlation id, frame)."""
        self._correlation_id += 1
        key = message.api_key
        header = struct.pack(">hhi", key, version, self._correlation_id) + struct.pack(">h", 4) + b"test"
        if request_header_version(key, version) == 2:
            header += b"\0"
        body = header + message.encode(version)
        return self._correlation_id, struct.pack(">i", len(body)) + body

    def send(self, *messages: Any, version: int = 1) -> None:
        self.writer.write(b"".join(self.request(message, version)[1] for message in messages))

    async def receive(self, api_key: int, version: int = 1) -> tuple[int, Any]:
        """(correlation id, response)."""
        size = struct.unpack(">i", await self._read(4))[0]
        frame = await self._read(size)
        start = 4 + response_header_version(api_key, version)
        return struct.unpack(">i", frame[:4])[0], response_class(api_key).decode(frame[start:], version)

    async def ask(self, message: Any, version: int = 1) -> Any:
        self.send(message, version=version)
        return (await self.receive(message.api_key, version))[1]

    async def is_closed(self) -> bool:
        """Whether the server closes the connection, without another byte."""
        try:
            return await asyncio.wait_for(self.reader.read(1), TIMEOUT_S) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return

    async def _read(self, size_bytes: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(size_bytes), TIMEOUT_S)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until ``condition`` holds."""
    async with asyncio_timeout():
        while not condition():
            await asyncio.sleep(0.001)


@asynccontextmanager
async def asyncio_timeout() -> AsyncIterator[None]:
    """asyncio.timeout is newer than Python 3.10."""
    task = asyncio.current_task()
    assert task is not None
    handle = asyncio.get_running_loop().call_later(TIMEOUT_S, task.cancel)
    try:
        yield
    finally:
        handle.cancel()


def raw_connection(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setblocking(False)
    return connection


__all__ = ["LOOPBACK", "Client", "Running", "raw_connection", "request_class", "running", "until"]
