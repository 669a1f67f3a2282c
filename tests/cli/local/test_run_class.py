"""``kafka-run-class``: the commands by the names that Kafka's classes have had."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minikafka.broker import Broker
from minikafka.cli import COMMANDS
from minikafka.cli.local.run_class import CLASSES, command_of, main


@pytest.mark.parametrize(
    ("class_name", "command"),
    [
        ("kafka.tools.GetOffsetShell", "kafka-get-offsets"),
        ("org.apache.kafka.tools.GetOffsetShell", "kafka-get-offsets"),
        ("kafka.admin.TopicCommand", "kafka-topics"),
        ("kafka.admin.ConsumerGroupCommand", "kafka-consumer-groups"),
        ("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "kafka-consumer-groups"),
        ("kafka.tools.DumpLogSegments", "kafka-dump-log"),
        ("kafka.tools.ConsoleConsumer", "kafka-console-consumer"),
        ("org.apache.kafka.tools.consumer.ConsoleConsumer", "kafka-console-consumer"),
        ("kafka.producer.ConsoleProducer", "kafka-console-producer"),
        ("org.apache.kafka.tools.ProducerPerformance", "kafka-producer-perf-test"),
        ("kafka.tools.ConsumerPerformance", "kafka-consumer-perf-test"),
        ("kafka.tools.StorageTool", "kafka-storage"),
        ("kafka.Kafka", "kafka-server-start"),
        ("org.apache.zookeeper.server.quorum.QuorumPeerMain", "zookeeper-server-start"),
        ("com.example.TopicCommand", None),
        ("kafka.tools.MirrorMaker", None),
        ("TopicCommand", None),
    ],
)
def test_classes(class_name: str, command: str | None) -> None:
    assert command_of(class_name) == command


def test_every_tool_has_a_class() -> None:
    without = {"kafka-run-class", "kafka-server-stop"}
    named = set(CLASSES.values())
    assert {name for name in COMMANDS if name.startswith("kafka-")} - without <= named


def test_runs_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-name", "tool", "-loggc", "kafka.tools.StorageTool", "random-uuid"]) == 0
    assert len(capsys.readouterr().out.strip()) == 22


def test_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kafka.tools.MirrorMaker", "--help"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Error: Could not find or load main class kafka.tools.MirrorMaker"
    assert "  GetOffsetShell (kafka-get-offsets)" in lines
    assert main(["-daemon", "kafka.tools.GetOffsetShell"]) == 1
    assert capsys.readouterr().err.startswith("kafka-run-class: -daemon is for servers;")
    assert main([]) == 1
    assert capsys.readouterr().err.startswith("USAGE: kafka-run-class ")


def test_as_an_old_tutorial_has_it() -> None:
    command = [sys.executable, "-m", "minikafka", "kafka-run-class", "kafka.tools.GetOffsetShell"]
    with Broker() as broker:
        options = ["--broker-list", broker.bootstrap_servers, "--topic", "none", "--time", "-1"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error occurred: Could not match any topic-partitions with the specified filters\n"
