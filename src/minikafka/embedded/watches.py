"""Waking those who wait for something to come about in the broker.

All that can be waited for is records: of a topic, or of ``__consumer_offsets``, where members and offsets of groups are
kept; or a topic that is made or deleted. So a watch is for topics, and nothing is spent on those that nobody watches.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Hashable

    from minikafka.server.node import Node
    from minikafka.state.metadata_delta import MetadataDelta

EVERY_TOPIC: Collection[str] | None = None
"""For ``topics`` below."""


class Watch(Protocol):
    """What one thread waits with. Until it is closed it misses nothing, also while nobody waits."""

    def wait(self, timeout_s: float) -> None:
        """Return when something may have changed since the last time, or after ``timeout_s``."""
        ...

    def close(self) -> None: ...


class Watched:
    """One who is to be woken.

    :param topics: when these change; None: any.
    :param wake: called on the loop.
    """

    def __init__(self, topics: Collection[str] | None, wake: Callable[[], None]) -> None:
        self._topics = topics
        self.wake = wake
        self._stop: Callable[[], None] | None = None

    def concerns(self, topic: str) -> bool:
        return self._topics is None or topic in self._topics

    def attach(self, node: Node) -> None:
        """Watch the logs that the topics have now."""
        self.detach()
        logs: list[Hashable] = [log for log in node.services.logs.all() if self.concerns(log.topic)]
        self._stop = node.services.purgatory.watch(self._changed, logs, None)

    def detach(self) -> None:
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()

    def _changed(self, is_expired: bool) -> bool:
        self.wake()
        return False  # It goes on waiting for the next.


class Watches:
    """Those who watch a broker, on whichever node it runs. Used on its event loop."""

    def __init__(self) -> None:
        self._watched: set[Watched] = set()
        self._node: Node | None = None

    def add(self, watched: Watched) -> None:
        self._watched.add(watched)
        if self._node is not None:
            watched.attach(self._node)

    def remove(self, watched: Watched) -> None:
        self._watched.discard(watched)
        watched.detach()

    def follow(self, node: Node | None) -> None:
        """From now on the broker runs on ``node``, or does not run: that concerns everybody."""
        self._node = node
        if node is not None:
            node.services.controller.publisher.listeners.append(self._topics_changed)
        for watched in self._watched:
            if node is None:
                watched.detach()
            else:
                watched.attach(node)
            watched.wake()

    def _topics_changed(self, delta: MetadataDelta) -> None:
        node = self._node
        if not self._watched or node is None:
            return
        changed = {topic.name for topic in delta.deleted_topics}
        changed.update(topic.name for topic, _ in delta.created_partitions)
        for watched in self._watched:
            if any(map(watched.concerns, changed)):
                watched.attach(node)
                watched.wake()


class ThreadWatch:
    """A ``Watch`` for a thread other than the loop's."""

    def __init__(self, watches: Watches, loop: asyncio.AbstractEventLoop, topics: Collection[str] | None) -> None:
        self._watches = watches
        self._loop = loop
        self._event = threading.Event()
        self._watched = Watched(topics, self._event.set)
        # What this thread asks the broker next comes after it in the loop's queue.
        loop.call_soon_threadsafe(watches.add, self._watched)

    def wait(self, timeout_s: float) -> None:
        self._event.wait(timeout_s)
        self._event.clear()

    def close(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._watches.remove, self._watched)
