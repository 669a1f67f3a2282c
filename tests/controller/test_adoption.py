"""Directories of a Kafka with ZooKeeper: what is found in them, and what the broker starts on afterwards."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig, LogConfig
from minikafka.controller.adoption import carry_out, look_at, parse_descriptions
from minikafka.controller.quorum_controller import QuorumController
from minikafka.controller.zookeeper_metadata import ZooKeeperMetadata, ZooKeeperTopic
from minikafka.errors import ConfigError, StorageError
from minikafka.pending import run_inline
from minikafka.protocol import stored
from minikafka.protocol.messages import ConfigRecord, TransactionLogKey, TransactionLogValue
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from minikafka.state.configurations import BROKER
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import create_log
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import MemoryFiles
from tests.controller.nodes import value_of
from tests.storage.logs import NOW_MS, append, batch, read_all, upkeep_of, values

CLUSTER = "c" * 22
DAY_MS = 86_400_000
SETTINGS = "cleanup.policy=compact,delete,message.format.version=2.8-IV1,retention.ms=5"
DESCRIPTION = f"""\
Topic: orders\tTopicId: 9dh7a7zSRNGzlZ1XrUEgeg\tPartitionCount: 4\tReplicationFactor: 1\tConfigs: {SETTINGS}
\tTopic: orders\tPartition: 0\tLeader: 7\tReplicas: 7\tIsr: 7
Topic:old\tPartitionCount:1\tReplicationFactor:1\tConfigs:
"""


def topic_id(number: int) -> bytes:
    return bytes([number]) * 16


class ZooKeeperDirectory:
    """Files in memory as a broker 7 of that time leaves them; in /a, and what else is named."""

    def __init__(self, *others: str, properties: bytes = b"version=0\nbroker.id=7\ncluster.id=" + CLUSTER.encode()):
        self.clock = ManualClock(NOW_MS)
        self.files = MemoryFiles(self.clock.wall_ms)
        self.paths = ["/a", *others]
        self.recovery_points: dict[str, list[str]] = {}
        for path in self.paths:
            self.files.make_directory(path, sync=True)
            self.files.write_bytes(f"{path}/meta.properties", properties, sync=True)
            self.recovery_points[path] = []
            self._stop_cleanly(path)

    def add(
        self,
        topic: str,
        partition: int,
        count: int,
        *,
        id_: bytes | None = None,
        path: str = "/a",
        age_ms: int = 0,
        producer_id: int | None = None,
    ) -> None:
        """A partition of ``count`` records, "TOPIC-PARTITION N", in leader epoch 3."""
        context = LogContext(self.files, self.clock, run_inline)
        log = create_log(context, f"{path}/{topic}-{partition}", topic, partition, LogConfig(), id_)
        log.leader_epoch = 3
        for number in range(count):
            append(log, f"{topic}-{partition} {number}", timestamp=NOW_MS - age_ms)
        if producer_id is not None:
            log.append(batch("idempotent", producer=(producer_id, 0, 0)), now_ms=NOW_MS)
        log.close()
        self.recovery_points[path].append(f"{topic} {partition} {log.log_end_offset}\n")
        self._stop_cleanly(path)

    def _stop_cleanly(self, path: str) -> None:
        self.files.write_bytes(f"{path}/.kafka_cleanshutdown", b"", sync=True)
        lines = self.recovery_points[path]
        content = f"0\n{len(lines)}\n{''.join(lines)}"
        self.files.write_bytes(f"{path}/recovery-point-offset-checkpoint", content.encode(), sync=True)

    def adopt(self, described: str | None = None) -> str:
        found = look_at(
            self.files, self.paths, self.clock, None if described is None else parse_descriptions(described)
        )
        return carry_out(found, self.files, self.clock)

    def started(self) -> tuple[LogManager, QuorumController]:
        """What a broker has after its start."""
        config = BrokerConfig.from_mapping({"log.dirs": ",".join(self.paths), "node.id": "7"})
        logs = LogManager(config, self.clock, run_inline, self.files)
        logs.open_directories()
        controller = QuorumController(config, self.clock, run_inline, self.files, logs)
        controller.start()
        logs.load_logs(controller.image.topic_configs)
        controller.attach_logs()
        controller.register_broker([])
        return logs, controller


def test_topics_are_found_with_their_records_ids_and_epochs() -> None:
    directory = ZooKeeperDirectory()
    directory.add("orders", 0, 3, id_=topic_id(1))
    directory.add("orders", 1, 2, id_=topic_id(1))
    directory.add("before-ids", 0, 1)
    assert directory.adopt() == CLUSTER
    logs, controller = directory.started()
    assert logs.cluster_id == CLUSTER
    assert logs.was_clean
    assert not logs.reports
    topics = controller.image.topics_by_name
    assert set(topics) == {"orders", "before-ids"}
    assert topics["orders"].topic_id == topic_id(1)
    assert [(p.leader, p.leader_epoch, p.isr) for p in topics["orders"].partitions] == [(7, 3, [7]), (7, 3, [7])]
    for name, partition, count in (("orders", 0, 3), ("orders", 1, 2), ("before-ids", 0, 1)):
        log = logs.get(name, partition)
        assert log is not None
        assert values(read_all(log)) == [f"{name}-{partition} {number}" for number in range(count)]
        assert log.topic_id == topics[name].topic_id
        assert log.leader_epoch == 3


def test_without_adoption_the_broker_does_not_start_and_changes_nothing() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1)
    before = directory.files.read_bytes("/a/meta.properties")
    with pytest.raises(StorageError, match=r"keeps its metadata in ZooKeeper .* 'minikafka adopt /a'"):
        directory.started()
    assert directory.files.read_bytes("/a/meta.properties") == before
    assert not directory.files.exists("/a/__cluster_metadata-0")
    directory.adopt()
    assert directory.started()[0].get("t", 0) is not None


def test_meta_properties_become_those_of_a_node() -> None:
    directory = ZooKeeperDirectory()
    directory.adopt()
    text = directory.files.read_bytes("/a/meta.properties").decode()
    assert "node.id=7\n" in text
    assert "version=1\n" in text
    assert f"cluster.id={CLUSTER}\n" in text
    assert "directory.id=" in text


def test_a_directory_from_before_cluster_ids_gets_one() -> None:
    directory = ZooKeeperDirectory(properties=b"version=0\nbroker.id=7\n")
    cluster_id = directory.adopt()
    assert len(cluster_id) == 22
    assert directory.started()[0].cluster_id == cluster_id


def test_kafkas_own_topics_keep_their_settings_and_offsets() -> None:
    directory = ZooKeeperDirectory()
    directory.add("__consumer_offsets", 49, 5)
    directory.adopt()
    logs, controller = directory.started()
    topic = controller.image.topics_by_name["__consumer_offsets"]
    assert len(topic.partitions) == 50
    assert controller.image.topic_configs("__consumer_offsets")["cleanup.policy"] == "compact"
    log = logs.get("__consumer_offsets", 49)
    assert log is not None
    assert log.log_end_offset == 5


def test_settings_nobody_tells_are_chosen_so_that_nothing_is_lost() -> None:
    directory = ZooKeeperDirectory()
    directory.add("keyed", 0, 1)
    directory.add("ancient", 0, 1, age_ms=8 * DAY_MS)
    directory.add("recent", 0, 1, age_ms=6 * DAY_MS)
    directory.files.write_bytes("/a/cleaner-offset-checkpoint", b"0\n1\nkeyed 0 1\n", sync=True)
    found = {topic.name: topic for topic in look_at(directory.files, ["/a"], directory.clock).topics}
    assert found["keyed"].settings == {"cleanup.policy": "compact"}
    assert found["ancient"].settings == {"retention.ms": "-1"}
    assert "older than the default of 604800000 ms" in found["ancient"].reasons[0]
    assert found["recent"].settings == {}
    directory.adopt()
    logs, _ = directory.started()
    upkeep_of(logs).enforce_retention()
    log = logs.get("ancient", 0)
    assert log is not None
    assert len(read_all(log)) == 1


def test_settings_and_partition_counts_can_be_told() -> None:
    directory = ZooKeeperDirectory()
    directory.add("orders", 1, 1)
    directory.add("old", 0, 1, age_ms=8 * DAY_MS)
    directory.adopt(DESCRIPTION)
    _, controller = directory.started()
    assert dict(controller.image.topic_configs("orders")) == {"cleanup.policy": "compact,delete", "retention.ms": "5"}
    assert len(controller.image.topics_by_name["orders"].partitions) == 4
    assert dict(controller.image.topic_configs("old")) == {}


def test_text_that_describes_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no line like 'Topic: NAME PartitionCount: N"):
        parse_descriptions("Error: connection refused\n")


def test_values_that_cannot_be_are_refused() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1)
    described = parse_descriptions("Topic: t PartitionCount: 1 ReplicationFactor: 1 Configs: retention.ms=soon")
    with pytest.raises(ConfigError, match="the settings of the topic t"):
        look_at(directory.files, ["/a"], directory.clock, described)


def test_partitions_that_other_brokers_had_begin_empty() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 2, 1)
    (topic,) = look_at(directory.files, ["/a"], directory.clock).topics
    assert topic.missing == [0, 1]
    directory.adopt()
    logs, _ = directory.started()
    assert [log.log_end_offset for index in range(3) if (log := logs.get("t", index)) is not None] == [0, 0, 1]


def test_several_directories_are_adopted_together() -> None:
    directory = ZooKeeperDirectory("/b")
    directory.add("t", 0, 1)
    directory.add("t", 1, 2, path="/b")
    directory.adopt()
    logs, controller = directory.started()
    partitions = controller.image.topics_by_name["t"].partitions
    assert [partition.directories for partition in partitions] == [
        [logs.directory_ids["/a"]],
        [logs.directory_ids["/b"]],
    ]
    assert [log.log_end_offset for log in sorted(logs.all(), key=lambda log: log.partition)] == [1, 2]


def test_folders_of_deleted_topics_are_left_out() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1)
    directory.files.make_directory("/a/gone-0.0123456789abcdef0123456789abcdef-delete", sync=True)
    assert [topic.name for topic in look_at(directory.files, ["/a"], directory.clock).topics] == ["t"]


def test_nothing_is_written_by_looking() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1)
    operations = directory.files.operations
    look_at(directory.files, ["/a"], directory.clock)
    assert directory.files.operations == operations


def test_a_directory_that_has_its_metadata_is_refused() -> None:
    directory = ZooKeeperDirectory()
    directory.adopt()
    with pytest.raises(StorageError, match="/a has its metadata in __cluster_metadata-0, and needs no adoption"):
        directory.adopt()


def test_directories_that_do_not_fit_are_refused() -> None:
    directory = ZooKeeperDirectory("/b")
    directory.files.write_bytes("/b/meta.properties", b"version=0\nbroker.id=8\n", sync=True)
    with pytest.raises(StorageError, match="belong to different brokers, 7 and 8"):
        look_at(directory.files, ["/a", "/b"], directory.clock)
    directory.files.unlink("/b/meta.properties")
    with pytest.raises(StorageError, match=r"/b has no meta\.properties"):
        look_at(directory.files, ["/b"], directory.clock)
    directory.files.write_bytes("/b/meta.properties", b"version=0\n", sync=True)
    with pytest.raises(StorageError, match=r"add the line broker\.id=NUMBER"):
        look_at(directory.files, ["/b"], directory.clock)


def test_partitions_that_contradict_each_other_are_refused() -> None:
    directory = ZooKeeperDirectory("/b")
    directory.add("t", 0, 1, id_=topic_id(1))
    directory.add("t", 1, 1, id_=topic_id(2))
    with pytest.raises(StorageError, match="the folders of t have different topic ids: /a/t-0, /a/t-1"):
        look_at(directory.files, ["/a"], directory.clock)
    directory = ZooKeeperDirectory("/b")
    directory.add("t", 0, 1)
    directory.add("t", 0, 1, path="/b")
    with pytest.raises(StorageError, match="t-0 is in two directories, /a/t-0 and /b/t-0"):
        look_at(directory.files, ["/a", "/b"], directory.clock)


def test_more_partitions_than_one_batch_of_records_holds() -> None:
    directory = ZooKeeperDirectory()
    for name in ("one", "two", "three"):
        directory.add(name, 0, 0)
    description = "".join(
        f"Topic: {name}\tPartitionCount: 4000\tReplicationFactor: 1\tConfigs: \n" for name in ("one", "two", "three")
    )
    described = parse_descriptions(description)
    carry_out(look_at(directory.files, ["/a"], directory.clock, described), directory.files, directory.clock)
    config = BrokerConfig.from_mapping({"log.dirs": "/a", "node.id": "7"})
    logs = LogManager(config, directory.clock, run_inline, directory.files)
    logs.open_directories()
    controller = QuorumController(config, directory.clock, run_inline, directory.files, logs)
    controller.start()
    assert sum(len(topic.partitions) for topic in controller.image.topics_by_name.values()) == 12_000


# --- producer ids


def test_no_producer_id_is_given_out_again() -> None:
    """Else a new producer's records would be taken for those that another has sent already."""
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1, producer_id=4711)
    directory.adopt()
    _, controller = directory.started()
    assert controller.image.next_producer_id == 5000
    assert value_of(controller.allocate_producer_ids()) == (5000, 1000)


def test_ids_of_transactions_count_when_their_records_are_long_gone() -> None:
    directory = ZooKeeperDirectory()
    directory.add("__transaction_state", 3, 0)
    key = stored.encode_key(TransactionLogKey(transactional_id="mine"))
    value = stored.encode_value(TransactionLogValue(producer_id=12_345), 0)
    records = build_batch([Record(0, NOW_MS, key, value), Record(1, NOW_MS, key, None)])
    directory.files.write_bytes("/a/__transaction_state-3/00000000000000000000.log", bytes(records), sync=True)
    found = look_at(directory.files, ["/a"], directory.clock)
    assert found.next_producer_id == 13_000


def test_ids_that_no_snapshot_has_count_after_a_crash() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1, producer_id=4711)
    files = directory.files
    for name, _ in files.list_directory("/a/t-0"):
        if name.endswith(".snapshot"):
            files.unlink(f"/a/t-0/{name}")
    assert look_at(files, ["/a"], directory.clock).next_producer_id == 0, "a clean stop leaves a snapshot"
    files.unlink("/a/.kafka_cleanshutdown")
    path = "/a/t-0/00000000000000000000.log"
    files.write_bytes(path, files.read_bytes(path) + b"\xff" * 40, sync=True)
    assert look_at(files, ["/a"], directory.clock).next_producer_id == 5000


def test_a_directory_without_producers_begins_with_the_first_id() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1)
    directory.adopt()
    assert directory.started()[1].image.next_producer_id == 0


# --- what ZooKeeper tells


def test_what_zookeeper_tells_is_taken() -> None:
    directory = ZooKeeperDirectory()
    directory.add("t", 0, 1, age_ms=8 * DAY_MS, producer_id=5)
    directory.add("u", 0, 1)
    config = ConfigRecord(resource_type=BROKER, resource_name="", name="message.max.bytes", value="5")
    topics = {"t": ZooKeeperTopic(3, {"retention.ms": "9"}), "u": ZooKeeperTopic(1, {"retention.ms": "1"})}
    zookeeper = ZooKeeperMetadata(topics, [(config, 0)], 8000, [], [])
    described = {"u": ZooKeeperTopic(2, {})}
    carry_out(look_at(directory.files, ["/a"], directory.clock, described, zookeeper), directory.files, directory.clock)
    image = directory.started()[1].image
    assert dict(image.topic_configs("t")) == {"retention.ms": "9"}
    assert len(image.topics_by_name["t"].partitions) == 3
    assert (dict(image.topic_configs("u")), len(image.topics_by_name["u"].partitions)) == ({}, 2), "told last"
    assert image.broker_configs(7)["message.max.bytes"] == "5"
    assert image.next_producer_id == 8000


@pytest.mark.parametrize("magic", [0, 1])
def test_message_formats_of_the_time_before_0_11(magic: int) -> None:
    """Without leader epochs and producer snapshots; the first, 0.9's, without timestamps and time indexes as well."""
    directory = ZooKeeperDirectory(properties=b"version=0\nbroker.id=7\n")
    directory.add("old", 0, 0)
    messages = b"".join(
        bytes(
            build_batch(
                [Record(offset, NOW_MS if magic else -1, b"k", b"%d" % offset)], base_offset=offset, magic=magic
            )
        )
        for offset in range(3)
    )
    path = "/a/old-0/00000000000000000000"
    directory.files.write_bytes(f"{path}.log", messages, sync=True)
    for name in ("00000000000000000000.timeindex", "leader-epoch-checkpoint"):
        directory.files.unlink(f"/a/old-0/{name}")
    directory.files.write_bytes("/a/recovery-point-offset-checkpoint", b"0\n1\nold 0 3\n", sync=True)
    directory.adopt()
    logs, _ = directory.started()
    log = logs.get("old", 0)
    assert log is not None
    assert values(read_all(log)) == ["0", "1", "2"]
    assert append(log, "new") == 3
    assert values(read_all(log)) == ["0", "1", "2", "new"]
