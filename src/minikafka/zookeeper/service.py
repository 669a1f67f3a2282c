"""Answers ZooKeeper's requests from a live tree: which operation reads what, which writes are passed on, which are not.

A write that Kafka's tools made in ZooKeeper's time is passed on to the broker, and what consumers of 0.8 keep below
/consumers is kept for them; everything else is answered with NOAUTH, as the access list of the nodes says: everybody
may read, and what may be written has all permissions. (The error of a read-only server is not it: such a server says so
when a session begins, and clients that have not asked for one turn away.) Operations that are not served are answered
with UNIMPLEMENTED.
"""

from __future__ import annotations

from collections.abc import Callable

from minikafka.zookeeper import jute, messages
from minikafka.zookeeper.errors import ZooKeeperError
from minikafka.zookeeper.jute import JuteReader
from minikafka.zookeeper.live_tree import LiveTree
from minikafka.zookeeper.messages import (
    CreateRequest,
    Operation,
    PathAndVersion,
    PathAndWatch,
    RequestHeader,
    SetDataRequest,
    SetWatchesRequest,
)
from minikafka.zookeeper.watches import Watcher, Watches
from minikafka.zookeeper.znodes import Event, Znode, is_valid, split

_NEW_NODES = frozenset({messages.CREATE, messages.CREATE2, messages.CREATE_CONTAINER, messages.CREATE_TTL})
_REFUSED = frozenset({messages.SET_ACL, messages.RECONFIG})
_EPHEMERAL = frozenset({messages.EPHEMERAL, messages.EPHEMERAL_SEQUENTIAL})
_SEQUENTIAL = frozenset({messages.PERSISTENT_SEQUENTIAL, messages.EPHEMERAL_SEQUENTIAL})


class Service:
    """One thread at a time; what a watch waited for is told on that thread, before the answer that shows it."""

    def __init__(self, live: LiveTree, on_warning: Callable[[str], None]) -> None:
        self.watches = Watches()
        self._live = live
        self._tree = live.tree
        self._on_warning = on_warning
        self._answers: dict[int, Callable[[JuteReader, Watcher], bytes]] = {
            messages.EXISTS: lambda reader, watcher: self._exists(PathAndWatch.read(reader), watcher),
            messages.GET_DATA: lambda reader, watcher: self._get_data(PathAndWatch.read(reader), watcher),
            messages.GET_CHILDREN: lambda reader, watcher: self._get_children(PathAndWatch.read(reader), watcher),
            messages.GET_CHILDREN2: self._get_children2,
            messages.GET_ACL: self._get_acl,
            messages.GET_ALL_CHILDREN_NUMBER: self._get_all_children_number,
            messages.GET_EPHEMERALS: self._get_ephemerals,
            messages.SYNC: self._sync,
            messages.SET_WATCHES: self._set_watches,
            messages.DELETE: lambda reader, _: self._delete(PathAndVersion.read(reader)),
            messages.SET_DATA: lambda reader, _: self._set_data(SetDataRequest.read(reader)),
            messages.MULTI: lambda reader, _: self._multi(reader),
            messages.MULTI_READ: self._multi_read,
        }

    @property
    def zxid(self) -> int:
        """The number of the last change."""
        return self._tree.zxid

    @property
    def node_count(self) -> int:
        return len(self._tree)

    @property
    def data_bytes(self) -> int:
        return self._tree.data_bytes()

    def ephemeral_nodes(self) -> dict[int, list[str]]:
        """Session -> the paths that end with it."""
        found: dict[int, list[str]] = {}
        for path, node in self._tree.items():
            if node.content.ephemeral_owner:
                found.setdefault(node.content.ephemeral_owner, []).append(path)
        return found

    def begin_session(self) -> None:
        """Who comes now sees what the brokers have now."""
        self._live.expire()

    def end_session(self, session_id: int) -> None:
        """What a session has created for its time goes with it."""
        self.watches.fire(self._live.end_session(session_id))

    def forget(self, watcher: Watcher) -> None:
        """A connection has ended, and its watches with it."""
        self.watches.forget(watcher)

    def look_for_changes(self) -> None:
        """Tell who waits for a change, if there was one."""
        for path in self._live.to_follow(self.watches.paths()):
            self._refresh(path)

    def answer(self, header: RequestHeader, reader: JuteReader, watcher: Watcher) -> bytes:
        """The reply to a request, without its frame; what has happened before was told by then.

        :raises JuteError: there is something else behind the header.
        """
        try:
            body = self._answer(header.operation, reader, watcher)
            return messages.reply(header.xid, self.zxid, messages.OK, body)
        except ZooKeeperError as error:
            if str(error):
                self._on_warning(str(error))
            return messages.reply(header.xid, self.zxid, error.code)

    def _answer(self, operation: int, reader: JuteReader, watcher: Watcher) -> bytes:
        if operation in _NEW_NODES:
            return self._create(CreateRequest.read(reader, operation), operation, watcher)
        if operation in _REFUSED:
            raise ZooKeeperError(messages.NO_AUTH)
        if operation not in self._answers:
            raise ZooKeeperError(messages.UNIMPLEMENTED)
        return self._answers[operation](reader, watcher)

    # --- reads

    def _exists(self, asked: PathAndWatch, watcher: Watcher) -> bytes:
        self._refresh(asked.path)
        # Who asks whether a node is there may wait for it to come.
        if asked.watch:
            self.watches.watch_data(asked.path, watcher)
        return self._existing(asked.path).stat().encode()

    def _get_data(self, asked: PathAndWatch, watcher: Watcher) -> bytes:
        self._refresh(asked.path)
        node = self._existing(asked.path)
        if asked.watch:
            self.watches.watch_data(asked.path, watcher)
        return jute.buffer(node.content.data) + node.stat().encode()

    def _get_children(self, asked: PathAndWatch, watcher: Watcher) -> bytes:
        self._refresh(asked.path)
        node = self._existing(asked.path)
        if asked.watch:
            self.watches.watch_children(asked.path, watcher)
        return jute.vector([jute.string(name) for name in node.children])

    def _get_children2(self, reader: JuteReader, watcher: Watcher) -> bytes:
        asked = PathAndWatch.read(reader)
        return self._get_children(asked, watcher) + self._existing(asked.path).stat().encode()

    def _get_acl(self, reader: JuteReader, watcher: Watcher) -> bytes:
        path = reader.string()
        self._refresh(path)
        node = self._existing(path)
        return messages.world_acl(node.content.permissions) + node.stat().encode()

    def _get_all_children_number(self, reader: JuteReader, watcher: Watcher) -> bytes:
        path = reader.string()
        self._refresh(path)
        self._existing(path)
        return jute.integer(len(self._tree.below(path)))

    def _get_ephemerals(self, reader: JuteReader, watcher: Watcher) -> bytes:
        """Those of the session that asks, below a path."""
        prefix = reader.string()
        mine = self.ephemeral_nodes().get(watcher.session_id, [])
        return jute.vector([jute.string(path) for path in mine if path.startswith(prefix)])

    def _sync(self, reader: JuteReader, watcher: Watcher) -> bytes:
        path = reader.string()
        self._live.expire()
        self._refresh(path)
        return jute.string(path)

    def _set_watches(self, reader: JuteReader, watcher: Watcher) -> bytes:
        """Of what has happened since the client was last here, tell it at once; for the rest it waits again."""
        asked = SetWatchesRequest.read(reader)
        for path in [*asked.data_paths, *asked.exist_paths, *asked.child_paths]:
            self._refresh(path)
        for path in asked.data_paths:
            node = self._tree.get(path)
            if node is None:
                watcher.send_event(Event(messages.NODE_DELETED, path))
            elif node.mzxid > asked.relative_zxid:
                watcher.send_event(Event(messages.NODE_DATA_CHANGED, path))
            else:
                self.watches.watch_data(path, watcher)
        for path in asked.exist_paths:
            if self._tree.get(path) is not None:
                watcher.send_event(Event(messages.NODE_CREATED, path))
            else:
                self.watches.watch_data(path, watcher)
        for path in asked.child_paths:
            node = self._tree.get(path)
            if node is None:
                watcher.send_event(Event(messages.NODE_DELETED, path))
            elif node.pzxid > asked.relative_zxid:
                watcher.send_event(Event(messages.NODE_CHILDREN_CHANGED, path))
            else:
                self.watches.watch_children(path, watcher)
        return b""

    def _multi_read(self, reader: JuteReader, watcher: Watcher) -> bytes:
        """Each read has its own answer or its own error."""
        results = []
        for operation, asked in messages.read_multi(reader):
            try:
                if not isinstance(asked, PathAndWatch):
                    raise ZooKeeperError(messages.BAD_ARGUMENTS)
                read = self._get_data if operation == messages.GET_DATA else self._get_children
                results.append((operation, messages.OK, read(asked, watcher)))
            except ZooKeeperError as error:
                results.append((operation, error.code, b""))
        return messages.multi_answer(results)

    # --- writes

    def _create(self, asked: CreateRequest, operation: int, watcher: Watcher) -> bytes:
        if not is_valid(asked.path):
            raise ZooKeeperError(messages.BAD_ARGUMENTS)
        self._live.expire()
        self._refresh(asked.path)
        if asked.flags not in _EPHEMERAL | _SEQUENTIAL | {messages.PERSISTENT}:
            raise ZooKeeperError(messages.NO_AUTH)
        is_sequential = asked.flags in _SEQUENTIAL
        if not is_sequential and self._tree.get(asked.path) is not None:
            raise ZooKeeperError(messages.NODE_EXISTS)
        if self._existing(split(asked.path)[0]).content.ephemeral_owner:
            raise ZooKeeperError(messages.NO_CHILDREN_FOR_EPHEMERALS)
        owner = watcher.session_id if asked.flags in _EPHEMERAL else 0
        created = self._live.create(asked.path, asked.data, owner=owner, is_sequential=is_sequential)
        self._refresh(asked.path)
        answer = jute.string(created)
        if operation == messages.CREATE:
            return answer
        # What was created may have had its effect, and be gone: then its parent stands for it.
        node = self._tree.get(created) or self._existing(split(created)[0])
        return answer + node.stat().encode()

    def _set_data(self, asked: SetDataRequest) -> bytes:
        self._live.expire()
        self._refresh(asked.path)
        self._existing(asked.path, asked.version)
        self._live.set_data(asked.path, asked.data)
        self._refresh(asked.path)
        return self._existing(asked.path).stat().encode()

    def _delete(self, asked: PathAndVersion) -> bytes:
        self._refresh(asked.path)
        if self._existing(asked.path, asked.version).children:
            raise ZooKeeperError(messages.NOT_EMPTY)
        self._live.delete(asked.path)
        self._refresh(asked.path)
        return b""

    def _multi(self, reader: JuteReader) -> bytes:
        """All or nothing, as in ZooKeeper: one write more than a check cannot be promised, and is refused."""
        operations = messages.read_multi(reader)
        errors = [self._error_in_multi(operation, asked) for operation, asked in operations]
        failed = next((index for index, error in enumerate(errors) if error), None)
        if failed is None:
            return messages.multi_answer([(operation, messages.OK, b"") for operation, _ in operations])
        behind = len(operations) - failed - 1
        # Each is an error: none (0) before the one that failed.
        codes = [messages.OK] * failed + [errors[failed]] + [messages.RUNTIME_INCONSISTENCY] * behind
        return messages.failed_multi_answer(codes)

    def _error_in_multi(self, operation: int, asked: Operation) -> int:
        if operation != messages.CHECK or not isinstance(asked, PathAndVersion):
            return messages.NO_AUTH
        try:
            self._refresh(asked.path)
            self._existing(asked.path, asked.version)
        except ZooKeeperError as error:
            return error.code
        return messages.OK

    # --- the tree

    def _refresh(self, path: str) -> None:
        self.watches.fire(self._live.refresh(path))

    def _existing(self, path: str, version: int = -1) -> Znode:
        if not is_valid(path):
            raise ZooKeeperError(messages.BAD_ARGUMENTS)
        node = self._tree.get(path)
        if node is None:
            raise ZooKeeperError(messages.NO_NODE)
        if version not in (-1, node.version):
            raise ZooKeeperError(messages.BAD_VERSION)
        return node
