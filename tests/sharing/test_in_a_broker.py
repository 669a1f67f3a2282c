"""Share partitions in a running broker: loaded when they are needed, in virtual time, across kills."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker, errors
from minikafka.clock import ManualClock
from minikafka.protocol.messages import (
    DeleteTopicsRequest,
    InitializeShareGroupStateRequest,
    MetadataRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    UpdateFeaturesRequest,
)
from tests.faults.raw_client import RawClient

ACCEPT, RELEASE = 1, 2
LOCK_MS = 30_000
SHARE_FETCH, SHARE_ACKNOWLEDGE = 78, 79

_ORDINARY_LIFE = """
import sys
from minikafka import Broker
with Broker() as broker:
    broker.produce("t", "v")
    assert broker.records("t")
    broker.call(__import__("minikafka.protocol.messages", fromlist=["x"]).ListGroupsRequest(), 5)
print(*[name for name in sys.modules if "shar" in name])
"""


def topic_id(broker: Broker, name: str) -> bytes:
    request = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=name)])
    found: bytes = broker.call(request, 12).topics[0].topic_id
    return found


def begin_group(broker: Broker, group_id: str, topic: str) -> None:
    """As the group coordinator does for a group that has a new topic: it reads it from the start on."""
    partition = InitializeShareGroupStateRequest.PartitionData(partition=0, state_epoch=1, start_offset=0)
    data = InitializeShareGroupStateRequest.InitializeStateData(
        topic_id=topic_id(broker, topic), partitions=[partition]
    )
    answer = broker.call(InitializeShareGroupStateRequest(group_id=group_id, topics=[data]), 0)
    assert answer.results[0].partitions[0].error_code == errors.NONE


def share_fetch(topic: bytes, member_id: str, epoch: int, *, max_wait_ms: int = 0, min_bytes: int = 0) -> Any:
    return ShareFetchRequest(
        group_id="g",
        member_id=member_id,
        share_session_epoch=epoch,
        max_wait_ms=max_wait_ms,
        min_bytes=min_bytes,
        max_bytes=1 << 20,
        max_records=500,
        batch_size=500,
        topics=[
            ShareFetchRequest.FetchTopic(
                topic_id=topic, partitions=[ShareFetchRequest.FetchPartition(partition_index=0)]
            )
        ],
    )


def share_acknowledge(topic: bytes, member_id: str, epoch: int, first: int, last: int, *types: int) -> Any:
    batch = ShareAcknowledgeRequest.AcknowledgementBatch(
        first_offset=first, last_offset=last, acknowledge_types=list(types)
    )
    partition = ShareAcknowledgeRequest.AcknowledgePartition(partition_index=0, acknowledgement_batches=[batch])
    return ShareAcknowledgeRequest(
        group_id="g",
        member_id=member_id,
        share_session_epoch=epoch,
        topics=[ShareAcknowledgeRequest.AcknowledgeTopic(topic_id=topic, partitions=[partition])],
    )


def acquired(response: Any) -> list[tuple[int, int, int]]:
    return [
        (each.first_offset, each.last_offset, each.delivery_count)
        for topic in response.responses
        for partition in topic.partitions
        for each in partition.acquired_records
    ]


def test_a_broker_without_share_groups_loads_nothing_of_them() -> None:
    done = subprocess.run([sys.executable, "-c", _ORDINARY_LIFE], capture_output=True, text=True, check=True)
    assert [name for name in done.stdout.split() if name.startswith("minikafka.sharing")] == []


def test_locks_time_out_when_the_test_moves_the_clock() -> None:
    clock = ManualClock()
    with Broker(clock=clock) as broker:
        for value in ("a", "b", "c"):
            broker.produce("t", value)
        begin_group(broker, "g", "t")
        topic = topic_id(broker, "t")
        assert acquired(broker.call(share_fetch(topic, "m", 0), 2)) == [(0, 2, 1)]
        assert broker.call(share_acknowledge(topic, "m", 1, 1, 1, ACCEPT), 2).error_code == errors.NONE
        with RawClient(broker) as client:
            assert acquired(client.call(share_fetch(topic, "n", 0), 2)) == []
            waiting = share_fetch(topic, "n", 1, max_wait_ms=3_600_000, min_bytes=1)
            client.send(waiting, 2)
            clock.advance(LOCK_MS)
            assert acquired(client.receive(waiting, 2)) == [(0, 0, 2), (2, 2, 2)]


@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_acknowledgements_outlive_the_broker(tmp_path: Path, ends: str) -> None:
    broker = Broker(tmp_path).start()
    for value in range(6):
        broker.produce("t", str(value))
    begin_group(broker, "g", "t")
    topic = topic_id(broker, "t")
    assert acquired(broker.call(share_fetch(topic, "m", 0), 2)) == [(0, 5, 1)]
    answer = broker.call(share_acknowledge(topic, "m", 1, 0, 3, ACCEPT, ACCEPT, RELEASE, ACCEPT), 2)
    assert answer.responses[0].partitions[0].error_code == errors.NONE
    getattr(broker, ends)()
    with Broker(tmp_path) as again:
        refused = again.call(share_acknowledge(topic, "m", 2, 4, 5, ACCEPT), 2)
        assert refused.error_code == errors.SHARE_SESSION_NOT_FOUND
        opened = again.call(share_fetch(topic, "m", 0, max_wait_ms=20_000, min_bytes=1), 2)
        assert acquired(opened) == [(2, 2, 2), (4, 5, 1)]


def test_what_a_member_holds_is_released_when_its_connection_is_lost() -> None:
    with Broker() as broker:
        broker.produce("t", "v")
        begin_group(broker, "g", "t")
        topic = topic_id(broker, "t")
        with RawClient(broker) as other:
            with RawClient(broker) as lost:
                assert acquired(lost.call(share_fetch(topic, "m", 0), 2)) == [(0, 0, 1)]
                assert acquired(other.call(share_fetch(topic, "n", 0), 2)) == []
            assert acquired(other.call(share_fetch(topic, "n", 1, max_wait_ms=9_000, min_bytes=1), 2)) == [(0, 0, 2)]


def test_a_deleted_topic_is_read_by_no_group_any_more() -> None:
    with Broker() as broker:
        broker.produce("t", "v")
        begin_group(broker, "g", "t")
        topic = topic_id(broker, "t")
        with RawClient(broker) as client:
            assert acquired(client.call(share_fetch(topic, "m", 0), 2)) == [(0, 0, 1)]
            deletion = DeleteTopicsRequest(topics=[DeleteTopicsRequest.DeleteTopicState(name="t")], timeout_ms=10_000)
            assert broker.call(deletion, 6).responses[0].error_code == errors.NONE
            fetched = client.call(share_fetch(topic, "m", 1), 2)
            assert fetched.responses[0].partitions[0].error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
            acknowledged = client.call(share_acknowledge(topic, "m", 2, 0, 0, ACCEPT), 2)
            assert acknowledged.responses[0].partitions[0].error_code == errors.UNKNOWN_TOPIC_ID


def test_sessions_end_when_the_cluster_has_share_groups_no_more() -> None:
    def set_level(broker: Broker, level: int, upgrade_type: int) -> None:
        update = UpdateFeaturesRequest.FeatureUpdateKey(
            feature="share.version", max_version_level=level, upgrade_type=upgrade_type
        )
        answer = broker.call(UpdateFeaturesRequest(timeout_ms=10_000, feature_updates=[update]), 1)
        assert answer.error_code == errors.NONE, answer

    with Broker() as broker:
        broker.produce("t", "v")
        begin_group(broker, "g", "t")
        topic = topic_id(broker, "t")
        assert acquired(broker.call(share_fetch(topic, "m", 0), 2)) == [(0, 0, 1)]
        set_level(broker, 0, 2)
        assert broker.call(share_fetch(topic, "m", 1), 2).error_code == errors.UNSUPPORTED_VERSION
        set_level(broker, 1, 1)
        assert broker.call(share_fetch(topic, "m", 1), 2).error_code == errors.SHARE_SESSION_NOT_FOUND
        assert acquired(broker.call(share_fetch(topic, "m", 0), 2)) == [(0, 0, 1)]
