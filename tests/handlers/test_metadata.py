"""Metadata and DescribeTopicPartitions as clients of each version see them."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from minikafka import errors
from minikafka.protocol.messages import DescribeTopicPartitionsRequest, MetadataRequest
from tests.controller.nodes import CLUSTER_ID
from tests.handlers.control_plane import ControlPlane, versions_of

NO_ID = bytes(16)
NOT_ASKED_FOR = -(2**31)
TOPIC_OPERATIONS = sum(1 << bit for bit in (3, 4, 5, 6, 7, 8, 10, 11))
CLUSTER_OPERATIONS = sum(1 << bit for bit in (5, 7, 8, 9, 10, 11, 12))
MetadataRequestTopic = MetadataRequest.MetadataRequestTopic


@pytest.fixture
def plane() -> ControlPlane:
    plane = ControlPlane(num_partitions=2, broker_rack="r1")
    plane.node.create("t", num_partitions=3)
    plane.node.create("u")
    return plane


def ask(plane: ControlPlane, version: int, *names: str, **fields: Any) -> Any:
    topics = [MetadataRequestTopic(name=name) for name in names]
    return plane.call(MetadataRequest(topics=topics, **fields), version)


def outcomes(response: Any) -> dict[str | None, int]:
    return {topic.name: topic.error_code for topic in response.topics}


@pytest.mark.parametrize("version", versions_of("Metadata"))
def test_a_topic_at_every_version(plane: ControlPlane, version: int) -> None:
    response = ask(plane, version, "t")
    [broker] = response.brokers
    assert (broker.node_id, broker.host, broker.port) == (1, "broker.example", 9092)
    [topic] = response.topics
    assert (topic.error_code, topic.name) == (errors.NONE, "t")
    for index, partition in enumerate(topic.partitions):
        assert (partition.error_code, partition.partition_index, partition.leader_id) == (errors.NONE, index, 1)
        assert (partition.replica_nodes, partition.isr_nodes, partition.offline_replicas) == ([1], [1], [])
    assert len(topic.partitions) == 3
    if version >= 1:
        assert (broker.rack, response.controller_id, topic.is_internal) == ("r1", 1, False)
    if version >= 2:
        assert response.cluster_id == CLUSTER_ID
    if version >= 7:
        assert [partition.leader_epoch for partition in topic.partitions] == [0, 0, 0]
    if version >= 8:
        assert topic.topic_authorized_operations == NOT_ASKED_FOR
    assert topic.topic_id == (plane.node.image.topics_by_name["t"].topic_id if version >= 10 else NO_ID)
    assert response.cluster_authorized_operations == NOT_ASKED_FOR


@pytest.mark.parametrize("version", versions_of("Metadata"))
def test_all_topics_and_none(plane: ControlPlane, version: int) -> None:
    everything = MetadataRequest(topics=None) if version >= 1 else MetadataRequest(topics=[])
    assert outcomes(plane.call(everything, version)) == {"t": errors.NONE, "u": errors.NONE}
    if version >= 1:
        assert plane.call(MetadataRequest(topics=[]), version).topics == []


@pytest.mark.parametrize("version", versions_of("Metadata"))
def test_asking_creates_a_topic_that_can_be_used_at_once(plane: ControlPlane, version: int) -> None:
    response = ask(plane, version, "new", "a b", "t")
    assert outcomes(response) == {"new": errors.NONE, "a b": errors.INVALID_TOPIC_EXCEPTION, "t": errors.NONE}
    new = next(topic for topic in response.topics if topic.name == "new")
    assert [partition.leader_id for partition in new.partitions] == [1, 1]
    assert plane.node.logs.get("new", 1) is not None


@pytest.mark.parametrize("version", range(4, 14))
def test_a_client_can_ask_without_creating(plane: ControlPlane, version: int) -> None:
    response = ask(plane, version, "new", "a b", allow_auto_topic_creation=False)
    assert outcomes(response) == {
        "new": errors.UNKNOWN_TOPIC_OR_PARTITION,
        "a b": errors.INVALID_TOPIC_EXCEPTION,
    }
    assert "new" not in plane.node.image.topics_by_name


def test_creation_by_asking_can_be_switched_off() -> None:
    plane = ControlPlane(auto_create_topics_enable=False)
    assert outcomes(ask(plane, 12, "new")) == {"new": errors.UNKNOWN_TOPIC_OR_PARTITION}
    assert plane.node.image.topics_by_name == {}


def test_internal_topics_are_created_with_their_own_settings() -> None:
    plane = ControlPlane(offsets_topic_num_partitions=5)
    [topic] = ask(plane, 12, "__consumer_offsets").topics
    assert (topic.is_internal, len(topic.partitions)) == (True, 5)
    assert plane.node.image.topic_configs("__consumer_offsets")["cleanup.policy"] == "compact"


def test_the_metadata_topic_is_never_created(plane: ControlPlane) -> None:
    assert outcomes(ask(plane, 12, "__cluster_metadata")) == {"__cluster_metadata": errors.UNKNOWN_TOPIC_OR_PARTITION}
    assert plane.node.logs.get("__cluster_metadata", 0) is None


def test_a_name_that_collides_is_answered_with_why_it_was_not_created(plane: ControlPlane) -> None:
    plane.node.create("a.b")
    assert outcomes(ask(plane, 12, "a_b")) == {"a_b": errors.INVALID_TOPIC_EXCEPTION}


def test_a_name_that_is_there_twice_is_answered_once(plane: ControlPlane) -> None:
    assert [topic.name for topic in ask(plane, 12, "t", "t").topics] == ["t"]


@pytest.mark.parametrize("version", [12, 13])
def test_topics_by_id(plane: ControlPlane, version: int) -> None:
    topic_id = plane.node.image.topics_by_name["t"].topic_id
    unknown = b"u" * 16
    topics = [MetadataRequestTopic(name=None, topic_id=each) for each in (topic_id, unknown)]
    response = plane.call(MetadataRequest(topics=topics), version)
    found = {topic.topic_id: (topic.name, topic.error_code) for topic in response.topics}
    assert found == {topic_id: ("t", errors.NONE), unknown: (None, errors.UNKNOWN_TOPIC_ID)}


@pytest.mark.parametrize("version", [10, 11])
def test_ids_are_refused_before_version_12(plane: ControlPlane, version: int) -> None:
    topic_id = plane.node.image.topics_by_name["t"].topic_id
    for name in ("t", None):
        request = MetadataRequest(topics=[MetadataRequestTopic(name=name, topic_id=topic_id)])
        [topic] = plane.call(request, version).topics
        assert (topic.error_code, topic.name, topic.topic_id) == (errors.INVALID_REQUEST, name or "", topic_id)


def test_neither_name_nor_id_is_refused(plane: ControlPlane) -> None:
    response = plane.call(MetadataRequest(topics=[MetadataRequestTopic(name=None)]), 13)
    assert (response.error_code, outcomes(response)) == (errors.INVALID_REQUEST, {"": errors.INVALID_REQUEST})


@pytest.mark.parametrize("version", range(8, 14))
def test_operations_that_were_asked_for(plane: ControlPlane, version: int) -> None:
    fields = {"include_topic_authorized_operations": True}
    if version <= 10:
        fields["include_cluster_authorized_operations"] = True
    response = ask(plane, version, "t", **fields)
    assert response.topics[0].topic_authorized_operations == TOPIC_OPERATIONS
    expected = CLUSTER_OPERATIONS if version <= 10 else NOT_ASKED_FOR
    assert response.cluster_authorized_operations == expected


def test_partitions_of_a_failed_directory_have_no_leader(plane: ControlPlane) -> None:
    plane.node.files.fault = lambda operation, path: errno.EIO if operation == "write" else None
    log = plane.node.logs.get("t", 0)
    log.fail()
    failed, other, _ = ask(plane, 12, "t").topics[0].partitions
    assert (failed.error_code, failed.leader_id) == (errors.LEADER_NOT_AVAILABLE, -1)
    assert (failed.replica_nodes, failed.offline_replicas) == ([1], [1])
    assert (other.error_code, other.leader_id) == (errors.NONE, 1)


def page(plane: ControlPlane, *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None) -> Any:
    request = DescribeTopicPartitionsRequest(
        topics=[DescribeTopicPartitionsRequest.TopicRequest(name=name) for name in names],
        response_partition_limit=limit,
    )
    if cursor is not None:
        request.cursor = DescribeTopicPartitionsRequest.Cursor(topic_name=cursor[0], partition_index=cursor[1])
    return plane.call(request, 0)


def content(response: Any) -> tuple[list[tuple[str, list[int]]], tuple[str, int] | None]:
    cursor = response.next_cursor
    topics = [(topic.name, [part.partition_index for part in topic.partitions]) for topic in response.topics]
    return topics, None if cursor is None else (cursor.topic_name, cursor.partition_index)


@pytest.mark.parametrize(
    ("names", "limit", "cursor", "topics", "next_cursor"),
    [
        (("u", "t", "t"), 2000, None, [("t", [0, 1, 2]), ("u", [0])], None),
        ((), 2000, None, [("t", [0, 1, 2]), ("u", [0])], None),
        ((), 1, None, [("t", [0])], ("t", 1)),
        ((), 0, None, [("t", [0])], ("t", 1)),
        ((), -5, None, [("t", [0])], ("t", 1)),
        ((), 3, None, [("t", [0, 1, 2])], ("u", 0)),
        ((), 2, ("t", 1), [("t", [1, 2])], ("u", 0)),
        ((), 2, ("t", 2), [("t", [2]), ("u", [0])], None),
        (("t", "u"), 2, ("u", 0), [("u", [0])], None),
        (("t",), 9, ("t", 99), [("t", [])], None),
        ((), 9, ("tt", 5), [("u", [0])], None),
    ],
)
def test_pages_of_partitions(
    plane: ControlPlane, names: Any, limit: int, cursor: Any, topics: Any, next_cursor: Any
) -> None:
    assert content(page(plane, *names, limit=limit, cursor=cursor)) == (topics, next_cursor)


def test_the_broker_limits_pages_too() -> None:
    plane = ControlPlane(max_request_partition_size_limit=2)
    plane.node.create("t", num_partitions=3)
    assert content(page(plane)) == ([("t", [0, 1])], ("t", 2))


def test_a_described_topic_is_complete(plane: ControlPlane) -> None:
    [topic] = page(plane, "u").topics
    assert (topic.error_code, topic.is_internal, topic.topic_authorized_operations) == (0, False, TOPIC_OPERATIONS)
    assert topic.topic_id == plane.node.image.topics_by_name["u"].topic_id
    [partition] = topic.partitions
    assert (partition.leader_id, partition.leader_epoch, partition.replica_nodes) == (1, 0, [1])
    assert (partition.isr_nodes, partition.eligible_leader_replicas, partition.last_known_elr) == ([1], [], [])


def test_topics_that_cannot_be_described(plane: ControlPlane) -> None:
    response = page(plane, "zz", "a b", "__consumer_offsets")
    assert outcomes(response) == {
        "zz": errors.UNKNOWN_TOPIC_OR_PARTITION,
        "a b": errors.INVALID_TOPIC_EXCEPTION,
        "__consumer_offsets": errors.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert [topic.name for topic in response.topics if topic.is_internal] == ["__consumer_offsets"]


@pytest.mark.parametrize("cursor", [("v", 0), ("t", -1)])
def test_cursors_that_make_no_sense(plane: ControlPlane, cursor: tuple[str, int]) -> None:
    assert outcomes(page(plane, "t", cursor=cursor)) == {"t": errors.INVALID_REQUEST}
