"""DescribeConfigs, setting by setting against what Apache Kafka 4.2 answered on the same configuration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka.config import BrokerConfig
from minikafka.config import describe as d
from tests.config.facts import HERE, rows

SOURCES = {
    d.TOPIC_CONFIG: "DYNAMIC_TOPIC_CONFIG",
    d.DYNAMIC_BROKER_CONFIG: "DYNAMIC_BROKER_CONFIG",
    d.DYNAMIC_DEFAULT_BROKER_CONFIG: "DYNAMIC_DEFAULT_BROKER_CONFIG",
    d.STATIC_BROKER_CONFIG: "STATIC_BROKER_CONFIG",
    d.DEFAULT_CONFIG: "DEFAULT_CONFIG",
    d.GROUP_CONFIG: "DYNAMIC_GROUP_CONFIG",
}
TYPES = ("UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD")

OTHER_DEFAULT = {
    "broker.id",
    "controller.listener.names",
    "node.id",
    "offsets.topic.replication.factor",
    "process.roles",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
}
"""Keys with another default than Kafka's: the last synonym differs."""

# min.insync.replicas=1 is what Kafka's controller itself sets when eligible leader replicas are turned on (KIP-966).
CLUSTER = {
    "log.retention.ms": "123456",
    "max.connections": "1000",
    "message.max.bytes": "2000000",
    "min.insync.replicas": "1",
}
BROKER = {
    "foo": "bar",
    "listener.name.plaintext.max.connections": "50",
    "listener.name.plaintext.ssl.keystore.password": "pw",
    "message.max.bytes": "3000000",
}
CONFIG = BrokerConfig.load(HERE / "kafka_described.properties").with_dynamic(CLUSTER, BROKER)

RESOURCES = {
    "BROKER:7": lambda: d.describe_broker(CONFIG),
    "BROKER:": lambda: d.describe_broker_defaults(CONFIG),
    "TOPIC:t": lambda: d.describe_topic(
        CONFIG, {"retention.ms": "5000", "cleanup.policy": "compact,delete", "internal.segment.bytes": "5000"}
    ),
    "TOPIC:plain": lambda: d.describe_topic(CONFIG, {}),
    "GROUP:g": lambda: d.describe_group(CONFIG, {"consumer.session.timeout.ms": "46000"}),
    "GROUP:h": lambda: d.describe_group(CONFIG, {}),
}


def _row(described: d.DescribedConfig) -> list[str]:
    synonyms = "".join(f"{s.name}={_shown(s.value)}@{SOURCES[s.source]};" for s in described.synonyms)
    flags = [described.is_sensitive, described.read_only]
    return [
        _shown(described.value),
        SOURCES[described.source],
        *(str(flag).lower() for flag in flags),
        TYPES[described.type_code],
        synonyms,
        str(described.documentation is None).lower(),
    ]


def _shown(value: str | None) -> str:
    return "null" if value is None else value


def _expected(resource: str) -> dict[str, list[str]]:
    return {row[1]: row[2:] for row in rows("kafka_described.tsv") if row[0] == resource}


def _without_default(row: list[str]) -> list[str]:
    synonyms = [synonym for synonym in row[5].split(";") if not synonym.endswith("@DEFAULT_CONFIG")]
    return [*row[:5], ";".join(synonyms), row[6]]


@pytest.mark.parametrize("resource", RESOURCES)
def test_settings_are_described_as_kafka_describes_them(resource: str) -> None:
    described = {each.name: _row(each) for each in RESOURCES[resource]()}
    expected = _expected(resource)
    assert sorted(described) == sorted(expected)
    for name, row in expected.items():
        if name in OTHER_DEFAULT:
            assert _without_default(described[name]) == _without_default(row), name
        else:
            assert described[name] == row, name


def test_the_documentation_says_what_has_no_effect() -> None:
    documented = {each.name: each.documentation for each in _broker()}
    assert documented["replica.fetch.max.bytes"] == (
        "No effect on a single node: there is one node, so nothing is replicated and no leader changes."
    )
    assert documented["log.roll.hours"] == "As log.roll.ms, in hours."
    assert documented["some.unknown.key"] is None


def _broker() -> Iterator[d.DescribedConfig]:
    return d.describe_broker(CONFIG)


def test_secrets_are_never_shown() -> None:
    shown = repr([(each, each.synonyms) for each in _broker()])
    assert "secret" not in shown.replace("delegation.token.secret.key", "").replace("client.secret", "")
    assert "=pw" not in shown
