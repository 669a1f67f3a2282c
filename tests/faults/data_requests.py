"""Requests to write and to read, and the error codes in their answers."""

from __future__ import annotations

from typing import Any

from minikafka.protocol.messages import FetchRequest, ProduceRequest
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch

PRODUCE, FETCH = 9, 12


def produce(*parts: tuple[str, int], acks: int = -1, value: bytes = b"v") -> Any:
    by_topic: dict[str, list[Any]] = {}
    for topic, index in parts:
        records = build_batch([Record(0, 0, None, value)])
        by_topic.setdefault(topic, []).append(ProduceRequest.PartitionProduceData(index=index, records=records))
    return ProduceRequest(
        acks=acks,
        timeout_ms=1000,
        topic_data=[ProduceRequest.TopicProduceData(name=t, partition_data=parts) for t, parts in by_topic.items()],
    )


def fetch(topic: str, *indexes: int, session: tuple[int, int] = (0, -1), offset: int = 0, max_wait_ms: int = 0) -> Any:
    partitions = [
        FetchRequest.FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20)
        for index in indexes
    ]
    return FetchRequest(
        max_wait_ms=max_wait_ms,
        min_bytes=1,
        max_bytes=1 << 20,
        session_id=session[0],
        session_epoch=session[1],
        topics=[FetchRequest.FetchTopic(topic=topic, partitions=partitions)] if partitions else [],
    )


def codes(answer: Any) -> dict[tuple[str, int], int]:
    """Of a Produce or Fetch answer."""
    found = {}
    for topic in answer.responses:
        if hasattr(topic, "partition_responses"):
            found.update({(topic.name, part.index): part.error_code for part in topic.partition_responses})
        else:
            found.update({(topic.topic, part.partition_index): part.error_code for part in topic.partitions})
    return found
