"""A tree of znodes that is replaced as a whole, and finds out itself what has changed since.

From the differences come the numbers that a ZooKeeper client looks at (zxid, versions, times) and the events that
watches wait for. Transaction numbers begin with the time of the start, as if a new leader had been elected: they grow
from one run to the next, which a client that comes back insists on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minikafka.named_tuple import NamedTuple
from minikafka.zookeeper.messages import (
    NODE_CHILDREN_CHANGED,
    NODE_CREATED,
    NODE_DATA_CHANGED,
    NODE_DELETED,
    READ,
    Stat,
)

ROOT = "/"
_EPOCH_S = 1_577_836_800
"""The first second of 2020: a leader's epoch has 31 bits."""


class Content(NamedTuple):
    """What a node holds. ``ephemeral_owner`` is the session it lives and ends with, 0 for none."""

    data: bytes | None
    ephemeral_owner: int = 0
    permissions: int = READ


class Event(NamedTuple):
    """``kind`` is NODE_CREATED and so on."""

    kind: int
    path: str


class Znode:
    """A node with its numbers; ``children`` are names in the order in which they came."""

    __slots__ = ("children", "content", "ctime_ms", "cversion", "czxid", "mtime_ms", "mzxid", "pzxid", "version")

    def __init__(self, content: Content, zxid: int, now_ms: int) -> None:
        self.content = content
        self.czxid = self.mzxid = self.pzxid = zxid
        self.ctime_ms = self.mtime_ms = now_ms
        self.version = self.cversion = 0
        self.children: dict[str, None] = {}

    def stat(self) -> Stat:
        return Stat(
            self.czxid,
            self.mzxid,
            self.ctime_ms,
            self.mtime_ms,
            self.version,
            self.cversion,
            0,
            self.content.ephemeral_owner,
            len(self.content.data or b""),
            len(self.children),
            self.pzxid,
        )


class ZnodeTree:
    """``now_ms``: when it comes to be, the time of day."""

    def __init__(self, now_ms: int) -> None:
        self.zxid = (now_ms // 1000 - _EPOCH_S) << 32
        self._nodes = {ROOT: Znode(Content(b""), self.zxid, now_ms)}

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, path: str) -> Znode | None:
        return self._nodes.get(path)

    def items(self) -> Iterable[tuple[str, Znode]]:
        return self._nodes.items()

    def below(self, path: str) -> list[str]:
        """All paths below ``path``, at any depth."""
        prefix = path.rstrip("/") + "/"
        return [each for each in self._nodes if each.startswith(prefix) and each != ROOT]

    def data_bytes(self) -> int:
        """About how large everything is, as ZooKeeper counts: paths and data."""
        return sum(len(path) + len(node.content.data or b"") for path, node in self._nodes.items())

    def replace(self, contents: Mapping[str, Content], now_ms: int) -> list[Event]:
        """Hold ``contents`` (path -> content; every parent but the root among them) from now on.

        Returns what has happened, in its order.
        """
        events: list[Event] = []
        for path in sorted(self._nodes.keys() - contents.keys() - {ROOT}, reverse=True):
            events += self._remove(path)
        for path, content in sorted(contents.items()):
            node = self._nodes.get(path)
            if node is None:
                events += self._add(path, content, now_ms)
            elif node.content.data != content.data:
                self.zxid += 1
                node.mzxid, node.mtime_ms, node.version = self.zxid, now_ms, node.version + 1
                node.content = content
                events.append(Event(NODE_DATA_CHANGED, path))
            elif node.content != content:
                node.content = content
        return events

    def _add(self, path: str, content: Content, now_ms: int) -> list[Event]:
        self.zxid += 1
        self._nodes[path] = Znode(content, self.zxid, now_ms)
        parent, name = split(path)
        self._nodes[parent].children[name] = None
        self._children_changed(parent)
        return [Event(NODE_CREATED, path), Event(NODE_CHILDREN_CHANGED, parent)]

    def _remove(self, path: str) -> list[Event]:
        self.zxid += 1
        del self._nodes[path]
        parent, name = split(path)
        del self._nodes[parent].children[name]
        self._children_changed(parent)
        return [Event(NODE_DELETED, path), Event(NODE_CHILDREN_CHANGED, parent)]

    def _children_changed(self, parent: str) -> None:
        node = self._nodes[parent]
        node.cversion += 1
        node.pzxid = self.zxid


def split(path: str) -> tuple[str, str]:
    """The path of the parent, and the name in it."""
    parent, _, name = path.rpartition("/")
    return parent or ROOT, name


def is_valid(path: str) -> bool:
    """Whether a path may be used at all (ZooKeeper's PathUtils)."""
    if path == ROOT:
        return True
    first, *names = path.split("/")
    return bool(names) and not first and "\0" not in path and not any(name in ("", ".", "..") for name in names)
