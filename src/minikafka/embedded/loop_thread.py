"""An event loop on a thread of its own, which other threads hand coroutines to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs from its construction until ``close``."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._begun: set[asyncio.Task[Any]] = set()
        # A daemon thread: a program that forgets to stop its broker ends all the same.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        try:
            self._thread.start()
        except BaseException:  # an interrupt, while the thread began
            self.loop.call_soon_threadsafe(self.loop.stop)
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop; returns its result, or raises what it raised. From any other thread.

        An interrupt (Ctrl-C) is raised when ``work`` is done: it would else be left half done. A second one is raised
        at once.
        """
        future = asyncio.run_coroutine_threadsafe(self._counted(work), self.loop)
        try:
            return future.result()
        except BaseException:
            concurrent.futures.wait([future])
            raise

    def close(self) -> None:
        """End the loop and the thread, when all work is done that was begun."""
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop)
        self._thread.join()

    async def _counted(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._begun.add(task)
        try:
            return await work
        finally:
            self._begun.discard(task)

    async def _finish(self) -> None:
        # An interrupt may have kept the thread that began it from waiting for it.
        while self._begun:
            await asyncio.wait(set(self._begun))
        self.loop.stop()

    def _run(self) -> None:
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()
