"""The share coordinator as a part of a broker: when it comes to be, what it does by itself, and what it hears of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minikafka import Broker, errors
from minikafka.client.connection import Connection
from minikafka.clock import ManualClock
from minikafka.protocol.messages import ListOffsetsRequest, ReadShareGroupStateRequest
from minikafka.records.batch import iter_batches
from tests.coordinator.share_state.scenario import ACKNOWLEDGED, SETTINGS, TOPIC, Client
from tests.support.polling import wait_until

MINUTE_MS = 60_000
EARLIEST, LATEST = -2, -1


class Site:
    """A broker whose clock is moved by hand, and a client of its share coordinator."""

    def __init__(self, broker: Broker, connection: Connection, clock: ManualClock) -> None:
        self.broker = broker
        self.clock = clock
        self.client = Client(connection)
        self._connection = connection

    def offset(self, timestamp: int) -> int:
        cls = ListOffsetsRequest
        partition = cls.ListOffsetsPartition(partition_index=0, timestamp=timestamp)
        request = cls(topics=[cls.ListOffsetsTopic(name=TOPIC, partitions=[partition])])
        offset: int = self._connection.call(request).topics[0].partitions[0].offset
        return offset

    def wait_until_pruned(self, offset: int) -> None:
        """What has to stay is synced first, on a thread."""
        wait_until(lambda: self.offset(EARLIEST) == offset, what=f"the log begins at {offset}")


@contextmanager
def running(directory: Path, clock: ManualClock | None = None, **more: str) -> Iterator[Site]:
    clock = clock or ManualClock()
    settings = {**SETTINGS, **{f"share.coordinator.{key.replace('_', '.')}": value for key, value in more.items()}}
    with (
        Broker(directory, config=settings, clock=clock) as broker,
        Connection("127.0.0.1", broker.port) as connection,
    ):
        yield Site(broker, connection, clock)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running(tmp_path / "data") as site:
        site.client.prepare()
        yield site


def test_old_records_are_pruned_from_time_to_time(site: Site) -> None:
    site.client.initialize(("t", 0, 1, 0), ("t", 1, 1, 0))
    for offset in range(9):
        site.client.write("t", 0, (offset, offset, ACKNOWLEDGED, 1))
    assert (site.offset(EARLIEST), site.offset(LATEST)) == (0, 11)
    site.clock.advance(5 * MINUTE_MS - 1)
    assert site.offset(EARLIEST) == 0
    site.clock.advance(1)
    site.wait_until_pruned(1)  # where the state of t-1 is
    site.clock.advance(5 * MINUTE_MS)
    site.wait_until_pruned(11)  # it was written once more, and that of t-0
    assert site.offset(LATEST) == 13
    site.clock.advance(5 * MINUTE_MS)
    assert (site.offset(EARLIEST), site.offset(LATEST)) == (11, 13)


def test_intervals_are_as_set(tmp_path: Path) -> None:
    with running(
        tmp_path / "data",
        state_topic_prune_interval_ms="1000",
        cold_partition_snapshot_interval_ms="60000",
    ) as site:
        site.client.prepare()
        site.client.initialize(("t", 0, 1, 0))
        site.client.initialize(("t", 0, 1, 0))
        site.clock.advance(1000)
        site.wait_until_pruned(1)
        assert site.offset(LATEST) == 2
        site.clock.advance(59_000)
        assert site.offset(LATEST) == 3
        site.clock.advance(1000)
        site.wait_until_pruned(2)


def test_states_are_there_after_a_kill_also_when_pruned(site: Site) -> None:
    site.client.initialize(("t", 0, 1, 0))
    for offset in range(9):
        site.client.write("t", 0, (offset, offset, ACKNOWLEDGED, 1), complete=offset)
    site.clock.advance(5 * MINUTE_MS)
    site.wait_until_pruned(9)
    before = site.client.read(("t", 0, 0)), site.client.summary(("t", 0, 0))
    site.broker.kill()
    site.broker.start()
    with Connection("127.0.0.1", site.broker.port) as connection:
        client = Client(connection)
        client.topic_ids = site.client.topic_ids
        assert (client.read(("t", 0, 0)), client.summary(("t", 0, 0))) == before


@pytest.mark.parametrize(("codec", "compression_type"), [("0", 0), ("1", 1), ("3", 3)])
def test_batches_are_compressed_as_set(tmp_path: Path, codec: str, compression_type: int) -> None:
    with running(tmp_path / "data", state_topic_compression_codec=codec) as site:
        site.client.prepare()
        site.client.initialize(("t", 0, 1, 0))
        [batch] = iter_batches(site.client.fetch(0))
        assert (batch.compression_type, batch.base_sequence, batch.producer_id) == (compression_type, 0, -1)


def test_a_deleted_topic_is_forgotten_also_when_nobody_had_asked_yet(tmp_path: Path) -> None:
    with running(tmp_path / "data") as site:
        site.client.prepare()
        site.client.initialize(("t", 0, 1, 0), ("u", 0, 1, 0))
        site.client.delete_topic("t")
        assert [value is None for _, _, value in site.client.records()] == [False, False, True]
    with running(tmp_path / "data") as site:
        site.client.delete_topic("u")
        assert len(site.client.records()) == 3, "nobody has loaded the states"
    with running(tmp_path / "data") as site:
        site.client.read(("absent", 0, 0))
        assert [key["topic_id"] for _, key, value in site.client.records() if value is None] == ["other", "other"]


def test_what_is_asked_before_the_topic_is_there_creates_it(site: Site) -> None:
    site.client.delete_topic(TOPIC)
    [[_, found]] = site.client.initialize(("t", 0, 1, 0), ("t", 1, 1, 0), ("t", 2, 1, 0), ("t", 3, 1, 0))
    assert [one["error_code"] for one in found] == [errors.NONE] * 3 + [errors.UNKNOWN_TOPIC_OR_PARTITION]
    assert len(site.client.records()) == 3


def test_without_its_topic_the_coordinator_begins_anew(site: Site) -> None:
    site.client.initialize(("t", 0, 1, 5))
    site.client.delete_topic(TOPIC)
    found = site.client.read(("t", 0, 0))[0][1][0]
    assert found["error_code"] == errors.INVALID_REQUEST
    site.client.initialize(("t", 0, 1, 6))
    assert site.client.read(("t", 0, 0))[0][1][0]["start_offset"] == 6
    assert len(site.client.records()) == 1


_MODULES = """
import os, sys
from minikafka import Broker
from minikafka.protocol.messages import FetchRequest, ListGroupsRequest, MetadataRequest
broker = Broker(sys.argv[1]).start()
for request in (MetadataRequest(), ListGroupsRequest(), FetchRequest()):
    broker.call(request)
print("\\n".join(sys.modules), flush=True)
os._exit(0)
"""


def test_a_broker_without_share_requests_knows_nothing_of_them(tmp_path: Path) -> None:
    """Also where there are states to load."""
    with running(tmp_path / "data") as site:
        site.client.prepare()
        site.client.initialize(("t", 0, 1, 0))
    done = subprocess.run(
        [sys.executable, "-c", _MODULES, str(tmp_path / "data")], capture_output=True, text=True, check=True
    )
    modules = done.stdout.split()
    assert "minikafka.server.group_service" in modules
    assert [name for name in modules if name.startswith("minikafka.") and "share" in name] == []


def test_the_first_request_after_a_start_waits_for_the_states(tmp_path: Path) -> None:
    with running(tmp_path / "data") as site:
        site.client.prepare()
        site.client.initialize(("t", 0, 1, 7))
        topic_id = site.client.topic_ids["t"]
    cls = ReadShareGroupStateRequest
    topics = [cls.ReadStateData(topic_id=topic_id, partitions=[cls.PartitionData(partition=0, leader_epoch=0)])]
    with running(tmp_path / "data") as site:
        [read] = site.broker.call(cls(group_id="g", topics=topics)).results[0].partitions
        assert (read.error_code, read.start_offset) == (errors.NONE, 7)
