"""ShareFetch and ShareAcknowledge: sessions, waiting, what comes along, and errors."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState
from minikafka.state.configurations import GROUP
from tests.handlers.share_broker import ClientConnection, ShareBroker, acquired, batches_in, partitions_of

ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4
LOCK_MS = 30_000


@pytest.fixture
def broker() -> ShareBroker:
    broker = ShareBroker()
    broker.create("t")
    return broker


def opened(broker: ShareBroker, **how: object) -> None:
    """A session of member a on the topic, with nothing acquired yet."""
    broker.share_fetch(0, [("t", 0)], **how)


# --- who may ask


@pytest.mark.parametrize("member", ["", "m" * 37, None])
def test_a_member_needs_an_id(broker: ShareBroker, member: str | None) -> None:
    assert broker.share_fetch(0, [("t", 0)], member=member).value.error_code == errors.INVALID_REQUEST


def test_no_share_groups_are_served_without_the_feature(broker: ShareBroker) -> None:
    broker.share_version = 0
    assert broker.share_fetch(0, [("t", 0)]).value.error_code == errors.UNSUPPORTED_VERSION
    assert broker.share_acknowledge(1).value.error_code == errors.UNSUPPORTED_VERSION


# --- sessions


def test_a_fetch_needs_a_session(broker: ShareBroker) -> None:
    assert broker.share_fetch(1).value.error_code == errors.SHARE_SESSION_NOT_FOUND
    assert broker.share_fetch(-1).value.error_code == errors.SHARE_SESSION_NOT_FOUND
    assert broker.share_acknowledge(1).value.error_code == errors.SHARE_SESSION_NOT_FOUND
    assert broker.share_acknowledge(0).value.error_code == errors.INVALID_SHARE_SESSION_EPOCH


def test_requests_of_a_session_count(broker: ShareBroker) -> None:
    opened(broker)
    assert broker.share_fetch(2).value.error_code == errors.INVALID_SHARE_SESSION_EPOCH
    assert broker.share_fetch(1).value.error_code == errors.NONE
    assert broker.share_acknowledge(1).value.error_code == errors.INVALID_SHARE_SESSION_EPOCH
    assert broker.share_acknowledge(2).value.error_code == errors.NONE
    assert broker.share_fetch(3).value.error_code == errors.NONE


def test_a_session_answers_what_has_changed(broker: ShareBroker) -> None:
    broker.create("u", 2)
    opened(broker)
    assert partitions_of(broker.share_fetch(1)) == {}
    assert set(partitions_of(broker.share_fetch(2, [("u", 0), ("u", 1)]))) == {("u", 0), ("u", 1)}, "new to it"
    broker.produce("t", 1)
    broker.produce("u", 1, index=1)
    assert set(partitions_of(broker.share_fetch(3, forgotten=[("t", 0)]))) == {("u", 1)}
    assert broker.share_fetch(0, [("t", 0)]).value.error_code == errors.NONE
    assert partitions_of(broker.share_fetch(1)) == {}, "a new session in place of the old one"


def test_there_is_no_room_for_more_sessions_than_configured() -> None:
    broker = ShareBroker(**{"group.share.max.share.sessions": 1, "group.share.max.size": 1})
    broker.create("t")
    opened(broker)
    answer = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=500)
    assert not answer.is_there, "whoever is refused at once is back at once"
    broker.clock.advance(500)
    assert answer.value.error_code == errors.SHARE_SESSION_LIMIT_REACHED
    broker.share_fetch(-1)
    assert broker.share_fetch(0, [("t", 0)], member="b").value.error_code == errors.NONE


def test_the_end_of_a_session_releases_what_the_member_holds(broker: ShareBroker) -> None:
    broker.produce("t", 4)
    opened(broker)
    broker.share_fetch(0, [("t", 0)], member="b")
    closed = broker.share_fetch(-1, acknowledged=[("t", 0, 0, 1, [ACCEPT])])
    assert partitions_of(closed)["t", 0].acknowledge_error_code == errors.NONE
    assert acquired(broker.share_fetch(1, member="b")) == [(2, 3, 2)]
    assert broker.share_fetch(1).value.error_code == errors.SHARE_SESSION_NOT_FOUND


def test_an_acknowledgement_can_end_a_session(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    answer = broker.share_acknowledge(-1, ("t", 0, 0, 0, [ACCEPT]))
    assert partitions_of(answer)["t", 0].error_code == errors.NONE
    assert acquired(broker.share_fetch(0, [("t", 0)], member="b")) == [(1, 1, 2)]


def test_a_lost_connection_ends_its_sessions(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    lost = ClientConnection()
    opened(broker, connection=lost)
    broker.share_fetch(0, [("t", 0)], member="b")
    waiting = broker.share_fetch(1, member="b", max_wait_ms=500, min_bytes=1)
    assert not waiting.is_there
    lost.close()
    assert acquired(waiting) == [(0, 1, 2)]
    assert broker.share_fetch(1).value.error_code == errors.SHARE_SESSION_NOT_FOUND


def test_a_group_without_members_is_forgotten_with_its_last_connection(broker: ShareBroker) -> None:
    opened(broker)
    assert len(broker.share_partitions) == 1
    broker.share_fetch(-1)
    assert len(broker.share_partitions) == 1
    broker.connection.close()
    assert len(broker.share_partitions) == 0
    assert len(broker.share_partitions.sessions) == 0


# --- fetching


@pytest.mark.parametrize("version", [1, 2])
def test_records_come_with_how_long_they_are_locked(broker: ShareBroker, version: int) -> None:
    broker.produce("t", 2, 3)
    answer = broker.share_fetch(0, [("t", 0)], version=version)
    assert acquired(answer) == [(0, 4, 1)]
    assert batches_in(answer) == [(0, 1), (2, 4)]
    assert answer.value.acquisition_lock_timeout_ms == LOCK_MS


def test_only_the_batches_of_what_was_acquired_come_along(broker: ShareBroker) -> None:
    broker.produce("t", 2, 2, 2, 2)
    opened(broker)
    broker.share_acknowledge(1, ("t", 0, 2, 5, [RELEASE]))
    assert batches_in(broker.share_fetch(2, max_records=3)) == [(2, 3), (4, 5)]
    broker.produce("t", 2, 2)
    answer = broker.share_fetch(3, max_records=1)
    assert (acquired(answer), batches_in(answer)) == ([(8, 9, 1)], [(8, 9)])


def test_a_record_limit_is_for_all_partitions_together(broker: ShareBroker) -> None:
    broker.create("u", 2)
    for index in range(2):
        broker.produce("u", 4, index=index)
    answer = broker.share_fetch(0, [("u", 0), ("u", 1)], max_records=5, share_acquire_mode=1)
    assert acquired(answer, "u", 0) == [(0, 3, 1)]
    assert acquired(answer, "u", 1) == [(0, 0, 1)]


def test_every_partition_has_its_turn_when_bytes_are_few(broker: ShareBroker) -> None:
    broker.create("u", 2)
    for index in range(2):
        broker.produce("u", 1, 1, 1, index=index)
    broker.share_fetch(0, [("u", 0), ("u", 1)], max_bytes=1)
    seen = {key for epoch in (1, 2) for key in partitions_of(broker.share_fetch(epoch, max_bytes=1))}
    assert seen == {("u", 0), ("u", 1)}


def test_nothing_is_fetched_without_room_for_it(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    assert partitions_of(broker.share_fetch(0, [("t", 0)], max_bytes=0)) == {}
    assert partitions_of(broker.share_fetch(1, max_records=0)) == {}
    assert acquired(broker.share_fetch(2)) == [(0, 0, 1)]


def test_partitions_there_are_not_are_named_with_each_answer(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    answer = broker.share_fetch(0, [("t", 0), ("t", 1), ("v", 0)])
    assert acquired(answer) == [(0, 0, 1)]
    for each in (answer, broker.share_fetch(1), broker.share_fetch(2)):
        found = partitions_of(each)
        assert found["t", 1].error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
        assert found["v", 0].error_code == errors.UNKNOWN_TOPIC_ID


def test_records_that_were_deleted_are_passed_over(broker: ShareBroker) -> None:
    broker.produce("t", 3, 3)
    log = broker.logs.get("t", 0)
    assert log is not None
    opened(broker, max_records=1)
    broker.share_acknowledge(1, ("t", 0, 0, 2, [RELEASE]))
    log.delete_records_before(4)
    assert partitions_of(broker.share_fetch(2)) == {}
    assert acquired(broker.share_fetch(3)) == [(4, 5, 1)]


def test_a_partition_that_another_broker_leads_is_said_to_be(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    broker.partitions_led_elsewhere.add(("t", 0))
    answer = broker.share_fetch(0, [("t", 0)])
    found = partitions_of(answer)["t", 0]
    assert found.error_code == errors.NOT_LEADER_OR_FOLLOWER
    assert (found.current_leader.leader_id, found.current_leader.leader_epoch) == (1, 0)
    assert [(each.node_id, each.host, each.port) for each in answer.value.node_endpoints] == [
        (1, "broker.example", 9092)
    ]


# --- waiting


def test_a_fetch_waits_for_records(broker: ShareBroker) -> None:
    opened(broker)
    answer = broker.share_fetch(1, max_wait_ms=500, min_bytes=1)
    assert not answer.is_there
    broker.produce("t", 2)
    assert acquired(answer) == [(0, 1, 1)]
    assert len(broker.purgatory) == 0


def test_a_fetch_waits_for_enough_bytes(broker: ShareBroker) -> None:
    opened(broker)
    answer = broker.share_fetch(1, max_wait_ms=500, min_bytes=100)
    broker.produce("t", 1)
    assert not answer.is_there
    broker.produce("t", 5)
    assert acquired(answer) == [(0, 5, 1)]


def test_a_fetch_ends_with_what_there_is(broker: ShareBroker) -> None:
    opened(broker)
    answer = broker.share_fetch(1, max_wait_ms=500, min_bytes=10_000)
    broker.produce("t", 1)
    broker.clock.advance(499)
    assert not answer.is_there
    broker.clock.advance(1)
    assert acquired(answer) == [(0, 0, 1)]


def test_who_waits_gets_what_others_release(broker: ShareBroker) -> None:
    broker.produce("t", 3)
    opened(broker)
    waiting = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=60_000, min_bytes=1)
    assert not waiting.is_there
    broker.share_acknowledge(1, ("t", 0, 1, 1, [RELEASE]))
    assert acquired(waiting) == [(1, 1, 2)]


def test_who_waits_gets_what_others_let_time_out(broker: ShareBroker) -> None:
    broker.produce("t", 3)
    opened(broker)
    waiting = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=60_000, min_bytes=1)
    broker.clock.advance(LOCK_MS)
    assert acquired(waiting) == [(0, 2, 2)]


def test_who_waits_for_locks_gets_records_when_others_are_settled() -> None:
    broker = ShareBroker(**{"group.share.partition.max.record.locks": 100})
    broker.create("t")
    broker.produce("t", 100, 1)
    opened(broker)
    waiting = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=500, min_bytes=1)
    assert not waiting.is_there
    broker.share_acknowledge(1, ("t", 0, 0, 9, [ACCEPT]))
    assert acquired(waiting) == [(100, 100, 1)]


def test_new_records_are_for_one_of_those_who_wait(broker: ShareBroker) -> None:
    opened(broker)
    first = broker.share_fetch(1, max_wait_ms=500, min_bytes=1)
    second = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=500, min_bytes=1)
    broker.produce("t", 1)
    assert acquired(first) == [(0, 0, 1)]
    assert not second.is_there
    broker.clock.advance(500)
    assert acquired(second) == []


def test_nothing_is_acquired_for_who_has_gone(broker: ShareBroker) -> None:
    opened(broker)
    answer = broker.share_fetch(1, max_wait_ms=500, min_bytes=1)
    answer.cancel()
    assert len(broker.purgatory) == 0
    broker.produce("t", 1)
    assert acquired(broker.share_fetch(0, [("t", 0)], member="b")) == [(0, 0, 1)]


def test_a_fetch_waits_for_the_state_to_be_loaded(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    broker.persister.is_slow = True
    answer = broker.share_fetch(0, [("t", 0)], max_wait_ms=500, min_bytes=1)
    other = broker.share_fetch(0, [("t", 0)], member="b", max_wait_ms=500, min_bytes=1)
    assert not answer.is_there
    broker.persister.finish()
    assert acquired(answer) == [(0, 0, 1)]
    assert not other.is_there


def test_a_state_that_cannot_be_loaded_is_tried_again_by_the_next(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    broker.persister.read_refusal = ReadState(errors.COORDINATOR_LOAD_IN_PROGRESS, "loading")
    answer = broker.share_fetch(0, [("t", 0)], max_wait_ms=500)
    assert partitions_of(answer)["t", 0].error_code == errors.COORDINATOR_NOT_AVAILABLE
    broker.persister.read_refusal = None
    assert acquired(broker.share_fetch(1)) == [(0, 0, 1)]


# --- acknowledging


def test_acknowledgements_come_along_with_a_fetch(broker: ShareBroker) -> None:
    broker.produce("t", 3)
    opened(broker)
    answer = broker.share_fetch(1, acknowledged=[("t", 0, 0, 0, [ACCEPT]), ("t", 0, 1, 2, [ACCEPT, RELEASE])])
    assert acquired(answer) == [(2, 2, 2)], "released, and acquired again with the same request"
    found = partitions_of(answer)["t", 0]
    assert (found.acknowledge_error_code, found.acknowledge_error_message) == (errors.NONE, None)
    answer = broker.share_fetch(2, acknowledged=[("t", 0, 1, 2, [ACCEPT])])
    found = partitions_of(answer)["t", 0]
    assert found.error_code == errors.NONE
    assert found.acknowledge_error_code == errors.NONE, "what is settled below the window is passed over"


def test_a_session_does_not_begin_with_acknowledgements(broker: ShareBroker) -> None:
    answer = broker.share_fetch(0, acknowledged=[("t", 0, 0, 0, [ACCEPT])])
    assert answer.value.error_code == errors.INVALID_REQUEST


@pytest.mark.parametrize(
    "wrong",
    [
        [("t", 0, 2, 1, [ACCEPT])],
        [("t", 0, 2, 3, [ACCEPT]), ("t", 0, 0, 1, [ACCEPT])],
        [("t", 0, 0, 1, [])],
        [("t", 0, 0, 2, [ACCEPT, ACCEPT])],
        [("t", 0, 0, 0, [5])],
        [("t", 0, 0, 0, [-1])],
        [("t", 0, 0, 0, [RENEW])],
    ],
)
def test_acknowledgements_that_make_no_sense_are_refused(
    broker: ShareBroker, wrong: list[tuple[str, int, int, int, list[int]]]
) -> None:
    broker.produce("t", 4)
    opened(broker)
    answer = broker.share_acknowledge(1, *wrong)
    assert partitions_of(answer)["t", 0].error_code == errors.INVALID_REQUEST
    fetched = partitions_of(broker.share_fetch(2, acknowledged=wrong))["t", 0]
    assert (fetched.error_code, fetched.acknowledge_error_code) == (errors.NONE, errors.INVALID_REQUEST)
    assert broker.share_acknowledge(3, ("t", 0, 0, 3, [ACCEPT])).value.error_code == errors.NONE


def test_each_partition_fares_by_itself(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    opened(broker)
    answer = broker.share_acknowledge(1, ("t", 0, 0, 0, [ACCEPT]), ("t", 3, 0, 0, [ACCEPT]), ("v", 0, 0, 0, [ACCEPT]))
    codes = {key: each.error_code for key, each in partitions_of(answer).items()}
    assert codes == {
        ("t", 0): errors.NONE,
        ("t", 3): errors.UNKNOWN_TOPIC_OR_PARTITION,
        ("v", 0): errors.UNKNOWN_TOPIC_ID,
    }
    assert answer.value.acquisition_lock_timeout_ms == LOCK_MS


def test_a_lock_is_renewed_without_fetching(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    broker.clock.advance(20_000)
    renewal = {"is_renew_ack": True, "acknowledged": [("t", 0, 0, 1, [RENEW])]}
    assert broker.share_fetch(1, **renewal).value.error_code == errors.INVALID_REQUEST
    answer = broker.share_fetch(1, **renewal, max_bytes=0, max_records=0)
    assert partitions_of(answer)["t", 0].acknowledge_error_code == errors.NONE
    broker.clock.advance(20_000)
    assert broker.share_acknowledge(2, ("t", 0, 0, 0, [RENEW]), is_renewal=True).value.error_code == errors.NONE
    broker.clock.advance(10_000)
    assert acquired(broker.share_fetch(0, [("t", 0)], member="b")) == [(1, 1, 2)]


def test_an_acknowledgement_is_answered_when_it_is_stored(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    broker.persister.is_slow = True
    acknowledged = broker.share_acknowledge(1, ("t", 0, 0, 0, [ACCEPT]))
    fetched = broker.share_fetch(2, acknowledged=[("t", 0, 1, 1, [ACCEPT])])
    assert not acknowledged.is_there
    assert not fetched.is_there
    broker.persister.finish()
    assert partitions_of(acknowledged)["t", 0].error_code == errors.NONE
    assert partitions_of(fetched)["t", 0].acknowledge_error_code == errors.NONE


def test_a_share_partition_that_is_fenced_is_loaded_anew(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    broker.persister.refusal = Outcome(errors.FENCED_STATE_EPOCH, "another epoch")
    answer = broker.share_acknowledge(1, ("t", 0, 0, 0, [ACCEPT]))
    found = partitions_of(answer)["t", 0]
    assert (found.error_code, found.error_message) == (
        errors.NOT_LEADER_OR_FOLLOWER,
        "Error in write state RPC. another epoch",
    )
    assert found.current_leader.leader_id == 1
    assert len(answer.value.node_endpoints) == 1
    broker.persister.refusal = None
    answer = broker.share_acknowledge(2, ("t", 0, 0, 0, [ACCEPT]))
    assert partitions_of(answer)["t", 0].error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
    assert acquired(broker.share_fetch(3)) == [(0, 1, 1)]


def test_a_topic_that_is_deleted_takes_its_share_partitions_along(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    topic = broker.image.topics_by_name.pop("t")
    del broker.image.topics_by_id[topic.topic_id]
    broker.share_partitions.forget_topic(topic.topic_id)
    assert len(broker.share_partitions) == 0
    assert partitions_of(broker.share_fetch(1))["t", 0].error_code == errors.UNKNOWN_TOPIC_OR_PARTITION
    broker.clock.advance(LOCK_MS)
    assert broker.persister.writes == 0


# --- settings and restarts


def test_a_group_has_settings_of_its_own(broker: ShareBroker) -> None:
    broker.produce("t", 1)
    broker.image.configs[GROUP, "g"] = {"share.record.lock.duration.ms": "15000"}
    answer = broker.share_fetch(0, [("t", 0)])
    assert answer.value.acquisition_lock_timeout_ms == 15_000
    del broker.image.configs[GROUP, "g"]
    assert broker.share_fetch(1).value.acquisition_lock_timeout_ms == LOCK_MS


def test_groups_do_not_know_of_each_other(broker: ShareBroker) -> None:
    broker.produce("t", 2)
    opened(broker)
    assert acquired(broker.share_fetch(0, [("t", 0)], group="h")) == [(0, 1, 1)]


def test_after_a_restart_members_begin_anew_with_what_is_stored(broker: ShareBroker) -> None:
    broker.produce("t", 3)
    opened(broker)
    broker.share_acknowledge(1, ("t", 0, 0, 1, [ACCEPT, RELEASE]))
    broker.restart()
    assert broker.share_fetch(2).value.error_code == errors.SHARE_SESSION_NOT_FOUND
    assert acquired(broker.share_fetch(0, [("t", 0)])) == [(1, 1, 2), (2, 2, 1)]


def test_nothing_is_left_when_share_groups_are_turned_off(broker: ShareBroker) -> None:
    opened(broker)
    broker.share_partitions.forget_everything()
    assert (len(broker.share_partitions), len(broker.share_partitions.sessions)) == (0, 0)
