"""Admin APIs beyond what ``tests/admin`` holds against Apache Kafka: old versions, effects, restarts, failing disks,
and directories that come from larger clusters."""

from __future__ import annotations

import errno
import hashlib
import hmac
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from minikafka import errors
from minikafka.config.describe import DEFAULT_CONFIG, DYNAMIC_BROKER_CONFIG, DYNAMIC_DEFAULT_BROKER_CONFIG
from minikafka.protocol.messages import (
    AlterClientQuotasRequest,
    AlterConfigsRequest,
    AlterPartitionReassignmentsRequest,
    AlterUserScramCredentialsRequest,
    ConfigRecord,
    DescribeLogDirsRequest,
    DescribeQuorumRequest,
    ElectLeadersRequest,
    FeatureLevelRecord,
    ListPartitionReassignmentsRequest,
    PartitionChangeRecord,
    RegisterBrokerRecord,
    UnregisterBrokerRequest,
    UpdateFeaturesRequest,
)
from minikafka.state.client_quotas import CLIENT_ID, USER
from minikafka.state.configurations import BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC
from minikafka.state.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from minikafka.state.scram import SCRAM_SHA_256, SCRAM_SHA_512
from tests.admin import scenario
from tests.admin.scenario import (
    APPEND,
    DELETE,
    SET,
    alter,
    describe,
    elect,
    features,
    find_quotas,
    quota,
    reassign,
    scram,
)
from tests.controller.nodes import value_of
from tests.handlers.control_plane import ControlPlane, NodeServices

SELF, GONE = 1, 2


@pytest.fixture
def plane() -> ControlPlane:
    return ControlPlane()


def restart(plane: ControlPlane) -> None:
    plane.node = plane.node.restarted()
    plane.services = NodeServices(plane.node)


def change(plane: ControlPlane, *alterations: Any, **how: bool) -> list[tuple[int, str | None]]:
    response = plane.call(alter(*alterations, **how), 1)
    return [(result.error_code, result.error_message) for result in response.responses]


def settings(plane: ControlPlane, kind: int, name: str, *keys: str, version: int = 4) -> dict[str, Any]:
    [result] = plane.call(describe((kind, name), keys=list(keys) or None, full=version > 0), version).results
    assert result.error_code == errors.NONE, result.error_message
    return {config.name: config for config in result.configs}


# --- settings


def test_version_0_says_what_is_the_default(plane: ControlPlane) -> None:
    plane.node.create("t")
    change(plane, (TOPIC, "t", [("retention.ms", SET, "5")]))
    found = settings(plane, TOPIC, "t", "retention.ms", "segment.ms", version=0)
    assert {name: config.is_default for name, config in found.items()} == {"retention.ms": False, "segment.ms": True}


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(("kind", "name"), [(TOPIC, "t"), (BROKER, "1"), (GROUP, "g"), (CLIENT_METRICS, "m")])
def test_all_keys_are_documented_where_that_is_asked_for(
    plane: ControlPlane, version: int, kind: int, name: str
) -> None:
    plane.node.create("t")
    request = describe((kind, name), full=False)
    request.include_documentation = True
    [result] = plane.call(request, version).results
    assert result.configs
    assert [config.name for config in result.configs if not config.documentation] == []


def test_passwords_are_never_shown(plane: ControlPlane) -> None:
    key = "listener.name.plaintext.ssl.keystore.password"
    assert change(plane, (BROKER, "1", [(key, SET, "secret")])) == [(0, None)]
    found = settings(plane, BROKER, "1", key)[key]
    assert (found.value, found.is_sensitive, [synonym.value for synonym in found.synonyms]) == (None, True, [None])


def test_a_brokers_settings_go_before_those_of_all_and_survive(plane: ControlPlane) -> None:
    node = plane.node
    node.create("t")
    change(plane, (BROKER, "", [("log.retention.ms", SET, "70000")]))
    assert node.logs.get("t", 0).config.retention_ms == 70_000
    change(plane, (BROKER, "1", [("log.retention.ms", SET, "60000")]))
    assert node.logs.get("t", 0).config.retention_ms == 60_000
    restart(plane)
    assert plane.node.logs.get("t", 0).config.retention_ms == 60_000
    found = settings(plane, BROKER, "1", "log.retention.ms")["log.retention.ms"]
    assert [(synonym.source, synonym.value) for synonym in found.synonyms] == [
        (DYNAMIC_BROKER_CONFIG, "60000"),
        (DYNAMIC_DEFAULT_BROKER_CONFIG, "70000"),
        (DEFAULT_CONFIG, "168"),
    ], "the last is of log.retention.hours"
    change(
        plane, (BROKER, "1", [("log.retention.ms", DELETE, None)]), (BROKER, "", [("log.retention.ms", DELETE, None)])
    )
    assert plane.node.logs.get("t", 0).config.retention_ms == 604_800_000


def test_a_topics_own_setting_goes_before_the_brokers(plane: ControlPlane) -> None:
    plane.node.create("t")
    change(plane, (TOPIC, "t", [("retention.ms", SET, "5")]), (BROKER, "", [("log.retention.ms", SET, "6")]))
    assert plane.node.logs.get("t", 0).config.retention_ms == 5


def test_groups_and_subscriptions_keep_their_settings(plane: ControlPlane) -> None:
    outcome = change(
        plane,
        (GROUP, "g", [("consumer.session.timeout.ms", SET, "50000")]),
        (CLIENT_METRICS, "m", [("interval.ms", SET, "1000")]),
    )
    assert outcome == [(0, None), (0, None)]
    restart(plane)
    assert settings(plane, GROUP, "g")["consumer.session.timeout.ms"].value == "50000"
    assert settings(plane, CLIENT_METRICS, "m")["interval.ms"].value == "1000"
    assert settings(plane, CLIENT_METRICS, "m")["metrics"].config_source == DEFAULT_CONFIG


def test_a_disk_that_fails_refuses_the_change(plane: ControlPlane) -> None:
    plane.node.create("t")
    plane.node.files.fault = lambda operation, path: errno.EIO if operation == "sync" else None
    both = change(plane, (TOPIC, "t", [("retention.ms", SET, "5")]), (TOPIC, "x", []))
    assert [code for code, _ in both] == [errors.KAFKA_STORAGE_ERROR, errors.UNKNOWN_TOPIC_OR_PARTITION]
    assert plane.node.logs.get("t", 0).config.retention_ms == 604_800_000


def test_a_resource_that_is_named_twice_is_refused_twice(plane: ControlPlane) -> None:
    plane.node.create("t")
    response = plane.call(scenario.replace((TOPIC, "t", [("segment.ms", "1")]), (TOPIC, "t", [])), 2)
    assert [result.error_code for result in response.responses] == [errors.INVALID_REQUEST] * 2


@pytest.mark.parametrize("request_", [alter((TOPIC, "t", []), (GROUP, "g", [])), scenario.replace((TOPIC, "t", []))])
def test_a_failure_of_the_whole_is_said_of_each(request_: Any) -> None:
    from importlib import import_module

    from minikafka.handlers import API_BY_KEY

    module = import_module(f"minikafka.handlers.{API_BY_KEY[request_.api_key].module}")
    response = module.error_response(request_, errors.CLUSTER_AUTHORIZATION_FAILED)
    assert [(result.resource_name, result.error_code) for result in response.responses] == [
        (resource.resource_name, errors.CLUSTER_AUTHORIZATION_FAILED) for resource in request_.resources
    ]


def test_old_settings_are_replaced_by_all_versions() -> None:
    for version in range(AlterConfigsRequest.max_version + 1):
        plane = ControlPlane()
        plane.node.create("t")
        plane.call(scenario.replace((TOPIC, "t", [("retention.ms", "5")])), version)
        plane.call(scenario.replace((TOPIC, "t", [("segment.ms", "6")])), version)
        assert plane.node.image.topic_configs("t") == {"segment.ms": "6"}


# --- loggers


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    mine = logging.getLogger("minikafka.tests.admin")
    package = logging.getLogger("minikafka")
    before = package.level
    yield mine
    mine.setLevel(logging.NOTSET)
    package.setLevel(before)


@pytest.mark.parametrize(
    ("name", "level"),
    [("TRACE", 5), ("DEBUG", 10), ("INFO", 20), ("WARN", 30), ("ERROR", 40), ("FATAL", 50)],
)
def test_levels_are_kafkas_and_take_effect(plane: ControlPlane, logger: logging.Logger, name: str, level: int) -> None:
    assert change(plane, (BROKER_LOGGER, "1", [(logger.name, SET, name)])) == [(0, None)]
    assert logger.level == level
    assert settings(plane, BROKER_LOGGER, "1")[logger.name].value == name
    assert change(plane, (BROKER_LOGGER, "1", [(logger.name, DELETE, None)])) == [(0, None)]
    assert logger.level == logging.NOTSET


def test_root_is_the_root_of_the_broker(plane: ControlPlane, logger: logging.Logger) -> None:
    programs_own = logging.getLogger().level
    change(plane, (BROKER_LOGGER, "1", [("root", SET, "ERROR")]))
    assert logger.getEffectiveLevel() == logging.ERROR
    assert logging.getLogger().level == programs_own


def test_levels_that_are_only_checked_or_wrong_change_nothing(plane: ControlPlane, logger: logging.Logger) -> None:
    assert change(plane, (BROKER_LOGGER, "1", [(logger.name, SET, "DEBUG")]), validate_only=True) == [(0, None)]
    [(code, message)] = change(plane, (BROKER_LOGGER, "1", [(logger.name, SET, "LOUD")]))
    assert (code, logger.level) == (errors.INVALID_CONFIG, logging.NOTSET)
    assert message == (
        f"Cannot set the log level of {logger.name} to LOUD as it is not a supported log level. Valid log levels are "
        "DEBUG, ERROR, FATAL, INFO, TRACE, WARN"
    )


# --- a directory that comes from a larger cluster


@pytest.fixture
def survivor() -> ControlPlane:
    """Broker 2 is registered but gone. t-0 was led by it, t-1 is being moved to it, t-2 prefers it."""
    plane = ControlPlane()
    plane.node.create("t", num_partitions=3)
    topic_id = plane.node.image.topics_by_name["t"].topic_id

    def partition(index: int, **fields: Any) -> tuple[Any, int]:
        return PartitionChangeRecord(partition_id=index, topic_id=topic_id, **fields), 2

    records = [
        (RegisterBrokerRecord(broker_id=GONE, broker_epoch=77, fenced=True, log_dirs=[]), 3),
        partition(0, replicas=[SELF, GONE], isr=[GONE], leader=-1),
        partition(1, replicas=[SELF, GONE], isr=[SELF], adding_replicas=[GONE]),
        partition(2, replicas=[GONE, SELF], isr=[GONE, SELF], leader=SELF),
    ]
    assert value_of(plane.node.controller.write(["t"], lambda: records)) is None
    return plane


def election_codes(plane: ControlPlane, request: ElectLeadersRequest) -> dict[int, int]:
    response = plane.call(request, 2)
    return {
        partition.partition_id: partition.error_code
        for topic in response.replica_election_results
        for partition in topic.partition_result
    }


def test_an_unclean_election_takes_the_only_replica_there_is(survivor: ControlPlane) -> None:
    assert election_codes(survivor, elect(0, t=[0, 1, 2])) == {
        0: errors.PREFERRED_LEADER_NOT_AVAILABLE,
        1: errors.ELECTION_NOT_NEEDED,
        2: errors.PREFERRED_LEADER_NOT_AVAILABLE,
    }
    everything = ElectLeadersRequest(election_type=1, topic_partitions=None)
    assert election_codes(survivor, everything) == {0: errors.NONE}
    partition = survivor.node.image.topics_by_name["t"].partitions[0]
    assert (partition.leader, partition.isr) == (SELF, [SELF])


def reassignment_code(plane: ControlPlane, index: int, replicas: list[int] | None) -> int:
    [topic] = plane.call(reassign("t", index, replicas), 1).responses
    code: int = topic.partitions[0].error_code
    return code


def test_reassignments_of_a_larger_cluster_are_seen_and_ended(survivor: ControlPlane) -> None:
    [ongoing] = survivor.call(ListPartitionReassignmentsRequest(topics=None), 0).topics
    [partition] = ongoing.partitions
    assert (partition.partition_index, partition.adding_replicas) == (1, [GONE])
    assert reassignment_code(survivor, 1, None) == errors.NONE
    assert survivor.node.image.topics_by_name["t"].partitions[1].replicas == [SELF]
    assert survivor.call(ListPartitionReassignmentsRequest(topics=None), 0).topics == []
    assert reassignment_code(survivor, 1, None) == errors.NO_REASSIGNMENT_IN_PROGRESS


def test_partitions_are_taken_from_brokers_that_are_gone_but_not_given_to_them(survivor: ControlPlane) -> None:
    assert reassignment_code(survivor, 2, [SELF]) == errors.NONE
    partition = survivor.node.image.topics_by_name["t"].partitions[2]
    assert (partition.replicas, partition.isr, partition.leader) == ([SELF], [SELF], SELF)
    assert reassignment_code(survivor, 2, [SELF, GONE]) == errors.INVALID_REPLICA_ASSIGNMENT
    assert reassignment_code(survivor, 0, [SELF]) == errors.INVALID_REPLICA_ASSIGNMENT, "it is not in sync"
    keeping = reassign("t", 0, [SELF, GONE], keep_factor=True)
    assert survivor.call(keeping, 1).responses[0].partitions[0].error_code == errors.NONE
    fewer = reassign("t", 1, [SELF], keep_factor=True)
    assert survivor.call(fewer, 1).responses[0].partitions[0].error_code == errors.INVALID_REPLICATION_FACTOR


def test_a_broker_that_is_gone_is_forgotten(survivor: ControlPlane) -> None:
    assert survivor.call(UnregisterBrokerRequest(broker_id=GONE), 0).error_code == errors.NONE
    assert set(survivor.node.image.cluster.brokers) == {SELF}
    assert survivor.node.image.topics_by_name["t"].partitions[2].isr == [SELF]
    restart(survivor)
    assert set(survivor.node.image.cluster.brokers) == {SELF}
    assert survivor.call(UnregisterBrokerRequest(broker_id=GONE), 0).error_code == errors.BROKER_ID_NOT_REGISTERED


def test_the_broker_that_answers_stays(plane: ControlPlane) -> None:
    response = plane.call(UnregisterBrokerRequest(broker_id=SELF), 0)
    assert response.error_code == errors.INVALID_REQUEST
    assert response.error_message.startswith("Broker 1 is the one that answers")
    assert set(plane.node.image.cluster.brokers) == {SELF}


# --- features


def feature_error(plane: ControlPlane, *updates: tuple[str, int, int], **how: bool) -> tuple[int, str | None]:
    response = plane.call(features(*updates, **how), 2)
    return response.error_code, response.error_message


def test_lowered_features_stay_low_over_a_restart(plane: ControlPlane) -> None:
    assert feature_error(plane, ("share.version", 0, 2), ("transaction.version", 1, 2)) == (0, None)
    restart(plane)
    levels = plane.node.image.features
    assert (levels.level("share.version"), levels.level("transaction.version")) == (0, 1)


def test_metadata_goes_down_only_as_far_as_nothing_is_lost(plane: ControlPlane) -> None:
    plane.node.create("t")
    code, message = feature_error(plane, ("metadata.version", 22, 2))
    assert code == errors.INVALID_UPDATE_VERSION
    assert message is not None
    assert message.endswith("because it might delete metadata information.")
    assert feature_error(plane, ("metadata.version", 23, 2)) == (0, None)
    restart(plane)
    assert plane.node.image.features.metadata_version == 23
    assert feature_error(plane, ("metadata.version", 29, 1)) == (0, None)


def test_eligible_leader_replicas_come_with_a_bound_of_the_cluster() -> None:
    plane = ControlPlane(min_insync_replicas=1)
    name = ELIGIBLE_LEADER_REPLICAS_VERSION
    assert feature_error(plane, (name, 0, 2)) == (0, None)
    lost = change(plane, (BROKER, "", [("min.insync.replicas", DELETE, None)]))
    own = change(plane, (BROKER, "1", [("min.insync.replicas", SET, "1")]))
    assert (lost, own) == ([(0, None)], [(0, None)]), "without the feature it is a setting as any other"
    assert feature_error(plane, (name, 1, 1)) == (0, None)
    assert plane.node.image.configs == {(BROKER, ""): {"min.insync.replicas": "1"}}


def test_a_feature_that_depends_on_another_needs_it(plane: ControlPlane) -> None:
    older = [(FeatureLevelRecord(name="metadata.version", feature_level=22), 0)]
    older.append((FeatureLevelRecord(name=ELIGIBLE_LEADER_REPLICAS_VERSION, feature_level=0), 0))
    assert value_of(plane.node.controller.write(["features"], lambda: older)) is None
    code, message = feature_error(plane, (ELIGIBLE_LEADER_REPLICAS_VERSION, 1, 1))
    assert code == errors.INVALID_UPDATE_VERSION
    assert message is not None
    assert message.endswith("it depends on metadata.version level 23")
    both = (("metadata.version", 23, 1), (ELIGIBLE_LEADER_REPLICAS_VERSION, 1, 1))
    assert feature_error(plane, *both) == (0, None)


@pytest.mark.parametrize(("allow_downgrade", "code"), [(False, errors.INVALID_UPDATE_VERSION), (True, errors.NONE)])
def test_version_0_says_whether_a_level_may_be_lower(plane: ControlPlane, allow_downgrade: bool, code: int) -> None:
    key = UpdateFeaturesRequest.FeatureUpdateKey(
        feature="share.version", max_version_level=0, allow_downgrade=allow_downgrade
    )
    assert plane.call(UpdateFeaturesRequest(feature_updates=[key]), 0).error_code == code


def test_the_quorum_is_this_node(plane: ControlPlane) -> None:
    response = plane.call(scenario.quorum(), DescribeQuorumRequest.max_version)
    [partition] = response.topics[0].partitions
    [voter] = partition.current_voters
    assert (partition.leader_id, voter.replica_id) == (SELF, SELF)
    assert partition.high_watermark == voter.log_end_offset == plane.node.image.offset + 1
    assert voter.replica_directory_id == next(iter(plane.node.logs.directory_ids.values()))
    assert voter.last_caught_up_timestamp == plane.node.clock.wall_ms()


# --- quotas and users


def test_quotas_survive(plane: ControlPlane) -> None:
    entity = ((USER, "a"), (CLIENT_ID, None))
    plane.call(quota((entity, [("producer_byte_rate", 5.0), ("request_percentage", 2.5)])), 1)
    plane.call(quota((entity, [("producer_byte_rate", None)])), 1)
    restart(plane)
    [entry] = plane.call(find_quotas(), 1).entries
    assert {(part.entity_type, part.entity_name) for part in entry.entity} == set(entity)
    assert [(value.key, value.value) for value in entry.values] == [("request_percentage", 2.5)]


def test_quotas_are_not_set_when_the_disk_fails(plane: ControlPlane) -> None:
    plane.node.files.fault = lambda operation, path: errno.EIO if operation == "sync" else None
    request: AlterClientQuotasRequest = quota((((USER, "a"),), [("producer_byte_rate", 5.0)]), (((USER, ""),), []))
    codes = {entry.entity[0].entity_name: entry.error_code for entry in plane.call(request, 1).entries}
    assert codes == {"a": errors.KAFKA_STORAGE_ERROR, "": errors.INVALID_REQUEST}
    assert plane.call(find_quotas(), 1).entries == []


@pytest.mark.parametrize(("mechanism", "name"), [(SCRAM_SHA_256, "sha256"), (SCRAM_SHA_512, "sha512")])
def test_credentials_are_what_a_server_keeps_of_a_password(plane: ControlPlane, mechanism: int, name: str) -> None:
    salted = hashlib.pbkdf2_hmac(name, b"pencil", b"salt", 4096)
    request = scram()
    request.upsertions = [
        AlterUserScramCredentialsRequest.ScramCredentialUpsertion(
            name="user", mechanism=mechanism, iterations=4096, salt=b"salt", salted_password=salted
        )
    ]
    assert plane.call(request, 0).results[0].error_code == errors.NONE
    restart(plane)
    kept = plane.node.image.scram.by_mechanism[mechanism]["user"]
    # A client proves itself with its key, from which the server can compute the stored one (RFC 5802, 3).
    client_key = hmac.digest(salted, b"Client Key", name)
    assert kept.stored_key == hashlib.new(name, client_key).digest()
    assert kept.server_key == hmac.digest(salted, b"Server Key", name)
    assert (kept.salt, kept.iterations) == (b"salt", 4096)


# --- places


def test_a_directory_that_failed_says_so() -> None:
    plane = ControlPlane(log_dirs="/data,/other")
    plane.node.create("t", num_partitions=2)
    plane.node.logs.context.on_disk_failure("/other", OSError(errno.EIO, "Input/output error"))
    results = {result.log_dir: result for result in plane.call(DescribeLogDirsRequest(topics=None), 4).results}
    assert results["/other"].error_code == errors.KAFKA_STORAGE_ERROR
    assert results["/other"].topics == []
    [topic] = results["/data"].topics
    assert len(topic.partitions) == 1


def test_a_change_by_append_waits_for_the_one_before_it(plane: ControlPlane) -> None:
    plane.node.create("t")
    change(plane, (TOPIC, "t", [("cleanup.policy", APPEND, "compact")]))
    change(plane, (TOPIC, "t", [("cleanup.policy", APPEND, "delete")]))
    assert plane.node.image.topic_configs("t") == {"cleanup.policy": "delete,compact"}


def test_settings_that_older_versions_stored_do_no_harm(plane: ControlPlane) -> None:
    plane.node.create("t")
    old = [
        (ConfigRecord(resource_type=TOPIC, resource_name="t", name="message.format.version", value="2.0"), 0),
        (ConfigRecord(resource_type=BROKER, resource_name="1", name="log.cleaner.threads", value="many"), 0),
    ]
    assert value_of(plane.node.controller.write(["t"], lambda: old)) is None
    assert change(plane, (BROKER, "1", [("log.retention.ms", SET, "5")])) != [(0, None)], "all of them are checked"
    assert change(plane, (BROKER, "1", [("log.cleaner.threads", DELETE, None)])) == [(0, None)]


def test_reassignments_of_nothing_are_answered_in_both_versions(plane: ControlPlane) -> None:
    for version in (0, 1):
        response = plane.call(AlterPartitionReassignmentsRequest(), version)
        assert (response.error_code, response.responses) == (errors.NONE, [])
