"""Topics with records in them, from plain data, a file, or another broker."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from minikafka.embedded.groups import GroupCalls
from minikafka.embedded.records import RecordCalls

if TYPE_CHECKING:
    from minikafka.client.cluster import Cluster
    from minikafka.embedded.copying import Source
    from minikafka.embedded.plain_types import Content
    from minikafka.records.batch import Record as StoredRecord

SeedRecord: TypeAlias = "Content | tuple[Content, Content] | Mapping[str, Any]"
SeedTopic: TypeAlias = "Iterable[SeedRecord] | Mapping[str, Any]"

_KAFKA_SCHEME: Final = "kafka://"

_RECORD_KEYS = frozenset({"key", "value", "headers", "partition", "timestamp"})
_TOPIC_KEYS = frozenset({"partitions", "configs", "records"})


class Seeding(RecordCalls, GroupCalls):
    """Fill a broker."""

    def seed(
        self,
        source: Mapping[str, SeedTopic] | str | os.PathLike[str] | Seeding | Cluster,
        *,
        topics: Collection[str] | None = None,
    ) -> None:
        """Create topics that are not there, and write records to them.

        :param source: one of

            - topic -> records: each a value, a pair of key and value, or a dict of ``key``, ``value``, ``headers``,
              ``partition``, ``timestamp``; or topic -> a dict of ``partitions``, ``configs`` and ``records``;
            - the path of a ``.json`` file with that, or of a ``.jsonl`` file with such a dict a line and its ``topic``;
              a value that is not text is stored as the JSON it is;
            - another ``Broker``, any Kafka as ``"kafka://HOST:PORT,HOST:PORT"``, or, where it wants TLS or a login, a
              ``minikafka.client.cluster.Cluster``: its topics with settings, partitions and records, whose offsets
              begin at 0, and what groups have committed, moved to these offsets. A topic that is there keeps its
              settings and its number of partitions; if that is another, records are spread by key, and offsets of
              groups are left out.
        :param topics: which ones to take, of another broker; all of them when left out.
        :raises ApiError: why a topic or a record was refused. ValueError: what cannot be understood, or is not there.
            ClientError: another Kafka cannot be asked.
        """
        if source is self:
            raise ValueError("a broker is not seeded from itself: its records would be there twice")
        if isinstance(source, Seeding):
            from minikafka.embedded.copying import BrokerSource

            self._copy(BrokerSource(source), topics)
        elif isinstance(source, str) and source.startswith(_KAFKA_SCHEME):
            from minikafka.client.cluster import Cluster

            with Cluster(source.removeprefix(_KAFKA_SCHEME).rstrip("/")) as cluster:
                self.seed(cluster, topics=topics)
        elif isinstance(source, (str, os.PathLike, Mapping)):
            if topics is not None:
                raise ValueError("topics= is for another broker: of plain data, give only what is wanted")
            for topic, wanted in _plain(source).items():
                self._seed_topic(topic, wanted)
        else:
            from minikafka.client.cluster import Cluster
            from minikafka.embedded.kafka_source import KafkaSource

            if not isinstance(source, Cluster):
                raise ValueError(f"a seed is a dict, a path, a Broker, or 'kafka://HOST:PORT', not {source!r}")
            self._copy(KafkaSource(source), topics)

    def _copy(self, source: Source, topics: Collection[str] | None) -> None:
        from minikafka.embedded.copying import copy

        copy(source, self, topics)

    def _seed_topic(self, topic: str, wanted: SeedTopic) -> None:
        partitions, configs, records = -1, {}, wanted
        if isinstance(wanted, Mapping):
            _refuse_unknown(topic, wanted, _TOPIC_KEYS)
            partitions, configs, records = (
                wanted.get("partitions", -1),
                wanted.get("configs", {}),
                wanted.get("records", ()),
            )
        if not isinstance(partitions, int) or (partitions < 1 and partitions != -1):
            raise ValueError(f"the seed of {topic!r} has partitions={partitions!r}: a number of 1 or more")
        if isinstance(records, (str, bytes)) or not isinstance(records, Iterable):
            raise ValueError(f"the records of the seed of {topic!r} are {records!r}: give a list of them")
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
            if len(given) != 2:
                raise ValueError(f"a record of the seed of {topic!r} is {given!r}: a pair is key and value")
            key, value = given
            given = {"key": key, "value": value}
        elif not isinstance(given, Mapping):
            given = {"value": given}
        from minikafka.embedded.plain_types import content, stored_record

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
        from minikafka.embedded.batches import in_batches

        for batch in in_batches(records):
            self.append(topic, partition, batch)


def _plain(source: Mapping[str, SeedTopic] | str | os.PathLike[str]) -> Mapping[str, SeedTopic]:
    if isinstance(source, Mapping):
        return source
    from minikafka.embedded.seed_files import read_seed_file

    return read_seed_file(os.fspath(source))


def _refuse_unknown(topic: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(
            f"the seed of {topic!r} has {', '.join(unknown)}, and only {', '.join(sorted(known))} are known"
        )
