"""When to write a metadata snapshot, and which to keep (Kafka: SnapshotGenerator, KafkaMetadataLog.maybeClean).

A snapshot is due after metadata.log.max.record.bytes.between.snapshots, or when metadata.log.max.snapshot.interval.ms
have passed since the last one and something has changed. Older snapshots, and the log that they cover, go when there
is more than metadata.max.retention.bytes of both, or when they are older than metadata.max.retention.ms.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from minikafka.controller.snapshots import PARTIAL_SUFFIX, SUFFIX, SnapshotId, encode_snapshot, list_snapshots

if TYPE_CHECKING:
    from typing import Any

    from minikafka.clock import Clock
    from minikafka.config import BrokerConfig
    from minikafka.controller.metadata_log import MetadataLog
    from minikafka.pending import RunBlocking
    from minikafka.state.metadata_image import MetadataImage
    from minikafka.storage.files import FileSystem

log = logging.getLogger(__name__)


class SnapshotKeeper:
    """:param last: the snapshot that was loaded, if any.

    ``raft_messages`` are the KRaftVersionRecord and VotersRecord that each snapshot repeats.
    """

    def __init__(
        self,
        files: FileSystem,
        metadata_log: MetadataLog,
        config: BrokerConfig,
        clock: Clock,
        run_blocking: RunBlocking,
        last: SnapshotId | None,
    ) -> None:
        self.raft_messages: list[Any] = []
        self._files = files
        self._log = metadata_log
        self._config = config
        self._clock = clock
        self._run_blocking = run_blocking
        self._last = last
        self._last_ms = clock.monotonic_ms()
        self._last_log_bytes = metadata_log.size_bytes
        self._is_writing = False

    def committed(self, image: MetadataImage) -> None:
        """The image has moved on: write a snapshot of it if one is due."""
        if not self._is_writing and self._is_due():
            self.write(image)

    def write(self, image: MetadataImage) -> None:
        """Encode a snapshot now, and write it on a worker thread."""
        snapshot_id = SnapshotId(image.offset + 1, image.epoch)
        now_ms = self._clock.wall_ms()
        data = encode_snapshot(
            image.records(),
            epoch=image.epoch,
            now_ms=now_ms,
            last_contained_log_timestamp=now_ms,
            raft_messages=self.raft_messages,
        )
        path = f"{self._log.directory}/{snapshot_id.file_name}"
        partial_path = path.removesuffix(SUFFIX) + PARTIAL_SUFFIX
        files, directory = self._files, self._log.directory

        def work() -> None:
            files.write_bytes(partial_path, data, sync=True)
            files.rename(partial_path, path)
            files.sync_directory(directory)

        def done(_: None, error: BaseException | None) -> None:
            self._is_writing = False
            if error is not None:
                log.error("The metadata snapshot %s cannot be written, the log is kept: %s", path, error)
                return
            self._last = snapshot_id
            log.info("Wrote the metadata snapshot %s (%d bytes)", path, len(data))
            self._delete_old()

        self._is_writing = True
        self._last_ms = self._clock.monotonic_ms()
        self._last_log_bytes = self._log.size_bytes
        self._run_blocking(work, done)

    def _is_due(self) -> bool:
        max_bytes: int = self._config["metadata.log.max.record.bytes.between.snapshots"]
        if self._log.size_bytes - self._last_log_bytes >= max_bytes:
            return True
        interval_ms: int = self._config["metadata.log.max.snapshot.interval.ms"]
        return interval_ms > 0 and self._clock.monotonic_ms() - self._last_ms >= interval_ms

    def _delete_old(self) -> None:
        """Delete the oldest snapshots while there are too many bytes, or they are too old; the newest one stays."""
        kept = list_snapshots(self._files, self._log.directory)
        sizes = {kept_id: self._files.size_bytes(self._path(kept_id)) for kept_id in kept}
        while len(kept) > 1 and self._is_superfluous(kept[0], sum(sizes[kept_id] for kept_id in kept)):
            oldest = kept.pop(0)
            self._files.unlink(self._path(oldest))
            self._log.delete_before(kept[0].end_offset)

    def _is_superfluous(self, oldest: SnapshotId, snapshot_bytes: int) -> bool:
        max_bytes: int = self._config["metadata.max.retention.bytes"]
        if 0 <= max_bytes < snapshot_bytes + self._log.size_bytes:
            return True
        max_age_ms: int = self._config["metadata.max.retention.ms"]
        age_ms = self._clock.wall_ms() - self._files.modified_ms(self._path(oldest))
        return 0 <= max_age_ms < age_ms

    def _path(self, snapshot_id: SnapshotId) -> str:
        return f"{self._log.directory}/{snapshot_id.file_name}"
