"""What is measured: each cell loads one broker for some seconds and gives one number."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.support.brokers import BrokerProcess
from tests.support.polling import wait_until
from tests.support.wire import Connection, fetch_request, produce_request, record_batch

from benchmarks import groups, processes
from benchmarks.load import Lane, Load, fetch, produce_over_many, produce_over_one

_topic_numbers = itertools.count()
FETCH_BYTES = 1 << 20


class Goal(NamedTuple):
    """What minikafka is to reach: at least this ratio to Apache Kafka's number, or at most this number."""

    ratio: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        if self.ratio is not None:
            return f"≥ {self.ratio:g} x"
        return "" if self.limit is None else f"≤ {self.limit:g}"


NO_GOAL = Goal()


class Cell(NamedTuple):
    """One row of the table. ``measure(broker, seconds)`` gives the number."""

    name: str
    unit: str
    measure: Callable[[BrokerProcess, float], float]
    goal: Goal = NO_GOAL


class Topic:
    """A topic of a measurement's own; gone afterwards. The number of records it must have gained is checked."""

    def __init__(self, broker: BrokerProcess, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        self.name = f"benchmark-{next(_topic_numbers)}"
        self.partitions = partitions
        self.connection = Connection(broker.host, broker.port)
        self.connection.create_topic(self.name, partitions, configs)
        # Kafka answers before its leaders are ready.
        for partition in range(partitions):
            wait_until(
                lambda partition=partition: self._is_ready(partition), what=f"a leader of {self.name}-{partition}"
            )

    def __enter__(self) -> Topic:
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if error is None:
            self.connection.delete_topic(self.name)
        self.connection.close()

    def _is_ready(self, partition: int) -> bool:
        return self.connection.fetch(self.name, partition, 0).error_code == 0

    def expect_records(self, count: int) -> None:
        there = sum(self.connection.end_offset(self.name, partition) for partition in range(self.partitions))
        assert there == count, f"{self.name}: {there} records in the log, {count} were acknowledged"


def batch_of(count: int, size_bytes: int) -> bytes:
    """A batch of records that do not compress."""
    source = random.Random(size_bytes)
    return record_batch([source.randbytes(size_bytes) for _ in range(count)], int(time.time() * 1000))


def produce(records: int, size_bytes: int, in_flight: int) -> Callable[[BrokerProcess, float], Load]:
    def load(broker: BrokerProcess, seconds: float) -> Load:
        with Topic(broker) as topic:
            lane = Lane(topic.name, [produce_request(topic.name, 0, batch_of(records, size_bytes))], in_flight)
            done = produce_over_one(broker.host, broker.port, lane, seconds)
            topic.expect_records(done.requests * records)
            return done

    return load


def requests_per_second(load: Callable[[BrokerProcess, float], Load]) -> Callable[[BrokerProcess, float], float]:
    def measure(broker: BrokerProcess, seconds: float) -> float:
        done = load(broker, seconds)
        return done.requests / done.seconds

    return measure


def records_per_second(records: int, size_bytes: int, in_flight: int) -> Callable[[BrokerProcess, float], float]:
    def measure(broker: BrokerProcess, seconds: float) -> float:
        done = produce(records, size_bytes, in_flight)(broker, seconds)
        return done.requests * records / done.seconds

    return measure


def produced_mb_per_second(records: int, size_bytes: int, in_flight: int) -> Callable[[BrokerProcess, float], float]:
    def measure(broker: BrokerProcess, seconds: float) -> float:
        done = produce(records, size_bytes, in_flight)(broker, seconds)
        return done.requests * records * size_bytes / done.seconds / 1e6

    return measure


def produce_over_connections(
    connections: int, partitions: int, configs: Mapping[str, str] | None = None
) -> Callable[[BrokerProcess, float], Load]:
    def load(broker: BrokerProcess, seconds: float) -> Load:
        with Topic(broker, partitions, configs) as topic:
            batch = batch_of(10, 100)
            lanes = [
                Lane(topic.name, [produce_request(topic.name, index % partitions, batch)], 1)
                for index in range(connections)
            ]
            done = produce_over_many(broker.host, broker.port, lanes, seconds)
            topic.expect_records(done.requests * 10)
            return done

    return load


def fetched_mb_per_second(connections: int) -> Callable[[BrokerProcess, float], float]:
    batches, records, size_bytes = 256, 100, 1000

    def measure(broker: BrokerProcess, seconds: float) -> float:
        with Topic(broker) as topic:
            filled = produce_request(topic.name, 0, batch_of(records, size_bytes))
            for _ in range(batches):
                topic.connection.call(filled)
            topic.expect_records(batches * records)
            # Ten batches are a little less than one answer; the last fetch still has a full answer before it.
            offsets = range(0, (batches - 11) * records, 10 * records)
            requests = [fetch_request(topic.name, 0, offset, max_bytes=FETCH_BYTES) for offset in offsets]
            lanes = [Lane(topic.name, requests[index:] + requests[:index], 1) for index in range(0, connections * 5, 5)]
            done = fetch(broker.host, broker.port, lanes, seconds)
            assert done.answer_bytes >= done.requests * FETCH_BYTES, "a fetch brought less than it was allowed to"
            return done.answer_bytes / done.seconds / 1e6

    return measure


def cpu_us_per_small_produce(broker: BrokerProcess, seconds: float) -> float:
    before = processes.cpu_seconds(broker.pid)
    done = produce(1, 100, 5)(broker, seconds)
    return (processes.cpu_seconds(broker.pid) - before) / done.requests * 1e6


THROUGHPUT = (
    Cell("produce 1 x 100 B, one in flight", "requests/s", requests_per_second(produce(1, 100, 1)), Goal(ratio=2.0)),
    Cell("produce 1 x 100 B, five in flight", "requests/s", requests_per_second(produce(1, 100, 5)), Goal(ratio=2.0)),
    Cell("produce 100 x 100 B", "records/s", records_per_second(100, 100, 5), Goal(ratio=2.0)),
    Cell("produce 64 x 1 kB", "MB/s", produced_mb_per_second(64, 1000, 5), Goal(ratio=2.0)),
    Cell("produce 900 x 1 kB", "MB/s", produced_mb_per_second(900, 1000, 5), Goal(ratio=1.2)),
    Cell(
        "produce 10 x 100 B, 8 connections, 4 partitions",
        "requests/s",
        requests_per_second(produce_over_connections(8, 4)),
        Goal(ratio=1.5),
    ),
    *(
        Cell(
            f"produce 10 x 100 B, each synced (flush.messages=1), {count} connections",
            "requests/s",
            requests_per_second(produce_over_connections(count, 1, {"flush.messages": "1"})),
            Goal(ratio=1.0),
        )
        for count in (1, 10, 100)
    ),
    Cell("fetch 1 MB, 1 connection", "MB/s", fetched_mb_per_second(1), Goal(ratio=1.0)),
    Cell("fetch 1 MB, 4 connections", "MB/s", fetched_mb_per_second(4), Goal(ratio=1.0)),
    Cell("broker CPU per small produce request", "µs", cpu_us_per_small_produce, Goal(limit=70)),
)

GROWTH = (
    *(
        Cell(
            f"produce 10 x 100 B, 8 connections, {count} partitions",
            "requests/s",
            requests_per_second(produce_over_connections(8, count)),
        )
        for count in (1, 10, 100, 1000)
    ),
    *(
        Cell(
            f"produce 10 x 100 B, {count} connections, 4 partitions",
            "requests/s",
            requests_per_second(produce_over_connections(count, 4)),
        )
        for count in (1, 10, 100, 1000)
    ),
    *(
        Cell(f"{count} consumers come together in a group", "s", groups.seconds_to_settle(count))
        for count in (1, 10, 100)
    ),
    *(
        Cell(f"commit an offset, {count} consumers in a group", "requests/s", groups.commits_per_second(count))
        for count in (1, 10, 100)
    ),
)
