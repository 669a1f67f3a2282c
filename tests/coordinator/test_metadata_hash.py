"""Against what hash4j 0.22.0 and ``org.apache.kafka.coordinator.group.Utils`` of Apache Kafka 4.2.0 say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from minikafka.coordinator.metadata_hash import TopicHashes, topic_hash
from minikafka.coordinator.xxh3 import xxh3_64

HASHES = {
    0: 3244421341483603138,
    1: 16226181191752404715,
    2: 3724619060873665926,
    3: 12180141160879835164,
    4: 6297312323375345790,
    5: 2565845316291143453,
    8: 12752855198315354378,
    9: 10000907846553926702,
    12: 13493662757664391912,
    16: 3159599325006435930,
    17: 7070371635116224842,
    31: 2053882885601730627,
    32: 9876767123032657305,
    64: 1953419934939160347,
    65: 17294807227940740292,
    96: 14966057553054199593,
    97: 16231356406767973594,
    128: 16813233705924465638,
    129: 13063484349860316345,
    160: 9911852214732367298,
    200: 7350251351420641343,
    240: 4473034316189165092,
    241: 13654115510048419178,
    255: 12347719976752816252,
    256: 18400051043315964857,
    257: 8713265036859552365,
    512: 17797752143322522092,
    1000: 10488081280641422865,
    1023: 578133351087105188,
    1024: 15878231082470753371,
    1025: 14435947017053915143,
    1088: 1926298949930276695,
    2048: 9551330843961554072,
    2049: 246499933171993818,
    4096: 10353854332864104805,
    5000: 3499038088879543845,
}


def topic(name: str, topic_id: bytes, partitions: int) -> Any:
    return SimpleNamespace(name=name, topic_id=topic_id, partitions=[None] * partitions)


TOPICS = {
    one.name: one
    for one in (
        topic("t", bytes.fromhex("0123456789abcdeffedcba9876543210"), 1),
        topic("orders", bytes(7) + b"\5" + bytes(7) + b"\6", 12),
        topic("big", bytes(7) + b"\7" + bytes(7) + b"\x08", 1000),
    )
}


@pytest.mark.parametrize("size", HASHES)
def test_bytes_of_every_length_class(size: int) -> None:
    assert xxh3_64(bytes((index * 7 + size) & 0xFF for index in range(size))) == HASHES[size]


@pytest.mark.parametrize(
    ("rack", "hashes"),
    [
        (None, {"t": -293094115513245642, "orders": 3211857736762814037, "big": 5764701059432354198}),
        ("rack-a", {"t": 4855538963916343531, "orders": -5706187045994178975, "big": -2559119081393640894}),
    ],
)
def test_topics(rack: str | None, hashes: dict[str, int]) -> None:
    for name, expected in hashes.items():
        one = TOPICS[name]
        assert topic_hash(name, one.topic_id, len(one.partitions), rack) == expected


def test_names_are_utf_16() -> None:
    topic_id = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert topic_hash("\u00e9\U0001f600", topic_id, 2, None) == 3335454121576131813


@pytest.mark.parametrize(("rack", "expected"), [(None, 6474125273873081204), ("rack-a", 3108140531668092715)])
def test_group(rack: str | None, expected: int) -> None:
    assert TopicHashes(rack).of_topics(["t", "big", "nope", "orders"], TOPICS) == expected


def test_group_that_reads_nothing() -> None:
    assert TopicHashes(None).of_topics([], TOPICS) == 0
    assert TopicHashes(None).of_topics(["nope"], TOPICS) == 0


def test_topic_that_grows_has_another_hash() -> None:
    hashes = TopicHashes(None)
    topics = dict(TOPICS)
    before = hashes.of_topics(["t"], topics)
    topics["t"] = topic("t", TOPICS["t"].topic_id, 2)
    assert hashes.of_topics(["t"], topics) != before
    topics["t"] = TOPICS["t"]
    assert hashes.of_topics(["t"], topics) == before
