"""Walking through the schema gives what the compiled codec gives; a message that is used often comes to be compiled."""

from __future__ import annotations

import zlib
from random import Random
from struct import error as StructError

import pytest

from minikafka.errors import ProtocolError
from minikafka.protocol import codec, messages
from minikafka.protocol.messages import (
    FetchResponse,
    HeartbeatRequest,
    MetadataRequest,
    MetadataResponse,
    OffsetCommitKey,
)
from minikafka.protocol.schema import NotForWalking, has_records, message_names
from minikafka.protocol.walking_decoder import WalkingDecoder
from minikafka.protocol.walking_encoder import WalkingEncoder
from tests.protocol.random_messages import random_message
from tests.protocol.test_codec_against_oracle import damaged

SAMPLES = 4
MUTATIONS = 10


def walked(message, version):
    out = bytearray()
    WalkingEncoder(type(message), version).encode(message, out)
    return bytes(out)


def compiled(message, version):
    out = bytearray()
    codec.compiled_encoder(type(message), version)(message, out, None)
    return bytes(out)


def versions_without_records(cls):
    return [version for version in cls._schema.versions() if not has_records(cls._schema, version)]


@pytest.mark.parametrize("name", message_names())
def test_same_bytes_and_values_as_compiled(name):
    cls = getattr(messages, name)
    for version in versions_without_records(cls):
        random = Random(zlib.crc32(f"walking {name} {version}".encode()))
        for _ in range(SAMPLES):
            message = random_message(cls, version, random)
            data = walked(message, version)
            assert data == compiled(message, version), (version, message)
            assert WalkingDecoder(cls, version, memoryview(b"before" + data), 6).decode() == (message, 6 + len(data))


@pytest.mark.parametrize("name", message_names())
def test_nothing_is_accepted_that_the_compiled_decoder_refuses(name):
    cls = getattr(messages, name)
    for version in versions_without_records(cls):
        random = Random(zlib.crc32(f"damaged {name} {version}".encode()))
        whole = compiled(random_message(cls, version, random), version)
        decode = codec.compiled_decoder(cls, version)
        for _ in range(MUTATIONS):
            data = damaged(whole, random)
            try:
                found, position = WalkingDecoder(cls, version, data).decode()
            except (NotForWalking, IndexError, ProtocolError, StructError, ValueError):
                continue
            expected, end = decode(data, 0)
            assert (repr(found), position) == (repr(expected), end), (version, data.hex())


@pytest.mark.parametrize("name", message_names())
def test_nothing_is_written_that_the_compiled_encoder_refuses(name):
    cls = getattr(messages, name)
    last = cls._schema.versions()[-1]
    for version in versions_without_records(cls):
        message = random_message(cls, last, Random(zlib.crc32(f"other {name} {version}".encode())))
        try:
            data = walked(message, version)
        except (NotForWalking, AttributeError, StructError, TypeError, ValueError):
            continue
        assert data == compiled(message, version), version


@pytest.fixture
def unused(monkeypatch):
    """Classes as they are before their first use."""
    for cls in (MetadataRequest, MetadataResponse, HeartbeatRequest, FetchResponse, OffsetCommitKey):
        monkeypatch.setattr(cls, "_encoders", {})
        monkeypatch.setattr(cls, "_decoders", {})


def is_compiled(function):
    return function.__code__.co_filename.startswith("<minikafka.protocol")


@pytest.mark.usefixtures("unused")
def test_the_first_uses_compile_nothing_and_many_do():
    request = HeartbeatRequest(group_id="g", member_id="m")
    for _ in range(10):
        assert HeartbeatRequest.decode(request.encode(4), 4) == request
    assert not is_compiled(codec.encoder(HeartbeatRequest, 4))
    assert not is_compiled(codec.decoder(HeartbeatRequest, 4))
    for _ in range(codec.FIELDS_WORTH_COMPILING):
        assert HeartbeatRequest.decode(request.encode(4), 4) == request
    assert is_compiled(codec.encoder(HeartbeatRequest, 4))
    assert is_compiled(codec.decoder(HeartbeatRequest, 4))


@pytest.mark.usefixtures("unused")
@pytest.mark.parametrize(
    "response",
    [
        MetadataResponse(topics=[MetadataResponse.MetadataResponseTopic(name=f"t{number}") for number in range(400)]),
        MetadataResponse(
            topics=[
                MetadataResponse.MetadataResponseTopic(
                    name="t",
                    partitions=[
                        MetadataResponse.MetadataResponsePartition(
                            replica_nodes=list(range(codec.FIELDS_WORTH_COMPILING))
                        )
                    ],
                )
            ]
        ),
    ],
    ids=["structs", "numbers"],
)
def test_large_messages_are_compiled_at_once(response):
    data = response.encode(9)
    assert MetadataResponse.decode(data, 9) == response
    assert is_compiled(codec.encoder(MetadataResponse, 9))
    assert is_compiled(codec.decoder(MetadataResponse, 9))


@pytest.mark.usefixtures("unused")
def test_messages_with_records_are_compiled_at_once():
    assert is_compiled(codec.encoder(FetchResponse, 12))
    assert is_compiled(codec.decoder(FetchResponse, 12))


@pytest.mark.usefixtures("unused")
def test_a_refusal_is_in_the_words_of_the_compiled_codec_and_leaves_nothing_behind():
    out = bytearray(b"kept")
    request = MetadataRequest(topics=[MetadataRequest.MetadataRequestTopic(name="a"), None])
    with pytest.raises(codec.EncodeError, match=r"MetadataRequest v9: topics") as refused:
        request.write(out, 9)
    assert not isinstance(refused.value.__cause__, NotForWalking)
    assert out.startswith(b"kept")
    with pytest.raises(ProtocolError, match=r"OffsetCommitKey v0: .* at byte \d+: the data ends here"):
        OffsetCommitKey.decode(b"\x00\x00\x00\x00", 0)
