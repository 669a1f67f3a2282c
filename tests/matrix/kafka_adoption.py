"""A Kafka that was kept with ZooKeeper, adopted by minikafka: everything it had is there afterwards.

Kafka with its ZooKeeper writes records of every kind, settings, users, quotas and ACLs; ``minikafka adopt`` takes over
the directory of the broker that was stopped, and asks ZooKeeper, which still runs; then clients look at the outcome.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from minikafka.controller.metadata_check import MetadataCheck
from minikafka.state.client_quotas import CLIENT_ID, USER
from minikafka.state.scram import SCRAM_SHA_256
from minikafka.storage.files import OsFiles
from minikafka.storage.verification.report import Report
from tests.matrix import java_clients, kafka_disk, kafka_jars
from tests.matrix.kafka_disk import TIMEOUT_S, compare
from tests.matrix.workplace import Workplace, executable, run
from tests.support.brokers import BrokerProcess, MinikafkaProcess, free_port
from tests.support.polling import wait_until

OLDEST, NEWEST = "2.4.1", "3.9.1"
BROKER_ID = 7
JAVA = ("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dzookeeper.admin.enableServer=false")
SETTINGS = {
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.backoff.ms": "200",
}
TOPICS = {name: wish for name, wish in kafka_disk.TOPICS.items() if name != "gone"}
GROUP = "readers"


def jars(version: str, workplace: Workplace) -> Path:
    """Apache Kafka with ZooKeeper. Raises CannotRunHere."""
    executable(JAVA[0])
    if version == OLDEST:
        return java_clients.jars(workplace)[java_clients.KAFKA_WITH_ZOOKEEPER]
    name = f"broker-{version}"
    return kafka_jars.fetch(workplace.folder("java"), {name: kafka_jars.kafka_broker(version)})[name]


class ZooKeeperProcess:
    """ZooKeeper from Kafka's jars."""

    def __init__(self, directory: Path, jars_directory: Path) -> None:
        self._directory = directory
        self._jars = jars_directory
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"127.0.0.1:{free_port()}"

    def __enter__(self) -> ZooKeeperProcess:
        self._directory.mkdir(parents=True, exist_ok=True)
        port = self.address.rpartition(":")[2]
        properties = self._directory / "zookeeper.properties"
        properties.write_text(
            f"dataDir={self._directory}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n"
        )
        main_class = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        with (self._directory / "output").open("wb") as output:
            command = [*JAVA, "-cp", f"{self._jars}/*", main_class, str(properties)]
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


class KafkaWithZooKeeper(BrokerProcess):
    """One broker of that time, which waits for its ZooKeeper."""

    def __init__(self, directory: Path, jars_directory: Path, zookeeper: str) -> None:
        super().__init__(directory, SETTINGS)
        self._jars = jars_directory
        self._zookeeper = zookeeper

    def properties(self) -> dict[str, str]:
        return {
            "broker.id": str(BROKER_ID),
            "zookeeper.connect": f"{self._zookeeper}/kafka",
            "authorizer.class.name": "kafka.security.authorizer.AclAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "super.users": "User:ANONYMOUS",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            **super().properties(),
        }

    def command(self, properties_file: Path) -> list[str]:
        return [*JAVA, "-cp", f"{self._jars}/*", "kafka.Kafka", str(properties_file)]


def check(version: str, workplace: Workplace) -> str:
    """Raises AssertionError, CommandFailed."""
    directory = jars(version, workplace)
    home = workplace.folder(f"adoption-{version}-{workplace.run_id}")
    with ZooKeeperProcess(home / "zookeeper", directory) as zookeeper:
        old = KafkaWithZooKeeper(home, directory, zookeeper.address)
        with old:
            write(old.bootstrap)
            keep_in_zookeeper(old, directory, f"{zookeeper.address}/kafka", version)
            kafka_disk.wait_until_compacted(old)
            written = content(old.bootstrap)
            old.stop()
        printed = run(
            [
                sys.executable,
                "-m",
                "minikafka",
                "adopt",
                old.data_directory,
                "--zookeeper",
                f"{zookeeper.address}/kafka",
            ]
        )
    expect_printed(printed)
    expect_metadata(old.data_directory)
    kafka_disk.expect_sound(old.data_directory)
    ours = MinikafkaProcess(home, {**SETTINGS, "node.id": str(BROKER_ID)})
    with ours:
        compare(written, content(ours.bootstrap), f"minikafka, on what Kafka {version} had with ZooKeeper")
        assert ": recovered " not in ours.log_text.replace("__cluster_metadata-0: recovered", ""), ours.log_text
        go_on(ours.bootstrap)
    count = sum(len(records) for topic in written["topics"].values() for records in topic["records"].values())
    return f"{len(written['topics'])} topics, {count} records, a user, quotas, ACLs"


def write(bootstrap: str) -> None:
    kafka_disk.create_topics(bootstrap, TOPICS)
    kafka_disk.write_plain(bootstrap, "old")
    kafka_disk.write_compacted(bootstrap, "old")
    kafka_disk.write_transactions(bootstrap, "old")
    commit_offsets(bootstrap)
    kafka_disk.change_settings(bootstrap, "old")


def commit_offsets(bootstrap: str) -> None:
    settings = {"bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False}
    consumer = Consumer(settings)
    commits = [TopicPartition("plain", partition, 10 + partition, metadata="old") for partition in range(3)]
    consumer.commit(offsets=commits, asynchronous=False)
    consumer.close()


def keep_in_zookeeper(old: BrokerProcess, directory: Path, zookeeper: str, version: str) -> None:
    """A user with a credential, quotas of his clients, and ACLs."""
    admin = AdminClient({"bootstrap.servers": old.bootstrap})
    acls = [
        AclBinding(ResourceType.TOPIC, "plain", ResourcePatternType.LITERAL, "User:alice", "*",
                   AclOperation.READ, AclPermissionType.ALLOW),
        AclBinding(ResourceType.GROUP, "team-", ResourcePatternType.PREFIXED, "User:bob", "*",
                   AclOperation.ALL, AclPermissionType.DENY),
    ]  # fmt: skip
    for created in admin.create_acls(acls).values():
        created.result(TIMEOUT_S)
    tool: list[str | Path] = [sys.executable, "-m", "minikafka", "kafka-configs", "--bootstrap-server", old.bootstrap]
    if version == OLDEST:  # before there were admin calls for these (KIP-546, KIP-554)
        tool = [*JAVA, "-cp", f"{directory}/*", "kafka.admin.ConfigCommand", "--zookeeper", zookeeper]
    user = [*tool, "--alter", "--entity-type", "users", "--entity-name", "alice smith"]
    run([*user, "--add-config", "SCRAM-SHA-256=[iterations=4096,password=secret]"])
    quota = "producer_byte_rate=1048576,request_percentage=12.5"
    run([*user, "--entity-type", "clients", "--entity-default", "--add-config", quota])


def content(bootstrap: str) -> dict[str, Any]:
    """What clients of every time are told."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    metadata = admin.list_topics(timeout=TIMEOUT_S)
    topics = {}
    for name in TOPICS:
        partitions = sorted(metadata.topics[name].partitions)
        whole = {partition: kafka_disk.read(bootstrap, name, partition, "read_uncommitted") for partition in partitions}
        topics[name] = {
            "settings": kafka_disk.topic_settings(admin, name),
            "records": {
                key: kafka_disk.last_values(found) if name == "compacted" else found for key, found in whole.items()
            },
            "offsets": kafka_disk.offsets(bootstrap, name, partitions),
        }
    committed = [kafka_disk.read(bootstrap, "transactional", partition, "read_committed") for partition in (0, 1)]
    assert len(topics["transactional"]["records"][0]) == 2 * len(committed[0]) == 6
    assert topics["shortened"]["offsets"][0][0] == 25
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP})
    wanted = [TopicPartition("plain", partition) for partition in range(3)]
    committed_offsets = [(each.offset, each.metadata) for each in consumer.committed(wanted, timeout=TIMEOUT_S)]
    consumer.close()
    return {
        "cluster id": metadata.cluster_id,
        "topics": topics,
        "transactions": committed,
        "offsets": committed_offsets,
        "brokers": sorted(metadata.brokers),
    }


def expect_printed(printed: str) -> None:
    lines = printed.splitlines()
    assert "From ZooKeeper: 2 quotas, 1 credentials, 2 ACLs." in lines, printed
    assert not [line for line in lines if line.startswith("Not taken:")], printed


def expect_metadata(directory: Path) -> None:
    """ACLs, credentials and quotas, as Kafka's own records have them."""
    image = MetadataCheck(Report(print), OsFiles(read_only=True), str(directory)).run(was_clean=True)
    assert image is not None
    acls = sorted(image.acls.by_id.values())
    assert acls == [(2, "plain", 3, "User:alice", "*", 3, 3), (3, "team-", 4, "User:bob", "*", 2, 2)], acls
    (credential,) = image.scram.by_mechanism[SCRAM_SHA_256].items()
    assert (credential[0], credential[1].iterations, len(credential[1].stored_key)) == ("alice smith", 4096, 32)
    quotas = image.client_quotas.by_entity
    entity = frozenset({(USER, "alice smith"), (CLIENT_ID, None)})
    assert quotas == {entity: {"producer_byte_rate": 1048576.0, "request_percentage": 12.5}}, quotas
    assert image.next_producer_id == 1000


def go_on(bootstrap: str) -> None:
    """Producers get ids that nobody has had; the transactional id goes on with its own."""
    kafka_disk.write_transactions(bootstrap, "new")
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for number in range(30):
        producer.produce("plain", f"new {number}", partition=number % 3)
    kafka_disk.flush(producer)
    for partition in range(3):
        records = kafka_disk.read(bootstrap, "plain", partition, "read_committed")
        assert [record[2] for record in records[-10:]] == [
            f"new {number}".encode() for number in range(partition, 30, 3)
        ], "the first records of a new producer are not taken for a retry"
    wait_until(lambda: len(kafka_disk.read(bootstrap, "transactional", 0, "read_committed")) == 6, timeout_s=TIMEOUT_S)
