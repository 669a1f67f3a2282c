"""What a validated append is, and what is known about it: the outcome of ``validation`` and of ``log_validator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.records.compression import NONE, compression_id

if TYPE_CHECKING:
    from minikafka.config import LogConfig
    from minikafka.records.batch import RecordBatch

CLIENT: Final = "client"
COORDINATOR: Final = "coordinator"
REPLICATION: Final = "replication"
RAFT: Final = "raft"


class ValidatedRecords:
    """What to write, and what is known about it.

    ``buffer`` holds the bytes, in the memory they came in if nothing had to be built anew, and ``batches`` views of it.
    ``max_timestamp`` (ms, -1 none) and ``offset_of_max_timestamp`` are what the time index takes: the last offset of a
    batch of magic 2. ``log_append_time_ms`` is -1 with create time. ``conversion_count`` records changed format or
    codec. No batches came, no batches go: then ``base_offset`` and ``last_offset`` are -1.
    """

    __slots__ = (
        "base_offset",
        "batches",
        "buffer",
        "conversion_count",
        "last_offset",
        "log_append_time_ms",
        "max_timestamp",
        "offset_of_max_timestamp",
        "record_count",
    )

    def __init__(
        self,
        buffer: memoryview,
        batches: list[RecordBatch],
        base_offset: int,
        last_offset: int,
        max_timestamp: int,
        offset_of_max_timestamp: int,
        log_append_time_ms: int,
        record_count: int,
        conversion_count: int = 0,
    ) -> None:
        self.buffer = buffer
        self.batches = batches
        self.base_offset = base_offset
        self.last_offset = last_offset
        self.max_timestamp = max_timestamp
        self.offset_of_max_timestamp = offset_of_max_timestamp
        self.log_append_time_ms = log_append_time_ms
        self.record_count = record_count
        self.conversion_count = conversion_count


def target_codec(config: LogConfig, source_codec: int) -> int:
    """The codec a topic stores: its compression.type, or the sender's (``BrokerCompressionType``)."""
    name = config.compression_type
    if name == "producer":
        return source_codec
    return NONE if name == "uncompressed" else compression_id(name)


def in_topic_partition(topic_partition: str) -> str:
    """The end of Kafka's sentences about a batch; nothing when the place is not known."""
    return f" in topic partition {topic_partition}" if topic_partition else ""
