"""What tutorials explain about the data directory (T4), looked up by a reader of the files a broker has left.

How it behaves is held elsewhere:

| what the text explains | where it is tested |
|---|---|
| lookup: segments, then the mapped index, then a scan | storage/test_index.py, storage/test_partition_log.py |
| reads go from the page cache to the socket (sendfile) | server/test_tcp.py |
| at most, at least, exactly once | clients/test_transactions.py, transactions/, crash/exactly_once_campaign.py |
| order within a partition | clients/test_produce_and_read.py |
| one member of a group for each partition; they join and leave | clients/tutorial/consumer_groups.py |
| a member that misses its session time-out | server/test_groups_under_load.py, coordinator/ |
| offsets that are committed to the broker | clients/tutorial/consumer_commit.py, clients/test_restart.py |
| retention by time and size, roll by time and size | storage/test_partition_log.py, server/test_log_jobs.py |
| compaction with tombstones | storage/test_cleaner.py, matrix/kafka_cleaner.py |
| log.flush.interval.messages, .ms, log.flush.scheduler... | storage/test_log_manager.py, config/test_effect.py |
| the delay before deleted files go | cli/test_tutorial_quick_start.py |
| Kafka's own tools on these files | matrix/kafka_disk.py |
"""

from __future__ import annotations

import re
import struct
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from minikafka.records.batch import iter_batches
from tests.cli.tutorials.tutorial_folder import TutorialFolder
from tests.support.polling import wait_until

INDEX_INTERVAL_BYTES = 8192
SEGMENT_BYTES = 1024 * 1024
RECORDS, RECORDS_IN_A_BATCH, VALUE_BYTES = 2600, 4, 1000
AT_AN_OFFSET = "--partition 0 --offset {} --max-messages 1"


class Segment(NamedTuple):
    base_offset: int
    log: bytes
    index: bytes
    time_index: bytes


@pytest.fixture(scope="module")
def start_ms() -> int:
    """When the first record was made."""
    return time.time_ns() // 1_000_000 - 60_000


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, start_ms: int) -> Path:
    """The data of a broker that has stopped, after a topic was written to and read by a group."""
    folder = TutorialFolder(tmp_path_factory.mktemp("tutorial"))
    folder.set("server.properties", "log.cleaner.backoff.ms=100")
    folder.start_broker()
    try:
        folder.output(
            f"bin/kafka-topics.sh --create --bootstrap-server localhost:9092 --topic seen --config segment.bytes="
            f"{SEGMENT_BYTES} --config index.interval.bytes={INDEX_INTERVAL_BYTES}"
        )
        folder.output(
            "bin/kafka-topics.sh --create --bootstrap-server localhost:9092 --topic compacted --config "
            "cleanup.policy=compact --config min.cleanable.dirty.ratio=0 --config segment.ms=1000"
        )
        with Cluster(f"localhost:{folder.port}") as cluster:
            producer = Producer(cluster)
            for number in range(RECORDS):
                producer.send("seen", b"%d " % number + bytes(VALUE_BYTES), timestamp_ms=start_ms + number)
                if number % RECORDS_IN_A_BATCH == RECORDS_IN_A_BATCH - 1:
                    producer.flush()
            for number in range(3):  # each in a segment of its own, by their times
                producer.send("compacted", b"%d" % number, b"key", timestamp_ms=start_ms + 5000 * number)
                producer.flush()
        consumer = "bin/kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic seen"
        for offset in (0, 1234, RECORDS - 1):
            printed = folder.output(f"{consumer} {AT_AN_OFFSET.format(offset)}")
            assert printed.startswith(f"{offset} ")
        folder.output(f"{consumer} --group readers --from-beginning --max-messages 1")
        wait_until((folder.directory / "data" / "cleaner-offset-checkpoint").exists, what="the cleaner has cleaned")
    finally:
        folder.stop_all()
    return folder.directory / "data"


@pytest.fixture(scope="module")
def segments(directory: Path) -> list[Segment]:
    logs = sorted((directory / "seen-0").glob("*.log"))
    return [
        Segment(
            int(log.stem),
            log.read_bytes(),
            log.with_suffix(".index").read_bytes(),
            log.with_suffix(".timeindex").read_bytes(),
        )
        for log in logs
    ]


def test_a_folder_a_partition_and_what_is_beside_them(directory: Path) -> None:
    names = {path.name for path in directory.iterdir()}
    assert {
        "seen-0",
        "__cluster_metadata-0",
        "meta.properties",
        "recovery-point-offset-checkpoint",
        "replication-offset-checkpoint",
        "cleaner-offset-checkpoint",
        "log-start-offset-checkpoint",
        *(f"__consumer_offsets-{partition}" for partition in range(50)),
    } <= names
    properties = (directory / "meta.properties").read_text()
    assert re.search(r"^node\.id=1$", properties, re.MULTILINE)
    assert re.search(r"^cluster\.id=\S{22}$", properties, re.MULTILINE)
    assert re.search(r"^version=1$", properties, re.MULTILINE)


def test_checkpoints_are_text(directory: Path) -> None:
    """A version, a count, and a line a partition: topic, partition, offset."""
    for name in ("recovery-point-offset-checkpoint", "replication-offset-checkpoint"):
        version, count, *entries = (directory / name).read_text().splitlines()
        assert (version, int(count)) == ("0", len(entries))
        assert f"seen 0 {RECORDS}" in entries


def test_compaction_keeps_the_last_of_a_key(directory: Path) -> None:
    (line,) = (directory / "cleaner-offset-checkpoint").read_text().splitlines()[2:]
    assert line == "compacted 0 2"
    offsets = [
        batch.base_offset
        for log in sorted((directory / "compacted-0").glob("*.log"))
        for batch in iter_batches(memoryview(log.read_bytes()))
        if batch.record_count
    ]
    assert offsets == [1, 2]  # the one that was the last when the cleaner came, and the segment that is written to


def test_segments_are_named_by_their_first_offset(directory: Path, segments: list[Segment]) -> None:
    assert len(segments) == 3
    for segment in segments:
        assert (directory / "seen-0" / f"{segment.base_offset:020}.log").is_file()
        assert next(iter(iter_batches(memoryview(segment.log)))).base_offset == segment.base_offset
        assert len(segment.log) <= SEGMENT_BYTES


def test_the_index_is_sparse_and_leads_to_batches(segments: list[Segment]) -> None:
    """Eight bytes an entry: an offset relative to the segment's, and the position of the batch that ends with it."""
    for segment in segments:
        last_offsets, position = {}, 0
        for batch in iter_batches(memoryview(segment.log)):
            last_offsets[position] = batch.last_offset
            position += batch.size_bytes
        entries = list(struct.iter_unpack(">ii", segment.index))
        assert len(entries) > len(segment.log) // INDEX_INTERVAL_BYTES // 2
        assert [last_offsets[position] for _, position in entries] == [
            segment.base_offset + relative for relative, _ in entries
        ]
        positions = [0, *(position for _, position in entries)]
        gaps = [later - earlier for earlier, later in pairwise(positions)]
        assert min(gaps) > INDEX_INTERVAL_BYTES


def test_the_time_index_ascends(segments: list[Segment], start_ms: int) -> None:
    """Twelve bytes an entry: the highest time so far, and the relative offset at which it was."""
    for segment in segments:
        entries = list(struct.iter_unpack(">qi", segment.time_index))
        assert entries
        assert entries == sorted(entries)
        for time_ms, relative in entries:
            assert time_ms - start_ms == segment.base_offset + relative
