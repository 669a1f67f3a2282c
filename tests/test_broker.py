"""The broker inside a program: started and stopped in every way, several at a time, and nothing left of it."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka import Broker, ConfigError, StorageError
from minikafka.clock import ManualClock
from minikafka.config import BrokerConfig
from minikafka.protocol.headers import request_header_version, response_header_version
from minikafka.protocol.messages import (
    CreateTopicsRequest,
    DescribeClusterRequest,
    FetchRequest,
    HeartbeatRequest,
    MetadataRequest,
    OffsetCommitRequest,
    response_class,
)
from minikafka.server.services import BrokerServices
from tests.support.brokers import answers_api_versions
from tests.support.polling import wait_until


def ask(address: tuple[str, int], message: Any, version: int) -> Any:
    """Send one request over a connection of its own; returns the response."""
    with socket.create_connection(address, timeout=20) as connection:
        header = struct.pack(">hhih", message.api_key, version, 1, -1)
        if request_header_version(message.api_key, version) == 2:
            header += b"\0"
        body = header + message.encode(version)
        connection.sendall(struct.pack(">i", len(body)) + body)
        size = struct.unpack(">i", connection.recv(4, socket.MSG_WAITALL))[0]
        frame = connection.recv(size, socket.MSG_WAITALL)
        start = 4 + response_header_version(message.api_key, version)
        return response_class(message.api_key).decode(frame[start:], version)


def address(broker: Broker) -> tuple[str, int]:
    return next(iter(broker.addresses.values()))


def create_topic(broker: Broker, name: str) -> None:
    topic = CreateTopicsRequest.CreatableTopic(name=name, num_partitions=1, replication_factor=1)
    response = ask(address(broker), CreateTopicsRequest(topics=[topic], timeout_ms=10_000), 5)
    assert [result.error_code for result in response.topics] == [0]


def topic_names(broker: Broker) -> list[str | None]:
    return [topic.name for topic in ask(address(broker), MetadataRequest(topics=None), 9).topics]


@pytest.fixture
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No thread, no open file or socket, no temporary directory remains."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    gc.collect()
    threads = set(threading.enumerate())
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    yield
    gc.collect()
    assert set(threading.enumerate()) == threads
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("nothing_is_left")
def test_with_block() -> None:
    broker = Broker()
    assert not broker.is_running
    with broker as entered:
        assert entered is broker
        assert broker.is_running
        host, port = address(broker)
        assert broker.bootstrap_servers == f"{host}:{port}"
        assert (host, broker.port) == ("127.0.0.1", port)
        assert answers_api_versions(host, port)
        assert len(broker.cluster_id) == 22
        assert Path(broker.log_dirs[0]).is_dir()
    assert not broker.is_running
    assert not answers_api_versions(host, port)


@pytest.mark.usefixtures("nothing_is_left")
def test_async_with_block() -> None:
    async def main() -> None:
        async with Broker() as broker:
            host, port = address(broker)
            loop = asyncio.get_running_loop()
            assert await loop.run_in_executor(None, answers_api_versions, host, port)
        assert not await loop.run_in_executor(None, answers_api_versions, host, port)

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_is_left")
def test_a_broker_can_be_started_again(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    with broker:
        create_topic(broker, "kept")
        cluster_id = broker.cluster_id
    with broker:
        assert topic_names(broker) == ["kept"]
        assert broker.cluster_id == cluster_id


@pytest.mark.usefixtures("nothing_is_left")
def test_groups_are_started_when_they_are_asked_for_or_there_already(tmp_path: Path) -> None:
    def has_groups(broker: Broker) -> bool:
        return broker._running_node().coordinators.groups is not None

    broker = Broker(tmp_path / "data", offsets_topic_num_partitions=1)
    with broker:
        create_topic(broker, "t")
        assert not has_groups(broker)
        wait_until(lambda: _commit(broker) == 0, what="the offset is committed")
        assert has_groups(broker)
    with broker:
        assert has_groups(broker)


def _commit(broker: Broker) -> int:
    partition = OffsetCommitRequest.OffsetCommitRequestPartition(partition_index=0, committed_offset=0)
    topic = OffsetCommitRequest.OffsetCommitRequestTopic(name="t", partitions=[partition])
    response = ask(address(broker), OffsetCommitRequest(group_id="g", topics=[topic]), 2)
    code: int = response.topics[0].partitions[0].error_code
    return code


@pytest.mark.usefixtures("nothing_is_left")
def test_a_temporary_broker_forgets() -> None:
    broker = Broker()
    with broker:
        create_topic(broker, "lost")
    with broker:
        assert topic_names(broker) == []


@pytest.mark.usefixtures("nothing_is_left")
def test_many_brokers_in_a_process() -> None:
    brokers = [Broker(node_id=number) for number in range(1, 6)]
    for broker in brokers:
        broker.start()
    try:
        for broker in brokers:
            create_topic(broker, f"topic-{broker.node_id}")
        for broker in brokers:
            assert topic_names(broker) == [f"topic-{broker.node_id}"]
            described = ask(address(broker), DescribeClusterRequest(), 0)
            assert [(node.broker_id, node.port) for node in described.brokers] == [(broker.node_id, broker.port)]
        assert len({broker.cluster_id for broker in brokers}) == 5
    finally:
        for broker in brokers:
            broker.stop()


@pytest.mark.usefixtures("nothing_is_left")
def test_stopping_twice_and_before_the_start_is_without_effect() -> None:
    broker = Broker()
    broker.stop()
    broker.start()
    broker.stop()
    broker.stop()


def test_starting_twice_is_refused() -> None:
    with Broker() as broker, pytest.raises(RuntimeError, match="is running"):
        broker.start()


def test_what_only_a_running_broker_has() -> None:
    broker = Broker()
    for name in ("addresses", "bootstrap_servers", "port", "cluster_id", "log_dirs"):
        with pytest.raises(RuntimeError, match="not running"):
            getattr(broker, name)


def test_settings_by_kafkas_names_and_as_keywords() -> None:
    broker = Broker(config={"num.partitions": 4}, log_segment_bytes=2_000_000)
    assert broker.config["num.partitions"] == 4
    assert broker.config["log.segment.bytes"] == 2_000_000


def test_a_config_is_taken_as_it_is(tmp_path: Path) -> None:
    config = BrokerConfig.from_mapping({"log.dirs": tmp_path, "listeners": "PLAINTEXT://127.0.0.1:0", "node.id": 7})
    with Broker(config=config) as broker:
        assert broker.config is config
        assert broker.node_id == 7
    with pytest.raises(TypeError, match="BrokerConfig is taken as it is"):
        Broker(tmp_path, config)


def test_a_wrong_setting_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match=r"num\.partitions=none"):
        Broker(num_partitions="none")


def test_a_keyword_that_is_no_setting() -> None:
    with pytest.raises(ConfigError) as refused:
        Broker(num_partition=3)
    sentence = "Broker(num_partition=...): brokers have no setting num.partition; did you mean num.partitions?"
    assert str(refused.value) == sentence
    Broker(config={"our.plugin.setting": "3"}, advertised_host_name="localhost", rsm_config_x="y")


@pytest.mark.usefixtures("nothing_is_left")
def test_several_listeners() -> None:
    with Broker(
        listeners="INSIDE://127.0.0.1:0,OUTSIDE://127.0.0.1:0",
        listener_security_protocol_map="INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT",
        advertised_listeners="INSIDE://127.0.0.1:0,OUTSIDE://broker.example:19092",
    ) as broker:
        inside, outside = broker.addresses["INSIDE"], broker.addresses["OUTSIDE"]
        assert inside[1] != outside[1]
        assert _advertised(inside) == inside
        assert _advertised(outside) == ("broker.example", 19092)


@pytest.mark.parametrize(("listener", "connect_to"), [("0.0.0.0", "127.0.0.1"), ("", "127.0.0.1"), ("", "::1")])
def test_a_wildcard_advertises_the_address_the_client_connected_to(listener: str, connect_to: str) -> None:
    if connect_to == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with Broker(listeners=f"PLAINTEXT://{listener}:0") as broker:
        assert _advertised((connect_to, broker.port)) == (connect_to, broker.port)
        assert broker.bootstrap_servers == f"127.0.0.1:{broker.port}"


def test_an_ipv6_listener() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with Broker(listeners="PLAINTEXT://[::1]:0") as broker:
        assert broker.bootstrap_servers == f"[::1]:{broker.port}"
        assert _advertised(("::1", broker.port)) == ("::1", broker.port)


def test_the_keys_of_kafka_0_8() -> None:
    with Broker(config={"host.name": "127.0.0.1", "port": 0, "advertised.host.name": "old.example"}) as broker:
        assert _advertised(("127.0.0.1", broker.port)) == ("old.example", broker.port)


def _advertised(address: tuple[str, int]) -> tuple[str, int]:
    [broker] = ask(address, MetadataRequest(topics=None), 9).brokers
    return broker.host, broker.port


def test_a_client_that_is_sent_to_its_own_machine_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    from minikafka.clock import ManualClock, Timers
    from minikafka.config import Listener
    from minikafka.server.advertised_watch import AdvertisedWatch
    from minikafka.server.tcp import ConnectionFacts

    services = BrokerServices()
    bound = Listener("PLAINTEXT", "", 9092, "PLAINTEXT")
    services.set_listeners([bound], [Listener("PLAINTEXT", "localhost", 9092, "PLAINTEXT")])
    clock = ManualClock()
    services.provide("advertised_watch", lambda: AdvertisedWatch(clock, Timers(clock), list))
    near = ConnectionFacts(bound, ("127.0.0.1", 5), ("127.0.0.1", 9092))
    far = ConnectionFacts(bound, ("192.0.2.7", 5), ("192.0.2.1", 9092))
    assert services.advertised_endpoints(near)[0].host == "localhost"
    assert caplog.records == []
    for _ in range(3):
        assert services.advertised_endpoints(far)[0].host == "localhost"
    assert len(caplog.records) == 1
    assert "192.0.2.7 is told to connect to localhost:9092" in caplog.text
    assert "PLAINTEXT://192.0.2.1:9092" in caplog.text


@pytest.mark.usefixtures("nothing_is_left")
def test_a_port_in_use() -> None:
    with Broker() as first, pytest.raises(ConfigError, match=rf"port {first.port} is in use"):
        Broker(listeners=f"PLAINTEXT://127.0.0.1:{first.port}").start()


@pytest.mark.usefixtures("nothing_is_left")
def test_a_directory_in_use(tmp_path: Path) -> None:
    with Broker(tmp_path), pytest.raises(StorageError, match="in use by another broker"):
        Broker(tmp_path).start()


@pytest.mark.usefixtures("nothing_is_left")
def test_another_brokers_directory(tmp_path: Path) -> None:
    with Broker(tmp_path, node_id=3):
        pass
    with pytest.raises(ConfigError, match=r"node\.id=3, and this one has node\.id=4"):
        Broker(tmp_path, node_id=4).start()
    with Broker(tmp_path, node_id=3):
        pass


@pytest.mark.usefixtures("nothing_is_left")
def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(StorageError, match="none of the log directories can be used"):
        Broker(path).start()


@pytest.mark.usefixtures("nothing_is_left")
def test_a_start_that_fails_on_a_running_loop_leaves_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with Broker(tmp_path):
            with pytest.raises(StorageError):
                await Broker(tmp_path).start_async()

    asyncio.run(main())


def test_a_protocol_that_is_not_spoken() -> None:
    with pytest.raises(ConfigError, match="does not speak"):
        Broker(listeners="SSL://127.0.0.1:0").start()


@pytest.mark.usefixtures("nothing_is_left")
def test_a_manual_clock_ends_a_long_poll() -> None:
    clock = ManualClock()
    with Broker(clock=clock) as broker:
        create_topic(broker, "t")
        partition = FetchRequest.FetchPartition(partition=0, partition_max_bytes=1000)
        topic = FetchRequest.FetchTopic(topic="t", partitions=[partition])
        request = FetchRequest(max_wait_ms=300_000, min_bytes=1, topics=[topic])
        answers: list[Any] = []
        thread = threading.Thread(target=lambda: answers.append(ask(address(broker), request, 4)))
        thread.start()
        purgatory: Any = broker._running_node().services.purgatory
        while not len(purgatory):
            thread.join(0.001)
        clock.advance(299_999)
        assert answers == []
        clock.advance(1)
        thread.join(20)
        assert answers[0].responses[0].partitions[0].error_code == 0


@pytest.mark.usefixtures("nothing_is_left")
def test_stopping_with_clients_connected() -> None:
    broker = Broker().start()
    connections = [socket.create_connection(address(broker)) for _ in range(3)]
    ask(address(broker), HeartbeatRequest(group_id="g", member_id="m"), 0)
    broker.stop()
    for connection in connections:
        assert connection.recv(1) == b""
        connection.close()
