"""What a log makes of a folder in disorder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from minikafka.errors import CorruptLogError, StorageError
from minikafka.records.batch import RecordBatch
from minikafka.storage.loading.recovery import RecoveryReport
from minikafka.storage.log_context import LogContext
from minikafka.storage.memory_files import Crashed, MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import (
    DIRECTORY,
    NOW_MS,
    append,
    batch,
    fill,
    log_config,
    marker,
    new_context,
    new_log,
    read_all,
    reopened,
    values,
)

BATCH_BYTES = len(batch("v0"))
ACTIVE = f"{DIRECTORY}/00000000000000000006.log"


@pytest.fixture
def context() -> LogContext:
    return new_context()


@pytest.fixture
def log(context: LogContext) -> PartitionLog:
    """Three segments of three records each: 0, 3, 6; still open."""
    log = new_log(context, segment_bytes=3 * BATCH_BYTES, index_interval_bytes=50)
    fill(log, 9)
    return log


def after_kill(log: PartitionLog, context: LogContext, recovery_point: int = 0) -> tuple[PartitionLog, RecoveryReport]:
    log.abandon()
    return reopened(log, context, clean_shutdown=False, recovery_point=recovery_point, log_start_offset=0)


def texts(count: int) -> list[str]:
    return [f"v{number}" for number in range(count)]


def change(context: LogContext, path: str, how: Callable[[bytes], bytes]) -> None:
    context.files.write_bytes(path, how(context.files.read_bytes(path)), sync=False)


def test_a_clean_start_reads_no_segment(log: PartitionLog, context: LogContext) -> None:
    log.close()
    files = context.files
    assert isinstance(files, MemoryFiles)
    read: list[str] = []
    files.fault = lambda operation, path: read.append(path) if operation == "read" else None  # type: ignore[func-returns-value]
    again, report = reopened(log, context)
    assert not report
    assert (again.log_end_offset, again.recovery_point) == (9, 9)
    assert not [path for path in read if path.endswith((".log", ".index", ".timeindex"))]
    assert values(read_all(again)) == texts(9)
    assert append(again, "v9") == 9


def test_a_clean_start_without_a_checkpoint_reads_the_end_of_the_log(log: PartitionLog, context: LogContext) -> None:
    log.close()
    again, _ = reopened(log, context, recovery_point=0)
    assert again.log_end_offset == 9


def test_recovery_begins_at_the_recovery_point(log: PartitionLog, context: LogContext) -> None:
    change(context, f"{DIRECTORY}/00000000000000000000.log", lambda data: data[:30] + b"damaged" + data[37:])
    again, report = after_kill(log, context, recovery_point=7)
    assert "recovered 1 of 3 segments from offset 7" in str(report)
    assert again.log_end_offset == 9


@pytest.mark.parametrize(
    ("damage", "kept", "finding"),
    [
        (lambda data: data[:-1], 8, "the last batch is not complete"),
        (lambda data: data[: 2 * BATCH_BYTES + 5], 8, "the last batch is not complete"),
        (lambda data: data + bytes(5000), 9, "the file ends in zeros"),
        (lambda data: data[: 2 * BATCH_BYTES] + bytes(BATCH_BYTES), 8, "the file ends in zeros"),
        (lambda data: data[:-3] + b"xyz", 8, "Record is corrupt"),
        (lambda data: data + b"\xff" * 100, 9, "are not a record batch"),
        (lambda data: b"", 6, None),
    ],
)
def test_a_torn_tail_is_cut_off(
    log: PartitionLog, context: LogContext, damage: Callable[[bytes], bytes], kept: int, finding: str | None
) -> None:
    change(context, ACTIVE, damage)
    again, report = after_kill(log, context)
    assert values(read_all(again)) == texts(kept)
    assert (finding is None) == ("truncated" not in str(report))
    if finding is not None:
        position = (kept - 6) * BATCH_BYTES
        assert f"truncated {ACTIVE} at position {position}, offset {kept}: " in str(report)
        assert finding in str(report)
    assert append(again, f"v{kept}") == kept
    again.close()
    assert values(read_all(reopened(again, context)[0])) == texts(kept + 1)


def test_a_torn_tail_is_cut_off_where_the_log_begins_above_its_recovery_point(
    log: PartitionLog, context: LogContext
) -> None:
    """The checkpoint was lost, or never written, and retention has taken the first segments."""
    log.delete_records_before(6)
    assert log.delete_old_segments() == 2
    change(context, ACTIVE, lambda data: data[:-1])
    again, report = after_kill(log, context, recovery_point=0)
    assert "the last batch is not complete" in str(report)
    assert values(read_all(again)) == ["v6", "v7"]


def test_corruption_in_the_middle_is_told_with_all_that_goes_with_it(log: PartitionLog, context: LogContext) -> None:
    path = f"{DIRECTORY}/00000000000000000003.log"
    change(context, path, lambda data: data[:30] + b"?" + data[31:])
    again, report = after_kill(log, context)
    assert values(read_all(again)) == texts(3)
    assert f"truncated {path} at position 0, offset 3: Record is corrupt" in str(report)
    assert "CORRUPTION IN THE MIDDLE: 2 valid batches behind it, offsets 4 to 5, are dropped as well" in str(report)
    assert f"removed 1 segments ({3 * BATCH_BYTES} bytes) behind it" in str(report)
    assert append(again, "new") == 3


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\0\0\0\x01", b"\x7f\0\0\0"])
def test_a_length_that_cannot_be_hides_nothing(log: PartitionLog, context: LogContext, length: bytes) -> None:
    change(context, f"{DIRECTORY}/00000000000000000003.log", lambda data: data[:8] + length + data[12:])
    report = after_kill(log, context)[1]
    assert "CORRUPTION IN THE MIDDLE: 2 valid batches behind it, offsets 4 to 5, are dropped" in str(report)


def test_offsets_too_far_apart_for_an_index_split_their_segment(context: LogContext) -> None:
    """As Kafka before 1.1 could leave them (KAFKA-5413, KAFKA-6264)."""
    log = with_far_offsets(context)
    modified_ms = log.segments()[0].last_modified_ms()
    context.clock.advance(60_000)  # type: ignore[attr-defined]
    again, report = after_kill(log, context)
    far = 2**31 + 10
    assert {segment.last_modified_ms() for segment in again.segments()} == {modified_ms}
    assert (
        "split /data/t-0/00000000000000000000.log, whose offsets were too far apart for an index, at the offsets 0, "
        in (str(report))
    )
    assert [segment.base_offset for segment in again.segments()] == [0, far, 2 * far]
    assert [(record.offset, record.value) for record in read_all(again)] == [
        (0, b"near"),
        (far, b"far"),
        (far + 1, b"next"),
        (far + 2, b"gone"),
        (2 * far, b"farther"),
    ]
    assert [entry.producer_id for entry in again.aborted_transactions(0, 3 * far)] == [5]
    assert again.offset_for_timestamp(NOW_MS + 2) == (2 * far, NOW_MS + 2, 0)
    again.close()
    clean, report = reopened(again, context)
    assert not report
    assert clean.log_end_offset == 2 * far + 1
    files = context.files
    assert not [name for name, _ in files.list_directory(DIRECTORY) if name.endswith((".swap", ".cleaned", ".deleted"))]


def with_far_offsets(context: LogContext) -> PartitionLog:
    """A log whose only segment has offsets more than an int32 apart, and an aborted transaction behind the gap."""
    log = new_log(context)
    append(log, "near")
    segment, far = log.segments()[0], 2**31 + 10
    position = log.size_bytes
    aborted = batch("gone", producer=(5, 0, 0), transactional=True)
    end = marker(5, 0, commit=False)
    for offset, data in (
        (far, batch("far")),
        (far + 1, batch("next", timestamp=NOW_MS + 1)),
        (far + 2, aborted),
        (far + 3, end),
        (2 * far, batch("farther", timestamp=NOW_MS + 2)),
    ):
        found = RecordBatch(memoryview(data), 0)
        found.set_base_offset(offset)
        found.set_partition_leader_epoch(0)
        segment.log.pwrite(data, position)
        position += len(data)
    log.abandon()
    return log


@pytest.mark.parametrize("assumption", ["process", "power", "torn"])
def test_a_crash_while_a_segment_is_split_loses_nothing(assumption: str) -> None:
    operation = 0
    while True:
        operation += 1
        context = new_context()
        log = with_far_offsets(context)
        files = context.files
        assert isinstance(files, MemoryFiles)
        for name, _ in files.list_directory(DIRECTORY):
            files.sync_file(f"{DIRECTORY}/{name}")
        files.sync_directory(DIRECTORY)
        files.sync_directory("/data")
        files.crash_at_operation = files.operations + operation
        try:
            after_kill(log, context)
        except Crashed:
            again, _ = after_kill(log, new_context(files.after_crash(assumption, operation)))
            assert values(read_all(again)) == ["near", "far", "next", "gone", "farther"], operation
        else:
            break
    assert operation > 30


def test_nothing_is_kept_behind_a_hole_that_a_loss_of_power_left(log: PartitionLog, context: LogContext) -> None:
    change(context, f"{DIRECTORY}/00000000000000000003.log", lambda data: data[: 2 * BATCH_BYTES])
    again, report = after_kill(log, context, recovery_point=3)
    assert values(read_all(again)) == texts(5)
    assert f"offsets 5 to 5 are missing; removed 1 segments ({3 * BATCH_BYTES} bytes) behind it" in str(report)
    assert append(again, "v5") == 5


def test_a_hole_in_what_had_been_synced_takes_nothing_behind_it_along(log: PartitionLog, context: LogContext) -> None:
    path = f"{DIRECTORY}/00000000000000000003.log"
    change(context, path, lambda data: data[:BATCH_BYTES])
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=rf"offsets 4 to 5 are missing before {ACTIVE}, where they had been"):
            after_kill(log, context, recovery_point=5)
        assert len(context.files.read_bytes(ACTIVE)) == 3 * BATCH_BYTES
    again, _ = after_kill(log, context, recovery_point=4)
    assert values(read_all(again)) == texts(4)


def test_holes_of_a_compacted_log_are_no_loss(context: LogContext) -> None:
    log = new_log(context, segment_bytes=3 * BATCH_BYTES)
    fill(log, 9)
    log.abandon()
    log.config = log_config(cleanup_policy="compact")
    change(context, f"{DIRECTORY}/00000000000000000003.log", lambda data: data[: 2 * BATCH_BYTES])
    again, _ = after_kill(log, context)
    assert values(read_all(again)) == [*texts(5), "v6", "v7", "v8"]


def test_corruption_found_when_reading(log: PartitionLog, context: LogContext) -> None:
    log.close()
    change(context, f"{DIRECTORY}/00000000000000000003.log", lambda data: bytes(len(data)))
    again, _ = reopened(log, context)
    with pytest.raises(
        CorruptLogError, match=r"00000000000000000003\.log: the bytes at position 70 are not a record batch"
    ):
        again.read(4, 1000)
    assert again.read(7, 1000).size_bytes == 2 * BATCH_BYTES


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
@pytest.mark.parametrize("offset", [0, 6])
@pytest.mark.parametrize("clean", [True, False])
def test_missing_indexes_are_built_anew(
    log: PartitionLog, context: LogContext, suffix: str, offset: int, clean: bool
) -> None:
    log.close()
    path = f"{DIRECTORY}/{offset:020}{suffix}"
    content = context.files.read_bytes(path)
    context.files.unlink(path)
    again, report = reopened(log, context, clean_shutdown=clean, recovery_point=log.recovery_point if clean else 6)
    assert report
    assert values(read_all(again)) == texts(9)
    again.close()
    assert context.files.read_bytes(path) == content
    assert len(content) > 0


def test_damage_in_what_was_synced_is_not_cut_away(log: PartitionLog, context: LogContext) -> None:
    path = f"{DIRECTORY}/{3:020}.log"
    log.close()
    context.files.unlink(f"{DIRECTORY}/{3:020}.index")
    change(context, path, lambda data: data[:100] + b"?" + data[101:])
    damaged = context.files.read_bytes(path)
    for clean in (True, False):
        with pytest.raises(CorruptLogError, match=rf"{path} is damaged at position {BATCH_BYTES}, offset 4 "):
            reopened(log, context, clean_shutdown=clean, recovery_point=9)
        assert context.files.read_bytes(path) == damaged


@pytest.mark.parametrize(("base", "recovery_point"), [(6, 8), (3, 5)])
def test_damage_in_what_was_synced_of_the_last_segments_is_not_cut_away(
    log: PartitionLog, context: LogContext, base: int, recovery_point: int
) -> None:
    path = f"{DIRECTORY}/{base:020}.log"
    change(context, path, lambda data: data[:100] + b"?" + data[101:])
    damaged = context.files.read_bytes(path)
    log.abandon()
    for _ in range(2):
        with pytest.raises(CorruptLogError, match=rf"{path} is damaged at position {BATCH_BYTES}, offset {base + 1} "):
            reopened(log, context, clean_shutdown=False, recovery_point=recovery_point)
        assert context.files.read_bytes(path) == damaged


def test_a_synced_end_that_is_gone_is_told_of(log: PartitionLog, context: LogContext) -> None:
    change(context, ACTIVE, lambda data: data[:-5])
    again, report = after_kill(log, context, recovery_point=9)
    assert "all up to offset 9 had been synced: records are lost; log end offset 8" in str(report)
    assert values(read_all(again)) == texts(8)


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
def test_untrimmed_indexes_below_the_recovery_point_are_built_anew(
    log: PartitionLog, context: LogContext, suffix: str
) -> None:
    path = f"{DIRECTORY}/{0:020}{suffix}"
    content = context.files.read_bytes(path)
    context.files.write_bytes(path, content + bytes(240), sync=False)
    again, report = after_kill(log, context, recovery_point=6)
    assert "rebuilt the indexes" in str(report)
    assert context.files.read_bytes(path) == content
    assert again.offset_for_timestamp(NOW_MS) == (0, NOW_MS, 0)


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
def test_half_written_indexes_are_built_anew(log: PartitionLog, context: LogContext, suffix: str) -> None:
    for offset in (0, 3, 6):
        context.files.write_bytes(f"{DIRECTORY}/{offset:020}{suffix}", b"\1" * 17, sync=False)
    again, _ = after_kill(log, context)
    assert values(read_all(again)) == texts(9)
    for segment in again.segments():
        assert (segment.offset_index.looks_sane(), segment.time_index.looks_sane()) == (True, True)
    assert again.offset_for_timestamp(NOW_MS) == (0, NOW_MS, 0)


def test_a_damaged_index_hides_no_records_after_a_clean_stop(log: PartitionLog, context: LogContext) -> None:
    log.close()
    for offset in (0, 3, 6):
        entries = b"".join(bytes([0, 0, 0, number, 0x7F, 0xFF, 0, number]) for number in range(3))
        context.files.write_bytes(f"{DIRECTORY}/{offset:020}.index", entries, sync=False)
    for recovery_point in (9, 0):
        again, _ = reopened(log, context, recovery_point=recovery_point)
        assert values(read_all(again)) == texts(9)
        assert again.read(4, 1000).size_bytes == 2 * BATCH_BYTES


def test_a_damaged_transaction_index_is_built_anew_after_a_clean_stop(context: LogContext) -> None:
    log = new_log(context)
    log.append(batch("t", producer=(1, 0, 0), transactional=True), now_ms=NOW_MS)
    log.append(marker(1, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    aborted = log.aborted_transactions(0, 2)
    log.close()
    change(context, f"{DIRECTORY}/00000000000000000000.txnindex", lambda data: data[:20])
    again, report = reopened(log, context)
    assert "rebuilt the indexes" in str(report)
    assert again.aborted_transactions(0, 2) == aborted != []


@pytest.mark.parametrize("clean", [True, False])
def test_leader_epochs_that_are_missing_are_built_anew(log: PartitionLog, context: LogContext, clean: bool) -> None:
    log.leader_epoch = 3
    append(log, "v9")
    log.close()
    epochs = log.leader_epochs
    context.files.unlink(f"{DIRECTORY}/leader-epoch-checkpoint")
    again, report = reopened(log, context, clean_shutdown=clean)
    assert again.leader_epochs == epochs
    assert [epoch for epoch, _ in epochs] == [0, 3]
    assert "the leader epochs are rebuilt, since there is no leader-epoch-checkpoint" in str(report)


@pytest.mark.parametrize("epochs", [None, b"half writ"])
def test_leader_epochs_that_are_lost_with_the_end_of_the_log(
    log: PartitionLog, context: LogContext, epochs: bytes | None
) -> None:
    path = f"{DIRECTORY}/leader-epoch-checkpoint"
    context.files.unlink(path)
    if epochs is not None:
        context.files.write_bytes(path, epochs, sync=False)
    change(context, ACTIVE, lambda data: data + bytes(100))
    again, _ = after_kill(log, context)
    assert values(read_all(again)) == texts(9)
    assert again.leader_epochs == [(0, 0)]


def test_so_are_all_snapshots_after_a_clean_stop(context: LogContext) -> None:
    log = new_log(context)
    log.append(batch("open", producer=(1, 0, 0), transactional=True), now_ms=NOW_MS)
    log.close()
    context.files.unlink(f"{DIRECTORY}/{1:020}.snapshot")
    again, _ = reopened(log, context)
    assert (again.last_stable_offset, again.log_end_offset) == (0, 1)
    assert again.append(batch("open", producer=(1, 0, 0), transactional=True), now_ms=NOW_MS).is_duplicate


def test_missing_snapshots_are_made_up_for_by_the_log(context: LogContext) -> None:
    log = new_log(context, segment_bytes=300)
    for sequence in range(10):
        log.append(batch("x", producer=(1, 0, sequence)), now_ms=NOW_MS)
    log.abandon()
    for name, _ in context.files.list_directory(DIRECTORY):
        if name.endswith(".snapshot"):
            context.files.unlink(f"{DIRECTORY}/{name}")
    again, _ = reopened(log, context, clean_shutdown=False, recovery_point=log.recovery_point)
    assert again.append(batch("x", producer=(1, 0, 9)), now_ms=NOW_MS).is_duplicate
    assert again.append(batch("x", producer=(1, 0, 10)), now_ms=NOW_MS).base_offset == 10


def test_leftovers_of_deletion_and_unfinished_compaction_go(log: PartitionLog, context: LogContext) -> None:
    log.close()
    for name in (
        "0" * 20 + ".log.deleted",
        "0" * 19 + "1.snapshot.deleted",
        "0" * 20 + ".log.cleaned",
        "9" * 20 + ".index",
    ):
        context.files.write_bytes(f"{DIRECTORY}/{name}", b"x", sync=False)
    again, report = reopened(log, context)
    left = [name for name, _ in context.files.list_directory(DIRECTORY)]
    assert not [name for name in left if name.endswith((".deleted", ".cleaned")) or name.startswith("9")]
    assert "removed unfinished" in str(report)
    assert "indexes without a log" in str(report)
    assert values(read_all(again)) == texts(9)


def swap_files(log: PartitionLog, context: LogContext, offset: int) -> None:
    """Make the segment at ``offset`` look as if a compaction had just put it in place of itself and the next."""
    for suffix in (".log", ".index", ".timeindex"):
        path = f"{DIRECTORY}/{offset:020}{suffix}"
        context.files.rename(path, path + ".swap")


def test_a_finished_compaction_is_completed(log: PartitionLog, context: LogContext) -> None:
    log.close()
    contents = context.files.read_bytes(f"{DIRECTORY}/{0:020}.log") + context.files.read_bytes(
        f"{DIRECTORY}/{3:020}.log"
    )
    swap_files(log, context, 0)
    context.files.write_bytes(f"{DIRECTORY}/{0:020}.log.swap", contents, sync=False)
    again, report = reopened(log, context)
    assert "completed the replacement of segments by 00000000000000000000.index.swap" in str(report)
    assert [segment.base_offset for segment in again.segments()] == [0, 6]
    assert values(read_all(again)) == texts(9)


def aborted_in_the_first_of_two_segments(context: LogContext) -> PartitionLog:
    log = new_log(context, index_interval_bytes=50)
    append(log, "v0")
    log.append(batch("gone", producer=(5, 0, 0), transactional=True), now_ms=NOW_MS)
    log.append(marker(5, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    log.roll()
    log.append(batch("kept", producer=(5, 1, 0), transactional=True), now_ms=NOW_MS)
    log.append(marker(5, 1, commit=True), now_ms=NOW_MS, origin="coordinator")
    return log


@pytest.mark.parametrize("lost_snapshots", [0, 1, 2])
def test_a_transaction_index_that_somebody_deleted_is_built_anew(context: LogContext, lost_snapshots: int) -> None:
    log = aborted_in_the_first_of_two_segments(context)
    log.close()
    index = f"{DIRECTORY}/{0:020}.txnindex"
    content = context.files.read_bytes(index)
    context.files.unlink(index)
    for offset in (3, 5)[:lost_snapshots]:
        context.files.unlink(f"{DIRECTORY}/{offset:020}.snapshot")
    again, report = reopened(log, context, is_changed_since=True)
    assert report.findings == [f"rebuilt the indexes of {DIRECTORY}/{0:020}.log"]
    assert context.files.read_bytes(index) == content
    assert [aborted.first_offset for aborted in again.aborted_transactions(0, 5)] == [1]


def test_a_log_that_had_no_transactions_is_not_searched_for_markers(log: PartitionLog, context: LogContext) -> None:
    log.close()
    files = context.files
    assert isinstance(files, MemoryFiles)
    read: list[str] = []
    files.fault = lambda operation, path: read.append(path) if operation == "read" else None  # type: ignore[func-returns-value]
    _, report = reopened(log, context, is_changed_since=True)
    assert not report
    assert not [path for path in read if path.endswith(".log")]


def test_an_index_that_somebody_changed_is_looked_at(log: PartitionLog, context: LogContext) -> None:
    log.close()
    change(context, f"{DIRECTORY}/{3:020}.index", lambda data: data + b"?")
    _, report = reopened(log, context, is_changed_since=True)
    assert report.findings == [f"rebuilt the indexes of {DIRECTORY}/{3:020}.log"]


def test_a_split_that_was_not_finished_is_undone(log: PartitionLog, context: LogContext) -> None:
    log.close()
    context.files.write_bytes(f"{DIRECTORY}/{4:020}.log.cleaned", b"x", sync=False)
    context.files.write_bytes(f"{DIRECTORY}/{5:020}.log.swap", b"x", sync=False)
    again, _ = reopened(log, context)
    assert values(read_all(again)) == texts(9)
    assert not context.files.exists(f"{DIRECTORY}/{5:020}.log.swap")


def test_a_log_that_lost_its_files_goes_on_at_its_start_offset(log: PartitionLog, context: LogContext) -> None:
    log.close()
    for segment in log.segments():
        for path in segment.existing_paths():
            context.files.unlink(path)
    again, report = reopened(log, context, log_start_offset=5)
    assert (again.log_start_offset, again.log_end_offset) == (5, 5)
    again.close()
    again, report = reopened(again, context, log_start_offset=50)
    assert "removed all segments, since the log ends at 5 and should begin at 50" in str(report)
    assert (again.log_start_offset, again.log_end_offset) == (50, 50)
    assert append(again, "x") == 50


def test_damaged_leader_epochs_are_found_again_in_the_batches(log: PartitionLog, context: LogContext) -> None:
    log.append(batch("x"), now_ms=NOW_MS, leader_epoch=7)
    epochs = log.leader_epochs
    log.close()
    context.files.write_bytes(f"{DIRECTORY}/leader-epoch-checkpoint", b"0\n9\n1 1\n", sync=False)
    again, report = reopened(log, context)
    assert again.leader_epochs == epochs == [(0, 0), (7, 9)]
    assert "the leader epochs are rebuilt" in str(report)


def test_leader_epochs_that_were_not_written_yet_are_found_again(log: PartitionLog, context: LogContext) -> None:
    log.append(batch("x"), now_ms=NOW_MS, leader_epoch=7)
    again, _ = after_kill(log, context, recovery_point=log.recovery_point)
    assert again.leader_epochs == [(0, 0), (7, 9)]
    assert again.leader_epoch == 7


def test_a_damaged_topic_id_after_a_clean_stop_is_not_guessed(log: PartitionLog, context: LogContext) -> None:
    log.close()
    context.files.write_bytes(f"{DIRECTORY}/partition.metadata", b"version: 7\n", sync=False)
    with pytest.raises(StorageError, match=r"partition\.metadata: malformed"):
        reopened(log, context)


def test_the_report_is_one_line(log: PartitionLog, context: LogContext) -> None:
    change(context, ACTIVE, lambda data: data[:-1])
    _, report = after_kill(log, context, recovery_point=6)
    assert str(report) == (
        f"{DIRECTORY}: recovered 1 of 3 segments from offset 6; truncated {ACTIVE} at position {2 * BATCH_BYTES}, "
        f"offset 8: the last batch is not complete ({BATCH_BYTES - 1} bytes); log end offset 8"
    )
