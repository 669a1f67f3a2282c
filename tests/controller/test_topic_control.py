"""The rules for topics, in Kafka 4.2's words: the sentences were compared with what a running Kafka 4.2 answers."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.controller.topic_control import NewPartitions, NewTopic, Outcome
from minikafka.errors import ApiError
from tests.controller.nodes import Node, value_of

MANUAL = {"num_partitions": -1, "replication_factor": -1}


@pytest.fixture
def node() -> Node:
    return Node(num_partitions=3)


def outcome_of(node: Node, name: str = "t", **fields: Any) -> tuple[int, str | None]:
    [result] = node.create(name, **fields)
    assert (name in node.image.topics_by_name) == (result.error == errors.NONE)
    return result.error, result.message


def test_a_topic_has_the_partitions_and_configs_that_were_asked_for(node: Node) -> None:
    [result] = node.create("t", num_partitions=2, configs=[("retention.ms", "5"), ("retention.ms", "6")])
    assert (result.error, result.num_partitions, result.replication_factor) == (errors.NONE, 2, 1)
    topic = node.image.topics_by_name["t"]
    assert topic.topic_id == result.topic_id != bytes(16)
    assert [(part.index, part.leader, part.replicas, part.isr) for part in topic.partitions] == [
        (0, 1, [1], [1]),
        (1, 1, [1], [1]),
    ]
    assert [part.directories for part in topic.partitions] == [list(node.logs.directory_ids.values())] * 2
    assert node.image.topic_configs("t") == {"retention.ms": "6"}
    assert node.partition_logs() == ["t-0", "t-1"]
    assert node.logs.get("t", 1).config.retention_ms == 6


def test_minus_one_stands_for_the_brokers_defaults(node: Node) -> None:
    [result] = node.create("t", num_partitions=-1, replication_factor=-1)
    assert (result.num_partitions, result.replication_factor) == (3, 1)


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        (
            {"num_partitions": 0},
            errors.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            {"num_partitions": -2},
            errors.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            {"replication_factor": 0, "num_partitions": 0},
            errors.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            {"replication_factor": -2},
            errors.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            {"replication_factor": 3},
            errors.INVALID_REPLICATION_FACTOR,
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached "
            "because only 1 broker(s) are registered.",
        ),
        (
            {"configs": [("retention.ms", None), ("segment.bytes", None)]},
            errors.INVALID_CONFIG,
            "Null value not supported for topic configs: retention.ms,segment.bytes",
        ),
        ({"configs": [("nope", "1")]}, errors.INVALID_CONFIG, "Unknown topic config name: nope"),
        (
            {"configs": [("segment.bytes", "1")]},
            errors.INVALID_CONFIG,
            "Invalid value 1 for configuration segment.bytes: Value must be at least 1048576",
        ),
    ],
)
def test_what_cannot_be_is_refused(node: Node, fields: Any, code: int, sentence: str) -> None:
    assert outcome_of(node, **fields) == (code, sentence)
    assert node.partition_logs() == []


@pytest.mark.parametrize(
    ("assignments", "sentence"),
    [
        ([(0, [])], "The manual partition assignment includes an empty replica list."),
        ([(0, [2])], "The manual partition assignment includes broker 2, but no such broker is registered."),
        ([(0, [1, 1])], "The manual partition assignment includes the broker 1 more than once."),
        ([(0, [1]), (0, [1])], "Found multiple manual partition assignments for partition 0"),
        ([(1, [1])], "partitions should be a consecutive 0-based integer sequence"),
        ([(-1, [1])], "partitions should be a consecutive 0-based integer sequence"),
    ],
)
def test_manual_assignments_are_checked(node: Node, assignments: Any, sentence: str) -> None:
    assert outcome_of(node, assignments=assignments, **MANUAL) == (errors.INVALID_REPLICA_ASSIGNMENT, sentence)


def test_manual_assignments_come_in_any_order(node: Node) -> None:
    [result] = node.create("t", assignments=[(1, [1]), (0, [1])], **MANUAL)
    assert (result.error, result.num_partitions) == (errors.NONE, 2)


def test_manual_assignments_stand_alone(node: Node) -> None:
    assignments = [(0, [1])]
    assert outcome_of(node, assignments=assignments, num_partitions=-1) == (
        errors.INVALID_REQUEST,
        "A manual partition assignment was specified, but replication factor was not set to -1.",
    )
    assert outcome_of(node, assignments=assignments, replication_factor=-1) == (
        errors.INVALID_REQUEST,
        "A manual partition assignment was specified, but numPartitions was not set to -1.",
    )


def test_names_must_be_free(node: Node) -> None:
    node.create("t", "a.b")
    assert node.create("t")[0][1:3] == (errors.TOPIC_ALREADY_EXISTS, "Topic 't' already exists.")
    assert node.create("a.b")[0][1:3] == (errors.TOPIC_ALREADY_EXISTS, "Topic 'a.b' already exists.")
    assert outcome_of(node, "a_b") == (
        errors.INVALID_TOPIC_EXCEPTION,
        "Topic 'a_b' collides with existing topic: a.b",
    )
    assert outcome_of(node, "a b")[0] == errors.INVALID_TOPIC_EXCEPTION


def test_each_topic_of_a_request_has_its_own_outcome(node: Node) -> None:
    node.create("b")
    results = node.create("a", "b", "c")
    assert [(result.name, result.error) for result in results] == [
        ("a", errors.NONE),
        ("b", errors.TOPIC_ALREADY_EXISTS),
        ("c", errors.NONE),
    ]


def test_names_that_collide_only_with_each_other_pass_as_in_kafka(node: Node) -> None:
    assert [result.error for result in node.create("c.d", "c_d")] == [errors.NONE, errors.NONE]


def test_validating_only_changes_nothing(node: Node) -> None:
    offset = node.image.offset
    [result] = value_of(node.controller.create_topics([NewTopic("t")], validate_only=True))
    assert (result.error, result.num_partitions) == (errors.NONE, 3)
    assert (node.image.offset, node.image.topics_by_name) == (offset, {})


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ([10_001], "Excessively large number of partitions per request."),
        ([6_000, 6_000], "Excessively large number of partitions per request."),
        ([10_000], "Unable to perform excessively large batch operation."),
        ([5_000, 5_000], "Unable to perform excessively large batch operation."),
    ],
)
def test_a_request_is_one_batch_of_limited_size(node: Node, counts: list[int], sentence: str) -> None:
    wishes = [NewTopic(f"t{number}", count, 1) for number, count in enumerate(counts)]
    with pytest.raises(ApiError) as refusal:
        node.controller.create_topics(wishes, validate_only=True)
    assert (refusal.value.code, refusal.value.message) == (errors.POLICY_VIOLATION, sentence)
    results = value_of(node.controller.create_topics(wishes))
    assert {result[1:3] for result in results} == {(errors.POLICY_VIOLATION, sentence)}
    assert node.image.topics_by_name == {}


def test_the_largest_request_passes(node: Node) -> None:
    [result] = value_of(node.controller.create_topics([NewTopic("t", 9_999, 1)], validate_only=True))
    assert (result.error, result.num_partitions) == (errors.NONE, 9_999)


def grown(node: Node, name: str, count: int, assignments: Any = None, *, validate_only: bool = False) -> Outcome:
    wish = NewPartitions(name, count, assignments)
    [outcome] = value_of(node.controller.create_partitions([wish], validate_only=validate_only))
    return outcome


@pytest.mark.parametrize(
    ("count", "assignments", "code", "sentence"),
    [
        (2, None, errors.INVALID_PARTITIONS, "Topic already has 2 partition(s)."),
        (
            1,
            None,
            errors.INVALID_PARTITIONS,
            "The topic t currently has 2 partition(s); 1 would not be an increase.",
        ),
        (
            -1,
            None,
            errors.INVALID_PARTITIONS,
            "The topic t currently has 2 partition(s); -1 would not be an increase.",
        ),
        (
            4,
            [[1]],
            errors.INVALID_REPLICA_ASSIGNMENT,
            "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
        ),
        (
            3,
            [],
            errors.INVALID_REPLICA_ASSIGNMENT,
            "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.",
        ),
        (
            3,
            [[]],
            errors.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes an empty replica list.",
        ),
        (
            3,
            [[2]],
            errors.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes broker 2, but no such broker is registered.",
        ),
        (10_003, None, errors.UNKNOWN_SERVER_ERROR, None),
    ],
)
def test_growing_wrongly_is_refused(node: Node, count: int, assignments: Any, code: int, sentence: str) -> None:
    node.create("t", num_partitions=2)
    assert grown(node, "t", count, assignments) == (code, sentence)
    assert len(node.image.topics_by_name["t"].partitions) == 2


def test_an_unknown_topic_cannot_grow(node: Node) -> None:
    assert grown(node, "t", 2) == (errors.UNKNOWN_TOPIC_OR_PARTITION, None)


@pytest.mark.parametrize("assignments", [None, [[1], [1]]])
def test_a_topic_grows(node: Node, assignments: Any) -> None:
    node.create("t", num_partitions=1)
    assert grown(node, "t", 3, assignments, validate_only=True) == Outcome()
    assert node.partition_logs() == ["t-0"]
    assert grown(node, "t", 3, assignments) == Outcome()
    assert [part.index for part in node.image.topics_by_name["t"].partitions] == [0, 1, 2]
    assert node.partition_logs() == ["t-0", "t-1", "t-2"]


def test_deleting_takes_topic_configs_and_logs(node: Node) -> None:
    node.create("t", configs=[("retention.ms", "5")])
    node.create("u")
    assert node.delete("t") == [Outcome()]
    assert (list(node.image.topics_by_name), node.image.topic_configs("t")) == (["u"], {})
    assert node.partition_logs() == ["u-0"]
    names = [name for name, _ in node.files.list_directory("/data")]
    assert [name for name in names if name.startswith("t-0.") and name.endswith("-delete")] != []


def test_deleting_an_unknown_id(node: Node) -> None:
    outcomes = value_of(node.controller.delete_topics([b"x" * 16]))
    assert outcomes == {b"x" * 16: Outcome(errors.UNKNOWN_TOPIC_ID, "This server does not host this topic ID.")}
