"""The sticky assignor: as even as can be, and with as few partitions as can be that change their member.

It gives what Kafka's promises; which partition goes where when there is a choice is not the same in each case. Members
tell the leader what they had as user data of their subscription: topics with partitions, and the generation of that.
Source: ``org.apache.kafka.clients.consumer.internals.AbstractStickyAssignor``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import Struct
from struct import error as StructError
from typing import Final

from minikafka.client.leaders import TopicPartition
from minikafka.client.offsets import by_topic
from minikafka.named_tuple import NamedTuple

NAME: Final = "sticky"

_INT16: Final = Struct(">h")
_INT32: Final = Struct(">i")


class Owned(NamedTuple):
    """What a member has had, since which generation: -1 when it does not say."""

    partitions: list[TopicPartition]
    generation_id: int = -1


def encoded_owned(owned: Owned) -> bytes:
    """As StickyAssignor's user data, version 1."""
    out = bytearray(_INT32.pack(len(by_topic(owned.partitions))))
    for topic, indexes in by_topic(owned.partitions).items():
        name = topic.encode()
        out += _INT16.pack(len(name)) + name + _INT32.pack(len(indexes))
        for index in indexes:
            out += _INT32.pack(index)
    return bytes(out) + _INT32.pack(owned.generation_id)


def decoded_owned(user_data: bytes | None) -> Owned:
    """What a member has had; nothing when it does not say, or not in a way that can be read."""
    try:
        return _read_owned(user_data or _INT32.pack(0))
    except (StructError, UnicodeDecodeError):  # as Kafka: such a member keeps nothing
        return Owned([])


def _read_owned(data: bytes) -> Owned:
    partitions = []
    position = _INT32.size
    for _ in range(_INT32.unpack_from(data)[0]):
        end = position + _INT16.size + _INT16.unpack_from(data, position)[0]
        topic = data[position + _INT16.size : end].decode()
        position = end + _INT32.size
        for _ in range(_INT32.unpack_from(data, end)[0]):
            partitions.append((topic, _INT32.unpack_from(data, position)[0]))
            position += _INT32.size
    has_generation = len(data) >= position + _INT32.size
    return Owned(partitions, _INT32.unpack_from(data, position)[0] if has_generation else -1)


def assign(
    partition_counts: Mapping[str, int],
    subscriptions: Mapping[str, Sequence[str]],
    owned: Mapping[str, Owned],
) -> dict[str, dict[str, list[int]]]:
    """As ``range_assignor.assign``.

    :param owned: member -> the partitions it has had; those of an earlier generation than others' have gone since.
    """
    wanted = {member: set(topics) for member, topics in subscriptions.items()}
    all_partitions = [
        (topic, index)
        for topic in sorted({topic for topics in subscriptions.values() for topic in topics})
        for index in range(partition_counts.get(topic, 0))
    ]
    held = _kept(all_partitions, wanted, owned)
    taken = {partition for partitions in held.values() for partition in partitions}
    for partition in all_partitions:
        if partition not in taken:
            held[_poorest(held, wanted, partition)].append(partition)
    _balance(held, wanted)
    assignment: dict[str, dict[str, list[int]]] = {member: {} for member in subscriptions}
    for member, partitions in held.items():
        for topic, index in sorted(partitions):
            assignment[member].setdefault(topic, []).append(index)
    return assignment


def _kept(
    all_partitions: list[TopicPartition],
    wanted: Mapping[str, set[str]],
    owned: Mapping[str, Owned],
) -> dict[str, list[TopicPartition]]:
    """Who keeps what. Of two that say they have the same one, the first by name has it."""
    free = set(all_partitions)
    generation_id = max((each.generation_id for each in owned.values()), default=-1)
    held: dict[str, list[TopicPartition]] = {}
    for member in sorted(wanted):
        said = owned.get(member, Owned([]))
        current = said.partitions if said.generation_id == generation_id else []
        held[member] = [partition for partition in current if partition in free and partition[0] in wanted[member]]
        free.difference_update(held[member])
    return held


def _poorest(
    held: Mapping[str, list[TopicPartition]], wanted: Mapping[str, set[str]], partition: TopicPartition
) -> str:
    """The member with the fewest partitions of those that want this one."""
    return min((member for member in held if partition[0] in wanted[member]), key=lambda member: len(held[member]))


def _balance(held: dict[str, list[TopicPartition]], wanted: Mapping[str, set[str]]) -> None:
    """Move single partitions until no move would make two members more alike."""
    has_moved = True
    while has_moved:
        has_moved = False
        for rich in sorted(held, key=lambda member: -len(held[member])):
            for partition in reversed(held[rich]):
                poor = _poorest(held, wanted, partition)
                if len(held[rich]) - len(held[poor]) > 1:
                    held[rich].remove(partition)
                    held[poor].append(partition)
                    has_moved = True
                    break
