"""Incremental fetch sessions (KIP-227): what a consumer fetches is remembered, so that it sends and gets only changes.

A fetch request is one of

    session_id 0,  epoch -1   sessionless: everything is in the request, nothing is remembered
    session_id any, epoch 0   full: everything is in the request; a new session is made of it (and the named one closed)
    session_id any, epoch -1  full: the named session is closed, none is made
    session_id id, epoch n    incremental: the request changes the session's partitions, all of which are then fetched;
                              n must be the session's epoch, which goes up by one with each request

and becomes a ``FetchContext``: ``partitions`` says what to read, ``finish`` turns what was read into what is answered.
Source: Kafka's ``FetchSession.scala`` (FetchManager, FetchSessionCacheShard).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from minikafka import errors

if TYPE_CHECKING:
    from minikafka.clock import Clock
    from minikafka.protocol.messages import FetchResponse

    PartitionResults = list[tuple["FetchPartition", FetchResponse.PartitionData]]

INVALID_SESSION_ID = 0
INITIAL_EPOCH = 0
FINAL_EPOCH = -1
_MAX_INT32 = 2**31 - 1
_ZERO_UUID = bytes(16)

SessionKey = tuple[bytes | str | None, int]


class FetchPartition:
    """One partition a client wants to read, and, inside a session, what it was last told of it."""

    __slots__ = (
        "current_leader_epoch",
        "fetch_offset",
        "index",
        "last_fetched_epoch",
        "log_start_offset",
        "max_bytes",
        "sent_high_watermark",
        "sent_log_start_offset",
        "topic",
        "topic_id",
    )

    def __init__(
        self,
        topic: str | None,
        topic_id: bytes,
        index: int,
        fetch_offset: int,
        max_bytes: int,
        current_leader_epoch: int = -1,
        last_fetched_epoch: int = -1,
        log_start_offset: int = -1,
    ) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index = index
        self.fetch_offset = fetch_offset
        self.max_bytes = max_bytes
        self.current_leader_epoch = current_leader_epoch
        self.last_fetched_epoch = last_fetched_epoch
        self.log_start_offset = log_start_offset
        self.sent_high_watermark = -1
        self.sent_log_start_offset = -1

    @property
    def key(self) -> SessionKey:
        """By topic id where the request has one (its name may not be known yet), else by name."""
        return (self.topic if self.topic_id == _ZERO_UUID else self.topic_id, self.index)

    def take_request(self, other: FetchPartition) -> None:
        """Read from here on as ``other``, from a newer request, says."""
        self.fetch_offset = other.fetch_offset
        self.max_bytes = other.max_bytes
        self.current_leader_epoch = other.current_leader_epoch
        self.last_fetched_epoch = other.last_fetched_epoch
        self.log_start_offset = other.log_start_offset

    def must_send(self, data: FetchResponse.PartitionData, has_records: bool) -> bool:
        """Whether ``data`` says anything the client has not been told; remembers it as told."""
        changed = (
            has_records
            or data.error_code != errors.NONE
            or data.high_watermark != self.sent_high_watermark
            or data.log_start_offset != self.sent_log_start_offset
            or data.preferred_read_replica != -1
            or data.diverging_epoch.epoch != -1
        )
        # After an error the client must hear the high watermark again, whatever it is (FetchSession.scala).
        self.sent_high_watermark = -1 if data.error_code != errors.NONE else data.high_watermark
        self.sent_log_start_offset = data.log_start_offset
        return changed


class FetchSession:
    """One client's remembered partitions, in the order in which they are read next."""

    __slots__ = ("created_ms", "epoch", "last_used_ms", "partitions", "session_id", "uses_topic_ids")

    def __init__(
        self, session_id: int, partitions: dict[SessionKey, FetchPartition], uses_topic_ids: bool, now_ms: int
    ) -> None:
        self.session_id = session_id
        self.partitions = partitions
        self.uses_topic_ids = uses_topic_ids
        self.created_ms = now_ms
        self.last_used_ms = now_ms
        self.epoch = 1

    def update(self, wanted: Iterable[FetchPartition], forgotten: Iterable[SessionKey]) -> None:
        for partition in wanted:
            known = self.partitions.get(partition.key)
            if known is None:
                self.partitions[partition.key] = partition
            else:
                known.take_request(partition)
        for key in forgotten:
            self.partitions.pop(key, None)


class FetchContext:
    """A request without a session: everything it names is read, and everything read is answered."""

    __slots__ = ("partitions",)

    error_code = errors.NONE

    def __init__(self, partitions: list[FetchPartition]) -> None:
        self.partitions = partitions

    def finish(self, results: PartitionResults) -> tuple[int, int, PartitionResults]:
        """``(error_code, session_id, results to answer)`` for what was read of ``partitions``, in that order."""
        return errors.NONE, INVALID_SESSION_ID, results


class _ErrorContext(FetchContext):
    """A request that names a session it cannot have."""

    __slots__ = ("error_code",)

    def __init__(self, error_code: int) -> None:
        super().__init__([])
        self.error_code = error_code

    def finish(self, results: PartitionResults) -> tuple[int, int, PartitionResults]:
        return self.error_code, INVALID_SESSION_ID, []


class _FullContext(FetchContext):
    """A request that names everything; its answer opens a session."""

    __slots__ = ("_cache", "_uses_topic_ids")

    def __init__(self, partitions: list[FetchPartition], cache: FetchSessionCache, uses_topic_ids: bool) -> None:
        super().__init__(partitions)
        self._cache = cache
        self._uses_topic_ids = uses_topic_ids

    def finish(self, results: PartitionResults) -> tuple[int, int, PartitionResults]:
        for partition, data in results:
            partition.must_send(data, has_records=False)
        session_id = self._cache.maybe_create(self.partitions, self._uses_topic_ids)
        return errors.NONE, session_id, results


class _IncrementalContext(FetchContext):
    """A request of a session: only what has changed is answered."""

    __slots__ = ("_expected_epoch", "_session")

    def __init__(self, session: FetchSession) -> None:
        super().__init__(list(session.partitions.values()))
        self._session = session
        self._expected_epoch = session.epoch

    def finish(self, results: PartitionResults) -> tuple[int, int, PartitionResults]:
        session = self._session
        if session.epoch != self._expected_epoch:
            return errors.INVALID_FETCH_SESSION_EPOCH, session.session_id, []
        answered: PartitionResults = []
        for result in results:
            partition, data = result
            has_records = data.records is not None and size_of_records(data.records) > 0
            if partition.must_send(data, has_records):
                answered.append(result)
                if has_records and len(session.partitions) > 1:
                    # Read last next time, so that no partition starves behind a busy one (KIP-227).
                    key = partition.key
                    if session.partitions.pop(key, None) is not None:
                        session.partitions[key] = partition
        return errors.NONE, session.session_id, answered


def size_of_records(records: object) -> int:
    """Bytes in a records field: of bytes, or of a slice of a file."""
    size: int | None = getattr(records, "size_bytes", None)
    return len(records) if size is None else size  # type: ignore[arg-type]


class FetchSessionCache:
    """The sessions of the broker, at most ``max.incremental.fetch.session.cache.slots`` of them."""

    def __init__(self, clock: Clock, max_sessions: int = 1000, min_eviction_ms: int = 120_000) -> None:
        self._clock = clock
        self._max_sessions = max_sessions
        self._min_eviction_ms = min_eviction_ms
        # The least recently used first: a session that is used moves to the end.
        self._sessions: dict[int, FetchSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def context(
        self,
        session_id: int,
        epoch: int,
        wanted: list[FetchPartition],
        forgotten: list[SessionKey],
        *,
        uses_topic_ids: bool,
    ) -> FetchContext:
        """The context of a request with these ``session_id`` and ``session_epoch`` fields."""
        if epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            if session_id != INVALID_SESSION_ID:
                self._sessions.pop(session_id, None)
            if epoch == FINAL_EPOCH:
                return FetchContext(wanted)
            return _FullContext(wanted, self, uses_topic_ids)
        session = self._sessions.get(session_id)
        if session is None:
            return _ErrorContext(errors.FETCH_SESSION_ID_NOT_FOUND)
        if session.epoch != epoch:
            return _ErrorContext(errors.INVALID_FETCH_SESSION_EPOCH)
        if session.uses_topic_ids != uses_topic_ids:
            return _ErrorContext(errors.FETCH_SESSION_TOPIC_ID_ERROR)
        session.update(wanted, forgotten)
        if not session.partitions:
            del self._sessions[session_id]
            return FetchContext(wanted)
        self._touch(session)
        session.epoch = 1 if epoch == _MAX_INT32 else epoch + 1
        return _IncrementalContext(session)

    def partitions_of(self, session_id: int) -> list[FetchPartition]:
        """What is fetched by the requests of a session; nothing when there is none with this id."""
        session = self._sessions.get(session_id)
        return [] if session is None else list(session.partitions.values())

    def maybe_create(self, partitions: list[FetchPartition], uses_topic_ids: bool) -> int:
        """Open a session of ``partitions``; its id, or INVALID_SESSION_ID when there is no room."""
        if len(self._sessions) >= self._max_sessions and not self._evict_for(len(partitions)):
            return INVALID_SESSION_ID
        session_id = self._new_session_id()
        self._sessions[session_id] = FetchSession(
            session_id,
            {partition.key: partition for partition in partitions},
            uses_topic_ids,
            self._clock.monotonic_ms(),
        )
        return session_id

    def _touch(self, session: FetchSession) -> None:
        session.last_used_ms = self._clock.monotonic_ms()
        self._sessions[session.session_id] = self._sessions.pop(session.session_id)

    def _evict_for(self, size: int) -> bool:
        """Make room by closing a stale session, or an old one with fewer partitions than ``size``."""
        if not self._sessions:
            return False
        now_ms = self._clock.monotonic_ms()
        oldest = next(iter(self._sessions.values()))
        if now_ms - oldest.last_used_ms > self._min_eviction_ms:
            del self._sessions[oldest.session_id]
            return True
        evictable = [s for s in self._sessions.values() if now_ms - s.created_ms > self._min_eviction_ms]
        if not evictable:
            return False
        smallest = min(evictable, key=lambda session: (len(session.partitions), session.session_id))
        if size <= len(smallest.partitions):
            return False
        del self._sessions[smallest.session_id]
        return True

    def _new_session_id(self) -> int:
        while True:
            session_id = int.from_bytes(os.urandom(4), "big") & _MAX_INT32
            if session_id != INVALID_SESSION_ID and session_id not in self._sessions:
                return session_id
