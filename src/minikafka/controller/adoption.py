"""Log directories of a Kafka with ZooKeeper, made into those of a cluster that keeps its metadata itself.

The folders say which topics and partitions there are, their ids (since Kafka 2.8) and their leader epochs;
meta.properties says whose they are. What only ZooKeeper knew, the settings of topics above all, has to be told, or is
chosen so that nothing is lost: see ``_careful_settings``; or ZooKeeper is asked, if it still runs. Nothing is changed
but meta.properties; the metadata log is added. The logs themselves are opened by the first start of the broker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from minikafka.clock import Clock
from minikafka.config import BrokerConfig, LogConfig
from minikafka.config.topic import validate_topic_configs
from minikafka.controller.internal_topics import internal_topic
from minikafka.controller.quorum_controller import QuorumController
from minikafka.controller.topic_control import VersionedRecord
from minikafka.controller.used_producer_ids import first_unused_producer_id
from minikafka.controller.zookeeper_metadata import ZooKeeperMetadata, ZooKeeperTopic
from minikafka.errors import ApiError, ConfigError, StorageError
from minikafka.named_tuple import NamedTuple
from minikafka.pending import run_inline
from minikafka.state.configurations import TOPIC
from minikafka.state.topics import UNASSIGNED_DIRECTORY, PartitionImage
from minikafka.storage import log_names
from minikafka.storage.checkpoints import CLEANER_OFFSET, OffsetCheckpoint
from minikafka.storage.files import FileSystem
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.log_manager import LogManager
from minikafka.storage.meta_properties import random_uuid, read_meta_properties
from minikafka.storage.partition_metadata import read_topic_id
from minikafka.storage.segment import LogSegment

_DESCRIBED = re.compile(r"Topic:\s*(\S+)\s.*PartitionCount:\s*(\d+)\s.*Configs:\s*(\S*)")
_MAX_RECORDS_PER_BATCH = 9_000
"""Below Kafka's 10,000; a topic's own records stay together if they fit."""


class FoundPartition(NamedTuple):
    """A partition's folder. ``oldest_ms``: the last timestamp of its oldest segment; -1 in an empty log."""

    log_dir: str
    size_bytes: int
    leader_epoch: int
    oldest_ms: int


class AdoptedTopic(NamedTuple):
    """A topic as it will be. ``reasons`` say where settings come from that nobody has told."""

    name: str
    topic_id: bytes
    has_own_id: bool
    """The id was in partition.metadata; else it is new."""
    partition_count: int
    partitions: dict[int, FoundPartition]
    settings: dict[str, str]
    reasons: tuple[str, ...]

    @property
    def missing(self) -> list[int]:
        """Partitions without a folder (of other brokers, most likely): they begin empty."""
        return [index for index in range(self.partition_count) if index not in self.partitions]

    @property
    def size_bytes(self) -> int:
        return sum(partition.size_bytes for partition in self.partitions.values())


class Adoption(NamedTuple):
    """What ``carry_out`` would do."""

    log_dirs: list[str]
    node_id: int
    cluster_id: str | None
    """None before Kafka 0.10.1: a new one is made."""
    topics: list[AdoptedTopic]
    records: list[VersionedRecord]
    """Of what else ZooKeeper had: quotas, credentials, ACLs, settings of brokers."""
    next_producer_id: int
    """Above all that have been given out."""


def parse_descriptions(text: str) -> dict[str, ZooKeeperTopic]:
    """The lines of ``kafka-topics --describe`` that tell of a topic as a whole. Raises ConfigError when none does."""
    found = {}
    for line in text.splitlines():
        match = _DESCRIBED.search(line)
        if match is not None:
            found[match[1]] = ZooKeeperTopic(int(match[2]), _parse_settings(match[3]))
    if not found:
        raise ConfigError("there is no line like 'Topic: NAME PartitionCount: N ... Configs: KEY=VALUE,...' in it")
    return found


def _parse_settings(text: str) -> dict[str, str]:
    """``"cleanup.policy=compact,delete,segment.ms=5"``: values may hold commas."""
    settings: dict[str, str] = {}
    name = ""
    for part in text.split(",") if text else ():
        if "=" in part:
            name, _, settings[name] = part.partition("=")
        elif name:
            settings[name] += f",{part}"
    return settings


def look_at(
    files: FileSystem,
    log_dirs: Sequence[str],
    clock: Clock,
    described: Mapping[str, ZooKeeperTopic] | None = None,
    zookeeper: ZooKeeperMetadata | None = None,
) -> Adoption:
    """Find out what is in ``log_dirs`` (absolute paths). Changes nothing. Raises StorageError, OSError.

    ``described``: what kafka-topics has told of topics; ``zookeeper``: what is known from ZooKeeper itself.
    """
    node_id, cluster_id = _owner(files, log_dirs)
    if zookeeper is not None:
        described = {**zookeeper.topics, **(described or {})}
    folders = _find_folders(files, log_dirs)
    compacted = {
        topic for log_dir in log_dirs for topic, _ in OffsetCheckpoint(files, f"{log_dir}/{CLEANER_OFFSET}").read()
    }
    topics = []
    for name in sorted(folders):
        topics.append(_topic(files, name, folders[name], name in compacted, (described or {}).get(name), clock))
    paths = [path for partitions in folders.values() for path in partitions.values()]
    next_producer_id = first_unused_producer_id(files, paths)
    if zookeeper is not None:
        next_producer_id = max(next_producer_id, zookeeper.next_producer_id)
    records = [] if zookeeper is None else zookeeper.records
    return Adoption(list(log_dirs), node_id, cluster_id, topics, records, next_producer_id)


def carry_out(adoption: Adoption, files: FileSystem, clock: Clock) -> str:
    """Write the metadata, and bring meta.properties up to date; returns the cluster id.

    Raises ConfigError, StorageError. If it is interrupted, __cluster_metadata-0 is there already: remove it, and begin
    again.
    """
    config = BrokerConfig.from_mapping({"log.dirs": ",".join(adoption.log_dirs), "node.id": str(adoption.node_id)})
    logs = LogManager(config, clock, run_inline, files)
    logs.open_directories(adoption.cluster_id, adopts=True)
    try:
        controller = QuorumController(config, clock, run_inline, files, logs)
        controller.start(adopts=True)
        for topics in _in_batches(adoption.topics):
            _write_topics(controller, topics, adoption.node_id, logs.directory_ids)
        for start in range(0, len(adoption.records), _MAX_RECORDS_PER_BATCH):
            _write(controller, adoption.records[start : start + _MAX_RECORDS_PER_BATCH])
        if adoption.next_producer_id:
            _write(controller, [_producer_ids(adoption)])
        controller.close()
    finally:
        # Not closed: that would mark logs as synced which have not been opened.
        logs.abandon()
    return logs.cluster_id


def _write_topics(
    controller: QuorumController, topics: list[AdoptedTopic], node_id: int, directory_ids: Mapping[str, bytes]
) -> None:
    level = controller.image.features.metadata_version
    _write(controller, [record for topic in topics for record in _records(topic, node_id, directory_ids, level)])


def _write(controller: QuorumController, records: list[VersionedRecord]) -> None:
    outcome: list[ApiError | None] = []
    controller.write(["adoption"], lambda: records).on_complete(outcome.append)
    if outcome[0] is not None:
        raise StorageError(f"the metadata cannot be written: {outcome[0]}")


def _producer_ids(adoption: Adoption) -> VersionedRecord:
    from minikafka.protocol.messages import ProducerIdsRecord

    record = ProducerIdsRecord(broker_id=adoption.node_id, broker_epoch=-1, next_producer_id=adoption.next_producer_id)
    return record, 0


def _owner(files: FileSystem, log_dirs: Iterable[str]) -> tuple[int, str | None]:
    node_id: int | None = None
    cluster_id: str | None = None
    for log_dir in log_dirs:
        properties = read_meta_properties(files, log_dir)
        if properties is None:
            raise StorageError(f"{log_dir} has no meta.properties: it is not a log directory (log.dirs) of a broker")
        if files.exists(f"{log_dir}/{log_names.METADATA_TOPIC}-0"):
            raise StorageError(
                f"{log_dir} has its metadata in {log_names.METADATA_TOPIC}-0, and needs no adoption: start the broker "
                "on it. (If an adoption was interrupted, remove that folder and bootstrap.checkpoint, and adopt again.)"
            )
        if properties.node_id is None:
            raise StorageError(f"{log_dir}/meta.properties has no broker.id: add the line broker.id=NUMBER to it")
        if node_id not in (None, properties.node_id):
            raise StorageError(f"the directories belong to different brokers, {node_id} and {properties.node_id}")
        node_id = properties.node_id
        cluster_id = cluster_id or properties.cluster_id
    if node_id is None:
        raise StorageError("there is no directory to adopt")
    return node_id, cluster_id


def _find_folders(files: FileSystem, log_dirs: Iterable[str]) -> dict[str, dict[int, str]]:
    """Topic -> partition -> path."""
    found: dict[str, dict[int, str]] = {}
    for log_dir in log_dirs:
        for folder, is_directory in files.list_directory(log_dir):
            parsed = log_names.parse_directory(folder) if is_directory else None
            if parsed is None or parsed[2]:
                continue
            topic, partition, _ = parsed
            other = found.setdefault(topic, {}).setdefault(partition, f"{log_dir}/{folder}")
            if other != f"{log_dir}/{folder}":
                raise StorageError(f"{folder} is in two directories, {other} and {log_dir}/{folder}: keep one of them")
    return found


def _topic(
    files: FileSystem,
    name: str,
    folders: Mapping[int, str],
    is_compacted: bool,
    described: ZooKeeperTopic | None,
    clock: Clock,
) -> AdoptedTopic:
    ids = {path: topic_id for path in folders.values() if (topic_id := read_topic_id(files, path)) is not None}
    if len(set(ids.values())) > 1:
        raise StorageError(
            f"the folders of {name} have different topic ids: {', '.join(sorted(ids))}; one is left over from a topic "
            "that was deleted, move it away"
        )
    partitions = {index: _partition(files, path) for index, path in folders.items()}
    count = max(partitions) + 1
    reasons: tuple[str, ...] = ()
    if described is not None:
        count = max(count, described.partition_count)
        settings = described.settings
    else:
        settings, reasons = _careful_settings(name, partitions.values(), is_compacted, clock)
    topic_id = next(iter(ids.values()), None)
    return AdoptedTopic(
        name, topic_id or random_uuid(), topic_id is not None, count, partitions, _valid(name, settings), reasons
    )


def _partition(files: FileSystem, path: str) -> FoundPartition:
    names = [name for name, _ in files.list_directory(path)]
    logs = sorted(name for name in names if name.endswith(log_names.LOG))
    size_bytes = sum(files.size_bytes(f"{path}/{name}") for name in logs)
    epochs = LeaderEpochCache(files, path)
    epochs.load()
    oldest_ms = -1
    if size_bytes:
        segment = LogSegment(files, path, int(logs[0].removesuffix(log_names.LOG)), LogConfig(), 0)
        has_times = log_names.file_name(segment.base_offset, log_names.TIME_INDEX) in names
        oldest_ms = segment.largest_timestamp if has_times else segment.last_modified_ms()
        segment.abandon()
    return FoundPartition(path.rpartition("/")[0], size_bytes, epochs.latest_epoch or 0, oldest_ms)


def _careful_settings(
    name: str, partitions: Iterable[FoundPartition], is_compacted: bool, clock: Clock
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What nobody has told, so that the first start deletes nothing.

    Kafka's own topics have settings of their own. A log that has been compacted is in cleaner-offset-checkpoint. And
    where retention by default would delete records at once, the topic must have had another.
    """
    config = BrokerConfig.from_mapping({})
    try:
        wish = internal_topic(name, config, 1)
    except KeyError:
        pass
    else:
        return {key: value for key, value in wish.configs if value is not None}, ()
    if is_compacted:
        return {"cleanup.policy": "compact"}, (f"cleanup.policy=compact, since {CLEANER_OFFSET} knows it",)
    retention_ms = config.log_config().retention_ms
    limit_ms = clock.wall_ms() - retention_ms
    if any(0 <= partition.oldest_ms < limit_ms for partition in partitions):
        return {"retention.ms": "-1"}, (
            f"retention.ms=-1, since it has records older than the default of {retention_ms} ms",
        )
    return {}, ()


def _valid(name: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Without the keys that Kafka 4 has removed. Raises ConfigError for values that cannot be."""
    known = LogConfig().values
    kept = {key: value for key, value in settings.items() if key in known}
    try:
        validate_topic_configs(kept, defaults=known)
    except ApiError as error:
        raise ConfigError(f"the settings of the topic {name}: {error.message}") from None
    return kept


def _in_batches(topics: Iterable[AdoptedTopic]) -> Iterable[list[AdoptedTopic]]:
    """Topics that go into one atomic batch of the metadata log."""
    batch: list[AdoptedTopic] = []
    count = 0
    for topic in topics:
        size = 1 + len(topic.settings) + topic.partition_count
        if batch and count + size > _MAX_RECORDS_PER_BATCH:
            yield batch
            batch, count = [], 0
        batch.append(topic)
        count += size
    if batch:
        yield batch


def _records(
    topic: AdoptedTopic, node_id: int, directory_ids: Mapping[str, bytes], level: int
) -> list[VersionedRecord]:
    from minikafka.protocol.messages import ConfigRecord, TopicRecord

    records: list[VersionedRecord] = [(TopicRecord(name=topic.name, topic_id=topic.topic_id), 0)]
    records += [
        (ConfigRecord(resource_type=TOPIC, resource_name=topic.name, name=key, value=value), 0)
        for key, value in topic.settings.items()
    ]
    for index in range(topic.partition_count):
        found = topic.partitions.get(index)
        image = PartitionImage(
            index,
            leader=node_id,
            leader_epoch=0 if found is None else found.leader_epoch,
            replicas=[node_id],
            isr=[node_id],
            directories=[UNASSIGNED_DIRECTORY if found is None else directory_ids[found.log_dir]],
        )
        records.append(image.to_record(topic.topic_id, level))
    return records
