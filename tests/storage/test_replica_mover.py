"""Logs move between directories while they are used, and keep everything; what cannot be moved stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from minikafka.clock import ManualClock, Timers
from minikafka.config import BrokerConfig
from minikafka.errors import KAFKA_STORAGE_ERROR, LOG_DIR_NOT_FOUND, ApiError
from minikafka.storage import background_steps
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import Crashed, MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.replica_mover import ReplicaMover
from tests.storage.logs import (
    NOW_MS,
    TOPIC_ID,
    append,
    batch,
    fill,
    log_config,
    manager_for,
    marker,
    read_all,
    upkeep_of,
    values,
)

Work = tuple[Callable[[], Any], Callable[[Any, BaseException | None], None] | None]


class Pool:
    """Takes work, and does it when told."""

    def __init__(self) -> None:
        self.waiting: list[Work] = []
        self.is_working = False

    def __call__(
        self, work: Callable[[], Any], on_done: Callable[[Any, BaseException | None], None] | None = None
    ) -> None:
        self.waiting.append((work, on_done))

    def run_one(self) -> None:
        work, on_done = self.waiting.pop(0)
        result, failure = None, None
        self.is_working = True
        try:
            result = work()
        except OSError as error:
            failure = error
        finally:
            self.is_working = False
        if on_done is not None:
            on_done(result, failure)

    def run_all(self) -> None:
        while self.waiting:
            self.run_one()


class Place:
    """A manager over /a and /b with the log t-0 in /a, and a mover."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock(NOW_MS)
        self.timers = Timers(self.clock)
        self.clock.on_advance(self.timers.run_due)
        self.settings: dict[str, object] = {}
        """Of the broker."""
        self.files = MemoryFiles(self.clock.wall_ms)
        self.pool = Pool()
        self.moved: list[PartitionLog] = []
        self.naps = 0
        self.manager = self.started()
        self.log = self.manager.create("t", 0, TOPIC_ID, log_config(**settings))
        assert self.log.directory == "/a/t-0"

    def started(self) -> LogManager:
        manager = manager_for(self.files, self.clock, log_dirs="/a,/b")
        manager.start()
        self.mover = self.mover_over(manager)
        return manager

    def mover_over(self, manager: LogManager) -> ReplicaMover:
        return ReplicaMover(
            manager,
            self.clock,
            self.pool,
            self.moved.append,
            timers=self.timers,
            settings=lambda: BrokerConfig.from_mapping(self.settings),
            sleep=self._nap,
        )

    def _nap(self, _: float) -> None:
        self.naps += 1
        self.manager.being_cleaned.clear()

    def folders(self, directory: str) -> list[str]:
        return sorted(name.partition(".")[0] for name, is_folder in self.files.list_directory(directory) if is_folder)


def test_a_log_moves_with_all_it_holds() -> None:
    place = Place(segment_bytes=400)
    log = place.log
    fill(log, 30)
    log.append(batch("p", producer=(7, 0, 0), transactional=True), now_ms=NOW_MS)
    log.append(marker(7, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    before = values(read_all(log)), log.aborted_transactions(0, 99), log.leader_epochs, log.active_producers()
    place.mover.move(log, "/b")
    place.pool.run_all()
    assert place.moved == [log]
    assert log.directory == "/b/t-0"
    assert (values(read_all(log)), log.aborted_transactions(0, 99), log.leader_epochs) == before[:3]
    assert [producer.producer_id for producer in log.active_producers()] == [7]
    assert place.folders("/b") == ["t-0"]
    assert place.folders("/a") == ["t-0"], "the old folder, marked, until file.delete.delay.ms is over"
    place.clock.advance(log.config.file_delete_delay_ms)
    upkeep_of(place.manager).delete_due()
    place.pool.run_all()
    assert place.folders("/a") == []


def until_the_new_folder_is_to_be_synced(place: Place, directory: str) -> None:
    while "t-0" not in place.folders(directory) or place.log.directory != f"{directory}/t-0":
        place.pool.run_one()


def test_a_log_moves_back_before_its_old_folder_has_been_put_away() -> None:
    place = Place()
    fill(place.log, 3)
    place.mover.move(place.log, "/b")
    until_the_new_folder_is_to_be_synced(place, "/b")
    first_sync = place.pool.waiting.pop(0)
    place.mover.move(place.log, "/a")
    while not place.naps:
        place.pool.run_one()
    place.pool.waiting.append(first_sync)
    place.pool.run_all()
    assert [log.directory for log in place.moved] == ["/a/t-0"] * 2
    assert len(values(read_all(place.log))) == 3
    assert place.manager.directories.failures == ""


def test_a_log_is_deleted_and_made_anew_before_its_old_folder_has_been_put_away() -> None:
    place = Place()
    fill(place.log, 3)
    place.mover.move(place.log, "/b")
    until_the_new_folder_is_to_be_synced(place, "/b")
    place.manager.delete("t", 0)
    anew = place.manager.create("t", 0, bytes(15) + b"2", log_config())
    assert anew.log_end_offset == 0
    append(anew, "new")
    place.pool.run_all()
    assert values(read_all(anew)) == ["new"]
    assert place.moved == []
    assert place.manager.get("t", 0) is anew
    assert place.manager.directories.failures == ""


def test_many_small_batches_are_appended_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_steps, "_TURN_SECONDS", -1)
    place = Place()
    fill(place.log, 100)
    place.mover.move(place.log, "/b")
    future = place.manager.future("t", 0)
    assert future is not None
    ends = []
    while future.log_end_offset < 100:
        place.pool.run_one()
        ends.append(future.log_end_offset)
    assert max(after - before for before, after in pairwise([0, *ends])) == 16
    place.pool.run_all()
    assert (place.log.directory, len(read_all(place.log))) == ("/b/t-0", 100)


def test_a_copy_that_is_given_up_between_two_pieces_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_steps, "_TURN_SECONDS", -1)
    place = Place()
    fill(place.log, 100)
    place.mover.move(place.log, "/b")
    future = place.manager.future("t", 0)
    assert future is not None
    place.pool.run_one()
    place.manager.discard_future("t", 0)
    place.pool.run_all()
    assert future.log_end_offset == 16
    assert (place.log.directory, place.log.is_failed) == ("/a/t-0", False)


def test_moves_are_as_fast_as_they_may_be_and_heed_a_change_of_that() -> None:
    place = Place()
    for _ in range(100):
        append(place.log, "value")
    limit = "replica.alter.log.dirs.io.max.bytes.per.second"
    place.settings[limit] = place.log.size_bytes // 10
    place.mover.move(place.log, "/b")
    future = place.manager.future("t", 0)
    assert future is not None
    copied = []
    for _ in range(5):
        place.pool.run_all()
        copied.append(future.log_end_offset)
        place.clock.advance(1000)
    assert copied == [10, 20, 30, 40, 50]
    assert place.manager.future("t", 0) is future
    del place.settings[limit]
    place.pool.run_all()
    place.clock.advance(1000)
    place.pool.run_all()
    assert (place.log.directory, len(read_all(place.log))) == ("/b/t-0", 100)


@pytest.mark.parametrize("records", [0, 3])
def test_where_nothing_may_be_copied_a_move_waits(records: int) -> None:
    place = Place()
    fill(place.log, records)
    place.settings["replica.alter.log.dirs.io.max.bytes.per.second"] = 0
    place.mover.move(place.log, "/b")
    for _ in range(3):
        place.pool.run_all()
        place.clock.advance(10_000)
    assert place.log.directory == ("/a/t-0" if records else "/b/t-0")


def test_what_is_written_and_deleted_meanwhile_is_not_lost_nor_back() -> None:
    place = Place(segment_bytes=400)
    log = place.log
    fill(log, 10)
    woken: list[PartitionLog] = []
    log.on_advance = woken.append
    place.mover.move(log, "/b")
    for _ in range(5):
        append(log, f"v{log.log_end_offset}")
        log.delete_records_before(log.log_start_offset + 1)
        if place.pool.waiting:
            place.pool.run_one()
    place.pool.run_all()
    assert log.directory == "/b/t-0"
    woken.clear()
    append(log, "v15")
    assert woken == [log], "who waits for the log is still heard"
    assert values(read_all(log)) == [f"v{offset}" for offset in range(5, 16)]


def test_a_log_that_begins_within_a_batch_moves() -> None:
    place = Place()
    log = place.log
    append(log, "a", "b", "c")
    append(log, "d")
    log.delete_records_before(2)
    place.mover.move(log, "/b")
    place.pool.run_all()
    assert (log.directory, log.log_start_offset, values(read_all(log))) == ("/b/t-0", 2, ["c", "d"])


@pytest.mark.parametrize("records", [0, 3])
def test_a_log_without_records_keeps_its_offsets(records: int) -> None:
    place = Place()
    fill(place.log, records)
    place.log.delete_records_before(records)
    place.mover.move(place.log, "/b")
    place.pool.run_all()
    assert (place.log.directory, place.log.log_end_offset) == ("/b/t-0", records)
    assert append(place.log, "next") == records


def test_a_moved_log_survives_stop_and_crash() -> None:
    place = Place()
    fill(place.log, 5)
    place.mover.move(place.log, "/b")
    place.pool.run_all()
    append(place.log, "v5")
    place.manager.close()
    again = place.started().get("t", 0)
    assert again is not None
    assert (again.directory, values(read_all(again))) == ("/b/t-0", [f"v{offset}" for offset in range(6)])


def interrupted(place: Place) -> PartitionLog:
    """The copy in /b, with a part of what t-0 has."""
    place.mover.move(place.log, "/b")
    place.pool.run_one()
    future = place.manager.future("t", 0)
    assert future is not None
    assert 0 < future.log_end_offset < place.log.log_end_offset
    return future


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_move_that_is_interrupted_goes_on_after_the_next_start(is_clean: bool) -> None:
    place = Place(segment_bytes=300)
    fill(place.log, 9)
    copied = interrupted(place).log_end_offset
    if is_clean:
        place.manager.suspend_moves()
        place.pool.run_all()
        place.manager.close()
    else:
        place.files = place.files.after_crash("process")
    place.pool = Pool()
    manager = place.started()
    log, future = manager.get("t", 0), manager.future("t", 0)
    assert log is not None
    assert future is not None
    assert (log.directory, log.log_end_offset, future.log_end_offset) == ("/a/t-0", 9, copied)
    append(log, "v9")
    place.mover.resume()
    place.pool.run_all()
    assert (log.directory, place.moved) == ("/b/t-0", [log])
    assert values(read_all(log)) == [f"v{offset}" for offset in range(10)]


def test_a_copy_is_cut_where_its_log_lost_records() -> None:
    """The copy was synced, the log was not: other records get these offsets."""
    place = Place()
    append(place.log, "v0")
    place.log.flush()
    fill(place.log, 4)
    place.manager.being_cleaned.add(place.log)
    place.mover.move(place.log, "/b")
    place.pool.run_one()
    future = place.manager.future("t", 0)
    assert future is not None
    future.flush()
    assert (place.log.log_end_offset, place.log.recovery_point, future.recovery_point) == (5, 1, 5)
    place.files = place.files.after_crash("power")
    manager = place.started()
    log, future = manager.get("t", 0), manager.future("t", 0)
    assert log is not None
    assert future is not None
    assert (log.log_end_offset, future.log_end_offset) == (1, 1)
    append(log, "another")
    place.pool = Pool()
    place.mover = place.mover_over(manager)
    place.mover.resume()
    place.pool.run_all()
    assert log.directory == "/b/t-0"
    assert values(read_all(log)) == ["v0", "another"]


def test_a_copy_of_a_topic_that_has_been_made_anew_is_deleted(caplog: pytest.LogCaptureFixture) -> None:
    place = Place(segment_bytes=300)
    fill(place.log, 9)
    interrupted(place)
    place.manager.close()
    place.files.write_bytes("/a/t-0/partition.metadata", b"version: 0\ntopic_id: AQEBAQEBAQEBAQEBAQEBAQ", sync=True)
    manager = place.started()
    assert manager.future("t", 0) is None
    upkeep_of(manager).delete_due()
    place.pool.run_all()
    assert place.folders("/b") == []
    assert "is a copy of a partition that is not there any more, it is deleted" in caplog.text


def test_a_copy_without_its_log_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    place = Place(segment_bytes=300)
    fill(place.log, 9)
    interrupted(place)
    place.manager.close()
    place.files.remove_directory("/a/t-0")
    manager = place.started()
    upkeep_of(manager).delete_due()
    place.pool.run_all()
    assert place.folders("/b") == ["t-0"]
    assert "is a copy of a partition that is in no log directory in service, it is left as it is" in caplog.text


def test_the_event_loop_waits_for_no_sync() -> None:
    """What was synced where it was is synced where it goes on, by the pool."""
    place = Place()
    fill(place.log, 5)
    place.log.flush()
    place.manager.context.run_blocking = place.pool
    on_the_loop: list[str] = []

    def watch(operation: str, path: str) -> None:
        if operation.startswith("sync") and not place.pool.is_working:
            on_the_loop.append(path)

    place.files.fault = watch
    place.mover.move(place.log, "/b")
    place.pool.run_all()
    assert (place.log.directory, place.log.recovery_point) == ("/b/t-0", 5)
    assert on_the_loop == []


@pytest.mark.parametrize("count", [9, 30])
def test_what_was_not_synced_yet_is_synced_under_its_new_name(count: int) -> None:
    """Rolled segments, snapshots and names in a folder that is called otherwise meanwhile."""
    place = Place(segment_bytes=300)
    fill(place.log, count)
    place.log.append(batch("from 7", producer=(7, 0, 0)), now_ms=NOW_MS)
    place.manager.context.run_blocking = place.pool
    place.mover.move(place.log, "/b")
    while place.log.directory == "/a/t-0":
        place.pool.run_one()
    for number in range(5):
        place.log.append(batch(f"{number}", producer=(7, 0, number + 1)), now_ms=NOW_MS)
    place.pool.run_all()
    place.log.flush()
    assert [directory.path for directory in place.manager.online_directories] == ["/a", "/b"]
    assert not place.log.is_failed
    everything = values(read_all(place.log))
    place.files = place.files.after_crash("power")
    again = place.started().get("t", 0)
    assert again is not None
    assert (again.directory, values(read_all(again))) == ("/b/t-0", everything)


def test_a_copy_that_was_complete_when_the_broker_was_killed_is_synced_under_its_new_name() -> None:
    place = Place()
    fill(place.log, 3)
    place.manager.being_cleaned.add(place.log)
    place.mover.move(place.log, "/b")
    place.pool.run_one()
    place.files = place.files.after_crash("process")
    place.pool = Pool()
    manager = place.started()
    place.mover.resume()
    place.pool.run_all()
    log = manager.get("t", 0)
    assert log is not None
    assert log.directory == "/b/t-0"
    log.flush()
    assert [directory.path for directory in manager.online_directories] == ["/a", "/b"]
    assert log.recovery_point == 3


def test_who_waits_for_a_sync_is_told_in_the_new_folder() -> None:
    place = Place(flush_messages=1)
    fill(place.log, 3)
    place.manager.context.run_blocking = place.pool
    place.mover.move(place.log, "/b")
    told: list[object] = []
    while place.log.directory == "/a/t-0":
        info = place.log.append(batch("x"), now_ms=NOW_MS, defers_sync=True)
        place.log.when_synced(info.last_offset, told.append)
        place.pool.run_one()
    place.pool.run_all()
    assert told == [None] * (place.log.log_end_offset - 3)
    assert place.log.high_watermark == place.log.log_end_offset


def test_a_log_that_is_synced_all_the_time_arrives_all_the_same() -> None:
    place = Place()
    fill(place.log, 5)
    place.manager.context.run_blocking = place.pool
    place.mover.move(place.log, "/b")
    while place.log.directory == "/a/t-0":
        append(place.log, "more")
        place.log.flush()
        place.pool.run_one()
        assert place.log.log_end_offset < 100
    place.pool.run_all()
    assert place.log.recovery_point == place.log.log_end_offset == len(read_all(place.log))


def test_another_destination_ends_the_first_move() -> None:
    place = Place()
    fill(place.log, 5)
    place.mover.move(place.log, "/b")
    place.mover.move(place.log, "/b")
    assert place.folders("/b") == ["t-0"]
    place.mover.move(place.log, "/a")
    place.pool.run_all()
    assert (place.log.directory, place.moved) == ("/a/t-0", [])
    assert not place.manager.is_moving(place.log)


def test_deleting_a_topic_ends_its_move() -> None:
    place = Place()
    fill(place.log, 5)
    place.mover.move(place.log, "/b")
    place.manager.delete("t", 0)
    place.pool.run_all()
    assert place.moved == []
    assert place.manager.get("t", 0) is None


def test_a_pass_of_the_cleaner_is_waited_for() -> None:
    place = Place()
    fill(place.log, 5)
    place.manager.being_cleaned.add(place.log)
    place.mover.move(place.log, "/b")
    place.pool.run_all()
    assert (place.naps, place.log.directory) == (1, "/b/t-0")


@pytest.mark.parametrize("path", ["/c", "b", "/b/"])
def test_only_log_directories_are_destinations(path: str) -> None:
    place = Place()
    with pytest.raises(ApiError) as refused:
        place.mover.move(place.log, path)
    assert refused.value.code == LOG_DIR_NOT_FOUND


def test_a_failing_disk_leaves_the_log_where_it_was(caplog: pytest.LogCaptureFixture) -> None:
    place = Place()
    fill(place.log, 5)
    place.mover.move(place.log, "/b")
    place.manager.context.on_disk_failure("/b", OSError(5, "Input/output error"))
    place.pool.run_all()
    assert (place.log.directory, values(read_all(place.log))) == ("/a/t-0", [f"v{offset}" for offset in range(5)])
    assert "/b is offline" in caplog.text
    with pytest.raises(ApiError) as refused:
        place.mover.move(place.log, "/b")
    assert refused.value.code == KAFKA_STORAGE_ERROR


# --- crashes

VALUES = [f"v{offset}" for offset in range(8)]


def about_to_move() -> Place:
    """A restarted broker's log of VALUES, all of it synced."""
    place = Place(segment_bytes=400)
    fill(place.log, len(VALUES))
    place.manager.close()
    place.pool.run_all()
    place.manager = place.started()
    log = place.manager.get("t", 0)
    assert log is not None
    place.log = log
    log.config = log_config(segment_bytes=400)
    return place


def move(place: Place) -> None:
    place.mover.move(place.log, "/b")
    place.pool.run_all()


def operations_of_a_move() -> int:
    place = about_to_move()
    before = place.files.operations
    move(place)
    return place.files.operations - before


@pytest.mark.parametrize("assumption", ["process", "power", "torn"])
def test_a_crash_at_any_point_leaves_a_whole_log(assumption: str) -> None:
    seen_both = False
    for operation in range(1, operations_of_a_move() + 1):
        place = about_to_move()
        place.files.crash_at_operation = place.files.operations + operation
        with pytest.raises(Crashed):
            move(place)
        place.files = place.files.after_crash(assumption, seed=operation)
        both = {folder for folder in ("/a/t-0", "/b/t-0") if place.files.exists(folder)}
        found = place.started().get("t", 0)
        assert found is not None, (operation, both)
        assert values(read_all(found)) == VALUES, (operation, both)
        place.pool = Pool()
        place.mover.resume()
        place.pool.run_all()
        assert values(read_all(found)) == VALUES, (operation, both)
        if len(both) == 2:
            # Between the two renames: what is written then is in the copy alone.
            assert found.directory == "/b/t-0"
            assert "t-0" in place.folders("/a"), "put aside"
            seen_both = True
    assert seen_both
