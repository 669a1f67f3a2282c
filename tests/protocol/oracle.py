"""A second codec, slow and plain: it walks the schema and does what Kafka's protocol guide says, a field at a time.

It shares with the real one the schemas and nothing else; what both agree on is right or wrong in two different ways.
"""

from __future__ import annotations

import struct
from typing import Any

from minikafka.protocol.schema import EMPTY, Field, Message, Struct

NUMBERS = {
    "int8": ">b",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "float64": ">d",
}


class Malformed(Exception):
    """The bytes are not a message."""


class Refused(Exception):
    """The message cannot be written in this version."""


def default_of(cls: Any, field: Field) -> Any:
    if field.default is not EMPTY:
        return field.default
    return [] if field.is_array else fresh(cls, field.struct)


def fresh(cls: Any, schema: Struct | None) -> Any:
    """An instance of a struct with all defaults, made without its constructor."""
    assert schema is not None
    kind = cls if schema is cls._schema else getattr(cls, schema.name)
    instance = kind.__new__(kind)
    for field in schema.fields:
        setattr(instance, field.name, default_of(cls, field))
    return instance


class Reader:
    def __init__(self, cls: Any, version: int, data: bytes) -> None:
        self.cls = cls
        self.version = version
        self.flexible = cls._schema.is_flexible(version)
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.data) - self.position:
            raise Malformed
        taken = self.data[self.position : self.position + size]
        self.position += size
        return taken

    def number(self, number_format: str) -> Any:
        return struct.unpack(number_format, self.take(struct.calcsize(number_format)))[0]

    def varint(self) -> int:
        value = 0
        for index in range(5):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << 7 * index
            if not byte & 0x80:
                break
        else:
            raise Malformed
        if value >= 2**31:
            raise Malformed
        return value

    def struct(self, schema: Struct) -> Any:
        instance = fresh(self.cls, schema)
        for field in schema.fields:
            if field.tag is None and field.since <= self.version <= field.until:
                setattr(instance, field.name, self.field(field))
        if self.flexible:
            self.tagged_fields(schema, instance)
        return instance

    def tagged_fields(self, schema: Struct, instance: Any) -> None:
        known = {
            field.tag: field
            for field in schema.fields
            if field.tag is not None and field.since <= self.version <= field.until
        }
        for _ in range(self.varint()):
            tag = self.varint()
            size = self.varint()
            if size > len(self.data) - self.position:
                raise Malformed
            end = self.position + size
            if tag in known:
                setattr(instance, known[tag].name, self.field(known[tag]))
                if self.position != end:
                    raise Malformed
            else:
                self.position = end

    def field(self, field: Field) -> Any:
        nullable = field.nullable_since <= self.version <= field.nullable_until
        if field.is_array:
            count = self.varint() - 1 if self.flexible else self.number(">i")
            if count < 0:
                return self.null(nullable)
            items = []
            for _ in range(count):
                items.append(self.item(field, nullable=False))
            return items
        if field.struct is not None and nullable:
            mark = self.number(">b")
            if mark < 0 if field.tag is None else mark == 0:
                return None
        return self.item(field, nullable)

    def null(self, nullable: bool) -> None:
        if not nullable:
            raise Malformed

    def item(self, field: Field, nullable: bool) -> Any:
        if field.struct is not None:
            return self.struct(field.struct)
        if field.type in NUMBERS:
            return self.number(NUMBERS[field.type])
        if field.type == "boolean":
            return self.take(1) != b"\0"
        if field.type == "uuid":
            return self.take(16)
        if self.flexible and field.is_compact:
            size = self.varint() - 1
        else:
            size = self.number(">h" if field.type == "string" else ">i")
        if size < 0:
            return self.null(nullable)
        if field.type == "string":
            if size > 32767:
                raise Malformed
            try:
                return str(self.take(size), "utf-8")
            except UnicodeDecodeError:
                raise Malformed from None
        return self.take(size)


def decode(cls: Any, data: bytes, version: int) -> Any:
    reader = Reader(cls, version, data)
    message = reader.struct(cls._schema)
    if reader.position != len(data):
        raise Malformed
    return message


def varint(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F)
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


class Writer:
    def __init__(self, cls: Any, version: int) -> None:
        self.cls = cls
        self.version = version
        self.flexible = cls._schema.is_flexible(version)

    def struct(self, schema: Struct, instance: Any) -> bytes:
        plain = b""
        tagged = []
        for field in schema.fields:
            value = getattr(instance, field.name)
            is_default = value == default_of(self.cls, field)
            if not field.since <= self.version <= field.until:
                if not is_default and not field.ignorable:
                    raise Refused(field.name)
            elif field.tag is None:
                plain += self.field(field, value)
            elif not is_default:
                tagged.append((field.tag, self.field(field, value)))
        if not self.flexible:
            return plain
        fields = b"".join(varint(tag) + varint(len(body)) + body for tag, body in sorted(tagged))
        return plain + varint(len(tagged)) + fields

    def field(self, field: Field, value: Any) -> bytes:
        nullable = field.nullable_since <= self.version <= field.nullable_until
        if value is None and not nullable:
            raise Refused(field.name)
        if field.is_array:
            head = self.size(None if value is None else len(value), ">i", field)
            return head + b"".join(self.item(field, item) for item in value or ())
        if field.struct is not None and nullable:
            null = b"\xff" if field.tag is None else b"\x00"
            return null if value is None else b"\x01" + self.item(field, value)
        return self.item(field, value)

    def item(self, field: Field, value: Any) -> bytes:
        if field.struct is not None:
            return self.struct(field.struct, value)
        if field.type in NUMBERS:
            return struct.pack(NUMBERS[field.type], value)
        if field.type == "boolean":
            return b"\1" if value else b"\0"
        if field.type == "uuid":
            return bytes(value)
        if field.type == "string":
            text = None if value is None else value.encode()
            return self.size(None if text is None else len(text), ">h", field) + (text or b"")
        return self.size(None if value is None else len(value), ">i", field) + bytes(value or b"")

    def size(self, size: int | None, number_format: str, field: Field) -> bytes:
        if self.flexible and field.is_compact:
            return varint(0 if size is None else size + 1)
        return struct.pack(number_format, -1 if size is None else size)


def encode(message: Any, version: int) -> bytes:
    cls = type(message)
    schema: Message = cls._schema
    return Writer(cls, version).struct(schema, message)
