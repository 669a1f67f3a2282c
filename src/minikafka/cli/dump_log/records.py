"""The batches and records of ``.log`` and ``.checkpoint`` files, in the lines of Kafka's DumpLogSegments."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Final

from minikafka.cli.dump_log.decoders import Decode
from minikafka.cli.dump_log.files import DumpFailed, base_offset_of, batches, mapped
from minikafka.cli.dump_log.message_json import json_text, message_tree
from minikafka.cli.dump_log.problems import Problems
from minikafka.cli.toolkit.java_strings import java_text
from minikafka.cli.toolkit.progress import Progress
from minikafka.protocol import messages
from minikafka.protocol.structs import Message
from minikafka.records.batch import NO_SEQUENCE, Record, RecordBatch, increment_sequence
from minikafka.records.builder import (
    CONTROL_ABORT,
    CONTROL_COMMIT,
    CONTROL_KRAFT_VERSION,
    CONTROL_KRAFT_VOTERS,
    CONTROL_LEADER_CHANGE,
    CONTROL_SNAPSHOT_FOOTER,
    CONTROL_SNAPSHOT_HEADER,
    control_type_of,
    coordinator_epoch_of,
)
from minikafka.records.compression import NAMES, ensure_known
from minikafka.records.legacy import LegacyMessage, LegacyRecordBatch

_MAX_INT32: Final = 2147483647
_TIMESTAMP_TYPES: Final = {-1: "NoTimestampType", 0: "CreateTime", 1: "LogAppendTime"}
_SNAPSHOT: Final = re.compile(r"(\d{20})-(\d{10})\.checkpoint")
_CONTROL_MESSAGES: Final = {
    CONTROL_LEADER_CHANGE: (" LeaderChange: ", "LeaderChangeMessage"),
    CONTROL_SNAPSHOT_HEADER: (" SnapshotHeader ", "SnapshotHeaderRecord"),
    CONTROL_SNAPSHOT_FOOTER: (" SnapshotFooter ", "SnapshotFooterRecord"),
    CONTROL_KRAFT_VERSION: (" KRaftVersion ", "KRaftVersionRecord"),
    CONTROL_KRAFT_VOTERS: (" KRaftVoters ", "VotersRecord"),
}


class RecordsDump:
    """:param decode: what makes text of keys and values; None: they are not printed.
    :param is_deep: records, not only batches. ``skips_metadata``: of records, nothing but key and value.
    """

    def __init__(
        self,
        problems: Problems,
        progress: Progress,
        decode: Decode | None,
        *,
        is_deep: bool,
        skips_metadata: bool,
        max_bytes: int,
    ) -> None:
        self._problems = problems
        self._progress = progress
        self._decode = decode
        self._is_deep = is_deep
        self._skips_metadata = skips_metadata
        self._max_bytes = max_bytes
        self._last_offset = -1

    def dump(self, path: str) -> None:
        """Raises DumpFailed, and ApiError at a batch or record that cannot be read."""
        print(_title(path))
        data = mapped(path)[: self._max_bytes]
        self._last_offset = -1
        valid_bytes = 0
        write = sys.stdout.write
        for batch in batches(data, path):
            write(_batch_line(batch, valid_bytes))
            if self._is_deep:
                for line in self._record_lines(batch, path):
                    write(line)
            valid_bytes += batch.size_bytes
            self._progress.advance(batch.size_bytes)
        if len(data) > valid_bytes and self._max_bytes == _MAX_INT32:
            print(f"Found {len(data) - valid_bytes} invalid bytes at the end of {os.path.basename(path)}")

    def _record_lines(self, batch: RecordBatch, path: str) -> Iterator[str]:
        is_control = batch.is_control
        for record, legacy in _records(batch):
            if self._last_offset not in (-1, record.offset - 1):
                self._problems.offsets_have_gap(path, self._last_offset, record.offset)
            self._last_offset = record.offset
            line = "" if self._skips_metadata else _metadata(batch, record, legacy)
            if is_control and not self._skips_metadata:
                line += _control_words(record)
            elif self._decode is not None and not is_control:
                line += self._contents(record, " " if line else "| ")
            yield line + "\n"

    def _contents(self, record: Record, prefix: str) -> str:
        assert self._decode is not None
        key, value = self._decode(record)
        words = "" if key is None else f"{prefix}key: {key}"
        return words if value is None else f"{words} payload: {value}"


def _title(path: str) -> str:
    name = os.path.basename(path)
    if name.endswith(".log"):
        return f"Log starting offset: {base_offset_of(path)}"
    if name == "bootstrap.checkpoint":
        return "KRaft bootstrap snapshot"
    found = _SNAPSHOT.fullmatch(name)
    if found is None:
        raise DumpFailed(f"{path}: a snapshot is named by its end offset and epoch: OFFSET-EPOCH.checkpoint")
    return f"Snapshot end offset: {int(found[1])}, epoch: {int(found[2])}"


def _batch_line(batch: RecordBatch, position: int) -> str:
    if batch.magic >= 2:
        horizon_ms = batch.delete_horizon_ms
        head = (
            f"baseOffset: {batch.base_offset} lastOffset: {batch.last_offset} count: {batch.record_count} "
            f"baseSequence: {batch.base_sequence} lastSequence: {batch.last_sequence} "
            f"producerId: {batch.producer_id} producerEpoch: {batch.producer_epoch} "
            f"partitionLeaderEpoch: {batch.partition_leader_epoch} isTransactional: {_word(batch.is_transactional)} "
            f"isControl: {_word(batch.is_control)} "
            f"deleteHorizonMs: {'OptionalLong.empty' if horizon_ms is None else f'OptionalLong[{horizon_ms}]'}"
        )
    else:
        head = f"offset: {batch.last_offset}"
    return (
        f"{head} position: {position} {_TIMESTAMP_TYPES[batch.timestamp_type]}: {batch.max_timestamp} "
        f"size: {batch.size_bytes} magic: {batch.magic} compresscodec: {NAMES[ensure_known(batch.compression_type)]} "
        f"crc: {batch.crc} isvalid: {_word(batch.is_valid())}\n"
    )


def _records(batch: RecordBatch) -> Iterator[tuple[Record, LegacyMessage | None]]:
    if isinstance(batch, LegacyRecordBatch):
        for message in batch.messages():
            yield Record(message.offset, message.timestamp, message.key, message.value), message
    else:
        for record in batch:
            yield record, None


def _metadata(batch: RecordBatch, record: Record, legacy: LegacyMessage | None) -> str:
    line = (
        f"| offset: {record.offset} {_TIMESTAMP_TYPES[batch.timestamp_type]}: {record.timestamp} "
        f"keySize: {_size(record.key)} valueSize: {_size(record.value)}"
    )
    if legacy is not None:
        # The second brace is Kafka's.
        return f"{line} isValid: {_word(legacy.crc == legacy.computed_crc)} crc: {legacy.crc}}}"
    sequence = NO_SEQUENCE
    if batch.base_sequence >= 0:
        sequence = increment_sequence(batch.base_sequence, record.offset - batch.base_offset)
    keys = ",".join(_header_key(key) for key, _ in record.headers)
    return f"{line} sequence: {sequence} headerKeys: [{keys}]"


def _control_words(record: Record) -> str:
    try:
        control_type = control_type_of(record.key)
        if control_type in (CONTROL_ABORT, CONTROL_COMMIT):
            name = "ABORT" if control_type == CONTROL_ABORT else "COMMIT"
            return f" endTxnMarker: {name} coordinatorEpoch: {coordinator_epoch_of(record.value)}"
    except ValueError as error:
        raise DumpFailed(f"offset {record.offset}: {error}") from error
    if control_type not in _CONTROL_MESSAGES:
        return f" controlType: UNKNOWN({control_type})"
    words, class_name = _CONTROL_MESSAGES[control_type]
    cls: type[Message] = getattr(messages, class_name)
    value = record.value or b""
    # The message says its version itself.
    version = min(int.from_bytes(value[:2], "big"), cls.max_version)
    return words + json_text(message_tree(cls.decode(value, version), version))


def _header_key(key: str) -> str:
    return java_text(key.encode("utf-8", "surrogateescape"))


def _size(data: bytes | None) -> int:
    return -1 if data is None else len(data)


def _word(is_so: bool) -> str:
    return "true" if is_so else "false"
