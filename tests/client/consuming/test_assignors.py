"""The strategies by which the leader of a classic group shares partitions."""

from __future__ import annotations

import pytest

from minikafka.client.consuming import assignors, round_robin_assignor, sticky_assignor
from minikafka.client.consuming.sticky_assignor import Owned, decoded_owned, encoded_owned


def test_round_robin_goes_through_all_topics() -> None:
    assigned = round_robin_assignor.assign({"t": 3, "u": 3}, {"b": ["t", "u"], "a": ["t", "u"]})
    assert assigned == {"a": {"t": [0, 2], "u": [1]}, "b": {"t": [1], "u": [0, 2]}}


def test_round_robin_passes_over_who_does_not_want_the_topic() -> None:
    """The example of RoundRobinAssignor's documentation."""
    assigned = round_robin_assignor.assign(
        {"t0": 1, "t1": 2, "t2": 3}, {"C0": ["t0"], "C1": ["t0", "t1"], "C2": ["t0", "t1", "t2"]}
    )
    assert assigned == {"C0": {"t0": [0]}, "C1": {"t1": [0]}, "C2": {"t1": [1], "t2": [0, 1, 2]}}


def test_sticky_is_even_from_the_beginning() -> None:
    assigned = sticky_assignor.assign({"t": 5}, {"a": ["t"], "b": ["t"]}, {})
    assert {member: len(topics["t"]) for member, topics in assigned.items()} == {"a": 3, "b": 2}


def test_sticky_keeps_what_members_had() -> None:
    """The example of StickyAssignor's documentation: one of three goes, and the others keep theirs."""
    owned = {
        "C0": Owned([("t0", 0), ("t1", 1), ("t3", 0)], 1),
        "C2": Owned([("t1", 0), ("t2", 1)], 1),
    }
    wanted = {member: ["t0", "t1", "t2", "t3"] for member in owned}
    assigned = sticky_assignor.assign({"t0": 2, "t1": 2, "t2": 2, "t3": 2}, wanted, owned)
    for member, before in owned.items():
        for topic, index in before.partitions:
            assert index in assigned[member][topic]
    assert sum(len(indexes) for indexes in assigned["C0"].values()) == 4


def test_sticky_moves_no_more_than_is_needed() -> None:
    owned = {"a": Owned([("t", index) for index in range(6)], 4)}
    assigned = sticky_assignor.assign({"t": 6}, {"a": ["t"], "b": ["t"], "c": ["t"]}, owned)
    assert {len(topics["t"]) for topics in assigned.values()} == {2}
    assert assigned["a"]["t"] == [0, 1]


def test_sticky_believes_the_later_generation() -> None:
    owned = {"a": Owned([("t", 0), ("t", 1)], 3), "b": Owned([("t", 0), ("t", 1)], 4)}
    assigned = sticky_assignor.assign({"t": 2}, {"a": ["t"], "b": ["t"]}, owned)
    assert assigned["a"]["t"] == [1]
    assert assigned["b"]["t"] == [0]


def test_sticky_with_different_wishes() -> None:
    assigned = sticky_assignor.assign({"t": 2, "u": 2}, {"a": ["t"], "b": ["t", "u"]}, {})
    assert assigned == {"a": {"t": [0, 1]}, "b": {"u": [0, 1]}}


def test_what_members_tell_each_other() -> None:
    owned = Owned([("t", 0), ("t", 2), ("ключ", 1)], 7)
    assert decoded_owned(encoded_owned(owned)) == owned
    assert decoded_owned(encoded_owned(owned)[:-4]) == Owned(owned.partitions, -1)
    assert decoded_owned(None) == decoded_owned(b"\0\0") == decoded_owned(b"\0\0\0\1\0\1\xff\0\0\0\0") == Owned([])


@pytest.mark.parametrize("name", assignors.NAMES)
def test_by_name(name: str) -> None:
    subscriptions = {
        member: assignors.subscription_of(name, ["t"], Owned([("t", 1)] if member == "a" else [], 1))
        for member in ("a", "b")
    }
    assigned = assignors.assign(name, lambda topics: dict.fromkeys(topics, 2), subscriptions)
    assert assigned == ({"a": {"t": [1]}, "b": {"t": [0]}} if "sticky" in name else {"a": {"t": [0]}, "b": {"t": [1]}})


def test_cooperative_members_give_up_before_others_take_over() -> None:
    name = assignors.COOPERATIVE_STICKY
    owned = Owned([("t", 0), ("t", 1), ("t", 2)], 4)
    subscriptions = {
        "a": assignors.subscription_of(name, ["t"], owned),
        "b": assignors.subscription_of(name, ["t"], Owned([])),
    }
    assigned = assignors.assign(name, lambda topics: {"t": 4}, subscriptions)
    assert assigned == {"a": {"t": [0, 1]}, "b": {"t": [3]}}
    assert assignors.must_join_again(name, owned, [("t", 0), ("t", 1)])
    subscriptions["a"] = assignors.subscription_of(name, ["t"], Owned([("t", 0), ("t", 1)], 5))
    subscriptions["b"] = assignors.subscription_of(name, ["t"], Owned([("t", 3)], 5))
    assigned = assignors.assign(name, lambda topics: {"t": 4}, subscriptions)
    assert assigned == {"a": {"t": [0, 1]}, "b": {"t": [2, 3]}}
    assert not assignors.must_join_again(name, Owned([("t", 3)]), [("t", 2), ("t", 3)])
