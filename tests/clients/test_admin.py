"""Every admin call that client libraries have for topics' settings, brokers, places and users.

The libraries differ in what they offer and in how they show it, so each has its tests here. Topics and groups are
covered by the scenarios of the other modules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import confluent_kafka.admin
import kafka.admin
import kafka.errors
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource as AiokafkaResource
from aiokafka.admin.config_resource import ConfigResourceType as AiokafkaResourceType
from confluent_kafka import ElectionType, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigSource,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from tests.support.brokers import BrokerProcess
from tests.support.polling import wait_until

NODE_ID = 1
CONFIGS = kafka.admin.ConfigFilterType


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return request.node.name.replace("_", "-")


# --- kafka-python


@pytest.fixture
def admin(shared_broker: BrokerProcess) -> Iterator[KafkaAdminClient]:
    with closing(KafkaAdminClient(bootstrap_servers=shared_broker.bootstrap)) as client:
        yield client


def topic_settings(admin: KafkaAdminClient, topic: str) -> dict[str, Any]:
    described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    return {name: entry["value"] for name, entry in described["topic"][topic].items()}


@pytest.mark.parametrize("incremental", [True, False])
def test_kafka_python_changes_a_topics_settings(admin: KafkaAdminClient, incremental: bool) -> None:
    topic = f"kafka-python-settings-{incremental}"
    admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"cleanup.policy": "compact"})])
    assert topic_settings(admin, topic) == {"cleanup.policy": "compact"}
    changes = {"retention.ms": "1000", "cleanup.policy": "compact,delete"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, changes)], incremental=incremental)
    wait_until(lambda: topic_settings(admin, topic) == changes, what="the new settings")
    admin.reset_configs([ConfigResource(ConfigResourceType.TOPIC, topic, ["retention.ms"])], incremental=incremental)
    wait_until(lambda: "retention.ms" not in topic_settings(admin, topic), what="the default")


def test_kafka_python_describes_brokers_with_synonyms(admin: KafkaAdminClient) -> None:
    resource = ConfigResource(ConfigResourceType.BROKER, str(NODE_ID), ["log.segment.bytes", "log.retention.hours"])
    described = admin.describe_configs([resource], include_synonyms=True, config_filter=CONFIGS.ALL)
    assert {name: entry["value"] for name, entry in described["broker"][str(NODE_ID)].items()} == {
        "log.segment.bytes": "1073741824",
        "log.retention.hours": "168",
    }


def test_kafka_python_changes_the_broker_and_with_it_its_topics(admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 1, 1)])
    key, topic_key = "log.message.timestamp.before.max.ms", "message.timestamp.before.max.ms"

    def value() -> str:
        of_topic = ConfigResource(ConfigResourceType.TOPIC, topic, [topic_key])
        described = admin.describe_configs([of_topic], config_filter=CONFIGS.ALL)
        return described["topic"][topic][topic_key]["value"]

    default = value()
    admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, str(NODE_ID), {key: "86400000"})])
    wait_until(lambda: value() == "86400000", what="the default of the topic")
    admin.reset_configs([ConfigResource(ConfigResourceType.BROKER, str(NODE_ID), [key])])
    wait_until(lambda: value() == default, what="the default as it was")


def test_kafka_python_is_told_what_is_wrong(admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 1, 1)])
    wrong = ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": "soon"})
    answered = admin.alter_configs([wrong])["topic"][topic]
    assert answered.endswith("Invalid value soon for configuration retention.ms: Not a number of type LONG")


def test_kafka_python_lists_what_can_be_configured(admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 1, 1)])
    listed = admin.list_config_resources()
    assert topic in listed["topic"]
    assert listed["broker"] == listed["broker_logger"] == [str(NODE_ID)]


def test_kafka_python_sees_where_partitions_lie(admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 2, 1)])
    [broker] = admin.describe_log_dirs()
    [directory] = broker["log_dirs"]
    [described] = [found for found in directory["topics"] if found["name"] == topic]
    assert sorted(partition["partition_index"] for partition in described["partitions"]) == [0, 1]
    assert directory["total_bytes"] > directory["usable_bytes"] > 0
    moved = admin.alter_replica_log_dirs({(topic, 0, NODE_ID): directory["log_dir"], (topic, 1, NODE_ID): "/nowhere"})
    assert {replica[1]: error.errno for replica, error in moved.items()} == {0: 0, 1: 57}


def test_kafka_python_describes_the_cluster(admin: KafkaAdminClient) -> None:
    cluster = admin.describe_cluster()
    assert [broker["broker_id"] for broker in cluster["brokers"]] == [cluster["controller_id"]] == [NODE_ID]
    quorum = admin.describe_metadata_quorum()
    [partition] = quorum["topics"][0]["partitions"]
    assert partition["leader_id"] == NODE_ID
    assert [voter["replica_id"] for voter in partition["current_voters"]] == [NODE_ID]
    features = admin.describe_features()
    assert features["metadata.version"]["finalized"][0] == features["metadata.version"]["supported"][1]
    assert admin.update_features({"group.version": 1}) == {"group.version": "OK"}
    with pytest.raises(kafka.errors.KafkaError, match="only supports versions 0-1"):
        admin.update_features({"group.version": 7})


def test_kafka_python_elects_and_reassigns(admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 1, 1)])
    partition = kafka.TopicPartition(topic, 0)
    # The library keeps it to itself when no election is needed.
    admin.elect_leaders(0, {topic: [0]})
    admin.elect_leaders(0)
    with pytest.raises(kafka.errors.UnknownTopicOrPartitionError):
        admin.elect_leaders(0, {topic: [7]})
    assert admin.alter_partition_reassignments({partition: [NODE_ID]})[partition] is None
    refused = admin.alter_partition_reassignments({partition: [99]})
    assert refused[partition] is kafka.errors.InvalidReplicationAssignmentError
    assert admin.list_partition_reassignments() == {}


def test_kafka_python_keeps_scram_users(admin: KafkaAdminClient) -> None:
    upsertion = kafka.admin.UserScramCredentialUpsertion(
        "kafka-python", kafka.admin.ScramMechanism.SCRAM_SHA_256, password="secret", iterations=4096
    )
    assert admin.alter_user_scram_credentials([upsertion]) == {"kafka-python": None}
    wait_until(lambda: "kafka-python" in admin.describe_user_scram_credentials(), what="the user")
    deletion = kafka.admin.UserScramCredentialDeletion("kafka-python", kafka.admin.ScramMechanism.SCRAM_SHA_256)
    assert admin.alter_user_scram_credentials([deletion]) == {"kafka-python": None}
    wait_until(lambda: "kafka-python" not in admin.describe_user_scram_credentials(), what="no user")


def test_kafka_python_is_told_that_there_are_no_acls(admin: KafkaAdminClient) -> None:
    pattern = kafka.admin.ResourcePattern(kafka.admin.ResourceType.TOPIC, "t")
    operation, allow = kafka.admin.ACLOperation.READ, kafka.admin.ACLPermissionType.ALLOW
    acl = kafka.admin.ACL("User:a", "*", operation, allow, pattern)
    with pytest.raises(kafka.errors.SecurityDisabledError):
        admin.describe_acls(acl)
    assert admin.create_acls([acl])["failed"] == [kafka.errors.SecurityDisabledError]
    assert admin.delete_acls([acl]) == [(acl, [], kafka.errors.SecurityDisabledError)]


# --- confluent-kafka


@pytest.fixture
def librdkafka(shared_broker: BrokerProcess) -> confluent_kafka.admin.AdminClient:
    return confluent_kafka.admin.AdminClient({"bootstrap.servers": shared_broker.bootstrap})


Resource = confluent_kafka.admin.ConfigResource


def outcome(futures: dict[Any, Any]) -> Any:
    [future] = futures.values()
    return future.result(timeout=30)


def refusal(call: Callable[[], Any]) -> KafkaError:
    with pytest.raises(KafkaException) as refused:
        call()
    error: KafkaError = refused.value.args[0]
    return error


def create(client: confluent_kafka.admin.AdminClient, topic: str) -> None:
    outcome(client.create_topics([confluent_kafka.admin.NewTopic(topic, 1, 1)]))


def test_librdkafka_changes_a_topics_settings(librdkafka: confluent_kafka.admin.AdminClient, topic: str) -> None:
    create(librdkafka, topic)
    operations = [
        ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET),
        ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND),
    ]
    changed = Resource(ResourceType.TOPIC, topic, incremental_configs=operations)
    assert outcome(librdkafka.incremental_alter_configs([changed])) is None

    def settings() -> dict[str, Any]:
        return outcome(librdkafka.describe_configs([Resource(ResourceType.TOPIC, topic)]))

    wait_until(lambda: settings()["retention.ms"].value == "1000", what="the new settings")
    policy = settings()["cleanup.policy"]
    assert (policy.value, policy.source) == ("delete,compact", ConfigSource.DYNAMIC_TOPIC_CONFIG.value)
    assert policy.synonyms["log.cleanup.policy"].value == "delete"
    with pytest.deprecated_call():
        replaced = librdkafka.alter_configs([Resource(ResourceType.TOPIC, topic, {"segment.ms": "5000"})])
    assert outcome(replaced) is None
    wait_until(lambda: settings()["segment.ms"].value == "5000", what="the settings that replace them")
    assert settings()["retention.ms"].is_default
    assert not settings()["segment.ms"].is_default


def test_librdkafka_is_told_what_is_wrong(librdkafka: confluent_kafka.admin.AdminClient, topic: str) -> None:
    create(librdkafka, topic)
    operation = ConfigEntry("retention.ms", "soon", incremental_operation=AlterConfigOpType.SET)
    wrong = Resource(ResourceType.TOPIC, topic, incremental_configs=[operation])
    error = refusal(lambda: outcome(librdkafka.incremental_alter_configs([wrong])))
    assert error.code() == KafkaError.INVALID_CONFIG
    assert error.str() == "Invalid value soon for configuration retention.ms: Not a number of type LONG"
    nowhere = refusal(lambda: outcome(librdkafka.describe_configs([Resource(ResourceType.TOPIC, "nowhere")])))
    assert nowhere.code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_librdkafka_changes_a_broker(librdkafka: confluent_kafka.admin.AdminClient) -> None:
    key = "log.cleaner.delete.retention.ms"

    def setting() -> Any:
        return outcome(librdkafka.describe_configs([Resource(ResourceType.BROKER, str(NODE_ID))]))[key]

    def change(operation: AlterConfigOpType, value: str | None) -> None:
        entry = ConfigEntry(key, value, incremental_operation=operation)
        resource = Resource(ResourceType.BROKER, str(NODE_ID), incremental_configs=[entry])
        outcome(librdkafka.incremental_alter_configs([resource]))

    assert setting().source == ConfigSource.DEFAULT_CONFIG.value
    change(AlterConfigOpType.SET, "77")
    wait_until(lambda: setting().value == "77", what="the new setting")
    assert setting().source == ConfigSource.DYNAMIC_BROKER_CONFIG.value
    change(AlterConfigOpType.DELETE, None)
    wait_until(lambda: setting().value == "86400000", what="the default")


def test_librdkafka_elects_leaders(librdkafka: confluent_kafka.admin.AdminClient, topic: str) -> None:
    create(librdkafka, topic)
    partition = TopicPartition(topic, 0)
    results = librdkafka.elect_leaders(ElectionType.PREFERRED, [partition]).result(timeout=30)
    assert results[partition].code() == KafkaError.ELECTION_NOT_NEEDED
    assert librdkafka.elect_leaders(ElectionType.PREFERRED).result(timeout=30) == {}


def test_librdkafka_keeps_scram_users(librdkafka: confluent_kafka.admin.AdminClient) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192)
    upsertion = UserScramCredentialUpsertion("librdkafka", info, b"secret")
    assert outcome(librdkafka.alter_user_scram_credentials([upsertion])) is None

    def users() -> dict[str, Any]:
        return librdkafka.describe_user_scram_credentials().result(timeout=30)

    wait_until(lambda: "librdkafka" in users(), what="the user")
    [found] = users()["librdkafka"].scram_credential_infos
    assert (found.mechanism, found.iterations) == (ScramMechanism.SCRAM_SHA_512, 8192)
    deletion = UserScramCredentialDeletion("librdkafka", ScramMechanism.SCRAM_SHA_512)
    assert outcome(librdkafka.alter_user_scram_credentials([deletion])) is None
    again = refusal(lambda: outcome(librdkafka.alter_user_scram_credentials([deletion])))
    assert again.str() == "Attempt to delete a user credential that does not exist"


def test_librdkafka_is_told_that_there_are_no_acls(librdkafka: confluent_kafka.admin.AdminClient) -> None:
    fields = (ResourceType.TOPIC, "t", ResourcePatternType.LITERAL, "User:a", "*")
    acl = AclBinding(*fields, AclOperation.READ, AclPermissionType.ALLOW)
    any_acl = AclBindingFilter(*fields, AclOperation.ANY, AclPermissionType.ANY)
    calls: list[Callable[[], Any]] = [
        lambda: outcome(librdkafka.create_acls([acl])),
        lambda: outcome(librdkafka.delete_acls([any_acl])),
    ]
    assert [refusal(call).code() for call in calls] == [KafkaError.SECURITY_DISABLED] * 2
    assert librdkafka.describe_acls(any_acl).result(timeout=30) == [], "which the library makes of the error"


# --- aiokafka


def test_aiokafka_changes_a_topics_settings(shared_broker: BrokerProcess, admin: KafkaAdminClient, topic: str) -> None:
    admin.create_topics([NewTopic(topic, 1, 1)])

    async def until_set(client: AIOKafkaAdminClient) -> None:
        wanted = AiokafkaResource(AiokafkaResourceType.TOPIC, topic, {"retention.ms": None})
        value = None
        while value != "4321":
            [described] = await client.describe_configs([wanted], include_synonyms=True)
            [(error_code, _, _, name, [(key, value, *_)])] = described.resources
            assert (error_code, name, key) == (0, topic, "retention.ms")

    async def scenario() -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=shared_broker.bootstrap)
        await client.start()
        try:
            changed = AiokafkaResource(AiokafkaResourceType.TOPIC, topic, {"retention.ms": "4321"})
            [altered] = await client.alter_configs([changed])
            assert [resource[0] for resource in altered.resources] == [0]
            await asyncio.wait_for(until_set(client), 20)
        finally:
            await client.close()

    asyncio.run(scenario())
