"""Share sessions: epochs, what is answered, and how they end."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.errors import ApiError
from minikafka.protocol.messages import ShareFetchResponse
from minikafka.sharing.share_sessions import SessionKey, SessionPartition, ShareFetchContext, ShareSessions

KEY = SessionKey("g", "m")
TOPIC_ID = b"t" * 16


def partition(index: int) -> SessionPartition:
    return SessionPartition("t", TOPIC_ID, index)


def data(index: int, *, code: int = errors.NONE, has_records: bool = False) -> ShareFetchResponse.PartitionData:
    acquired = [ShareFetchResponse.AcquiredRecords(first_offset=0, last_offset=0, delivery_count=1)]
    return ShareFetchResponse.PartitionData(
        partition_index=index, error_code=code, acquired_records=acquired if has_records else []
    )


@pytest.fixture
def sessions() -> ShareSessions:
    return ShareSessions(lambda: 2)


def fetch(
    sessions: ShareSessions,
    epoch: int,
    *indexes: int,
    key: SessionKey = KEY,
    forgotten: tuple[int, ...] = (),
    connection: object = "c",
) -> ShareFetchContext:
    return sessions.context(
        key,
        epoch,
        [partition(index) for index in indexes],
        [(TOPIC_ID, index) for index in forgotten],
        connection,
        has_acknowledgements=False,
    )


def indexes_of(context: ShareFetchContext) -> list[int]:
    return [each.index for each in context.partitions]


def answered(context: ShareFetchContext, *with_records: int, failed: tuple[int, ...] = ()) -> list[int]:
    """The partitions an answer names, where these have records, or fail."""
    results = [
        (
            each,
            data(
                each.index,
                code=errors.KAFKA_STORAGE_ERROR if each.index in failed else 0,
                has_records=each.index in with_records,
            ),
        )
        for each in context.partitions
    ]
    code, found = context.finish(results)
    assert code == errors.NONE
    return [each.index for each, _ in found]


def refusal(sessions: ShareSessions, epoch: int, key: SessionKey = KEY) -> int:
    with pytest.raises(ApiError) as refused:
        fetch(sessions, epoch, key=key)
    return refused.value.code


def test_the_first_answer_names_everything(sessions: ShareSessions) -> None:
    assert answered(fetch(sessions, 0, 0, 1)) == [0, 1]


def test_later_ones_name_what_has_records_is_new_or_fails(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0, 1, 2)
    assert answered(fetch(sessions, 1), 1) == [1]
    assert answered(fetch(sessions, 2, 3)) == [3]
    assert answered(fetch(sessions, 3), failed=(2,)) == [2]
    assert answered(fetch(sessions, 4)) == [2], "that it fails no more"
    assert answered(fetch(sessions, 5)) == []


def test_a_partition_with_records_is_read_last_next_time(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0, 1, 2)
    answered(fetch(sessions, 1), 0)
    assert indexes_of(fetch(sessions, 2)) == [1, 2, 0]


def test_partitions_come_and_go(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0, 1)
    assert indexes_of(fetch(sessions, 1, 2, forgotten=(0,))) == [1, 2]
    assert indexes_of(fetch(sessions, 2, forgotten=(1, 2, 7))) == []
    assert indexes_of(fetch(sessions, -1)) == []


def test_epochs_count_up_and_begin_again_with_one(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0)
    assert refusal(sessions, 2) == errors.INVALID_SHARE_SESSION_EPOCH
    fetch(sessions, 1)
    sessions.acknowledges(KEY, 2)
    session = sessions.get(KEY)
    assert session is not None
    session.epoch = 2**31 - 1
    fetch(sessions, 2**31 - 1)
    fetch(sessions, 1)


def test_an_answer_to_a_request_that_was_overtaken_is_an_error(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0)
    overtaken = fetch(sessions, 1)
    fetch(sessions, 2)
    assert overtaken.finish([(overtaken.partitions[0], data(0))]) == (errors.INVALID_SHARE_SESSION_EPOCH, [])


def test_there_is_room_for_so_many(sessions: ShareSessions) -> None:
    for member in ("a", "b"):
        fetch(sessions, 0, 0, key=SessionKey("g", member))
    assert refusal(sessions, 0) == errors.SHARE_SESSION_LIMIT_REACHED
    fetch(sessions, 0, 0, key=SessionKey("g", "a"))
    sessions.remove(SessionKey("g", "b"))
    fetch(sessions, 0, 0)
    assert len(sessions) == 2


def test_a_connection_knows_the_sessions_it_opened(sessions: ShareSessions) -> None:
    other = SessionKey("h", "n")
    fetch(sessions, 0, 0, connection="c")
    fetch(sessions, 0, 0, key=other, connection="d")
    fetch(sessions, 0, 0, connection="d")
    assert sessions.forget_connection("c") == ([], {"g"}), "the member has come back by another"
    assert sessions.forget_connection("d") == ([other, KEY], {"g", "h"})
    assert sessions.forget_connection("d") == ([], set())


def test_a_connection_knows_the_group_of_a_session_that_is_closed(sessions: ShareSessions) -> None:
    fetch(sessions, 0, 0)
    sessions.remove(KEY)
    assert not sessions.has_members_of("g")
    assert sessions.forget_connection("c") == ([], {"g"})


def test_a_connection_that_has_served_several_groups_was_about_all_of_them(sessions: ShareSessions) -> None:
    for group_id in ("g", "h"):
        fetch(sessions, 0, 0, key=SessionKey(group_id, "a"))
        sessions.remove(SessionKey(group_id, "a"))
    assert sessions.forget_connection("c") == ([], {"g", "h"}), "else their share partitions would stay"
