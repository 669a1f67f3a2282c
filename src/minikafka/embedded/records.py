"""Records of an embedded broker: written, read, and waited for."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from minikafka.embedded.caller import check, name_of_topic, wait_for_change
from minikafka.embedded.topics import TopicCalls
from minikafka.errors import UNKNOWN_TOPIC_OR_PARTITION, ApiError, message_of
from minikafka.protocol import messages

if TYPE_CHECKING:
    from minikafka.embedded.plain_types import Content, Headers, Record
    from minikafka.embedded.reader import Reader
    from minikafka.records.batch import Record as StoredRecord

_PRODUCE_VERSION = 12  # the last that calls topics by name
_TIMEOUT_MS = 30_000
_ACKS_OF_ALL = -1
_SHOWN_RECORDS = 5


class RecordCalls(TopicCalls):
    """Produce and read."""

    @abstractmethod
    def now_ms(self) -> int:
        """The time of the broker, in ms since the epoch."""

    def produce(
        self,
        topic: str,
        value: Content = None,
        key: Content = None,
        headers: Headers = (),
        partition: int | None = None,
        timestamp: int | None = None,
    ) -> Record:
        """Write one record, to a topic that is created if the broker does so for clients.

        :param partition: which; left out, the one that Kafka's clients choose for the key, and 0 without a key.
        :param timestamp: in ms since the epoch; left out, now.
        :returns: the record as it is stored.
        :raises ApiError: why it was refused. TypeError: a key or value that is neither bytes nor text.
        """
        from minikafka.embedded.plain_types import Record, content, stored_record

        name_of_topic(topic)
        if partition is None:
            partition = self._partition_for(content(key), self.partition_count(topic, creates=True))
        record = stored_record(0, self.now_ms() if timestamp is None else timestamp, key, value, headers)
        try:
            offset, append_time_ms = self.append(topic, partition, [record])
        except ApiError as error:
            if error.code != UNKNOWN_TOPIC_OR_PARTITION or partition >= self.partition_count(topic, creates=True):
                raise
            offset, append_time_ms = self.append(topic, partition, [record])
        stored_at = record.timestamp if append_time_ms < 0 else append_time_ms
        return Record(topic, partition, offset, stored_at, record.key, record.value, record.headers)

    def append(self, topic: str, partition: int, records: Sequence[StoredRecord]) -> tuple[int, int]:
        """Write records, whose offsets count from 0, as one batch; returns its base offset, and the time of the append
        where the topic keeps that (else -1). Raises ApiError."""
        from minikafka.records.builder import build_batch

        data = messages.ProduceRequest.PartitionProduceData(index=partition, records=bytearray(build_batch(records)))
        request = messages.ProduceRequest(
            acks=_ACKS_OF_ALL,
            timeout_ms=_TIMEOUT_MS,
            topic_data=[messages.ProduceRequest.TopicProduceData(name=topic, partition_data=[data])],
        )
        [answer] = self.call(request, _PRODUCE_VERSION).responses[0].partition_responses
        check(answer.error_code, f"{topic}-{partition}: {answer.error_message or message_of(answer.error_code)}")
        return answer.base_offset, answer.log_append_time_ms

    def records(self, topic: str, *, committed_only: bool = False) -> list[Record]:
        """All records there are, by partition and offset.

        :param committed_only: as a consumer with ``isolation.level=read_committed`` sees them.
        :raises ApiError: there is no such topic.
        """
        reader = self._reader(topic, committed_only)
        count = self.partition_count(topic)
        reader.extend(count or 1)  # of a topic that is not there the broker says so itself
        return reader.read()

    def end_offsets(self, topic: str) -> dict[int, int]:
        """Partition -> the offset that its next record gets. Raises ApiError."""
        from minikafka.embedded.reader import LATEST, offsets

        return offsets(self, topic, range(self.partition_count(topic)), LATEST)

    def follow(self, topic: str, *, timeout_s: float = 10.0, committed_only: bool = False) -> Iterator[Record]:
        """The records there are, then those that come, until none has come for ``timeout_s``. The topic may come to be
        later. Raises ApiError."""
        self.refuse_to_block()
        reader = self._reader(topic, committed_only)
        deadline = time.monotonic() + timeout_s
        with closing(self.watch([topic])) as watch:
            while True:
                looked_at = time.monotonic()
                reader.extend(self.partition_count(topic))
                found = reader.read()
                if found:
                    yield from found
                    deadline = time.monotonic() + timeout_s
                elif not wait_for_change(watch, looked_at, deadline):
                    return

    def wait_for(
        self,
        topic: str,
        awaited: int | Callable[[Record], Any] = 1,
        *,
        timeout_s: float = 10.0,
        committed_only: bool = False,
    ) -> list[Record]:
        """Wait for records; also for a topic that is not there yet.

        :param awaited: how many records, or what holds for one of them: ``lambda record: record.key == b"k"``.
        :returns: the records, all there are then; those for which it holds.
        :raises TimeoutError: with what is there instead.
        """
        if not callable(awaited) and not isinstance(awaited, int):
            raise TypeError(f"what is awaited is a number of records, or a function of a record, not {awaited!r}")
        reader = self._reader(topic, committed_only)
        seen: list[Record] = []

        def look() -> list[Record] | None:
            reader.extend(self.partition_count(topic))
            seen.extend(reader.read())
            if callable(awaited):
                return [record for record in seen if awaited(record)] or None
            return seen if len(seen) >= awaited else None

        wish = "a record that is awaited" if callable(awaited) else f"{awaited} records"
        found = self.wait_until(look, timeout_s, lambda: f"{wish} in {topic!r}. {_described(seen)}", [topic])
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def _reader(self, topic: str, is_committed_only: bool) -> Reader:
        from minikafka.embedded.reader import Reader

        return Reader(self, topic, is_committed_only=is_committed_only)

    @staticmethod
    def _partition_for(key: bytes | None, count: int) -> int:
        from minikafka.client.producing.partitioner import partition_for_key

        return 0 if key is None else partition_for_key(key, count)


def _described(records: list[Record]) -> str:
    if not records:
        return "It has no records"
    last = ", ".join(
        f"{record.partition}:{record.offset} {record.key!r}={record.value!r}" for record in records[-_SHOWN_RECORDS:]
    )
    shown = f", the last {_SHOWN_RECORDS} of which are" if len(records) > _SHOWN_RECORDS else ""
    return f"It has {len(records)}{shown}: {last}"
