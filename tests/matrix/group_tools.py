"""Kafka's tools for groups, transactions, the quorum and access, and minikafka's: one session, the same lines.

Kafka's run in one JVM and ours in this process, against one broker; each has topics, groups and transactions of its
own, which are alike. ``python -m tests.matrix.group_tools JARS [kafka]`` runs it alone; with "kafka" the broker is
Apache Kafka.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Consumer, Producer, ShareConsumer, TopicPartition

from minikafka import cli
from minikafka.client.admin.configs import GROUP, SET, Change, Resource, alter_configs
from minikafka.client.admin.groups import delete_groups
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from tests.matrix.java_clients import jars
from tests.matrix.java_session import JavaSession
from tests.matrix.kafka_tools import FIRST_MS, SETTINGS, TIMEOUT_S, TOOLS, hang
from tests.matrix.workplace import CommandFailed, Workplace
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until

CLASSES = {
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-console-share-consumer": "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
    "kafka-client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "kafka-delegation-tokens": "org.apache.kafka.tools.DelegationTokenCommand",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
}
# Their first word is a command; the broker is named before it.
WITH_COMMANDS = frozenset({"kafka-transactions", "kafka-features", "kafka-metadata-quorum"})
SESSION = Path(__file__).with_name("group_tool_session.txt")
ORDERS = {0: 10, 1: 6}
LONG_TOPIC = "a.topic.with.a.longer.name"
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
# The first heartbeat of a share group comes too soon for an assignment.
SOON_ASSIGNED = {"group.share.heartbeat.interval.ms": "200", "group.share.min.heartbeat.interval.ms": "200"}
# As long as each other, so that columns are as wide.
THEIRS, OURS = "kfk", "mnk"

# Where in a tool an error came from, what it logs, and that it has no logger.
NOISE = re.compile(r"\s+at .+\)$|Caused by: |\s+Suppressed: |\s+\.\.\. \d+ more|SLF4J: |\[\d{4}-\d\d-\d\d ")
# An exception that a tool prints beside the sentence it has about it.
STACK = re.compile(r"(java\.|org\.apache\.kafka\.|com\.fasterxml\.)[\w.$]+(Exception|Error)\b")
WRAPPED = re.compile(r"\bjava\.util\.concurrent\.(Execution|Completion)Exception: ")
OPTIONS_PAGE = re.compile(r"Option( \(\* = required\))? {2,}Description")
OPTION_EXCEPTION = re.compile(r"^joptsimple\.\w+: ")
# How argparse4j refuses: behind the usage, in lines of a width of its own.
REFUSAL = re.compile(r"usage: .*?^([\w.-]+:\s+error:\s+.*)", re.DOTALL | re.MULTILINE)
RANDOM_COLUMNS = frozenset(
    (
        *("ProducerId", "LastTimestamp", "CurrentTransactionStartTimeMs", "TransactionDurationMs", "Duration(min)"),
        *("LogEndOffset", "LastFetchTimestamp", "LastCaughtUpTimestamp"),
    )
)
RANDOM = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"(?<=Epoch: )\d+|(?<=HighWatermark: )  *\d+"), "NUMBER"),
    (re.compile(r"(?<!\S)(?=\S*[A-Z])(?=\S*[a-z])[\w+/-]{22}(?!\S)"), "UUID"),
)


class Printed(NamedTuple):
    exit_code: int
    lines: list[str]


Runner = Callable[[str, list[str]], tuple[int, str]]


def check(workplace: Workplace) -> str:
    """Raises CommandFailed with every step that came out differently."""
    broker = MinikafkaProcess(workplace.folder(f"group-tools-{workplace.run_id}"), {**SETTINGS, **SOON_ASSIGNED})
    return compare(broker, jars(workplace)["tools"])


def compare(broker: BrokerProcess, library: Path) -> str:
    with broker, JavaSession(TOOLS, library, broker.directory / "java.log") as session:
        steps = steps_for(broker)
        theirs = session_of(THEIRS, broker, steps, lambda tool, words: session.ask(CLASSES[tool], *words))
        ours = session_of(OURS, broker, steps, ours_printed)
    different = [
        "\n".join([step, f"  Kafka     {kafka.exit_code}", *kafka.lines, f"  minikafka {own.exit_code}", *own.lines])
        for step, kafka, own in zip(steps, theirs, ours, strict=True)
        if kafka != own
    ]
    if different:
        raise CommandFailed(f"{len(different)} of {len(steps)} differ\n" + "\n\n".join(different))
    return f"{len(steps)} commands print the same"


def steps_for(broker: BrokerProcess) -> list[str]:
    lines = [line for line in SESSION.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    if isinstance(broker, ApacheKafkaProcess):
        return [line.removeprefix("KAFKA ") for line in lines]
    return [line for line in lines if not line.startswith("KAFKA ")]


def session_of(name: str, broker: BrokerProcess, steps: list[str], run: Runner) -> list[Printed]:
    with scene(name, broker):
        return [step_of(step, name, broker, run) for step in steps]


def step_of(step: str, name: str, broker: BrokerProcess, run: Runner) -> Printed:
    is_unordered = step.startswith("~ ")
    for word in ("PLAN", "GROUPS", "PARTITIONS", "SETTINGS", "MOVES", "BAD", "TOPICS"):
        step = step.replace(word, str(broker.directory / f"{word.lower()}-{name}"))
    tool, *words = step.removeprefix("~ ").replace("NAME", name).split(" ")
    if words:
        words = with_address(tool, words, broker)
    exit_code, printed = run(tool, words)
    lines = list(told(printed.rstrip("\n"), name, broker))
    return Printed(exit_code, sorted(map(str.strip, lines)) if is_unordered else lines)


def with_address(tool: str, words: list[str], broker: BrokerProcess) -> list[str]:
    connection = ["--bootstrap-server", broker.bootstrap]
    return [*connection, *words] if tool in WITH_COMMANDS else [*words, *connection]


def ours_printed(tool: str, words: list[str]) -> tuple[int, str]:
    written = io.BytesIO()
    printed = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = cli.run(tool, words)
    return code, written.getvalue().decode()


def told(printed: str, name: str, broker: BrokerProcess) -> Iterator[str]:
    """What a tool has to say: without stacks, logs, the page of its options, and what is random."""
    refused = REFUSAL.match(printed)
    if refused is not None:
        yield " ".join(refused[1].split())
        return
    random_cells: list[int] = []
    for line in printed.splitlines():
        if OPTIONS_PAGE.match(line):
            return
        line = OPTION_EXCEPTION.sub("", line)
        if NOISE.match(line) or STACK.match(line):
            continue
        line = WRAPPED.sub("", line).replace(name, "NAME").replace(str(broker.directory), "DIRECTORY")
        for pattern, word in RANDOM:
            line = pattern.sub(word, line)
        cells = line.split("\t")
        if RANDOM_COLUMNS.intersection(map(str.strip, cells)):
            random_cells = [index for index, title in enumerate(cells) if title.strip() in RANDOM_COLUMNS]
        elif len(cells) > 1:
            line = "\t".join("*" * len(cell) if index in random_cells else cell for index, cell in enumerate(cells))
        yield line


# --- what the session is about


@contextlib.contextmanager
def scene(name: str, broker: BrokerProcess) -> Iterator[None]:
    """Topics with messages, and two groups of one member each, in the two protocols."""
    orders, long_topic = f"orders.{name}", f"{LONG_TOPIC}.{name}"
    with Cluster(broker.bootstrap) as cluster:
        create_topic(cluster, orders, partitions=len(ORDERS), replication_factor=1)
        create_topic(cluster, long_topic, partitions=1, replication_factor=1)
        create_topic(cluster, f"paid.{name}", partitions=1, replication_factor=1)
        for group in ("packing", "printing"):
            earliest = Change("share.auto.offset.reset", SET, "earliest")
            alter_configs(cluster, Resource(GROUP, f"{group}.{name}"), [earliest])
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for partition, count in ORDERS.items():
        for number in range(count):
            producer.produce(orders, b"order", partition=partition, timestamp=FIRST_MS + number * 1000)
    for _ in range(4):
        producer.produce(long_topic, b"long", partition=0)
    assert producer.flush(TIMEOUT_S) == 0, "not everything was sent"
    (broker.directory / f"plan-{name}").write_text(f"{orders},0,7\n{orders},1,2\n")
    (broker.directory / f"groups-{name}").write_text(f'returns.{name},"{long_topic}",0,2\n')
    partitions = [{"topic": orders, "partition": 0}, {"topic": orders, "partition": 9}]
    (broker.directory / f"partitions-{name}").write_text(json.dumps({"partitions": partitions}))
    moves = [{"topic": orders, "partition": index, "replicas": [1]} for index in ORDERS]
    (broker.directory / f"moves-{name}").write_text(json.dumps({"partitions": moves, "version": 1}))
    moves.append({"topic": orders, "partition": 0, "replicas": [2, 2]})
    (broker.directory / f"bad-{name}").write_text(json.dumps({"partitions": moves, "version": 1}))
    (broker.directory / f"topics-{name}").write_text(json.dumps({"topics": [{"topic": orders}], "version": 1}))
    (broker.directory / f"settings-{name}").write_text("client.id=tool\n")
    with contextlib.ExitStack() as stack:
        for group, settings in (
            (f"billing.{name}", {"group.protocol": "classic", "group.instance.id": "biller"}),
            (f"shipping.{name}", {"group.protocol": "consumer"}),
        ):
            stack.callback(member(broker, group, orders, settings).close)
        sharing = share_member(broker, f"packing.{name}", long_topic)
        payer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": f"payer.{name}"})
        payer.init_transactions(TIMEOUT_S)
        payer.begin_transaction()
        payer.produce(f"paid.{name}", b"payment", partition=0)
        assert payer.flush(TIMEOUT_S) == 0, "the payment was not sent"
        hang(broker, f"paid.{name}", 1)
        yield
        sharing.close()
        with Cluster(broker.bootstrap) as cluster:
            # The next session lists all share groups.
            assert delete_groups(cluster, [f"packing.{name}"]) == {f"packing.{name}": None}


def member(broker: BrokerProcess, group: str, topic: str, settings: Mapping[str, str]) -> Consumer:
    """The only member of a group, which has all partitions and has committed an offset for the first."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": group,
            "client.id": f"{group}-client",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            **settings,
        }
    )
    consumer.subscribe([topic])
    wait_until(lambda: consumer.poll(0.05) is not None and len(consumer.assignment()) == len(ORDERS))
    consumer.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
    return consumer


def share_member(broker: BrokerProcess, group: str, topic: str) -> ShareConsumer:
    """The only member of a share group, which has accepted three of four records and holds the last."""
    consumer = ShareConsumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": group,
            "client.id": f"{group}-client",
            "share.acknowledgement.mode": "explicit",
            "log_level": 3,
        }
    )
    consumer.subscribe([topic])
    taken = []
    wait_until(lambda: taken.extend(consumer.poll(0.1)) or len(taken) == 4, what="four records in a share group")
    for message in taken[:3]:
        consumer.acknowledge(message)
    assert list(consumer.commit_sync(TIMEOUT_S).values()) == [None]
    return consumer


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        library = Path(sys.argv[1]).resolve()
        directory = Path(temporary)
        is_kafka = sys.argv[2:] == ["kafka"]
        site: BrokerProcess = (
            ApacheKafkaProcess(directory, library, {**SETTINGS, **SOON_ASSIGNED, **AUTHORIZER})
            if is_kafka
            else MinikafkaProcess(directory, {**SETTINGS, **SOON_ASSIGNED})
        )
        print(compare(site, library))
