"""The range assignor's examples, from its description in Kafka."""

from __future__ import annotations

from minikafka.client.consuming.range_assignor import assign


def test_each_topic_by_itself() -> None:
    assigned = assign({"t0": 3, "t1": 3}, {"C1": ["t0", "t1"], "C0": ["t0", "t1"]})
    assert assigned == {"C0": {"t0": [0, 1], "t1": [0, 1]}, "C1": {"t0": [2], "t1": [2]}}


def test_a_member_without_partitions() -> None:
    assert assign({"t": 1}, {"a": ["t"], "b": ["t"]}) == {"a": {"t": [0]}, "b": {}}


def test_members_with_different_topics() -> None:
    assert assign({"t0": 2, "t1": 2}, {"a": ["t0"], "b": ["t0", "t1"]}) == {
        "a": {"t0": [0]},
        "b": {"t0": [1], "t1": [0, 1]},
    }


def test_a_topic_that_is_not_there() -> None:
    assert assign({}, {"a": ["nope"]}) == {"a": {}}
