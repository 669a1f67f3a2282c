from __future__ import annotations

import errno
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minikafka import errors
from minikafka.clock import ManualClock, Timers
from minikafka.coordinator.group_coordinator import GroupCoordinator
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.partitioner import java_string_hash, partition_for
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from minikafka.errors import StorageError
from minikafka.pending import Pending
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.storage.log_creation import create_log
from tests.coordinator.groups import DEFAULTS, Groups, MemoryLogs, Outcome, Topics
from tests.storage.logs import HeldWork, log_config, new_context

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


class Later:
    """A ``RunBlocking`` that works when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Any]] = []

    def __call__(self, work: Callable[[], Any], on_done: Any = None) -> None:
        self.waiting.append((work, on_done))

    def run(self) -> None:
        for work, on_done in self.waiting:
            try:
                result = work()
            except Exception as error:
                on_done(None, error)
            else:
                on_done(result, None)


class Site:
    """A runtime whose loading and topic creation take their time."""

    def __init__(self, logs: MemoryLogs, *, defers_sync: bool = False) -> None:
        self.logs = logs
        self.workers = Later()
        self.creation: Pending[None] = Pending()
        self.clock = ManualClock()
        settings = GroupSettings(DEFAULTS)
        self.runtime: CoordinatorRuntime[GroupShard] = CoordinatorRuntime(
            topic="__consumer_offsets",
            partition_count=lambda: len(self.logs.logs),
            create_topic=lambda: self.creation,
            logs=logs,  # type: ignore[arg-type]
            clock=self.clock,
            timers=Timers(self.clock),
            run_blocking=self.workers,
            new_shard=lambda timers: GroupShard(timers, self.clock, settings, Topics()),
            new_loader=GroupLoader,
            defers_sync=defers_sync,
        )
        self.groups = Groups(partitions=0)
        self.groups.coordinator = GroupCoordinator(self.runtime, settings, self.groups.new_share)


@pytest.fixture
def written() -> MemoryLogs:
    """A log with a stable group of two members and an offset."""
    groups = Groups()
    member_id, _ = groups.stable(2)
    groups.commit(5, member_id=member_id, generation_id=1)
    return groups.logs


def test_requests_are_refused_while_the_log_is_read(written: MemoryLogs) -> None:
    site = Site(written)
    site.runtime.start()
    groups = site.groups
    assert groups.commit(6) == errors.COORDINATOR_LOAD_IN_PROGRESS
    assert groups.join().value.error_code == errors.COORDINATOR_LOAD_IN_PROGRESS
    assert groups.heartbeat("client-1", 1) == errors.NONE, "its session begins when the group is loaded"
    assert groups.coordinator.list_groups([], []).error_code == errors.COORDINATOR_LOAD_IN_PROGRESS
    site.workers.run()
    assert groups.fetch() == {("t", 0): (5, "", errors.NONE)}
    assert groups.heartbeat("client-1", 1) == errors.NONE
    assert groups.heartbeat("client-3", 1) == errors.UNKNOWN_MEMBER_ID


def test_log_that_cannot_be_read_takes_only_its_groups_away(written: MemoryLogs, caplog: Any) -> None:
    def read(*_: Any, **__: Any) -> Any:
        raise StorageError("the disk is gone")

    written.logs[0].read = read  # type: ignore[method-assign]
    site = Site(written)
    site.runtime.start()
    site.workers.run()
    assert "the disk is gone" in caplog.text
    assert site.groups.commit(6) == errors.NOT_COORDINATOR
    assert site.groups.coordinator.list_groups([], []).error_code == errors.NONE


def test_first_request_creates_the_topic_and_waits_for_it() -> None:
    logs = MemoryLogs(0)
    site = Site(logs)
    site.runtime.start()
    answer: Outcome[Any] = site.groups.join()
    assert not answer.is_there
    logs.logs.append(MemoryLogs(1).logs[0])
    site.creation.complete(None)
    assert answer.value.error_code == errors.MEMBER_ID_REQUIRED


def test_topic_that_cannot_be_created() -> None:
    site = Site(MemoryLogs(0))
    site.creation.complete(None)
    assert site.groups.commit(1) == errors.NOT_COORDINATOR


def test_answers_wait_for_the_sync_that_flush_messages_asks_for() -> None:
    pool = HeldWork()
    context = new_context(run_blocking=pool)
    log = create_log(context, "/data/o-0", "__consumer_offsets", 0, log_config(flush_messages=1), bytes(16))
    logs = MemoryLogs(0)
    logs.logs.append(log)  # type: ignore[arg-type]
    groups = Site(logs, defers_sync=True).groups
    first, second = groups.committing(1), groups.committing(2)
    assert (first.is_there, second.is_there, len(pool)) == (False, False, 1)
    pool.run_next()
    assert (first.value.topics[0].partitions[0].error_code, second.is_there) == (errors.NONE, False)
    context.files.fault = lambda operation, path: errno.EIO if operation == "sync" else None  # type: ignore[attr-defined]
    pool.run_next()
    assert second.value.topics[0].partitions[0].error_code == errors.NOT_COORDINATOR
    assert groups.fetch()["t", 0] == (2, "", errors.NONE)


def test_deleted_partition_sends_its_groups_away(written: MemoryLogs) -> None:
    site = Site(written)
    site.runtime.start()
    site.workers.run()
    joining = site.groups.join("client-1")
    site.runtime.unload(0)
    assert joining.value.error_code == errors.NOT_COORDINATOR
    written.logs.clear()
    assert site.groups.coordinator.list_groups([], []).groups == []


def test_stopped_while_loading(written: MemoryLogs) -> None:
    site = Site(written)
    site.runtime.start()
    site.runtime.stop()
    site.workers.run()
    assert list(site.runtime.shards()) == []
    assert site.groups.commit(1) == errors.COORDINATOR_NOT_AVAILABLE


def test_deadline_that_ends_with_an_error_is_logged(caplog: Any) -> None:
    groups = Groups()
    groups.commit(1)

    def broken() -> None:
        raise RuntimeError("bug")

    groups.runtime._run_unasked(groups.runtime._partitions[0], broken)
    assert "RuntimeError: bug" in caplog.text


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0), ("a", 97), ("hello", 99162322), ("é", 233), ("\N{GRINNING FACE}", 1772899), ("z" * 9, None)],
)
def test_partition_is_chosen_as_by_java(text: str, value: int | None) -> None:
    if value is not None:
        assert java_string_hash(text) == value
    assert -(1 << 31) <= java_string_hash(text) < 1 << 31
    assert 0 <= partition_for(text, 50) < 50


def test_smallest_hash_counts_as_zero() -> None:
    assert java_string_hash("polygenelubricants") == -(1 << 31)
    assert partition_for("polygenelubricants", 50) == 0


def test_kafkas_own_log_is_understood() -> None:
    """Groups and offsets in a data directory that Apache Kafka 4.2 has left behind."""
    archive = SHARED / "protocol" / "kafka-4.2.0-logdir.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    expected = json.loads((SHARED / "protocol" / "kafka-4.2.0-logdir.json").read_text())["groups"]
    clock = ManualClock()
    timers = KeyedTimers(clock, Timers(clock), lambda operation: None)
    offsets = {}
    states = {}
    with tarfile.open(archive) as files:
        for name in (one for one in files.getnames() if "__consumer_offsets-" in one and one.endswith(".log")):
            file = files.extractfile(name)
            shard = GroupShard(timers, clock, GroupSettings(DEFAULTS), Topics())
            loader = GroupLoader()
            loader.feed((file or io.BytesIO()).read())
            loader.finish(shard)
            for group_id, group in shard.groups.items():
                states[group_id] = (group.state, group.protocol_type or "")
                offsets[group_id] = {
                    f"{topic}-{partition}": [one.committed_offset, one.metadata, one.leader_epoch]
                    for topic, partitions in shard.offsets.of_group(group_id).items()
                    for partition, one in partitions.items()
                }
    for group_id, one in expected.items():
        if "Classic" in one["type/state/protocol"]:
            _, state, protocol_type = one["type/state/protocol"].split("/")
            assert (states[group_id], offsets[group_id]) == ((state, protocol_type), one["offsets"])
