"""Indexes and producer snapshots as ``kafka-dump-log`` prints them, and compares them with their log."""

from __future__ import annotations

import os
import sys
from bisect import bisect_right
from struct import Struct
from typing import Final

from minikafka.cli.dump_log.files import DumpFailed, base_offset_of, batches, mapped, sibling
from minikafka.cli.dump_log.problems import Problems
from minikafka.errors import ProtocolError
from minikafka.protocol.messages import ProducerSnapshot
from minikafka.records.batch import NO_TIMESTAMP, RecordBatch
from minikafka.records.checksum import crc32c

_OFFSET_ENTRY: Final = Struct(">ii")
_TIME_ENTRY: Final = Struct(">qi")
_ABORTED_ENTRY: Final = Struct(">hqqqq")
_SNAPSHOT_CRC_END: Final = 6


def dump_offset_index(path: str, problems: Problems, max_batch_bytes: int, *, is_check: bool, is_silent: bool) -> None:
    """:param is_check: only make the check that a starting broker makes. ``is_silent``: print no entries.
    :raises DumpFailed: a file is missing, the check fails, or an entry does not lead to a batch.
    """
    base_offset = base_offset_of(path)
    log_path = sibling(path, ".log")
    log, index = mapped(log_path), mapped(path)
    entries = _offset_entries(index, base_offset)
    if not entries:
        print(f"{path} is empty.")
        return
    if is_check:
        _check_offset_index(path, index, base_offset, entries)
        print(f"{path} passed sanity check.")
        return
    for number, (offset, position) in enumerate(entries):
        # What was preallocated and never written.
        if number > 0 and offset == base_offset:
            return
        last_offset = _batch_at(log[: position + max_batch_bytes], log_path, position).last_offset
        if last_offset != offset:
            problems.index_differs(path, offset, last_offset)
        if not is_silent:
            print(f"offset: {offset} position: {position}")


def dump_time_index(path: str, problems: Problems, *, is_check: bool, is_silent: bool) -> None:
    """As ``dump_offset_index``."""
    base_offset = base_offset_of(path)
    log_path = sibling(path, ".log")
    log, index = mapped(log_path), mapped(path)
    offset_entries = _offset_entries(mapped(sibling(path, ".index")), base_offset)
    entries = [
        (timestamp, base_offset + relative)
        for timestamp, relative in _TIME_ENTRY.iter_unpack(index[: len(index) // _TIME_ENTRY.size * _TIME_ENTRY.size])
    ]
    if is_check:
        _check_time_index(path, index, base_offset, entries)
        print(f"{path} passed sanity check.")
        return
    indexed_offsets = [offset for offset, _ in offset_entries]
    previous = NO_TIMESTAMP
    for number, (timestamp, offset) in enumerate(entries):
        if number > 0 and offset == base_offset:
            return
        slot = bisect_right(indexed_offsets, offset) - 1
        start = 0 if slot < 0 else offset_entries[slot][1]
        batch = next((batch for batch in batches(log, log_path, start) if batch.last_offset >= offset), None)
        if batch is None or batch.last_offset != offset:
            problems.offset_is_not_found(path, offset, -1 if batch is None else batch.last_offset)
        else:
            in_log = max((record.timestamp for record in batch), default=NO_TIMESTAMP)
            if in_log != timestamp:
                problems.timestamp_differs(path, timestamp, in_log)
            if previous >= timestamp:
                problems.timestamp_is_not_above(path, timestamp, previous)
        if not is_silent:
            print(f"timestamp: {timestamp} offset: {offset}")
        previous = timestamp


def dump_transaction_index(path: str) -> None:
    """Raises DumpFailed."""
    data = mapped(path)
    whole = len(data) // _ABORTED_ENTRY.size * _ABORTED_ENTRY.size
    for version, producer_id, first, last, last_stable in _ABORTED_ENTRY.iter_unpack(data[:whole]):
        if version > 0:
            raise DumpFailed(
                f"Unexpected aborted transaction version {version} in transaction index {os.path.abspath(path)}, "
                "current version is 0"
            )
        print(
            f"version: {version} producerId: {producer_id} firstOffset: {first} lastOffset: {last} "
            f"lastStableOffset: {last_stable}"
        )


def dump_producer_snapshot(path: str) -> None:
    """A damaged one is told on stderr. Raises DumpFailed."""
    data = bytes(mapped(path))
    try:
        snapshot = _producer_snapshot(data)
    except ProtocolError as error:
        sys.stdout.flush()
        print(error, file=sys.stderr)
        return
    for entry in snapshot.producer_entries:
        has_transaction = entry.current_txn_first_offset >= 0
        first_offset = f"OptionalLong[{entry.current_txn_first_offset}]" if has_transaction else "OptionalLong.empty"
        line = (
            f"producerId: {entry.producer_id} producerEpoch: {entry.epoch} coordinatorEpoch: {entry.coordinator_epoch} "
            f"currentTxnFirstOffset: {first_offset} lastTimestamp: {entry.timestamp} "
        )
        if entry.last_offset >= 0:
            line += (
                f"firstSequence: {_first_sequence(entry.last_sequence, entry.offset_delta)} "
                f"lastSequence: {entry.last_sequence} lastOffset: {entry.last_offset} "
                f"offsetDelta: {entry.offset_delta} timestamp: {entry.timestamp}"
            )
        print(line)


def _producer_snapshot(data: bytes) -> ProducerSnapshot:
    version = int.from_bytes(data[:2], "big", signed=True)
    failed = "Snapshot failed schema validation: "
    if version != ProducerSnapshot.max_version:
        raise ProtocolError(f"{failed}Snapshot contained an unknown file version {version}")
    try:
        snapshot = ProducerSnapshot.decode(data[2:], version)
    except ProtocolError as error:
        raise ProtocolError(f"{failed}{error}") from error
    computed = crc32c(data[_SNAPSHOT_CRC_END:])
    if snapshot.crc != computed:
        raise ProtocolError(
            f"Snapshot is corrupt (CRC is no longer valid). Stored crc: {snapshot.crc}. Computed crc: {computed}"
        )
    return snapshot


def _first_sequence(last_sequence: int, offset_delta: int) -> int:
    """Sequence numbers go on at 0 behind 2^31 - 1 (``DefaultRecordBatch.decrementSequence``)."""
    first = last_sequence - offset_delta
    return first if first >= 0 else first + (1 << 31)


def _offset_entries(index: memoryview, base_offset: int) -> list[tuple[int, int]]:
    """(offset, position) of each whole entry."""
    whole = len(index) // _OFFSET_ENTRY.size * _OFFSET_ENTRY.size
    return [(base_offset + relative, position) for relative, position in _OFFSET_ENTRY.iter_unpack(index[:whole])]


def _batch_at(log: memoryview, path: str, position: int) -> RecordBatch:
    batch = next(batches(log, path, position), None)
    if batch is None:
        raise DumpFailed(f"there is no whole batch at position {position} of {path}")
    return batch


def _check_offset_index(path: str, index: memoryview, base_offset: int, entries: list[tuple[int, int]]) -> None:
    path = os.path.abspath(path)
    last_offset = entries[-1][0]
    if last_offset < base_offset:
        raise DumpFailed(
            f"Corrupt index found, index file {path} has non-zero size but the last offset is {last_offset} which is "
            f"less than the base offset {base_offset}"
        )
    _check_size(f"Index file {path}", index, _OFFSET_ENTRY.size)


def _check_time_index(path: str, index: memoryview, base_offset: int, entries: list[tuple[int, int]]) -> None:
    path = os.path.abspath(path)
    if entries:
        start = f"Corrupt time index found, time index file ({path}) has non-zero size but the last"
        (first_timestamp, _), (last_timestamp, last_offset) = entries[0], entries[-1]
        if last_timestamp < first_timestamp:
            raise DumpFailed(
                f"{start} timestamp is {last_timestamp} which is less than the first timestamp {first_timestamp}"
            )
        if last_offset < base_offset:
            raise DumpFailed(f"{start} offset is {last_offset} which is less than the first offset {base_offset}")
    _check_size(f"Time index file {path}", index, _TIME_ENTRY.size)


def _check_size(what: str, index: memoryview, entry_bytes: int) -> None:
    if len(index) % entry_bytes:
        raise DumpFailed(
            f"{what} is corrupt, found {len(index)} bytes which is neither positive nor a multiple of {entry_bytes}"
        )
