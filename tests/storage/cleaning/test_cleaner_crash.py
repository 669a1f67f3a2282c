"""A crash at every write, rename and sync of compaction: no key loses its last value, none that was deleted returns."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.storage.memory_files import Crashed, MemoryFiles
from tests.storage.cleaning.compacted import Bench, Pair, committed_records, last_values
from tests.storage.logs import NOW_MS, upkeep_of
from tests.storage.test_crash import check_indexes

SETTINGS = {"segment_bytes": 420, "delete_retention_ms": 1000, "file_delete_delay_ms": 100}
STATE_NONE = b""
"""In place of a value: the key is not there."""


class Workload:
    """Values, tombstones and transactions of few keys, with three passes of the cleaner in between."""

    def __init__(self, files: MemoryFiles) -> None:
        self.files = files
        self.clock = ManualClock(NOW_MS)
        self.states: dict[bytes, list[tuple[int, bytes]]] = {}
        """Key -> (offset from which it counts, value), of all committed records."""
        self.synced_offset = 0
        self.log_end_offset = 0

    def run(self) -> None:
        self.bench = Bench(self.files, self.clock, **SETTINGS)
        for round_ in range(3):
            for number in range(5):
                self._put((f"k{number}", f"{round_}.{number}" * 4), (f"l{round_}", str(number)))
            self._transaction(round_, [("k0", f"aborted {round_}")], commit=False)
            self._transaction(round_, [("k1", f"committed {round_}")], commit=True)
            self._put(("k2", None), (f"l{round_ - 1}", None))
            self.bench.log.flush()
            self.bench.clean()
            self._note()
            self.clock.advance(600)
            upkeep_of(self.bench.manager).delete_due()
            upkeep_of(self.bench.manager).checkpoint_recovery_points()
        self.bench.manager.close()
        self._note()

    def _put(self, *pairs: Pair) -> None:
        base_offset = self.bench.put(*pairs)
        self._remember(base_offset, pairs, self.bench.log.log_end_offset)

    def _transaction(self, round_: int, pairs: list[Pair], *, commit: bool) -> None:
        base_offset = self.bench.put_as(9, 0, *pairs, transactional=True, epoch=2 * round_ + commit)
        self._note()
        self.bench.end(9, commit=commit, epoch=2 * round_ + commit)
        if commit:
            self._remember(base_offset, pairs, self.bench.log.log_end_offset)
        self._note()

    def _remember(self, base_offset: int, pairs: list[Pair] | tuple[Pair, ...], counts_from: int) -> None:
        for key, value in pairs:
            state = STATE_NONE if value is None else value.encode()
            self.states.setdefault(key.encode(), []).append((counts_from, state))
        self._note()

    def _note(self) -> None:
        self.synced_offset = max(self.synced_offset, self.bench.log.recovery_point)
        self.log_end_offset = self.bench.log.log_end_offset

    def allowed(self, key: bytes, durable_offset: int) -> set[bytes]:
        """What ``key`` may be: what it was when everything below ``durable_offset`` had been written, or later."""
        before = [state for offset, state in self.states[key] if offset <= durable_offset]
        return {before[-1] if before else STATE_NONE} | {
            state for offset, state in self.states[key] if offset > durable_offset
        }


def operations_of_the_workload() -> int:
    files = MemoryFiles()
    Workload(files).run()
    return files.operations


OPERATIONS = operations_of_the_workload()


def check_survivor(workload: Workload, files: MemoryFiles, durable_offset: int) -> None:
    again = Bench(files, workload.clock, **SETTINGS)
    assert not again.manager.get("t", 0) or again.log.log_end_offset >= durable_offset
    for _ in range(2):
        found = last_values(committed_records(again.log))
        for key in workload.states:
            assert found.get(key, STATE_NONE) in workload.allowed(key, durable_offset), key
        check_indexes(again.log)
        again.clean()
    assert not again.cleaner.uncleanable
    assert not [name for name in again.file_names() if name.endswith((".cleaned", ".swap"))]
    again.manager.close()
    last = Bench(files, workload.clock, **SETTINGS)
    assert not last.manager.reports
    assert last_values(committed_records(last.log)) == found
    last.manager.close()


def crashed(operation: int) -> Workload:
    files = MemoryFiles()
    files.crash_at_operation = operation
    workload = Workload(files)
    with pytest.raises(Crashed):
        workload.run()
    return workload


# Every operation, each under one of the three assumptions: all under all take half a minute, and say no more.
@pytest.mark.parametrize("operation", range(1, OPERATIONS + 1, 3))
def test_a_killed_process(operation: int) -> None:
    workload = crashed(operation)
    check_survivor(workload, workload.files.after_crash("process"), workload.log_end_offset)


@pytest.mark.parametrize("operation", range(2, OPERATIONS + 1, 3))
def test_a_loss_of_power(operation: int) -> None:
    workload = crashed(operation)
    check_survivor(workload, workload.files.after_crash("power"), workload.synced_offset)


@pytest.mark.parametrize("operation", range(3, OPERATIONS + 1, 3))
def test_torn_writes(operation: int) -> None:
    workload = crashed(operation)
    check_survivor(workload, workload.files.after_crash("torn", seed=operation), workload.synced_offset)
