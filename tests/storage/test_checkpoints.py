"""The small text files: offset checkpoints, leader epochs, partition.metadata, meta.properties."""

from __future__ import annotations

import pytest

from minikafka.errors import StorageError
from minikafka.storage.checkpoints import OffsetCheckpoint
from minikafka.storage.leader_epoch_cache import LeaderEpochCache
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.meta_properties import (
    MetaProperties,
    random_uuid,
    read_meta_properties,
    write_meta_properties,
)
from minikafka.storage.partition_metadata import decode_uuid, encode_uuid, read_topic_id, write_topic_id

PATH = "/d/checkpoint"


@pytest.fixture
def files() -> MemoryFiles:
    files = MemoryFiles()
    files.make_directory("/d")
    return files


def test_an_offset_checkpoint_is_kafkas_text(files: MemoryFiles) -> None:
    checkpoint = OffsetCheckpoint(files, PATH)
    assert checkpoint.read() == {}
    checkpoint.write({("a.b-c", 0): 5, ("t", 12): 2**40})
    assert files.read_bytes(PATH) == b"0\n2\na.b-c 0 5\nt 12 1099511627776\n"
    assert OffsetCheckpoint(files, PATH).read() == {("a.b-c", 0): 5, ("t", 12): 2**40}


def test_an_unchanged_checkpoint_is_not_written_again(files: MemoryFiles) -> None:
    checkpoint = OffsetCheckpoint(files, PATH)
    checkpoint.write({("t", 0): 5})
    operations = files.operations
    checkpoint.write({("t", 0): 5})
    assert files.operations == operations
    checkpoint.write({})
    assert files.read_bytes(PATH) == b"0\n0\n"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"1\n0\n", "unknown version '1'"),
        (b"0\nx\n", "malformed line.*'x'"),
        (b"0\n1\n", "1 entries are announced, 0 are there"),
        (b"0\n1\nt 0\n", "malformed line.*'t 0'"),
        (b"0\n1\nt 0 x\n", "malformed line"),
        (b"\xff\n", "malformed line"),
    ],
)
def test_a_malformed_checkpoint_is_refused_by_name(files: MemoryFiles, content: bytes, complaint: str) -> None:
    files.write_bytes(PATH, content, sync=False)
    with pytest.raises(StorageError, match=f"{PATH}: {complaint}"):
        OffsetCheckpoint(files, PATH).read()


@pytest.mark.parametrize("content", [b"", b"0\n", b"0\n0\n"])
def test_an_empty_checkpoint_has_no_entries(files: MemoryFiles, content: bytes) -> None:
    files.write_bytes(PATH, content, sync=False)
    assert OffsetCheckpoint(files, PATH).read() == {}


def test_leader_epochs_are_kept_ascending(files: MemoryFiles) -> None:
    cache = LeaderEpochCache(files, "/d")
    for epoch, offset in [(0, 0), (0, 5), (2, 10), (4, 20)]:
        cache.assign(epoch, offset)
    assert cache.entries == [(0, 0), (2, 10), (4, 20)]
    cache.assign(3, 15)
    assert cache.entries == [(0, 0), (2, 10), (3, 15)]
    cache.assign(5, 15)
    assert cache.entries == [(0, 0), (2, 10), (5, 15)]
    cache.flush()
    assert files.read_bytes("/d/leader-epoch-checkpoint") == b"0\n3\n0 0\n2 10\n5 15\n"
    again = LeaderEpochCache(files, "/d")
    again.load()
    assert again.entries == cache.entries
    assert again.take_dirty() is None


def test_end_offsets_of_epochs() -> None:
    cache = LeaderEpochCache(MemoryFiles(), "/d")
    assert cache.end_offset_for(0, 30) == (-1, -1)
    for epoch, offset in [(1, 5), (3, 10), (6, 20)]:
        cache.assign(epoch, offset)
    assert [cache.end_offset_for(epoch, 30) for epoch in (-1, 0, 1, 2, 3, 4, 6, 7)] == [
        (-1, -1),
        (0, 5),
        (1, 10),
        (1, 10),
        (3, 20),
        (3, 20),
        (6, 30),
        (-1, -1),
    ]
    assert [cache.epoch_at(offset) for offset in (0, 5, 9, 10, 25)] == [None, 1, 1, 3, 6]


def test_truncating_leader_epochs() -> None:
    cache = LeaderEpochCache(MemoryFiles(), "/d")
    for epoch, offset in [(1, 5), (3, 10), (6, 20)]:
        cache.assign(epoch, offset)
    cache.truncate_from_start(12)
    assert cache.entries == [(3, 12), (6, 20)]
    cache.truncate_from_start(12)
    cache.truncate_from_end(20)
    assert cache.entries == [(3, 12)]
    cache.truncate_from_start(3)
    assert cache.entries == [(3, 12)]
    cache.clear()
    assert cache.earliest_entry is None


def test_partition_metadata(files: MemoryFiles) -> None:
    assert read_topic_id(files, "/d") is None
    topic_id = decode_uuid("m6yR2J3NSGyLFVMsuFzQsw")
    write_topic_id(files, "/d", topic_id, sync=True)
    assert files.read_bytes("/d/partition.metadata") == b"version: 0\ntopic_id: m6yR2J3NSGyLFVMsuFzQsw"
    assert read_topic_id(files, "/d") == topic_id


@pytest.mark.parametrize("content", [b"", bytes(43)])
def test_partition_metadata_that_never_reached_the_disk_is_none(files: MemoryFiles, content: bytes) -> None:
    files.write_bytes("/d/partition.metadata", content, sync=False)
    assert read_topic_id(files, "/d") is None


@pytest.mark.parametrize(
    "content", [b"version: 1\ntopic_id: m6yR2J3NSGyLFVMsuFzQsw", b"version: 0\ntopic_id: x", b"no"]
)
def test_malformed_partition_metadata_is_refused(files: MemoryFiles, content: bytes) -> None:
    files.write_bytes("/d/partition.metadata", content, sync=False)
    with pytest.raises(StorageError, match=r"/d/partition\.metadata: malformed"):
        read_topic_id(files, "/d")


def test_meta_properties_are_written_as_kafka_does(files: MemoryFiles) -> None:
    directory_id = decode_uuid("WiB4I34FTCytOVME6P-1Ww")
    properties = MetaProperties("sdztSpGNQjqfDS4D_2tjyQ", 1, directory_id)
    write_meta_properties(files, "/d", properties, 1795248124000)
    assert files.read_bytes("/d/meta.properties") == (
        b"#\n#Sat Nov 21 08:02:04 UTC 2026\nnode.id=1\ndirectory.id=WiB4I34FTCytOVME6P-1Ww\nversion=1\n"
        b"cluster.id=sdztSpGNQjqfDS4D_2tjyQ\n"
    )
    assert read_meta_properties(files, "/d") == properties


def test_meta_properties_of_version_0_call_the_node_broker(files: MemoryFiles) -> None:
    files.write_bytes("/d/meta.properties", b"#x\nbroker.id=3\nversion=0\ncluster.id=abc\n", sync=False)
    assert read_meta_properties(files, "/d") == MetaProperties("abc", 3, None, 0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"version=1\nnode.id=1\n", "cluster.id is missing"),
        (b"version=1\ncluster.id=x\n", "node.id is missing"),
        (b"version=2\ncluster.id=x\n", "unknown version 2"),
        (b"version=1\ncluster.id=x\nnode.id=one\n", "invalid literal"),
        (b"version=1\ncluster.id=x\nnode.id=1\ndirectory.id=zz\n", "not a Kafka uuid|padding"),
    ],
)
def test_meta_properties_that_cannot_be_understood(files: MemoryFiles, content: bytes, complaint: str) -> None:
    files.write_bytes("/d/meta.properties", content, sync=False)
    with pytest.raises(StorageError, match=complaint):
        read_meta_properties(files, "/d")


def test_random_uuids_have_a_text_of_22_characters_without_a_leading_dash() -> None:
    texts = [encode_uuid(random_uuid()) for _ in range(500)]
    assert len(set(texts)) == 500
    assert all(len(text) == 22 and text[0] != "-" for text in texts)
