"""What zookeeper-server-start reads from its files, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.cli.local import zookeeper_start
from minikafka.cli.local.zookeeper_start import settings_of


def write(directory: Path, zookeeper: str, server: str | None = None) -> Path:
    file = directory / "zookeeper.properties"
    file.write_text(zookeeper)
    if server is not None:
        (directory / "server.properties").write_text(server)
    return file


@pytest.mark.parametrize(
    ("zookeeper", "server", "address"),
    [
        ("", None, "localhost:9092"),
        ("", "listeners=PLAINTEXT://:9192,OTHER://:9193\n", "localhost:9192"),
        ("", "port=9292\n", "localhost:9292"),
        ("", "listeners=PLAINTEXT://:0\n", "localhost:9092"),
        ("bootstrap.servers=kafka:9999\n", "listeners=PLAINTEXT://:9192\n", "kafka:9999"),
    ],
)
def test_which_broker_it_shows(tmp_path: Path, zookeeper: str, server: str | None, address: str) -> None:
    settings = settings_of(write(tmp_path, zookeeper, server))
    assert settings.cluster.bootstrap_servers == address


def test_defaults(tmp_path: Path) -> None:
    settings = settings_of(write(tmp_path, "dataDir=/tmp/zookeeper\n", "zookeeper.connect=localhost:2181\n"))
    assert (settings.host, settings.port, settings.chroot, settings.tick_ms) == (None, 2181, "", 2000)
    assert settings.configuration["dataDir"] == "/tmp/zookeeper"
    assert settings.configuration["maxSessionTimeout"] == 40_000


@pytest.mark.parametrize("connect", ["zk1:2181,zk2:2181/kafka", "localhost:2181/kafka/"])
def test_a_path_for_the_znodes(tmp_path: Path, connect: str) -> None:
    assert settings_of(write(tmp_path, "", f"zookeeper.connect={connect}\n")).chroot == "/kafka"


@pytest.mark.parametrize(
    ("zookeeper", "sentence"),
    [
        ("clientPort=many\n", "clientPort=many: it is a number from 0 to 65535"),
        ("clientPort=70000\n", "clientPort=70000: it is a number from 0 to 65535"),
        ("tickTime=-1\n", "tickTime=-1: it is a number from 0 to"),
        ("clientPort=0\nclientPortAddress=192.0.2.1\n", "cannot listen on 192.0.2.1:0: "),
    ],
)
def test_what_is_refused(
    tmp_path: Path,
    zookeeper: str,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    assert zookeeper_start.main([str(write(tmp_path, zookeeper))]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"zookeeper-server-start: {sentence}")
    assert printed.err.count("\n") == 1
    assert not list((tmp_path / "logs").glob("*.pid"))


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert zookeeper_start.main([str(tmp_path / "nope")]) == 1
    assert "nope cannot be read: No such file or directory" in capsys.readouterr().err
