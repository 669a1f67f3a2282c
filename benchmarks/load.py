"""The load: requests encoded beforehand, sent over plain sockets; answers are counted and looked at for errors.

What a request costs here has to be small next to what it costs the broker: one connection is a loop of two system
calls, several are served by one epoll. Nothing is encoded or decoded while the clock runs.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from tests.support.wire import produce_answer

RECEIVE_BYTES = 1 << 20


class Lane(NamedTuple):
    """What one connection sends: these requests in turn, each for one partition of ``topic``."""

    topic: str
    requests: Sequence[bytes]
    in_flight: int


class Load(NamedTuple):
    """What came of it."""

    requests: int
    seconds: float
    answer_bytes: int


def connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def produce_over_one(host: str, port: int, lane: Lane, seconds: float) -> Load:
    """Keep ``lane.in_flight`` Produce requests on their way over one connection for ``seconds``."""
    layout = produce_answer(lane.topic)
    size, error_at = layout.size_bytes, layout.error_code_at
    send, receive = (connection := connect(host, port)).sendall, connection.recv
    (encoded,) = lane.requests
    sent, answered, rest = 0, 0, b""
    started = time.perf_counter()
    deadline = started + seconds
    send(encoded * lane.in_flight)
    sent = lane.in_flight
    while answered < sent:
        rest += receive(RECEIVE_BYTES)
        whole = len(rest) // size
        if not rest:
            raise ConnectionError("the broker closed the connection")
        for index in range(whole):
            if rest[index * size + error_at : index * size + error_at + 2] != b"\0\0":
                raise AssertionError(f"produce answered with {rest[index * size :][:size].hex()}")
        answered += whole
        rest = rest[whole * size :]
        if whole and time.perf_counter() < deadline:
            send(encoded * whole if whole > 1 else encoded)
            sent += whole
    elapsed = time.perf_counter() - started
    connection.close()
    return Load(answered, elapsed, answered * size)


class _Worker:
    """One of several connections: non-blocking, one request on its way."""

    def __init__(self, host: str, port: int, lane: Lane) -> None:
        self.connection = connect(host, port)
        self.lane = lane
        self.next_request = 0
        self.received = bytearray()
        self.answered = 0
        self.answer_bytes = 0

    def send(self) -> None:
        request = self.lane.requests[self.next_request]
        self.next_request = (self.next_request + 1) % len(self.lane.requests)
        self.connection.sendall(request)


def produce_over_many(host: str, port: int, lanes: Sequence[Lane], seconds: float) -> Load:
    """One Produce request on its way over each of several connections for ``seconds``."""
    workers = [_Worker(host, port, lane) for lane in lanes]
    layouts = {lane.topic: produce_answer(lane.topic) for lane in lanes}
    selector = selectors.EpollSelector()
    for worker in workers:
        selector.register(worker.connection, selectors.EVENT_READ, worker)
    started = time.perf_counter()
    deadline = started + seconds
    for worker in workers:
        worker.send()
    busy = len(workers)
    while busy:
        for key, _ in selector.select():
            worker = key.data
            layout = layouts[worker.lane.topic]
            answer = worker.connection.recv(RECEIVE_BYTES)
            if worker.received:
                answer = bytes(worker.received) + answer
            if len(answer) < layout.size_bytes:
                worker.received[:] = answer
                continue
            if answer[layout.error_code_at : layout.error_code_at + 2] != b"\0\0":
                raise AssertionError(f"produce answered with {answer.hex()}")
            worker.received.clear()
            worker.answered += 1
            if time.perf_counter() < deadline:
                worker.send()
            else:
                busy -= 1
    elapsed = time.perf_counter() - started
    selector.close()
    for worker in workers:
        worker.connection.close()
    return Load(sum(worker.answered for worker in workers), elapsed, 0)


class _Reader:
    """One connection that fetches: takes answers of any size into one buffer, and keeps only their sizes."""

    def __init__(self, host: str, port: int, lane: Lane) -> None:
        self.connection = connect(host, port)
        self.requests = deque(lane.requests)
        self.buffer = memoryview(bytearray(RECEIVE_BYTES))
        self.head = b""
        self.left = 0
        self.answered = 0
        self.answer_bytes = 0

    def send(self) -> None:
        self.connection.sendall(self.requests[0])
        self.requests.rotate(-1)

    def receive(self) -> bool:
        """Take what is there; whether an answer is complete."""
        if self.left == 0:
            self.head += self.connection.recv(4 - len(self.head))
            if len(self.head) < 4:
                return False
            (self.left,) = struct.unpack(">i", self.head)
            self.answer_bytes += self.left
            self.head = b""
        count = self.connection.recv_into(self.buffer, min(self.left, RECEIVE_BYTES))
        if count == 0:
            raise ConnectionError("the broker closed the connection")
        self.left -= count
        self.answered += self.left == 0
        return self.left == 0


def fetch(host: str, port: int, lanes: Sequence[Lane], seconds: float) -> Load:
    """One Fetch request on its way over each connection for ``seconds``."""
    readers = [_Reader(host, port, lane) for lane in lanes]
    selector = selectors.EpollSelector()
    for reader in readers:
        selector.register(reader.connection, selectors.EVENT_READ, reader)
    started = time.perf_counter()
    deadline = started + seconds
    for reader in readers:
        reader.send()
    busy = len(readers)
    while busy:
        for key, _ in selector.select():
            if key.data.receive():
                if time.perf_counter() < deadline:
                    key.data.send()
                else:
                    busy -= 1
    elapsed = time.perf_counter() - started
    selector.close()
    for reader in readers:
        reader.connection.close()
    answer_bytes = sum(reader.answer_bytes for reader in readers)
    return Load(sum(reader.answered for reader in readers), elapsed, answer_bytes)
