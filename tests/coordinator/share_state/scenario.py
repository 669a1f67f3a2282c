"""One sequence of requests to the share coordinator, right and wrong: what Apache Kafka 4.2.0 answers, and what it has
written in the end, is what minikafka has to. ``python -m tests.coordinator.share_state JARS`` asks Kafka again.

Answers that ask the client to come again are waited out. Results are in the order of topics and partitions, where
Kafka's are in that of a hash table.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minikafka import errors
from minikafka.client.connection import Connection
from minikafka.protocol import stored
from minikafka.protocol.messages import (
    CreateTopicsRequest,
    DeleteShareGroupStateRequest,
    DeleteTopicsRequest,
    DescribeConfigsRequest,
    FetchRequest,
    FindCoordinatorRequest,
    InitializeShareGroupStateRequest,
    Message,
    MetadataRequest,
    ReadShareGroupStateRequest,
    ReadShareGroupStateSummaryRequest,
    WriteShareGroupStateRequest,
)
from minikafka.protocol.primitives import uuid_to_text
from minikafka.records.batch import iter_batches
from tests.support.polling import wait_until

TOPIC = "__share_group_state"
SETTINGS = {
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.snapshot.update.records.per.snapshot": "3",
}
COME_AGAIN = frozenset({errors.COORDINATOR_LOAD_IN_PROGRESS, errors.COORDINATOR_NOT_AVAILABLE, errors.NOT_COORDINATOR})
PATIENCE_S = 10.0
ABSENT = b"\x07" * 16
AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED = 0, 1, 2, 4

Batch = tuple[int, int, int, int]
"""First offset, last offset, delivery state, delivery count."""


class Client:
    """Sends requests of any group, and gives the answers as plain data."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.topic_ids = {"absent": ABSENT, "none": bytes(16)}

    def prepare(self) -> None:
        """The topics ``t`` (three partitions) and ``u``, and the coordinator."""
        for name, count in (("t", 3), ("u", 1)):
            topic = CreateTopicsRequest.CreatableTopic(name=name, num_partitions=count, replication_factor=1)
            [created] = self._connection.call(CreateTopicsRequest(topics=[topic], timeout_ms=10_000)).topics
            self.topic_ids[name] = created.topic_id
        wait_until(lambda: not self.find("g:{t}:0")[0][1])

    def find(self, *keys: str, version: int = 6, key_type: int = 2) -> list[list[Any]]:
        """``{t}`` stands for the id of the topic."""
        known = {name: uuid_to_text(topic_id) for name, topic_id in self.topic_ids.items()}
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[key.format(**known) for key in keys])
        found = self._connection.call(request, version).coordinators
        return [[key, one.error_code, one.error_message, one.node_id] for key, one in zip(keys, found, strict=True)]

    def initialize(self, *parts: tuple[str, int, int, int], group: str = "g") -> list[Any]:
        """Each part: topic, partition, state epoch, start offset."""
        cls = InitializeShareGroupStateRequest
        return self._ask(
            cls(
                group_id=group,
                topics=[
                    cls.InitializeStateData(
                        topic_id=self.topic_ids[topic],
                        partitions=[
                            cls.PartitionData(partition=partition, state_epoch=state_epoch, start_offset=start_offset)
                        ],
                    )
                    for topic, partition, state_epoch, start_offset in parts
                ],
            ),
            0,
        )

    def read(self, *parts: tuple[str, int, int], group: str = "g") -> list[Any]:
        """Each part: topic, partition, leader epoch."""
        cls = ReadShareGroupStateRequest
        return self._ask(
            cls(
                group_id=group,
                topics=[
                    cls.ReadStateData(
                        topic_id=self.topic_ids[topic],
                        partitions=[cls.PartitionData(partition=partition, leader_epoch=leader_epoch)],
                    )
                    for topic, partition, leader_epoch in parts
                ],
            ),
            0,
        )

    def summary(self, *parts: tuple[str, int, int], group: str = "g", version: int = 1) -> list[Any]:
        """Each part: topic, partition, leader epoch."""
        cls = ReadShareGroupStateSummaryRequest
        return self._ask(
            cls(
                group_id=group,
                topics=[
                    cls.ReadStateSummaryData(
                        topic_id=self.topic_ids[topic],
                        partitions=[cls.PartitionData(partition=partition, leader_epoch=leader_epoch)],
                    )
                    for topic, partition, leader_epoch in parts
                ],
            ),
            version,
        )

    def write(
        self,
        topic: str,
        partition: int,
        *batches: Batch,
        state_epoch: int = 1,
        leader_epoch: int = 0,
        start_offset: int = -1,
        complete: int = 0,
        group: str = "g",
        version: int = 1,
    ) -> list[Any]:
        cls = WriteShareGroupStateRequest
        part = cls.PartitionData(
            partition=partition,
            state_epoch=state_epoch,
            leader_epoch=leader_epoch,
            start_offset=start_offset,
            state_batches=[
                cls.StateBatch(first_offset=first, last_offset=last, delivery_state=state, delivery_count=count)
                for first, last, state, count in batches
            ],
        )
        if version >= 1:
            part.delivery_complete_count = complete
        topics = [cls.WriteStateData(topic_id=self.topic_ids[topic], partitions=[part])]
        return self._ask(cls(group_id=group, topics=topics), version)

    def delete(self, *parts: tuple[str, int], group: str = "g") -> list[Any]:
        """Each part: topic, partition."""
        cls = DeleteShareGroupStateRequest
        return self._ask(
            cls(
                group_id=group,
                topics=[
                    cls.DeleteStateData(
                        topic_id=self.topic_ids[topic], partitions=[cls.PartitionData(partition=partition)]
                    )
                    for topic, partition in parts
                ],
            ),
            0,
        )

    def without_partitions(self, cls: Any, data: Any) -> list[Any]:
        """A topic without partitions behind one that has one, which the request would do something with."""
        some = cls.PartitionData(partition=2)
        topics = [data(topic_id=self.topic_ids["u"], partitions=[]), data(topic_id=self.topic_ids["t"])]
        topics[1].partitions = [some]
        return self._ask(cls(group_id="g", topics=topics), cls.max_version)

    def _ask(self, request: Message, version: int) -> list[Any]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._connection.call(request, version)
            results = [one for topic in answer.results for one in topic.partitions]
            if not any(one.error_code in COME_AGAIN for one in results) or time.monotonic() > deadline:
                return sorted(
                    [self._name_of(topic.topic_id), sorted(self._plain(topic.partitions), key=_partition_of)]
                    for topic in answer.results
                )
            time.sleep(0.02)

    def _name_of(self, topic_id: bytes) -> str:
        return next((name for name, known in self.topic_ids.items() if known == topic_id), "other")

    def _plain(self, value: Any) -> Any:
        """A message as the values of its fields; times as whether there is one."""
        if isinstance(value, (list, tuple)):
            return [self._plain(one) for one in value]
        if not hasattr(value, "field_names"):
            return value
        plain = {}
        for name in value.field_names:
            field = getattr(value, name)
            if name.endswith("_timestamp"):
                field = field > 0
            plain[name] = self._name_of(field) if name == "topic_id" else self._plain(field)
        return plain

    def delete_topic(self, name: str) -> None:
        topics = [DeleteTopicsRequest.DeleteTopicState(name=name)]
        self._connection.call(DeleteTopicsRequest(topics=topics, timeout_ms=10_000))

    def topic(self) -> list[Any]:
        """The number of partitions of the coordinator's topic, and its settings."""
        metadata = self._connection.call(MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=TOPIC)]))
        cls = DescribeConfigsRequest
        resource = cls.DescribeConfigsResource(resource_type=2, resource_name=TOPIC, configuration_keys=None)
        [described] = self._connection.call(cls(resources=[resource])).results
        dynamic = [[one.name, one.value] for one in described.configs if one.config_source == 1]
        return [len(metadata.topics[0].partitions), metadata.topics[0].is_internal, sorted(dynamic)]

    def records(self) -> list[list[Any]]:
        """Key and value of all that is written in the coordinator's topic, decoded."""
        found: list[list[Any]] = []
        offset = 0
        while (data := self.fetch(offset)) and (batches := list(iter_batches(data))):
            for batch in batches:
                assert batch.producer_id == -1
                for record in batch:
                    offset = record.offset + 1
                    assert record.key is not None
                    key = stored.decode_share_key(record.key)
                    value = record.value
                    if value is not None:
                        assert stored.value_version(value) == 0
                    decoded = None if value is None else stored.decode_value(stored.value_class(key), value)
                    found.append([type(key).__name__, self._plain(key), self._plain(decoded)])
        return found

    def fetch(self, offset: int) -> bytes:
        """Batches of the coordinator's topic from ``offset`` on."""
        partition = FetchRequest.FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
        topics = [FetchRequest.FetchTopic(topic=TOPIC, partitions=[partition])]
        request = FetchRequest(max_wait_ms=0, max_bytes=1 << 20, topics=topics)
        [answer] = self._connection.call(request, 12).responses[0].partitions
        assert answer.error_code == errors.NONE
        return bytes(answer.records or b"")


def _partition_of(result: dict[str, Any]) -> int:
    partition: int = result["partition"]
    return partition


Note = Callable[[str, Any], None]


def answers_of(connection: Connection) -> list[list[Any]]:
    """What each step is called, and its answer."""
    client = Client(connection)
    client.prepare()
    answers: list[list[Any]] = []

    def step(name: str, answer: Any) -> None:
        answers.append([name, answer])

    step("the topic", client.topic())
    _finding(client, step)
    _uninitialized(client, step)
    _initializing(client, step)
    _epochs(client, step)
    _start_offsets(client, step)
    _many(client, step)
    _overlaps(client, step)
    _deleting(client, step)
    step("records", client.records())
    return answers


def _finding(client: Client, step: Note) -> None:
    keys = "g:{t}:0 nobody:{t}:0 g:{t}:7 g:{absent}:0 g:{none}:0 g:{t}:-1 g:{t}:+1 g:{t}:01 g:{t}:2147483647"
    keys += " g:{t}:2147483648 g:{t}:-2147483649 g:{t}:x g:{t}:1_0 g:{t}:٣ g:{t}: g:{t} g:{t}:0: g:{t}:0::: g:{t}:0:1"
    keys += " :{t}:0 ::{t}:0 g::0 g:{t}==:0 g:{t}=:0 g:nope:0 g:{t}x:0 x : :::"
    for key in [*keys.split(), "", " :{t}:0", " g :{t}:0", "g:{t}: 0", "g: {t}:0", "\u2003:{t}:0"]:
        step(f"find {key!r}", client.find(key))
    step("find several", client.find("g:{t}:0", "g", "h:{u}:0"))
    step("find none", client.find())
    for version in (4, 5):
        step(f"find, v{version}", client.find("g:{t}:0", version=version))


def _uninitialized(client: Client, step: Note) -> None:
    for topic, partition in (("t", 0), ("t", 3), ("t", -1), ("absent", 0), ("none", 0), ("absent", -5)):
        step(f"read {topic} {partition}", client.read((topic, partition, 0)))
        for version in (0, 1):
            step(f"summary of {topic} {partition}, v{version}", client.summary((topic, partition, 0), version=version))
            step(f"write {topic} {partition}, v{version}", client.write(topic, partition, version=version))
        step(f"delete {topic} {partition}", client.delete((topic, partition)))
    for topic, partition in (("t", 3), ("t", -1), ("absent", 0), ("none", 0)):
        step(f"initialize {topic} {partition}", client.initialize((topic, partition, 1, 0)))


def _initializing(client: Client, step: Note) -> None:
    step("initialize", client.initialize(("t", 0, 1, 10)))
    step("read it", client.read(("t", 0, 0)))
    for version in (0, 1):
        step(f"its summary, v{version}", client.summary(("t", 0, 0), version=version))
    step("initialize again", client.initialize(("t", 0, 1, 12)))
    step("read it again", client.read(("t", 0, 0)))
    step("initialize with an older epoch", client.initialize(("t", 0, 0, 13)))
    step("initialize without an epoch", client.initialize(("t", 0, -1, 14)))
    step("read what has no epoch", client.read(("t", 0, 0)))
    step("write after that", client.write("t", 0, (14, 15, ACKNOWLEDGED, 1), complete=2))
    step("an older epoch is still fenced", client.write("t", 0, state_epoch=0))
    step("initialize without an offset", client.initialize(("t", 1, 5, -1)))
    step("read it without an offset", client.read(("t", 1, 0)))
    step("its summary without an offset", client.summary(("t", 1, 0)))
    step("initialize below", client.initialize(("t", 2, 0, -7)))
    step("read it below", client.read(("t", 2, 0)))


def _epochs(client: Client, step: Note) -> None:
    step("a new group", client.initialize(("u", 0, 3, 0), group="epochs"))
    for leader_epoch in (0, 2, 2, 1, -1, 5):
        step(f"read by leader {leader_epoch}", client.read(("u", 0, leader_epoch), group="epochs"))
        step("who leads", client.summary(("u", 0, 99), group="epochs"))
    for leader_epoch in (4, 5, 6, -1):
        for state_epoch in (2, 3, 4, -1):
            step(
                f"write by leader {leader_epoch}, state {state_epoch}",
                client.write(
                    "u",
                    0,
                    (leader_epoch + 1, leader_epoch + 1, AVAILABLE, 1),
                    leader_epoch=leader_epoch,
                    state_epoch=state_epoch,
                    group="epochs",
                    complete=leader_epoch + 1,
                ),
            )
    step("what was written", client.read(("u", 0, 5), group="epochs"))
    step("its summary", client.summary(("u", 0, 5), group="epochs"))
    step("reset", client.initialize(("u", 0, 9, 40), group="epochs"))
    step("write of before", client.write("u", 0, state_epoch=3, leader_epoch=5, group="epochs"))
    step("read of before", client.read(("u", 0, 4), group="epochs"))
    step("read after", client.read(("u", 0, 5), group="epochs"))
    step("its summary after", client.summary(("u", 0, 5), group="epochs"))
    step("read by the next", client.read(("u", 0, 6), group="epochs"))


def _start_offsets(client: Client, step: Note) -> None:
    client.initialize(("t", 0, 1, 0), group="offsets")

    def state(name: str) -> None:
        step(f"{name}: state", client.read(("t", 0, 0), group="offsets"))
        step(f"{name}: summary", client.summary(("t", 0, 0), group="offsets"))

    def write(name: str, *batches: Batch, **fields: Any) -> None:
        step(name, client.write("t", 0, *batches, group="offsets", **fields))
        state(name)

    write("acquire", (0, 9, AVAILABLE, 1))
    write("acknowledge the first", (0, 4, ACKNOWLEDGED, 1), start_offset=5, complete=0)
    write("without a count", (5, 6, ACKNOWLEDGED, 2), version=0)
    write("acknowledge in the middle", (7, 7, ARCHIVED, 5), complete=3)
    write("below the start", (0, 3, ARCHIVED, 1))
    write("across the start", (2, 8, AVAILABLE, 3), start_offset=4)
    write("beyond all", start_offset=100)
    write("back", start_offset=50)
    write("reversed", (70, 60, AVAILABLE, 1))
    write("touching", (80, 84, AVAILABLE, 1), (85, 90, AVAILABLE, 1), (91, 99, AVAILABLE, 2), start_offset=80)
    write("the same again", (80, 84, AVAILABLE, 1), (80, 84, AVAILABLE, 1))
    write("negative", (-5, -1, AVAILABLE, 1), start_offset=-9)
    write("large", (2**62, 2**63 - 2, ARCHIVED, 32767), start_offset=2**62, complete=2**31 - 1)


def _many(client: Client, step: Note) -> None:
    both = client.initialize(("t", 0, 1, 1), ("t", 1, 1, 1), ("u", 0, 1, 1), ("absent", 0, 1, 1), group="many")
    step("initialize several", both)
    step("read several", client.read(("t", 1, 0), ("u", 0, 0), ("t", 0, 0), ("t", 2, 0), group="many"))
    step("initialize twice", client.initialize(("t", 2, 2, 7), ("t", 2, 1, 8), group="many"))
    step("summaries", client.summary(("t", 2, 0), ("t", 0, 0), ("u", 0, 0), ("absent", 0, 0), group="many"))
    step("delete several", client.delete(("t", 0), ("t", 2), ("u", 0), ("absent", 1), group="many"))
    for group in ("", " "):
        step(f"initialize of {group!r}", client.initialize(("t", 0, 1, 1), group=group))
        step(f"read of {group!r}", client.read(("t", 0, 0), group=group))
        step(f"summary of {group!r}", client.summary(("t", 0, 0), group=group))
        step(f"write of {group!r}", client.write("t", 0, group=group))
        step(f"delete of {group!r}", client.delete(("t", 0), group=group))
    for name, ask in (
        ("initialize", client.initialize),
        ("read", client.read),
        ("summary", client.summary),
        ("delete", client.delete),
    ):
        step(f"{name} nothing", ask())
    for cls, data in (
        (InitializeShareGroupStateRequest, InitializeShareGroupStateRequest.InitializeStateData),
        (ReadShareGroupStateRequest, ReadShareGroupStateRequest.ReadStateData),
        (WriteShareGroupStateRequest, WriteShareGroupStateRequest.WriteStateData),
        (DeleteShareGroupStateRequest, DeleteShareGroupStateRequest.DeleteStateData),
        (ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryRequest.ReadStateSummaryData),
    ):
        step(f"{cls.__name__} without partitions", client.without_partitions(cls, data))


def _overlaps(client: Client, step: Note) -> None:
    """Writes as they come from nowhere in particular, each followed by what has come of it."""
    chance = random.Random(932)
    client.initialize(("t", 0, 1, 0), group="overlaps")
    for number in range(60):
        start_offset = chance.choice((-1, -1, -1, chance.randrange(20)))
        answer = client.write("t", 0, *_batches(chance), start_offset=start_offset, complete=number, group="overlaps")
        step(f"overlaps {number}", [answer, client.read(("t", 0, 0), group="overlaps")])


def _batches(chance: random.Random) -> Iterable[Batch]:
    for _ in range(chance.randrange(6)):
        first = chance.randrange(40)
        states: Sequence[int] = (AVAILABLE, ACKNOWLEDGED, ARCHIVED)
        yield first, first + chance.randrange(12), chance.choice(states), chance.randrange(1, 4)


def _deleting(client: Client, step: Note) -> None:
    step("delete", client.delete(("t", 0)))
    step("read what is deleted", client.read(("t", 0, 0)))
    step("write what is deleted", client.write("t", 0))
    step("delete it again", client.delete(("t", 0)))
    step("begin anew", client.initialize(("t", 0, 0, 3)))
    step("read it anew", client.read(("t", 0, 0)))
    # The only state of a topic, so that there is one tombstone whose turn it is.
    client.delete_topic("u")
    wait_until(lambda: client.records()[-1][2] is None, what="the tombstone of a deleted topic")
    step("read of a deleted topic", client.read(("u", 0, 6), group="epochs"))
    step("summary of a deleted topic", client.summary(("u", 0, 6), group="epochs"))
    step("write of a deleted topic", client.write("u", 0, state_epoch=9, leader_epoch=6, group="epochs"))
    step("delete of a deleted topic", client.delete(("u", 0), group="epochs"))
