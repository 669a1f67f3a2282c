"""Measure brokers side by side: ``python -m benchmarks``.

All brokers run on this machine, and so does the load; each cell is measured in turns, so that only ratios between
brokers of one run mean something. A cell's number is the median of its rounds, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.brokers import BrokerProcess

from benchmarks import processes
from benchmarks.cells import GROWTH, NO_GOAL, THROUGHPUT, Cell, Goal
from benchmarks.contenders import Contender, contenders
from benchmarks.start_growth import measure_growth

WARM_UP_SECONDS = 3.0
EMBEDDED_START = """
import asyncio, time
started = time.perf_counter()
from minikafka import Broker
with Broker():
    print(time.perf_counter() - started)
"""


class Table:
    """Prints rows as they are measured: a cell, the number of each broker, the ratio of the first to the last."""

    def __init__(self, brokers: Sequence[str]) -> None:
        self.brokers = list(brokers)
        self.missed: list[str] = []
        columns = ["cell", "unit", *self.brokers, *(["ratio"] if len(self.brokers) > 1 else []), "goal"]
        print("| " + " | ".join(columns) + " |")
        print("|" + "---|" * len(columns), flush=True)

    def add(self, cell: str, unit: str, numbers: dict[str, list[float]], goal: Goal = NO_GOAL) -> None:
        middles = {name: statistics.median(found) for name, found in numbers.items() if found}
        shown = [cell, unit, *(_spread(numbers.get(name, [])) for name in self.brokers)]
        ratio = middles["minikafka"] / middles["kafka"] if {"minikafka", "kafka"} <= middles.keys() else None
        if len(self.brokers) > 1:
            shown.append("" if ratio is None else f"{ratio:.2f}")
        print("| " + " | ".join([*shown, str(goal)]) + " |", flush=True)
        if ratio is not None and goal.ratio is not None and ratio < goal.ratio:
            self.missed.append(f"{cell}: {ratio:.2f} x Kafka, to reach is {goal.ratio:g} x")
        if goal.limit is not None and middles.get("minikafka", 0) > goal.limit:
            self.missed.append(f"{cell}: {_shown(middles['minikafka'])} {unit}, allowed are {goal.limit:g}")


def _spread(numbers: list[float]) -> str:
    if not numbers:
        return ""
    middle = _shown(statistics.median(numbers))
    return middle if len(numbers) == 1 else f"{middle} ({_shown(min(numbers))} to {_shown(max(numbers))})"


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def measure_start(makers: dict[str, Contender], work: Path, rounds: int, table: Table) -> dict[str, BrokerProcess]:
    """Time starts, and give back the brokers running."""
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    running = {name: maker(work / name) for name, maker in makers.items()}
    for broker in running.values():
        broker.start()  # the first start formats the directory and warms the page cache
    for _ in range(rounds):
        for name, broker in running.items():
            broker.stop()
            started = time.perf_counter()
            broker.start()
            seconds[name].append(time.perf_counter() - started)
    table.add("start until ApiVersions answers", "s", seconds, Goal(limit=0.2))
    if "minikafka" in makers:
        embedded = [embedded_start() for _ in range(rounds)]
        table.add("embedded start, with its import", "s", {"minikafka": embedded}, Goal(limit=0.05))
    return running


def embedded_start() -> float:
    """Seconds that a program which has asyncio already spends on importing and starting a broker."""
    done = subprocess.run([sys.executable, "-c", EMBEDDED_START], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure_memory(what: str, limit_mb: float, running: dict[str, BrokerProcess], table: Table) -> None:
    numbers = {name: [processes.resident_mb(broker.pid)] for name, broker in running.items()}
    table.add(f"memory {what}", "MB", numbers, Goal(limit=limit_mb))


def measure(cell: Cell, running: dict[str, BrokerProcess], seconds: float, rounds: int, table: Table) -> None:
    """Alternate between the brokers; the first round of each only warms it up."""
    numbers: dict[str, list[float]] = {name: [] for name in running}
    for round_number in range(rounds + 1):
        for name, broker in running.items():
            number = cell.measure(broker, min(WARM_UP_SECONDS, seconds) if round_number == 0 else seconds)
            if round_number > 0:
                numbers[name].append(number)
    table.add(cell.name, cell.unit, numbers, cell.goal)


def main() -> int:
    options = parsed()
    seconds, rounds = (0.2, 1) if options.quick else (options.seconds, options.rounds)
    with tempfile.TemporaryDirectory(prefix="minikafka-benchmarks-") as temporary:
        work = Path(temporary)
        makers = contenders(options.brokers.split(","), options.kafka_jars, work)
        table = Table(list(makers))
        running = measure_start(makers, work, rounds, table)
        try:
            measure_memory("idle", 40, running, table)
            for cell in [*THROUGHPUT, *(GROWTH if options.growth else ())]:
                if options.only in cell.name:
                    measure(cell, running, seconds, rounds, table)
            measure_memory("after load", 80, running, table)
        finally:
            for broker in running.values():
                broker.kill()
        if options.growth and options.only in "start stop":
            measure_growth(makers, work, rounds, options.largest_log_mb, table.add)
    for miss in table.missed:
        print(f"missed: {miss}")
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--brokers", default="minikafka,kafka", help="what to measure (default: minikafka,kafka)")
    parser.add_argument("--kafka-jars", type=Path, help="a directory of Kafka's jars; otherwise Maven fetches them")
    parser.add_argument("--only", default="", help="measure the cells whose names contain this")
    parser.add_argument("--seconds", type=float, default=3.0, help="of load for each number (default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="numbers for each cell (default: 3)")
    parser.add_argument(
        "--growth",
        action="store_true",
        help="also: how cost grows with partitions, connections, members of a group, and the size of logs",
    )
    parser.add_argument(
        "--largest-log-mb",
        type=int,
        default=1_000,
        help="of --growth: up to which size of its logs, of 10, 100, 1000 and 10000 MB, a broker is started (default: "
        "1000); so much space is needed for each broker",
    )
    parser.add_argument("--quick", action="store_true", help="only see that everything runs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
