"""``minikafka init``, and the bin and config of the checkout, which are the same."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.cli import COMMANDS
from minikafka.cli.local.layout import config_source, launchers, main
from minikafka.config import BrokerConfig
from minikafka.config.client import ClientConfig
from minikafka.config.properties import parse_properties

REPOSITORY = Path(__file__).parents[3]


_CONVERTERS = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "true",
    "value.converter.schemas.enable": "true",
    "bootstrap.servers": "localhost:9092",
    "offset.flush.interval.ms": "10000",
}
_FILE = "org.apache.kafka.connect.file.FileStream"
CONNECT = {
    "connect-standalone": {**_CONVERTERS, "offset.storage.file.filename": "/tmp/connect.offsets"},
    "connect-distributed": {
        **_CONVERTERS,
        "group.id": "connect-cluster",
        **{
            f"{kind}.storage.{name}": value
            for kind, topic in (
                ("offset", "connect-offsets"),
                ("config", "connect-configs"),
                ("status", "connect-status"),
            )
            for name, value in (("topic", topic), ("replication.factor", "1"))
        },
    },
    "connect-file-source": {
        "name": "local-file-source",
        "connector.class": "FileStreamSource",
        "tasks.max": "1",
        "file": "test.txt",
        "topic": "connect-test",
    },
    "connect-file-sink": {
        "name": "local-file-sink",
        "connector.class": "FileStreamSink",
        "tasks.max": "1",
        "file": "test.sink.txt",
        "topics": "connect-test",
    },
    "connect-console-source": {
        "name": "local-console-source",
        "connector.class": f"{_FILE}SourceConnector",
        "tasks.max": "1",
        "topic": "connect-test",
    },
    "connect-console-sink": {
        "name": "local-console-sink",
        "connector.class": f"{_FILE}SinkConnector",
        "tasks.max": "1",
        "topics": "connect-test",
    },
}
"""What the files for Kafka Connect say in Kafka 4.2."""


def test_the_checkout_has_every_script() -> None:
    scripts = {
        path.name: path.read_text() for path in (REPOSITORY / "bin").iterdir() if path.name != "minikafka-server"
    }
    assert scripts == launchers()
    for name in scripts:
        assert os.access(REPOSITORY / "bin" / name, os.X_OK), name


def test_a_script_for_each_of_kafkas_commands() -> None:
    names = {name for name in COMMANDS if name.startswith(("kafka-", "zookeeper-"))}
    assert {name.removesuffix(".sh") for name in launchers()} == names
    assert len(launchers()) == 2 * len(names)


def test_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "kafka")]) == 0
    assert "bin/kafka-server-start.sh config/server.properties" in capsys.readouterr().out
    script = tmp_path / "kafka" / "bin" / "kafka-topics.sh"
    assert script.stat().st_mode & stat.S_IXUSR
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("4.2.0 (minikafka ")
    assert f"${{PYTHON:-{sys.executable}}}" in script.read_text()
    for name in ("server", "kraft/server", "consumer", "producer", "zookeeper", *CONNECT):
        assert (tmp_path / "kafka" / "config" / f"{name}.properties").is_file()


def test_init_leaves_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    settings = tmp_path / "config" / "server.properties"
    settings.write_text("node.id=7\n")
    (tmp_path / "bin" / "kafka-topics").unlink()
    capsys.readouterr()
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("1 files written")
    assert settings.read_text() == "node.id=7\n"


def test_init_where_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err
    assert main([]) == 1
    assert main(["--help"]) == 0


@pytest.mark.parametrize("name", ["server.properties", "kraft/server.properties"])
def test_the_broker_knows_every_setting(name: str) -> None:
    warnings = BrokerConfig.load(config_source() / name).warnings
    assert [warning for warning in warnings if not warning.startswith("No effect on a single node")] == []


@pytest.mark.parametrize("kind", ["consumer", "producer"])
def test_the_clients_know_every_setting(kind: str) -> None:
    file = config_source() / f"{kind}.properties"
    lines = [line.removeprefix("#") for line in file.read_text().splitlines() if "=" in line and " " not in line]
    overrides = dict(line.split("=", 1) for line in lines)
    assert len(overrides) >= 8
    config = ClientConfig.load(kind, file, overrides)  # type: ignore[arg-type]
    assert config.warnings == []
    for name in overrides:
        if name not in ("bootstrap.servers", "group.id", "compression.type"):
            assert config[name] == ClientConfig.load(kind)[name], name  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CONNECT)
def test_the_files_of_connect_say_what_those_of_kafka_say(name: str) -> None:
    file = config_source() / f"{name}.properties"
    assert {key: value for key, value, _ in parse_properties(file.read_text())} == CONNECT[name]
