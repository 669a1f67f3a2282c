"""Listeners, limits on connections, idle connections, and the end of it all."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from minikafka.config import BrokerConfig, Listener
from minikafka.errors import ConfigError
from minikafka.protocol.messages import FetchRequest, HeartbeatRequest, MetadataRequest
from minikafka.server.connection_quotas import ConnectionLimits
from minikafka.server.socket_server import SocketSettings, bind_listener
from tests.server.harness import LOOPBACK, Running, running, until

HAS_IPV6 = socket.has_dualstack_ipv6()


def test_a_port_of_0_takes_one_that_is_free() -> None:
    async def main() -> None:
        async with running() as it:
            assert it.port > 0

    asyncio.run(main())


def test_several_listeners() -> None:
    async def main() -> None:
        it = Running(SocketSettings())
        names = ["ONE", "TWO"]
        bound = it.server.bind([Listener(name, "127.0.0.1", 0, "PLAINTEXT") for name in names])
        assert [listener.name for listener in bound] == names
        it.server.start()
        for listener in bound:
            _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            await until(lambda: it.server.connection_count == 1)
            writer.close()
            await writer.wait_closed()
            await until(lambda: it.server.connection_count == 0)
        await it.server.close()

    asyncio.run(main())


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_an_empty_host_is_all_interfaces_of_both_families(address: str) -> None:
    with bind_listener(Listener("PLAINTEXT", "", 0, "PLAINTEXT")) as bound:
        bound.listen()
        with socket.create_connection((address, bound.getsockname()[1])):
            pass


def test_the_ipv4_wildcard() -> None:
    with bind_listener(Listener("PLAINTEXT", "0.0.0.0", 0, "PLAINTEXT")) as bound:
        assert bound.family == socket.AF_INET
        bound.listen()
        with socket.create_connection(("127.0.0.1", bound.getsockname()[1])):
            pass


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
def test_ipv4_and_ipv6_may_share_a_port() -> None:
    with bind_listener(Listener("A", "127.0.0.1", 0, "PLAINTEXT")) as one:
        port = one.getsockname()[1]
        with bind_listener(Listener("B", "::1", port, "PLAINTEXT")) as other:
            assert other.getsockname()[:2] == ("::1", port)


def test_a_host_name() -> None:
    with bind_listener(Listener("PLAINTEXT", "localhost", 0, "PLAINTEXT")) as bound:
        assert bound.getsockname()[0] in ("127.0.0.1", "::1")


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"PLAINTEXT://127\.0\.0\.1:{port}: port {port} is in use"):
            bind_listener(LOOPBACK._replace(port=port))


@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "no address of this machine"), ("no.such.host.invalid", "'no.such.host.invalid' has no address")],
)
def test_a_host_that_is_not_here_is_told_in_a_sentence(host: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        bind_listener(Listener("PLAINTEXT", host, 0, "PLAINTEXT"))


def test_when_one_listener_cannot_be_bound_none_is() -> None:
    async def main() -> None:
        it = Running(SocketSettings())
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            busy = Listener("BUSY", "127.0.0.1", taken.getsockname()[1], "PLAINTEXT")
            with pytest.raises(ConfigError):
                it.server.bind([LOOPBACK, busy])
        assert it.server.bound_listeners == []

    asyncio.run(main())


def test_the_backlog_is_kafkas_where_it_is_set_and_longer_where_not() -> None:
    assert SocketSettings.from_config(BrokerConfig.from_mapping({})).backlog_size == 1024
    assert SocketSettings.from_config(BrokerConfig.from_mapping({"socket.listen.backlog.size": 7})).backlog_size == 7


def test_many_connections_at_once() -> None:
    async def main() -> None:
        async with running(SocketSettings(backlog_size=1024)) as it:
            clients = await asyncio.gather(*(it.connect() for _ in range(300)))
            for client in clients:
                client.send(MetadataRequest(topics=None))
            for client in clients:
                assert (await client.receive(3))[0] == 1
            assert it.server.connection_count == 300
            for client in clients:
                await client.close()

    asyncio.run(main())


def test_connections_over_max_connections_wait_for_a_place() -> None:
    async def main() -> None:
        async with running(max_connections=1) as it:
            first = await it.connect()
            await first.ask(MetadataRequest(topics=None))
            second = await it.connect()
            second.send(MetadataRequest(topics=None))
            await first.ask(MetadataRequest(topics=None))
            assert it.server.connection_count == 1
            await first.close()
            assert (await second.receive(3))[0] == 1
            await second.close()

    asyncio.run(main())


def test_connections_over_max_connections_per_ip_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with running(max_per_ip=1) as it:
            first = await it.connect()
            await first.ask(MetadataRequest(topics=None))
            second = await it.connect()
            assert await second.is_closed()
            await first.ask(MetadataRequest(topics=None))
            await first.close()
            await second.close()
            await until(lambda: it.quotas.total == 0)
            third = await it.connect()
            await third.ask(MetadataRequest(topics=None))
            await third.close()

    caplog.set_level(logging.INFO)
    asyncio.run(main())
    assert len(caplog.records) == 1
    assert "127.0.0.1 already has 1 connections" in caplog.text


def test_a_limit_that_is_raised_lets_those_in_who_wait() -> None:
    async def main() -> None:
        async with running(max_connections=1) as it:
            first, second = await it.connect(), await it.connect()
            await first.ask(MetadataRequest(topics=None))
            second.send(MetadataRequest(topics=None))
            it.server.change_limits(ConnectionLimits(max_connections=2))
            assert (await second.receive(3))[0] == 1
            await first.close()
            await second.close()

    asyncio.run(main())


def test_connections_over_the_creation_rate_wait() -> None:
    async def main() -> None:
        async with running(max_creation_rate=1) as it:
            clients = [await it.connect() for _ in range(12)]
            await until(lambda: it.server.connection_count == 11)
            clients[11].send(MetadataRequest(topics=None))
            await clients[0].ask(MetadataRequest(topics=None))
            assert it.server.connection_count == 11
            it.clock.advance(11_000)
            assert (await clients[11].receive(3))[0] == 1
            for client in clients:
                await client.close()

    asyncio.run(main())


def test_idle_connections_are_closed() -> None:
    async def main() -> None:
        async with running(SocketSettings(max_idle_ms=10_000)) as it:
            idle, busy = await it.connect(), await it.connect()
            for client in (idle, busy):
                await client.ask(MetadataRequest(topics=None))
            it.clock.advance(6_000)
            await busy.ask(MetadataRequest(topics=None))
            it.clock.advance(4_000)
            assert await idle.is_closed()
            await busy.ask(MetadataRequest(topics=None))
            it.clock.advance(10_000)
            assert await busy.is_closed()
            await idle.close()
            await busy.close()

    asyncio.run(main())


def test_idle_connections_may_stay() -> None:
    async def main() -> None:
        async with running(SocketSettings(max_idle_ms=-1)) as it:
            client = await it.connect()
            await client.ask(MetadataRequest(topics=None))
            it.clock.advance(10**9)
            await client.ask(MetadataRequest(topics=None))
            await client.close()

    asyncio.run(main())


def test_socket_buffers_are_set() -> None:
    async def main() -> None:
        async with running(SocketSettings(send_buffer_bytes=20_000, receive_buffer_bytes=30_000)) as it:
            client = await it.connect()
            await client.ask(MetadataRequest(topics=None))
            connection = next(iter(it.server._connections))
            sock = connection._transport.get_extra_info("socket")
            # Linux gives twice what is asked for.
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in (20_000, 40_000)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) in (30_000, 60_000)
            await client.close()

    asyncio.run(main())


def test_closing_sends_what_was_answered_and_cancels_what_waits() -> None:
    async def main() -> None:
        async with running() as it:
            client, waiting = await it.connect(), await it.connect()
            waiting.send(HeartbeatRequest(group_id="g"))
            client.send(MetadataRequest(topics=None))
            await until(lambda: it.services.promises)
            assert (await client.receive(3))[0] == 1
            port = it.port
            await it.server.close()
            assert it.services.promises[0][1].cancelled
            assert await client.is_closed()
            assert await waiting.is_closed()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            await client.close()
            await waiting.close()

    asyncio.run(main())


def test_closing_does_not_wait_for_ever_for_a_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minikafka.server.socket_server._CLOSE_TIMEOUT_S", 0.01)

    async def main() -> None:
        async with running(SocketSettings(send_buffer_bytes=10_000)) as it:
            served = []
            it.services.records = lambda size_bytes: served.append(size_bytes) or bytes(size_bytes)
            client = await it.connect()
            client.writer.transport.pause_reading()
            client.send(FetchRequest(max_bytes=10_000_000), version=4)
            await until(lambda: served)
            await it.server.close()
            assert it.server.connection_count == 0
            client.writer.transport.abort()

    asyncio.run(main())
