"""kafka-python, at the version installed beside the tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from tests.clients.drivers import READ_TIMEOUT_S, Driver, Message, Received


def make(bootstrap: str) -> Driver:
    return KafkaPython(bootstrap)


def received(record) -> Received:
    headers = tuple((name, value) for name, value in record.headers)
    return Received(record.partition, record.offset, record.key, record.value, headers, record.timestamp)


class KafkaPython:
    name = "kafka-python"

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def _consumer(self, **settings) -> KafkaConsumer:
        return KafkaConsumer(bootstrap_servers=self.bootstrap, **settings)

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)) as admin:
            admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=dict(configs or {}))])

    def delete_topic(self, topic: str) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)) as admin:
            admin.delete_topics([topic])

    def topics(self) -> set[str]:
        with closing(self._consumer()) as consumer:
            return set(consumer.topics())

    def produce(
        self,
        topic: str,
        messages: Iterable[Message],
        *,
        acks: int | str = "all",
        compression: str = "none",
        idempotent: bool = False,
        batch_bytes: int = 16_384,
        linger_ms: int = 5,
    ) -> list[tuple[int, int]]:
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap,
            acks=acks,
            compression_type=None if compression == "none" else compression,
            enable_idempotence=idempotent,
            batch_size=batch_bytes,
            linger_ms=linger_ms,
            max_request_size=2_000_000,
        )
        with closing(producer):
            futures = [
                producer.send(
                    topic,
                    message.value,
                    message.key,
                    headers=list(message.headers),
                    partition=message.partition,
                    timestamp_ms=message.timestamp_ms,
                )
                for message in messages
            ]
            producer.flush()
            acknowledged = [future.get(timeout=30) for future in futures]
        return [(metadata.partition, metadata.offset) for metadata in acknowledged]

    def read(
        self,
        topic: str,
        start: Mapping[int, int | str],
        count: int,
        *,
        isolation: str = "read_uncommitted",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> list[Received]:
        with closing(self._consumer(isolation_level=isolation, max_poll_records=5000)) as consumer:
            consumer.assign([TopicPartition(topic, partition) for partition in start])
            for partition, offset in start.items():
                _go_to(consumer, TopicPartition(topic, partition), offset)
            taken: list[Received] = []
            deadline = time.monotonic() + timeout_s
            while len(taken) < count:
                assert time.monotonic() < deadline, f"{len(taken)} of {count} messages of {topic} came in time"
                for records in consumer.poll(timeout_ms=200).values():
                    taken += map(received, records)
            return taken

    def beginning_and_end(self, topic: str, partition: int) -> tuple[int, int]:
        where = TopicPartition(topic, partition)
        with closing(self._consumer()) as consumer:
            return consumer.beginning_offsets([where])[where], consumer.end_offsets([where])[where]

    def offset_for_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        where = TopicPartition(topic, partition)
        with closing(self._consumer()) as consumer:
            found = consumer.offsets_for_times({where: timestamp_ms})[where]
        return None if found is None else found.offset

    def join(self, group_id: str, topics: Sequence[str], *, auto_commit: bool = False) -> KafkaPythonMember:
        consumer = self._consumer(
            group_id=group_id,
            enable_auto_commit=auto_commit,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=100,
            metadata_max_age_ms=1000,
        )
        consumer.subscribe(list(topics))
        return KafkaPythonMember(consumer)

    def committed(self, group_id: str, topic: str, partition: int) -> int | None:
        with closing(self._consumer(group_id=group_id)) as consumer:
            return consumer.committed(TopicPartition(topic, partition))


def _go_to(consumer: KafkaConsumer, where: TopicPartition, offset: int | str) -> None:
    if offset == "earliest":
        consumer.seek_to_beginning(where)
    elif offset == "latest":
        consumer.seek_to_end(where)
    else:
        consumer.seek(where, offset)


class KafkaPythonMember:
    def __init__(self, consumer: KafkaConsumer) -> None:
        self.consumer = consumer

    def poll(self) -> list[Received]:
        # A shorter poll gives up joining the group before it is done, and begins again with the next.
        batches = self.consumer.poll(timeout_ms=500)
        return [received(record) for records in batches.values() for record in records]

    def assigned(self) -> frozenset[tuple[str, int]]:
        return frozenset((where.topic, where.partition) for where in self.consumer.assignment())

    def commit(self) -> None:
        self.consumer.commit()

    def close(self) -> None:
        self.consumer.close(autocommit=False)
