"""flush.messages with syncs that run on the pool: what is visible and acknowledged when, and after which failure."""

from __future__ import annotations

import errno
from random import Random

import pytest

from minikafka.errors import StorageError
from minikafka.storage.log_context import LogContext
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from tests.storage.logs import NOW_MS, HeldWork, batch, log_config, new_context, new_log, read_all, reopened, values


class Producers:
    """Appends without waiting, and notes how each append ended."""

    def __init__(self, log: PartitionLog) -> None:
        self.log = log
        self.outcomes: dict[str, str] = {}

    def send(self, *names: str, sequence: int | None = None) -> None:
        """One batch a name; ``sequence`` of an idempotent producer."""
        for name in names:
            producer = None if sequence is None else (7, 0, sequence)
            info = self.log.append(batch(name, producer=producer), now_ms=NOW_MS, defers_sync=True)
            self.outcomes[name] = "waits"

            def ended(error: StorageError | None, name: str = name) -> None:
                assert self.outcomes[name] == "waits", "a second outcome"
                self.outcomes[name] = "done" if error is None else str(error)

            self.log.when_synced(info.last_offset, ended)

    @property
    def acknowledged(self) -> list[str]:
        return [name for name, outcome in self.outcomes.items() if outcome == "done"]


@pytest.fixture
def pool() -> HeldWork:
    return HeldWork()


@pytest.fixture
def context(pool: HeldWork) -> LogContext:
    return new_context(run_blocking=pool)


def memory(context: LogContext) -> MemoryFiles:
    assert isinstance(context.files, MemoryFiles)
    return context.files


def syncs(context: LogContext) -> int:
    return sum(operation == "sync" and path.endswith(".log") for operation, path in memory(context).journal)


def test_one_sync_is_for_all_that_came_while_the_one_before_ran(context: LogContext, pool: HeldWork) -> None:
    producers = Producers(new_log(context, flush_messages=1))
    producers.send("a", "b", "c", "d")
    assert (producers.acknowledged, len(pool)) == ([], 1)
    pool.run_next()
    assert (producers.acknowledged, len(pool)) == (["a"], 1)
    producers.send("e")
    pool.run_next()
    assert producers.acknowledged == ["a", "b", "c", "d"]
    pool.run_next()
    assert producers.acknowledged == ["a", "b", "c", "d", "e"]
    assert (syncs(context), len(pool)) == (3, 0)


def test_consumers_see_what_is_synced(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    moves: list[int] = []
    log.on_advance = lambda moved: moves.append(moved.high_watermark)
    producers = Producers(log)
    producers.send("a", "b")
    assert (log.log_end_offset, log.high_watermark, log.last_stable_offset) == (2, 0, 0)
    assert (values(read_all(log)), moves) == ([], [])
    pool.run_next()
    assert (values(read_all(log)), values(read_all(log, isolation="read_committed"))) == (["a"], ["a"])
    assert values(read_all(log, isolation="log_end")) == ["a", "b"]
    pool.run_next()
    assert (values(read_all(log)), moves) == (["a", "b"], [1, 2])


def test_every_third_record_is_waited_for(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=3)
    producers = Producers(log)
    producers.send("a", "b")
    assert (producers.acknowledged, log.high_watermark, len(pool)) == (["a", "b"], 2, 0)
    producers.send("c", "d")
    assert (producers.acknowledged, log.high_watermark, len(pool)) == (["a", "b"], 2, 1)
    pool.run_next()
    assert (log.recovery_point, log.high_watermark) == (3, 4)
    assert producers.acknowledged == ["a", "b", "c", "d"]
    assert values(read_all(reopened(log, new_context(memory(context).after_crash("power")))[0]))[:3] == ["a", "b", "c"]


def test_a_retry_waits_for_the_sync_of_its_batch(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    first, retry = Producers(log), Producers(log)
    first.send("a", sequence=0)
    retry.send("a", sequence=0)
    assert (log.log_end_offset, retry.acknowledged) == (1, [])
    pool.run_next()
    assert (first.acknowledged, retry.acknowledged, len(pool)) == (["a"], ["a"], 0)


def test_other_appends_return_when_all_is_synced(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    producers = Producers(log)
    producers.send("a")
    log.append(batch("coordinator"), now_ms=NOW_MS)
    assert (log.recovery_point, log.high_watermark, producers.acknowledged) == (2, 2, ["a"])
    pool.run_next()  # comes too late to change anything
    assert (log.recovery_point, len(pool)) == (2, 0)


def fail_once(context: LogContext, operation: str, suffix: str, code: int) -> None:
    files = memory(context)

    def fault(name: str, path: str) -> int | None:
        if name == operation and path.endswith(suffix):
            files.fault = None
            return code
        return None

    files.fault = fault


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_log_whose_writes_were_lost_is_offline(context: LogContext, pool: HeldWork, code: int) -> None:
    """After a failed fsync the next one may succeed without the pages that were dropped."""
    failures: list[str] = []
    context.on_disk_failure = lambda path, error: failures.append(path)
    log = new_log(context, flush_messages=1)
    producers = Producers(log)
    producers.send("a", "b")
    fail_once(context, "sync", ".log", code)
    pool.run_next()
    assert (failures, log.is_failed, len(pool), producers.acknowledged) == ([log.directory], True, 0, [])
    assert "offline" in producers.outcomes["a"]
    assert "offline" in producers.outcomes["b"]
    assert values(read_all(log)) == []


def test_a_sync_that_was_refused_is_made_up_for_by_the_retry(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    first, retry = Producers(log), Producers(log)
    first.send("a", sequence=0)
    fail_once(context, "sync-directory", "t-0", errno.ENOSPC)
    pool.run_next()
    assert first.outcomes == {"a": "/data/t-0: cannot sync: No space left on device"}
    assert (log.is_failed, log.high_watermark, log.awaits_sync) == (False, 0, True)
    retry.send("a", sequence=0)
    pool.run_next()
    assert (retry.acknowledged, log.high_watermark, log.awaits_sync) == (["a"], 1, False)
    assert values(read_all(reopened(log, new_context(memory(context).after_crash("power")))[0])) == ["a"]


def test_those_who_came_later_are_not_refused_with_the_sync_before(context: LogContext, pool: HeldWork) -> None:
    producers = Producers(new_log(context, flush_messages=1))
    producers.send("a")
    producers.send("b")
    fail_once(context, "sync-directory", "t-0", errno.ENOSPC)
    pool.run_next()
    pool.run_next()
    assert (producers.acknowledged, "No space" in producers.outcomes["a"]) == (["b"], True)


def test_a_log_that_goes_tells_those_who_wait(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    producers = Producers(log)
    producers.send("a")
    log.abandon()
    assert "offline" in producers.outcomes["a"]
    pool.run_next()
    assert log.high_watermark == 0


def test_a_clean_stop_acknowledges(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    producers = Producers(log)
    producers.send("a", "b")
    log.close()
    assert producers.acknowledged == ["a", "b"]
    after = new_context(memory(context).after_crash("power"))
    again, report = reopened(log, after)
    assert (values(read_all(again)), bool(report)) == (["a", "b"], False)


def test_retention_leaves_what_nobody_has_seen(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1, segment_bytes=100, retention_bytes=0)
    producers = Producers(log)
    producers.send("a", "b", "c")
    assert (len(log.segments()), log.delete_old_segments()) == (3, 0)
    while pool.waiting:
        pool.run_next()
    assert log.delete_old_segments() == 3
    assert log.log_start_offset == log.high_watermark == 3


def test_flush_messages_may_be_lifted_while_records_wait(context: LogContext, pool: HeldWork) -> None:
    log = new_log(context, flush_messages=1)
    producers = Producers(log)
    producers.send("a")
    log.config = log_config()
    producers.send("b")
    assert log.high_watermark == 2
    pool.run_next()
    assert producers.acknowledged == ["a", "b"]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_acknowledged_survives_a_loss_of_power_at_any_time(seed: int) -> None:
    """With rolls, retries, syncs that fail for once, and syncs in line, in any order."""
    chance, pool = Random(seed), HeldWork()
    context = new_context(run_blocking=pool)
    log = new_log(context, flush_messages=1, segment_bytes=300, segment_index_bytes=96, index_interval_bytes=60)
    producers = Producers(log)
    for step in range(60):
        action = chance.choice(("send", "send", "send", "sync", "sync", "fail", "roll", "flush", "inline"))
        if action == "send":
            producers.send(f"r{step}")
        elif action == "sync" and pool.waiting:
            pool.run_next()
        elif action == "fail":
            fail_once(context, chance.choice(("sync-directory", "rename", "write")), "", errno.ENOSPC)
            if pool.waiting:
                pool.run_next()
            memory(context).fault = None
        elif action == "roll":
            log.roll()
        elif action == "flush":
            log.flush_in_background()
        elif action == "inline":
            log.append(batch(f"i{step}"), now_ms=NOW_MS)
            producers.outcomes[f"i{step}"] = "done"
        for assumption in ("power", "torn"):
            after = new_context(memory(context).after_crash(assumption, seed))
            if after.files.exists(log.directory):
                found = values(read_all(reopened(log, after, clean_shutdown=False)[0]))
            else:
                found = []
            assert set(producers.acknowledged) <= set(found), f"step {step}, {action}, {assumption}"
    assert producers.acknowledged
    assert not log.is_failed
