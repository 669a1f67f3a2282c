"""A connection speaks the highest version both sides have, and says what went wrong when it cannot."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from minikafka import Broker
from minikafka.client.connection import Connection, connect
from minikafka.client.errors import BrokerUnreachable, ClientError, MalformedAnswer, UnsupportedByBroker
from minikafka.errors import ApiError
from minikafka.protocol.messages import (
    ApiVersionsResponse,
    CreateTopicsRequest,
    DescribeClusterRequest,
    GetTelemetrySubscriptionsRequest,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from tests.support.brokers import free_port

API_VERSIONS, LIST_CONFIG_RESOURCES = 18, 74


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def test_calls_go_out_in_the_highest_common_version(broker: Broker) -> None:
    with connect(broker.bootstrap_servers) as connection:
        assert connection.served_versions(DescribeClusterRequest.api_key) == (0, 2)
        cluster = connection.call(DescribeClusterRequest())
        assert cluster.cluster_id == broker.cluster_id
        assert [node.port for node in cluster.brokers] == [broker.port]
        assert connection.call(DescribeClusterRequest(), 0).cluster_id == broker.cluster_id


def test_what_the_broker_does_not_serve_is_not_sent(broker: Broker) -> None:
    with connect(broker.bootstrap_servers) as connection:
        with pytest.raises(UnsupportedByBroker, match="does not serve GetTelemetrySubscriptions"):
            connection.call(GetTelemetrySubscriptionsRequest())
        with pytest.raises(ApiError, match="non-default validate_only at version 0"):
            connection.call(CreateTopicsRequest(validate_only=True), 0)
        assert connection.call(DescribeClusterRequest()).error_code == 0, "the connection still works"


def test_a_broker_that_closes_the_connection_is_named(broker: Broker) -> None:
    with connect(broker.bootstrap_servers) as connection:
        expected = f"127.0.0.1:{broker.port} closed the connection"
        with pytest.raises(BrokerUnreachable, match=expected):
            connection.call(GetTelemetrySubscriptionsRequest(), 0)
        with pytest.raises(BrokerUnreachable):
            connection.call(DescribeClusterRequest())


def test_the_first_broker_that_answers_is_taken(broker: Broker) -> None:
    nobody = free_port()
    with connect(f"127.0.0.1:{nobody}, {broker.bootstrap_servers}") as connection:
        assert connection.port == broker.port
    with pytest.raises(BrokerUnreachable, match=f"cannot connect to 127.0.0.1:{nobody}: Connection refused"):
        connect(f"127.0.0.1:{nobody}")


@pytest.mark.parametrize("text", ["", " , ", "host:port", "host:0", "host:70000", ":9092", "[::1]x"])
def test_addresses_are_checked_before_anything_is_tried(text: str) -> None:
    with pytest.raises(ClientError, match=r"host:port, e\.g\. localhost:9092"):
        connect(text)


# --- other brokers

Answer = Callable[[int, int, int], "bytes | None"]


class Peer:
    """Answers each request with ``answer(api_key, version, correlation_id)``, bytes behind the size; None hangs up."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[tuple[int, int]] = []
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listening.accept()
        with client, client.makefile("rb") as requests, suppress(ConnectionError):
            while size := requests.read(4):
                frame = requests.read(int.from_bytes(size, "big"))
                api_key, version, correlation_id = struct.unpack_from(">hhi", frame)
                self.requests.append((api_key, version))
                answer = self._answer(api_key, version, correlation_id)
                if answer is None:
                    return
                client.sendall(len(answer).to_bytes(4, "big") + answer)

    def close(self) -> None:
        self._thread.join()
        self._listening.close()


@pytest.fixture
def peer() -> Iterator[Callable[[Answer], Peer]]:
    peers: list[Peer] = []

    def started(answer: Answer) -> Peer:
        peers.append(Peer(answer))
        return peers[-1]

    yield started
    for each in peers:
        each.close()


def versions(*apis: tuple[int, int, int], error: int = 0) -> ApiVersionsResponse:
    return ApiVersionsResponse(
        error_code=error,
        api_keys=[
            ApiVersionsResponse.ApiVersion(api_key=key, min_version=low, max_version=high) for key, low, high in apis
        ],
    )


def test_an_older_broker_is_asked_again_in_the_version_it_names(peer: Callable[[Answer], Peer]) -> None:
    def answer(api_key: int, version: int, correlation_id: int) -> bytes:
        head = struct.pack(">i", correlation_id)
        if api_key == LIST_CONFIG_RESOURCES:
            return head + b"\0" + ListConfigResourcesResponse().encode(version)
        if version > 2:
            return head + versions((API_VERSIONS, 0, 2), error=35).encode(0)
        return head + versions((API_VERSIONS, 0, 2), (LIST_CONFIG_RESOURCES, 0, 0)).encode(version)

    old = peer(answer)
    with Connection("127.0.0.1", old.port) as connection:
        assert connection.call(ListConfigResourcesRequest()).config_resources == []
    assert old.requests == [(API_VERSIONS, 4), (API_VERSIONS, 2), (LIST_CONFIG_RESOURCES, 0)]


def test_a_broker_without_a_common_version_is_told_so(peer: Callable[[Answer], Peer]) -> None:
    future = peer(
        lambda api_key, version, correlation_id: (
            struct.pack(">i", correlation_id)
            + versions((API_VERSIONS, 0, 4), (LIST_CONFIG_RESOURCES, 7, 9)).encode(version)
        )
    )
    with Connection("127.0.0.1", future.port) as connection:
        sentence = "serves ListConfigResources in the versions 7 to 9"
        with pytest.raises(UnsupportedByBroker, match=sentence):
            connection.call(ListConfigResourcesRequest())


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"\0\0\0", "announced an answer of 3 bytes"),
        (struct.pack(">i", 99) + bytes(20), "answered correlation id 99"),
        (struct.pack(">i", 1) + bytes(1), "sent no answer to ApiVersions"),
    ],
)
def test_what_is_no_answer_ends_the_connection(peer: Callable[[Answer], Peer], sent: bytes, sentence: str) -> None:
    strange = peer(lambda *_: sent)
    connection = Connection("127.0.0.1", strange.port)
    with pytest.raises(MalformedAnswer, match=sentence):
        connection.api_versions()
    with pytest.raises(BrokerUnreachable):
        connection.api_versions()


def test_a_broker_that_does_not_answer_is_waited_for_no_longer_than_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with (
            Connection("127.0.0.1", port, timeout_s=0.05) as connection,
            pytest.raises(BrokerUnreachable, match=f"127.0.0.1:{port} did not answer ApiVersions v4 within 0.05 s"),
        ):
            connection.api_versions()
