"""Going through the batches of a log file by their headers, without reading the records (Kafka: FileLogInputStream)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct
from typing import TYPE_CHECKING, Protocol

from minikafka.errors import CorruptLogError
from minikafka.records.batch import NO_SEQUENCE, increment_sequence

if TYPE_CHECKING:
    from minikafka.storage.files import LogFile

LOG_OVERHEAD_BYTES = 12
"""Base offset and batch length: what precedes the counted bytes of a batch of any magic."""

_HEADER_V2 = Struct(">qiibIhiqqqhii")
_HEADER_V1 = Struct(">qiIbbq")
_PREFIX = Struct(">qiib")
_PREFIX_BYTES = _PREFIX.size
_MIN_LENGTH = 14
_LAST_OFFSET_DELTA = Struct(">i")
_LAST_OFFSET_DELTA_POSITION = 23

_LOOKUP_CHUNK_BYTES = 8 * 1024
_SCAN_CHUNK_BYTES = 256 * 1024

NO_PRODUCER_ID = -1
NO_LEADER_EPOCH = -1


class Scanned(Protocol):
    """What headers are read from: a ``LogFile``, or what stands for one."""

    @property
    def path(self) -> str: ...

    @property
    def pread(self) -> Callable[[int, int], bytes]:
        """``pread(size_bytes, position)``."""
        ...


class BatchHeader:
    """One batch as its header describes it. For magic 0 and 1 a "batch" is one (wrapper) message, and its offset is
    that of its last record."""

    __slots__ = (
        "attributes",
        "base_offset",
        "base_sequence",
        "last_offset",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "position",
        "producer_epoch",
        "producer_id",
        "record_count",
        "size_bytes",
    )

    base_offset: int
    partition_leader_epoch: int
    attributes: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int
    last_offset: int
    size_bytes: int

    def __init__(self, buffer: bytes, at: int, position: int) -> None:
        self.position = position
        base_offset, length, _, magic = _PREFIX.unpack_from(buffer, at)
        self.size_bytes = length + LOG_OVERHEAD_BYTES
        self.magic = magic
        if magic >= 2:
            (
                self.base_offset,
                _,
                self.partition_leader_epoch,
                _,
                _,
                self.attributes,
                last_offset_delta,
                _,
                self.max_timestamp,
                self.producer_id,
                self.producer_epoch,
                self.base_sequence,
                self.record_count,
            ) = _HEADER_V2.unpack_from(buffer, at)
            self.last_offset = base_offset + last_offset_delta
            return
        self.base_offset = self.last_offset = base_offset
        self.partition_leader_epoch = NO_LEADER_EPOCH
        self.producer_id = NO_PRODUCER_ID
        self.producer_epoch = self.base_sequence = self.record_count = -1
        self.attributes = buffer[at + _PREFIX_BYTES]
        self.max_timestamp = _HEADER_V1.unpack_from(buffer, at)[5] if magic == 1 else -1

    @property
    def end_position(self) -> int:
        return self.position + self.size_bytes

    @property
    def last_sequence(self) -> int:
        """-1 without sequence numbers."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return increment_sequence(self.base_sequence, self.last_offset - self.base_offset)

    @property
    def is_transactional(self) -> bool:
        return self.magic >= 2 and bool(self.attributes & 0x10)

    @property
    def is_control(self) -> bool:
        return self.magic >= 2 and bool(self.attributes & 0x20)


def scan_headers(
    file: Scanned, position: int, end_position: int, *, lookup: bool = False, from_offset: int | None = None
) -> Iterator[BatchHeader]:
    """The whole batches of ``file`` from ``position``, which must be the start of one, up to ``end_position``.

    ``lookup`` reads small pieces, for callers that stop after a few batches. Batches of magic 2 that end before
    ``from_offset`` are passed over: a fetch of small batches goes past a dozen. Ends before a batch that is cut off.
    Raises CorruptLogError for bytes that cannot be a batch.
    """
    chunk_bytes = _LOOKUP_CHUNK_BYTES if lookup else _SCAN_CHUNK_BYTES
    header_bytes = _HEADER_V2.size
    chunk, chunk_start = b"", position
    while position <= end_position - _PREFIX_BYTES:
        at = position - chunk_start
        if at + header_bytes > len(chunk) and chunk_start + len(chunk) < end_position:
            chunk = file.pread(min(chunk_bytes, end_position - position), position)
            chunk_start, at = position, 0
        if len(chunk) - at < _PREFIX_BYTES:
            return
        base_offset, length, _, magic = _PREFIX.unpack_from(chunk, at)
        if length < _MIN_LENGTH:
            raise CorruptLogError(
                f"{file.path}: the bytes at position {position} are not a record batch (length {length})"
            )
        if position + LOG_OVERHEAD_BYTES + length > end_position:
            return
        if (magic >= 2 and length < header_bytes - LOG_OVERHEAD_BYTES) or not 0 <= magic <= 2:
            raise CorruptLogError(
                f"{file.path}: the bytes at position {position} are not a record batch (magic {magic}, length {length})"
            )
        if from_offset is not None and magic == 2:
            last_offset_delta = _LAST_OFFSET_DELTA.unpack_from(chunk, at + _LAST_OFFSET_DELTA_POSITION)[0]
            if base_offset + last_offset_delta < from_offset:
                position += LOG_OVERHEAD_BYTES + length
                continue
        yield BatchHeader(chunk, at, position)
        position += LOG_OVERHEAD_BYTES + length


def read_batch(file: LogFile, header: BatchHeader) -> bytes:
    """All bytes of the batch that ``header`` was read from."""
    data = file.pread(header.size_bytes, header.position)
    if len(data) < header.size_bytes:
        raise CorruptLogError(f"{file.path}: the batch at position {header.position} is cut off")
    return data
