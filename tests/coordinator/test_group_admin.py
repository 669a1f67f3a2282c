from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.result import Caller
from tests.coordinator.groups import Groups, Outcome


@pytest.fixture
def groups() -> Groups:
    return Groups(partitions=3)


def describe(groups: Groups, *group_ids: str, version: int = 6) -> list[Any]:
    described: list[Any] = Outcome(groups.coordinator.describe_groups(Caller(version), list(group_ids))).value
    return described


def delete(groups: Groups, *group_ids: str) -> dict[str, int]:
    return {one.group_id: one.error_code for one in Outcome(groups.coordinator.delete_groups(list(group_ids))).value}


def member_of(groups: Groups, group_id: str) -> str:
    member_id, joining = groups.join_new(group_id=group_id)
    groups.advance_until_answered(joining)
    groups.sync(member_id, 1, {member_id: b"all"}, group_id=group_id)
    return member_id


def test_describe_stable_group(groups: Groups) -> None:
    member_id = member_of(groups, "g")
    (group,) = describe(groups, "g")
    assert (group.error_code, group.group_id, group.group_state) == (errors.NONE, "g", "Stable")
    assert (group.protocol_type, group.protocol_data) == ("consumer", "range")
    (member,) = group.members
    assert (member.member_id, member.group_instance_id) == (member_id, None)
    assert (member.client_id, member.client_host) == ("client", "/127.0.0.1")
    assert (member.member_metadata, member.member_assignment) == (b"m", b"all")


def test_describe_group_in_a_rebalance_shows_members_without_metadata(groups: Groups) -> None:
    groups.join_new()
    (group,) = describe(groups, "g")
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert [(m.member_metadata, m.member_assignment) for m in group.members] == [(b"", b"")]


@pytest.mark.parametrize(
    ("version", "code", "message"), [(5, errors.NONE, None), (6, errors.GROUP_ID_NOT_FOUND, "Group g not found.")]
)
def test_describe_unknown_group(groups: Groups, version: int, code: int, message: str | None) -> None:
    (group,) = describe(groups, "g", version=version)
    assert (group.group_id, group.group_state, group.error_code, group.error_message) == ("g", "Dead", code, message)


def test_list_groups_of_all_partitions_by_state_and_type(groups: Groups) -> None:
    for group_id in ("a", "b", "c"):
        member_of(groups, group_id)
    groups.commit(1, group_id="simple")

    def listed(states: list[str], types: list[str]) -> set[str]:
        return {group.group_id for group in groups.coordinator.list_groups(states, types).groups}

    assert listed([], []) == {"a", "b", "c", "simple"}
    assert listed(["stable"], []) == listed([" STABLE"], []) == {"a", "b", "c"}
    assert listed(["Empty", "Dead"], []) == {"simple"}
    assert listed([], ["Classic"]) == {"a", "b", "c", "simple"}
    assert listed([], ["consumer"]) == listed([], ["nonsense"]) == set()


def test_delete_groups(groups: Groups) -> None:
    member_of(groups, "live")
    groups.commit(1, group_id="old")
    assert delete(groups, "live", "old", "never") == {
        "live": errors.NON_EMPTY_GROUP,
        "old": errors.NONE,
        "never": errors.GROUP_ID_NOT_FOUND,
    }
    groups.restart()
    assert {group.group_id for group in groups.coordinator.list_groups([], []).groups} == {"live"}
    assert groups.fetch("old") == {}


def test_deleted_group_begins_anew(groups: Groups) -> None:
    member_id = member_of(groups, "g")
    groups.leave((member_id, None))
    pending = groups.join().value.member_id
    assert delete(groups, "g") == {"g": errors.NONE}
    assert groups.join(pending).value.error_code == errors.UNKNOWN_MEMBER_ID
    groups.advance(60_000)
    assert member_of(groups, "g")
