from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.classic import classic_group as states
from minikafka.errors import ApiError
from tests.coordinator.groups import REBALANCE_TIMEOUT_MS, SESSION_TIMEOUT_MS, Groups, subscription


@pytest.fixture
def groups() -> Groups:
    return Groups()


# Joining


def test_new_dynamic_member_is_given_an_id_and_asked_to_join_again_with_it(groups: Groups) -> None:
    first = groups.join(client_id="app").value
    assert (first.error_code, first.member_id) == (errors.MEMBER_ID_REQUIRED, "app-1")
    second = groups.join(first.member_id)
    assert not second.is_there
    groups.advance(3_000)
    answer = second.value
    assert (answer.error_code, answer.generation_id, answer.leader) == (errors.NONE, 1, "app-1")
    assert (answer.protocol_type, answer.protocol_name, answer.skip_assignment) == ("consumer", "range", False)
    assert [(m.member_id, m.metadata) for m in answer.members] == [("app-1", b"m")]


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_member_of_an_old_version_joins_in_one_step(groups: Groups, version: int) -> None:
    """kafka-go and the Java consumers up to 2.1 do not know MEMBER_ID_REQUIRED."""
    joining = groups.join(version=version)
    groups.advance(3_000)
    assert joining.value.error_code == errors.NONE
    assert joining.value.member_id == joining.value.leader == "client-1"


def test_version_0_has_the_session_timeout_as_rebalance_timeout(groups: Groups) -> None:
    groups.join(version=0, rebalance_timeout_ms=-1, session_timeout_ms=7_000)
    (member,) = groups.group().members.values()
    assert member.rebalance_timeout_ms == 7_000


def test_initial_delay_is_extended_while_members_come_but_not_beyond_the_rebalance_timeout(groups: Groups) -> None:
    joining = [groups.join_new(rebalance_timeout_ms=8_000)[1]]
    for _ in range(3):
        groups.advance(2_500)
        assert not joining[0].is_there
        joining.append(groups.join_new(rebalance_timeout_ms=8_000)[1])
    groups.advance(500)
    assert [one.value.generation_id for one in joining] == [1, 1, 1, 1]
    assert groups.clock.monotonic_ms() == 8_000


def test_initial_delay_ends_when_nobody_else_comes(groups: Groups) -> None:
    _, joining = groups.join_new()
    groups.advance(2_999)
    assert not joining.is_there
    groups.advance(1)
    assert joining.value.generation_id == 1


def test_without_initial_delay_the_first_member_is_answered_at_once() -> None:
    groups = Groups(group_initial_rebalance_delay_ms=0)
    _, joining = groups.join_new()
    groups.advance(0)
    assert joining.value.generation_id == 1


def test_hundred_members_at_once_settle_in_one_rebalance(groups: Groups) -> None:
    members = groups.stable(100)
    group = groups.group()
    assert group.generation_id == 1
    assert list(group.members) == members


def test_only_the_leader_learns_of_the_members(groups: Groups) -> None:
    (a, joining_a), (b, joining_b) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    assert [m.member_id for m in joining_a.value.members] == [a, b]
    assert joining_b.value.members == []
    assert joining_b.value.leader == a


@pytest.mark.parametrize(
    ("session_timeout_ms", "code"),
    [
        (5_999, errors.INVALID_SESSION_TIMEOUT),
        (6_000, errors.MEMBER_ID_REQUIRED),
        (1_800_000, errors.MEMBER_ID_REQUIRED),
        (1_800_001, errors.INVALID_SESSION_TIMEOUT),
    ],
)
def test_session_timeout_has_limits(groups: Groups, session_timeout_ms: int, code: int) -> None:
    assert groups.join(session_timeout_ms=session_timeout_ms).value.error_code == code


def test_empty_group_id_is_refused_for_membership(groups: Groups) -> None:
    assert groups.join(group_id="").value.error_code == errors.INVALID_GROUP_ID
    assert groups.sync("m", 1, group_id="").value.error_code == errors.INVALID_GROUP_ID
    assert groups.heartbeat("m", 1, group_id="") == errors.INVALID_GROUP_ID
    assert groups.leave(("m", None), group_id="").error_code == errors.INVALID_GROUP_ID


def test_unknown_member_of_an_unknown_group(groups: Groups) -> None:
    answer = groups.join("nobody").value
    assert (answer.error_code, answer.member_id) == (errors.UNKNOWN_MEMBER_ID, "nobody")
    assert groups.shard.groups == {}
    assert groups.sync("nobody", 1).value.error_code == errors.UNKNOWN_MEMBER_ID
    assert groups.heartbeat("nobody", 1) == errors.UNKNOWN_MEMBER_ID
    (left,) = groups.leave(("nobody", None)).members
    assert (left.member_id, left.error_code) == ("nobody", errors.UNKNOWN_MEMBER_ID)


def test_unknown_member_of_a_known_group(groups: Groups) -> None:
    groups.stable()
    assert groups.join("nobody").value.error_code == errors.UNKNOWN_MEMBER_ID
    assert groups.sync("nobody", 1).value.error_code == errors.UNKNOWN_MEMBER_ID
    assert groups.heartbeat("nobody", 1) == errors.UNKNOWN_MEMBER_ID


def test_member_of_another_protocol_type_or_without_a_common_protocol_is_refused(groups: Groups) -> None:
    groups.stable()
    assert groups.join(protocol_type="connect").value.error_code == errors.INCONSISTENT_GROUP_PROTOCOL
    assert groups.join(protocols=[("sticky", b"")]).value.error_code == errors.INCONSISTENT_GROUP_PROTOCOL


def test_first_member_needs_a_protocol_type_and_a_protocol(groups: Groups) -> None:
    assert groups.join(protocol_type="").value.error_code == errors.INCONSISTENT_GROUP_PROTOCOL
    assert groups.join(protocols=[]).value.error_code == errors.INCONSISTENT_GROUP_PROTOCOL


def test_members_vote_for_one_of_the_protocols_they_all_have(groups: Groups) -> None:
    orders = ["abc", "bc", "cb", "cbd", "dcb"]
    joining = [groups.join_new(protocols=[(name, b"") for name in order])[1] for order in orders]
    groups.advance_until_answered(*joining)
    assert {one.value.protocol_name for one in joining} == {"c"}


def test_group_is_full(groups: Groups) -> None:
    groups = Groups(group_max_size=2)
    members = groups.stable(2)
    answer = groups.join().value
    assert (answer.error_code, answer.member_id) == (errors.GROUP_MAX_SIZE_REACHED, "")
    assert not groups.join(members[0]).is_there


def test_gathering_group_takes_no_more_than_its_size(groups: Groups) -> None:
    groups = Groups(group_max_size=2)
    joining = [groups.join(version=3) for _ in range(3)]
    assert joining[2].value.error_code == errors.GROUP_MAX_SIZE_REACHED
    groups.advance(REBALANCE_TIMEOUT_MS)
    assert [one.value.error_code for one in joining[:2]] == [errors.NONE, errors.NONE]


def test_new_member_that_nobody_waits_for_any_more_is_given_up_after_five_minutes(groups: Groups) -> None:
    a = groups.stable(rebalance_timeout_ms=600_000)[0]
    joining = groups.join(version=3)
    for _ in range(60):
        assert not joining.is_there
        groups.advance(5_000)
        groups.heartbeat(a, 1)
    assert joining.value.error_code == errors.UNKNOWN_MEMBER_ID
    assert list(groups.group().members) == [a]


def test_pending_member_that_does_not_come_back_is_forgotten(groups: Groups) -> None:
    groups.join(session_timeout_ms=6_000)
    group = groups.group()
    assert group.pending_join_members == {"client-1"}
    groups.advance(6_000)
    assert group.pending_join_members == set()


def test_rebalance_waits_for_a_pending_member(groups: Groups) -> None:
    a = groups.stable()[0]
    groups.join()
    rejoining = groups.join(a)
    assert not rejoining.is_there
    groups.advance(SESSION_TIMEOUT_MS)
    assert rejoining.value.generation_id == 2


# Rebalances


def test_new_member_makes_the_others_join_again(groups: Groups) -> None:
    a = groups.stable()[0]
    b, joining_b = groups.join_new()
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS
    assert groups.sync(a, 1).value.error_code == errors.REBALANCE_IN_PROGRESS
    joining_a = groups.join(a)
    assert joining_a.value.generation_id == joining_b.value.generation_id == 2
    groups.settle([a, b], 2)
    assert groups.group().members[b].assignment == b.encode()


def test_followers_wait_for_the_leaders_assignment(groups: Groups) -> None:
    (a, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    syncing_b = groups.sync(b, 1)
    assert not syncing_b.is_there
    assert groups.sync(a, 1, {a: b"to a", b: b"to b"}).value.assignment == b"to a"
    answer = syncing_b.value
    assert (answer.assignment, answer.protocol_type, answer.protocol_name) == (b"to b", "consumer", "range")
    assert groups.sync(b, 1).value.assignment == b"to b"


def test_only_the_leaders_assignment_counts(groups: Groups) -> None:
    (a, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    syncing_b = groups.sync(b, 1, {a: b"from b", b: b"from b"})
    assert not syncing_b.is_there
    groups.sync(a, 1, {a: b"from a"})
    assert syncing_b.value.assignment == b""


@pytest.mark.parametrize(
    ("protocol_type", "protocol_name", "code"),
    [
        ("connect", "range", errors.INCONSISTENT_GROUP_PROTOCOL),
        ("consumer", "sticky", errors.INCONSISTENT_GROUP_PROTOCOL),
        (None, None, errors.NONE),
    ],
)
def test_sync_says_which_protocol_it_means(
    groups: Groups, protocol_type: str | None, protocol_name: str | None, code: int
) -> None:
    (a,) = groups.stable()
    answer = groups.sync(a, 1, protocol_type=protocol_type, protocol_name=protocol_name).value
    assert answer.error_code == code


def test_requests_of_another_generation_are_refused(groups: Groups) -> None:
    (a,) = groups.stable()
    assert groups.heartbeat(a, 0) == errors.ILLEGAL_GENERATION
    assert groups.heartbeat(a, 2) == errors.ILLEGAL_GENERATION
    assert groups.sync(a, 2).value.error_code == errors.ILLEGAL_GENERATION
    assert groups.commit(1, member_id=a, generation_id=2) == errors.ILLEGAL_GENERATION


def test_members_that_do_not_join_again_in_time_are_out(groups: Groups) -> None:
    a, b = groups.stable(2)
    joining_a = groups.join(a)
    for _ in range(REBALANCE_TIMEOUT_MS // 5_000):
        assert not joining_a.is_there
        assert groups.heartbeat(b, 1) == errors.REBALANCE_IN_PROGRESS
        groups.advance(5_000)
    assert [m.member_id for m in joining_a.value.members] == [a]
    assert groups.heartbeat(b, 1) == errors.UNKNOWN_MEMBER_ID


def test_leader_that_does_not_join_again_is_replaced(groups: Groups) -> None:
    a, b = groups.stable(2)
    groups.join_new()
    joining_b = groups.join(b)
    for _ in range(REBALANCE_TIMEOUT_MS // 5_000):
        groups.heartbeat(a, 1)
        groups.advance(5_000)
    assert joining_b.value.leader == b


def test_member_that_never_asks_for_its_assignment_is_out(groups: Groups) -> None:
    (a, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    groups.sync(a, 1, {a: b"", b: b""})
    for _ in range(REBALANCE_TIMEOUT_MS // 5_000):
        assert list(groups.group().members) == [a, b]
        groups.heartbeat(a, 1)
        groups.heartbeat(b, 1)
        groups.advance(5_000)
    assert list(groups.group().members) == [a]
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS


def test_leader_that_joins_again_causes_a_rebalance_and_a_follower_does_not(groups: Groups) -> None:
    a, b = groups.stable(2)
    answer = groups.join(b).value
    assert (answer.generation_id, answer.leader, answer.members) == (1, a, [])
    assert groups.group().state == states.STABLE
    assert not groups.join(a).is_there
    assert groups.group().state == states.PREPARING_REBALANCE


def test_member_with_new_metadata_causes_a_rebalance(groups: Groups) -> None:
    a, b = groups.stable(2)
    assert not groups.join(b, protocols=[("range", b"changed")]).is_there
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS


def test_member_that_missed_the_answer_to_its_join_gets_it_again(groups: Groups) -> None:
    (a, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    assert [m.member_id for m in groups.join(a).value.members] == [a, b]
    assert groups.join(b).value.members == []
    assert groups.group().state == states.COMPLETING_REBALANCE


def test_change_while_members_wait_for_their_assignment_sends_them_back(groups: Groups) -> None:
    (_, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    syncing_b = groups.sync(b, 1)
    groups.join_new()
    answer = syncing_b.value
    assert (answer.error_code, answer.assignment, answer.protocol_name) == (errors.REBALANCE_IN_PROGRESS, b"", None)


# Sessions


def test_member_that_falls_silent_is_out_after_its_session_timeout(groups: Groups) -> None:
    a, b = groups.stable(2)
    groups.advance(SESSION_TIMEOUT_MS - 1)
    groups.heartbeat(a, 1)
    assert list(groups.group().members) == [a, b]
    groups.advance(1)
    assert list(groups.group().members) == [a]
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS
    joining_a = groups.join(a)
    assert joining_a.value.generation_id == 2


def test_group_without_members_is_empty_and_keeps_its_generation(groups: Groups) -> None:
    groups.stable()
    groups.advance(SESSION_TIMEOUT_MS)
    group = groups.group()
    assert (group.state, group.generation_id, group.protocol_name) == (states.EMPTY, 2, None)
    assert group.protocol_type == "consumer"


def test_commit_is_a_sign_of_life(groups: Groups) -> None:
    (a,) = groups.stable()
    groups.advance(SESSION_TIMEOUT_MS - 1)
    assert groups.commit(5, member_id=a, generation_id=1) == errors.NONE
    groups.advance(SESSION_TIMEOUT_MS - 1)
    assert groups.heartbeat(a, 1) == errors.NONE


def test_member_that_waits_in_a_join_or_sync_is_alive(groups: Groups) -> None:
    a, b = groups.stable(2)
    joining_a = groups.join(a)
    for _ in range(5):
        groups.advance(SESSION_TIMEOUT_MS - 1)
        groups.heartbeat(b, 1)
    assert list(groups.group().members) == [a, b]
    assert groups.join(b).value.generation_id == joining_a.value.generation_id == 2


# Leaving


def test_member_leaves(groups: Groups) -> None:
    a, b = groups.stable(2)
    (left,) = groups.leave((a, None)).members
    assert (left.member_id, left.error_code) == (a, errors.NONE)
    assert groups.group().leader_id == b
    assert groups.heartbeat(b, 1) == errors.REBALANCE_IN_PROGRESS
    (left,) = groups.leave((a, None)).members
    assert left.error_code == errors.UNKNOWN_MEMBER_ID


def test_last_member_leaves(groups: Groups) -> None:
    (a,) = groups.stable()
    groups.leave((a, None))
    assert groups.group().state == states.EMPTY
    groups.restart()
    assert (groups.group().state, groups.group().generation_id) == (states.EMPTY, 2)


def test_pending_member_leaves(groups: Groups) -> None:
    pending = groups.join().value.member_id
    (left,) = groups.leave((pending, None)).members
    assert left.error_code == errors.NONE
    assert groups.group().pending_join_members == set()


def test_member_leaves_while_others_wait_for_it(groups: Groups) -> None:
    a, b = groups.stable(2)
    joining = groups.join(a)
    groups.leave((b, None))
    assert joining.value.generation_id == 2


def test_waiting_member_is_answered_when_it_is_removed(groups: Groups) -> None:
    a, b = groups.stable(2)
    joining = groups.join(a)
    groups.leave((a, None))
    assert joining.value.error_code == errors.UNKNOWN_MEMBER_ID
    assert list(groups.group().members) == [b]


# Static members


def join_static(groups: Groups, *instances: str) -> dict[str, str]:
    joining = {instance: groups.join(instance=instance) for instance in instances}
    groups.advance_until_answered(*joining.values())
    members = {instance: one.value.member_id for instance, one in joining.items()}
    groups.settle(list(members.values()), 1)
    return members


def test_static_member_joins_in_one_step(groups: Groups) -> None:
    assert join_static(groups, "x") == {"x": "x-1"}


def test_static_member_comes_back_without_a_rebalance(groups: Groups) -> None:
    members = join_static(groups, "x", "y")
    answer = groups.join(instance="y").value
    assert (answer.error_code, answer.generation_id, answer.skip_assignment) == (errors.NONE, 1, False)
    assert answer.member_id not in members.values()
    assert groups.group().state == states.STABLE
    assert groups.sync(answer.member_id, 1, instance="y").value.assignment == members["y"].encode()


def test_static_leader_comes_back_as_leader_who_need_not_assign(groups: Groups) -> None:
    members = join_static(groups, "x", "y")
    answer = groups.join(instance="x").value
    assert (answer.leader, answer.skip_assignment) == (answer.member_id, True)
    assert [m.member_id for m in answer.members] == [members["y"], answer.member_id]


def test_static_leader_of_an_older_version_is_not_told_that_it_leads(groups: Groups) -> None:
    members = join_static(groups, "x", "y")
    answer = groups.join(instance="x", version=8).value
    assert (answer.leader, answer.skip_assignment, answer.members) == (members["x"], False, [])


def test_old_incarnation_of_a_static_member_is_fenced(groups: Groups) -> None:
    old = join_static(groups, "x", "y")["y"]
    groups.join(instance="y")
    assert groups.heartbeat(old, 1, instance="y") == errors.FENCED_INSTANCE_ID
    assert groups.sync(old, 1, instance="y").value.error_code == errors.FENCED_INSTANCE_ID
    assert groups.join(old, instance="y").value.error_code == errors.FENCED_INSTANCE_ID
    assert groups.commit(1, member_id=old, generation_id=1, instance="y") == errors.FENCED_INSTANCE_ID
    (left,) = groups.leave((old, "y")).members
    assert left.error_code == errors.FENCED_INSTANCE_ID
    assert groups.heartbeat(old, 1, instance="z") == errors.UNKNOWN_MEMBER_ID


def test_waiting_incarnation_is_fenced_at_once(groups: Groups) -> None:
    first = groups.join(instance="x")
    second = groups.join(instance="x")
    assert first.value.error_code == errors.FENCED_INSTANCE_ID
    assert first.value.protocol_name is None
    groups.advance(REBALANCE_TIMEOUT_MS)
    assert second.value.error_code == errors.NONE


def test_static_member_with_another_protocol_causes_a_rebalance(groups: Groups) -> None:
    both = [("range", b""), ("sticky", b"")]
    joining = groups.join(instance="x", protocols=both)
    groups.advance_until_answered(joining)
    groups.settle([joining.value.member_id], 1)
    again = groups.join(instance="x", protocols=list(reversed(both)))
    assert (again.value.generation_id, again.value.protocol_name) == (2, "sticky")


def test_static_member_that_comes_back_during_assignment_causes_a_rebalance(groups: Groups) -> None:
    x, y = groups.join(instance="x"), groups.join(instance="y")
    groups.advance_until_answered(x, y)
    syncing = groups.sync(y.value.member_id, 1, instance="y")
    again = groups.join(instance="y")
    assert syncing.value.error_code == errors.FENCED_INSTANCE_ID
    assert groups.group().state == states.PREPARING_REBALANCE
    assert groups.join(x.value.member_id, instance="x").value.generation_id == again.value.generation_id == 2


def test_static_member_stays_through_a_rebalance_it_does_not_join(groups: Groups) -> None:
    x, y = join_static(groups, "x", "y").values()
    joining = groups.join(x, instance="x")
    for _ in range(REBALANCE_TIMEOUT_MS // 5_000):
        groups.heartbeat(y, 1, instance="y")
        groups.advance(5_000)
    assert [m.member_id for m in joining.value.members] == [x, y]


def test_rebalance_that_no_static_member_joins_waits_for_one(groups: Groups) -> None:
    x, y = join_static(groups, "x", "y").values()
    new, _ = groups.join_new()
    groups.leave((new, None))
    for _ in range(2 * REBALANCE_TIMEOUT_MS // 5_000):
        assert groups.heartbeat(x, 1, instance="x") == errors.REBALANCE_IN_PROGRESS
        groups.heartbeat(y, 1, instance="y")
        groups.advance(5_000)
    assert list(groups.group().members) == [x, y]


def test_admin_removes_a_static_member_by_its_instance_id(groups: Groups) -> None:
    members = join_static(groups, "x", "y")
    gone, unknown = groups.leave(("", "x"), ("", "z")).members
    assert (gone.group_instance_id, gone.error_code) == ("x", errors.NONE)
    assert (unknown.group_instance_id, unknown.error_code) == ("z", errors.UNKNOWN_MEMBER_ID)
    assert list(groups.group().members) == [members["y"]]


# The log


def test_group_is_stored_in_kafkas_words(groups: Groups) -> None:
    (a,) = groups.stable()
    created, stable = [value for _, value in groups.log.records()]
    assert created is not None
    assert (created.protocol_type, created.protocol, created.leader, created.generation) == ("", None, None, 0)
    assert stable is not None
    assert (stable.protocol_type, stable.protocol, stable.leader, stable.generation) == ("consumer", "range", a, 1)
    (member,) = stable.members
    assert (member.client_id, member.client_host, member.session_timeout) == ("client", "/127.0.0.1", 10_000)
    assert (member.subscription, member.assignment) == (b"m", a.encode())


def test_restart_keeps_generation_and_members_within_their_session(groups: Groups) -> None:
    a, b = groups.stable(2)
    groups.restart()
    assert groups.group().state == states.STABLE
    assert groups.heartbeat(a, 1) == errors.NONE
    assert groups.sync(b, 1).value.assignment == b.encode()
    groups.advance(SESSION_TIMEOUT_MS - 1)
    groups.heartbeat(a, 1)
    groups.advance(1)
    assert list(groups.group().members) == [a]


def test_restart_keeps_static_members(groups: Groups) -> None:
    members = join_static(groups, "x")
    groups.restart()
    answer = groups.join(instance="x").value
    assert answer.generation_id == 1
    assert groups.heartbeat(members["x"], 1, instance="x") == errors.FENCED_INSTANCE_ID


def test_loaded_group_that_is_too_large_rebalances(groups: Groups) -> None:
    a, b = groups.stable(2)
    groups.config["group.max.size"] = 1
    groups.restart()
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS
    joining = groups.join(a)
    assert groups.join(b).value.error_code == errors.GROUP_MAX_SIZE_REACHED
    assert joining.value.generation_id == 2


def test_assignment_that_cannot_be_stored_makes_members_join_again(groups: Groups) -> None:
    (a, _), (b, _) = groups.join_new(), groups.join_new()
    groups.advance(10_000)
    syncing_b = groups.sync(b, 1)
    groups.log.fail_next = ApiError(errors.NOT_ENOUGH_REPLICAS)
    syncing_a = groups.sync(a, 1, {a: b"x", b: b"y"})
    assert syncing_a.value.error_code == syncing_b.value.error_code == errors.COORDINATOR_NOT_AVAILABLE
    assert groups.heartbeat(a, 1) == errors.REBALANCE_IN_PROGRESS


def test_group_that_cannot_be_stored_does_not_come_to_be(groups: Groups) -> None:
    groups.commit(1, group_id="other")
    groups.log.fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)
    assert groups.join().value.error_code == errors.NOT_COORDINATOR
    assert "g" not in groups.shard.groups


def test_static_member_that_cannot_be_stored_does_not_replace_the_old_one(groups: Groups) -> None:
    old = join_static(groups, "x")["x"]
    groups.log.fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)
    assert groups.join(instance="x").value.error_code == errors.NOT_COORDINATOR
    assert groups.heartbeat(old, 1, instance="x") == errors.NONE


def test_stopping_broker_sends_waiting_members_away(groups: Groups) -> None:
    a, _ = groups.stable(2)
    joining = groups.join(a)
    groups.runtime.stop()
    assert joining.value.error_code == errors.NOT_COORDINATOR
    assert groups.heartbeat(a, 1) == errors.COORDINATOR_NOT_AVAILABLE


def test_topics_of_a_consumer_group_are_known_to_the_broker(groups: Groups) -> None:
    groups.stable(protocols=[("range", subscription("t", "u"))])
    assert groups.group().subscribed_topics == {"t", "u"}
    groups.restart()
    assert groups.group().subscribed_topics == {"t", "u"}
