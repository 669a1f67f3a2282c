"""Reads a topic on from where it was: all partitions, whole batches, without group and session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minikafka.embedded.caller import Caller, check
from minikafka.embedded.plain_types import Record
from minikafka.protocol import messages
from minikafka.records.batch import RecordBatch, iter_batches
from minikafka.records.builder import CONTROL_ABORT, control_type_of

EARLIEST = -2
LATEST = -1

_MAX_BYTES = 64 * 1024 * 1024
_FETCH_VERSION = 12  # the last that calls topics by name
_LIST_OFFSETS_VERSION = 7


class Reader:
    """:param is_committed_only: leave out aborted transactions, and stop before open ones."""

    def __init__(self, caller: Caller, topic: str, *, is_committed_only: bool = False) -> None:
        self._caller = caller
        self._topic = topic
        self._is_committed_only = is_committed_only
        self._positions: dict[int, int] = {}

    def extend(self, partition_count: int) -> None:
        """Read so many partitions, new ones from their beginning. Raises ApiError."""
        new = range(len(self._positions), partition_count)
        if new:
            self._positions.update(offsets(self._caller, self._topic, new, EARLIEST))

    def read(self) -> list[Record]:
        """What has come since, by partition and offset; nothing when there is nothing. Raises ApiError."""
        found: list[Record] = []
        while self._positions:
            answer: messages.FetchResponse = self._caller.call(self._request(), _FETCH_VERSION)
            check(answer.error_code)
            before = dict(self._positions)
            for topic in answer.responses:
                for partition in topic.partitions:
                    found += self._records(partition)
            if self._positions == before:
                break
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def _request(self) -> messages.FetchRequest:
        partitions = [
            messages.FetchRequest.FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=_MAX_BYTES)
            for index, offset in self._positions.items()
        ]
        return messages.FetchRequest(
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=_MAX_BYTES,
            isolation_level=1 if self._is_committed_only else 0,
            topics=[messages.FetchRequest.FetchTopic(topic=self._topic, partitions=partitions)],
        )

    def _records(self, partition: messages.FetchResponse.PartitionData) -> Iterator[Record]:
        check(partition.error_code)
        index = partition.partition_index
        position = self._positions[index]
        aborted = (partition.aborted_transactions or []) if self._is_committed_only else []
        for batch in _shown(_whole(partition.records), aborted):
            self._positions[index] = max(self._positions[index], batch.next_offset)
            if not batch.is_control:
                for record in batch:
                    if record.offset >= position:
                        yield Record(self._topic, index, *record)


def offsets(caller: Caller, topic: str, partitions: Any, timestamp: int) -> dict[int, int]:
    """Partition -> its EARLIEST or LATEST offset. Raises ApiError."""
    wanted = messages.ListOffsetsRequest.ListOffsetsTopic(
        name=topic,
        partitions=[
            messages.ListOffsetsRequest.ListOffsetsPartition(partition_index=index, timestamp=timestamp)
            for index in partitions
        ],
    )
    found = {}
    answer = caller.call(messages.ListOffsetsRequest(replica_id=-1, topics=[wanted]), _LIST_OFFSETS_VERSION)
    for partition in answer.topics[0].partitions:
        check(partition.error_code)
        found[partition.partition_index] = partition.offset
    return found


def _whole(records: Any) -> Any:
    """In this process an answer names slices of files, which are not read yet."""
    if records is None:
        return b""
    return records.read() if hasattr(records, "read") else records


def _shown(data: Any, aborted_transactions: list[messages.FetchResponse.AbortedTransaction]) -> Iterator[RecordBatch]:
    """Batches without those of aborted transactions. Source: ``CompletedFetch.nextFetchedRecord``."""
    aborted = sorted(aborted_transactions, key=lambda transaction: transaction.first_offset, reverse=True)
    aborting: set[int] = set()
    for batch in iter_batches(data):
        while aborted and aborted[-1].first_offset <= batch.last_offset:
            aborting.add(aborted.pop().producer_id)
        if batch.is_control and any(control_type_of(record.key) == CONTROL_ABORT for record in batch):
            aborting.discard(batch.producer_id)
        if not (batch.is_transactional and not batch.is_control and batch.producer_id in aborting):
            yield batch
