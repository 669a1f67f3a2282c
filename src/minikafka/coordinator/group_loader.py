"""Reads a partition of ``__consumer_offsets`` into an empty shard, fast.

Most records are offset commits, and most of them have been overtaken by later ones of the same key. Compaction may drop
those at any time, so a reader may as well: in a first pass over raw bytes only the last value of each key is kept, by
the key's bytes; in a second pass what is left is decoded. A million commits of a thousand groups take about a second.

Sources: Kafka's CoordinatorLoaderImpl for what counts (transactional records wait for their marker, and a marker
applies what is newer than what is there); DefaultRecord for the bytes of a record.
"""

from __future__ import annotations

import gc
import logging
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, TypeVar

from minikafka.coordinator.offsets import GroupOffsets, OffsetAndMetadata
from minikafka.errors import ProtocolError
from minikafka.protocol import stored
from minikafka.protocol.messages import OffsetCommitValue
from minikafka.records.batch import COMPRESSION_MASK, CONTROL_FLAG, TRANSACTIONAL_FLAG, iter_batches
from minikafka.records.builder import CONTROL_ABORT, CONTROL_COMMIT, control_type_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.coordinator.group_shard import GroupShard

_logger = logging.getLogger(__name__)

T = TypeVar("T")

_HEADER: Final = Struct(">qi4xb4xhi30xi")
"""Of a batch header: base offset, length, magic, attributes, last offset delta, record count."""
_HEADER_BYTES: Final = 61
_LENGTH_END: Final = 12
_SLOW: Final = COMPRESSION_MASK | TRANSACTIONAL_FLAG | CONTROL_FLAG

_OFFSET_COMMIT_KEYS: Final = (b"\0\0", b"\0\1")
"""Type 1, and type 0 as written by brokers before 0.9: both are group, topic, partition."""
_PLAIN_VALUE: Final = Struct(">hqixqx")
"""The usual OffsetCommitValue: version 4, offset, leader epoch, empty metadata, commit timestamp, no tagged field."""
_PLAIN_VALUE_BYTES: Final = _PLAIN_VALUE.size
_INT32: Final = Struct(">i")
_ZERO_TOPIC_ID: Final = bytes(16)

_MANY: Final = 4
"""Records, from which on it is worth a look whether they are laid out alike."""

Stored = tuple[int, "bytes | None"]
"""Record offset, value."""


class GroupLoader:
    """One load: ``feed`` the log from its start on, in whole batches, then ``finish``."""

    def __init__(self) -> None:
        self._last: dict[bytes, Stored] = {}
        self._pending: dict[int, dict[bytes, Stored]] = {}

    def feed(self, data: bytes) -> int:
        """Take in the whole batches at the start of ``data``. Returns the offset after the last one, -1 for none."""
        return _without_garbage_collection(lambda: self._feed(data))

    def _feed(self, data: bytes) -> int:
        position = 0
        size = len(data)
        next_offset = -1
        last = self._last
        header = _HEADER.unpack_from
        while position + _HEADER_BYTES <= size:
            base_offset, length, magic, attributes, last_offset_delta, count = header(data, position)
            end = position + _LENGTH_END + length
            if end > size:
                break
            if magic != 2 or attributes & _SLOW or self._pending:
                next_offset = self._feed_slowly(memoryview(data)[position:end])
            else:
                start = position + _HEADER_BYTES
                if count < _MANY or not _read_equal_records(data[start:end], count, base_offset, last):
                    _read_plain_records(data, start, count, base_offset, last)
                next_offset = base_offset + last_offset_delta + 1
            position = end
        return next_offset

    def _feed_slowly(self, data: memoryview) -> int:
        """Compressed, old, transactional and control batches, and all while a transaction is open: rare here."""
        next_offset = -1
        for batch in iter_batches(data):
            next_offset = batch.next_offset
            if batch.is_control:
                for record in batch:
                    self._end_transaction(batch.producer_id, control_type_of(record.key))
                continue
            target = self._pending.setdefault(batch.producer_id, {}) if batch.is_transactional else self._last
            for record in batch:
                if record.key is None:
                    continue
                key = bytes(record.key)
                target.pop(key, None)
                target[key] = (record.offset, None if record.value is None else bytes(record.value))
                if record.value is None:
                    self._drop_pending(key, target)
        return next_offset

    def _drop_pending(self, key: bytes, target: dict[bytes, Stored]) -> None:
        """A tombstone takes what open transactions have written before it with it."""
        for pending in self._pending.values():
            if pending is not target:
                pending.pop(key, None)

    def _end_transaction(self, producer_id: int, control_type: int) -> None:
        if control_type not in (CONTROL_COMMIT, CONTROL_ABORT):
            return
        pending = self._pending.pop(producer_id, {})
        if control_type == CONTROL_COMMIT:
            for key, entry in pending.items():
                known = self._last.get(key)
                if known is None or entry[0] > known[0]:
                    self._last[key] = entry

    def finish(self, shard: GroupShard) -> None:
        """Put what was read into ``shard``, which must be empty."""
        _without_garbage_collection(lambda: self._finish(shard))

    def _finish(self, shard: GroupShard) -> None:
        others = _put_offsets(self._last, shard)
        for record_offset, key, value in sorted(others, key=lambda entry: entry[0]):
            _replay(shard, key, value, record_offset, -1)
        for producer_id, pending in self._pending.items():
            for key, (record_offset, value) in pending.items():
                _replay(shard, key, value, record_offset, producer_id)
        for group_id in shard.offsets.groups():
            shard.ensure_group(group_id)


def _without_garbage_collection(work: Callable[[], T]) -> T:
    """A million offsets are made here and none is garbage; looking for some again and again can double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        if was_enabled:
            gc.enable()


def _read_equal_records(data: bytes, count: int, base_offset: int, last: dict[bytes, Stored]) -> bool:
    """Note the records of an uncompressed batch if all are laid out alike, as those of one commit are: then one format
    reads them. False when they are not; some may have been noted then, which does no harm."""
    size = len(data) // count
    layout = _layout_of(data, size)
    if layout is None or size * count != len(data):
        return False
    first_head, first_key_size, first_value_size, records = layout
    for head, delta, key_size, key, value_size, value in records.iter_unpack(data):
        if head != first_head or key_size != first_key_size or value_size != first_value_size or delta >= 0x80:
            return False
        last[key] = (base_offset + (delta >> 1), value)
    return True


def _layout_of(data: bytes, size: int) -> tuple[bytes, int, int, Struct] | None:
    """Of the first record: what stands before its offset delta, the varints of its key's and value's size, and its
    format; None when a part of it takes a longer varint than usual, or is null."""
    head = data[: 3 if data[0] < 0x80 else 4]
    key_at = len(head) + 2
    if len(data) <= key_at or head[-1] >= 0x80 or head[-3] >= 0x80:
        return None
    key_size = data[key_at - 1]
    value_at = key_at + (key_size >> 1) + 1
    if key_size >= 0x80 or key_size & 1 or value_at > len(data):
        return None
    value_size = data[value_at - 1]
    end = value_at + (value_size >> 1) + 1
    if value_size >= 0x80 or value_size & 1 or end != size or data[end - 1]:
        return None
    return head, key_size, value_size, _record_format(len(head), key_size >> 1, value_size >> 1)


@lru_cache(maxsize=256)
def _record_format(head: int, key: int, value: int) -> Struct:
    """Head, offset delta, key size, key, value size, value, and no headers."""
    return Struct(f"{head}sBB{key}sB{value}sx")


def _read_plain_records(data: bytes, position: int, count: int, base_offset: int, last: dict[bytes, Stored]) -> None:
    """Note the records of an uncompressed batch.

    Varints of one byte are read in place, and the length of the record, which often takes two, too. A null value (-1)
    is the zigzag 1.
    """
    for _ in range(count):
        zigzag = data[position]
        position += 1
        if zigzag >= 0x80:
            second = data[position]
            if second < 0x80:
                zigzag += (second << 7) - 0x80
                position += 1
            else:
                zigzag, position = _long_varint(data, position - 1)
        end = position + (zigzag >> 1)
        position += 1
        while data[position] >= 0x80:
            position += 1
        position += 1
        delta = data[position]
        position += 1
        if delta >= 0x80:
            delta, position = _long_varint(data, position - 1)
        zigzag = data[position]
        position += 1
        if zigzag >= 0x80:
            zigzag, position = _long_varint(data, position - 1)
        key_end = position + (zigzag >> 1)
        key = data[position:key_end]
        zigzag = data[key_end]
        position = key_end + 1
        if zigzag >= 0x80:
            zigzag, position = _long_varint(data, key_end)
        value = None if zigzag == 1 else data[position : position + (zigzag >> 1)]
        last[key] = (base_offset + (delta >> 1), value)
        position = end


def _long_varint(data: bytes, position: int) -> tuple[int, int]:
    """A varint of several bytes, not unzigzagged, and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _put_offsets(last: dict[bytes, Stored], shard: GroupShard) -> list[tuple[int, bytes, bytes | None]]:
    """Put the offset commits into the shard's store; returns all other records.

    Written for speed, as ``_read_plain_records``: keys that differ in the partition alone are decoded once, the usual
    value in one go, and ``tuple.__new__`` makes an ``OffsetAndMetadata`` in half the time of its constructor.
    """
    groups: dict[str, GroupOffsets] = {}
    topics: dict[bytes, dict[int, OffsetAndMetadata]] = {}
    others: list[tuple[int, bytes, bytes | None]] = []
    known_topic = topics.get
    new: Callable[..., Any] = tuple.__new__
    partition_of = _INT32.unpack
    plain = _PLAIN_VALUE.unpack
    for key, (record_offset, value) in last.items():
        topic = key[:-4]
        offsets = known_topic(topic)
        if offsets is None:
            if key[:2] not in _OFFSET_COMMIT_KEYS:
                others.append((record_offset, key, value))
                continue
            group_id, topic_name = _group_and_topic(key)
            offsets = topics[topic] = groups.setdefault(group_id, {}).setdefault(topic_name, {})
        if value is None:
            continue
        if len(value) == _PLAIN_VALUE_BYTES and value[1] == 4 and value[14] == 1:
            _, offset, leader_epoch, timestamp_ms = plain(value)
            fields = (offset, leader_epoch, "", timestamp_ms, -1, _ZERO_TOPIC_ID, record_offset)
            entry: OffsetAndMetadata = new(OffsetAndMetadata, fields)
        else:
            entry = OffsetAndMetadata.from_record(stored.decode_value(OffsetCommitValue, value), record_offset)
        offsets[partition_of(key[-4:])[0]] = entry
    for group_id, group_offsets in groups.items():
        kept = {topic_name: offsets for topic_name, offsets in group_offsets.items() if offsets}
        if kept:
            shard.offsets.put_group(group_id, kept)
    return others


def _group_and_topic(key: bytes) -> tuple[str, str]:
    """Of an OffsetCommitKey. Raises ProtocolError when it is malformed."""
    group_end = 4 + int.from_bytes(key[2:4], "big")
    topic_end = group_end + 2 + int.from_bytes(key[group_end : group_end + 2], "big")
    if topic_end + 4 != len(key):
        raise ProtocolError(f"an offset commit's key of {len(key)} bytes says that it has {topic_end + 4}")
    return key[4:group_end].decode(), key[group_end + 2 : topic_end].decode()


def _replay(shard: GroupShard, key: bytes, value: bytes | None, record_offset: int, producer_id: int) -> None:
    """Replay one record as it is replayed live. What this broker does not know is left alone, as Kafka does."""
    try:
        message: Any = stored.decode_group_key(key)
    except ProtocolError as error:
        _logger.warning("Skipping the record at offset %d of the group metadata: %s", record_offset, error)
        return
    if not shard.can_replay(message):
        _logger.info("Skipping a %s, which no group of this broker has", type(message).__name__)
        return
    decoded = None if value is None else stored.decode_value(stored.value_class(message), value)
    shard.replay(message, decoded, record_offset, producer_id)
