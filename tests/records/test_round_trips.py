"""What is built reads back the same, for all magics and codecs; what is damaged is refused, and nothing worse."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.records.batch import (
    ATTRIBUTES_POSITION,
    CREATE_TIME,
    LOG_APPEND_TIME,
    NO_TIMESTAMP_TYPE,
    Record,
    RecordBatch,
    iter_batches,
)
from minikafka.records.builder import build_batch
from minikafka.records.checksum import crc32c
from minikafka.records.compression import NAMES
from minikafka.records.errors import CorruptBatchError, InvalidRecordsError
from tests.records.strategies import codecs_by_magic, record_lists


def records_in(data: bytes | bytearray) -> list[Record]:
    return [record for batch in iter_batches(data) for record in batch]


@given(st.data(), codecs_by_magic, st.integers(0, 2**40))
def test_records_round_trip(data: st.DataObject, magic_and_codec: tuple[int, str], base_offset: int) -> None:
    magic, codec = magic_and_codec
    # Offsets in a wrapper of magic 1 count from its first record, which is how offset 0 at its end can be told apart.
    records = [
        record._replace(offset=base_offset + record.offset)
        for record in data.draw(record_lists(magic=magic, gaps=magic != 1 or codec == "none"))
    ]
    built = build_batch(records, base_offset=base_offset, magic=magic, compression=codec)
    batches = list(iter_batches(built))
    assert [record for batch in batches for record in batch] == records
    assert all(batch.is_valid() for batch in batches)
    assert sum(batch.size_bytes for batch in batches) == len(built)
    assert sum(batch.record_count for batch in batches) == len(records)
    assert (batches[0].base_offset, batches[-1].last_offset) == (records[0].offset, records[-1].offset)
    assert batches[-1].next_offset == records[-1].offset + 1
    assert {(batch.magic, NAMES[batch.compression_type]) for batch in batches} == {(magic, codec)}
    assert {batch.timestamp_type for batch in batches} == {CREATE_TIME if magic else NO_TIMESTAMP_TYPE}
    if magic == 2 or codec != "none":
        assert batches[0].max_timestamp == (max(record.timestamp for record in records) if magic else -1)


@given(record_lists(), st.sampled_from(NAMES))
def test_log_append_time_stands_for_every_timestamp(records: list[Record], codec: str) -> None:
    built = build_batch(records, compression=codec, timestamp_type=LOG_APPEND_TIME, log_append_time_ms=77)
    (batch,) = iter_batches(built)
    assert (batch.timestamp_type, batch.max_timestamp) == (LOG_APPEND_TIME, 77)
    assert {record.timestamp for record in batch} == {77}


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_log_append_time_in_magic_1(codec: str) -> None:
    records = [Record(5, 1000, b"k", b"v"), Record(6, 2000, None, b"w")]
    built = build_batch(
        records, base_offset=5, magic=1, compression=codec, timestamp_type=LOG_APPEND_TIME, log_append_time_ms=77
    )
    assert [(record.offset, record.timestamp) for record in records_in(built)] == [(5, 77), (6, 77)]


def test_header_keys_that_are_not_utf8_survive() -> None:
    built = bytearray(build_batch([Record(0, 0, None, None, (("\udcff\udcfe", b"x"),))]))
    assert b"\xff\xfe" in built
    (record,) = records_in(built)
    assert build_batch([record]) == built


def test_a_cut_off_tail_is_left_out() -> None:
    batch = build_batch([Record(0, 0, b"k", b"v")])
    whole = batch + build_batch([Record(1, 0, b"k", b"v")], base_offset=1)
    for length in range(len(whole)):
        assert len(list(iter_batches(whole[:length]))) == length // len(batch)


def test_a_header_alone_can_be_viewed() -> None:
    built = build_batch([Record(9, 5, b"k", b"v")], base_offset=9, producer_id=3, producer_epoch=1, base_sequence=4)
    header = RecordBatch(memoryview(built)[:61])
    assert (header.base_offset, header.last_sequence, header.size_bytes) == (9, 4, len(built))
    assert not header.is_valid()


@pytest.mark.parametrize("length", [0, 1, 12, 17, 60])
def test_a_shorter_buffer_is_no_header(length: int) -> None:
    built = build_batch([Record(0, 0, b"k", b"v")])
    with pytest.raises(CorruptBatchError, match="smaller than the minimum"):
        RecordBatch(memoryview(built)[:length])


def test_patching() -> None:
    built = bytearray(build_batch([Record(0, 10, b"k", b"v"), Record(1, 20, b"k", b"v")]))
    (batch,) = iter_batches(built)
    before = batch.crc
    batch.set_base_offset(100)
    batch.set_partition_leader_epoch(7)
    batch.set_max_timestamp(CREATE_TIME, 20)
    assert batch.crc == before
    batch.set_max_timestamp(LOG_APPEND_TIME, 33)
    (again,) = iter_batches(built)
    assert again.is_valid()
    assert (again.base_offset, again.last_offset, again.partition_leader_epoch) == (100, 101, 7)
    assert [(record.offset, record.timestamp) for record in again] == [(100, 33), (101, 33)]
    again.set_last_offset(51)
    assert again.base_offset == 50


@pytest.mark.parametrize("codec", ["none", "gzip"])
def test_patching_magic_1(codec: str) -> None:
    built = bytearray(build_batch([Record(0, 10, b"k", b"v")], magic=1, compression=codec))
    (batch,) = iter_batches(built)
    batch.set_last_offset(100)
    batch.set_max_timestamp(LOG_APPEND_TIME, 33)
    (again,) = iter_batches(built)
    assert again.is_valid()
    assert (again.base_offset, again.timestamp_type) == (100, LOG_APPEND_TIME)
    assert records_in(built) == [Record(100, 33, b"k", b"v")]


def test_old_magics_have_no_leader_epoch_and_magic_0_no_time() -> None:
    (batch,) = iter_batches(bytearray(build_batch([Record(0, -1, b"k", b"v")], magic=0)))
    with pytest.raises(TypeError, match="leader epoch"):
        batch.set_partition_leader_epoch(1)
    with pytest.raises(TypeError, match="timestamp"):
        batch.set_max_timestamp(CREATE_TIME, 1)


@given(st.data(), codecs_by_magic)
def test_every_flipped_byte_is_noticed_or_harmless(data: st.DataObject, magic_and_codec: tuple[int, str]) -> None:
    magic, codec = magic_and_codec
    single = magic < 2 and codec == "none"
    records = data.draw(record_lists(magic=magic, max_size=1 if single else 5, gaps=False))
    built = bytearray(build_batch(records, magic=magic, compression=codec))
    position = data.draw(st.integers(0, len(built) - 1))
    built[position] ^= data.draw(st.integers(1, 255))
    given_by_broker = (0, 1, 2, 3, 4, 5, 6, 7) if magic < 2 else (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15)
    try:
        valid = [batch.is_valid() for batch in iter_batches(built)]
    except CorruptBatchError:
        valid = [False]
    assert valid == ([True] if position in given_by_broker else [False] if valid else [])


@given(st.data(), codecs_by_magic)
def test_damage_gives_records_or_a_refusal(data: st.DataObject, magic_and_codec: tuple[int, str]) -> None:
    magic, codec = magic_and_codec
    records = data.draw(record_lists(magic=magic, max_size=5, gaps=False))
    built = bytearray(build_batch(records, magic=magic, compression=codec))
    for _ in range(data.draw(st.integers(1, 3))):
        built[data.draw(st.integers(0, len(built) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.just(len(built)) | st.integers(0, len(built)))
    with suppress(CorruptBatchError, InvalidRecordsError):  # and nothing else may be raised
        for batch in iter_batches(built[:cut]):
            batch.is_valid()
            assert len(list(batch)) == batch.record_count


def with_checksum(built: bytearray) -> bytearray:
    struct.pack_into(">I", built, 17, crc32c(bytes(built[ATTRIBUTES_POSITION:])))
    return built


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "premature EOF"),
        ("80", "premature EOF"),
        ("ffffffffff", "premature EOF"),
        ("0c 00 00 00 01", "instead the buffer has only 4 remaining bytes"),
        ("0c 00 00 00 01 01 00 00", "records still remaining"),
        ("0e 00 00 00 01 01 00 00", None),
        ("0c 00 00 00 01 01 01", "invalid number of record headers -1"),
        ("0c 00 00 00 01 01 7e", "larger than the remaining size"),
        ("0e 00 00 00 01 01 02 01", "negative header key size -1"),
        ("0c 00 00 00 64 01 00", "invalid record structure"),
        ("0a 00 00 00 01 01 00", "expected to read 5 bytes in record payload, but instead read 6"),
        ("18 00 ffffffffffffffffffff 00 00", "invalid record structure"),
        ("0c 00 00 00 01 01 00", None),
    ],
)
def test_records_that_are_wrong_by_hand(body: str, message: str | None) -> None:
    built = bytearray(build_batch([Record(0, 0, None, None)]))[:61] + bytes.fromhex(body)
    struct.pack_into(">i", built, 8, len(built) - 12)
    (batch,) = iter_batches(with_checksum(built))
    if message is None:
        message = "expected to read 7" if len(bytes.fromhex(body)) == 8 else ""
    if not message:
        assert list(batch) == [Record(0, 0, None, None)]
        return
    with pytest.raises(InvalidRecordsError, match=message):
        list(batch)


def test_timestamps_and_offsets_wrap_as_in_java() -> None:
    built = bytearray(build_batch([Record(0, 5, None, None), Record(1, 6, None, None)]))
    struct.pack_into(">q", built, 0, 2**63 - 1)
    struct.pack_into(">q", built, 27, 2**63 - 1)
    assert [(record.offset, record.timestamp) for record in records_in(with_checksum(built))] == [
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
    ]


@pytest.mark.parametrize(
    ("records", "options", "message"),
    [
        ([Record(1, 0, None, None), Record(1, 0, None, None)], {}, "Illegal offset 1 following previous offset 1"),
        ([Record(0, -2, None, None)], {}, "Invalid negative timestamp -2"),
        ([Record(2**31, 0, None, None)], {}, "Maximum offset delta exceeded"),
        ([Record(0, 0, None, None)], {"is_transactional": True}, "without a valid producer ID"),
        ([Record(0, 0, None, None)], {"producer_id": 1}, "negative producer epoch"),
        ([Record(0, 0, None, None)], {"producer_id": 1, "producer_epoch": 0}, "negative sequence number"),
        (
            [Record(0, 0, None, None)],
            {"producer_id": 1, "producer_epoch": 0, "base_sequence": 0, "magic": 1},
            "Idempotent messages are not supported for magic 1",
        ),
        ([Record(0, 0, None, None, (("h", None),))], {"magic": 1}, "does not support record headers"),
        ([Record(0, 0, None, None)], {"magic": 1, "compression": "zstd"}, "ZStandard"),
        ([Record(0, 0, None, None)], {"magic": 0, "is_control": True}, "Control records"),
        ([Record(0, 0, None, None)], {"magic": 0, "delete_horizon_ms": 5}, "Delete horizon"),
        ([Record(0, 0, None, None)], {"compression": "brotli"}, "unknown compression 'brotli'"),
    ],
)
def test_what_a_batch_cannot_hold(records: list[Record], options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_batch(records, **options)  # type: ignore[arg-type]


def test_no_records_make_no_batch() -> None:
    assert build_batch([]) == b""
