"""Group commit of metadata changes: one batch and one flush for all changes that do not concern the same things.

A change is checked against the image, appended, flushed off the event loop, and only then replayed into the image,
published and answered: what a client has seen survives a power cut. While a flush is running changes wait; then all of
them go together, but for those that share a key (a topic's name, a config resource) with one before them: these have
to be checked against its outcome.

No batch is appended behind one that is not durable, whether a change or what the node writes by itself at its start. So
a damaged batch in front of a change was damaged later than it was written, and is not the torn end of a log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from minikafka.errors import KAFKA_STORAGE_ERROR, UNKNOWN_SERVER_ERROR, ApiError, StorageError

if TYPE_CHECKING:
    from minikafka.controller.metadata_log import MetadataLog
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.pending import RunBlocking

log = logging.getLogger(__name__)

_MAX_SHARED_BYTES = 1 << 20
"""Of changes that go together; one that is larger goes by itself. (Kafka's batches have at most 8 MiB.)"""

Prepare = Callable[[], "list[VersionedRecord]"]
Finish = Callable[["ApiError | None"], None]
Apply = Callable[["list[Any]", int], None]


class Change:
    """One change: ``prepare`` gives its records (none: nothing is to be written) or raises ApiError; ``finish`` is
    called once with None after they took effect, or with why they did not."""

    __slots__ = ("finish", "keys", "prepare", "records")

    def __init__(self, keys: Iterable[Hashable], prepare: Prepare, finish: Finish) -> None:
        self.keys = frozenset(keys)
        self.prepare = prepare
        self.finish = finish
        self.records: list[VersionedRecord] = []


class CommitQueue:
    """:param apply: replays committed records, up to the offset given, into the image and publishes them."""

    def __init__(self, metadata_log: MetadataLog, run_blocking: RunBlocking, apply: Apply) -> None:
        self._log = metadata_log
        self._run_blocking = run_blocking
        self._apply = apply
        self._waiting: list[Change] = []
        self._prepared: list[Change] = []
        """Those that are too large for one batch together: they go one by one, before the others."""
        self._flushing: list[Change] | None = None
        """What is being flushed: nothing, if what the node has written by itself is."""
        self._last_offset = -1
        """Of its batch."""
        self._is_working = False

    def submit(self, change: Change) -> None:
        """Write ``change`` now, or after what is being flushed."""
        self._waiting.append(change)
        if self._flushing is None and not self._is_working:
            self._work()

    def drain(self) -> None:
        """Commit everything that is waiting, in the caller's thread, and leave nothing that is not durable."""
        if self._flushing is not None:
            self._finish_flush(self._log.flush)
        self._run_blocking = _at_once
        self._work()
        if self._log.has_unsynced:
            self._log.flush()

    def _work(self) -> None:
        self._is_working = True
        try:
            while (self._waiting or self._prepared) and self._flushing is None:
                if self._log.has_unsynced:
                    self._flush([])
                    continue
                group = self._next_group()
                if group and self._append(group):
                    self._flush(group)
        finally:
            self._is_working = False

    def _next_group(self) -> list[Change]:
        if self._prepared:
            return [self._prepared.pop(0)]
        return [change for change in self._take_group() if self._prepare(change)]

    def _take_group(self) -> list[Change]:
        """The changes that can be checked now: none of their keys is in a change before them."""
        taken: list[Change] = []
        left: list[Change] = []
        seen: set[Hashable] = set()
        for change in self._waiting:
            (taken if seen.isdisjoint(change.keys) else left).append(change)
            seen |= change.keys
        self._waiting = left
        return taken

    def _prepare(self, change: Change) -> bool:
        """Whether there is something to write."""
        try:
            change.records = change.prepare()
        except ApiError as error:
            change.finish(error)
        except Exception:
            log.exception("A metadata change failed before it was written")
            change.finish(ApiError(UNKNOWN_SERVER_ERROR))
        else:
            if change.records:
                return True
            change.finish(None)
        return False

    def _append(self, group: list[Change]) -> bool:
        """Whether there is something to flush."""
        try:
            max_bytes = _MAX_SHARED_BYTES if len(group) > 1 else None
            self._last_offset = self._log.append(_records_of(group), max_bytes=max_bytes)
            return True
        except ApiError as error:
            if len(group) > 1:
                self._prepared = group
            else:
                group[0].finish(error)
        except StorageError as error:
            _refuse(group, error)
        except Exception:
            log.exception("Metadata changes failed before they were written")
            for change in group:
                change.finish(ApiError(UNKNOWN_SERVER_ERROR))
        return False

    def _flush(self, group: list[Change]) -> None:
        self._flushing = group

        def flushed(_: Any, error: BaseException | None) -> None:
            if self._flushing is not group:
                return  # drained meanwhile

            def outcome() -> None:
                if error is not None:
                    raise error

            self._finish_flush(outcome)
            if not self._is_working:
                self._work()

        self._run_blocking(self._log.flush, flushed)

    def _finish_flush(self, outcome: Callable[[], None]) -> None:
        group, self._flushing = self._flushing or [], None
        try:
            outcome()
        except (StorageError, OSError) as error:
            self._take_back(group, error)
            return
        if group:
            # At once: an image, and a snapshot of it, never ends within a batch.
            self._apply([record for record, _ in _records_of(group)], self._last_offset)
        for change in group:
            change.finish(None)

    def _take_back(self, group: list[Change], error: Exception) -> None:
        """What could not be made durable must not come back at the next start: its sender is told that it failed."""
        if not group:
            log.error("Metadata could not be made durable, and no changes can be: %s", error)
            prepared, waiting, self._prepared, self._waiting = self._prepared, self._waiting, [], []
            # Those that wait are checked all the same: that is where an answer learns what it is about.
            _refuse([*prepared, *filter(self._prepare, waiting)], error)
            return
        log.error("Metadata changes could not be made durable and are taken back: %s", error)
        try:
            self._log.truncate_to(self._last_offset + 1 - len(_records_of(group)))
        except (StorageError, OSError) as truncate_error:
            log.error("The metadata log cannot be cut back, no further changes are accepted: %s", truncate_error)
            self._log.fail()
        _refuse(group, error)


def _records_of(group: Iterable[Change]) -> list[VersionedRecord]:
    return [record for change in group for record in change.records]


def _refuse(group: Iterable[Change], error: Exception) -> None:
    refusal = ApiError(KAFKA_STORAGE_ERROR, f"The metadata log cannot be written: {error}")
    for change in group:
        change.finish(refusal)


def _at_once(work: Callable[[], Any], on_done: Callable[[Any, BaseException | None], None] | None = None) -> None:
    from minikafka.pending import run_inline

    run_inline(work, on_done)
