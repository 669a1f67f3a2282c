"""Sessions outlive connections by their time-out; what comes over a connection is taken apart."""

from __future__ import annotations

import pytest

from minikafka.clock import ManualClock
from minikafka.zookeeper.framing import MAX_FRAME_BYTES, Framing, FramingError
from minikafka.zookeeper.messages import frame
from minikafka.zookeeper.sessions import Sessions


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sessions(clock: ManualClock) -> Sessions:
    return Sessions(clock, tick_ms=2000)


@pytest.mark.parametrize(("wanted_ms", "given_ms"), [(1, 4000), (10_000, 10_000), (10**9, 40_000)])
def test_time_outs_are_between_2_and_20_ticks(sessions: Sessions, wanted_ms: int, given_ms: int) -> None:
    assert sessions.open(wanted_ms).timeout_ms == given_ms


def test_a_client_comes_back_in_time(sessions: Sessions, clock: ManualClock) -> None:
    session = sessions.open(10_000)
    clock.advance(9_000)
    assert sessions.resume(session.session_id, session.password, 20_000) == session._replace(timeout_ms=20_000)
    clock.advance(19_000)
    assert [each.session_id for each in sessions.all()] == [session.session_id]


def test_a_client_comes_too_late(sessions: Sessions, clock: ManualClock) -> None:
    session = sessions.open(10_000)
    sessions.heard_of(session)
    clock.advance(10_001)
    assert sessions.resume(session.session_id, session.password, 10_000) is None
    assert sessions.all() == []


def test_a_session_is_not_given_to_another(sessions: Sessions) -> None:
    session, other = sessions.open(10_000), sessions.open(10_000)
    assert session.session_id != other.session_id
    assert sessions.resume(session.session_id, other.password, 10_000) is None
    sessions.close(session)
    assert sessions.resume(session.session_id, session.password, 10_000) is None


WORDS = frozenset({b"ruok"})


def test_frames_come_in_any_pieces() -> None:
    whole = frame(b"first") + frame(b"") + frame(b"third")
    for size in range(1, len(whole)):
        framing, found = Framing(WORDS), []
        for start in range(0, len(whole), size):
            framing.receive(whole[start : start + size])
            assert framing.word() is None
            found += framing.frames()
        assert found == [b"first", b"", b"third"]


def test_a_word_is_one_at_the_start_only() -> None:
    framing = Framing(WORDS)
    framing.receive(b"ru")
    assert framing.word() is None
    framing.receive(b"ok\n")
    assert framing.word() == b"ruok"
    assert list(framing.frames()) == []
    later = Framing(WORDS)
    later.receive(frame(b"first") + b"ruok")
    assert later.word() is None
    with pytest.raises(FramingError, match="b'ruok', which is no word"):
        list(later.frames())


@pytest.mark.parametrize("size", [-1, MAX_FRAME_BYTES])
def test_a_size_that_no_message_has(size: int) -> None:
    framing = Framing(WORDS)
    framing.receive(size.to_bytes(4, "big", signed=True))
    with pytest.raises(FramingError):
        list(framing.frames())
