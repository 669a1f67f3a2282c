from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config import ClientConfig
from minikafka.errors import ConfigError


def test_a_file_of_a_consumer_is_typed(tmp_path: Path) -> None:
    path = tmp_path / "consumer.properties"
    path.write_text("bootstrap.servers=localhost:9092,localhost:9093\ngroup.id=g\nfetch.min.bytes=5\n")
    config = ClientConfig.load("consumer", path, {"fetch.min.bytes": "6"})
    assert config["bootstrap.servers"] == ["localhost:9092", "localhost:9093"]
    assert config["fetch.min.bytes"] == 6
    assert config["session.timeout.ms"] == 45000
    assert config["group.instance.id"] is None
    assert config.originals["group.id"] == "g"
    assert "group.id" in config
    assert "session.timeout.ms" not in config
    assert config.warnings == []


def test_a_wrong_value_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "producer.properties"
    path.write_text("acks=2\n")
    with pytest.raises(
        ConfigError, match=r"^acks=2 \(.*producer\.properties, line 1\): String must be one of: all, -1"
    ):
        ClientConfig.load("producer", path)


def test_keys_of_the_scala_clients_are_known() -> None:
    config = ClientConfig.from_mapping("producer", {"metadata.broker.list": "a:1,b:2", "producer_type": "async"})
    assert config["metadata.broker.list"] == ["a:1", "b:2"]
    assert config["producer.type"] == "async"
    assert config.warnings == []


def test_an_unknown_name_is_told() -> None:
    assert ClientConfig.from_mapping("admin", {"group.id": "g"}).warnings == [
        "group.id is not a setting of an admin client and is ignored."
    ]
