"""Down-conversion: what a client that knows magic 0 or 1 alone is given of a log in a newer format.

Kafka did this up to 3.9 (``RecordsUtil.downConvert``) and dropped it in 4.0 with the clients before 0.11; the result
here is 3.9.1's. Up-conversion of what such clients produce is part of validation.
"""

from __future__ import annotations

from minikafka.errors import UNSUPPORTED_COMPRESSION_TYPE, ApiError
from minikafka.records.batch import LOG_APPEND_TIME, NO_TIMESTAMP, RecordBatch, iter_batches
from minikafka.records.builder import build_batch
from minikafka.records.compression import NAMES, NONE, ZSTD, ensure_known
from minikafka.records.varint import Buffer


def down_convert(buffer: Buffer, to_magic: int, first_offset: int) -> bytes:
    """The batches of ``buffer`` in magic ``to_magic`` (0 or 1) or older, for a fetch from ``first_offset``.

    Headers, control batches, producer ids and leader epochs have no place in the old formats and go; so do
    records below ``first_offset`` where each record becomes a message of its own (a wrapper stays whole). The result
    may be empty although ``buffer`` is not. Raises ApiError(UNSUPPORTED_COMPRESSION_TYPE) when a batch is zstd, and
    InvalidRecordsError or CorruptBatchError for batches that cannot be read.
    """
    out = bytearray()
    for batch in iter_batches(buffer):
        if batch.is_control:
            continue
        if batch.compression_type == ZSTD:
            raise ApiError(
                UNSUPPORTED_COMPRESSION_TYPE, "Down-conversion of zstandard-compressed batches is not supported"
            )
        out += batch.data if batch.magic <= to_magic else _convert(batch, to_magic, first_offset)
    return bytes(out)


def _convert(batch: RecordBatch, to_magic: int, first_offset: int) -> bytes:
    codec = ensure_known(batch.compression_type)
    records = [record._replace(headers=()) for record in batch if codec != NONE or record.offset >= first_offset]
    if not records:
        return b""
    return build_batch(
        records,
        base_offset=records[0].offset,
        magic=to_magic,
        compression=NAMES[codec],
        timestamp_type=batch.timestamp_type,
        log_append_time_ms=batch.max_timestamp if batch.timestamp_type == LOG_APPEND_TIME else NO_TIMESTAMP,
    )
