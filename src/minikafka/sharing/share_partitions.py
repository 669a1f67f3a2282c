"""The share partitions that are in use on the broker, and the sessions of those who use them
(Kafka: SharePartitionManager, SharePartitionCache).

A share partition is loaded by the first fetch, and forgotten when the last member of its group on this broker has
gone, when the log goes, or when the persister has refused it: then the next fetch reads anew what holds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.pending import Pending
from minikafka.sharing.share_partition import FENCING_CODES, SharePartition, SharePartitionId
from minikafka.sharing.share_sessions import SessionKey, ShareSessions

if TYPE_CHECKING:
    from minikafka.clock import Clock, Timers
    from minikafka.sharing.acknowledgement import AcknowledgementBatch
    from minikafka.sharing.share_partition import Persister
    from minikafka.sharing.share_settings import ShareSettings
    from minikafka.storage.partition_log import PartitionLog

log = logging.getLogger(__name__)

_UNKNOWN_PARTITION = Outcome(errors.UNKNOWN_TOPIC_OR_PARTITION, errors.message_of(errors.UNKNOWN_TOPIC_OR_PARTITION))


class SharePartitions:
    """``sessions``, and the share partitions behind them.

    :param on_available: called with a share partition of which records may be acquired that could not be before, or
        that has changed otherwise: whoever waits for it should look again.
    """

    def __init__(
        self,
        persister: Persister,
        settings: ShareSettings,
        clock: Clock,
        timers: Timers,
        on_available: Callable[[Hashable], None],
    ) -> None:
        self.settings = settings
        self.sessions = ShareSessions(lambda: settings.max_sessions)
        self._persister = persister
        self._clock = clock
        self._timers = timers
        self._on_available = on_available
        self._partitions: dict[SharePartitionId, SharePartition] = {}

    def __len__(self) -> int:
        """How many share partitions are loaded."""
        return len(self._partitions)

    def get(self, key: SharePartitionId) -> SharePartition | None:
        return self._partitions.get(key)

    def of_fetch(
        self, key: SharePartitionId, partition_log: PartitionLog
    ) -> tuple[SharePartition, Outcome | Pending[Outcome]]:
        """The share partition, and whether it is loaded, or when. Codes: as ``SharePartition.maybe_initialize``."""
        partition = self._partitions.get(key)
        if partition is None:
            partition = self._partitions[key] = SharePartition(
                key,
                partition_log,
                persister=self._persister,
                settings=self.settings,
                clock=self._clock,
                timers=self._timers,
                on_available=self._on_available,
            )
        # A log that was moved to another directory is another object.
        partition.log = partition_log
        loaded = partition.maybe_initialize()
        if not isinstance(loaded, Pending):
            return partition, self._loaded(partition, loaded)
        promise: Pending[Outcome] = Pending()
        loaded.on_complete(lambda outcome: self._loaded_later(partition, outcome, promise))
        return partition, promise

    def _loaded_later(self, partition: SharePartition, outcome: Outcome, promise: Pending[Outcome]) -> None:
        promise.complete(self._loaded(partition, outcome))
        self._on_available(partition)

    def _loaded(self, partition: SharePartition, outcome: Outcome) -> Outcome:
        if outcome.code not in (errors.NONE, errors.LEADER_NOT_AVAILABLE):
            self._fence(partition)
        return outcome

    # --- what members ask

    def acknowledge(
        self, session: SessionKey, batches: Mapping[tuple[bytes, int], Sequence[AcknowledgementBatch]]
    ) -> dict[tuple[bytes, int], Outcome | Pending[Outcome]]:
        """What becomes of the acknowledgements of a member, by topic id and partition."""
        outcomes: dict[tuple[bytes, int], Outcome | Pending[Outcome]] = {}
        for (topic_id, index), of_partition in batches.items():
            partition = self._partitions.get(SharePartitionId(session.group_id, topic_id, index))
            outcomes[topic_id, index] = (
                _UNKNOWN_PARTITION
                if partition is None
                else self._watched(partition, partition.acknowledge(session.member_id, of_partition))
            )
        return outcomes

    def close_session(self, key: SessionKey) -> None:
        """End a member's session, and release what it holds. There may be none."""
        session = self.sessions.remove(key)
        if session is None:
            return
        for topic_id, index in session.partitions:
            partition = self._partitions.get(SharePartitionId(key.group_id, topic_id, index))
            if partition is not None:
                self._watched(partition, partition.release(key.member_id))

    def connection_lost(self, connection: object) -> None:
        """The sessions that were opened by this connection end with it."""
        keys, group_ids = self.sessions.forget_connection(connection)
        for key in keys:
            self.close_session(key)
        for group_id in group_ids:
            if not self.sessions.has_members_of(group_id):
                self.forget_group(group_id)

    def _watched(self, partition: SharePartition, outcome: Outcome | Pending[Outcome]) -> Outcome | Pending[Outcome]:
        """The same; a partition that the persister has refused is given up."""
        if not isinstance(outcome, Pending):
            return self._checked(partition, outcome)
        promise: Pending[Outcome] = Pending()
        outcome.on_complete(lambda it: promise.complete(self._checked(partition, it)))
        return promise

    def _checked(self, partition: SharePartition, outcome: Outcome) -> Outcome:
        if outcome.code in FENCING_CODES:
            log.info("share partition %s is loaded anew: %s", partition.name, outcome.message)
            self._fence(partition)
        return outcome

    # --- what goes

    def forget_group(self, group_id: str) -> None:
        """Nobody reads for the group now, or it is deleted."""
        self.settings.forget(group_id)
        self._fence_all(lambda key: key.group_id == group_id)

    def forget_topic(self, topic_id: bytes) -> None:
        """The topic is deleted."""
        self._fence_all(lambda key: key.topic_id == topic_id)

    def forget_partition(self, topic_id: bytes, index: int) -> None:
        """The partition has another leader now."""
        self._fence_all(lambda key: key.topic_id == topic_id and key.partition == index)

    def forget_everything(self) -> None:
        """Share groups are not served any more (share.version 0)."""
        self.sessions.clear()
        self._fence_all(lambda key: True)

    def stop(self) -> None:
        """No lock runs out any more. What members hold is for whoever comes next."""
        for partition in self._partitions.values():
            partition.fence()
        self._partitions.clear()

    def _fence_all(self, is_meant: Callable[[SharePartitionId], bool]) -> None:
        for partition in [each for key, each in self._partitions.items() if is_meant(key)]:
            self._fence(partition)

    def _fence(self, partition: SharePartition) -> None:
        if self._partitions.get(partition.key) is partition:
            del self._partitions[partition.key]
        partition.fence()
        self._on_available(partition)
