"""A group coordinator with its runtime on a manual clock, over a log in memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from minikafka.clock import ManualClock, Timers
from minikafka.coordinator.classic.classic_group import STABLE, ClassicGroup
from minikafka.coordinator.group_coordinator import GroupCoordinator
from minikafka.coordinator.group_loader import GroupLoader
from minikafka.coordinator.group_shard import GroupShard
from minikafka.coordinator.result import Caller
from minikafka.coordinator.settings import GroupSettings
from minikafka.errors import ApiError
from minikafka.pending import Pending, run_inline
from minikafka.protocol import stored
from minikafka.protocol.messages import (
    ConsumerProtocolSubscription,
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupResponse,
    LeaveGroupRequest,
    LeaveGroupResponse,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetFetchRequest,
    SyncGroupRequest,
    SyncGroupResponse,
)
from minikafka.records.batch import RecordBatch, iter_batches
from minikafka.server.coordinator_runtime import CoordinatorRuntime
from minikafka.state.topic_names import GROUP_METADATA_TOPIC

if TYPE_CHECKING:
    from minikafka.coordinator.share_groups.share_group_coordinator import ShareGroupCoordinator
    from tests.coordinator.share_state.memory_states import MemoryStates

DEFAULTS: dict[str, Any] = {
    "group.min.session.timeout.ms": 6_000,
    "group.max.session.timeout.ms": 1_800_000,
    "group.initial.rebalance.delay.ms": 3_000,
    "group.max.size": 2_147_483_647,
    "offset.metadata.max.bytes": 4096,
    "offsets.retention.minutes": 10_080,
    "offsets.retention.check.interval.ms": 600_000,
    "group.consumer.session.timeout.ms": 45_000,
    "group.consumer.heartbeat.interval.ms": 5_000,
    "group.consumer.max.size": 2_147_483_647,
    "group.consumer.assignors": ["uniform", "range"],
    "group.consumer.migration.policy": "bidirectional",
    "group.share.session.timeout.ms": 45_000,
    "group.share.heartbeat.interval.ms": 5_000,
    "group.share.max.size": 200,
    "group.share.initialize.retry.interval.ms": 30_000,
    "offsets.commit.timeout.ms": 5_000,
    "broker.rack": None,
}
LATEST_JOIN = 9
SESSION_TIMEOUT_MS = 10_000
REBALANCE_TIMEOUT_MS = 60_000


class Topics:
    """The metadata image, as far as groups look."""

    def __init__(self) -> None:
        self.offset = 0
        self.topics_by_name: dict[str, Any] = {}
        self.topics_by_id: dict[bytes, Any] = {}
        self.configs: dict[tuple[int, str], dict[str, str]] = {}

    def put(self, name: str, partitions: int, topic_id: bytes | None = None) -> bytes:
        """Create a topic, or give it more partitions. Returns its id."""
        self.offset += 1
        known = self.topics_by_name.get(name)
        topic_id = topic_id or (known.topic_id if known is not None else name.encode().ljust(16, b"_"))
        topic = SimpleNamespace(name=name, topic_id=topic_id, partitions=[object()] * partitions)
        self.topics_by_name[name] = self.topics_by_id[topic_id] = topic
        return topic_id

    def delete(self, name: str) -> None:
        self.offset += 1
        del self.topics_by_id[self.topics_by_name.pop(name).topic_id]


class Answer:
    """What ``PartitionLog.append`` and ``read`` give, as far as the runtime looks."""

    def __init__(self, base_offset: int = 0, data: bytes = b"") -> None:
        self.base_offset = base_offset
        self._data = data

    def read(self) -> bytes:
        return self._data


class MemoryLog:
    """A partition's log: batches with their offsets. ``fail_next`` makes the next append fail."""

    is_failed = False

    def __init__(self) -> None:
        self.batches: list[bytes] = []
        self.log_start_offset = 0
        self.log_end_offset = 0
        self.fail_next: ApiError | None = None

    def append(
        self, buffer: bytearray, *, now_ms: int, origin: str, transaction_version: int, defers_sync: bool
    ) -> Answer:
        assert origin == "coordinator"
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        batch = RecordBatch(memoryview(buffer), 0)
        base_offset = self.log_end_offset
        batch.set_base_offset(base_offset)
        self.log_end_offset = base_offset + batch.last_offset_delta + 1
        self.batches.append(bytes(buffer))
        return Answer(base_offset)

    @property
    def high_watermark(self) -> int:
        return self.log_end_offset

    def read(self, offset: int, max_bytes: int, *, isolation: str, min_one_batch: bool) -> Answer:
        assert isolation == "log_end"
        assert min_one_batch
        for position, batch in enumerate(self.batches):
            if RecordBatch(memoryview(batch), 0).next_offset > offset:
                return Answer(data=b"".join(self.batches[position : position + 3]))
        return Answer()

    def records(self) -> Iterable[tuple[Any, Any | None]]:
        """Decoded keys and values of what was written."""
        for data in self.batches:
            for batch in iter_batches(data):
                if batch.is_control:
                    continue
                for record in batch:
                    assert record.key is not None
                    key = stored.decode_group_key(record.key)
                    value = record.value
                    yield key, None if value is None else stored.decode_value(stored.value_class(key), value)


class MemoryLogs:
    def __init__(self, count: int) -> None:
        self.logs = [MemoryLog() for _ in range(count)]

    def get(self, topic: str, partition: int) -> MemoryLog | None:
        assert topic == GROUP_METADATA_TOPIC
        return self.logs[partition] if partition < len(self.logs) else None


class Groups:
    """A coordinator that can be restarted. ``clock`` moves by ``advance`` only."""

    def __init__(self, partitions: int = 1, **config: Any) -> None:
        self.clock = ManualClock()
        self.logs = MemoryLogs(partitions)
        self.topics = Topics()
        self.config = {**DEFAULTS, **{key.replace("_", "."): value for key, value in config.items()}}
        self._next_id = 0
        self.restart()

    def restart(self) -> None:
        """As after ``kill -9``: all that is left is the log."""
        settings = GroupSettings(self.config)
        self.timers = Timers(self.clock)
        self.runtime: CoordinatorRuntime[GroupShard] = CoordinatorRuntime(
            topic=GROUP_METADATA_TOPIC,
            partition_count=lambda: len(self.logs.logs),
            create_topic=lambda: None,
            logs=self.logs,  # type: ignore[arg-type]
            clock=self.clock,
            timers=self.timers,
            run_blocking=run_inline,
            new_shard=lambda timers: GroupShard(timers, self.clock, settings, self.topics, self._new_id),
            new_loader=GroupLoader,
        )
        self.runtime.start()
        self.coordinator = GroupCoordinator(self.runtime, settings, self.new_share)

    def new_share(self) -> ShareGroupCoordinator:
        """What is asked for share groups; few tests have any."""
        from minikafka.coordinator.share_groups.share_group_coordinator import ShareGroupCoordinator

        return ShareGroupCoordinator(self.runtime, self.states.coordinator, self.topics)

    @cached_property
    def states(self) -> MemoryStates:
        """The share coordinator."""
        from tests.coordinator.share_state.memory_states import MemoryStates

        return MemoryStates(clock=self.clock, topics=self.topics)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id)

    def advance(self, duration_ms: int) -> None:
        """Let time pass; every deadline in it is met when it comes."""
        end_ms = self.clock.monotonic_ms() + duration_ms
        while (deadline_ms := self.timers.next_deadline_ms()) is not None and deadline_ms <= end_ms:
            self.clock.advance(max(deadline_ms - self.clock.monotonic_ms(), 0))
            self.timers.run_due()
        self.clock.advance(end_ms - self.clock.monotonic_ms())

    def advance_until_answered(self, *outcomes: Outcome[Any]) -> None:
        """From deadline to deadline, until all answers are there."""
        while not all(one.is_there for one in outcomes):
            deadline_ms = self.timers.next_deadline_ms()
            assert deadline_ms is not None, "nothing will happen any more"
            self.clock.advance(max(deadline_ms - self.clock.monotonic_ms(), 0))
            self.timers.run_due()

    @property
    def log(self) -> MemoryLog:
        return self.logs.logs[0]

    @property
    def shard(self) -> GroupShard:
        (shard,) = self.runtime.shards()
        return shard

    def group(self, group_id: str = "g") -> ClassicGroup:
        return self.shard.groups[group_id]

    # Requests

    def join(
        self,
        member_id: str = "",
        *,
        group_id: str = "g",
        version: int = LATEST_JOIN,
        instance: str | None = None,
        protocols: Iterable[tuple[str, bytes]] = (("range", b"m"),),
        protocol_type: str = "consumer",
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
        rebalance_timeout_ms: int = REBALANCE_TIMEOUT_MS,
        client_id: str = "client",
    ) -> Outcome[JoinGroupResponse]:
        request = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=session_timeout_ms,
            rebalance_timeout_ms=rebalance_timeout_ms,
            member_id=member_id,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name=n, metadata=m) for n, m in protocols],
        )
        return Outcome(self.coordinator.join_group(Caller(version, client_id, "/127.0.0.1"), request))

    def join_new(self, **kwargs: Any) -> tuple[str, Outcome[JoinGroupResponse]]:
        """Join as a new dynamic member, in the two steps of version 4 and later. Returns the member id, too."""
        member_id = self.join(**kwargs).value.member_id
        return member_id, self.join(member_id, **kwargs)

    def sync(
        self,
        member_id: str,
        generation_id: int,
        assignments: dict[str, bytes] | None = None,
        *,
        group_id: str = "g",
        instance: str | None = None,
        protocol_type: str | None = "consumer",
        protocol_name: str | None = "range",
    ) -> Outcome[SyncGroupResponse]:
        request = SyncGroupRequest(
            group_id=group_id,
            generation_id=generation_id,
            member_id=member_id,
            group_instance_id=instance,
            protocol_type=protocol_type,
            protocol_name=protocol_name,
            assignments=[
                SyncGroupRequest.SyncGroupRequestAssignment(member_id=member_id, assignment=assignment)
                for member_id, assignment in (assignments or {}).items()
            ],
        )
        return Outcome(self.coordinator.sync_group(Caller(5), request))

    def heartbeat(self, member_id: str, generation_id: int, *, group_id: str = "g", instance: str | None = None) -> int:
        request = HeartbeatRequest(
            group_id=group_id, generation_id=generation_id, member_id=member_id, group_instance_id=instance
        )
        return Outcome(self.coordinator.heartbeat(Caller(4), request)).value.error_code

    def leave(self, *members: tuple[str, str | None], group_id: str = "g") -> LeaveGroupResponse:
        request = LeaveGroupRequest(
            group_id=group_id,
            members=[LeaveGroupRequest.MemberIdentity(member_id=m, group_instance_id=i) for m, i in members],
        )
        return Outcome(self.coordinator.leave_group(Caller(5), request)).value

    def commit(self, offset: int, **how: Any) -> int:
        """Commit one offset. Returns the partition's error code."""
        code: int = self.committing(offset, **how).value.topics[0].partitions[0].error_code
        return code

    def committing(
        self,
        offset: int,
        *,
        topic: str = "t",
        partition: int = 0,
        group_id: str = "g",
        member_id: str = "",
        generation_id: int = -1,
        instance: str | None = None,
        metadata: str | None = None,
        retention_time_ms: int = -1,
        leader_epoch: int = -1,
        topic_id: bytes = bytes(16),
        version: int = 9,
    ) -> Outcome[OffsetCommitResponse]:
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=generation_id,
            member_id=member_id,
            group_instance_id=instance,
            retention_time_ms=retention_time_ms,
            topics=[
                OffsetCommitRequest.OffsetCommitRequestTopic(
                    name=topic,
                    topic_id=topic_id,
                    partitions=[
                        OffsetCommitRequest.OffsetCommitRequestPartition(
                            partition_index=partition,
                            committed_offset=offset,
                            committed_leader_epoch=leader_epoch,
                            committed_metadata=metadata,
                        )
                    ],
                )
            ],
        )
        return Outcome(self.coordinator.commit_offsets(Caller(version), request))

    def fetch(
        self, group_id: str = "g", *, require_stable: bool = False, topic_ids: dict[str, bytes] | None = None
    ) -> dict[tuple[str, int], tuple[int, str, int]]:
        """All offsets of a group, or those of partition 0 of the topics: (offset, metadata, error code)."""
        group = OffsetFetchRequest.OffsetFetchRequestGroup(
            group_id=group_id,
            topics=None
            if topic_ids is None
            else [
                OffsetFetchRequest.OffsetFetchRequestTopics(name=name, topic_id=topic_id, partition_indexes=[0])
                for name, topic_id in topic_ids.items()
            ],
        )
        response = Outcome(self.coordinator.fetch_offsets(group, require_stable=require_stable)).value
        assert response.error_code == 0
        return {
            (topic.name, one.partition_index): (one.committed_offset, one.metadata or "", one.error_code)
            for topic in response.topics
            for one in topic.partitions
        }

    # Situations

    def stable(self, members: int = 1, **kwargs: Any) -> list[str]:
        """A stable group of dynamic members, each assigned its own id. The first one leads."""
        joining = [self.join_new(**kwargs) for _ in range(members)]
        self.advance_until_answered(*[answer for _, answer in joining])
        return self.settle([member_id for member_id, _ in joining], joining[0][1].value.generation_id)

    def settle(self, member_ids: list[str], generation_id: int) -> list[str]:
        """Everybody has joined: the leader, first, assigns."""
        leader = self.group().leader_id
        assert leader is not None
        assignments = {member_id: member_id.encode() for member_id in member_ids}
        for member_id in [leader, *[m for m in member_ids if m != leader]]:
            synced = self.sync(
                member_id,
                generation_id,
                assignments if member_id == leader else None,
                protocol_type=None,
                protocol_name=None,
            )
            assert synced.value.error_code == 0
        assert self.group().state == STABLE
        return member_ids


class Outcome:
    """An answer that is there or still to come."""

    def __class_getitem__(cls, _: object) -> type[Outcome]:
        return cls

    def __init__(self, answer: Any) -> None:
        self._values: list[Any] = []
        if isinstance(answer, Pending):
            answer.on_complete(self._values.append)
        else:
            self._values.append(answer)

    @property
    def is_there(self) -> bool:
        return bool(self._values)

    @property
    def value(self) -> Any:
        """The answer; AssertionError while there is none."""
        assert self._values, "there is no answer yet"
        return self._values[0]


def subscription(*topics: str) -> bytes:
    """A consumer's metadata, version 0."""
    return b"\0\0" + ConsumerProtocolSubscription(topics=list(topics)).encode(0)


def hard_state(shard: GroupShard) -> dict[str, Any]:
    """What a restart must keep: offsets, and of groups that are not in a rebalance all that is stored."""
    state: dict[str, Any] = {}
    for group_id, group in shard.groups.items():
        offsets = {topic: dict(one) for topic, one in shard.offsets.of_group(group_id).items()}
        pending = sorted(shard.offsets.pending_places(group_id))
        if group.state not in (STABLE, "Empty"):
            state[group_id] = ("rebalancing", offsets, pending)
            continue
        members = {
            member.member_id: (
                member.group_instance_id,
                member.client_id,
                member.client_host,
                member.rebalance_timeout_ms,
                member.session_timeout_ms,
                member.metadata_for(group.protocol_name or ""),
                member.assignment,
            )
            for member in group.members.values()
        }
        state[group_id] = (
            group.state,
            group.generation_id,
            group.protocol_type,
            group.protocol_name,
            group.leader_id,
            group.static_members,
            group.subscribed_topics,
            members,
            offsets,
            pending,
        )
    return state
