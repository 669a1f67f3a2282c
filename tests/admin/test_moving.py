"""A partition moves between log directories under the eyes of its clients, who notice nothing."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from minikafka import Broker
from minikafka.client.connection import Connection, connect
from minikafka.protocol.messages import CreateTopicsRequest, DescribeLogDirsRequest
from tests.admin.scenario import move, topic
from tests.support.polling import wait_until

VALUE = bytes(2000)


def place_of(connection: Connection) -> str | None:
    """The directory the partition lies in; None while it moves."""
    described = connection.call(DescribeLogDirsRequest(topics=None))
    found = [
        (result.log_dir, partition.is_future_key)
        for result in described.results
        for described_topic in result.topics
        for partition in described_topic.partitions
    ]
    return found[0][0] if len(found) == 1 and not found[0][1] else None


def test_writers_and_readers_go_on_while_a_partition_moves(tmp_path: Path) -> None:
    directories = [str(tmp_path / "a"), str(tmp_path / "b")]
    with Broker(log_dirs=directories) as broker, connect(broker.bootstrap_servers) as connection:
        connection.call(CreateTopicsRequest(topics=[topic("t", segment_bytes="1048576")]))
        producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, enable_idempotence=True, linger_ms=1)
        consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
        with closing(producer), closing(consumer):
            consumer.assign([TopicPartition("t", 0)])
            offsets: list[int] = []
            sent = 0
            for _ in range(4):
                here = place_of(connection)
                there = next(directory for directory in directories if directory != here)
                sent += send(producer, 600)
                assert connection.call(move(there, t=[0])).results[0].partitions[0].error_code == 0
                sent += send(producer, 600)

                def arrived(there: str = there) -> bool:
                    offsets.extend(message.offset for batch in consumer.poll(50).values() for message in batch)
                    return place_of(connection) == there

                wait_until(arrived, what=f"the partition in {there}")
            sent += send(producer, 100)
            producer.flush(30)

            def read_all() -> bool:
                offsets.extend(message.offset for batch in consumer.poll(50).values() for message in batch)
                return len(offsets) >= sent

            wait_until(read_all, what="all that was sent")
            assert offsets == list(range(sent))
        last = place_of(connection)
    assert [directory for directory in directories if os.path.isdir(f"{directory}/t-0")] == [last]
    with Broker(log_dirs=directories) as broker, connect(broker.bootstrap_servers) as connection:
        assert place_of(connection) == last


def send(producer: KafkaProducer, count: int) -> int:
    for _ in range(count):
        producer.send("t", VALUE)
    return count
