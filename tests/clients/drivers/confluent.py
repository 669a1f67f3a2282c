"""confluent-kafka, which is librdkafka."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.clients.drivers import READ_TIMEOUT_S, Driver, Message, Received

CALL_TIMEOUT_S = 30
STARTS = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}


def make(bootstrap: str) -> Driver:
    return Confluent(bootstrap)


def received(message) -> Received:
    if message.error() is not None:
        raise KafkaException(message.error())
    headers = tuple(message.headers() or ())
    return Received(
        message.partition(), message.offset(), message.key(), message.value(), headers, message.timestamp()[1]
    )


class Confluent:
    name = "confluent-kafka"

    def __init__(self, bootstrap: str, group_protocol: str = "classic") -> None:
        self.bootstrap = bootstrap
        self.group_protocol = group_protocol

    def _admin(self) -> AdminClient:
        """A client that has to be held until its answers are there: with it goes its handle."""
        return AdminClient({"bootstrap.servers": self.bootstrap})

    @contextmanager
    def _consumer(self, **settings):
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "by-assignment",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                **settings,
            }
        )
        try:
            yield consumer
        finally:
            consumer.close()

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        admin = self._admin()
        created = admin.create_topics([NewTopic(topic, partitions, 1, config=dict(configs or {}))])
        created[topic].result(CALL_TIMEOUT_S)

    def delete_topic(self, topic: str) -> None:
        admin = self._admin()
        admin.delete_topics([topic])[topic].result(CALL_TIMEOUT_S)

    def topics(self) -> set[str]:
        return set(self._admin().list_topics(timeout=CALL_TIMEOUT_S).topics)

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
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "acks": acks,
                "compression.type": compression,
                "enable.idempotence": idempotent,
                "batch.size": batch_bytes,
                "linger.ms": linger_ms,
                "message.max.bytes": 2_000_000,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        sent: dict[int, tuple[int, int]] = {}
        failed: list[object] = []
        for index, message in enumerate(messages):

            def delivered(error, report, index=index) -> None:
                if error is not None:
                    failed.append(error)
                else:
                    sent[index] = (report.partition(), report.offset())

            options = {}
            if message.partition is not None:
                options["partition"] = message.partition
            if message.timestamp_ms is not None:
                options["timestamp"] = message.timestamp_ms
            producer.produce(
                topic,
                message.value,
                message.key,
                headers=list(message.headers) or None,
                on_delivery=delivered,
                **options,
            )
            producer.poll(0)
        left = producer.flush(CALL_TIMEOUT_S)
        assert left == 0, f"{left} messages were not acknowledged in {CALL_TIMEOUT_S} s"
        if failed:
            raise KafkaException(failed[0])
        return [sent[index] for index in range(len(sent))]

    def read(
        self,
        topic: str,
        start: Mapping[int, int | str],
        count: int,
        *,
        isolation: str = "read_uncommitted",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> list[Received]:
        with self._consumer(**{"isolation.level": isolation}) as consumer:
            consumer.assign(
                [TopicPartition(topic, partition, STARTS.get(offset, offset)) for partition, offset in start.items()]
            )
            taken: list[Received] = []
            deadline = time.monotonic() + timeout_s
            while len(taken) < count:
                assert time.monotonic() < deadline, f"{len(taken)} of {count} messages of {topic} came in time"
                taken += map(received, consumer.consume(5000, timeout=0.1))
            return taken

    def beginning_and_end(self, topic: str, partition: int) -> tuple[int, int]:
        with self._consumer() as consumer:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=CALL_TIMEOUT_S)
            return low, high

    def offset_for_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        with self._consumer() as consumer:
            where = TopicPartition(topic, partition, timestamp_ms)
            (found,) = consumer.offsets_for_times([where], timeout=CALL_TIMEOUT_S)
        return None if found.offset == OFFSET_END else found.offset

    def join(self, group_id: str, topics: Sequence[str], *, auto_commit: bool = False) -> ConfluentMember:
        return ConfluentMember(self.bootstrap, group_id, topics, auto_commit, self.group_protocol)

    def committed(self, group_id: str, topic: str, partition: int) -> int | None:
        with self._consumer(**{"group.id": group_id}) as consumer:
            (found,) = consumer.committed([TopicPartition(topic, partition)], timeout=CALL_TIMEOUT_S)
        return None if found.offset < 0 else found.offset


class ConfluentMember:
    def __init__(self, bootstrap: str, group_id: str, topics: Sequence[str], auto_commit: bool, protocol: str) -> None:
        settings = {
            "bootstrap.servers": bootstrap,
            "group.id": group_id,
            "group.protocol": protocol,
            "enable.auto.commit": auto_commit,
            "auto.offset.reset": "earliest",
            "topic.metadata.refresh.interval.ms": 1000,
        }
        if protocol == "classic":
            settings |= {"session.timeout.ms": 10_000, "heartbeat.interval.ms": 100}
        self.consumer = Consumer(settings)
        self.consumer.subscribe(list(topics))

    def poll(self) -> list[Received]:
        return [received(message) for message in self.consumer.consume(500, timeout=0.05)]

    def assigned(self) -> frozenset[tuple[str, int]]:
        return frozenset((where.topic, where.partition) for where in self.consumer.assignment())

    def commit(self) -> None:
        self.consumer.commit(asynchronous=False)

    def close(self) -> None:
        self.consumer.close()
