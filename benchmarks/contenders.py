"""The brokers that are compared: minikafka, and Apache Kafka where there is a JVM."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.matrix import kafka_jars
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess

KAFKA_VERSION = "4.2.0"
# Deleted topics are gone from the disk at once, so that a long run does not fill it.
SETTINGS = {
    "file.delete.delay.ms": "0",
    "log.segment.delete.delay.ms": "0",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "5",
}

Contender = Callable[[Path], BrokerProcess]


def contenders(names: list[str], jars_directory: Path | None, work: Path) -> dict[str, Contender]:
    """How to make each broker of ``names``, for a directory of its own. Kafka's jars come from ``jars_directory`` or
    by Maven; without a JVM, or both, there is a line and no Kafka."""
    found: dict[str, Contender] = {}
    if "minikafka" in names:
        found["minikafka"] = lambda directory: MinikafkaProcess(directory, SETTINGS)
    if "kafka" in names:
        jars = jars_directory or _fetched_jars(work)
        if shutil.which("java") is None or jars is None:
            print("Apache Kafka is not measured: that takes java, and mvn or --kafka-jars", flush=True)
        else:
            found["kafka"] = lambda directory: ApacheKafkaProcess(directory, jars, SETTINGS)
    return found


def _fetched_jars(work: Path) -> Path | None:
    if shutil.which("mvn") is None:
        return None
    name = f"kafka-{KAFKA_VERSION}"
    return kafka_jars.fetch(work, {name: kafka_jars.kafka_broker(KAFKA_VERSION)})[name]
