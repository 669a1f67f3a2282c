"""The tables against what Apache Kafka itself declares, and against their own rules."""

from __future__ import annotations

import pytest

from minikafka.config.keys import ConfigKey, KeyTable
from minikafka.config.reasons import REASONS
from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY, ONLY_OF_TOPICS
from minikafka.config.tables import (
    admin_keys,
    broker_keys,
    consumer_keys,
    group_keys,
    producer_keys,
    topic_keys,
)
from minikafka.config.values import value_text
from tests.config.facts import rows

TABLES = {
    "broker": broker_keys,
    "topic": topic_keys,
    "group": group_keys,
    "producer": producer_keys,
    "consumer": consumer_keys,
    "admin": admin_keys,
}

ONE_NODE_DEFAULTS = {
    "broker.id": "1",
    "controller.listener.names": "",
    "node.id": "1",
    "offsets.topic.replication.factor": "1",
    "process.roles": "broker,controller",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.replication.factor": "1",
}
"""Where the default is not Kafka's, because one node demands another."""

VERSIONS = {"0.8.2.2": "0.8.2", "0.10.2.2": "0.10", "2.8.2": "2.8", "3.9.1": "3.9", "4.2.0": None}

ALL_KEYS = [pytest.param(scope, key, id=f"{scope}-{key.name}") for scope, t in TABLES.items() for key in t().values()]


@pytest.mark.parametrize("fact", rows("kafka_keys.tsv"), ids=lambda fact: f"{fact[0]}-{fact[1]}")
def test_a_key_is_as_kafka_declares_it(fact: list[str]) -> None:
    scope, name, version, type_name, default, valid, importance, update_mode, internal = fact
    key = TABLES[scope]()[name]
    assert key.type == type_name.lower()
    if scope == "broker" and name in ONE_NODE_DEFAULTS:
        assert key.default_text == ONE_NODE_DEFAULTS[name]
    else:
        assert key.default_text == (None if default in ("!null", "!required") else default.replace("class ", ""))
    # Consumers and producers differ in how important a client.id is; they share its entry.
    assert key.importance == importance.lower() or name == "client.id"
    assert key.is_internal == bool(internal)
    assert key.last_version == VERSIONS[version]
    if scope == "broker":
        assert key.update_mode == update_mode
    assert _condition_text(key) == _expected_condition(name, valid)


def _condition_text(key: ConfigKey) -> str:
    return key.condition.text if key.condition is not None else ""


def _expected_condition(name: str, valid: str) -> str:
    if valid == "release":
        return "a version such as 2.8 or 3.9-IV0"
    if name == "share.acquire.mode":
        return "(case insensitive) [BATCH_OPTIMIZED, RECORD_LIMIT]"
    return valid.replace(" nonempty", "").replace(" distinct", "")


@pytest.mark.parametrize(("scope", "key"), ALL_KEYS)
def test_an_entry_follows_the_rules(scope: str, key: ConfigKey) -> None:
    assert key.importance in ("high", "medium", "low")
    assert key.update_mode in ("read-only", "per-broker", "cluster-wide")
    if key.no_effect is None:
        assert key.documentation.endswith(".")
    else:
        assert key.no_effect in REASONS
    if key.default_text:
        assert value_text(key.default) == key.default_text
    if key.default_text and key.condition is not None:
        key.condition.ensure(key.name, key.default)


def test_every_reason_is_used() -> None:
    used = {key.no_effect for table in TABLES.values() for key in table().values()}
    assert used - {None} == set(REASONS)


def test_no_key_is_there_twice() -> None:
    from minikafka.config.tables import cluster, coordinator, legacy, log, network, security, server, transaction

    modules = (server, network, log, coordinator, transaction, security, cluster, legacy)
    assert sum(len(KeyTable(module.TABLE)) for module in modules) == len(broker_keys())


def test_every_topic_key_has_its_broker_key_or_none() -> None:
    declared = {key.name for key in topic_keys().values() if key.is_declared}
    assert set(BROKER_KEY_OF_TOPIC_KEY) | set(ONLY_OF_TOPICS) == declared
    for topic_key, broker_key in BROKER_KEY_OF_TOPIC_KEY.items():
        assert broker_keys()[broker_key].type == topic_keys()[topic_key].type


@pytest.mark.parametrize(
    ("type_name", "code"),
    [
        ("boolean", 1),
        ("string", 2),
        ("int", 3),
        ("short", 4),
        ("long", 5),
        ("double", 6),
        ("list", 7),
        ("class", 8),
        ("password", 9),
    ],
)
def test_types_have_the_numbers_of_the_protocol(type_name: str, code: int) -> None:
    assert ConfigKey(f"k | {type_name} | - | | low").type_code == code


def test_a_long_entry_goes_on_in_the_next_line() -> None:
    table = KeyTable(
        "\na | int | 5\n    | 1.. | high | per-broker | internal, until 2.8\n    Text\n    of two lines.\n"
        "\nb | list | - | | low\n"
    )
    key = table["a"]
    assert (key.default, key.importance, key.update_mode) == (5, "high", "per-broker")
    assert key.is_internal
    assert key.last_version == "2.8"
    assert key.documentation == "Text of two lines."
    assert list(table) == ["a", "b"]
    assert table.get("c") is None
