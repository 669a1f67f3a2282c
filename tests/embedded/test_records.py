from __future__ import annotations

import threading
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer

from minikafka import ApiError, Broker
from minikafka.clock import ManualClock
from minikafka.embedded.plain_types import Record
from minikafka.errors import UNKNOWN_TOPIC_OR_PARTITION


def test_a_record_comes_back_as_it_was_written(broker: Broker) -> None:
    broker.create_topic("t", 3)
    written = broker.produce("t", "v", key=b"k", headers={"h": "1", "n": None}, partition=2, timestamp=1234)
    assert written == Record("t", 2, 0, 1234, b"k", b"v", (("h", b"1"), ("n", None)))
    assert broker.records("t") == [written]
    assert written.text == "v"


def test_clients_read_what_was_produced_and_the_other_way_round(broker: Broker) -> None:
    broker.create_topic("t", 4)
    mine = [broker.produce("t", f"v{number}", key=f"k{number}") for number in range(20)]
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    theirs = [producer.send("t", b"again", key=f"k{number}".encode()).get(10) for number in range(20)]
    producer.close()
    assert [record.partition for record in mine] == [record.partition for record in theirs]
    consumer = KafkaConsumer(
        "t", bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=10_000
    )
    read = [next(consumer) for _ in range(40)]
    consumer.close()
    seen = {(record.partition, record.offset, record.key, record.value) for record in broker.records("t")}
    assert seen == {(record.partition, record.offset, record.key, record.value) for record in read}


def test_a_topic_comes_to_be_when_it_is_written_to(broker: Broker) -> None:
    assert broker.produce("new", '{"a": [1]}').json() == {"a": [1]}
    assert broker.produce("new", None, key="gone").value is None
    assert broker.topics() == {"new": 1}
    assert [record.offset for record in broker.records("new")] == [0, 1]
    assert broker.produce("chosen", "v", partition=0).offset == 0
    with pytest.raises(ApiError, match=r"another-1: This server does not host this topic-partition\."):
        broker.produce("another", "v", partition=1)


def test_refusals() -> None:
    with Broker(auto_create_topics_enable=False) as broker:
        with pytest.raises(ApiError, match="create_topic") as refused:
            broker.produce("new", "v")
        assert refused.value.code == UNKNOWN_TOPIC_OR_PARTITION
        with pytest.raises(ApiError):
            broker.records("new")
        broker.create_topic("t")
        with pytest.raises(ApiError):
            broker.produce("t", "v", partition=5)
        with pytest.raises(TypeError, match=r"json\.dumps"):
            broker.produce("t", {"a": 1})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="a number of records, or a function of a record, not '1'"):
            broker.wait_for("t", "1")  # type: ignore[arg-type]


def test_reading_begins_where_the_log_does(broker: Broker) -> None:
    from minikafka.protocol.messages import DeleteRecordsRequest

    for number in range(5):
        broker.produce("t", str(number))
    topic = DeleteRecordsRequest.DeleteRecordsTopic(
        name="t", partitions=[DeleteRecordsRequest.DeleteRecordsPartition(partition_index=0, offset=3)]
    )
    broker.call(DeleteRecordsRequest(topics=[topic], timeout_ms=1000))
    assert [record.text for record in broker.records("t")] == ["3", "4"]


def test_many_records_over_several_fetches(broker: Broker) -> None:
    broker.seed({"t": [b"x" * 1000] * 3000})
    assert len(broker.records("t")) == 3000


def test_transactions(broker: Broker) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, transactional_id="tx")
    producer.init_transactions()
    for value, ends in ((b"kept", producer.commit_transaction), (b"dropped", producer.abort_transaction)):
        producer.begin_transaction()
        producer.send("t", value).get(10)
        ends()
    producer.begin_transaction()
    producer.send("t", b"open").get(10)
    assert [record.value for record in broker.records("t")] == [b"kept", b"dropped", b"open"]
    assert [record.value for record in broker.records("t", committed_only=True)] == [b"kept"]
    producer.commit_transaction()
    producer.close()
    assert [record.value for record in broker.wait_for("t", 2, committed_only=True)] == [b"kept", b"open"]


def test_following(broker: Broker) -> None:
    broker.produce("t", "first")
    seen = []
    for record in broker.follow("t", timeout_s=0.1):
        seen.append(record.text)
        if len(seen) < 4:
            broker.produce("t", f"after {record.text}")
    assert seen == ["first", "after first", "after after first", "after after after first"]
    assert list(broker.follow("absent", timeout_s=0)) == []


def test_waiting_for_a_count(broker: Broker) -> None:
    thread = threading.Thread(target=lambda: [broker.produce("later", str(number)) for number in range(3)])
    thread.start()
    assert [record.text for record in broker.wait_for("later", 3)] == ["0", "1", "2"]
    thread.join()


def test_waiting_for_a_record(broker: Broker) -> None:
    broker.seed({"t": ["a", "b", "c"]})
    assert [record.offset for record in broker.wait_for("t", lambda record: record.text in "bc")] == [1, 2]


def test_what_did_not_come_is_told_with_what_is_there(broker: Broker) -> None:
    broker.seed({"t": [("k", str(number)) for number in range(7)]})
    with pytest.raises(TimeoutError, match=r"not within 0\.01 s: 8 records in 't'\. It has 7, the last 5 .*0:6 b'k'"):
        broker.wait_for("t", 8, timeout_s=0.01)
    with pytest.raises(TimeoutError, match=r"a record that is awaited in 'none'\. It has no records"):
        broker.wait_for("none", lambda record: True, timeout_s=0)


def test_the_timestamp_is_the_brokers_time() -> None:
    with Broker(clock=ManualClock(wall_ms=5_000_000)) as broker:
        assert broker.produce("t", "v").timestamp == 5_000_000
        broker.create_topic("append", message_timestamp_type="LogAppendTime")
        assert broker.produce("append", "v", timestamp=77).timestamp == 5_000_000


def test_calls_from_many_threads(broker: Broker) -> None:
    broker.create_topic("t")
    failures: list[Any] = []

    def work() -> None:
        try:
            for _ in range(50):
                broker.produce("t", "v")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(broker.records("t")) == 400
