from __future__ import annotations

import errno
import os
import threading
from threading import Barrier

import pytest

from minikafka import errors
from minikafka.clock import ManualClock
from minikafka.errors import ApiError, ConfigError, StorageError
from minikafka.storage.log_manager import LogManager
from minikafka.storage.memory_files import MemoryFiles
from tests.storage.logs import (
    NOW_MS,
    TOPIC_ID,
    HeldWork,
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

THREADS = {"num.recovery.threads.per.data.dir": 2}
OTHER_ID = bytes(range(16, 32))


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


def started(files: MemoryFiles, clock: ManualClock, **settings: object) -> LogManager:
    manager = manager_for(files, clock, **settings)
    manager.start()
    return manager


def text(files: MemoryFiles, path: str) -> str:
    return files.read_bytes(path).decode()


def test_new_directories_are_formatted_with_ids_that_last(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    assert len(manager.cluster_id) == 22
    ids = manager.directory_ids
    assert set(ids) == {"/a", "/b"}
    assert len(set(ids.values())) == 2
    manager.close()
    again = started(files, clock, log_dirs="/a,/b")
    assert (again.cluster_id, again.directory_ids) == (manager.cluster_id, ids)
    again.close()
    with_new = started(files, clock, log_dirs="/a,/b,/c")
    assert with_new.cluster_id == manager.cluster_id
    assert f"cluster.id={manager.cluster_id}" in text(files, "/c/meta.properties")


def test_a_directory_in_use_is_refused(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    with pytest.raises(StorageError, match=r"/data is in use by another broker \(\.lock is locked\)"):
        started(files, clock)
    manager.close()
    started(files, clock).close()


def test_another_cluster_or_node_is_refused_and_the_lock_released(files: MemoryFiles, clock: ManualClock) -> None:
    manager_for(files, clock).start("c" * 22)
    files = files.after_crash()
    with pytest.raises(ConfigError, match=r"/data belongs to the cluster c{22}, not to d{22}"):
        manager_for(files, clock).start("d" * 22)
    with pytest.raises(ConfigError, match=r"belongs to the broker with node\.id=1, and this one has node\.id=2"):
        started(files, clock, node_id=2)
    assert started(files, clock).cluster_id == "c" * 22


def test_a_copied_directory_is_refused(files: MemoryFiles, clock: ManualClock) -> None:
    started(files, clock, log_dirs="/a").close()
    files.make_directory("/b")
    files.write_bytes("/b/meta.properties", files.read_bytes("/a/meta.properties"), sync=False)
    with pytest.raises(ConfigError, match=r"/b and /a have the same directory\.id"):
        started(files, clock, log_dirs="/a,/b")


def test_a_directory_named_twice_is_refused(files: MemoryFiles, clock: ManualClock) -> None:
    with pytest.raises(ConfigError, match=r"log\.dirs names /a twice"):
        started(files, clock, log_dirs="/a,/x/../a")


def test_strange_folders_are_named(files: MemoryFiles, clock: ManualClock) -> None:
    files.make_directory("/data/holiday")
    with pytest.raises(StorageError, match="/data/holiday is not a partition's folder"):
        started(files, clock)


def test_logs_are_created_found_and_kept(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    log = manager.create("a.b", 0, TOPIC_ID, log_config())
    assert manager.create("a.b", 0, TOPIC_ID, log_config()) is log
    with pytest.raises(ApiError) as raised:
        manager.create("a.b", 0, OTHER_ID, log_config())
    assert raised.value.code == errors.INCONSISTENT_TOPIC_ID
    assert manager.get("a.b", 0) is log
    assert manager.get("a.b", 1) is None
    fill(log, 3)
    log.delete_records_before(2)
    manager.close()
    assert text(files, "/data/recovery-point-offset-checkpoint") == "0\n1\na.b 0 3\n"
    assert text(files, "/data/replication-offset-checkpoint") == "0\n1\na.b 0 3\n"
    assert text(files, "/data/log-start-offset-checkpoint") == "0\n1\na.b 0 2\n"
    assert text(files, "/data/.kafka_cleanshutdown") == '{"version":0,"brokerEpoch":-1}'
    again = started(files, clock)
    assert not files.exists("/data/.kafka_cleanshutdown")
    assert (again.was_clean, again.reports, again.previous_broker_epoch) == (True, [], -1)
    log = again.all()[0]
    assert (log.topic, log.partition, log.topic_id) == ("a.b", 0, TOPIC_ID)
    assert (log.log_start_offset, values(read_all(log))) == (2, ["v2"])


def test_topics_are_loaded_with_their_settings(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    for partition in range(2):
        manager.create("t", partition, TOPIC_ID, log_config())
    manager.close()
    again = manager_for(files, clock)
    again.start(topic_overrides=lambda topic: {"retention.ms": "5"} if topic == "t" else {})
    first, second = again.all()
    assert first.config.retention_ms == 5
    assert first.config is second.config


def test_after_a_crash_every_partition_reports_in_a_line(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    for partition in range(3):
        fill(manager.create("t", partition, TOPIC_ID, log_config()), 2)
    again = started(files.after_crash(), clock)
    assert not again.was_clean
    assert [str(report) for report in again.reports] == [
        f"/data/t-{partition}: recovered 1 of 1 segments from offset 0; log end offset 2" for partition in range(3)
    ]


@pytest.mark.parametrize("moment_ms", [0, 1])
def test_hands_in_a_folder_after_a_clean_stop_are_noticed(clock: ManualClock, moment_ms: int) -> None:
    files = MemoryFiles(clock.wall_ms)
    manager = started(files, clock)
    log = manager.create("t", 0, TOPIC_ID, log_config())
    log.append(batch("gone", producer=(5, 0, 0), transactional=True), now_ms=NOW_MS)
    log.append(marker(5, 0, commit=False), now_ms=NOW_MS, origin="coordinator")
    manager.close()
    assert started(files.after_crash(), clock).reports == []
    clock.advance(moment_ms)
    files.unlink(f"/data/t-0/{0:020}.txnindex")
    again = started(files, clock)
    assert len(again.reports) == moment_ms, "what is done within the moment of the stop was done by the stop"
    found = again.get("t", 0)
    assert found is not None
    assert len(found.aborted_transactions(0, 2)) == moment_ms


def test_a_stale_or_damaged_checkpoint_costs_time_not_records(
    files: MemoryFiles, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    manager = started(files, clock)
    fill(manager.create("t", 0, TOPIC_ID, log_config()), 5)
    upkeep_of(manager).checkpoint_recovery_points()
    after = files.after_crash()
    after.write_bytes("/data/recovery-point-offset-checkpoint", b"0\n1\nt 0 3000\n", sync=False)
    again = started(after, clock)
    log = again.get("t", 0)
    assert log is not None
    assert (log.log_end_offset, log.recovery_point) == (5, 5)
    after = after.after_crash()
    after.write_bytes("/data/recovery-point-offset-checkpoint", b"nonsense", sync=False)
    log = started(after, clock).get("t", 0)
    assert log is not None
    assert log.log_end_offset == 5
    assert "all segments are recovered" in caplog.text


def test_partitions_go_to_the_directory_with_the_fewest(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b,/c")
    logs = [manager.create("t", partition, TOPIC_ID, log_config()) for partition in range(7)]
    assert [log.directory[:2] for log in logs] == ["/a", "/b", "/c", "/a", "/b", "/c", "/a"]
    manager.delete("t", 1)
    assert manager.create("t", 7, TOPIC_ID, log_config()).directory == "/b/t-7"
    assert [(entry.path, len(entry.logs)) for entry in manager.describe_directories()] == [
        ("/a", 3),
        ("/b", 2),
        ("/c", 2),
    ]
    assert manager.directory_id_of(logs[0]) == manager.directory_ids["/a"]


def test_a_deleted_log_is_renamed_at_once_and_deleted_later(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    log = manager.create("t" * 249, 0, TOPIC_ID, log_config(file_delete_delay_ms=1000))
    append(log, "x")
    told: list[bool] = []
    log.on_advance = lambda gone: told.append(gone.is_failed)
    reader = log.read(0, 1000)
    manager.delete("t" * 249, 0)
    assert manager.get("t" * 249, 0) is None
    assert told == [True]
    (marked,) = [name for name, is_folder in files.list_directory("/data") if is_folder]
    assert marked.endswith("-delete")
    assert len(marked) == 255
    manager.create("t" * 249, 0, OTHER_ID, log_config())
    clock.advance(999)
    upkeep_of(manager).delete_due()
    assert files.exists(f"/data/{marked}")
    clock.advance(1)
    upkeep_of(manager).delete_due()
    assert not files.exists(f"/data/{marked}")
    assert reader.read()
    manager.delete("unknown", 0)


def test_deletion_goes_on_after_a_restart(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    manager.create("t", 0, TOPIC_ID, log_config())
    manager.delete("t", 0)
    files.make_directory("/data/u-0.0123456789abcdef0123456789abcdef-future")
    manager.close()
    again = started(files, clock)
    upkeep_of(again).delete_due()
    assert again.all() == []
    assert [name for name, is_folder in files.list_directory("/data") if is_folder] == []


def test_a_stray_log_is_put_aside(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    append(manager.create("t", 0, TOPIC_ID, log_config()), "x")
    manager.mark_stray("t", 0)
    manager.close()
    (name,) = [name for name, is_folder in files.list_directory("/data") if is_folder]
    assert name.endswith("-stray")
    again = started(files, clock)
    upkeep_of(again).delete_due()
    assert files.exists(f"/data/{name}")
    assert again.get("t", 0) is None


def test_a_partition_in_two_directories_is_refused(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    manager.create("t", 0, TOPIC_ID, log_config())
    manager.close()
    files.make_directory("/b/t-0")
    with pytest.raises(StorageError, match="t-0 is in two log directories, /a and /b"):
        started(files, clock, log_dirs="/a,/b")


def test_a_partition_that_cannot_be_loaded_is_offline_and_not_made_anew(
    files: MemoryFiles, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    manager = started(files, clock)
    for partition in range(2):
        fill(manager.create("t", partition, TOPIC_ID, log_config()), 2)
    manager.close()
    files.write_bytes("/data/t-0/partition.metadata", b"?", sync=False)
    again = started(files, clock)
    assert [log.partition for log in again.all()] == [1]
    assert "the partition t-0 is offline: /data/t-0/partition.metadata: malformed" in caplog.text
    with pytest.raises(StorageError, match="t-0 is there and could not be loaded"):
        again.create("t", 0, TOPIC_ID, log_config())
    assert files.size_bytes(f"/data/t-0/{0:020}.log") > 0


def test_what_cannot_be_loaded_stays_as_it_is_at_the_next_start_too(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    log = manager.create("t", 0, TOPIC_ID, log_config(segment_bytes=300))
    fill(log, 9)
    log.flush()
    log.delete_records_before(1)
    upkeep_of(manager).checkpoint_recovery_points()
    upkeep_of(manager).checkpoint_log_start_offsets()
    manager.abandon()
    path = log.segments()[1].log.path
    files.unlink(log.segments()[1].offset_index.path)
    content = files.read_bytes(path)
    files.write_bytes(path, content[:-1] + b"?", sync=False)
    for _ in range(2):
        again = started(files, clock)
        assert list(again.unloadable) == [("t", 0)]
        upkeep_of(again).checkpoint_recovery_points()
        upkeep_of(again).checkpoint_log_start_offsets()
        again.abandon()
    started(files, clock).close()
    files.write_bytes(path, content, sync=False)
    restored = started(files, clock).get("t", 0)
    assert restored is not None
    assert (restored.log_start_offset, restored.log_end_offset) == (1, 9)


def test_an_old_partition_is_not_made_anew_while_a_directory_is_away(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    manager.create("t", 0, TOPIC_ID, log_config())
    manager.close()
    files.fault = lambda operation, path: errno.EIO if path.startswith("/a") else None
    again = started(files, clock, log_dirs="/a,/b")
    with pytest.raises(StorageError, match="t-0 may lie in a log directory that is offline: /a: "):
        again.create("t", 0, TOPIC_ID, log_config(), is_new=False)
    assert again.create("u", 0, OTHER_ID, log_config()).directory == "/b/u-0"


def test_a_full_disk_is_not_a_failed_one(
    files: MemoryFiles, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    manager = started(files, clock)
    log = manager.create("t", 0, TOPIC_ID, log_config())
    append(log, "x")
    files.free_bytes = 0
    with pytest.raises(StorageError, match="no log directory takes u-0: /data: No space left"):
        manager.create("u", 0, OTHER_ID, log_config())
    assert not files.exists("/data/u-0")
    with pytest.raises(StorageError, match="cannot sync: No space left"):
        log.flush()
    log.flush_in_background()
    upkeep_of(manager).checkpoint_recovery_points()
    assert "it is tried again later" in caplog.text
    assert [directory.path for directory in manager.online_directories] == ["/data"]
    assert (log.is_failed, log.recovery_point) == (False, 0)
    files.free_bytes = None
    manager.create("u", 0, OTHER_ID, log_config())
    log.flush()
    assert log.recovery_point == 1
    assert files.read_bytes("/data/t-0/leader-epoch-checkpoint") == b"0\n1\n0 0\n"


def test_a_stop_on_a_full_disk_is_not_called_clean(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    append(manager.create("t", 0, TOPIC_ID, log_config()), "x")
    files.free_bytes = 0
    manager.close()
    assert not files.exists("/data/.kafka_cleanshutdown")
    files.free_bytes = None
    log = started(files, clock).get("t", 0)
    assert log is not None
    assert log.log_end_offset == 1


def test_a_stop_syncs_several_logs_at_a_time(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, **{"num.recovery.threads.per.data.dir": 2})
    for partition in range(2):
        append(manager.create("t", partition, TOPIC_ID, log_config()), "x")
    both = Barrier(2, timeout=20)

    def fault(operation: str, path: str) -> None:
        if operation == "sync" and path.endswith(".log"):
            both.wait()  # raises when nobody else is syncing

    files.fault = fault
    manager.close()
    files.fault = None
    again = started(files.after_crash("power"), clock)
    assert again.was_clean
    assert [log.log_end_offset for log in again.all()] == [1, 1]


def test_checkpoints_are_written_on_the_pool_and_the_last_one_stays(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    manager.context.run_blocking = pool = HeldWork()
    log = manager.create("t", 0, TOPIC_ID, log_config())
    append(log, "x", "y")
    log.delete_records_before(1)
    upkeep_of(manager).checkpoint_log_start_offsets()
    log.delete_records_before(2)
    upkeep_of(manager).checkpoint_log_start_offsets()
    path = "/data/log-start-offset-checkpoint"
    assert (files.exists(path), len(pool)) == (False, 2)
    pool.waiting.reverse()
    while pool.waiting:
        pool.run_next()
        assert files.read_bytes(path) == b"0\n1\nt 0 2\n"


def test_a_checkpoint_that_cannot_be_written_takes_its_directory_offline(
    files: MemoryFiles, clock: ManualClock
) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    files.fault = lambda operation, path: errno.EIO if operation == "write" and path.startswith("/a/") else None
    for partition in range(2):
        manager.create("t", partition, TOPIC_ID, log_config())
    upkeep_of(manager).checkpoint_recovery_points()
    assert [directory.path for directory in manager.online_directories] == ["/b"]


def test_records_that_a_full_disk_left_unsynced_are_synced_when_there_is_space(
    files: MemoryFiles, clock: ManualClock
) -> None:
    manager = started(files, clock)
    log = manager.create("t", 0, TOPIC_ID, log_config(flush_messages=1))
    files.fault = lambda operation, path: errno.ENOSPC if operation == "sync-directory" else None
    log.append(batch("x"), now_ms=NOW_MS, defers_sync=True)
    assert (log.log_end_offset, log.high_watermark) == (1, 0)
    files.fault = None
    upkeep_of(manager).checkpoint_recovery_points()
    assert (log.recovery_point, log.high_watermark) == (1, 1)


def test_a_failed_disk_takes_only_its_own_partitions_offline(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    logs = [manager.create("t", partition, TOPIC_ID, log_config()) for partition in range(4)]
    gone: list[tuple[str, int]] = []
    manager.on_directory_failure = lambda path, failed: gone.append((path, len(failed)))
    files.fault = lambda operation, path: errno.EIO if path.startswith("/a/") and operation == "write" else None
    with pytest.raises(StorageError):
        append(logs[0], "x")
    assert gone == [("/a", 2)]
    assert [log.is_failed for log in logs] == [True, False, True, False]
    assert append(logs[1], "x") == 0
    assert manager.create("t", 9, TOPIC_ID, log_config()).directory == "/b/t-9"
    assert [entry.is_online for entry in manager.describe_directories()] == [False, True]
    files.fault = None
    manager.close()
    assert not files.exists("/a/.kafka_cleanshutdown")
    assert files.exists("/b/.kafka_cleanshutdown")


def test_a_directory_that_becomes_read_only_is_read_on(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    logs = [manager.create("t", partition, TOPIC_ID, log_config(segment_bytes=200)) for partition in range(2)]
    fill(logs[0], 2)
    files.fault = lambda operation, path: errno.EROFS if operation != "read" and path.startswith("/a/") else None
    with pytest.raises(StorageError, match="Read-only file system"):
        fill(logs[0], 5)
    with pytest.raises(StorageError, match="offline"):
        append(logs[0], "x")
    assert values(read_all(logs[0])) == ["v0", "v1"]
    fill(logs[1], 5)
    assert os.path.dirname(manager.create("u", 0, OTHER_ID, log_config()).directory) == "/b"
    assert [directory.path for directory in manager.online_directories] == ["/b"]


def test_a_directory_that_cannot_be_opened_is_left_out_unless_it_is_the_only_one(
    files: MemoryFiles, clock: ManualClock
) -> None:
    files.fault = lambda operation, path: errno.EACCES if path.startswith("/a") else None
    manager = started(files, clock, log_dirs="/a,/b")
    assert [directory.path for directory in manager.online_directories] == ["/b"]
    with pytest.raises(StorageError, match=r"none of the log directories can be used: /a: Permission denied \(/a"):
        started(files, clock, log_dirs="/a")


def test_retention_looks_after_all_logs(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    for partition in range(2):
        fill(manager.create("t", partition, TOPIC_ID, log_config(segment_bytes=200, retention_ms=1000)), 5)
    upkeep_of(manager).enforce_retention()
    assert [log.log_start_offset for log in manager.all()] == [0, 0]
    clock.advance(1001)
    upkeep_of(manager).enforce_retention()
    assert [log.log_start_offset for log in manager.all()] == [5, 5]


def test_flush_ms_is_held_against_the_last_sync(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    log = manager.create("t", 0, TOPIC_ID, log_config(flush_ms=500))
    append(log, "x")
    clock.advance(499)
    upkeep_of(manager).flush_due()
    assert log.recovery_point == 0
    clock.advance(1)
    upkeep_of(manager).flush_due()
    assert log.recovery_point == 1
    upkeep_of(manager).checkpoint_recovery_points()
    assert text(files, "/data/recovery-point-offset-checkpoint") == "0\n1\nt 0 1\n"


def test_start_offsets_within_a_segment_are_checkpointed(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock)
    for partition in range(2):
        fill(manager.create("t", partition, TOPIC_ID, log_config()), 5)
    manager.all()[1].delete_records_before(3)
    upkeep_of(manager).checkpoint_log_start_offsets()
    assert text(files, "/data/log-start-offset-checkpoint") == "0\n1\nt 1 3\n"
    log = started(files.after_crash(), clock).get("t", 1)
    assert log is not None
    assert log.log_start_offset == 3


def test_the_broker_epoch_of_the_last_clean_stop(files: MemoryFiles, clock: ManualClock) -> None:
    manager = started(files, clock, log_dirs="/a,/b")
    manager.broker_epoch = 114
    manager.close()
    assert text(files, "/a/.kafka_cleanshutdown") == '{"version":0,"brokerEpoch":114}'
    assert started(files, clock, log_dirs="/a,/b").previous_broker_epoch == 114


def test_the_marker_of_an_older_kafka_is_empty(files: MemoryFiles, clock: ManualClock) -> None:
    started(files, clock).close()
    files.write_bytes("/data/.kafka_cleanshutdown", b"", sync=False)
    manager = started(files, clock)
    assert (manager.was_clean, manager.previous_broker_epoch) == (True, None)


def test_the_metadata_log_is_left_to_the_controller(files: MemoryFiles, clock: ManualClock) -> None:
    files.make_directory("/data/__cluster_metadata-0")
    manager = started(files, clock)
    assert manager.all() == []
    assert manager.metadata_directory == "/data"


# --- recovery in parallel


def two_directories(files: MemoryFiles, clock: ManualClock) -> LogManager:
    manager = started(files, clock, log_dirs="/a,/b", **THREADS)
    for partition in range(8):
        log = manager.create("t", partition, TOPIC_ID, log_config(segment_bytes=500))
        for number in range(10):
            append(log, f"{partition} {number}")
    return manager


def test_much_that_is_to_be_recovered_is_shared_by_threads(
    files: MemoryFiles, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    two_directories(files, clock)
    files.sync_directory("/a")
    monkeypatch.setattr("minikafka.storage.loading.log_loading.PARALLEL_BYTES", 1)
    threads = set()
    seen_another = threading.Event()
    files = files.after_crash()
    real_open = files.open

    def seen_open(path: str) -> object:
        threads.add(threading.current_thread())
        if len(threads) > 1:
            seen_another.set()
        assert seen_another.wait(10), "one thread alone opens the logs"
        return real_open(path)

    monkeypatch.setattr(files, "open", seen_open)
    again = started(files, clock, log_dirs="/a,/b", **THREADS)
    assert {log.partition: values(read_all(log)) for log in again.all()} == {
        partition: [f"{partition} {number}" for number in range(10)] for partition in range(8)
    }
    assert [report.directory for report in again.reports] == [
        *(f"/a/t-{partition}" for partition in range(0, 8, 2)),
        *(f"/b/t-{partition}" for partition in range(1, 8, 2)),
    ]
    for log in again.all():
        assert append(log, "next") == 10


def test_a_disk_that_fails_while_many_logs_are_recovered_takes_its_own_offline(
    files: MemoryFiles, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_directories(files, clock)
    monkeypatch.setattr("minikafka.storage.loading.log_loading.PARALLEL_BYTES", 1)
    files = files.after_crash()
    files.fault = lambda operation, path: 5 if operation == "read" and path.startswith("/b/t-3/") else None
    again = started(files, clock, log_dirs="/a,/b")
    assert [directory.path for directory in again.online_directories] == ["/a"]
    assert {log.partition for log in again.all() if not log.is_failed} == {0, 2, 4, 6}


def test_partitions_without_records_share_a_line(
    files: MemoryFiles, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    manager = started(files, clock)
    for topic, partition in (("__consumer_offsets", 0), ("__consumer_offsets", 1), ("t", 0), ("t", 1)):
        manager.create(topic, partition, TOPIC_ID, log_config())
    log = manager.get("t", 1)
    assert log is not None
    append(log, "value")
    caplog.clear()
    started(files.after_crash(), clock)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "/data/t-1: recovered 1 of 1 segments from offset 0; log end offset 1",
        "3 partitions without records were looked at as well, of __consumer_offsets, t",
    ]
