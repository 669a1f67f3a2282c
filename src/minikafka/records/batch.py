"""Record batches of magic 2 (KIP-98) as views over a buffer, and the walk over batches of all magics.

======================  ========  ======================================================================
field                   position  note
======================  ========  ======================================================================
base offset             0         int64; given by the broker, outside the checksum
batch length            8         int32: bytes that follow this field
partition leader epoch  12        int32; given by the broker, outside the checksum
magic                   16        int8; at the same place in all formats
crc                     17        uint32: CRC-32C of everything from the attributes on
attributes              21        int16: bits 0-2 codec, 3 log append time, 4 transactional, 5 control,
                                  6 the base timestamp is a delete horizon (KIP-534)
last offset delta       23        int32
base timestamp          27        int64: of the first record, -1 for none
max timestamp           35        int64: of all records, or the time of the append
producer id             43        int64, -1 for none; then epoch (int16, 51) and base sequence (int32, 53)
record count            57        int32; then the records, compressed as one block if at all
======================  ========  ======================================================================

Kafka's classes: ``DefaultRecordBatch``, ``DefaultRecord``, ``ByteBufferLogInputStream``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from minikafka.named_tuple import NamedTuple
from minikafka.records.checksum import crc32c
from minikafka.records.compression import MAX_DECOMPRESSED_BYTES, NONE, decompress, ensure_known
from minikafka.records.errors import CorruptBatchError, InvalidRecordsError
from minikafka.records.varint import Buffer, read_varint, read_varlong

NO_TIMESTAMP: Final = -1
NO_PRODUCER_ID: Final = -1
NO_PRODUCER_EPOCH: Final = -1
NO_SEQUENCE: Final = -1
NO_PARTITION_LEADER_EPOCH: Final = -1

NO_TIMESTAMP_TYPE: Final = -1
CREATE_TIME: Final = 0
LOG_APPEND_TIME: Final = 1

LOG_OVERHEAD: Final = 12
"""Bytes of base offset and length, which the length does not count."""
RECORD_BATCH_OVERHEAD: Final = 61
MAGIC_POSITION: Final = 16
MIN_RECORD_OVERHEAD: Final = 14
"""The shortest length any format can say: an empty message of magic 0."""

COMPRESSION_MASK: Final = 0x07
TIMESTAMP_TYPE_FLAG: Final = 0x08
TRANSACTIONAL_FLAG: Final = 0x10
CONTROL_FLAG: Final = 0x20
DELETE_HORIZON_FLAG: Final = 0x40
_KNOWN_ATTRIBUTES = 0x7F

CRC_POSITION: Final = 17
ATTRIBUTES_POSITION: Final = 21
MAX_TIMESTAMP_POSITION: Final = 35

HEADER: Final = struct.Struct(">qiibIhiqqqhii")
_OFFSET = struct.Struct(">q")
_LENGTH = struct.Struct(">i")
_LENGTH_AND_MAGIC = struct.Struct(">8xi4xB")
_PLACE = struct.Struct(">qii")
_CRC = struct.Struct(">I")
_EPOCH_POSITION = 12

_new_record = tuple.__new__
_INT32_MAX = 0x7FFF_FFFF
_INT64_MAX = 0x7FFF_FFFF_FFFF_FFFF


class Record(NamedTuple):
    """One record. ``timestamp`` in ms (-1 none), the append's where the batch says so; ``headers``: (key, value) pairs.

    Header keys are text; bytes that are not UTF-8 survive as surrogate escapes (PEP 383), so that a batch that is
    written again keeps them, where Kafka would put replacement characters.
    """

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def increment_sequence(sequence: int, increment: int) -> int:
    """``sequence + increment`` where 0 follows 2^31 - 1 (``DefaultRecordBatch.incrementSequence``)."""
    return (sequence + increment) & _INT32_MAX


class RecordBatch:
    """The header of the batch at ``position`` of ``buffer``; its records are read only on iteration.

    The fields are read once, at construction; the setters change buffer and fields alike and need a writable buffer.
    The buffer may end behind the header: checksum and records then cannot be read.
    Raises CorruptBatchError when there is no whole header, or the length says there is none.
    """

    __slots__ = (
        "_crc",
        "attributes",
        "base_offset",
        "base_sequence",
        "base_timestamp",
        "batch_length",
        "buffer",
        "last_offset_delta",
        "magic",
        "max_timestamp",
        "partition_leader_epoch",
        "position",
        "producer_epoch",
        "producer_id",
        "record_count",
        "size_bytes",
    )

    buffer: memoryview
    position: int
    size_bytes: int
    base_offset: int
    batch_length: int
    partition_leader_epoch: int
    magic: int
    _crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    def __init__(self, buffer: memoryview, position: int = 0) -> None:
        self.buffer = buffer
        self.position = position
        try:
            (
                self.base_offset,
                self.batch_length,
                self.partition_leader_epoch,
                self.magic,
                self._crc,
                self.attributes,
                self.last_offset_delta,
                self.base_timestamp,
                self.max_timestamp,
                self.producer_id,
                self.producer_epoch,
                self.base_sequence,
                self.record_count,
            ) = HEADER.unpack_from(buffer, position)
        except struct.error:
            raise _too_small(len(buffer) - position) from None
        self.size_bytes = self.batch_length + LOG_OVERHEAD
        if self.size_bytes < RECORD_BATCH_OVERHEAD:
            raise _too_small(self.size_bytes)

    @property
    def crc(self) -> int:
        """The checksum the batch carries, unsigned."""
        return self._crc

    @property
    def compression_type(self) -> int:
        """The codec's number, 0-4 (``compression.NAMES``); 5-7 are not known and refused on reading."""
        return self.attributes & COMPRESSION_MASK

    @property
    def timestamp_type(self) -> int:
        """CREATE_TIME or LOG_APPEND_TIME; NO_TIMESTAMP_TYPE for magic 0."""
        return LOG_APPEND_TIME if self.attributes & TIMESTAMP_TYPE_FLAG else CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & TRANSACTIONAL_FLAG)

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & CONTROL_FLAG)

    @property
    def has_delete_horizon(self) -> bool:
        return bool(self.attributes & DELETE_HORIZON_FLAG)

    @property
    def delete_horizon_ms(self) -> int | None:
        """When tombstones and markers of this batch may go (KIP-534); None where the cleaner has not said so."""
        return self.base_timestamp if self.attributes & DELETE_HORIZON_FLAG else None

    @property
    def has_producer_id(self) -> bool:
        return self.producer_id > NO_PRODUCER_ID

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.last_offset_delta + 1

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record; -1 without sequence numbers."""
        if self.base_sequence == NO_SEQUENCE:
            return NO_SEQUENCE
        return increment_sequence(self.base_sequence, self.last_offset_delta)

    @property
    def data(self) -> memoryview:
        """The bytes of the whole batch, header included."""
        if self.position == 0 and self.size_bytes == len(self.buffer):
            return self.buffer
        return self.buffer[self.position : self.position + self.size_bytes]

    @property
    def stored_data(self) -> memoryview:
        """The bytes of the records as they are, compressed or not."""
        return self.buffer[self.position + RECORD_BATCH_OVERHEAD : self.position + self.size_bytes]

    def compute_crc(self) -> int:
        """The checksum of what the buffer holds, unsigned."""
        return crc32c(self.buffer[self.position + ATTRIBUTES_POSITION : self.position + self.size_bytes])

    def is_valid(self) -> bool:
        """Whether all bytes are there and have the checksum the batch carries."""
        return len(self.buffer) - self.position >= self.size_bytes and self._crc == self.compute_crc()

    def ensure_valid(self) -> None:
        """Raise CorruptBatchError unless ``is_valid()``."""
        if not self.is_valid():
            raise CorruptBatchError(
                f"Record is corrupt (stored crc = {self._crc}, computed crc = {self.compute_crc()})"
            )

    def records_data(self, max_bytes: int = MAX_DECOMPRESSED_BYTES) -> bytes:
        """The records' bytes, decompressed. Raises InvalidRecordsError (damaged, unknown codec, over ``max_bytes``)."""
        data = self.stored_data
        compression_type = self.attributes & COMPRESSION_MASK
        if compression_type == NONE:
            return bytes(data)
        return decompress(ensure_known(compression_type), data, max_bytes)

    def __iter__(self) -> Iterator[Record]:
        """The records in order. Raises InvalidRecordsError at the first that is not well-formed."""
        return self.records_in(self.records_data()) if self.record_count else iter(())

    def records_in(self, data: bytes) -> Iterator[Record]:
        """The same, for who has ``records_data`` already."""
        if self.record_count < 0:
            raise InvalidRecordsError(f"Found invalid record count {self.record_count} in magic v{self.magic} batch")
        return read_records(
            data,
            self.record_count,
            self.base_offset,
            self.base_timestamp,
            self.max_timestamp if self.attributes & TIMESTAMP_TYPE_FLAG else None,
        )

    def set_base_offset(self, base_offset: int) -> None:
        """Patch the base offset, and with it the offsets of all records; outside the checksum."""
        _OFFSET.pack_into(self.buffer, self.position, base_offset)
        self.base_offset = base_offset

    def set_place(self, base_offset: int, partition_leader_epoch: int) -> None:
        """Patch base offset and leader epoch, between which the length lies: what every batch in a log gets."""
        _PLACE.pack_into(self.buffer, self.position, base_offset, self.batch_length, partition_leader_epoch)
        self.base_offset = base_offset
        self.partition_leader_epoch = partition_leader_epoch

    def set_last_offset(self, last_offset: int) -> None:
        """Patch the base offset so that ``last_offset`` becomes the batch's."""
        self.set_base_offset(last_offset - self.last_offset_delta)

    def set_partition_leader_epoch(self, epoch: int) -> None:
        """Patch the leader epoch; outside the checksum."""
        _LENGTH.pack_into(self.buffer, self.position + _EPOCH_POSITION, epoch)
        self.partition_leader_epoch = epoch

    def set_max_timestamp(self, timestamp_type: int, max_timestamp: int) -> None:
        """Patch timestamp type and maximum; computes the checksum anew only if either is another than before."""
        if timestamp_type == self.timestamp_type and max_timestamp == self.max_timestamp:
            return
        # Attributes that no flag stands for go, as in Kafka.
        attributes = self.attributes & (_KNOWN_ATTRIBUTES & ~TIMESTAMP_TYPE_FLAG)
        if timestamp_type == LOG_APPEND_TIME:
            attributes |= TIMESTAMP_TYPE_FLAG
        struct.pack_into(">h", self.buffer, self.position + ATTRIBUTES_POSITION, attributes)
        _OFFSET.pack_into(self.buffer, self.position + MAX_TIMESTAMP_POSITION, max_timestamp)
        self.attributes = attributes
        self.max_timestamp = max_timestamp
        self._crc = self.compute_crc()
        _CRC.pack_into(self.buffer, self.position + CRC_POSITION, self._crc)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(magic={self.magic}, offsets=[{self.base_offset}, {self.last_offset}], "
            f"count={self.record_count}, attributes={self.attributes:#x}, producer_id={self.producer_id}, "
            f"size_bytes={self.size_bytes})"
        )


def read_records(
    data: bytes, count: int, base_offset: int, base_timestamp: int, log_append_time: int | None
) -> Iterator[Record]:
    """The ``count`` records that ``data`` (decompressed, without the batch header) must consist of.

    ``log_append_time`` stands for every timestamp unless None.
    Raises InvalidRecordsError as ``DefaultRecord.readFrom`` does, at the first record that is wrong.
    """
    position = 0
    end = len(data)
    for _ in range(count):
        try:
            low = data[position]
            if low >= 0x80 and not low & 1 and (high := data[position + 1]) < 0x80:
                size = (high << 6) + (low >> 1) - 64
                position += 2
            else:
                size, position = read_varint(data, position)
        except (IndexError, ValueError):
            raise InvalidRecordsError("Incorrect declared batch size, premature EOF reached") from None
        if end - position < size:
            raise InvalidRecordsError(
                f"Invalid record size: expected {size} bytes in record payload, but instead the buffer has only "
                f"{end - position} remaining bytes."
            )
        try:
            yield _read_record(data, position, size, base_offset, base_timestamp, log_append_time)
        except (IndexError, ValueError):
            raise InvalidRecordsError("Found invalid record structure") from None
        position += size
    if position != end:
        raise InvalidRecordsError("Incorrect declared batch size, records still remaining in file")


def record_extents(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each record of the same ``data`` begins, behind its length, and ends. It must be well-formed."""
    position = 0
    while position < len(data):
        size, start = read_varint(data, position)
        position = start + size
        yield start, position


def _read_record(
    data: bytes, start: int, size: int, base_offset: int, base_timestamp: int, log_append_time: int | None
) -> Record:
    # Numbers of one byte, and lengths of two, are read in place: a call costs more than what it reads.
    position = start + 1  # behind the attributes, which are unused
    low = data[position]
    if low < 0x80:
        timestamp_delta = (low >> 1) ^ -(low & 1)
        position += 1
    else:
        timestamp_delta, position = read_varlong(data, position)
    low = data[position]
    if low < 0x80:
        offset_delta = (low >> 1) ^ -(low & 1)
        position += 1
    else:
        offset_delta, position = read_varint(data, position)
    key: bytes | None = None
    length = data[position]
    if length == 1:
        position += 1
    elif length < 0x80 and not length & 1:
        end = position + 1 + (length >> 1)
        key = data[position + 1 : end]
        position = end
    else:
        key, position = _read_nullable_bytes(data, position)
    length = data[position]  # also says that the key did not end behind the data
    if length < 0x80 and not length & 1:
        end = position + 1 + (length >> 1)
        value: bytes | None = data[position + 1 : end]
        position = end
    elif length >= 0x80 and not length & 1 and (high := data[position + 1]) < 0x80:
        position += 2
        end = position + (high << 6) + (length >> 1) - 64
        value = data[position:end]
        position = end
    else:
        value, position = _read_nullable_bytes(data, position)
    headers: tuple[tuple[str, bytes | None], ...] = ()
    if data[position]:
        header_count, position = read_varint(data, position)
        headers, position = _read_headers(data, position, header_count)
    else:
        position += 1
    if position - start != size:
        raise InvalidRecordsError(
            f"Invalid record size: expected to read {size} bytes in record payload, but instead read {position - start}"
        )
    timestamp = base_timestamp + timestamp_delta if log_append_time is None else log_append_time
    offset = base_offset + offset_delta
    if not (-_INT64_MAX <= timestamp <= _INT64_MAX and -_INT64_MAX <= offset <= _INT64_MAX):
        timestamp, offset = _int64(timestamp), _int64(offset)
    return _new_record(Record, (offset, timestamp, key, value, headers))


def _read_nullable_bytes(data: bytes, position: int) -> tuple[bytes | None, int]:
    length, position = read_varint(data, position)
    if length < 0:
        return None, position
    end = position + length
    if end > len(data):
        raise IndexError
    return data[position:end], end


def _read_headers(data: bytes, position: int, count: int) -> tuple[tuple[tuple[str, bytes | None], ...], int]:
    if count < 0:
        raise InvalidRecordsError(f"Found invalid number of record headers {count}")
    if count > len(data) - position:
        raise InvalidRecordsError(
            f"Found invalid number of record headers. {count} is larger than the remaining size of the buffer"
        )
    headers = []
    for _ in range(count):
        key, end = _read_nullable_bytes(data, position)
        if key is None:
            raise InvalidRecordsError(f"Invalid negative header key size {read_varint(data, position)[0]}")
        value, position = _read_nullable_bytes(data, end)
        headers.append((key.decode("utf-8", "surrogateescape"), value))
    return tuple(headers), position


def _int64(value: int) -> int:
    """The sum of two int64 as Java has it: it wraps."""
    if -_INT64_MAX <= value <= _INT64_MAX:
        return value
    return (value + _INT64_MAX + 1 & 0xFFFF_FFFF_FFFF_FFFF) - _INT64_MAX - 1


def _too_small(size_bytes: int) -> CorruptBatchError:
    return CorruptBatchError(
        f"Record batch is corrupt (the size {size_bytes} is smaller than the minimum allowed overhead "
        f"{RECORD_BATCH_OVERHEAD})"
    )


def next_batch_size(buffer: Buffer, position: int) -> int | None:
    """The size of the batch at ``position``, or None when the buffer ends before its magic.

    Raises CorruptBatchError for a length or a magic that no format has (``ByteBufferLogInputStream.nextBatchSize``).
    """
    remaining = len(buffer) - position
    if remaining < LOG_OVERHEAD:
        return None
    length = _LENGTH.unpack_from(buffer, position + 8)[0]
    if length < MIN_RECORD_OVERHEAD:
        raise CorruptBatchError(
            f"Record size {length} is less than the minimum record overhead ({MIN_RECORD_OVERHEAD})"
        )
    if remaining <= MAGIC_POSITION:
        return None
    magic = buffer[position + MAGIC_POSITION]
    if magic > 2:
        raise CorruptBatchError(f"Invalid magic found in record: {magic - 256 if magic > 127 else magic}")
    return int(length) + LOG_OVERHEAD


def is_single_batch(buffer: Buffer) -> bool:
    """Whether ``buffer`` is one whole batch of magic 2, from its first byte to its last, as clients send it. False also
    for what ``next_batch_size`` raises an error about."""
    size_bytes = len(buffer)
    return size_bytes >= RECORD_BATCH_OVERHEAD and _LENGTH_AND_MAGIC.unpack_from(buffer) == (
        size_bytes - LOG_OVERHEAD,
        2,
    )


def iter_batches(buffer: Buffer, position: int = 0) -> Iterator[RecordBatch]:
    """The whole batches of ``buffer`` from ``position`` on, of all magics; a batch cut off at the end is left out.

    Raises CorruptBatchError where no batch can start. Checksums are not looked at.
    """
    view = buffer if isinstance(buffer, memoryview) else memoryview(buffer)
    while True:
        size_bytes = next_batch_size(view, position)
        if size_bytes is None or len(view) - position < size_bytes:
            return
        if view[position + MAGIC_POSITION] == 2:
            yield RecordBatch(view, position)
        else:
            from minikafka.records.legacy import LegacyRecordBatch

            yield LegacyRecordBatch(view, position)
        position += size_bytes
