"""A broker whose event loop is watched: ``python -m benchmarks.watched_broker server.properties``.

Every other millisecond the event loop is to call a function; how late it does so is its lag: the time for which it was
busy with one thing, or waited for the interpreter that another thread held. For each line on its standard input the
broker prints the lags since the line before, as one line of JSON: ``[[lag, waited], ...]`` in seconds. ``waited`` is
for how long its threads, together, were ready to run in that time and got no processor, which is the machine's doing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from minikafka import Broker
from minikafka.config import BrokerConfig

INTERVAL_S = 0.002


class LoopWatch:
    """Begins to watch the running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lags: list[tuple[float, float]] = []
        self._waited_s = processor_wait_s()
        self._schedule()

    def take(self) -> list[tuple[float, float]]:
        """(lag, waited) in seconds, since the last call."""
        lags, self._lags = self._lags, []
        return lags

    def _schedule(self) -> None:
        self._due = self._loop.time() + INTERVAL_S
        self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        lag_s = self._loop.time() - self._due
        waited_s = processor_wait_s()
        self._lags.append((lag_s, waited_s - self._waited_s))
        self._waited_s = waited_s
        self._schedule()


def processor_wait_s() -> float:
    """For how long the threads of this process have been ready to run, and were not run (Linux: schedstat)."""
    total_ns = 0
    for task in os.listdir("/proc/self/task"):
        with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/self/task/{task}/schedstat", "rb") as stat:
            total_ns += int(stat.read().split()[1])
    return total_ns / 1e9


async def serve(config: BrokerConfig) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    # On this event loop, not on a thread with one of its own.
    broker = await Broker(config=config).start_async()
    watch = LoopWatch()

    def answer() -> None:
        if sys.stdin.readline():
            print(json.dumps(watch.take()), flush=True)
        else:
            over.set()

    loop.add_reader(sys.stdin, answer)
    print("ready", flush=True)
    await over.wait()
    await broker.stop_async()


if __name__ == "__main__":
    asyncio.run(serve(BrokerConfig.load(str(Path(sys.argv[1])))))
