"""The group APIs as clients of each version see them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from minikafka import errors
from minikafka.handlers import (
    API_BY_KEY,
    delete_groups,
    describe_groups,
    heartbeat,
    join_group,
    leave_group,
    list_groups,
    offset_commit,
    offset_delete,
    offset_fetch,
    sync_group,
)
from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import (
    DeleteGroupsRequest,
    DescribeGroupsRequest,
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    ListGroupsRequest,
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
    request_class,
    response_class,
)
from minikafka.state.features import GROUP_VERSION, FeaturesImage
from tests.coordinator.groups import Groups, Outcome

TOPIC_ID = bytes(range(16))
OTHER_ID = bytes(range(1, 17))


def features(group_version: int) -> FeaturesImage:
    image = FeaturesImage()
    image.levels[GROUP_VERSION] = group_version
    return image


class Api:
    """Calls handlers as the dispatcher does: requests and responses go through their bytes."""

    def __init__(self) -> None:
        self.groups = Groups(group_initial_rebalance_delay_ms=0)
        topic = SimpleNamespace(name="t", topic_id=TOPIC_ID, partitions=[object(), object()])
        self.image = SimpleNamespace(topics_by_name={"t": topic}, topics_by_id={TOPIC_ID: topic}, features=features(1))
        self.config: dict[str, Any] = {"group.coordinator.rebalance.protocols": ["classic", "consumer"]}

    def call(self, module: Any, request: Any, version: int) -> Any:
        """The answer as the client decodes it; it must be there when time has moved a little."""
        broker: Any = SimpleNamespace(groups=self.groups.coordinator, image=self.image, config=self.config)
        connection: Any = SimpleNamespace(client_host="127.0.0.1")
        ctx = RequestContext(broker, connection, request.api_key, version, 1, "app")
        decoded = request_class(request.api_key).decode(request.encode(version), version)
        outcome: Outcome[Any] = Outcome(module.handle(ctx, decoded))
        if not outcome.is_there:
            self.groups.advance_until_answered(outcome)
        return response_class(request.api_key).decode(outcome.value.encode(version), version)

    def member(self, version: int = 9) -> str:
        """Makes ``g`` a stable group of one member; returns its id."""
        joined = self.call(join_group, join(), version)
        if joined.error_code == errors.MEMBER_ID_REQUIRED:
            joined = self.call(join_group, join(joined.member_id), version)
        assert joined.error_code == errors.NONE
        synced = self.call(sync_group, sync(joined.member_id, joined.generation_id), 3)
        assert (synced.error_code, synced.assignment) == (errors.NONE, b"all")
        member_id: str = joined.member_id
        return member_id


@pytest.fixture
def api() -> Api:
    return Api()


def join(member_id: str = "", *, group_id: str = "g") -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=group_id,
        session_timeout_ms=10_000,
        rebalance_timeout_ms=20_000,
        member_id=member_id,
        protocol_type="consumer",
        protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"m")],
    )


def sync(member_id: str, generation_id: int, **more: Any) -> SyncGroupRequest:
    return SyncGroupRequest(
        group_id="g",
        generation_id=generation_id,
        member_id=member_id,
        assignments=[SyncGroupRequest.SyncGroupRequestAssignment(member_id=member_id, assignment=b"all")],
        **more,
    )


def commit(*partitions: int, offset: int = 5, topic: str = "t", topic_id: bytes = bytes(16)) -> OffsetCommitRequest:
    return OffsetCommitRequest(
        group_id="g",
        topics=[
            OffsetCommitRequest.OffsetCommitRequestTopic(
                name=topic,
                topic_id=topic_id,
                partitions=[
                    OffsetCommitRequest.OffsetCommitRequestPartition(
                        partition_index=partition, committed_offset=offset, committed_metadata="note"
                    )
                    for partition in partitions
                ],
            )
        ],
    )


def versions(key: int) -> list[int]:
    api = API_BY_KEY[key]
    return list(range(api.min_version, api.max_version + 1))


@pytest.mark.parametrize("version", versions(11))
def test_join_and_sync_at_every_version(api: Api, version: int) -> None:
    first = api.call(join_group, join(), version)
    assert first.error_code == (errors.MEMBER_ID_REQUIRED if version >= 4 else errors.NONE)
    if version >= 4:
        assert first.protocol_name == (None if version >= 7 else "")
        first = api.call(join_group, join(first.member_id), version)
    assert (first.generation_id, first.protocol_name, first.leader) == (1, "range", first.member_id)
    assert first.protocol_type == ("consumer" if version >= 7 else None)


@pytest.mark.parametrize("version", versions(11))
def test_refused_join_at_every_version(api: Api, version: int) -> None:
    answer = api.call(join_group, join(group_id=""), version)
    assert (answer.error_code, answer.protocol_name) == (errors.INVALID_GROUP_ID, None if version >= 7 else "")


@pytest.mark.parametrize("version", versions(14))
def test_sync_at_every_version(api: Api, version: int) -> None:
    member_id = api.member()
    answer = api.call(sync_group, sync(member_id, 1, protocol_type="consumer", protocol_name="range"), version)
    assert (answer.error_code, answer.assignment) == (errors.NONE, b"all")


def test_sync_must_name_the_protocol_since_version_5(api: Api) -> None:
    member_id = api.member()
    assert api.call(sync_group, sync(member_id, 1), 5).error_code == errors.INCONSISTENT_GROUP_PROTOCOL
    assert api.call(sync_group, sync(member_id, 1), 4).error_code == errors.NONE


@pytest.mark.parametrize("version", versions(12))
def test_heartbeat_at_every_version(api: Api, version: int) -> None:
    member_id = api.member()
    good = HeartbeatRequest(group_id="g", generation_id=1, member_id=member_id)
    assert api.call(heartbeat, good, version).error_code == errors.NONE
    stale = HeartbeatRequest(group_id="g", generation_id=0, member_id=member_id)
    assert api.call(heartbeat, stale, version).error_code == errors.ILLEGAL_GENERATION


@pytest.mark.parametrize("version", versions(13))
def test_leave_at_every_version(api: Api, version: int) -> None:
    member_id = api.member()
    if version >= 3:
        request = LeaveGroupRequest(
            group_id="g",
            members=[LeaveGroupRequest.MemberIdentity(member_id=one) for one in (member_id, "nobody")],
        )
        answer = api.call(leave_group, request, version)
        assert answer.error_code == errors.NONE
        assert [one.error_code for one in answer.members] == [errors.NONE, errors.UNKNOWN_MEMBER_ID]
    else:
        request = LeaveGroupRequest(group_id="g", member_id=member_id)
        assert api.call(leave_group, request, version).error_code == errors.NONE
        assert api.call(leave_group, request, version).error_code == errors.UNKNOWN_MEMBER_ID
        unknown = LeaveGroupRequest(group_id="other", member_id=member_id)
        assert api.call(leave_group, unknown, version).error_code == errors.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("version", versions(15))
def test_describe_at_every_version(api: Api, version: int) -> None:
    member_id = api.member()
    request = DescribeGroupsRequest(groups=["g", "gone"], include_authorized_operations=version >= 3)
    known, gone = api.call(describe_groups, request, version).groups
    assert (known.group_state, known.protocol_type, known.protocol_data) == ("Stable", "consumer", "range")
    assert [(m.member_id, m.client_id, m.client_host) for m in known.members] == [(member_id, "app", "/127.0.0.1")]
    assert known.authorized_operations == (3400 if version >= 3 else -(1 << 31))
    assert gone.group_state == "Dead"
    assert gone.error_code == (errors.GROUP_ID_NOT_FOUND if version >= 6 else errors.NONE)


@pytest.mark.parametrize("version", versions(16))
def test_list_at_every_version(api: Api, version: int) -> None:
    api.member()
    (group,) = api.call(list_groups, ListGroupsRequest(), version).groups
    assert (group.group_id, group.protocol_type) == ("g", "consumer")
    assert group.group_state == ("Stable" if version >= 4 else "")
    assert group.group_type == ("classic" if version >= 5 else "")
    if version >= 4:
        assert api.call(list_groups, ListGroupsRequest(states_filter=["Empty"]), version).groups == []
    if version >= 5:
        assert api.call(list_groups, ListGroupsRequest(types_filter=["consumer"]), version).groups == []


@pytest.mark.parametrize("version", versions(42))
def test_delete_groups_at_every_version(api: Api, version: int) -> None:
    api.call(offset_commit, commit(0), 9)
    request = DeleteGroupsRequest(groups_names=["g", "gone", "g"])
    results = api.call(delete_groups, request, version).results
    assert [(one.group_id, one.error_code) for one in results] == [
        ("g", errors.NONE),
        ("gone", errors.GROUP_ID_NOT_FOUND),
    ]


@pytest.mark.parametrize("version", versions(8))
def test_commit_at_every_version(api: Api, version: int) -> None:
    request = commit(0, 7, 1, topic_id=TOPIC_ID if version >= 10 else bytes(16))
    (topic,) = api.call(offset_commit, request, version).topics
    assert {one.partition_index: one.error_code for one in topic.partitions} == {
        0: errors.NONE,
        1: errors.NONE,
        7: errors.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert api.groups.fetch() == {("t", 0): (5, "note", errors.NONE), ("t", 1): (5, "note", errors.NONE)}


def test_commit_for_unknown_topics(api: Api) -> None:
    (topic,) = api.call(offset_commit, commit(0, topic="u"), 9).topics
    assert (topic.name, topic.partitions[0].error_code) == ("u", errors.UNKNOWN_TOPIC_OR_PARTITION)
    (topic,) = api.call(offset_commit, commit(0, topic_id=OTHER_ID), 10).topics
    assert (topic.topic_id, topic.partitions[0].error_code) == (OTHER_ID, errors.UNKNOWN_TOPIC_ID)


@pytest.mark.parametrize("version", versions(8))
def test_refused_commit_says_so_for_every_partition(api: Api, version: int) -> None:
    api.member()
    request = commit(0, 1, topic_id=TOPIC_ID if version >= 10 else bytes(16))
    (topic,) = api.call(offset_commit, request, version).topics
    assert [one.error_code for one in topic.partitions] == [errors.UNKNOWN_MEMBER_ID] * 2


@pytest.mark.parametrize("version", versions(9))
def test_fetch_at_every_version(api: Api, version: int) -> None:
    api.call(offset_commit, commit(0), 9)
    if version >= 8:
        request = OffsetFetchRequest(
            groups=[
                OffsetFetchRequest.OffsetFetchRequestGroup(
                    group_id=group_id,
                    topics=[
                        OffsetFetchRequest.OffsetFetchRequestTopics(
                            name="t", topic_id=TOPIC_ID if version >= 10 else bytes(16), partition_indexes=[0, 1]
                        )
                    ],
                )
                for group_id in ("g", "h")
            ]
        )
        first, second = api.call(offset_fetch, request, version).groups
        assert (first.group_id, second.group_id) == ("g", "h")
        assert [one.committed_offset for one in second.topics[0].partitions] == [-1, -1]
        (topic,) = first.topics
    else:
        request = OffsetFetchRequest(
            group_id="g",
            topics=[OffsetFetchRequest.OffsetFetchRequestTopic(name="t", partition_indexes=[0, 1])],
        )
        answer = api.call(offset_fetch, request, version)
        assert answer.error_code == errors.NONE
        (topic,) = answer.topics
    committed, never = topic.partitions
    assert (committed.committed_offset, committed.metadata, committed.error_code) == (5, "note", errors.NONE)
    assert (never.committed_offset, never.metadata) == (-1, "")
    assert never.error_code == (errors.UNKNOWN_TOPIC_OR_PARTITION if version == 0 else errors.NONE)


@pytest.mark.parametrize("version", versions(9)[2:])
def test_fetch_all_at_every_version_that_can(api: Api, version: int) -> None:
    api.call(offset_commit, commit(0, 1), 9)
    api.groups.commit(1, topic="deleted")
    if version >= 8:
        request = OffsetFetchRequest(
            groups=[OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=None)],
        )
        (group,) = api.call(offset_fetch, request, version).groups
        topics = group.topics
    else:
        topics = api.call(offset_fetch, OffsetFetchRequest(group_id="g", topics=None), version).topics
    if version >= 10:
        assert [topic.topic_id for topic in topics] == [TOPIC_ID]
    else:
        assert [topic.name for topic in topics] == ["t", "deleted"]
    assert [one.partition_index for one in topics[0].partitions] == [0, 1]


def test_fetch_by_unknown_topic_id(api: Api) -> None:
    request = OffsetFetchRequest(
        groups=[
            OffsetFetchRequest.OffsetFetchRequestGroup(
                group_id="g",
                topics=[OffsetFetchRequest.OffsetFetchRequestTopics(topic_id=OTHER_ID, partition_indexes=[3])],
            )
        ]
    )
    (group,) = api.call(offset_fetch, request, 10).groups
    (one,) = group.topics[0].partitions
    assert (one.partition_index, one.committed_offset, one.error_code) == (3, -1, errors.UNKNOWN_TOPIC_ID)


@pytest.mark.parametrize("version", versions(9))
def test_fetch_from_a_stopped_coordinator(api: Api, version: int) -> None:
    """Each version has its own place for an error of the whole group."""
    api.groups.runtime.stop()
    code = errors.COORDINATOR_NOT_AVAILABLE
    if version >= 8:
        request = OffsetFetchRequest(
            groups=[OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=[])],
        )
        assert [group.error_code for group in api.call(offset_fetch, request, version).groups] == [code]
        return
    request = OffsetFetchRequest(
        group_id="g", topics=[OffsetFetchRequest.OffsetFetchRequestTopic(name="t", partition_indexes=[0])]
    )
    answer = api.call(offset_fetch, request, version)
    if version >= 2:
        assert (answer.error_code, answer.topics) == (code, [])
    else:
        (one,) = answer.topics[0].partitions
        assert (one.committed_offset, one.error_code) == (-1, code)


def test_delete_offsets_answers_in_the_order_of_the_request(api: Api) -> None:
    api.call(offset_commit, commit(0, 1), 9)
    request = OffsetDeleteRequest(
        group_id="g",
        topics=[
            OffsetDeleteRequest.OffsetDeleteRequestTopic(
                name=name,
                partitions=[OffsetDeleteRequest.OffsetDeleteRequestPartition(partition_index=p) for p in partitions],
            )
            for name, partitions in (("u", [0]), ("t", [9, 0]))
        ],
    )
    answer = api.call(offset_delete, request, 0)
    assert answer.error_code == errors.NONE
    assert [
        (topic.name, [(one.partition_index, one.error_code) for one in topic.partitions]) for topic in answer.topics
    ] == [
        ("u", [(0, errors.UNKNOWN_TOPIC_OR_PARTITION)]),
        ("t", [(9, errors.UNKNOWN_TOPIC_OR_PARTITION), (0, errors.NONE)]),
    ]
    assert list(api.groups.fetch()) == [("t", 1)]


def test_delete_offsets_of_an_unknown_group(api: Api) -> None:
    request = OffsetDeleteRequest(group_id="g", topics=[])
    assert api.call(offset_delete, request, 0).error_code == errors.GROUP_ID_NOT_FOUND
