"""A data directory of Apache Kafka 4.2.0 (../shared/protocol), opened, read in full, recovered, and written again."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig, LogConfig
from minikafka.pending import run_inline
from minikafka.records.batch import Record, iter_batches
from minikafka.storage.files import OsFiles
from minikafka.storage.loading.recovery import load_log
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_manager import LogManager
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.partition_metadata import encode_uuid

SHARED = Path(__file__).parents[3] / "shared" / "protocol"
ARCHIVE = SHARED / "kafka-4.2.0-logdir.tar.gz"

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason=f"{ARCHIVE} is not there: Kafka's own disk is NOT checked")

# Some producers in it last wrote in 2023; they are not to expire, as they had not when the directory was described.
NOW_MS = 1_795_248_200_000
NO_EXPIRATION = str(2**31 - 1)
CLOCK_FOR_PRODUCERS = 1_700_050_000_000 + 2**30


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SHARED / "kafka-4.2.0-logdir.json").read_text())
    return loaded


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked directory; tests that write take a copy."""
    target = tmp_path_factory.mktemp("original")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(target, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(target)
    return target / "data"


@pytest.fixture
def directory(original: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    for path in original.rglob("*"):
        if path.is_file() and "-delete" not in path.parent.name:
            (copy / path.relative_to(original).parent).mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(original)).write_bytes(path.read_bytes())
    return copy


def manager_of(directory: Path) -> LogManager:
    config = BrokerConfig.from_mapping(
        {"log.dirs": str(directory), "node.id": 1, "producer.id.expiration.ms": NO_EXPIRATION}
    )
    return LogManager(config, ManualClock(CLOCK_FOR_PRODUCERS), run_inline, OsFiles(durable=False))


def opened(directory: Path, description: dict[str, Any]) -> LogManager:
    manager = manager_of(directory)
    manager.start(topic_overrides=lambda topic: description["topics"][topic]["configs"])
    return manager


def partitions(description: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    for topic, about in description["topics"].items():
        if topic != "__cluster_metadata":
            for partition, facts in about["partitions"].items():
                yield topic, int(partition), facts


def every_log(manager: LogManager, description: dict[str, Any]) -> Iterator[tuple[PartitionLog, dict[str, Any]]]:
    for topic, partition, facts in partitions(description):
        log = manager.get(topic, partition)
        assert log is not None, f"{topic}-{partition}"
        yield log, facts


def check_facts(log: PartitionLog, facts: dict[str, Any]) -> None:
    assert log.log_start_offset == facts["logStartOffset"]
    assert log.high_watermark == facts["highWatermark"]
    assert log.last_stable_offset == facts["lastStableOffset"]
    assert log.log_end_offset == facts["logEndOffset"]
    assert [list(entry) for entry in log.leader_epochs] == facts["leaderEpochs"]
    assert log.leader_epoch == facts["leaderEpoch"]
    assert [segment.base_offset for segment in log.segments()] == facts["segments"]
    aborted = [list(entry) for segment in log.segments() for entry in segment.transaction_index.all()]
    assert aborted == facts["abortedTransactions"]
    found = log.max_timestamp()
    assert found is not None
    assert [found.offset, found.timestamp] == facts["maxTimestamp"]


def check_producers(log: PartitionLog, facts: dict[str, Any]) -> None:
    found = sorted(
        (
            entry.producer_id,
            entry.producer_epoch,
            entry.last_sequence,
            entry.last_timestamp,
            entry.coordinator_epoch,
            entry.current_txn_first_offset,
        )
        for entry in log.active_producers()
    )
    names = ("producerId", "epoch", "lastSequence", "lastTimestamp", "coordinatorEpoch", "currentTxnStartOffset")
    assert found == sorted(tuple(entry[name] for name in names) for entry in facts["producers"])


def records_of(log: PartitionLog) -> Iterator[Record]:
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        data = log.read(offset, 200_000).read()
        for batch in iter_batches(data):
            batch.ensure_valid()
            if not batch.is_control:
                yield from (record for record in batch if record.offset >= offset)
            offset = batch.next_offset


def test_offsets_producers_epochs_and_transactions(directory: Path, description: dict[str, Any]) -> None:
    manager = opened(directory, description)
    assert manager.cluster_id == description["clusterId"]
    assert (manager.was_clean, manager.reports) == (True, [])
    for log, facts in every_log(manager, description):
        check_facts(log, facts)
        check_producers(log, facts)
        assert log.topic_id is not None
        assert encode_uuid(log.topic_id) == description["topics"][log.topic]["id"]
    manager.abandon()


def test_every_record(directory: Path, description: dict[str, Any]) -> None:
    manager = opened(directory, description)
    for log, facts in every_log(manager, description):
        if log.topic.startswith("__"):
            found: list[list[Any]] = [
                [record.offset, _hex(record.key), _hex(record.value), record.timestamp] for record in records_of(log)
            ]
        else:
            found = [
                [record.offset, _text(record.key), _sha1(record.value), record.timestamp] for record in records_of(log)
            ]
        assert found == [entry[:4] for entry in facts["records"]], log.name
    manager.abandon()


def test_what_read_committed_hides(directory: Path, description: dict[str, Any]) -> None:
    """As a consumer does it: a producer's batches are skipped from the first offset of an aborted transaction on."""
    manager = opened(directory, description)
    for log, facts in every_log(manager, description):
        if "notReadCommitted" not in facts:
            continue
        visible = set(committed_offsets(log))
        hidden = [record.offset for record in records_of(log) if record.offset not in visible]
        assert hidden == facts["notReadCommitted"], log.name
    manager.abandon()


def committed_offsets(log: PartitionLog) -> Iterator[int]:
    offset = log.log_start_offset
    while True:
        fetched = log.read(offset, 200_000, isolation="read_committed")
        batches = list(iter_batches(fetched.read()))
        if not batches:
            return
        pending = sorted(fetched.aborted_transactions or (), key=lambda entry: entry[1])
        aborting: set[int] = set()
        for batch in batches:
            while pending and pending[0][1] <= batch.last_offset:
                aborting.add(pending.pop(0)[0])
            if batch.is_control:
                aborting.discard(batch.producer_id)
            elif not (batch.is_transactional and batch.producer_id in aborting):
                yield from (record.offset for record in batch if record.offset >= offset)
        offset = batches[-1].next_offset


def test_lookups_by_time_agree_with_the_records(directory: Path, description: dict[str, Any]) -> None:
    manager = opened(directory, description)
    for log, facts in every_log(manager, description):
        timestamps = [(entry[0], entry[3]) for entry in facts["records"]]
        for _, timestamp in timestamps[:: max(1, len(timestamps) // 40)]:
            found = log.offset_for_timestamp(timestamp)
            assert found is not None
            assert found.timestamp >= timestamp
            # Kafka's lookup finds transaction markers too, which consumers then skip.
            expected = next(offset for offset, time_ms in timestamps if time_ms >= timestamp)
            markers = {marker[0] for marker in facts["markers"]}
            assert found.offset == expected or (found.offset < expected and found.offset in markers)
    manager.abandon()


def test_a_clean_stop_leaves_kafkas_files_as_they_were(
    original: Path, directory: Path, description: dict[str, Any]
) -> None:
    opened(directory, description).close()
    before, after = _contents(original), _contents(directory)
    changed = {name for name in after if name in before and before[name] != after[name]}
    assert changed <= {
        ".kafka_cleanshutdown",
        "recovery-point-offset-checkpoint",
        "replication-offset-checkpoint",
    }
    for name in changed - {".kafka_cleanshutdown"}:
        assert sorted(after[name].splitlines()) == sorted(before[name].splitlines())
    assert after.keys() - before.keys() == {".lock"}
    gone = before.keys() - after.keys()
    assert all(name.endswith(".snapshot") for name in gone), "stray producer snapshots, which Kafka removes as well"


def test_indexes_and_producers_rebuilt_from_the_segments_equal_kafkas(
    original: Path, directory: Path, description: dict[str, Any]
) -> None:
    (directory / ".kafka_cleanshutdown").unlink()
    (directory / "recovery-point-offset-checkpoint").unlink()
    before = _contents(directory)
    for name in before:
        if name.endswith((".index", ".timeindex", ".txnindex", ".snapshot", "leader-epoch-checkpoint")):
            (directory / name).unlink()
    manager = opened(directory, description)
    for log, facts in every_log(manager, description):
        if log.config.compact:
            # The batch with which an epoch began may have been compacted away.
            facts = {**facts, "leaderEpochs": [list(entry) for entry in log.leader_epochs]}
        check_facts(log, facts)
        _check_rebuilt_producers(log, facts)
    manager.close()
    after = _contents(directory)
    # Kafka counts the bytes between index entries anew at each start; this segment was written by one process.
    written_in_one_run = f"demo-segments-0/{0:020}."
    for name, content in before.items():
        if name.endswith(".txnindex") or (name.startswith(written_in_one_run) and name.endswith("index")):
            assert after[name] == content, name


def _check_rebuilt_producers(log: PartitionLog, facts: dict[str, Any]) -> None:
    """All that Kafka knew, and perhaps some it had let expire; compaction may have taken the last sequences."""
    found = {entry.producer_id: entry for entry in log.active_producers()}
    for wanted in facts["producers"]:
        entry = found[wanted["producerId"]]
        assert entry.current_txn_first_offset == wanted["currentTxnStartOffset"]
        assert (entry.producer_epoch, entry.coordinator_epoch) == (wanted["epoch"], wanted["coordinatorEpoch"])
        if not log.config.compact:
            assert (entry.last_sequence, entry.last_timestamp) == (wanted["lastSequence"], wanted["lastTimestamp"])


def test_the_metadata_log_opens_as_a_log_of_its_own(directory: Path, description: dict[str, Any]) -> None:
    context = LogContext(OsFiles(durable=False), ManualClock(NOW_MS), run_inline)
    facts = description["topics"]["__cluster_metadata"]["partitions"]["0"]
    log, report = load_log(
        context, str(directory / "__cluster_metadata-0"), "__cluster_metadata", 0, LogConfig({}), clean_shutdown=False
    )
    assert log.log_end_offset == facts["logEndOffset"]
    assert [list(entry) for entry in log.leader_epochs] == facts["leaderEpochs"]
    assert "truncated" not in str(report)
    log.abandon()


def _contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "-delete" + os.sep not in str(path) and "__cluster_metadata-0" not in str(path)
    }


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def _sha1(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha1(data).hexdigest()
