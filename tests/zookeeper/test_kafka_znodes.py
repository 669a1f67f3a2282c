"""Kafka's znodes, byte for byte as Kafka 2.4.1 wrote them (but for the order of partitions, a hash table's there)."""

from __future__ import annotations

import pytest

from minikafka.client.admin.acls import Acl, AclEntry, ResourcePattern
from minikafka.client.admin.quotas import CLIENT_ID, USER, QuotaEntity
from minikafka.zookeeper.cluster_state import NOTHING, BrokerState, PartitionState, Settings, Topology
from minikafka.zookeeper.kafka_acl_znodes import acl_znodes
from minikafka.zookeeper.kafka_znodes import quota_entity, quota_path, settings_znodes, topology_znodes
from minikafka.zookeeper.messages import ALL, READ

PARTITION = PartitionState(1, 0, [1], [1])
TOPOLOGY = Topology(
    "s6fO2d3SS0qaqGNl57yP2Q",
    1,
    [BrokerState(1, "127.0.0.1", 23092, None)],
    {"my-topic": {0: PARTITION}, "test": {0: PARTITION, 1: PARTITION}},
)
STARTED_MS = 1795269195430

# What kazoo reads of Kafka 2.4.1 with one broker, two topics and some quotas.
OF_KAFKA = {
    "/brokers/ids/1": '{"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},'
    '"endpoints":["PLAINTEXT://127.0.0.1:23092"],"jmx_port":-1,"host":"127.0.0.1","timestamp":"1795269195430",'
    '"port":23092,"version":4}',
    "/brokers/topics/my-topic": '{"version":2,"partitions":{"0":[1]},"adding_replicas":{},"removing_replicas":{}}',
    "/brokers/topics/test/partitions/1/state": '{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,'
    '"isr":[1]}',
    "/cluster/id": '{"version":"1","id":"s6fO2d3SS0qaqGNl57yP2Q"}',
    "/controller": '{"version":1,"brokerid":1,"timestamp":"1795269195430"}',
    "/controller_epoch": "1",
}
EMPTY_IN_KAFKA = [
    "/admin",
    "/admin/delete_topics",
    "/brokers",
    "/brokers/ids",
    "/brokers/seqid",
    "/brokers/topics",
    "/brokers/topics/my-topic/partitions",
    "/brokers/topics/my-topic/partitions/0",
    "/cluster",
    "/config",
    "/config/brokers",
    "/config/changes",
    "/config/clients",
    "/config/topics",
    "/config/users",
    "/consumers",
    "/isr_change_notification",
    "/latest_producer_id_block",
    "/log_dir_event_notification",
]
CONFIG_OF_KAFKA = {
    "/config/topics/my-topic": '{"version":1,"config":{"max.message.bytes":"64000","flush.messages":"1"}}',
    "/config/topics/test": '{"version":1,"config":{}}',
    "/config/clients/c1": '{"version":1,"config":{"producer_byte_rate":"1000"}}',
    "/config/users/u1": '{"version":1,"config":{}}',
    "/config/users/u1/clients": None,
    "/config/users/u1/clients/c1": '{"version":1,"config":{"consumer_byte_rate":"1000"}}',
    "/config/brokers/<default>": '{"version":1,"config":{"log.cleaner.threads":"2"}}',
}


def test_topics_and_brokers() -> None:
    nodes = topology_znodes(TOPOLOGY, STARTED_MS)
    assert {path: (nodes[path].data or b"").decode() for path in OF_KAFKA} == OF_KAFKA
    assert [path for path in EMPTY_IN_KAFKA if nodes[path].data is not None] == []
    assert nodes["/brokers/ids/1"].ephemeral_owner == nodes["/controller"].ephemeral_owner != 0


def test_every_node_has_its_parents() -> None:
    settings = Settings({}, {"": {"a": "b"}}, [QuotaEntity({USER: "u", CLIENT_ID: None}, {"request_percentage": 0.5})])
    nodes = topology_znodes(TOPOLOGY, STARTED_MS) | settings_znodes(settings, TOPOLOGY)
    for path in nodes:
        parent = path.rpartition("/")[0]
        assert not parent or parent in nodes, path


def test_a_broker_in_a_rack_at_an_ipv6_address() -> None:
    topology = TOPOLOGY._replace(brokers=[BrokerState(2, "::1", 9092, "r1")])
    data = topology_znodes(topology, STARTED_MS)["/brokers/ids/2"].data
    assert data is not None
    assert b'"endpoints":["PLAINTEXT://[::1]:9092"]' in data
    assert b'"rack":"r1"' in data


def test_without_brokers() -> None:
    nodes = topology_znodes(TOPOLOGY.without_brokers(), STARTED_MS)
    assert "/brokers/ids/1" not in nodes
    assert "/controller" not in nodes
    assert "/brokers/topics/test" in nodes
    assert set(EMPTY_IN_KAFKA) - topology_znodes(NOTHING, STARTED_MS).keys() == {
        "/brokers/topics/my-topic/partitions",
        "/brokers/topics/my-topic/partitions/0",
    }


def test_settings() -> None:
    settings = Settings(
        {"my-topic": {"max.message.bytes": "64000", "flush.messages": "1"}},
        {"": {"log.cleaner.threads": "2"}},
        [
            QuotaEntity({CLIENT_ID: "c1"}, {"producer_byte_rate": 1000.0}),
            QuotaEntity({USER: "u1", CLIENT_ID: "c1"}, {"consumer_byte_rate": 1000.0}),
        ],
    )
    nodes = settings_znodes(settings, TOPOLOGY)
    assert {path: node.data and node.data.decode() for path, node in nodes.items()} == CONFIG_OF_KAFKA


def test_a_user_that_has_quotas_with_and_without_a_client_keeps_both() -> None:
    of_user = QuotaEntity({USER: "u"}, {"request_percentage": 0.5})
    of_both = QuotaEntity({USER: "u", CLIENT_ID: "c"}, {"consumer_byte_rate": 1.0})
    for quotas in ([of_user, of_both], [of_both, of_user]):
        nodes = settings_znodes(Settings({}, {}, quotas), NOTHING)
        assert nodes["/config/users/u"].data == b'{"version":1,"config":{"request_percentage":"0.5"}}'
        assert nodes["/config/users/u/clients/c"].data == b'{"version":1,"config":{"consumer_byte_rate":"1"}}'


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({USER: "u"}, "/config/users/u"),
        ({CLIENT_ID: None}, "/config/clients/<default>"),
        ({USER: None, CLIENT_ID: "c 2*~/x"}, "/config/users/<default>/clients/c%202%2A%7E%2Fx"),
    ],
)
def test_where_quotas_are(parts: dict[str, str | None], path: str) -> None:
    assert quota_path(parts) == path
    assert quota_entity(path) == parts


@pytest.mark.parametrize("path", ["/config/users", "/config/users/u/clients", "/config/topics/t", "/config/ips/::1"])
def test_where_no_quotas_are(path: str) -> None:
    assert quota_entity(path) is None


def test_what_may_be_written_says_so() -> None:
    nodes = topology_znodes(TOPOLOGY, STARTED_MS)
    assert nodes["/brokers/topics"].permissions == nodes["/brokers/topics/test"].permissions == ALL
    assert nodes["/controller"].permissions == nodes["/brokers"].permissions == READ


def test_access_lists() -> None:
    topic, prefix = ResourcePattern("TOPIC", "test", "LITERAL"), ResourcePattern("TOPIC", "pre", "PREFIXED")
    nodes = acl_znodes(
        [
            Acl(topic, AclEntry("User:alice", "*", "READ", "ALLOW")),
            Acl(topic, AclEntry("User:alice", "*", "DESCRIBE_CONFIGS", "ALLOW")),
            Acl(prefix, AclEntry("User:bob", "1.2.3.4", "ALL", "DENY")),
            # Kafka 2.4 knew neither.
            Acl(prefix, AclEntry("User:bob", "*", "TWO_PHASE_COMMIT", "ALLOW")),
            Acl(ResourcePattern("USER", "carol", "LITERAL"), AclEntry("User:bob", "*", "CREATE_TOKENS", "ALLOW")),
        ]
    )
    assert nodes["/kafka-acl/Topic/test"].data == (
        b'{"version":1,"acls":[{"principal":"User:alice","permissionType":"Allow","operation":"Read","host":"*"},'
        b'{"principal":"User:alice","permissionType":"Allow","operation":"DescribeConfigs","host":"*"}]}'
    )
    assert nodes["/kafka-acl-extended/prefixed/Topic/pre"].data == (
        b'{"version":1,"acls":[{"principal":"User:bob","permissionType":"Deny","operation":"All","host":"1.2.3.4"}]}'
    )
    assert sorted(path for path, node in nodes.items() if node.data is None) == sorted(
        ["/kafka-acl", "/kafka-acl-changes", "/kafka-acl-extended", "/kafka-acl-extended-changes"]
        + ["/kafka-acl-extended/prefixed"]
        + [
            f"{parent}/{kind}"
            for parent in ("/kafka-acl", "/kafka-acl-extended/prefixed")
            for kind in ("Topic", "Group", "Cluster", "TransactionalId", "DelegationToken")
        ]
    )
    assert acl_znodes(None) == {}
