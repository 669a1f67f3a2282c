"""What members of a share group get of a partition, and what becomes of it."""

from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.share_state.outcomes import Outcome, ReadState
from minikafka.coordinator.share_state.state_batches import StateBatch
from minikafka.pending import Pending
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from minikafka.sharing.acknowledgement import ACCEPT, GAP, REJECT, RELEASE, RENEW
from minikafka.sharing.acquisition import RECORD_LIMIT
from minikafka.sharing.share_partition import ACTIVE, FAILED
from tests.handlers.data_broker import NOW_MS
from tests.sharing.shared_log import SharedLog

AVAILABLE, ACKNOWLEDGED, ARCHIVED = 0, 2, 4
LOCK_MS = 30_000


@pytest.fixture
def shared() -> SharedLog:
    return SharedLog().load()


def outcome_of(pending: Outcome | Pending[Outcome]) -> list[Outcome]:
    """Filled when the outcome is there."""
    found: list[Outcome] = []
    assert isinstance(pending, Pending)
    pending.on_complete(found.append)
    return found


# --- acquiring


def test_a_record_is_given_to_one_member_only(shared: SharedLog) -> None:
    shared.produce(5)
    assert shared.fetch("a") == [(0, 4, 1)]
    assert shared.fetch("b") == []
    shared.produce(2)
    assert shared.fetch("b") == [(5, 6, 1)]


def test_whole_batches_are_given_up_to_the_one_that_fills_the_limit(shared: SharedLog) -> None:
    shared.produce(7, 7, 7)
    assert shared.fetch(max_records=10) == [(0, 13, 1)]
    assert shared.fetch(max_records=1) == [(14, 20, 1)]


def test_what_is_given_comes_in_parts_of_the_batch_size(shared: SharedLog) -> None:
    shared.produce(3, 3, 3, 1)
    assert shared.fetch(batch_size=5) == [(0, 5, 1), (6, 9, 1)]


def test_a_batch_size_of_nothing_means_batch_by_batch(shared: SharedLog) -> None:
    shared.produce(2, 2)
    assert shared.fetch(batch_size=0) == [(0, 1, 1), (2, 3, 1)]


def test_a_record_limit_is_kept_exactly(shared: SharedLog) -> None:
    shared.produce(7, 7)
    assert shared.fetch("a", max_records=3, mode=RECORD_LIMIT) == [(0, 2, 1)]
    assert shared.fetch("b", max_records=3, mode=RECORD_LIMIT) == [(3, 5, 1)]
    assert shared.fetch("a", max_records=3, mode=RECORD_LIMIT) == [(6, 6, 1), (7, 8, 1)]
    assert shared.acknowledge("a", (0, 2, ACCEPT), (6, 8, ACCEPT)) == errors.NONE
    assert shared.fetch("a") == [(9, 13, 1)]


def test_no_more_records_are_in_flight_than_there_are_locks() -> None:
    shared = SharedLog(**{"group.share.partition.max.record.locks": 100}).load()
    shared.produce(60, 60, 60)
    assert shared.fetch() == [(0, 119, 1)], "the batch that reaches the limit is whole"
    assert shared.fetch() == []
    shared.acknowledge("a", (50, 54, RELEASE))
    assert shared.fetch() == [(50, 54, 2)], "what is released within the limit is given again"
    shared.acknowledge("a", (0, 49, ACCEPT))
    assert shared.fetch() == [(120, 179, 1)]


def test_nothing_is_given_before_the_state_is_loaded() -> None:
    shared = SharedLog()
    shared.produce(3)
    assert shared.fetch() == []
    shared.load()
    assert shared.fetch() == [(0, 2, 1)]


# --- acknowledging


def test_accepted_records_are_settled_and_stored(shared: SharedLog) -> None:
    shared.produce(5, 5)
    shared.fetch()
    assert shared.acknowledge("a", (0, 4, ACCEPT)) == errors.NONE
    assert shared.stored == (0, [(0, 4, ACKNOWLEDGED, 1)])
    assert shared.acknowledge("a", (5, 9, ACCEPT)) == errors.NONE
    assert shared.partition.window.start_offset == 10
    assert shared.persister.delivery_complete_counts[shared.key] == 5


@pytest.mark.parametrize(("kind", "state"), [(GAP, ARCHIVED), (ACCEPT, ACKNOWLEDGED), (REJECT, ARCHIVED)])
def test_each_final_type_settles_a_record(shared: SharedLog, kind: int, state: int) -> None:
    shared.produce(3)
    shared.fetch()
    assert shared.acknowledge("a", (1, 1, kind)) == errors.NONE
    assert shared.stored == (0, [(1, 1, state, 1)])
    shared.clock.advance(LOCK_MS)
    assert shared.fetch("b") == [(0, 0, 2), (2, 2, 2)]


def test_released_records_go_to_whoever_comes_next(shared: SharedLog) -> None:
    shared.produce(5)
    shared.fetch("a")
    woken = shared.woken
    assert shared.acknowledge("a", (0, 4, [ACCEPT, RELEASE, RELEASE, ACCEPT, RELEASE])) == errors.NONE
    assert shared.woken > woken
    assert shared.fetch("b") == [(1, 2, 2), (4, 4, 2)]
    assert shared.stored == (
        0,
        [(0, 0, ACKNOWLEDGED, 1), (1, 2, AVAILABLE, 1), (3, 3, ACKNOWLEDGED, 1), (4, 4, AVAILABLE, 1)],
    )


@pytest.mark.parametrize(
    ("batches", "code", "sentence"),
    [
        ([(1, 3, ACCEPT)], errors.INVALID_RECORD_STATE, "Member is not the owner of offset"),
        ([(0, 1, ACCEPT), (2, 4, ACCEPT)], errors.INVALID_RECORD_STATE, "Member is not the owner of batch record"),
        (
            [(0, 5, ACCEPT)],
            errors.INVALID_REQUEST,
            "Batch record not found. The last offset in request is past acquired records.",
        ),
        (
            [(9, 9, ACCEPT)],
            errors.INVALID_REQUEST,
            "Batch record not found. The first offset in request is past acquired records.",
        ),
    ],
)
def test_a_request_that_is_wrong_anywhere_changes_nothing(
    shared: SharedLog, batches: list[tuple[int, int, int]], code: int, sentence: str
) -> None:
    shared.produce(2, 3)
    shared.fetch("a", max_records=1)
    shared.fetch("b", max_records=1)
    if len(batches) == 1 and batches[0][0] == 1:
        shared.acknowledge("b", (4, 4, ACCEPT))
    writes = shared.persister.writes
    outcome = shared.begin_acknowledge("a", *batches)
    assert outcome == Outcome(code, sentence)
    assert shared.persister.writes == writes
    assert shared.acknowledge("a", (0, 1, ACCEPT)) == errors.NONE


def test_what_is_not_acquired_cannot_be_acknowledged(shared: SharedLog) -> None:
    shared.produce(3)
    assert shared.acknowledge("a", (0, 0, ACCEPT)) == errors.INVALID_RECORD_STATE
    shared.fetch("a")
    shared.acknowledge("a", (0, 2, RELEASE))
    assert shared.begin_acknowledge("a", (0, 2, ACCEPT)) == Outcome(
        errors.INVALID_RECORD_STATE, "The batch cannot be acknowledged. The batch is not in the acquired state."
    )
    assert shared.begin_acknowledge("a", (0, 1, [ACCEPT, ACCEPT])).code == errors.INVALID_RECORD_STATE  # type: ignore[union-attr]


def test_what_is_settled_already_is_passed_over(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch()
    shared.acknowledge("a", (0, 2, ACCEPT))
    assert shared.acknowledge("a", (0, 2, ACCEPT)) == errors.NONE


def test_what_is_available_again_is_found_without_looking_at_all_that_is_in_flight(shared: SharedLog) -> None:
    shared.produce(*[2] * 200)
    shared.fetch("a", max_records=400, batch_size=2)
    assert shared.acknowledge("a", (100, 103, RELEASE), (301, 301, RELEASE)) == errors.NONE
    assert shared.fetch("b", max_records=3) == [(100, 101, 2), (102, 103, 2)]
    assert shared.batches_read == 2
    assert shared.fetch("b", max_records=3) == [(301, 301, 2)], "and there is nothing behind"


def test_what_compaction_removes_while_a_release_fails_is_counted_once(shared: SharedLog) -> None:
    shared.produce(1, 1, 1, 1)
    shared.fetch("a", batch_size=1)
    shared.acknowledge("a", (1, 1, RELEASE))
    shared.persister.is_slow = True
    shared.persister.refusal = Outcome(errors.KAFKA_STORAGE_ERROR)
    shared.begin_acknowledge("a", (2, 2, RELEASE))
    shared.partition.window.archive_missing(1, 3)
    shared.persister.finish()
    assert shared.partition.window.delivery_complete_count == 2, "the records 1 and 2"


# --- locks, in virtual time


def test_locks_that_time_out_together_are_written_as_one(shared: SharedLog) -> None:
    shared.produce(1, 1, 1, 1)
    assert len(shared.fetch(batch_size=1)) == 4
    shared.acknowledge("a", (1, 1, ACCEPT))
    writes = shared.persister.writes
    shared.clock.advance(LOCK_MS)
    assert shared.persister.writes == writes + 1
    assert shared.stored == (0, [(0, 0, AVAILABLE, 1), (1, 1, ACKNOWLEDGED, 1), (2, 3, AVAILABLE, 1)])


def test_a_lock_that_times_out_releases_what_it_still_holds(shared: SharedLog) -> None:
    shared.produce(4)
    shared.fetch("a")
    shared.acknowledge("a", (1, 1, ACCEPT))
    shared.clock.advance(LOCK_MS - 1)
    assert shared.fetch("b") == []
    woken = shared.woken
    shared.clock.advance(1)
    assert shared.woken > woken
    assert shared.stored == (0, [(0, 0, AVAILABLE, 1), (1, 1, ACKNOWLEDGED, 1), (2, 3, AVAILABLE, 1)])
    assert shared.acknowledge("a", (0, 0, ACCEPT)) == errors.INVALID_RECORD_STATE
    assert shared.fetch("b") == [(0, 0, 2), (2, 3, 2)]


def test_all_records_of_a_lock_are_stored_with_one_write(shared: SharedLog) -> None:
    shared.produce(50)
    shared.fetch("a", max_records=30, mode=RECORD_LIMIT)
    shared.clock.advance(LOCK_MS)
    assert shared.persister.writes == 1
    assert shared.stored == (0, [(0, 29, AVAILABLE, 1)])


def test_a_group_has_its_own_lock_duration() -> None:
    shared = SharedLog(group={"share.record.lock.duration.ms": "15000"}).load()
    shared.produce(1)
    shared.fetch("a")
    shared.clock.advance(15_000)
    assert shared.fetch("b") == [(0, 0, 2)]


@pytest.mark.parametrize("types", [RENEW, [RENEW, RENEW, RENEW]])
def test_a_renewed_lock_begins_again(shared: SharedLog, types: int | list[int]) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.clock.advance(LOCK_MS - 1)
    assert shared.acknowledge("a", (0, 2, types)) == errors.NONE
    assert shared.persister.writes == 0, "that is nothing to be stored"
    shared.clock.advance(LOCK_MS - 1)
    assert shared.fetch("b") == []
    shared.clock.advance(1)
    assert shared.fetch("b") == [(0, 2, 2)]


def test_some_records_of_a_batch_can_be_renewed(shared: SharedLog) -> None:
    shared.produce(4)
    shared.fetch("a")
    shared.clock.advance(20_000)
    assert shared.acknowledge("a", (0, 3, [RENEW, ACCEPT, RENEW, RELEASE])) == errors.NONE
    assert shared.fetch("b") == [(3, 3, 2)]
    shared.clock.advance(10_000)
    assert shared.fetch("c") == [], "the old lock is gone"
    shared.clock.advance(20_000)
    assert shared.fetch("c") == [(0, 0, 2), (2, 2, 2), (3, 3, 3)]


def test_no_lock_of_a_partition_that_was_given_up_runs_out(shared: SharedLog) -> None:
    shared.produce(1)
    shared.fetch("a")
    shared.partition.fence()
    shared.clock.advance(LOCK_MS)
    assert shared.persister.writes == 0


def test_a_timer_ends_with_the_last_record_of_its_lock(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.acknowledge("a", (0, 1, ACCEPT))
    assert shared.timers.next_deadline_ms() is not None
    shared.acknowledge("a", (2, 2, ACCEPT))
    assert shared.timers.next_deadline_ms() is None


# --- how often


def test_a_record_that_was_delivered_too_often_is_archived() -> None:
    shared = SharedLog(**{"group.share.delivery.count.limit": 2}).load()
    shared.produce(1)
    for count in (1, 2):
        assert shared.fetch() == [(0, 0, count)]
        shared.clock.advance(LOCK_MS)
    assert shared.fetch() == []
    assert shared.partition.window.start_offset == 1


def test_records_that_fail_are_given_out_in_smaller_and_smaller_parts(shared: SharedLog) -> None:
    """KIP-1240: with the limit 5, from three deliveries on half, and at last one by one."""
    shared.produce(8, 1)
    delivered = []
    for _ in range(8):
        acquired = shared.fetch()
        delivered.append(acquired)
        shared.acknowledge("a", *[(first, last, RELEASE) for first, last, _ in acquired])
    assert delivered[:3] == [[(0, 8, count)] for count in (1, 2, 3)]
    assert delivered[3:] == [[(0, 3, 4)], [(0, 0, 5)], [(1, 1, 5)], [(2, 2, 5)], [(3, 3, 5)]]


# --- members that go


def test_what_a_member_holds_is_released_when_it_goes(shared: SharedLog) -> None:
    shared.produce(3, 3)
    shared.fetch("a", max_records=1)
    shared.fetch("b", max_records=1)
    shared.acknowledge("a", (1, 1, ACCEPT))
    assert shared.partition.release("a") == Outcome()
    assert shared.fetch("c") == [(0, 0, 2), (2, 2, 2)]
    assert shared.acknowledge("b", (3, 5, ACCEPT)) == errors.NONE


# --- the persister


def test_records_are_not_given_again_before_their_release_is_stored(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.persister.is_slow = True
    outcome = outcome_of(shared.begin_acknowledge("a", (0, 2, RELEASE)))
    assert not outcome
    assert shared.fetch("b") == []
    assert shared.acknowledge("a", (0, 2, ACCEPT)) == errors.INVALID_RECORD_STATE
    shared.persister.finish()
    assert outcome == [Outcome()]
    assert shared.fetch("b") == [(0, 2, 2)]


def test_what_is_stored_is_taken_over_though_nobody_waits_for_it_any_more(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.persister.is_slow = True
    outcome = shared.begin_acknowledge("a", (0, 2, ACCEPT))
    assert isinstance(outcome, Pending)
    outcome.cancel()
    shared.persister.finish()
    assert shared.partition.window.start_offset == 3


def test_what_cannot_be_stored_has_not_happened(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.persister.refusal = Outcome(errors.COORDINATOR_LOAD_IN_PROGRESS, "loading")
    assert shared.begin_acknowledge("a", (0, 1, ACCEPT)) == Outcome(
        errors.COORDINATOR_NOT_AVAILABLE, "Error in write state RPC. loading"
    )
    shared.persister.refusal = None
    assert shared.fetch("b") == []
    assert shared.acknowledge("a", (0, 2, ACCEPT)) == errors.NONE
    assert shared.persister.delivery_complete_counts[shared.key] == 3


def test_a_lock_that_ran_out_meanwhile_counts_when_a_write_fails(shared: SharedLog) -> None:
    shared.produce(3)
    shared.fetch("a")
    shared.persister.is_slow = True
    shared.persister.refusal = Outcome(errors.COORDINATOR_NOT_AVAILABLE, "gone")
    outcome = outcome_of(shared.begin_acknowledge("a", (0, 2, ACCEPT)))
    shared.clock.advance(LOCK_MS)
    shared.persister.finish()
    assert outcome[0].code == errors.COORDINATOR_NOT_AVAILABLE
    shared.persister.refusal = None
    assert shared.fetch("b") == [(0, 2, 2)]


def test_a_write_that_fails_is_taken_back_whatever_else_happened_meanwhile(shared: SharedLog) -> None:
    shared.produce(6)
    shared.fetch("a")
    shared.persister.is_slow = True
    shared.persister.refusal = Outcome(errors.COORDINATOR_NOT_AVAILABLE, "gone")
    outcome = outcome_of(shared.begin_acknowledge("a", (0, 5, ACCEPT)))
    shared.log.delete_records_before(2)
    shared.partition.move_start_to(2)
    shared.clock.advance(LOCK_MS)
    shared.persister.finish()
    assert outcome[0].code == errors.COORDINATOR_NOT_AVAILABLE
    shared.persister.refusal = None
    assert shared.fetch("b") == [(2, 5, 2)]


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (errors.NOT_COORDINATOR, errors.COORDINATOR_NOT_AVAILABLE),
        (errors.FENCED_STATE_EPOCH, errors.NOT_LEADER_OR_FOLLOWER),
        (errors.FENCED_LEADER_EPOCH, errors.NOT_LEADER_OR_FOLLOWER),
        (errors.GROUP_ID_NOT_FOUND, errors.GROUP_ID_NOT_FOUND),
        (errors.UNKNOWN_TOPIC_OR_PARTITION, errors.UNKNOWN_TOPIC_OR_PARTITION),
        (errors.INVALID_REQUEST, errors.UNKNOWN_SERVER_ERROR),
    ],
)
def test_consumers_see_the_persisters_errors_as_their_own(code: int, seen: int) -> None:
    shared = SharedLog()
    shared.persister.read_refusal = ReadState(code, "why")
    assert shared.partition.maybe_initialize() == Outcome(seen, "why")
    assert shared.partition.state == FAILED
    assert shared.partition.fetch_offset() is None


def test_only_one_request_loads_the_state() -> None:
    shared = SharedLog()
    shared.persister.is_slow = True
    first = outcome_of(shared.partition.maybe_initialize())
    second = shared.partition.maybe_initialize()
    assert isinstance(second, Outcome)
    assert second.code == errors.LEADER_NOT_AVAILABLE
    shared.persister.finish()
    assert first == [Outcome()]
    assert shared.partition.state == ACTIVE


def test_nobody_holds_what_is_stored_as_acquired() -> None:
    shared = SharedLog()
    shared.produce(3)
    shared.persister.batches[shared.key] = (StateBatch(0, 2, 1, 1),)
    shared.load()
    assert shared.fetch() == [(0, 2, 2)]


def test_a_state_that_cannot_be_is_refused() -> None:
    shared = SharedLog()
    shared.persister.start_offsets[shared.key] = 5
    shared.persister.batches[shared.key] = (StateBatch(3, 4, AVAILABLE, 1),)
    assert shared.partition.maybe_initialize() == Outcome(
        errors.UNKNOWN_SERVER_ERROR, "Failed to initialize the share partition g-t-0"
    )


# --- restarts


def test_what_was_stored_is_what_is_left_after_a_restart(shared: SharedLog) -> None:
    shared.produce(10)
    shared.fetch("a")
    shared.acknowledge("a", (0, 1, ACCEPT), (4, 5, RELEASE), (7, 7, REJECT))
    shared.restart()
    assert shared.fetch("b") == [(2, 3, 1), (4, 5, 2), (6, 6, 1), (8, 9, 1)]
    shared.acknowledge("b", (2, 6, ACCEPT), (8, 9, ACCEPT))
    assert shared.partition.window.start_offset == 10


def test_gaps_between_what_was_stored_are_filled_after_a_restart_within_limits(shared: SharedLog) -> None:
    shared.produce(4, 4, 4, 4)
    shared.fetch("a")
    shared.acknowledge("a", (4, 7, ACCEPT), (12, 13, RELEASE))
    shared.restart()
    assert shared.fetch("b", max_records=2) == [(0, 3, 1)]
    assert shared.fetch("b", max_records=2) == [(8, 11, 1)]
    assert shared.fetch("b", max_records=1, mode=RECORD_LIMIT) == [(12, 12, 2)]
    assert shared.fetch("b") == [(13, 13, 2), (14, 15, 1)]


# --- where a group begins


def test_a_group_begins_at_the_end_unless_it_is_told_otherwise() -> None:
    shared = SharedLog()
    shared.persister.start_offsets[shared.key] = -1
    shared.produce(3)
    shared.load()
    shared.produce(2)
    assert shared.fetch() == [(3, 4, 1)]


def test_a_group_can_begin_at_the_start() -> None:
    shared = SharedLog(group={"share.auto.offset.reset": "earliest"})
    shared.persister.start_offsets[shared.key] = -1
    shared.produce(3)
    shared.load()
    assert shared.fetch() == [(0, 2, 1)]


def test_a_group_can_begin_some_time_ago() -> None:
    shared = SharedLog(group={"share.auto.offset.reset": "by_duration:PT1M"})
    shared.persister.start_offsets[shared.key] = -1
    now_ms = shared.clock.wall_ms()
    assert shared.partition.maybe_initialize().code == errors.OFFSET_NOT_AVAILABLE  # type: ignore[union-attr]
    shared.produce(2, timestamp=now_ms - 120_000)
    shared.produce(1, timestamp=now_ms - 30_000)
    shared.partition = shared.new_partition()
    shared.load()
    assert shared.fetch() == [(2, 2, 1)]


# --- the log


def test_records_that_were_deleted_are_not_waited_for(shared: SharedLog) -> None:
    shared.produce(5, 5, 5)
    shared.fetch("a", max_records=10)
    shared.acknowledge("a", (0, 4, RELEASE))
    shared.log.delete_records_before(7)
    shared.partition.move_start_to(7)
    assert shared.acknowledge("a", (5, 9, ACCEPT)) == errors.NONE, "what lies below the start is passed over"
    assert shared.fetch("b") == [(10, 14, 1)]
    shared.acknowledge("b", (10, 14, ACCEPT))
    assert shared.partition.window.start_offset == 15
    assert len(shared.partition.window) == 0
    assert shared.partition.window.delivery_complete_count == 0


def test_states_of_records_that_the_log_has_lost_do_not_hold_for_others(shared: SharedLog) -> None:
    shared.produce(4, 4)
    shared.fetch("a")
    shared.acknowledge("a", (2, 7, ACCEPT))
    shared.log.truncate_to(4)
    shared.restart()
    shared.produce(4)
    for _ in range(2):
        shared.restart()
        assert shared.fetch("b") == [(0, 1, 1), (4, 7, 1)]


def test_a_group_goes_on_where_a_log_ends_that_has_lost_records(shared: SharedLog) -> None:
    shared.produce(4, 4)
    shared.fetch("a")
    shared.acknowledge("a", (0, 7, ACCEPT))
    shared.produce(1)
    shared.fetch("a")
    shared.acknowledge("a", (8, 8, ACCEPT))
    assert shared.stored[0] == 8
    shared.log.truncate_to(4)
    shared.restart()
    shared.produce(4)
    for _ in range(2):
        shared.restart()
        assert shared.fetch("b") == [(4, 7, 1)]


def test_what_somebody_holds_below_the_log_goes_when_its_lock_does(shared: SharedLog) -> None:
    shared.produce(3, 3)
    shared.fetch("a")
    shared.log.delete_records_before(6)
    shared.partition.move_start_to(6)
    shared.clock.advance(LOCK_MS)
    assert shared.partition.window.start_offset == 6, "the window never goes back"
    shared.produce(1)
    assert shared.fetch("b") == [(6, 6, 1)]


def test_released_records_that_compaction_removed_are_archived(shared: SharedLog) -> None:
    shared.produce(2, 2, 2)
    shared.fetch("a")
    shared.acknowledge("a", (0, 5, RELEASE))
    offset = shared.partition.fetch_offset()
    assert offset == 0
    data = shared.log.read(4, 1 << 20)
    from minikafka.sharing.fetched_batches import FetchedBatches

    fetched = FetchedBatches.of(data, 5, 500, "t-0")
    acquired = shared.partition.acquire("b", offset, fetched, mode=0, max_records=500, batch_size=500)
    assert [tuple(each) for each in acquired] == [(4, 5, 2)]
    shared.acknowledge("b", (4, 5, ACCEPT))
    assert shared.partition.window.start_offset == 6


def compacted(shared: SharedLog, *batches: tuple[int, int]) -> None:
    """Records only at these (base offset, count), as compaction leaves them."""
    for base_offset, count in batches:
        records = [Record(offset, NOW_MS, None, b"v") for offset in range(base_offset, base_offset + count)]
        data = build_batch(records, base_offset=base_offset, partition_leader_epoch=0)
        shared.log.append(data, now_ms=NOW_MS, origin="replication")


def test_offsets_without_records_are_acknowledged_as_gaps(shared: SharedLog) -> None:
    compacted(shared, (0, 2), (10, 3))
    assert shared.fetch() == [(0, 12, 1)]
    assert shared.acknowledge("a", (0, 1, ACCEPT), (2, 9, GAP), (10, 12, ACCEPT)) == errors.NONE
    assert shared.partition.window.start_offset == 13


def test_a_group_does_not_wait_for_records_that_compaction_removed_before_it_read_them() -> None:
    shared = SharedLog()
    compacted(shared, (5, 5))
    shared.persister.batches[shared.key] = (StateBatch(5, 9, ACKNOWLEDGED, 1),)
    shared.load()
    assert shared.partition.fetch_offset() == 0
    assert shared.fetch() == []
    assert shared.partition.fetch_offset() == 10
    assert shared.partition.window.start_offset == 10


def test_gaps_that_were_deleted_are_not_read(shared: SharedLog) -> None:
    shared.produce(4, 4)
    shared.fetch("a")
    shared.acknowledge("a", (0, 1, ACCEPT), (4, 5, ACCEPT))
    shared.restart()
    shared.log.delete_records_before(4)
    assert shared.fetch() == [(6, 7, 1)]


def test_a_window_begins_where_records_do(shared: SharedLog) -> None:
    compacted(shared, (5, 2), (20, 2))
    shared.persister.batches[shared.key] = (StateBatch(6, 6, AVAILABLE, 1), StateBatch(20, 20, ACKNOWLEDGED, 1))
    shared.restart()
    assert shared.fetch() == [(5, 5, 1), (6, 6, 2), (7, 19, 1), (21, 21, 1)]
    shared.acknowledge("a", (5, 6, ACCEPT), (7, 19, GAP), (21, 21, ACCEPT))
    assert shared.partition.window.start_offset == 22


def test_readers_of_committed_records_are_spared_the_aborted_ones() -> None:
    shared = SharedLog(group={"share.isolation.level": "read_committed"}).load()
    producer = {"producer_id": 7, "producer_epoch": 0, "is_transactional": True}
    shared.produce(2)
    shared.produce(3, base_sequence=0, **producer)
    shared.end_transaction(7, commit=False)
    shared.produce(1)
    shared.produce(2, base_sequence=3, **producer)
    assert shared.fetch() == [(0, 1, 1), (5, 6, 1)], "the marker is for the consumer to pass over"
    shared.end_transaction(7, commit=True)
    assert shared.fetch() == [(7, 9, 1)]
    shared.acknowledge("a", (0, 1, ACCEPT), (5, 9, ACCEPT))
    assert shared.partition.window.start_offset == 10


def test_aborted_records_alone_do_not_use_up_the_locks() -> None:
    shared = SharedLog(
        group={"share.isolation.level": "read_committed"}, **{"group.share.partition.max.record.locks": 100}
    ).load()
    shared.produce(100, producer_id=7, producer_epoch=0, base_sequence=0, is_transactional=True)
    shared.end_transaction(7, commit=False)
    shared.produce(1)
    assert shared.fetch(max_records=100) == []
    assert shared.fetch() == [(100, 101, 1)]
