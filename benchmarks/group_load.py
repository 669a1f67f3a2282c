"""How long groups take to load: ``python -m benchmarks.group_load``.

A million offset commits over a thousand groups are to be there in less than two seconds after a clean stop. What is
measured is the processor time of what a broker does at its start with one partition of ``__consumer_offsets``: read the
log in chunks, take it in, and fill the coordinator's state. No broker runs, so that other work on the machine does not
count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from minikafka.clock import ManualClock, Timers
from minikafka.config import BrokerConfig
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_records import offset_commit_record
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.offsets import OffsetAndMetadata
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.protocol import stored
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from minikafka.server.coordinator_runtime import LOAD_CHUNK_BYTES
from minikafka.state.metadata_image import MetadataImage

GROUPS = 1_000
GOAL_SECONDS = 2.0


class Case(NamedTuple):
    """A log of ``commits`` commits with ``keys`` different keys; each request commits ``partitions`` offsets."""

    name: str
    commits: int
    keys: int
    partitions: int
    goal_seconds: float | None = GOAL_SECONDS


def cases(commits: int) -> list[Case]:
    few = min(commits, 10_000)
    return [
        Case("compacted: each of the keys once", few, few, 10),
        Case("not compacted, 10 partitions a commit", commits, few, 10),
        Case("not compacted, 1 partition a commit", commits, few, 1),
        Case("every key is another one, 10 partitions a commit", commits, commits, 10),
    ]


def batches(case: Case) -> Iterator[bytes]:
    """Keys come round in turn: group after group, each with its own partitions."""
    keys_in_group = max(case.keys // GROUPS, 1)
    for start in range(0, case.commits, case.partitions):
        records = []
        for number in range(start, min(start + case.partitions, case.commits)):
            group, partition = divmod(number % case.keys, keys_in_group)
            offset = OffsetAndMetadata(number, 0, "", 1_700_000_000_000 + number, -1, bytes(16), -1)
            one = offset_commit_record(f"consumer-group-{group}", "orders", partition, offset)
            assert one.value is not None
            key, value = stored.encode_key(one.key), stored.encode_value(one.value, one.version)
            records.append(Record(number, 1_700_000_000_000, key, value))
        yield build_batch(records, base_offset=start)


def load(path: Path, config: BrokerConfig) -> GroupShard:
    clock = ManualClock()
    timers = KeyedTimers(clock, Timers(clock), lambda operation: None)
    shard = GroupShard(timers, clock, GroupSettings(config), MetadataImage())
    loader = GroupLoader()
    with path.open("rb") as log:
        left = b""
        while chunk := log.read(LOAD_CHUNK_BYTES):
            data = left + chunk
            left = data[_whole(data) :]
            loader.feed(data)
    loader.finish(shard)
    return shard


def _whole(data: bytes) -> int:
    """Where the last batch that is all there ends."""
    position = 0
    while position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position + 8 : position + 12], "big")
        if end > len(data):
            break
        position = end
    return position


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.group_load", description=__doc__)
    parser.add_argument("--commits", type=int, default=1_000_000, help="offset commits (default: 1000000)")
    parser.add_argument("--rounds", type=int, default=3, help="loads for each number; the fastest counts (default: 3)")
    options = parser.parse_args()
    config = BrokerConfig.from_mapping({})
    print("| log | records | MB | processor s | records/s | goal |\n|---|---|---|---|---|---|", flush=True)
    missed = False
    with tempfile.TemporaryDirectory(prefix="minikafka-benchmarks-") as temporary:
        for case in cases(options.commits):
            path = Path(temporary) / "log"
            with path.open("wb") as log:
                log.writelines(batches(case))
            seconds = min(_measured(path, config, case) for _ in range(options.rounds))
            size = path.stat().st_size / 1e6
            goal = "" if case.goal_seconds is None else f"≤ {case.goal_seconds:g}"
            rate = case.commits / seconds
            print(f"| {case.name} | {case.commits} | {size:.0f} | {seconds:.2f} | {rate:,.0f} | {goal} |", flush=True)
            missed = missed or (case.goal_seconds is not None and seconds > case.goal_seconds)
    return 1 if missed else 0


def _measured(path: Path, config: BrokerConfig, case: Case) -> float:
    began = time.process_time()
    shard = load(path, config)
    seconds = time.process_time() - began
    loaded = sum(len(offsets) for group in shard.offsets.groups() for offsets in shard.offsets.of_group(group).values())
    if loaded != case.keys:
        raise AssertionError(f"{case.name}: {loaded} offsets were loaded, {case.keys} were written")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
