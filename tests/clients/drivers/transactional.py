"""Transactional producers of each library behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

CALL_TIMEOUT_S = 30
Offsets = Mapping[tuple[str, int], int]


class TransactionalProducer(Protocol):
    """Calls return when the broker has answered, and raise what the library raises."""

    def begin(self) -> None: ...

    def send(self, topic: str, value: bytes, partition: int = 0) -> None:
        """Return when the record is written."""
        ...

    def send_offsets(self, offsets: Offsets, group_id: str, member: Any | None = None) -> None:
        """``member``: of the group, as a driver's ``join`` gives it; the library may tell the broker who it is."""
        ...

    def commit(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...

    def is_fenced(self, error: Exception) -> bool:
        """Whether it is the library's word for: another producer has the transactional id now."""
        ...


def transactional(
    library: str, bootstrap: str, transactional_id: str, timeout_ms: int = 60_000
) -> TransactionalProducer:
    """A producer that may begin its first transaction; whoever had the id before is fenced."""
    return _PRODUCERS[library](bootstrap, transactional_id, timeout_ms)


class KafkaPythonTransactions:
    def __init__(self, bootstrap: str, transactional_id: str, timeout_ms: int) -> None:
        from kafka import KafkaProducer

        self.producer = KafkaProducer(
            bootstrap_servers=bootstrap, transactional_id=transactional_id, transaction_timeout_ms=timeout_ms
        )
        self.producer.init_transactions()

    def begin(self) -> None:
        self.producer.begin_transaction()

    def send(self, topic: str, value: bytes, partition: int = 0) -> None:
        self.producer.send(topic, value, partition=partition).get(timeout=CALL_TIMEOUT_S)

    def send_offsets(self, offsets: Offsets, group_id: str, member: Any | None = None) -> None:
        from kafka import TopicPartition
        from kafka.structs import OffsetAndMetadata

        metadata = group_id if member is None else member.consumer.group_metadata()
        self.producer.send_offsets_to_transaction(
            {TopicPartition(*where): OffsetAndMetadata(offset, "", -1) for where, offset in offsets.items()}, metadata
        )

    def commit(self) -> None:
        self.producer.commit_transaction()

    def abort(self) -> None:
        self.producer.abort_transaction()

    def close(self) -> None:
        self.producer.close(timeout=1)

    def is_fenced(self, error: Exception) -> bool:
        return "Fenced" in type(error).__name__ or "Fenced" in repr(error) or "InvalidProducerEpoch" in repr(error)


class AioKafkaTransactions:
    """With an event loop of its own, which runs while a call does."""

    def __init__(self, bootstrap: str, transactional_id: str, timeout_ms: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.run(self._start(bootstrap, transactional_id, timeout_ms))

    async def _start(self, bootstrap: str, transactional_id: str, timeout_ms: int) -> None:
        from aiokafka import AIOKafkaProducer

        self.producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, transactional_id=transactional_id, transaction_timeout_ms=timeout_ms
        )
        await self.producer.start()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(call, CALL_TIMEOUT_S))

    def begin(self) -> None:
        self.run(self.producer.begin_transaction())

    def send(self, topic: str, value: bytes, partition: int = 0) -> None:
        self.run(self.producer.send_and_wait(topic, value, partition=partition))

    def send_offsets(self, offsets: Offsets, group_id: str, member: Any | None = None) -> None:
        from aiokafka import TopicPartition

        self.run(
            self.producer.send_offsets_to_transaction(
                {TopicPartition(*where): offset for where, offset in offsets.items()}, group_id
            )
        )

    def commit(self) -> None:
        self.run(self.producer.commit_transaction())

    def abort(self) -> None:
        self.run(self.producer.abort_transaction())

    def close(self) -> None:
        self.run(self.producer.stop())
        self.loop.close()

    def is_fenced(self, error: Exception) -> bool:
        from aiokafka.errors import ProducerFenced

        return isinstance(error, ProducerFenced)


class ConfluentTransactions:
    def __init__(self, bootstrap: str, transactional_id: str, timeout_ms: int) -> None:
        from confluent_kafka import Producer

        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": timeout_ms,
                "log_level": 0,
            }
        )
        self.producer.init_transactions(CALL_TIMEOUT_S)

    def begin(self) -> None:
        self.producer.begin_transaction()

    def send(self, topic: str, value: bytes, partition: int = 0) -> None:
        from confluent_kafka import KafkaException

        errors: list[Any] = []
        self.producer.produce(topic, value, partition=partition, on_delivery=lambda error, _: errors.append(error))
        self.producer.flush(CALL_TIMEOUT_S)
        assert errors, "no answer came in time"
        if errors[0] is not None:
            raise KafkaException(errors[0])

    def send_offsets(self, offsets: Offsets, group_id: str, member: Any | None = None) -> None:
        from confluent_kafka import Consumer, TopicPartition

        consumer = member.consumer if member is not None else Consumer({"group.id": group_id})
        try:
            self.producer.send_offsets_to_transaction(
                [TopicPartition(*where, offset) for where, offset in offsets.items()],
                consumer.consumer_group_metadata(),
                CALL_TIMEOUT_S,
            )
        finally:
            if member is None:
                consumer.close()

    def commit(self) -> None:
        self.producer.commit_transaction(CALL_TIMEOUT_S)

    def abort(self) -> None:
        self.producer.abort_transaction(CALL_TIMEOUT_S)

    def close(self) -> None:
        self.producer.purge()

    def is_fenced(self, error: Exception) -> bool:
        from confluent_kafka import KafkaError

        if isinstance(error, SystemError):
            # Its delivery callback was called while its own exception was on the way: that is the cause.
            cause = error.__cause__
            return isinstance(cause, Exception) and self.is_fenced(cause)
        return error.args[0].code() in (KafkaError._FENCED, KafkaError._PURGE_QUEUE)


_PRODUCERS: dict[str, Callable[[str, str, int], TransactionalProducer]] = {
    "kafka-python": KafkaPythonTransactions,
    "aiokafka": AioKafkaTransactions,
    "confluent-kafka": ConfluentTransactions,
}
