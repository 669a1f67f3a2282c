"""How the console consumer prints a record (Kafka's message formatters)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from minikafka.cli.console.deserializers import Deserializer, deserializer
from minikafka.cli.toolkit import stderr_log
from minikafka.cli.toolkit.java_strings import java_text
from minikafka.client.consuming.consumer import ConsumedRecord

Formatter = Callable[[ConsumedRecord], bytes]
"""Record -> what is printed."""

_TIMESTAMP_TYPES: Final = {0: b"CreateTime", 1: b"LogAppendTime"}


def formatter(class_name: str, properties: Mapping[str, str]) -> Formatter | None:
    """The formatter of a Java class name, with or without its package, of any release; None when there is no such."""
    name = class_name.rpartition(".")[2].rpartition("$")[2]
    if name == "DefaultMessageFormatter":
        return DefaultFormatter(properties)
    if name == "LoggingMessageFormatter":
        return LoggingFormatter(properties)
    if name == "NoOpMessageFormatter":
        return lambda record: b""
    if name == "ChecksumMessageFormatter":
        return _checksum
    from minikafka.cli.console.coordinator_formatters import formatter as coordinator_formatter

    return coordinator_formatter(name)


class DefaultFormatter:
    """The value, and what else ``print.*`` asks for, with ``key.separator`` in between."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._shows_timestamp = _is_true(properties, "print.timestamp")
        self._shows_partition = _is_true(properties, "print.partition")
        self._shows_offset = _is_true(properties, "print.offset")
        self._shows_delivery = _is_true(properties, "print.delivery")
        self._shows_epoch = _is_true(properties, "print.epoch")
        self._shows_headers = _is_true(properties, "print.headers")
        self._shows_key = _is_true(properties, "print.key")
        self._shows_value = _is_true(properties, "print.value", default="true")
        self._separator = properties.get("key.separator", "\t").encode()
        self._line_separator = properties.get("line.separator", "\n").encode()
        self._headers_separator = properties.get("headers.separator", ",").encode()
        self._null = properties.get("null.literal", "null").encode()
        self._key_deserializer = _deserializer(properties, "key.deserializer")
        self._value_deserializer = _deserializer(properties, "value.deserializer")
        self._headers_deserializer = _deserializer(properties, "headers.deserializer")

    def __call__(self, consumed: ConsumedRecord) -> bytes:
        record = consumed.fetched.record
        columns: list[bytes] = []
        if self._shows_timestamp:
            columns.append(timestamp_of(consumed) or b"NO_TIMESTAMP")
        if self._shows_partition:
            columns.append(b"Partition:%d" % consumed.partition)
        if self._shows_offset:
            columns.append(b"Offset:%d" % record.offset)
        if self._shows_delivery:
            count = consumed.delivery_count
            columns.append(b"Delivery:NOT_PRESENT" if count is None else b"Delivery:%d" % count)
        if self._shows_epoch:
            epoch = consumed.fetched.leader_epoch
            columns.append(b"Epoch:%d" % epoch if epoch >= 0 else b"Epoch:NOT_PRESENT")
        if self._shows_headers:
            columns.append(self._headers(record.headers))
        if self._shows_key:
            columns.append(self._text(record.key, self._key_deserializer))
        if self._shows_value:
            columns.append(self._text(record.value, self._value_deserializer))
        return self._separator.join(columns) + self._line_separator if columns else b""

    def _headers(self, headers: tuple[tuple[str, bytes | None], ...]) -> bytes:
        pairs = (
            key.encode("utf-8", "surrogateescape") + b":" + self._text(value, self._headers_deserializer)
            for key, value in headers
        )
        return self._headers_separator.join(pairs) if headers else b"NO_HEADERS"

    def _text(self, data: bytes | None, deserialize: Deserializer | None) -> bytes:
        data = self._null if data is None else data
        return data if deserialize is None else deserialize(data)


class LoggingFormatter:
    """As the default one, and a log line for each record."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._default = DefaultFormatter(properties)

    def __call__(self, consumed: ConsumedRecord) -> bytes:
        record = consumed.fetched.record
        timestamp = timestamp_of(consumed)
        words = f"{timestamp.decode()}, " if timestamp else ""
        words += "key:null " if record.key is None else f"key:{java_text(record.key)}, "
        words += "value:" + ("null" if record.value is None else java_text(record.value))
        stderr_log.info(words)
        return self._default(consumed)


def timestamp_of(consumed: ConsumedRecord) -> bytes:
    """Its type and the milliseconds; nothing when the record has none, being older than Kafka 0.10."""
    kind = _TIMESTAMP_TYPES.get(consumed.fetched.timestamp_type)
    return b"" if kind is None else b"%s:%d" % (kind, consumed.fetched.record.timestamp)


def _checksum(consumed: ConsumedRecord) -> bytes:
    """Kafka until 2.x; a checksum of single records is not kept since 0.11, and -1 stands for it."""
    return b"topic:%s, partition:%d, checksum:-1\n" % (consumed.topic.encode(), consumed.partition)


def _is_true(properties: Mapping[str, str], name: str, *, default: str = "false") -> bool:
    return properties.get(name, default).strip().lower() == "true"


def _deserializer(properties: Mapping[str, str], name: str) -> Deserializer | None:
    class_name = properties.get(name)
    if not class_name:
        return None
    found = deserializer(class_name)
    if found is None:
        from minikafka.cli.console.deserializers import NAMES

        stderr_log.error(f"{name}={class_name}: there is no such deserializer here, only {', '.join(NAMES)}")
    return found
