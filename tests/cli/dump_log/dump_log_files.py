"""Files that ``kafka-dump-log`` is tried on: of all formats, whole and damaged, the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from struct import pack
from typing import Any

from minikafka.protocol import messages
from minikafka.protocol.messages import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    GroupMetadataKey,
    GroupMetadataValue,
    OffsetCommitKey,
    OffsetCommitValue,
    ProducerSnapshot,
)
from minikafka.protocol.stored import encode_key, encode_metadata_record, encode_value
from minikafka.records.batch import LOG_APPEND_TIME, Record
from minikafka.records.builder import build_batch, end_transaction_marker, leader_change
from minikafka.records.checksum import crc32c

TIME_MS = 1_700_000_000_000
UUID = bytes(range(16))
SEGMENT = "00000000000000000100"


def write_files(directory: Path) -> None:
    """A partition of strange batches with its indexes, and logs of internal topics."""
    _write_segment(directory)
    _write_snapshots(directory)
    _write_group_log(directory)
    _write_remote_log(directory)


def _write_segment(directory: Path) -> None:
    log = bytearray()
    positions = []
    for batch in _batches():
        positions.append(len(log))
        log += batch
    (directory / f"{SEGMENT}.log").write_bytes(log + log[:40])
    entries = [(3, positions[1]), (6, positions[4]), (9, positions[5]), (0, 0), (77, 0)]
    (directory / f"{SEGMENT}.index").write_bytes(b"".join(pack(">ii", *entry) for entry in entries))
    times = [(TIME_MS + 1, 1), (TIME_MS + 5, 3), (TIME_MS + 2, 4), (TIME_MS, 2), (0, 0)]
    (directory / f"{SEGMENT}.timeindex").write_bytes(b"".join(pack(">qi", *entry) for entry in times) + b"torn")
    (directory / f"{SEGMENT}.txnindex").write_bytes(pack(">hqqqq", 0, 7, 105, 107, 105) + b"torn")


def _batches() -> list[bytes]:
    """Offsets 100 to 115, with gaps: all magics, times, headers, sequence numbers, markers, a wrong checksum."""
    headers = (("h", b"1"), ("ключ", None))
    broken = bytearray(build_batch([Record(115, TIME_MS, b"k", b"checksum")], base_offset=115))
    broken[-3] ^= 1
    return [
        build_batch([Record(100, TIME_MS, b"k", b"v"), Record(101, TIME_MS + 1, None, b"")], base_offset=100, magic=0),
        build_batch([Record(103, TIME_MS + 5, "ключ".encode(), None)], base_offset=103, magic=1),
        build_batch(
            [Record(104, TIME_MS + 2, None, b"\xff\x00tab\t", headers), Record(105, TIME_MS + 3, b"", b"v", headers)],
            base_offset=104,
            producer_id=7,
            producer_epoch=1,
            base_sequence=2147483647,
            is_transactional=True,
            partition_leader_epoch=3,
        ),
        end_transaction_marker(
            commit=False,
            producer_id=7,
            producer_epoch=1,
            coordinator_epoch=5,
            timestamp=TIME_MS + 4,
            base_offset=107,
        ),
        end_transaction_marker(
            commit=True,
            producer_id=8,
            producer_epoch=0,
            coordinator_epoch=0,
            timestamp=TIME_MS + 4,
            base_offset=108,
        ),
        build_batch(
            [Record(109, TIME_MS, b"k", b"appended")],
            base_offset=109,
            timestamp_type=LOG_APPEND_TIME,
            log_append_time_ms=TIME_MS + 9,
        ),
        build_batch(
            [Record(110, TIME_MS, b"k", None)], base_offset=110, delete_horizon_ms=TIME_MS + 20, last_offset=112
        ),
        leader_change(
            messages.LeaderChangeMessage(
                version=0, leader_id=1, voters=[messages.LeaderChangeMessage.Voter(voter_id=1)], granting_voters=[]
            ).encode(0),
            timestamp=TIME_MS,
            partition_leader_epoch=4,
            base_offset=113,
        ),
        bytes(broken),
    ]


def _write_snapshots(directory: Path) -> None:
    entry = ProducerSnapshot.ProducerEntry
    common: dict[str, Any] = {"epoch": 1, "coordinator_epoch": 2}
    entries = [
        entry(producer_id=1, last_sequence=9, last_offset=109, offset_delta=4, timestamp=TIME_MS,
              current_txn_first_offset=-1, **common),
        entry(producer_id=2, last_sequence=1, last_offset=111, offset_delta=3, timestamp=TIME_MS,
              current_txn_first_offset=107, **common),
        entry(producer_id=3, last_sequence=-1, last_offset=-1, offset_delta=0, timestamp=TIME_MS,
              current_txn_first_offset=-1, **common),
    ]  # fmt: skip
    body = ProducerSnapshot(crc=0, producer_entries=entries).encode(1)[4:]
    data = pack(">hI", 1, crc32c(body)) + body
    (directory / f"{SEGMENT}.snapshot").write_bytes(data)
    (directory / "00000000000000000200.snapshot").write_bytes(data[:-1] + b"\xfe")
    (directory / "00000000000000000300.snapshot").write_bytes(b"\0\x07" + data[2:])


def _write_group_log(directory: Path) -> None:
    offset_key = encode_key(OffsetCommitKey(group="g", topic='"t"\n', partition=0))
    group_key = encode_key(GroupMetadataKey(group="g\x1f"))
    pairs = [
        (offset_key, encode_value(OffsetCommitValue(offset=5, metadata="é", commit_timestamp=TIME_MS), 3)),
        (offset_key, None),
        (group_key, encode_value(_group("consumer"), 3)),
        (group_key, encode_value(_group("connect"), 3)),
        (pack(">h", 77) + b"later", b"\0\0"),
        (offset_key, pack(">h", 99) + b"later"),
    ]
    records = [Record(offset, TIME_MS, key, value) for offset, (key, value) in enumerate(pairs)]
    folder = directory / "__consumer_offsets-0"
    folder.mkdir()
    (folder / "00000000000000000000.log").write_bytes(build_batch(records))


def _group(protocol_type: str) -> GroupMetadataValue:
    subscription = ConsumerProtocolSubscription(topics=["t"], user_data=b"\1").encode(1)
    assigned = ConsumerProtocolAssignment.TopicPartition(topic="t", partitions=[0, 1])
    assignment = ConsumerProtocolAssignment(assigned_partitions=[assigned], user_data=None).encode(1)
    member = {"client_id": "c", "client_host": "/127.0.0.1", "rebalance_timeout": 1, "session_timeout": 2}
    return GroupMetadataValue(
        protocol_type=protocol_type,
        generation=1,
        protocol="range",
        leader="m",
        current_state_timestamp=TIME_MS,
        members=[
            GroupMetadataValue.MemberMetadata(
                member_id="m", subscription=b"\0\1" + subscription, assignment=b"\0\1" + assignment, **member
            ),
            GroupMetadataValue.MemberMetadata(member_id="n", subscription=b"\0\0\0", assignment=b"", **member),
        ],
    )


def _write_remote_log(directory: Path) -> None:
    segment = messages.RemoteLogSegmentMetadataRecord
    update = messages.RemoteLogSegmentMetadataUpdateRecord
    deletion = messages.RemotePartitionDeleteMetadataRecord
    snapshot = messages.RemoteLogSegmentMetadataSnapshotRecord
    times: dict[str, Any] = {"max_timestamp_ms": TIME_MS, "event_timestamp_ms": TIME_MS + 1}
    described = [
        segment(
            remote_log_segment_id=segment.RemoteLogSegmentIdEntry(
                topic_id_partition=segment.TopicIdPartitionEntry(name="t", id=UUID, partition=3), id=UUID[::-1]
            ),
            start_offset=1,
            end_offset=9,
            broker_id=2,
            segment_leader_epochs=[
                segment.SegmentLeaderEpochEntry(leader_epoch=4, offset=5),
                segment.SegmentLeaderEpochEntry(leader_epoch=0, offset=1),
            ],
            segment_size_in_bytes=1000,
            custom_metadata=b"abc",
            remote_log_segment_state=0,
            **times,
        ),
        update(
            remote_log_segment_id=update.RemoteLogSegmentIdEntry(
                topic_id_partition=update.TopicIdPartitionEntry(name="t", id=UUID, partition=3), id=UUID[::-1]
            ),
            broker_id=2,
            event_timestamp_ms=TIME_MS,
            remote_log_segment_state=3,
        ),
        deletion(
            topic_id_partition=deletion.TopicIdPartitionEntry(name="t", id=UUID, partition=3),
            broker_id=2,
            event_timestamp_ms=TIME_MS,
            remote_partition_delete_state=1,
        ),
        snapshot(
            segment_id=UUID,
            start_offset=1,
            end_offset=9,
            broker_id=2,
            segment_leader_epochs=[snapshot.SegmentLeaderEpochEntry(leader_epoch=0, offset=1)],
            segment_size_in_bytes=1000,
            remote_log_segment_state=1,
            txn_index_empty=True,
            **times,
        ),
    ]
    records = [
        Record(offset, TIME_MS, None, encode_metadata_record(message, 0)) for offset, message in enumerate(described)
    ]
    folder = directory / "__remote_log_metadata-0"
    folder.mkdir()
    (folder / "00000000000000000000.log").write_bytes(build_batch(records))
