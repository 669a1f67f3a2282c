"""The quick start of Kafka's tutorials (T1), typed as they have it: real processes, and a terminal where one shows."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.tutorials.tutorial_folder import TutorialFolder
from tests.support.brokers import answers_api_versions
from tests.support.polling import wait_until
from tests.support.terminal import CTRL_C, CTRL_D, Terminal

ZOOKEEPER_IS_THE_BROKER = "minikafka needs no ZooKeeper: --zookeeper localhost:2181 means the broker at localhost:"

NEW_TOPIC = "--create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic"
MARKED_FOR_DELETION = (
    "Topic test is marked for deletion.\n"
    "Note: This will have no impact if delete.topic.enable is not set to true.\n"
)


@pytest.fixture
def own_folder(tmp_path: Path) -> Iterator[TutorialFolder]:
    folder = TutorialFolder(tmp_path)
    yield folder
    folder.stop_all()


def four_letters(port: int, word: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(word.encode())
        return connection.makefile().read()


def test_from_the_first_command_to_the_last(own_folder: TutorialFolder) -> None:
    folder = own_folder
    with (
        folder.terminal("bin/zookeeper-server-start.sh config/zookeeper.properties") as zookeeper,
        folder.terminal("bin/kafka-server-start.sh config/server.properties") as server,
    ):
        zookeeper.wait_for("minikafka needs no ZooKeeper")
        assert four_letters(folder.zookeeper_port, "ruok") == "imok"
        server.wait_for("ready in")

        created = folder.run(
            "bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic test"
        )
        assert (created.returncode, created.stdout) == (0, "Created topic test.\n"), created.stderr
        assert created.stderr == f"{ZOOKEEPER_IS_THE_BROKER}{folder.port}\n"
        assert folder.output("bin/kafka-topics.sh --list --zookeeper localhost:2181") == "test\n"
        assert folder.output("bin/kafka-topics.sh --describe --zookeeper 127.0.0.1:2181") == (
            "Topic: test\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: \n"
            "\tTopic: test\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\n"
        )
        produce_and_consume(folder)

        deleted = folder.output("bin/kafka-topics.sh --delete --zookeeper localhost:2181 --topic test")
        assert deleted == MARKED_FOR_DELETION
        assert "test" not in folder.output("bin/kafka-topics.sh --list --zookeeper localhost:2181").split()

        server.type(CTRL_C)
        assert server.wait() == 0
        zookeeper.type(CTRL_C)
        assert zookeeper.wait() == 0


def produce_and_consume(folder: TutorialFolder) -> None:
    producer_command = "bin/kafka-console-producer.sh --broker-list localhost:9092 --topic test"
    consumer_command = "bin/kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic test --from-beginning"
    with folder.terminal(producer_command) as producer, folder.terminal(consumer_command) as consumer:
        producer.wait_for(">").type("This is a message\n")
        consumer.wait_for("This is a message\n")
        producer.wait_for("This is a message\n>").type("This is another message\n")
        consumer.wait_for("This is another message\n")
        producer.wait_for("This is another message\n>").type(CTRL_D)
        assert producer.wait() == 0
        assert producer.text == ">This is a message\n>This is another message\n>"
        consumer.type(CTRL_C)
        assert consumer.wait() == 128 + signal.SIGINT
        assert consumer.text == ("This is a message\nThis is another message\n^CProcessed a total of 2 messages\n")


def test_daemons(own_folder: TutorialFolder) -> None:
    folder = own_folder
    assert folder.run("bin/zookeeper-server-start -daemon config/zookeeper.properties").returncode == 0
    assert four_letters(folder.zookeeper_port, "ruok") == "imok"
    assert folder.run("bin/kafka-server-start -daemon config/server.properties").returncode == 0
    assert answers_api_versions("localhost", folder.port)
    assert "ready in" in (folder.directory / "logs" / "kafkaServer.out").read_text()
    for command, what in (("kafka-server-stop", "kafka"), ("zookeeper-server-stop", "zookeeper")):
        stopped = folder.run(f"bin/{command}")
        assert (stopped.returncode, stopped.stdout) == (0, "")
        wait_until(partial(nothing_runs, folder, what), what=f"{what} has ended")
        again = folder.run(f"bin/{command}")
        assert (again.returncode, again.stdout) == (1, f"No {what} server to stop\n")
    assert "stopped" in (folder.directory / "logs" / "kafkaServer.out").read_text()


def nothing_runs(folder: TutorialFolder, what: str) -> bool:
    return not list((folder.directory / "logs").glob(f"{what}*.pid"))


def test_a_daemon_that_cannot_start_says_why(own_folder: TutorialFolder) -> None:
    own_folder.set("server.properties", "num.partitions=many")
    failed = own_folder.run("bin/kafka-server-start.sh -daemon config/server.properties")
    assert failed.returncode == 1
    assert "num.partitions=many" in failed.stderr


def test_with_nohup_and_an_ampersand(own_folder: TutorialFolder) -> None:
    """A terminal that is closed leaves both running, and the scripts stop them."""
    folder = own_folder
    started = folder.run_in_shell(
        "nohup bin/zookeeper-server-start.sh config/zookeeper.properties > zookeeper.out 2>&1 & "
        "nohup bin/kafka-server-start.sh config/server.properties > kafka.out 2>&1 & echo $!"
    )
    broker_pid = int(started)
    wait_until(lambda: "ready in" in (folder.directory / "kafka.out").read_text(), what="the broker is ready")
    wait_until(lambda: "needs no ZooKeeper" in (folder.directory / "zookeeper.out").read_text())
    os.kill(broker_pid, signal.SIGHUP)
    assert answers_api_versions("localhost", folder.port)
    assert four_letters(folder.zookeeper_port, "ruok") == "imok"
    for command, what in (("kafka-server-stop.sh", "kafka"), ("zookeeper-server-stop.sh", "zookeeper")):
        assert folder.run(f"bin/{command}").returncode == 0
        wait_until(partial(nothing_runs, folder, what), what=f"{what} has ended")
    assert not answers_api_versions("localhost", folder.port)


@pytest.mark.parametrize(
    ("flags", "file"), [("--standalone", "config/server.properties"), ("", "config/kraft/server.properties")]
)
def test_formatted_first(own_folder: TutorialFolder, flags: str, file: str) -> None:
    """The quick starts of Kafka 3 and 4 make an id, and format the directory with it."""
    folder = own_folder
    settings = folder.directory / file
    settings.write_text(settings.read_text().replace("PLAINTEXT://:9092", f"PLAINTEXT://localhost:{folder.port}"))
    cluster_id = folder.run_in_shell(
        'KAFKA_CLUSTER_ID="$(bin/kafka-storage.sh random-uuid)"; '
        f"bin/kafka-storage.sh format {flags} -t $KAFKA_CLUSTER_ID -c {file} >&2 && echo $KAFKA_CLUSTER_ID"
    )
    assert folder.run(f"bin/kafka-server-start.sh -daemon {file}").returncode == 0
    described = folder.output("bin/kafka-cluster.sh cluster-id --bootstrap-server localhost:9092")
    assert described == f"Cluster ID: {cluster_id}"


def test_two_installs_side_by_side(tmp_path: Path) -> None:
    """Each has its ZooKeeper and its broker, and stops its own."""
    first, second = TutorialFolder(tmp_path / "first"), TutorialFolder(tmp_path / "second")
    try:
        for folder in (first, second):
            assert folder.run("bin/zookeeper-server-start.sh -daemon config/zookeeper.properties").returncode == 0
            folder.start_broker()
        create = f"bin/kafka-topics.sh {NEW_TOPIC}"
        first.output(f"{create} first")
        second.output(f"{create} second")
        for folder, topic in ((first, "first"), (second, "second")):
            assert folder.output("bin/kafka-topics.sh --list --zookeeper localhost:2181") == f"{topic}\n"
            address = f"localhost:{folder.zookeeper_port}"
            assert folder.output(f"bin/zookeeper-shell.sh {address} ls /brokers/topics").endswith(f"\n[{topic}]\n")
        first.stop_all()
        assert not answers_api_versions("localhost", first.port)
        assert answers_api_versions("localhost", second.port)
        assert four_letters(second.zookeeper_port, "ruok") == "imok"
        again = first.run("bin/kafka-server-stop.sh")
        assert (again.returncode, again.stdout) == (1, "No kafka server to stop\n")
    finally:
        first.stop_all()
        second.stop_all()


def test_the_same_names_without_sh(folder: TutorialFolder) -> None:
    connection = "--zookeeper localhost:2181"
    assert folder.output(f"bin/kafka-topics {NEW_TOPIC} bare") == "Created topic bare.\n"
    assert "bare" in folder.output(f"bin/kafka-topics --list {connection}").splitlines()
    assert folder.output("bin/kafka-console-producer --broker-list localhost:9092 --topic bare", stdin="one\n") == ""
    consumed = folder.run(
        "bin/kafka-console-consumer --bootstrap-server localhost:9092 --topic bare --from-beginning --max-messages 1"
    )
    assert (consumed.stdout, consumed.stderr) == ("one\n", "Processed a total of 1 messages\n")
    assert folder.output(f"bin/kafka-topics --delete {connection} --topic bare").startswith("Topic bare is marked")


def test_a_deleted_topic_is_gone_from_disk(own_folder: TutorialFolder) -> None:
    own_folder.set("server.properties", "log.segment.delete.delay.ms=500")
    own_folder.start_broker()
    data = own_folder.directory / "data"
    own_folder.output("bin/kafka-topics.sh --create --topic test --partitions 2 --bootstrap-server localhost:9092")
    assert sorted(path.name for path in data.glob("test*")) == ["test-0", "test-1"]
    own_folder.output("bin/kafka-topics.sh --delete --zookeeper localhost:2181 --topic test")
    assert not any((data / f"test-{partition}").exists() for partition in (0, 1))
    wait_until(lambda: not list(data.glob("test*")), what="the folders are gone after file.delete.delay.ms")


def test_where_topics_may_not_be_deleted(own_folder: TutorialFolder) -> None:
    own_folder.set("server.properties", "delete.topic.enable=false")
    own_folder.start_broker()
    own_folder.output("bin/kafka-topics.sh --create --topic test --bootstrap-server localhost:9092")
    refused = own_folder.run("bin/kafka-topics.sh --delete --bootstrap-server localhost:9092 --topic test")
    assert refused.returncode == 1
    assert refused.stdout == "Error while executing topic command : Topic deletion is disabled.\n"
    marked = own_folder.run("bin/kafka-topics.sh --delete --zookeeper localhost:2181 --topic test")
    assert (marked.returncode, marked.stdout) == (0, MARKED_FOR_DELETION)
    assert marked.stderr.endswith("The broker has delete.topic.enable=false: test stays.\n")
    assert own_folder.output("bin/kafka-topics.sh --list --zookeeper localhost:2181") == "test\n"


def test_the_words_of_zookeeper(own_folder: TutorialFolder) -> None:
    folder = own_folder
    with folder.terminal("bin/zookeeper-server-start.sh config/zookeeper.properties") as zookeeper:
        zookeeper.wait_for("nothing is kept on disk.\n")
        assert zookeeper.text.count("\n") == 1
        assert four_letters(folder.zookeeper_port, "ruok") == "imok"
        assert "Mode: standalone\n" in four_letters(folder.zookeeper_port, "srvr")
        assert "Clients:\n" in four_letters(folder.zookeeper_port, "stat")
        assert "zk_server_state\tstandalone\n" in four_letters(folder.zookeeper_port, "mntr")


def test_a_port_that_somebody_has(own_folder: TutorialFolder) -> None:
    with socket.create_server(("127.0.0.1", own_folder.zookeeper_port)):
        refused = own_folder.run("bin/zookeeper-server-start.sh config/zookeeper.properties")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"zookeeper-server-start: cannot listen on port {own_folder.zookeeper_port}: Address already in use. Is a "
        "ZooKeeper running already?\n"
    )


@pytest.mark.parametrize("script", ["kafka-server-start.sh", "zookeeper-server-start.sh"])
def test_without_a_file(own_folder: TutorialFolder, script: str) -> None:
    refused = own_folder.run(f"bin/{script}")
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"USAGE: {script.removesuffix('.sh')} [-daemon]")


def test_a_pipe_sees_no_prompt(folder: TutorialFolder) -> None:
    command = "bin/kafka-console-producer.sh --bootstrap-server localhost:9092 --topic piped"
    assert folder.output(command, stdin="one\ntwo") == ""
    consumed = folder.run(
        "bin/kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic piped --from-beginning "
        "--max-messages 2"
    )
    assert (consumed.returncode, consumed.stdout) == (0, "one\ntwo\n")
    assert consumed.stderr == "Processed a total of 2 messages\n"


def test_consumers_of_kafka_0_and_1(folder: TutorialFolder) -> None:
    """They found the brokers through ZooKeeper."""
    producer = "bin/kafka-console-producer.sh --broker-list localhost:9092 --topic zookeeper-era"
    folder.output(producer, stdin="one\ntwo\n")
    for tool, arguments in (
        ("console-consumer", "--topic zookeeper-era --from-beginning --max-messages 2"),
        ("consumer-perf-test", "--topic zookeeper-era --messages 2"),
    ):
        consumed = folder.run(f"bin/kafka-{tool}.sh --zookeeper localhost:2181 {arguments}")
        assert consumed.returncode == 0, consumed.stderr
        assert consumed.stderr.startswith(f"{ZOOKEEPER_IS_THE_BROKER}{folder.port}\n")
        assert tool != "console-consumer" or consumed.stdout == "one\ntwo\n"


def test_ctrl_c_before_anything_came(folder: TutorialFolder) -> None:
    folder.output("bin/kafka-topics.sh --create --topic silent --bootstrap-server localhost:9092")
    command = "bin/kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic silent"
    log = folder.directory / "logs" / "kafkaServer.out"
    joined_before = log.read_text().count("generation 0: new member console-consumer-")
    with Terminal(folder.words(command), folder.directory, folder.environment) as consumer:
        wait_until(lambda: log.read_text().count("generation 0: new member console-consumer-") > joined_before)
        consumer.type(CTRL_C)
        assert consumer.wait() == 128 + signal.SIGINT
        assert consumer.text == "^CProcessed a total of 0 messages\n"
