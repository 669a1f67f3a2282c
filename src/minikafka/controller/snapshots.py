"""Metadata snapshots: ``<end offset>-<epoch>.checkpoint`` (KIP-630; Kafka: Snapshots, RecordsSnapshotWriter).

A snapshot is a control batch (header, and, but for the bootstrap one, KRaft version and voters), the records that make
up the image, and a control batch with the footer. ``bootstrap.checkpoint`` beside the partitions has the same form:
it holds what a formatted directory starts with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.controller.metadata_batches import decode_batches, encode_batch, encode_control_batch
from minikafka.errors import CorruptLogError
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.storage.files import FileSystem

SUFFIX = ".checkpoint"
PARTIAL_SUFFIX = ".checkpoint.part"
BOOTSTRAP_FILE = "bootstrap.checkpoint"
_MAX_RECORDS_PER_BATCH = 1024
_NAME = r"(\d{20})-(\d{10})\.checkpoint"


class SnapshotId(NamedTuple):
    """``end_offset``: of the first record that is not in it. Ordered by offset, then epoch."""

    end_offset: int
    epoch: int

    @property
    def file_name(self) -> str:
        return f"{self.end_offset:020d}-{self.epoch:010d}{SUFFIX}"


class Snapshot(NamedTuple):
    """A snapshot that was read. ``voters`` is the VotersRecord in it, if any."""

    records: list[Any]
    last_contained_log_timestamp: int
    kraft_version: int
    voters: Any | None


def list_snapshots(files: FileSystem, directory: str) -> list[SnapshotId]:
    """The snapshots in a directory, oldest first."""
    found = (re.fullmatch(_NAME, name) for name, is_directory in files.list_directory(directory) if not is_directory)
    return sorted(SnapshotId(int(match[1]), int(match[2])) for match in found if match is not None)


def encode_snapshot(
    records: Iterable[VersionedRecord],
    *,
    epoch: int,
    now_ms: int,
    last_contained_log_timestamp: int,
    raft_messages: Sequence[Any] = (),
) -> bytes:
    """The bytes of a snapshot. ``raft_messages``: KRaftVersionRecord and VotersRecord, to follow the header."""
    from minikafka.protocol.messages import SnapshotFooterRecord, SnapshotHeaderRecord

    header = SnapshotHeaderRecord(version=0, last_contained_log_timestamp=last_contained_log_timestamp)
    batches = [encode_control_batch([header, *raft_messages], base_offset=0, epoch=epoch, now_ms=now_ms)]
    offset = 1 + len(raft_messages)
    remaining = list(records)
    for start in range(0, len(remaining), _MAX_RECORDS_PER_BATCH):
        chunk = remaining[start : start + _MAX_RECORDS_PER_BATCH]
        batches.append(encode_batch(chunk, base_offset=offset, epoch=epoch, now_ms=now_ms))
        offset += len(chunk)
    footer = SnapshotFooterRecord(version=0)
    batches.append(encode_control_batch([footer], base_offset=offset, epoch=epoch, now_ms=now_ms))
    return b"".join(batches)


def read_snapshot(files: FileSystem, path: str) -> Snapshot:
    """Raises CorruptLogError when the snapshot is not whole."""
    records: list[Any] = []
    timestamp = 0
    kraft_version = 0
    voters: Any | None = None
    is_whole = False
    for batch in decode_batches(files.read_bytes(path), path):
        if not batch.is_control:
            records += batch.records
            continue
        for message in batch.records:
            name = type(message).__name__
            if name == "SnapshotHeaderRecord":
                timestamp = message.last_contained_log_timestamp
            elif name == "KRaftVersionRecord":
                kraft_version = message.k_raft_version
            elif name == "VotersRecord":
                voters = message
            elif name == "SnapshotFooterRecord":
                is_whole = True
    if not is_whole:
        raise CorruptLogError(f"{path}: the snapshot ends without a footer")
    return Snapshot(records, timestamp, kraft_version, voters)
