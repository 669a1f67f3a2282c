"""Many members and many partitions, on a manual clock."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.classic.classic_group import ClassicGroup
from tests.coordinator.classic.classic_consumers import ClassicConsumer, settle_all
from tests.coordinator.consumer.consumers import Consumer
from tests.coordinator.groups import Groups

MEMBERS = 100
PARTITIONS = 1_000


@pytest.fixture
def groups() -> Groups:
    groups = Groups()
    groups.topics.put("big", PARTITIONS)
    return groups


def classic_group(groups: Groups) -> ClassicGroup:
    group = groups.shard.groups["c"]
    assert isinstance(group, ClassicGroup)
    return group


def shares(consumers: list[Any]) -> list[int]:
    held = [(topic, one) for consumer in consumers for topic, ones in consumer.owned.items() for one in ones]
    assert len(held) == len(set(held))
    return [consumer.count for consumer in consumers]


def test_hundred_classic_members_at_once_need_one_rebalance(groups: Groups) -> None:
    consumers = [ClassicConsumer(groups, "big", cooperative=False) for _ in range(MEMBERS)]
    settle_all(groups, *consumers)
    assert shares(consumers) == [PARTITIONS // MEMBERS] * MEMBERS
    assert classic_group(groups).generation_id == 1


def test_hundred_classic_members_that_come_to_a_stable_group_need_one_rebalance_more(groups: Groups) -> None:
    first = ClassicConsumer(groups, "big", cooperative=False)
    settle_all(groups, first)
    consumers = [first, *[ClassicConsumer(groups, "big", cooperative=False) for _ in range(MEMBERS - 1)]]
    settle_all(groups, *consumers)
    assert shares(consumers) == [PARTITIONS // MEMBERS] * MEMBERS
    assert classic_group(groups).generation_id == 2


def test_hundred_consumers_of_the_new_protocol_settle_in_few_heartbeats(groups: Groups) -> None:
    consumers = [Consumer(groups, f"m{number}", "big") for number in range(MEMBERS)]
    for one in consumers:
        assert one.beat() == errors.NONE
    # One heartbeat to hear what to give up, one to say so, one to be given what is free then.
    for _ in range(3):
        for one in consumers:
            assert one.beat() == errors.NONE
    assert shares(consumers) == [PARTITIONS // MEMBERS] * MEMBERS
    assert groups.shard.groups["c"].state == "Stable"


def test_members_change_their_protocol_one_by_one(groups: Groups) -> None:
    """A rolling restart: in between the group is of both kinds, and nobody ever shares a partition."""
    count = 10
    old = [ClassicConsumer(groups, "big") for _ in range(count)]
    settle_all(groups, *old)
    new: list[Consumer] = []
    while old:
        old.pop().leave()
        new.append(Consumer(groups, f"m{len(new)}", "big"))
        settle_all(groups, *old, *new)
        assert shares([*old, *new]) == [PARTITIONS // count] * count


@pytest.mark.parametrize("kind", ["classic", "new"])
def test_partitions_of_a_member_that_just_stops_move(groups: Groups, kind: str) -> None:
    consumers: list[Any] = [
        ClassicConsumer(groups, "big", session_timeout_ms=45_000)
        if kind == "classic"
        else Consumer(groups, f"m{number}", "big")
        for number in range(5)
    ]
    settle_all(groups, *consumers)
    silent, others = consumers[0], consumers[1:]
    for _ in range(44):
        groups.advance(1_000)
        for one in others:
            one.beat()
    members = groups.shard.groups["c"].members
    assert (silent.member_id in members, sum(shares(others))) == (True, PARTITIONS * 4 // 5)
    groups.advance(1_000)
    assert silent.member_id not in groups.shard.groups["c"].members
    settle_all(groups, *others)
    assert shares(others) == [PARTITIONS // 4] * 4


def test_offsets_of_a_thousand_partitions(groups: Groups) -> None:
    consumer = Consumer(groups, "m", "big")
    consumer.beat()
    for partition in range(PARTITIONS):
        code = groups.commit(partition, topic="big", partition=partition, group_id="c", member_id="m", generation_id=1)
        assert code == errors.NONE
    groups.restart()
    assert groups.fetch("c") == {("big", one): (one, "", errors.NONE) for one in range(PARTITIONS)}
