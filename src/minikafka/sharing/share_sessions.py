"""Share sessions: which partitions a member of a share group fetches, so that it sends only changes.

Of one member of one group there is at most one session; its epoch goes up by one with each request. A share fetch with

    epoch 0    opens a session of the partitions it names, in place of the one there is
    epoch n    changes the session's partitions, all of which are then fetched; n must be the session's epoch
    epoch -1   closes the session, after its acknowledgements have been taken: what the member holds is released

ShareAcknowledge has the same epochs, but opens nothing. A session ends with its connection, too.
Source: Kafka's ``ShareSession``, ``ShareSessionCache``, ``ShareSessionContext``, ``SharePartitionManager.newContext``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.named_tuple import NamedTuple

if TYPE_CHECKING:
    from minikafka.protocol.messages import ShareFetchResponse

    PartitionResults = list[tuple["SessionPartition", ShareFetchResponse.PartitionData]]

INITIAL_EPOCH: Final = 0
FINAL_EPOCH: Final = -1
_MAX_INT32: Final = 2**31 - 1


class SessionKey(NamedTuple):
    group_id: str
    member_id: str


class SessionPartition:
    """One partition that a member fetches. ``topic`` is what its id stood for when the session heard of it."""

    __slots__ = ("index", "must_be_answered", "topic", "topic_id")

    def __init__(self, topic: str | None, topic_id: bytes, index: int) -> None:
        self.topic = topic
        self.topic_id = topic_id
        self.index = index
        self.must_be_answered = False
        """Whether the next answer has to name it, with or without records."""

    @property
    def key(self) -> tuple[bytes, int]:
        return (self.topic_id, self.index)

    def is_answered_with(self, data: ShareFetchResponse.PartitionData, has_records: bool) -> bool:
        """Whether ``data`` goes into an answer of the session; remembers what the one after has to say."""
        has_failed = data.error_code != errors.NONE
        is_answered = has_records or has_failed or self.must_be_answered
        self.must_be_answered = has_failed
        return is_answered


class ShareSession:
    """What one member fetches; ``connection`` is the one by which it was opened."""

    __slots__ = ("connection", "epoch", "key", "partitions")

    def __init__(self, key: SessionKey, partitions: Iterable[SessionPartition], connection: object) -> None:
        self.key = key
        self.partitions = {partition.key: partition for partition in partitions}
        self.connection = connection
        self.epoch = INITIAL_EPOCH + 1

    def advance(self, epoch: int) -> None:
        """A request with this epoch has come. Raises ApiError(INVALID_SHARE_SESSION_EPOCH) unless it is the next."""
        if epoch != self.epoch:
            raise ApiError(errors.INVALID_SHARE_SESSION_EPOCH)
        self.epoch = 1 if epoch == _MAX_INT32 else epoch + 1

    def update(self, wanted: Iterable[SessionPartition], forgotten: Iterable[tuple[bytes, int]]) -> None:
        for partition in wanted:
            if partition.key not in self.partitions:
                partition.must_be_answered = True
                self.partitions[partition.key] = partition
        for key in forgotten:
            self.partitions.pop(key, None)


class ShareFetchContext:
    """What a share fetch reads, and what of that it answers: everything, unless it is one of a session."""

    __slots__ = ("partitions",)

    def __init__(self, partitions: Sequence[SessionPartition]) -> None:
        self.partitions = partitions

    def finish(self, results: PartitionResults) -> tuple[int, PartitionResults]:
        """``(error_code, results to answer)`` for what was read of ``partitions``."""
        return errors.NONE, results


class _SessionContext(ShareFetchContext):
    """A request of a session: only what has changed is answered."""

    __slots__ = ("_expected_epoch", "_session")

    def __init__(self, session: ShareSession) -> None:
        super().__init__(list(session.partitions.values()))
        self._session = session
        self._expected_epoch = session.epoch

    def finish(self, results: PartitionResults) -> tuple[int, PartitionResults]:
        session = self._session
        if session.epoch != self._expected_epoch:
            return errors.INVALID_SHARE_SESSION_EPOCH, []
        answered: PartitionResults = []
        for result in results:
            partition, data = result
            has_records = bool(data.acquired_records)
            if partition.is_answered_with(data, has_records):
                answered.append(result)
                if has_records and session.partitions.pop(partition.key, None) is not None:
                    # Read last next time, so that no partition starves behind a busy one.
                    session.partitions[partition.key] = partition
        return errors.NONE, answered


class ShareSessions:
    """The sessions of the broker.

    :param max_sessions: gives group.share.max.share.sessions.
    """

    def __init__(self, max_sessions: Callable[[], int]) -> None:
        self._max_sessions = max_sessions
        self._sessions: dict[SessionKey, ShareSession] = {}
        self._by_connection: dict[object, dict[SessionKey, None]] = {}
        self._groups: dict[object, set[str]] = {}
        """Connection -> the groups of the sessions that it has opened, which may be closed."""

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: SessionKey) -> ShareSession | None:
        return self._sessions.get(key)

    def has_members_of(self, group_id: str) -> bool:
        return any(key.group_id == group_id for key in self._sessions)

    def context(
        self,
        key: SessionKey,
        epoch: int,
        wanted: Sequence[SessionPartition],
        forgotten: Iterable[tuple[bytes, int]],
        connection: object,
        *,
        has_acknowledgements: bool,
    ) -> ShareFetchContext:
        """The context of a share fetch.

        Raises ApiError: SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH; INVALID_REQUEST when a new member
        acknowledges something; SHARE_SESSION_LIMIT_REACHED.
        """
        if epoch == INITIAL_EPOCH:
            if has_acknowledgements:
                raise ApiError(errors.INVALID_REQUEST)
            self._open(ShareSession(key, wanted, connection))
            return ShareFetchContext(wanted)
        session = self._existing(key)
        if epoch == FINAL_EPOCH:
            return ShareFetchContext([])
        session.advance(epoch)
        session.update(wanted, forgotten)
        return _SessionContext(session)

    def acknowledges(self, key: SessionKey, epoch: int) -> None:
        """Let a ShareAcknowledge with this epoch pass, or raise ApiError: SHARE_SESSION_NOT_FOUND,
        INVALID_SHARE_SESSION_EPOCH."""
        if epoch == INITIAL_EPOCH:
            raise ApiError(errors.INVALID_SHARE_SESSION_EPOCH)
        session = self._existing(key)
        if epoch != FINAL_EPOCH:
            session.advance(epoch)

    def remove(self, key: SessionKey) -> ShareSession | None:
        session = self._sessions.pop(key, None)
        if session is not None:
            of_connection = self._by_connection.get(session.connection, {})
            of_connection.pop(key, None)
            if not of_connection:
                self._by_connection.pop(session.connection, None)
        return session

    def clear(self) -> None:
        self._sessions.clear()
        self._by_connection.clear()

    def forget_connection(self, connection: object) -> tuple[list[SessionKey], set[str]]:
        """The sessions that were opened by a connection, and are still there; and the groups it was about."""
        keys = list(self._by_connection.pop(connection, ()))
        return keys, self._groups.pop(connection, set())

    def _existing(self, key: SessionKey) -> ShareSession:
        session = self._sessions.get(key)
        if session is None:
            raise ApiError(errors.SHARE_SESSION_NOT_FOUND)
        return session

    def _open(self, session: ShareSession) -> None:
        self.remove(session.key)
        if len(self._sessions) >= self._max_sessions():
            raise ApiError(errors.SHARE_SESSION_LIMIT_REACHED)
        self._sessions[session.key] = session
        self._by_connection.setdefault(session.connection, {})[session.key] = None
        self._groups.setdefault(session.connection, set()).add(session.key.group_id)
