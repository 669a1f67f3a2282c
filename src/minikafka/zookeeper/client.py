"""A small synchronous client: one connection, one session, one request at a time; for zookeeper-shell and tests."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from minikafka.zookeeper import jute, messages
from minikafka.zookeeper.errors import ZooKeeperError
from minikafka.zookeeper.jute import JuteReader
from minikafka.zookeeper.messages import Stat
from minikafka.zookeeper.znodes import Event

if TYPE_CHECKING:
    from typing_extensions import Self

SESSION_TIMEOUT_MS = 30_000
_EVENT_XID = -1
_ACL_OF_EVERYBODY = messages.world_acl(messages.ALL)


class ZooKeeperClient:
    """A session, open until ``close``; use it with ``with``.

    :param session: id and password of one to go on in.
    :raises OSError: nobody answers. ZooKeeperError: the session has ended.
    """

    def __init__(
        self, host: str, port: int, *, timeout_s: float = 30.0, session: tuple[int, bytes] = (0, bytes(16))
    ) -> None:
        self.events: list[Event] = []
        self._xid = 0
        self._socket = socket.create_connection((host, port), timeout_s)
        self._answers = self._socket.makefile("rb")
        self._send(messages.connect_request(SESSION_TIMEOUT_MS, *session))
        reader = JuteReader(self._receive())
        reader.integer()
        self.timeout_ms, self.session_id = reader.integer(), reader.long()
        self.password = reader.buffer() or b""
        if not self.session_id:
            self.close_connection()
            raise ZooKeeperError(messages.SESSION_EXPIRED)

    def exists(self, path: str, *, watch: bool = False) -> Stat | None:
        try:
            return Stat.read(self.call(messages.EXISTS, jute.string(path) + jute.boolean(watch)))
        except ZooKeeperError as error:
            if error.code == messages.NO_NODE:
                return None
            raise

    def get_data(self, path: str, *, watch: bool = False) -> tuple[bytes | None, Stat]:
        reader = self.call(messages.GET_DATA, jute.string(path) + jute.boolean(watch))
        return reader.buffer(), Stat.read(reader)

    def get_children(self, path: str, *, watch: bool = False) -> tuple[list[str], Stat]:
        """The names of the children in the server's order."""
        reader = self.call(messages.GET_CHILDREN2, jute.string(path) + jute.boolean(watch))
        return reader.vector(reader.string), Stat.read(reader)

    def get_acl(self, path: str) -> list[tuple[int, str, str]]:
        """Permissions, scheme and id of each entry."""
        reader = self.call(messages.GET_ACL, jute.string(path))
        return reader.vector(lambda: (reader.integer(), reader.string(), reader.string()))

    def get_all_children_number(self, path: str) -> int:
        return self.call(messages.GET_ALL_CHILDREN_NUMBER, jute.string(path)).integer()

    def create(self, path: str, data: bytes | None, flags: int = messages.PERSISTENT) -> str:
        """Returns the path that was created."""
        body = jute.string(path) + jute.buffer(data) + _ACL_OF_EVERYBODY + jute.integer(flags)
        return self.call(messages.CREATE, body).string()

    def set_data(self, path: str, data: bytes | None, version: int = -1) -> Stat:
        body = jute.string(path) + jute.buffer(data) + jute.integer(version)
        return Stat.read(self.call(messages.SET_DATA, body))

    def delete(self, path: str, version: int = -1) -> None:
        self.call(messages.DELETE, jute.string(path) + jute.integer(version))

    def sync(self, path: str) -> None:
        """What is read next is not older than now."""
        self.call(messages.SYNC, jute.string(path))

    def call(self, operation: int, body: bytes = b"") -> JuteReader:
        """Ask, and return what stands behind the header of the answer; events that come before it are kept.

        :raises ZooKeeperError: the answer is an error. OSError: there is none.
        """
        self._xid += 1
        self._send(jute.integer(self._xid) + jute.integer(operation) + body)
        while True:
            xid, error, reader = self._next()
            if xid == self._xid:
                if error:
                    raise ZooKeeperError(error)
                return reader

    def wait_for_events(self, count: int, timeout_s: float) -> list[Event]:
        """The events of watches so far, once there are ``count``. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while len(self.events) < count:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            self._next()
        return self.events

    def close(self) -> None:
        """End the session and the connection."""
        try:
            self.call(messages.CLOSE_SESSION)
        finally:
            self.close_connection()

    def close_connection(self) -> None:
        """The session lives on for its time-out."""
        self._answers.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.close_connection()

    def _next(self) -> tuple[int, int, JuteReader]:
        """Xid, error and the rest of what comes next; an event is kept besides."""
        reader = JuteReader(self._receive())
        xid, _, error = reader.integer(), reader.long(), reader.integer()
        if xid == _EVENT_XID:
            kind, _, path = reader.integer(), reader.integer(), reader.string()
            self.events.append(Event(kind, path))
        return xid, error, reader

    def _send(self, message: bytes) -> None:
        self._socket.sendall(messages.frame(message))

    def _receive(self) -> bytes:
        size = int.from_bytes(self._read(4), "big")
        return self._read(size)

    def _read(self, size: int) -> bytes:
        data = self._answers.read(size)
        if len(data) < size:
            raise ConnectionError("the server closed the connection")
        return data


def connect(connect_string: str) -> ZooKeeperClient:
    """A session with the first server of ``HOST:PORT,HOST:PORT`` that answers. Raises OSError with what is wrong."""
    errors = []
    for server in _servers(connect_string):
        try:
            return ZooKeeperClient(*server)
        except OSError as error:
            errors.append(f"{server[0]}:{server[1]}: {error.strerror or error}")
    raise OSError(f"cannot connect to {'; '.join(errors) or connect_string}")


def _servers(connect_string: str) -> Iterable[tuple[str, int]]:
    for server in connect_string.split(","):
        host, _, port = server.strip().rpartition(":")
        yield (host.strip("[]"), int(port)) if host and port.isdecimal() else (server.strip(), 2181)
