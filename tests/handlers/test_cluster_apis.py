"""ApiVersions, DescribeCluster and FindCoordinator as clients of each version see them."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.handlers import API_TABLE, api_versions, find_coordinator
from minikafka.handlers.context import RequestContext
from minikafka.protocol.messages import ApiVersionsRequest, DescribeClusterRequest, FindCoordinatorRequest
from tests.controller.nodes import CLUSTER_ID, Workers
from tests.handlers.control_plane import ControlPlane, versions_of

GROUP, SHARE = 0, 2
FINALIZED = [
    ("group.version", 1),
    ("kraft.version", 1),
    ("metadata.version", 29),
    ("share.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
    ("eligible.leader.replicas.version", 1),
]


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane(offsets_topic_num_partitions=3)


def api_versions_request(name: str = "test", version: str = "1.0") -> ApiVersionsRequest:
    return ApiVersionsRequest(client_software_name=name, client_software_version=version)


@pytest.mark.parametrize("version", versions_of("ApiVersions"))
def test_api_versions_are_those_of_the_table(plane: ControlPlane, version: int) -> None:
    response = plane.call(api_versions_request(), version)
    assert response.error_code == errors.NONE
    assert [(key.api_key, key.min_version, key.max_version) for key in response.api_keys] == [
        (api.key, api.min_version, api.max_version) for api in API_TABLE
    ]
    supported = {feature.name: (feature.min_version, feature.max_version) for feature in response.supported_features}
    if version < 3:
        assert (supported, response.finalized_features, response.finalized_features_epoch) == ({}, [], -1)
        return
    finalized = [(feature.name, feature.max_version_level) for feature in response.finalized_features]
    assert sorted(finalized) == sorted(FINALIZED)
    assert all(each.min_version_level == each.max_version_level for each in response.finalized_features)
    assert response.finalized_features_epoch == plane.node.image.offset
    if version == 3:
        assert supported == {"metadata.version": (7, 29)}
    else:
        assert sorted((name, high) for name, (_, high) in supported.items()) == sorted(FINALIZED)


def test_produce_is_announced_from_its_first_version_on(plane: ControlPlane) -> None:
    produce = plane.call(api_versions_request(), 4).api_keys[0]
    assert (produce.api_key, produce.min_version, produce.max_version) == (0, 0, 13)


@pytest.mark.parametrize("version", [5, 99, -1])
def test_a_version_from_the_future_is_answered_with_what_there_is(plane: ControlPlane, version: int) -> None:
    ctx = RequestContext(plane.services, plane.client, 18, version, 1, "app")
    response = api_versions.handle(ctx, ApiVersionsRequest())
    # Byte for byte what Kafka 4.2 answers: error 35, one API, key 18, versions 0 to 4.
    assert response.encode(0).hex() == "002300000001001200000004"


@pytest.mark.parametrize(
    ("name", "version"), [("", "1"), ("a", ""), ("-a", "1"), ("a b", "1"), ("a.", "1"), ("a", "1_0"), ("a\n", "1")]
)
def test_clients_must_name_themselves_properly(plane: ControlPlane, name: str, version: str) -> None:
    response = plane.call(api_versions_request(name, version), 4)
    assert (response.error_code, response.api_keys) == (errors.INVALID_REQUEST, [])
    assert plane.client.client_software_name == ""


@pytest.mark.parametrize("name", ["a", "apache-kafka-java", "a.b-c.9"])
def test_the_connection_remembers_the_clients_name(plane: ControlPlane, name: str) -> None:
    plane.call(api_versions_request(name, "4.2.0"), 3)
    assert (plane.client.client_software_name, plane.client.client_software_version) == (name, "4.2.0")


@pytest.mark.parametrize("version", versions_of("DescribeCluster"))
def test_describing_the_cluster(plane: ControlPlane, version: int) -> None:
    response = plane.call(DescribeClusterRequest(include_cluster_authorized_operations=False), version)
    assert (response.error_code, response.cluster_id, response.controller_id) == (errors.NONE, CLUSTER_ID, 1)
    [broker] = response.brokers
    assert (broker.broker_id, broker.host, broker.port, broker.rack) == (1, "broker.example", 9092, None)
    assert response.cluster_authorized_operations == -(2**31)
    asked = plane.call(DescribeClusterRequest(include_cluster_authorized_operations=True), version)
    assert asked.cluster_authorized_operations == sum(1 << bit for bit in (5, 7, 8, 9, 10, 11, 12))


@pytest.mark.parametrize("version", [1, 2])
def test_controllers_are_not_to_be_had_here(plane: ControlPlane, version: int) -> None:
    response = plane.call(DescribeClusterRequest(endpoint_type=2), version)
    assert (response.error_code, response.error_message, response.brokers) == (
        errors.MISMATCHED_ENDPOINT_TYPE,
        "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
        [],
    )
    response = plane.call(DescribeClusterRequest(endpoint_type=7), version)
    assert (response.error_code, response.error_message) == (
        errors.UNSUPPORTED_ENDPOINT_TYPE,
        "Unsupported endpoint type 7",
    )


def test_fenced_brokers_are_shown_when_asked_for(plane: ControlPlane) -> None:
    from minikafka.protocol.messages import RegisterBrokerRecord

    endpoint = RegisterBrokerRecord.BrokerEndpoint(name="PLAINTEXT", host="gone", port=9, security_protocol=0)
    plane.node.image.replay(RegisterBrokerRecord(broker_id=2, end_points=[endpoint], fenced=True))
    response = plane.call(DescribeClusterRequest(include_fenced_brokers=True), 2)
    assert [(each.broker_id, each.host, each.is_fenced) for each in response.brokers] == [
        (1, "broker.example", False),
        (2, "gone", True),
    ]
    assert len(plane.call(DescribeClusterRequest(), 2).brokers) == 1


def find(plane: ControlPlane, version: int, *keys: str, key_type: int = GROUP) -> list[tuple[int, int, str, int, Any]]:
    if version >= 4:
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=list(keys))
        found = plane.call(request, version).coordinators
        assert [each.key for each in found] == list(keys)
    else:
        request = FindCoordinatorRequest(key=keys[0])
        if version >= 1:
            request.key_type = key_type
        found = [plane.call(request, version)]
    return [(each.error_code, each.node_id, each.host, each.port, each.error_message) for each in found]


@pytest.mark.parametrize("version", versions_of("FindCoordinator"))
def test_this_node_coordinates_every_group(plane: ControlPlane, version: int) -> None:
    message = "" if version in (0, 4, 5, 6) else "NONE"
    expected = (errors.NONE, 1, "broker.example", 9092, message)
    found = find(plane, version, "g", "h", "") if version >= 4 else find(plane, version, "g")
    assert [(*each[:4], each[4] or "") for each in found] == [expected] * (3 if version >= 4 else 1)
    assert len(plane.node.image.topics_by_name["__consumer_offsets"].partitions) == 3


def test_the_answer_waits_for_the_coordinators_topic() -> None:
    workers = Workers()
    plane = ControlPlane(run_blocking=workers)
    ctx = RequestContext(plane.services, plane.client, 10, 4, 1, "app")
    answers: list[Any] = []
    pending = find_coordinator.handle(ctx, FindCoordinatorRequest(key_type=GROUP, coordinator_keys=["g"]))
    pending.on_complete(answers.append)
    assert answers == []
    while workers.work_off():
        pass
    assert answers[0].coordinators[0].error_code == errors.NONE


@pytest.mark.parametrize("version", range(1, 7))
def test_keys_that_nobody_coordinates(plane: ControlPlane, version: int) -> None:
    malformed = errors.message_of(errors.INVALID_REQUEST)
    [found] = find(plane, version, "not a share key", key_type=SHARE)
    assert found == (errors.INVALID_REQUEST, -1, "", -1, malformed if version < 4 else "")
    [found] = find(plane, version, "x", key_type=3)
    assert found == (errors.INVALID_REQUEST, -1, "", -1, malformed)
    assert plane.node.image.topics_by_name == {}


def test_no_keys_no_coordinators(plane: ControlPlane) -> None:
    assert find(plane, 6) == []


def test_a_partition_that_is_offline_has_no_coordinator(plane: ControlPlane) -> None:
    find(plane, 4, "g")
    for log in plane.node.logs.all():
        log.fail()
    assert find(plane, 4, "g")[0][:2] == (errors.COORDINATOR_NOT_AVAILABLE, -1)
