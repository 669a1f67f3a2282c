"""kafka-topics --zookeeper speaks as Kafka 2.4's: each sentence is what that printed with a real ZooKeeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.topics import topics
from minikafka.client.admin.topics import create_topic, list_topics
from minikafka.client.cluster import Cluster

Run = Callable[[str], tuple[int, str]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as broker, Cluster(broker.bootstrap_servers) as cluster:
        create_topic(cluster, "my-topic", partitions=5)
        create_topic(cluster, "__consumer_offsets", partitions=1)
        yield broker


@pytest.fixture
def run(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("--list")`` -> exit code, and what is printed."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "server.properties").write_text(f"listeners=PLAINTEXT://127.0.0.1:{broker.port}\n")
    monkeypatch.setenv("MINIKAFKA_HOME", str(tmp_path))

    def run_tool(line: str) -> tuple[int, str]:
        capsys.readouterr()
        code = topics.main([*line.split(), "--zookeeper", "127.0.0.1:2181"])
        return code, capsys.readouterr().out

    return run_tool


NEW = "--create --partitions 1 --replication-factor 1 --topic"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"{NEW} my-topic", "Topic 'my-topic' already exists."),
        (
            f"{NEW} bad/name",
            "Topic name \"bad/name\" is illegal, it contains a character other than ASCII alphanumerics, '.', '_' and "
            "'-'",
        ),
        (f"{NEW} ..", 'Topic name cannot be "." or ".."'),
        (
            f"{NEW} {'x' * 250}",
            f"Topic name is illegal, it can't be longer than 249 characters, topic name: {'x' * 250}",
        ),
        (f"{NEW} x --config retention.ms=soon",
         "Invalid value soon for configuration retention.ms: Not a number of type LONG"),
        (f"{NEW} x --config nope=1", "Unknown topic config name: nope"),
        ("--create --topic x --partitions 0 --replication-factor 1", "Number of partitions must be larger than 0."),
        ("--create --topic x --partitions 1 --replication-factor 0", "Replication factor must be larger than 0."),
        (
            "--create --topic x --partitions 1 --replication-factor 3",
            "Replication factor: 3 larger than available brokers: 1.",
        ),
        ("--delete --topic nope", "Topic 'nope' does not exist as expected"),
        ("--describe --topic nope", "Topic 'nope' does not exist as expected"),
        (
            "--delete --topic __consumer_offsets",
            "Topic __consumer_offsets is a kafka internal topic and is not allowed to be marked for deletion.",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(run: Run, line: str, sentence: str) -> None:
    code, out = run(line)
    assert (code, out.splitlines()[-1]) == (1, f"Error while executing topic command : {sentence}")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "--alter --topic my-topic --partitions 3",
            "The number of partitions for a topic can only be increased. Topic my-topic currently has 5 partitions, 3 "
            "would not be an increase.",
        ),
        (
            "--alter --topic __consumer_offsets --partitions 3",
            "The number of partitions for the internal topic __consumer_offsets cannot be changed.",
        ),
    ],
)
def test_partitions_that_are_refused(run: Run, line: str, sentence: str) -> None:
    warning = (
        "WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the "
        "messages will be affected"
    )
    assert run(line) == (1, f"{warning}\nError while executing topic command : {sentence}\n")


@pytest.mark.parametrize(
    "line",
    [
        f"{NEW} my-topic --if-not-exists",
        "--alter --topic nope --partitions 3 --if-exists",
        "--delete --topic nope --if-exists",
        "--alter --topic my-topic",
    ],
)
def test_what_does_nothing(run: Run, line: str) -> None:
    assert run(line) == (0, "")


def test_several_topics_are_marked(run: Run, broker: Broker) -> None:
    assert run("--create --topic gone-1 --replica-assignment 1,1,1") == (0, "Created topic gone-1.\n")
    assert run(f"{NEW} gone-2")[0] == 0
    code, out = run("--delete --topic gone-.*")
    assert (code, out.count(" is marked for deletion.\n")) == (0, 2)
    with Cluster(broker.bootstrap_servers) as cluster:
        assert not [topic.name for topic in list_topics(cluster) if topic.name.startswith("gone")]


def test_overrides_are_those_of_topics(run: Run) -> None:
    assert run(f"{NEW} own --config retention.ms=5")[0] == 0
    assert run("--describe --topics-with-overrides --exclude-internal") == (
        0,
        "Topic: own\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: retention.ms=5\n",
    )
