"""Metadata records as batches, the way KRaft's BatchAccumulator and RecordsSnapshotWriter write them, and back.

A batch is atomic: on disk it is there whole or not at all. Control batches carry what the raft layer itself needs
(leader change, KRaft version, voters) and the head and foot of snapshots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.errors import ApiError, CorruptLogError, ProtocolError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.stored import decode_metadata_record, encode_metadata_record
from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import (
    CONTROL_KRAFT_VERSION,
    CONTROL_KRAFT_VOTERS,
    CONTROL_LEADER_CHANGE,
    CONTROL_SNAPSHOT_FOOTER,
    CONTROL_SNAPSHOT_HEADER,
    build_batch,
    control_record,
    control_type_of,
)

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord

_CONTROL_TYPES = {
    "LeaderChangeMessage": CONTROL_LEADER_CHANGE,
    "SnapshotHeaderRecord": CONTROL_SNAPSHOT_HEADER,
    "SnapshotFooterRecord": CONTROL_SNAPSHOT_FOOTER,
    "KRaftVersionRecord": CONTROL_KRAFT_VERSION,
    "VotersRecord": CONTROL_KRAFT_VOTERS,
}
_CONTROL_NAMES = {control_type: name for name, control_type in _CONTROL_TYPES.items()}


class MetadataBatch(NamedTuple):
    """A batch that was read. ``records`` are metadata records, or control messages where ``is_control``."""

    base_offset: int
    last_offset: int
    epoch: int
    max_timestamp: int
    is_control: bool
    records: list[Any]


def encode_batch(records: Sequence[VersionedRecord], *, base_offset: int, epoch: int, now_ms: int) -> bytes:
    """One batch of metadata records."""
    return build_batch(
        [
            Record(base_offset + delta, now_ms, None, encode_metadata_record(record, version), ())
            for delta, (record, version) in enumerate(records)
        ],
        base_offset=base_offset,
        partition_leader_epoch=epoch,
    )


def encode_control_batch(messages: Sequence[Any], *, base_offset: int, epoch: int, now_ms: int) -> bytes:
    """One batch of control records; the messages are written in their version 0, as Kafka 4.2 does."""
    return build_batch(
        [
            control_record(
                _CONTROL_TYPES[type(message).__name__], message.encode(0), offset=base_offset + delta, timestamp=now_ms
            )
            for delta, message in enumerate(messages)
        ],
        base_offset=base_offset,
        is_control=True,
        partition_leader_epoch=epoch,
    )


def decode_batches(data: bytes | memoryview, source: str) -> Iterator[MetadataBatch]:
    """The batches in ``data``. ``source`` names the file for errors.

    Raises CorruptLogError: a batch or record that cannot be read, or with a wrong checksum.
    """
    position = 0
    buffer = memoryview(data)
    try:
        for batch in iter_batches(buffer):
            batch.ensure_valid()
            if batch.is_control:
                records = [_decode_control(record, source) for record in batch]
            else:
                records = [decode_metadata_record(record.value or b"") for record in batch]
            yield MetadataBatch(
                batch.base_offset,
                batch.last_offset,
                batch.partition_leader_epoch,
                batch.max_timestamp,
                batch.is_control,
                [record for record in records if record is not None],
            )
            position += batch.size_bytes
    except (ApiError, ProtocolError, ValueError) as error:
        raise CorruptLogError(f"{source}: position {position}: {error}") from error


def _decode_control(record: Record, source: str) -> Any:
    """None for control records that a later Kafka may have added: its own reader skips them as well."""
    import minikafka.protocol.messages as messages

    name = _CONTROL_NAMES.get(control_type_of(record.key))
    if name is None:
        return None
    if record.value is None:
        raise CorruptLogError(f"{source}: offset {record.offset}: the control record {name} has no value")
    return getattr(messages, name).decode(record.value, 0)
