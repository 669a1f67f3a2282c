"""Keys go to the partitions that Java clients put them into."""

from __future__ import annotations

import pytest

from minikafka.client.producing.partitioner import murmur2, partition_for_key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        # From Kafka's UtilsTest.testMurmur2.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2(key: bytes, value: int) -> None:
    assert murmur2(key) == value & 0xFFFFFFFF


def test_every_partition_is_used_and_none_else() -> None:
    assert {partition_for_key(str(number).encode(), 7) for number in range(200)} == set(range(7))
