"""Kafka's own Java clients, 0.8.2 to 4.2: small programs compiled against each release."""

from __future__ import annotations

from pathlib import Path

from minikafka.client.connection import Connection
from minikafka.protocol.messages import CreateTopicsRequest
from tests.matrix import kafka_jars
from tests.matrix.workplace import MATRIX_DIRECTORY, Workplace, executable, run

SOURCES = MATRIX_DIRECTORY / "java"
VERSIONS = ("0.8.2.2", "0.9.0.1", "0.10.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.1.1", "2.8.2", "3.9.1", "4.2.0")
TOOLS_VERSION = "4.2.0"
# The last release whose tools do everything with ZooKeeper, and a shell of today's ZooKeeper.
KAFKA_WITH_ZOOKEEPER = "kafka-2.4.1"
KAFKA_WITH_OLD_CONSUMER = "kafka-0.8.2.2"
ZOOKEEPER = "zookeeper"
# Programs this short are done before the second compiler would have paid.
JAVA = ("java", "-Xmx256m", "-XX:TieredStopAtLevel=1")
PARTITIONS, MESSAGES = 2, 200


def number_of(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def codecs(version: str) -> list[str]:
    return ["none", "gzip", "snappy", "lz4", *(["zstd"] if number_of(version) >= (2, 1) else [])]


def source_folders(version: str) -> list[str]:
    number = number_of(version)
    if number < (0, 9):
        return []
    by_age = "since_2_4" if number >= (2, 4) else "until_2_3"
    if number < (0, 11):
        return ["any", by_age]
    by_offsets = "since_2_5" if number >= (2, 5) else "since_0_11_until_2_4"
    return ["any", by_age, "since_0_11", by_offsets, *(["since_4_2"] if number >= (4, 2) else [])]


def columns(version: str) -> list[str]:
    """What the client ``version`` can do."""
    number = number_of(version)
    since = {"assignment": (0, 9), "group": (0, 9), "848": (3, 9), "share": (4, 2), "transactions": (0, 11)}
    return ["produce", *(column for column, first in since.items() if number >= first)]


def jars(workplace: Workplace) -> dict[str, Path]:
    """The jars of all releases, of Kafka's tools under "tools", and those for ZooKeeper. Raises CannotRunHere."""
    executable(JAVA[0])
    wanted = {version: kafka_jars.kafka_clients(version) for version in VERSIONS}
    wanted["tools"] = kafka_jars.kafka_broker(TOOLS_VERSION)
    wanted[KAFKA_WITH_ZOOKEEPER] = ["org.apache.kafka:kafka_2.12:2.4.1", kafka_jars.NO_LOGGING]
    wanted[KAFKA_WITH_OLD_CONSUMER] = ["org.apache.kafka:kafka_2.10:0.8.2.2"]
    wanted[ZOOKEEPER] = ["org.apache.zookeeper:zookeeper:3.9.3", "commons-cli:commons-cli:1.5.0", kafka_jars.NO_LOGGING]
    return kafka_jars.fetch(workplace.folder("java"), wanted)


def program(version: str, workplace: Workplace) -> list[str]:
    """The command that runs a class compiled against the client ``version``."""
    sources = [path for folder in source_folders(version) for path in sorted((SOURCES / folder).glob("*.java"))]
    classes = workplace.folder(f"java/{version}/classes")
    jar_path = f"{jars(workplace)[version]}/*"
    if not any(classes.iterdir()):
        run(
            [
                executable("javac"),
                "-nowarn",
                "-d",
                classes,
                "-cp",
                jar_path,
                *(sources or [SOURCES / "any/Produce.java", SOURCES / "any/Steps.java"]),
            ]
        )
    return [*JAVA, "-cp", f"{classes}:{jar_path}"]


def check_release(version: str, *, workplace: Workplace) -> str:
    """Produce and read with the client ``version``, and do what else it can."""
    topic = workplace.topic(f"java-{version}")
    create_topic(topic, PARTITIONS, workplace)
    scenario = [workplace.bootstrap, topic, str(PARTITIONS), str(MESSAGES)]
    steps = [["Produce", *scenario, *codecs(version)]]
    if not source_folders(version):
        # The consumer of 0.8 needs ZooKeeper: what its producer sent is read with the next release.
        printed = run_steps("0.8.2.2", steps, workplace)
        run_steps("0.9.0.1", [["Read", *scenario, "assignment", *codecs(version)]], workplace)
        return printed
    ways = {"assignment": True, "group": "groups" in workplace.features, "848": "848" in workplace.features}
    own = columns(version)
    steps += [["Read", *scenario, way, *codecs(version)] for way, served in ways.items() if served and way in own]
    if "since_0_11" in source_folders(version):
        features = sorted(workplace.features & {"transactions"})
        steps.append(["Modern", workplace.bootstrap, f"{topic}-modern", *features])
    if "since_4_2" in source_folders(version) and "share" in workplace.features:
        steps.append(["Share", workplace.bootstrap, f"{topic}-shared"])
    return run_steps(version, steps, workplace)


def run_steps(version: str, steps: list[list[str]], workplace: Workplace) -> str:
    """Run classes with their arguments, in one JVM."""
    words = [word for step in steps for word in ("--", *step)]
    return run([*program(version, workplace), "Steps", *words[1:]], timeout_s=180)


def tool(class_name: str, *arguments: str, workplace: Workplace, stdin: bytes = b"") -> str:
    """Run one of Kafka's own command-line tools."""
    jar_path = f"{jars(workplace)['tools']}/*"
    return run([*JAVA, "-cp", jar_path, class_name, *arguments], stdin=stdin, timeout_s=120)


def create_topic(topic: str, partitions: int, workplace: Workplace) -> None:
    host, _, port = workplace.bootstrap.rpartition(":")
    wanted = CreateTopicsRequest.CreatableTopic(name=topic, num_partitions=partitions, replication_factor=1)
    with Connection(host, int(port)) as connection:
        (created,) = connection.call(CreateTopicsRequest(topics=[wanted], timeout_ms=10_000)).topics
    assert created.error_code == 0, created


def check_tools(workplace: Workplace) -> str:
    """kafka-topics, the console producer and the console consumer of the newest release."""
    broker = ["--bootstrap-server", workplace.bootstrap]
    topics = "org.apache.kafka.tools.TopicCommand"
    topic = workplace.topic("kafka-tools")
    lines = [f"line {number} Ελλάδα" for number in range(1000)]
    printed = tool(topics, *broker, "--create", "--topic", topic, workplace=workplace)
    assert f"Created topic {topic}." in printed, printed
    assert topic in tool(topics, *broker, "--list", workplace=workplace).splitlines()
    if "configs" in workplace.features:
        described = tool(topics, *broker, "--describe", "--topic", topic, workplace=workplace)
        assert "PartitionCount: 1\tReplicationFactor: 1" in described, described
    producer = "org.apache.kafka.tools.ConsoleProducer"
    tool(producer, *broker, "--topic", topic, workplace=workplace, stdin="\n".join(lines).encode() + b"\n")
    # By partition and offset the consumer takes no part in a group, so that it runs where groups do not.
    wanted = ["--topic", topic, "--partition", "0", "--offset", "earliest", "--max-messages", str(len(lines))]
    consumer = "org.apache.kafka.tools.consumer.ConsoleConsumer"
    taken = tool(consumer, *broker, *wanted, "--timeout-ms", "30000", workplace=workplace)
    assert [line for line in taken.splitlines() if line.startswith("line ")] == lines, taken[-2000:]
    if "groups" in workplace.features:
        wanted = ["--topic", topic, "--from-beginning", "--max-messages", str(len(lines)), "--timeout-ms", "30000"]
        taken = tool(consumer, *broker, *wanted, "--group", f"console-{topic}", workplace=workplace)
        assert [line for line in taken.splitlines() if line.startswith("line ")] == lines, taken[-2000:]
    tool(topics, *broker, "--delete", "--topic", topic, workplace=workplace)
    assert topic not in tool(topics, *broker, "--list", workplace=workplace).splitlines()
    return f"created, described, {len(lines)} lines produced and consumed, deleted"
