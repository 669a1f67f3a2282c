"""One sequence of requests to the group coordinator, about share groups: what Apache Kafka 4.2.0 answers, and what it
has written in the end, is what minikafka has to. ``python -m tests.coordinator.share_groups JARS`` asks Kafka again.

Answers that ask the client to come again are waited out, and so is what goes on after an answer. Lists whose order is
that of a hash table in Kafka are sorted, and topics of which there is no partition left out. A hash of topics stands
as the topics that it is made of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from types import SimpleNamespace
from typing import Any

from minikafka import errors
from minikafka.client.connection import Connection
from minikafka.coordinator.metadata_hash import TopicHashes
from minikafka.protocol import messages as m
from minikafka.protocol import stored
from minikafka.protocol.primitives import uuid_to_text
from minikafka.records.batch import Record, iter_batches
from minikafka.records.builder import build_batch
from tests.support.polling import wait_until

OFFSETS_TOPIC = "__consumer_offsets"
SETTINGS = {
    "offsets.topic.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.share.max.size": "3",
    "group.share.heartbeat.interval.ms": "5000",
    "group.share.min.heartbeat.interval.ms": "5000",
    "group.initial.rebalance.delay.ms": "0",
}
COME_AGAIN = frozenset({errors.COORDINATOR_LOAD_IN_PROGRESS, errors.COORDINATOR_NOT_AVAILABLE, errors.NOT_COORDINATOR})
PATIENCE_S = 10.0
GROUP_RESOURCE = 32
SET, DELETE = 0, 1
UPGRADE, SAFE_DOWNGRADE = 1, 2

Step = Callable[[str, Any], None]


class Client:
    """Sends requests, and gives the answers as plain data."""

    def __init__(self, connection: Connection, settles_s: float) -> None:
        self._connection = connection
        self._settles_s = settles_s
        self.topics: dict[str, SimpleNamespace] = {}
        """By name, with ids and how many partitions they have now, or had when they were deleted."""
        self._hashes: dict[int, str] = {0: "of nothing"}

    def prepare(self) -> None:
        """The topic ``t``, and both coordinators with topics of their own."""
        self.create("t", 2)
        for key_type, key in ((0, "g"), (2, f"g:{uuid_to_text(self.topics['t'].topic_id)}:0")):
            request = m.FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key])
            wait_until(lambda request=request: not self._connection.call(request, 6).coordinators[0].error_code)
        self.settle()

    # Topics

    def create(self, name: str, partitions: int) -> None:
        topic = m.CreateTopicsRequest.CreatableTopic(name=name, num_partitions=partitions, replication_factor=1)
        [created] = self._connection.call(m.CreateTopicsRequest(topics=[topic], timeout_ms=10_000)).topics
        self._note(name, created.topic_id, partitions)

    def grow(self, name: str, partitions: int) -> None:
        topic = m.CreatePartitionsRequest.CreatePartitionsTopic(name=name, count=partitions, assignments=None)
        self._connection.call(m.CreatePartitionsRequest(topics=[topic], timeout_ms=10_000))
        self._note(name, self.topics[name].topic_id, partitions)

    def delete(self, name: str) -> None:
        topics = [m.DeleteTopicsRequest.DeleteTopicState(name=name)]
        self._connection.call(m.DeleteTopicsRequest(topics=topics, timeout_ms=10_000))
        self.settle()

    def settle(self) -> None:
        time.sleep(self._settles_s)

    def _note(self, name: str, topic_id: bytes, partitions: int) -> None:
        self.topics[name] = SimpleNamespace(name=name, topic_id=topic_id, partitions=[None] * partitions)
        for count in range(1, len(self.topics) + 1):
            for chosen in combinations(sorted(self.topics), count):
                label = "of " + ", ".join(f"{one} with {len(self.topics[one].partitions)}" for one in chosen)
                self._hashes[TopicHashes(None).of_topics(chosen, self.topics)] = label
        self.settle()

    def produce(self, topic: str, partition: int, count: int) -> None:
        cls = m.ProduceRequest
        batch = build_batch([Record(number, 1, None, b"v") for number in range(count)])
        data = cls.TopicProduceData(
            name=topic, partition_data=[cls.PartitionProduceData(index=partition, records=batch)]
        )
        self._connection.call(cls(acks=-1, timeout_ms=10_000, topic_data=[data]), 12)

    # Share groups

    def beat(self, member: str, epoch: int, *topics: str, group: str = "g", **fields: Any) -> Any:
        """Without topics none are said."""
        names = list(topics) or fields.pop("names", None)
        return self.ask(
            m.ShareGroupHeartbeatRequest(
                group_id=group, member_id=member, member_epoch=epoch, subscribed_topic_names=names, **fields
            ),
            1,
        )

    def describe(self, *groups: str, **fields: Any) -> Any:
        return self.ask(m.ShareGroupDescribeRequest(group_ids=list(groups), **fields), 1)

    def offsets(self, group: str, topics: Mapping[str, Iterable[int]] | None = None, version: int = 1) -> Any:
        cls = m.DescribeShareGroupOffsetsRequest
        asked = None
        if topics is not None:
            asked = [
                cls.DescribeShareGroupOffsetsRequestTopic(topic_name=name, partitions=list(partitions))
                for name, partitions in topics.items()
            ]
        groups = [cls.DescribeShareGroupOffsetsRequestGroup(group_id=group, topics=asked)]
        return self.ask(cls(groups=groups), version)

    def alter(self, group: str, *topics: tuple[str, Mapping[int, int]]) -> Any:
        """Each topic with start offsets by partition."""
        cls = m.AlterShareGroupOffsetsRequest
        asked = [
            cls.AlterShareGroupOffsetsRequestTopic(
                topic_name=name,
                partitions=[
                    cls.AlterShareGroupOffsetsRequestPartition(partition_index=index, start_offset=offset)
                    for index, offset in offsets.items()
                ],
            )
            for name, offsets in topics
        ]
        return self.ask(cls(group_id=group, topics=asked), 0)

    def forget(self, group: str, *topics: str) -> Any:
        cls = m.DeleteShareGroupOffsetsRequest
        asked = [cls.DeleteShareGroupOffsetsRequestTopic(topic_name=name) for name in topics]
        return self.ask(cls(group_id=group, topics=asked), 0)

    def delete_groups(self, *groups: str) -> Any:
        return self.ask(m.DeleteGroupsRequest(groups_names=list(groups)), 2)

    def list(self, states: Iterable[str] = (), types: Iterable[str] = ()) -> Any:
        return self.ask(m.ListGroupsRequest(states_filter=list(states), types_filter=list(types)), 5)

    def configure(self, group: str, **values: str | None) -> Any:
        cls = m.IncrementalAlterConfigsRequest
        configs = [
            cls.AlterableConfig(
                name=key.replace("_", "."), config_operation=DELETE if value is None else SET, value=value
            )
            for key, value in values.items()
        ]
        resource = cls.AlterConfigsResource(resource_type=GROUP_RESOURCE, resource_name=group, configs=configs)
        answer = self.ask(cls(resources=[resource]), 1)
        self.settle()
        return answer

    def set_share_version(self, level: int, upgrade_type: int) -> Any:
        cls = m.UpdateFeaturesRequest
        update = cls.FeatureUpdateKey(feature="share.version", max_version_level=level, upgrade_type=upgrade_type)
        answer = self.ask(cls(timeout_ms=10_000, feature_updates=[update]), 2)
        self.settle()
        return answer

    def wait_for_state(self, group: str, **partitions: int) -> None:
        """Until so many partitions of each topic are initialized, and no other topic has any."""

        def counts() -> dict[str, int]:
            [described] = self.offsets(group)["groups"]
            return {topic["topic_name"]: len(topic["partitions"]) for topic in described["topics"]}

        wait_until(lambda: counts() == partitions, what=f"state of {partitions}")

    # Answers

    def ask(self, request: m.Message, version: int) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.plain(self._connection.call(request, version))
            if not _comes_again(answer) or time.monotonic() > deadline:
                answer.pop("throttle_time_ms", None)
                return answer
            time.sleep(0.02)

    def plain(self, value: Any) -> Any:
        """A message as the values of its fields."""
        if isinstance(value, list | tuple):
            return _sorted([self.plain(one) for one in value if not _is_empty_topic(one)])
        if isinstance(value, bytes):
            return self._name_of(value)
        if not hasattr(value, "field_names"):
            return value
        plain = {name: self.plain(getattr(value, name)) for name in value.field_names}
        if "metadata_hash" in plain:
            plain["metadata_hash"] = self._hashes.get(plain["metadata_hash"], "unknown")
        return plain

    def _name_of(self, data: bytes) -> str:
        known = {topic.topic_id: name for name, topic in self.topics.items()}
        return known.get(data, data.hex())

    # Records

    def records(self) -> list[list[Any]]:
        """Key and value of all that is written of share groups, decoded."""
        found: list[list[Any]] = []
        offset = 0
        while (data := self._fetch(offset)) and (batches := list(iter_batches(data))):
            for batch in batches:
                for record in batch:
                    offset = record.offset + 1
                    assert record.key is not None
                    key = stored.decode_group_key(record.key)
                    if not type(key).__name__.startswith("Share"):
                        continue
                    value = record.value
                    if value is not None:
                        assert stored.value_version(value) == 0
                    decoded = None if value is None else stored.decode_value(stored.value_class(key), value)
                    found.append([type(key).__name__, self.plain(key), self.plain(decoded)])
        return found

    def _fetch(self, offset: int) -> bytes:
        cls = m.FetchRequest
        partition = cls.FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
        topics = [cls.FetchTopic(topic=OFFSETS_TOPIC, partitions=[partition])]
        request = cls(max_wait_ms=0, max_bytes=1 << 20, topics=topics)
        [answer] = self._connection.call(request, 12).responses[0].partitions
        assert answer.error_code == errors.NONE
        return bytes(answer.records or b"")


def _comes_again(answer: Any) -> bool:
    if isinstance(answer, dict):
        return answer.get("error_code") in COME_AGAIN or any(map(_comes_again, answer.values()))
    return isinstance(answer, list) and any(map(_comes_again, answer))


def _is_empty_topic(value: Any) -> bool:
    """Whether this says of no partition that somebody has it, or of which the state is about to be initialized."""
    return type(value).__name__ in ("TopicPartition", "TopicPartitions", "TopicPartitionsInfo") and not value.partitions


def _sorted(values: list[Any]) -> list[Any]:
    """Partitions, topics, members and groups are in no order."""
    return sorted(values, key=lambda one: [str(one[name]).zfill(9) for name in one] if isinstance(one, dict) else one)


def answers_of(connection: Connection, settles_s: float = 0.0) -> list[list[Any]]:
    """What each step is called, and its answer."""
    client = Client(connection, settles_s)
    client.prepare()
    answers: list[list[Any]] = []

    def step(name: str, answer: Any) -> None:
        answers.append([name, answer])

    _refused(client, step)
    _one_member(client, step)
    _several_members(client, step)
    _topics_that_change(client, step)
    _other_types(client, step)
    _settings(client, step)
    _offsets(client, step)
    _deleting_topics(client, step)
    _deleting_groups(client, step)
    _switched_off(client, step)
    step("records", client.records())
    return answers


def _refused(client: Client, step: Step) -> None:
    """Before there is any group."""
    beat = client.beat
    for member in ("", " ", "m" * 36, "m" * 37, "é" * 36):
        step(f"joins as {member!r}, reading nothing", beat(member, 0, names=[]))
    for group in ("", " "):
        step(f"joins {group!r}", beat("m", 0, "t", group=group))
    step("joins in no rack", beat("m", 0, "t", rack_id=""))
    step("joins without a word of topics", beat("m", 0))
    step("epoch below all", beat("m", -2, "t"))
    step("epoch of before, no group", beat("m", 3, "t"))
    step("leaves no group", beat("m", -1))
    step("describe what is not there", client.describe("g", "", " ", include_authorized_operations=True))
    step("describe nothing", client.describe())
    for version in (0, 1):
        step(f"offsets of no group, v{version}", client.offsets("g", version=version))
        step(f"offsets in t of no group, v{version}", client.offsets("g", {"t": [0, 1]}, version))
    step("offsets in nothing", client.offsets("g", {}))
    step("offsets in no topic", client.offsets("g", {"absent": [1, 0]}))
    step("offsets of a nameless group", client.offsets(""))
    step("alter for a nameless group", client.alter("", ("t", {0: 1})))
    step("forget for a nameless group", client.forget("", "t"))
    step("forget for no group", client.forget("g", "t"))
    step("delete no group", client.delete_groups("g", ""))
    step("list none", client.list())


def _one_member(client: Client, step: Step) -> None:
    beat = client.beat
    step("a joins", beat("a", 0, "t"))
    step("it is there", client.describe("g", include_authorized_operations=True))
    client.wait_for_state("g", t=2)
    step("a is given t", beat("a", 1))
    step("a again", beat("a", 2))
    step("a with its previous epoch", beat("a", 1))
    step("a says all", beat("a", 2, "t"))
    step("a twice the same", beat("a", 2, "t", "t"))
    step("a too new", beat("a", 3))
    step("a begins anew", beat("a", 0, "t"))
    step("a says its rack", beat("a", 2, rack_id="r"))
    step("a reads something else, too", beat("a", 2, "u", "t"))
    step("a too old", beat("a", 1))
    step("a far too old", beat("a", 2, "t", "u"))
    step("a is where it was", beat("a", 3))
    step("a stranger beats", beat("x", 3))
    step("a stranger leaves", beat("x", -1))
    step("one member", client.describe("g"))
    step("a leaves", beat("a", -1, "t"))
    step("a has left", beat("a", 4))
    step("a leaves twice", beat("a", -1))
    step("nobody is left", client.describe("g"))
    for states, types in (((), ()), (("empty",), ("SHARE",)), (("Stable",), ()), ((), ("consumer", "classic"))):
        step(f"list {states} {types}", client.list(states, types))
    step("a joins once more", beat("a", 0, "t"))
    step("a is listed", client.list(("stable",), ("share",)))


def _several_members(client: Client, step: Step) -> None:
    beat = client.beat
    client.create("u", 1)
    step("b joins", beat("b", 0, "u"))
    client.wait_for_state("g", t=2, u=1)
    step("b is given u", beat("b", 6))
    step("a has t", beat("a", 5))
    step("c joins", beat("c", 0, "u", "t", rack_id="s"))
    step("d finds no room", beat("d", 0, "t"))
    step("d, without a place, beats", beat("d", 4))
    step("a comes back into the full group", beat("a", 0, "t", "u"))
    step("three members", client.describe("g", include_authorized_operations=True))
    step("c leaves", beat("c", -1))
    step("b reads t and u", beat("b", 7, "u", "t"))
    step("b leaves", beat("b", -1))
    step("a alone", beat("a", 0, "t", "u"))
    step("a is alone", client.describe("g"))


def _topics_that_change(client: Client, step: Step) -> None:
    beat = client.beat
    epoch = beat("a", 0, "t", "u")["member_epoch"]
    client.grow("t", 3)
    step("t has grown", beat("a", epoch))
    client.wait_for_state("g", t=3, u=1)
    step("a is given the rest", beat("a", epoch + 1))
    step("a wants v", beat("a", epoch + 2, "v"))
    step("v is not there", client.describe("g"))
    client.create("v", 1)
    step("v is there", beat("a", epoch + 3))
    client.wait_for_state("g", t=3, u=1, v=1)
    step("a is given v", beat("a", epoch + 4))
    client.delete("v")
    step("v is gone", beat("a", epoch + 5))
    step("a has nothing", client.describe("g"))
    step("no offsets in v", client.offsets("g"))
    step("a reads t", beat("a", epoch + 6, "t"))


def _other_types(client: Client, step: Step) -> None:
    ask = client.ask
    joining = m.JoinGroupRequest(
        group_id="g",
        session_timeout_ms=10_000,
        rebalance_timeout_ms=10_000,
        member_id="",
        protocol_type="consumer",
        protocols=[m.JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")],
    )
    for version in (3, 6, 9):
        step(f"a classic member joins, v{version}", ask(joining, version))
    syncing = m.SyncGroupRequest(group_id="g", generation_id=1, member_id="a", assignments=[])
    step("a classic member syncs", ask(syncing, 3))
    step("a classic member beats", ask(m.HeartbeatRequest(group_id="g", generation_id=1, member_id="a"), 3))
    leaving = [m.LeaveGroupRequest.MemberIdentity(member_id="a")]
    step("a classic member leaves", ask(m.LeaveGroupRequest(group_id="g", members=leaving), 4))
    for version in (5, 6):
        step(f"described as classic, v{version}", ask(m.DescribeGroupsRequest(groups=["g"]), version))
    consumer = m.ConsumerGroupHeartbeatRequest(
        group_id="g",
        member_id="a",
        member_epoch=0,
        rebalance_timeout_ms=10_000,
        subscribed_topic_names=["t"],
        topic_partitions=[],
    )
    step("a consumer joins", ask(consumer, 1))
    step("described as a consumer group", ask(m.ConsumerGroupDescribeRequest(group_ids=["g"]), 1))
    for member, epoch in (("", -1), ("a", 1)):
        step(f"commit as {member!r}", ask(_commit("g", member, epoch), 9))
    fetching = m.OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=None)
    step("fetch offsets", ask(m.OffsetFetchRequest(groups=[fetching]), 9))
    partitions = [m.OffsetDeleteRequest.OffsetDeleteRequestPartition(partition_index=0)]
    topics = [m.OffsetDeleteRequest.OffsetDeleteRequestTopic(name="t", partitions=partitions)]
    step("delete offsets", ask(m.OffsetDeleteRequest(group_id="g", topics=topics), 0))
    step("a simple group", ask(_commit("simple", "", -1), 9))
    consumer.group_id = "consumers"
    client.ask(consumer, 1)
    for group in ("simple", "consumers"):
        step(f"joins {group}", client.beat("a", 0, "t", group=group))
        step(f"beats in {group}", client.beat("a", 2, group=group))
        step(f"leaves {group}", client.beat("a", -1, group=group))
        step(f"describe {group}", client.describe(group))
        step(f"alter {group}", client.alter(group, ("t", {0: 3})))
        step(f"forget {group}", client.forget(group, "t"))
        step(f"offsets of {group}", client.offsets(group))
    step("list all", client.list())
    step("list shared ones", client.list(types=["share"]))


def _commit(group: str, member: str, epoch: int) -> m.OffsetCommitRequest:
    cls = m.OffsetCommitRequest
    partition = cls.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
    return cls(
        group_id=group,
        generation_id_or_member_epoch=epoch,
        member_id=member,
        topics=[cls.OffsetCommitRequestTopic(name="t", partitions=[partition])],
    )


def _settings(client: Client, step: Step) -> None:
    epoch = client.beat("a", 0, "t")["member_epoch"]
    step("beat every 7 s", client.configure("g", share_heartbeat_interval_ms="7000"))
    step("a is told", client.beat("a", epoch))
    for name, values in (
        ("beats too often", {"share_heartbeat_interval_ms": "4999"}),
        ("beats too rarely", {"share_heartbeat_interval_ms": "15001"}),
        ("short sessions", {"share_session_timeout_ms": "44999"}),
        ("long sessions", {"share_session_timeout_ms": "60001"}),
        ("short locks", {"share_record_lock_duration_ms": "14999"}),
        ("long locks", {"share_record_lock_duration_ms": "60001"}),
        ("locks of no length", {"share_record_lock_duration_ms": "999"}),
        ("no isolation", {"share_isolation_level": "READ_COMMITTED"}),
        ("no reset", {"share_auto_offset_reset": "none"}),
        ("a reset by no duration", {"share_auto_offset_reset": "by_duration:-P1D"}),
        ("all that there is", {"share_session_timeout_ms": "50000", "share_auto_offset_reset": "by_duration:PT1H"}),
        ("as it was", {"share_heartbeat_interval_ms": None, "share_session_timeout_ms": None}),
    ):
        step(name, client.configure("g", **values))
    step("a is told again", client.beat("a", epoch))


def _offsets(client: Client, step: Step) -> None:
    client.produce("t", 0, 10)
    client.produce("u", 0, 4)
    for version in (0, 1):
        step(f"offsets of g, v{version}", client.offsets("g", version=version))
        step(f"offsets in t and w of g, v{version}", client.offsets("g", {"t": [0, 1], "w": [0]}, version))
    step("alter while there are members", client.alter("g", ("t", {0: 3})))
    step("forget while there are members", client.forget("g", "t"))
    client.beat("a", -1)
    step("alter", client.alter("g", ("t", {0: 3, 2: 0, 3: 9}), ("w", {0: 1}), ("u", {0: 2})))
    client.wait_for_state("g", t=3, u=1)
    step("altered", client.offsets("g"))
    step("alter twice at once", client.alter("g", ("t", {0: 4}), ("t", {1: 5})))
    client.wait_for_state("g", t=3, u=1)
    step("altered twice", client.offsets("g"))
    step("alter nothing", client.alter("g"))
    step("alter no partitions", client.alter("g", ("t", {})))
    step("alter beyond the end", client.alter("g", ("t", {0: 1 << 40})))
    client.wait_for_state("g", t=3, u=1)
    step("altered beyond the end", client.offsets("g"))
    step("alter only what is not there", client.alter("g", ("w", {0: 1}), ("t", {9: 1})))
    step("alter a new group", client.alter("new", ("t", {1: 0})))
    client.wait_for_state("new", t=1)
    step("the new group", client.describe("new"))
    step("where it begins", client.offsets("new"))
    step("alter nothing of nobody", client.alter("nobody"))
    step("nobody", client.describe("nobody"))
    step("forget", client.forget("g", "u", "w", "v"))
    step("forgotten", client.offsets("g"))
    step("forget again", client.forget("g", "u"))
    step("forget twice at once", client.forget("g", "t", "t"))
    step("forget nothing", client.forget("g"))
    step("all forgotten", client.offsets("g"))
    step("begins again", client.beat("a", 0, "t"))
    client.wait_for_state("g", t=3)
    epoch = client.beat("a", 0, "t")["member_epoch"]
    step("has begun again", client.beat("a", epoch, "t"))
    step("new, with members", client.beat("b", 0, "t", group="new"))
    client.wait_for_state("new", t=3)
    step("new is given all", client.beat("b", 1, group="new"))


def _deleting_topics(client: Client, step: Step) -> None:
    client.create("w", 2)
    step("a reads w", client.beat("a", 0, "t", "w"))
    client.wait_for_state("g", t=3, w=2)
    step("a is given w", client.beat("a", 0, "t", "w"))
    client.alter("idle", ("w", {0: 1}))
    client.wait_for_state("idle", w=1)
    client.delete("w")
    client.wait_for_state("g", t=3)
    client.wait_for_state("idle")
    step("w is gone", client.beat("a", 0, "t", "w"))
    step("w is not described", client.describe("g"))


def _deleting_groups(client: Client, step: Step) -> None:
    step("delete with members", client.delete_groups("g", "new"))
    step("still there", client.list(types=["share"]))
    client.beat("a", -1)
    client.beat("b", -1, group="new")
    step("delete", client.delete_groups("g", "nobody", "consumers"))
    step("delete what has no state", client.delete_groups("idle"))
    step("deleted", client.describe("g", "idle", "new"))
    step("offsets of the deleted", client.offsets("g", {"t": [0]}))
    step("delete again", client.delete_groups("g"))
    step("rises again", client.beat("a", 0, "t"))
    client.wait_for_state("g", t=3)
    step("is given all again", client.beat("a", 1))
    step("leaves at last", client.beat("a", -1))
    step("delete at last", client.delete_groups("g", "g"))


def _switched_off(client: Client, step: Step) -> None:
    step("share.version 0", client.set_share_version(0, SAFE_DOWNGRADE))
    step("heartbeat without", client.beat("a", 0, "t"))
    step("describe without", client.describe("new", include_authorized_operations=True))
    step("offsets without", client.offsets("new"))
    step("alter without", client.alter("new", ("t", {0: 1})))
    step("forget without", client.forget("new", "t"))
    step("list without", client.list())
    step("share.version 1", client.set_share_version(1, UPGRADE))
    step("describe with", client.describe("new"))
