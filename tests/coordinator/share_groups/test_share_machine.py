"""Share groups under any sequence of heartbeats, departures, deadlines, failures and offsets that are set or forgotten.

The log gives the groups back; nobody is given what it does not read or what has no state; and members that keep
sending heartbeats come to read everything.
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
from minikafka.coordinator.share_groups.share_group import ShareGroup
from minikafka.coordinator.timers import KeyedTimers
from minikafka.errors import ApiError
from tests.coordinator.groups import Groups, Outcome
from tests.coordinator.share_groups.sharers import Sharer, alter, forget, settle, share_state

TOPICS = st.sampled_from([["t"], ["u"], ["t", "u"], ["v", "w"]])
NAMES = st.sampled_from(["t", "u", "v"])
INDEX = st.integers(0, 4)
START_OVER = (errors.FENCED_MEMBER_EPOCH, errors.UNKNOWN_MEMBER_ID, errors.GROUP_ID_NOT_FOUND)


class ShareMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.groups = Groups()
        self.groups.commit(0, group_id="simple")
        self.groups.topics.put("t", 5)
        self.groups.topics.put("u", 2)
        self.sharers: list[Sharer] = []
        self.next_id = 0

    @rule(topics=TOPICS, rack=st.sampled_from([None, "r"]))
    def start(self, topics: list[str], rack: str | None) -> None:
        if len(self.sharers) < 5:
            self.next_id += 1
            self.sharers.append(Sharer(self.groups, f"m{self.next_id}", *topics, rack=rack))
            assert self.sharers[-1].beat() == errors.NONE

    @rule(index=INDEX)
    def beat(self, index: int) -> None:
        for sharer in self.one(index):
            self.after(sharer, sharer.beat())

    @rule(index=INDEX)
    def beat_without_a_word(self, index: int) -> None:
        for sharer in self.one(index):
            if sharer.epoch > 0:
                self.after(sharer, sharer.beat(subscribed_topic_names=None))

    @rule(index=INDEX)
    def lose_an_answer(self, index: int) -> None:
        for sharer in self.one(index):
            answer = sharer.send()
            assert answer.error_code in (errors.NONE, *START_OVER)

    @rule(index=INDEX, topics=TOPICS)
    def read_something_else(self, index: int, topics: list[str]) -> None:
        for sharer in self.one(index):
            sharer.topics = topics
            self.after(sharer, sharer.beat())

    @rule(index=INDEX)
    def leave(self, index: int) -> None:
        for sharer in self.one(index):
            assert sharer.leave() in (errors.NONE, errors.UNKNOWN_MEMBER_ID, errors.GROUP_ID_NOT_FOUND)
            self.sharers.remove(sharer)

    @rule(name=NAMES, partitions=st.integers(1, 6))
    def change_topic(self, name: str, partitions: int) -> None:
        known = self.groups.topics.topics_by_name.get(name)
        if known is None or len(known.partitions) < partitions:
            # A topic that comes back is another one.
            self.next_id += 1
            topic_id = f"{name}{self.next_id}".encode().ljust(16, b"_") if known is None else None
            self.groups.topics.put(name, partitions, topic_id)

    @rule(name=NAMES)
    def delete_topic(self, name: str) -> None:
        topic = self.groups.topics.topics_by_name.get(name)
        if topic is not None:
            self.groups.topics.delete(name)
            self.groups.coordinator.on_topic_deleted(name, topic.topic_id, range(len(topic.partitions)))

    @rule(duration_ms=st.sampled_from([1_000, 30_000, 50_000]))
    def wait(self, duration_ms: int) -> None:
        self.groups.advance(duration_ms)

    @rule()
    def restart(self) -> None:
        self.groups.restart()

    @rule()
    def fail_to_keep_a_state(self) -> None:
        self.groups.states.logs.logs[0].fail_next = ApiError(errors.KAFKA_STORAGE_ERROR)

    @rule(name=NAMES, offset=st.integers(-1, 9))
    def set_offsets(self, name: str, offset: int) -> None:
        code = alter(self.groups, name, {0: offset, 1: offset}).error_code
        assert code == (errors.NON_EMPTY_GROUP if self.members() else errors.NONE)

    @rule(name=NAMES)
    def forget_offsets(self, name: str) -> None:
        code = forget(self.groups, name).error_code
        if self.group() is None:
            assert code == errors.GROUP_ID_NOT_FOUND
        else:
            assert code == (errors.NON_EMPTY_GROUP if self.members() else errors.NONE)

    @rule()
    def delete_group(self) -> None:
        [result] = Outcome(self.groups.coordinator.delete_groups(["s"])).value
        if result.error_code == errors.NONE:
            assert self.group() is None

    @invariant()
    def log_gives_the_groups_back(self) -> None:
        timers = KeyedTimers(self.groups.clock, self.groups.timers, lambda operation: None)
        shard = GroupShard(timers, self.groups.clock, GroupSettings(self.groups.config), self.groups.topics)
        loader = GroupLoader()
        for batch in self.groups.log.batches:
            loader.feed(batch)
        loader.finish(shard)
        assert share_state(shard) == share_state(self.groups.shard)

    @invariant()
    def members_have_what_they_read_only(self) -> None:
        topics = self.groups.topics.topics_by_id
        for member in self.members().values():
            for topic_id in member.assigned.keys() & topics.keys():
                assert topics[topic_id].name in member.subscribed_topic_names
                assert member.assigned[topic_id] <= set(range(len(topics[topic_id].partitions)))

    @invariant()
    def each_topic_is_in_one_place(self) -> None:
        group = self.group()
        if group is not None and group.state_partitions is not None:
            states = group.state_partitions
            assert states.deleting.keys().isdisjoint(states.initialized)
            known = self.groups.topics.topics_by_id.keys()
            assert {*states.initializing, *states.initialized, *states.deleting} <= known

    def teardown(self) -> None:
        """All that is read by somebody is given to somebody, and everybody has some of it."""
        self.groups.states.logs.logs[0].fail_next = None
        self.groups.advance(120_000)
        for sharer in self.sharers:
            sharer.epoch, sharer.assigned = 0, {}
        if self.sharers:
            settle(*self.sharers)
            topics = self.groups.topics.topics_by_name
            given = {
                (topic_id, partition)
                for one in self.sharers
                for topic_id, partitions in one.assigned.items()
                for partition in partitions
            }
            wanted = {name for one in self.sharers for name in one.topics} & topics.keys()
            assert given == {
                (topics[name].topic_id, partition)
                for name in wanted
                for partition in range(len(topics[name].partitions))
            }
            assert all(one.assigned for one in self.sharers if topics.keys() & set(one.topics))

    def group(self) -> ShareGroup | None:
        group: Any = self.groups.shard.groups.get("s")
        return group  # type: ignore[no-any-return]

    def members(self) -> dict[str, Any]:
        group = self.group()
        return {} if group is None else dict(group.members)

    def one(self, index: int) -> list[Sharer]:
        return [self.sharers[index % len(self.sharers)]] if self.sharers else []

    def after(self, sharer: Sharer, code: int) -> None:
        if code in START_OVER:
            sharer.epoch, sharer.assigned = 0, {}
        else:
            assert code == errors.NONE


ShareMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
test_share_groups = ShareMachine.TestCase
