"""Delegation tokens of the metadata image (Kafka: DelegationTokenImage, KIP-900)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikafka.protocol.messages import DelegationTokenRecord, RemoveDelegationTokenRecord


class DelegationTokensImage:
    """``by_id``: token id -> the record that holds owner, requester, renewers and times."""

    def __init__(self) -> None:
        self.by_id: dict[str, DelegationTokenRecord] = {}

    def replay(self, record: DelegationTokenRecord) -> None:
        self.by_id[record.token_id] = record

    def replay_remove(self, record: RemoveDelegationTokenRecord) -> None:
        self.by_id.pop(record.token_id, None)

    def records(self) -> Iterator[tuple[Any, int]]:
        for record in self.by_id.values():
            yield record, 0
