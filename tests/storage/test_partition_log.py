from __future__ import annotations

import errno

import pytest

from minikafka import errors
from minikafka.clock import ManualClock
from minikafka.errors import ApiError, StorageError
from minikafka.records.batch import iter_batches
from minikafka.storage.files import OsFiles
from minikafka.storage.index import MAX_RELATIVE_OFFSET
from minikafka.storage.log_context import LogContext
from minikafka.storage.log_creation import create_log
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import (
    DIRECTORY,
    NOW_MS,
    TOPIC_ID,
    append,
    batch,
    fill,
    log_config,
    new_context,
    new_log,
    read_all,
    reopened,
    values,
)

BATCH_BYTES = len(batch("v0"))


def names_in(context: LogContext) -> list[str]:
    return sorted(name for name, _ in context.files.list_directory(DIRECTORY))


def base_offsets(log: PartitionLog) -> list[int]:
    return [segment.base_offset for segment in log.segments()]


# --- appending and reading


def test_a_new_log_has_kafkas_files() -> None:
    context = new_context()
    new_log(context)
    sizes = {name: context.files.size_bytes(f"{DIRECTORY}/{name}") for name in names_in(context)}
    assert sizes == {
        "00000000000000000000.index": 1200,
        "00000000000000000000.log": 0,
        "00000000000000000000.timeindex": 1200,
        "leader-epoch-checkpoint": 0,
        "partition.metadata": 43,
    }


def test_appended_batches_get_offsets_and_the_leader_epoch_and_are_read_as_written() -> None:
    log = new_log()
    log.leader_epoch = 4
    assert append(log, "a", "b") == 0
    info = log.append(batch("c"), now_ms=NOW_MS, leader_epoch=5)
    assert (info.base_offset, info.last_offset, info.log_append_time_ms, info.log_start_offset) == (2, 2, -1, 0)
    assert (log.log_end_offset, log.high_watermark, log.last_stable_offset) == (3, 3, 3)
    assert [(record.offset, record.value) for record in read_all(log)] == [(0, b"a"), (1, b"b"), (2, b"c")]
    assert [entry.partition_leader_epoch for entry in iter_batches(log.read(0, 1000).read())] == [4, 5]
    assert log.leader_epochs == [(4, 0), (5, 2)]
    assert log.end_offset_for_epoch(4) == (4, 2)
    assert log.end_offset_for_epoch(9) == (-1, -1)


def test_log_append_time_is_stamped_and_answered() -> None:
    log = new_log(message_timestamp_type="LogAppendTime")
    info = log.append(batch("a", timestamp=5), now_ms=NOW_MS)
    assert info.log_append_time_ms == NOW_MS
    assert read_all(log)[0].timestamp == NOW_MS


def test_nothing_to_append() -> None:
    log = new_log()
    assert log.append(b"", now_ms=NOW_MS)[:3] == (-1, -1, -1)
    assert log.log_end_offset == 0


def test_batches_with_offsets_keep_them() -> None:
    log = new_log()
    first, second = batch("a"), batch("b", "c")
    for data, offset in ((first, 3), (second, 7)):
        next(iter_batches(memoryview(data))).set_base_offset(offset)
    info = log.append(first + second, now_ms=NOW_MS, origin="replication")
    assert (info.base_offset, info.last_offset, log.log_end_offset) == (3, 8, 9)
    data = batch("x")
    next(iter_batches(memoryview(data))).set_base_offset(8)
    with pytest.raises(ApiError, match="8 is less than the next offset 9"):
        log.append(data, now_ms=NOW_MS, origin="replication")


def test_the_limits_of_an_append() -> None:
    log = new_log(max_message_bytes=100)
    with pytest.raises(ApiError) as raised:
        append(log, "x" * 100)
    assert raised.value.code == errors.MESSAGE_TOO_LARGE
    log.config = log_config(segment_bytes=100)
    with pytest.raises(ApiError) as raised:
        append(log, "x" * 100)
    assert raised.value.code == errors.RECORD_LIST_TOO_LARGE
    assert append(log, "x") == 0


def test_a_read_begins_with_the_batch_that_holds_the_offset() -> None:
    log = new_log()
    append(log, "a", "b", "c")
    append(log, "d")
    assert values(read_all(log, 1)) == ["b", "c", "d"]
    assert next(iter_batches(log.read(2, 10_000).read())).base_offset == 0
    assert next(iter_batches(log.read(3, 10_000).read())).base_offset == 3


def test_a_read_is_cut_at_max_bytes_but_may_ask_for_one_whole_batch() -> None:
    log = new_log()
    fill(log, 10)
    assert log.read(0, 3 * BATCH_BYTES + 5).size_bytes == 3 * BATCH_BYTES + 5
    assert log.read(4, 10).size_bytes == BATCH_BYTES
    assert not log.read(4, 10).first_batch_incomplete
    cut = log.read(4, 10, min_one_batch=False)
    assert (cut.size_bytes, cut.first_batch_incomplete) == (10, True)
    assert log.read(4, 0, min_one_batch=False).size_bytes == 0


def test_a_read_ends_with_its_segment() -> None:
    log = new_log(segment_bytes=2 * BATCH_BYTES)
    fill(log, 5)
    assert base_offsets(log) == [0, 2, 4]
    assert [log.read(offset, 10_000).size_bytes // BATCH_BYTES for offset in range(5)] == [2, 1, 2, 1, 1]
    assert len(read_all(log)) == 5


def test_offsets_out_of_range() -> None:
    log = new_log()
    fill(log, 3)
    log.delete_records_before(1)
    assert log.read(3, 100).size_bytes == 0
    with pytest.raises(ApiError, match=r"offset 4 for partition t-0, but we only have log segments upto 3\.") as raised:
        log.read(4, 100)
    assert raised.value.code == errors.OFFSET_OUT_OF_RANGE
    with pytest.raises(ApiError, match=r"starting from offset: 1\."):
        log.read(0, 100)


def test_a_slice_stays_readable_when_its_segment_is_deleted() -> None:
    context = new_context()
    log = new_log(context, segment_bytes=2 * BATCH_BYTES)
    fill(log, 5)
    data = log.read(0, 10_000)
    log.delete_records_before(4)
    log.delete_old_segments()
    context.deletions.delete(context.deletions.take_due(1 << 60))
    assert names_in(context)[0].startswith("00000000000000000004")
    assert values(list(next(iter_batches(data.read())))) == ["v0"]


def test_slices_of_real_files_have_a_descriptor(tmp_path: object) -> None:
    context = LogContext(OsFiles(), ManualClock(NOW_MS))
    log = create_log(context, f"{tmp_path}/t-0", "t", 0, log_config(), TOPIC_ID)
    append(log, "a")
    part = log.read(0, 1000).records
    assert part.fileno() > 2
    assert len(part.read()) == part.size_bytes
    assert log.read(1, 1000).records.read() == b""
    log.close()


def test_a_reader_at_the_end_is_not_made_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(segment_bytes=20 * BATCH_BYTES)
    fill(log, 3)
    log.read(0, 10_000)
    monkeypatch.setattr(type(log.segments()[0]), "find_batch", lambda *_: pytest.fail("searched"))
    for _ in range(100):
        offset = append(log, "v")
        assert next(iter_batches(log.read(offset, 10_000).read())).base_offset == offset
        assert log.read(offset + 1, 10_000).size_bytes == 0


# --- rolling


def test_segments_roll_by_size_and_their_indexes_are_trimmed() -> None:
    context = new_context()
    log = new_log(context, segment_bytes=5 * BATCH_BYTES)
    fill(log, 12)
    assert base_offsets(log) == [0, 5, 10]
    sizes = [context.files.size_bytes(f"{DIRECTORY}/{offset:020}.index") for offset in (0, 5, 10)]
    assert sizes == [16, 16, 1200]
    assert context.files.exists(f"{DIRECTORY}/00000000000000000005.snapshot")
    assert log.recovery_point == 10


def test_segments_roll_by_the_age_of_their_records() -> None:
    log = new_log(segment_ms=1000)
    append(log, "a", timestamp=NOW_MS - 5000)
    append(log, "b", timestamp=NOW_MS - 4000)
    append(log, "c", timestamp=NOW_MS - 3999)
    assert base_offsets(log) == [0, 2]


def test_segments_of_records_without_timestamps_roll_by_their_own_age() -> None:
    log = new_log(segment_ms=1000)
    append(log, "a", timestamp=-1)
    log.append(batch("b", timestamp=-1), now_ms=NOW_MS + 1000)
    assert base_offsets(log) == [0]
    log.append(batch("c", timestamp=-1), now_ms=NOW_MS + 1001)
    assert base_offsets(log) == [0, 2]


def test_jitter_makes_segments_roll_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.randrange", lambda _: 900)
    log = new_log(segment_ms=1000, segment_jitter_ms=1000)
    append(log, "a")
    append(log, "b", timestamp=NOW_MS + 101)
    assert base_offsets(log) == [0, 1]


def test_a_full_index_rolls() -> None:
    log = new_log(segment_index_bytes=36, index_interval_bytes=1)
    for number in range(6):
        append(log, "v", timestamp=NOW_MS + number)
    assert base_offsets(log) == [0, 3]


def test_an_offset_too_far_from_the_base_rolls() -> None:
    log = new_log()
    append(log, "a")
    for offset in (MAX_RELATIVE_OFFSET, MAX_RELATIVE_OFFSET + 1):
        data = batch("far")
        next(iter_batches(memoryview(data))).set_base_offset(offset)
        log.append(data, now_ms=NOW_MS, origin="replication")
    assert base_offsets(log) == [0, MAX_RELATIVE_OFFSET + 1]
    assert len(read_all(log)) == 3


def test_rolling_by_hand_is_for_segments_with_records() -> None:
    log = new_log()
    log.roll()
    assert base_offsets(log) == [0]
    append(log, "a")
    log.roll()
    log.roll()
    assert base_offsets(log) == [0, 1]


def test_preallocated_logs_are_trimmed() -> None:
    context = new_context()
    log = new_log(context, preallocate="true", segment_bytes=1000)
    assert context.files.size_bytes(f"{DIRECTORY}/00000000000000000000.log") == 1000
    append(log, "a")
    log.close()
    assert context.files.size_bytes(f"{DIRECTORY}/00000000000000000000.log") == len(batch("a"))


# --- lookups by time


def timed_log(*timestamps: int) -> PartitionLog:
    log = new_log(segment_bytes=3 * BATCH_BYTES)
    for number, timestamp in enumerate(timestamps):
        append(log, f"v{number}", timestamp=timestamp)
    return log


def test_offsets_by_timestamp() -> None:
    log = timed_log(10, 30, 20, 40, 40, 50)
    assert [log.offset_for_timestamp(timestamp) for timestamp in (0, 10, 11, 20, 31, 50)] == [
        (0, 10, 0),
        (0, 10, 0),
        (1, 30, 0),
        (1, 30, 0),
        (3, 40, 0),
        (5, 50, 0),
    ]
    assert log.offset_for_timestamp(51) is None
    log.delete_records_before(2)
    assert log.offset_for_timestamp(0) == (2, 20, 0)


def test_the_greatest_timestamp_and_its_first_record() -> None:
    assert new_log().max_timestamp() is None
    assert timed_log(10, 50, 20, 40, 50).max_timestamp() == (1, 50, 0)


def test_lookup_within_a_batch() -> None:
    log = new_log(compression_type="gzip")
    append(log, "a", "b", "c", timestamp=7)
    log.delete_records_before(1)
    assert log.offset_for_timestamp(7) == (1, 7, 0)


def test_the_named_offsets() -> None:
    log = timed_log(10, 20, 30)
    log.append(batch("x"), now_ms=NOW_MS, leader_epoch=3)
    assert (log.earliest(), log.earliest_local(), log.latest()) == ((0, -1, 0), (0, -1, 0), (4, -1, 3))
    log.delete_records_before(3)
    assert (log.earliest(), log.earliest_epoch()) == ((3, -1, 3), 3)


# --- retention, deletion of records, truncation


def test_deleting_records_moves_the_start_and_retention_takes_the_segments() -> None:
    context = new_context()
    log = new_log(context, segment_bytes=2 * BATCH_BYTES, file_delete_delay_ms=60_000)
    fill(log, 7)
    assert log.delete_records_before(3) == 3
    assert log.delete_records_before(1) == 3
    assert base_offsets(log) == [0, 2, 4, 6]
    assert log.delete_old_segments() == 1
    assert base_offsets(log) == [2, 4, 6]
    assert values(read_all(log)) == ["v3", "v4", "v5", "v6"]
    deleted = [name for name in names_in(context) if name.endswith(".deleted")]
    assert deleted == [f"{0:020}{suffix}.deleted" for suffix in (".index", ".log", ".timeindex")]
    assert context.deletions.take_due(59_999) == []
    context.deletions.delete(context.deletions.take_due(60_000))
    assert not [name for name in names_in(context) if name.endswith(".deleted")]
    with pytest.raises(ApiError) as raised:
        log.delete_records_before(8)
    assert raised.value.code == errors.OFFSET_OUT_OF_RANGE
    assert log.delete_records_before(-1) == 7


def test_retention_by_size_keeps_at_least_as_much() -> None:
    log = new_log(segment_bytes=2 * BATCH_BYTES, retention_bytes=5 * BATCH_BYTES, retention_ms=-1)
    fill(log, 8)
    assert log.delete_old_segments() == 1
    assert (log.log_start_offset, log.size_bytes) == (2, 6 * BATCH_BYTES)
    assert log.delete_old_segments() == 0


def test_retention_by_time_takes_the_active_segment_too() -> None:
    clock = ManualClock(NOW_MS)
    log = new_log(new_context(clock=clock), segment_bytes=2 * BATCH_BYTES, retention_ms=1000, retention_bytes=-1)
    for number in range(5):
        append(log, f"v{number}", timestamp=NOW_MS + number * 100)
    clock.advance(1300)
    assert log.delete_old_segments() == 1
    assert log.log_start_offset == 2
    clock.advance(5000)
    assert log.delete_old_segments() == 2
    assert (log.log_start_offset, log.log_end_offset, base_offsets(log)) == (5, 5, [5])
    assert append(log, "next") == 5


def test_retention_leaves_compacted_topics_alone_but_for_the_start_offset() -> None:
    clock = ManualClock(NOW_MS)
    context = new_context(clock=clock)
    log = new_log(context, segment_bytes=2 * BATCH_BYTES, retention_ms=1, cleanup_policy="compact")
    log.config = log_config(segment_bytes=2 * BATCH_BYTES, retention_ms=1)
    fill(log, 5)
    log.config = log_config(segment_bytes=2 * BATCH_BYTES, retention_ms=1, cleanup_policy="compact")
    clock.advance(1_000_000)
    assert log.delete_old_segments() == 0
    log.delete_records_before(2)
    assert log.delete_old_segments() == 1


@pytest.mark.parametrize("offset", range(8))
def test_truncation(offset: int) -> None:
    context = new_context()
    log = new_log(context, segment_bytes=3 * BATCH_BYTES)
    fill(log, 7)
    log.read(7, 100)
    assert log.truncate_to(offset) == (offset < 7)
    assert (log.log_end_offset, log.high_watermark) == (offset, offset)
    assert values(read_all(log)) == [f"v{number}" for number in range(offset)]
    append(log, "new")
    assert values(read_all(log))[-1] == "new"
    log.close()
    again, _ = reopened(log, context)
    assert again.log_end_offset == offset + 1
    assert again.offset_for_timestamp(NOW_MS) == (0, NOW_MS, 0)


def test_truncation_below_the_first_segment_starts_over() -> None:
    log = new_log(segment_bytes=2 * BATCH_BYTES)
    fill(log, 6)
    log.delete_records_before(4)
    log.delete_old_segments()
    log.truncate_to(3)
    assert (log.log_start_offset, log.log_end_offset, base_offsets(log)) == (3, 3, [3])
    log.truncate_fully_and_start_at(100)
    assert append(log, "x") == 100


# --- syncing, disks that fail


def test_flush_messages_syncs_every_so_many_records() -> None:
    context = new_context()
    log = new_log(context, flush_messages=3)
    append(log, "a", "b")
    assert log.recovery_point == 0
    append(log, "c")
    assert log.recovery_point == 3
    assert isinstance(context.files, MemoryFiles)
    assert values(read_all(reopened(log, new_context(context.files.after_crash("power")))[0])) == ["a", "b", "c"]


def failing(context: LogContext, operation: str, code: int) -> None:
    assert isinstance(context.files, MemoryFiles)
    context.files.fault = lambda name, path: code if name == operation and path.endswith(".log") else None


def test_a_full_disk_refuses_appends_keeps_the_log_readable_and_recovers() -> None:
    context = new_context()
    files = context.files
    assert isinstance(files, MemoryFiles)
    log = new_log(context)
    append(log, "a")
    files.free_bytes = 20
    with pytest.raises(StorageError, match="No space left"):
        append(log, "b")
    assert files.size_bytes(f"{DIRECTORY}/00000000000000000000.log") == len(batch("a"))
    assert (log.is_failed, log.log_end_offset, values(read_all(log))) == (False, 1, ["a"])
    files.free_bytes = None
    assert append(log, "b") == 1
    assert values(read_all(log)) == ["a", "b"]


def test_a_full_disk_at_a_marker_leaves_no_aborted_transaction_behind() -> None:
    from tests.storage.logs import marker

    context = new_context()
    files = context.files
    assert isinstance(files, MemoryFiles)
    log = new_log(context)
    log.append(batch("t", producer=(1, 0, 0), transactional=True), now_ms=NOW_MS)
    files.free_bytes = 40
    with pytest.raises(StorageError):
        log.append(marker(1, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    assert log.aborted_transactions(0, 10) == []
    assert log.last_stable_offset == 0
    files.free_bytes = None
    log.append(marker(1, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    assert [entry.producer_id for entry in log.aborted_transactions(0, 10)] == [1]


@pytest.mark.parametrize("operation", ["write", "sync"])
def test_a_broken_disk_takes_the_log_offline_and_says_where(operation: str) -> None:
    context = new_context()
    failures: list[str] = []
    context.on_disk_failure = lambda path, error: failures.append(f"{path}: {error.strerror}")
    log = new_log(context, flush_messages=2)
    moved: list[bool] = []
    log.on_advance = lambda changed: moved.append(changed.is_failed)
    append(log, "a")
    failing(context, operation, errno.EIO)
    with pytest.raises(StorageError, match="Input/output error"):
        append(log, "b")
    assert log.is_failed
    assert moved[-1]
    assert DIRECTORY in failures[0]
    context.files.fault = None  # type: ignore[attr-defined]
    with pytest.raises(StorageError, match="the log of t-0 in /data/t-0 is offline"):
        append(log, "c")
    assert values(read_all(log))[0] == "a"


def test_too_many_open_files_refuse_one_append_only() -> None:
    context = new_context()
    log = new_log(context)
    failing(context, "write", errno.EMFILE)
    with pytest.raises(StorageError, match="Too many open files"):
        append(log, "a")
    failing(context, "none", 0)
    assert append(log, "a") == 0


def test_listeners_hear_of_every_move() -> None:
    log = new_log()
    seen: list[tuple[int, int, int]] = []
    log.on_advance = lambda moved: seen.append((moved.log_start_offset, moved.last_stable_offset, moved.high_watermark))
    append(log, "a", "b")
    log.append(batch("t", producer=(1, 0, 0), transactional=True), now_ms=NOW_MS)
    log.delete_records_before(1)
    log.truncate_to(1)
    assert seen == [(0, 2, 2), (0, 2, 3), (1, 2, 3), (1, 1, 1)]


def test_a_topic_id_is_given_once() -> None:
    log = new_log()
    log.assign_topic_id(TOPIC_ID)
    with pytest.raises(ApiError, match="already contained topic ID AAECAwQFBgcICQoLDA0ODw") as raised:
        log.assign_topic_id(bytes(16))
    assert raised.value.code == errors.INCONSISTENT_TOPIC_ID
