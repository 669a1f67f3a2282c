"""ConsumerGroupHeartbeat and ConsumerGroupDescribe as clients of each version see them."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.handlers import consumer_group_describe, consumer_group_heartbeat
from minikafka.protocol.messages import ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest
from tests.handlers.test_group_apis import TOPIC_ID, Api, features


@pytest.fixture
def api() -> Api:
    api = Api()
    api.groups.topics.put("t", 2, TOPIC_ID)
    return api


def heartbeat(member_id: str, *, epoch: int = 0, group_id: str = "c") -> ConsumerGroupHeartbeatRequest:
    return ConsumerGroupHeartbeatRequest(
        group_id=group_id,
        member_id=member_id,
        member_epoch=epoch,
        rebalance_timeout_ms=60_000,
        subscribed_topic_names=["t"],
        topic_partitions=[],
    )


@pytest.mark.parametrize("version", [0, 1])
def test_heartbeat_at_every_version(api: Api, version: int) -> None:
    answer = api.call(consumer_group_heartbeat, heartbeat("m"), version)
    assert (answer.error_code, answer.error_message) == (errors.NONE, None)
    assert (answer.member_id, answer.member_epoch, answer.heartbeat_interval_ms) == ("m", 1, 5_000)
    (topic,) = answer.assignment.topic_partitions
    assert (topic.topic_id, topic.partitions) == (TOPIC_ID, [0, 1])


def test_member_id_is_made_by_the_broker_in_version_0_and_by_the_client_in_version_1(api: Api) -> None:
    assert api.call(consumer_group_heartbeat, heartbeat(""), 0).member_id == "1"
    answer = api.call(consumer_group_heartbeat, heartbeat(""), 1)
    assert (answer.error_code, answer.error_message) == (errors.INVALID_REQUEST, "MemberId can't be empty.")


@pytest.mark.parametrize("version", [0, 1])
def test_refused_heartbeat_says_why(api: Api, version: int) -> None:
    answer = api.call(consumer_group_heartbeat, heartbeat("m", epoch=3), version)
    assert (answer.error_code, answer.error_message) == (errors.GROUP_ID_NOT_FOUND, "Consumer group c not found.")


@pytest.mark.parametrize("version", [0, 1])
def test_describe_at_every_version(api: Api, version: int) -> None:
    api.call(consumer_group_heartbeat, heartbeat("m"), 1)
    api.member()
    request = ConsumerGroupDescribeRequest(group_ids=["c", "g", "gone", ""], include_authorized_operations=True)
    known, classic, gone, nameless = api.call(consumer_group_describe, request, version).groups
    assert (known.group_state, known.group_epoch, known.authorized_operations) == ("Stable", 1, 3400)
    (member,) = known.members
    assert (member.client_id, member.client_host, member.member_epoch) == ("app", "/127.0.0.1", 1)
    assert member.member_type == (1 if version >= 1 else -1)
    assert (classic.error_code, classic.error_message) == (
        errors.GROUP_ID_NOT_FOUND,
        "Group g is not a consumer group.",
    )
    assert gone.error_message == "Group gone not found."
    assert nameless.error_code == errors.INVALID_GROUP_ID


@pytest.mark.parametrize("reason", ["broker", "cluster"])
def test_protocol_that_is_switched_off(api: Api, reason: str) -> None:
    if reason == "broker":
        api.config["group.coordinator.rebalance.protocols"] = ["classic"]
    else:
        api.image.features = features(0)
    answer = api.call(consumer_group_heartbeat, heartbeat("m"), 1)
    assert answer.error_code == errors.UNSUPPORTED_VERSION
    (group,) = api.call(consumer_group_describe, ConsumerGroupDescribeRequest(group_ids=["c"]), 1).groups
    assert (group.group_id, group.error_code) == ("c", errors.UNSUPPORTED_VERSION)


def test_stopped_coordinator(api: Api) -> None:
    api.groups.runtime.stop()
    answer = api.call(consumer_group_heartbeat, heartbeat("m"), 1)
    assert answer.error_code == errors.COORDINATOR_NOT_AVAILABLE
    (group,) = api.call(consumer_group_describe, ConsumerGroupDescribeRequest(group_ids=["c"]), 1).groups
    assert group.error_code == errors.COORDINATOR_NOT_AVAILABLE
