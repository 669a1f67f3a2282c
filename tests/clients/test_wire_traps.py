"""What made stock clients fail on other brokers, each seen on the wire."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from minikafka.protocol.messages import ApiVersionsResponse
from tests.support.brokers import BrokerProcess
from tests.support.polling import wait_until
from tests.support.wire import API_VERSIONS, FETCH, Connection, string

METADATA, FIND_COORDINATOR, JOIN_GROUP, INIT_PRODUCER_ID, CONSUMER_GROUP_HEARTBEAT = 3, 10, 11, 22, 68
TELEMETRY = {71, 72}
UNSUPPORTED_VERSION = 35
# Loading, not available yet, not this broker: Kafka's first answers while it creates its topic for groups.
COORDINATOR_NOT_READY = {14, 15, 16}


@pytest.fixture
def connection(shared_broker: BrokerProcess) -> Iterator[Connection]:
    made = Connection(shared_broker.host, shared_broker.port)
    yield made
    made.close()


def framed(api_key: int, version: int, body: bytes, correlation_id: int = 7) -> bytes:
    """A request with header version 1."""
    request = struct.pack(">hhi", api_key, version, correlation_id) + string("trap") + body
    return struct.pack(">i", len(request)) + request


def announced(connection: Connection) -> dict[int, tuple[int, int]]:
    answer = connection.call(framed(API_VERSIONS, 0, b""))
    error_code, count = struct.unpack_from(">hi", answer, 4)
    assert error_code == 0
    rows = [struct.unpack_from(">hhh", answer, 10 + 6 * index) for index in range(count)]
    return {key: (low, high) for key, low, high in rows}


@pytest.mark.parametrize("version", [5, 99])
def test_api_versions_of_the_future_are_answered_in_version_0(connection: Connection, version: int) -> None:
    """franz-go opens with version 5, in a flexible header whose rest nobody can know."""
    answer = connection.call(framed(API_VERSIONS, version, b"\0\x05name\x03v1\0"))
    correlation_id, error_code, count = struct.unpack_from(">ihi", answer)
    assert (correlation_id, error_code) == (7, UNSUPPORTED_VERSION)
    rows = [struct.unpack_from(">hhh", answer, 10 + 6 * index) for index in range(count)]
    assert len(answer) == 10 + 6 * count, "nothing behind the version 0 body"
    assert (API_VERSIONS, 0, 4) in rows
    assert announced(connection), "and the connection goes on"


def test_produce_is_announced_from_version_0(connection: Connection) -> None:
    """librdkafka takes what it may compress with from the lowest version (KAFKA-18659)."""
    assert announced(connection)[0][0] == 0


def test_what_kafka_announces_only_when_it_is_configured_is_not_announced(connection: Connection) -> None:
    """Clients would ask for telemetry subscriptions (KIP-714), and for two-phase commit (KIP-939)."""
    served = announced(connection)
    assert not served.keys() & TELEMETRY
    assert served[INIT_PRODUCER_ID][1] == 5


def test_features_that_clients_go_by_are_finalized(connection: Connection) -> None:
    """The consumer protocol and the second transaction protocol are switched on by features, not by versions."""
    answer = connection.call(framed(API_VERSIONS, 3, b"\0\x05name\x03v1\0"))
    response = ApiVersionsResponse.decode(bytes(answer[4:]), 3)
    finalized = {feature.name: feature.max_version_level for feature in response.finalized_features}
    served = {api.api_key: api.max_version for api in response.api_keys}
    assert finalized["metadata.version"] >= 20
    assert finalized.get("group.version", 0) >= (1 if CONSUMER_GROUP_HEARTBEAT in served else 0)
    assert finalized.get("transaction.version", 0) >= (2 if served.get(26, 0) >= 5 else 0)


def test_a_client_may_begin_without_asking_for_versions(connection: Connection) -> None:
    """Java until 0.10.0, kafka-python with api_version, librdkafka with api.version.request=false."""
    answer = connection.call(framed(METADATA, 0, struct.pack(">i", 0)))
    (brokers,) = struct.unpack_from(">i", answer, 4)
    assert brokers == 1


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_old_members_join_without_an_id(connection: Connection, topic: str, version: int) -> None:
    """Before JoinGroup version 4 no client knows MEMBER_ID_REQUIRED (KIP-394)."""
    body = string(topic) + struct.pack(">i", 10_000) + (struct.pack(">i", 10_000) if version >= 1 else b"")
    body += string("") + string("consumer") + struct.pack(">i", 1) + string("range") + struct.pack(">i", 0)

    def error_code() -> int:
        connection.call(framed(FIND_COORDINATOR, 0, string(topic)))
        answer = connection.call(framed(JOIN_GROUP, version, body))
        (code,) = struct.unpack_from(">h", answer, 8 if version >= 2 else 4)
        return int(code)

    codes: list[int] = []
    wait_until(lambda: codes.append(error_code()) or codes[-1] not in COORDINATOR_NOT_READY, what="a coordinator")
    assert codes[-1] == 0


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_an_old_fetch_of_a_transaction_marker_gives_nothing(
    shared_broker: BrokerProcess, connection: Connection, topic: str, version: int
) -> None:
    """Kafka 3.9 answers with a stub that no consumer of 0.9 or 0.10 gets past; Kafka 4 does not know the versions."""
    low, _ = announced(connection)[FETCH]
    if version < low:
        pytest.skip(f"the broker serves Fetch from version {low} on")
    producer = Producer({"bootstrap.servers": shared_broker.bootstrap, "transactional.id": topic})
    connection.create_topic(topic)
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"value")
    producer.commit_transaction(30)
    body = struct.pack(">iii", -1, 0, 0) + (struct.pack(">i", 1_000_000) if version >= 3 else b"")
    body += struct.pack(">i", 1) + string(topic) + struct.pack(">iiqi", 1, 0, 1, 1_000_000)
    answer = connection.call(framed(FETCH, version, body))
    at = 4 + (4 if version >= 1 else 0) + 4 + len(string(topic)) + 4 + 4
    error_code, high_watermark, size = struct.unpack_from(">hqi", answer, at)
    assert (error_code, high_watermark, size) == (0, 2, 0)
