"""The quick looks at records say yes only where reading says so too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.records.batch import Record, read_records
from minikafka.records.builder import encode_records
from minikafka.records.errors import InvalidRecordsError
from minikafka.records.varint import append_varint, read_varint, read_varlong
from minikafka.records.walk import RecordScan, has_records, scan_records
from tests.records.strategies import record_lists

BASE_TIMESTAMP = 1_700_000_000_000


def read(data: bytes, count: int) -> list[Record] | None:
    try:
        return list(read_records(data, count, 0, BASE_TIMESTAMP, None))
    except InvalidRecordsError:
        return None


def scan_by_reading(data: bytes, count: int) -> RecordScan | None:
    records = read(data, count)
    if records is None:
        return None
    deltas = [record.timestamp - BASE_TIMESTAMP for record in records]
    return RecordScan(
        min(deltas),
        max(deltas),
        any(record.key is None for record in records),
        [record.offset for record in records] == list(range(count)),
    )


@given(record_lists())
def test_well_formed_records_pass(records: list[Record]) -> None:
    data = bytes(encode_records(records, 0, BASE_TIMESTAMP))
    assert has_records(data, len(records))
    assert has_records(memoryview(data), len(records))
    assert scan_records(data, len(records)) == scan_by_reading(data, len(records))
    assert not has_records(data, len(records) - 1)
    assert not has_records(data, len(records) + 1)
    assert not has_records(data + b"\x00", len(records))
    assert not has_records(data[:-1], len(records))


@given(record_lists(max_size=4), st.data())
def test_damaged_records_pass_only_where_they_can_be_read(records: list[Record], data: st.DataObject) -> None:
    encoded = bytearray(encode_records(records, 0, BASE_TIMESTAMP))
    for _ in range(data.draw(st.integers(1, 3))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    expected = scan_by_reading(bytes(encoded), len(records))
    scan = scan_records(encoded, len(records))
    assert scan is None or scan == expected
    if expected is not None:
        assert has_records(encoded, len(records))


def test_many_records() -> None:
    records = [Record(index, BASE_TIMESTAMP + index, b"k", bytes(index % 70)) for index in range(9000)]
    data = bytes(encode_records(records, 0, BASE_TIMESTAMP))
    assert has_records(data, len(records))
    assert scan_records(data, len(records)) == RecordScan(0, 8999, False, True)


@pytest.mark.parametrize("value_bytes", [0, 100, 9000])
def test_runs_of_records_of_one_length(value_bytes: int) -> None:
    records = [Record(index, BASE_TIMESTAMP, b"k", bytes(value_bytes)) for index in range(200)]
    data = bytes(encode_records(records, 0, BASE_TIMESTAMP))
    assert has_records(data, 200)
    assert has_records(memoryview(data), 200)
    assert not has_records(data, 199)
    assert not has_records(data, 201)
    assert not has_records(data[:-1], 200)
    longer = bytearray(data)
    longer[len(data) // 2 :] = b"\x01" * (len(data) - len(data) // 2)
    assert not has_records(longer, 200)


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0, 50, 51, 60, 200])), max_size=6), st.data())
def test_runs_end_where_a_length_changes(runs: list[tuple[int, int]], data: st.DataObject) -> None:
    sizes = [size for count, size in runs for _ in range(count)]
    records = [Record(index, BASE_TIMESTAMP, None, bytes(size)) for index, size in enumerate(sizes)]
    encoded = bytearray(encode_records(records, 0, BASE_TIMESTAMP))
    assert has_records(encoded, len(records))
    if encoded:
        encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if read(bytes(encoded), len(records)) is not None:
            assert has_records(encoded, len(records))
        else:
            assert has_records(encoded, len(records)) == _ends_meet(encoded, len(records))


def _ends_meet(data: bytes | bytearray, count: int) -> bool:
    """Length after length, one by one."""
    position = 0
    try:
        for _ in range(count):
            size, start = read_varint(data, position)
            if size < 6:
                return False
            position = start + size
    except (IndexError, ValueError):
        return False
    return position == len(data)


def test_long_lengths() -> None:
    records = [Record(index, BASE_TIMESTAMP + index * 40_000, b"k" * size, bytes(size)) for index, size in SIZES]
    data = bytes(encode_records(records, 0, BASE_TIMESTAMP))
    assert has_records(data, len(records))
    assert scan_records(data, len(records)) == scan_by_reading(data, len(records))


SIZES = list(enumerate([0, 1, 63, 64, 127, 128, 8191, 8192, 1 << 20, (1 << 20) + 1]))


@given(st.integers(-(2**63), 2**63 - 1))
def test_varints(value: int) -> None:
    encoded = bytearray()
    append_varint(encoded, value)
    assert read_varlong(encoded, 0) == (value, len(encoded))
    if -(2**31) <= value < 2**31:
        assert read_varint(encoded, 0) == (value, len(encoded))
