"""The APIs of transactional producers, and of those who look after them, at every version."""

from __future__ import annotations

from typing import Any

import pytest

from minikafka import errors
from minikafka.handlers import (
    add_partitions_to_txn,
    describe_producers,
    describe_transactions,
    txn_offset_commit,
    write_txn_markers,
)
from minikafka.protocol.messages import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    DescribeProducersRequest,
    DescribeTransactionsRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    ListTransactionsRequest,
    ProduceRequest,
    TxnOffsetCommitRequest,
    WriteTxnMarkersRequest,
)
from tests.handlers.data_broker import NOW_MS, batch
from tests.handlers.transaction_broker import Producer, TransactionBroker, start_broker, topic_id_of


@pytest.fixture
def broker() -> TransactionBroker:
    return start_broker()


@pytest.fixture
def producer(broker: TransactionBroker) -> Producer:
    return Producer(broker, version=1).started()


# InitProducerId


@pytest.mark.parametrize("version", range(6))
def test_init_producer_id(broker: TransactionBroker, version: int) -> None:
    request = InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=1000)
    answers = [broker.call(request, version).value for _ in range(2)]
    assert [(one.error_code, one.producer_epoch) for one in answers] == [(0, 0), (0, 1)]
    assert answers[0].producer_id == answers[1].producer_id


@pytest.mark.parametrize(("version", "code"), [(3, errors.INVALID_PRODUCER_EPOCH), (4, errors.PRODUCER_FENCED)])
def test_init_producer_id_of_a_fenced_producer(producer: Producer, version: int, code: int) -> None:
    Producer(producer.broker).started()
    request = InitProducerIdRequest(
        transactional_id="tx", transaction_timeout_ms=1000, producer_id=producer.producer_id, producer_epoch=0
    )
    answer = producer.broker.call(request, version).value
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (code, -1, -1)


def test_an_empty_transactional_id(broker: TransactionBroker) -> None:
    request = InitProducerIdRequest(transactional_id="", transaction_timeout_ms=1000)
    assert broker.call(request, 5).value.error_code == errors.INVALID_REQUEST
    assert broker.call(EndTxnRequest(producer_id=1, producer_epoch=1), 5).value.error_code == errors.INVALID_REQUEST
    assert Producer(broker, "").add(("t", 0)) == [errors.INVALID_REQUEST]


# AddPartitionsToTxn


@pytest.mark.parametrize("version", range(4))
def test_add_partitions(producer: Producer, version: int) -> None:
    assert producer.add(("t", 0), ("t", 1), ("u", 0), version=version) == [0, 0, 0]
    assert producer.add(("t", 0), version=version) == [0], "again"
    described = producer.broker.transactions.describe("tx")
    assert [(one.topic, one.partitions) for one in described.topics] == [("t", [0, 1]), ("u", [0])]


def test_a_partition_that_does_not_exist_fails_all(producer: Producer) -> None:
    assert producer.add(("t", 0), ("t", 2), ("x", 0)) == [
        errors.OPERATION_NOT_ATTEMPTED,
        errors.UNKNOWN_TOPIC_OR_PARTITION,
        errors.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    assert producer.broker.state("tx") == "Empty"


@pytest.mark.parametrize("version", [4, 5])
def test_many_transactions_at_once(producer: Producer, version: int) -> None:
    broker = producer.broker
    other = Producer(broker, "other").started()
    transactions = [
        AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction(
            transactional_id=one.transactional_id,
            producer_id=one.producer_id,
            producer_epoch=epoch,
            verify_only=verify_only,
            topics=[AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name="t", partitions=[0, 1])],
        )
        for one, epoch, verify_only in ((producer, 0, False), (other, 0, True))
    ]
    answer = broker.call(AddPartitionsToTxnRequest(transactions=transactions), version).value
    codes = {
        result.transactional_id: [one.partition_error_code for one in result.topic_results[0].results_by_partition]
        for result in answer.results_by_transaction
    }
    assert answer.error_code == 0
    assert codes == {"tx": [0, 0], "other": [errors.TRANSACTION_ABORTABLE] * 2}
    assert (broker.state("tx"), broker.state("other")) == ("Ongoing", "Empty")


def test_add_partitions_failing_as_a_whole() -> None:
    topics = [AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name="t", partitions=[0])]
    answer = add_partitions_to_txn.error_response(AddPartitionsToTxnRequest(v3_and_below_topics=topics), 9)
    assert answer.error_code == 9
    assert answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code == 9


# AddOffsetsToTxn, TxnOffsetCommit


@pytest.mark.parametrize("version", range(5))
def test_add_offsets(producer: Producer, version: int) -> None:
    broker = producer.broker
    assert "__consumer_offsets" not in broker.image.topics_by_name
    request = AddOffsetsToTxnRequest(
        transactional_id="tx", producer_id=producer.producer_id, producer_epoch=0, group_id="g"
    )
    assert broker.call(request, version).value.error_code == 0
    assert [one.topic for one in broker.transactions.describe("tx").topics] == ["__consumer_offsets"]
    request.producer_epoch = 5
    fenced = errors.INVALID_PRODUCER_EPOCH if version < 2 else errors.PRODUCER_FENCED
    assert broker.call(request, version).value.error_code == fenced


@pytest.mark.parametrize("version", range(6))
def test_txn_offset_commit(producer: Producer, version: int) -> None:
    if version < 5:
        producer.send_offset(1)
    else:
        producer.broker._create_internal_topic("__consumer_offsets")
    assert producer.commit_offset(version, version=version) == 0
    assert producer.broker.offset("g", "u", require_stable=True) == (-1, errors.UNSTABLE_OFFSET_COMMIT)
    assert producer.commit() == 0
    assert producer.broker.offset("g", "u", require_stable=True) == (version, 0)


def test_offsets_of_partitions_that_do_not_exist(producer: Producer) -> None:
    producer.send_offset(1)
    request = _txn_offset_commit(producer, {"t": [0, 9], "x": [0]})
    topics = producer.broker.call(request, 3).value.topics
    unknown = errors.UNKNOWN_TOPIC_OR_PARTITION
    assert {(topic.name, one.partition_index): one.error_code for topic in topics for one in topic.partitions} == {
        ("t", 0): 0,
        ("t", 9): unknown,
        ("x", 0): unknown,
    }
    assert len(topics) == 2
    [alone] = producer.broker.call(_txn_offset_commit(producer, {"x": [0]}), 3).value.topics
    assert alone.partitions[0].error_code == unknown


def _txn_offset_commit(producer: Producer, partitions: dict[str, list[int]], **how: Any) -> TxnOffsetCommitRequest:
    return TxnOffsetCommitRequest(
        **{
            "transactional_id": "tx",
            "group_id": "g",
            "producer_id": producer.producer_id,
            "producer_epoch": producer.producer_epoch,
            "topics": [
                TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                    name=name,
                    partitions=[
                        TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
                            partition_index=index, committed_offset=5, committed_metadata=""
                        )
                        for index in indexes
                    ],
                )
                for name, indexes in partitions.items()
            ],
            **how,
        }
    )


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"group_id": ""}, errors.INVALID_GROUP_ID),
        ({"producer_id": 77}, errors.INVALID_PRODUCER_ID_MAPPING),
        ({"producer_epoch": 7}, errors.INVALID_PRODUCER_EPOCH),
        ({"generation_id": 4, "member_id": "m"}, errors.UNKNOWN_MEMBER_ID),
    ],
)
def test_offsets_that_are_refused(producer: Producer, how: dict[str, Any], code: int) -> None:
    producer.send_offset(1)
    answer = producer.broker.call(_txn_offset_commit(producer, {"t": [0]}, **how), 3).value
    assert answer.topics[0].partitions[0].error_code == code


def test_there_is_no_group_coordinator_yet(producer: Producer) -> None:
    answer = producer.broker.call(_txn_offset_commit(producer, {"t": [0]}), 5).value
    assert answer.topics[0].partitions[0].error_code == errors.COORDINATOR_NOT_AVAILABLE


@pytest.mark.parametrize(
    ("version", "code"), [(1, errors.COORDINATOR_NOT_AVAILABLE), (2, errors.COORDINATOR_LOAD_IN_PROGRESS)]
)
def test_old_producers_are_not_told_of_loading(
    producer: Producer, monkeypatch: pytest.MonkeyPatch, version: int, code: int
) -> None:
    producer.send_offset(1)
    monkeypatch.setattr(
        producer.broker.groups,
        "commit_transactional_offsets",
        lambda caller, request: txn_offset_commit.error_response(request, errors.COORDINATOR_LOAD_IN_PROGRESS),
    )
    answer = producer.broker.call(_txn_offset_commit(producer, {"t": [0]}), version).value
    assert answer.topics[0].partitions[0].error_code == code


# EndTxn


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("version", range(6))
def test_end(producer: Producer, version: int, committed: bool) -> None:
    producer.write(b"x")
    request = EndTxnRequest(
        transactional_id="tx", producer_id=producer.producer_id, producer_epoch=0, committed=committed
    )
    answer = producer.broker.call(request, version).value
    expected = (producer.producer_id, 1) if version == 5 else (-1, -1)
    assert (answer.error_code, answer.producer_id, answer.producer_epoch) == (0, *expected)
    assert producer.broker.committed("t") == ([b"x"] if committed else [])


# Produce


def _produce(broker: TransactionBroker, version: int, *records: bytes, **how: Any) -> ProduceRequest:
    """Each of ``records`` to a partition of ``t`` of its own."""
    name = {"topic_id": topic_id_of("t")} if version >= 13 else {"name": "t"}
    return ProduceRequest(
        acks=-1,
        topic_data=[
            ProduceRequest.TopicProduceData(
                partition_data=[
                    ProduceRequest.PartitionProduceData(index=index, records=one) for index, one in enumerate(records)
                ],
                **name,
            )
        ],
        **how,
    )


def _batch(producer_id: int, epoch: int = 0) -> bytes:
    return batch(b"x", producer_id=producer_id, producer_epoch=epoch, base_sequence=0, is_transactional=True)


@pytest.mark.parametrize("version", range(3, 14))
def test_transactional_records_need_a_transactional_id(producer: Producer, version: int) -> None:
    request = _produce(producer.broker, version, _batch(producer.producer_id))
    assert producer.broker.refusal(request, version) == errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_one_request_is_of_one_producer(producer: Producer) -> None:
    other = Producer(producer.broker, "other").started()
    request = _produce(
        producer.broker, 12, _batch(producer.producer_id), _batch(other.producer_id), transactional_id="tx"
    )
    assert producer.broker.refusal(request, 12) == errors.INVALID_PRODUCER_ID_MAPPING


@pytest.mark.parametrize("version", [12, 13])
def test_a_write_adds_all_its_partitions_at_once(producer: Producer, version: int) -> None:
    broker = producer.broker
    records = [_batch(producer.producer_id)] * 2
    request = _produce(broker, version, *records, transactional_id="tx")
    [topic] = broker.call(request, version).value.responses
    assert [one.error_code for one in topic.partition_responses] == [0, 0]
    log = broker.logs.get("__transaction_state", broker.transaction_service.runtime.partition_index("tx"))
    assert log.log_end_offset == 2, "one record for the producer, one for both partitions"


@pytest.mark.parametrize("version", range(3, 12))
def test_a_write_to_an_added_partition(producer: Producer, version: int) -> None:
    producer.add(("t", 0))
    request = _produce(producer.broker, version, _batch(producer.producer_id), transactional_id="tx")
    [topic] = producer.broker.call(request, version).value.responses
    assert topic.partition_responses[0].error_code == 0


def test_what_cannot_be_appended_is_not_added(producer: Producer) -> None:
    request = _produce(producer.broker, 12, *[_batch(producer.producer_id)] * 3, transactional_id="tx")
    [topic] = producer.broker.call(request, 12).value.responses
    assert [one.error_code for one in topic.partition_responses] == [0, 0, errors.UNKNOWN_TOPIC_OR_PARTITION]
    assert producer.broker.transactions.describe("tx").topics[0].partitions == [0, 1]


# WriteTxnMarkers


def _markers(*markers: tuple[int, int, bool, str, list[int]], **how: Any) -> WriteTxnMarkersRequest:
    return WriteTxnMarkersRequest(
        markers=[
            WriteTxnMarkersRequest.WritableTxnMarker(
                producer_id=producer_id,
                producer_epoch=epoch,
                transaction_result=committed,
                topics=[WriteTxnMarkersRequest.WritableTxnMarkerTopic(name=topic, partition_indexes=partitions)],
                **how,
            )
            for producer_id, epoch, committed, topic, partitions in markers
        ]
    )


def _codes(answer: Any) -> dict[tuple[int, str, int], int]:
    return {
        (marker.producer_id, topic.name, one.partition_index): one.error_code
        for marker in answer.markers
        for topic in marker.topics
        for one in topic.partitions
    }


@pytest.mark.parametrize("version", range(3))
def test_a_hanging_transaction_is_aborted(producer: Producer, version: int) -> None:
    broker = producer.broker
    producer.write(b"hanging")
    broker.call(_produce(broker, 3, batch(b"after")), 3)
    assert broker.committed("t") == []
    producer_id = producer.producer_id
    answer = broker.call(_markers((producer_id, 0, False, "t", [0, 5])), version).value
    assert _codes(answer) == {(producer_id, "t", 0): 0, (producer_id, "t", 5): errors.UNKNOWN_TOPIC_OR_PARTITION}
    assert broker.committed("t") == [b"after"]


def test_markers_of_one_producer_are_answered_together(producer: Producer) -> None:
    request = _markers((7, 0, True, "t", [0]), (7, 0, True, "u", [0]), (8, 0, False, "t", [1]))
    answer = producer.broker.call(request, 1).value
    assert [marker.producer_id for marker in answer.markers] == [7, 8]
    assert set(_codes(answer).values()) == {0}


def test_markers_for_offsets(producer: Producer) -> None:
    broker = producer.broker
    producer.send_offset(3)
    index = broker.group_service.runtime.partition_index("g")
    producer_id = producer.producer_id
    request = _markers((producer_id, 0, True, "__consumer_offsets", [index]))
    assert set(_codes(broker.call(request, 1).value).values()) == {0}
    assert broker.offset("g", "u", require_stable=True) == (3, 0)


def test_the_epoch_rule_of_version_2(producer: Producer) -> None:
    producer.write(b"x")
    request = _markers((producer.producer_id, 0, True, "t", [0]), transaction_version=2)
    assert set(_codes(producer.broker.call(request, 2).value).values()) == {errors.INVALID_PRODUCER_EPOCH}
    request.markers[0].producer_epoch = 1
    assert set(_codes(producer.broker.call(request, 2).value).values()) == {0}


def test_markers_of_an_old_coordinator_are_refused(producer: Producer) -> None:
    producer.write(b"x")
    broker = producer.broker
    broker.call(_markers((producer.producer_id, 0, True, "t", [0]), coordinator_epoch=5), 1)
    late = broker.call(_markers((producer.producer_id, 0, True, "t", [0]), coordinator_epoch=4), 1).value
    assert set(_codes(late).values()) == {errors.TRANSACTION_COORDINATOR_FENCED}


def test_a_group_coordinator_that_is_not_ready(producer: Producer) -> None:
    broker = producer.broker
    producer.send_offset(3)
    index = broker.group_service.runtime.partition_index("g")
    broker.group_service.runtime.stop()
    request = _markers((producer.producer_id, 0, True, "__consumer_offsets", [index]))
    assert set(_codes(broker.call(request, 1).value).values()) == {errors.NOT_LEADER_OR_FOLLOWER}


def test_markers_failing_as_a_whole() -> None:
    answer = write_txn_markers.error_response(_markers((7, 0, True, "t", [0, 1])), 9)
    assert _codes(answer) == {(7, "t", 0): 9, (7, "t", 1): 9}


# DescribeTransactions, ListTransactions, DescribeProducers


def test_describe_transactions(producer: Producer) -> None:
    producer.add(("t", 1))
    request = DescribeTransactionsRequest(transactional_ids=["tx", "nobody", ""])
    known, unknown, empty = producer.broker.call(request, 0).value.transaction_states
    assert (known.error_code, known.transaction_state, known.transaction_timeout_ms) == (0, "Ongoing", 60_000)
    assert (known.producer_id, known.producer_epoch) == (producer.producer_id, 0)
    assert known.transaction_start_time_ms == NOW_MS
    assert [(one.topic, one.partitions) for one in known.topics] == [("t", [1])]
    assert unknown.error_code == errors.TRANSACTIONAL_ID_NOT_FOUND
    assert empty.error_code == errors.INVALID_REQUEST
    failed = describe_transactions.error_response(request, 9)
    assert [one.error_code for one in failed.transaction_states] == [9, 9, 9]


def test_describe_transactions_before_there_are_any(broker: TransactionBroker) -> None:
    [one] = broker.call(DescribeTransactionsRequest(transactional_ids=["tx"]), 0).value.transaction_states
    assert one.error_code == errors.NOT_COORDINATOR


@pytest.mark.parametrize(
    ("version", "filters", "expected"),
    [
        (0, {}, {"orders-1", "orders-2", "audit"}),
        (0, {"state_filters": ["Ongoing", "Dead"]}, {"orders-1"}),
        (0, {"state_filters": ["Empty", "CompleteCommit"]}, {"audit", "orders-2"}),
        (0, {"producer_id_filters": [1]}, set()),
        (1, {"duration_filter": 4999, "state_filters": ["Ongoing"]}, {"orders-1"}),
        (1, {"duration_filter": 5000, "state_filters": ["Ongoing"]}, set()),
        (2, {"transactional_id_pattern": "orders-.*"}, {"orders-1", "orders-2"}),
        (2, {"transactional_id_pattern": "orders"}, set()),
        (2, {"transactional_id_pattern": ""}, {"orders-1", "orders-2", "audit"}),
    ],
)
def test_list_transactions(
    broker: TransactionBroker, version: int, filters: dict[str, Any], expected: set[str]
) -> None:
    Producer(broker, "orders-1").started().write(b"x")
    ended = Producer(broker, "orders-2").started()
    ended.write(b"x")
    ended.commit()
    Producer(broker, "audit").started()
    broker.clock.advance(5000)
    answer = broker.call(ListTransactionsRequest(**filters), version).value
    assert answer.error_code == 0
    assert {one.transactional_id for one in answer.transaction_states} == expected


def test_list_transactions_with_filters_that_are_wrong(producer: Producer) -> None:
    answer = producer.broker.call(ListTransactionsRequest(state_filters=["Empty", "Unheard", "Unheard"]), 0).value
    assert answer.unknown_state_filters == ["Unheard"]
    assert [one.transactional_id for one in answer.transaction_states] == ["tx"]
    assert producer.broker.call(ListTransactionsRequest(state_filters=["Unheard"]), 0).value.transaction_states == []
    request = ListTransactionsRequest(transactional_id_pattern="(")
    assert producer.broker.refusal(request, 2) == errors.INVALID_REGULAR_EXPRESSION


def test_describe_producers(producer: Producer) -> None:
    producer.write(b"x")
    request = DescribeProducersRequest(
        topics=[
            DescribeProducersRequest.TopicRequest(name=name, partition_indexes=indexes)
            for name, indexes in (("t", [0, 1, 2]), ("not a topic", [0]))
        ]
    )
    known, impossible = producer.broker.call(request, 0).value.topics
    [one] = known.partitions[0].active_producers
    assert (one.producer_id, one.producer_epoch, one.last_sequence) == (producer.producer_id, 0, 0)
    assert (one.last_timestamp, one.coordinator_epoch, one.current_txn_start_offset) == (NOW_MS, -1, 0)
    assert known.partitions[1].active_producers == []
    assert (known.partitions[2].error_code, known.partitions[2].error_message) == (
        errors.UNKNOWN_TOPIC_OR_PARTITION,
        None,
    )
    assert impossible.partitions[0].error_code == errors.INVALID_TOPIC_EXCEPTION
    producer.commit()
    [one] = producer.broker.call(request, 0).value.topics[0].partitions[0].active_producers
    assert (one.coordinator_epoch, one.current_txn_start_offset) == (0, -1)
    failed = describe_producers.error_response(request, 9)
    assert [one.error_code for topic in failed.topics for one in topic.partitions] == [9, 9, 9, 9]
