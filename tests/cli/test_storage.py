"""kafka-storage: what it prints, and that a broker takes what it formats for its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.storage import main
from minikafka.config import BrokerConfig
from minikafka.protocol.primitives import uuid_from_text

CLUSTER_ID = "bWluaWthZmthLXRlc3RzIQ"


def settings(directory: Path, *more: str) -> str:
    file = directory / "server.properties"
    lines = [
        "process.roles=broker,controller",
        "node.id=4",
        "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093",
        "controller.listener.names=CONTROLLER",
        f"log.dirs={directory / 'one'},{directory / 'two'}",
        *more,
    ]
    file.write_text("\n".join(lines))
    return str(file)


def test_random_uuid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["random-uuid"]) == 0
    first = capsys.readouterr().out
    assert main(["random-uuid"]) == 0
    assert capsys.readouterr().out != first
    assert len(uuid_from_text(first.strip())) == 16


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("controller.quorum.voters=4@localhost:9093", "metadata directory"),
        ("controller.quorum.bootstrap.servers=localhost:9093", "dynamic metadata voter directory"),
    ],
)
def test_a_broker_starts_on_what_was_formatted(
    setting: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings(tmp_path, setting)
    assert main(["format", "--standalone", "-t", CLUSTER_ID, "-c", file]) == 0
    assert capsys.readouterr().out == (
        f"Formatting {what} {tmp_path}/one with metadata.version 4.2-IV1.\n"
        f"Formatting data directory {tmp_path}/two with metadata.version 4.2-IV1.\n"
    )
    ids = [(tmp_path / name / "meta.properties").read_text().split("directory.id=")[1] for name in ("one", "two")]
    with Broker(config=BrokerConfig.load(file)) as broker:
        assert broker.cluster_id == CLUSTER_ID
        assert broker.node_id == 4
    after = [(tmp_path / name / "meta.properties").read_text().split("directory.id=")[1] for name in ("one", "two")]
    assert after == ids


def test_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path)
    assert main(["info", "-c", file]) == 1
    assert capsys.readouterr().out == (
        f"Found problems:\n  {tmp_path}/one does not exist\n  {tmp_path}/two does not exist\n\n"
    )
    assert main(["format", "-c", file, "-t", CLUSTER_ID]) == 0
    capsys.readouterr()
    assert main(["info", "-c", file]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Found log directories:\n  {tmp_path}/one\n  {tmp_path}/two\n\nFound metadata: {{")
    assert f"{{cluster.id={CLUSTER_ID}, directory.id=" in told
    assert told.endswith(", node.id=4, version=1}\n\n")


def test_what_is_formatted_already(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    format_command = ["format", "-c", settings(tmp_path), "-t", CLUSTER_ID]
    assert main(format_command) == 0
    capsys.readouterr()
    assert main(format_command) == 1
    assert capsys.readouterr().err == (
        f"Log directory {tmp_path}/one is already formatted. Use --ignore-formatted to ignore this directory and "
        "format the others.\n"
    )
    assert main([*format_command, "-g"]) == 0
    assert capsys.readouterr().out == "All of the log directories are already formatted.\n"
    (tmp_path / "two" / "meta.properties").unlink()
    assert main([*format_command, "--ignore-formatted"]) == 0
    assert f"{tmp_path}/two" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--feature", "no.such=1"], "Unsupported feature: no.such."),
        (["--feature", "group.version=9"], "No feature:group.version with feature level 9"),
        (["--release-version", "1.0"], "--release-version 1.0"),
    ],
)
def test_what_cannot_be_formatted(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["format", "-c", settings(tmp_path), "-t", CLUSTER_ID, *arguments]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "one").exists()


def test_a_feature_that_stays_off(tmp_path: Path) -> None:
    file = settings(tmp_path)
    assert main(["format", "-c", file, "-t", CLUSTER_ID, "--feature", "share.version=0"]) == 0
    assert b"share.version" not in (tmp_path / "one" / "bootstrap.checkpoint").read_bytes()
    assert b"group.version" in (tmp_path / "one" / "bootstrap.checkpoint").read_bytes()


@pytest.mark.parametrize("arguments", [[], ["unformat"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("usage: kafka-storage {info,format,random-uuid} ...")
