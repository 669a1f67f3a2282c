"""Header versions, and the headers of requests and responses. Golden frames are in ``test_golden_messages``."""

from __future__ import annotations

import pytest

from minikafka.errors import ProtocolError
from minikafka.protocol.headers import (
    decode_request_header,
    request_header_version,
    response_header_version,
    write_response_header,
)
from minikafka.protocol.messages import RequestHeaderData, ResponseHeaderData


@pytest.mark.parametrize(
    ("api_key", "version", "request_header", "response_header"),
    [
        (0, 8, 1, 0),
        (0, 9, 2, 1),
        (7, 0, 0, 0),  # ControlledShutdown: before the client id
        (7, 1, 1, 0),
        (17, 1, 1, 0),  # SaslHandshake never became flexible
        (18, 2, 1, 0),
        (18, 3, 2, 0),  # ApiVersions: the response is read before its version is agreed
        (18, 32767, 2, 0),  # from a client of the future
        (0, 32767, 2, 1),
        (0, -1, 1, 0),
    ],
)
def test_header_versions(api_key, version, request_header, response_header):
    assert request_header_version(api_key, version) == request_header
    assert response_header_version(api_key, version) == response_header


@pytest.mark.parametrize("api_key", [-1, 93, 32767])
def test_unknown_api_keys(api_key):
    for header_version in (request_header_version, response_header_version):
        with pytest.raises(ProtocolError, match=f"unknown API key {api_key}"):
            header_version(api_key, 0)
    frame = api_key.to_bytes(2, "big", signed=True) + bytes(20)
    with pytest.raises(ProtocolError, match=f"request header: unknown API key {api_key}"):
        decode_request_header(frame)


@pytest.mark.parametrize("client_id", ["", "console-consumer", "клиент", None])
@pytest.mark.parametrize(("api_key", "version", "header_version"), [(3, 1, 1), (3, 9, 2)])
@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_request_headers(client_id, api_key, version, header_version, buffer):
    header = RequestHeaderData(
        request_api_key=api_key, request_api_version=version, correlation_id=-7, client_id=client_id
    )
    data = header.encode(header_version)
    expected = (api_key, version, -7, client_id, len(data))
    assert decode_request_header(buffer(data + b"body")) == expected


def test_the_header_without_client_id():
    header = RequestHeaderData(request_api_key=7, request_api_version=0, correlation_id=5)
    data = header.encode(0)
    assert decode_request_header(data + b"\0\0\0\1") == (7, 0, 5, None, 8)


def test_unknown_tagged_fields_of_a_header_are_skipped():
    data = RequestHeaderData(request_api_key=3, request_api_version=9, client_id="a").encode(2)
    tagged = data[:-1] + bytes.fromhex("02 01 02 aabb 81 01 00")
    assert decode_request_header(tagged + b"body") == (3, 9, 0, "a", len(tagged))


def test_cut_off_at_any_byte():
    data = RequestHeaderData(request_api_key=3, request_api_version=9, client_id="client").encode(2)
    data = data[:-1] + bytes.fromhex("01 05 03 aabbcc")
    for size in range(len(data)):
        with pytest.raises(ProtocolError, match=r"^request header: "):
            decode_request_header(data[:size])


def test_a_client_id_that_is_not_utf_8():
    with pytest.raises(ProtocolError, match="request header: client_id is not UTF-8"):
        decode_request_header(bytes.fromhex("0003 0001 00000001 0001 ff"))


@pytest.mark.parametrize(("api_key", "version"), [(3, 8), (3, 9), (18, 4)])
def test_response_headers(api_key, version):
    out = bytearray(b"before")
    write_response_header(out, api_key, version, 2**31 - 1)
    header = ResponseHeaderData(correlation_id=2**31 - 1)
    assert out == b"before" + header.encode(response_header_version(api_key, version))
