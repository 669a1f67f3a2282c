"""minikafka's share consumer against Apache Kafka and against minikafka; and what Kafka answers to share requests.

``python -m tests.matrix.kafka_share_groups JARS`` runs it alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from minikafka.client.admin.configs import GROUP, SET, Change, Resource, alter_configs
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer
from minikafka.client.sharing.share_consumer import ShareConsumer
from minikafka.client.sharing.share_session import ACCEPT, REJECT, RELEASE
from tests.admin.share_groups import SETTINGS
from tests.matrix import share_answers
from tests.matrix.java_clients import jars
from tests.matrix.workplace import Workplace
from tests.support.brokers import ApacheKafkaProcess

PATIENCE_S = 30.0


def check_with_kafka(workplace: Workplace) -> str:
    library = jars(workplace)["tools"]
    with ApacheKafkaProcess(workplace.folder(f"share-groups-{workplace.run_id}"), library, SETTINGS) as kafka:
        return f"{share_answers.check(kafka)}; {check(kafka.bootstrap, 'consumed')}"


def check_with_ours(workplace: Workplace) -> str:
    """With the broker of the matrix."""
    return check(workplace.bootstrap, workplace.topic("our-share-consumer"))


def check(bootstrap: str, name: str) -> str:
    """``name``: of a topic and of a group that are not there yet. Raises AssertionError."""
    with Cluster(bootstrap) as cluster:
        create_topic(cluster, name, partitions=2, replication_factor=1)
        alter_configs(cluster, Resource(GROUP, name), [Change("share.auto.offset.reset", SET, "earliest")])
        producer = Producer(cluster)
        for number in range(6):
            producer.send(name, b"%d" % number, partition=number % 2)
        producer.flush()
        first = acknowledged(cluster, name, {b"0": RELEASE, b"1": REJECT, b"2": ACCEPT, b"3": ACCEPT}, count=6)
        assert first == {b"%d" % number: 1 for number in range(6)}, first
        # What was released, and what was not acknowledged, comes again: to whoever is there.
        second = acknowledged(cluster, name, dict.fromkeys((b"0", b"4", b"5"), ACCEPT), count=3)
        assert second == {b"0": 2, b"4": 2, b"5": 2}, second
        producer.send(name, b"last", b"key")
        producer.flush()
    printed = console(bootstrap, name)
    assert printed == "Delivery:1\tkey\tlast\n", printed
    return "records are shared, acknowledged, released and rejected"


def acknowledged(cluster: Cluster, name: str, kinds: dict[bytes, int], count: int) -> dict[bytes, int]:
    """Read ``count`` records as a member, and acknowledge those that are named; value -> how often it was delivered."""
    consumer = ShareConsumer(cluster, name, [name])
    found: dict[bytes, int] = {}
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline_s, f"only {found}"
        if consumer.poll(1):
            record = consumer.take()
            value = record.fetched.record.value or b""
            found[value] = record.delivery_count or 0
            if value in kinds:
                consumer.acknowledge(record, kinds[value])
    consumer.close()
    return found


def console(bootstrap: str, name: str) -> str:
    options = f"--bootstrap-server {bootstrap} --topic {name} --group {name} --max-messages 1 --timeout-ms 20000"
    formats = "--formatter-property print.key=true --formatter-property print.delivery=true"
    command = [sys.executable, "-m", "minikafka", "kafka-console-share-consumer", *options.split(), *formats.split()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as temporary,
        ApacheKafkaProcess(Path(temporary), Path(sys.argv[1]).resolve()) as kafka,
    ):
        print(check(kafka.bootstrap, "consumed"))
