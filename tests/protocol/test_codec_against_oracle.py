"""The generated codec and the plain one agree on every message at every version, malformed bytes included."""

from __future__ import annotations

import zlib
from random import Random

import pytest

from minikafka.errors import UNSUPPORTED_VERSION, ApiError, ProtocolError
from minikafka.protocol import messages
from minikafka.protocol.schema import message_names
from tests.protocol import oracle
from tests.protocol.random_messages import random_message

SAMPLES = 8
MUTATIONS = 25


def seeded(name: str, version: int) -> Random:
    return Random(zlib.crc32(f"{name} {version}".encode()))


@pytest.mark.parametrize("name", message_names())
def test_same_bytes_and_same_values_at_every_version(name):
    cls = getattr(messages, name)
    for version in cls._schema.versions():
        random = seeded(name, version)
        for _ in range(SAMPLES):
            message = random_message(cls, version, random)
            data = message.encode(version)
            assert data == oracle.encode(message, version), (version, message)
            assert cls.decode(data, version) == oracle.decode(cls, data, version) == message, version


@pytest.mark.parametrize("name", message_names())
def test_same_verdict_on_damaged_bytes(name):
    cls = getattr(messages, name)
    for version in cls._schema.versions():
        random = seeded(name, version)
        whole = random_message(cls, version, random).encode(version)
        for _ in range(MUTATIONS):
            data = damaged(whole, random)
            assert verdict(cls, data, version) == oracle_verdict(cls, data, version), (version, data.hex())


def verdict(cls, data, version):
    """What the codec makes of ``data``, as text (a damaged float may be NaN); None when it refuses."""
    try:
        return repr(cls.decode(data, version))
    except ProtocolError:
        return None


def damaged(whole: bytes, random: Random) -> bytes:
    """``whole`` with a few bytes overwritten, put in or taken out."""
    data = bytearray(whole[:4000])
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        position = random.randrange(len(data) + 1)
        piece = random.choice((b"\0", b"\xff", b"\x01", b"\x7f\xff", b"\xff" * 4 + b"\x07", random.randbytes(1)))
        cut = random.choice((0, len(piece), len(piece), len(piece)))
        data[position : position + cut] = piece
    return bytes(data)


def oracle_verdict(cls, data, version):
    try:
        message = oracle.decode(cls, data, version)
    except oracle.Malformed:
        return None
    return repr(with_views(message))


def with_views(message):
    """Records as the codec gives them: a memoryview, which has its own repr."""
    for field in message._schema.fields:
        value = getattr(message, field.name)
        if field.type == "records" and value is not None:
            setattr(message, field.name, memoryview(value))
        elif field.struct is not None and value is not None:
            for item in value if field.is_array else [value]:
                with_views(item)
    return message


@pytest.mark.parametrize("name", message_names())
def test_same_refusal_of_fields_that_another_version_has(name):
    cls = getattr(messages, name)
    versions = cls._schema.versions()
    for source in {versions[0], versions[-1]}:
        random = seeded(name, source)
        for version in versions:
            message = random_message(cls, source, random)
            try:
                expected = oracle.encode(message, version)
            except oracle.Refused:
                with pytest.raises((ApiError, ValueError)) as refused:
                    message.encode(version)
                if isinstance(refused.value, ApiError):
                    assert refused.value.code == UNSUPPORTED_VERSION
            else:
                assert message.encode(version) == expected, (source, version)
