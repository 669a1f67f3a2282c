"""Looking after many logs leaves the event loop to others in between."""

from __future__ import annotations

from itertools import pairwise

import pytest

from minikafka.clock import ManualClock
from minikafka.storage import background_steps
from minikafka.storage.log_upkeep import LogUpkeep
from minikafka.storage.memory_files import MemoryFiles
from tests.storage.logs import NOW_MS, TOPIC_ID, HeldWork, fill, log_config, manager_for


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> HeldWork:
    """Every turn is over at once."""
    monkeypatch.setattr(background_steps, "_TURN_SECONDS", -1)
    return HeldWork()


def test_many_segments_go_a_few_at_a_time(pool: HeldWork) -> None:
    clock = ManualClock(NOW_MS)
    manager = manager_for(MemoryFiles(), clock)
    manager.start()
    logs = [manager.create("t", number, TOPIC_ID, log_config(segment_bytes=80, retention_ms=1)) for number in range(2)]
    for log in logs:
        fill(log, 25)
    clock.advance(1000)
    manager.context.run_blocking = pool
    upkeep = LogUpkeep(manager)
    upkeep.enforce_retention()
    seen = [[log.log_start_offset for log in logs]]
    upkeep.enforce_retention()
    assert [log.log_start_offset for log in logs] == seen[0], "it is at it already"
    while len(pool):
        pool.run_next()
        seen.append([log.log_start_offset for log in logs])
    assert seen[0] == [3, 0]
    assert seen[-1] == [25, 25]
    assert all(after[0] - before[0] <= 3 for before, after in pairwise(seen))
    fill(logs[1], 1)
    clock.advance(1000)
    upkeep.enforce_retention()
    while len(pool):
        pool.run_next()
    assert logs[1].log_start_offset == 26, "the next time it begins anew"


def test_a_log_that_is_deleted_meanwhile_is_passed_over(pool: HeldWork) -> None:
    clock = ManualClock(NOW_MS)
    manager = manager_for(MemoryFiles(), clock)
    manager.start()
    for number in range(2):
        fill(manager.create("t", number, TOPIC_ID, log_config(segment_bytes=80, retention_ms=1)), 5)
    clock.advance(1000)
    manager.context.run_blocking = pool
    LogUpkeep(manager).enforce_retention()
    deleted = manager.get("t", 1)
    assert deleted is not None
    manager.delete("t", 1)
    while len(pool):
        pool.run_next()
    assert (deleted.is_failed, deleted.log_start_offset) == (True, 0)
    assert [log.log_start_offset for log in manager.all()] == [5]


def test_high_watermarks_are_checkpointed_when_they_have_moved() -> None:
    clock = ManualClock(NOW_MS)
    files = MemoryFiles()
    manager = manager_for(files, clock)
    manager.start()
    log = manager.create("t", 3, TOPIC_ID, log_config())
    fill(log, 5)
    upkeep = LogUpkeep(manager)
    upkeep.checkpoint_high_watermarks()
    path = "/data/replication-offset-checkpoint"
    assert files.read_bytes(path) == b"0\n1\nt 3 5\n"
    files.unlink(path)
    upkeep.checkpoint_high_watermarks()
    assert not files.exists(path), "nothing has moved"
    fill(log, 1)
    upkeep.checkpoint_high_watermarks()
    assert files.read_bytes(path) == b"0\n1\nt 3 6\n"


def test_what_is_due_at_the_same_time_comes_one_after_the_other(pool: HeldWork) -> None:
    clock = ManualClock(NOW_MS)
    files = MemoryFiles()
    manager = manager_for(files, clock)
    manager.start()
    for number in range(3):
        log = manager.create("t", number, TOPIC_ID, log_config(retention_ms=1000))
        fill(log, 2)
        log.delete_records_before(1)
        log.flush()
    manager.context.run_blocking = pool
    upkeep = LogUpkeep(manager)
    for _ in range(2):
        upkeep.enforce_retention()
        upkeep.checkpoint_recovery_points()
        upkeep.checkpoint_log_start_offsets()
        assert len(pool) == 1
    while len(pool):
        assert len(pool) <= 2, "a step, and a file that is written"
        pool.run_next()
    entries = "3\nt 0 {0}\nt 1 {0}\nt 2 {0}\n"
    assert files.read_bytes("/data/recovery-point-offset-checkpoint").decode() == "0\n" + entries.format(2)
    assert files.read_bytes("/data/log-start-offset-checkpoint").decode() == "0\n" + entries.format(1)
