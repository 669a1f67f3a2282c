"""Batches of a file of which any part may be damaged."""

from __future__ import annotations

import pytest

from minikafka.errors import CorruptLogError
from minikafka.records.batch import Record
from minikafka.records.builder import build_batch
from minikafka.storage.batch_reader import BatchReader
from minikafka.storage.memory_files import MemoryFiles
from tests.storage.logs import NOW_MS


def batch(offset: int, value: bytes = b"value", magic: int = 2) -> bytes:
    return bytes(build_batch([Record(offset, NOW_MS, None, value)], base_offset=offset, magic=magic))


def reader(content: bytes) -> BatchReader:
    files = MemoryFiles()
    files.make_directory("/d")
    files.write_bytes("/d/log", content, sync=False)
    return BatchReader(files.open("/d/log"), len(content))


def test_batches_one_after_the_other_also_larger_than_a_chunk() -> None:
    content = batch(0) + batch(1, bytes(3 << 20)) + batch(2)
    found = reader(content)
    position = 0
    for offset in range(3):
        whole = found.batch_at(position)
        assert whole.base_offset == offset
        position += whole.size_bytes
    assert position == len(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0" * 5, "5 bytes are too few for a record batch"),
        (b"\0" * 90, r"not a record batch \(length 0, magic 0\)"),
        (batch(0)[:-1], "the record batch is cut off, 72 of 73 bytes are there"),
        (batch(0)[:-1] + b"?", "Record is corrupt"),
        (batch(0)[:16] + b"\x03" + batch(0)[17:], "magic 3"),
    ],
)
def test_what_is_there_instead(content: bytes, reason: str) -> None:
    with pytest.raises(CorruptLogError, match=reason):
        reader(content).batch_at(0)


@pytest.mark.parametrize("magic", [0, 1, 2])
@pytest.mark.parametrize("damage", [b"", b"x", bytes(1000), b"\x02" * 1000, bytes(1 << 20)])
def test_the_next_batch_is_found(magic: int, damage: bytes) -> None:
    if magic < 2 and len(damage) > 1000:
        damage = damage[:1000]  # of old formats it is looked for near by only
    content = batch(5, magic=magic) + damage + batch(6, magic=magic) + batch(7, magic=magic)
    start = len(batch(5, magic=magic))
    found = reader(content)
    assert found.find_batch(start, 6) == start + len(damage)
    assert [each.last_offset for each in found.batches_behind(start - 1, 6)] == [6, 7]


def test_older_offsets_are_not_what_is_looked_for() -> None:
    """They are what a disk has from before the file got this block."""
    assert reader(b"?" * 100 + batch(4)).find_batch(0, 5) is None
    assert reader(b"?" * 100 + batch(2**40)).find_batch(0, 5) is None


def test_zeros() -> None:
    content = batch(0) + bytes(3 << 20)
    assert reader(content).is_zero_from(len(batch(0)))
    assert not reader(content + b"\x01").is_zero_from(len(batch(0)))
