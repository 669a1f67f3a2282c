"""What the logs of one broker share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count

from minikafka.clock import Clock
from minikafka.pending import RunBlocking, run_inline
from minikafka.storage.files import FileSystem

logger = logging.getLogger(__name__)

DEFAULT_PRODUCER_ID_EXPIRATION_MS = 86_400_000


class LogContext:
    """Files, time, the worker pool, deferred deletion, and whom to tell when a disk fails."""

    def __init__(
        self,
        files: FileSystem,
        clock: Clock,
        run_blocking: RunBlocking = run_inline,
        *,
        producer_id_expiration_ms: int = DEFAULT_PRODUCER_ID_EXPIRATION_MS,
    ) -> None:
        self.files = files
        self.clock = clock
        self.run_blocking = run_blocking
        self.producer_id_expiration_ms = producer_id_expiration_ms
        self.deletions = Deletions(files)
        self.on_disk_failure: Callable[[str, OSError], None] = _log_disk_failure
        """Called with the path that failed, when a log cannot trust its directory any more."""


class Deletions:
    """Files and folders that are renamed already, and are deleted when their readers have had time to finish
    (file.delete.delay.ms)."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self._heap: list[tuple[int, int, str, bool]] = []
        self._sequence = count()

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_deadline_ms(self) -> int | None:
        """When the next one is due, in ``Clock.monotonic_ms()``."""
        return self._heap[0][0] if self._heap else None

    def schedule(self, deadline_ms: int, paths: Iterable[str], *, directories: bool = False) -> None:
        for path in paths:
            heappush(self._heap, (deadline_ms, next(self._sequence), path, directories))

    def take_due(self, monotonic_ms: int) -> list[tuple[str, bool]]:
        """(path, is a directory) of what is due now, which the caller has to ``delete``."""
        due = []
        while self._heap and self._heap[0][0] <= monotonic_ms:
            _, _, path, is_directory = heappop(self._heap)
            due.append((path, is_directory))
        return due

    def delete(self, due: Iterable[tuple[str, bool]]) -> None:
        """Delete; may run on another thread. A path that is gone already has been deleted with its folder."""
        for path, is_directory in due:
            try:
                if is_directory:
                    self._files.remove_directory(path)
                else:
                    self._files.unlink(path)
            except FileNotFoundError:
                logger.debug("%s is gone already", path)
            except OSError as error:
                logger.warning("%s cannot be deleted, which is tried again at the next start: %s", path, error)


def _log_disk_failure(path: str, error: OSError) -> None:
    logger.error("%s: %s", path, error)
