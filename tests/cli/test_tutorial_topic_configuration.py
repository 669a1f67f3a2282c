"""Topics with settings of their own (T2), typed as tutorials have it."""

from __future__ import annotations

import re

from tests.cli.tutorial_folder import TutorialFolder

DEPRECATED = (
    "WARNING: Altering topic configuration from this script has been deprecated and may be removed in future releases."
    "\n         Going forward, please use kafka-configs.sh for this functionality\n"
)


def configs_of(folder: TutorialFolder, topic: str) -> dict[str, str]:
    described = folder.output(f"bin/kafka-topics.sh --zookeeper localhost:2181 --describe --topic {topic}")
    found = re.search(r"Configs: (\S*)\n", described)
    assert found is not None, described
    configs = dict(pair.split("=") for pair in found[1].split(",") if pair)
    configs.pop("min.insync.replicas", None)  # of the whole cluster, where eligible leader replicas are kept
    return configs


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


def test_more_replicas_than_brokers(folder: TutorialFolder) -> None:
    refused = folder.run(
        "bin/kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 3 --partitions 1 "
        "--topic replicated"
    )
    assert refused.returncode == 1
    assert refused.stdout == (
        "Error while executing topic command : Unable to replicate the partition 3 time(s): The target replication "
        "factor of 3 cannot be reached because only 1 broker(s) are registered.\n"
    )
