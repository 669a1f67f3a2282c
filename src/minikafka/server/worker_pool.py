"""A small pool of threads for what blocks: fsync, recovery, deletion, cleaning.

``concurrent.futures`` is not used: outcomes here go straight back to the event loop, threads start with the first
work, and none of them outlives ``close``.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from minikafka.pending import RunBlocking, run_inline

T = TypeVar("T")

log = logging.getLogger(__name__)

_Job = Callable[[], None]


class WorkerPool:
    """Runs work on at most ``max_threads`` threads; a ``RunBlocking``.

    :param loop: where outcomes are delivered.
    :param name: what its threads are called, with a number behind.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, max_threads: int, name: str = "minikafka-worker") -> None:
        self._loop = loop
        self._max_threads = max_threads
        self._name = name
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        """What threads still have to do."""
        self._undelivered = 0
        """Of what the event loop has not been told that it is done."""
        self._when_idle: asyncio.Future[None] | None = None
        self._lock = threading.Lock()
        self._is_closed = False

    def __call__(
        self, work: Callable[[], T], on_done: Callable[[T | None, BaseException | None], None] | None = None
    ) -> None:
        """Run ``work`` on a thread; then ``on_done(result, None)`` or ``on_done(None, exception)`` on the event loop.
        Without ``on_done`` an exception is logged. Once the pool is closed, all this happens at once in the caller's
        thread: the last steps of a stop need no other.
        """
        if self._is_closed:
            run_inline(work, on_done)
            return
        self._put(work, on_done)

    def _put(
        self, work: Callable[[], T], on_done: Callable[[T | None, BaseException | None], None] | None = None
    ) -> None:
        with self._lock:
            self._unfinished += 1
            self._undelivered += 1
            if self._unfinished > len(self._threads) < self._max_threads:
                self._start_thread()
        self._jobs.put(lambda: self._run(work, on_done))

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` on a thread and await its result."""
        return await self._result_of(work, self)

    async def _result_of(self, work: Callable[[], T], run_blocking: RunBlocking) -> T:
        future: asyncio.Future[Any] = self._loop.create_future()

        def on_done(result: T | None, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        run_blocking(work, on_done)
        result: T = await future
        return result

    def resize(self, max_threads: int) -> None:
        """Use at most so many threads from now on; what surplus ones are at is finished first."""
        with self._lock:
            surplus = min(self._max_threads, len(self._threads)) - max_threads
            self._max_threads = max_threads
        for _ in range(surplus):
            self._jobs.put(None)

    async def idle(self) -> None:
        """Wait until all work has been done that was given, and what its outcomes gave; the event loop goes on."""
        while self._undelivered:
            self._when_idle = self._loop.create_future()
            await self._when_idle

    async def finish(self, last: Callable[[], T]) -> T:
        """Wait as ``idle`` does, run ``last`` on a thread, end the threads, and return its result. What ``last`` asks
        the pool for is done at once, in its thread."""
        await self.idle()
        self._is_closed = True
        try:
            return await self._result_of(last, self._put)
        finally:
            self.close()

    def close(self) -> None:
        """Let the work that was given finish, and end the threads. Blocks until they have ended."""
        self._is_closed = True
        with self._lock:
            threads = list(self._threads)
        for _ in threads:
            self._jobs.put(None)
        for thread in threads:
            thread.join()

    def _start_thread(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        # A daemon thread, so that a program which forgets to stop its broker still ends.
        thread = threading.Thread(target=self._work_off, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work_off(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
        with self._lock:
            self._threads.remove(threading.current_thread())

    def _run(self, work: Callable[[], T], on_done: Callable[[T | None, BaseException | None], None] | None) -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as raised:
            error = raised
        with self._lock:
            self._unfinished -= 1
        if error is not None and on_done is None:
            log.error("work in the background failed", exc_info=error)
        try:
            self._loop.call_soon_threadsafe(self._deliver, on_done, result, error)
        except RuntimeError:
            # The loop was closed under a broker that was never stopped: nobody is left to tell.
            if error is not None and on_done is not None:
                log.error("work in the background failed", exc_info=error)

    def _deliver(
        self,
        on_done: Callable[[T | None, BaseException | None], None] | None,
        result: T | None,
        error: BaseException | None,
    ) -> None:
        try:
            if on_done is not None:
                on_done(result, error)
        finally:
            with self._lock:
                self._undelivered -= 1
            if not self._undelivered and self._when_idle is not None and not self._when_idle.done():
                self._when_idle.set_result(None)
