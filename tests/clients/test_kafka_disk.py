"""One data directory, served in turns by minikafka and by Apache Kafka: what one wrote the other serves.

Needs a JVM, and in MINIKAFKA_KAFKA_JARS a directory of the jars of Apache Kafka 4.2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import NewTopic

from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess, java_is_available

JARS = os.environ.get("MINIKAFKA_KAFKA_JARS", "")

pytestmark = [
    pytest.mark.skipif(not JARS or not java_is_available(), reason="needs a JVM, and MINIKAFKA_KAFKA_JARS"),
    pytest.mark.timeout(300),
]

GROUP = "readers"


class Round:
    """Where the two brokers have got to with the directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.values: list[bytes] = []

    def turns(self) -> Iterator[BrokerProcess]:
        """minikafka begins, and the two take turns."""
        for number in range(4):
            if number % 2:
                yield ApacheKafkaProcess(self.directory, Path(JARS).resolve())
            else:
                yield MinikafkaProcess(self.directory, {"offsets.topic.num.partitions": "5"})


def test_the_directory_goes_from_one_broker_to_the_other_and_back(tmp_path: Path) -> None:
    game = Round(tmp_path)
    topics: dict[str, str] = {}
    for number, broker in enumerate(game.turns()):
        with broker:
            admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
            check_topics(admin, topics)
            check_records(broker, game.values, number)
            topics[f"round-{number}"] = create_topic(admin, f"round-{number}", number)
            if number == 0:
                topics["shared"] = create_topic(admin, "shared", 7)
            game.values += produce(broker, number)
            commit(broker, len(game.values))
            admin.close()
            broker.stop()


def create_topic(admin: KafkaAdminClient, name: str, number: int) -> str:
    """Returns the id."""
    admin.create_topics([NewTopic(name, 1, 1, topic_configs={"retention.ms": str(10**9 + number)})])
    [described] = admin.describe_topics([name])
    return str(described["topic_id"])


def check_topics(admin: KafkaAdminClient, topics: dict[str, str]) -> None:
    names = [name for name in admin.list_topics() if not name.startswith("__")]
    assert sorted(names) == sorted(topics)
    for described in admin.describe_topics(list(topics)) if topics else []:
        assert str(described["topic_id"]) == topics[described["name"]]
        assert [part["leader_id"] for part in described["partitions"]] == [1]


def check_records(broker: BrokerProcess, values: list[bytes], number: int) -> None:
    if not values:
        return
    partition = TopicPartition("shared", 0)
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap, group_id=GROUP, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    consumer.assign([partition])
    assert consumer.committed(partition) == len(values)
    consumer.seek(partition, 0)
    found: list[bytes] = []
    while len(found) < len(values):
        for records in consumer.poll(timeout_ms=1000).values():
            found += [record.value for record in records]
    assert found == values
    consumer.close()


def produce(broker: BrokerProcess, number: int) -> list[bytes]:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all")
    values = [f"{number} {index}".encode() for index in range(1000)]
    for value in values:
        producer.send("shared", value)
    producer.flush()
    producer.close()
    return values


def commit(broker: BrokerProcess, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=GROUP, enable_auto_commit=False)
    consumer.assign([TopicPartition("shared", 0)])
    consumer.commit({TopicPartition("shared", 0): OffsetAndMetadata(offset, "", -1)})
    consumer.close()
