"""What a log accepts, changes and refuses; Kafka's own answers first, then every rule by itself."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.config import BrokerConfig, LogConfig
from minikafka.errors import (
    CORRUPT_MESSAGE,
    INVALID_RECORD,
    INVALID_TIMESTAMP,
    MESSAGE_TOO_LARGE,
    RECORD_LIST_TOO_LARGE,
    UNSUPPORTED_FOR_MESSAGE_FORMAT,
    ApiError,
)
from minikafka.records.batch import CREATE_TIME, LOG_APPEND_TIME, Record, RecordBatch, iter_batches
from minikafka.records.builder import build_batch, end_transaction_marker, leader_change
from minikafka.records.checksum import crc32c
from minikafka.records.compression import NAMES
from minikafka.storage import log_validator
from minikafka.storage.log_validator import LogValidator
from minikafka.storage.validation import (
    CorruptBatchError,
    InvalidRecordsError,
    ValidatedRecords,
    analyze_records,
    check_segment_size,
    validate_and_assign_offsets,
    validate_batches,
)
from tests.records.golden import Row, check_batches, rows, source_of
from tests.records.strategies import NOW_MS, codecs_by_magic, record_lists

BROKER = BrokerConfig.from_mapping({})
AFTER_DEFAULT_MS = 3_600_000


def log_config(**settings: object) -> LogConfig:
    """The log settings of a topic with these of its own: ``cleanup_policy="compact"`` is cleanup.policy=compact."""
    return BROKER.log_config({name.replace("_", "."): str(value) for name, value in settings.items()})


PLAIN = log_config()


def append(data: bytes | bytearray, config: LogConfig = PLAIN, **options: Any) -> ValidatedRecords:
    given = {"next_offset": 1000, "leader_epoch": 6, "now_ms": NOW_MS, "topic_partition": "t-0"} | options
    return validate_and_assign_offsets(data, config=config, **given)


def refused(data: bytes | bytearray, config: LogConfig = PLAIN, **options: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        append(data, config, **options)
    return error.value


def some_records(count: int, key: bytes | None = b"k") -> list[Record]:
    return [Record(index, NOW_MS + index % 7, key, b"value") for index in range(count)]


def resealed(batch: bytes, **fields: int) -> bytearray:
    """``batch`` with header fields changed and a right checksum: a client that lies, or is wrong."""
    places = {
        "base_offset": (">q", 0),
        "attributes": (">h", 21),
        "last_offset_delta": (">i", 23),
        "base_timestamp": (">q", 27),
        "max_timestamp": (">q", 35),
        "producer_id": (">q", 43),
        "base_sequence": (">i", 53),
        "record_count": (">i", 57),
    }
    changed = bytearray(batch)
    for name, value in fields.items():
        struct.pack_into(places[name][0], changed, places[name][1], value)
    struct.pack_into(">I", changed, 17, crc32c(bytes(changed[21:])))
    return changed


# Kafka's own answers


def config_of(row: Row) -> LogConfig:
    return log_config(
        compression_type={"none": "uncompressed"}.get(row["targetCodec"], row["targetCodec"]),
        message_timestamp_type=row["timestampType"],
        message_timestamp_before_max_ms=row["timestampBeforeMaxMs"],
        message_timestamp_after_max_ms=row["timestampAfterMaxMs"],
        cleanup_policy="compact" if row["compacted"] else "delete",
    )


def append_golden(row: Row) -> ValidatedRecords:
    return validate_batches(
        list(iter_batches(source_of(row))),
        next_offset=row["nextOffset"],
        leader_epoch=row["leaderEpoch"],
        now_ms=row["now"],
        config=config_of(row),
        topic_partition="t-0",
    )


@pytest.mark.parametrize("row", rows("append", lambda row: "error" not in row))
def test_golden_appends(row: Row) -> None:
    validated = append_golden(row)
    check_batches(validated.batches, row)
    assert bytes(validated.buffer) == b"".join(batch.data for batch in validated.batches)
    if row["inPlace"]:
        assert validated.buffer.hex() == row["hex"]
    assert validated.conversion_count == (0 if row["inPlace"] else len(row["records"]))
    assert validated.max_timestamp == row["maxTimestamp"]
    assert validated.log_append_time_ms == (row["logAppendTime"] if row["timestampType"] == "LogAppendTime" else -1)
    assert (validated.base_offset, validated.last_offset) == (
        row["records"][0]["offset"],
        row["records"][-1]["offset"],
    )
    assert validated.record_count == len(row["records"])


@pytest.mark.parametrize("row", rows("append", lambda row: "error" in row))
def test_golden_refusals(row: Row) -> None:
    with pytest.raises(ApiError) as error:
        append_golden(row)
    assert error.value.code == row["errorCode"]
    assert error.value.message == row["message"].rpartition("Exception: ")[2]
    if "recordErrors" in row:
        assert isinstance(error.value, InvalidRecordsError)
        assert [list(pair) for pair in error.value.record_errors] == row["recordErrors"]


@pytest.mark.parametrize("row", rows("invalid"))
def test_golden_broken_batches_are_refused(row: Row) -> None:
    broken = bytearray.fromhex(row["hex"])
    broken[0:8] = bytes(8)
    error = refused(broken, log_config(message_timestamp_after_max_ms=2**62))
    assert error.code == (CORRUPT_MESSAGE if row["error"] == "CorruptRecordException" else INVALID_RECORD)


# The quick way and the thorough one


@given(record_lists(gaps=False), st.sampled_from(NAMES), st.data())
def test_both_ways_write_the_same(records: list[Record], codec: str, data: st.DataObject) -> None:
    settings: Mapping[str, object] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "message_timestamp_type": st.sampled_from(["CreateTime", "LogAppendTime"]),
                "cleanup_policy": st.sampled_from(["compact", "delete", "compact,delete"]),
                "compression_type": st.sampled_from(["producer", "uncompressed", "lz4"]),
                "message_timestamp_before_max_ms": st.sampled_from([1_000, NOW_MS - 100, 2**63 - 1]),
                "message_timestamp_after_max_ms": st.sampled_from([50_000, 200_000, 2**63 - 1]),
            },
        )
    )
    config = log_config(**settings)
    batch = build_batch(records, compression=codec, producer_id=5, producer_epoch=1, base_sequence=9)
    quick = outcome(lambda: append(bytearray(batch), config))
    thorough = outcome(lambda: thoroughly(bytearray(batch), config))
    assert quick == thorough


def thoroughly(data: bytearray, config: LogConfig) -> ValidatedRecords:
    return LogValidator(
        list(iter_batches(data)),
        next_offset=1000,
        leader_epoch=6,
        now_ms=NOW_MS,
        config=config,
        origin="client",
        to_magic=2,
        topic_partition="t-0",
    ).validate()


def outcome(attempt: Any) -> object:
    try:
        validated = attempt()
    except InvalidRecordsError as error:
        return error.code, error.message, error.record_errors
    return (
        bytes(validated.buffer),
        validated.base_offset,
        validated.last_offset,
        validated.max_timestamp,
        validated.offset_of_max_timestamp,
        validated.log_append_time_ms,
        validated.record_count,
        validated.conversion_count,
    )


@given(st.data(), codecs_by_magic)
def test_damage_gives_a_batch_or_a_refusal(data: st.DataObject, magic_and_codec: tuple[int, str]) -> None:
    magic, codec = magic_and_codec
    batch = bytearray(build_batch(data.draw(record_lists(magic=magic, gaps=False)), magic=magic, compression=codec))
    for _ in range(data.draw(st.integers(1, 3))):
        batch[data.draw(st.integers(0, len(batch) - 1))] = data.draw(st.integers(0, 255))
    if magic == 2:
        batch = resealed(bytes(batch))
    with suppress(CorruptBatchError, InvalidRecordsError):  # and nothing else may be raised
        validated = append(batch)
        assert all(batch.is_valid() for batch in validated.batches)


@pytest.mark.parametrize("count", [1, 4, 5, 100])
@pytest.mark.parametrize("codec", NAMES)
def test_the_usual_append_needs_no_thorough_way(codec: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_validator, "LogValidator", None)
    batch = bytearray(build_batch(some_records(count), compression=codec))
    for config in (PLAIN, log_config(cleanup_policy="compact"), log_config(message_timestamp_type="LogAppendTime")):
        batch[0:8] = bytes(8)
        validated = append(batch, config)
        assert validated.buffer.obj is batch
        assert (validated.base_offset, validated.last_offset) == (1000, 999 + count)
        (stored,) = iter_batches(batch)
        assert stored.is_valid()
        assert (stored.base_offset, stored.partition_leader_epoch) == (1000, 6)
    assert (stored.timestamp_type, stored.max_timestamp) == (LOG_APPEND_TIME, NOW_MS)


# Each rule


def test_read_only_bytes_are_copied() -> None:
    batch = build_batch(some_records(1))
    validated = append(batch)
    assert RecordBatch(memoryview(batch)).base_offset == 0
    assert validated.batches[0].base_offset == 1000


def test_nothing_to_append() -> None:
    validated = append(build_batch(some_records(1))[:-1])
    assert (validated.batches, len(validated.buffer), validated.base_offset, validated.record_count) == ([], 0, -1, 0)


@pytest.mark.parametrize("codec", NAMES)
@pytest.mark.parametrize("count", [1, 4, 5, 60])
@pytest.mark.parametrize(("lie", "message"), [(1, "premature EOF|reached EOF"), (-1, "records still remaining")])
def test_a_wrong_record_count(codec: str, count: int, lie: int, message: str) -> None:
    batch = resealed(
        build_batch(some_records(count), compression=codec),
        record_count=count + lie,
        last_offset_delta=count + lie - 1,
    )
    error = refused(batch)
    assert error.code == INVALID_RECORD
    if count + lie:
        assert error.message.startswith("Incorrect declared batch size")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"base_offset": 5}, "The baseOffset of the record batch in the append to t-0 should be 0, but it is 5"),
        ({"last_offset_delta": -1}, "Batch has an invalid offset range: [0, -1] in topic partition t-0"),
        ({"record_count": 0}, "Invalid reported count for record batch: 0 in topic partition t-0"),
        ({"record_count": -1}, "Invalid reported count for record batch: -1 in topic partition t-0"),
        (
            {"last_offset_delta": 6},
            "Inconsistent batch offset range [0, 6] and count of records 2 in topic partition t-0",
        ),
        ({"attributes": 0x20}, "Clients are not allowed to write control records in topic partition t-0"),
        (
            {"producer_id": 7},
            "Invalid sequence number -1 in record batch with producerId 7 in topic partition t-0",
        ),
        ({"attributes": 6}, "Unknown compression type id: 6"),
    ],
)
def test_headers_that_clients_may_not_send(fields: dict[str, int], message: str) -> None:
    error = refused(resealed(build_batch(some_records(2)), **fields))
    assert (error.code, error.message) == (INVALID_RECORD, message)


def test_a_wrong_checksum() -> None:
    batch = bytearray(build_batch(some_records(2)))
    batch[-1] ^= 1
    crc = RecordBatch(memoryview(batch)).crc
    error = refused(batch)
    assert (error.code, error.message) == (
        CORRUPT_MESSAGE,
        f"Record is corrupt (stored crc = {crc}) in topic partition t-0.",
    )


def test_more_than_one_batch() -> None:
    error = refused(build_batch(some_records(1)) * 2)
    assert (error.code, error.message) == (INVALID_RECORD, "Compressed outer record has more than one batch")


def test_batches_of_different_magic() -> None:
    error = refused(build_batch([Record(0, -1, b"k", b"v")], magic=0) + build_batch(some_records(1), magic=1))
    assert error.message == ("Batch magic 1 is not the same as the first batch's magic byte 0 in topic partition t-0")


def test_sizes() -> None:
    batch = build_batch(some_records(3))
    config = log_config(max_message_bytes=len(batch) - 1)
    error = refused(batch, config)
    assert (error.code, error.message) == (
        MESSAGE_TOO_LARGE,
        f"The record batch size in the append to t-0 is {len(batch)} bytes which exceeds the maximum configured "
        f"value of {len(batch) - 1}.",
    )
    assert append(batch, log_config(max_message_bytes=len(batch))).record_count == 3
    assert append(raft_batch(6), config, origin="raft").record_count == 1


def test_size_after_conversion() -> None:
    compressed = build_batch([Record(0, NOW_MS, b"k", bytes(10_000))], compression="gzip")
    config = log_config(max_message_bytes=1_000, compression_type="uncompressed")
    assert refused(compressed, config).code == MESSAGE_TOO_LARGE


def test_segment_size() -> None:
    check_segment_size(100, 100, "t-0")
    with pytest.raises(ApiError, match="exceeds the maximum configured segment size of 100") as error:
        check_segment_size(101, 100, "t-0")
    assert error.value.code == RECORD_LIST_TOO_LARGE


def raft_batch(epoch: int) -> bytes:
    return leader_change(b"\x00" * 300, timestamp=NOW_MS, partition_leader_epoch=epoch)


def test_the_raft_leader_sets_its_epoch() -> None:
    assert append(raft_batch(6), origin="raft").batches[0].is_control
    assert refused(raft_batch(5), origin="raft").message == (
        "Append from Raft leader did not set the batch epoch correctly"
    )


def test_coordinators_write_markers() -> None:
    marker = end_transaction_marker(commit=True, producer_id=5, producer_epoch=0, coordinator_epoch=3, timestamp=NOW_MS)
    validated = append(marker, origin="coordinator")
    assert (validated.base_offset, validated.last_offset, validated.batches[0].is_control) == (1000, 1000, True)
    compacted_gzip = log_config(cleanup_policy="compact", compression_type="gzip")
    assert append(marker, compacted_gzip, origin="coordinator").batches[0].compression_type == 0


def test_replicated_batches_keep_their_offsets() -> None:
    data = build_batch([Record(9, NOW_MS, b"k", b"v")], base_offset=9, partition_leader_epoch=2)
    (batch,) = analyze_records(data, max_message_bytes=1, leader_epoch=6, origin="replication")
    assert (batch.base_offset, batch.partition_leader_epoch) == (9, 2)


@pytest.mark.parametrize("count", [3, 50])
@pytest.mark.parametrize("codec", ["none", "lz4"])
def test_compacted_topics_want_keys(codec: str, count: int) -> None:
    records = some_records(count)
    records[2] = records[2]._replace(key=None)
    error = refused(build_batch(records, compression=codec), log_config(cleanup_policy="compact"))
    assert isinstance(error, InvalidRecordsError)
    assert error.code == INVALID_RECORD
    assert error.record_errors == [(2, "Compacted topic cannot accept message without key in topic partition t-0")]


def test_only_three_record_errors_are_spelled_out() -> None:
    error = refused(build_batch(some_records(5, key=None)), log_config(cleanup_policy="compact"))
    assert isinstance(error, InvalidRecordsError)
    assert len(error.record_errors) == 5
    assert error.message.startswith("One or more records have been rejected due to 5 record errors in total, and only")
    assert error.message.count("RecordError(batchIndex=") == 3


@pytest.mark.parametrize("count", [2, 50])
@pytest.mark.parametrize(
    ("age_ms", "settings"),
    [
        (-AFTER_DEFAULT_MS - 1, {}),
        (5_001, {"message_timestamp_before_max_ms": 5_000}),
        (-5_001, {"message_timestamp_after_max_ms": 5_000}),
    ],
)
def test_timestamps_out_of_range(age_ms: int, settings: dict[str, object], count: int) -> None:
    records = some_records(count)
    records[1] = records[1]._replace(timestamp=NOW_MS - age_ms)
    config = log_config(**settings)
    error = refused(build_batch(records), config)
    assert isinstance(error, InvalidRecordsError)
    assert (error.code, error.message) == (
        INVALID_TIMESTAMP,
        "One or more records have been rejected due to invalid timestamp",
    )
    ((index, message),) = error.record_errors
    assert index == 1
    assert message.startswith(f"Timestamp {NOW_MS - age_ms} of message with offset 1 is out of range.")
    records[1] = records[1]._replace(timestamp=records[1].timestamp + (1 if age_ms > 0 else -1))
    assert append(build_batch(records), config).record_count == count
    assert append(build_batch(records), log_config(message_timestamp_type="LogAppendTime")).max_timestamp == NOW_MS


def test_no_timestamp_is_in_every_range() -> None:
    records = [Record(0, -1, b"k", b"v")]
    validated = append(build_batch(records), log_config(message_timestamp_before_max_ms=5))
    assert (validated.max_timestamp, validated.offset_of_max_timestamp) == (-1, -1)


def test_a_wrong_maximum_timestamp_is_put_right() -> None:
    records = some_records(8)
    for wrong in (-1, NOW_MS - 1):
        validated = append(resealed(build_batch(records), max_timestamp=wrong))
        assert validated.max_timestamp == NOW_MS + 6
        assert validated.batches[0].max_timestamp == NOW_MS + 6
        assert validated.batches[0].is_valid()


def test_log_append_time_is_the_brokers_word() -> None:
    batch = build_batch(some_records(2), timestamp_type=LOG_APPEND_TIME, log_append_time_ms=NOW_MS + 5)
    validated = append(batch)
    assert (validated.batches[0].timestamp_type, validated.max_timestamp) == (CREATE_TIME, NOW_MS + 5)
    error = refused(batch, log_config(message_timestamp_type="LogAppendTime"))
    assert isinstance(error, InvalidRecordsError)
    assert error.code == INVALID_TIMESTAMP
    assert error.record_errors[0] == (
        0,
        f"Invalid timestamp type in message DefaultRecord(offset=0, timestamp={NOW_MS + 5}, key=1 bytes, "
        "value=5 bytes). Producer should not set timestamp type to LogAppendTime.",
    )


def test_compressed_records_are_numbered_anew() -> None:
    records = [Record(0, NOW_MS, b"k", b"a"), Record(2, NOW_MS, b"k", b"b")]
    batch = resealed(build_batch(records, compression="zstd"), last_offset_delta=1)
    validated = append(batch)
    assert validated.conversion_count == 2
    assert [record.offset for record in validated.batches[0]] == [1000, 1001]
    uncompressed = append(resealed(build_batch(records), last_offset_delta=1))
    assert [record.offset for record in uncompressed.batches[0]] == [1000, 1002]  # as they are, as in Kafka


@pytest.mark.parametrize(
    ("codec", "settings", "smaller"),
    [
        ("gzip", {"compression_gzip_level": 9}, {"compression_gzip_level": 1}),
        ("zstd", {"compression_zstd_level": 19}, {"compression_zstd_level": -7}),
        ("lz4", {"compression_lz4_level": 17}, {"compression_lz4_level": 9}),
    ],
)
def test_compression_levels(codec: str, settings: dict[str, object], smaller: dict[str, object]) -> None:
    text = b" ".join(b"%d" % (number * 7919 % 1009) for number in range(5_000))
    batch = build_batch([Record(0, NOW_MS, b"k", text)])
    high = append(batch, log_config(compression_type=codec, **settings))
    low = append(batch, log_config(compression_type=codec, **smaller))
    assert NAMES[high.batches[0].compression_type] == codec
    assert len(high.buffer) < len(low.buffer) < len(batch)
    assert [record.value for record in high.batches[0]] == [text]


# Magic 0 and 1


@given(st.data(), codecs_by_magic, st.sampled_from(["producer", "uncompressed", "gzip", "zstd"]))
def test_old_messages_become_one_batch(data: st.DataObject, magic_and_codec: tuple[int, str], target: str) -> None:
    magic, codec = magic_and_codec
    records = data.draw(record_lists(magic=magic, gaps=False))
    validated = append(build_batch(records, magic=magic, compression=codec), log_config(compression_type=target))
    (batch,) = validated.batches
    assert (batch.magic, batch.is_valid(), batch.base_offset) == (2, True, 1000)
    assert NAMES[batch.compression_type] == {"producer": codec, "uncompressed": "none"}.get(target, target)
    assert list(batch) == [record._replace(offset=1000 + record.offset) for record in records]
    assert (validated.record_count, validated.last_offset) == (len(records), batch.last_offset)
    assert validated.max_timestamp == max(record.timestamp for record in records)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", ["none", "gzip"])
@pytest.mark.parametrize("timestamp_type", ["CreateTime", "LogAppendTime"])
def test_logs_of_old_formats(magic: int, codec: str, timestamp_type: str) -> None:
    records = [Record(index, NOW_MS - index if magic else -1, b"k", b"v%d" % index) for index in range(3)]
    data = bytearray(build_batch(records, magic=magic, compression=codec))
    validated = append(data, log_config(message_timestamp_type=timestamp_type), to_magic=magic)
    assert {batch.magic for batch in validated.batches} == {magic}
    assert all(batch.is_valid() for batch in validated.batches)
    stored = [record for batch in validated.batches for record in batch]
    assert [record.offset for record in stored] == [1000, 1001, 1002]
    if magic == 1 and timestamp_type == "LogAppendTime":
        assert {record.timestamp for record in stored} == {NOW_MS}
    else:
        assert [record.timestamp for record in stored] == [record.timestamp for record in records]
    assert validated.last_offset == 1002
    assert validated.conversion_count == (3 if magic == 0 and codec != "none" else 0)


def test_old_formats_know_no_producers() -> None:
    idempotent = build_batch(some_records(1), producer_id=5, producer_epoch=0, base_sequence=0)
    transactional = build_batch(
        some_records(1), producer_id=5, producer_epoch=0, base_sequence=0, is_transactional=True
    )
    for batch, word in ((idempotent, "Idempotent"), (transactional, "Transactional")):
        error = refused(batch, to_magic=1)
        assert error.code == UNSUPPORTED_FOR_MESSAGE_FORMAT
        assert error.message == f"{word} records cannot be used with magic version 1"


def test_inner_messages_have_checksums_of_their_own() -> None:
    inner = bytearray(build_batch(some_records(1), magic=1))
    inner[-1] ^= 1
    error = refused(wrapped(bytes(inner), magic=1))
    assert error.code == CORRUPT_MESSAGE


def test_inner_messages_have_the_wrappers_magic() -> None:
    inner = build_batch([Record(0, -1, b"k", b"v")], magic=0)
    error = refused(wrapped(inner, magic=1))
    assert isinstance(error, InvalidRecordsError)
    ((index, message),) = error.record_errors
    assert (index, message.endswith("'s magic does not match outer magic 1 in topic partition t-0")) == (0, True)


def test_inner_messages_are_not_compressed() -> None:
    inner = build_batch(some_records(1), magic=1, compression="gzip")
    assert refused(wrapped(inner, magic=1)).message == "Inner messages must not be compressed"


def wrapped(inner: bytes, magic: int) -> bytes:
    """A gzip wrapper around messages that no builder would put there."""
    import gzip

    wrapper = bytearray(build_batch([Record(0, NOW_MS, None, gzip.compress(inner))], magic=magic))
    (batch,) = iter_batches(wrapper)
    wrapper[17] |= 1  # attributes: gzip
    struct.pack_into(">I", wrapper, 12, batch.compute_crc())
    return bytes(wrapper)


def test_times_that_a_batch_cannot_hold() -> None:
    old = bytearray(build_batch([Record(0, 5, b"k", b"v")], magic=1))
    struct.pack_into(">q", old, 18, -5)
    (batch,) = iter_batches(old)
    struct.pack_into(">I", old, 12, batch.compute_crc())
    error = refused(old)
    assert (error.code, error.message) == (INVALID_RECORD, "Invalid negative timestamp -5 in topic partition t-0")
