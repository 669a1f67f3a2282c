"""Varints and the text form of uuids."""

from __future__ import annotations

import base64
from random import Random

import pytest

from minikafka.errors import ProtocolError
from minikafka.protocol.primitives import (
    ZERO_UUID,
    decode_uvarint,
    encode_uvarint,
    uuid_from_text,
    uuid_to_text,
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"),
        (1, "01"),
        (127, "7f"),
        (128, "8001"),
        (300, "ac02"),
        (16383, "ff7f"),
        (16384, "808001"),
        (2**28 - 1, "ffffff7f"),
        (2**28, "8080808001"),
        (2**31 - 1, "ffffffff07"),
    ],
)
def test_varints_both_ways(value, encoded):
    data = bytes.fromhex(encoded)
    assert encode_uvarint(value) == data
    assert decode_uvarint(b"x" + data + b"y", 1) == (value, 1 + len(data))


def test_a_varint_may_be_longer_than_it_has_to_be():
    assert decode_uvarint(bytes.fromhex("8100"), 0) == (1, 2)


@pytest.mark.parametrize("data", ["ffffffff08", "ffffffff7f", "8080808010", "808080808001", "ffffffffff"])
def test_varints_beyond_31_bits_or_5_bytes(data):
    with pytest.raises(ProtocolError, match="a varint of more than"):
        decode_uvarint(bytes.fromhex(data), 0)


@pytest.mark.parametrize("data", ["", "80", "ffffffff"])
def test_varints_that_end_too_early(data):
    with pytest.raises(IndexError):
        decode_uvarint(bytes.fromhex(data), 0)


def test_uuids_are_url_safe_base64_without_padding():
    assert uuid_to_text(ZERO_UUID) == "AAAAAAAAAAAAAAAAAAAAAA"
    assert uuid_to_text(b"\xff" * 16) == "_____________________w"
    random = Random(1)
    for _ in range(200):
        uuid = random.randbytes(16)
        text = uuid_to_text(uuid)
        assert text == base64.urlsafe_b64encode(uuid).decode().rstrip("=")
        assert uuid_from_text(text) == uuid


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 21, "A" * 23, "A" * 21 + "*", "é" * 22, "A" * 20 + "=="])
def test_text_that_is_no_uuid(text):
    with pytest.raises(ValueError, match="not a uuid: "):
        uuid_from_text(text)


def test_bytes_that_are_no_uuid():
    with pytest.raises(ValueError, match="a uuid has 16 bytes, not 3"):
        uuid_to_text(b"abc")
