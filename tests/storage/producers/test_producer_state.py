"""Idempotence, fencing and transactions of one partition, through the log."""

from __future__ import annotations

import struct

import pytest

from minikafka import errors
from minikafka.errors import ApiError, CorruptLogError
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.producers.producer_entry import MAX_SEQUENCE, BatchMetadata, ProducerStateEntry
from minikafka.storage.producers.producer_snapshots import decode_snapshot, encode_snapshot
from minikafka.storage.producers.producer_state import ProducerStateManager
from tests.storage.logs import NOW_MS, append, batch, marker, new_context, new_log, read_all, reopened, values


def produce(log: PartitionLog, epoch: int, sequence: int, *texts: str, producer: int = 1, txn: bool = False) -> int:
    data = batch(*(texts or ("x",)), producer=(producer, epoch, sequence), transactional=txn)
    return log.append(data, now_ms=NOW_MS).base_offset


def end(
    log: PartitionLog, epoch: int, *, commit: bool, producer: int = 1, coordinator: int = 0, version: int = 0
) -> int:
    data = marker(producer, epoch, commit=commit, coordinator_epoch=coordinator)
    return log.append(data, now_ms=NOW_MS, origin="coordinator", transaction_version=version).base_offset


def refused(code: int, log: PartitionLog, epoch: int, sequence: int, **how: bool) -> str:
    end_offset = log.log_end_offset
    with pytest.raises(ApiError) as raised:
        produce(log, epoch, sequence, **how)
    assert raised.value.code == code
    assert log.log_end_offset == end_offset
    return raised.value.message


def test_a_retry_of_one_of_the_last_five_batches_gets_the_first_offsets() -> None:
    log = new_log()
    for sequence in range(0, 14, 2):
        produce(log, 0, sequence, "a", "b")
    for sequence in range(4, 14, 2):
        info = log.append(batch("a", "b", producer=(1, 0, sequence)), now_ms=NOW_MS)
        assert (info.base_offset, info.last_offset, info.is_duplicate) == (sequence, sequence + 1, True)
    assert log.log_end_offset == 14
    message = refused(errors.OUT_OF_ORDER_SEQUENCE_NUMBER, log, 0, 2)
    assert message == (
        "Out of order sequence number for producer 1 at offset 14 in partition t-0: 2 (incoming seq. number), 13 "
        "(current end sequence number)"
    )


def test_a_batch_that_only_overlaps_a_former_one_is_no_retry() -> None:
    log = new_log()
    produce(log, 0, 0, "a", "b")
    refused(errors.OUT_OF_ORDER_SEQUENCE_NUMBER, log, 0, 1)


def test_a_gap_is_refused_and_an_unknown_producer_may_begin_anywhere() -> None:
    log = new_log()
    assert produce(log, 3, 17) == 0
    refused(errors.OUT_OF_ORDER_SEQUENCE_NUMBER, log, 3, 19)
    assert produce(log, 3, 18) == 1


def test_sequences_wrap_around() -> None:
    log = new_log()
    produce(log, 0, MAX_SEQUENCE)
    produce(log, 0, 0)
    info = log.append(batch("x", producer=(1, 0, MAX_SEQUENCE)), now_ms=NOW_MS)
    assert info.is_duplicate
    produce(log, 0, 1)
    data = BatchMetadata(last_sequence=1, last_offset=9, offset_delta=3, timestamp=0)
    assert data.first_sequence == MAX_SEQUENCE - 1


def test_an_older_epoch_is_fenced_and_a_newer_one_begins_at_zero() -> None:
    log = new_log()
    produce(log, 5, 0)
    assert refused(errors.INVALID_PRODUCER_EPOCH, log, 4, 1) == (
        "Epoch of producer 1 at offset 1 in t-0 is 4, which is < the last seen epoch 5 (TV0)"
    )
    refused(errors.OUT_OF_ORDER_SEQUENCE_NUMBER, log, 6, 1)
    produce(log, 6, 0)
    assert log.active_producers()[0].producer_epoch == 6


def test_an_open_transaction_holds_the_last_stable_offset_back() -> None:
    log = new_log()
    append(log, "before")
    produce(log, 0, 0, txn=True)
    produce(log, 0, 0, producer=2, txn=True)
    append(log, "after")
    assert (log.last_stable_offset, log.high_watermark, log.first_unstable_offset) == (1, 4, 1)
    end(log, 0, commit=True)
    assert log.last_stable_offset == 2
    assert values(read_all(log, isolation="read_committed")) == ["before", "x"]
    end(log, 0, producer=2, commit=False)
    assert log.last_stable_offset == log.log_end_offset == 6


def test_aborted_transactions_are_told_to_read_committed_readers_only() -> None:
    log = new_log()
    produce(log, 0, 0, txn=True)
    produce(log, 0, 0, producer=2, txn=True)
    end(log, 0, commit=False)
    end(log, 0, producer=2, commit=True)
    assert log.read(0, 10_000, isolation="read_committed").aborted_transactions == [(1, 0)]
    assert log.read(1, 10_000, isolation="read_committed").aborted_transactions == [(1, 0)]
    assert log.read(3, 10_000, isolation="read_committed").aborted_transactions == []
    assert log.read(0, 10_000).aborted_transactions is None
    assert log.read(4, 10_000, isolation="read_committed").aborted_transactions == []


def test_a_marker_without_a_transaction_leaves_no_trace_in_the_index() -> None:
    log = new_log()
    end(log, 0, commit=False)
    assert log.aborted_transactions(0, 10) == []
    assert log.last_stable_offset == 1


def test_markers_of_a_former_coordinator_are_fenced() -> None:
    log = new_log()
    produce(log, 0, 0, txn=True)
    end(log, 0, commit=True, coordinator=3)
    with pytest.raises(ApiError, match="2 \\(zombie\\), 3 \\(current\\)") as raised:
        end(log, 0, commit=True, coordinator=2)
    assert raised.value.code == errors.TRANSACTION_COORDINATOR_FENCED


def test_markers_of_transactions_version_2_come_with_a_greater_epoch() -> None:
    log = new_log()
    produce(log, 4, 0, txn=True)
    with pytest.raises(ApiError, match=r"is 4, which is <= the last seen epoch 4 \(TV2\)") as raised:
        end(log, 4, commit=True, version=2)
    assert raised.value.code == errors.INVALID_PRODUCER_EPOCH
    end(log, 5, commit=True, version=2)
    end(log, 5, commit=True, version=2)
    assert produce(log, 5, 0, txn=True) == 3


def test_a_write_outside_of_the_open_transaction_is_refused() -> None:
    log = new_log()
    produce(log, 0, 0, txn=True)
    assert refused(errors.INVALID_TXN_STATE, log, 0, 1).startswith("Expected transactional write from producer 1")


def test_idle_producers_are_forgotten_but_not_those_with_an_open_transaction() -> None:
    context = new_context()
    log = new_log(context)
    produce(log, 0, 0)
    produce(log, 0, 0, producer=2, txn=True)
    log.remove_expired_producers(NOW_MS + context.producer_id_expiration_ms - 1)
    assert len(log.active_producers()) == 2
    log.remove_expired_producers(NOW_MS + context.producer_id_expiration_ms)
    assert [entry.producer_id for entry in log.active_producers()] == [2]
    produce(log, 0, 55)


@pytest.mark.parametrize("clean", [True, False])
def test_sequences_and_transactions_survive_a_restart(clean: bool) -> None:
    context = new_context()
    log = new_log(context, segment_bytes=300)
    for sequence in range(8):
        produce(log, 0, sequence)
    produce(log, 0, 0, producer=2, txn=True)
    produce(log, 0, 0, producer=3, txn=True)
    end(log, 0, producer=2, commit=False)
    if clean:
        log.close()
        again, report = reopened(log, context)
        assert not report
    else:
        log.abandon()
        again, report = reopened(log, context, clean_shutdown=False, recovery_point=0)
        assert "recovered" in str(report)
    assert (again.log_end_offset, again.last_stable_offset) == (11, 9)
    assert log.aborted_transactions(0, 11) == again.aborted_transactions(0, 11) != []
    assert again.append(batch("x", producer=(1, 0, 7)), now_ms=NOW_MS).is_duplicate
    assert produce(again, 0, 8) == 11
    end(again, 0, producer=3, commit=True)
    assert again.last_stable_offset == 13


def test_a_snapshot_has_kafkas_bytes() -> None:
    entry = ProducerStateEntry(7)
    entry.producer_epoch, entry.coordinator_epoch, entry.last_timestamp = 3, 2, 99
    entry.current_txn_first_offset = 40
    entry.batches.append(BatchMetadata(11, 45, 5, 99))
    data = encode_snapshot([entry])
    assert data[:2] == b"\0\1"
    assert data[6:] == struct.pack(">i qhiqiqiq", 1, 7, 3, 11, 45, 5, 99, 2, 40)
    (again,) = decode_snapshot(data, "x")
    assert repr(again) == repr(entry)
    assert encode_snapshot([again]) == data
    assert encode_snapshot([]) == bytes.fromhex("000148674bc700000000")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda data: data[:-1], "checksum"),
        (lambda data: data[:5], "too short"),
        (lambda data: b"\0\2" + data[2:], "unknown version 2"),
        (lambda data: data[:-1] + b"\1", "checksum"),
    ],
)
def test_a_damaged_snapshot_is_refused(damage: object, complaint: str) -> None:
    data = encode_snapshot([ProducerStateEntry(7)])
    with pytest.raises(CorruptLogError, match=complaint):
        decode_snapshot(damage(data), "/d/x.snapshot")  # type: ignore[operator]


def test_a_damaged_snapshot_is_passed_over_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    context = new_context()
    log = new_log(context)
    produce(log, 0, 0)
    produce(log, 0, 1)
    log.close()
    snapshot = "/data/t-0/00000000000000000002.snapshot"
    context.files.write_bytes(snapshot, b"damaged", sync=False)
    again, _ = reopened(log, context)
    assert "the producer snapshot cannot be used" in caplog.text
    assert produce(again, 0, 2) == 2


def test_a_start_deletes_the_snapshot_of_the_stop_before_last_when_there_is_time() -> None:
    context = new_context()
    log = new_log(context)
    for number in range(2):
        produce(log, 0, number)
        log.close()
        log, _ = reopened(log, context)
    names = [name for name, _ in context.files.list_directory(log.directory) if name.endswith(".snapshot")]
    assert sorted(names) == ["00000000000000000001.snapshot", "00000000000000000002.snapshot"]
    context.deletions.delete(context.deletions.take_due(context.clock.monotonic_ms()))
    names = [name for name, _ in context.files.list_directory(log.directory) if name.endswith(".snapshot")]
    assert names == ["00000000000000000002.snapshot"]
    assert produce(log, 0, 1) == 1, "the producer is still known"


def test_stray_snapshots_are_removed_but_for_the_one_of_the_clean_shutdown() -> None:
    files = MemoryFiles()
    files.make_directory("/d")
    manager = ProducerStateManager(files, "/d", "t-0", [])
    for offset in (3, 5, 7, 9, 12):
        manager.map_end_offset = offset
        manager.take_snapshot(sync=True)
    strays = manager.forget_stray_snapshots([0, 5, 9])
    assert manager.snapshot_offsets == [5, 9, 12]
    assert strays == [manager.snapshot_path(3), manager.snapshot_path(7)]
    strays = manager.forget_stray_snapshots([0, 5, 20])
    assert manager.snapshot_offsets == [5]
    assert strays == [manager.snapshot_path(9), manager.snapshot_path(12)]
