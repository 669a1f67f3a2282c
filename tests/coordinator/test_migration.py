"""Groups that change their protocol while members are there (KIP-848, online migration)."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.coordinator.classic.classic_group import ClassicGroup
from minikafka.coordinator.consumer.consumer_group import ConsumerGroup
from minikafka.protocol.messages import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from tests.coordinator.classic.classic_consumers import ClassicConsumer, settle_all
from tests.coordinator.consumer.consumers import Consumer, consumer_state
from tests.coordinator.groups import Groups, Outcome, hard_state, subscription

SESSION_MS = 10_000
REBALANCE_MS = 60_000


@pytest.fixture
def groups() -> Groups:
    return with_topics()


def with_topics(**config: Any) -> Groups:
    groups = Groups(group_initial_rebalance_delay_ms=0, **config)
    groups.topics.put("t", 6)
    groups.topics.put("u", 2)
    return groups


def consumer_group(groups: Groups) -> ConsumerGroup:
    group = groups.shard.groups["c"]
    assert isinstance(group, ConsumerGroup)
    return group


def classic_group(groups: Groups) -> ClassicGroup:
    group = groups.shard.groups["c"]
    assert isinstance(group, ClassicGroup)
    return group


def classic(groups: Groups, count: int, **kwargs: Any) -> list[ClassicConsumer]:
    """The members of a stable group."""
    consumers = [ClassicConsumer(groups, "t", **kwargs) for _ in range(count)]
    settle_all(groups, *consumers)
    return consumers


def records_from(groups: Groups, offset: int) -> list[tuple[str, str | None, bool]]:
    """Of the records after the first ``offset`` ones: type, member id, whether it is a tombstone."""
    return [
        (
            type(key).__name__.removesuffix("Key").removeprefix("ConsumerGroup"),
            getattr(key, "member_id", None),
            value is None,
        )
        for key, value in list(groups.log.records())[offset:]
    ]


def share(*consumers: Any) -> list[int]:
    held = [(topic, one) for consumer in consumers for topic, ones in consumer.owned.items() for one in ones]
    assert len(held) == len(set(held))
    return [one.count for one in consumers]


# Upgrade


@pytest.mark.parametrize("cooperative", [True, False])
def test_consumers_of_both_protocols_share(groups: Groups, cooperative: bool) -> None:
    a, b = classic(groups, 2, cooperative=cooperative)
    assert share(a, b) == [3, 3]
    generation = a.generation
    new = Consumer(groups, "new", "t")
    assert new.beat() == errors.NONE
    assert new.epoch == generation + 1
    assert consumer_group(groups).state == "Reconciling"
    assert share(a, b, new) == [3, 3, 0]
    assert a.beat() == errors.REBALANCE_IN_PROGRESS
    settle_all(groups, a, b, new)
    assert share(a, b, new) == [2, 2, 2]
    assert a.generation == b.generation == new.epoch
    assert consumer_group(groups).state == "Stable"


def test_upgrade_writes_what_kafka_writes(groups: Groups) -> None:
    a, b = classic(groups, 2)
    offset = groups.log.log_end_offset
    Consumer(groups, "new", "t").beat()
    members = [a.member_id, b.member_id]
    assert records_from(groups, offset) == [
        ("GroupMetadata", None, True),
        *[("MemberMetadata", one, False) for one in members],
        ("Metadata", None, False),
        *[("TargetAssignmentMember", one, False) for one in members],
        ("TargetAssignmentMetadata", None, False),
        *[("CurrentMemberAssignment", one, False) for one in members],
        ("MemberMetadata", "new", False),
        ("Metadata", None, False),
        *[("TargetAssignmentMember", one, False) for one in [*members, "new"]],
        ("TargetAssignmentMetadata", None, False),
        ("CurrentMemberAssignment", "new", False),
    ]


def test_upgraded_members_are_as_they_were(groups: Groups) -> None:
    (a,) = classic(groups, 1, instance="x")
    Consumer(groups, "new", "u").beat()
    member = consumer_group(groups).members[a.member_id]
    assert (member.instance_id, member.client_id, member.client_host) == ("x", "client", "/127.0.0.1")
    assert (member.member_epoch, member.subscribed_topic_names) == (a.generation, ("t",))
    assert (member.rebalance_timeout_ms, member.assigned) == (REBALANCE_MS, a.owned)
    assert member.classic is not None
    assert member.classic.session_timeout_ms == SESSION_MS
    assert [name for name, _ in member.classic.protocols] == ["cooperative-sticky", "range"]


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"group_consumer_migration_policy": "disabled"}, "online upgrade is disabled."),
        ({"group_consumer_migration_policy": "DOWNGRADE"}, "online upgrade is disabled."),
        ({"group_consumer_max_size": 1}, "the group size exceeds the consumer group maximum size."),
    ],
)
def test_groups_that_stay_classic(config: dict[str, Any], reason: str) -> None:
    groups = with_topics(**config)
    classic(groups, 2)
    answer = Consumer(groups, "new", "t").send()
    assert answer.error_code == errors.GROUP_ID_NOT_FOUND
    assert answer.error_message == f"Cannot upgrade classic group c to consumer group because {reason}"
    assert classic_group(groups).state == "Stable"


def test_group_of_another_protocol_type_stays_classic(groups: Groups) -> None:
    groups.join_new(group_id="c", protocol_type="connect")
    answer = Consumer(groups, "new", "t").send()
    assert answer.error_code == errors.GROUP_ID_NOT_FOUND
    assert "because the group does not use the consumer embedded protocol." in answer.error_message


def test_group_with_an_assignor_of_its_own_stays_classic(groups: Groups) -> None:
    member_id, joining = groups.join_new(group_id="c", protocols=[("range", subscription("t"))])
    groups.advance_until_answered(joining)
    assignment = ConsumerProtocolAssignment(assigned_partitions=[], user_data=b"mine").encode(0)
    groups.sync(member_id, joining.value.generation_id, {member_id: b"\0\0" + assignment}, group_id="c")
    answer = Consumer(groups, "new", "t").send()
    assert answer.error_code == errors.GROUP_ID_NOT_FOUND
    assert answer.error_message == (
        "Cannot upgrade classic group c to consumer group because an unsupported custom assignor is in use. Please "
        "refer to the documentation or switch to a default assignor before re-attempting the upgrade."
    )


@pytest.mark.parametrize("metadata", [b"", b"\xff\xff", b"\0\1\0"])
def test_group_whose_members_cannot_be_understood_stays_classic(groups: Groups, metadata: bytes) -> None:
    groups.join_new(group_id="c", protocols=[("range", metadata)])
    answer = Consumer(groups, "new", "t").send()
    assert answer.error_code == errors.GROUP_ID_NOT_FOUND
    assert "because the embedded consumer protocol is malformed." in answer.error_message


def test_members_that_wait_in_a_rebalance_join_again(groups: Groups) -> None:
    a, b = classic(groups, 2)
    a.join()
    assert a.joining is not None
    assert not a.joining.is_there
    new = Consumer(groups, "new", "t")
    assert new.beat() == errors.NONE
    assert a.joining.value.error_code == errors.REBALANCE_IN_PROGRESS
    settle_all(groups, a, b, new)
    assert share(a, b, new) == [2, 2, 2]


def test_followers_that_wait_for_the_leader_join_again(groups: Groups) -> None:
    a, b = classic(groups, 2)
    protocols = [("range", a.metadata)]
    rejoined = [groups.join(one.member_id, group_id="c", protocols=protocols) for one in (a, b)]
    follower = b if rejoined[0].value.leader == a.member_id else a
    waiting = groups.sync(follower.member_id, rejoined[0].value.generation_id, group_id="c")
    assert Consumer(groups, "new", "t").beat() == errors.NONE
    assert waiting.value.error_code == errors.REBALANCE_IN_PROGRESS


def test_group_in_its_first_rebalance_is_upgraded() -> None:
    groups = Groups()
    groups.topics.put("t", 6)
    a = ClassicConsumer(groups, "t")
    a.beat()
    new = Consumer(groups, "new", "t")
    assert new.beat() == errors.NONE
    settle_all(groups, a, new)
    assert share(a, new) == [3, 3]


def test_upgrade_that_cannot_be_stored_changes_nothing(groups: Groups) -> None:
    (a,) = classic(groups, 1)
    groups.log.fail_next = errors.ApiError(errors.NOT_ENOUGH_REPLICAS)
    new = Consumer(groups, "new", "t")
    assert new.send().error_code == errors.COORDINATOR_NOT_AVAILABLE
    assert classic_group(groups).state == "Stable"
    assert a.beat() == errors.NONE
    settle_all(groups, a, new)
    assert share(a, new) == [3, 3]


# Members of the classic protocol in a consumer group


def test_classic_consumer_joins_a_consumer_group(groups: Groups) -> None:
    new = Consumer(groups, "new", "t")
    new.beat()
    asked = groups.join(group_id="c", protocols=[("range", subscription("t"))]).value
    assert asked.error_code == errors.MEMBER_ID_REQUIRED
    assert asked.member_id not in consumer_group(groups).members
    answer = groups.join(asked.member_id, group_id="c", protocols=[("range", subscription("t"))]).value
    assert (answer.error_code, answer.generation_id) == (errors.NONE, 2)
    assert (answer.protocol_type, answer.protocol_name) == ("consumer", "range")
    assert (answer.leader, answer.members, answer.skip_assignment) == ("", [], False)
    synced = groups.sync(asked.member_id, 2, group_id="c").value
    assert (synced.error_code, synced.protocol_type, synced.protocol_name) == (errors.NONE, "consumer", "range")
    # Nothing is free yet; the answer is in the version of the member's own metadata.
    assert synced.assignment == b"\0\0" + ConsumerProtocolAssignment(user_data=None).encode(0)
    assert groups.heartbeat(asked.member_id, 2, group_id="c") == errors.NONE
    new.beat()
    new.beat()
    assert groups.heartbeat(asked.member_id, 2, group_id="c") == errors.REBALANCE_IN_PROGRESS


@pytest.mark.parametrize("version", [9, 3])
def test_assignment_is_in_the_version_of_the_member(groups: Groups, version: int) -> None:
    Consumer(groups, "new", "u").beat()
    metadata = version.to_bytes(2, "big") + ConsumerProtocolSubscription(topics=["t"], user_data=None).encode(3)
    member_id, joining = groups.join_new(group_id="c", protocols=[("range", metadata)])
    synced = groups.sync(member_id, joining.value.generation_id, group_id="c").value
    assert synced.assignment[:2] == b"\0\3"
    (topic,) = ConsumerProtocolAssignment.decode_from(synced.assignment, 2, 3)[0].assigned_partitions
    assert (topic.topic, topic.partitions) == ("t", [0, 1, 2, 3, 4, 5])


def test_joins_that_are_refused(groups: Groups) -> None:
    Consumer(groups, "new", "t", instance="x").beat()
    groups.join_new(group_id="c", protocols=[("range", subscription("t"))])

    def code(*args: Any, **kwargs: Any) -> int:
        kwargs = {"protocols": [("range", subscription("t"))], **kwargs}
        return groups.join(*args, group_id="c", **kwargs).value.error_code

    assert code("m", protocols=[("other", subscription("t"))]) == errors.INCONSISTENT_GROUP_PROTOCOL
    assert code("m", protocols=[]) == errors.INCONSISTENT_GROUP_PROTOCOL
    assert code("m", protocol_type="connect") == errors.INCONSISTENT_GROUP_PROTOCOL
    assert code("m", protocols=[("range", b"?")]) == errors.UNKNOWN_SERVER_ERROR
    assert code("m", instance="y") == errors.UNKNOWN_MEMBER_ID
    assert code("m", instance="x") == errors.FENCED_INSTANCE_ID
    full = with_topics(group_consumer_max_size=1)
    Consumer(full, "new", "t").beat()
    assert full.join("m", group_id="c", protocols=[("range", b"")]).value.error_code == errors.GROUP_MAX_SIZE_REACHED


def test_requests_that_are_refused(groups: Groups) -> None:
    new = Consumer(groups, "new", "t", instance="x")
    new.beat()
    a = ClassicConsumer(groups, "t", instance="y")
    settle_all(groups, a, new)

    def both(member_id: str, generation: int, instance: str | None) -> tuple[int, int]:
        heartbeat = groups.heartbeat(member_id, generation, group_id="c", instance=instance)
        sync = groups.sync(member_id, generation, group_id="c", instance=instance, protocol_name=a.protocol).value
        return heartbeat, sync.error_code

    for request, code in (
        (("nobody", a.generation, None), errors.UNKNOWN_MEMBER_ID),
        (("new", new.epoch, None), errors.UNKNOWN_MEMBER_ID),
        ((a.member_id, a.generation, "z"), errors.UNKNOWN_MEMBER_ID),
        ((a.member_id, a.generation, "x"), errors.FENCED_INSTANCE_ID),
        ((a.member_id, a.generation + 1, "y"), errors.ILLEGAL_GENERATION),
        ((a.member_id, a.generation, "y"), errors.NONE),
    ):
        assert both(*request) == (code, code)

    def sync(**kwargs: Any) -> int:
        return groups.sync(a.member_id, a.generation, group_id="c", **kwargs).value.error_code

    assert sync(protocol_type="connect", protocol_name=None) == errors.INCONSISTENT_GROUP_PROTOCOL
    assert sync(protocol_name="other") == errors.INCONSISTENT_GROUP_PROTOCOL
    assert sync(protocol_type=None, protocol_name=None) == errors.NONE


def test_sync_in_an_old_epoch_asks_to_join_again(groups: Groups) -> None:
    new = Consumer(groups, "new", "t")
    new.beat()
    member_id, joining = groups.join_new(group_id="c", protocols=[("range", subscription("t"))])
    new.topics = ["t", "u"]
    new.beat()
    synced = groups.sync(member_id, joining.value.generation_id, group_id="c").value
    assert synced.error_code == errors.REBALANCE_IN_PROGRESS
    groups.advance(SESSION_MS - 1)
    assert groups.heartbeat(member_id, joining.value.generation_id, group_id="c") == errors.REBALANCE_IN_PROGRESS


def test_silent_classic_member_is_out_after_the_session_it_asked_for(groups: Groups) -> None:
    new = Consumer(groups, "new", "t")
    new.beat()
    a = ClassicConsumer(groups, "t")
    settle_all(groups, a, new)
    groups.advance(SESSION_MS - 1)
    assert a.member_id in consumer_group(groups).members
    groups.advance(1)
    assert a.member_id not in consumer_group(groups).members
    settle_all(groups, new)
    assert new.count == 6


def test_upgraded_member_keeps_its_session(groups: Groups) -> None:
    a, _ = classic(groups, 2)
    Consumer(groups, "new", "t").beat()
    groups.advance(SESSION_MS - 1)
    assert a.member_id in consumer_group(groups).members
    groups.advance(1)
    assert list(consumer_group(groups).members) == ["new"]


def test_member_that_does_not_join_again_is_out(groups: Groups) -> None:
    (a,) = classic(groups, 1)
    new = Consumer(groups, "new", "t")
    new.beat()
    for _ in range(11):
        assert groups.heartbeat(a.member_id, a.generation, group_id="c") == errors.REBALANCE_IN_PROGRESS
        groups.advance(5_000)
        new.beat()
    assert a.member_id in consumer_group(groups).members
    groups.heartbeat(a.member_id, a.generation, group_id="c")
    groups.advance(5_000)
    assert list(consumer_group(groups).members) == ["new"]


def test_member_that_does_not_ask_for_its_assignment_is_out(groups: Groups) -> None:
    Consumer(groups, "new", "u").beat()
    member_id, joining = groups.join_new(
        group_id="c", protocols=[("range", subscription("t"))], rebalance_timeout_ms=7_000
    )
    groups.advance(6_999)
    assert groups.heartbeat(member_id, joining.value.generation_id, group_id="c") == errors.NONE
    groups.advance(1)
    assert list(consumer_group(groups).members) == ["new"]


def test_classic_member_commits_in_its_generation(groups: Groups) -> None:
    new = Consumer(groups, "new", "t")
    new.beat()
    a = ClassicConsumer(groups, "t")
    settle_all(groups, a, new)
    commit = {"group_id": "c", "member_id": a.member_id, "version": 5}
    assert groups.commit(1, generation_id=a.generation, **commit) == errors.NONE  # type: ignore[arg-type]
    assert groups.commit(1, generation_id=a.generation - 1, **commit) == errors.ILLEGAL_GENERATION  # type: ignore[arg-type]


def test_members_are_described_with_their_protocol(groups: Groups) -> None:
    a = ClassicConsumer(groups, "t")
    new = Consumer(groups, "new", "t")
    settle_all(groups, new, a)
    (group,) = Outcome(groups.coordinator.describe_consumer_groups(["c"])).value
    assert {one.member_id: one.member_type for one in group.members} == {"new": 1, a.member_id: 0}


def test_member_changes_its_protocol_under_its_instance_id(groups: Groups) -> None:
    a = ClassicConsumer(groups, "t", instance="x")
    b = ClassicConsumer(groups, "t", instance="y")
    settle_all(groups, a, b)
    owned = dict(a.owned)
    new = Consumer(groups, "new", "t", instance="x")
    settle_all(groups, new)
    assert new.owned == owned
    assert a.beat() == errors.FENCED_INSTANCE_ID
    settle_all(groups, b, new)
    assert share(b, new) == [3, 3]


# Downgrade


@pytest.mark.parametrize("way", ["leaves", "is silent", "is removed"])
def test_last_consumer_of_the_new_protocol_goes(groups: Groups, way: str) -> None:
    a, b = classic(groups, 2)
    new = Consumer(groups, "new", "t")
    new.beat()
    settle_all(groups, a, b, new)
    epoch = new.epoch
    if way == "leaves":
        assert new.leave() == errors.NONE
    elif way == "is removed":
        (answer,) = groups.leave(("new", None), group_id="c").members
        assert (answer.member_id, answer.error_code) == ("new", errors.NONE)
    else:
        for _ in range(9):
            groups.advance(5_000)
            a.beat()
            b.beat()
    group = classic_group(groups)
    assert set(group.members) == {a.member_id, b.member_id}
    assert group.generation_id >= epoch
    settle_all(groups, a, b)
    assert share(a, b) == [3, 3]
    assert group.state == "Stable"


def test_downgrade_writes_what_kafka_writes(groups: Groups) -> None:
    a, b = classic(groups, 2)
    new = Consumer(groups, "new", "t")
    settle_all(groups, a, b, new)
    members = list(consumer_group(groups).members)
    epoch = consumer_group(groups).group_epoch
    offset = groups.log.log_end_offset
    new.leave()
    assert records_from(groups, offset) == [
        *[("CurrentMemberAssignment", one, True) for one in members],
        *[("TargetAssignmentMember", one, True) for one in members],
        ("TargetAssignmentMetadata", None, True),
        *[("MemberMetadata", one, True) for one in members],
        ("PartitionMetadata", None, True),
        ("Metadata", None, True),
        ("GroupMetadata", None, False),
    ]
    _, value = list(groups.log.records())[-1]
    assert (value.protocol_type, value.protocol, value.generation) == ("consumer", "cooperative-sticky", epoch)
    assert value.leader == value.members[0].member_id == a.member_id
    assert [one.session_timeout for one in value.members] == [SESSION_MS, SESSION_MS]
    assigned = ConsumerProtocolAssignment.decode_from(value.members[0].assignment, 2, 1)[0].assigned_partitions
    assert {(one.topic, partition) for one in assigned for partition in one.partitions} == {
        ("t", partition) for partitions in a.owned.values() for partition in partitions
    }


def test_downgraded_members_keep_all_their_protocols(groups: Groups) -> None:
    (a,) = classic(groups, 1)
    new = Consumer(groups, "new", "t")
    settle_all(groups, a, new)
    new.leave()
    assert [name for name, _ in classic_group(groups).members[a.member_id].protocols] == ["cooperative-sticky", "range"]
    groups.advance(SESSION_MS)
    assert classic_group(groups).state == "Empty"


@pytest.mark.parametrize(
    "config",
    [{"group_consumer_migration_policy": "upgrade"}, {"group_max_size": 1}],
)
def test_groups_that_stay_consumer_groups(config: dict[str, Any]) -> None:
    groups = with_topics(**config)
    new = Consumer(groups, "new", "t")
    new.beat()
    a, b = ClassicConsumer(groups, "t"), ClassicConsumer(groups, "t")
    settle_all(groups, a, b, new)
    new.leave()
    assert set(consumer_group(groups).members) == {a.member_id, b.member_id}
    settle_all(groups, a, b)
    assert share(a, b) == [3, 3]


def test_group_without_members_is_not_downgraded(groups: Groups) -> None:
    new = Consumer(groups, "new", "t")
    new.beat()
    new.leave()
    assert consumer_group(groups).state == "Empty"


@pytest.mark.parametrize("topics", [["t"], ["u"]])
def test_last_consumer_of_the_new_protocol_comes_back_with_the_old_one(groups: Groups, topics: list[str]) -> None:
    (a,) = classic(groups, 1)
    new = Consumer(groups, "new", "t", instance="x")
    settle_all(groups, a, new)
    epoch, owned = new.epoch, dict(new.owned)
    back = ClassicConsumer(groups, *topics, instance="x")
    joined = groups.join(group_id="c", instance="x", protocols=[("cooperative-sticky", back.metadata)]).value
    group = classic_group(groups)
    assert set(group.members) == {a.member_id, joined.member_id}
    assert group.static_members == {"x": joined.member_id}
    if topics == ["t"]:
        assert (joined.generation_id, group.state) == (epoch, "Stable")
        synced = groups.sync(
            joined.member_id, epoch, group_id="c", instance="x", protocol_name="cooperative-sticky"
        ).value
        assert back._owned_of(synced.assignment) == owned
        assert a.beat() == errors.NONE
    else:
        assert (joined.generation_id, group.state) == (0, "PreparingRebalance")
        assert a.beat() in (errors.REBALANCE_IN_PROGRESS, errors.ILLEGAL_GENERATION)


def test_downgrade_that_cannot_be_stored_changes_nothing(groups: Groups) -> None:
    (a,) = classic(groups, 1)
    new = Consumer(groups, "new", "t")
    settle_all(groups, a, new)
    groups.log.fail_next = errors.ApiError(errors.NOT_ENOUGH_REPLICAS)
    assert new.leave() == errors.COORDINATOR_NOT_AVAILABLE
    assert "new" in consumer_group(groups).members
    assert new.beat() == errors.NONE


def test_there_and_back_again(groups: Groups) -> None:
    a, b = classic(groups, 2)
    for _ in range(3):
        new = Consumer(groups, "new", "t")
        settle_all(groups, a, b, new)
        assert share(a, b, new) == [2, 2, 2]
        new.leave()
        settle_all(groups, a, b)
        assert share(a, b) == [3, 3]


# Restart


def test_restart_keeps_classic_members_of_consumer_groups(groups: Groups) -> None:
    a, b = classic(groups, 2)
    new = Consumer(groups, "new", "t")
    settle_all(groups, a, b, new)
    before = consumer_state(groups.shard)
    groups.restart()
    assert consumer_state(groups.shard) == before
    for one in (a, b, new):
        assert one.beat() == errors.NONE


def test_restart_keeps_downgraded_groups(groups: Groups) -> None:
    a, b = classic(groups, 2)
    new = Consumer(groups, "new", "t")
    settle_all(groups, a, b, new)
    new.leave()
    settle_all(groups, a, b)
    before = hard_state(groups.shard)
    groups.restart()
    assert hard_state(groups.shard) == before
    assert a.beat() == b.beat() == errors.NONE
