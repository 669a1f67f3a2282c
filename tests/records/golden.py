"""The golden record batches of Apache Kafka, where they are at hand: ``../shared/protocol`` beside the repository."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from minikafka.records.batch import CREATE_TIME, LOG_APPEND_TIME, NO_TIMESTAMP_TYPE, Record, RecordBatch
from minikafka.records.compression import NAMES

FILE = Path(__file__).parents[3] / "shared" / "protocol" / "records.jsonl.gz"

Row = dict[str, Any]

_TIMESTAMP_TYPES = {
    NO_TIMESTAMP_TYPE: "NO_TIMESTAMP_TYPE",
    CREATE_TIME: "CREATE_TIME",
    LOG_APPEND_TIME: "LOG_APPEND_TIME",
}


@cache
def _rows() -> dict[str, Row]:
    if not FILE.exists():
        return {}
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return {row["name"]: row for row in map(json.loads, lines)}


def rows(op: str, where: Callable[[Row], bool] = lambda row: True) -> list[Any]:
    """One pytest parameter for each row of ``op``; a single skipped one, which says why, when there are none."""
    found = [pytest.param(row, id=name) for name, row in _rows().items() if row["op"] == op and where(row)]
    if found:
        return found
    reason = f"NOT CHECKED AGAINST APACHE KAFKA: no golden batches at {FILE}"
    return [pytest.param(None, id=op, marks=pytest.mark.skip(reason=reason))]


def source_of(row: Row) -> bytearray:
    """The bytes that a conversion, an append or a cleaning started from."""
    return bytearray.fromhex(_rows()[row["from"]]["hex"])


def header_of(batch: RecordBatch) -> Row:
    """A batch's header in the words of the golden rows."""
    header = {
        "baseOffset": batch.base_offset,
        "lastOffset": batch.last_offset,
        "magic": batch.magic,
        "codec": NAMES[batch.compression_type],
        "size": batch.size_bytes,
        "timestampType": _TIMESTAMP_TYPES[batch.timestamp_type],
        "maxTimestamp": batch.max_timestamp,
        "crc": batch.crc,
    }
    if batch.magic == 2:
        header |= {
            "baseTimestamp": batch.base_timestamp,
            "count": batch.record_count,
            "producerId": batch.producer_id,
            "producerEpoch": batch.producer_epoch,
            "baseSequence": batch.base_sequence,
            "lastSequence": batch.last_sequence,
            "partitionLeaderEpoch": batch.partition_leader_epoch,
            "transactional": batch.is_transactional,
            "control": batch.is_control,
            "deleteHorizonMs": batch.delete_horizon_ms,
        }
    return header


def records_of(row: Row) -> list[Record]:
    """The records a row says its batches hold."""
    return [
        Record(
            record["offset"],
            record["timestamp"],
            _bytes(record["key"]),
            _bytes(record["value"]),
            tuple((key, _bytes(value)) for key, value in record["headers"]),
        )
        for record in row["records"]
    ]


def check_batches(batches: list[RecordBatch], row: Row) -> None:
    """``batches`` are those of ``row``, byte for byte but for what a codec's library chose to write."""
    assert all(batch.is_valid() for batch in batches)
    found = [header_of(batch) for batch in batches]
    expected = [dict(header) for header in row["batches"]]
    if all(header["codec"] == "none" for header in expected):
        assert b"".join(batch.data for batch in batches).hex() == row["hex"]
    for header in [*found, *expected]:
        if header["codec"] != "none":
            del header["size"], header["crc"]
    assert found == expected
    assert [record for batch in batches for record in batch] == records_of(row)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
