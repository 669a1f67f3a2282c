"""Groups under any sequence of requests and deadlines: what was written gives back what was there."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from minikafka import errors
from minikafka.coordinator.classic import classic_group as states
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import Caller
from minikafka.coordinator.settings import GroupSettings
from minikafka.protocol.messages import TxnOffsetCommitRequest
from minikafka.records.batch import iter_batches
from minikafka.records.builder import CONTROL_COMMIT, control_type_of
from tests.coordinator.groups import Groups, Outcome, hard_state, subscription

GROUPS = st.sampled_from(["g", "h"])
INSTANCES = st.sampled_from([None, None, "x", "y"])
PROTOCOLS = st.sampled_from(
    [
        (("range", subscription("t")),),
        (("range", subscription("t", "u")), ("sticky", subscription())),
        (("sticky", subscription("t")), ("range", subscription("u"))),
    ]
)
TOPICS = st.sampled_from(["t", "u"])
PRODUCERS = st.sampled_from([7, 8])
INDEX = st.integers(0, 5)


class GroupMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.groups = Groups(offsets_retention_minutes=10, offsets_retention_check_interval_ms=60_000)
        self.waiting: dict[tuple[str, ...], Outcome[Any]] = {}
        """Of each member only the last request of a kind: a repeated one takes the place of the first (as in Kafka)."""
        self.groups.commit(0, group_id="first")

    def some_member(self, group_id: str, index: int) -> tuple[str, str | None, int]:
        """Member id, instance id, generation; an unknown member when there is none."""
        group = self.groups.shard.groups.get(group_id)
        members = [] if group is None else list(group.members.values())
        if group is None or not members:
            return "nobody", None, 0
        member = members[index % len(members)]
        return member.member_id, member.group_instance_id, group.generation_id

    @rule(group_id=GROUPS, instance=INSTANCES, protocols=PROTOCOLS, version=st.sampled_from([3, 5, 9]))
    def join_anew(self, group_id: str, instance: str | None, protocols: Any, version: int) -> None:
        outcome = self.groups.join(
            group_id=group_id, instance=instance if version >= 5 else None, protocols=protocols, version=version
        )
        if outcome.is_there and outcome.value.error_code == errors.MEMBER_ID_REQUIRED:
            assert version >= 4
            assert instance is None
            outcome = self.groups.join(outcome.value.member_id, group_id=group_id, protocols=protocols, version=version)
        group = self.groups.shard.groups[group_id]
        if not outcome.is_there:
            self.waiting["join", group_id, list(group.members)[-1]] = outcome

    @rule(group_id=GROUPS, index=INDEX, protocols=PROTOCOLS)
    def join_again(self, group_id: str, index: int, protocols: Any) -> None:
        member_id, instance, _ = self.some_member(group_id, index)
        self.waiting["join", group_id, member_id] = self.groups.join(
            member_id, group_id=group_id, instance=instance, protocols=protocols
        )

    @rule(group_id=GROUPS)
    def everybody_joins_again(self, group_id: str) -> None:
        group = self.groups.shard.groups.get(group_id)
        for member in list(group.members.values()) if group is not None else []:
            if group is not None and group.members.get(member.member_id) is member and member.awaiting_join is None:
                self.waiting["join", group_id, member.member_id] = self.groups.join(
                    member.member_id,
                    group_id=group_id,
                    instance=member.group_instance_id,
                    protocols=member.protocols,
                )

    @rule(group_id=GROUPS, index=INDEX)
    def sync(self, group_id: str, index: int) -> None:
        member_id, instance, generation_id = self.some_member(group_id, index)
        group = self.groups.shard.groups.get(group_id)
        assignments = {one: f"{one}@{generation_id}".encode() for one in group.members} if group is not None else {}
        self.waiting["sync", group_id, member_id] = self.groups.sync(
            member_id, generation_id, assignments, group_id=group_id, instance=instance, protocol_name=None
        )

    @rule(group_id=GROUPS, index=INDEX)
    def heartbeat(self, group_id: str, index: int) -> None:
        member_id, instance, generation_id = self.some_member(group_id, index)
        self.groups.heartbeat(member_id, generation_id, group_id=group_id, instance=instance)

    @rule(group_id=GROUPS, index=INDEX)
    def leave(self, group_id: str, index: int) -> None:
        member_id, instance, _ = self.some_member(group_id, index)
        self.groups.leave((member_id, instance), group_id=group_id)

    @rule(group_id=GROUPS, index=INDEX, topic=TOPICS, offset=st.integers(0, 100), as_member=st.booleans())
    def commit(self, group_id: str, index: int, topic: str, offset: int, as_member: bool) -> None:
        member_id, instance, generation_id = self.some_member(group_id, index) if as_member else ("", None, -1)
        self.groups.commit(
            offset,
            topic=topic,
            group_id=group_id,
            member_id=member_id,
            generation_id=generation_id,
            instance=instance,
            metadata="note" * (offset % 3),
        )

    @rule(group_id=GROUPS, topic=TOPICS, producer_id=PRODUCERS, offset=st.integers(0, 100))
    def commit_in_transaction(self, group_id: str, topic: str, producer_id: int, offset: int) -> None:
        request = _of_producer(producer_id, group_id)
        request.topics = [
            TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic(
                name=topic,
                partitions=[
                    TxnOffsetCommitRequest.TxnOffsetCommitRequestPartition(
                        partition_index=0, committed_offset=offset, committed_metadata=""
                    )
                ],
            )
        ]
        self.groups.coordinator.commit_transactional_offsets(Caller(3), request)

    @rule(producer_id=PRODUCERS, committed=st.booleans())
    def end_transaction(self, producer_id: int, committed: bool) -> None:
        assert self.groups.runtime.end_transaction(0, _of_producer(producer_id, "g"), 0, committed=committed) == 0

    @rule(group_id=GROUPS)
    def delete(self, group_id: str) -> None:
        self.groups.coordinator.delete_groups([group_id])

    @rule(duration_ms=st.sampled_from([1, 2_000, 9_000, 70_000, 700_000]))
    def wait(self, duration_ms: int) -> None:
        self.groups.advance(duration_ms)

    @rule()
    @precondition(lambda self: self.waiting)
    def restart(self) -> None:
        """Members that waited are gone, as with a broker that was killed."""
        self.groups.restart()
        self.waiting.clear()

    @invariant()
    def log_gives_the_state_back(self) -> None:
        live = hard_state(self.groups.shard)
        assert _settled(hard_state(self.loaded()), live) == _settled(live, live)

    @invariant()
    def record_by_record_is_as_good_as_the_loader(self) -> None:
        assert _noteworthy(hard_state(self.replayed())) == _noteworthy(hard_state(self.loaded()))

    @invariant()
    def groups_are_in_a_state_that_can_be(self) -> None:
        for group in self.groups.shard.groups.values():
            assert set(group.static_members.values()) <= set(group.members)
            assert group.pending_sync_members <= set(group.members)
            waiting = [member for member in group.members.values() if member.awaiting_join is not None]
            assert group.awaiting_join_count == len(waiting)
            assert not waiting or group.state == states.PREPARING_REBALANCE
            syncing = [member for member in group.members.values() if member.awaiting_sync is not None]
            assert not syncing or group.state == states.COMPLETING_REBALANCE
            assert (
                (group.leader_id in group.members)
                if group.members
                else group.state
                in (
                    states.EMPTY,
                    states.PREPARING_REBALANCE,
                )
            )

    def teardown(self) -> None:
        """Nobody waits for ever."""
        self.groups.advance(400_000)
        assert [key for key, outcome in self.waiting.items() if not outcome.is_there] == []

    def empty_shard(self) -> GroupShard:
        class NoTimers:
            def cancel(self, key: str) -> None:
                """Nothing runs while a log is read."""

        timers: Any = NoTimers()
        return GroupShard(timers, self.groups.clock, GroupSettings(self.groups.config), self.groups.topics)

    def loaded(self) -> GroupShard:
        shard, loader = self.empty_shard(), GroupLoader()
        for batch in self.groups.log.batches:
            loader.feed(batch)
        loader.finish(shard)
        return shard

    def replayed(self) -> GroupShard:
        shard = self.empty_shard()
        offset = 0
        records = iter(self.groups.log.records())
        for data in self.groups.log.batches:
            for batch in iter_batches(data):
                for record in batch:
                    if batch.is_control:
                        committed = control_type_of(record.key) == CONTROL_COMMIT
                        shard.replay_end_transaction_marker(batch.producer_id, committed=committed)
                    else:
                        shard.replay(*next(records), offset, batch.producer_id)
                    offset += 1
        return shard


def _of_producer(producer_id: int, group_id: str) -> TxnOffsetCommitRequest:
    return TxnOffsetCommitRequest(
        transactional_id="x", group_id=group_id, producer_id=producer_id, producer_epoch=0, topics=[]
    )


def _settled(state: dict[str, Any], live: dict[str, Any]) -> dict[str, Any]:
    """Of groups that are in a rebalance now, offsets only: the log has the generation before it."""
    settled = {
        group_id: one[-2:] if live.get(group_id, ("",))[0] == "rebalancing" else one for group_id, one in state.items()
    }
    return _noteworthy(settled)


def _noteworthy(state: dict[str, Any]) -> dict[str, Any]:
    """Without groups that never had a member and have lost their offsets: the next clean-up drops them."""
    nothing = [(states.EMPTY, 0, None, None, None, {}, None, {}, {}, []), ({}, [])]
    return {group_id: one for group_id, one in state.items() if one not in nothing}


GroupMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
test_groups = GroupMachine.TestCase
