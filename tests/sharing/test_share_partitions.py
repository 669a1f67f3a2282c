"""Which share partitions are kept, and when they are forgotten."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome
from minikafka.pending import Pending
from minikafka.sharing.share_partition import FENCED, SharePartition
from minikafka.sharing.share_partitions import SharePartitions
from minikafka.sharing.share_sessions import SessionKey, SessionPartition
from tests.sharing.shared_log import GROUP_ID, SharedLog


class Loaded:
    """One share partition of a ``SharePartitions``; ``woken`` are those that were said to have changed."""

    def __init__(self) -> None:
        self.shared = SharedLog()
        self.woken: list[object] = []
        self.partitions = SharePartitions(
            self.shared.persister, self.shared.settings, self.shared.clock, self.shared.timers, self.woken.append
        )

    def load(self) -> SharePartition:
        partition, outcome = self.partitions.of_fetch(self.shared.key, self.shared.log)
        assert outcome == Outcome()
        return partition


@pytest.fixture
def loaded() -> Loaded:
    return Loaded()


def test_a_share_partition_is_loaded_once(loaded: Loaded) -> None:
    assert loaded.load() is loaded.load()
    assert len(loaded.partitions) == 1


def test_what_is_in_flight_moves_with_the_log(loaded: Loaded) -> None:
    partition = loaded.load()
    other_log = loaded.shared.broker.create("u")
    moved, _ = loaded.partitions.of_fetch(loaded.shared.key, other_log)
    assert moved is partition
    assert moved.log is other_log


@pytest.mark.parametrize("reason", ["topic", "partition", "group", "everything"])
def test_a_share_partition_that_is_forgotten_gives_out_nothing(loaded: Loaded, reason: str) -> None:
    partition = loaded.load()
    key = loaded.shared.key
    if reason == "topic":
        loaded.partitions.forget_topic(key.topic_id)
    elif reason == "partition":
        loaded.partitions.forget_partition(key.topic_id, key.partition)
    elif reason == "group":
        loaded.partitions.forget_group(key.group_id)
    else:
        loaded.partitions.forget_everything()
    assert partition.state == FENCED
    assert partition.fetch_offset() is None
    assert loaded.woken == [partition], "whoever waits for it"
    assert loaded.load() is not partition


def test_others_are_not_forgotten_with_it(loaded: Loaded) -> None:
    partition = loaded.load()
    key = loaded.shared.key
    loaded.partitions.forget_topic(b"u" * 16)
    loaded.partitions.forget_partition(key.topic_id, key.partition + 1)
    loaded.partitions.forget_group("h")
    assert loaded.load() is partition


def test_one_that_could_not_be_loaded_is_begun_anew(loaded: Loaded) -> None:
    persister = loaded.shared.persister
    persister.is_slow = True
    first, outcome = loaded.partitions.of_fetch(loaded.shared.key, loaded.shared.log)
    assert isinstance(outcome, Pending)
    second, waits = loaded.partitions.of_fetch(loaded.shared.key, loaded.shared.log)
    assert second is first
    assert isinstance(waits, Outcome)
    assert waits.code == errors.LEADER_NOT_AVAILABLE
    loaded.partitions.forget_topic(loaded.shared.key.topic_id)
    persister.finish()
    assert first.state == FENCED, "what comes too late is not taken"
    persister.is_slow = False
    assert loaded.load() is not first


def test_a_member_that_closes_its_session_holds_nothing(loaded: Loaded) -> None:
    loaded.shared.produce(2)
    loaded.shared.partition = loaded.load()
    session = SessionKey(GROUP_ID, "a")
    key = loaded.shared.key
    wanted = [SessionPartition("t", key.topic_id, key.partition), SessionPartition("t", key.topic_id, 7)]
    loaded.partitions.sessions.context(session, 0, wanted, [], "c", has_acknowledgements=False)
    assert loaded.shared.fetch("a") == [(0, 1, 1)]
    loaded.partitions.close_session(session)
    loaded.partitions.close_session(session)
    assert loaded.shared.fetch("b") == [(0, 1, 2)]


def test_an_acknowledgement_of_what_is_not_loaded_is_refused(loaded: Loaded) -> None:
    key = loaded.shared.key
    outcomes = loaded.partitions.acknowledge(SessionKey(GROUP_ID, "a"), {(key.topic_id, key.partition): []})
    assert outcomes == {
        (key.topic_id, key.partition): Outcome(
            errors.UNKNOWN_TOPIC_OR_PARTITION, "This server does not host this topic-partition."
        )
    }
