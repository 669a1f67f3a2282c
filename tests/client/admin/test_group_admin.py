"""Groups and their offsets through the APIs that brokers of older releases have."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from minikafka.broker import Broker
from minikafka.client.admin.group_descriptions import describe_consumer_group
from minikafka.client.admin.group_offsets import delete_offsets, fetch_offsets, set_offsets
from minikafka.client.admin.groups import delete_groups, list_groups
from minikafka.client.admin.topics import create_topic
from minikafka.client.admin.transaction_admin import list_transactions
from minikafka.client.cluster import Cluster
from minikafka.client.connection import Connection
from minikafka.client.consuming.group_member import GroupMember, GroupSettings
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import UnsupportedByBroker
from minikafka.errors import GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, ApiError
from minikafka.protocol.messages import ApiVersionsResponse

LIST_OFFSETS, METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 2, 3, 8, 9, 10
JOIN_GROUP, SYNC_GROUP, DESCRIBE_GROUPS, LIST_GROUPS = 11, 14, 15, 16
CREATE_TOPICS, DELETE_GROUPS = 19, 42

# Release -> API -> highest version that its brokers have; other APIs they do not have.
RELEASES = {
    "0.10.1": {
        LIST_OFFSETS: 1, METADATA: 2, OFFSET_COMMIT: 2, OFFSET_FETCH: 1, FIND_COORDINATOR: 0,
        JOIN_GROUP: 1, SYNC_GROUP: 0, DESCRIBE_GROUPS: 0, LIST_GROUPS: 0, CREATE_TOPICS: 0,
    },
    "0.11.0": {
        LIST_OFFSETS: 2, METADATA: 4, OFFSET_COMMIT: 3, OFFSET_FETCH: 3, FIND_COORDINATOR: 1,
        JOIN_GROUP: 2, SYNC_GROUP: 1, DESCRIBE_GROUPS: 1, LIST_GROUPS: 1, CREATE_TOPICS: 2,
    },
    "2.3": {
        LIST_OFFSETS: 5, METADATA: 8, OFFSET_COMMIT: 7, OFFSET_FETCH: 5, FIND_COORDINATOR: 2,
        JOIN_GROUP: 5, SYNC_GROUP: 3, DESCRIBE_GROUPS: 3, LIST_GROUPS: 2, CREATE_TOPICS: 3, DELETE_GROUPS: 1,
    },
}  # fmt: skip
ALL_RELEASES = [*RELEASES, "4.2"]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, cluster: Cluster) -> Callable[[str], None]:
    """``pretend("2.3")``: from now on brokers say that they have what those of a release had."""
    real = Connection.api_versions

    def pretend_to_be(release: str) -> None:
        limits = RELEASES.get(release)
        if limits is None:
            return

        def api_versions(connection: Connection) -> ApiVersionsResponse:
            answer = deepcopy(real(connection))
            answer.api_keys = [api for api in answer.api_keys if api.api_key in limits]
            for api in answer.api_keys:
                api.max_version = limits[api.api_key]
            return answer

        monkeypatch.setattr(Connection, "api_versions", api_versions)

    return pretend_to_be


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_offsets(cluster: Cluster, pretend: Callable[[str], None], release: str) -> None:
    topic = f"offsets-{release}"
    pretend(release)
    create_topic(cluster, topic, partitions=2, replication_factor=1)
    coordinator = GroupCoordinator(cluster, f"group-{release}")
    set_offsets(coordinator, {(topic, 0): 7})
    assert {where: each.offset for where, each in fetch_offsets(coordinator, None).items()} == {(topic, 0): 7}
    assert {where: each.offset for where, each in fetch_offsets(coordinator, {topic: [0, 1]}).items()} == {
        (topic, 0): 7
    }


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_list_and_describe(cluster: Cluster, pretend: Callable[[str], None], release: str) -> None:
    topic, group_id = f"described-{release}", f"living-{release}"
    pretend(release)
    create_topic(cluster, topic, partitions=2, replication_factor=1)
    member = GroupMember(cluster, GroupSettings(group_id), lambda topics: dict.fromkeys(topics, 2))
    assert member.join([topic]) == [(topic, 0), (topic, 1)]
    assert ("consumer", group_id) in [(group.protocol_type, group.group_id) for group in list_groups(cluster)]
    found = describe_consumer_group(cluster, group_id)
    assert (found.state, found.assignor, found.group_type) == ("Stable", "range", "classic")
    assert [each.partitions for each in found.members] == [[(topic, 0), (topic, 1)]]
    assert (found.coordinator.host, found.coordinator.node_id) == ("127.0.0.1", 1)


@pytest.mark.parametrize("release", RELEASES)
def test_a_missing_group_was_dead(cluster: Cluster, pretend: Callable[[str], None], release: str) -> None:
    pretend(release)
    assert describe_consumer_group(cluster, "never-there").state == "Dead"


def test_a_missing_group_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(ApiError, match="Group never-there not found") as raised:
        describe_consumer_group(cluster, "never-there")
    assert raised.value.code == GROUP_ID_NOT_FOUND


@pytest.mark.parametrize("release", ALL_RELEASES)
def test_filters_that_a_broker_lacks(cluster: Cluster, pretend: Callable[[str], None], release: str) -> None:
    pretend(release)
    if release == "4.2":
        assert list_groups(cluster, states=["Dead"], types=["share"]) == []
        return
    with pytest.raises(ApiError, match="we need v4 or newer to request groups by states"):
        list_groups(cluster, states=["Stable"])
    with pytest.raises(ApiError, match="we need v5 or newer to request groups by type"):
        list_groups(cluster, types=["Classic"])


@pytest.mark.parametrize("release", ["2.3", "4.2"])
def test_delete(cluster: Cluster, pretend: Callable[[str], None], release: str) -> None:
    topic = f"deleted-{release}"
    pretend(release)
    create_topic(cluster, topic, partitions=2, replication_factor=1)
    set_offsets(GroupCoordinator(cluster, f"idle-{release}"), {(topic, 0): 1})
    GroupMember(cluster, GroupSettings(f"busy-{release}"), lambda topics: dict.fromkeys(topics, 2)).join([topic])
    outcomes = delete_groups(cluster, [f"idle-{release}", f"busy-{release}", "never-there"])
    assert [error and error.code for error in outcomes.values()] == [None, NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND]


def test_delete_where_that_is_not_possible_yet(cluster: Cluster, pretend: Callable[[str], None]) -> None:
    pretend("0.11.0")
    with pytest.raises(UnsupportedByBroker, match="does not serve DeleteGroups"):
        delete_groups(cluster, ["any"])
    with pytest.raises(UnsupportedByBroker, match="does not serve OffsetDelete"):
        delete_offsets(GroupCoordinator(cluster, "any"), [("t", 0)])


def test_delete_offsets(broker: Broker, cluster: Cluster) -> None:
    create_topic(cluster, "forgotten", partitions=2)
    coordinator = GroupCoordinator(cluster, "forgetter")
    set_offsets(coordinator, {("forgotten", 0): 1, ("forgotten", 1): 2})
    assert delete_offsets(coordinator, [("forgotten", 0)]) == {("forgotten", 0): 0}
    left = fetch_offsets(coordinator, None)
    assert {where: (each.offset, each.leader_epoch) for where, each in left.items()} == {("forgotten", 1): (2, None)}


def test_wait_while_groups_and_transactions_are_loaded(broker: Broker, cluster: Cluster) -> None:
    with broker.faults.fail("LIST_GROUPS", "COORDINATOR_LOAD_IN_PROGRESS", times=1, required=True):
        list_groups(cluster)
    with broker.faults.fail("LIST_TRANSACTIONS", "COORDINATOR_NOT_AVAILABLE", times=1, required=True):
        list_transactions(cluster)


def test_a_coordinator_that_moves(broker: Broker, cluster: Cluster) -> None:
    with (
        broker.faults.fail("FIND_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", times=1, required=True),
        broker.faults.fail("CONSUMER_GROUP_DESCRIBE", "NOT_COORDINATOR", times=1, required=True),
        broker.faults.fail("DESCRIBE_GROUPS", "COORDINATOR_LOAD_IN_PROGRESS", times=1, required=True),
        pytest.raises(ApiError, match="Group never-there not found"),
    ):
        describe_consumer_group(cluster, "never-there")
