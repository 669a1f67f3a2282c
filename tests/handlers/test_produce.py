"""Produce: each partition's outcome, version by version."""

from __future__ import annotations

import errno

import pytest

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.handlers import produce
from minikafka.protocol.messages import ProduceRequest
from minikafka.storage.partition_log import PartitionLog
from tests.handlers.data_broker import NOW_MS, DataBroker, batch, topic_id_of, values_in
from tests.storage.logs import HeldWork

ALL_VERSIONS = range(14)


@pytest.fixture
def broker() -> DataBroker:
    return DataBroker()


def request(*parts: tuple[str, int, bytes | None], acks: int = -1) -> ProduceRequest:
    """Each part is (topic, partition, records), in topics of their own."""
    return ProduceRequest(
        acks=acks,
        timeout_ms=1000,
        topic_data=[
            ProduceRequest.TopicProduceData(
                name=topic,
                topic_id=topic_id_of(topic),
                partition_data=[ProduceRequest.PartitionProduceData(index=index, records=records)],
            )
            for topic, index, records in parts
        ],
    )


def produced(broker: DataBroker, version: int, records: bytes | None, *, topic: str = "t", index: int = 0, **how):
    """The answer for one partition."""
    acks = how.pop("acks", -1)
    answer = broker.call(request((topic, index, records), acks=acks), version, **how)
    return answer.value.responses[0].partition_responses[0]


def content(log: PartitionLog) -> list[tuple[int, bytes | None]]:
    return values_in(log.read(log.log_start_offset, 1 << 20).read())


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_each_version_appends_and_answers_the_first_offset(broker, version):
    log = broker.create("t")
    magic = 2 if version >= 3 else 1 if version == 2 else 0
    records = batch(b"a", b"b", magic=magic, timestamp=-1 if magic == 0 else NOW_MS)
    for base_offset in (0, 2):
        answer = produced(broker, version, records)
        assert (answer.index, answer.error_code, answer.base_offset) == (0, errors.NONE, base_offset)
        if version >= 2:
            assert answer.log_append_time_ms == -1
        if version >= 5:
            assert answer.log_start_offset == 0
    assert content(log) == [(0, b"a"), (1, b"b"), (2, b"a"), (3, b"b")]


def test_the_answer_names_the_topic_as_the_request_did(broker):
    broker.create("t")
    by_name = broker.call(request(("t", 0, batch(b"a"))), 12).value.responses[0]
    by_id = broker.call(request(("t", 0, batch(b"a"))), 13).value.responses[0]
    assert (by_name.name, by_id.topic_id) == ("t", topic_id_of("t"))


def test_log_append_time_is_answered(broker):
    broker.create("t", message_timestamp_type="LogAppendTime")
    broker.clock.advance(5)
    assert produced(broker, 9, batch(b"a")).log_append_time_ms == NOW_MS + 5


def test_partitions_succeed_and_fail_on_their_own(broker):
    broker.create("t", partitions=2)
    damaged = bytearray(batch(b"b"))
    damaged[-1] ^= 1
    answer = broker.call(
        request(
            ("t", 0, batch(b"a")), ("t", 1, bytes(damaged)), ("t", 2, batch(b"c")), ("no-such-topic", 0, batch(b"d"))
        ),
        9,
    ).value
    outcomes = [
        (topic.partition_responses[0].error_code, topic.partition_responses[0].base_offset)
        for topic in answer.responses
    ]
    assert outcomes == [
        (errors.NONE, 0),
        (errors.CORRUPT_MESSAGE, -1),
        (errors.UNKNOWN_TOPIC_OR_PARTITION, -1),
        (errors.UNKNOWN_TOPIC_OR_PARTITION, -1),
    ]


def test_an_unknown_topic_id(broker):
    assert produced(broker, 13, batch(b"a"), topic="gone").error_code == errors.UNKNOWN_TOPIC_ID


@pytest.mark.parametrize(
    ("records", "error_code"),
    [
        (None, errors.INVALID_RECORD),
        (b"", errors.INVALID_RECORD),
        (batch(b"a", magic=1), errors.INVALID_RECORD),
        (batch(b"a") + batch(b"b"), errors.INVALID_RECORD),
        (batch(b"a")[:-1], errors.INVALID_RECORD),
        (b"\0" * 30, errors.CORRUPT_MESSAGE),
    ],
    ids=["null", "empty", "magic-1", "two-batches", "cut", "zeros"],
)
def test_version_3_and_later_take_exactly_one_batch_of_magic_2(broker, records, error_code):
    log = broker.create("t")
    for version in (3, 9, 13):
        answer = produced(broker, version, records)
        assert (answer.error_code, answer.base_offset) == (error_code, -1)
    assert log.log_end_offset == 0


def test_bytes_after_the_batch_that_make_no_batch_are_dropped(broker):
    log = broker.create("t")
    assert produced(broker, 9, batch(b"a") + b"tail").error_code == errors.NONE
    assert log.size_bytes == len(batch(b"a"))


def test_zstd_is_for_version_7_and_later(broker):
    broker.create("t")
    records = batch(b"a", compression="zstd")
    assert produced(broker, 6, records).error_code == errors.UNSUPPORTED_COMPRESSION_TYPE
    assert produced(broker, 7, records).error_code == errors.NONE


def test_a_record_that_is_refused_is_named(broker):
    broker.create("t", cleanup_policy="compact")
    answer = produced(broker, 9, batch(b"a", b"b"))
    assert answer.error_code == errors.INVALID_RECORD
    assert [error.batch_index for error in answer.record_errors] == [0, 1]
    assert answer.error_message
    assert answer.log_start_offset == 0


def test_too_large_a_batch(broker):
    broker.create("t", max_message_bytes="100")
    assert produced(broker, 9, batch(b"x" * 200)).error_code == errors.MESSAGE_TOO_LARGE


@pytest.mark.parametrize("acks", [2, -2, 127])
def test_acks_that_do_not_exist(broker, acks):
    broker.create("t")
    assert produced(broker, 9, batch(b"a"), acks=acks).error_code == errors.INVALID_REQUIRED_ACKS


def test_one_node_cannot_satisfy_two_in_sync_replicas(broker):
    broker.create("t", min_insync_replicas="2")
    assert produced(broker, 9, batch(b"a"), acks=-1).error_code == errors.NOT_ENOUGH_REPLICAS
    assert produced(broker, 9, batch(b"a"), acks=1).error_code == errors.NONE


def test_internal_topics_are_for_the_admin_tools_alone(broker):
    broker.create("__consumer_offsets")
    records = batch(b"a")
    assert produced(broker, 9, records, topic="__consumer_offsets").error_code == errors.INVALID_TOPIC_EXCEPTION
    answer = produced(broker, 9, records, topic="__consumer_offsets", client_id="__admin_client")
    assert answer.error_code != errors.INVALID_TOPIC_EXCEPTION


def test_acks_0_is_not_answered(broker):
    log = broker.create("t")
    assert not broker.call(request(("t", 0, batch(b"a")), acks=0), 9).is_there
    assert log.log_end_offset == 1


def test_an_error_with_acks_0_has_no_answer_and_is_raised(broker):
    to_nowhere = request(("nowhere", 0, batch(b"a")), acks=0)
    with pytest.raises(ApiError, match="acks=0 produce to partition 0 of topic nowhere") as raised:
        broker.call(to_nowhere, 9)
    assert produce.error_response(to_nowhere, raised.value.code) is None


def test_a_request_that_fails_as_a_whole_is_answered_in_each_partition():
    response = produce.error_response(request(("t", 3, b"")), errors.UNKNOWN_SERVER_ERROR)
    assert response is not None
    refused = response.responses[0].partition_responses[0]
    assert (refused.index, refused.error_code, refused.base_offset) == (3, errors.UNKNOWN_SERVER_ERROR, -1)


def test_a_retry_is_answered_as_the_first_time_and_not_written_again(broker):
    log = broker.create("t")
    records = batch(b"a", b"b", producer_id=7, producer_epoch=0, base_sequence=0)
    assert [produced(broker, 9, records).base_offset for _ in range(3)] == [0, 0, 0]
    assert log.log_end_offset == 2


def test_a_gap_in_a_producers_sequence(broker):
    broker.create("t")
    produced(broker, 9, batch(b"a", producer_id=7, producer_epoch=0, base_sequence=0))
    answer = produced(broker, 9, batch(b"c", producer_id=7, producer_epoch=0, base_sequence=2))
    assert (answer.error_code, answer.log_start_offset) == (errors.OUT_OF_ORDER_SEQUENCE_NUMBER, 0)


def test_a_disk_that_failed(broker):
    log = broker.create("t")
    log.fail()
    assert produced(broker, 9, batch(b"a")).error_code == errors.KAFKA_STORAGE_ERROR


def test_where_flush_messages_says_so_the_answer_waits_for_the_disk(broker):
    broker.logs.context.run_blocking = pool = HeldWork()
    log = broker.create("t", flush_messages="1")
    asked = request(("t", 0, batch(b"a", producer_id=7, producer_epoch=0, base_sequence=0)))
    first, retry, second = broker.call(asked, 9), broker.call(asked, 9), broker.call(request(("t", 0, batch(b"b"))), 9)
    assert not broker.call(request(("t", 0, batch(b"c")), acks=0), 9).is_there
    assert (first.is_there, retry.is_there, content(log)) == (False, False, [])
    pool.run_next()
    assert (first.is_there, retry.is_there, second.is_there, content(log)) == (True, True, False, [(0, b"a")])
    pool.run_next()
    answers = [answer.value.responses[0].partition_responses[0] for answer in (first, retry, second)]
    assert [(answer.error_code, answer.base_offset) for answer in answers] == [(0, 0), (0, 0), (0, 1)]


def test_the_answer_waits_for_all_partitions_and_each_ends_by_itself(broker):
    broker.logs.context.run_blocking = pool = HeldWork()
    for topic in ("t", "u", "v"):
        broker.create(topic, flush_messages="1" if topic != "v" else "2")
    answer = broker.call(request(("t", 0, batch(b"a")), ("u", 0, batch(b"b")), ("v", 0, batch(b"c"))), 9)
    pool.run_next()
    assert not answer.is_there
    broker.files.fault = lambda operation, path: errno.EIO if operation == "sync" and "/u-0/" in path else None
    pool.run_next()
    codes = [topic.partition_responses[0].error_code for topic in answer.value.responses]
    assert codes == [errors.NONE, errors.KAFKA_STORAGE_ERROR, errors.NONE]
    assert answer.value.responses[1].partition_responses[0].base_offset == -1
