"""Reading a log file batch by batch where any of it may be damaged."""

from __future__ import annotations

from collections.abc import Iterator

from minikafka.errors import ApiError, CorruptLogError
from minikafka.records.batch import RecordBatch, iter_batches
from minikafka.storage.batch_scan import LOG_OVERHEAD_BYTES
from minikafka.storage.files import LogFile

_CHUNK_BYTES = 1 << 20
_LEGACY_SEARCH_BYTES = 1 << 20
_PREFIX_BYTES = 17
_MIN_LENGTH = 14
_MIN_LENGTH_V2 = 49
_MAGIC_AT = 16


class BatchReader:
    """The batches of ``file``, of which ``size_bytes`` are looked at."""

    def __init__(self, file: LogFile, size_bytes: int) -> None:
        self._file = file
        self._size_bytes = size_bytes
        self._chunk = memoryview(b"")
        self._chunk_start = 0

    def batch_at(self, position: int) -> RecordBatch:
        """The batch that begins at ``position``, whole and with the right checksum.

        Raises CorruptLogError, which says what is there instead.
        """
        available = self._size_bytes - position
        if available < _PREFIX_BYTES:
            raise CorruptLogError(f"{available} bytes are too few for a record batch")
        prefix = self._bytes(position, _PREFIX_BYTES)
        length, magic = int.from_bytes(prefix[8:12], "big", signed=True), prefix[_MAGIC_AT]
        if length < (_MIN_LENGTH_V2 if magic == 2 else _MIN_LENGTH) or magic > 2:
            raise CorruptLogError(f"not a record batch (length {length}, magic {magic})")
        size_bytes = LOG_OVERHEAD_BYTES + length
        if size_bytes > available:
            raise CorruptLogError(f"the record batch is cut off, {available} of {size_bytes} bytes are there")
        batch = next(iter_batches(self._bytes(position, size_bytes)))
        try:
            batch.ensure_valid()
        except ApiError as error:
            raise CorruptLogError(str(error)) from None
        return batch

    def find_batch(self, position: int, min_offset: int) -> int | None:
        """Where, from ``position`` on, the next valid batch begins that has ``min_offset`` or above. Messages of old
        formats, whose magic any number of bytes could be, are looked for near by only."""
        legacy_end = position + _LEGACY_SEARCH_BYTES
        while position + _PREFIX_BYTES <= self._size_bytes:
            chunk = self._bytes(position, min(_CHUNK_BYTES, self._size_bytes - position))
            data = bytes(chunk)
            for magic in (b"\x02", b"\x01", b"\x00") if position < legacy_end else (b"\x02",):
                found = self._find_magic(data, magic, position, min_offset)
                if found is not None:
                    return found
            position += max(len(chunk) - _PREFIX_BYTES + 1, 1)
        return None

    def batches_behind(self, position: int, min_offset: int) -> Iterator[RecordBatch]:
        """The valid batches after the invalid one at ``position``, with ``min_offset`` and above."""
        following = self.find_batch(position + 1, min_offset)
        while following is not None:
            batch = self.batch_at(following)
            yield batch
            following = self.find_batch(following + batch.size_bytes, batch.last_offset + 1)

    def is_zero_from(self, position: int) -> bool:
        """Whether nothing but zeros follows."""
        while position < self._size_bytes:
            chunk = self._bytes(position, min(_CHUNK_BYTES, self._size_bytes - position))
            if bytes(chunk).strip(b"\0"):
                return False
            position += len(chunk)
        return True

    def _find_magic(self, data: bytes, magic: bytes, start: int, min_offset: int) -> int | None:
        at = data.find(magic, _MAGIC_AT)
        while at >= 0:
            candidate = at - _MAGIC_AT
            offset = int.from_bytes(data[candidate : candidate + 8], "big", signed=True)
            if min_offset <= offset < min_offset + 2**31 and data[candidate + 8] < 0x40:
                try:
                    self.batch_at(start + candidate)
                except CorruptLogError:
                    pass
                else:
                    return start + candidate
            at = data.find(magic, at + 1)
        return None

    def _bytes(self, position: int, size_bytes: int) -> memoryview:
        at = position - self._chunk_start
        if at < 0 or at + size_bytes > len(self._chunk):
            wanted = max(size_bytes, min(_CHUNK_BYTES, self._size_bytes - position))
            self._chunk, self._chunk_start, at = memoryview(self._file.pread(wanted, position)), position, 0
        found = self._chunk[at : at + size_bytes]
        if len(found) < size_bytes:
            raise CorruptLogError(f"only {len(found)} of {size_bytes} bytes can be read")
        return found
