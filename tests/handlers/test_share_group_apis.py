"""ShareGroupHeartbeat, ShareGroupDescribe and the offsets of share groups as clients of each version see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from minikafka import errors
from minikafka.handlers import (
    alter_share_group_offsets,
    delete_share_group_offsets,
    describe_share_group_offsets,
    share_group_describe,
    share_group_heartbeat,
)
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequest,
    ShareGroupDescribeRequest,
    ShareGroupHeartbeatRequest,
)
from minikafka.state.features import SHARE_VERSION
from tests.handlers.test_group_apis import TOPIC_ID, Api


@pytest.fixture
def api() -> Api:
    api = Api()
    api.groups.topics.put("t", 2, TOPIC_ID)
    api.config["group.share.enable"] = False
    api.image.features.levels[SHARE_VERSION] = 1
    return api


def heartbeat(member_id: str = "m", *, epoch: int = 0) -> ShareGroupHeartbeatRequest:
    return ShareGroupHeartbeatRequest(
        group_id="s", member_id=member_id, member_epoch=epoch, subscribed_topic_names=["t"]
    )


def alter() -> AlterShareGroupOffsetsRequest:
    cls = AlterShareGroupOffsetsRequest
    partition = cls.AlterShareGroupOffsetsRequestPartition(partition_index=0, start_offset=3)
    topic = cls.AlterShareGroupOffsetsRequestTopic(topic_name="t", partitions=[partition])
    return cls(group_id="s", topics=[topic])


def delete() -> DeleteShareGroupOffsetsRequest:
    topics = [DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic(topic_name="t")]
    return DeleteShareGroupOffsetsRequest(group_id="s", topics=topics)


def describe_offsets() -> DescribeShareGroupOffsetsRequest:
    cls = DescribeShareGroupOffsetsRequest
    return cls(groups=[cls.DescribeShareGroupOffsetsRequestGroup(group_id="s", topics=None)])


def test_members_join_and_are_described(api: Api) -> None:
    assert api.call(share_group_heartbeat, heartbeat(), 1).member_epoch == 1
    answer = api.call(share_group_heartbeat, heartbeat(epoch=1), 1)
    assert [(one.topic_id, one.partitions) for one in answer.assignment.topic_partitions] == [(TOPIC_ID, [0, 1])]
    request = ShareGroupDescribeRequest(group_ids=["s", "gone"], include_authorized_operations=True)
    known, gone = api.call(share_group_describe, request, 1).groups
    assert (known.group_state, known.authorized_operations, known.members[0].client_id) == ("Stable", 3400, "app")
    assert (gone.error_code, gone.error_message) == (errors.GROUP_ID_NOT_FOUND, "Group gone not found.")


@pytest.mark.parametrize("member_id", ["", "m" * 37])
def test_a_member_needs_an_id_as_long_as_a_uuid_at_most(api: Api, member_id: str) -> None:
    answer = api.call(share_group_heartbeat, heartbeat(member_id), 1)
    assert (answer.error_code, answer.error_message) == (errors.INVALID_REQUEST, None)


@pytest.mark.parametrize("version", [0, 1])
def test_offsets_are_set_described_and_forgotten(api: Api, version: int) -> None:
    assert api.call(alter_share_group_offsets, alter(), 0).error_code == errors.NONE
    [group] = api.call(describe_share_group_offsets, describe_offsets(), version).groups
    [topic] = group.topics
    assert [(one.partition_index, one.start_offset, one.lag) for one in topic.partitions] == [(0, 3, -1)]
    assert [one.error_code for one in api.call(delete_share_group_offsets, delete(), 0).responses] == [errors.NONE]
    assert api.call(describe_share_group_offsets, describe_offsets(), version).groups[0].topics == []


ALL: list[tuple[Any, Callable[[], Any]]] = [
    (share_group_heartbeat, heartbeat),
    (share_group_describe, lambda: ShareGroupDescribeRequest(group_ids=["s"])),
    (describe_share_group_offsets, describe_offsets),
    (alter_share_group_offsets, alter),
    (delete_share_group_offsets, delete),
]


def code_of(answer: Any) -> int:
    code: int = answer.groups[0].error_code if hasattr(answer, "groups") else answer.error_code
    return code


@pytest.mark.parametrize(("module", "request_of"), ALL, ids=lambda one: getattr(one, "__name__", ""))
def test_share_groups_that_are_switched_off(api: Api, module: Any, request_of: Callable[[], Any]) -> None:
    api.image.features.levels[SHARE_VERSION] = 0
    request = request_of()
    assert code_of(api.call(module, request, request.max_version)) == errors.UNSUPPORTED_VERSION
    api.config["group.share.enable"] = True
    assert code_of(api.call(module, request, request.max_version)) in (errors.NONE, errors.GROUP_ID_NOT_FOUND)


@pytest.mark.parametrize(("module", "request_of"), ALL[1:], ids=lambda one: getattr(one, "__name__", ""))
def test_a_request_that_fails_as_a_whole(module: Any, request_of: Callable[[], Any]) -> None:
    assert code_of(module.error_response(request_of(), errors.UNKNOWN_SERVER_ERROR)) == errors.UNKNOWN_SERVER_ERROR
