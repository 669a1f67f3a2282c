"""What a check finds in directories that have been damaged one way or the other, and in sound ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import pack

import pytest

from minikafka.records.batch import Record, RecordBatch, iter_batches
from minikafka.records.builder import build_batch
from minikafka.storage.memory_files import MemoryFiles
from minikafka.storage.partition_log import PartitionLog
from minikafka.storage.producers.producer_snapshots import decode_snapshot, encode_snapshot
from minikafka.storage.verification.directory_check import DirectoryCheck, TopicClaim, tell_of_missing_partitions
from minikafka.storage.verification.report import Report
from minikafka.storage.verification.segment_check import wrong_records
from tests.storage.cleaning.compacted import keyed
from tests.storage.logs import NOW_MS, TOPIC_ID, append
from tests.storage.verification.directories import CLUSTER, FIRST, check, cut, directory, extend, lines, patch

SECOND, THIRD, LAST = ("/data/t-0/000000000000000000" + number for number in ("10", "20", "30"))
Change = Callable[[MemoryFiles], None]


def move_last_record(files: MemoryFiles, path: str) -> None:
    entries = decode_snapshot(files.read_bytes(path), path)
    entries[-1].batches[-1] = entries[-1].batches[-1]._replace(last_offset=17)
    files.write_bytes(path, encode_snapshot(entries), sync=True)


def test_a_directory_that_was_stopped_is_sound() -> None:
    assert check(directory()) == []


def test_so_is_one_whose_process_was_killed() -> None:
    assert lines(directory(is_clean=False)) == [
        "note: /data: was not stopped cleanly (no .kafka_cleanshutdown): the next start recovers what was not synced"
    ]


DAMAGES: dict[str, tuple[Change, str]] = {
    "a byte of a record": (
        lambda files: patch(files, FIRST + ".log", 220, b"\xff"),
        f"problem: {FIRST}.log, position 150, offset 2: Record is corrupt (stored crc = CRC, computed crc = CRC); 75 "
        "bytes are lost, up to position 225",
    ),
    "a length that cannot be": (
        lambda files: patch(files, FIRST + ".log", 83, pack(">i", -5)),
        f"problem: {FIRST}.log, position 75, offset 1: not a record batch (length -5, magic 2); 75 bytes are lost, up "
        "to position 150",
    ),
    "a length beyond the end": (
        lambda files: patch(files, FIRST + ".log", 83, pack(">i", 99999)),
        f"problem: {FIRST}.log, position 75, offset 1: the record batch is cut off, 675 of 100011 bytes are there; 75 "
        "bytes are lost, up to position 150",
    ),
    "zeros at the end": (
        lambda files: extend(files, LAST + ".log", bytes(5000)),
        f"problem: {LAST}.log, position 750, offset 40: the file ends in zeros; 5000 bytes behind the last valid batch",
    ),
    "a torn batch at the end": (
        lambda files: cut(files, LAST + ".log", 10),
        f"problem: {LAST}.log, position 675, offset 39: the record batch is cut off, 65 of 75 bytes are there; 65 "
        "bytes behind the last valid batch",
    ),
    "an older offset": (
        lambda files: patch(files, FIRST + ".log", 75, pack(">q", 0)),
        f"problem: {FIRST}.log, position 75, offset 1: the batch has offset 0, and 1 or more is to follow",
    ),
    "a leader epoch that goes back": (
        lambda files: patch(files, LAST + ".log", 12, pack(">i", 3)),
        f"problem: {LAST}.log, position 0, offset 30: the batch is of leader epoch 3, and "
        "leader-epoch-checkpoint says 0",
    ),
    "an offset index that points between batches": (
        lambda files: patch(files, FIRST + ".index", 4, pack(">i", 153)),
        f"problem: {FIRST}.index, position 0, offset 2: no batch begins at position 153 of the log",
    ),
    "an offset index with another offset": (
        lambda files: patch(files, FIRST + ".index", 0, pack(">i", 1)),
        f"problem: {FIRST}.index, position 0, offset 1: the batch at position 150 of the log begins at offset 2",
    ),
    "an offset index that is not ascending": (
        lambda files: patch(files, FIRST + ".index", 8, pack(">ii", 2, 150)),
        f"problem: {FIRST}.index, position 8: the entry 2 -> 150 is not above 2 -> 150",
    ),
    "an offset index that points behind the log": (
        lambda files: extend(files, FIRST + ".index", pack(">ii", 9, 9999)),
        f"problem: {FIRST}.index, position 32, offset 9: points at position 9999 of the log, which ends at 750",
    ),
    "an offset index that was not trimmed": (
        lambda files: extend(files, FIRST + ".index", bytes(80)),
        f"problem: {FIRST}.index, position 32: zeros, which an index that is complete does not have",
    ),
    "half an entry": (
        lambda files: cut(files, FIRST + ".index", 3),
        f"problem: {FIRST}.index: 29 bytes are not a whole number of entries of 8 bytes",
    ),
    "another timestamp in the time index": (
        lambda files: patch(files, FIRST + ".timeindex", 0, pack(">q", NOW_MS + 1)),
        f"problem: {FIRST}.timeindex, position 0, offset 2: the greatest timestamp so far is {NOW_MS + 2}, and not "
        f"{NOW_MS + 1}",
    ),
    "a time index that is not ascending": (
        lambda files: patch(files, FIRST + ".timeindex", 12, pack(">q", NOW_MS)),
        f"problem: {FIRST}.timeindex, position 12: the entry {NOW_MS} -> 4 is not above {NOW_MS + 2} -> 2",
    ),
    "a time index without its last entry": (
        lambda files: cut(files, FIRST + ".timeindex", 12),
        f"problem: {FIRST}.timeindex: there is no entry for the greatest timestamp {NOW_MS + 9}",
    ),
    "a time index that goes on": (
        lambda files: extend(files, FIRST + ".timeindex", pack(">qi", NOW_MS + 99, 12)),
        f"problem: {FIRST}.timeindex, position 60, offset 12: the segment ends at offset 9",
    ),
    "no transaction index": (
        lambda files: files.unlink(SECOND + ".txnindex"),
        f"problem: {SECOND}.txnindex, offset 19: the transaction of producer 7 from offset 10, which was aborted at "
        "19, is missing: its records are visible to read_committed",
    ),
    "a transaction index that begins too late": (
        lambda files: patch(files, SECOND + ".txnindex", 10, pack(">q", 12)),
        f"problem: {SECOND}.txnindex, position 0, offset 19: the transaction of producer 7 begins at 10, and not 12",
    ),
    "a last stable offset that was never reached": (
        lambda files: patch(files, SECOND + ".txnindex", 26, pack(">q", 21)),
        f"problem: {SECOND}.txnindex, position 0, offset 19: the last stable offset was 20 at most, and not 21",
    ),
    "an offset index that is ahead": (
        lambda files: patch(files, FIRST + ".index", 24, pack(">i", 10)),
        f"problem: {FIRST}.index, position 24, offset 10: what is at position 600 of the log ends before offset 10",
    ),
    "a time index that begins before its segment": (
        lambda files: patch(files, SECOND + ".timeindex", 8, pack(">i", -1)),
        f"problem: {SECOND}.timeindex, position 0, offset 9: the segment begins at offset 10",
    ),
    "a leader epoch that cannot be": (
        lambda files: patch(files, FIRST + ".log", 12, pack(">i", -2)),
        f"problem: {FIRST}.log, position 0, offset 0: there is no leader epoch -2",
    ),
    "a transaction index of another version": (
        lambda files: patch(files, SECOND + ".txnindex", 0, pack(">h", 1)),
        f"problem: {SECOND}.txnindex, position 0: unknown version 1 of an entry",
    ),
    "an aborted transaction that ends before it begins": (
        lambda files: patch(files, SECOND + ".txnindex", 10, pack(">q", 20)),
        f"problem: {SECOND}.txnindex, position 0: an aborted transaction cannot be at 20 to 19",
    ),
    "an aborted transaction that never was": (
        lambda files: extend(files, SECOND + ".txnindex", pack(">hqqqq", 0, 9, 11, 20, 21)),
        f"problem: {SECOND}.txnindex, position 34, offset 20: the log has no abort marker of producer 9 there",
    ),
    "a producer snapshot with another checksum": (
        lambda files: patch(files, "/data/t-0/00000000000000000020.snapshot", -1, b"\x7f"),
        "problem: /data/t-0/00000000000000000020.snapshot: the checksum of the producer snapshot does not match; the "
        "next start builds it",
    ),
    "a producer snapshot of another log": (
        lambda files: move_last_record(files, "/data/t-0/00000000000000000030.snapshot"),
        "problem: /data/t-0/00000000000000000030.snapshot: the last record of producer 8 is at offset 18, and not 17",
    ),
    "a producer snapshot above the log": (
        lambda files: files.rename(
            "/data/t-0/00000000000000000040.snapshot", "/data/t-0/00000000000000000050.snapshot"
        ),
        "problem: /data/t-0/00000000000000000050.snapshot: the log ends at offset 40",
    ),
    "leader epochs that cannot be read": (
        lambda files: files.write_bytes("/data/t-0/leader-epoch-checkpoint", b"0\n1\nzero 0\n", sync=True),
        "problem: /data/t-0/leader-epoch-checkpoint: malformed line in a checkpoint file: 'zero 0'; the next start "
        "builds it",
    ),
    "a checkpoint that cannot be read": (
        lambda files: files.write_bytes("/data/log-start-offset-checkpoint", b"0\n2\nt 0 0\n", sync=True),
        "problem: /data/log-start-offset-checkpoint: 2 entries are announced, 1 are there",
    ),
    "a log that lost its last segment": (
        lambda files: [files.unlink(LAST + suffix) for suffix in (".log", ".index", ".timeindex", ".snapshot")].clear(),
        "problem: /data/t-0: the log ends at offset 30, and all up to 40 had been synced: records are lost",
    ),
    "a log that lost a segment in the middle": (
        lambda files: [files.unlink(SECOND + s) for s in (".log", ".index", ".timeindex", ".txnindex")].clear(),
        f"problem: {THIRD}.log: offsets 10 to 19 before it are missing",
    ),
    "a log that goes on behind its checkpoint": (
        lambda files: files.write_bytes("/data/recovery-point-offset-checkpoint", b"0\n1\nt 0 39\n", sync=True),
        "problem: /data/t-0: the log ends at offset 40, and ended at 39 when the broker was stopped",
    ),
    "a log start offset above the log": (
        lambda files: files.write_bytes("/data/log-start-offset-checkpoint", b"0\n1\nt 0 41\n", sync=True),
        "problem: /data/t-0: the log ends at offset 40, and is to begin at 41: the next start empties it",
    ),
    "a high watermark above the log": (
        lambda files: files.write_bytes("/data/replication-offset-checkpoint", b"0\n1\nt 0 41\n", sync=True),
        "problem: /data/t-0: the high watermark 41 is above the log end offset 40",
    ),
    "another topic's id": (
        lambda files: files.write_bytes(
            "/data/t-0/partition.metadata", b"version: 0\ntopic_id: AQEBAQEBAQEBAQEBAQEBAQ", sync=True
        ),
        "problem: /data/t-0/partition.metadata: has the topic id AQEBAQEBAQEBAQEBAQEBAQ, and in the metadata the topic "
        "has AAECAwQFBgcICQoLDA0ODw",
    ),
    "an id that cannot be read": (
        lambda files: files.write_bytes("/data/t-0/partition.metadata", b"version: 1", sync=True),
        "problem: /data/t-0/partition.metadata: cannot be understood",
    ),
    "an empty meta.properties": (
        lambda files: files.write_bytes("/data/meta.properties", b"", sync=True),
        "problem: /data/meta.properties: names no node (node.id, or broker.id): it is empty or cut off",
    ),
    "no meta.properties": (
        lambda files: files.unlink("/data/meta.properties"),
        "problem: /data/meta.properties: is missing: it says to which cluster and node the logs belong",
    ),
    "a folder that is none of a partition": (
        lambda files: files.make_directory("/data/lost+found", sync=True),
        "problem: /data/lost+found: is not a partition's folder (topic-partition): the broker does not start",
    ),
    "no id": (
        lambda files: files.unlink("/data/t-0/partition.metadata"),
        "note: /data/t-0/partition.metadata: there is none, the next start writes it",
    ),
    "no index": (
        lambda files: files.unlink(FIRST + ".index"),
        f"note: {FIRST}.log: has no .index, the next start builds it",
    ),
    "an index without a log": (
        lambda files: files.create("/data/t-0/00000000000000000015.timeindex"),
        "note: /data/t-0/00000000000000000015.timeindex: an index without its log, which the next start removes",
    ),
    "a deleted file": (
        lambda files: files.create("/data/t-0/00000000000000000000.log.deleted"),
        "note: /data/t-0/00000000000000000000.log.deleted: left from a deletion, which the next start completes",
    ),
    "a cleaned file": (
        lambda files: files.create("/data/t-0/00000000000000000000.log.cleaned"),
        "note: /data/t-0/00000000000000000000.log.cleaned: left from a compaction, which the next start completes or "
        "undoes",
    ),
    "a file of somebody": (
        lambda files: files.create("/data/t-0/README"),
        "note: /data/t-0/README: not a file of a log",
    ),
    "a stray partition": (
        lambda files: files.make_directory("/data/u-0.0123456789abcdef0123456789abcdef-stray", sync=True),
        "note: /data/u-0.0123456789abcdef0123456789abcdef-stray: a partition that no topic accounted for and that was "
        "put aside; delete it when its records are of no use",
    ),
    "a deleted partition": (
        lambda files: files.make_directory("/data/u-0.0123456789abcdef0123456789abcdef-delete", sync=True),
        "note: /data: 1 folders of deleted partitions, e.g. u-0.0123456789abcdef0123456789abcdef-delete; the next "
        "start removes them",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_one_thing_is_wrong(what: str) -> None:
    change, line = DAMAGES[what]
    files = directory()
    change(files)
    assert line in [re.sub(r"crc = \d+", "crc = CRC", found) for found in lines(files)]


@pytest.mark.parametrize("suffix", [".log", ".txnindex", ".timeindex", ".index"])
def test_no_byte_changes_unnoticed(suffix: str) -> None:
    """But for those of sparse entries that would only make a reader search longer."""
    files = directory()
    path = SECOND + suffix
    content = files.read_bytes(path)
    unnoticed = []
    for position in range(0, len(content), 3 if suffix == ".log" else 1):
        changed = bytearray(content)
        changed[position] ^= 0x81
        files.write_bytes(path, bytes(changed), sync=True)
        if not any(finding.is_problem for finding in check(files)):
            unnoticed.append(position)
    assert unnoticed == []


def test_notes_are_no_problems() -> None:
    files = directory()
    files.create("/data/t-0/README")
    assert [finding.is_problem for finding in check(files)] == [False]


def test_after_a_kill_only_what_was_synced_counts() -> None:
    """The segment that holds the recovery point is recovered, with its indexes: only what is below was promised."""
    files = directory(is_clean=False)
    recovery_point = int(files.read_bytes("/data/recovery-point-offset-checkpoint").split()[-1])
    assert recovery_point == 30
    extend(files, LAST + ".log", b"torn")
    patch(files, LAST + ".index", 0, b"\xff" * 8)
    found = lines(files)[1:]
    assert found == [
        f"note: {LAST}.log, position 750, offset 40: 4 bytes are too few for a record batch; the next start cuts off 4 "
        "bytes, which were not synced"
    ]
    cut(files, FIRST + ".log", 10)
    assert any(line.startswith(f"problem: {FIRST}.log, position 675, offset 9") for line in lines(files))


def test_gaps_of_a_compacted_topic_are_none() -> None:
    files = directory()
    for suffix in (".log", ".index", ".timeindex", ".txnindex"):
        files.unlink(SECOND + suffix)
    assert lines(files, topics={"t": TopicClaim(TOPIC_ID, frozenset({0}), is_compacted=True)}) == []
    assert lines(files, topics=None) == [
        f"note: {THIRD}.log: offsets 10 to 19 before it are missing, as compaction may leave it"
    ]


def test_partitions_and_metadata_are_compared() -> None:
    files = directory()
    assert lines(files, topics={}) == [
        "problem: /data/t-0: the metadata has no such partition; the next start puts it aside as stray"
    ]


def missing(files: MemoryFiles, topics: dict[str, TopicClaim]) -> list[str]:
    found: list[str] = []
    report = Report(lambda finding: found.append(str(finding)))
    directory_check = DirectoryCheck(report, files, "/data")
    found.clear()
    tell_of_missing_partitions(report, topics, [directory_check])
    return found


def test_partitions_without_a_folder() -> None:
    wanted = {"t": TopicClaim(TOPIC_ID, frozenset({0, 1}), False)}
    assert missing(directory(), wanted) == [
        "problem: /data: there is no folder t-1, and the metadata has that partition"
    ]
    files = directory(is_clean=False)
    assert missing(files, wanted) == [
        "note: /data: there is no folder t-1 yet; the next start makes it, without records"
    ]
    files.rename("/data/t-0", "/data/u-0")
    assert missing(files, {"t": TopicClaim(TOPIC_ID, frozenset({0}), False)}) == [
        "problem: /data: there is no folder t-0, and the metadata has that partition"
    ]


def test_after_a_crash_a_folder_may_wait_for_its_deletion() -> None:
    assert "note: /data/t-0: the metadata has no such partition; the next start puts it aside as stray" in lines(
        directory(is_clean=False), topics={}
    )


def test_several_directories_belong_together() -> None:
    files = directory()
    files.make_directory("/other/t-0", sync=True)
    files.write_bytes("/other/meta.properties", files.read_bytes("/data/meta.properties"), sync=True)
    files.write_bytes("/other/.kafka_cleanshutdown", b"", sync=True)
    found = lines(files, "/data", "/other")
    assert "problem: /other/t-0: the partition is in /data as well" in found
    assert any("problem: /other/meta.properties: has the directory.id" in line for line in found)
    files.write_bytes("/other/meta.properties", b"version=1\nnode.id=9\ncluster.id=x\n", sync=True)
    assert (
        f"problem: /other/meta.properties: is of node 9 of the cluster x, and /data of node 1 of the cluster {CLUSTER}"
        in lines(files, "/data", "/other")
    )


def test_offsets_too_far_for_the_index_are_noted() -> None:
    def write(log: PartitionLog) -> None:
        append(log, "near")
        far = bytearray(build_batch([Record(2**31 + 5, NOW_MS, None, b"far")], base_offset=2**31 + 5))
        log.segments()[0].log.pwrite(far, log.size_bytes)

    files = directory(is_clean=False, write=write)
    assert (
        f"note: {FIRST}.log, position 72, offset 2147483653: the offset is too far from the segment's for its index; "
        "the next start splits the segment"
    ) in lines(files)


@pytest.mark.parametrize("magic", [0, 1, 2])
def test_records_of_every_format_are_read(magic: int) -> None:
    good = RecordBatch(memoryview(keyed(("a", "1"), ("b", "2"))), 0) if magic == 2 else legacy(magic)
    assert wrong_records(good) is None


def legacy(magic: int) -> RecordBatch:
    return next(iter_batches(memoryview(keyed(("a", "1"), magic=magic))))


def test_records_that_are_not_what_the_batch_says() -> None:
    data = keyed(("a", "1"), ("b", "2"))
    for position, value, reason in (
        (57, pack(">i", 3), "3 records cannot have offsets 0 to 1"),
        (
            57,
            pack(">i", 1),
            "the records cannot be read: Incorrect declared batch size, records still remaining in file",
        ),
        (35, pack(">q", NOW_MS + 1), f"the greatest timestamp is {NOW_MS}, and the batch says {NOW_MS + 1}"),
        (64, b"\x02", "the record with offset 1 comes after that with offset 1"),
    ):
        changed = bytearray(data)
        changed[position : position + len(value)] = value
        assert wrong_records(RecordBatch(memoryview(changed), 0)) == reason


def test_an_empty_batch_that_compaction_leaves() -> None:
    empty = RecordBatch(memoryview(bytearray(keyed(("a", "1"))[:61])), 0)
    empty.record_count = 0
    assert wrong_records(empty) is None
