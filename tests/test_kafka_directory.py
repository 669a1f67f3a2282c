"""A broker on a data directory of Apache Kafka 4.2.0 (../shared/protocol): what clients see is what Kafka's saw."""

from __future__ import annotations

import hashlib
import json
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker
from minikafka.client.connection import Connection
from minikafka.protocol.messages import (
    DescribeConfigsRequest,
    DescribeShareGroupOffsetsRequest,
    DescribeTransactionsRequest,
    FetchRequest,
    ListOffsetsRequest,
    ListTransactionsRequest,
    MetadataRequest,
    OffsetFetchRequest,
    ReadShareGroupStateSummaryRequest,
    ShareGroupDescribeRequest,
)
from minikafka.protocol.primitives import uuid_from_text, uuid_to_text
from minikafka.records.batch import RecordBatch, iter_batches

SHARED = Path(__file__).parents[2] / "shared" / "protocol"
ARCHIVE = SHARED / "kafka-4.2.0-logdir.tar.gz"

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not there: Kafka's own disk is NOT served")

WRITTEN_MS = 1_795_248_200_000
TOPIC = 2
OWN_SETTING = 1
EARLIEST, LATEST = -2, -1
READ_UNCOMMITTED, READ_COMMITTED = 0, 1


class ClockOfThatTime:
    """Runs as the machine's, and shows the day on which the directory was written: offsets expire after seven."""

    def __init__(self) -> None:
        self._started_ns = time.monotonic_ns()

    def wall_ms(self) -> int:
        return WRITTEN_MS + (time.monotonic_ns() - self._started_ns) // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SHARED / "kafka-4.2.0-logdir.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    directory = tmp_path_factory.mktemp("kafka")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(directory, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(
            directory
        )
    settings = {"node.id": "1", "log.cleaner.enable": "false", "listeners": "PLAINTEXT://127.0.0.1:0"}
    with Broker(directory / "data", config=settings, clock=ClockOfThatTime()) as broker:
        host, _, port = broker.bootstrap_servers.rpartition(":")
        opened = Connection(host, int(port))
        yield opened
        opened.close()


def partitions(description: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for topic, about in description["topics"].items():
        if topic != "__cluster_metadata":
            for partition, facts in about["partitions"].items():
                yield topic, int(partition), facts


def test_topics_with_their_ids_and_partitions(connection: Connection, description: dict[str, Any]) -> None:
    answer = connection.call(MetadataRequest(topics=None))
    assert answer.cluster_id == description["clusterId"]
    found = {
        topic.name: (uuid_to_text(topic.topic_id), sorted(entry.partition_index for entry in topic.partitions))
        for topic in answer.topics
    }
    assert found == {
        topic: (about["id"], sorted(map(int, about["partitions"])))
        for topic, about in description["topics"].items()
        if topic != "__cluster_metadata"
    }


def test_settings(connection: Connection, description: dict[str, Any]) -> None:
    for topic, about in description["topics"].items():
        if topic == "__cluster_metadata":
            continue
        resource = DescribeConfigsRequest.DescribeConfigsResource(resource_type=TOPIC, resource_name=topic)
        (result,) = connection.call(DescribeConfigsRequest(resources=[resource])).results
        own = {entry.name: entry.value for entry in result.configs if entry.config_source == OWN_SETTING}
        assert own == about["configs"], topic


def test_offsets(connection: Connection, description: dict[str, Any]) -> None:
    for topic, partition, facts in partitions(description):
        found = (
            offset_of(connection, topic, partition, EARLIEST, READ_UNCOMMITTED),
            offset_of(connection, topic, partition, LATEST, READ_UNCOMMITTED),
            offset_of(connection, topic, partition, LATEST, READ_COMMITTED),
        )
        assert found == (facts["logStartOffset"], facts["highWatermark"], facts["lastStableOffset"]), topic


def offset_of(connection: Connection, topic: str, partition: int, timestamp: int, isolation: int) -> int:
    wanted = ListOffsetsRequest.ListOffsetsPartition(partition_index=partition, timestamp=timestamp)
    request = ListOffsetsRequest(
        replica_id=-1,
        isolation_level=isolation,
        topics=[ListOffsetsRequest.ListOffsetsTopic(name=topic, partitions=[wanted])],
    )
    offset: int = connection.call(request).topics[0].partitions[0].offset
    return offset


def test_every_record(connection: Connection, description: dict[str, Any]) -> None:
    for topic, partition, facts in partitions(description):
        found: list[list[Any]] = []
        for fetched in fetches(connection, topic, partition, facts["logStartOffset"], READ_UNCOMMITTED):
            for batch in fetched[0]:
                if not batch.is_control:
                    found += [described(topic, record) for record in batch if record.offset >= facts["logStartOffset"]]
        assert found == [entry[:4] for entry in facts["records"]], f"{topic}-{partition}"


def described(topic: str, record: Any) -> list[Any]:
    """As the description has it: internal topics in hex, others by text and checksum."""
    if topic.startswith("__"):
        return [record.offset, _hex(record.key), _hex(record.value), record.timestamp]
    value = None if record.value is None else hashlib.sha1(record.value).hexdigest()
    return [record.offset, None if record.key is None else record.key.decode(), value, record.timestamp]


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


def test_what_read_committed_hides(connection: Connection, description: dict[str, Any]) -> None:
    for topic, partition, facts in partitions(description):
        if "notReadCommitted" not in facts:
            continue
        visible: set[int] = set()
        for batches, aborted in fetches(connection, topic, partition, facts["logStartOffset"], READ_COMMITTED):
            visible |= committed_offsets(batches, aborted)
        hidden = [entry[0] for entry in facts["records"] if entry[0] not in visible]
        assert hidden == facts["notReadCommitted"], f"{topic}-{partition}"


def committed_offsets(batches: list[RecordBatch], aborted: list[tuple[int, int]]) -> set[int]:
    """As a consumer finds them: a producer's batches are skipped from where its aborted transaction began."""
    pending = sorted(aborted)
    aborting: set[int] = set()
    found: set[int] = set()
    for batch in batches:
        while pending and pending[0][0] <= batch.last_offset:
            aborting.add(pending.pop(0)[1])
        if batch.is_control:
            aborting.discard(batch.producer_id)
        elif not (batch.is_transactional and batch.producer_id in aborting):
            found |= {record.offset for record in batch}
    return found


def fetches(
    connection: Connection, topic: str, partition: int, offset: int, isolation: int
) -> Iterator[tuple[list[RecordBatch], list[tuple[int, int]]]]:
    """(batches, aborted transactions as (first offset, producer id)) of one fetch after the other, to the end."""
    while True:
        wanted = FetchRequest.FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=300_000)
        request = FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            isolation_level=isolation,
            topics=[FetchRequest.FetchTopic(topic=topic, partitions=[wanted])],
        )
        (answer,) = connection.call(request, 12).responses[0].partitions
        assert answer.error_code == 0, f"{topic}-{partition} from {offset}"
        batches = list(iter_batches(answer.records or b""))
        if not batches:
            return
        for batch in batches:
            batch.ensure_valid()
        yield batches, [(entry.first_offset, entry.producer_id) for entry in answer.aborted_transactions or ()]
        offset = batches[-1].next_offset


def test_committed_offsets_of_all_groups(connection: Connection, description: dict[str, Any]) -> None:
    for group, about in description["groups"].items():
        if about["type/state/protocol"].startswith("Share"):
            continue
        request = OffsetFetchRequest(groups=[OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=None)])
        (answer,) = connection.call(request, 8).groups
        assert answer.error_code == 0, group
        found = {
            f"{topic.name}-{entry.partition_index}": [
                entry.committed_offset,
                entry.metadata,
                entry.committed_leader_epoch,
            ]
            for topic in answer.topics
            for entry in topic.partitions
        }
        assert found == about["offsets"], group


def test_what_share_groups_remember(connection: Connection, description: dict[str, Any]) -> None:
    cls = ReadShareGroupStateSummaryRequest
    about = description["groups"]["demo-g-share"]["offsets"]
    for name, (start_offset, lag, leader_epoch) in about.items():
        topic, _, partition = name.rpartition("-")
        topic_id = uuid_from_text(description["topics"][topic]["id"])
        asked = cls.PartitionData(partition=int(partition), leader_epoch=-1)
        topics = [cls.ReadStateSummaryData(topic_id=topic_id, partitions=[asked])]
        [found] = connection.call(cls(group_id="demo-g-share", topics=topics)).results[0].partitions
        assert (found.error_code, found.start_offset, found.leader_epoch) == (0, start_offset, leader_epoch), name
        end_offset = description["topics"][topic]["partitions"][partition]["highWatermark"]
        assert lag == f"lag {end_offset - found.start_offset - found.delivery_complete_count}", name


def test_where_share_groups_begin(connection: Connection, description: dict[str, Any]) -> None:
    about = description["groups"]["demo-g-share"]
    cls = DescribeShareGroupOffsetsRequest
    groups = [cls.DescribeShareGroupOffsetsRequestGroup(group_id="demo-g-share", topics=None)]
    [found] = connection.call(cls(groups=groups), 1).groups
    assert {
        f"{topic.topic_name}-{one.partition_index}": [one.start_offset, f"lag {one.lag}", one.leader_epoch]
        for topic in found.topics
        for one in topic.partitions
        if one.start_offset != -1
    } == about["offsets"]
    [described] = connection.call(ShareGroupDescribeRequest(group_ids=["demo-g-share"]), 1).groups
    kind, state, _ = about["type/state/protocol"].split("/")
    assert (kind, described.group_state, described.error_code, described.members) == ("Share", state, 0, [])


def test_transactions(connection: Connection, description: dict[str, Any]) -> None:
    listed = connection.call(ListTransactionsRequest()).transaction_states
    assert {entry.transactional_id for entry in listed} == set(description["transactions"])
    names = sorted(description["transactions"])
    for state in connection.call(DescribeTransactionsRequest(transactional_ids=names)).transaction_states:
        expected = description["transactions"][state.transactional_id]
        found = {
            "producerId": state.producer_id,
            "epoch": state.producer_epoch,
            "state": state.transaction_state,
            "timeoutMs": state.transaction_timeout_ms,
            "partitions": sorted(f"{topic.topic}-{index}" for topic in state.topics for index in topic.partitions),
        }
        assert found == expected, state.transactional_id
