"""What faults do to a broker itself: each a function of its node and of plain values, called on its event loop.

What takes time gives a promise; its value is an exception where it failed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minikafka.coordinator.partitioner import partition_for
from minikafka.errors import GROUP_ID_NOT_FOUND, NONE, UNKNOWN_TOPIC_OR_PARTITION, ApiError, MinikafkaError
from minikafka.pending import Pending
from minikafka.records.batch import iter_batches
from minikafka.state.metadata_version import partition_record_version
from minikafka.state.topic_names import GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC
from minikafka.state.topics import NO_LEADER

if TYPE_CHECKING:
    from minikafka.controller.topic_control import VersionedRecord
    from minikafka.coordinator.group_shard import GroupShard
    from minikafka.server.coordinator_runtime import CoordinatorRuntime
    from minikafka.server.node import Node
    from minikafka.state.topics import PartitionImage
    from minikafka.storage.partition_log import PartitionLog

_ISOLATION = "log_end"


def elect_leader(node: Node, topic: str, partition: int | None, *, is_there: bool) -> Any:
    """Let this node lead a partition, or all of a topic, in a new leader epoch; or, unless ``is_there``, nobody."""
    leader = node.services.node_id if is_there else NO_LEADER

    def prepare() -> list[VersionedRecord]:
        meant = _partitions(node, topic, partition)
        if not meant:
            raise _unknown(topic, partition)
        return [_led_by(node, topic, each, leader) for each in meant]

    return node.services.controller.write(["leaders", topic], prepare)


def bring_leader_back(node: Node, topic: str, partition: int | None) -> Any:
    """Let this node lead what nobody leads any more of a partition, or of all of a topic, if it is still there."""

    def prepare() -> list[VersionedRecord]:
        return [
            _led_by(node, topic, each, node.services.node_id)
            for each in _partitions(node, topic, partition)
            if each.leader == NO_LEADER
        ]

    return node.services.controller.write(["leaders", topic], prepare)


def move_coordinator(node: Node, group: str | None, transactional_id: str | None) -> None:
    """Forget all groups, or transactions, that are coordinated together with this one: they are loaded from the log."""
    found = _runtime(node, group, transactional_id)
    if found is not None:
        runtime, index = found
        runtime.unload(index)


def hold_coordinator(node: Node, group: str | None, transactional_id: str | None, *, is_loading: bool) -> None:
    """Forget them, and begin to load them only when ``is_loading`` is over."""
    found = _runtime(node, group, transactional_id)
    if found is None and not is_loading:
        return  # The topic is gone, and with it what was to be loaded.
    if found is None:
        name = "group" if group is not None else "transactional id"
        raise ValueError(f"nothing is coordinated yet, so {name} {group or transactional_id!r} cannot be loaded")
    runtime, index = found
    if is_loading:
        runtime.hold_loading(index)
    else:
        runtime.release_loading(index)


def rebalance(node: Node, group: str) -> Any:
    """Let a group rebalance."""
    return _with_group(node, group, lambda shard: shard.rebalance(group))


def expire_member(node: Node, group: str, member: str | None) -> Any:
    """End a member's session."""
    return _with_group(node, group, lambda shard: shard.expire_member(group, member))


def disconnect(node: Node, spared_port: int | None = None) -> int:
    """Cut all connections but the one that comes from ``spared_port``. Returns how many."""
    connections = [each for each in node.server.connections() if each.facts.client_port != spared_port]
    for connection in connections:
        connection.abort()
    return len(connections)


def refuse_connections(node: Node, *, is_refusing: bool, spared_port: int | None = None) -> None:
    """Reset new connections as soon as they are made. ``spared_port`` has one already."""
    node.server.refuses_connections = is_refusing


def corrupt_batch(node: Node, topic: str, partition: int, offset: int | None) -> tuple[str, int]:
    """Change the last byte of the batch that has ``offset`` (None: the last batch), on disk.

    Returns the file and the position of the byte, for ``repair``.
    """
    log = node.services.logs.get(topic, partition)
    if log is None:
        raise _unknown(topic, partition)
    wanted = log.log_end_offset - 1 if offset is None else offset
    position = _end_of_batch(log, wanted) - 1
    segment = max((each for each in log.segments() if each.base_offset <= wanted), key=lambda each: each.base_offset)
    _flip(segment.log, position)
    return segment.log.path, position


def repair(node: Node, topic: str, partition: int, path: str, position: int) -> None:
    """Undo ``corrupt_batch``, if the file is still there."""
    log = node.services.logs.get(topic, partition)
    for segment in [] if log is None else log.segments():
        if segment.log.path == path:
            _flip(segment.log, position)


ACTIONS: dict[str, Callable[..., Any]] = {
    action.__name__: action
    for action in (
        elect_leader,
        bring_leader_back,
        move_coordinator,
        hold_coordinator,
        rebalance,
        expire_member,
        disconnect,
        refuse_connections,
        corrupt_batch,
        repair,
    )
}

TAKING_TIME = frozenset({elect_leader.__name__, bring_leader_back.__name__})
"""Those whose outcome is always a promise."""

SPARING = frozenset({disconnect.__name__, refuse_connections.__name__})
"""Those that spare a connection of the program that has the broker."""


def _partitions(node: Node, topic: str, partition: int | None) -> list[PartitionImage]:
    known = node.services.image.topics_by_name.get(topic)
    return [] if known is None else [each for each in known.partitions if partition in (None, each.index)]


def _led_by(node: Node, topic: str, partition: PartitionImage, leader: int) -> VersionedRecord:
    from minikafka.protocol.messages import PartitionChangeRecord

    image = node.services.image
    topic_id = image.topics_by_name[topic].topic_id
    record = PartitionChangeRecord(partition_id=partition.index, topic_id=topic_id, leader=leader)
    return record, partition_record_version(image.features.metadata_version)


def _runtime(node: Node, group: str | None, transactional_id: str | None) -> tuple[CoordinatorRuntime[Any], int] | None:
    """The runtime that coordinates this, and the partition; None while nothing is coordinated."""
    key = group if group is not None else transactional_id
    topic_name = GROUP_METADATA_TOPIC if group is not None else TRANSACTION_STATE_TOPIC
    service: Any = node.coordinators.groups if group is not None else node.coordinators.transactions
    topic = node.services.image.topics_by_name.get(topic_name)
    if service is None or topic is None or key is None:
        return None
    return service.runtime, partition_for(key, len(topic.partitions))


def _with_group(node: Node, group: str, operation: Callable[[GroupShard], Any]) -> Any:
    from minikafka.coordinator.result import Result

    found = _runtime(node, group, None)
    if found is None:
        raise ApiError(GROUP_ID_NOT_FOUND, f"there is no group {group!r}")
    failures: list[Exception] = []

    def run(shard: GroupShard) -> Result[int]:
        try:
            result = operation(shard) or Result()
        except ApiError as error:
            failures.append(error)
            result = Result()
        result.response = NONE
        return result

    def outcome(code: int) -> Exception | None:
        if failures:
            return failures[0]
        return ApiError(code) if code != NONE else None

    answer = found[0].write(group, run, lambda code: code)
    if not isinstance(answer, Pending):
        return _raise_or_none(outcome(answer))
    settled: Pending[Any] = Pending()
    answer.on_complete(lambda code: settled.complete(outcome(code)))
    return settled


def _raise_or_none(error: Exception | None) -> None:
    if error is not None:
        raise error


def _end_of_batch(log: PartitionLog, offset: int) -> int:
    """Where in its file the batch with this offset ends."""
    if not log.log_start_offset <= offset < log.log_end_offset:
        raise ValueError(
            f"{log.name} has no record {offset}: its offsets are {log.log_start_offset} to {log.log_end_offset - 1}"
        )
    found = log.read(offset, 1, isolation=_ISOLATION, min_one_batch=True).records
    for batch in iter_batches(memoryview(found.read())):
        if batch.next_offset > offset:
            return found.position + batch.size_bytes
    raise MinikafkaError(f"{log.name} gives no batch at offset {offset}")


def _flip(file: Any, position: int) -> None:
    [byte] = file.pread(1, position)
    file.pwrite(bytes((byte ^ 0xFF,)), position)


def _unknown(topic: str, partition: int | None) -> ApiError:
    what = f"topic {topic!r}" if partition is None else f"partition {topic}-{partition}"
    return ApiError(UNKNOWN_TOPIC_OR_PARTITION, f"there is no {what}")
