"""Requests built and answers read by hand: a few versions that every Kafka since 2.1 serves, with nothing of the
product's own codec in between. Load and crash tests use them because they cost next to nothing to send.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import crc32c

PRODUCE, FETCH, LIST_OFFSETS, CREATE_TOPICS, DELETE_TOPICS = 0, 1, 2, 19, 20
OFFSET_COMMIT, OFFSET_FETCH, INIT_PRODUCER_ID = 8, 9, 22
API_VERSIONS = 18
VERSIONS = {
    PRODUCE: 7,
    FETCH: 11,
    LIST_OFFSETS: 5,
    OFFSET_COMMIT: 7,
    OFFSET_FETCH: 5,
    CREATE_TOPICS: 4,
    DELETE_TOPICS: 3,
    INIT_PRODUCER_ID: 1,
}
LATEST_TIMESTAMP, EARLIEST_TIMESTAMP = -1, -2


def string(text: str | None) -> bytes:
    if text is None:
        return struct.pack(">h", -1)
    encoded = text.encode()
    return struct.pack(">h", len(encoded)) + encoded


def varint(number: int) -> bytes:
    """Zigzag, as record fields are."""
    left = (number << 1) ^ (number >> 63)
    encoded = bytearray()
    while left > 0x7F:
        encoded.append(left & 0x7F | 0x80)
        left >>= 7
    encoded.append(left)
    return bytes(encoded)


def record_batch(
    values: Iterable[bytes], timestamp_ms: int, *, producer: tuple[int, int, int] = (-1, -1, -1)
) -> bytes:
    """A magic 2 batch of records without keys and headers, uncompressed; ``producer`` is (id, epoch, base sequence)."""
    body = bytearray()
    count = 0
    for count, value in enumerate(values, 1):
        record = b"\0\0" + varint(count - 1) + varint(-1) + varint(len(value)) + value + b"\0"
        body += varint(len(record)) + record
    head = struct.pack(">hiqqqhii", 0, count - 1, timestamp_ms, timestamp_ms, *producer, count)
    checksum = crc32c.crc32c(head + body)
    return struct.pack(">qiibI", 0, 9 + len(head) + len(body), -1, 2, checksum) + head + body


def values_of(records: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, value) of every record of whole batches as ``record_batch`` builds them; stops at a cut one."""
    position = 0
    while position + 61 <= len(records):
        base_offset, length = struct.unpack_from(">qi", records, position)
        end = position + 12 + length
        if end > len(records):
            return
        (stored,) = struct.unpack_from(">I", records, position + 17)
        if crc32c.crc32c(records[position + 21 : end]) != stored:
            raise AssertionError(f"the batch at offset {base_offset} does not have its checksum")
        (count,) = struct.unpack_from(">i", records, position + 57)
        at = position + 61
        for index in range(count):
            _, at = _read_varint(records, at)
            at += 2 + len(varint(index)) + 1
            size, at = _read_varint(records, at)
            yield base_offset + index, records[at : at + size]
            at += size + 1
        position = end


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1), at


def request(api_key: int, body: bytes, correlation_id: int = 0) -> bytes:
    head = struct.pack(">hhi", api_key, VERSIONS[api_key], correlation_id) + string("wire")
    return struct.pack(">i", len(head) + len(body)) + head + body


def produce_request(topic: str, partition: int, batch: bytes, *, acks: int = 1) -> bytes:
    body = string(None) + struct.pack(">hi", acks, 30_000) + struct.pack(">i", 1) + string(topic)
    return request(PRODUCE, body + struct.pack(">iii", 1, partition, len(batch)) + batch)


class ProduceAnswer(NamedTuple):
    """Where its fields lie in an answer to ``produce_request``, counted from the length before it."""

    size_bytes: int
    error_code_at: int
    base_offset_at: int


def produce_answer(topic: str) -> ProduceAnswer:
    """Every answer for one partition of ``topic`` has the same size: length, correlation id, one topic, one
    partition, throttle time."""
    error_code_at = 4 + 4 + 4 + len(string(topic)) + 4 + 4
    return ProduceAnswer(error_code_at + 2 + 8 + 8 + 8 + 4, error_code_at, error_code_at + 2)


def fetch_request(topic: str, partition: int, offset: int, *, max_bytes: int, max_wait_ms: int = 500) -> bytes:
    body = struct.pack(">iiiibii", -1, max_wait_ms, 1, max_bytes, 0, 0, -1) + struct.pack(">i", 1) + string(topic)
    body += struct.pack(">iiiqqi", 1, partition, -1, offset, -1, max_bytes)
    return request(FETCH, body + struct.pack(">i", 0) + string(""))


class Fetched(NamedTuple):
    error_code: int
    high_watermark: int
    records: bytes


def read_fetch_answer(answer: bytes | bytearray, topic: str) -> Fetched:
    """``answer`` begins with the correlation id."""
    error_code, at = struct.unpack_from(">h", answer, 8)[0], 4 + 4 + 2 + 4
    if error_code:
        return Fetched(error_code, -1, b"")
    at += 4 + len(string(topic)) + 4
    error_code, high_watermark = struct.unpack_from(">hq", answer, at + 4)
    at += 4 + 2 + 8 + 8 + 8
    (aborted,) = struct.unpack_from(">i", answer, at)
    at += 4 + 16 * max(aborted, 0) + 4
    (size,) = struct.unpack_from(">i", answer, at)
    return Fetched(error_code, high_watermark, bytes(answer[at + 4 : at + 4 + max(size, 0)]))


class Connection:
    """A blocking connection: one request, one answer."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, framed: bytes) -> bytearray:
        """Send a request with its length; the answer, from its correlation id on."""
        self.socket.sendall(framed)
        (size,) = struct.unpack(">i", self.receive(4))
        return self.receive(size)

    def receive(self, size_bytes: int) -> bytearray:
        received = bytearray(size_bytes)
        left = memoryview(received)
        while left:
            count = self.socket.recv_into(left)
            if count == 0:
                raise ConnectionError("the broker closed the connection in the middle of an answer")
            left = left[count:]
        return received

    def close(self) -> None:
        self.socket.close()

    def api_keys(self) -> frozenset[int]:
        """The APIs that the broker says it serves."""
        answer = self.call(struct.pack(">ihhih", 10, API_VERSIONS, 0, 0, -1))
        error_code, count = struct.unpack_from(">hi", answer, 4)
        assert error_code == 0, f"ApiVersions: error code {error_code}"
        return frozenset(struct.unpack_from(">h", answer, 10 + 6 * index)[0] for index in range(count))

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        """Raises AssertionError with the error code."""
        configs = configs or {}
        body = struct.pack(">i", 1) + string(topic) + struct.pack(">ihii", partitions, 1, 0, len(configs))
        body += b"".join(string(key) + string(value) for key, value in configs.items())
        answer = self.call(request(CREATE_TOPICS, body + struct.pack(">ib", 30_000, 0)))
        self._expect_no_error(answer, topic)

    def delete_topic(self, topic: str) -> None:
        answer = self.call(request(DELETE_TOPICS, struct.pack(">i", 1) + string(topic) + struct.pack(">i", 30_000)))
        self._expect_no_error(answer, topic)

    def _expect_no_error(self, answer: bytearray, topic: str) -> None:
        # Both answers: correlation id, throttle time, one topic with its name and error code.
        (error_code,) = struct.unpack_from(">h", answer, 4 + 4 + 4 + len(string(topic)))
        assert error_code == 0, f"{topic}: error code {error_code}"

    def fetch(self, topic: str, partition: int, offset: int, *, max_bytes: int = 10_000_000) -> Fetched:
        answer = self.call(fetch_request(topic, partition, offset, max_bytes=max_bytes, max_wait_ms=0))
        return read_fetch_answer(answer, topic)

    def end_offset(self, topic: str, partition: int, timestamp: int = LATEST_TIMESTAMP) -> int:
        body = struct.pack(">ib", -1, 0) + struct.pack(">i", 1) + string(topic)
        body += struct.pack(">iiiq", 1, partition, -1, timestamp)
        answer = self.call(request(LIST_OFFSETS, body))
        error_code, _, offset = struct.unpack_from(">hqq", answer, 4 + 4 + 4 + len(string(topic)) + 4 + 4)
        assert error_code == 0, f"{topic}-{partition}: error code {error_code}"
        return int(offset)

    def init_producer_id(self) -> tuple[int, int]:
        """A new producer id, and its epoch."""
        answer = self.call(request(INIT_PRODUCER_ID, string(None) + struct.pack(">i", 60_000)))
        error_code, producer_id, epoch = struct.unpack_from(">hqh", answer, 8)
        assert error_code == 0, f"InitProducerId: error code {error_code}"
        return int(producer_id), int(epoch)

    def commit_offset(self, group: str, topic: str, offset: int) -> int:
        """Commit an offset of partition 0 for a group without members; the error code."""
        body = string(group) + struct.pack(">i", -1) + string("") + string(None) + struct.pack(">i", 1) + string(topic)
        answer = self.call(request(OFFSET_COMMIT, body + struct.pack(">iiqi", 1, 0, offset, -1) + string(None)))
        return int(struct.unpack_from(">h", answer, 4 + 4 + 4 + len(string(topic)) + 4 + 4)[0])

    def committed_offset(self, group: str, topic: str) -> tuple[int, int]:
        """(error code, offset) of partition 0; the offset is -1 when there is none."""
        body = string(group) + struct.pack(">i", 1) + string(topic) + struct.pack(">ii", 1, 0)
        answer = self.call(request(OFFSET_FETCH, body))
        if struct.unpack_from(">h", answer, len(answer) - 2)[0]:
            return struct.unpack_from(">h", answer, len(answer) - 2)[0], -1
        offset, _, size = struct.unpack_from(">qih", answer, 4 + 4 + 4 + len(string(topic)) + 4 + 4)
        at = 4 + 4 + 4 + len(string(topic)) + 4 + 4 + 14 + max(size, 0)
        return struct.unpack_from(">h", answer, at)[0], int(offset)

    def everything(self, topic: str, partition: int, start_offset: int = 0) -> Iterator[tuple[int, bytes]]:
        """(offset, value) of every record from ``start_offset`` on to the end of the log."""
        offset, end = start_offset, self.end_offset(topic, partition)
        while offset < end:
            fetched = self.fetch(topic, partition, offset)
            assert fetched.error_code == 0, f"{topic}-{partition} at {offset}: error code {fetched.error_code}"
            before = offset
            for found, value in values_of(fetched.records):
                if found >= offset:
                    yield found, value
                    offset = found + 1
            assert offset > before, f"{topic}-{partition}: nothing is read at offset {before}, below the end {end}"
