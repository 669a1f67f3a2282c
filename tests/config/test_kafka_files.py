"""The files that Kafka came with, from 0.8 on, are understood: every key, every value, and each file as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config import BrokerConfig
from minikafka.config.client import ClientConfig
from minikafka.config.tables import broker_keys, consumer_keys, producer_keys, topic_keys
from tests.config.facts import rows
from tests.config.kafka_files import BROKER_FILES, RELEASES, kafka_file

TABLES = {"broker": broker_keys, "topic": topic_keys, "producer": producer_keys, "consumer": consumer_keys}


@pytest.mark.parametrize("fact", rows("kafka_releases.tsv"), ids=lambda fact: f"{fact[0]}-{fact[1]}")
def test_a_key_of_any_release_is_known(fact: list[str]) -> None:
    scope, name, _, _ = fact
    assert name in TABLES[scope]()


@pytest.mark.parametrize("fact", rows("kafka_shipped.tsv"), ids=lambda fact: "-".join(fact[:5]).replace("/", "."))
def test_a_setting_of_a_shipped_file_is_known(fact: list[str]) -> None:
    file, name, _, value, _, _ = fact
    key = TABLES["broker" if file in BROKER_FILES else file]()[name]
    if value:
        key.parse(value)


FILES = [(file, release) for file in BROKER_FILES for release in RELEASES if kafka_file(file, release)]


@pytest.mark.parametrize(("file", "release"), FILES)
def test_a_brokers_file_can_be_used(tmp_path: Path, file: str, release: str) -> None:
    path = tmp_path / "server.properties"
    path.write_text(kafka_file(file, release))
    config = BrokerConfig.load(path)
    assert not [warning for warning in config.warnings if "is not a setting" in warning]
    assert config.listeners
    assert config.log_retention_ms == 168 * 3_600_000
    assert config["num.partitions"] in (1, 2)


@pytest.mark.parametrize("kind", ["producer", "consumer"])
@pytest.mark.parametrize("release", RELEASES)
def test_a_clients_file_can_be_used(tmp_path: Path, kind: str, release: str) -> None:
    path = tmp_path / f"{kind}.properties"
    path.write_text(kafka_file(kind, release))
    config = ClientConfig.load(kind, path)  # type: ignore[arg-type]
    assert config.originals
    assert config.warnings == []


def test_what_the_files_of_zookeepers_time_say_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "server.properties"
    path.write_text(kafka_file("server", "0.8.0"))
    warnings = BrokerConfig.load(path).warnings
    about_zookeeper = [warning for warning in warnings if "zookeeper.connect" in warning]
    assert len(about_zookeeper) == 1
    assert "zookeeper.connect, zookeeper.connection.timeout.ms (there is no ZooKeeper;" in about_zookeeper[0]
    assert any("log.cleanup.interval.mins" in warning and "is an old name" in warning for warning in warnings)
    assert any(warning.startswith("port ") and "is the form of Kafka 0.8" in warning for warning in warnings)
