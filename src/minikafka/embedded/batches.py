"""Records in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minikafka.records.batch import Record as StoredRecord

_BATCH_BYTES = 256 * 1024


def in_batches(records: Sequence[StoredRecord]) -> Iterator[list[StoredRecord]]:
    """Records in batches that every broker takes (message.max.bytes), numbered from 0."""
    batch: list[StoredRecord] = []
    size = 0
    for record in records:
        record_size = len(record.key or b"") + len(record.value or b"")
        if batch and size + record_size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(record._replace(offset=len(batch)))
        size += record_size
    if batch:
        yield batch
