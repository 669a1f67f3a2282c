"""Consumer groups under any sequence of heartbeats, departures and deadlines.

Nobody ever has a partition that another one has; the log gives the groups back; and members that keep sending
heartbeats come to share everything.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from minikafka import errors
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.settings import GroupSettings
from minikafka.coordinator.timers import KeyedTimers
from tests.coordinator.consumer.consumers import Consumer, consumer_state, settle
from tests.coordinator.groups import Groups

TOPICS = st.sampled_from([["t"], ["u"], ["t", "u"], []])
REGEXES = st.sampled_from([None, None, "", "t|v", ".*"])
INDEX = st.integers(0, 4)


class ConsumerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.groups = Groups()
        self.groups.commit(0, group_id="simple")
        self.groups.topics.put("t", 5)
        self.groups.topics.put("u", 2)
        self.consumers: list[Consumer] = []
        self.next_id = 0

    @rule(topics=TOPICS, regex=REGEXES, instance=st.sampled_from([None, None, "x", "y"]), assignor=st.booleans())
    def start(self, topics: list[str], regex: str | None, instance: str | None, assignor: bool) -> None:
        if len(self.consumers) < 5:
            self.next_id += 1
            name = "range" if assignor else None
            member_id = f"m{self.next_id}"
            consumer = Consumer(self.groups, member_id, *topics, regex=regex, instance=instance, assignor=name)
            if consumer.beat() == errors.NONE:
                # It has taken the place of one that was away for too long.
                self.consumers = [one for one in self.consumers if instance is None or one.instance != instance]
                self.consumers.append(consumer)

    @rule(index=INDEX)
    def beat(self, index: int) -> None:
        for consumer in self.one(index):
            self.after(consumer, consumer.beat())

    @rule(index=INDEX)
    def beat_without_giving_up(self, index: int) -> None:
        """The client has heard what to give up, but is not done yet: it still has, and says so."""
        for consumer in self.one(index):
            answer = consumer.send()
            if answer.error_code == errors.NONE and answer.assignment is None:
                consumer.epoch = answer.member_epoch

    @rule(index=INDEX, topics=TOPICS, regex=REGEXES)
    def read_something_else(self, index: int, topics: list[str], regex: str | None) -> None:
        for consumer in self.one(index):
            consumer.topics, consumer.regex = topics, regex
            self.after(consumer, consumer.beat())

    @rule(index=INDEX)
    def leave(self, index: int) -> None:
        for consumer in self.one(index):
            self.after(consumer, consumer.leave())
            if consumer in self.consumers:
                self.consumers.remove(consumer)

    @rule(index=INDEX)
    def leave_for_a_while(self, index: int) -> None:
        for consumer in self.one(index):
            if consumer.instance is not None and consumer.epoch > 0:
                self.after(consumer, consumer.leave(-2))
                if consumer in self.consumers:
                    self.consumers.remove(consumer)

    @rule(name=st.sampled_from(["t", "u", "v"]), partitions=st.integers(1, 6))
    def change_topic(self, name: str, partitions: int) -> None:
        known = self.groups.topics.topics_by_name.get(name)
        if known is None or len(known.partitions) < partitions:
            self.groups.topics.put(name, partitions)

    @rule(duration_ms=st.sampled_from([1_000, 30_000, 50_000]))
    def wait(self, duration_ms: int) -> None:
        self.groups.advance(duration_ms)
        members = self.members()
        for consumer in self.consumers:
            if consumer.member_id not in members:
                # Its session is over: it stops reading by itself, as clients do.
                consumer.epoch, consumer.owned = 0, {}

    @rule()
    def restart(self) -> None:
        self.groups.restart()

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
        timers = KeyedTimers(self.groups.clock, self.groups.timers, lambda operation: None)
        shard = GroupShard(timers, self.groups.clock, GroupSettings(self.groups.config), self.groups.topics)
        loader = GroupLoader()
        for batch in self.groups.log.batches:
            loader.feed(batch)
        loader.finish(shard)
        assert consumer_state(shard) == consumer_state(self.groups.shard)

    def teardown(self) -> None:
        """All that is read by somebody is given to somebody."""
        self.groups.advance(120_000)
        for consumer in self.consumers:
            consumer.epoch, consumer.owned = 0, {}
        if self.consumers:
            settle(*self.consumers)
            group: Any = self.groups.shard.groups["c"]
            topics = self.groups.topics.topics_by_name
            wanted = {name for member in group.members.values() for name in group.topics_of(member)} & topics.keys()
            assert sum(one.count for one in self.consumers) == sum(len(topics[name].partitions) for name in wanted)

    def members(self) -> dict[str, Any]:
        group = self.groups.shard.groups.get("c")
        return {} if group is None else dict(group.members)

    def one(self, index: int) -> list[Consumer]:
        return [self.consumers[index % len(self.consumers)]] if self.consumers else []

    def after(self, consumer: Consumer, code: int) -> None:
        if code in (errors.FENCED_MEMBER_EPOCH, errors.UNKNOWN_MEMBER_ID, errors.GROUP_ID_NOT_FOUND):
            consumer.epoch, consumer.owned = 0, {}
        elif code == errors.FENCED_INSTANCE_ID:
            self.consumers.remove(consumer)
        else:
            assert code == errors.NONE


ConsumerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, derandomize=True)
test_consumer_groups = ConsumerMachine.TestCase
