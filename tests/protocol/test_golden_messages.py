"""Every golden message of Apache Kafka 3.9.1 and 4.2.0: decoding gives its JSON, encoding its bytes."""

from __future__ import annotations

from collections import Counter
from struct import unpack_from

import pytest

from minikafka.protocol import stored
from minikafka.protocol.headers import decode_request_header, response_header_version, write_response_header
from tests.protocol.golden import class_of, golden_rows, message_of, needs_golden, place_of

pytestmark = needs_golden


@pytest.fixture(scope="module")
def rows():
    return list(golden_rows())


def wrong(failures):
    return f"{len(failures)} rows differ, the first: " + "\n".join(failures[:10])


def test_every_body_decodes_to_its_json_and_encodes_to_its_bytes(rows):
    failures = []
    seen = Counter()
    for row in rows:
        if row["kind"].endswith("_frame"):
            continue
        seen[row["kind"]] += 1
        data = bytes.fromhex(row["hex"])
        expected = message_of(row)
        if class_of(row).decode(data, row["version"]) != expected:
            failures.append(f"{place_of(row)}: decoded")
        if not row.get("decode_only") and expected.encode(row["version"]) != data:
            failures.append(f"{place_of(row)}: encoded")
    assert not failures, wrong(failures)
    assert seen == {"request": 3064, "response": 3064, "header": 42, "data": 1025}


def test_every_body_decodes_from_the_middle_of_a_memoryview(rows):
    failures = []
    for row in rows:
        if not row["kind"].endswith("_frame"):
            data = bytes.fromhex(row["hex"])
            view = memoryview(bytearray(b"before" + data + b"after"))
            message, end = class_of(row).decode_from(view, 6, row["version"])
            if end != 6 + len(data) or message != message_of(row):
                failures.append(place_of(row))
    assert not failures, wrong(failures)


def test_every_request_frame(rows):
    failures = []
    seen = 0
    for row in rows:
        if row["kind"] != "request_frame":
            continue
        seen += 1
        frame = bytes.fromhex(row["hex"])
        assert unpack_from(">i", frame)[0] == len(frame) - 4
        header = row["header"]
        *found, position = decode_request_header(memoryview(frame)[4:])
        expected = [row["key"], row["version"], header["correlationId"], header.get("clientId")]
        body, end = class_of(row).decode_from(frame, position + 4, row["version"])
        if found != expected or body != message_of(row) or end != len(frame):
            failures.append(place_of(row))
    assert not failures, wrong(failures)
    assert seen == 359


def test_every_response_frame(rows):
    failures = []
    seen = 0
    for row in rows:
        if row["kind"] != "response_frame":
            continue
        seen += 1
        assert response_header_version(row["key"], row["version"]) == row["headerVersion"], place_of(row)
        out = bytearray(4)
        write_response_header(out, row["key"], row["version"], row["header"]["correlationId"])
        message_of(row).write(out, row["version"])
        out[:4] = (len(out) - 4).to_bytes(4, "big")
        if out.hex() != row["hex"]:
            failures.append(place_of(row))
    assert not failures, wrong(failures)
    assert seen == 359


def test_every_stored_form(rows):
    """What lies in a log: types and versions before the body."""
    failures = []
    seen = Counter()
    for row in rows:
        if "stored_hex" in row:
            data = bytes.fromhex(row["stored_hex"])
            message = message_of(row)
            kind, encoded, decoded = stored_both_ways(message, row["version"], data)
            seen[kind] += 1
            if encoded != data or decoded != message:
                failures.append(place_of(row))
    assert not failures, wrong(failures)
    assert seen == {"key": 208, "metadata record": 280, "value": 360}


def stored_both_ways(message, version, data):
    cls = type(message)
    if cls.__name__.endswith("Key"):
        return "key", stored.encode_key(message), decoder_of_key(cls.__name__)(data)
    if cls.__name__.endswith("Record"):
        return "metadata record", stored.encode_metadata_record(message, version), stored.decode_metadata_record(data)
    return "value", stored.encode_value(message, version), stored.decode_value(cls, data)


def decoder_of_key(name):
    if name == "TransactionLogKey":
        return stored.decode_transaction_key
    if name in ("ShareSnapshotKey", "ShareUpdateKey"):
        return stored.decode_share_key
    return stored.decode_group_key
