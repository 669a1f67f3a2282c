"""The batches that a node writes at its start, by which the torn end of a metadata log can be told from damage.

Nobody waits for these batches, and the disk may keep the later of them and lose an earlier one. All others are appended
when everything before them is durable (``CommitQueue``): whatever is damaged in front of one of these had been synced.
Kafka's controllers, too, sync what they have appended before they append more (KafkaRaftClient.flushLeaderLog).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minikafka.errors import ProtocolError
from minikafka.protocol.stored import decode_metadata_record
from minikafka.records.batch import RecordBatch
from minikafka.state.cluster import UNFENCE

_OF_A_START = frozenset(
    {"AbortTransactionRecord", "BeginTransactionRecord", "RegisterBrokerRecord", "RegisterControllerRecord"}
)
_FIRST_OFFSETS = 100
"""The features that a new log is formatted with come before; in a transaction where these have transactions."""


def are_all_of_a_start(batches: Iterable[RecordBatch]) -> bool:
    """Whether these, which follow each other, were all written at one start, after the batch that names the leader."""
    return all(is_of_a_start(batch) for batch in batches)


def is_of_a_start(batch: RecordBatch) -> bool:
    """Whether the batch does not prove that all before it is durable."""
    if batch.is_control:
        return False  # the leader of a later start
    try:
        first: Any = decode_metadata_record(next(iter(batch)).value or b"")
    except (ProtocolError, ValueError, StopIteration):
        return False
    name = type(first).__name__
    if name == "BrokerRegistrationChangeRecord":
        return bool(first.fenced == UNFENCE)
    if name == "FeatureLevelRecord":
        return batch.base_offset < _FIRST_OFFSETS
    return name in _OF_A_START
