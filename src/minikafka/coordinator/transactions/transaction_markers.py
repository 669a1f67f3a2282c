"""The markers that end a transaction in its partitions, as the coordinator orders them."""

from __future__ import annotations

from typing import Protocol

from minikafka.named_tuple import NamedTuple


class Marker(NamedTuple):
    """What a control batch says: this producer's transaction is over in the partition."""

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    """The leader epoch of the coordinator's partition: markers of an older one are refused."""
    committed: bool
    transaction_version: int = 0
    """2 holds the epoch to KIP-890's rule: greater than that of the transaction's batches."""


class MarkerWriter(Protocol):
    """Writes markers into the logs of this node."""

    def coordinator_epoch(self, transactional_id: str) -> int:
        """The epoch in which this node coordinates the id."""
        ...

    def write(self, topic: str, partition: int, marker: Marker) -> int:
        """Append the marker; in ``__consumer_offsets`` the offsets of the transaction count from now on, or never.

        Returns a Kafka error code.
        """
        ...
