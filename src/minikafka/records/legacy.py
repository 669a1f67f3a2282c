"""Messages of magic 0 and 1, with the interface of record batches.

A message is: offset int64, length int32, crc uint32 (CRC-32 from the magic on), magic int8, attributes int8 (bits 0-2
codec, 3 log append time), timestamp int64 (magic 1 only), key and value, each int32 length (-1 null) and bytes.
A compressed wrapper holds a set of messages in its value; its offset is that of the last one. Inside a wrapper of
magic 1 offsets are relative (KIP-31), and a wrapper with log append time gives its timestamp to all (KIP-32).

So "batch" is a wrapper, or a single uncompressed message. Kafka's classes: ``AbstractLegacyRecordBatch``,
``LegacyRecord``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import (
    COMPRESSION_MASK,
    CREATE_TIME,
    LOG_APPEND_TIME,
    LOG_OVERHEAD,
    MIN_RECORD_OVERHEAD,
    NO_PARTITION_LEADER_EPOCH,
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    NO_TIMESTAMP_TYPE,
    TIMESTAMP_TYPE_FLAG,
    Record,
    RecordBatch,
)
from minikafka.records.compression import MAX_DECOMPRESSED_BYTES, NONE, ZSTD, decompress, ensure_known
from minikafka.records.errors import CorruptBatchError, InvalidRecordsError

RECORD_OVERHEAD: Final = (14, 22)
"""Bytes of a message (offset and length not counted) with null key and null value, by magic."""

_OFFSET_AND_LENGTH = struct.Struct(">qi")
_HEADERS = (struct.Struct(">Ibb"), struct.Struct(">Ibbq"))
_INT32 = struct.Struct(">i")
_MESSAGE_CRC = 0
_MESSAGE_MAGIC = 4
_MESSAGE_ATTRIBUTES = 5


class LegacyMessage(NamedTuple):
    """One message as stored: ``offset`` absolute, ``timestamp`` its own (-1 for magic 0), ``crc`` what it carries."""

    offset: int
    crc: int
    computed_crc: int
    magic: int
    attributes: int
    timestamp: int
    key: bytes | None
    value: bytes | None

    def ensure_valid(self) -> None:
        """Raise CorruptBatchError unless the checksum holds."""
        if self.crc != self.computed_crc:
            raise CorruptBatchError(f"Record is corrupt (stored crc = {self.crc}, computed crc = {self.computed_crc})")


class LegacyRecordBatch(RecordBatch):
    """A message of magic 0 or 1 at ``position`` of ``buffer``: a wrapper with its inner messages, or just itself.

    ``base_offset`` and ``record_count`` of a wrapper need its content and decompress it (once).
    Raises CorruptBatchError when the length is too short for the magic.
    """

    __slots__ = ("_extent", "_last_offset", "_timestamp")

    _extent: tuple[int, int] | None
    _last_offset: int
    _timestamp: int

    def __init__(self, buffer: memoryview, position: int = 0) -> None:
        self.buffer = buffer
        self.position = position
        if len(buffer) - position < LOG_OVERHEAD + MIN_RECORD_OVERHEAD:
            raise _too_small(max(0, len(buffer) - position - LOG_OVERHEAD))
        self._last_offset, self.batch_length = _OFFSET_AND_LENGTH.unpack_from(buffer, position)
        self.size_bytes = self.batch_length + LOG_OVERHEAD
        start = position + LOG_OVERHEAD
        self._crc, self.magic, self.attributes = _HEADERS[0].unpack_from(buffer, start)
        if self.magic not in (0, 1):
            raise CorruptBatchError(f"Invalid magic found in record: {self.magic}")
        if min(self.batch_length, len(buffer) - start) < RECORD_OVERHEAD[self.magic]:
            raise _too_small(min(self.batch_length, len(buffer) - start))
        self._timestamp = _HEADERS[1].unpack_from(buffer, start)[3] if self.magic else NO_TIMESTAMP
        self.partition_leader_epoch = NO_PARTITION_LEADER_EPOCH
        self.producer_id = NO_PRODUCER_ID
        self.producer_epoch = NO_PRODUCER_EPOCH
        self.base_sequence = NO_SEQUENCE
        self._extent = (self._last_offset, 1) if self.compression_type == NONE else None

    @property
    def base_offset(self) -> int:  # type: ignore[override]
        return self._first_offset_and_count()[0]

    @property
    def record_count(self) -> int:  # type: ignore[override]
        return self._first_offset_and_count()[1]

    def _first_offset_and_count(self) -> tuple[int, int]:
        if self._extent is None:
            messages = self.messages()
            self._extent = messages[0].offset, len(messages)
        return self._extent

    @property
    def last_offset(self) -> int:
        return self._last_offset

    @property
    def next_offset(self) -> int:
        return self._last_offset + 1

    @property
    def last_offset_delta(self) -> int:  # type: ignore[override]
        return self._last_offset - self.base_offset

    @property
    def base_timestamp(self) -> int:  # type: ignore[override]
        return self._timestamp

    @property
    def max_timestamp(self) -> int:  # type: ignore[override]
        return self._timestamp

    @property
    def timestamp_type(self) -> int:
        if self.magic == 0:
            return NO_TIMESTAMP_TYPE
        return LOG_APPEND_TIME if self.attributes & TIMESTAMP_TYPE_FLAG else CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        return False

    @property
    def is_control(self) -> bool:
        return False

    @property
    def has_delete_horizon(self) -> bool:
        return False

    @property
    def delete_horizon_ms(self) -> int | None:
        return None

    @property
    def last_sequence(self) -> int:
        return NO_SEQUENCE

    def compute_crc(self) -> int:
        start = self.position + LOG_OVERHEAD + _MESSAGE_MAGIC
        return zlib.crc32(self.buffer[start : self.position + self.size_bytes])

    def messages(self, max_bytes: int = MAX_DECOMPRESSED_BYTES) -> list[LegacyMessage]:
        """The messages of a wrapper, with absolute offsets and the wrapper's log append time; or this message alone.

        Raises InvalidRecordsError or CorruptBatchError where ``DeepRecordsIterator`` does. Inner checksums and magics
        are not looked at: old brokers wrote inner messages of another magic than the wrapper's (KAFKA-4298).
        """
        wrapper = _read_message(bytes(self.data[LOG_OVERHEAD:]), self._last_offset)
        compression_type = wrapper.attributes & COMPRESSION_MASK
        if compression_type == NONE:
            return [wrapper]
        if compression_type == ZSTD:
            raise InvalidRecordsError(
                f"Invalid wrapper compressionType found in legacy deep record iterator {wrapper.magic}"
            )
        if wrapper.value is None:
            raise InvalidRecordsError(f"Found invalid compressed record set with null value (magic = {wrapper.magic})")
        content = decompress(ensure_known(compression_type), wrapper.value, max_bytes, magic=wrapper.magic)
        messages = list(_read_messages(content))
        if not messages:
            raise InvalidRecordsError("Found invalid compressed record set with no inner records")
        if wrapper.magic == 1:
            messages = _absolute(messages, wrapper)
        for message in messages:
            if message.attributes & COMPRESSION_MASK:
                raise InvalidRecordsError("Inner messages must not be compressed")
        return messages

    def __iter__(self) -> Iterator[Record]:
        return (Record(message.offset, message.timestamp, message.key, message.value) for message in self.messages())

    def set_base_offset(self, base_offset: int) -> None:
        self.set_last_offset(base_offset + self.last_offset_delta)

    def set_last_offset(self, last_offset: int) -> None:
        """Patch the message's offset: the last one's, and for a wrapper of magic 1 thereby all."""
        struct.pack_into(">q", self.buffer, self.position, last_offset)
        self._last_offset = last_offset
        self._extent = (last_offset, 1) if self.compression_type == NONE else None

    def set_partition_leader_epoch(self, epoch: int) -> None:
        raise TypeError("magic versions prior to 2 have no partition leader epoch")

    def set_max_timestamp(self, timestamp_type: int, max_timestamp: int) -> None:
        """Patch timestamp type and timestamp of a message of magic 1, and its checksum if either changes."""
        if self.magic == 0:
            raise TypeError("a message of magic 0 has no timestamp")
        attributes = self.attributes & COMPRESSION_MASK
        if timestamp_type == LOG_APPEND_TIME:
            attributes |= TIMESTAMP_TYPE_FLAG
        if timestamp_type == self.timestamp_type and max_timestamp == self._timestamp:
            return
        start = self.position + LOG_OVERHEAD
        struct.pack_into(">bq", self.buffer, start + _MESSAGE_ATTRIBUTES, attributes, max_timestamp)
        self.attributes = attributes
        self._timestamp = max_timestamp
        self._crc = self.compute_crc()
        struct.pack_into(">I", self.buffer, start + _MESSAGE_CRC, self._crc)


def _read_messages(content: bytes) -> Iterator[LegacyMessage]:
    """The messages of a decompressed set; one cut off at the end is left out, as Kafka does."""
    position = 0
    while len(content) - position >= LOG_OVERHEAD:
        offset, length = _OFFSET_AND_LENGTH.unpack_from(content, position)
        if length < MIN_RECORD_OVERHEAD:
            raise CorruptBatchError(f"Record size is less than the minimum record overhead ({MIN_RECORD_OVERHEAD})")
        position += LOG_OVERHEAD
        if len(content) - position < length:
            return
        yield _read_message(content[position : position + length], offset)
        position += length


def _read_message(message: bytes, offset: int) -> LegacyMessage:
    crc, magic, attributes = _HEADERS[0].unpack_from(message)
    if magic not in (0, 1):
        raise CorruptBatchError(f"Invalid magic found in record: {magic}")
    if len(message) < RECORD_OVERHEAD[magic]:
        raise _too_small(len(message))
    timestamp = _HEADERS[1].unpack_from(message)[3] if magic else NO_TIMESTAMP
    key, position = _read_nullable_bytes(message, _HEADERS[magic].size)
    value, _ = _read_nullable_bytes(message, position)
    computed_crc = zlib.crc32(message[_MESSAGE_MAGIC:])
    return LegacyMessage(offset, crc, computed_crc, magic, attributes, timestamp, key, value)


def _read_nullable_bytes(message: bytes, position: int) -> tuple[bytes | None, int]:
    if len(message) - position < _INT32.size:
        raise CorruptBatchError(f"Record is corrupt (no room for a length at position {position} of {len(message)})")
    length = _INT32.unpack_from(message, position)[0]
    position += _INT32.size
    if length < 0:
        return None, position
    if length > len(message) - position:
        raise CorruptBatchError(
            f"Record is corrupt (a length of {length} where {len(message) - position} bytes are left)"
        )
    return message[position : position + length], position + length


def _absolute(messages: list[LegacyMessage], wrapper: LegacyMessage) -> list[LegacyMessage]:
    last_inner_offset = messages[-1].offset
    if wrapper.offset == 0:
        base_offset = 0  # what some librdkafka versions send in produce requests
    elif wrapper.offset < last_inner_offset:
        raise InvalidRecordsError(
            f"Found invalid wrapper offset in compressed v1 message set, wrapper offset '{wrapper.offset}' is less "
            f"than the last inner message offset '{last_inner_offset}' and it is not zero."
        )
    else:
        base_offset = wrapper.offset - last_inner_offset
    append_time = wrapper.timestamp if wrapper.attributes & TIMESTAMP_TYPE_FLAG else None
    return [
        message._replace(
            offset=base_offset + message.offset,
            timestamp=append_time if append_time is not None and message.magic == 1 else message.timestamp,
        )
        for message in messages
    ]


def _too_small(size_bytes: int) -> CorruptBatchError:
    return CorruptBatchError(
        f"Record is corrupt (crc could not be retrieved as the record is too small, size = {size_bytes})"
    )
