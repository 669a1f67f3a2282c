"""Records of one partition on their way to its leader."""

from __future__ import annotations

from typing import Final

from minikafka.client.leaders import TopicPartition
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch

BATCH_OVERHEAD_BYTES: Final = 61
RECORD_OVERHEAD_BYTES: Final = 21
"""Attributes, lengths and deltas at their longest, nearly."""


class ProducerBatch:
    """``data`` is empty until ``encode``; ``deadline_s`` (monotonic) is when to give up sending it."""

    __slots__ = (
        "attempts",
        "base_sequence",
        "data",
        "deadline_s",
        "partition",
        "producer_epoch",
        "producer_id",
        "records",
        "size_bytes",
    )

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.records: list[Record] = []
        self.size_bytes = BATCH_OVERHEAD_BYTES
        self.data = b""
        self.producer_id = self.producer_epoch = self.base_sequence = -1
        self.attempts = 0
        self.deadline_s = 0.0

    def encode(self, compression: str, compression_level: int | None, *, is_transactional: bool) -> None:
        """Raises what the codec does."""
        self.data = build_batch(
            self.records,
            compression=compression,
            level=compression_level,
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=self.base_sequence,
            is_transactional=is_transactional,
        )

    def __str__(self) -> str:
        return f"{self.partition[0]}-{self.partition[1]}"


def size_bytes(key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes | None], ...]) -> int:
    """At most how much of a batch a record takes."""
    size = RECORD_OVERHEAD_BYTES + len(key or b"") + len(value or b"")
    return size + sum(10 + len(name.encode("utf-8", "surrogateescape")) + len(data or b"") for name, data in headers)
