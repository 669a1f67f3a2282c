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


def test_the_loop_goes_on_until_all_work_and_what_came_of_it_is_done() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 2)
        gate = threading.Event()
        done: list[str] = []
        pool(gate.wait, lambda result, error: pool(lambda: done.append("second")))
        waiting = asyncio.ensure_future(pool.idle())
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.set()
        await waiting
        assert done == ["second"]
        pool.close()

    asyncio.run(main())


def test_the_last_work_has_a_thread_and_what_it_asks_for_is_done_at_once() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 2, "finished")
        order: list[object] = []
        gate = threading.Event()
        pool(gate.wait, lambda result, error: order.append("first"))

        def last() -> str:
            pool(threading.get_ident, lambda result, error: order.append(result == threading.get_ident()))
            order.append("last")
            return "result"

        finishing = asyncio.ensure_future(pool.finish(last))
        await asyncio.sleep(0)
        gate.set()
        assert await finishing == "result"
        assert order == ["first", True, "last"]
        assert pool_threads("finished") == []

    asyncio.run(main())


def test_the_last_work_may_fail() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 1, "failed")
        with pytest.raises(ZeroDivisionError):
            await pool.finish(lambda: 1 // 0)
        assert pool_threads("failed") == []

    asyncio.run(main())


def test_the_number_of_threads_can_change() -> None:
    async def main() -> None:
        pool = WorkerPool(asyncio.get_running_loop(), 1, "resized")
        gate = threading.Event()
        for _ in range(4):
            pool(gate.wait)
        assert len(pool_threads("resized")) == 1
        pool.resize(3)
        for _ in range(4):
            pool(gate.wait)
        assert len(pool_threads("resized")) == 3
        gate.set()
        await pool.idle()
        pool.resize(2)
        await until(lambda: len(pool_threads("resized")) == 2)
        assert await pool.run(lambda: 5) == 5
        pool.close()
        assert pool_threads("resized") == []

    asyncio.run(main())
