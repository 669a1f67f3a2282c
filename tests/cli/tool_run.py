"""What tests of tools share: how a tool is run (the fixture ``run``), and topics to run it on."""

from __future__ import annotations

from collections.abc import Callable

from minikafka.broker import Broker
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer

Run = Callable[..., tuple[int, str, str]]


def made(broker: Broker, topic: str, count: int = 0, partitions: int = 1) -> str:
    """A topic with so many records in partition 0."""
    with Cluster(broker.bootstrap_servers) as cluster:
        create_topic(cluster, topic, partitions=partitions)
        producer = Producer(cluster)
        for number in range(count):
            producer.send(topic, b"v", partition=0, timestamp_ms=1000 + number)
        producer.flush()
    return topic
