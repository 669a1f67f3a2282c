"""A segment with offsets too far from its first for an index, made into several (LocalLog.splitOverflowedSegment).

Kafka before 1.1 could leave such segments behind when it compacted, or when a follower copied a log with large gaps
(KAFKA-5413, KAFKA-6264).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from minikafka.storage import log_names
from minikafka.storage.batch_scan import scan_headers
from minikafka.storage.files import FileSystem
from minikafka.storage.index import MAX_RELATIVE_OFFSET
from minikafka.storage.segment import LogSegment

if TYPE_CHECKING:
    from minikafka.config import LogConfig

logger = logging.getLogger(__name__)

_COPIED_BYTES = 1 << 20
_MAX_MESSAGES = 1 << 30
"""More than a wrapper message has."""


def split_segment(files: FileSystem, directory: str, segment: LogSegment, config: LogConfig) -> list[LogSegment]:
    """The segments that take the place of ``segment``, with all its bytes and without indexes. Raises OSError,
    CorruptLogError; a crash leaves what the next start completes or undoes."""
    created_ms, modified_ms = segment.created_ms, segment.last_modified_ms()
    pieces = _pieces(segment)
    parts = [
        LogSegment.create(files, directory, base_offset, config, created_ms, suffix=log_names.CLEANED)
        for base_offset, _, _ in pieces
    ]
    for part, (_, start, end) in zip(parts, pieces, strict=True):
        _copy(segment, start, end, part)
        files.set_modified_ms(part.log.path, modified_ms)  # which retention goes by where records have no timestamp
    files.sync_directory(directory)
    # The lowest at last: as long as it is .cleaned, the start after a crash drops the others as well.
    for part in reversed(parts):
        part.rename_suffix(log_names.SWAP)
    files.sync_directory(directory)
    segment.abandon()
    segment.rename_suffix(log_names.DELETED)
    for part in parts:
        part.rename_suffix("")
    files.sync_directory(directory)
    for path in segment.existing_paths():
        files.unlink(path)
    logger.info("%s: split into segments at the offsets %s", segment, ", ".join(str(base) for base, _, _ in pieces))
    return parts


def _pieces(segment: LogSegment) -> list[tuple[int, int, int]]:
    """(base offset, position, end position), each as far as one index reaches; what cannot be read goes last."""
    starts = [(segment.base_offset, 0)]
    next_offset = segment.base_offset
    for header in scan_headers(segment.log, 0, segment.size_bytes):
        if header.last_offset - starts[-1][0] > MAX_RELATIVE_OFFSET:
            # Of a wrapper of old messages only the last offset is in the header.
            first = header.base_offset if header.magic >= 2 else header.last_offset - _MAX_MESSAGES
            starts.append((max(first, next_offset), header.position))
        next_offset = header.last_offset + 1
    ends = [position for _, position in starts[1:]] + [segment.size_bytes]
    return [(base, start, end) for (base, start), end in zip(starts, ends, strict=True)]


def _copy(segment: LogSegment, start: int, end: int, part: LogSegment) -> None:
    for position in range(start, end, _COPIED_BYTES):
        part.log.pwrite(segment.log.pread(min(_COPIED_BYTES, end - position), position), position - start)
    part.truncate_to_position(end - start)
    for descriptor in part.descriptors_to_sync():
        descriptor.sync()
