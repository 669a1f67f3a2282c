"""Share groups where the sequence against Kafka does not lead: deadlines, failures, restarts, settings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.share_groups.state_partitions import StateTopic
from minikafka.coordinator.share_state import outcomes as share_states
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequest,
)
from tests.coordinator.groups import Groups, Outcome
from tests.coordinator.share_groups.sharers import (
    Sharer,
    alter,
    describe_offsets,
    forget,
    settle,
    share_group,
    share_state,
)

SESSION_MS = 45_000
RETRY_MS = 30_000
DONE = share_states.Outcome()


@pytest.fixture
def groups() -> Groups:
    groups = Groups()
    groups.topics.put("t", 4)
    groups.topics.put("u", 2)
    return groups


def topic_id(groups: Groups, name: str) -> bytes:
    found: bytes = groups.topics.topics_by_name[name].topic_id
    return found


def delete(groups: Groups, group_id: str = "s") -> int:
    [result] = Outcome(groups.coordinator.delete_groups([group_id])).value
    code: int = result.error_code
    return code


# Members


def test_a_member_gets_what_it_reads_with_its_second_heartbeat(groups: Groups) -> None:
    a = Sharer(groups, "a", "t")
    answer = a.send()
    assert (answer.member_epoch, answer.heartbeat_interval_ms) == (1, 5_000)
    assert answer.assignment.topic_partitions == []
    a.epoch = 1
    assert a.beat() == errors.NONE
    assert (a.epoch, a.assigned) == (2, {topic_id(groups, "t"): {0, 1, 2, 3}})


def test_members_share_partitions(groups: Groups) -> None:
    sharers = [Sharer(groups, f"m{number}", "u") for number in range(5)]
    settle(*sharers)
    assert sorted(len(one.assigned[topic_id(groups, "u")]) for one in sharers) == [1, 1, 1, 1, 2]


def test_a_silent_member_is_out_after_its_session(groups: Groups) -> None:
    a, b = Sharer(groups, "a", "t"), Sharer(groups, "b", "t")
    settle(a, b)
    groups.advance(SESSION_MS - 1)
    settle(b)
    groups.advance(1)
    settle(b)
    assert b.assigned == {topic_id(groups, "t"): {0, 1, 2, 3}}
    assert a.beat() == errors.UNKNOWN_MEMBER_ID
    groups.advance(SESSION_MS)
    assert share_group(groups).state == "Empty"
    groups.advance(30 * 24 * 3_600_000)
    assert share_group(groups).state == "Empty", "it stays until somebody deletes it"


def test_sessions_begin_anew_after_a_restart(groups: Groups) -> None:
    a = Sharer(groups, "a", "t")
    settle(a)
    before = share_state(groups.shard)
    groups.advance(SESSION_MS - 1)
    groups.restart()
    assert share_state(groups.shard) == before
    groups.advance(SESSION_MS - 1)
    assert a.beat() == errors.NONE
    groups.restart()
    groups.advance(SESSION_MS)
    assert share_group(groups).is_empty


def test_sessions_and_heartbeats_of_a_group_of_its_own(groups: Groups) -> None:
    groups.topics.configs[32, "s"] = {"share.session.timeout.ms": "60000", "share.heartbeat.interval.ms": "9000"}
    a = Sharer(groups, "a", "t")
    assert a.send().heartbeat_interval_ms == 9_000
    groups.advance(59_999)
    assert not share_group(groups).is_empty
    groups.advance(1)
    assert share_group(groups).is_empty


def test_settings_that_change_while_it_runs(groups: Groups) -> None:
    settle(Sharer(groups, "a", "t"))
    config = {**groups.config, "group.share.heartbeat.interval.ms": 6_000, "group.share.max.size": 1}
    groups.coordinator.change_settings(GroupSettings(config))
    assert Sharer(groups, "a", "t").send().heartbeat_interval_ms == 6_000
    refused = Sharer(groups, "b", "t").send()
    assert refused.error_code == errors.GROUP_MAX_SIZE_REACHED
    assert refused.error_message == "The share group has reached its maximum capacity of 1 members."


def test_a_heartbeat_that_could_not_be_written_says_so_and_changes_nothing(groups: Groups) -> None:
    a = Sharer(groups, "a", "t")
    settle(a)
    before = share_state(groups.shard)
    groups.log.fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)
    assert a.beat(subscribed_topic_names=["u"]) == errors.NOT_COORDINATOR
    assert share_state(groups.shard) == before
    assert a.beat(subscribed_topic_names=["u"]) == errors.NONE
    assert a.beat() == errors.NONE


# State of partitions


def refuse_next(groups: Groups) -> None:
    """Let the share coordinator fail the next time it writes."""
    groups.states.logs.logs[0].fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)


def test_what_the_share_coordinator_refuses_is_tried_again(groups: Groups) -> None:
    a = Sharer(groups, "a", "u")
    refuse_next(groups)
    assert a.beat() == errors.NONE
    states = share_group(groups).state_partitions
    assert states is not None
    assert (states.initializing, states.initialized) == ({}, {})
    a.beat()
    a.beat()
    assert a.assigned == {topic_id(groups, "u"): {0, 1}}


class SlowStates:
    """A share coordinator that takes its time, and has not lost anything."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answers: list[Pending[Any]] = []

    def initialize(self, *place: Any) -> Pending[Any]:
        self.asked.append(place)
        self.answers.append(Pending())
        return self.answers[-1]

    delete = read_summary = initialize


def slow_states(groups: Groups) -> SlowStates:
    states = SlowStates()
    groups.states = SimpleNamespace(coordinator=states)
    return states


def test_what_has_not_been_answered_is_asked_for_again_after_a_while(groups: Groups) -> None:
    states = slow_states(groups)
    a = Sharer(groups, "a", "u")
    a.beat()
    u = topic_id(groups, "u")
    assert states.asked == [("s", u, 0, 1, -1), ("s", u, 1, 1, -1)]
    groups.advance(RETRY_MS - 1)
    a.beat()
    assert len(states.asked) == 2
    groups.advance(1)
    a.beat()
    assert states.asked[2:] == states.asked[:2]
    assert share_group(groups).state_partitions.initializing == {u: StateTopic("u", frozenset([0, 1]))}  # type: ignore[union-attr]


def test_what_was_under_way_when_the_broker_stopped_is_begun_again_at_once(groups: Groups) -> None:
    states = slow_states(groups)
    a = Sharer(groups, "a", "u")
    a.beat()
    groups.restart()
    a.beat()
    assert len(states.asked) == 4
    complete(states)
    a.beat()
    assert a.assigned == {topic_id(groups, "u"): {0, 1}}


def test_topics_that_are_deleted_while_the_broker_is_down_are_forgotten(groups: Groups) -> None:
    a = Sharer(groups, "a", "t", "u")
    settle(a)
    groups.topics.delete("u")
    groups.topics.put("u", 2, b"another u".ljust(16, b"_"))
    groups.restart()
    assert share_group(groups).state_partitions.initialized.keys() == {topic_id(groups, "t")}  # type: ignore[union-attr]
    settle(a)
    assert a.assigned.keys() == {topic_id(groups, "t"), topic_id(groups, "u")}


def test_what_was_initialized_meanwhile_counts_once(groups: Groups) -> None:
    states = slow_states(groups)
    a = Sharer(groups, "a", "u")
    a.beat()
    groups.topics.delete("u")
    groups.coordinator.on_topic_deleted("u", b"u".ljust(16, b"_"), [0, 1])
    complete(states)
    assert share_group(groups).state_partitions.initialized == {}, "the topic is gone"  # type: ignore[union-attr]


def test_a_group_deleted_while_its_partitions_are_initialized_stays_deleted(groups: Groups) -> None:
    states = slow_states(groups)
    a = Sharer(groups, "a", "u")
    a.beat()
    a.leave()
    deleting = groups.coordinator.delete_groups(["s"])
    for answer in list(states.answers[2:]):
        answer.complete(DONE)
    assert Outcome(deleting).value[0].error_code == errors.NONE
    for answer in states.answers[:2]:
        answer.complete(DONE)
    assert "s" not in groups.shard.groups


def complete(states: SlowStates) -> None:
    """Answer all that has been asked, and what is asked then."""
    for answer in states.answers:
        answer.complete(DONE)


def test_what_is_begun_is_ended_though_the_client_goes_away(groups: Groups) -> None:
    states = slow_states(groups)
    cls = AlterShareGroupOffsetsRequest
    partitions = [cls.AlterShareGroupOffsetsRequestPartition(partition_index=index) for index in (0, 1)]
    topics = [cls.AlterShareGroupOffsetsRequestTopic(topic_name="u", partitions=partitions)]
    u = topic_id(groups, "u")
    cancel(groups.coordinator.share.alter_offsets(cls(group_id="s", topics=topics)))
    complete(states)
    assert share_group(groups).state_partitions.initialized == {u: StateTopic("u", frozenset([0, 1]))}  # type: ignore[union-attr]
    other = DeleteShareGroupOffsetsRequest
    asked = [other.DeleteShareGroupOffsetsRequestTopic(topic_name="u")]
    cancel(groups.coordinator.share.delete_offsets(other(group_id="s", topics=asked)))
    complete(states)
    assert share_group(groups).state_partitions[:3] == ({}, {}, {})  # type: ignore[index]
    cancel(groups.coordinator.share.alter_offsets(cls(group_id="s", topics=topics)))
    complete(states)
    cancel(groups.coordinator.delete_groups(["s"]))
    complete(states)
    assert "s" not in groups.shard.groups


def cancel(answer: object) -> None:
    assert isinstance(answer, Pending)
    answer.cancel()


def test_offsets_that_are_set_are_where_the_group_begins(groups: Groups) -> None:
    assert alter(groups, "u", {0: 7, 1: 3}).error_code == errors.NONE
    assert describe_offsets(groups, latest=10) == {("u", 0): (7, -1), ("u", 1): (3, -1)}
    groups.restart()
    assert describe_offsets(groups) == {("u", 0): (7, -1), ("u", 1): (3, -1)}
    a = Sharer(groups, "a", "u")
    a.beat()
    assert a.assigned == {topic_id(groups, "u"): {0, 1}}, "nothing has to be initialized first"
    assert describe_offsets(groups) == {("u", 0): (7, -1), ("u", 1): (3, -1)}


def test_offsets_that_could_not_be_set(groups: Groups) -> None:
    refuse_next(groups)
    [topic] = alter(groups, "u", {0: 7, 1: 3, 2: 1}).responses
    codes = [(one.partition_index, one.error_code) for one in topic.partitions]
    assert codes == [
        (0, errors.NOT_COORDINATOR),
        (1, errors.NONE),
        (2, errors.UNKNOWN_TOPIC_OR_PARTITION),
    ]
    assert topic.partitions[0].error_message.startswith("Unable to initialize share group state: ")
    groups.log.fail_next = ApiError(errors.MESSAGE_TOO_LARGE)
    failed = alter(groups, "u", {0: 7})
    assert (failed.error_code, failed.responses) == (errors.UNKNOWN_SERVER_ERROR, [])


def test_a_lag_is_what_is_not_done_with(groups: Groups) -> None:
    alter(groups, "u", {0: 7})
    written = groups.states.coordinator.write(
        "s",
        topic_id(groups, "u"),
        0,
        state_epoch=0,
        leader_epoch=0,
        start_offset=8,
        delivery_complete_count=2,
        batches=[],
    )
    assert Outcome(written).value.code == errors.NONE
    assert describe_offsets(groups, latest=20) == {("u", 0): (8, 20 - 8 - 2)}


def test_a_partition_whose_end_is_not_known(groups: Groups) -> None:
    test_a_lag_is_what_is_not_done_with(groups)

    def latest(topic: str, partition: int) -> int:
        raise ApiError(errors.KAFKA_STORAGE_ERROR)

    cls = DescribeShareGroupOffsetsRequest
    request = cls.DescribeShareGroupOffsetsRequestGroup(group_id="s", topics=None)
    [topic] = Outcome(groups.coordinator.share.describe_offsets(request, latest)).value.topics
    [partition] = topic.partitions
    assert (partition.error_code, partition.error_message) == (
        errors.KAFKA_STORAGE_ERROR,
        errors.message_of(errors.KAFKA_STORAGE_ERROR),
    )


def test_offsets_that_could_not_be_forgotten(groups: Groups) -> None:
    alter(groups, "t", {0: 1})
    alter(groups, "u", {0: 1, 1: 2})
    refuse_next(groups)
    answer = forget(groups, "u", "t", "w")
    assert [(one.topic_name, one.error_code) for one in answer.responses] == [
        ("t", errors.NONE),
        ("w", errors.UNKNOWN_TOPIC_OR_PARTITION),
        ("u", errors.NOT_COORDINATOR),
    ]
    assert share_group(groups).state_partitions.deleting == {topic_id(groups, "u"): "u"}  # type: ignore[union-attr]
    assert [one.error_code for one in forget(groups, "u").responses] == [errors.NONE]
    assert [one.error_message for one in forget(groups, "u").responses] == ["There is no offset information to delete."]


def test_what_is_being_forgotten_is_begun_again_by_who_reads_it(groups: Groups) -> None:
    alter(groups, "u", {0: 1, 1: 2})
    refuse_next(groups)
    forget(groups, "u")
    a = Sharer(groups, "a", "u")
    settle(a)
    assert a.assigned == {topic_id(groups, "u"): {0, 1}}
    assert share_group(groups).state_partitions.deleting == {}  # type: ignore[union-attr]


def test_nothing_is_noted_where_the_group_is_not_to_be_had(groups: Groups, caplog: pytest.LogCaptureFixture) -> None:
    states = slow_states(groups)
    a = Sharer(groups, "a", "u")
    a.beat()
    groups.log.fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)
    complete(states)
    assert "how initializing went could not be noted" in caplog.text
    assert share_group(groups).state_partitions.initialized == {}  # type: ignore[union-attr]


# Deletion


def test_a_deleted_group_leaves_nothing_behind(groups: Groups) -> None:
    a = Sharer(groups, "a", "t", "u")
    settle(a)
    assert delete(groups) == errors.NON_EMPTY_GROUP
    a.leave()
    assert delete(groups) == errors.NONE
    assert delete(groups) == errors.GROUP_ID_NOT_FOUND
    last: dict[Any, Any] = {repr(key): value for key, value in groups.log.records()}
    assert set(last.values()) == {None}
    groups.restart()
    assert groups.shard.groups == {}
    summary = groups.states.coordinator.read_summary("s", topic_id(groups, "u"), 0, 0)
    assert Outcome(summary).value.start_offset == -1


def test_a_group_stays_while_the_share_coordinator_does_not_forget_it(groups: Groups) -> None:
    alter(groups, "u", {0: 1, 1: 2})
    refuse_next(groups)
    assert delete(groups) == errors.NOT_COORDINATOR
    groups.restart()
    assert share_group(groups).state_partitions.deleting == {topic_id(groups, "u"): "u"}  # type: ignore[union-attr]
    assert delete(groups) == errors.NONE
    assert "s" not in groups.shard.groups


def test_groups_that_are_loading_cannot_be_asked(groups: Groups) -> None:
    settle(Sharer(groups, "a", "u"))
    groups.runtime.hold_loading(0)
    a = Sharer(groups, "a", "u")
    code = errors.COORDINATOR_LOAD_IN_PROGRESS
    assert a.send().error_code == code
    assert delete(groups) == code
    assert alter(groups, "u", {0: 1}).error_code == code
    assert forget(groups, "u").error_message == errors.message_of(code)
    [described] = Outcome(groups.coordinator.share.describe(["s"])).value
    assert described.error_code == code
    request = DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(group_id="s", topics=None)
    assert Outcome(groups.coordinator.share.describe_offsets(request, lambda *_: 0)).value.error_code == code


# By tests


def test_a_rebalance_on_demand_gives_a_new_epoch(groups: Groups) -> None:
    a = Sharer(groups, "a", "u")
    settle(a)
    epoch = a.epoch
    groups.runtime.write_to_shard(groups.shard, lambda: groups.shard.rebalance("s"))
    settle(a)
    assert a.epoch == epoch + 1


def test_a_session_ended_on_demand(groups: Groups) -> None:
    a = Sharer(groups, "a", "u")
    settle(a)
    groups.runtime.write_to_shard(groups.shard, lambda: groups.shard.expire_member("s", None))
    assert a.beat() == errors.UNKNOWN_MEMBER_ID


def test_other_types_of_groups_do_not_mind(groups: Groups) -> None:
    settle(Sharer(groups, "a", "u"))
    assert groups.join(group_id="s").value.error_code == errors.INCONSISTENT_GROUP_PROTOCOL
    assert groups.commit(3, group_id="s") == errors.GROUP_ID_NOT_FOUND
    assert groups.fetch("s") == {}
    groups.stable(1)
    groups.commit(1, group_id="simple")
    listed = groups.coordinator.list_groups([], []).groups
    assert {(one.group_id, one.group_type) for one in listed} == {
        ("s", "share"),
        ("g", "classic"),
        ("simple", "classic"),
    }
    groups.restart()
    assert groups.coordinator.list_groups([], ["SHARE"]).groups[0].group_state == "Stable"


def test_records_that_are_replayed_twice_give_the_same(groups: Groups) -> None:
    """As after a compaction that has kept what was overtaken."""
    a = Sharer(groups, "a", "t")
    settle(a)
    before = share_state(groups.shard)
    loader = GroupLoader()
    for batch in groups.log.batches * 2:
        loader.feed(batch)
    groups.restart()
    loader.finish(groups.shard)
    assert share_state(groups.shard) == before


def test_a_member_keeps_the_rack_it_has_named_once(groups: Groups) -> None:
    a = Sharer(groups, "a", "t", rack="r")
    settle(a)
    assert a.send(rack_id=None, subscribed_topic_names=None).assignment is None
    assert share_group(groups).members["a"][:4] == ("a", "r", "client", "/127.0.0.1")
