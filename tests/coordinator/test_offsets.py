from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.coordinator.result import Caller
from minikafka.errors import ApiError
from minikafka.protocol.messages import OffsetCommitValue, OffsetDeleteRequest, TxnOffsetCommitRequest
from tests.coordinator.groups import Groups, Outcome, hard_state, subscription

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TOPIC_ID = bytes(range(16))


@pytest.fixture
def groups() -> Groups:
    return Groups()


class Transactions:
    """Producers that commit offsets in transactions."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups

    def commit(
        self,
        producer_id: int,
        offset: int,
        *,
        topic: str = "t",
        group_id: str = "g",
        member_id: str = "",
        gen: int = -1,
    ) -> int:
        request = TxnOffsetCommitRequest(
            transactional_id="x",
            group_id=group_id,
            producer_id=producer_id,
            producer_epoch=0,
            generation_id=gen,
            member_id=member_id,
            topics=[
                TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
                            partition_index=0, committed_offset=offset, committed_metadata=None
                        )
                    ],
                )
            ],
        )
        response = Outcome(self.groups.coordinator.commit_transactional_offsets(Caller(3), request)).value
        code: int = response.topics[0].partitions[0].error_code
        return code

    def end(self, producer_id: int, *, committed: bool) -> None:
        producer = TxnOffsetCommitRequest(
            transactional_id="x", group_id="g", producer_id=producer_id, producer_epoch=0, topics=[]
        )
        assert self.groups.runtime.end_transaction(0, producer, 0, committed=committed) == 0


@pytest.fixture
def transactions(groups: Groups) -> Transactions:
    return Transactions(groups)


def delete(groups: Groups, *topics: str, group_id: str = "g") -> tuple[int, list[int]]:
    """Delete the offsets of partition 0 of the topics: (error code, error code of each)."""
    request = OffsetDeleteRequest(
        group_id=group_id,
        topics=[
            OffsetDeleteRequest.OffsetDeleteRequestTopic(
                name=topic, partitions=[OffsetDeleteRequest.OffsetDeleteRequestPartition(partition_index=0)]
            )
            for topic in topics
        ],
    )
    response = Outcome(groups.coordinator.delete_offsets(request)).value
    return response.error_code, [topic.partitions[0].error_code for topic in response.topics]


# Committing and fetching


def test_anyone_may_commit_for_a_group_without_members(groups: Groups) -> None:
    assert groups.commit(5, metadata="note", leader_epoch=3) == errors.NONE
    assert groups.fetch() == {("t", 0): (5, "note", errors.NONE)}
    (listed,) = groups.coordinator.list_groups([], []).groups
    assert (listed.group_id, listed.protocol_type, listed.group_state, listed.group_type) == (
        "g",
        "",
        "Empty",
        "classic",
    )


def test_commit_is_stored_in_kafkas_words(groups: Groups) -> None:
    groups.commit(5, metadata="note", leader_epoch=3, topic_id=TOPIC_ID)
    ((key, value),) = groups.log.records()
    assert (key.group, key.topic, key.partition) == ("g", "t", 0)
    assert value == OffsetCommitValue(
        offset=5, leader_epoch=3, metadata="note", commit_timestamp=groups.clock.wall_ms(), topic_id=TOPIC_ID
    )


def test_the_empty_group_id_has_offsets_too(groups: Groups) -> None:
    assert groups.commit(5, group_id="") == errors.NONE
    assert groups.fetch("") == {("t", 0): (5, "", errors.NONE)}


def test_unknown_group_has_no_offsets(groups: Groups) -> None:
    assert groups.fetch() == {}
    assert groups.fetch(topic_ids={"t": bytes(16)}) == {("t", 0): (-1, "", errors.NONE)}
    assert groups.shard.groups == {}


@pytest.mark.parametrize(("version", "code"), [(8, errors.ILLEGAL_GENERATION), (9, errors.GROUP_ID_NOT_FOUND)])
def test_member_of_a_group_that_is_gone_is_told_in_words_it_knows(groups: Groups, version: int, code: int) -> None:
    assert groups.commit(5, member_id="m", generation_id=1, version=version) == code


def test_only_members_commit_for_a_group_that_has_some(groups: Groups) -> None:
    (a,) = groups.stable()
    assert groups.commit(5) == errors.UNKNOWN_MEMBER_ID
    assert groups.commit(5, member_id="m", generation_id=1) == errors.UNKNOWN_MEMBER_ID
    assert groups.commit(5, member_id=a, generation_id=1) == errors.NONE


def test_member_may_commit_until_it_has_the_new_generation(groups: Groups) -> None:
    a, b = groups.stable(2)
    groups.join(a)
    assert groups.commit(5, member_id=b, generation_id=1) == errors.NONE
    groups.join(b)
    assert groups.commit(6, member_id=b, generation_id=1) == errors.ILLEGAL_GENERATION
    assert groups.commit(6, member_id=b, generation_id=2) == errors.REBALANCE_IN_PROGRESS


def test_long_metadata_is_refused(groups: Groups) -> None:
    assert groups.commit(1, metadata="x" * 4096) == errors.NONE
    assert groups.commit(2, metadata="x" * 4097) == errors.OFFSET_METADATA_TOO_LARGE
    assert groups.commit(3, metadata="é" * 4096) == errors.NONE
    assert groups.commit(4, metadata="\N{GRINNING FACE}" * 2049) == errors.OFFSET_METADATA_TOO_LARGE
    assert groups.fetch()["t", 0][0] == 3


def test_offset_of_a_topic_that_was_made_anew_does_not_count(groups: Groups) -> None:
    groups.commit(5, topic_id=TOPIC_ID)
    assert groups.fetch(topic_ids={"t": TOPIC_ID})["t", 0][0] == 5
    assert groups.fetch(topic_ids={"t": bytes(reversed(TOPIC_ID))})["t", 0][0] == -1
    groups.commit(6)
    assert groups.fetch(topic_ids={"t": TOPIC_ID})["t", 0][0] == 6


def test_commit_that_cannot_be_stored_changes_nothing(groups: Groups) -> None:
    groups.commit(5)
    groups.log.fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)
    assert groups.commit(6) == errors.NOT_COORDINATOR
    assert groups.fetch()["t", 0][0] == 5


# Transactions


def test_offset_of_an_open_transaction_does_not_count_yet(groups: Groups, transactions: Transactions) -> None:
    groups.commit(1)
    assert transactions.commit(7, 5) == errors.NONE
    assert groups.fetch() == {("t", 0): (1, "", errors.NONE)}
    assert groups.fetch(require_stable=True) == {("t", 0): (-1, "", errors.UNSTABLE_OFFSET_COMMIT)}
    transactions.end(7, committed=True)
    assert groups.fetch(require_stable=True) == {("t", 0): (5, "", errors.NONE)}


def test_offset_of_an_aborted_transaction_never_counts(groups: Groups, transactions: Transactions) -> None:
    transactions.commit(7, 5)
    transactions.end(7, committed=False)
    assert groups.fetch(require_stable=True) == {}


def test_of_a_plain_and_a_transactional_commit_the_later_one_counts(groups: Groups, transactions: Transactions) -> None:
    transactions.commit(7, 5)
    groups.commit(6)
    transactions.end(7, committed=True)
    assert groups.fetch()["t", 0][0] == 6
    groups.restart()
    assert groups.fetch()["t", 0][0] == 6


def test_transactions_of_several_producers(groups: Groups, transactions: Transactions) -> None:
    transactions.commit(7, 5)
    transactions.commit(8, 6)
    transactions.end(7, committed=True)
    assert groups.fetch(require_stable=True)["t", 0][2] == errors.UNSTABLE_OFFSET_COMMIT
    transactions.end(8, committed=False)
    assert groups.fetch(require_stable=True)["t", 0] == (5, "", errors.NONE)


def test_restart_keeps_open_transactions(groups: Groups, transactions: Transactions) -> None:
    groups.commit(1)
    transactions.commit(7, 5)
    transactions.commit(8, 6, topic="u")
    transactions.end(8, committed=True)
    before = hard_state(groups.shard)
    groups.restart()
    assert hard_state(groups.shard) == before
    transactions.end(7, committed=True)
    assert groups.fetch() == {("t", 0): (5, "", errors.NONE), ("u", 0): (6, "", errors.NONE)}


def test_transactional_commit_of_a_member(groups: Groups, transactions: Transactions) -> None:
    (a,) = groups.stable()
    assert transactions.commit(7, 5, member_id=a, gen=2) == errors.ILLEGAL_GENERATION
    assert transactions.commit(7, 5, member_id="m", gen=1) == errors.UNKNOWN_MEMBER_ID
    assert transactions.commit(7, 5, member_id=a, gen=1) == errors.NONE
    assert transactions.commit(7, 5) == errors.NONE
    assert transactions.commit(7, 5, group_id="gone", gen=1) == errors.ILLEGAL_GENERATION
    assert transactions.commit(7, 5, group_id="") == errors.INVALID_GROUP_ID


def test_transactional_commit_is_allowed_during_a_rebalance(groups: Groups, transactions: Transactions) -> None:
    (a, _) = groups.join_new()
    groups.advance(3_000)
    assert transactions.commit(7, 5, member_id=a, gen=1) == errors.NONE


# Deleting


def test_delete_offsets(groups: Groups) -> None:
    groups.commit(1)
    groups.commit(2, topic="u")
    assert delete(groups, "t", "never") == (errors.NONE, [errors.NONE, errors.NONE])
    assert groups.fetch() == {("u", 0): (2, "", errors.NONE)}
    groups.restart()
    assert groups.fetch() == {("u", 0): (2, "", errors.NONE)}


def test_delete_offsets_takes_pending_ones_along(groups: Groups, transactions: Transactions) -> None:
    transactions.commit(7, 5)
    transactions.commit(7, 6, topic="u")
    delete(groups, "t")
    transactions.end(7, committed=True)
    assert groups.fetch() == {("u", 0): (6, "", errors.NONE)}
    groups.restart()
    assert groups.fetch() == {("u", 0): (6, "", errors.NONE)}


def test_offsets_of_topics_that_are_read_cannot_be_deleted(groups: Groups) -> None:
    (a,) = groups.stable(protocols=[("range", subscription("t"))])
    groups.commit(1, member_id=a, generation_id=1)
    groups.commit(2, member_id=a, generation_id=1, topic="u")
    assert delete(groups, "t", "u") == (errors.NONE, [errors.GROUP_SUBSCRIBED_TO_TOPIC, errors.NONE])
    assert list(groups.fetch()) == [("t", 0)]


def test_offsets_of_live_groups_of_another_kind_cannot_be_deleted(groups: Groups) -> None:
    groups.stable(protocol_type="connect")
    assert delete(groups, "t") == (errors.NON_EMPTY_GROUP, [])
    assert delete(groups, "t", group_id="nobody") == (errors.GROUP_ID_NOT_FOUND, [])
    assert delete(groups, "t", group_id="") == (errors.INVALID_GROUP_ID, [])


def test_offsets_of_a_deleted_partition_are_forgotten(groups: Groups, transactions: Transactions) -> None:
    groups.commit(1)
    groups.commit(2, partition=1)
    groups.commit(3, group_id="other")
    transactions.commit(7, 4, group_id="third")
    groups.coordinator.on_topic_deleted("t", bytes(16), [0])
    transactions.end(7, committed=True)
    assert groups.fetch() == {("t", 1): (2, "", errors.NONE)}
    assert groups.fetch("other") == groups.fetch("third") == {}


# Expiration


def test_offsets_of_a_simple_group_expire_after_the_retention_and_the_group_with_them(groups: Groups) -> None:
    groups.commit(1)
    groups.advance(7 * DAY_MS - HOUR_MS)
    groups.commit(2, topic="u")
    groups.advance(2 * HOUR_MS)
    assert list(groups.fetch()) == [("u", 0)]
    groups.advance(7 * DAY_MS)
    assert groups.fetch() == {}
    assert groups.shard.groups == {}
    groups.restart()
    assert hard_state(groups.shard) == {}


def test_offsets_of_an_empty_group_expire_after_it_became_empty(groups: Groups) -> None:
    (a,) = groups.stable(session_timeout_ms=1_800_000)
    groups.commit(1, member_id=a, generation_id=1)
    for _ in range(8 * 72):
        groups.heartbeat(a, 1)
        groups.advance(HOUR_MS // 3)
    groups.leave((a, None))
    groups.advance(7 * DAY_MS - HOUR_MS)
    assert list(groups.fetch()) == [("t", 0)]
    groups.advance(2 * HOUR_MS)
    assert groups.fetch() == {}
    assert groups.shard.groups == {}


def test_of_a_live_group_offsets_expire_of_topics_that_it_does_not_read(groups: Groups) -> None:
    (a,) = groups.stable(session_timeout_ms=1_800_000, protocols=[("range", subscription("t"))])
    groups.commit(1, member_id=a, generation_id=1)
    groups.commit(2, member_id=a, generation_id=1, topic="u")
    for _ in range(8 * 72):
        groups.heartbeat(a, 1)
        groups.advance(HOUR_MS // 3)
    assert list(groups.fetch()) == [("t", 0)]


def test_offset_with_a_retention_of_its_own(groups: Groups) -> None:
    groups.commit(1, retention_time_ms=HOUR_MS, version=4)
    groups.commit(2, topic="u", version=4)
    ((_, first), (_, second)) = groups.log.records()
    assert first is not None
    assert first.expire_timestamp == groups.clock.wall_ms() + HOUR_MS
    assert second is not None
    assert second.expire_timestamp == -1
    groups.restart()
    groups.advance(HOUR_MS + 600_000)
    assert list(groups.fetch()) == [("u", 0)]


def test_offset_with_a_pending_commit_does_not_expire(groups: Groups, transactions: Transactions) -> None:
    groups.commit(1)
    transactions.commit(7, 2)
    groups.advance(8 * DAY_MS)
    assert list(groups.fetch()) == [("t", 0)]
    transactions.end(7, committed=False)
    groups.advance(HOUR_MS)
    assert groups.fetch() == {}


def test_many_expired_offsets_are_deleted_in_several_batches(groups: Groups) -> None:
    for partition in range(2_500):
        groups.commit(1, partition=partition)
    written = len(groups.log.batches)
    groups.advance(7 * DAY_MS + HOUR_MS)
    assert groups.fetch() == {}
    assert len(groups.log.batches) == written + 3
