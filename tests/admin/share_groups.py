"""Requests of share groups (KIP-932), one after the other on one connection: what Apache Kafka 4.2.0 answers to them is
recorded in ``share-groups-4.2.0.json``, and minikafka has to answer the same.

``python -m tests.matrix.share_answers JARS`` records them anew.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minikafka.client.connection import Connection
from minikafka.client.errors import BrokerUnreachable
from minikafka.protocol.messages import (
    AlterShareGroupOffsetsRequest,
    ConsumerGroupDescribeRequest,
    ConsumerGroupHeartbeatRequest,
    CreateTopicsRequest,
    DeleteGroupsRequest,
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupStateRequest,
    DescribeGroupsRequest,
    DescribeShareGroupOffsetsRequest,
    FindCoordinatorRequest,
    HeartbeatRequest,
    IncrementalAlterConfigsRequest,
    InitializeShareGroupStateRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    ListGroupsRequest,
    Message,
    MetadataRequest,
    OffsetCommitRequest,
    OffsetDeleteRequest,
    OffsetFetchRequest,
    ProduceRequest,
    ReadShareGroupStateRequest,
    ReadShareGroupStateSummaryRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupDescribeRequest,
    ShareGroupHeartbeatRequest,
    UpdateFeaturesRequest,
    WriteShareGroupStateRequest,
)
from minikafka.protocol.primitives import uuid_to_text
from minikafka.protocol.structs import Struct
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from tests.support.polling import wait_until

RECORDED = Path(__file__).with_name("share-groups-4.2.0.json")
SETTINGS = {
    "offsets.topic.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.share.heartbeat.interval.ms": "5000",
    "group.share.min.heartbeat.interval.ms": "5000",
    # No lock runs out while this goes on.
    "group.share.record.lock.duration.ms": "60000",
}
GROUP, OTHER_GROUP = "sharing", "others"
TOPIC, OTHER_TOPIC = "shared", "unread"
NOBODY = bytes(range(16))
FIRST, SECOND, THIRD = (uuid_to_text(bytes([number]) * 16) for number in (1, 2, 3))
NEXT = -100
"""As the epoch of a session: that which the broker expects of the member."""
ACCEPT, RELEASE, REJECT, RENEW, GAP = 1, 2, 3, 4, 0

# What depends on the machine or the moment.
CHANCE = frozenset({"throttle_time_ms", "port", "records", "producer_id"})
UNORDERED = {
    "responses": ("topic_id", "topic_name"),
    "groups": ("group_id",),
    "members": ("member_id",),
    "topics": ("topic_name",),
    "partitions": ("partition_index", "partition"),
    "topic_partitions": ("topic_id",),
    "results": ("feature", "topic_id", "group_id"),
    "coordinators": ("key",),
}

# Steps behind which Kafka needs a moment.
CHANGES = ("join", "leave", "alter", "delete", "feature", "on: join")

Answers = dict[str, Any]
Ids = dict[str, bytes]


class Step(NamedTuple):
    """``request`` is made from the ids of the topics. ``until`` says of an answer whether it is the one that counts:
    what a coordinator does in the background takes Kafka a moment."""

    name: str
    request: Callable[[Ids], Message]
    versions: Sequence[int]
    until: Callable[[Any], object] | None = None


def step(name: str, request: Message | Callable[[Ids], Message], *versions: int) -> Step:
    made = (lambda ids: request) if isinstance(request, Message) else request
    return Step(name, made, versions or (made({TOPIC: NOBODY, OTHER_TOPIC: NOBODY}).max_version,))


# --- requests


def heartbeat(
    group: str = GROUP,
    member: str = FIRST,
    epoch: int = 0,
    topics: list[str] | None = None,
    rack: str | None = None,
) -> Message:
    return ShareGroupHeartbeatRequest(
        group_id=group, member_id=member, member_epoch=epoch, subscribed_topic_names=topics, rack_id=rack
    )


Batch = tuple[int, int, list[int]]


def fetch(
    epoch: int,
    partitions: Sequence[tuple[str, int, Sequence[Batch]]] = (),
    *,
    group: str | None = GROUP,
    member: str | None = FIRST,
    forgotten: Sequence[tuple[str, int]] = (),
    **settings: Any,
) -> Callable[[Ids], Message]:
    def made(ids: Ids) -> Message:
        values = {"max_wait_ms": 0, "min_bytes": 0, "max_records": 500, "batch_size": 500, **settings}
        topics = [
            ShareFetchRequest.FetchTopic(
                topic_id=ids.get(topic, NOBODY),
                partitions=[
                    ShareFetchRequest.FetchPartition(
                        partition_index=index,
                        acknowledgement_batches=[
                            ShareFetchRequest.AcknowledgementBatch(
                                first_offset=first, last_offset=last, acknowledge_types=types
                            )
                            for first, last, types in batches
                        ],
                    )
                ],
            )
            for topic, index, batches in partitions
        ]
        return ShareFetchRequest(
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            topics=topics,
            forgotten_topics_data=[
                ShareFetchRequest.ForgottenTopic(topic_id=ids.get(topic, NOBODY), partitions=[index])
                for topic, index in forgotten
            ],
            **values,
        )

    return made


def acknowledge(
    epoch: int,
    partitions: Sequence[tuple[str, int, Sequence[Batch]]] = (),
    *,
    group: str | None = GROUP,
    member: str | None = FIRST,
    is_renew_ack: bool = False,
) -> Callable[[Ids], Message]:
    def made(ids: Ids) -> Message:
        return ShareAcknowledgeRequest(
            group_id=group,
            member_id=member,
            share_session_epoch=epoch,
            is_renew_ack=is_renew_ack,
            topics=[
                ShareAcknowledgeRequest.AcknowledgeTopic(
                    topic_id=ids.get(topic, NOBODY),
                    partitions=[
                        ShareAcknowledgeRequest.AcknowledgePartition(
                            partition_index=index,
                            acknowledgement_batches=[
                                ShareAcknowledgeRequest.AcknowledgementBatch(
                                    first_offset=first, last_offset=last, acknowledge_types=types
                                )
                                for first, last, types in batches
                            ],
                        )
                    ],
                )
                for topic, index, batches in partitions
            ],
        )

    return made


def describe_offsets(*groups: tuple[str, dict[str, list[int]] | None]) -> Message:
    return DescribeShareGroupOffsetsRequest(
        groups=[
            DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestGroup(
                group_id=group,
                topics=None
                if topics is None
                else [
                    DescribeShareGroupOffsetsRequest.DescribeShareGroupOffsetsRequestTopic(
                        topic_name=topic, partitions=indexes
                    )
                    for topic, indexes in topics.items()
                ],
            )
            for group, topics in groups
        ]
    )


def alter_offsets(group: str, **topics: dict[int, int]) -> Message:
    return AlterShareGroupOffsetsRequest(
        group_id=group,
        topics=[
            AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestTopic(
                topic_name=topic,
                partitions=[
                    AlterShareGroupOffsetsRequest.AlterShareGroupOffsetsRequestPartition(
                        partition_index=index, start_offset=offset
                    )
                    for index, offset in offsets.items()
                ],
            )
            for topic, offsets in topics.items()
        ],
    )


def delete_offsets(group: str, *topics: str) -> Message:
    return DeleteShareGroupOffsetsRequest(
        group_id=group,
        topics=[
            DeleteShareGroupOffsetsRequest.DeleteShareGroupOffsetsRequestTopic(topic_name=topic) for topic in topics
        ],
    )


def state(
    kind: type[Any], data: str, group: str = "states", topic: str = OTHER_TOPIC, **fields: Any
) -> Callable[[Ids], Message]:
    """A request about one partition to the coordinator that keeps the state."""

    def made(ids: Ids) -> Message:
        partition = kind.PartitionData(**{"partition": 0, **fields})
        about = getattr(kind, data)(topic_id=ids.get(topic, NOBODY), partitions=[partition])
        request: Message = kind(group_id=group, topics=[about])
        return request

    return made


def initialize(**fields: Any) -> Callable[[Ids], Message]:
    return state(InitializeShareGroupStateRequest, "InitializeStateData", **fields)


def read(**fields: Any) -> Callable[[Ids], Message]:
    return state(ReadShareGroupStateRequest, "ReadStateData", **fields)


def write(batches: Sequence[tuple[int, int, int, int]] = (), **fields: Any) -> Callable[[Ids], Message]:
    states = [
        WriteShareGroupStateRequest.StateBatch(
            first_offset=first, last_offset=last, delivery_state=delivered, delivery_count=count
        )
        for first, last, delivered, count in batches
    ]
    return state(WriteShareGroupStateRequest, "WriteStateData", state_batches=states, **fields)


def summary(**fields: Any) -> Callable[[Ids], Message]:
    return state(ReadShareGroupStateSummaryRequest, "ReadStateSummaryData", **fields)


def delete_state(**fields: Any) -> Callable[[Ids], Message]:
    return state(DeleteShareGroupStateRequest, "DeleteStateData", **fields)


def share_version(level: int) -> Message:
    return UpdateFeaturesRequest(
        feature_updates=[
            UpdateFeaturesRequest.FeatureUpdateKey(
                feature="share.version", max_version_level=level, upgrade_type=1 if level else 2
            )
        ]
    )


def find(*keys: str) -> Callable[[Ids], Message]:
    """ID stands for a topic's."""
    return lambda ids: FindCoordinatorRequest(
        key_type=2, coordinator_keys=[key.replace("ID", uuid_to_text(ids[OTHER_TOPIC])) for key in keys]
    )


def is_fine(answer: Any) -> bool:
    return all(coordinator["error_code"] == 0 for coordinator in answer["coordinators"])


# --- the sequence

MEMBERSHIP: list[Step] = [
    Step("coordinator", lambda ids: FindCoordinatorRequest(key_type=0, coordinator_keys=[GROUP]), (6,), is_fine),
    Step(
        "loaded",
        lambda ids: DescribeGroupsRequest(groups=[GROUP]),
        (6,),
        lambda answer: answer["groups"][0]["error_code"] != 16 and answer["groups"][0]["error_code"] != 14,
    ),
    step("join: no group", heartbeat(group="", topics=[TOPIC])),
    step("join: no member id", heartbeat(member="", topics=[TOPIC])),
    step("join: impossible epoch", heartbeat(epoch=-2, topics=[TOPIC])),
    step("join: no topics", heartbeat()),
    step("join: an empty list of topics", heartbeat(topics=[])),
    step("join: an empty rack", heartbeat(topics=[TOPIC], rack="")),
    step("heartbeat: unknown group", heartbeat(epoch=5)),
    step("leave: unknown group", heartbeat(epoch=-1)),
    step("describe: unknown", ShareGroupDescribeRequest(group_ids=[GROUP, ""], include_authorized_operations=True)),
    step("join: unknown topic", heartbeat(group="waiting", topics=["nowhere"])),
    step("describe: waiting", ShareGroupDescribeRequest(group_ids=["waiting"])),
    step("leave: waiting", heartbeat(group="waiting", epoch=-1)),
    step("join", heartbeat(topics=[TOPIC])),
    Step("heartbeat: assigned", lambda ids: heartbeat(epoch=1), (1,), lambda answer: answer["member_epoch"] == 2),
    step("heartbeat: nothing new", heartbeat(epoch=2)),
    step("heartbeat: with topics", heartbeat(epoch=2, topics=[TOPIC])),
    step("heartbeat: the epoch before", heartbeat(epoch=1)),
    step("heartbeat: too old", heartbeat(epoch=0, topics=[TOPIC])),
    step("heartbeat: from the future", heartbeat(epoch=9)),
    step("heartbeat: unknown member", heartbeat(member=THIRD, epoch=2)),
    step("join: a second", heartbeat(member=SECOND, topics=[TOPIC, OTHER_TOPIC], rack="rack")),
    Step(
        "describe",
        lambda ids: ShareGroupDescribeRequest(group_ids=[GROUP], include_authorized_operations=True),
        (1,),
        lambda answer: "RECONCILING" not in str(answer),
    ),
    step("list", ListGroupsRequest(types_filter=["share"]), 5),
    step("list: other type", ListGroupsRequest(types_filter=["consumer"]), 5),
    step("list: by state", ListGroupsRequest(states_filter=["stable"]), 4, 5),
    step("describe as a classic group", DescribeGroupsRequest(groups=[GROUP]), 5, 6),
    step("describe as a consumer group", ConsumerGroupDescribeRequest(group_ids=[GROUP])),
    step(
        "join as a consumer",
        ConsumerGroupHeartbeatRequest(
            group_id=GROUP,
            member_id=THIRD,
            member_epoch=0,
            rebalance_timeout_ms=1000,
            subscribed_topic_names=[TOPIC],
            topic_partitions=[],
        ),
    ),
    step(
        "join as a classic member",
        JoinGroupRequest(
            group_id=GROUP,
            session_timeout_ms=10_000,
            rebalance_timeout_ms=10_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=b"")],
        ),
        9,
    ),
    step("heartbeat of a classic member", HeartbeatRequest(group_id=GROUP, generation_id=1, member_id="x")),
    step(
        "leave as a classic member",
        LeaveGroupRequest(group_id=GROUP, members=[LeaveGroupRequest.MemberIdentity(member_id="x")]),
    ),
    step(
        "commit an offset",
        OffsetCommitRequest(
            group_id=GROUP,
            topics=[
                OffsetCommitRequest.OffsetCommitRequestTopic(
                    name=TOPIC,
                    partitions=[
                        OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
                    ],
                )
            ],
        ),
        8,
        9,
    ),
    step(
        "fetch offsets",
        OffsetFetchRequest(groups=[OffsetFetchRequest.OffsetFetchRequestGroup(group_id=GROUP, topics=None)]),
        8,
        9,
    ),
    step(
        "delete committed offsets",
        OffsetDeleteRequest(
            group_id=GROUP,
            topics=[
                OffsetDeleteRequest.OffsetDeleteRequestTopic(
                    name=TOPIC, partitions=[OffsetDeleteRequest.OffsetDeleteRequestPartition(partition_index=0)]
                )
            ],
        ),
    ),
    step("delete: has members", DeleteGroupsRequest(groups_names=[GROUP])),
    step("leave", heartbeat(member=SECOND, epoch=-1)),
    step("leave: again", heartbeat(member=SECOND, epoch=-1)),
    Step(
        "heartbeat: alone again",
        lambda ids: heartbeat(epoch=2),
        (1,),
        lambda answer: answer["error_code"] != 0 or answer["member_epoch"] >= 4,
    ),
]

S = (TOPIC, 0, ())
FETCHING: list[Step] = [
    step("fetch: no member", fetch(0, [S], member=None), 1, 2),
    Step(
        "fetch: member of no sense",
        fetch(0, [S], member="member", group="odd"),
        (1, 2),
        lambda answer: answer["responses"],
    ),
    step("fetch: no group", fetch(0, [S], group=None), 1, 2),
    Step("fetch: an empty group", fetch(0, [S], group=""), (1, 2), lambda answer: answer["responses"]),
    step("fetch: session that is not", fetch(5, [S]), 1, 2),
    step("fetch: end of a session that is not", fetch(-1), 1, 2),
    step("fetch: acknowledge at once", fetch(0, [(TOPIC, 0, [(0, 0, [ACCEPT])])], member=THIRD), 1, 2),
    step("fetch: unknown topic", fetch(0, [("nowhere", 0, ())], group="odd", member=THIRD), 1, 2),
    step("fetch: unknown partition", fetch(0, [(TOPIC, 9, ())], group="odd", member=THIRD), 1, 2),
    step("fetch: no records wanted", fetch(0, [S], max_records=0, group="odd", member=THIRD), 1, 2),
    step("fetch: unknown mode", fetch(0, [S], share_acquire_mode=5, group="odd", member=THIRD), 2),
    step("fetch: renew without anything", fetch(0, [S], is_renew_ack=True, group="odd", member=THIRD), 2),
    Step("fetch", fetch(0, [S], max_records=2, batch_size=2), (1,), lambda answer: "acquired_records" in str(answer)),
    step("fetch: next", fetch(NEXT, max_records=2, batch_size=2), 1),
    step("fetch: the epoch before", fetch(1, [S]), 1, 2),
    step("fetch: an epoch too high", fetch(9, [S]), 1, 2),
    # What is given back with a fetch comes with it here, and with a later one from Kafka, which writes it down first.
    step("acknowledge", acknowledge(NEXT, [(TOPIC, 0, [(0, 0, [ACCEPT]), (1, 1, [RELEASE])])]), 2),
    step("fetch: acknowledge", fetch(NEXT, [(TOPIC, 0, [(2, 2, [RENEW])])], max_records=1), 2),
    step("fetch: what was released", fetch(NEXT, max_records=1, batch_size=500), 2),
    step("fetch: by record limit", fetch(NEXT, share_acquire_mode=1, max_records=2, batch_size=500), 2),
    step("acknowledge: an empty list of types", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [])])]), 1, 2),
    step("acknowledge: unknown type", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [9])])]), 1, 2),
    step("acknowledge: too many types", acknowledge(NEXT, [(TOPIC, 0, [(1, 2, [1, 1, 1])])]), 1, 2),
    step("acknowledge: backwards", acknowledge(NEXT, [(TOPIC, 0, [(2, 1, [1])])]), 1, 2),
    step("acknowledge: twice the same", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [1]), (1, 1, [2])])]), 1, 2),
    step("acknowledge: renew by another version", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [RENEW])])]), 1),
    step("acknowledge: renew without saying so", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [RENEW])])]), 2),
    step("acknowledge: renew", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [RENEW])])], is_renew_ack=True), 2),
    step("acknowledge: renewed", acknowledge(NEXT, [(TOPIC, 0, [(1, 1, [ACCEPT])])]), 2),
    step("acknowledge: done before", acknowledge(NEXT, [(TOPIC, 0, [(0, 0, [ACCEPT])])]), 2),
    step("acknowledge: not acquired", acknowledge(NEXT, [(TOPIC, 0, [(900, 901, [ACCEPT])])]), 2),
    step("acknowledge: unknown topic", acknowledge(NEXT, [("nowhere", 0, [(0, 0, [ACCEPT])])]), 2),
    step("acknowledge: unknown partition", acknowledge(NEXT, [(TOPIC, 9, [(0, 0, [ACCEPT])])]), 2),
    step("acknowledge: not in the session", acknowledge(NEXT, [(TOPIC, 1, [(0, 0, [ACCEPT])])]), 2),
    step("acknowledge: nothing", acknowledge(NEXT), 2),
    step("acknowledge: session that is not", acknowledge(5, [(TOPIC, 0, [(1, 1, [1])])], member=THIRD), 1, 2),
    step("acknowledge: at epoch 0", acknowledge(0, [(TOPIC, 0, [(1, 1, [1])])]), 1, 2),
    step("acknowledge: no group", acknowledge(5, [(TOPIC, 0, [(1, 1, [1])])], group=None), 1, 2),
    step("fetch: another member", fetch(0, [S], member=SECOND), 2),
    step("acknowledge: what another has", acknowledge(NEXT, [(TOPIC, 0, [(2, 2, [ACCEPT])])], member=SECOND), 2),
    step("fetch: forget a partition", fetch(NEXT, forgotten=[(TOPIC, 0)], member=SECOND), 2),
    step("fetch: nothing to read", fetch(NEXT, member=SECOND), 2),
    step("fetch: acknowledge a gap", fetch(NEXT, [(TOPIC, 0, [(2, 2, [GAP])])]), 2),
    step(
        "fetch: renew",
        fetch(NEXT, [(TOPIC, 0, [(3, 3, [RENEW])])], max_records=0, max_bytes=0, is_renew_ack=True),
        2,
    ),
    step("offsets", describe_offsets((GROUP, {TOPIC: [0, 1], "nowhere": [0]})), 0, 1),
    step("fetch: end with an acknowledgement", fetch(-1, [(TOPIC, 0, [(2, 2, [REJECT])])], max_records=0), 2),
    step("acknowledge: end", acknowledge(-1, [(TOPIC, 0, [(3, 3, [ACCEPT])])], member=SECOND), 2),
    step("acknowledge: end again", acknowledge(-1, member=SECOND), 2),
    step("offsets: of all topics", describe_offsets((GROUP, None), ("nobody", None)), 0, 1),
]

OFFSETS: list[Step] = [
    step("alter: has a member", alter_offsets(GROUP, shared={0: 1})),
    step("delete offsets: has a member", delete_offsets(GROUP, TOPIC)),
    step("leave: the last", heartbeat(epoch=-1)),
    step("alter: nothing", alter_offsets(GROUP)),
    step("alter", alter_offsets(GROUP, shared={0: 1, 1: 0, 9: 0}, nowhere={0: 1})),
    step("alter: negative", alter_offsets(GROUP, shared={0: -5})),
    step("offsets: altered", describe_offsets((GROUP, None)), 0, 1),
    step("delete offsets: nothing", delete_offsets(GROUP)),
    step("delete offsets", delete_offsets(GROUP, TOPIC, "nowhere", OTHER_TOPIC)),
    step("delete offsets: again", delete_offsets(GROUP, TOPIC)),
    step("offsets: deleted", describe_offsets((GROUP, None), (GROUP, {TOPIC: [0]})), 0, 1),
    step("alter: a group that is not", alter_offsets("fresh", shared={0: 2})),
    step("describe: made by that", ShareGroupDescribeRequest(group_ids=["fresh"])),
    step("alter: no group", alter_offsets("", shared={0: 2})),
    step("delete offsets: no group", delete_offsets("", TOPIC)),
    step("delete offsets: unknown group", delete_offsets("nobody", TOPIC)),
    step("offsets: no group", describe_offsets(("", None)), 0, 1),
    step(
        "commit: to a classic group",
        OffsetCommitRequest(
            group_id="classic",
            topics=[
                OffsetCommitRequest.OffsetCommitRequestTopic(
                    name=TOPIC,
                    partitions=[
                        OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=1)
                    ],
                )
            ],
        ),
        8,
    ),
    step("join: a classic group", heartbeat(group="classic", topics=[TOPIC])),
    step("alter: a classic group", alter_offsets("classic", shared={0: 2})),
    step("offsets: a classic group", describe_offsets(("classic", None), ("classic", {TOPIC: [0]}))),
    step("delete offsets: a classic group", delete_offsets("classic", TOPIC)),
    step("describe: a classic group", ShareGroupDescribeRequest(group_ids=["classic"])),
    step("delete: groups", DeleteGroupsRequest(groups_names=[GROUP, "fresh", "waiting", "nobody", ""])),
    step("list: deleted", ListGroupsRequest(types_filter=["share"]), 5),
]

STATES: list[Step] = [
    step("find", find("states:ID:0", "states:nothing", "", "states:x:y", "a:b:c:d")),
    step("state: read what is not", read(leader_epoch=0)),
    step("state: summary of what is not", summary(leader_epoch=0), 0, 1),
    step("state: write what is not", write([(0, 4, 0, 1)], state_epoch=0, leader_epoch=0, start_offset=0)),
    step("state: delete what is not", delete_state()),
    step("state: initialize", initialize(state_epoch=1, start_offset=10)),
    step("state: summary", summary(leader_epoch=0), 0, 1),
    step("state: initialize with the same epoch", initialize(state_epoch=1, start_offset=11)),
    step("state: initialize with an old epoch", initialize(state_epoch=0, start_offset=11)),
    step("state: initialize with a negative epoch", initialize(state_epoch=-2, start_offset=11)),
    step("state: initialize negative partition", initialize(partition=-1, state_epoch=1, start_offset=11)),
    step("state: read", read(leader_epoch=3)),
    step("state: read as a leader of before", read(leader_epoch=2)),
    step("state: summary as a leader of before", summary(leader_epoch=2)),
    step("state: read negative partition", read(partition=-1, leader_epoch=3)),
    step("state: write", write([(10, 14, 0, 1), (15, 15, 2, 1)], state_epoch=1, leader_epoch=3, start_offset=10)),
    step(
        "state: write more",
        write(
            [(12, 13, 2, 2), (16, 20, 4, 5)],
            state_epoch=1,
            leader_epoch=3,
            start_offset=11,
            delivery_complete_count=3,
        ),
        1,
    ),
    step("state: read all", read(leader_epoch=3)),
    step("state: summary of all", summary(leader_epoch=3), 0, 1),
    step("state: write as a leader of before", write((), state_epoch=1, leader_epoch=1, start_offset=11)),
    step("state: write to a state of before", write((), state_epoch=0, leader_epoch=3, start_offset=11)),
    step("state: write to a later state", write((), state_epoch=4, leader_epoch=3, start_offset=11)),
    step("state: write a start", write((), state_epoch=1, leader_epoch=3, start_offset=17)),
    step("state: read from the start", read(leader_epoch=3)),
    step("state: initialize anew", initialize(state_epoch=5, start_offset=100)),
    step("state: read anew", read(leader_epoch=3)),
    step("state: no group", read(group="", leader_epoch=3)),
    step("state: no topic", read(topic="nowhere", leader_epoch=3)),
    step("state: no topics", ReadShareGroupStateRequest(group_id="states")),
    step("state: delete", delete_state()),
    step("state: read the deleted", read(leader_epoch=3)),
    step("state: delete negative partition", delete_state(partition=-1)),
]

FEATURE_OFF: list[Step] = [
    step("join: before it is off", heartbeat(group="before", topics=[TOPIC])),
    Step(
        "heartbeat: before it is off",
        lambda ids: heartbeat(group="before", epoch=1),
        (1,),
        lambda answer: answer["member_epoch"] == 2,
    ),
    Step(
        "fetch: before it is off",
        fetch(0, [S], group="before"),
        (2,),
        lambda answer: answer["responses"] and not answer["responses"][0]["partitions"][0]["error_code"],
    ),
    step("feature: off", share_version(0)),
    step("off: heartbeat", heartbeat(topics=[TOPIC])),
    step("off: describe", ShareGroupDescribeRequest(group_ids=[GROUP, "classic"])),
    step("off: fetch", fetch(0, [S]), 1, 2),
    step("off: acknowledge", acknowledge(1, [(TOPIC, 0, [(0, 0, [1])])]), 1, 2),
    step("off: offsets", describe_offsets((GROUP, None)), 0, 1),
    step("off: alter", alter_offsets(GROUP, shared={0: 1})),
    step("off: delete offsets", delete_offsets(GROUP, TOPIC)),
    step("off: find", find("states:ID:0")),
    step("off: initialize", initialize(state_epoch=1, start_offset=10)),
    step("off: read", read(leader_epoch=0)),
    step("off: write", write((), state_epoch=1, leader_epoch=3, start_offset=17)),
    step("off: summary", summary(leader_epoch=0)),
    step("off: delete state", delete_state()),
    step("off: list", ListGroupsRequest(types_filter=["share"]), 5),
    step("feature: on", share_version(1)),
    step("on: join", heartbeat(topics=[TOPIC])),
    step("on: heartbeat", heartbeat(group="before", epoch=2)),
    step("on: fetch", fetch(NEXT, group="before"), 2),
    step("on: acknowledge", acknowledge(NEXT, group="before"), 2),
    step("versions that were dropped: heartbeat", heartbeat(topics=[TOPIC]), 0),
    step("versions that were dropped: fetch", fetch(0, [S]), 0),
    step("versions that were dropped: acknowledge", acknowledge(0), 0),
]

STEPS = [*MEMBERSHIP, *FETCHING, *OFFSETS, *STATES, *FEATURE_OFF]


# --- answers


class Asker:
    """Asks on one connection, and anew when it was closed; knows which epoch each share session has come to."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._epochs: dict[str | None, int] = {}
        self._connection = Connection(host, port, client_id="sharer")

    def close(self) -> None:
        self._connection.close()

    def ids(self, settle_s: float) -> Ids:
        return _prepare(self._connection, settle_s)

    def answer(self, one: Step, version: int, ids: Ids) -> Any:
        request = fitting(one.request(ids), version)
        in_session = isinstance(request, (ShareFetchRequest, ShareAcknowledgeRequest))
        if in_session and request.share_session_epoch == NEXT:
            request.share_session_epoch = self._epochs.get(request.member_id, 1)
        try:
            answer = plain(self._connection.call(request, version), ids)
        except BrokerUnreachable:
            self._connection = Connection(*self._address, client_id="sharer")
            return "the connection is closed"
        if in_session and answer["error_code"] == 0:
            self._epochs[request.member_id] = request.share_session_epoch + 1
        return answer


def answers_of(host: str, port: int, settle_s: float = 0) -> Answers:
    """Every step's answers, by "NAME vVERSION". Kafka needs ``settle_s`` until a change has taken effect."""
    answers: Answers = {}
    asker = Asker(host, port)
    ids = asker.ids(settle_s)
    for one in STEPS:
        for version in one.versions:
            answers[f"{one.name} v{version}"] = _counting(asker, one, version, ids)
            if one.name.startswith(CHANGES):
                time.sleep(settle_s)
    asker.close()
    return answers


def _counting(asker: Asker, one: Step, version: int, ids: Ids) -> Any:
    """The answer that counts."""
    if one.until is None:
        return asker.answer(one, version, ids)
    found: list[Any] = []

    def is_there() -> bool:
        found.append(asker.answer(one, version, ids))
        return bool(one.until is None or one.until(found[-1]))

    wait_until(is_there, what=one.name)
    return found[-1]


def fitting(request: Message, version: int) -> Message:
    """Without what the version lacks."""
    request = copy.deepcopy(request)
    if isinstance(request, (ShareFetchRequest, ShareAcknowledgeRequest)) and version < 2:
        request.is_renew_ack = False
    if isinstance(request, ShareFetchRequest) and version < 1:
        request.max_records = request.batch_size = 0
    return request


def _prepare(connection: Connection, settle_s: float) -> Ids:
    topics = [
        CreateTopicsRequest.CreatableTopic(name=name, num_partitions=count, replication_factor=1)
        for name, count in ((TOPIC, 2), (OTHER_TOPIC, 1))
    ]
    created = connection.call(CreateTopicsRequest(topics=topics, timeout_ms=10_000), 7)
    assert [topic.error_code for topic in created.topics] == [0, 0], created
    ids = {topic.name: bytes(topic.topic_id) for topic in created.topics}
    earliest = IncrementalAlterConfigsRequest.AlterableConfig(
        name="share.auto.offset.reset", config_operation=0, value="earliest"
    )
    resource = IncrementalAlterConfigsRequest.AlterConfigsResource(
        resource_type=32, resource_name=GROUP, configs=[earliest]
    )
    altered = connection.call(IncrementalAlterConfigsRequest(resources=[resource]), 1)
    assert altered.responses[0].error_code == 0, altered
    time.sleep(settle_s)
    wait_until(lambda: _has_leaders(connection), what="the topics have leaders")
    for number in range(6):
        batch = build_batch([Record(0, 1_700_000_000_000, None, b"%d" % number, ())])
        partition = ProduceRequest.PartitionProduceData(index=0, records=batch)
        topic = ProduceRequest.TopicProduceData(name=TOPIC, partition_data=[partition])
        produced = connection.call(ProduceRequest(acks=-1, timeout_ms=10_000, topic_data=[topic]), 9)
        assert produced.responses[0].partition_responses[0].error_code == 0, produced
    return ids


def _has_leaders(connection: Connection) -> bool:
    answer = connection.call(
        MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=name) for name in (TOPIC, OTHER_TOPIC)]), 9
    )
    return all(
        not topic.error_code and all(each.leader_id >= 0 for each in topic.partitions) for topic in answer.topics
    )


def plain(value: Any, ids: Ids, name: str = "") -> Any:
    if isinstance(value, Struct):
        return {field: plain(getattr(value, field), ids, field) for field in value.field_names if field not in CHANCE}
    if isinstance(value, list):
        elements = [plain(element, ids) for element in value]
        keys = UNORDERED.get(name)
        return elements if keys is None else sorted(elements, key=lambda each: _known_by(each, keys))
    if isinstance(value, str):
        return _neutral(value, ids)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raw = bytes(value)
        return next((topic for topic, topic_id in ids.items() if topic_id == raw), raw.hex())
    return value


def _neutral(text: str, ids: Ids) -> str:
    for topic, topic_id in ids.items():
        text = text.replace(uuid_to_text(topic_id), f"ID OF {topic}")
    return text


def _known_by(element: Any, keys: tuple[str, ...]) -> str:
    return repr([element.get(key) for key in keys] if isinstance(element, dict) else element)


def recorded_answers() -> Answers:
    """What Apache Kafka 4.2.0 answered."""
    answers: Answers = json.loads(RECORDED.read_text(encoding="utf-8"))
    return answers
