"""Keys and values of records as ``kafka-dump-log`` prints them: as text, numbers, or what internal topics hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from minikafka.cli.dump_log.files import DumpFailed
from minikafka.cli.dump_log.message_json import json_text, message_tree
from minikafka.cli.toolkit.java_strings import java_text
from minikafka.errors import MinikafkaError, ProtocolError
from minikafka.protocol import messages
from minikafka.protocol.stored import (
    decode_group_key,
    decode_metadata_record,
    decode_share_key,
    decode_transaction_key,
    decode_value,
    metadata_record_version,
    value_class,
    value_version,
)
from minikafka.protocol.structs import Message
from minikafka.protocol.tables import GROUP_RECORDS, SHARE_RECORDS, TRANSACTION_RECORDS
from minikafka.records.batch import Record

Texts = tuple["str | None", "str | None"]
Decode = Callable[[Record], Texts]
"""Record -> key and value as text; None where there is nothing to print."""

_COORDINATORS: Final[dict[str, tuple[Callable[[bytes], Message], dict[int, str]]]] = {
    "offsets-decoder": (decode_group_key, GROUP_RECORDS),
    "transaction-log-decoder": (decode_transaction_key, TRANSACTION_RECORDS),
    "share-group-state-decoder": (decode_share_key, SHARE_RECORDS),
}
_WORD: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_CONSUMER_PROTOCOL: Final = (
    ("subscription", "ConsumerProtocolSubscription"),
    ("assignment", "ConsumerProtocolAssignment"),
)


def decoder(name: str, value_decoder: str | None = None) -> Decode:
    """The decoder of an option; else, of Java classes for keys and for values. Raises DumpFailed."""
    if name in _COORDINATORS:
        return _coordinator_decoder(*_COORDINATORS[name])
    if name == "cluster-metadata-decoder":
        return _metadata_record
    if name == "remote-log-metadata-decoder":
        from minikafka.cli.dump_log.remote_log import remote_log_record

        return remote_log_record
    keys, values = _plain_decoder(name), _plain_decoder(value_decoder or name)
    return lambda record: (
        None if record.key is None else keys(record.key),
        None if record.value is None else values(record.value),
    )


def _plain_decoder(class_name: str) -> Callable[[bytes], str]:
    found = _PLAIN.get(class_name.rpartition(".")[2])
    if found is None:
        raise DumpFailed(f"{class_name}: there is no such decoder here, only {', '.join(_PLAIN)}")
    return found


def _number(size: int) -> Callable[[bytes], str]:
    def decode(data: bytes) -> str:
        if len(data) < size:
            raise DumpFailed(f"a number of {size} bytes cannot be read from the {len(data)} bytes {data.hex()!r}")
        return str(int.from_bytes(data[:size], "big", signed=True))

    return decode


_PLAIN: Final[dict[str, Callable[[bytes], str]]] = {
    "StringDecoder": lambda data: java_text(data),
    "IntegerDecoder": _number(4),
    "LongDecoder": _number(8),
    # Java prints an array's address here, which tells nothing.
    "DefaultDecoder": bytes.hex,
}


# Coordinators' records.


def _coordinator_decoder(decode_key: Callable[[bytes], Message], types: dict[int, str]) -> Decode:
    def decode(record: Record) -> Texts:
        if record.key is None:
            raise DumpFailed(
                f"Failed to decode message at offset {record.offset} using the specified decoder (message had a "
                "missing key)"
            )
        record_type = int.from_bytes(record.key[:2], "big", signed=True)
        if len(record.key) >= 2 and record_type not in types:
            return f"Unknown record type {record_type} at offset {record.offset}, skipping.", None
        try:
            key = decode_key(record.key)
            key_text = json_text({"type": str(record_type), "data": message_tree(key, key.max_version)})
            return key_text, "<DELETE>" if record.value is None else _coordinator_value(key, record_type, record.value)
        except ProtocolError as error:
            return f"Error at offset {record.offset}, skipping. {error}", None

    return decode


def _coordinator_value(key: Message, record_type: int, data: bytes) -> str:
    version = value_version(data)
    cls = value_class(key)
    if not cls.min_version <= version <= cls.max_version:
        raise ProtocolError(f"Found an unknown record version {version} for {record_type} type")
    tree = message_tree(decode_value(cls, data), version)
    if isinstance(key, messages.GroupMetadataKey) and tree.get("protocolType") == "consumer":
        for member in tree["members"]:
            _open_consumer_protocol(member)
    return json_text({"version": str(version), "data": tree})


def _open_consumer_protocol(member: dict[str, Any]) -> None:
    """What a member of a consumer group wants and has; bytes that say something else stay as they are."""
    for name, class_name in _CONSUMER_PROTOCOL:
        data = member[name]
        cls: type[Message] = getattr(messages, class_name)
        version = min(int.from_bytes(data[:2], "big"), cls.max_version)
        try:
            decoded, _ = cls.decode_from(data, 2, version)
        except ProtocolError:
            continue
        member[name] = message_tree(decoded, version)


# Metadata records.


def _metadata_record(record: Record) -> Texts:
    try:
        if record.value is None:
            raise ProtocolError("the record has no value")
        message = decode_metadata_record(record.value)
        version = metadata_record_version(record.value)
        name = _WORD.sub("_", type(message).__name__).upper()
        return None, json_text({"type": name, "version": version, "data": message_tree(message, version)})
    except MinikafkaError as error:
        return None, f"Error at {record.offset}, skipping. {error}"
