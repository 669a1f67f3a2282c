"""The messages of ZooKeeper's client protocol that are served, in both directions (its file zookeeper.jute).

A connection begins with ConnectRequest and ConnectResponse; behind them each request has a header (xid, operation) and
each answer one (xid, zxid, error). An answer with an error has nothing behind its header. Each message is framed by an
int of its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from minikafka.named_tuple import NamedTuple
from minikafka.zookeeper import jute
from minikafka.zookeeper.jute import JuteReader

# Operations (ZooDefs.OpCode).
CREATE: Final = 1
DELETE: Final = 2
EXISTS: Final = 3
GET_DATA: Final = 4
SET_DATA: Final = 5
GET_ACL: Final = 6
SET_ACL: Final = 7
GET_CHILDREN: Final = 8
SYNC: Final = 9
PING: Final = 11
GET_CHILDREN2: Final = 12
CHECK: Final = 13
MULTI: Final = 14
CREATE2: Final = 15
RECONFIG: Final = 16
CREATE_CONTAINER: Final = 19
CREATE_TTL: Final = 21
MULTI_READ: Final = 22
AUTH: Final = 100
SET_WATCHES: Final = 101
GET_EPHEMERALS: Final = 103
GET_ALL_CHILDREN_NUMBER: Final = 104
WHO_AM_I: Final = 107
CLOSE_SESSION: Final = -11
_ERROR: Final = -1

# Errors (KeeperException.Code).
OK: Final = 0
RUNTIME_INCONSISTENCY: Final = -2
UNIMPLEMENTED: Final = -6
OPERATION_TIMEOUT: Final = -7
BAD_ARGUMENTS: Final = -8
NO_NODE: Final = -101
NO_AUTH: Final = -102
BAD_VERSION: Final = -103
NO_CHILDREN_FOR_EPHEMERALS: Final = -108
NODE_EXISTS: Final = -110
NOT_EMPTY: Final = -111
SESSION_EXPIRED: Final = -112

# Events (Watcher.Event.EventType), in a session that is connected (KeeperState.SyncConnected).
NODE_CREATED: Final = 1
NODE_DELETED: Final = 2
NODE_DATA_CHANGED: Final = 3
NODE_CHILDREN_CHANGED: Final = 4
_SYNC_CONNECTED: Final = 3
_EVENT_XID: Final = -1

# Flags of a new node (CreateMode).
PERSISTENT: Final = 0
EPHEMERAL: Final = 1
PERSISTENT_SEQUENTIAL: Final = 2
EPHEMERAL_SEQUENTIAL: Final = 3

# Permissions (ZooDefs.Perms).
READ: Final = 1
ALL: Final = 31


class ConnectRequest(NamedTuple):
    """``has_read_only``: the client is 3.4 or newer, and the answer has the field too."""

    last_zxid_seen: int
    timeout_ms: int
    session_id: int
    password: bytes
    has_read_only: bool

    @classmethod
    def read(cls, frame: bytes) -> ConnectRequest:
        """:raises JuteError:"""
        reader = JuteReader(frame)
        reader.integer()  # protocolVersion, always 0
        request = cls(reader.long(), reader.integer(), reader.long(), reader.buffer() or b"", not reader.is_at_end)
        if request.has_read_only:
            reader.boolean()
        return request

    def answer(self, session_id: int, timeout_ms: int, password: bytes) -> bytes:
        """What the server says; for a session that is no more, all zeros."""
        read_only = jute.boolean(False) if self.has_read_only else b""
        return jute.integer(0) + jute.integer(timeout_ms) + jute.long(session_id) + jute.buffer(password) + read_only


class RequestHeader(NamedTuple):
    xid: int
    operation: int

    @classmethod
    def read(cls, reader: JuteReader) -> RequestHeader:
        return cls(reader.integer(), reader.integer())


class PathAndWatch(NamedTuple):
    """Of exists, getData, getChildren and getChildren2."""

    path: str
    watch: bool

    @classmethod
    def read(cls, reader: JuteReader) -> PathAndWatch:
        return cls(reader.string(), reader.boolean())


class CreateRequest(NamedTuple):
    """Of create, create2, createContainer and createTTL; the ACL that is asked for counts for nothing here."""

    path: str
    data: bytes | None
    flags: int

    @classmethod
    def read(cls, reader: JuteReader, operation: int) -> CreateRequest:
        path, data = reader.string(), reader.buffer()
        _read_acl(reader)
        flags = reader.integer()
        if operation == CREATE_TTL:
            reader.long()
        return cls(path, data, flags)


class SetDataRequest(NamedTuple):
    """``version`` is the one that the node has to have, or -1."""

    path: str
    data: bytes | None
    version: int

    @classmethod
    def read(cls, reader: JuteReader) -> SetDataRequest:
        return cls(reader.string(), reader.buffer(), reader.integer())


class PathAndVersion(NamedTuple):
    """Of delete and check."""

    path: str
    version: int

    @classmethod
    def read(cls, reader: JuteReader) -> PathAndVersion:
        return cls(reader.string(), reader.integer())


class SetWatchesRequest(NamedTuple):
    """What a client that comes back was waiting for, and up to which zxid it knows what has happened."""

    relative_zxid: int
    data_paths: list[str]
    exist_paths: list[str]
    child_paths: list[str]

    @classmethod
    def read(cls, reader: JuteReader) -> SetWatchesRequest:
        return cls(reader.long(), *(reader.vector(reader.string) for _ in range(3)))


Operation = PathAndWatch | CreateRequest | SetDataRequest | PathAndVersion


def read_multi(reader: JuteReader) -> list[tuple[int, Operation]]:
    """The operations of a multi or multiRead request. Raises JuteError."""
    found: list[tuple[int, Operation]] = []
    while True:
        operation, is_done, _ = reader.integer(), reader.boolean(), reader.integer()
        if is_done:
            return found
        found.append((operation, _read_operation(operation, reader)))


def _read_operation(operation: int, reader: JuteReader) -> Operation:
    if operation in (CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL):
        return CreateRequest.read(reader, operation)
    if operation == SET_DATA:
        return SetDataRequest.read(reader)
    if operation in (DELETE, CHECK):
        return PathAndVersion.read(reader)
    if operation in (GET_DATA, GET_CHILDREN):
        return PathAndWatch.read(reader)
    raise jute.JuteError(f"operation {operation} has no place in a multi request")


def _read_acl(reader: JuteReader) -> None:
    reader.vector(lambda: (reader.integer(), reader.string(), reader.string()))


class Stat(NamedTuple):
    """What ZooKeeper knows about a node: the transactions (zxid) and times at which it and its children changed."""

    czxid: int
    mzxid: int
    ctime_ms: int
    mtime_ms: int
    version: int
    cversion: int
    aversion: int
    ephemeral_owner: int
    data_length: int
    num_children: int
    pzxid: int

    @classmethod
    def read(cls, reader: JuteReader) -> Stat:
        long, integer = reader.long, reader.integer
        return cls(
            long(), long(), long(), long(), integer(), integer(), integer(), long(), integer(), integer(), long()
        )

    def encode(self) -> bytes:
        czxid, mzxid, ctime, mtime, version, cversion, aversion, owner, length, children, pzxid = self
        return b"".join(
            (
                *map(jute.long, (czxid, mzxid, ctime, mtime)),
                *map(jute.integer, (version, cversion, aversion)),
                jute.long(owner),
                jute.integer(length),
                jute.integer(children),
                jute.long(pzxid),
            )
        )


def connect_request(timeout_ms: int, session_id: int, password: bytes) -> bytes:
    """The first message of a client: for a new session id 0 and a password of zeros."""
    wanted = jute.integer(timeout_ms) + jute.long(session_id) + jute.buffer(password)
    return jute.integer(0) + jute.long(0) + wanted + jute.boolean(False)


def frame(message: bytes) -> bytes:
    return jute.integer(len(message)) + message


def reply(xid: int, zxid: int, error: int, body: bytes = b"") -> bytes:
    """An answer with its header; ``body`` is left out when there is an error."""
    return jute.integer(xid) + jute.long(zxid) + jute.integer(error) + (b"" if error else body)


def event(kind: int, path: str) -> bytes:
    """What a watch says, once."""
    return reply(_EVENT_XID, -1, OK, jute.integer(kind) + jute.integer(_SYNC_CONNECTED) + jute.string(path))


def world_acl(permissions: int) -> bytes:
    """The access list of a node: what everybody may do."""
    return jute.vector([jute.integer(permissions) + jute.string("world") + jute.string("anyone")])


def multi_answer(results: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Of each operation in a multi request: its number, its error, and its answer where there is none."""
    parts = [
        _error_in_multi(error) if error else _multi_header(operation, False, OK) + body
        for operation, error, body in results
    ]
    return b"".join(parts) + _multi_header(_ERROR, True, -1)


def failed_multi_answer(codes: Sequence[int]) -> bytes:
    """Of a multi request that came to nothing: the error that each operation has, OK among them."""
    return b"".join(map(_error_in_multi, codes)) + _multi_header(_ERROR, True, -1)


def _error_in_multi(code: int) -> bytes:
    return _multi_header(_ERROR, False, code) + jute.integer(code)


def _multi_header(operation: int, is_done: bool, error: int) -> bytes:
    return jute.integer(operation) + jute.boolean(is_done) + jute.integer(error)
