"""Fetch: what is read, what is waited for, and what old clients are given."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.handlers import fetch
from minikafka.protocol.messages import FetchRequest
from minikafka.records.batch import iter_batches
from minikafka.records.builder import end_transaction_marker
from minikafka.storage.partition_log import PartitionLog
from tests.handlers.data_broker import NOW_MS, Answer, DataBroker, batch, topic_id_of, values_in

ALL_VERSIONS = range(19)


@pytest.fixture
def broker() -> DataBroker:
    return DataBroker()


def request(*parts: tuple[str, int, int], **fields: object) -> FetchRequest:
    """Each part is (topic, partition, offset). Fields of a partition are prefixed: ``partition_max_bytes``."""
    of_partition = {
        name: fields.pop(name)
        for name in ("partition_max_bytes", "current_leader_epoch", "last_fetched_epoch")
        if name in fields
    }
    of_partition.setdefault("partition_max_bytes", 1 << 20)
    forgotten = fields.pop("forgotten", ())
    return FetchRequest(
        **{"max_wait_ms": 0, "min_bytes": 1, "max_bytes": 1 << 20, "replica_id": -1, **fields},
        topics=[
            FetchRequest.FetchTopic(
                topic=topic,
                topic_id=topic_id_of(topic),
                partitions=[FetchRequest.FetchPartition(partition=index, fetch_offset=offset, **of_partition)],
            )
            for topic, index, offset in parts
        ],
        forgotten_topics_data=[
            FetchRequest.ForgottenTopic(topic=topic, topic_id=topic_id_of(topic), partitions=[index])
            for topic, index in forgotten
        ],
    )


def append(log: PartitionLog, *values: bytes, **how: object) -> None:
    log.append(batch(*values, **how), now_ms=NOW_MS)


def append_marker(log: PartitionLog, producer_id: int, *, commit: bool) -> None:
    marker = end_transaction_marker(
        commit=commit, producer_id=producer_id, producer_epoch=0, coordinator_epoch=0, timestamp=NOW_MS
    )
    log.append(marker, now_ms=NOW_MS, origin="coordinator")


def only(answer: Answer):
    """The one partition of an answer."""
    (topic,) = answer.value.responses
    (partition,) = topic.partitions
    return partition


def fetched(broker: DataBroker, version: int, topic: str = "t", index: int = 0, offset: int = 0, **fields: object):
    return only(broker.call(request((topic, index, offset), **fields), version))


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_each_version_reads_from_its_offset(broker, version):
    log = broker.create("t")
    append(log, b"a", b"b")
    append(log, b"c")
    data = fetched(broker, version, offset=2)
    assert (data.partition_index, data.error_code, data.high_watermark) == (0, errors.NONE, 3)
    assert values_in(data.records) == [(2, b"c")]
    if version >= 4:
        assert (data.last_stable_offset, data.aborted_transactions) == (3, None)
    if version >= 5:
        assert data.log_start_offset == 0


@pytest.mark.parametrize(("version", "magic"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (18, 2)])
def test_old_versions_are_given_the_formats_they_know(broker, version, magic):
    log = broker.create("t")
    append(log, b"a", b"b")
    append(log, b"c", compression="gzip")
    data = fetched(broker, version)
    assert {each.magic for each in iter_batches(memoryview(data.records))} == {magic}
    assert values_in(data.records) == [(0, b"a"), (1, b"b"), (2, b"c")]


@pytest.mark.parametrize("version", [0, 2, 3])
def test_old_versions_are_led_past_transaction_markers(broker, version):
    log = broker.create("t")
    append(log, b"a", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    append_marker(log, 7, commit=True)
    append(log, b"b")
    append(log, b"c", producer_id=7, producer_epoch=0, base_sequence=1, is_transactional=True)
    append_marker(log, 7, commit=True)
    assert values_in(fetched(broker, version, offset=1, partition_max_bytes=80).records) == [(2, b"b")]
    at_the_tail = fetched(broker, version, offset=4)
    assert (at_the_tail.error_code, at_the_tail.records) == (errors.NONE, b"")


def test_an_old_client_at_a_tail_of_markers_waits_for_records(broker):
    log = broker.create("t")
    append(log, b"a", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    append_marker(log, 7, commit=True)
    answer = broker.call(request(("t", 0, 1), max_wait_ms=500), 2)
    assert not answer.is_there
    append(log, b"b")
    assert values_in(only(answer).records) == [(2, b"b")]


def test_zstd_is_not_for_versions_that_cannot_read_it(broker):
    log = broker.create("t")
    append(log, b"a", compression="zstd")
    assert fetched(broker, 3).error_code == errors.UNSUPPORTED_COMPRESSION_TYPE
    broker.create("always-zstd", compression_type="zstd")
    assert fetched(broker, 9, "always-zstd").error_code == errors.UNSUPPORTED_COMPRESSION_TYPE
    assert fetched(broker, 10, "always-zstd").error_code == errors.NONE


def test_unknown_topics_and_partitions(broker):
    broker.create("t")
    assert fetched(broker, 12, "nowhere").error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
    assert fetched(broker, 12, "t", 1).error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
    assert fetched(broker, 13, "nowhere").error_code == errors.UNKNOWN_TOPIC_ID
    assert fetched(broker, 13, "t", 1).error_code == errors.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("offset", [-1, 0, 4])
def test_an_offset_outside_the_log(broker, offset):
    log = broker.create("t")
    append(log, b"a", b"b", b"c")
    log.delete_records_before(1)
    data = fetched(broker, 12, offset=offset)
    assert (data.error_code, data.high_watermark, data.log_start_offset) == (errors.OFFSET_OUT_OF_RANGE, -1, -1)
    assert data.records == b""


def test_leader_epochs_are_compared(broker):
    log = broker.create("t")
    log.leader_epoch = 5
    assert fetched(broker, 12, current_leader_epoch=5).error_code == errors.NONE
    fenced = fetched(broker, 12, current_leader_epoch=4)
    assert fenced.error_code == errors.FENCED_LEADER_EPOCH
    assert (fenced.current_leader.leader_id, fenced.current_leader.leader_epoch) == (1, 5)
    assert fetched(broker, 12, current_leader_epoch=6).error_code == errors.UNKNOWN_LEADER_EPOCH


def test_a_client_with_an_old_epoch_is_told_where_the_leader_is(broker):
    broker.create("t").leader_epoch = 5
    answer = broker.call(request(("t", 0, 0), current_leader_epoch=4), 16).value
    assert [(node.node_id, node.host, node.port) for node in answer.node_endpoints] == [(1, "broker.example", 9092)]


def test_a_reader_of_another_history_is_told_where_it_parts(broker):
    log = broker.create("t")
    append(log, b"a")
    log.leader_epoch = 3
    append(log, b"b")
    data = fetched(broker, 12, offset=2, last_fetched_epoch=0)
    assert (data.diverging_epoch.epoch, data.diverging_epoch.end_offset) == (0, 1)
    assert data.records == b""
    assert values_in(fetched(broker, 12, offset=1, last_fetched_epoch=0).records) == [(1, b"b")]
    assert fetched(broker, 12, offset=1, last_fetched_epoch=9).error_code == errors.OFFSET_OUT_OF_RANGE


def test_no_other_broker_replicates_from_this_one(broker):
    broker.create("t")
    assert fetched(broker, 8, replica_id=2).error_code == errors.NOT_LEADER_OR_FOLLOWER
    assert fetched(broker, 12, replica_id=2, current_leader_epoch=0).error_code == errors.UNKNOWN_LEADER_EPOCH


@pytest.mark.parametrize(("version", "error_code"), [(5, 6), (6, 56)])
def test_a_failed_disk_is_told_in_an_error_the_client_knows(broker, version, error_code):
    broker.create("t").fail()
    assert fetched(broker, version).error_code == error_code


def test_byte_limits(broker):
    for name in ("t", "u"):
        log = broker.create(name)
        for _ in range(3):
            append(log, b"x" * 100)
    size = len(batch(b"x" * 100))
    assert len(fetched(broker, 12, partition_max_bytes=2 * size + 10).records) == 2 * size + 10
    assert len(fetched(broker, 12, partition_max_bytes=1).records) == size
    assert len(fetched(broker, 12, max_bytes=1).records) == size
    both = broker.call(request(("t", 0, 0), ("u", 0, 0), max_bytes=size), 12).value
    assert [len(topic.partitions[0].records) for topic in both.responses] == [size, 0]


def test_before_version_3_a_limit_is_a_limit(broker):
    log = broker.create("t")
    append(log, b"x" * 100)
    assert 0 < len(fetched(broker, 2, partition_max_bytes=50).records) <= 50


def test_fetch_max_bytes_of_the_broker_bounds_the_answer():
    broker = DataBroker(**{"fetch.max.bytes": 1024})
    log = broker.create("t")
    for _ in range(3):
        append(log, b"x" * 1000)
    assert len(fetched(broker, 12).records) <= 1100


def test_a_fetch_waits_for_records(broker):
    log = broker.create("t")
    answer = broker.call(request(("t", 0, 0), max_wait_ms=500), 12)
    assert not answer.is_there
    append(log, b"a")
    assert values_in(only(answer).records) == [(0, b"a")]
    assert len(broker.purgatory) == 0


def test_a_fetch_waits_no_longer_than_it_said(broker):
    broker.create("t")
    answer = broker.call(request(("t", 0, 0), max_wait_ms=500), 12)
    broker.clock.advance(499)
    assert not answer.is_there
    broker.clock.advance(1)
    assert only(answer).records == b""


def test_a_fetch_waits_for_as_many_bytes_as_it_said(broker):
    log, other = broker.create("t"), broker.create("u")
    size = len(batch(b"a"))
    answer = broker.call(request(("t", 0, 0), ("u", 0, 0), max_wait_ms=500, min_bytes=2 * size), 12)
    append(log, b"a")
    assert not answer.is_there
    append(other, b"b")
    assert [values_in(topic.partitions[0].records) for topic in answer.value.responses] == [[(0, b"a")], [(0, b"b")]]


def test_a_fetch_does_not_wait_for_more_bytes_than_it_takes(broker):
    log = broker.create("t")
    append(log, b"a" * 100)
    answer = broker.call(request(("t", 0, 0), max_wait_ms=500, min_bytes=1 << 20, max_bytes=100), 12)
    assert answer.is_there


def test_an_error_ends_the_wait_and_an_unknown_topic_does_not(broker):
    log = broker.create("t")
    broker.create("u")
    assert broker.call(request(("t", 0, 9), ("u", 0, 0), max_wait_ms=500), 12).is_there
    answer = broker.call(request(("t", 0, 0), ("nowhere", 0, 0), max_wait_ms=500), 12)
    assert not answer.is_there
    append(log, b"a")
    assert [topic.partitions[0].error_code for topic in answer.value.responses] == [0, 3]


def test_a_topic_that_goes_ends_the_wait(broker):
    log = broker.create("t")
    answer = broker.call(request(("t", 0, 0), max_wait_ms=500), 12)
    del broker.image.topics_by_name["t"]
    broker.logs.delete("t", 0)
    broker.purgatory.check(log)
    assert only(answer).error_code == errors.UNKNOWN_TOPIC_OR_PARTITION


def test_a_client_that_has_gone_is_not_waited_for(broker):
    broker.create("t")
    answer = broker.call(request(("t", 0, 0), max_wait_ms=500), 12)
    answer.cancel()
    assert len(broker.purgatory) == 0


def test_read_committed_stops_at_open_transactions_and_names_aborted_ones(broker):
    log = broker.create("t")
    append(log, b"aborted", producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    append_marker(log, 7, commit=False)
    append(log, b"open", producer_id=8, producer_epoch=0, base_sequence=0, is_transactional=True)
    append(log, b"plain")
    committed = fetched(broker, 12, isolation_level=1)
    assert (committed.high_watermark, committed.last_stable_offset) == (4, 2)
    assert values_in(committed.records) == [(0, b"aborted")]
    assert [(t.producer_id, t.first_offset) for t in committed.aborted_transactions] == [(7, 0)]
    waiting = broker.call(request(("t", 0, 2), isolation_level=1, max_wait_ms=500), 12)
    append(log, b"more")
    assert not waiting.is_there
    append_marker(log, 8, commit=True)
    assert values_in(only(waiting).records) == [(2, b"open"), (3, b"plain"), (4, b"more")]


def test_a_session_answers_only_what_changed(broker):
    log = broker.create("t")
    broker.create("u")
    first = broker.call(request(("t", 0, 0), ("u", 0, 0), session_epoch=0), 12).value
    assert len(first.responses) == 2
    session_id = first.session_id
    assert session_id > 0
    nothing = broker.call(request(session_id=session_id, session_epoch=1), 12).value
    assert (nothing.error_code, nothing.session_id, nothing.responses) == (errors.NONE, session_id, [])
    append(log, b"a")
    changed = broker.call(request(session_id=session_id, session_epoch=2), 12).value
    assert [topic.topic for topic in changed.responses] == ["t"]
    forgot = broker.call(request(session_id=session_id, session_epoch=3, forgotten=[("t", 0)]), 12).value
    assert forgot.responses == []


def test_a_session_by_topic_ids_outlives_the_topics_absence(broker):
    answer = broker.call(request(("t", 0, 0), session_epoch=0), 13)
    assert only(answer).error_code == errors.UNKNOWN_TOPIC_ID
    log = broker.create("t")
    append(log, b"a")
    again = broker.call(request(session_id=answer.value.session_id, session_epoch=1), 13)
    assert values_in(only(again).records) == [(0, b"a")]


def test_a_wrong_session_is_refused_without_waiting(broker):
    broker.create("t")
    answer = broker.call(request(session_id=99, session_epoch=1, max_wait_ms=500), 12).value
    assert (answer.error_code, answer.responses) == (errors.FETCH_SESSION_ID_NOT_FOUND, [])


def test_a_partition_named_twice_is_read_once_as_named_last(broker):
    log = broker.create("t")
    append(log, b"a")
    append(log, b"b")
    data = only(broker.call(request(("t", 0, 0), ("t", 0, 1)), 12))
    assert values_in(data.records) == [(1, b"b")]


def test_a_request_that_fails_as_a_whole_is_answered_in_each_partition():
    response = fetch.error_response(request(("t", 3, 0)), errors.UNKNOWN_SERVER_ERROR)
    assert response.error_code == errors.UNKNOWN_SERVER_ERROR
    assert response.responses[0].partitions[0].error_code == errors.UNKNOWN_SERVER_ERROR
