"""Clients that know what the broker has promised them, and see after each kill that it was kept.

``play`` works with the broker until the connection breaks; ``verify`` compares what is there with what was
acknowledged, and raises AssertionError. Of values only checksums are kept.
"""

from __future__ import annotations

import random
import struct
import time
import zlib
from typing import Protocol

from tests.support.wire import Connection, produce_answer, produce_request, record_batch

IN_FLIGHT = 4
COORDINATOR_TIMEOUT_S = 30
_COORDINATOR_ERRORS = frozenset({14, 15, 16})
"""COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: ask again."""


class Witness(Protocol):
    def play(self, connection: Connection, chance: random.Random) -> None: ...

    def verify(self, connection: Connection, *, everything: bool) -> None:
        """``everything``: not only what is new since the last time."""
        ...

    @property
    def summary(self) -> str: ...


class _Batch:
    def __init__(self, values: list[bytes], sequence: int) -> None:
        self.values = values
        self.sequence = sequence
        self.checksums = [zlib.crc32(value) for value in values]


class PartitionWitness:
    """Produces to one partition, several batches on their way at a time."""

    def __init__(self, topic: str, partition: int, *, acks: int) -> None:
        self.topic = topic
        self.partition = partition
        self.acks = acks
        self.acknowledged: dict[int, int] = {}
        """Offset -> checksum of the value."""
        self._verified_offset = 0
        self._count = 0

    @property
    def summary(self) -> str:
        return f"{self.topic}-{self.partition}: {len(self.acknowledged)} records"

    def play(self, connection: Connection, chance: random.Random) -> None:
        while True:
            batches = [self._new_batch(chance) for _ in range(IN_FLIGHT)]
            self._send(connection, batches)

    def _new_batch(self, chance: random.Random) -> _Batch:
        values, sequence = [], self._count
        for _ in range(chance.choice((1, 1, 10, 40))):
            self._count += 1
            label = f"{self.topic}-{self.partition} record {self._count} "
            values.append(label.encode() + b"." * chance.randrange(300))
        return _Batch(values, sequence)

    def _producer(self, batch: _Batch) -> tuple[int, int, int]:
        return -1, -1, -1

    def _send(self, connection: Connection, batches: list[_Batch]) -> None:
        for batch in batches:
            records = record_batch(batch.values, int(time.time() * 1000), producer=self._producer(batch))
            connection.socket.sendall(produce_request(self.topic, self.partition, records, acks=self.acks))
        layout = produce_answer(self.topic)
        for batch in batches:
            answer = connection.receive(layout.size_bytes)
            error_code, offset = struct.unpack_from(">hq", answer, layout.error_code_at)
            assert error_code == 0, f"{self.topic}-{self.partition}: error code {error_code} in mid-produce"
            self._acknowledge(batch, offset)

    def _acknowledge(self, batch: _Batch, offset: int) -> None:
        self.acknowledged.update(enumerate(batch.checksums, offset))

    def verify(self, connection: Connection, *, everything: bool) -> None:
        start = 0 if everything else self._verified_offset
        name, due = f"{self.topic}-{self.partition}", start
        for offset, value in connection.everything(self.topic, self.partition, start):
            assert offset == due, f"{name}: offset {offset} where {due} was due"
            expected = self.acknowledged.get(offset)
            assert expected in (None, zlib.crc32(value)), f"{name}: {value[:60]!r} is not what was put at {offset}"
            self._verify_record(offset, value)
            due += 1
        lost = [offset for offset in self.acknowledged if offset >= due]
        assert not lost, f"{name}: {len(lost)} acknowledged records are lost, from {min(lost)} on"
        self._verified_offset = due

    def _verify_record(self, offset: int, value: bytes) -> None:
        """What else is known of the record."""


class IdempotentWitness(PartitionWitness):
    """Sends again, after each kill, what has not been acknowledged; each record must be there once, and in order."""

    def __init__(self, topic: str, partition: int) -> None:
        super().__init__(topic, partition, acks=-1)
        self._id_and_epoch: tuple[int, int] | None = None
        self._unanswered: list[_Batch] = []
        self._sent: list[int] = []
        """Checksums in the order of sending: the offset is the place, as nobody else writes here."""

    def play(self, connection: Connection, chance: random.Random) -> None:
        if self._id_and_epoch is None:
            self._id_and_epoch = connection.init_producer_id()
        self._send(connection, list(self._unanswered))
        super().play(connection, chance)

    def _new_batch(self, chance: random.Random) -> _Batch:
        batch = super()._new_batch(chance)
        self._unanswered.append(batch)
        self._sent += batch.checksums
        return batch

    def _producer(self, batch: _Batch) -> tuple[int, int, int]:
        assert self._id_and_epoch is not None
        return *self._id_and_epoch, batch.sequence

    def _acknowledge(self, batch: _Batch, offset: int) -> None:
        assert offset == batch.sequence, (
            f"{self.topic}-{self.partition}: offset {offset} for the batch with sequence {batch.sequence}"
        )
        super()._acknowledge(batch, offset)
        self._unanswered.remove(batch)

    def _verify_record(self, offset: int, value: bytes) -> None:
        assert offset < len(self._sent), f"{self.topic}-{self.partition}: a record too many, at {offset}"
        assert self._sent[offset] == zlib.crc32(value), (
            f"{self.topic}-{self.partition}: at {offset} is {value[:60]!r}, which belongs elsewhere"
        )


class OffsetWitness:
    """Commits ever higher offsets for a group."""

    def __init__(self, group: str, topic: str) -> None:
        self.group = group
        self.topic = topic
        self._acknowledged = -1
        self._sent = -1

    @property
    def summary(self) -> str:
        return f"{self.group}: offset {self._acknowledged}"

    def play(self, connection: Connection, chance: random.Random) -> None:
        while True:
            self._sent += 1
            error_code = connection.commit_offset(self.group, self.topic, self._sent)
            assert error_code in _COORDINATOR_ERRORS | {0}, f"{self.group}: error code {error_code} for a commit"
            if not error_code:
                self._acknowledged = self._sent

    def verify(self, connection: Connection, *, everything: bool) -> None:
        deadline = time.monotonic() + COORDINATOR_TIMEOUT_S
        error_code, offset = connection.committed_offset(self.group, self.topic)
        while error_code in _COORDINATOR_ERRORS and time.monotonic() < deadline:
            error_code, offset = connection.committed_offset(self.group, self.topic)
        assert error_code == 0, f"{self.group}: error code {error_code} for a fetch of offsets"
        assert self._acknowledged <= offset <= self._sent, (
            f"{self.group}: offset {offset} is committed, {self._acknowledged} was acknowledged, {self._sent} sent"
        )


class TopicWitness:
    """Creates and deletes topics."""

    MAX_IN_ROUND = 5

    def __init__(self) -> None:
        self._count = 0
        self._there: list[str] = []

    @property
    def summary(self) -> str:
        return f"{len(self._there)} of {self._count} topics"

    def play(self, connection: Connection, chance: random.Random) -> None:
        for _ in range(self.MAX_IN_ROUND):
            name = f"made-{self._count}"
            self._count += 1
            connection.create_topic(name, 2, {"retention.ms": "-1"})
            self._there.append(name)
            if len(self._there) > 3 * self.MAX_IN_ROUND:
                connection.delete_topic(self._there.pop(0))
        while connection.socket.recv(1):
            raise AssertionError("bytes that nobody asked for")

    def verify(self, connection: Connection, *, everything: bool) -> None:
        for name in self._there:
            assert [connection.end_offset(name, partition) for partition in range(2)] == [0, 0]
