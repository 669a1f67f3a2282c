"""CreateTopics, DeleteTopics and CreatePartitions as clients of each version see them."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.protocol.messages import CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest
from tests.handlers.control_plane import ControlPlane, versions_of

NO_ID = bytes(16)
CreatableTopic = CreateTopicsRequest.CreatableTopic
DeleteTopicState = DeleteTopicsRequest.DeleteTopicState


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane(num_partitions=2)


def topic(name: str, partitions: int = 1, factor: int = 1, configs: Any = (), assignments: Any = ()) -> Any:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        assignments=[
            CreateTopicsRequest.CreatableReplicaAssignment(partition_index=index, broker_ids=replicas)
            for index, replicas in assignments
        ],
        configs=[CreateTopicsRequest.CreatableTopicConfig(name=key, value=value) for key, value in configs],
    )


def create(plane: ControlPlane, *topics: Any, version: int = 7, validate_only: bool = False) -> list[Any]:
    request = CreateTopicsRequest(topics=list(topics), timeout_ms=1000)
    if validate_only:
        request.validate_only = True
    results: list[Any] = plane.call(request, version).topics
    return results


@pytest.mark.parametrize("version", versions_of("CreateTopics"))
def test_creating_topics_at_every_version(plane: ControlPlane, version: int) -> None:
    [made, refused] = create(plane, topic("t", 3, configs=[("retention.ms", "5")]), topic("a b"), version=version)
    image = plane.node.image
    assert (made.name, made.error_code, made.error_message) == (
        "t",
        errors.NONE,
        None if version >= 1 else made.error_message,
    )
    assert len(image.topics_by_name["t"].partitions) == 3
    assert image.topic_configs("t") == {"retention.ms": "5"}
    assert refused.error_code == errors.INVALID_TOPIC_EXCEPTION
    if version >= 1:
        assert refused.error_message.startswith("Topic name is invalid: 'a b' contains")
    if version >= 5:
        assert (made.num_partitions, made.replication_factor) == (3, 1)
        sources = {config.name: (config.value, config.config_source) for config in made.configs}
        assert len(sources) == 33
        assert sources["retention.ms"] == ("5", 1)
        assert sources["min.insync.replicas"] == ("1", 3)
        assert sources["segment.bytes"] == ("1073741824", 5)
        assert list(sources) == sorted(sources)
        assert (refused.num_partitions, refused.replication_factor, refused.configs) == (-1, -1, [])
    if version >= 7:
        assert made.topic_id == image.topics_by_name["t"].topic_id


@pytest.mark.parametrize("version", range(1, 8))
def test_validating_only(plane: ControlPlane, version: int) -> None:
    [result] = create(plane, topic("t", -1, -1), version=version, validate_only=True)
    assert result.error_code == errors.NONE
    assert "t" not in plane.node.image.topics_by_name


def test_names_that_are_there_twice_are_refused_and_the_others_made(plane: ControlPlane) -> None:
    results = create(plane, topic("t"), topic("t", 2), topic("u"), topic("t"))
    assert [(result.name, result.error_code, result.error_message) for result in results] == [
        ("u", errors.NONE, None),
        ("t", errors.INVALID_REQUEST, "Duplicate topic name."),
    ]
    assert list(plane.node.image.topics_by_name) == ["u"]


def test_the_metadata_topic_cannot_be_made(plane: ControlPlane) -> None:
    [result] = create(plane, topic("__cluster_metadata"))
    assert (result.error_code, result.error_message) == (
        errors.INVALID_REQUEST,
        "Creation of internal topic __cluster_metadata is prohibited.",
    )
    assert plane.node.logs.get("__cluster_metadata", 0) is None


@pytest.mark.parametrize("validate_only", [False, True])
def test_a_request_that_is_too_large_is_refused_for_each_of_its_topics(
    plane: ControlPlane, validate_only: bool
) -> None:
    results = create(plane, topic("t", 6_000), topic("u", 6_000), validate_only=validate_only)
    assert [(result.name, result.error_code, result.error_message) for result in results] == [
        ("t", errors.POLICY_VIOLATION, "Excessively large number of partitions per request."),
        ("u", errors.POLICY_VIOLATION, "Excessively large number of partitions per request."),
    ]


def test_no_topics_are_made_of_nothing(plane: ControlPlane) -> None:
    assert create(plane) == []


def test_manual_assignments(plane: ControlPlane) -> None:
    [result] = create(plane, topic("t", -1, -1, assignments=[(1, [1]), (0, [1])]))
    assert (result.error_code, result.num_partitions) == (errors.NONE, 2)


def delete_names(plane: ControlPlane, *names: str, version: int = 5) -> dict[str, int]:
    if version >= 6:
        topics = [DeleteTopicState(name=name) for name in names]
        request = DeleteTopicsRequest(topics=topics, timeout_ms=1000)
    else:
        request = DeleteTopicsRequest(topic_names=list(names), timeout_ms=1000)
    return {result.name: result.error_code for result in plane.call(request, version).responses}


@pytest.mark.parametrize("version", versions_of("DeleteTopics"))
def test_deleting_by_name_at_every_version(plane: ControlPlane, version: int) -> None:
    create(plane, topic("t"), topic("u"))
    assert delete_names(plane, "t", "zz", version=version) == {
        "t": errors.NONE,
        "zz": errors.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert list(plane.node.image.topics_by_name) == ["u"]
    assert plane.node.partition_logs() == ["u-0"]


def delete(plane: ControlPlane, *topics: tuple[str | None, bytes]) -> list[tuple[str | None, bytes, int, str | None]]:
    states = [DeleteTopicState(name=name, topic_id=topic_id) for name, topic_id in topics]
    response = plane.call(DeleteTopicsRequest(topics=states, timeout_ms=1000), 6)
    return [(result.name, result.topic_id, result.error_code, result.error_message) for result in response.responses]


def test_deleting_by_id(plane: ControlPlane) -> None:
    [made] = create(plane, topic("t"))
    assert delete(plane, (None, made.topic_id)) == [("t", made.topic_id, errors.NONE, None)]
    assert delete(plane, (None, made.topic_id)) == [
        (None, made.topic_id, errors.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.")
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([(None, "none")], (None, "none", "Neither topic name nor id were specified.")),
        ([("t", "t")], ("t", "t", "You may not specify both topic name and topic id.")),
        ([("t", "none"), ("t", "none")], ("t", "none", "Duplicate topic name.")),
        ([(None, "t"), (None, "t")], (None, "t", "Duplicate topic id.")),
        (
            [("t", "none"), (None, "t")],
            ("t", "t", "The provided topic name maps to an ID that was already supplied."),
        ),
    ],
)
def test_deletions_that_contradict_themselves(plane: ControlPlane, wanted: Any, expected: Any) -> None:
    [made] = create(plane, topic("t"))
    ids = {"none": NO_ID, "t": made.topic_id}
    name, id_name, sentence = expected
    results = delete(plane, *[(wanted_name, ids[wanted_id]) for wanted_name, wanted_id in wanted])
    assert results == [(name, ids[id_name], errors.INVALID_REQUEST, sentence)]
    assert "t" in plane.node.image.topics_by_name


@pytest.mark.parametrize("version", versions_of("DeleteTopics"))
def test_deletion_can_be_switched_off(version: int) -> None:
    plane = ControlPlane(delete_topic_enable=False)
    create(plane, topic("t"))
    code = errors.INVALID_REQUEST if version < 3 else errors.TOPIC_DELETION_DISABLED
    assert delete_names(plane, "t", version=version) == {"t": code}
    assert "t" in plane.node.image.topics_by_name


def grow(plane: ControlPlane, *topics: Any, version: int = 3, validate_only: bool = False) -> list[Any]:
    request = CreatePartitionsRequest(topics=list(topics), timeout_ms=1000, validate_only=validate_only)
    return [(result.name, result.error_code, result.error_message) for result in plane.call(request, version).results]


def growth(name: str, count: int, assignments: list[list[int]] | None = None) -> Any:
    wanted = None
    if assignments is not None:
        wanted = [CreatePartitionsRequest.CreatePartitionsAssignment(broker_ids=ids) for ids in assignments]
    return CreatePartitionsRequest.CreatePartitionsTopic(name=name, count=count, assignments=wanted)


@pytest.mark.parametrize("version", versions_of("CreatePartitions"))
def test_growing_at_every_version(plane: ControlPlane, version: int) -> None:
    create(plane, topic("t"))
    assert grow(plane, growth("t", 3), version=version, validate_only=True) == [("t", errors.NONE, None)]
    assert plane.node.partition_logs() == ["t-0"]
    assert grow(plane, growth("t", 3), growth("zz", 2), version=version) == [
        ("t", errors.NONE, None),
        ("zz", errors.UNKNOWN_TOPIC_OR_PARTITION, None),
    ]
    assert plane.node.partition_logs() == ["t-0", "t-1", "t-2"]
    assert grow(plane, growth("t", 4, [[1]]), version=version) == [("t", errors.NONE, None)]
    assert grow(plane, growth("t", 4), version=version) == [
        ("t", errors.INVALID_PARTITIONS, "Topic already has 4 partition(s).")
    ]


def test_growing_a_topic_twice_in_one_request(plane: ControlPlane) -> None:
    create(plane, topic("t"), topic("u"))
    assert grow(plane, growth("t", 2), growth("t", 3), growth("u", 2)) == [
        ("t", errors.INVALID_REQUEST, "Duplicate topic name."),
        ("u", errors.NONE, None),
    ]
    assert grow(plane) == []
