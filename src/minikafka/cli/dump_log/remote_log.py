"""Records of ``__remote_log_metadata`` as ``kafka-dump-log`` prints them: as Java's ``toString`` of each kind does."""

from __future__ import annotations

from typing import Any, Final

from minikafka.errors import ProtocolError
from minikafka.protocol import messages
from minikafka.protocol.primitives import uuid_to_text
from minikafka.protocol.stored import decode_remote_log_record
from minikafka.records.batch import Record

_SEGMENT_STATES: Final = (
    "COPY_SEGMENT_STARTED",
    "COPY_SEGMENT_FINISHED",
    "DELETE_SEGMENT_STARTED",
    "DELETE_SEGMENT_FINISHED",
)
_PARTITION_STATES: Final = ("DELETE_PARTITION_MARKED", "DELETE_PARTITION_STARTED", "DELETE_PARTITION_FINISHED")


def remote_log_record(record: Record) -> tuple[None, str]:
    """Nothing for the key, and the value's text."""
    try:
        if record.value is None:
            raise ProtocolError("the record has no value")
        return None, _text(decode_remote_log_record(record.value))
    except ProtocolError as error:
        return None, f"Error at offset {record.offset}, skipping. {error}"


def _text(message: Any) -> str:
    fields: dict[str, Any]
    if isinstance(message, messages.RemotePartitionDeleteMetadataRecord):
        fields = {
            "topicPartition": _topic_partition(message.topic_id_partition),
            "state": _state(_PARTITION_STATES, message.remote_partition_delete_state),
            "eventTimestampMs": message.event_timestamp_ms,
            "brokerId": message.broker_id,
        }
    elif isinstance(message, messages.RemoteLogSegmentMetadataUpdateRecord):
        fields = {
            "remoteLogSegmentId": _segment_id(message.remote_log_segment_id),
            "customMetadata": _custom(message.custom_metadata),
            "state": _state(_SEGMENT_STATES, message.remote_log_segment_state),
            "eventTimestampMs": message.event_timestamp_ms,
            "brokerId": message.broker_id,
        }
    else:
        is_snapshot = isinstance(message, messages.RemoteLogSegmentMetadataSnapshotRecord)
        fields = _snapshot_head(message) if is_snapshot else _segment_head(message)
        fields |= {
            "segmentLeaderEpochs": _epochs(message.segment_leader_epochs),
            "segmentSizeInBytes": message.segment_size_in_bytes,
            "customMetadata": _custom(message.custom_metadata),
            "state": _state(_SEGMENT_STATES, message.remote_log_segment_state),
            "txnIdxEmpty": "true" if message.txn_index_empty else "false",
        }
    words = ", ".join(f"{name}={value}" for name, value in fields.items())
    return f"{type(message).__name__.removesuffix('Record')}{{{words}}}"


def _segment_head(message: Any) -> dict[str, Any]:
    return {
        "remoteLogSegmentId": _segment_id(message.remote_log_segment_id),
        "startOffset": message.start_offset,
        "endOffset": message.end_offset,
        "brokerId": message.broker_id,
        "maxTimestampMs": message.max_timestamp_ms,
        "eventTimestampMs": message.event_timestamp_ms,
    }


def _snapshot_head(message: Any) -> dict[str, Any]:
    return {
        "segmentId": uuid_to_text(message.segment_id),
        "startOffset": message.start_offset,
        "endOffset": message.end_offset,
        "maxTimestampMs": message.max_timestamp_ms,
    }


def _topic_partition(entry: Any) -> str:
    return f"{uuid_to_text(entry.id)}:{entry.name}-{entry.partition}"


def _segment_id(entry: Any) -> str:
    topic_partition = _topic_partition(entry.topic_id_partition)
    return f"RemoteLogSegmentId{{topicIdPartition={topic_partition}, id={uuid_to_text(entry.id)}}}"


def _custom(data: bytes | None) -> str:
    return "Optional.empty" if data is None else f"Optional[CustomMetadata{{{len(data)} bytes}}]"


def _epochs(entries: Any) -> str:
    pairs = sorted((entry.leader_epoch, entry.offset) for entry in entries)
    return "{" + ", ".join(f"{epoch}={offset}" for epoch, offset in pairs) + "}"


def _state(names: tuple[str, ...], state: int) -> str:
    return names[state] if 0 <= state < len(names) else "null"
