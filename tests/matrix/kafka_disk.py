"""Apache Kafka on the directory of a stopped minikafka, and the other way round; and Kafka's tool on every file.

These checks run brokers of their own, one after the other on one directory, and compare what clients see.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import AcknowledgeType, Consumer, KafkaError, Producer, ShareConsumer, TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions as GroupPartitions
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewTopic,
    ResourceType,
)

from minikafka.client.admin.share_groups import share_group_offsets
from minikafka.client.cluster import Cluster
from minikafka.client.coordinator import GroupCoordinator
from tests.matrix import kafka_jars
from tests.matrix.workplace import CommandFailed, Workplace, executable, run
from tests.support.brokers import ApacheKafkaProcess, BrokerProcess, MinikafkaProcess
from tests.support.polling import wait_until

KAFKA_VERSION = "4.2.0"
TIMEOUT_S = 30.0
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
JAVA = ("java", "-Xmx256m", "-XX:TieredStopAtLevel=1")
SETTINGS = {
    "node.id": "1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.num.partitions": "3",
    "log.cleaner.backoff.ms": "200",
    "log.retention.check.interval.ms": "500",
    "share.coordinator.state.topic.num.partitions": "1",
    # The first heartbeat of a share group comes too soon for an assignment.
    "group.share.heartbeat.interval.ms": "200",
    "group.share.min.heartbeat.interval.ms": "200",
}
TOPICS: dict[str, tuple[int, dict[str, str]]] = {
    "plain": (3, {}),
    "compacted": (1, {"cleanup.policy": "compact", "segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.01"}),
    "stamped": (1, {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"}),
    "transactional": (2, {"compression.type": "lz4", "max.message.bytes": "300000"}),
    "shortened": (1, {"segment.bytes": "1048576"}),
    "queue": (1, {}),
    "gone": (1, {}),
}
MARKS = ("ours", "theirs", "again")
"""Of what is written in each turn."""
SHARERS = "sharers"

Content = dict[str, Any]


def jars(workplace: Workplace) -> Path:
    """Apache Kafka's jars. Raises CannotRunHere."""
    executable(JAVA[0])
    wanted = {"tools": kafka_jars.kafka_broker(KAFKA_VERSION)}
    return kafka_jars.fetch(workplace.folder("java"), wanted)["tools"]


# --- the same directory under two brokers


def check_both_ways(workplace: Workplace) -> str:
    """minikafka writes, Kafka reads and writes, minikafka reads and writes, Kafka reads."""
    home = workplace.folder(f"disk-{workplace.run_id}")
    ours = MinikafkaProcess(home, SETTINGS)
    kafka = ApacheKafkaProcess(home, jars(workplace), SETTINGS)
    kafka.log_path = home / "kafka.log"
    with ours:
        create_topics(ours.bootstrap, TOPICS)
        write_everything(ours.bootstrap, "ours")
        wait_until_compacted(ours)
        written = content(ours.bootstrap)
        assert ours.stop() == 0, ours.log_text
    expect_records(written)
    expect_sound(ours.data_directory)
    with kafka:
        compare(written, content(kafka.bootstrap), "Apache Kafka, on the directory minikafka wrote")
        create_topics(kafka.bootstrap, {"second": (2, {"cleanup.policy": "compact,delete"})})
        write_everything(kafka.bootstrap, "theirs")
        grown = content(kafka.bootstrap)
        kafka.stop()
    expect_sound(ours.data_directory)
    with ours:
        compare(grown, content(ours.bootstrap), "minikafka, on the directory Apache Kafka went on with")
        # The metadata log has no recovery point: Apache Kafka, too, looks through it at every start.
        recovered = [line for line in ours.log_text.splitlines() if ": recovered " in line]
        assert all("__cluster_metadata-0: " in line for line in recovered), recovered
        write_everything(ours.bootstrap, "again")
        grown = content(ours.bootstrap)
        assert ours.stop() == 0, ours.log_text
    with kafka:
        compare(grown, content(kafka.bootstrap), "Apache Kafka, for the second time")
        kafka.stop()
    count = sum(len(records) for topic in grown["topics"].values() for records in topic["records"].values())
    return f"{len(grown['topics'])} topics, {count} records, {len(grown['groups'])} groups there and back twice"


def expect_sound(directory: Path) -> None:
    """``minikafka check`` finds no fault with what either broker has left."""
    printed = run([sys.executable, "-m", "minikafka", "check", directory])
    assert not [line for line in printed.splitlines() if line.startswith("problem")], printed


def create_topics(bootstrap: str, topics: dict[str, tuple[int, dict[str, str]]]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    # Kafka with ZooKeeper listens before it knows its controller, which creates topics.
    wait_until(lambda: admin.list_topics(timeout=TIMEOUT_S).controller_id >= 0, timeout_s=TIMEOUT_S)
    wanted = [
        NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        for name, (partitions, config) in topics.items()
    ]
    for created in admin.create_topics(wanted).values():
        created.result(TIMEOUT_S)


def write_everything(bootstrap: str, mark: str) -> None:
    """Batches of every codec, producers of every kind, commits, changed settings, deleted records and topics."""
    write_plain(bootstrap, mark)
    write_compacted(bootstrap, mark)
    write_transactions(bootstrap, mark)
    commit_offsets(bootstrap, mark)
    share_records(bootstrap, mark)
    change_settings(bootstrap, mark)


def write_plain(bootstrap: str, mark: str) -> None:
    now_ms = int(time.time() * 1000)
    for codec in CODECS:
        for idempotent in (False, True):
            producer = Producer(
                {"bootstrap.servers": bootstrap, "compression.type": codec, "enable.idempotence": idempotent}
            )
            for number in range(60):
                producer.produce(
                    "plain",
                    f"{mark} {codec} {number}".encode() * 5,
                    f"key {number}" if number % 3 else None,
                    partition=number % 3,
                    headers=[("codec", codec.encode()), ("nothing", None)] if number % 2 else None,
                    timestamp=now_ms - number,
                )
            producer.produce("stamped", f"{mark} {codec}".encode())
            flush(producer)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(40):
        producer.produce("shortened", f"{mark} {number}".encode() + b"." * 60_000)
    flush(producer)


def write_compacted(bootstrap: str, mark: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "compression.type": "zstd", "enable.idempotence": True})
    for number in range(30_000):
        value = None if number % 100 == 99 else f"{mark} {number}".encode() * 10
        while True:
            try:
                producer.produce("compacted", value, f"key {number % 1000}")
                break
            except BufferError:
                producer.poll(0.1)
    flush(producer)
    # Not compressed, so that the segment before is rolled and can be compacted.
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(20):
        producer.produce("compacted", f"{mark} last".encode() + b"." * 60_000, f"big {number % 3}")
    flush(producer)


def write_transactions(bootstrap: str, mark: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "matrix"})
    producer.init_transactions(TIMEOUT_S)
    for number in range(6):
        producer.begin_transaction()
        for partition in (0, 1):
            producer.produce("transactional", f"{mark} {number}".encode(), partition=partition)
        producer.flush(TIMEOUT_S)
        if number % 2:
            producer.abort_transaction(TIMEOUT_S)
        else:
            producer.commit_transaction(TIMEOUT_S)


def commit_offsets(bootstrap: str, mark: str) -> None:
    for protocol in ("classic", "consumer"):
        settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"group-{protocol}",
            "group.protocol": protocol,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        consumer = Consumer(settings)
        consumer.subscribe(["plain"])
        taken = []
        while len(taken) < 20:
            message = consumer.poll(TIMEOUT_S)
            assert message is not None, f"the {protocol} group reads nothing"
            assert message.error() is None, message.error()
            taken.append(message)
        ends = {message.partition(): message.offset() + 1 for message in taken}
        commits = [TopicPartition("plain", partition, end, metadata=mark) for partition, end in ends.items()]
        consumer.commit(offsets=commits, asynchronous=False)
        consumer.close()


def share_records(bootstrap: str, mark: str) -> None:
    """A share group gets six records, and those that it gave back in the turn before; it gives back two."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    earliest = ConfigEntry("share.auto.offset.reset", "earliest", incremental_operation=AlterConfigOpType.SET)
    group = ConfigResource(ResourceType.GROUP, SHARERS, incremental_configs=[earliest])
    for outcome in admin.incremental_alter_configs([group]).values():
        outcome.result(TIMEOUT_S)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(6):
        producer.produce("queue", f"{mark} {number}")
    flush(producer)
    turn = MARKS.index(mark)
    due = {f"{mark} {number}": 1 for number in range(6)}
    due |= {f"{before} {number}": 2 for before in MARKS[max(0, turn - 1) : turn] for number in (2, 5)}
    kinds = (AcknowledgeType.ACCEPT, AcknowledgeType.REJECT, AcknowledgeType.RELEASE)
    settings = {"bootstrap.servers": bootstrap, "group.id": SHARERS, "share.acknowledgement.mode": "explicit"}
    deliveries: dict[str, int] = {}
    # It says in its log that it is a preview.
    with ShareConsumer({**settings, "log_level": 3}) as consumer:
        consumer.subscribe(["queue"])

        def take() -> bool:
            for message in consumer.poll(0.1):
                assert message.error() is None, message.error()
                value = message.value().decode()
                deliveries[value] = message.delivery_count()
                is_new = value.startswith(mark)
                consumer.acknowledge(message, kinds[int(value[-1]) % 3] if is_new else AcknowledgeType.ACCEPT)
            return len(deliveries) >= len(due)

        wait_until(take, timeout_s=TIMEOUT_S, what=f"{len(due)} records in a share group")
        refused = [error for error in consumer.commit_sync(TIMEOUT_S).values() if error is not None]
        assert not refused, refused
    assert deliveries == due, deliveries


def change_settings(bootstrap: str, mark: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    entry = ConfigEntry("retention.bytes", str(10_000_000 + len(mark)), incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ResourceType.TOPIC, "plain", incremental_configs=[entry])
    for outcome in admin.incremental_alter_configs([changed]).values():
        outcome.result(TIMEOUT_S)
    for outcome in admin.delete_records([TopicPartition("shortened", 0, 25)]).values():
        outcome.result(TIMEOUT_S)
    if "gone" in admin.list_topics(timeout=TIMEOUT_S).topics:
        for outcome in admin.delete_topics(["gone"]).values():
            outcome.result(TIMEOUT_S)


def flush(producer: Producer) -> None:
    assert producer.flush(TIMEOUT_S) == 0, "not everything was sent"


def wait_until_compacted(broker: BrokerProcess) -> None:
    """So that Kafka meets logs with gaps, empty batches and delete horizons, and the cleaner's checkpoint."""
    checkpoint = broker.data_directory / "cleaner-offset-checkpoint"
    wait_until(lambda: checkpoint.exists() and "compacted 0 " in checkpoint.read_text(), timeout_s=TIMEOUT_S)


# --- what clients see


def content(bootstrap: str) -> Content:
    """Topics with ids, settings and records, groups with offsets, as clients are told."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    metadata = admin.list_topics(timeout=TIMEOUT_S)
    names = sorted(name for name in metadata.topics if not name.startswith("__"))
    described = {name: outcome.result(TIMEOUT_S) for name, outcome in admin.describe_topics(_collection(names)).items()}
    topics = {}
    for name in names:
        partitions = sorted(metadata.topics[name].partitions)
        settings = topic_settings(admin, name)
        whole = {partition: read(bootstrap, name, partition, "read_uncommitted") for partition in partitions}
        committed = {partition: read(bootstrap, name, partition, "read_committed") for partition in partitions}
        is_compacted = "compact" in settings.get("cleanup.policy", "")
        topics[name] = {
            "id": str(described[name].topic_id),
            "settings": settings,
            # Compaction goes on under the next broker; it may only change how a reader gets to the last values.
            "records": {key: last_values(found) if is_compacted else found for key, found in whole.items()},
            "committed": {
                key: last_values(found) if is_compacted else [record[0] for record in found]
                for key, found in committed.items()
            },
            "offsets": offsets(bootstrap, name, partitions),
        }
    return {
        "cluster id": metadata.cluster_id,
        "topics": topics,
        "groups": groups(admin),
        "sharing": sharing(bootstrap),
    }


def last_values(records: Iterable[tuple[Any, ...]]) -> dict[bytes, tuple[Any, ...]]:
    """Key -> the last record that has it, of the keys that were not deleted."""
    found = {record[1]: record for record in records}
    return {key: record for key, record in found.items() if record[2] is not None}


def _collection(names: Iterable[str]) -> Any:
    from confluent_kafka import TopicCollection

    return TopicCollection(list(names))


def topic_settings(admin: AdminClient, topic: str) -> dict[str, str]:
    (outcome,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    own = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
    return {entry.name: entry.value for entry in outcome.result(TIMEOUT_S).values() if entry.source == own}


def offsets(bootstrap: str, topic: str, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
    """(log start offset, high watermark) of each partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused"})
    found = {
        partition: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=TIMEOUT_S)
        for partition in partitions
    }
    consumer.close()
    return found


def read(bootstrap: str, topic: str, partition: int, isolation: str) -> list[tuple[Any, ...]]:
    """All records of a partition: offset, key, value, timestamp with its type, headers."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "isolation.level": isolation,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.assign([TopicPartition(topic, partition, 0)])
    records = []
    while True:
        message = consumer.poll(TIMEOUT_S)
        assert message is not None, f"{topic}-{partition}: nothing more came after {len(records)} records"
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            consumer.close()
            return records
        assert error is None, error
        records.append((message.offset(), message.key(), message.value(), message.timestamp(), message.headers()))


def groups(admin: AdminClient) -> dict[str, dict[str, tuple[int, str | None]]]:
    """Group -> partition -> (committed offset, metadata)."""
    found = {}
    for group in group_names(admin):
        (outcome,) = admin.list_consumer_group_offsets([GroupPartitions(group)]).values()
        found[group] = {
            f"{committed.topic}-{committed.partition}": (committed.offset, committed.metadata)
            for committed in outcome.result(TIMEOUT_S).topic_partitions
        }
    return found


def sharing(bootstrap: str) -> dict[str, list[int | None]]:
    """Partition -> where the share group begins, and how many records are left to it."""
    with Cluster(bootstrap) as cluster:
        found = share_group_offsets(GroupCoordinator(cluster, SHARERS))
    return {f"{topic}-{partition}": [offset.start_offset, offset.lag] for (topic, partition), offset in found.items()}


def group_names(admin: AdminClient) -> list[str]:
    """Once the coordinator has loaded them: before, it lists those it has, and an error."""
    while True:
        listed = admin.list_consumer_groups().result(TIMEOUT_S)
        if not listed.errors:
            return sorted(entry.group_id for entry in listed.valid)


def expect_records(written: Content) -> None:
    """What is compared is worth comparing."""
    topics = written["topics"]
    assert "gone" not in topics
    assert topics["shortened"]["offsets"][0][0] == 25
    assert sum(len(records) for records in topics["plain"]["records"].values()) == 600
    transactional = topics["transactional"]
    assert len(transactional["records"][0]) == 6
    assert len(transactional["committed"][0]) == 3
    assert len(topics["compacted"]["records"][0]) == 993, "of 1,003 keys ten are deleted in the end"
    assert set(written["groups"]) == {"group-classic", "group-consumer"}
    assert [lag for _, lag in written["sharing"].values()] == [2], written["sharing"]
    assert all(partitions for partitions in written["groups"].values())


def compare(expected: Any, found: Any, where: str, path: str = "") -> None:
    """Equal, or an AssertionError that names the first difference."""
    if isinstance(expected, dict) and isinstance(found, dict):
        assert expected.keys() == found.keys(), f"{where}: {path} has {sorted(found)}, not {sorted(expected)}"
        for key, value in expected.items():
            compare(value, found[key], where, f"{path}/{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        for position, (one, other) in enumerate(zip(expected, found, strict=False)):
            assert one == other, f"{where}: {path}[{position}] is {other!r:.300}, not {one!r:.300}"
        assert len(expected) == len(found), f"{where}: {path} has {len(found)} entries, not {len(expected)}"
    else:
        assert expected == found, f"{where}: {path} is {found!r:.300}, not {expected!r:.300}"


# --- Kafka's tool


def check_dump_log(workplace: Workplace) -> str:
    """kafka-dump-log finds nothing wrong in any file that minikafka writes."""
    home = workplace.folder(f"dump-{workplace.run_id}")
    ours = MinikafkaProcess(home, SETTINGS)
    with ours:
        create_topics(ours.bootstrap, TOPICS)
        write_everything(ours.bootstrap, "ours")
        wait_until_compacted(ours)
        assert ours.stop() == 0, ours.log_text
    library = jars(workplace)
    count = 0
    for folder in sorted(path for path in ours.data_directory.iterdir() if path.is_dir()):
        if folder.name.endswith("-delete"):
            continue  # of a topic that is gone: nobody completes its indexes
        topic = folder.name.rpartition("-")[0]
        decoder = DECODERS.get(topic, [])
        for kind, options in (
            ("*.log", ["--print-data-log", "--deep-iteration", *decoder]),
            ("*.index", ["--index-sanity-check"]),
            ("*.index", ["--verify-index-only"]),
            ("*.timeindex", []),
            ("*.txnindex", []),
            ("*.snapshot", []),
            ("*.checkpoint", decoder),
        ):
            files = sorted(folder.glob(kind))
            if files:
                expect_clean(dump(library, files, options), files, may_have_gaps=topic in COMPACTED)
                count += len(files)
    return f"{count} files read"


DECODERS = {
    "__consumer_offsets": ["--offsets-decoder"],
    "__transaction_state": ["--transaction-log-decoder"],
    "__share_group_state": ["--share-group-state-decoder"],
    "__cluster_metadata": ["--cluster-metadata-decoder"],
}
COMPLAINTS = (
    "Found timestamp mismatch",
    "Index mismatch",
    "Mismatches in",
    "Exception",
    "corrupt",
    "Could not",
)
GAPS = "Non-consecutive"
COMPACTED = {"compacted", "__consumer_offsets", "__transaction_state"}


def dump(library: Path, files: Iterable[Path], options: Iterable[str]) -> str:
    names = ",".join(map(str, files))
    tool = "kafka.tools.DumpLogSegments"
    return run([*JAVA, "-cp", f"{library}/*", tool, *options, "--files", names], timeout_s=120)


def expect_clean(printed: str, files: Iterable[Path], *, may_have_gaps: bool) -> None:
    complaints = COMPLAINTS if may_have_gaps else (*COMPLAINTS, GAPS)
    found = [line for line in printed.splitlines() if any(complaint in line for complaint in complaints)]
    if found or "Dumping" not in printed:
        raise CommandFailed(f"{', '.join(map(str, files))}:\n" + "\n".join(found or [printed[-2000:]]))
