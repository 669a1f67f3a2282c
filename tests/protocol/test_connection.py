"""The conversation with one client: requests in order, one at a time; what is not served ends it."""

from __future__ import annotations

import struct

import pytest

from minikafka.protocol.connection import LocalProtocolError, RemoteProtocolError, Request, ServerConnection
from minikafka.protocol.messages import (
    ApiVersionsRequest,
    ApiVersionsResponse,
    FetchResponse,
    FindCoordinatorResponse,
    MetadataRequest,
    MetadataResponse,
)

VERSIONS = {
    1: ("Fetch", 0, 18),
    3: ("Metadata", 0, 13),
    10: ("FindCoordinator", 0, 6),
    18: ("ApiVersions", 0, 4),
}


def connection(max_frame_bytes: int = 1_000_000) -> ServerConnection:
    return ServerConnection(VERSIONS, max_frame_bytes)


def frame(api_key: int, version: int, correlation_id: int, body: bytes, client_id: str | None = "app") -> bytes:
    header = struct.pack(">hhi", api_key, version, correlation_id)
    if client_id is None:
        header += struct.pack(">h", -1)
    else:
        header += struct.pack(">h", len(client_id)) + client_id.encode()
    if (api_key, version) in {(18, 3), (18, 4), (18, 9), (3, 12)}:
        header += b"\0"
    return struct.pack(">i", len(header) + len(body)) + header + body


def metadata_frame(correlation_id: int, version: int = 12) -> bytes:
    return frame(3, version, correlation_id, MetadataRequest(topics=None).encode(version))


def sent(conn: ServerConnection) -> bytes:
    return b"".join(bytes(piece) for piece in conn.data_to_send())  # type: ignore[arg-type]


def take(conn: ServerConnection) -> Request:
    request = conn.next_request()
    assert request is not None
    return request


def test_a_request_comes_out_parsed() -> None:
    conn = connection()
    data = frame(3, 12, 7, MetadataRequest(topics=None, allow_auto_topic_creation=False).encode(12), "my app")
    conn.receive_data(data)
    request = take(conn)
    assert (request.api_key, request.api_version, request.correlation_id) == (3, 12, 7)
    assert request.client_id == "my app"
    assert request.size_bytes == len(data) - 4
    assert request.message == MetadataRequest(topics=None, allow_auto_topic_creation=False)
    assert conn.in_work is request
    assert conn.describe(request) == "Metadata v12 (correlation id 7, client id 'my app')"


def test_a_missing_client_id_is_none() -> None:
    conn = connection()
    conn.receive_data(frame(3, 1, 7, MetadataRequest(topics=None).encode(1), None))
    assert take(conn).client_id is None


def test_an_incomplete_request_is_none_yet() -> None:
    conn = connection()
    data = metadata_frame(1)
    conn.receive_data(data[:-1])
    assert conn.next_request() is None
    conn.receive_data(data[-1:])
    assert take(conn).correlation_id == 1


def test_one_request_at_a_time_in_order() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1) + metadata_frame(2) + metadata_frame(3))
    answered = []
    for _ in range(3):
        request = take(conn)
        assert conn.next_request() is None, "the one before is still in work"
        conn.send_response(request, MetadataResponse())
        answered.append(request.correlation_id)
    assert conn.next_request() is None
    assert answered == [1, 2, 3]


def test_a_response_is_framed_behind_its_header() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(5, 12))
    response = MetadataResponse(cluster_id="c")
    conn.send_response(take(conn), response)
    body = response.encode(12)
    assert sent(conn) == struct.pack(">ii", 5 + len(body), 5) + b"\0" + body
    assert conn.data_to_send() == []


def test_responses_that_wait_leave_together() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1, 1) + metadata_frame(2, 1))
    body = MetadataResponse().encode(1)
    for _ in range(2):
        conn.send_response(take(conn), MetadataResponse())
    one, other = (struct.pack(">ii", 4 + len(body), number) + body for number in (1, 2))
    assert conn.unsent_bytes == len(one + other)
    assert conn.data_to_send() == [one + other]


def test_no_answer_is_no_bytes() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1) + metadata_frame(2))
    conn.send_response(take(conn), None)
    assert conn.data_to_send() == []
    assert take(conn).correlation_id == 2


class FakeSlice:
    """Bytes that are read only when they go out."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size_bytes = len(content)

    def read(self) -> bytes:
        return self.content


def test_slices_stand_between_the_bytes_around_them() -> None:
    conn = connection()
    conn.receive_data(frame(1, 4, 9, _fetch_request_body()))

    def response(first: object, second: object) -> FetchResponse:
        return FetchResponse(
            responses=[
                FetchResponse.FetchableTopicResponse(
                    topic="t",
                    partitions=[
                        FetchResponse.PartitionData(partition_index=0, records=first),
                        FetchResponse.PartitionData(partition_index=1, records=b""),
                        FetchResponse.PartitionData(partition_index=2, records=second),
                    ],
                )
            ]
        )

    first, second = FakeSlice(b"first records"), FakeSlice(b"and more")
    conn.send_response(take(conn), response(first, second))
    pieces = conn.data_to_send()
    assert first in pieces
    assert second in pieces
    assert conn.unsent_bytes == 0
    whole = b"".join(p.read() if isinstance(p, FakeSlice) else bytes(p) for p in pieces)  # type: ignore[arg-type]
    body = response(first.content, second.content).encode(4)
    assert whole == struct.pack(">ii", 4 + len(body), 9) + body


def test_an_answer_follows_one_with_slices() -> None:
    conn = connection()
    conn.receive_data(frame(1, 4, 1, _fetch_request_body()) + metadata_frame(2, 1))
    data = FetchResponse.PartitionData(records=FakeSlice(b"records"))
    topic = FetchResponse.FetchableTopicResponse(topic="t", partitions=[data])
    conn.send_response(take(conn), FetchResponse(responses=[topic]))
    conn.send_response(take(conn), MetadataResponse())
    pieces = conn.data_to_send()
    whole = b"".join(p.read() if isinstance(p, FakeSlice) else bytes(p) for p in pieces)  # type: ignore[arg-type]
    size = struct.unpack(">i", whole[:4])[0]
    assert whole[4:8] == struct.pack(">i", 1)
    assert whole[4 + size + 4 : 4 + size + 8] == struct.pack(">i", 2)


def _fetch_request_body() -> bytes:
    from minikafka.protocol.messages import FetchRequest

    return FetchRequest().encode(4)


def test_api_versions_from_the_future_is_answered_in_version_0() -> None:
    conn = connection()
    conn.receive_data(frame(18, 9, 3, b"whatever the future brings"))
    request = take(conn)
    assert request.api_version == 9
    assert request.response_version == 0
    assert request.message == ApiVersionsRequest()
    conn.send_response(request, ApiVersionsResponse(error_code=35))
    assert sent(conn) == struct.pack(">iihi", 10, 3, 35, 0)


@pytest.mark.parametrize("version", [3, 4])
def test_api_versions_is_answered_with_an_old_header(version: int) -> None:
    conn = connection()
    body = ApiVersionsRequest(client_software_name="app", client_software_version="1").encode(version)
    conn.receive_data(frame(18, version, 3, body))
    response = ApiVersionsResponse()
    conn.send_response(take(conn), response)
    encoded = response.encode(version)
    assert sent(conn) == struct.pack(">ii", 4 + len(encoded), 3) + encoded


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (struct.pack(">i", 0), "0 bytes is too short for a request header"),
        (struct.pack(">ih", 2, 3), "2 bytes is too short for a request header"),
        (frame(99, 0, 1, b""), "API key 99 is not served; the frame begins with 00 63 00 00"),
        (frame(0, 3, 1, b""), "API key 0 is not served"),
        (frame(3, 14, 1, b""), "Metadata version 14 is not served, 0 to 13 are"),
        (frame(3, -1, 1, b""), "Metadata version -1 is not served"),
        (frame(3, 1, 1, b"\0\0"), "malformed Metadata version 1 request"),
        (struct.pack(">ihhih", 10, 3, 1, 1, 500), "malformed Metadata version 1 request"),
    ],
)
def test_what_is_not_served_ends_the_conversation(data: bytes, reason: str) -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1) + data + metadata_frame(2))
    conn.send_response(take(conn), None)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match=reason):
            conn.next_request()
    assert conn.in_work is None


def test_bytes_behind_the_last_field_are_let_pass() -> None:
    conn = connection()
    conn.receive_data(frame(3, 1, 1, MetadataRequest(topics=None).encode(1) + b"more"))
    assert take(conn).message == MetadataRequest(topics=None)


def test_answering_twice_is_our_own_fault() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1) + metadata_frame(2))
    request = take(conn)
    conn.send_response(request, MetadataResponse())
    with pytest.raises(LocalProtocolError, match=r"Metadata v12.*not in work"):
        conn.send_response(request, MetadataResponse())
    other = take(conn)
    with pytest.raises(LocalProtocolError):
        conn.send_response(request, MetadataResponse())
    assert conn.in_work is other


def test_a_response_that_cannot_be_written_leaves_nothing_behind() -> None:
    conn = connection()
    conn.receive_data(metadata_frame(1, 1) + metadata_frame(2, 1))
    conn.send_response(take(conn), MetadataResponse())
    before = conn.unsent_bytes
    request = take(conn)
    with pytest.raises(Exception, match=r".*"):
        conn.send_response(request, MetadataResponse(brokers="not a list of brokers"))  # type: ignore[arg-type]
    assert conn.unsent_bytes == before
    assert conn.in_work is request
    conn.send_response(request, MetadataResponse())
    assert conn.in_work is None


def test_the_answer_of_another_kind_is_written_as_its_own() -> None:
    conn = connection()
    conn.receive_data(frame(10, 0, 1, b"\0\x01g"))
    response = FindCoordinatorResponse(error_code=15, host="", port=-1, node_id=-1)
    conn.send_response(take(conn), response)
    assert sent(conn)[8:] == response.encode(0)
