"""reset, snapshot and restore: here, and in a process of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka import KafkaProducer

from minikafka import Broker, MinikafkaError
from minikafka.protocol.messages import InitProducerIdRequest


@pytest.fixture(params=[False, True], ids=["thread", "process"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with Broker(process=request.param) as running:
        yield running


def commit(broker: Broker, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "g"})
    consumer.commit(offsets=[TopicPartition("t", 0, offset)], asynchronous=False)
    consumer.close()


def test_reset_leaves_nothing_but_the_broker(broker: Broker) -> None:
    before = broker.bootstrap_servers, broker.cluster_id
    broker.seed({"t": ["a", "b"]})
    commit(broker, 1)
    broker.reset()
    assert broker.topics() == {}
    assert broker.groups() == {}
    assert broker.committed_offsets("g") == {}
    assert (broker.bootstrap_servers, broker.cluster_id) == before
    assert broker.produce("t", "new").offset == 0


def test_restore_brings_back_records_settings_and_offsets(broker: Broker) -> None:
    broker.seed({"t": {"configs": {"retention.ms": 77_000_000}, "records": ["a", "b", "c"]}})
    commit(broker, 2)
    records = broker.records("t")
    snapshot = broker.snapshot()
    assert broker.records("t") == records
    for _ in range(2):
        broker.produce("t", "later")
        broker.produce("other", "later")
        broker.delete_topic("t")
        broker.restore(snapshot)
        assert broker.records("t") == records
        assert broker.topics() == {"t": 1}
        assert broker.topic_configs("t") == {"retention.ms": "77000000"}
        assert broker.committed_offsets("g") == {("t", 0): 2}
        assert broker.lag("g") == {("t", 0): 1}
    with Broker() as other:
        other.restore(snapshot)
        assert other.records("t") == records


def test_a_client_that_lives_on_connects_again(broker: Broker) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, retry_backoff_ms=10)
    producer.send("t", b"before").get(10)
    broker.reset()
    producer.send("t", b"after").get(10)
    producer.close()
    assert [record.value for record in broker.records("t")] == [b"after"]


def test_no_producer_id_is_given_twice(broker: Broker) -> None:
    def new_id() -> int:
        answer = broker.call(InitProducerIdRequest(transactional_id=None, producer_id=-1, producer_epoch=-1))
        assert answer.error_code == 0
        return int(answer.producer_id)

    snapshot = broker.snapshot()
    ids = [new_id()]
    broker.reset()
    ids.append(new_id())
    broker.restore(snapshot)
    ids.append(new_id())
    assert len(set(ids)) == 3


def test_a_snapshot_that_is_gone() -> None:
    with Broker() as broker:
        snapshot = broker.snapshot()
        snapshot.delete()
        with pytest.raises(ValueError, match="was deleted"):
            broker.restore(snapshot)


@pytest.mark.usefixtures("nothing_is_left")
def test_a_snapshot_leaves_nothing() -> None:
    with Broker() as broker:
        broker.seed({"t": ["a"]})
        broker.snapshot()
        broker.restore(broker.snapshot())


def test_in_several_directories(tmp_path: Path) -> None:
    directories = [str(tmp_path / name) for name in ("one", "two")]
    with Broker(log_dirs=",".join(directories), metadata_log_dir=directories[1]) as broker:
        broker.seed({"t": {"partitions": 4, "records": [(str(n), str(n)) for n in range(20)]}})
        records = broker.records("t")
        snapshot = broker.snapshot()
        broker.reset()
        assert broker.topics() == {}
        broker.restore(snapshot)
        assert broker.records("t") == records


def test_milliseconds() -> None:
    """Measured: 5 to 6 ms a reset, 8 to 10 ms a restore of three topics; in processor time, for busy machines."""
    with Broker() as broker:
        broker.seed({"a": ["1"], "b": ["2"], "c": ["3"]})
        snapshot = broker.snapshot()
        took_s = []
        for _ in range(10):
            started_s = time.process_time()
            broker.restore(snapshot)
            broker.reset()
            took_s.append(time.process_time() - started_s)
    assert min(took_s) < 0.1


def test_other_threads_ask_on_while_it_goes_back(broker: Broker) -> None:
    broker.seed({"t": ["a"]})
    snapshot = broker.snapshot()
    is_over = threading.Event()

    def ask() -> int:
        count = 0
        while not is_over.is_set():
            assert broker.topics() == {"t": 1}
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask) for _ in range(2)]
        try:
            for _ in range(10):
                broker.restore(snapshot)
        finally:
            is_over.set()
    assert all(future.result() for future in asked)


def test_a_state_that_cannot_be_restored(tmp_path: Path) -> None:
    with Broker() as broker:
        snapshot = broker.snapshot()
        Path(snapshot.directories[0], "meta.properties").write_text("nonsense")
        with pytest.raises(MinikafkaError):
            broker.restore(snapshot)
        with pytest.raises(RuntimeError, match="not running"):
            broker.topics()
    assert not broker.is_running
