"""Every golden row that needs no log: reading, building, down-conversion, cleaning, refusal."""

from __future__ import annotations

import pytest

from minikafka.errors import CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_COMPRESSION_TYPE, ApiError
from minikafka.records.batch import (
    LOG_APPEND_TIME,
    NO_TIMESTAMP,
    Record,
    RecordBatch,
    increment_sequence,
    iter_batches,
    read_records,
)
from minikafka.records.builder import (
    CONTROL_ABORT,
    CONTROL_COMMIT,
    CONTROL_KRAFT_VERSION,
    CONTROL_KRAFT_VOTERS,
    CONTROL_LEADER_CHANGE,
    CONTROL_SNAPSHOT_FOOTER,
    CONTROL_SNAPSHOT_HEADER,
    build_batch,
    build_control_batch,
    build_empty_batch,
    control_type_of,
    coordinator_epoch_of,
    end_transaction_marker,
)
from minikafka.records.conversion import down_convert
from minikafka.records.filtering import BatchRetention, FilterResult, filter_records
from tests.records.golden import Row, check_batches, header_of, records_of, rows, source_of

CONTROL_TYPES = {
    "ABORT": CONTROL_ABORT,
    "COMMIT": CONTROL_COMMIT,
    "LEADER_CHANGE": CONTROL_LEADER_CHANGE,
    "SNAPSHOT_HEADER": CONTROL_SNAPSHOT_HEADER,
    "SNAPSHOT_FOOTER": CONTROL_SNAPSHOT_FOOTER,
    "KRAFT_VERSION": CONTROL_KRAFT_VERSION,
    "KRAFT_VOTERS": CONTROL_KRAFT_VOTERS,
}


@pytest.mark.parametrize("row", rows("batch"))
def test_batches_are_read(row: Row) -> None:
    data = bytes.fromhex(row["hex"])
    batches = list(iter_batches(data))
    assert [header_of(batch) for batch in batches] == row["batches"]
    assert all(batch.is_valid() for batch in batches)
    assert [record for batch in batches for record in batch] == records_of(row)
    assert len(data) - sum(batch.size_bytes for batch in batches) == row.get("incompleteTail", 0)


@pytest.mark.parametrize("row", rows("batch"))
def test_records_have_their_sequence_numbers(row: Row) -> None:
    sequences = [
        increment_sequence(batch.base_sequence, record.offset - batch.base_offset)
        for batch in iter_batches(bytes.fromhex(row["hex"]))
        for record in batch
        if batch.base_sequence >= 0
    ]
    assert sequences == [record["sequence"] for record in row["records"] if "sequence" in record]


@pytest.mark.parametrize("row", rows("batch"))
def test_control_records_say_what_they_are(row: Row) -> None:
    found = [
        (control_type_of(record.key), coordinator_epoch_of(record.value) if batch.is_transactional else None)
        for batch in iter_batches(bytes.fromhex(row["hex"]))
        for record in batch
        if batch.is_control
    ]
    assert found == [
        (CONTROL_TYPES[record["control"]["type"]], record["control"].get("coordinatorEpoch"))
        for record in row["records"]
        if "control" in record
    ]


@pytest.mark.parametrize("row", rows("batch", lambda row: all(batch["codec"] == "none" for batch in row["batches"])))
def test_uncompressed_batches_are_built_byte_for_byte(row: Row) -> None:
    batches = list(iter_batches(bytes.fromhex(row["hex"])))
    assert [rebuilt(batch).hex() for batch in batches] == [batch.data.hex() for batch in batches]


def rebuilt(batch: RecordBatch) -> bytes:
    if batch.record_count == 0:
        return build_empty_batch(batch)
    if batch.is_control:
        return rebuilt_control_batch(batch)
    return build_batch(
        stored_records(batch),
        base_offset=batch.base_offset,
        magic=batch.magic,
        timestamp_type=batch.timestamp_type,
        log_append_time_ms=batch.max_timestamp if batch.timestamp_type == LOG_APPEND_TIME else NO_TIMESTAMP,
        producer_id=batch.producer_id,
        producer_epoch=batch.producer_epoch,
        base_sequence=batch.base_sequence,
        is_transactional=batch.is_transactional,
        partition_leader_epoch=batch.partition_leader_epoch,
        delete_horizon_ms=batch.delete_horizon_ms,
        last_offset=batch.last_offset,
    )


def rebuilt_control_batch(batch: RecordBatch) -> bytes:
    (record,) = batch
    if batch.is_transactional:
        return end_transaction_marker(
            commit=control_type_of(record.key) == CONTROL_COMMIT,
            producer_id=batch.producer_id,
            producer_epoch=batch.producer_epoch,
            coordinator_epoch=coordinator_epoch_of(record.value),
            timestamp=record.timestamp,
            base_offset=batch.base_offset,
            partition_leader_epoch=batch.partition_leader_epoch,
        )
    assert record.value is not None
    return build_control_batch(
        control_type_of(record.key),
        record.value,
        timestamp=record.timestamp,
        base_offset=batch.base_offset,
        partition_leader_epoch=batch.partition_leader_epoch,
    )


def stored_records(batch: RecordBatch) -> list[Record]:
    """The records with their own timestamps, which a magic 2 batch with log append time still holds."""
    if batch.magic < 2:
        return list(batch)
    data = batch.records_data()
    return list(read_records(data, batch.record_count, batch.base_offset, batch.base_timestamp, None))


@pytest.mark.parametrize("row", rows("downconvert"))
def test_down_conversion(row: Row) -> None:
    source = source_of(row)
    if "error" not in row:
        check_batches(list(iter_batches(down_convert(source, row["toMagic"], row["firstOffset"]))), row)
        return
    with pytest.raises(ApiError) as refused:
        down_convert(source, row["toMagic"], row["firstOffset"])
    assert (refused.value.code, refused.value.message) == (UNSUPPORTED_COMPRESSION_TYPE, row["message"])


@pytest.mark.parametrize("row", rows("filter"))
def test_cleaning(row: Row) -> None:
    result = cleaned(row)
    check_batches(list(iter_batches(result.output)), row)
    assert result.max_offset == row["maxOffset"]
    assert result.messages_retained == len(row["records"])
    assert (result.bytes_read, result.bytes_retained) == (len(source_of(row)), len(result.output))


def cleaned(row: Row) -> FilterResult:
    keeps = {"all": lambda offset: True, "none": lambda offset: False, "odd offsets": lambda offset: offset % 2 == 1}
    return filter_records(
        source_of(row),
        check_batch_retention=lambda batch: BatchRetention(
            row["batchRetention"].lower(), row["containsTombstonesOrMarker"]
        ),
        should_retain_record=lambda batch, record: keeps[row["keep"]](record.offset),
        now_ms=row["now"],
        delete_retention_ms=row["deleteRetentionMs"],
    )


@pytest.mark.parametrize("row", rows("invalid"))
def test_broken_batches_are_refused(row: Row) -> None:
    with pytest.raises(ApiError) as refused:
        read_checked(bytes.fromhex(row["hex"]))
    if row["error"] == "CorruptRecordException":
        assert (refused.value.code, refused.value.message) == (CORRUPT_MESSAGE, row["message"])
    else:
        assert refused.value.code == INVALID_RECORD
    if row["error"] == "InvalidRecordException" and "cause" not in row:
        assert refused.value.message == row["message"]


def read_checked(data: bytes) -> None:
    for batch in iter_batches(data):
        batch.ensure_valid()
        list(batch)
