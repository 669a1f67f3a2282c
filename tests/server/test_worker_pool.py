"""Blocking work runs on threads, its outcome comes back to the loop, and no thread is left."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from minikafka.server.worker_pool import WorkerPool
from tests.server.harness import until


def pool_threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def test_the_outcome_comes_back_on_the_loop_thread() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 2, "outcome")
        outcomes = []
        pool(threading.get_ident, lambda result, error: outcomes.append((result, error, threading.get_ident())))
        await until(lambda: outcomes)
        worker, error, deliverer = outcomes[0]
        assert error is None
        assert worker != deliverer == threading.get_ident()
        pool.close()

    asyncio.run(main())


def test_an_exception_comes_back() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 2)
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0)
        assert await pool.run(lambda: 5) == 5
        pool.close()

    asyncio.run(main())


def test_an_exception_that_nobody_awaits_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 1)
        with caplog.at_level(logging.ERROR):
            pool(lambda: 1 // 0)
            pool.close()

    asyncio.run(main())
    assert "work in the background failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_threads_start_when_needed_and_end_with_the_pool() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 2, "counted")
        assert pool_threads("counted") == []
        gate = threading.Event()
        for _ in range(5):
            pool(gate.wait)
        assert len(pool_threads("counted")) == 2
        gate.set()
        pool.close()
        assert pool_threads("counted") == []

    asyncio.run(main())


def test_closing_lets_the_work_finish_that_was_given() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 1)
        done: list[int] = []
        for number in range(10):
            pool(lambda number=number: done.append(number))  # type: ignore[misc]
        pool.close()
        assert done == list(range(10))

    asyncio.run(main())


def test_a_closed_pool_works_in_the_callers_thread() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 1)
        pool.close()
        outcomes: list[object] = []
        pool(threading.get_ident, lambda result, error: outcomes.append(result))
        assert outcomes == [threading.get_ident()]

    asyncio.run(main())
