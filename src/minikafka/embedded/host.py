"""``Host``: where a broker runs. ``ThreadHost`` on a thread of this process; see ``child_process`` for the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from minikafka.embedded.loop_thread import LoopThread
from minikafka.embedded.node_calls import NodeCalls
from minikafka.embedded.watches import ThreadWatch

if TYPE_CHECKING:
    from minikafka.config import Listener
    from minikafka.embedded.node_keeper import NodeKeeper
    from minikafka.embedded.watches import Watch, Watches
    from minikafka.protocol.messages import Message
    from minikafka.server.node import Node

T = TypeVar("T")


class Host(Protocol):
    """Runs a broker from its construction until ``stop`` or ``kill``; the rest is as in ``NodeKeeper``."""

    @property
    def listeners(self) -> list[Listener]: ...

    @property
    def cluster_id(self) -> str: ...

    @property
    def may_wait(self) -> bool:
        """See ``NodeCalls.may_wait``."""
        ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def reset(self) -> None: ...

    def snapshot(self, targets: Sequence[str]) -> None: ...

    def restore(self, sources: Sequence[str]) -> None: ...

    def call(self, request: Message, version: int, timeout_s: float) -> Any:
        """The answer to a request in a version. Raises TimeoutError, MinikafkaError."""
        ...

    def watch(self, topics: Collection[str] | None) -> Watch:
        """Watch topics; None: all of them."""
        ...

    def leave_to_parent(self) -> None:
        """In a forked process: close what was inherited, and disturb nothing."""
        ...


class PerformingHost(Protocol):
    """One whose node is in this process."""

    def perform(self, action: Callable[[Node], Any], name: str, timeout_s: float, *, takes_time: bool = False) -> Any:
        """See ``NodeCalls.perform``."""
        ...


class ThreadHost:
    """A node on a loop and a thread of its own.

    :raises ConfigError, StorageError: why it cannot start.
    """

    def __init__(self, keeper: NodeKeeper, name: str, ports: Sequence[Listener]) -> None:
        self._keeper = keeper
        self._thread = LoopThread(name)
        try:
            self._thread.run(keeper.start(ports))
            calls = NodeCalls(keeper, self._thread.loop, self._thread.run(_thread_id()))
            # They stay what they are, also while there is no node, or none came back.
            self.listeners = keeper.running.bound_listeners
        except BaseException:  # also an interrupt, after the node began
            self.stop()
            raise
        self.call = calls.call
        self.perform = calls.perform

    @property
    def may_wait(self) -> bool:
        return True

    @property
    def cluster_id(self) -> str:
        return self._keeper.running.services.cluster_id

    def stop(self) -> None:
        try:
            self._thread.run(self._keeper.stop())
        finally:
            self._thread.close()

    def kill(self) -> None:
        try:
            self._thread.run(self._keeper.kill())
        finally:
            self._thread.close()

    def reset(self) -> None:
        self._thread.run(self._keeper.reset())

    def snapshot(self, targets: Sequence[str]) -> None:
        self._thread.run(self._keeper.snapshot(targets))

    def restore(self, sources: Sequence[str]) -> None:
        self._thread.run(self._keeper.restore(sources))

    def leave_to_parent(self) -> None:
        if self._keeper.node is not None:
            self._keeper.node.close_inherited()

    def watch(self, topics: Collection[str] | None) -> Watch:
        return ThreadWatch(self._keeper.watches, self._thread.loop, topics)

    @property
    def watches(self) -> Watches:
        return self._keeper.watches

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something more on the loop; returns its result."""
        return self._thread.run(work)


async def _thread_id() -> int:
    return threading.get_ident()
