"""One sync of a log: what it is to make durable, and how that went."""

from __future__ import annotations

import logging
from threading import Lock

from minikafka.storage.files import Descriptor, FileSystem
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.segment import LogSegment

logger = logging.getLogger(__name__)


class SyncWork:
    """What has to be synced, gathered on the event loop; ``run`` may be called on any thread, and by several."""

    def __init__(
        self,
        files: FileSystem,
        end_offset: int,
        segments: set[LogSegment],
        batches_only: LogSegment | None,
        epoch_cache: LeaderEpochCache,
    ) -> None:
        """``batches_only``: the one of ``segments`` whose indexes are left out. Raises OSError when the indexes cannot
        be written; nothing has changed then."""
        self._files = files
        self._lock = Lock()
        self._has_run = False
        self._descriptors: list[Descriptor] = []
        for segment in segments:
            self._descriptors += (
                [segment.log.descriptor()] if segment is batches_only else segment.descriptors_to_sync()
            )
        self._epoch_cache = epoch_cache
        self.epochs = epoch_cache.take_dirty()
        self.end_offset = end_offset
        """How far the log is durable once this has run."""
        self.segments = segments
        self.paths: set[str] = set()
        """Small files."""
        self.directories: set[str] = set()
        self.error: OSError | None = None
        """Why not all of it could be synced, once it has run."""
        self.has_lost_writes = False
        """A file could not be synced. The operating system tells so once, and may have dropped what it could not
        write: the next sync would succeed, and prove nothing."""

    def run(self) -> None:
        """Sync, once: who comes second waits for the outcome."""
        with self._lock:
            if not self._has_run:
                self._has_run = True
                try:
                    self._sync()
                except OSError as error:
                    self.error = error

    def _sync(self) -> None:
        self.has_lost_writes = True
        for descriptor in self._descriptors:
            descriptor.sync()
        self.has_lost_writes = False
        for path in self.paths:
            self._sync_if_there(path)
        if self.epochs is not None:
            self._epoch_cache.write(self.epochs)
        for directory in self.directories:
            self._files.sync_directory(directory)

    def _sync_if_there(self, path: str) -> None:
        try:
            self._files.sync_file(path)
        except FileNotFoundError:
            logger.debug("%s has been deleted before it was synced", path)
