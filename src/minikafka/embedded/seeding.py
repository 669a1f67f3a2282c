"""Topics with records in them, from plain data, a file, or another broker."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minikafka.embedded.plain_types import Content, content, stored_record
from minikafka.embedded.records import RecordCalls
from minikafka.records.batch import Record as StoredRecord

SeedRecord = Content | tuple[Content, Content] | Mapping[str, Any]
SeedTopic = Iterable[SeedRecord] | Mapping[str, Any]

_RECORD_KEYS = frozenset({"key", "value", "headers", "partition", "timestamp"})
_TOPIC_KEYS = frozenset({"partitions", "configs", "records"})
_BATCH_BYTES = 256 * 1024


class Seeding(RecordCalls):
    """Fill a broker."""

    def seed(self, source: Mapping[str, SeedTopic] | str | os.PathLike[str] | RecordCalls) -> None:
        """Create topics that are not there, and write records to them.

        :param source: one of

            - topic -> records: each a value, a pair of key and value, or a dict of ``key``, ``value``, ``headers``,
              ``partition``, ``timestamp``; or topic -> a dict of ``partitions``, ``configs`` and ``records``;
            - the path of a ``.json`` file with that, or of a ``.jsonl`` file with such a dict a line and its ``topic``;
              a value that is not text is stored as the JSON it is;
            - another broker: its topics with settings, partitions and records, whose offsets begin at 0.
        :raises ApiError: why a topic or a record was refused. ValueError: what cannot be understood.
        """
        if isinstance(source, RecordCalls):
            self._copy(source)
        elif isinstance(source, Mapping):
            for topic, wanted in source.items():
                self._seed_topic(topic, wanted)
        else:
            from minikafka.embedded.seed_files import read_seed_file

            self.seed(read_seed_file(os.fspath(source)))

    def _seed_topic(self, topic: str, wanted: SeedTopic) -> None:
        partitions, configs, records = -1, {}, wanted
        if isinstance(wanted, Mapping):
            _refuse_unknown(topic, wanted, _TOPIC_KEYS)
            partitions, configs, records = (
                wanted.get("partitions", -1),
                wanted.get("configs", {}),
                wanted.get("records", ()),
            )
        count = self.partition_count(topic)
        if count == 0:
            self.create_topic(topic, partitions, configs)
            count = self.partition_count(topic)
        by_partition: dict[int, list[StoredRecord]] = {}
        for given in records:
            partition, record = self._read(topic, given, count)
            by_partition.setdefault(partition, []).append(record)
        for partition, its_records in by_partition.items():
            self._append_all(topic, partition, its_records)

    def _read(self, topic: str, given: Any, count: int) -> tuple[int, StoredRecord]:
        if isinstance(given, tuple):
            key, value = given
            given = {"key": key, "value": value}
        elif not isinstance(given, Mapping):
            given = {"value": given}
        _refuse_unknown(topic, given, _RECORD_KEYS)
        key = content(given.get("key"))
        partition = given.get("partition")
        if partition is None:
            partition = self._partition_for(key, count)
        timestamp = given.get("timestamp")
        record = stored_record(
            0, self.now_ms() if timestamp is None else timestamp, key, given.get("value"), given.get("headers", ())
        )
        return partition, record

    def _append_all(self, topic: str, partition: int, records: list[StoredRecord]) -> None:
        for batch in _batches(records):
            self.append(topic, partition, batch)

    def _copy(self, other: RecordCalls) -> None:
        for topic, partitions in other.topics().items():
            if self.partition_count(topic) == 0:
                self.create_topic(topic, partitions, other.topic_configs(topic))
            by_partition: dict[int, list[StoredRecord]] = {}
            for record in other.records(topic, committed_only=True):
                stored = StoredRecord(0, record.timestamp, record.key, record.value, record.headers)
                by_partition.setdefault(record.partition, []).append(stored)
            for partition, records in by_partition.items():
                self._append_all(topic, partition, records)


def _batches(records: list[StoredRecord]) -> Iterator[list[StoredRecord]]:
    """Records in batches that every broker takes (message.max.bytes), numbered from 0."""
    batch: list[StoredRecord] = []
    size = 0
    for record in records:
        record_size = len(record.key or b"") + len(record.value or b"")
        if batch and size + record_size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(record._replace(offset=len(batch)))
        size += record_size
    if batch:
        yield batch


def _refuse_unknown(topic: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(
            f"the seed of {topic!r} has {', '.join(unknown)}, and only {', '.join(sorted(known))} are known"
        )
