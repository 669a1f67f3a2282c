"""The cleaner beside Apache Kafka's: both compact a copy of one directory; what they leave must be the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from minikafka.records.batch import iter_batches
from tests.matrix.kafka_disk import SETTINGS, TIMEOUT_S, create_topics, flush, jars, write_compacted
from tests.matrix.workplace import Workplace
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until

COMPACTED = {"cleanup.policy": "compact", "segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.01"}
PARTITIONS = ("compacted-0", "transactional-0", "transactional-1")


def check(workplace: Workplace) -> str:
    """Values, tombstones, transactions of both ends and an idempotent producer, over several segments."""
    home = workplace.folder(f"cleaner-{workplace.run_id}")
    ours = MinikafkaProcess(home / "ours", {**SETTINGS, "log.cleaner.enable": "false"})
    with ours:
        create_topics(ours.bootstrap, {"compacted": (1, COMPACTED), "transactional": (2, COMPACTED)})
        write_compacted(ours.bootstrap, "x")
        write_transactional(ours.bootstrap)
        assert ours.stop() == 0, ours.log_text
    shutil.copytree(home / "ours" / "data", home / "theirs" / "data")
    compact(MinikafkaProcess(home / "ours", SETTINGS))
    compact(ApacheKafkaProcess(home / "theirs", jars(workplace), SETTINGS))
    count = 0
    for partition in PARTITIONS:
        folders = [home / whose / "data" / partition for whose in ("ours", "theirs")]
        left, expected = map(content, folders)
        assert left == expected, f"{partition}: {difference(left, expected)}"
        count += sum(len(batches) for batches in left["batches"].values())
    return f"{count} batches in {len(PARTITIONS)} partitions, the same with their indexes"


def write_transactional(bootstrap: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "cleaner"})
    producer.init_transactions(TIMEOUT_S)
    for number in range(300):
        producer.begin_transaction()
        for index in range(10):
            value = None if (number + index) % 17 == 0 else f"{number}-{index}".encode() + b"." * 700
            for partition in (0, 1):
                producer.produce("transactional", value, f"key {(number * 7 + index) % 40}", partition=partition)
        flush(producer)
        if number % 3 == 1:
            producer.abort_transaction(TIMEOUT_S)
        else:
            producer.commit_transaction(TIMEOUT_S)
    idempotent = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for number in range(2000):
        idempotent.produce("transactional", f"{number}".encode() + b"." * 900, f"key {number % 50}", partition=0)
    flush(idempotent)


def compact(broker: BrokerProcess) -> None:
    """Run ``broker`` until its cleaner has been through all three partitions."""
    checkpoint = broker.data_directory / "cleaner-offset-checkpoint"
    names = [partition.replace("-", " ") for partition in PARTITIONS]
    with broker:
        wait_until(
            lambda: checkpoint.exists() and all(name in checkpoint.read_text() for name in names),
            timeout_s=2 * TIMEOUT_S,
            what="a checkpoint of all three partitions",
        )
        broker.stop()


def content(folder: Path) -> dict[str, dict[str, Any]]:
    """By file name: the batches of logs, and the bytes of indexes."""
    return {
        "batches": {path.name: batches_of(path) for path in sorted(folder.glob("*.log"))},
        "indexes": {path.name: path.read_bytes() for path in sorted(folder.glob("*.*index"))},
    }


def batches_of(path: Path) -> list[tuple[Any, ...]]:
    """All but the delete horizons, which are the time of the pass."""
    found = []
    for batch in iter_batches(path.read_bytes()):
        batch.ensure_valid()
        header = (
            *(batch.base_offset, batch.last_offset, batch.attributes, batch.partition_leader_epoch),
            *(batch.max_timestamp, batch.producer_id, batch.producer_epoch, batch.base_sequence),
        )
        found.append((*header, list(batch)))
    return found


def difference(left: dict[str, dict[str, Any]], expected: dict[str, dict[str, Any]]) -> str:
    """Where the two differ first."""
    for kind, files in expected.items():
        if left[kind].keys() != files.keys():
            return f"the files {sorted(left[kind])}, not {sorted(files)}"
        for name, theirs in files.items():
            ours = left[kind][name]
            if ours != theirs:
                pairs = zip(ours, theirs, strict=False)
                at = next((index for index, (one, other) in enumerate(pairs) if one != other), len(theirs))
                return f"{name} at {at}: {ours[at : at + 1]!r:.300}, not {theirs[at : at + 1]!r:.300}"
    return "nothing"
