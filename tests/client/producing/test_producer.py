"""The producer: when batches go out, what it tells about them, and transactions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minikafka.broker import Broker
from minikafka.client.admin.topics import create_topic
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer, ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from minikafka.client.errors import ClientError
from minikafka.client.producing.producer import Producer
from minikafka.client.producing.producer_settings import ProducerSettings
from minikafka.client.producing.sender import CHANNEL
from minikafka.errors import ApiError, MinikafkaError, name_of
from minikafka.records.batch import Record
from tests.support.polling import wait_until

Written = list[tuple[str, int, int, int]]

COMMITTED = ConsumerSettings(auto_offset_reset="earliest", fetch=FetchSettings(max_wait_ms=20, read_committed=True))


@pytest.fixture
def written() -> Written:
    """Topic, partition, first offset and number of records of each batch that was told."""
    return []


@pytest.fixture
def made(cluster: Cluster, written: Written) -> Callable[..., Producer]:
    def make(**settings: object) -> Producer:
        def note(topic: str, partition: int, base_offset: int, records: list[Record]) -> None:
            written.append((topic, partition, base_offset, len(records)))

        return Producer(cluster, ProducerSettings(**settings), on_written=note)  # type: ignore[arg-type]

    return make


@pytest.fixture
def transactional(cluster: Cluster) -> Callable[[str], Producer]:
    """Producers of a transactional id, ready to begin."""

    def make(transactional_id: str) -> Producer:
        producer = Producer(cluster, ProducerSettings(transactional_id=transactional_id))
        producer.init_transactions()
        return producer

    return make


def committed(cluster: Cluster, topic: str) -> list[tuple[int, bytes | None]]:
    """Offset and value of what is committed, up to the last stable offset."""
    consumer = Consumer(cluster, COMMITTED)
    consumer.assign([(topic, 0)])
    found = []
    while consumer.poll(0.1):
        record = consumer.take().fetched.record
        found.append((record.offset, record.value))
    return found


def test_full_batches_go_out_on_their_own(made: Callable[..., Producer], cluster: Cluster, written: Written) -> None:
    create_topic(cluster, "full-batches", partitions=1)
    producer = made(batch_size_bytes=1000)
    for _ in range(100):
        producer.send("full-batches", bytes(79))  # 100 bytes with what surrounds it
    assert written
    producer.flush()
    assert [batch[2] for batch in written] == list(range(0, 100, 9))
    assert sum(batch[3] for batch in written) == 100


def test_every_partition_in_its_order(made: Callable[..., Producer], cluster: Cluster, written: Written) -> None:
    create_topic(cluster, "in-order", partitions=3)
    producer = made(batch_size_bytes=300)
    for number in range(90):
        producer.send("in-order", b"%d" % number, partition=number % 3)
    producer.flush()
    for partition in range(3):
        consumer = Consumer(cluster, COMMITTED)
        consumer.assign([("in-order", partition)])
        values = []
        while len(values) < 30 and consumer.poll(5):
            values.append(int(consumer.take().fetched.record.value or b""))
        assert values == list(range(partition, 90, 3))
        offsets = [batch[2] for batch in written if batch[1] == partition]
        assert offsets == sorted(offsets)


def test_others_may_ask_while_answers_wait(made: Callable[..., Producer], cluster: Cluster) -> None:
    create_topic(cluster, "meanwhile", partitions=1)
    producer = made(batch_size_bytes=100)
    for number in range(20):
        producer.send("meanwhile", b"%d" % number)
        assert producer.has_unsent
        if number % 5 == 0:
            committed(cluster, "meanwhile")
    producer.flush()
    assert [value for _, value in committed(cluster, "meanwhile")] == [b"%d" % number for number in range(20)]


def test_without_acknowledgement_there_are_no_offsets(
    made: Callable[..., Producer], cluster: Cluster, written: Written
) -> None:
    create_topic(cluster, "unacknowledged", partitions=1)
    producer = made(acks=0, is_idempotent=False)
    producer.send("unacknowledged", b"v")
    producer.flush()
    assert written == [("unacknowledged", 0, -1, 1)]
    assert wait_until(lambda: committed(cluster, "unacknowledged")) == [(0, b"v")]


def test_committed_and_aborted(transactional: Callable[[str], Producer], cluster: Cluster) -> None:
    create_topic(cluster, "in-transactions", partitions=1)
    producer = transactional("first")
    for values, commits in ((b"ab", True), (b"cd", False), (b"", True), (b"ef", True)):
        producer.begin_transaction()
        for value in values:
            producer.send("in-transactions", bytes([value]))
        if commits:
            producer.commit_transaction()
        else:
            producer.flush()
            producer.abort_transaction()
    # A marker takes the offset behind each transaction that wrote something.
    assert committed(cluster, "in-transactions") == [(0, b"a"), (1, b"b"), (6, b"e"), (7, b"f")]


def test_what_was_not_sent_is_dropped(transactional: Callable[[str], Producer], cluster: Cluster) -> None:
    create_topic(cluster, "dropped", partitions=1)
    producer = transactional("dropping")
    producer.begin_transaction()
    producer.send("dropped", b"never")
    producer.abort_transaction()
    assert not producer.has_unsent
    producer.begin_transaction()
    producer.send("dropped", b"sent")
    producer.commit_transaction()
    assert committed(cluster, "dropped") == [(0, b"sent")]


def test_a_later_producer_of_the_id_fences_the_first(transactional: Callable[[str], Producer]) -> None:
    first = transactional("fenced")
    first.begin_transaction()
    first.send("fences", b"1")
    first.flush()
    transactional("fenced")
    with pytest.raises(ApiError) as caught:
        first.commit_transaction()
    assert name_of(caught.value.code) in ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")


def test_a_lost_batch_spoils_the_transaction(transactional: Callable[[str], Producer], cluster: Cluster) -> None:
    create_topic(cluster, "spoiled", partitions=1, configs={"max.message.bytes": "1000"})
    producer = transactional("spoiling")
    producer.begin_transaction()
    producer.send("spoiled", bytes(2000))
    with pytest.raises(MinikafkaError, match="larger than the max message size"):
        producer.commit_transaction()
    with pytest.raises(MinikafkaError, match="larger than the max message size"):
        producer.commit_transaction()
    producer.abort_transaction()
    producer.begin_transaction()
    producer.send("spoiled", b"fits")
    producer.commit_transaction()
    assert [value for _, value in committed(cluster, "spoiled")] == [b"fits"]


def test_transactions_in_the_wrong_order(cluster: Cluster) -> None:
    plain = Producer(cluster)
    with pytest.raises(ClientError, match=r"no transactional\.id"):
        plain.begin_transaction()
    producer = Producer(cluster, ProducerSettings(transactional_id="wrong-order"))
    with pytest.raises(ClientError, match="no transaction before init_transactions"):
        producer.begin_transaction()
    producer.init_transactions()
    with pytest.raises(ClientError, match="no transaction of wrong-order to end"):
        producer.commit_transaction()
    producer.begin_transaction()
    with pytest.raises(ClientError, match="has begun already"):
        producer.begin_transaction()


def test_outside_a_transaction_nothing_is_sent(transactional: Callable[[str], Producer]) -> None:
    producer = transactional("outside")
    producer.send("outside", b"v")
    with pytest.raises(ClientError, match="within a transaction only"):
        producer.flush()


def test_a_broker_that_comes_again(written: Written) -> None:
    """Nothing is lost, and nothing twice, when the connection ends under way."""
    with Broker() as broker, Cluster(broker.bootstrap_servers) as cluster:
        producer = Producer(cluster, on_written=lambda *batch: written.append((*batch[:3], len(batch[3]))))
        producer.send("again", b"1", partition=0)
        producer.flush()
        cluster.broker(broker.node_id, channel=CHANNEL).close()
        producer.send("again", b"2", partition=0)
        producer.flush()
        assert committed(cluster, "again") == [(0, b"1"), (1, b"2")]
    assert [batch[2] for batch in written] == [0, 1]
