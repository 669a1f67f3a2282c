"""``minikafka adopt``: what it prints, what it refuses, and that the broker starts on what it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.cli.local.adopt import main
from minikafka.clock import SystemClock
from minikafka.config import BrokerConfig, LogConfig
from minikafka.controller.quorum_controller import QuorumController
from minikafka.pending import run_inline
from minikafka.storage.files import OsFiles
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import create_log
from minikafka.storage.log_manager import LogManager
from tests.storage.logs import append


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """With t-1, which has one record of 2023, stopped cleanly."""
    files = OsFiles(durable=False)
    log = create_log(LogContext(files, SystemClock(), run_inline), str(tmp_path / "t-1"), "t", 1, LogConfig(), None)
    append(log, "value")
    log.close()
    (tmp_path / "meta.properties").write_text("version=0\nbroker.id=3\ncluster.id=abcdefghijklmnopqrstuv\n")
    (tmp_path / "recovery-point-offset-checkpoint").write_text("0\n1\nt 1 1\n")
    (tmp_path / ".kafka_cleanshutdown").touch()
    return tmp_path


def test_it_says_what_it_did_and_how_to_start(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(directory)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "t: 2 partitions, 73 bytes; partitions 0 have no folder and begin empty; a new topic id; "
        "retention.ms=-1, since it has records older than the default of 604800000 ms",
        "Users, ACLs, quotas and dynamic settings of brokers were in ZooKeeper, and have to be made anew; with "
        "--zookeeper they are taken from there.",
        "1 topics with 1 partitions of broker 3 were adopted into the cluster abcdefghijklmnopqrstuv. Start with:",
        f"  minikafka-server --override node.id=3 --override log.dirs={directory}",
    ]
    files = OsFiles(durable=False)
    config = BrokerConfig.from_mapping({"log.dirs": str(directory), "node.id": "3"})
    logs = LogManager(config, SystemClock(), run_inline, files)
    logs.open_directories()
    controller = QuorumController(config, SystemClock(), run_inline, files, logs)
    controller.start()
    logs.load_logs(controller.image.topic_configs)
    controller.attach_logs()
    assert sorted((log.partition, log.log_end_offset) for log in logs.all()) == [(0, 0), (1, 1)]
    assert logs.was_clean
    logs.abandon()


def test_a_directory_that_was_not_stopped_cleanly_is_named(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / ".kafka_cleanshutdown").unlink()
    assert main([str(directory)]) == 0
    assert f"{directory} was not stopped cleanly: the first start recovers its logs\n" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    assert main(["--dry-run", str(directory)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "1 topics with 1 partitions of broker 3 would be adopted; nothing was changed"
    )
    assert {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()} == before


def test_described_topics(directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = tmp_path / "t-1" / "described.txt"
    described.write_text("Topic: t\tPartitionCount: 2\tReplicationFactor: 1\tConfigs: retention.ms=5\n")
    assert main([str(directory), "--described", str(described)]) == 0
    assert "retention.ms=-1" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "which directory? minikafka adopt --help tells more"),
        (["--described"], "--described needs a FILE behind it"),
        (["--zookeeper"], "--zookeeper needs HOST:PORT behind it"),
        (["--zookeeper", "here", "."], "'here' is not HOST:PORT"),
        (
            ["--zookeeper", "127.0.0.1:1/kafka", "."],
            "no ZooKeeper answers: 127.0.0.1:1: [Errno 111] Connection refused",
        ),
        (["--force", "."], "there is no option --force; minikafka adopt --help lists them"),
        (["/nowhere"], "/nowhere has no meta.properties: it is not a log directory (log.dirs) of a broker"),
    ],
)
def test_what_it_does_not_understand(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err == f"minikafka adopt: {sentence}\n"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: minikafka adopt DIR...")
