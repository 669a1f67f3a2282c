"""A broker on the event loop of the program that started it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.embedded.node_calls import NodeCalls
from minikafka.embedded.watches import ThreadWatch

if TYPE_CHECKING:
    from minikafka.embedded.node_keeper import NodeKeeper
    from minikafka.embedded.watches import Watch


class LoopHost:
    """A ``Host`` on the running event loop, whose node was started already. What takes turns of the loop can be asked
    for from other threads only."""

    def __init__(self, keeper: NodeKeeper) -> None:
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self.listeners = keeper.running.bound_listeners
        self._calls = NodeCalls(keeper, self._loop, threading.get_ident())
        self.call = self._calls.call
        self.perform = self._calls.perform

    @property
    def may_wait(self) -> bool:
        return self._calls.may_wait

    @property
    def cluster_id(self) -> str:
        return self._keeper.running.services.cluster_id

    def stop(self) -> None:
        self._run(self._keeper.stop())

    def kill(self) -> None:
        self._run(self._keeper.kill())

    def reset(self) -> None:
        self._run(self._keeper.reset())

    def snapshot(self, targets: Sequence[str]) -> None:
        self._run(self._keeper.snapshot(targets))

    def restore(self, sources: Sequence[str]) -> None:
        self._run(self._keeper.restore(sources))

    def leave_to_parent(self) -> None:
        if self._keeper.node is not None:
            self._keeper.node.close_inherited()

    def watch(self, topics: Collection[str] | None) -> Watch:
        return ThreadWatch(self._keeper.watches, self._loop, topics)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        if not self.may_wait:
            work.close()
            raise RuntimeError(
                "the broker runs on the event loop of this thread, which this call would block: await "
                "asyncio.to_thread(...) of it, or stop it with stop_async()"
            )
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
