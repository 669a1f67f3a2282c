"""Real client libraries behind one face, so that one scenario runs over each of them.

A driver is named by its library; ``driver(name)`` imports the library when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple, Protocol

DRIVER_MODULES = {
    "kafka-python": "kafka_python",
    "aiokafka": "aiokafka_client",
    "confluent-kafka": "confluent",
    "confluent-kafka, consumer protocol": "confluent_consumer_protocol",
}
# Those of which the last differs from another in its groups alone.
PRODUCE_AND_READ = ("kafka-python", "aiokafka", "confluent-kafka")

READ_TIMEOUT_S = 60.0


class Message(NamedTuple):
    """What is produced. ``partition`` None leaves the choice to the library's partitioner."""

    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int | None = None


class Received(NamedTuple):
    """What is consumed."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int


class GroupMember(Protocol):
    """A consumer in a group; ``poll`` has to be called for it to take part."""

    def poll(self) -> list[Received]:
        """What arrived within a short while, often nothing."""
        ...

    def assigned(self) -> frozenset[tuple[str, int]]:
        """The partitions it owns now, as (topic, partition)."""
        ...

    def commit(self) -> None:
        """Commit its position, and return when the broker has it."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class Driver(Protocol):
    """One client library. All calls return when the broker has answered, and raise what the library raises."""

    name: str

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None: ...

    def delete_topic(self, topic: str) -> None: ...

    def topics(self) -> set[str]: ...

    def produce(
        self,
        topic: str,
        messages: Iterable[Message],
        *,
        acks: int | str = "all",
        compression: str = "none",
        idempotent: bool = False,
        batch_bytes: int = 16_384,
        linger_ms: int = 5,
    ) -> list[tuple[int, int]]:
        """Send them in order through one producer; (partition, offset) of each as acknowledged."""
        ...

    def read(
        self,
        topic: str,
        start: Mapping[int, int | str],
        count: int,
        *,
        isolation: str = "read_uncommitted",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> list[Received]:
        """Assign the partitions in ``start``, go to the offset named there or to "earliest" or "latest", and consume
        until ``count`` messages have come. Raises AssertionError when they do not come within ``timeout_s`` seconds."""
        ...

    def beginning_and_end(self, topic: str, partition: int) -> tuple[int, int]: ...

    def offset_for_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        """The first offset whose timestamp is at or after ``timestamp_ms``; None when there is none."""
        ...

    def join(self, group_id: str, topics: Sequence[str], *, auto_commit: bool = False) -> GroupMember: ...

    def committed(self, group_id: str, topic: str, partition: int) -> int | None: ...


def driver(name: str, bootstrap: str) -> Driver:
    """The driver of the library ``name`` for the broker at ``bootstrap``."""
    module = import_module(f"{__name__}.{DRIVER_MODULES[name]}")
    make: Callable[[str], Driver] = module.make
    return make(bootstrap)
