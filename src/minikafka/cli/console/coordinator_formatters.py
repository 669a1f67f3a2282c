"""What the internal topics hold, as JSON a line: committed offsets, groups, transactions (Kafka's ApiMessageFormatter).

Kafka 4.2 puts nothing between two records; here each is a line, which whoever reads JSON takes just as well. Read them
with ``--consumer-property exclude.internal.topics=false`` or by ``--topic __consumer_offsets``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minikafka.cli.dump_log.message_json import json_text, message_tree
from minikafka.client.consuming.consumer import ConsumedRecord
from minikafka.errors import ProtocolError
from minikafka.named_tuple import NamedTuple
from minikafka.protocol.stored import (
    decode_group_key,
    decode_share_key,
    decode_transaction_key,
    decode_value,
    value_class,
    value_version,
)
from minikafka.protocol.structs import Message

_OFFSET_COMMIT_TYPES = frozenset({0, 1})
_GROUP_METADATA_TYPES = frozenset({2})
_SHARE_GROUP_TYPES = frozenset(range(10, 16))


class _Kind(NamedTuple):
    """``record_types``: which are printed; None: all."""

    decode_key: Callable[[bytes], Message]
    record_types: frozenset[int] | None


_KINDS = {
    "OffsetsMessageFormatter": _Kind(decode_group_key, _OFFSET_COMMIT_TYPES),
    "GroupMetadataMessageFormatter": _Kind(decode_group_key, _GROUP_METADATA_TYPES),
    "ShareGroupMessageFormatter": _Kind(decode_group_key, _SHARE_GROUP_TYPES),
    "TransactionLogMessageFormatter": _Kind(decode_transaction_key, None),
    "ShareGroupStateMessageFormatter": _Kind(decode_share_key, None),
}


def formatter(name: str) -> Callable[[ConsumedRecord], bytes] | None:
    """The formatter of a simple class name; None when there is no such."""
    kind = _KINDS.get(name)
    return None if kind is None else lambda consumed: _line(consumed, kind)


def _line(consumed: ConsumedRecord, kind: _Kind) -> bytes:
    record = consumed.fetched.record
    if record.key is None:
        return b""
    try:
        key = kind.decode_key(record.key)
    except ProtocolError:  # a type that only a later release knows
        return b""
    record_type = int.from_bytes(record.key[:2], "big")
    if kind.record_types is not None and record_type not in kind.record_types:
        return b""
    shown: dict[str, Any] = {"key": {"type": record_type, "data": message_tree(key, key.max_version)}, "value": None}
    if record.value is not None:
        version = value_version(record.value)
        shown["value"] = {
            "version": version,
            "data": message_tree(decode_value(value_class(key), record.value), version),
        }
    return json_text(shown).encode("utf-8", "surrogateescape") + b"\n"
