"""Producer state from what is in the log: after a snapshot was loaded, after a truncation, in recovery."""

from __future__ import annotations

from minikafka.records.batch import RecordBatch
from minikafka.storage.batch_scan import BatchHeader, scan_headers
from minikafka.storage.index import AbortedTransaction
from minikafka.storage.log_context import LogContext
from minikafka.storage.producers.producer_state import ProducerStateManager
from minikafka.storage.segment import LogSegment
from minikafka.storage.segments import LogSegments


def rebuild_producers(
    context: LogContext,
    producers: ProducerStateManager,
    segments: LogSegments,
    end_offset: int,
) -> None:
    """Bring the producer state to ``end_offset``: from the newest usable snapshot, and the batches after it.

    Batches that DeleteRecords has hidden count as long as they are there: what is known of a producer should not
    depend on when the broker was last restarted.
    """
    start_offset = min(segments.first.base_offset, end_offset)
    producers.truncate_and_reload(start_offset, end_offset, context.clock.wall_ms(), context.producer_id_expiration_ms)
    snapshots_wanted = segments.base_offsets[-2:]
    if end_offset > producers.map_end_offset:
        for segment in segments.range(producers.map_end_offset, end_offset):
            producers.map_end_offset = max(segment.base_offset, producers.map_end_offset)
            if segment.base_offset in snapshots_wanted:
                producers.take_snapshot(sync=True)
            _replay_segment(producers, segment, end_offset)
        producers.map_end_offset = end_offset
    producers.take_snapshot(sync=True)


def _replay_segment(producers: ProducerStateManager, segment: LogSegment, end_offset: int) -> None:
    first = segment.find_batch(producers.map_end_offset)
    if first is None:
        return
    for header in scan_headers(segment.log, first.position, segment.size_bytes):
        if header.last_offset >= end_offset:
            return
        if header.producer_id >= 0:
            batches = segment.load(header) if header.is_control else [header]
            for batch in batches:
                replay_batch(producers, batch)


def replay_batch(producers: ProducerStateManager, batch: RecordBatch | BatchHeader) -> list[AbortedTransaction]:
    """Apply a batch that is in the log already; returns what the transaction index has to say of it."""
    aborted = []
    if batch.producer_id >= 0:
        info = producers.prepare(batch.producer_id, "replication")
        completed = info.append(batch)
        producers.update(info)
        if completed is not None:
            if completed.is_aborted:
                last_stable_offset = producers.last_stable_offset_after(completed)
                aborted.append(
                    AbortedTransaction(
                        completed.producer_id, completed.first_offset, completed.last_offset, last_stable_offset
                    )
                )
            producers.complete(completed)
    producers.map_end_offset = batch.last_offset + 1
    return aborted
