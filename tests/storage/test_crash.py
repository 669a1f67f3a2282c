"""A crash at every single write and sync of a workload, and what must be there afterwards."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.records.batch import iter_batches
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import Crashed, MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import NOW_MS, TOPIC_ID, batch, log_config, manager_for, marker, read_all, upkeep_of

SETTINGS = {"segment_bytes": 700, "segment_index_bytes": 96, "index_interval_bytes": 60, "file_delete_delay_ms": 100}


class Workload:
    """Appends of all kinds, rolls, syncs, checkpoints, retention, truncated starts, deletion, a clean stop.

    Keeps what it knows to be in the log, by offset, and what it knows to be synced.
    """

    def __init__(self, files: MemoryFiles) -> None:
        self.clock = ManualClock(NOW_MS)
        self.manager = manager_for(files, self.clock)
        self.appended: dict[int, bytes] = {}
        self.in_flight: bytes = b""
        self.synced_offset = 0
        self.start_offset = 0
        self.requested_start_offset = 0
        self.created = False

    def run(self) -> None:
        self.manager.start("c" * 22)
        self.log = self.manager.create("t", 0, TOPIC_ID, log_config(**SETTINGS))
        self.created = True
        for round_ in range(3):
            self._one_round(round_)
        self.manager.delete("gone", 0)
        self.clock.advance(200)
        upkeep_of(self.manager).delete_due()
        self._note_progress()
        self.manager.close()
        self._note_progress()

    def _one_round(self, round_: int) -> None:
        for number in range(6):
            self._append(batch(f"plain {round_} {number}"))
        for number in range(3):
            self._append(batch("i" * 20, "j", producer=(5, round_, number * 2)))
        self._append(batch("txn a", producer=(7, round_, 0), transactional=True))
        self._append(batch("txn b", producer=(8, round_, 0), transactional=True))
        self._append(marker(7, round_, commit=False, coordinator_epoch=round_), origin="coordinator")
        self._flush()
        self.manager.create("gone", 0, TOPIC_ID, log_config(**SETTINGS))
        self._append(marker(8, round_, commit=True, coordinator_epoch=round_), origin="coordinator")
        upkeep_of(self.manager).checkpoint_recovery_points()
        if round_ == 1:
            self.requested_start_offset = self.log.log_end_offset // 2
            self.log.delete_records_before(self.requested_start_offset)
            upkeep_of(self.manager).checkpoint_log_start_offsets()
            upkeep_of(self.manager).enforce_retention()
            self.clock.advance(150)
            upkeep_of(self.manager).delete_due()
        self._append(batch("x" * 300))

    def _append(self, data: bytearray, origin: str = "client") -> None:
        self.in_flight = bytes(data)
        info = self.log.append(data, now_ms=NOW_MS, origin=origin)
        self.appended[info.base_offset] = bytes(data)
        self.in_flight = b""
        self._note_progress()

    def _flush(self) -> None:
        self.log.flush()
        self._note_progress()

    def _note_progress(self) -> None:
        self.synced_offset = max(self.synced_offset, self.log.recovery_point)


def operations_of_the_workload() -> int:
    files = MemoryFiles()
    Workload(files).run()
    return files.operations


OPERATIONS = operations_of_the_workload()


def crashed_workload(operation: int) -> tuple[Workload, MemoryFiles]:
    files = MemoryFiles()
    files.crash_at_operation = operation
    workload = Workload(files)
    with pytest.raises(Crashed):
        workload.run()
    return workload, files


def batches_in(log: PartitionLog) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        batches = list(iter_batches(log.read(offset, 10_000, isolation="log_end").read()))
        assert batches, f"there is nothing to read at offset {offset} of {log}"
        for entry in batches:
            entry.ensure_valid()
            found[entry.base_offset] = bytes(entry.data)
            offset = entry.next_offset
    return found


def state_of(log: PartitionLog) -> tuple[object, ...]:
    producers = sorted(
        (entry.producer_id, entry.producer_epoch, entry.last_sequence, entry.current_txn_first_offset)
        for entry in log.active_producers()
    )
    aborted = log.aborted_transactions(log.first_segment_base_offset, log.log_end_offset)
    return (log.log_start_offset, log.log_end_offset, log.last_stable_offset, producers, aborted, log.leader_epochs)


def check_indexes(log: PartitionLog) -> None:
    for segment in log.segments():
        for slot in range(segment.offset_index.entries):
            offset, position = segment.offset_index.entry(slot)
            header = segment.find_batch(offset)
            assert header is not None
            assert (header.last_offset, header.position) == (offset, position)


def reopen(files: MemoryFiles, workload: Workload) -> LogManager:
    manager = manager_for(files, workload.clock)
    manager.start()
    log = manager.get("t", 0)
    if log is not None:
        log.config = log_config(**SETTINGS)
    return manager


def check_survivor(workload: Workload, files: MemoryFiles, must_have_below: int) -> None:
    """What was durable is there, what is there is a prefix of what was appended, and the log goes on working."""
    manager = reopen(files, workload)
    log = manager.get("t", 0)
    if log is None:
        assert must_have_below == 0
        return
    assert log.log_start_offset <= max(workload.requested_start_offset, log.first_segment_base_offset)
    found = batches_in(log)
    expected = {offset: data for offset, data in workload.appended.items() if offset >= min(found, default=0)}
    assert log.log_end_offset >= must_have_below
    for offset, data in found.items():
        if offset in expected:
            assert data == expected[offset], offset
        else:
            assert offset == max(workload.appended, default=-1) + 1 or offset == max(found)
            assert len(data) == len(workload.in_flight), "only the append in flight may be there besides"
    missing = {offset for offset in expected if offset not in found}
    assert all(offset >= must_have_below for offset in missing)
    assert not missing or max(found, default=-1) < min(missing), "a prefix survives, without gaps"
    check_indexes(log)
    before = state_of(log)
    log.append(batch("after the crash"), now_ms=NOW_MS)
    read_all(log)
    manager.close()
    again = reopen(files, workload)
    log = again.get("t", 0)
    assert log is not None
    assert not again.reports
    assert state_of(log)[3:5] == before[3:5]
    assert log.log_end_offset == before[1] + 1  # type: ignore[operator]
    again.close()


@pytest.mark.parametrize("operation", range(1, OPERATIONS + 1))
def test_a_killed_process_loses_no_append_that_returned(operation: int) -> None:
    workload, files = crashed_workload(operation)
    must_have_below = max(
        (offset + next(iter_batches(data)).last_offset_delta + 1 for offset, data in workload.appended.items()),
        default=0,
    )
    check_survivor(workload, files.after_crash("process"), must_have_below)


@pytest.mark.parametrize("operation", range(1, OPERATIONS + 1))
def test_a_loss_of_power_takes_only_what_was_not_synced(operation: int) -> None:
    workload, files = crashed_workload(operation)
    check_survivor(workload, files.after_crash("power"), workload.synced_offset)


@pytest.mark.parametrize("operation", range(1, OPERATIONS + 1))
def test_torn_writes_are_cut_off_and_what_was_synced_stays(operation: int) -> None:
    workload, files = crashed_workload(operation)
    check_survivor(workload, files.after_crash("torn", seed=operation), workload.synced_offset)


def test_a_clean_stop_is_all_on_the_disk() -> None:
    """Also the trimmed indexes and the last snapshot: after the marker nobody looks at them again."""
    files = MemoryFiles()
    workload = Workload(files)
    workload.run()
    after = files.after_crash("power")
    names = [name for name, _ in files.list_directory("/data/t-0") if not name.endswith(".deleted")]
    for name in names:
        assert after.read_bytes(f"/data/t-0/{name}") == files.read_bytes(f"/data/t-0/{name}"), name
    manager = reopen(after, workload)
    assert manager.was_clean
    log = manager.get("t", 0)
    assert log is not None
    assert log.log_end_offset == workload.log.log_end_offset
    check_indexes(log)
