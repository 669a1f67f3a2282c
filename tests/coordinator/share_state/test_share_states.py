"""What outlasts the process, what time does, and what happens when the log does not play along. What is answered to
whom is compared with Kafka's answers in ``test_against_kafka``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState, ReadSummary
from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.errors import ApiError
from minikafka.pending import Pending
from minikafka.protocol import stored
from minikafka.protocol.messages import ShareSnapshotKey, ShareSnapshotValue, ShareUpdateKey
from tests.coordinator.share_state.memory_states import MemoryStates

MINUTE_MS = 60_000
ACKNOWLEDGED = 2


@pytest.fixture
def states() -> MemoryStates:
    states = MemoryStates()
    states.topics.put("t", 3)
    return states


def topic_id(states: MemoryStates, name: str = "t") -> bytes:
    found: bytes = states.topics.topics_by_name[name].topic_id
    return found


def initialize(states: MemoryStates, partition: int = 0, state_epoch: int = 1, start_offset: int = 0, **of: str) -> Any:
    group = of.get("group", "g")
    return states.coordinator.initialize(
        group, topic_id(states, of.get("topic", "t")), partition, state_epoch, start_offset
    )


def write(states: MemoryStates, *batches: tuple[int, int, int, int], partition: int = 0, start_offset: int = -1) -> Any:
    return states.coordinator.write(
        "g",
        topic_id(states),
        partition,
        state_epoch=1,
        leader_epoch=0,
        start_offset=start_offset,
        delivery_complete_count=0,
        batches=[StateBatch(*batch) for batch in batches],
    )


def read(states: MemoryStates, partition: int = 0, leader_epoch: int = 0) -> Any:
    return states.coordinator.read("g", topic_id(states), partition, leader_epoch)


def kinds(states: MemoryStates) -> str:
    """The records in their order: S for a snapshot, U for an update, - for a tombstone."""
    return "".join(
        "-" if value is None else "U" if isinstance(key, ShareUpdateKey) else "S" for key, value in states.records()
    )


# Restarts


def test_a_state_outlasts_a_kill(states: MemoryStates) -> None:
    initialize(states, start_offset=5)
    write(states, (5, 9, ACKNOWLEDGED, 1), start_offset=6)
    states.restart()
    assert read(states) == ReadState(state_epoch=1, start_offset=6, batches=(StateBatch(6, 9, ACKNOWLEDGED, 1),))


def test_fences_outlast_a_kill(states: MemoryStates) -> None:
    initialize(states, state_epoch=4)
    read(states, leader_epoch=7)
    states.restart()
    assert read(states, leader_epoch=6).code == errors.FENCED_LEADER_EPOCH
    assert initialize(states, state_epoch=3).code == errors.FENCED_STATE_EPOCH


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("initialize"), st.integers(0, 2), st.integers(0, 20)),
        st.tuples(st.just("write"), st.integers(0, 2), st.integers(-1, 20)),
        st.tuples(st.just("read"), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("wait"), st.just(0), st.integers(0, 10)),
    ),
    max_size=40,
)


@given(OPERATIONS, st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_the_log_tells_all_also_without_what_is_redundant(operations: list[Any], updates_per_snapshot: int) -> None:
    states = MemoryStates(snapshot_update_records_per_snapshot=updates_per_snapshot)
    states.topics.put("t", 3)
    for name, partition, number in operations:
        if name == "initialize":
            initialize(states, partition, start_offset=number)
        elif name == "write":
            write(states, (number + 1, number + 5, ACKNOWLEDGED, 1), partition=partition, start_offset=number)
        elif name == "read":
            read(states, partition, leader_epoch=number)
        elif name == "delete":
            states.coordinator.delete("g", topic_id(states), partition)
        else:
            states.clock.advance(number * MINUTE_MS)
            states.run_on_shards(lambda shard: shard.snapshot_cold())
    before = states.table()
    states.restart()
    after = states.table()
    assert (after.states, after.leader_epochs, after.state_epochs, after.update_counts) == (
        before.states,
        before.leader_epochs,
        before.state_epochs,
        before.update_counts,
    )
    assert after.redundant.end == before.redundant.end
    states.forget_records_before(after.redundant.end)
    states.restart()
    assert states.table().states == before.states


def test_a_state_whose_snapshot_is_gone_is_what_its_updates_say(states: MemoryStates) -> None:
    """Kafka does the same with it."""
    initialize(states)
    write(states, (0, 3, ACKNOWLEDGED, 1), start_offset=2)
    states.forget_records_before(1)
    states.restart()
    assert read(states) == ReadState(start_offset=2, batches=(StateBatch(2, 3, ACKNOWLEDGED, 1),))


# Loading


class Later:
    """A ``RunBlocking`` that works when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Any]] = []

    def __call__(self, work: Callable[[], Any], on_done: Any = None) -> None:
        self.waiting.append((work, on_done))

    def run(self) -> None:
        for work, on_done in self.waiting:
            try:
                result = work()
            except Exception as error:
                on_done(None, error)
            else:
                on_done(result, None)


def arriving(promise: Pending[Any]) -> list[Any]:
    """A list that gets the value when it is there."""
    values: list[Any] = []
    promise.on_complete(values.append)
    return values


def test_what_is_asked_while_states_are_loaded_waits_for_them(states: MemoryStates) -> None:
    initialize(states, start_offset=5)
    workers = Later()
    states.restart(workers)
    answers = [arriving(write(states, (5, 6, 2, 1))), arriving(read(states)), arriving(read(states, partition=1))]
    assert answers == [[], [], []]
    workers.run()
    assert answers[0] == [Outcome()]
    assert answers[1][0].batches == (StateBatch(5, 6, 2, 1),), "in the order in which they came"
    assert answers[2][0].code == errors.INVALID_REQUEST


def test_who_waits_is_sent_away_when_the_broker_stops(states: MemoryStates) -> None:
    initialize(states)
    workers = Later()
    states.restart(workers)
    answer = arriving(read(states))
    states.runtime.stop()
    sentence = "Unable to read share group state: The coordinator is not available."
    assert answer == [ReadState(errors.COORDINATOR_NOT_AVAILABLE, sentence)]
    workers.run()
    assert read(states).code == errors.COORDINATOR_NOT_AVAILABLE


def test_while_loading_is_held_clients_are_told_to_come_again(states: MemoryStates) -> None:
    initialize(states, start_offset=5)
    states.runtime.hold_loading(0)
    assert read(states).code == errors.COORDINATOR_LOAD_IN_PROGRESS
    states.runtime.release_loading(0)
    assert read(states).start_offset == 5


def test_a_damaged_log_takes_its_states_away(states: MemoryStates, caplog: pytest.LogCaptureFixture) -> None:
    initialize(states)
    key = ShareSnapshotKey(group_id="g", topic_id=topic_id(states), partition=0)
    states.append_record(stored.encode_key(key), b"\0\0\x01")
    workers = Later()
    states.restart(workers)
    answer = arriving(read(states))
    workers.run()
    assert answer[0].code == errors.NOT_COORDINATOR
    assert "Cannot load __share_group_state-0" in caplog.text
    assert initialize(states).code == errors.NOT_COORDINATOR


def test_records_nobody_knows_are_left_alone(states: MemoryStates, caplog: pytest.LogCaptureFixture) -> None:
    initialize(states, start_offset=3)
    states.append_record(b"\0\x63of a later Kafka", b"\0\0")
    states.append_record(None, b"no key")
    update = ShareUpdateKey(group_id="g", topic_id=topic_id(states), partition=0)
    states.append_record(stored.encode_key(update), None)
    with caplog.at_level(logging.WARNING):
        states.restart()
    assert "Skipping the record at offset 1 of the share group state" in caplog.text
    assert read(states).start_offset == 3


# A log that fails


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (errors.KAFKA_STORAGE_ERROR, errors.NOT_COORDINATOR),
        (errors.NOT_ENOUGH_REPLICAS, errors.COORDINATOR_NOT_AVAILABLE),
        (errors.RECORD_LIST_TOO_LARGE, errors.UNKNOWN_SERVER_ERROR),
    ],
)
def test_what_cannot_be_written_has_not_happened(states: MemoryStates, failure: int, code: int) -> None:
    initialize(states, start_offset=1)
    asked: dict[str, Callable[[], Any]] = {
        "write share group state": lambda: write(states, (1, 5, 2, 1), start_offset=4),
        "initialize share group state": lambda: initialize(states, state_epoch=2),
        "delete share group state": lambda: states.coordinator.delete("g", topic_id(states), 0),
        "read share group state": lambda: read(states, leader_epoch=5),
    }
    for what, ask in asked.items():
        states.logs.logs[0].fail_next = ApiError(failure)
        assert ask()[:2] == (code, f"Unable to {what}: {errors.message_of(failure)}")
    assert read(states) == ReadState(state_epoch=1, start_offset=1)
    assert kinds(states) == "S"


def test_a_partition_without_a_log_is_not_coordinated_here() -> None:
    states = MemoryStates(partitions=0)
    states.topics.put("t", 1)
    sentence = "Unable to read share group state summary: This is not the correct coordinator."
    assert states.coordinator.read_summary("g", topic_id(states), 0, 0) == ReadSummary(errors.NOT_COORDINATOR, sentence)


# Snapshots and updates


@pytest.mark.parametrize(("limit", "expected"), [(0, "SSSSSSS"), (1, "SUUSUSU"), (2, "SUUUSUU"), (500, "SUUUUUU")])
def test_so_many_updates_are_followed_by_a_snapshot(limit: int, expected: str) -> None:
    states = MemoryStates(snapshot_update_records_per_snapshot=limit)
    states.topics.put("t", 1)
    initialize(states)
    for offset in range(6):
        write(states, (offset, offset, ACKNOWLEDGED, 1))
    assert kinds(states) == expected
    assert read(states).batches == (StateBatch(0, 5, ACKNOWLEDGED, 1),)


def test_what_is_cold_is_written_once_more(states: MemoryStates) -> None:
    initialize(states)
    initialize(states, partition=1)
    states.clock.advance(4 * MINUTE_MS)
    initialize(states, partition=2)
    states.clock.advance(MINUTE_MS)
    states.run_on_shards(lambda shard: shard.snapshot_cold())
    assert [(key.partition, value.snapshot_epoch) for key, value in list(states.records())[3:]] == [(0, 1), (1, 1)]
    states.clock.advance(4 * MINUTE_MS)
    states.run_on_shards(lambda shard: shard.snapshot_cold())
    (_, value) = list(states.records())[-1]
    assert isinstance(value, ShareSnapshotValue)
    assert value.write_timestamp - value.create_timestamp == 5 * MINUTE_MS
    states.clock.advance(60 * MINUTE_MS)
    states.run_on_shards(lambda shard: shard.snapshot_cold())
    assert kinds(states) == "SSSSSS", "there is nothing that has changed since"


# Deleted topics


def test_states_of_a_deleted_topic_are_forgotten(states: MemoryStates) -> None:
    states.topics.put("u", 1)
    initialize(states)
    initialize(states, topic="u")
    initialize(states, group="h")
    gone = topic_id(states)
    states.topics.delete("t")
    states.run_on_shards(lambda shard: shard.forget_topics({gone}))
    assert kinds(states) == "SSS--"
    assert [key.topic_id for key in states.table().states] == [topic_id(states, "u")]


def test_a_topic_deleted_while_nobody_looked_is_forgotten_at_the_next_load(states: MemoryStates) -> None:
    initialize(states)
    states.topics.delete("t")
    states.restart()
    assert (kinds(states), states.table().states) == ("S-", {})
    states.restart()
    assert kinds(states) == "S-", "once is enough"
