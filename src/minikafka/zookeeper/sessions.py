"""Sessions: they outlive a connection by their time-out, and a client that comes back in time goes on in its own."""

from __future__ import annotations

import os

from minikafka.clock import Clock
from minikafka.named_tuple import NamedTuple

PASSWORD_BYTES = 16


class Session(NamedTuple):
    session_id: int
    timeout_ms: int
    password: bytes


class Sessions:
    """Time-outs are held between 2 and 20 ticks, as ZooKeeper holds them."""

    def __init__(self, clock: Clock, tick_ms: int) -> None:
        self.min_timeout_ms = 2 * tick_ms
        self.max_timeout_ms = 20 * tick_ms
        self._clock = clock
        self._sessions: dict[int, Session] = {}
        self._deadlines_ms: dict[int, int] = {}
        self._expired: list[int] = []
        # As ZooKeeper forms them: a byte for the server, five for the time of its start, two to count.
        self._next_id = (clock.wall_ms() & 0xFFFFFFFFFF) << 16

    def __len__(self) -> int:
        return len(self._sessions)

    def all(self) -> list[Session]:
        self.drop_expired()
        return list(self._sessions.values())

    def open(self, wanted_timeout_ms: int) -> Session:
        timeout_ms = self._negotiated(wanted_timeout_ms)
        session = Session(self._next_id, timeout_ms, os.urandom(PASSWORD_BYTES))
        self._next_id += 1
        self._sessions[session.session_id] = session
        self.heard_of(session)
        return session

    def resume(self, session_id: int, password: bytes, wanted_timeout_ms: int) -> Session | None:
        """The session of a client that comes back; None when it has ended, or was another's."""
        self.drop_expired()
        session = self._sessions.get(session_id)
        if session is None or session.password != password:
            return None
        session = session._replace(timeout_ms=self._negotiated(wanted_timeout_ms))
        self._sessions[session_id] = session
        self.heard_of(session)
        return session

    def heard_of(self, session: Session) -> None:
        """A request came in it: it lives on for another time-out."""
        self._deadlines_ms[session.session_id] = self._clock.monotonic_ms() + session.timeout_ms

    def close(self, session: Session) -> None:
        self._sessions.pop(session.session_id, None)
        self._deadlines_ms.pop(session.session_id, None)

    def _negotiated(self, wanted_ms: int) -> int:
        return max(self.min_timeout_ms, min(wanted_ms, self.max_timeout_ms))

    def take_expired(self) -> list[int]:
        """The ids of sessions that have ended by themselves since this was last asked."""
        self.drop_expired()
        expired, self._expired = self._expired, []
        return expired

    def drop_expired(self) -> None:
        """End those that nothing was heard of for their time-out."""
        now_ms = self._clock.monotonic_ms()
        for session_id in [each for each, deadline_ms in self._deadlines_ms.items() if deadline_ms < now_ms]:
            del self._sessions[session_id], self._deadlines_ms[session_id]
            self._expired.append(session_id)
