from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.consumer.consumer_group import ConsumerGroup
from tests.coordinator.consumer.consumers import Consumer, consumer_state, settle
from tests.coordinator.groups import Groups, Outcome

SESSION_MS = 45_000


@pytest.fixture
def groups() -> Groups:
    groups = Groups()
    groups.topics.put("t", 4)
    groups.topics.put("u", 2)
    return groups


def group_of(groups: Groups) -> ConsumerGroup:
    group = groups.shard.groups["c"]
    assert isinstance(group, ConsumerGroup)
    return group


def describe(groups: Groups, group_id: str = "c") -> Any:
    (group,) = Outcome(groups.coordinator.describe_consumer_groups([group_id])).value
    return group


def test_first_member_gets_everything_in_one_heartbeat(groups: Groups) -> None:
    a = Consumer(groups, "a", "t", "u")
    answer = a.send()
    assert (answer.error_code, answer.member_id, answer.member_epoch) == (errors.NONE, "a", 1)
    assert answer.heartbeat_interval_ms == 5_000
    partitions = {one.topic_id: one.partitions for one in answer.assignment.topic_partitions}
    topics = groups.topics.topics_by_name
    assert partitions == {topics["t"].topic_id: [0, 1, 2, 3], topics["u"].topic_id: [0, 1]}
    assert group_of(groups).state == "Stable"


def test_second_member_waits_until_the_first_has_given_partitions_up(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", "t")
    a.beat()
    b.beat()
    assert (a.count, b.count, b.epoch) == (4, 0, 2)
    assert a.send(topic_partitions=None, rebalance_timeout_ms=-1).member_epoch == 1
    assert group_of(groups).state == "Reconciling"
    a.beat()
    assert (a.count, a.epoch) == (2, 1)
    a.beat()
    assert a.epoch == 2
    b.beat()
    assert (a.count, b.count) == (2, 2)
    assert group_of(groups).state == "Stable"


def test_partitions_of_a_member_that_leaves_move(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", "t")
    settle(a, b)
    assert a.leave() == errors.NONE
    settle(b)
    assert b.count == 4
    assert a.send(member_epoch=2).error_code == errors.UNKNOWN_MEMBER_ID


def test_silent_member_is_out_after_its_session(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", "t")
    settle(a, b)
    groups.advance(SESSION_MS - 1)
    settle(b)
    groups.advance(1)
    settle(b)
    assert b.count == 4
    assert a.beat() == errors.UNKNOWN_MEMBER_ID


def test_member_that_does_not_give_up_in_time_is_fenced(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", "t")
    a.beat()
    b.beat()
    a.send()
    for _ in range(6):
        groups.advance(10_000)
        b.beat()
        a.send(topic_partitions=None)
    assert "a" not in group_of(groups).members
    settle(b)
    assert b.count == 4


def test_session_timeout_of_one_group(groups: Groups) -> None:
    groups.topics.configs[32, "c"] = {"consumer.session.timeout.ms": "50000", "consumer.heartbeat.interval.ms": "9000"}
    a = Consumer(groups, "a", "t")
    assert a.send().heartbeat_interval_ms == 9_000
    groups.advance(49_999)
    assert "a" in group_of(groups).members
    groups.advance(1)
    assert group_of(groups).members == {}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"instance_id": ""}, errors.INVALID_REQUEST, "InstanceId can't be empty."),
        ({"rack_id": " "}, errors.INVALID_REQUEST, "RackId can't be empty."),
        ({"group_id": ""}, errors.INVALID_REQUEST, "GroupId can't be empty."),
        ({"member_epoch": -3}, errors.INVALID_REQUEST, "MemberEpoch is invalid."),
        ({"member_epoch": 1, "member_id": ""}, errors.INVALID_REQUEST, "MemberId can't be empty."),
        ({"member_epoch": -2}, errors.INVALID_REQUEST, "InstanceId can't be null."),
        (
            {"rebalance_timeout_ms": -1},
            errors.INVALID_REQUEST,
            "RebalanceTimeoutMs must be provided in first request.",
        ),
        ({"topic_partitions": None}, errors.INVALID_REQUEST, "TopicPartitions must be empty when (re-)joining."),
        (
            {"subscribed_topic_names": None},
            errors.INVALID_REQUEST,
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.",
        ),
        (
            {"server_assignor": "sticky"},
            errors.UNSUPPORTED_ASSIGNOR,
            "ServerAssignor sticky is not supported. Supported assignors: uniform, range.",
        ),
        ({"member_epoch": 1}, errors.GROUP_ID_NOT_FOUND, "Consumer group c not found."),
        ({"member_epoch": -1}, errors.GROUP_ID_NOT_FOUND, "Group c not found."),
    ],
)
def test_requests_that_make_no_sense(groups: Groups, changes: dict[str, Any], code: int, message: str) -> None:
    answer = Consumer(groups, "a", "t").send(**changes)
    assert (answer.error_code, answer.error_message) == (code, message)


def test_members_of_another_epoch_are_fenced(groups: Groups) -> None:
    a = Consumer(groups, "a", "t")
    settle(a)
    assert a.send(member_epoch=5).error_code == errors.FENCED_MEMBER_EPOCH
    Consumer(groups, "b", "t").beat()
    settle(a)
    assert a.send(member_epoch=1, topic_partitions=None).error_code == errors.FENCED_MEMBER_EPOCH


def test_member_whose_answer_was_lost_may_come_with_its_previous_epoch(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", "t")
    settle(a)
    b.beat()
    a.beat()
    lost = a.send()
    assert lost.member_epoch == 2
    again = a.send()
    assert (again.error_code, again.member_epoch) == (errors.NONE, 2)


def test_group_has_a_maximum_size() -> None:
    groups = Groups(group_consumer_max_size=1)
    groups.topics.put("t", 1)
    Consumer(groups, "a", "t").beat()
    answer = Consumer(groups, "b", "t").send()
    assert answer.error_code == errors.GROUP_MAX_SIZE_REACHED
    assert answer.error_message == "The consumer group has reached its maximum capacity of 1 members."


def test_version_0_gets_its_member_id_from_the_broker(groups: Groups) -> None:
    assert Consumer(groups, "", "t", version=0).send().member_id == "1"


# Subscriptions


def test_new_partitions_and_topics_are_found(groups: Groups) -> None:
    a = Consumer(groups, "a", "t", "later")
    settle(a)
    assert a.count == 4
    groups.topics.put("t", 6)
    settle(a)
    assert a.count == 6
    groups.topics.put("later", 1)
    settle(a)
    assert a.count == 7
    groups.topics.delete("t")
    settle(a)
    assert a.count == 1


def test_changes_of_other_topics_are_no_rebalance(groups: Groups) -> None:
    a = Consumer(groups, "a", "t")
    settle(a)
    groups.topics.put("other", 3)
    settle(a)
    assert a.epoch == 1


def test_member_changes_what_it_reads(groups: Groups) -> None:
    a = Consumer(groups, "a", "t")
    settle(a)
    a.topics = ["u"]
    settle(a)
    assert list(a.owned) == [groups.topics.topics_by_name["u"].topic_id]
    a.topics = None
    settle(a)
    assert a.count == 2, "what a heartbeat leaves out stays as it was"


def test_regular_expression_stands_for_the_topics_it_matches_as_a_whole(groups: Groups) -> None:
    groups.topics.put("tt", 1)
    a = Consumer(groups, "a", regex="t.*")
    settle(a)
    assert a.count == 5
    groups.topics.put("txt", 2)
    settle(a)
    assert a.count == 7
    groups.restart()
    settle(a)
    assert a.epoch == 2
    a.regex = "u"
    settle(a)
    assert a.count == 2
    assert list(group_of(groups).regexes) == ["u"]


@pytest.mark.parametrize("regex", ["(", "a(?=b)", r"(a)\1", "a++", "(?<!x)y", "a{,"])
def test_regular_expression_that_re2_does_not_know(groups: Groups, regex: str) -> None:
    answer = Consumer(groups, "a", regex=regex).send()
    if regex == "a{,":
        assert answer.error_code == errors.NONE, "a brace that begins no repetition stands for itself"
        return
    assert answer.error_code == errors.INVALID_REGULAR_EXPRESSION
    assert answer.error_message.startswith(f"SubscribedTopicRegex `{regex}` is not a valid regular expression: ")
    assert "c" not in groups.shard.groups


def test_assignor_that_most_members_want(groups: Groups) -> None:
    a = Consumer(groups, "a", "t", "u", assignor="range")
    b = Consumer(groups, "b", "t", "u", assignor="range")
    c = Consumer(groups, "d", "t", "u", assignor="uniform")
    settle(a, b, c)
    assert describe(groups).assignor_name == "range"
    assert [a.count, b.count, c.count] == [3, 2, 1]


# Static members


def test_static_member_comes_back_to_its_partitions(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t", instance="x"), Consumer(groups, "b", "t")
    settle(a, b)
    owned = a.owned
    assert a.leave(-2) == errors.NONE
    groups.advance(20_000)
    settle(b)
    assert b.count == 2
    again = Consumer(groups, "a2", "t", instance="x")
    settle(again)
    assert (again.owned, again.epoch) == (owned, 2)
    assert group_of(groups).static_members == {"x": "a2"}
    groups.restart()
    settle(again, b)


def test_static_member_that_has_not_left_keeps_its_place(groups: Groups) -> None:
    settle(Consumer(groups, "a", "t", instance="x"))
    answer = Consumer(groups, "a2", "t", instance="x").send()
    assert answer.error_code == errors.UNRELEASED_INSTANCE_ID


def test_old_incarnation_is_fenced(groups: Groups) -> None:
    a = Consumer(groups, "a", "t", instance="x")
    settle(a)
    a.leave(-2)
    settle(Consumer(groups, "a2", "t", instance="x"))
    assert a.send(member_epoch=1).error_code == errors.FENCED_INSTANCE_ID
    assert Consumer(groups, "a", "t", instance="y").send(member_epoch=1).error_code == errors.UNKNOWN_MEMBER_ID


def test_static_member_that_stays_away_is_out(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t", instance="x"), Consumer(groups, "b", "t")
    settle(a, b)
    a.leave(-2)
    groups.advance(SESSION_MS - 1)
    settle(b)
    groups.advance(1)
    settle(b)
    assert b.count == 4


# Offsets, admin, restart


def test_offsets_are_committed_in_the_members_epoch(groups: Groups) -> None:
    a = Consumer(groups, "a", "t")
    settle(a)
    assert groups.commit(5, group_id="c", member_id="a", generation_id=1) == errors.NONE
    assert groups.commit(5, group_id="c", member_id="a", generation_id=2) == errors.STALE_MEMBER_EPOCH
    assert groups.commit(5, group_id="c", member_id="z", generation_id=1) == errors.UNKNOWN_MEMBER_ID
    assert groups.commit(5, group_id="c", member_id="a", generation_id=1, version=8) == errors.UNSUPPORTED_VERSION
    assert groups.commit(5, group_id="c") == errors.UNKNOWN_MEMBER_ID
    a.leave()
    assert groups.commit(6, group_id="c") == errors.NONE
    assert groups.fetch("c") == {("t", 0): (6, "", errors.NONE)}


def test_describe_list_and_delete(groups: Groups) -> None:
    a = Consumer(groups, "a", "t", instance="x")
    settle(a)
    groups.commit(5, group_id="c", member_id="a", generation_id=1)
    group = describe(groups)
    assert (group.group_state, group.group_epoch, group.assignment_epoch) == ("Stable", 1, 1)
    assert group.assignor_name == "uniform"
    (member,) = group.members
    assert (member.member_id, member.instance_id, member.member_epoch, member.member_type) == ("a", "x", 1, 1)
    (topic,) = member.assignment.topic_partitions
    assert (topic.topic_name, topic.partitions) == ("t", [0, 1, 2, 3])
    assert member.target_assignment == member.assignment
    (listed,) = groups.coordinator.list_groups(["stable"], ["consumer"]).groups
    assert (listed.group_id, listed.protocol_type, listed.group_type) == ("c", "consumer", "consumer")
    (deleted,) = Outcome(groups.coordinator.delete_groups(["c"])).value
    assert deleted.error_code == errors.NON_EMPTY_GROUP
    a.leave()
    (deleted,) = Outcome(groups.coordinator.delete_groups(["c"])).value
    assert deleted.error_code == errors.NONE
    groups.restart()
    assert list(groups.shard.groups) == []
    assert describe(groups).error_message == "Group c not found."


def test_restart_keeps_epochs_and_assignments(groups: Groups) -> None:
    a, b = Consumer(groups, "a", "t"), Consumer(groups, "b", regex="u|t")
    settle(a, b)
    before = consumer_state(groups.shard)
    groups.restart()
    assert consumer_state(groups.shard) == before
    settle(a, b)
    assert consumer_state(groups.shard) == before
    groups.advance(SESSION_MS)
    assert group_of(groups).members == {}


def test_empty_group_changes_its_protocol_and_keeps_its_offsets(groups: Groups) -> None:
    a = Consumer(groups, "a", "t")
    settle(a)
    groups.commit(5, group_id="c", member_id="a", generation_id=1)
    assert groups.sync("m", 1, group_id="c").value.error_code == errors.UNKNOWN_MEMBER_ID
    assert groups.heartbeat("m", 1, group_id="c") == errors.UNKNOWN_MEMBER_ID
    a.leave()
    member_id, joining = groups.join_new(group_id="c")
    groups.advance_until_answered(joining)
    assert groups.fetch("c") == {("t", 0): (5, "", errors.NONE)}
    assert a.beat() == errors.GROUP_ID_NOT_FOUND
    groups.leave((member_id, None), group_id="c")
    settle(a)
    assert groups.fetch("c") == {("t", 0): (5, "", errors.NONE)}
    groups.restart()
    settle(a)
    assert groups.fetch("c") == {("t", 0): (5, "", errors.NONE)}


def test_thousand_partitions_and_a_hundred_members(groups: Groups) -> None:
    groups.topics.put("big", 1_000)
    consumers = [Consumer(groups, f"m{index}", "big") for index in range(100)]
    for one in consumers:
        one.beat()
    settle(*consumers)
    assert {one.count for one in consumers} == {10}
