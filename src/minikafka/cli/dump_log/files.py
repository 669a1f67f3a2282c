"""Files of logs as ``kafka-dump-log`` reads them: mapped, never written, and their batches one after the other.

Source: ``FileLogInputStream``, ``FileRecords``.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator

from minikafka.errors import MinikafkaError
from minikafka.records.batch import LOG_OVERHEAD, MAGIC_POSITION, MIN_RECORD_OVERHEAD, RecordBatch
from minikafka.records.legacy import LegacyRecordBatch


class DumpFailed(MinikafkaError):
    """A file that cannot be read on. The text says which one, and what is wrong."""


def mapped(path: str) -> memoryview:
    """All bytes of a file. Raises DumpFailed."""
    try:
        with open(path, "rb") as file:
            is_empty = os.fstat(file.fileno()).st_size == 0
            return memoryview(b"" if is_empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise DumpFailed(f"{path} cannot be read: {error.strerror}") from error


def base_offset_of(path: str) -> int:
    """The offset that a segment's file is named by. Raises DumpFailed."""
    name = os.path.basename(path).partition(".")[0]
    if not name.isdecimal():
        raise DumpFailed(f"{path}: the name of a segment's file begins with an offset, as 00000000000000000000")
    return int(name)


def sibling(path: str, suffix: str) -> str:
    """The file of the same segment with another suffix."""
    return os.path.join(os.path.dirname(path), os.path.basename(path).partition(".")[0] + suffix)


def batches(data: memoryview, path: str, start: int = 0) -> Iterator[RecordBatch]:
    """The whole batches of ``data`` from a position on; what is torn at the end is left out.

    Raises DumpFailed where there is no batch, and CorruptBatchError where there is none of its format.
    """
    position, end = start, len(data)
    while position < end - MAGIC_POSITION - 1:
        size = int.from_bytes(data[position + 8 : position + LOG_OVERHEAD], "big", signed=True)
        if size < MIN_RECORD_OVERHEAD:
            raise DumpFailed(
                f"Found record size {size} smaller than minimum record overhead ({MIN_RECORD_OVERHEAD}) in file {path}."
            )
        if position > end - LOG_OVERHEAD - size:
            return
        is_legacy = data[position + MAGIC_POSITION] in (0, 1)
        batch = LegacyRecordBatch(data, position) if is_legacy else RecordBatch(data, position)
        yield batch
        position += batch.size_bytes
