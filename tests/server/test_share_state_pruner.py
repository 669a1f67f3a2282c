"""Nothing is let go of before the disk has what came in its place."""

from __future__ import annotations

import errno

import pytest

from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.pending import RunBlocking
from minikafka.server.share_state_pruner import ShareStatePruner
from minikafka.state.topic_names import SHARE_GROUP_STATE_TOPIC
from minikafka.storage.log_creation import create_log
from minikafka.storage.partition_log import PartitionLog
from tests.coordinator.share_state.memory_states import MemoryStates
from tests.storage.logs import HeldWork, log_config, new_context


class Site:
    """States in a real log, whose syncs are held."""

    def __init__(self) -> None:
        self.pool = HeldWork()
        self.context = new_context(run_blocking=self.pool)
        self.log = self._log()
        self.states = MemoryStates()
        self.states.logs.logs[0] = self.log  # type: ignore[call-overload]
        self.topic_id = self.states.topics.put("t", 2)
        run_blocking: RunBlocking = self.pool
        self.pruner = ShareStatePruner(
            self.states.runtime.active,
            self.states.logs,  # type: ignore[arg-type]
            run_blocking,
        )

    def _log(self) -> PartitionLog:
        directory = f"/data/{SHARE_GROUP_STATE_TOPIC}-0"
        return create_log(self.context, directory, SHARE_GROUP_STATE_TOPIC, 0, log_config(), bytes(16))

    def initialize(self, partition: int = 0) -> None:
        self.states.coordinator.initialize("g", self.topic_id, partition, 1, 0)

    def write(self) -> None:
        self.states.coordinator.write(
            "g",
            self.topic_id,
            0,
            state_epoch=1,
            leader_epoch=0,
            start_offset=-1,
            delivery_complete_count=0,
            batches=[StateBatch(0, 0, 2, 1)],
        )

    def run_pool(self) -> None:
        while len(self.pool):
            self.pool.run_next()


@pytest.fixture
def site() -> Site:
    site = Site()
    for _ in range(3):
        site.initialize()
    return site


def test_records_go_when_the_last_snapshots_are_synced(site: Site) -> None:
    site.pruner.prune()
    assert (site.log.log_start_offset, site.log.recovery_point) == (0, 0)
    site.run_pool()
    assert (site.log.log_start_offset, site.log.recovery_point) == (2, 3)


def test_a_sync_that_is_under_way_is_not_enough(site: Site) -> None:
    site.log.flush_in_background()
    site.initialize()
    site.pruner.prune()
    site.pool.run_next()
    assert (site.log.log_start_offset, site.log.recovery_point) == (0, 3)
    site.run_pool()
    assert site.log.log_start_offset == 3


def test_what_is_written_meanwhile_does_not_matter(site: Site) -> None:
    site.pruner.prune()
    site.initialize()
    site.write()
    site.run_pool()
    assert site.log.log_start_offset == 2


def test_when_the_sync_fails_all_is_kept(site: Site) -> None:
    site.context.files.fault = lambda operation, path: errno.EIO if operation == "sync" else None  # type: ignore[attr-defined]
    site.pruner.prune()
    site.run_pool()
    assert site.log.is_failed
    assert site.log.log_start_offset == 0


def test_nothing_is_synced_for_nothing(site: Site) -> None:
    site.pruner.prune()
    site.run_pool()
    site.write()
    site.pruner.prune()
    assert len(site.pool) == 0


def test_a_log_that_has_failed_is_left_alone(site: Site) -> None:
    site.log.fail()
    site.pruner.prune()
    assert (len(site.pool), site.log.log_start_offset) == (0, 0)
