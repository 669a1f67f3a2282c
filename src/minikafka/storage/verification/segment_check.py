"""One segment, batch by batch, with its indexes."""

from __future__ import annotations

from minikafka.errors import ApiError, CorruptLogError
from minikafka.records.batch import LOG_APPEND_TIME, RecordBatch
from minikafka.records.walk import scan_records
from minikafka.storage import log_names
from minikafka.storage.batch_reader import BatchReader
from minikafka.storage.files import FileSystem
from minikafka.storage.index import MAX_RELATIVE_OFFSET
from minikafka.storage.verification.index_check import OffsetIndexCheck, TimeIndexCheck, TransactionIndexCheck
from minikafka.storage.verification.log_progress import LogProgress
from minikafka.storage.verification.report import Report

_PROGRESS_BYTES = 1 << 22


class SegmentCheck:
    """Goes through the segment of ``directory`` that begins at ``base_offset``."""

    def __init__(
        self,
        report: Report,
        files: FileSystem,
        directory: str,
        base_offset: int,
        log: LogProgress,
        *,
        synced_offset: int,
        has_indexes: bool,
        names: set[str],
        is_compacted: bool,
        reads_records: bool,
    ) -> None:
        """``synced_offset``: nothing below it may be missing; ``has_indexes``: they are complete, and not to be built
        by the next start; ``names``: of the files in the folder."""
        self._report = report
        self._log = log
        self._base_offset = base_offset
        self._synced_offset = synced_offset
        self._reads_records = reads_records
        self._path = f"{directory}/{log_names.file_name(base_offset, log_names.LOG)}"
        self._size_bytes = files.size_bytes(self._path)
        self._file = files.open(self._path)
        self._reader = BatchReader(self._file, self._size_bytes)
        self._is_readable = True
        self._told: set[str] = set()

        def content(suffix: str) -> tuple[str, bytes | None]:
            name = log_names.file_name(base_offset, suffix)
            path = f"{directory}/{name}"
            return path, files.read_bytes(path) if name in names and has_indexes else None

        path, data = content(log_names.OFFSET_INDEX)
        self._offset_index = None if data is None else OffsetIndexCheck(report, path, data, base_offset)
        path, data = content(log_names.TIME_INDEX)
        self._time_index = None if data is None else TimeIndexCheck(report, path, data, base_offset)
        path, data = content(log_names.TRANSACTION_INDEX)
        self._transaction_index = (
            TransactionIndexCheck(report, path, data or b"", is_compacted) if has_indexes else None
        )
        if has_indexes:
            for suffix in (log_names.OFFSET_INDEX, log_names.TIME_INDEX):
                if log_names.file_name(base_offset, suffix) not in names:
                    report.note(self._path, f"has no {suffix}, the next start builds it")

    def run(self) -> None:
        self._report.segments += 1
        self._report.size_bytes += self._size_bytes
        position = told_position = 0
        while position < self._size_bytes:
            try:
                batch = self._reader.batch_at(position)
            except CorruptLogError as error:
                position = self._skip_damage(position, str(error))
                continue
            self._take(batch, position)
            position += batch.size_bytes
            if position - told_position >= _PROGRESS_BYTES:
                self._report.progress(position - told_position)
                told_position = position
        self._report.progress(position - told_position)
        self._end_indexes()
        self._file.close()

    def _end_indexes(self) -> None:
        if self._is_readable and self._offset_index is not None:
            self._offset_index.end(self._size_bytes, self._log.next_offset)
        if self._is_readable and self._time_index is not None:
            self._time_index.end(self._log.next_offset - 1)
        if self._transaction_index is not None:
            self._transaction_index.end(self._is_readable)

    def _skip_damage(self, position: int, reason: str) -> int:
        """Report it; returns where there are batches again, or the end of the file."""
        following = self._reader.find_batch(position + 1, self._log.next_offset)
        self._is_readable = False
        if following is not None:
            self._problem(
                position, f"{reason}; {following - position} bytes are lost, up to position {following}", position
            )
            if self._offset_index is not None:
                self._offset_index.skip_to(following)
            return following
        lost_bytes = self._size_bytes - position
        if self._reader.is_zero_from(position):
            reason = "the file ends in zeros"
        if self._log.next_offset < self._synced_offset:
            self._problem(position, f"{reason}; {lost_bytes} bytes behind the last valid batch", position)
        else:
            self._report.note(
                self._path,
                f"{reason}; the next start cuts off {lost_bytes} bytes, which were not synced",
                position=position,
                offset=self._log.next_offset,
            )
        return self._size_bytes

    def _problem(self, position: int, text: str, key: object) -> None:
        if str(key) not in self._told:
            self._told.add(str(key))
            self._report.problem(self._path, text, position=position, offset=self._log.next_offset)

    def _take(self, batch: RecordBatch, position: int) -> None:
        log = self._log
        if batch.base_offset < max(log.next_offset, self._base_offset):
            expected = max(log.next_offset, self._base_offset)
            self._problem(
                position, f"the batch has offset {batch.base_offset}, and {expected} or more is to follow", "offset"
            )
            return
        if batch.last_offset < batch.base_offset:
            self._problem(position, f"the batch ends at offset {batch.last_offset}, before it begins", "end")
            return
        if batch.last_offset - self._base_offset > MAX_RELATIVE_OFFSET and "far" not in self._told:
            self._told.add("far")
            self._report.note(
                self._path,
                "the offset is too far from the segment's for its index; the next start splits the segment",
                position=position,
                offset=batch.last_offset,
            )
        if self._reads_records:
            reason = wrong_records(batch)
            if reason is not None:
                self._problem(position, reason, position)
        reason = log.take_epoch(batch)
        if reason is not None:
            self._problem(position, reason, "epoch")
        self._take_producer(batch, position)
        if self._offset_index is not None:
            self._offset_index.take(position, batch.base_offset)
        if self._time_index is not None:
            self._time_index.take(batch.last_offset, batch.max_timestamp)
        log.next_offset = max(log.next_offset, batch.last_offset + 1)
        self._report.batches += 1
        self._report.records += batch.record_count

    def _take_producer(self, batch: RecordBatch, position: int) -> None:
        if batch.producer_id < 0:
            return
        try:
            aborted = self._log.take_producer(batch)
        except ApiError as error:
            self._problem(position, f"it does not fit what its producer has written before: {error.message}", position)
            return
        if self._transaction_index is not None and batch.is_control:
            for each in aborted:
                self._transaction_index.take_aborted(each)
            if not aborted:
                self._transaction_index.take_marker(batch.producer_id, batch.base_offset)


def wrong_records(batch: RecordBatch) -> str | None:
    """What is wrong about the records of a batch whose checksum is right; None when nothing is."""
    if batch.magic < 2:
        return _wrong_messages(batch)
    if batch.record_count < 0 or batch.record_count > batch.last_offset - batch.base_offset + 1:
        return f"{batch.record_count} records cannot have offsets {batch.base_offset} to {batch.last_offset}"
    if not batch.record_count:
        return None  # compaction leaves it for the producer's last sequence number
    try:
        data = batch.records_data()
        scan = scan_records(data, batch.record_count)
        if scan is None or not scan.has_consecutive_offsets:
            last_offset = batch.base_offset - 1
            for record in batch.records_in(data):
                if record.offset <= last_offset:
                    return f"the record with offset {record.offset} comes after that with offset {last_offset}"
                last_offset = record.offset
            if last_offset > batch.last_offset:
                return f"the records end at offset {last_offset}, and the batch at {batch.last_offset}"
    except ApiError as error:
        return f"the records cannot be read: {error.message}"
    if scan is not None and batch.timestamp_type != LOG_APPEND_TIME:
        max_timestamp = batch.base_timestamp + scan.max_timestamp_delta
        if max_timestamp != batch.max_timestamp:
            return f"the greatest timestamp is {max_timestamp}, and the batch says {batch.max_timestamp}"
    return None


def _wrong_messages(batch: RecordBatch) -> str | None:
    try:
        last_offset = -1
        for record in batch:
            if record.offset <= last_offset:
                return f"the message with offset {record.offset} comes after that with offset {last_offset}"
            last_offset = record.offset
    except ApiError as error:
        return f"the messages cannot be read: {error.message}"
    if last_offset != batch.last_offset:
        return f"the messages end at offset {last_offset}, and the wrapper says {batch.last_offset}"
    return None
