"""What spoke to ZooKeeper speaks to its stand-in: ZooKeeper's own shell, the tools of Kafka 2.4, the consumer of 0.8.

The sentences are those that these tools print with a real ZooKeeper and a Kafka 2.4.1 behind it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from tests.matrix import java_clients
from tests.matrix.workplace import Workplace, run
from tests.support.brokers import free_port
from tests.support.polling import wait_until

SHELL = "org.apache.zookeeper.ZooKeeperMain"
TOPICS = "kafka.admin.TopicCommand"
CONFIGS = "kafka.admin.ConfigCommand"
DEPRECATED = (
    "WARNING: Altering topic configuration from this script has been deprecated and may be removed in future "
    "releases.\n"
    "         Going forward, please use kafka-configs.sh for this functionality\n"
)
MARKED = (
    "Topic {} is marked for deletion.\n"
    "Note: This will have no impact if delete.topic.enable is not set to true.\n"
)


def check(workplace: Workplace) -> str:
    """Raises AssertionError, CommandFailed."""
    jars = java_clients.jars(workplace)
    with stand_in(workplace) as address:
        topic = workplace.topic("zookeeper")
        kafka = jars[java_clients.KAFKA_WITH_ZOOKEEPER]
        topics = [*java_clients.JAVA, "-cp", f"{kafka}/*", TOPICS, "--zookeeper", address]
        configs = [*java_clients.JAVA, "-cp", f"{kafka}/*", CONFIGS, "--zookeeper", address]
        shell = [*java_clients.JAVA, "-cp", f"{jars[java_clients.ZOOKEEPER]}/*", SHELL, "-server", address]
        use_topics(topics, configs, topic)
        look_around(shell, topic)
        read_with_the_old_consumer(jars[java_clients.KAFKA_WITH_OLD_CONSUMER], address, topic, workplace)
        expect([*topics, "--delete", "--topic", topic], MARKED.format(topic))
        assert topic not in run([*topics, "--list"]).splitlines()
    return "a topic created, described, changed, read and deleted; znodes read"


@contextmanager
def stand_in(workplace: Workplace) -> Iterator[str]:
    """The address of a stand-in for the broker's ZooKeeper."""
    port, folder = free_port(), workplace.folder("zookeeper-stand-in")
    file, output = folder / "zookeeper.properties", folder / "output"
    file.write_text(
        f"clientPort={port}\nclientPortAddress=127.0.0.1\nbootstrap.servers={workplace.bootstrap}\n"
    )
    with output.open("wb") as out:
        command = [sys.executable, "-m", "minikafka", "zookeeper-server-start", file]
        own_logs = {**os.environ, "LOG_DIR": str(folder)}
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=own_logs)
    try:
        wait_until(lambda: "needs no ZooKeeper" in output.read_text(), what="the stand-in is ready")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def use_topics(topics: Sequence[str], configs: Sequence[str], topic: str) -> None:
    settings = ["--config", "max.message.bytes=64000", "--config", "flush.messages=1"]
    new = [*topics, "--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1", *settings]
    expect(new, f"Created topic {topic}.\n")
    expect([*topics, "--alter", "--topic", topic, "--config", "max.message.bytes=128000"],
           f"{DEPRECATED}Updated config for topic {topic}.\n")  # fmt: skip
    grown = run([*topics, "--alter", "--topic", topic, "--partitions", "2"])
    assert grown.endswith("Adding partitions succeeded!\n"), grown
    described = run([*topics, "--describe", "--topic", topic])
    # The order of settings is a hash table's, and the id the broker's.
    lines = re.sub(r"(Leader|Replicas|Isr): \d+", r"\1: ID", described).splitlines()
    head, _, own = lines[0].partition("Configs: ")
    assert head == f"Topic: {topic}\tPartitionCount: 2\tReplicationFactor: 1\t", described
    assert sorted(own.split(",")) == ["flush.messages=1", "max.message.bytes=128000"], described
    assert lines[1:] == [
        f"\tTopic: {topic}\tPartition: {partition}\tLeader: ID\tReplicas: ID\tIsr: ID" for partition in (0, 1)
    ], described
    changed = [*configs, "--alter", "--entity-type", "topics", "--entity-name", topic]
    expect([*changed, "--delete-config", "max.message.bytes"],
           f"Completed Updating config for entity: topic '{topic}'.\n")  # fmt: skip
    expect([*configs, "--describe", "--entity-type", "topics", "--entity-name", topic],
           f"Configs for topic '{topic}' are flush.messages=1\n")  # fmt: skip


def look_around(shell: Sequence[str], topic: str) -> None:
    typed = (
        f"ls /brokers/topics/{topic}/partitions\nget /brokers/topics/{topic}\ngetAcl /controller\n"
        "create /mine\nget /nope\nls /\nquit\n"
    )
    printed = run(shell, stdin=typed.encode())
    for line in (
        "[0, 1]",
        '"adding_replicas":{},"removing_replicas":{}}',
        "'world,'anyone\n: r",
        "Insufficient permission : /mine",
        "Node does not exist: /nope",
    ):
        assert line in printed, printed


def read_with_the_old_consumer(jars: Path, address: str, topic: str, workplace: Workplace) -> None:
    """The consumer of Kafka 0.8 is a member of its group, and commits, in ZooKeeper alone."""
    lines = [f"line {number}" for number in range(100)]
    with Cluster(workplace.bootstrap) as cluster:
        producer = Producer(cluster)
        for number, line in enumerate(lines):
            producer.send(topic, line.encode(), partition=number % 2)
        producer.flush()
    consumer = [*java_clients.JAVA, "-cp", f"{jars}/*", "kafka.tools.ConsoleConsumer", "--zookeeper", address]
    printed = run([*consumer, "--topic", topic, "--from-beginning", "--max-messages", str(len(lines))], timeout_s=60)
    assert sorted(line for line in printed.splitlines() if line.startswith("line ")) == sorted(lines), printed


def expect(command: Sequence[str], wanted: str) -> None:
    printed = run(command, timeout_s=60)
    assert printed == wanted, f"{' '.join(command)}:\n{printed}"


def main() -> int:
    """``python -m tests.matrix.zookeeper_clients HOST:PORT DIRECTORY``: this alone."""
    print(check(Workplace(Path(sys.argv[2]), sys.argv[1], frozenset(), run_id="once")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
