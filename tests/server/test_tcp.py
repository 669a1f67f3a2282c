"""Requests and answers over real sockets: order, waiting, back-pressure, faults."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from minikafka.errors import ApiError, StorageError
from minikafka.protocol.messages import (
    FetchRequest,
    FindCoordinatorRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    ListGroupsRequest,
    MetadataRequest,
    MetadataResponse,
    ProduceRequest,
)
from minikafka.server.socket_server import SocketSettings
from tests.server.harness import Client, Running, raw_connection, running, until


def metadata(name: str) -> MetadataRequest:
    return MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name=name)])


def names(response: MetadataResponse) -> str | None:
    return response.cluster_id


def serve(scenario: Callable[[Running, Client], Awaitable[None]], **settings: Any) -> None:
    """Run ``scenario`` with a server and one client."""

    async def main() -> None:
        async with running(SocketSettings(**settings)) as it:
            client = await it.connect()
            try:
                await scenario(it, client)
            finally:
                await client.close()

    asyncio.run(main())


def test_a_request_is_answered() -> None:
    async def scenario(it: Running, client: Client) -> None:
        assert names(await client.ask(metadata("a"), 2)) == "a"

    serve(scenario)


def test_pipelined_requests_are_answered_in_order() -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(*[metadata(str(number)) for number in range(500)], version=2)
        for number in range(500):
            correlation_id, response = await client.receive(3, 2)
            assert (correlation_id, names(response)) == (number + 1, str(number))

    serve(scenario)


def test_a_request_that_comes_byte_by_byte() -> None:
    async def scenario(it: Running, client: Client) -> None:
        frame = client.request(metadata("slow"), 2)[1]
        sock = client.writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame:
            client.writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert names((await client.receive(3, 2))[1]) == "slow"

    serve(scenario)


def test_requests_behind_one_that_waits_wait_too() -> None:
    async def scenario(it: Running, client: Client) -> None:
        promises = it.services.promises
        client.send(HeartbeatRequest(group_id="g"))
        client.send(metadata("behind"), metadata("last"), version=2)
        await until(lambda: promises)
        other = await it.connect()
        assert names(await other.ask(metadata("other"), 2)) == "other", "other connections go on"
        await other.close()
        promises[0][1].complete(HeartbeatResponse(error_code=27))
        assert (await client.receive(12))[1].error_code == 27
        assert names((await client.receive(3, 2))[1]) == "behind"
        assert names((await client.receive(3, 2))[1]) == "last"

    serve(scenario)


def test_several_that_wait_one_after_another() -> None:
    async def scenario(it: Running, client: Client) -> None:
        promises = it.services.promises
        client.send(*[HeartbeatRequest(group_id=str(number)) for number in range(3)])
        for number in range(3):
            await until(lambda number=number: len(promises) == number + 1)
            promises[number][1].complete(HeartbeatResponse())
            assert (await client.receive(12))[0] == number + 1
        assert [group for group, _ in promises] == ["0", "1", "2"]

    serve(scenario)


def test_a_waiting_answer_may_fail() -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(HeartbeatRequest(group_id="g"))
        await until(lambda: it.services.promises)
        it.services.promises[0][1].complete(ApiError(25))
        assert (await client.receive(12))[1].error_code == 25

    serve(scenario)


def test_a_client_that_goes_takes_back_what_it_waits_for() -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(HeartbeatRequest(group_id="g"))
        await until(lambda: it.services.promises)
        pending = it.services.promises[0][1]
        await client.close()
        await until(lambda: pending.cancelled)
        assert not pending.complete(HeartbeatResponse())
        await until(lambda: it.server.connection_count == 0)

    serve(scenario)


def test_the_broker_stops_reading_behind_a_request_that_waits() -> None:
    """A client that floods it fills the sockets' buffers, not the broker's memory."""

    async def scenario(it: Running, client: Client) -> None:
        client.send(HeartbeatRequest(group_id="g"))
        await until(lambda: it.services.promises)
        frame = client.request(metadata("x" * 20_000), 2)[1]
        flood = raw_connection(it.port)
        flood.sendall(client.request(HeartbeatRequest(group_id="flood"))[1])
        await until(lambda: len(it.services.promises) == 2)
        sent = await send_until_full(flood, frame, lambda: flood.setblocking(False))
        assert sent < 64_000_000
        it.services.promises[1][1].complete(HeartbeatResponse())
        # It reads on once it may: everything that was sent is answered.
        whole = sent // len(frame)
        received = 0
        async_loop = asyncio.get_running_loop()
        await async_loop.sock_recv(flood, 10)
        answer_bytes = len(frame) - 2  # a name comes back under another header
        while received < whole * answer_bytes:
            data = await asyncio.wait_for(async_loop.sock_recv(flood, 1 << 20), 20)
            assert data
            received += len(data)
        flood.close()

    serve(scenario)


@pytest.mark.parametrize("limit", [{"queued_max_requests": 3}, {"queued_max_request_bytes": 75}])
def test_requests_that_wait_are_limited_over_all_connections(limit: dict[str, int]) -> None:
    async def scenario(it: Running, client: Client) -> None:
        promises = it.services.promises
        clients = [await it.connect() for _ in range(4)]
        for number, each in enumerate(clients):
            each.send(HeartbeatRequest(group_id=str(number)))
            await until(lambda number=number: len(promises) == number + 1)
        held = it.server._held
        for each in clients[:3]:
            each.send(metadata("waits"), version=2)
        await until(lambda: held.is_full)
        for each in clients:
            each.send(metadata("waits too"), version=2)
        assert names(await client.ask(metadata("free"), 2)) == "free", "who has nothing in work is served"
        for number, each in enumerate(clients):
            promises[number][1].complete(HeartbeatResponse())
            await each.receive(12)
            if number < 3:
                assert names((await each.receive(3, 2))[1]) == "waits"
            assert names((await each.receive(3, 2))[1]) == "waits too"
        await until(lambda: (held.requests, held.held_bytes) == (0, 0))
        for each in clients:
            await each.close()

    serve(scenario, **limit)


def test_what_a_client_that_goes_had_waiting_no_longer_counts() -> None:
    async def scenario(it: Running, client: Client) -> None:
        other = await it.connect()
        other.send(HeartbeatRequest(group_id="g"))
        await until(lambda: it.services.promises)
        other.send(metadata("waits"), version=2)
        held = it.server._held
        await until(lambda: held.requests == 1)
        await other.close()
        await until(lambda: (held.requests, held.held_bytes) == (0, 0))

    serve(scenario)


async def send_until_full(sock: socket.socket, frame: bytes, prepare: Callable[[], None]) -> int:
    """Send whole frames until the other side has taken nothing for a while; returns how many bytes went."""
    prepare()
    sent = 0
    data = frame * 50
    stuck = 0
    while stuck < 50 and sent < 64_000_000:
        try:
            sent += sock.send(data[sent % len(frame) :][: len(data) - len(frame)])
            stuck = 0
        except BlockingIOError:
            stuck += 1
        await asyncio.sleep(0.002)
    return sent


def test_a_client_that_does_not_read_is_not_worked_for() -> None:
    """Its answers wait in the socket, its requests are not even begun; others are served, and it may come back."""

    async def scenario(it: Running, client: Client) -> None:
        served = 0

        def records(size_bytes: int) -> bytes:
            nonlocal served
            served += 1
            return bytes(size_bytes)

        it.services.records = records
        client.writer.transport.pause_reading()
        client.send(*[FetchRequest(max_bytes=1_000_000)] * 200, version=4)
        await until(lambda: served)
        other = await it.connect()
        for number in range(50):
            assert names(await other.ask(metadata(str(number)), 2)) == str(number)
        await other.close()
        assert served < 100
        client.writer.transport.resume_reading()
        for number in range(200):
            correlation_id, response = await client.receive(1, 4)
            assert correlation_id == number + 1
            assert len(response.responses[0].partitions[0].records) == 1_000_000
        assert served == 200

    serve(scenario)


class Slice:
    """A part of an open file, as the log gives it."""

    def __init__(self, fd: int, position: int, size_bytes: int) -> None:
        self.fd = fd
        self.position = position
        self.size_bytes = size_bytes

    def fileno(self) -> int:
        return self.fd

    def read(self) -> bytes:
        return os.pread(self.fd, self.size_bytes, self.position)


class SliceInMemory(Slice):
    """One whose file is not the operating system's."""

    def fileno(self) -> int:
        raise OSError("this file is in memory")


CONTENT = os.urandom(1 << 16) * 128


@pytest.mark.parametrize("kind", [Slice, SliceInMemory])
@pytest.mark.parametrize("size", [0, 1, 10_000, 65_536, 65_537, 1_000_000, 3_000_000])
@pytest.mark.parametrize("send_buffer_bytes", [-1, 10_000])
def test_file_slices_arrive_whole(kind: type[Slice], size: int, send_buffer_bytes: int) -> None:
    async def scenario(it: Running, client: Client) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(CONTENT)
            file.flush()
            it.services.records = lambda size_bytes: kind(file.fileno(), 77, size_bytes)
            client.send(FetchRequest(max_bytes=size), FetchRequest(max_bytes=100), version=4)
            client.send(metadata("behind"), version=2)
            for expected in (size, 100):
                records = (await client.receive(1, 4))[1].responses[0].partitions[0].records
                assert bytes(records) == CONTENT[77 : 77 + expected]
            assert names((await client.receive(3, 2))[1]) == "behind"

    serve(scenario, send_buffer_bytes=send_buffer_bytes)


def test_a_connection_that_was_blocked_ends_once(caplog: pytest.LogCaptureFixture) -> None:
    """The last of its answer goes out when asyncio says that there is room again, and then it is closed."""

    async def scenario(it: Running, client: Client) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(CONTENT)
            file.flush()
            it.services.records = lambda size_bytes: Slice(file.fileno(), 0, size_bytes)
            client.writer.transport.pause_reading()
            client.send(FetchRequest(max_bytes=5_000_000), version=4)
            [connection] = it.server.connections()
            await until(lambda: connection._sender.is_blocked)
            connection.close()
            client.writer.transport.resume_reading()
            assert len((await client.receive(1, 4))[1].responses[0].partitions[0].records) == 5_000_000
            assert await client.is_closed()

    serve(scenario)
    assert told(caplog) == []


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the broker, or the event loop, has to say about it; of the loop only what went wrong."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("minikafka") or record.levelno >= logging.ERROR
    ]


@pytest.mark.parametrize("size", [100, 300_000])
def test_an_answer_of_several_slices(size: int) -> None:
    async def scenario(it: Running, client: Client) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(CONTENT)
            file.flush()
            positions = iter((0, 1000, 2000))
            it.services.records = lambda size_bytes: Slice(file.fileno(), next(positions), size_bytes)
            topic = FetchRequest.FetchTopic(
                topic="t", partitions=[FetchRequest.FetchPartition(partition=index) for index in range(3)]
            )
            response = await client.ask(FetchRequest(max_bytes=size, topics=[topic]), 4)
            for partition, position in zip(response.responses[0].partitions, (0, 1000, 2000), strict=True):
                assert bytes(partition.records) == CONTENT[position : position + size]

    serve(scenario)


@pytest.mark.parametrize("kind", [Slice, SliceInMemory])
@pytest.mark.parametrize("size", [1000, 5_000_000])
def test_a_file_that_has_become_too_short_ends_the_connection(
    kind: type[Slice], size: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(it: Running, client: Client) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(CONTENT[: size - 1])
            file.flush()
            it.services.records = lambda size_bytes: kind(file.fileno(), 0, size_bytes)
            client.send(FetchRequest(max_bytes=size), version=4)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.receive(1, 4)

    serve(scenario)
    assert len(told(caplog)) == 1
    assert "the records of its fetch cannot be read" in told(caplog)[0]


def test_a_slice_that_cannot_be_read_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SliceInMemory):
        def read(self) -> bytes:
            raise StorageError("disk on fire")

    async def scenario(it: Running, client: Client) -> None:
        it.services.records = lambda size_bytes: Broken(0, 0, size_bytes)
        client.send(FetchRequest(max_bytes=100_000), version=4)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.receive(1, 4)

    serve(scenario)
    assert "disk on fire" in caplog.text


def test_what_a_handler_refuses_is_answered_with_its_error() -> None:
    async def scenario(it: Running, client: Client) -> None:
        response = await client.ask(FindCoordinatorRequest(key="api"))
        assert response.error_code == 15
        assert response.error_message == "The coordinator is not available."

    serve(scenario)


def test_an_unexpected_failure_is_answered_and_logged_with_one_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(it: Running, client: Client) -> None:
        for _ in range(3):
            response = await client.ask(FindCoordinatorRequest(key="x"))
            assert response.error_code == -1
            assert response.error_message == ("The server experienced an unexpected error when processing the request.")

    serve(scenario)
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [bool(record.exc_info) for record in records] == [True, False, False]
    assert "FindCoordinator v1 from 127.0.0.1:" in records[0].getMessage()
    assert "ValueError: no such thing as x" in records[0].getMessage()


def test_a_module_may_say_what_its_failure_is_answered_with() -> None:
    async def scenario(it: Running, client: Client) -> None:
        response = await client.ask(ListGroupsRequest())
        assert response.groups[0].protocol_type == "error -1"

    serve(scenario)


def test_a_failure_that_has_no_answer_closes_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(metadata("before"), version=2)
        client.send(ProduceRequest(acks=0, timeout_ms=1), version=3)
        client.send(metadata("behind"), version=2)
        assert names((await client.receive(3, 2))[1]) == "before"
        assert await client.is_closed()

    caplog.set_level(logging.INFO)
    serve(scenario)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("minikafka")]
    assert len(lines) == 1
    assert "Produce v3 has no answer for its failure (INVALID_TOPIC_EXCEPTION" in lines[0]


def test_no_answer_is_sent_where_none_is_awaited() -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(ProduceRequest(acks=0, timeout_ms=0), version=3)
        client.send(metadata("behind"), version=2)
        assert names((await client.receive(3, 2))[1]) == "behind"

    serve(scenario)


def test_an_answer_that_cannot_be_written_closes_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(FindCoordinatorRequest(key="unwritable"))
        assert await client.is_closed()

    serve(scenario)
    assert "its request could not be answered" in caplog.text
    assert [bool(record.exc_info) for record in caplog.records] == [True]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "looks like HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "looks like a TLS ClientHello"),
        (struct.pack(">i", 1001), "a frame of 1001 bytes was announced"),
        (struct.pack(">i", -1), "a frame of -1 bytes was announced"),
        (struct.pack(">ihhih", 10, 99, 0, 1, -1), "API key 99 is not served"),
        (struct.pack(">ihhih", 10, 3, 99, 1, -1), "Metadata version 99 is not served"),
    ],
)
def test_what_is_no_request_is_told_once_and_closed(data: bytes, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(it: Running, client: Client) -> None:
        host, port = client.writer.get_extra_info("sockname")
        client.writer.write(data)
        assert await client.is_closed()
        lines = [record.getMessage() for record in caplog.records if record.name.startswith("minikafka")]
        assert len(lines) == 1
        assert reason in lines[0]
        assert f"{host}:{port} (listener PLAINTEXT)" in lines[0]

    serve(scenario, request_max_bytes=1000)


def test_good_requests_before_a_bad_one_are_answered() -> None:
    async def scenario(it: Running, client: Client) -> None:
        client.send(metadata("good"), version=2)
        client.writer.write(struct.pack(">i", -5))
        assert names((await client.receive(3, 2))[1]) == "good"
        assert await client.is_closed()

    serve(scenario)
