"""DeleteRecords moves the start of a log; OffsetForLeaderEpoch tells where its epochs end."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.handlers import delete_records, offset_for_leader_epoch
from minikafka.protocol.messages import DeleteRecordsRequest, OffsetForLeaderEpochRequest
from tests.handlers.data_broker import NOW_MS, DataBroker, batch


@pytest.fixture
def broker() -> DataBroker:
    return DataBroker()


def deletion(topic: str, index: int, offset: int) -> DeleteRecordsRequest:
    partition = DeleteRecordsRequest.DeleteRecordsPartition(partition_index=index, offset=offset)
    topics = [DeleteRecordsRequest.DeleteRecordsTopic(name=topic, partitions=[partition])]
    return DeleteRecordsRequest(topics=topics, timeout_ms=1000)


def deleted(broker: DataBroker, offset: int, *, topic: str = "t", index: int = 0, version: int = 2) -> tuple[int, int]:
    """(error code, low watermark)."""
    answer = broker.call(deletion(topic, index, offset), version).value.topics[0].partitions[0]
    assert answer.partition_index == index
    return answer.error_code, answer.low_watermark


@pytest.mark.parametrize("version", [0, 1, 2])
def test_records_below_the_offset_go(broker, version):
    log = broker.create("t")
    log.append(batch(b"a", b"b", b"c"), now_ms=NOW_MS)
    assert deleted(broker, 2, version=version) == (errors.NONE, 2)
    assert deleted(broker, 1, version=version) == (errors.NONE, 2)
    assert deleted(broker, -1, version=version) == (errors.NONE, 3)
    assert (log.log_start_offset, log.log_end_offset) == (3, 3)


@pytest.mark.parametrize("offset", [4, -2])
def test_an_offset_outside_the_log(broker, offset):
    broker.create("t").append(batch(b"a", b"b", b"c"), now_ms=NOW_MS)
    assert deleted(broker, offset) == (errors.OFFSET_OUT_OF_RANGE, -1)


def test_a_compacted_topic_keeps_its_records(broker):
    broker.create("t", cleanup_policy="compact")
    assert deleted(broker, 0) == (errors.POLICY_VIOLATION, -1)
    broker.create("both", cleanup_policy="compact,delete")
    assert deleted(broker, 0, topic="both") == (errors.NONE, 0)


def test_internal_and_unknown_topics(broker):
    broker.create("__consumer_offsets")
    broker.create("t")
    assert deleted(broker, 0, topic="__consumer_offsets") == (errors.INVALID_TOPIC_EXCEPTION, -1)
    assert deleted(broker, 0, topic="nowhere") == (errors.UNKNOWN_TOPIC_OR_PARTITION, -1)
    assert deleted(broker, 0, index=1) == (errors.UNKNOWN_TOPIC_OR_PARTITION, -1)


def test_a_failed_disk(broker):
    broker.create("t").fail()
    assert deleted(broker, 0) == (errors.KAFKA_STORAGE_ERROR, -1)


def test_a_deletion_that_fails_as_a_whole_is_answered_in_each_partition():
    response = delete_records.error_response(deletion("t", 3, 0), errors.UNKNOWN_SERVER_ERROR)
    refused = response.topics[0].partitions[0]
    assert (refused.partition_index, refused.error_code) == (3, errors.UNKNOWN_SERVER_ERROR)


def question(topic: str, index: int, leader_epoch: int, current_leader_epoch: int = -1) -> OffsetForLeaderEpochRequest:
    partition = OffsetForLeaderEpochRequest.OffsetForLeaderPartition(
        partition=index, leader_epoch=leader_epoch, current_leader_epoch=current_leader_epoch
    )
    topics = [OffsetForLeaderEpochRequest.OffsetForLeaderTopic(topic=topic, partitions=[partition])]
    return OffsetForLeaderEpochRequest(topics=topics)


def end_of(
    broker: DataBroker, leader_epoch: int, *, topic: str = "t", index: int = 0, version: int = 4, current: int = -1
):
    """(error code, leader epoch, end offset)."""
    request = question(topic, index, leader_epoch, current)
    answer = broker.call(request, version).value.topics[0].partitions[0]
    assert answer.partition == index
    return answer.error_code, answer.leader_epoch, answer.end_offset


@pytest.mark.parametrize("version", range(5))
def test_the_end_of_each_epoch(broker, version):
    log = broker.create("t")
    for epoch, values in ((0, [b"a", b"b"]), (3, [b"c"])):
        log.leader_epoch = epoch
        log.append(batch(*values), now_ms=NOW_MS)
    known = (lambda epoch: epoch) if version >= 1 else (lambda epoch: -1)
    assert end_of(broker, 0, version=version) == (errors.NONE, known(0), 2)
    assert end_of(broker, 2, version=version) == (errors.NONE, known(0), 2)
    assert end_of(broker, 3, version=version) == (errors.NONE, known(3), 3)
    assert end_of(broker, 4, version=version) == (errors.NONE, -1, -1)


def test_current_epochs_are_compared(broker):
    broker.create("t").leader_epoch = 2
    assert end_of(broker, 0, current=1) == (errors.FENCED_LEADER_EPOCH, -1, -1)
    assert end_of(broker, 0, current=3) == (errors.UNKNOWN_LEADER_EPOCH, -1, -1)


def test_epochs_of_unknown_and_offline_partitions(broker):
    broker.create("t").fail()
    assert end_of(broker, 0, topic="nowhere")[0] == errors.UNKNOWN_TOPIC_OR_PARTITION
    assert end_of(broker, 0)[0] == errors.KAFKA_STORAGE_ERROR


def test_a_question_that_fails_as_a_whole_is_answered_in_each_partition():
    response = offset_for_leader_epoch.error_response(question("t", 3, 0), errors.UNKNOWN_SERVER_ERROR)
    refused = response.topics[0].partitions[0]
    assert (refused.partition, refused.error_code) == (3, errors.UNKNOWN_SERVER_ERROR)
