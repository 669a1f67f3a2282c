"""DeleteRecords moves the start of a log; OffsetForLeaderEpoch tells where its epochs end."""

from __future__ import annotations

import errno

import pytest

from minikafka import errors
from minikafka.handlers import delete_records, offset_for_leader_epoch
from minikafka.protocol.messages import DeleteRecordsRequest, OffsetForLeaderEpochRequest
from tests.handlers.data_broker import NOW_MS, DataBroker, batch
from tests.storage.logs import HeldWork


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


@pytest.mark.parametrize("assumption", ["process", "power"])
def test_what_was_answered_is_deleted_after_a_crash_as_well(broker, assumption):
    log = broker.create("t")
    log.append(batch(b"a", b"b", b"c"), now_ms=NOW_MS)
    log.flush()
    assert deleted(broker, 2) == (errors.NONE, 2)
    again = DataBroker(files=broker.files.after_crash(assumption))
    assert again.logs.get("t", 0).log_start_offset == 2


def test_the_answer_waits_for_the_disk(broker):
    broker.create("t", partitions=2).append(batch(b"a", b"b", b"c"), now_ms=NOW_MS)
    broker.logs.get("t", 1).append(batch(b"a"), now_ms=NOW_MS)
    pool = broker.logs.context.run_blocking = HeldWork()
    first, second = broker.call(deletion("t", 0, 2), 2), broker.call(deletion("t", 1, 1), 2)
    assert not first.is_there
    pool.run_next()
    assert (first.is_there, second.is_there) == (True, False), "it may have come too late for that file"
    pool.run_next()
    assert second.value.topics[0].partitions[0].low_watermark == 1
    again = DataBroker(files=broker.files.after_crash())
    assert [again.logs.get("t", index).log_start_offset for index in (0, 1)] == [2, 1]


@pytest.mark.parametrize(
    ("code", "answer"), [(errno.ENOSPC, (errors.NONE, 2)), (errno.EIO, (errors.KAFKA_STORAGE_ERROR, -1))]
)
def test_a_disk_that_does_not_take_the_offset(broker, code, answer):
    log = broker.create("t")
    log.append(batch(b"a", b"b", b"c"), now_ms=NOW_MS)
    broker.files.fault = lambda _, path: code if "log-start-offset-checkpoint" in path else None
    assert deleted(broker, 2) == answer
    assert log.is_failed == (code == errno.EIO)


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
