"""Producing, and reading by assignment: every byte and every order within a partition as sent."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.clients.drivers import Driver, Message, Received
from tests.support.polling import wait_until
from tests.support.text_files import pattern_bytes, text_files

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
# Around the lengths at which a varint, a batch or a library's buffer takes another path.
SIZES_BYTES = (0, 1, 2, 63, 64, 127, 128, 1000, 8191, 8192, 16_383, 16_384, 65_535, 65_536, 500_000, 1_000_000)
EVERY_LINE = 100_000
# For topics whose messages carry timestamps of years ago.
KEPT_FOREVER = {"retention.ms": "-1"}


def from_start(partitions: int) -> dict[int, int | str]:
    return dict.fromkeys(range(partitions), "earliest")


def values_by_partition(messages: list[Received]) -> dict[int, list[bytes | None]]:
    values: dict[int, list[bytes | None]] = defaultdict(list)
    offsets: dict[int, int] = defaultdict(int)
    for message in messages:
        assert message.offset == offsets[message.partition], "offsets leave no gap"
        offsets[message.partition] += 1
        values[message.partition].append(message.value)
    return dict(values)


def test_a_created_topic_is_listed_and_a_deleted_one_is_not(client: Driver, topic: str) -> None:
    client.create_topic(topic, partitions=3)
    assert topic in client.topics()
    client.delete_topic(topic)
    wait_until(lambda: topic not in client.topics(), what=f"{topic} is gone")


def test_a_topic_that_exists_cannot_be_created_again(client: Driver, topic: str) -> None:
    client.create_topic(topic)
    with pytest.raises(Exception, match=r"(?i)already.?exists"):
        client.create_topic(topic)


def test_keys_headers_and_timestamps_come_back(client: Driver, topic: str) -> None:
    client.create_topic(topic, configs=KEPT_FOREVER)
    messages = [
        Message(b"plain", timestamp_ms=1_700_000_000_000),
        Message(b"keyed", key=b"key", timestamp_ms=1_700_000_000_001),
        Message(None, key=b"tombstone", timestamp_ms=1_700_000_000_002),
        Message(b"", key=b"", timestamp_ms=1_700_000_000_003),
        Message(
            b"with headers",
            headers=(("a", b"1"), ("a", b"2"), ("empty", b""), ("ключ", b"\x00\xff")),
            timestamp_ms=1_700_000_000_004,
        ),
    ]
    assert client.produce(topic, messages) == [(0, offset) for offset in range(len(messages))]
    taken = client.read(topic, from_start(1), len(messages))
    assert taken == [
        Received(0, offset, message.key, message.value, message.headers, message.timestamp_ms)
        for offset, message in enumerate(messages)
    ]


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_brings_back_what_was_sent(client: Driver, topic: str, codec: str) -> None:
    client.create_topic(topic)
    lines = [line for lines in text_files(3000).values() for line in lines]
    client.produce(topic, map(Message, lines), compression=codec)
    assert values_by_partition(client.read(topic, from_start(1), len(lines))) == {0: lines}


@pytest.mark.parametrize("acks", [0, 1, "all"])
def test_every_kind_of_acknowledgement(client: Driver, topic: str, acks: int | str) -> None:
    client.create_topic(topic)
    values = [b"%d" % number for number in range(1000)]
    sent = client.produce(topic, map(Message, values), acks=acks)
    assert len(sent) == len(values)
    if acks != 0:
        assert sent == [(0, offset) for offset in range(len(values))]
    assert values_by_partition(client.read(topic, from_start(1), len(values))) == {0: values}


@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_sizes_from_nothing_to_a_megabyte(client: Driver, topic: str, codec: str) -> None:
    client.create_topic(topic)
    values = [pattern_bytes(size) for size in SIZES_BYTES]
    client.produce(topic, map(Message, values), compression=codec)
    assert values_by_partition(client.read(topic, from_start(1), len(values))) == {0: values}


def test_one_large_batch(client: Driver, topic: str) -> None:
    client.create_topic(topic)
    values = [pattern_bytes(100, seed=number) for number in range(5000)]
    client.produce(topic, map(Message, values), batch_bytes=900_000, linger_ms=100)
    assert values_by_partition(client.read(topic, from_start(1), len(values))) == {0: values}


def test_every_line_of_several_files(client: Driver, topic: str) -> None:
    files = text_files(EVERY_LINE)
    client.create_topic(topic, partitions=len(files))
    by_partition = dict(enumerate(files.values()))
    # Interleaved as several writers would: a run of lines from each file in turn.
    run = 200
    longest = max(map(len, by_partition.values()))
    messages = (
        Message(line, partition=partition)
        for start in range(0, longest, run)
        for partition, lines in by_partition.items()
        for line in lines[start : start + run]
    )
    sent = client.produce(topic, messages, compression="gzip", batch_bytes=100_000)
    assert len(sent) == EVERY_LINE
    taken = client.read(topic, from_start(len(files)), EVERY_LINE)
    assert values_by_partition(taken) == by_partition


def test_a_key_always_goes_to_one_partition(client: Driver, topic: str) -> None:
    client.create_topic(topic, partitions=4)
    messages = [Message(b"%d" % number, key=b"key-%d" % (number % 20)) for number in range(400)]
    client.produce(topic, messages)
    taken = client.read(topic, from_start(4), len(messages))
    partitions_of: dict[bytes | None, set[int]] = defaultdict(set)
    values_of: dict[bytes | None, list[bytes | None]] = defaultdict(list)
    for message in taken:
        partitions_of[message.key].add(message.partition)
        values_of[message.key].append(message.value)
    assert {len(partitions) for partitions in partitions_of.values()} == {1}
    assert len(set.union(*partitions_of.values())) > 1
    for key, values in values_of.items():
        assert values == [message.value for message in messages if message.key == key]


def test_an_idempotent_producer(client: Driver, topic: str) -> None:
    client.create_topic(topic, partitions=2)
    messages = [Message(b"%d" % number, partition=number % 2) for number in range(2000)]
    sent = client.produce(topic, messages, idempotent=True, batch_bytes=1000)
    assert sent == [(number % 2, number // 2) for number in range(2000)]
    taken = values_by_partition(client.read(topic, from_start(2), 2000))
    assert taken == {partition: [b"%d" % number for number in range(partition, 2000, 2)] for partition in range(2)}


def test_reading_from_an_offset(client: Driver, topic: str) -> None:
    client.create_topic(topic, partitions=2)
    client.produce(topic, [Message(b"%d" % number, partition=number % 2) for number in range(200)], batch_bytes=500)
    taken = client.read(topic, {0: 90, 1: 37}, 10 + 63)
    assert [message.offset for message in taken if message.partition == 0] == list(range(90, 100))
    assert [message.value for message in taken if message.partition == 1] == [b"%d" % n for n in range(75, 200, 2)]


def test_beginning_and_end(client: Driver, topic: str) -> None:
    client.create_topic(topic, partitions=2)
    assert client.beginning_and_end(topic, 0) == (0, 0)
    client.produce(topic, [Message(b"x", partition=1)] * 7)
    assert client.beginning_and_end(topic, 0) == (0, 0)
    assert client.beginning_and_end(topic, 1) == (0, 7)


def test_offsets_for_times(client: Driver, topic: str) -> None:
    client.create_topic(topic, configs=KEPT_FOREVER)
    start_ms = 1_700_000_000_000
    messages = [Message(b"x", timestamp_ms=start_ms + 10 * number) for number in range(500)]
    client.produce(topic, messages, batch_bytes=1000)
    assert client.offset_for_time(topic, 0, 0) == 0
    assert client.offset_for_time(topic, 0, start_ms) == 0
    assert client.offset_for_time(topic, 0, start_ms + 1) == 1
    assert client.offset_for_time(topic, 0, start_ms + 2500) == 250
    assert client.offset_for_time(topic, 0, start_ms + 4990) == 499
    assert client.offset_for_time(topic, 0, start_ms + 4991) is None


def test_producing_to_a_topic_that_does_not_exist_creates_it(client: Driver, topic: str) -> None:
    values = [b"first", b"second"]
    assert client.produce(topic, map(Message, values)) == [(0, 0), (0, 1)]
    assert values_by_partition(client.read(topic, from_start(1), 2)) == {0: values}


def test_reading_committed_only(client: Driver, topic: str) -> None:
    client.create_topic(topic)
    values = [b"%d" % number for number in range(100)]
    client.produce(topic, map(Message, values))
    taken = client.read(topic, from_start(1), len(values), isolation="read_committed")
    assert values_by_partition(taken) == {0: values}


def test_log_append_time_is_the_brokers(client: Driver, topic: str) -> None:
    client.create_topic(topic, configs={"message.timestamp.type": "LogAppendTime"})
    client.produce(topic, [Message(b"x", timestamp_ms=1_000), Message(b"y", timestamp_ms=2_000)])
    taken = client.read(topic, from_start(1), 2)
    assert all(message.timestamp_ms > 1_600_000_000_000 for message in taken)


def test_a_message_larger_than_the_topic_allows_is_refused(client: Driver, topic: str) -> None:
    client.create_topic(topic, configs={"max.message.bytes": "2000"})
    client.produce(topic, [Message(b"x" * 1000)])
    with pytest.raises(Exception, match=r"(?i)too.?large|MSG_SIZE_TOO_LARGE"):
        client.produce(topic, [Message(pattern_bytes(5000))])
    assert client.beginning_and_end(topic, 0) == (0, 1)
