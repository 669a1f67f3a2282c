"""Groups whose members use both protocols, under any sequence of requests, departures, deadlines and restarts.

Nobody ever has a partition that another one has; the log gives the groups back, read at once or record by record; and
members that go on come to share everything, whatever kind of group that is.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from minikafka import errors
from minikafka.coordinator.classic.classic_group import STABLE, ClassicGroup
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from tests.coordinator.classic.classic_consumers import ClassicConsumer, settle_all
from tests.coordinator.consumer.consumers import Consumer, consumer_state
from tests.coordinator.groups import Groups

TOPICS = st.sampled_from([["t"], ["t"], ["u"], ["t", "u"]])
KINDS = st.sampled_from(["new", "cooperative", "eager"])
INSTANCES = st.sampled_from([None, None, None, "x", "y"])
POLICIES = st.sampled_from([*["bidirectional"] * 5, "upgrade", "downgrade", "disabled"])
INDEX = st.integers(0, 4)
MAX_CONSUMERS = 5


class MigrationMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.consumers: list[Any] = []
        self.next_id = 0

    @initialize(policy=POLICIES)
    def begin(self, policy: str) -> None:
        self.groups = Groups(group_initial_rebalance_delay_ms=0, group_consumer_migration_policy=policy)
        self.groups.commit(0, group_id="simple")
        self.groups.topics.put("t", 5)
        self.groups.topics.put("u", 2)

    @rule(kind=KINDS, topics=TOPICS, instance=INSTANCES)
    def start(self, kind: str, topics: list[str], instance: str | None) -> None:
        if len(self.consumers) == MAX_CONSUMERS:
            return
        if kind == "new":
            self.next_id += 1
            consumer = Consumer(self.groups, f"m{self.next_id}", *topics, instance=instance)
            if consumer.beat() == errors.NONE:
                self.add(consumer)
        else:
            classic = ClassicConsumer(self.groups, *topics, instance=instance, cooperative=kind == "cooperative")
            self.add(classic)
            classic.beat()
        self.deliver()

    @rule(index=INDEX)
    def beat(self, index: int) -> None:
        for consumer in self.one(index):
            self.after(consumer, consumer.beat())

    @rule()
    def everybody_beats(self) -> None:
        for consumer in list(self.consumers):
            self.after(consumer, consumer.beat())

    @rule(index=INDEX, topics=TOPICS)
    def read_something_else(self, index: int, topics: list[str]) -> None:
        for consumer in self.one(index):
            consumer.topics = topics
            if isinstance(consumer, ClassicConsumer):
                consumer.must_join = True
            self.after(consumer, consumer.beat())

    @rule(index=INDEX, for_a_while=st.booleans())
    def leave(self, index: int, for_a_while: bool) -> None:
        for consumer in self.one(index):
            if isinstance(consumer, Consumer) and for_a_while and consumer.instance is not None and consumer.epoch > 0:
                consumer.leave(-2)
            else:
                consumer.leave()
            self.consumers.remove(consumer)
            self.deliver()

    @rule(duration_ms=st.sampled_from([1_000, 9_000, 50_000]))
    def wait(self, duration_ms: int) -> None:
        self.groups.advance(duration_ms)
        self.deliver()

    @rule()
    def restart(self) -> None:
        self.groups.restart()
        for consumer in self.consumers:
            if isinstance(consumer, ClassicConsumer) and (consumer.joining or consumer.syncing):
                consumer.joining = consumer.syncing = None
                consumer.must_join = True

    @invariant()
    def nobody_shares_a_partition(self) -> None:
        held = [
            (topic_id, partition)
            for consumer in self.consumers
            for topic_id, partitions in consumer.owned.items()
            for partition in partitions
        ]
        assert len(held) == len(set(held))

    @invariant()
    def log_gives_the_groups_back(self) -> None:
        if not hasattr(self, "groups"):
            return
        live, loaded, replayed = self.groups.shard, self.empty_shard(), self.empty_shard()
        loader = GroupLoader()
        for batch in self.groups.log.batches:
            loader.feed(batch)
        loader.finish(loaded)
        for offset, (key, value) in enumerate(self.groups.log.records()):
            replayed.replay(key, value, offset)
        for shard in (loaded, replayed):
            assert consumer_state(shard) == consumer_state(live)
            assert classic_state(shard, live) == classic_state(live, live)

    def teardown(self) -> None:
        """All that is read by somebody is given to somebody."""
        if not hasattr(self, "groups"):
            return
        self.groups.advance(400_000)
        self.deliver()
        for consumer in self.consumers:
            consumer.owned = {}
            if isinstance(consumer, ClassicConsumer):
                consumer.member_id, consumer.must_join = "", True
                consumer.joining = consumer.syncing = None
            else:
                consumer.epoch = 0
        settle_all(self.groups, *self.members_of_one_kind())

    def members_of_one_kind(self) -> list[Any]:
        """Where a group may not be upgraded, whoever comes first decides which consumers there can be."""
        kinds = {type(consumer) for consumer in self.consumers}
        if len(kinds) > 1 and self.groups.config["group.consumer.migration.policy"] in ("disabled", "downgrade"):
            return [one for one in self.consumers if isinstance(one, Consumer)]
        return self.consumers

    def add(self, consumer: Any) -> None:
        """One that has an instance id takes the place of the one that had it, which is gone."""
        if consumer.instance is not None:
            self.consumers = [one for one in self.consumers if one.instance != consumer.instance]
        self.consumers.append(consumer)

    def deliver(self) -> None:
        """Answers arrive at once, and members that are out stop by themselves, as clients do."""
        for _ in range(3 * MAX_CONSUMERS):
            ready = [
                one
                for one in self.consumers
                if isinstance(one, ClassicConsumer)
                and ((one.joining and one.joining.is_there) or (one.syncing and one.syncing.is_there))
            ]
            for one in ready:
                one.beat()
            if not ready:
                break
        group = self.groups.shard.groups.get("c")
        members = {} if group is None else group.members
        for consumer in self.consumers:
            if consumer.member_id not in members:
                consumer.owned = {}
                if isinstance(consumer, Consumer):
                    consumer.epoch = 0

    def one(self, index: int) -> list[Any]:
        return [self.consumers[index % len(self.consumers)]] if self.consumers else []

    def after(self, consumer: Any, code: int) -> None:
        if isinstance(consumer, Consumer):
            if code == errors.FENCED_INSTANCE_ID:
                self.consumers.remove(consumer)
            elif code != errors.NONE:
                assert code in (errors.FENCED_MEMBER_EPOCH, errors.UNKNOWN_MEMBER_ID, errors.GROUP_ID_NOT_FOUND)
                consumer.epoch, consumer.owned = 0, {}
        self.deliver()

    def empty_shard(self) -> GroupShard:
        timers = KeyedTimers(self.groups.clock, self.groups.timers, lambda operation: None)
        return GroupShard(timers, self.groups.clock, GroupSettings(self.groups.config), self.groups.topics)


def classic_state(shard: GroupShard, live: GroupShard) -> dict[str, Any]:
    """Which groups are classic ones, and what is stored of those that are not in a rebalance."""
    return {
        group_id: None
        if live.groups[group_id].state != STABLE
        else (
            group.generation_id,
            group.protocol_name,
            group.leader_id,
            {
                one.member_id: (one.metadata_for(group.protocol_name or ""), one.assignment)
                for one in group.members.values()
            },
        )
        for group_id, group in shard.groups.items()
        if isinstance(group, ClassicGroup)
    }


MigrationMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
test_migration = MigrationMachine.TestCase
