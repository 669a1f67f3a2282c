"""aiokafka; each call runs its own event loop to the end, a group member keeps one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.clients.drivers import READ_TIMEOUT_S, Driver, Message, Received

# send() waits for room in the batch only; so many acknowledgements may be outstanding before they are collected.
OUTSTANDING = 5000


def make(bootstrap: str) -> Driver:
    return AioKafka(bootstrap)


def received(record) -> Received:
    headers = tuple((name, value) for name, value in record.headers)
    return Received(record.partition, record.offset, record.key, record.value, headers, record.timestamp)


class AioKafka:
    name = "aiokafka"

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        new_topic = NewTopic(topic, partitions, 1, topic_configs=dict(configs or {}))
        response = asyncio.run(self._admin(lambda admin: admin.create_topics([new_topic])))
        errors = [error for error in response.topic_errors if error[1] != 0]
        assert not errors, errors

    def delete_topic(self, topic: str) -> None:
        response = asyncio.run(self._admin(lambda admin: admin.delete_topics([topic])))
        errors = [error for error in response.topic_error_codes if error[1] != 0]
        assert not errors, errors

    async def _admin(self, call):
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            return await call(admin)
        finally:
            await admin.close()

    def topics(self) -> set[str]:
        return asyncio.run(self._consume(lambda consumer: consumer.topics()))

    async def _consume(self, call, **settings):
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, **settings)
        await consumer.start()
        try:
            return await call(consumer)
        finally:
            await consumer.stop()

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
        return asyncio.run(
            self._produce(
                topic,
                messages,
                acks=acks,
                compression_type=None if compression == "none" else compression,
                enable_idempotence=idempotent,
                max_batch_size=batch_bytes,
                linger_ms=linger_ms,
                max_request_size=2_000_000,
            )
        )

    async def _produce(self, topic: str, messages: Iterable[Message], **settings) -> list[tuple[int, int]]:
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, **settings)
        await producer.start()
        try:
            waiting: list[asyncio.Future] = []
            sent: list[tuple[int, int]] = []
            for message in messages:
                waiting.append(
                    await producer.send(
                        topic,
                        message.value,
                        message.key,
                        partition=message.partition,
                        timestamp_ms=message.timestamp_ms,
                        headers=list(message.headers) or None,
                    )
                )
                if len(waiting) == OUTSTANDING:
                    sent += await _acknowledged(waiting)
                    waiting.clear()
            return sent + await _acknowledged(waiting)
        finally:
            await producer.stop()

    def read(
        self,
        topic: str,
        start: Mapping[int, int | str],
        count: int,
        *,
        isolation: str = "read_uncommitted",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> list[Received]:
        return asyncio.run(
            self._consume(lambda consumer: _read(consumer, topic, start, count, timeout_s), isolation_level=isolation)
        )

    def beginning_and_end(self, topic: str, partition: int) -> tuple[int, int]:
        where = TopicPartition(topic, partition)

        async def ask(consumer: AIOKafkaConsumer) -> tuple[int, int]:
            beginning = await consumer.beginning_offsets([where])
            end = await consumer.end_offsets([where])
            return beginning[where], end[where]

        return asyncio.run(self._consume(ask))

    def offset_for_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        where = TopicPartition(topic, partition)
        found = asyncio.run(self._consume(lambda consumer: consumer.offsets_for_times({where: timestamp_ms})))[where]
        return None if found is None else found.offset

    def join(self, group_id: str, topics: Sequence[str], *, auto_commit: bool = False) -> AioKafkaMember:
        return AioKafkaMember(self.bootstrap, group_id, topics, auto_commit)

    def committed(self, group_id: str, topic: str, partition: int) -> int | None:
        where = TopicPartition(topic, partition)
        return asyncio.run(self._consume(lambda consumer: consumer.committed(where), group_id=group_id))


async def _acknowledged(waiting: Iterable[asyncio.Future]) -> list[tuple[int, int]]:
    # acks=0 has no offset to tell: aiokafka then answers None.
    metadata = [await future for future in waiting]
    return [(-1, -1) if one is None else (one.partition, one.offset) for one in metadata]


async def _read(
    consumer: AIOKafkaConsumer, topic: str, start: Mapping[int, int | str], count: int, timeout_s: float
) -> list[Received]:
    consumer.assign([TopicPartition(topic, partition) for partition in start])
    for partition, offset in start.items():
        where = TopicPartition(topic, partition)
        if offset == "earliest":
            await consumer.seek_to_beginning(where)
        elif offset == "latest":
            await consumer.seek_to_end(where)
        else:
            consumer.seek(where, offset)
    taken: list[Received] = []
    deadline = time.monotonic() + timeout_s
    while len(taken) < count:
        assert time.monotonic() < deadline, f"{len(taken)} of {count} messages of {topic} came in time"
        for records in (await consumer.getmany(timeout_ms=200)).values():
            taken += map(received, records)
    return taken


class AioKafkaMember:
    """A member with an event loop on a thread of its own: like its users' it always runs, and so do heartbeats."""

    def __init__(self, bootstrap: str, group_id: str, topics: Sequence[str], auto_commit: bool) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._call(self._start(bootstrap, group_id, topics, auto_commit))

    def _call(self, coroutine: Coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _start(self, bootstrap: str, group_id: str, topics: Sequence[str], auto_commit: bool) -> None:
        self.consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            group_id=group_id,
            enable_auto_commit=auto_commit,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=100,
            metadata_max_age_ms=1000,
        )
        await self.consumer.start()

    def poll(self) -> list[Received]:
        batches = self._call(self.consumer.getmany(timeout_ms=50))
        return [received(record) for records in batches.values() for record in records]

    def assigned(self) -> frozenset[tuple[str, int]]:
        return frozenset((where.topic, where.partition) for where in self.consumer.assignment())

    def commit(self) -> None:
        self._call(self.consumer.commit())

    def close(self) -> None:
        self._call(self.consumer.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
