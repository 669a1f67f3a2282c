"""Whatever the bytes: a value or a ProtocolError, which says what it is about; and no more memory than the bytes call
for."""

from __future__ import annotations

import tracemalloc
import zlib
from random import Random

import pytest

from minikafka.errors import ProtocolError
from minikafka.protocol import messages
from minikafka.protocol.messages import (
    ApiVersionsRequest,
    FetchRequest,
    MetadataRequest,
    ProduceRequest,
    UpdateMetadataRequest,
)
from minikafka.protocol.schema import message_names
from tests.protocol.random_messages import random_message

LONGEST_CHECKED_BYTES = 1500


@pytest.mark.parametrize("name", message_names())
def test_cut_off_at_any_byte(name):
    cls = getattr(messages, name)
    for version in cls._schema.versions():
        random = Random(zlib.crc32(f"{name} {version}".encode()))
        data = random_message(cls, version, random).encode(version)[:LONGEST_CHECKED_BYTES]
        for size in range(len(data)):
            with pytest.raises(ProtocolError, match=f"{name} v{version}: [a-z0-9_. ]+ at byte \\d+: "):
                cls.decode(data[:size], version)


@pytest.mark.parametrize("name", ["ProduceRequest", "FetchRequest", "FetchResponse", "MetadataResponse"])
def test_nothing_is_allocated_for_lengths_and_counts_that_lie(name):
    cls = getattr(messages, name)
    for version in (cls._schema.first_version, cls._schema.last_version):
        data = random_message(cls, version, Random(version)).encode(version)[:300]
        decode_quietly(cls, data, version)  # compiles
        tracemalloc.start()
        try:
            for position in range(len(data)):
                for lie in (b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x07", b"\x00\x40\x00\x00", b"\xff\xff\x7f"):
                    assert peak_bytes(cls, data[:position] + lie + data[position:], version) < 20_000
        finally:
            tracemalloc.stop()


def peak_bytes(cls, data, version):
    tracemalloc.reset_peak()
    before_bytes, _ = tracemalloc.get_traced_memory()
    decode_quietly(cls, data, version)
    return tracemalloc.get_traced_memory()[1] - before_bytes


def decode_quietly(cls, data, version):
    try:
        cls.decode(data, version)
    except ProtocolError:
        return


def error_of(cls, hex_text, version):
    with pytest.raises(ProtocolError) as caught:
        cls.decode(bytes.fromhex(hex_text), version)
    return str(caught.value)


def test_the_first_field_that_does_not_fit_is_named():
    # acks (2 bytes) fits, timeout_ms (4 bytes) does not, though both are read at once
    for hex_text in ("0001", "0001 0000"):
        assert error_of(ProduceRequest, hex_text, 0) == "ProduceRequest v0: timeout_ms at byte 0: the data ends here"
    assert error_of(ProduceRequest, "00", 0) == "ProduceRequest v0: acks at byte 0: the data ends here"


def test_the_path_to_a_nested_field_is_named():
    hex_text = "0001 00000000 00000001 0001 78 00000001 00000000 00000005 aabb"
    assert error_of(ProduceRequest, hex_text, 0) == (
        "ProduceRequest v0: topic_data.partition_data.records at byte 25: 5 bytes announced, 2 left"
    )


def test_a_count_that_cannot_be_true():
    assert error_of(MetadataRequest, "7fffffff 0000", 1) == (
        "MetadataRequest v1: topics at byte 4: 2147483647 elements of at least 2 bytes announced, 2 bytes left"
    )
    assert error_of(MetadataRequest, "00000003 0000 0000 00", 1) == (
        "MetadataRequest v1: topics at byte 4: 3 elements of at least 2 bytes announced, 5 bytes left"
    )


def test_null_where_it_is_not_allowed():
    assert error_of(MetadataRequest, "ffffffff", 0) == (
        "MetadataRequest v0: topics at byte 4: null, which is not allowed here"
    )
    assert error_of(ApiVersionsRequest, "00 0161 00", 3) == (
        "ApiVersionsRequest v3: client_software_name at byte 0: null, which is not allowed here"
    )


def test_text_that_is_not_utf_8():
    assert error_of(MetadataRequest, "00000001 0002 ff61", 1) == (
        "MetadataRequest v1: topics.name at byte 6: not UTF-8: invalid start byte"
    )


@pytest.mark.parametrize(
    ("varint", "reason"),
    [
        ("ffffffffff 01", "a varint of more than 5 bytes"),
        ("ffffffff 0f", "a varint of more than 31 bits (4294967295)"),
        ("8180808008", "a varint of more than 31 bits (2147483649)"),
        ("818002", "text of 32768 bytes, Kafka allows 32767"),
        ("808002", "32767 bytes announced, 0 left"),
    ],
)
def test_bad_varints(varint, reason):
    message = error_of(ApiVersionsRequest, varint, 3)
    assert message.startswith("ApiVersionsRequest v3: client_software_name at byte ")
    assert message.endswith(f": {reason}")


def test_unknown_tagged_fields_are_skipped():
    plain = ApiVersionsRequest(client_software_name="a", client_software_version="b").encode(3)
    data = plain[:-1] + bytes.fromhex("02 05 03 aabbcc b004 00")
    assert ApiVersionsRequest.decode(data, 3) == ApiVersionsRequest.decode(plain, 3)


def test_tagged_fields_may_come_in_any_order_and_the_last_of_one_tag_counts():
    # Kafka's generated readers take the tags as they come.
    data = FetchRequest(cluster_id="x").encode(15)
    assert data.endswith(bytes.fromhex("01 00 02 0278"))
    twice = data[:-5] + bytes.fromhex("04 02 00 01 0d 00000007 0000000000000009 00 00 02 0279 00 02 027a")
    decoded = FetchRequest.decode(twice, 15)
    assert decoded.cluster_id == "z"
    assert (decoded.replica_state.replica_id, decoded.replica_state.replica_epoch) == (7, 9)


def test_a_tagged_field_whose_size_is_wrong():
    data = FetchRequest(cluster_id="x").encode(12)
    message = error_of(FetchRequest, (data[:-4] + bytes.fromhex("00 03 0278 00")).hex(), 12)
    assert message.endswith("the size of the tagged field is wrong by 1")
    assert "FetchRequest v12: cluster_id at byte " in message


def test_a_tagged_field_that_goes_on_behind_the_data():
    plain = ApiVersionsRequest().encode(3)
    message = error_of(ApiVersionsRequest, (plain[:-1] + bytes.fromhex("01 05 03 aabb")).hex(), 3)
    assert message == "ApiVersionsRequest v3: tagged fields at byte 2: 3 bytes announced, 2 left"
    plain = FetchRequest().encode(12)
    message = error_of(FetchRequest, (plain[:-1] + bytes.fromhex("01 05 03 aabb")).hex(), 12)
    assert message.startswith("FetchRequest v12: tagged fields at byte ")
    assert message.endswith(": 3 bytes announced, 2 left")


def test_bytes_behind_the_message():
    assert error_of(MetadataRequest, "00000000 01", 0) == (
        "MetadataRequest v0: ends at byte 4, but 1 more bytes follow"
    )
    assert MetadataRequest.decode_from(bytes.fromhex("00000000 01"), 0, 0) == (MetadataRequest(), 4)


@pytest.mark.parametrize("version", [-1, 9, 32767])
def test_a_version_that_does_not_exist(version):
    with pytest.raises(ProtocolError, match=f"UpdateMetadataRequest has no version {version}, only 0 to 8"):
        UpdateMetadataRequest.decode(b"", version)


def test_bytes_left_behind_a_position_outside():
    with pytest.raises(ProtocolError, match="MetadataRequest v0: topics at byte 9: the data ends here"):
        MetadataRequest.decode_from(b"\0\0\0\0", 9, 0)
