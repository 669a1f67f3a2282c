"""A data directory that Apache Kafka 4.2.0 wrote: the image says what Kafka's own tools said was in it.

Needs ``../shared/protocol`` beside the repository.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka.clock import SystemClock
from minikafka.config import BrokerConfig
from minikafka.controller import metadata_loader, snapshots
from minikafka.controller.metadata_batches import decode_batches
from minikafka.controller.metadata_loader import MetadataLoader
from minikafka.controller.quorum_controller import QuorumController
from minikafka.controller.topic_control import NewTopic
from minikafka.pending import run_inline
from minikafka.protocol.primitives import uuid_to_text
from minikafka.state.cluster import ListenerEndpoint
from minikafka.state.configurations import BROKER, GROUP, TOPIC
from minikafka.state.metadata_image import MetadataImage
from minikafka.storage.files import OsFiles
from minikafka.storage.log_manager import LogManager
from tests.controller.nodes import value_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "protocol"
ARCHIVE = SHARED / "kafka-4.2.0-logdir.tar.gz"

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not there")

DIRECTORY_ID = "WiB4I34FTCytOVME6P-1Ww"


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    """What Kafka said of the directory."""
    content: dict[str, Any] = json.loads(ARCHIVE.with_name("kafka-4.2.0-logdir.json").read_text())
    del content["topics"]["__cluster_metadata"]  # its log is the controller's: not a topic
    return content


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("kafka")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(root, filter="data")
    return root / "data"


@pytest.fixture
def directory(unpacked: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(unpacked, tmp_path / "data"))


class Running:
    """Logs and controller on a directory on disk."""

    def __init__(self, directory: Path) -> None:
        files, clock = OsFiles(durable=False), SystemClock()
        config = BrokerConfig.from_mapping({"log.dirs": directory, "node.id": 1})
        self.logs = LogManager(config, clock, run_inline, files)
        self.logs.open_directories()
        self.controller = QuorumController(config, clock, run_inline, files, self.logs)
        self.controller.start()
        self.logs.load_logs(self.controller.image.topic_configs)
        self.controller.attach_logs()
        self.controller.register_broker([ListenerEndpoint("PLAINTEXT", "localhost", 9092, 0)])

    @property
    def image(self) -> MetadataImage:
        return self.controller.image

    def close(self) -> None:
        self.controller.close()
        self.logs.close()


@pytest.fixture
def running(directory: Path) -> Iterator[Running]:
    running = Running(directory)
    yield running
    running.close()


def test_topics_are_those_listed(running: Running, listed: dict[str, Any]) -> None:
    found = {
        topic.name: (uuid_to_text(topic.topic_id), len(topic.partitions), running.image.topic_configs(topic.name))
        for topic in running.image.topics_by_name.values()
    }
    assert found == {
        name: (topic["id"], len(topic["partitions"]), topic["configs"]) for name, topic in listed["topics"].items()
    }


def test_partitions_are_led_again_and_their_logs_open(running: Running, listed: dict[str, Any]) -> None:
    for name, topic in listed["topics"].items():
        for index, partition in topic["partitions"].items():
            image = running.image.topics_by_name[name].partitions[int(index)]
            assert (image.leader, image.isr, image.replicas) == (1, [1], [1])
            assert (image.eligible_leader_replicas, image.last_known_elr) == ([], [])
            assert [uuid_to_text(each) for each in image.directories] == [DIRECTORY_ID]
            # Kafka let go of the lead when it stopped, and this start takes it up: two epochs.
            assert image.leader_epoch == partition["leaderEpoch"] + 2
            log = running.logs.get(name, int(index))
            assert (log.leader_epoch, log.log_end_offset) == (image.leader_epoch, partition["logEndOffset"])
            assert uuid_to_text(log.topic_id) == topic["id"]


def test_features_are_those_listed(running: Running, listed: dict[str, Any]) -> None:
    assert running.image.features.finalized() == listed["features"]


def test_scram_users_are_those_listed(running: Running, listed: dict[str, Any]) -> None:
    names = {1: "SCRAM_SHA_256", 2: "SCRAM_SHA_512"}
    found: dict[str, list[str]] = {}
    for mechanism, users in running.image.scram.by_mechanism.items():
        for user, credential in users.items():
            text = f"ScramCredentialInfo{{mechanism={names[mechanism]}, iterations={credential.iterations}}}"
            found.setdefault(user, []).append(text)
    assert found == listed["scramUsers"]
    assert running.image.scram.by_mechanism[1]["alice"].salt == b"alicesalt"


def test_quotas_are_those_listed(running: Running, listed: dict[str, Any]) -> None:
    found = [
        "{" + ",".join(f"{kind}={name or 'null'}" for kind, name in sorted(entity)) + "} "
        "{" + ",".join(f"{key}={value}" for key, value in quotas.items()) + "}"
        for entity, quotas in running.image.client_quotas.by_entity.items()
    ]
    assert sorted(found) == sorted(listed["quotas"])


def test_acls_are_those_listed(running: Running, listed: dict[str, Any]) -> None:
    resources, patterns = {2: "TOPIC", 3: "GROUP"}, {3: "LITERAL", 4: "PREFIXED"}
    operations, permissions = {3: "READ", 8: "DESCRIBE"}, {2: "DENY", 3: "ALLOW"}
    found = [
        f"(pattern=ResourcePattern(resourceType={resources[acl.resource_type]}, name={acl.resource_name}, "
        f"patternType={patterns[acl.pattern_type]}), entry=(principal={acl.principal}, host={acl.host}, "
        f"operation={operations[acl.operation]}, permissionType={permissions[acl.permission_type]}))"
        for acl in running.image.acls.by_id.values()
    ]
    assert sorted(found) == sorted(listed["acls"])


def test_configs_of_groups_and_brokers_are_there(running: Running) -> None:
    configs = running.image.configs
    assert {key: value for key, value in configs.items() if key[0] != TOPIC} == {
        (GROUP, "demo-g-848"): {"consumer.session.timeout.ms": "46000"},
        (GROUP, "demo-g-share"): {"share.auto.offset.reset": "earliest"},
        (BROKER, ""): {"min.insync.replicas": "1", "log.cleaner.threads": "1"},
    }
    assert running.controller.config["log.cleaner.threads"] == 1


def test_producer_ids_go_on_where_kafka_stopped(running: Running) -> None:
    assert value_of(running.controller.allocate_producer_ids()) == (2000, 1000)


def test_the_cluster_keeps_its_identity(running: Running, listed: dict[str, Any]) -> None:
    assert running.logs.cluster_id == listed["clusterId"]
    assert running.controller.epoch == 3
    [broker] = running.image.cluster.brokers.values()
    assert (broker.broker_id, broker.is_active) == (1, True)
    assert [uuid_to_text(each) for each in broker.log_dirs] == [DIRECTORY_ID]


def test_what_is_added_is_there_after_a_restart(directory: Path, listed: dict[str, Any]) -> None:
    first = Running(directory)
    value_of(first.controller.create_topics([NewTopic("added", 2, 1)]))
    epochs = {topic.name: topic.partitions[0].leader_epoch for topic in first.image.topics_by_name.values()}
    first.close()
    again = Running(directory)
    assert set(again.image.topics_by_name) == {*listed["topics"], "added"}
    assert {topic.name: topic.partitions[0].leader_epoch for topic in again.image.topics_by_name.values()} == epochs
    again.close()


def test_every_snapshot_equals_the_log_up_to_it(unpacked: Path) -> None:
    directory = unpacked / "__cluster_metadata-0"
    files = OsFiles()
    for snapshot_id in snapshots.list_snapshots(files, str(directory)):
        snapshot = snapshots.read_snapshot(files, f"{directory}/{snapshot_id.file_name}")
        expected = MetadataImage()
        expected.apply(snapshot.records)
        image = replayed_up_to(directory, snapshot_id.end_offset)
        assert image.topics_by_name == expected.topics_by_name
        assert image.configs == expected.configs
        assert image.features.levels == expected.features.levels
        assert image.acls.by_id == expected.acls.by_id
        assert image.scram.by_mechanism == expected.scram.by_mechanism
        assert image.client_quotas.by_entity == expected.client_quotas.by_entity
        assert image.next_producer_id == expected.next_producer_id
        assert sorted(map(repr, image.records())) == sorted(map(repr, expected.records()))


def test_snapshots_are_written_as_kafka_writes_them(unpacked: Path) -> None:
    """The same records at the same versions, though in another order: Kafka's is that of its hash maps."""
    directory = unpacked / "__cluster_metadata-0"
    [*_, newest] = snapshots.list_snapshots(OsFiles(), str(directory))
    content = (directory / newest.file_name).read_bytes()
    image = replayed_up_to(directory, newest.end_offset)
    data = snapshots.encode_snapshot(
        image.records(),
        epoch=newest.epoch,
        now_ms=0,
        last_contained_log_timestamp=0,
        raft_messages=[message for message in first_batch(content) if type(message).__name__ != "SnapshotHeaderRecord"],
    )
    assert sorted(record_bytes(data)) == sorted(record_bytes(content))


def test_loading_does_not_depend_on_the_snapshots(directory: Path) -> None:
    with_snapshots = Running(directory)
    expected = dict(with_snapshots.image.topics_by_name)
    with_snapshots.close()
    for path in directory.glob("__cluster_metadata-0/*.checkpoint"):
        path.unlink()
    without = Running(directory)
    loaded = metadata_loader.load(OsFiles(), without.controller._log)
    assert loaded.snapshot is None
    assert loaded.image.topics_by_name == expected
    without.close()


def replayed_up_to(directory: Path, end_offset: int) -> MetadataImage:
    image = MetadataImage()
    loader = MetadataLoader(image)
    path = directory / "00000000000000000000.log"
    for batch in decode_batches(path.read_bytes(), str(path)):
        if batch.base_offset < end_offset:
            loader.replay(batch)
    return image


def first_batch(content: bytes) -> list[Any]:
    return next(iter(decode_batches(content, "a snapshot"))).records


def record_bytes(content: bytes) -> list[bytes]:
    from minikafka.records.batch import iter_batches

    return [
        record.value or b"" for batch in iter_batches(memoryview(content)) if not batch.is_control for record in batch
    ]
