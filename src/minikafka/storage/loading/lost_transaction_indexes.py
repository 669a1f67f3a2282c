"""Finding segments whose transaction index is gone, after somebody's hands were in the folder.

A segment without abort markers has no such index, so that nobody misses one that was deleted: consumers would be given
the records of aborted transactions as if they were committed. Kafka does not notice.
"""

from __future__ import annotations

from minikafka.errors import ApiError, CorruptLogError
from minikafka.records.builder import CONTROL_ABORT, control_type_of
from minikafka.storage.batch_scan import scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.producers.producer_snapshots import decode_snapshot
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment


def may_hold_markers(files: FileSystem, producers: ProducerStateManager) -> bool:
    """Whether a transaction may ever have ended in the log: one of its producer snapshots knows of it, or there is none
    that can be read. Raises OSError."""
    offsets = producers.snapshot_offsets
    return not offsets or any(_knows_markers(files, producers.snapshot_path(offset)) for offset in offsets)


def _knows_markers(files: FileSystem, path: str) -> bool:
    try:
        return any(entry.coordinator_epoch >= 0 for entry in decode_snapshot(files.read_bytes(path), path))
    except CorruptLogError:
        return True


def lacks_transaction_index(segment: LogSegment) -> bool:
    """Whether there is an abort marker in the segment, and no index of it. Reads the headers of its batches. Raises
    OSError."""
    if segment.transaction_index.exists:
        return False
    try:
        for header in scan_headers(segment.log, 0, segment.size_bytes):
            if header.is_control:
                for batch in segment.load(header):
                    if any(control_type_of(record.key) == CONTROL_ABORT for record in batch):
                        return True
    except (CorruptLogError, ApiError, ValueError):
        return True  # what is wrong with it is told when it is recovered
    return False
