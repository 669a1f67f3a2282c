"""Group commit of metadata changes: one flush for all changes that do not concern the same things.

A change is checked against the image, appended, flushed off the event loop, and only then replayed into the image,
published and answered: what a client has seen survives a power cut. While a flush is running changes wait; then all of
them go together, but for those that share a key (a topic's name, a config resource) with one before them: these have
to be checked against its outcome.
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

Prepare = Callable[[], "list[VersionedRecord]"]
Finish = Callable[["ApiError | None"], None]
Apply = Callable[["list[Any]", int], None]


class Change:
    """One change: ``prepare`` gives its records (none: nothing is to be written) or raises ApiError; ``finish`` is
    called once with None after they took effect, or with why they did not."""

    __slots__ = ("finish", "keys", "last_offset", "prepare", "records")

    def __init__(self, keys: Iterable[Hashable], prepare: Prepare, finish: Finish) -> None:
        self.keys = frozenset(keys)
        self.prepare = prepare
        self.finish = finish
        self.records: list[VersionedRecord] = []
        self.last_offset = -1


class CommitQueue:
    """:param apply: replays committed records, up to the offset given, into the image and publishes them."""

    def __init__(self, metadata_log: MetadataLog, run_blocking: RunBlocking, apply: Apply) -> None:
        self._log = metadata_log
        self._run_blocking = run_blocking
        self._apply = apply
        self._waiting: list[Change] = []
        self._flushing: list[Change] = []
        self._is_working = False

    def submit(self, change: Change) -> None:
        """Write ``change`` now, or after what is being flushed."""
        self._waiting.append(change)
        if not self._flushing and not self._is_working:
            self._work()

    def drain(self) -> None:
        """Commit everything that is waiting, in the caller's thread."""
        if self._flushing:
            group, self._flushing = self._flushing, []
            self._finish_flush(group, self._log.flush)
        self._run_blocking = _at_once
        self._work()

    def _work(self) -> None:
        self._is_working = True
        try:
            while self._waiting and not self._flushing:
                group = [change for change in self._take_group() if self._append(change)]
                if group:
                    self._flush(group)
        finally:
            self._is_working = False

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

    def _append(self, change: Change) -> bool:
        """Whether there is something to flush."""
        try:
            change.records = change.prepare()
            if change.records:
                change.last_offset = self._log.append(change.records)
                return True
        except ApiError as error:
            change.finish(error)
        except StorageError as error:
            change.finish(_storage_error(error))
        except Exception:
            log.exception("A metadata change failed before it was written")
            change.finish(ApiError(UNKNOWN_SERVER_ERROR))
        else:
            change.finish(None)
        return False

    def _flush(self, group: list[Change]) -> None:
        self._flushing = group

        def flushed(_: Any, error: BaseException | None) -> None:
            if self._flushing is not group:
                return  # drained meanwhile

            def outcome() -> None:
                if error is not None:
                    raise error

            self._flushing = []
            self._finish_flush(group, outcome)
            if not self._is_working:
                self._work()

        self._run_blocking(self._log.flush, flushed)

    def _finish_flush(self, group: list[Change], outcome: Callable[[], None]) -> None:
        try:
            outcome()
        except (StorageError, OSError) as error:
            self._take_back(group, error)
            return
        for change in group:
            self._apply([record for record, _ in change.records], change.last_offset)
        for change in group:
            change.finish(None)

    def _take_back(self, group: list[Change], error: Exception) -> None:
        """What could not be made durable must not come back at the next start: its sender is told that it failed."""
        first = group[0]
        log.error("Metadata changes could not be made durable and are taken back: %s", error)
        try:
            self._log.truncate_to(first.last_offset + 1 - len(first.records))
        except (StorageError, OSError) as truncate_error:
            log.error("The metadata log cannot be cut back, no further changes are accepted: %s", truncate_error)
            self._log.fail()
        for change in group:
            change.finish(_storage_error(error))


def _at_once(work: Callable[[], Any], on_done: Callable[[Any, BaseException | None], None] | None = None) -> None:
    from minikafka.pending import run_inline

    run_inline(work, on_done)


def _storage_error(error: Exception) -> ApiError:
    return ApiError(KAFKA_STORAGE_ERROR, f"The metadata log cannot be written: {error}")
