"""What the console consumer prints of a record."""

from __future__ import annotations

import json
import struct

import pytest

from minikafka.cli.console.deserializers import NAMES, DeserializationFailed, deserializer, java_double, java_float
from minikafka.cli.console.formatters import formatter
from minikafka.client.consuming.consumer import ConsumedRecord
from minikafka.client.consuming.fetcher import FetchedRecord
from minikafka.protocol.messages import (
    OffsetCommitKey,
    OffsetCommitValue,
    ShareGroupMetadataKey,
    ShareGroupMetadataValue,
)
from minikafka.protocol.stored import encode_key, encode_value
from minikafka.records.batch import Record

EVERYTHING = {
    f"print.{what}": "true" for what in ("timestamp", "partition", "offset", "delivery", "epoch", "headers", "key")
}
DEFAULT = "kafka.tools.DefaultMessageFormatter"


def consumed(
    key: bytes | None = b"k",
    value: bytes | None = b"v",
    headers: tuple[tuple[str, bytes | None], ...] = (),
    timestamp_type: int = 0,
) -> ConsumedRecord:
    return ConsumedRecord("topic", 3, FetchedRecord(Record(7, 99, key, value, headers), timestamp_type, 5))


def printed(properties: dict[str, str], record: ConsumedRecord, name: str = DEFAULT) -> bytes:
    format_record = formatter(name, properties)
    assert format_record is not None
    return format_record(record)


def test_the_value_alone() -> None:
    assert printed({}, consumed()) == b"v\n"


def test_everything() -> None:
    assert printed(EVERYTHING, consumed(headers=(("a", b"1"), ("b", None)))) == (
        b"CreateTime:99\tPartition:3\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:5\ta:1,b:null\tk\tv\n"
    )
    assert printed(EVERYTHING, consumed(None, None, timestamp_type=1)).startswith(b"LogAppendTime:99\t")
    assert printed(EVERYTHING, consumed(None, None)).endswith(b"NO_HEADERS\tnull\tnull\n")
    assert printed(EVERYTHING, consumed(timestamp_type=-1)).startswith(b"NO_TIMESTAMP\t")


@pytest.mark.parametrize(
    ("properties", "line"),
    [
        ({"print.key": "true", "key.separator": " => "}, b"k => v\n"),
        ({"print.key": "true", "print.value": "false"}, b"k\n"),
        ({"print.value": "false"}, b""),
        ({"line.separator": "|"}, b"v|"),
        ({"value.deserializer": "org.apache.kafka.common.serialization.StringDeserializer"}, b"v\n"),
    ],
)
def test_settings(properties: dict[str, str], line: bytes) -> None:
    assert printed(properties, consumed()) == line


def test_null_literal() -> None:
    assert printed({"null.literal": "NIL", "print.key": "true"}, consumed(None, None)) == b"NIL\tNIL\n"


@pytest.mark.parametrize(
    "name",
    [
        "org.apache.kafka.tools.consumer.DefaultMessageFormatter",
        "DefaultMessageFormatter",
        "org.apache.kafka.tools.consumer.LoggingMessageFormatter",
    ],
)
def test_names_of_all_releases(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed({}, consumed(), name) == b"v\n"
    logged = capsys.readouterr().err
    assert ("INFO CreateTime:99, key:k, value:v" in logged) == ("Logging" in name)


def test_other_formatters() -> None:
    assert printed({}, consumed(), "kafka.tools.NoOpMessageFormatter") == b""
    assert printed({}, consumed(), "kafka.tools.ChecksumMessageFormatter") == b"topic:topic, partition:3, checksum:-1\n"
    assert formatter("com.example.Formatter", {}) is None


def test_committed_offsets_as_json() -> None:
    key = encode_key(OffsetCommitKey(group="g", topic="t", partition=1))
    value = encode_value(OffsetCommitValue(offset=5, leader_epoch=-1, metadata="", commit_timestamp=9), 3)
    name = "kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter"
    assert json.loads(printed({}, consumed(key, value), name)) == {
        "key": {"type": 1, "data": {"group": "g", "topic": "t", "partition": 1}},
        "value": {"version": 3, "data": {"offset": 5, "leaderEpoch": -1, "metadata": "", "commitTimestamp": 9}},
    }
    assert json.loads(printed({}, consumed(key, None), name))["value"] is None
    assert printed({}, consumed(key, value), "GroupMetadataMessageFormatter") == b""
    assert printed({}, consumed(b"\x7f\x7f", value), name) == b""


def test_share_groups_as_json() -> None:
    key = encode_key(ShareGroupMetadataKey(group_id="g"))
    value = encode_value(ShareGroupMetadataValue(epoch=3, metadata_hash=0), 0)
    shown = json.loads(printed({}, consumed(key, value), "org.apache.kafka.tools.consumer.ShareGroupMessageFormatter"))
    assert shown["key"] == {"type": 11, "data": {"groupId": "g"}}
    assert shown["value"]["data"]["epoch"] == 3
    assert printed({}, consumed(key, value), "org.apache.kafka.tools.consumer.OffsetsMessageFormatter") == b""


def test_how_often_a_share_group_had_it() -> None:
    shared = consumed()._replace(delivery_count=2)
    assert printed({"print.delivery": "true"}, shared) == b"Delivery:2\tv\n"
    assert printed({"print.delivery": "true"}, consumed()) == b"Delivery:NOT_PRESENT\tv\n"


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("ShortDeserializer", struct.pack(">h", -2), b"-2"),
        ("IntegerDeserializer", struct.pack(">i", 7), b"7"),
        ("LongDeserializer", struct.pack(">q", 1 << 40), b"1099511627776"),
        ("DoubleDeserializer", struct.pack(">d", 1e10), b"1.0E10"),
        ("FloatDeserializer", struct.pack(">f", 0.1), b"0.1"),
        ("BooleanDeserializer", b"\1", b"true"),
        ("BytesDeserializer", b"a\x00\xff", b"a\\x00\\xFF"),
        ("StringDeserializer", b"\xff", "�".encode()),
        ("UUIDDeserializer", b"0F0E0D0C-0000-0000-0000-000000000001", b"0f0e0d0c-0000-0000-0000-000000000001"),
    ],
)
def test_a_deserializer(name: str, data: bytes, text: bytes) -> None:
    deserialize = deserializer(f"org.apache.kafka.common.serialization.{name}")
    assert deserialize is not None
    assert deserialize(data) == text


@pytest.mark.parametrize("name", ["IntegerDeserializer", "BooleanDeserializer", "UUIDDeserializer", "VoidDeserializer"])
def test_bytes_that_cannot_be_deserialized(name: str) -> None:
    with pytest.raises(DeserializationFailed):
        printed({"value.deserializer": name}, consumed())


def test_an_unknown_deserializer_is_named_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed({"key.deserializer": "com.example.D", "print.key": "true"}, consumed()) == b"k\tv\n"
    assert f"com.example.D: there is no such deserializer here, only {NAMES[0]}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (-123.456, "-123.456"),
        (1e7, "1.0E7"),
        (12345678.9, "1.23456789E7"),
        (9999999.0, "9999999.0"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (1e300, "1.0E300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_as_java_writes_them(number: float, text: str) -> None:
    assert java_double(number) == text
    if abs(number) < 1e30 and number not in (12345678.9,):
        assert java_float(struct.unpack(">f", struct.pack(">f", number))[0]) == text
