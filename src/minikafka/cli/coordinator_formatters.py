"""What the internal topics hold, as JSON a line: committed offsets, groups, transactions (Kafka's ApiMessageFormatter).

Read them with ``--consumer-property exclude.internal.topics=false`` or by ``--topic __consumer_offsets``.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

from minikafka.client.consumer import ConsumedRecord
from minikafka.errors import ProtocolError
from minikafka.protocol.primitives import uuid_to_text
from minikafka.protocol.stored import (
    decode_group_key,
    decode_share_key,
    decode_transaction_key,
    decode_value,
    value_class,
    value_version,
)
from minikafka.protocol.structs import Message, Struct

_OFFSET_COMMIT_TYPES = frozenset({0, 1})
_GROUP_METADATA_TYPES = frozenset({2})


class _Kind(NamedTuple):
    """``record_types``: which are printed; None: all."""

    decode_key: Callable[[bytes], Message]
    record_types: frozenset[int] | None


_KINDS = {
    "OffsetsMessageFormatter": _Kind(decode_group_key, _OFFSET_COMMIT_TYPES),
    "GroupMetadataMessageFormatter": _Kind(decode_group_key, _GROUP_METADATA_TYPES),
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
    shown: dict[str, Any] = {"key": {"type": record_type, "data": _data(key, key.max_version)}, "value": None}
    if record.value is not None:
        version = value_version(record.value)
        shown["value"] = {"version": version, "data": _data(decode_value(value_class(key), record.value), version)}
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"


def _data(struct: Struct, version: int) -> dict[str, Any]:
    """The fields that ``version`` has, by Kafka's names; tagged ones only where they are set."""
    return {
        _camel_case(field.name): _plain(getattr(struct, field.name), field.type, version)
        for field in struct._schema.fields
        if field.is_in(version) and (field.tag is None or getattr(struct, field.name) != field.default)
    }


def _plain(value: Any, kind: str, version: int) -> Any:
    if isinstance(value, Struct):
        return _data(value, version)
    if isinstance(value, list):
        return [_plain(element, kind, version) for element in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return uuid_to_text(bytes(value)) if kind == "uuid" else b64encode(value).decode()
    return value


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
