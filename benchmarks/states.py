"""How long starts, snapshots, restores and resets of an embedded broker take: ``python -m benchmarks.states``.

Best and median, in milliseconds of the wall clock; in memory, and on the disk that holds the working directory.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from minikafka import Broker

ROUNDS = 15
STATES = ((0, 1, 0, 0), (3, 1, 1, 10), (10, 3, 100, 100), (100, 1, 10, 100), (10, 1, 10_000, 1000))
"""Topics, partitions of each, records of each, bytes of a record."""


def main() -> None:
    with Broker():
        print(f"a further broker    start and stop {measured(lambda: Broker().start().stop())} ms")
    for where in ("memory", "disk"):
        for state in STATES:
            with directory(where) as path, Broker(path) as broker:
                measure(where, broker, state)


@contextmanager
def directory(where: str) -> Iterator[str | None]:
    if where == "memory":
        yield None
    else:
        with tempfile.TemporaryDirectory(dir=".") as path:
            yield path


def measure(where: str, broker: Broker, state: tuple[int, int, int, int]) -> None:
    topics, partitions, records, size_bytes = state
    value = b"x" * size_bytes
    broker.seed(
        {
            f"topic-{number}": {"partitions": partitions, "records": [(str(key), value) for key in range(records)]}
            for number in range(topics)
        }
    )
    snapshot = broker.snapshot()
    print(
        f"{where:7} {topics:3} topics with {partitions} partitions and {records:5} records of {size_bytes:4} bytes:"
        f" snapshot {measured(lambda: broker.snapshot().delete())} ms,"
        f" restore {measured(lambda: broker.restore(snapshot))} ms,"
        f" reset {measured(broker.reset, before=lambda: broker.restore(snapshot))} ms",
        flush=True,
    )


def measured(action: Callable[[], object], before: Callable[[], object] = lambda: None) -> str:
    took_ms = []
    for _ in range(ROUNDS):
        before()
        started_s = time.perf_counter()
        action()
        took_ms.append(1000 * (time.perf_counter() - started_s))
    return f"{min(took_ms):.1f} ({statistics.median(took_ms):.1f})"


if __name__ == "__main__":
    main()
