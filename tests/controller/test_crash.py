"""A crash at every single write and sync of a node's life, and what must be there afterwards.

What was answered is there; what was not answered is there whole or not at all; and the node starts, whatever the disk
kept of what was not synced.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from minikafka.clock import ManualClock
from minikafka.controller.topic_control import CreatedTopic, NewTopic
from minikafka.errors import NONE
from minikafka.state.configurations import TOPIC
from minikafka.storage.memory_files import Crashed, MemoryFiles
from tests.controller.nodes import NOW_MS, Node, Workers, value_of

SETTINGS: dict[str, Any] = {
    "metadata_log_max_record_bytes_between_snapshots": 1_500,
    "metadata_max_retention_bytes": 2_000,
}


class Life:
    """Two starts of a node with changes of all kinds; ``expected`` is what was answered."""

    def __init__(self, files: MemoryFiles, clock: ManualClock) -> None:
        self.files = files
        self.clock = clock
        self.partitions: dict[str, int] = {}
        self.configs: dict[str, str] = {}
        self.in_flight = ""
        self.first_free_producer_id = 0

    def run(self) -> None:
        node = Node(self.files, clock=self.clock, **SETTINGS)
        for number in range(5):
            self._create(node, f"a{number}", number % 3 + 1)
        self._delete(node, "a1")
        self._configure(node, "a2", "retention.ms", "5")
        self._allocate(node)
        node.stop()
        node = Node(self.files, clock=self.clock, **SETTINGS)
        for number in range(5):
            self._create(node, f"b{number}", 1)
        self._allocate(node)
        self._delete(node, "a2")
        node.stop()

    def _create(self, node: Node, name: str, partitions: int) -> None:
        self.in_flight = name
        assert node.create(name, num_partitions=partitions)[0].error == NONE
        self.partitions[name] = partitions

    def _delete(self, node: Node, name: str) -> None:
        self.in_flight = name
        node.delete(name)
        del self.partitions[name]
        self.configs.pop(name, None)

    def _configure(self, node: Node, name: str, key: str, value: str) -> None:
        self.in_flight = name
        assert node.configure(TOPIC, name, key, value).error == NONE
        self.configs[name] = value

    def _allocate(self, node: Node) -> None:
        first, size = value_of(node.controller.allocate_producer_ids())
        assert first >= self.first_free_producer_id
        self.first_free_producer_id = first + size


def operations_of(run: Callable[[MemoryFiles, ManualClock], None]) -> int:
    clock = ManualClock(NOW_MS)
    files = MemoryFiles(clock.wall_ms)
    run(files, clock)
    return files.operations


OPERATIONS = operations_of(lambda files, clock: Life(files, clock).run())
PARTS = 8


@pytest.mark.parametrize("assumption", ["process", "power", "torn"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_loses_nothing_that_was_answered(assumption: str, part: int) -> None:
    for operation in range(1 + part, OPERATIONS + 1, PARTS):
        clock = ManualClock(NOW_MS)
        files = MemoryFiles(clock.wall_ms)
        files.crash_at_operation = operation
        life = Life(files, clock)
        with pytest.raises(Crashed):
            life.run()
        after = files.after_crash(assumption, seed=operation)
        check(life, Node(after, clock=clock, **SETTINGS))
        check(life, Node(after.after_crash(assumption, seed=operation), clock=clock, **SETTINGS))


def check(life: Life, node: Node) -> None:
    image = node.image
    others = {name: count for name, count in life.partitions.items() if name != life.in_flight}
    found = {name: len(topic.partitions) for name, topic in image.topics_by_name.items() if name != life.in_flight}
    assert found == others
    for name, value in life.configs.items():
        if name != life.in_flight:
            assert image.topic_configs(name) == {"retention.ms": value}
    for topic in image.topics_by_name.values():
        for partition in topic.partitions:
            assert (partition.leader, partition.isr) == (1, [1])
            assert node.logs.get(topic.name, partition.index) is not None
    assert len(node.logs.all()) == sum(len(topic.partitions) for topic in image.topics_by_name.values())
    assert image.features.metadata_version == 29
    assert image.cluster.brokers[1].is_active
    first, _ = value_of(node.controller.allocate_producer_ids())
    assert first >= life.first_free_producer_id


SEEDS = 40


class Lives:
    """Starts, stops and kills of a node by chance, with changes that wait for each other, until the file system
    crashes."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.clock = ManualClock(NOW_MS)
        self.files = MemoryFiles(self.clock.wall_ms)
        self.files.crash_at_operation = self.chance.randrange(30, 900)
        self.settings: dict[str, Any] = {"log_dirs": self.chance.choice(["/data", "/data,/more"])}
        if self.chance.random() < 0.5:
            self.settings["internal.metadata.log.segment.bytes"] = self.chance.choice([4_000, 6_000, 9_000])
        if self.chance.random() < 0.4:
            self.settings |= SETTINGS
        self.acknowledged: set[str] = set()
        self._count = 0

    def run(self) -> None:
        while True:
            workers = Workers()
            node = Node(self.files, clock=self.clock, run_blocking=workers, **self.settings)
            for _ in range(self.chance.randrange(1, 12)):
                for _ in range(self.chance.choice([1, 1, 2, 4])):
                    self._create(node)
                if self.chance.random() < 0.8:
                    workers.work_off()
            while workers.work_off():
                pass
            if self.chance.random() < 0.5:
                node.stop()
            else:
                self._kill()

    def _create(self, node: Node) -> None:
        def created(results: list[CreatedTopic]) -> None:
            if results[0].error == NONE:
                self.acknowledged.add(results[0].name)

        self._count += 1
        node.controller.create_topics([NewTopic(f"t{self._count}", 1, 1)]).on_complete(created)

    def _kill(self) -> None:
        assert self.files.crash_at_operation is not None
        left = self.files.crash_at_operation - self.files.operations
        self.files = self.files.after_crash("process")
        self.files.crash_at_operation = max(left, 1)


@pytest.mark.parametrize("assumption", ["process", "power", "torn"])
@pytest.mark.parametrize("part", range(PARTS))
def test_no_chain_of_stops_and_crashes_loses_a_topic_or_a_start(assumption: str, part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        lives = Lives(seed)
        with pytest.raises(Crashed):
            lives.run()
        after = lives.files.after_crash(assumption, seed)
        found = set(Node(after, clock=lives.clock, **lives.settings).image.topics_by_name)
        assert lives.acknowledged <= found, f"seed {seed}"
        again = Node(after.after_crash(assumption, seed), clock=lives.clock, **lives.settings)
        assert set(again.image.topics_by_name) == found, f"seed {seed}"
