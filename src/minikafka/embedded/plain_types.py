"""What goes in and comes out of the conveniences: bytes and text, and records with names for their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minikafka.named_tuple import NamedTuple
from minikafka.records.batch import Record as StoredRecord

Content = bytes | bytearray | memoryview | str | None
"""A key or a value: text is stored as UTF-8; None is no key, or a value that is a tombstone."""

Headers = Mapping[str, Content] | Iterable[tuple[str, Content]]


class Record(NamedTuple):
    """One record of a topic. ``timestamp`` in ms since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def text(self) -> str | None:
        """The value as text. UnicodeDecodeError when it is none."""
        return None if self.value is None else self.value.decode()

    def json(self) -> Any:
        """What the value says as JSON. ValueError when it is none."""
        from json import loads

        return None if self.value is None else loads(self.value)


class CommittedOffset(NamedTuple):
    """Where a group goes on in a partition, and the text that was committed with it."""

    offset: int
    metadata: str = ""


class Member(NamedTuple):
    """A member of a group. ``partitions``: what it is assigned, ascending."""

    member_id: str
    client_id: str
    client_host: str
    instance_id: str | None
    partitions: list[tuple[str, int]]

    @classmethod
    def described(cls, found: Any, instance_id: str | None) -> Member:
        """From what ConsumerGroupDescribe and ShareGroupDescribe say of a member."""
        topics = found.assignment.topic_partitions
        partitions = sorted((topic.topic_name, index) for topic in topics for index in topic.partitions)
        return cls(found.member_id, found.client_id, found.client_host, instance_id, partitions)


class Group(NamedTuple):
    """``kind``: ``classic``, ``consumer`` (KIP-848) or ``share`` (KIP-932). ``state`` in Kafka's words: ``Stable``,
    ``Empty``..."""

    group_id: str
    kind: str
    state: str
    members: list[Member]


def content(given: Content) -> bytes | None:
    """What is stored for a key or a value. Raises TypeError."""
    if given is None or isinstance(given, bytes):
        return given
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, (bytearray, memoryview)):
        return bytes(given)
    raise TypeError(
        f"a key or a value is bytes, text or None, not {type(given).__name__}: encode it, e.g. with json.dumps"
    )


def stored_record(offset: int, timestamp: int, key: Content, value: Content, headers: Headers) -> StoredRecord:
    """A record as it goes into a batch."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return StoredRecord(
        offset, timestamp, content(key), content(value), tuple([(name, content(text)) for name, text in pairs])
    )
