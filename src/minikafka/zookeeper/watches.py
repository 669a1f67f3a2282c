"""Watches: who waits for what, and is told once (ZooKeeper's WatchManager)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from minikafka.zookeeper.messages import NODE_CHILDREN_CHANGED, NODE_DELETED
from minikafka.zookeeper.znodes import Event


class Watcher(Protocol):
    """A connection, in its session."""

    @property
    def session_id(self) -> int: ...

    def send_event(self, event: Event) -> None: ...


class Watches:
    """``data`` watches wait for a node to come, change or go; ``children`` watches for its children, or its end."""

    def __init__(self) -> None:
        self.data: dict[str, dict[Watcher, None]] = {}
        self.children: dict[str, dict[Watcher, None]] = {}

    def paths(self) -> set[str]:
        return self.data.keys() | self.children.keys()

    def count(self) -> int:
        return sum(len(watchers) for kind in (self.data, self.children) for watchers in kind.values())

    def of(self, watcher: Watcher) -> list[str]:
        """The paths that one waits at."""
        kinds = (self.data, self.children)
        return sorted({path for kind in kinds for path, watchers in kind.items() if watcher in watchers})

    def watch_data(self, path: str, watcher: Watcher) -> None:
        self.data.setdefault(path, {})[watcher] = None

    def watch_children(self, path: str, watcher: Watcher) -> None:
        self.children.setdefault(path, {})[watcher] = None

    def fire(self, events: Iterable[Event]) -> None:
        """Tell each that waits for one of ``events``, and forget that it did."""
        for event in events:
            told: dict[Watcher, None] = {}
            if event.kind != NODE_CHILDREN_CHANGED:
                told |= self.data.pop(event.path, {})
            if event.kind in (NODE_CHILDREN_CHANGED, NODE_DELETED):
                told |= self.children.pop(event.path, {})
            for watcher in told:
                watcher.send_event(event)

    def forget(self, watcher: Watcher) -> None:
        for kind in (self.data, self.children):
            for path in [path for path, watchers in kind.items() if watcher in watchers]:
                del kind[path][watcher]
                if not kind[path]:
                    del kind[path]
