"""The producer and the consumer against a broker: batches, keys, groups, commits, transactions, errors."""

from __future__ import annotations

from threading import Thread

import pytest

from minikafka.broker import Broker
from minikafka.client.admin.group_offsets import fetch_offsets
from minikafka.client.admin.topics import create_topic, delete_topics
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer, ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from minikafka.client.consuming.group_settings import GroupSettings
from minikafka.client.coordinator import GroupCoordinator
from minikafka.client.errors import BrokerUnreachable, ClientError
from minikafka.client.leaders import Leaders
from minikafka.client.offsets import EARLIEST, LATEST, MAX_TIMESTAMP, delete_records, list_offsets
from minikafka.client.producing.partitioner import partition_for_key
from minikafka.client.producing.producer import Producer, ProducerSettings, RecordRefused
from minikafka.errors import INVALID_TOPIC_EXCEPTION, MESSAGE_TOO_LARGE, OFFSET_OUT_OF_RANGE, ApiError, MinikafkaError
from minikafka.records.batch import Record
from tests.support.brokers import free_port

EARLIEST_FIRST = ConsumerSettings(auto_offset_reset="earliest", fetch=FetchSettings(max_wait_ms=20))
DEADLINE_S = 20.0


def values_of(consumer: Consumer, count: int) -> list[bytes | None]:
    """So many values, in the order in which they come."""
    values = []
    while len(values) < count:
        assert consumer.poll(DEADLINE_S), f"only {values}"
        values.append(consumer.take().fetched.record.value)
    return values


def produced(cluster: Cluster, topic: str, *values: bytes, **settings: object) -> None:
    producer = Producer(cluster, ProducerSettings(**settings))  # type: ignore[arg-type]
    for value in values:
        producer.send(topic, value, partition=0)
    producer.flush()


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("acks", [-1, 0, 1])
def test_what_is_sent_arrives(cluster: Cluster, compression: str, acks: int) -> None:
    topic = f"sent-{compression}-{acks}"
    create_topic(cluster, topic, partitions=1)
    producer = Producer(cluster, ProducerSettings(compression=compression, acks=acks, is_idempotent=acks == -1))
    for number in range(50):
        producer.send(topic, b"%d" % number, b"key", (("h", None), ("h", b"1")), timestamp_ms=1000 + number)
    assert producer.has_unsent
    producer.flush()
    assert not producer.has_unsent
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([(topic, 0)])
    for number in range(50):
        assert consumer.poll(DEADLINE_S)
        record = consumer.take().fetched.record
        assert record == Record(number, 1000 + number, b"key", b"%d" % number, (("h", None), ("h", b"1")))
    assert consumer.positions == {(topic, 0): 50}
    assert not consumer.poll(0)


def test_batches_are_split_by_size(cluster: Cluster) -> None:
    produced(cluster, "split", *(b"x" * 1000 for _ in range(40)), batch_size_bytes=5000)
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([("split", 0)])
    assert values_of(consumer, 40) == [b"x" * 1000] * 40


def test_keys_choose_the_partition(cluster: Cluster) -> None:
    create_topic(cluster, "keyed", partitions=5)
    producer = Producer(cluster)
    keys = [b"%d" % number for number in range(20)]
    for key in keys:
        producer.send("keyed", key, key)
    producer.flush()
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([("keyed", index) for index in range(5)])
    found = {}
    while len(found) < len(keys):
        assert consumer.poll(DEADLINE_S)
        record = consumer.take()
        found[record.fetched.record.key] = record.partition
    assert found == {key: partition_for_key(key, 5) for key in keys}


def test_a_topic_comes_to_be_when_it_is_written_to(cluster: Cluster) -> None:
    warnings: list[str] = []
    producer = Producer(cluster, on_warning=warnings.append)
    producer.send("fresh", b"v")
    producer.flush()
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([("fresh", 0), ("fresh", 1)])
    assert values_of(consumer, 1) == [b"v"]


def test_what_is_refused_raises_or_is_told(cluster: Cluster) -> None:
    create_topic(cluster, "small", partitions=1, configs={"max.message.bytes": "1000"})
    with pytest.raises(ApiError) as caught:
        produced(cluster, "small", b"x" * 2000)
    assert caught.value.code == MESSAGE_TOO_LARGE
    refused: list[tuple[str, bytes | None, MinikafkaError]] = []
    producer = Producer(cluster, on_refused=lambda topic, record, error: refused.append((topic, record.value, error)))
    producer.send("small", b"y" * 2000)
    producer.flush()
    producer.send("small", b"z")
    producer.flush()
    assert [(topic, value) for topic, value, _ in refused] == [("small", b"y" * 2000)]
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([("small", 0)])
    assert values_of(consumer, 1) == [b"z"]


def test_a_record_that_is_larger_than_any_request(cluster: Cluster) -> None:
    producer = Producer(cluster, ProducerSettings(max_request_size_bytes=500))
    with pytest.raises(ApiError, match="which is the value of the max"):
        producer.send("any", b"x" * 1000)


def test_a_name_no_topic_can_have(cluster: Cluster) -> None:
    with pytest.raises(ApiError) as caught:
        Producer(cluster).send("no/topic", b"v")
    assert caught.value.code == INVALID_TOPIC_EXCEPTION


def test_a_topic_that_does_not_come_to_be() -> None:
    with Broker(auto_create_topics_enable=False) as broker, Cluster(broker.bootstrap_servers) as cluster:
        warnings: list[str] = []
        settings = ProducerSettings(max_block_ms=20, retry_backoff_ms=5)
        producer = Producer(cluster, settings, on_warning=warnings.append)
        with pytest.raises(RecordRefused, match="Topic nope not present in metadata after 20 ms"):
            producer.send("nope", b"v")
        assert warnings == [
            "The metadata response from the cluster reported a recoverable issue : {nope=UNKNOWN_TOPIC_OR_PARTITION}"
        ]


def test_seeking(cluster: Cluster) -> None:
    create_topic(cluster, "sought", partitions=1)
    produced(cluster, "sought", b"0", b"1", b"2")
    consumer = Consumer(cluster, ConsumerSettings(fetch=FetchSettings(max_wait_ms=20)))
    consumer.assign([("sought", 0)])
    consumer.seek(("sought", 0), 1)
    assert values_of(consumer, 2) == [b"1", b"2"]
    consumer.seek(("sought", 0), EARLIEST)
    assert values_of(consumer, 1) == [b"0"]
    consumer.seek(("sought", 0), LATEST)
    assert not consumer.poll(0)
    produced(cluster, "sought", b"3")
    assert values_of(consumer, 1) == [b"3"]


def test_an_offset_out_of_range_is_reset(cluster: Cluster) -> None:
    create_topic(cluster, "beyond", partitions=1)
    produced(cluster, "beyond", b"0", b"1")
    warnings: list[str] = []
    consumer = Consumer(cluster, EARLIEST_FIRST, on_warning=warnings.append)
    consumer.assign([("beyond", 0)])
    consumer.seek(("beyond", 0), 77)
    assert values_of(consumer, 2) == [b"0", b"1"]
    assert warnings == ["Fetch offset 77 is out of range for partition beyond-0, resetting offset"]
    strict = Consumer(cluster, EARLIEST_FIRST._replace(auto_offset_reset="none"))
    strict.assign([("beyond", 0)])
    with pytest.raises(ClientError, match="no reset policy for partitions: beyond-0"):
        strict.poll(DEADLINE_S)
    strict.seek(("beyond", 0), 77)
    with pytest.raises(ApiError) as caught:
        strict.poll(DEADLINE_S)
    assert caught.value.code == OFFSET_OUT_OF_RANGE


def test_offsets_and_deletion(cluster: Cluster) -> None:
    create_topic(cluster, "ends", partitions=1)
    producer = Producer(cluster)
    for timestamp in (100, 300, 200):
        producer.send("ends", b"v", timestamp_ms=timestamp)
    producer.flush()
    leaders = Leaders(cluster)
    where = ("ends", 0)
    found = {
        timestamp: list_offsets(cluster, leaders, {where: timestamp})[where].offset
        for timestamp in (EARLIEST, LATEST, MAX_TIMESTAMP, 150, 301)
    }
    assert found == {EARLIEST: 0, LATEST: 3, MAX_TIMESTAMP: 1, 150: 1, 301: -1}
    assert delete_records(cluster, leaders, {where: 2})[where].low_watermark == 2
    assert list_offsets(cluster, leaders, {where: EARLIEST})[where].offset == 2


def test_a_group_goes_on_where_it_stopped(cluster: Cluster) -> None:
    create_topic(cluster, "grouped", partitions=1)
    produced(cluster, "grouped", b"0", b"1", b"2", b"3")
    first = Consumer(cluster, EARLIEST_FIRST, GroupSettings("goes-on"))
    first.subscribe(["grouped"])
    assert values_of(first, 2) == [b"0", b"1"]
    first.close()
    committed = fetch_offsets(GroupCoordinator(cluster, "goes-on"), None)
    assert {where: each.offset for where, each in committed.items()} == {("grouped", 0): 2}
    second = Consumer(cluster, EARLIEST_FIRST, GroupSettings("goes-on"))
    second.subscribe(["grouped"])
    assert values_of(second, 2) == [b"2", b"3"]
    second.close()


def test_members_share_partitions(broker: Broker, cluster: Cluster) -> None:
    create_topic(cluster, "shared", partitions=4)
    settings = GroupSettings("sharing", heartbeat_interval_ms=10)
    with Cluster(broker.bootstrap_servers) as other_cluster:
        one = Consumer(cluster, EARLIEST_FIRST, settings)
        one.subscribe(["shared"])
        one.poll(0)
        assert one.assignment == [("shared", index) for index in range(4)]
        two = Consumer(other_cluster, EARLIEST_FIRST, settings)
        two.subscribe(["shared"])
        joining = Thread(target=two.poll, args=(0,))
        joining.start()
        while len(one.assignment) == 4:
            one.poll(0.01)
        joining.join()
        assert sorted(one.assignment + two.assignment) == [("shared", index) for index in range(4)]
        assert len(two.assignment) == 2
        two.close()
        while len(one.assignment) == 2:
            one.poll(0.01)
        one.close()


def test_topics_by_pattern(cluster: Cluster) -> None:
    for name in ("pattern-a", "pattern-b", "other"):
        create_topic(cluster, name, partitions=1)
        produced(cluster, name, name.encode())
    consumer = Consumer(cluster, EARLIEST_FIRST, GroupSettings("patterns"))
    consumer.subscribe_matching(lambda topic: topic.startswith("pattern-"))
    assert sorted(map(str, values_of(consumer, 2))) == ["b'pattern-a'", "b'pattern-b'"]
    assert consumer.assignment == [("pattern-a", 0), ("pattern-b", 0)]
    consumer.close()


def test_a_topic_that_comes_again(cluster: Cluster) -> None:
    create_topic(cluster, "again", partitions=1)
    consumer = Consumer(cluster, EARLIEST_FIRST)
    consumer.assign([("again", 0)])
    assert not consumer.poll(0)
    delete_topics(cluster, ["again"])
    create_topic(cluster, "again", partitions=1)
    with_other_leaders = Producer(cluster)
    with_other_leaders.send("again", b"v")
    with_other_leaders.flush()
    assert values_of(consumer, 1) == [b"v"]


def test_nobody_is_there() -> None:
    port = free_port()
    warnings: list[str] = []
    cluster = Cluster(f"127.0.0.1:{port}", connect_timeout_s=0.05, on_warning=warnings.append)
    with pytest.raises(BrokerUnreachable, match="Connection refused"):
        cluster.any_broker()
    assert len(warnings) == 1
    consumer = Consumer(Cluster(f"127.0.0.1:{port}"), on_warning=warnings.append)
    consumer.assign([("t", 0)])
    assert not consumer.poll(0)
