"""What handlers, share groups and share partitions ask for state: each partition of a group has its place in one shard.

Nothing here raises for a partition: errors are part of the outcome, with Kafka's sentences
(Kafka: ``ShareCoordinatorService``, and the ``Persister`` in front of it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from minikafka.coordinator.client_codes import coordinator_code
from minikafka.coordinator.result import Result
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState, ReadSummary
from minikafka.coordinator.share_state.share_partition_key import SharePartitionKey
from minikafka.coordinator.share_state.share_state_shard import ShareStateShard
from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.errors import message_of
from minikafka.pending import Pending

T = TypeVar("T")


class ShareStateRuntime(Protocol):
    """Where the shards are; see ``GroupRuntime``. The first operation creates the topic."""

    def write(
        self, key: str, operation: Callable[[ShareStateShard], Result[T]], on_error: Callable[[int], T], /
    ) -> T | Pending[T]: ...

    def read(
        self, key: str, operation: Callable[[ShareStateShard], T], on_error: Callable[[int], T], /
    ) -> T | Pending[T]: ...


class ShareCoordinator:
    """The share coordinator (``ctx.broker.share_states``).

    Epochs: the state epoch goes up whenever the group coordinator initializes the partition anew; the leader epoch is
    that of the partition's leader, where the share partition lives. Who comes with an older one is fenced
    (FENCED_STATE_EPOCH, FENCED_LEADER_EPOCH); -1 asks for no check where there is one to leave out.
    """

    def __init__(self, runtime: ShareStateRuntime) -> None:
        self._runtime = runtime

    def initialize(
        self, group_id: str, topic_id: bytes, partition: int, state_epoch: int, start_offset: int
    ) -> Outcome | Pending[Outcome]:
        """Begin at ``start_offset`` (-1: where the group's share.auto.offset.reset says), and forget what was before.

        Errors: FENCED_STATE_EPOCH, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION, those of a coordinator.
        """
        key = SharePartitionKey(group_id, topic_id, partition)
        return self._runtime.write(
            str(key), lambda shard: shard.initialize(key, state_epoch, start_offset), _failed_to("initialize")
        )

    def read(self, group_id: str, topic_id: bytes, partition: int, leader_epoch: int) -> ReadState | Pending[ReadState]:
        """The state, for a new leader of the partition, whose epoch is remembered.

        Errors: as ``initialize``, FENCED_LEADER_EPOCH; INVALID_REQUEST also when the partition is not initialized.
        """
        key = SharePartitionKey(group_id, topic_id, partition)
        return self._runtime.write(
            str(key),
            lambda shard: shard.read(key, leader_epoch),
            lambda code: ReadState(*_failure("read share group state", code)),
        )

    def read_summary(
        self, group_id: str, topic_id: bytes, partition: int, leader_epoch: int
    ) -> ReadSummary | Pending[ReadSummary]:
        """The state without its batches; also of what is not initialized. Kafka does not look at ``leader_epoch``."""
        key = SharePartitionKey(group_id, topic_id, partition)
        return self._runtime.read(
            str(key),
            lambda shard: shard.read_summary(key),
            lambda code: ReadSummary(*_failure("read share group state summary", code)),
        )

    def write(
        self,
        group_id: str,
        topic_id: bytes,
        partition: int,
        *,
        state_epoch: int,
        leader_epoch: int,
        start_offset: int,
        delivery_complete_count: int,
        batches: Sequence[StateBatch],
    ) -> Outcome | Pending[Outcome]:
        """Move the start offset (-1: it stays), and take ``batches`` into those that are there. Complete when written.

        Errors: as ``read``, and FENCED_STATE_EPOCH.
        """
        key = SharePartitionKey(group_id, topic_id, partition)
        return self._runtime.write(
            str(key),
            lambda shard: shard.write(key, state_epoch, leader_epoch, start_offset, delivery_complete_count, batches),
            _failed_to("write"),
        )

    def delete(self, group_id: str, topic_id: bytes, partition: int) -> Outcome | Pending[Outcome]:
        """Forget the state; nothing to be forgotten is no error."""
        key = SharePartitionKey(group_id, topic_id, partition)
        return self._runtime.write(str(key), lambda shard: shard.delete(key), _failed_to("delete"))


def _failed_to(what: str) -> Callable[[int], Outcome]:
    return lambda code: Outcome(*_failure(f"{what} share group state", code))


def _failure(what: str, code: int) -> tuple[int, str]:
    """What clients are told when the shard could not be asked, in Kafka's words: the cause stays in the sentence."""
    return coordinator_code(code), f"Unable to {what}: {message_of(code)}"
