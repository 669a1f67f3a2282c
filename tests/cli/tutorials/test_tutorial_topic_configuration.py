"""Topics with settings of their own (T2), typed as tutorials have it."""

from __future__ import annotations

import re

import pytest

from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from minikafka.errors import MESSAGE_TOO_LARGE, ApiError, MinikafkaError
from tests.cli.tutorials.tutorial_folder import TutorialFolder

DEPRECATED = (
    "WARNING: Altering topic configuration from this script has been deprecated and may be removed in future releases."
    "\n         Going forward, please use kafka-configs.sh for this functionality\n"
)


def configs_of(folder: TutorialFolder, topic: str) -> dict[str, str]:
    described = folder.output(f"bin/kafka-topics.sh --zookeeper localhost:2181 --describe --topic {topic}")
    found = re.search(r"Configs: (\S*)\n", described)
    assert found is not None, described
    return dict(pair.split("=") for pair in found[1].split(",") if pair)


def test_settings_come_change_and_go(folder: TutorialFolder) -> None:
    created = folder.output(
        "bin/kafka-topics.sh --zookeeper localhost:2181 --create --topic my-topic --partitions 1 "
        "--replication-factor 1 --config max.message.bytes=64000 --config flush.messages=1"
    )
    assert created == "Created topic my-topic.\n"
    assert configs_of(folder, "my-topic") == {"max.message.bytes": "64000", "flush.messages": "1"}

    alter = "bin/kafka-topics.sh --zookeeper localhost:2181 --alter --topic my-topic"
    altered = folder.output(f"{alter} --config max.message.bytes=128000")
    assert altered == DEPRECATED + "Updated config for topic my-topic.\n"
    assert configs_of(folder, "my-topic") == {"max.message.bytes": "128000", "flush.messages": "1"}

    deleted = folder.output(f"{alter} --deleteConfig max.message.bytes")
    assert deleted == DEPRECATED + "Updated config for topic my-topic.\n"
    assert configs_of(folder, "my-topic") == {"flush.messages": "1"}
    folder.output(f"{alter} --delete-config flush.messages")
    assert configs_of(folder, "my-topic") == {}


def test_more_partitions(folder: TutorialFolder) -> None:
    folder.output("bin/kafka-topics.sh --bootstrap-server localhost:9092 --create --topic growing")
    old = folder.output("bin/kafka-topics.sh --zookeeper localhost:2181 --alter --topic growing --partitions 3")
    assert old == (
        "WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the "
        "messages will be affected\nAdding partitions succeeded!\n"
    )
    new = folder.output("bin/kafka-topics.sh --bootstrap-server localhost:9092 --alter --topic growing --partitions 5")
    assert new == ""
    described = folder.output("bin/kafka-topics.sh --bootstrap-server localhost:9092 --describe --topic growing")
    assert "PartitionCount: 5\t" in described
    less = folder.run("bin/kafka-topics.sh --bootstrap-server localhost:9092 --alter --topic growing --partitions 4")
    assert less.returncode == 1
    assert less.stdout == (
        "Error while executing topic command : The topic growing currently has 5 partition(s); 4 would not be an "
        "increase.\n"
    )


@pytest.mark.parametrize(
    ("connection", "sentence"),
    [
        (
            "--bootstrap-server localhost:9092",
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because "
            "only 1 broker(s) are registered.",
        ),
        ("--zookeeper localhost:2181", "Replication factor: 3 larger than available brokers: 1."),
    ],
)
def test_more_replicas_than_brokers(folder: TutorialFolder, connection: str, sentence: str) -> None:
    refused = folder.run(f"bin/kafka-topics.sh --create {connection} --replication-factor 3 --partitions 1 --topic no")
    assert refused.returncode == 1
    assert refused.stdout == f"Error while executing topic command : {sentence}\n"


def test_the_modern_form(folder: TutorialFolder) -> None:
    folder.output("bin/kafka-topics.sh --bootstrap-server localhost:9092 --create --topic modern")
    configs = "bin/kafka-configs.sh --bootstrap-server localhost:9092 --entity-type topics --entity-name modern"
    assert folder.output(f"{configs} --alter --add-config max.message.bytes=128000") == (
        "Completed updating config for topic modern.\n"
    )
    assert folder.output(f"{configs} --describe") == (
        "Dynamic configs for topic modern are:\n"
        "  max.message.bytes=128000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:max.message.bytes=128000, "
        "DEFAULT_CONFIG:message.max.bytes=1048588}\n"
    )
    assert folder.output(f"{configs} --alter --delete-config max.message.bytes") == (
        "Completed updating config for topic modern.\n"
    )
    assert configs_of(folder, "modern") == {}


def test_the_old_form_of_kafka_configs(folder: TutorialFolder) -> None:
    folder.output("bin/kafka-topics.sh --bootstrap-server localhost:9092 --create --topic old")
    configs = "bin/kafka-configs.sh --zookeeper localhost:2181 --entity-type topics --entity-name old"
    assert folder.output(f"{configs} --alter --add-config max.message.bytes=128000") == (
        "Completed Updating config for entity: topic 'old'.\n"
    )
    assert folder.output(f"{configs} --describe") == "Configs for topic 'old' are max.message.bytes=128000\n"


def test_a_setting_takes_effect_at_once(folder: TutorialFolder) -> None:
    folder.output(
        "bin/kafka-topics.sh --zookeeper localhost:2181 --create --topic sized --partitions 1 --replication-factor 1 "
        "--config max.message.bytes=64000"
    )
    alter = "bin/kafka-topics.sh --zookeeper localhost:2181 --alter --topic sized"
    with Cluster(f"localhost:{folder.port}") as cluster:
        assert not takes(cluster, "sized", 100_000)
        folder.output(f"{alter} --config max.message.bytes=128000")
        assert takes(cluster, "sized", 100_000)
        assert not takes(cluster, "sized", 200_000)
        folder.output(f"{alter} --deleteConfig max.message.bytes")
        assert takes(cluster, "sized", 200_000)


def takes(cluster: Cluster, topic: str, size_bytes: int) -> bool:
    """Whether a topic takes a message of that size."""
    refused: list[MinikafkaError] = []
    producer = Producer(cluster, on_refused=lambda topic, record, error: refused.append(error))
    producer.send(topic, bytes(size_bytes))
    producer.flush()
    assert all(isinstance(error, ApiError) and error.code == MESSAGE_TOO_LARGE for error in refused)
    return not refused
