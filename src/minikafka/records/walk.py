"""Quick looks at the records section of a magic 2 batch, without making records.

Two depths. ``has_records`` jumps from length to length: the section is exactly ``count`` records long.
``scan_records`` reads every field's length as well, and says what a broker must know before it stores the batch.
Both only ever say yes to what ``batch.read_records`` reads without an error (``scan_records``), or reads but for what
lies inside single records (``has_records``); which error it is, only reading tells.
"""

from __future__ import annotations

from itertools import repeat

from minikafka.named_tuple import NamedTuple
from minikafka.records.varint import Buffer, read_varint, read_varlong

_MIN_RECORD_ZIGZAG = 6 << 1
"""Attributes, timestamp delta, offset delta, two null lengths and a header count: a byte each at least."""

_MIN_RECORD_BYTES = _MIN_RECORD_ZIGZAG >> 1

_WORTHWHILE_RUN = 16
"""Passing over records of one length together costs as much as so many of them one by one."""

_LONGEST_RUN = 1024


class RecordScan(NamedTuple):
    """What ``scan_records`` found: least and greatest timestamp delta (ms), and whether ..."""

    min_timestamp_delta: int
    max_timestamp_delta: int
    has_null_key: bool
    """... a record has no key."""
    has_consecutive_offsets: bool
    """... the offset deltas are 0, 1, 2 and so on."""


_new_scan = tuple.__new__
"""In a third of the time that calling the class takes."""


def has_records(data: Buffer, count: int) -> bool:
    """Whether ``data`` (decompressed, without the batch header) is as long as the ``count`` records it begins with."""
    position = 0
    left = count
    try:
        # Records of one length, as many producers send, are passed over together.
        while left >= _WORTHWHILE_RUN:
            size, start = read_varint(data, position)
            step = start + size - position
            probe = position + step * (_WORTHWHILE_RUN - 1)
            if size < _MIN_RECORD_BYTES or probe >= len(data) or data[probe] != data[position]:
                break
            run = min(_run_length(data, position, start, step), left)
            position += run * step
            left -= run
            if run < _WORTHWHILE_RUN:
                break
        for _ in repeat(None, left):
            low = data[position]
            if low < 0x80:
                if low & 1 or low < _MIN_RECORD_ZIGZAG:
                    return False
                position += (low >> 1) + 1
                continue
            high = data[position + 1]
            if high < 0x80 and not low & 1:
                position += (high << 6) + (low >> 1) - 62  # ((low - 128) + (high << 7)) / 2, and two bytes of length
                continue
            size, position = read_varint(data, position)
            if size < 0:
                return False
            position += size
    except (IndexError, ValueError):
        return False
    return position == len(data)


def _run_length(data: Buffer, position: int, start: int, step: int) -> int:
    """How many records, ``step`` bytes apart, have the same length as the one at ``position``, which is written in the
    bytes up to ``start``. The last may be cut off. Looks at so many only that what it costs is never in vain."""
    span = step * _LONGEST_RUN
    run = _LONGEST_RUN
    for at in range(position, start):
        column = bytes(data[at : at + span : step])
        run = min(run, len(column) - len(column.lstrip(column[:1])))
    return run


def scan_records(data: Buffer, count: int) -> RecordScan | None:
    """Walk over ``count`` > 0 records; None when they are not well-formed or not exactly what ``data`` holds."""
    position = 0
    min_delta = 1 << 63
    max_delta = -min_delta
    has_null_key = False
    consecutive = True
    # Short numbers, nearly all there are, are read in place: a call each would cost more than all the rest.
    try:
        for index in range(count):
            low = data[position]
            if low >= 0x80 and not low & 1 and (high := data[position + 1]) < 0x80:
                position += 2
                end = position + (high << 6) + (low >> 1) - 64
            else:
                size, position = read_varint(data, position)
                end = position + size
            byte = data[position + 1]
            if byte < 0x80 and not byte & 1:
                delta = byte >> 1
                position += 2
            else:
                delta, position = read_varlong(data, position + 1)
            if delta > max_delta:
                max_delta = delta
            if delta < min_delta:
                min_delta = delta
            if data[position] == index << 1 < 0x80:
                position += 1
            else:
                delta, position = read_varint(data, position)
                if delta != index:
                    consecutive = False
            byte = data[position]
            if byte == 1:
                has_null_key = True
                position += 1
            elif byte < 0x80 and not byte & 1:
                position += (byte >> 1) + 1
            else:
                length, position = read_varint(data, position)
                if length >= 0:
                    position += length
                else:
                    has_null_key = True
            low = data[position]
            if low & 1:
                length, position = read_varint(data, position)
            elif low < 0x80:
                position += (low >> 1) + 1
            elif (high := data[position + 1]) < 0x80:
                position += (high << 6) + (low >> 1) - 62
            else:
                length, position = read_varint(data, position)
                position += length
            if data[position] == 0:
                position += 1
            else:
                position = _skip_headers(data, position)
            if position != end:
                return None
    except (IndexError, ValueError):
        return None
    if position != len(data):
        return None
    return _new_scan(RecordScan, (min_delta, max_delta, has_null_key, consecutive))


def _skip_headers(data: Buffer, position: int) -> int:
    count, position = read_varint(data, position)
    if count < 0 or count > len(data) - position:
        raise ValueError(f"{count} headers")
    for _ in range(count):
        length, position = read_varint(data, position)
        if length < 0:
            raise ValueError(f"a header key of {length} bytes")
        length, position = read_varint(data, position + length)
        if length > 0:
            position += length
    return position
