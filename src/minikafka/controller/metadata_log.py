"""The raft log ``__cluster_metadata-0`` of a single voter: what is appended and synced is committed.

(Kafka: KafkaMetadataLog, KafkaRaftClient, BatchAccumulator.) The log is a partition's log like any other; its
snapshots lie beside the segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from minikafka.controller.metadata_batches import MetadataBatch, decode_batches, encode_batch, encode_control_batch
from minikafka.errors import RECORD_LIST_TOO_LARGE, ApiError, StorageError

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.storage.files import FileSystem
    from minikafka.storage.partition_log import PartitionLog

_READ_BYTES = 1 << 20


class MetadataLog:
    """Appends batches of the epoch that ``epoch`` says, and reads them back.

    :param log: the partition's log.
    """

    def __init__(self, log: PartitionLog, files: FileSystem, clock: Clock) -> None:
        self.epoch = 0
        self.directory = log.directory
        self._log = log
        self._files = files
        self._clock = clock
        self._unsynced_files: list[str] = []

    @property
    def start_offset(self) -> int:
        return self._log.log_start_offset

    @property
    def end_offset(self) -> int:
        return self._log.log_end_offset

    @property
    def has_unsynced(self) -> bool:
        """Whether anything in the log may not be durable yet."""
        return self._log.recovery_point < self._log.log_end_offset

    @property
    def size_bytes(self) -> int:
        return self._log.size_bytes

    @property
    def last_epoch(self) -> int:
        """Of the last batch in the log; 0 when there is none."""
        epochs = self._log.leader_epochs
        return epochs[-1][0] if epochs else 0

    def append(self, records: Sequence[VersionedRecord], *, max_bytes: int | None = None) -> int:
        """Append one atomic batch; returns the offset of its last record. Raises StorageError, and
        ApiError(RECORD_LIST_TOO_LARGE): more than ``max_bytes``, or than a segment holds; then nothing was appended."""
        batch = encode_batch(records, base_offset=self.end_offset, epoch=self.epoch, now_ms=self._clock.wall_ms())
        if max_bytes is not None and len(batch) > max_bytes:
            raise ApiError(RECORD_LIST_TOO_LARGE)
        return self._append(batch)

    def append_control(self, messages: Sequence[Any]) -> int:
        """As ``append``, for the control messages of the raft layer."""
        return self._append(
            encode_control_batch(messages, base_offset=self.end_offset, epoch=self.epoch, now_ms=self._clock.wall_ms())
        )

    def read_from(self, offset: int) -> Iterator[MetadataBatch]:
        """The batches from the one that holds ``offset`` on. Raises CorruptLogError, StorageError."""
        while offset < self.end_offset:
            data = self._log.read(offset, _READ_BYTES, isolation="log_end", min_one_batch=True).read()
            next_offset = offset
            for batch in decode_batches(data, f"{self.directory}, from offset {offset}"):
                yield batch
                next_offset = batch.last_offset + 1
            if next_offset == offset:
                raise StorageError(f"{self.directory}: no batch can be read at offset {offset}")
            offset = next_offset

    def sync_with_next_flush(self, paths: Sequence[str]) -> None:
        """Files that must be durable as soon as anything in the log is; until then nothing would be lost with them."""
        self._unsynced_files += paths

    def flush(self) -> None:
        """Make everything appended so far durable. Blocks; nothing else may be done with the log meanwhile.

        Raises StorageError.
        """
        paths, self._unsynced_files = self._unsynced_files, []
        try:
            for path in paths:
                self._files.sync_file(path)
            for directory in {path.rpartition("/")[0] for path in paths}:
                self._files.sync_directory(directory)
        except OSError as error:
            self._unsynced_files = paths + self._unsynced_files
            raise StorageError(f"{self.directory}: cannot sync: {error.strerror or error}") from error
        self._log.flush()

    def truncate_to(self, offset: int) -> None:
        """Drop the records from ``offset`` on."""
        self._log.truncate_to(offset)

    def start_anew_at(self, offset: int) -> None:
        """Drop everything; the next record gets ``offset``."""
        self._log.truncate_fully_and_start_at(offset)

    def delete_before(self, offset: int) -> None:
        """Drop segments that a snapshot has made superfluous."""
        self._log.delete_records_before(offset)
        self._log.delete_old_segments()

    def fail(self) -> None:
        """Refuse every later append."""
        self._log.fail()

    def close(self) -> None:
        """Flush and close. Raises StorageError."""
        self.flush()
        self._log.close()

    def _append(self, batch: bytes) -> int:
        return self._log.append(
            bytearray(batch), now_ms=self._clock.wall_ms(), leader_epoch=self.epoch, origin="raft"
        ).last_offset
