"""Fetch sessions (KIP-227): which partitions a request reads, and which of them its answer names."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.clock import ManualClock
from minikafka.protocol.messages import FetchResponse
from minikafka.state.fetch_sessions import FetchContext, FetchPartition, FetchSessionCache

TOPIC_ID = bytes(range(16))


def partition(index: int, fetch_offset: int = 0, *, topic: str | None = "t", topic_id: bytes = bytes(16)):
    return FetchPartition(topic, topic_id, index, fetch_offset, max_bytes=1000)


def data(index: int, *, high_watermark: int = 10, records: bytes = b"", error_code: int = 0, log_start_offset: int = 0):
    return FetchResponse.PartitionData(
        partition_index=index,
        high_watermark=high_watermark,
        log_start_offset=log_start_offset,
        error_code=error_code,
        records=records,
    )


def finish(context: FetchContext, **data_of_each: object):
    """Answer every partition of the context alike; returns (error, session id, indexes answered)."""
    results = [(p, data(p.index, **data_of_each)) for p in context.partitions]  # type: ignore[arg-type]
    error, session_id, answered = context.finish(results)
    return error, session_id, [p.index for p, _ in answered]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cache(clock: ManualClock) -> FetchSessionCache:
    return FetchSessionCache(clock, max_sessions=2, min_eviction_ms=1000)


def full(cache: FetchSessionCache, *partitions: FetchPartition, session_id: int = 0, uses_topic_ids: bool = False):
    return cache.context(session_id, 0, list(partitions), [], uses_topic_ids=uses_topic_ids)


def incremental(cache, session_id, epoch, wanted=(), forgotten=(), uses_topic_ids=False):
    return cache.context(session_id, epoch, list(wanted), list(forgotten), uses_topic_ids=uses_topic_ids)


def test_a_sessionless_request_is_answered_whole_and_leaves_nothing(cache):
    context = cache.context(0, -1, [partition(0), partition(1)], [], uses_topic_ids=False)
    assert finish(context) == (errors.NONE, 0, [0, 1])
    assert len(cache) == 0


def test_a_full_request_opens_a_session_and_is_answered_whole(cache):
    error, session_id, answered = finish(full(cache, partition(0), partition(1)))
    assert (error, answered) == (errors.NONE, [0, 1])
    assert session_id > 0
    assert len(cache) == 1


def test_an_incremental_request_reads_all_partitions_of_the_session_and_answers_what_changed(cache):
    _, session_id, _ = finish(full(cache, partition(0), partition(1)))
    context = incremental(cache, session_id, 1, [partition(1, fetch_offset=7)])
    assert [(p.index, p.fetch_offset) for p in context.partitions] == [(0, 0), (1, 7)]
    assert finish(context) == (errors.NONE, session_id, [])
    assert finish(incremental(cache, session_id, 2), high_watermark=11) == (errors.NONE, session_id, [0, 1])
    assert finish(incremental(cache, session_id, 3), high_watermark=11) == (errors.NONE, session_id, [])
    assert finish(incremental(cache, session_id, 4), high_watermark=11, log_start_offset=3)[2] == [0, 1]


def test_an_error_is_always_answered_and_so_is_the_first_success_after_it(cache):
    _, session_id, _ = finish(full(cache, partition(0)))
    failed = {"error_code": errors.OFFSET_OUT_OF_RANGE, "high_watermark": -1}
    assert finish(incremental(cache, session_id, 1), **failed)[2] == [0]
    assert finish(incremental(cache, session_id, 2), **failed)[2] == [0]
    assert finish(incremental(cache, session_id, 3))[2] == [0]
    assert finish(incremental(cache, session_id, 4))[2] == []


def test_a_partition_that_gave_records_is_read_last_next_time(cache):
    _, session_id, _ = finish(full(cache, partition(0), partition(1), partition(2)))
    context = incremental(cache, session_id, 1)
    results = [(p, data(p.index, records=b"r" if p.index == 0 else b"")) for p in context.partitions]
    _, _, answered = context.finish(results)
    assert [p.index for p, _ in answered] == [0]
    assert [p.index for p in incremental(cache, session_id, 2).partitions] == [1, 2, 0]


def test_partitions_are_added_and_forgotten(cache):
    _, session_id, _ = finish(full(cache, partition(0), partition(1)))
    context = incremental(cache, session_id, 1, [partition(5)], [("t", 0)])
    assert [p.index for p in context.partitions] == [1, 5]


def test_forgetting_the_last_partition_closes_the_session(cache):
    _, session_id, _ = finish(full(cache, partition(0)))
    assert finish(incremental(cache, session_id, 1, forgotten=[("t", 0)])) == (errors.NONE, 0, [])
    assert len(cache) == 0


def test_an_unknown_session_is_refused(cache):
    assert finish(incremental(cache, 12345, 1)) == (errors.FETCH_SESSION_ID_NOT_FOUND, 0, [])


@pytest.mark.parametrize("epoch", [2, 7])
def test_a_wrong_epoch_is_refused(cache, epoch):
    _, session_id, _ = finish(full(cache, partition(0)))
    assert finish(incremental(cache, session_id, epoch)) == (errors.INVALID_FETCH_SESSION_EPOCH, 0, [])


def test_a_request_overtaken_while_it_waited_is_refused(cache):
    _, session_id, _ = finish(full(cache, partition(0)))
    waiting = incremental(cache, session_id, 1)
    incremental(cache, session_id, 2)
    assert finish(waiting) == (errors.INVALID_FETCH_SESSION_EPOCH, session_id, [])


def test_a_session_keeps_to_topic_ids_or_to_names(cache):
    _, session_id, _ = finish(full(cache, partition(0)))
    context = incremental(cache, session_id, 1, [partition(0, topic=None, topic_id=TOPIC_ID)], uses_topic_ids=True)
    assert finish(context)[0] == errors.FETCH_SESSION_TOPIC_ID_ERROR


def test_a_topic_id_is_the_key_even_before_its_name_is_known(cache):
    _, session_id, _ = finish(full(cache, partition(0, topic=None, topic_id=TOPIC_ID), uses_topic_ids=True))
    known = partition(0, 9, topic="now-known", topic_id=TOPIC_ID)
    context = incremental(cache, session_id, 1, [known], uses_topic_ids=True)
    assert [p.fetch_offset for p in context.partitions] == [9]


def test_the_epoch_wraps_to_one(cache):
    _, session_id, _ = finish(full(cache, partition(0)))
    cache._sessions[session_id].epoch = 2**31 - 1
    assert finish(incremental(cache, session_id, 2**31 - 1))[0] == errors.NONE
    assert finish(incremental(cache, session_id, 1))[0] == errors.NONE


def test_a_full_request_closes_the_session_it_names(cache):
    _, first, _ = finish(full(cache, partition(0)))
    _, second, _ = finish(full(cache, partition(0), session_id=first))
    assert len(cache) == 1
    assert finish(incremental(cache, second, 1))[0] == errors.NONE
    finish(cache.context(second, -1, [], [], uses_topic_ids=False))
    assert len(cache) == 0


def test_without_room_a_full_request_is_answered_without_a_session(cache):
    finish(full(cache, partition(0)))
    finish(full(cache, partition(0)))
    assert finish(full(cache, partition(0), partition(1))) == (errors.NONE, 0, [0, 1])


def test_a_stale_session_makes_room(cache, clock):
    _, used, _ = finish(full(cache, partition(0)))
    _, unused, _ = finish(full(cache, partition(0)))
    clock.advance(900)
    finish(incremental(cache, used, 1))
    clock.advance(200)
    assert finish(full(cache, partition(0)))[1] > 0
    assert finish(incremental(cache, unused, 1))[0] == errors.FETCH_SESSION_ID_NOT_FOUND
    assert finish(incremental(cache, used, 2))[0] == errors.NONE


def test_an_older_session_with_fewer_partitions_makes_room(cache, clock):
    _, small, _ = finish(full(cache, partition(0)))
    _, large, _ = finish(full(cache, partition(0), partition(1)))
    clock.advance(1001)
    for session_id in (small, large):
        finish(incremental(cache, session_id, 1))
    assert finish(full(cache, partition(0)))[1] == 0
    assert finish(full(cache, partition(0), partition(1)))[1] > 0
    assert finish(incremental(cache, small, 2))[0] == errors.FETCH_SESSION_ID_NOT_FOUND
    assert finish(incremental(cache, large, 2))[0] == errors.NONE
