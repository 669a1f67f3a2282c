"""Timers fire on the loop: when real time has come, or when a manual clock is moved from wherever."""

from __future__ import annotations

import asyncio
import threading

from minikafka.clock import ManualClock, SystemClock, Timers
from minikafka.server.timer_driver import TimerDriver
from tests.server.harness import until


def test_real_time() -> None:
    async def main() -> None:
        clock = SystemClock()
        timers = Timers(clock)
        driver = TimerDriver(asyncio.get_running_loop(), clock, timers)
        fired: list[tuple[str, int]] = []
        start_ms = clock.monotonic_ms()
        timers.at(start_ms + 30, lambda: fired.append(("later", clock.monotonic_ms())))
        timers.at(start_ms + 10, lambda: fired.append(("sooner", clock.monotonic_ms())))
        timers.at(start_ms + 5, lambda: fired.append(("cancelled", 0))).cancel()
        await until(lambda: len(fired) == 2)
        assert [name for name, _ in fired] == ["sooner", "later"]
        assert fired[0][1] >= start_ms + 10
        assert fired[1][1] >= start_ms + 30
        driver.close()

    asyncio.run(main())


def test_a_timer_set_by_a_timer() -> None:
    async def main() -> None:
        clock = SystemClock()
        timers = Timers(clock)
        driver = TimerDriver(asyncio.get_running_loop(), clock, timers)
        fired: list[int] = []
        timers.after(1, lambda: timers.after(1, lambda: fired.append(1)))
        await until(lambda: fired)
        driver.close()

    asyncio.run(main())


def test_nothing_fires_after_close() -> None:
    async def main() -> None:
        clock = SystemClock()
        timers = Timers(clock)
        driver = TimerDriver(asyncio.get_running_loop(), clock, timers)
        fired: list[int] = []
        timers.after(5, lambda: fired.append(1))
        driver.close()
        timers.after(1, lambda: fired.append(2))
        other = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, other.set)
        await other.wait()
        assert fired == []

    asyncio.run(main())


def test_a_manual_clock_moved_on_the_loop() -> None:
    async def main() -> None:
        clock = ManualClock()
        timers = Timers(clock)
        driver = TimerDriver(asyncio.get_running_loop(), clock, timers)
        fired: list[int] = []
        timers.after(1000, lambda: fired.append(1))
        clock.advance(999)
        assert fired == []
        clock.advance(1)
        assert fired == [1]
        driver.close()
        timers.after(1, lambda: fired.append(2))
        clock.advance(10)
        assert fired == [1]

    asyncio.run(main())


def test_what_is_due_at_once_needs_no_move_of_a_manual_clock() -> None:
    async def main() -> None:
        clock = ManualClock()
        timers = Timers(clock)
        driver = TimerDriver(asyncio.get_running_loop(), clock, timers)
        fired: list[int] = []
        timers.after(1000, lambda: fired.append(1))
        timers.after(0, lambda: timers.after(0, lambda: fired.append(2)))
        assert fired == []
        await until(lambda: fired)
        assert fired == [2]
        timers.after(0, lambda: fired.append(3))
        driver.close()
        await asyncio.sleep(0)
        assert fired == [2]

    asyncio.run(main())


def test_a_manual_clock_moved_by_another_thread_returns_when_all_is_done_on_the_loop() -> None:
    clock = ManualClock()
    timers = Timers(clock)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    drivers: list[TimerDriver] = []
    try:
        made = threading.Event()
        loop.call_soon_threadsafe(lambda: (drivers.append(TimerDriver(loop, clock, timers)), made.set()))
        assert made.wait(10)
        fired: list[int] = []
        timers.after(1000, lambda: fired.append(threading.get_ident()))
        clock.advance(1000)
        assert fired == [thread.ident]
        closed = threading.Event()
        loop.call_soon_threadsafe(lambda: (drivers[0].close(), closed.set()))
        assert closed.wait(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    clock.advance(1000)
