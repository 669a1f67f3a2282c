"""Lets go of the records of ``__share_group_state`` that nobody needs any more.

What came in their place is synced first, for no replica has it. Kafka: ``ShareCoordinatorService.setupRecordPruning``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from minikafka.state.topic_names import SHARE_GROUP_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.coordinator.share_state.share_state_shard import ShareStateShard
    from minikafka.pending import RunBlocking
    from minikafka.storage.log_manager import LogManager
    from minikafka.storage.partition_log import PartitionLog


class ShareStatePruner:
    """Moves log start offsets up; the segments below them are deleted by retention.

    :param active: the partitions whose states are loaded.
    """

    def __init__(
        self, active: Callable[[], Iterable[tuple[int, ShareStateShard]]], logs: LogManager, run_blocking: RunBlocking
    ) -> None:
        self._active = active
        self._logs = logs
        self._run_blocking = run_blocking

    def prune(self) -> None:
        """Begin with it, for all partitions."""
        for index, shard in self._active():
            log = self._logs.get(SHARE_GROUP_STATE_TOPIC, index)
            if log is not None and not log.is_failed and shard.table.redundant.end > log.log_start_offset:
                log.flush_in_background()
                self._prune_when_synced(log, shard.table.redundant.end, log.log_end_offset)

    def _prune_when_synced(self, log: PartitionLog, redundant_end: int, synced_end: int) -> None:
        """``redundant_end`` is right once all below ``synced_end`` is synced. If that fails, it is tried again when the
        next pruning is due."""
        if log.recovery_point >= synced_end:
            log.delete_records_before(redundant_end)
        elif log.is_syncing:
            self._run_blocking(
                log.sync_under_way(), lambda _, __: self._prune_when_synced(log, redundant_end, synced_end)
            )
