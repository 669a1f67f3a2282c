"""How start and stop grow with the number of partitions and with the size of the logs.

Each broker gets a directory of its own, which grows from step to step. A start is timed from the beginning of the
process until ApiVersions is answered, a stop from the signal until the process has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.support.brokers import BrokerProcess
from tests.support.wire import Connection, produce_request

from benchmarks.cells import NO_GOAL, Goal, batch_of
from benchmarks.contenders import Contender

PARTITIONS = (1, 10, 100, 1_000)
MEGABYTES = (10, 100, 1_000, 10_000)
RECORDS_OF_A_BATCH, RECORD_BYTES = 900, 1_000
CLEAN_START_GOAL = Goal(limit=1.0)

AddRow = Callable[[str, str, dict[str, list[float]], Goal], None]


class _Step(NamedTuple):
    """``fill`` brings a running broker from the step before to this one, ``write`` gives it something to sync at its
    stop."""

    name: str
    fill: Callable[[BrokerProcess], None]
    write: Callable[[BrokerProcess], None]


def measure_growth(
    makers: Mapping[str, Contender], work: Path, rounds: int, max_megabytes: int, add_row: AddRow
) -> None:
    """Both series, for each of ``makers``."""
    partitions = [_Step(f"{count:,} partitions", _partitions(count), _write_to_all(count)) for count in PARTITIONS]
    logs, there = [], 0
    for megabytes in MEGABYTES:
        if megabytes <= max_megabytes:
            logs.append(_Step(f"{megabytes:,} MB of logs", _megabytes(megabytes - there), _write_to_one))
            there = megabytes
    for series, steps in (("partitions", partitions), ("logs", logs)):
        brokers = {name: maker(work / f"{name}-{series}") for name, maker in makers.items()}
        for broker in brokers.values():
            broker.start()
        try:
            for step in steps:
                _measure(step, brokers, rounds, add_row)
        finally:
            for broker in brokers.values():
                broker.kill()


def _measure(step: _Step, brokers: Mapping[str, BrokerProcess], rounds: int, add_row: AddRow) -> None:
    stops: dict[str, list[float]] = {name: [] for name in brokers}
    clean: dict[str, list[float]] = {name: [] for name in brokers}
    killed: dict[str, list[float]] = {name: [] for name in brokers}
    for name, broker in brokers.items():
        step.fill(broker)
        # What the process has just written is not synced, nor checkpointed.
        broker.kill()
        killed[name].append(_timed(broker.start))
        for _ in range(rounds):
            step.write(broker)
            stops[name].append(_timed(broker.stop))
            clean[name].append(_timed(broker.start))
    add_row(f"start with {step.name}, after a clean stop", "s", clean, CLEAN_START_GOAL)
    add_row(f"start with {step.name}, after it was killed", "s", killed, NO_GOAL)
    add_row(f"stop with {step.name}", "s", stops, NO_GOAL)


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _write_to_one(broker: BrokerProcess) -> None:
    _produce(broker, batch_of(1, 100), 1)


def _write_to_all(count: int) -> Callable[[BrokerProcess], None]:
    """A record to each of ``count`` partitions."""

    def write(broker: BrokerProcess) -> None:
        with closing(Connection(broker.host, broker.port)) as connection:
            before = 0
            for there in PARTITIONS:
                for partition in range(there - before if there <= count else 0):
                    _retried(connection, produce_request(_topic(before), partition, batch_of(1, 100)))
                before = there

    return write


def _partitions(count: int) -> Callable[[BrokerProcess], None]:
    """One topic for each step."""
    before = max((step for step in PARTITIONS if step < count), default=0)

    def fill(broker: BrokerProcess) -> None:
        with closing(Connection(broker.host, broker.port)) as connection:
            connection.create_topic(_topic(before), count - before)
        _write_to_all(count)(broker)

    return fill


def _megabytes(count: int) -> Callable[[BrokerProcess], None]:
    def fill(broker: BrokerProcess) -> None:
        with closing(Connection(broker.host, broker.port)) as connection:
            if not (broker.data_directory / f"{_topic(0)}-0").exists():
                connection.create_topic(_topic(0), 1, {"retention.ms": "-1"})
        batch = batch_of(RECORDS_OF_A_BATCH, RECORD_BYTES)
        _produce(broker, batch, count * 1_000_000 // len(batch))

    return fill


def _produce(broker: BrokerProcess, batch: bytes, times: int) -> None:
    request = produce_request(_topic(0), 0, batch)
    with closing(Connection(broker.host, broker.port)) as connection:
        for _ in range(times):
            _retried(connection, request)


def _retried(connection: Connection, request: bytes) -> None:
    """Apache Kafka answers before its leaders are ready."""
    deadline = time.monotonic() + 60
    while True:
        answer = connection.call(request)
        # Correlation id, one topic with its name, one partition: then the error code.
        name_bytes = int.from_bytes(answer[8:10], "big")
        error_code = int.from_bytes(answer[18 + name_bytes : 20 + name_bytes], "big")
        if error_code == 0:
            return
        assert time.monotonic() < deadline, f"produce answered with error code {error_code}"
        time.sleep(0.05)


def _topic(number: int) -> str:
    return f"growth-{number}"
