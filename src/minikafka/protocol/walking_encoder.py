"""Encodes a message by walking through its schema, field by field: what is used a few times is not worth compiling.

Most messages of a process are: those that a new broker writes to its metadata log, those of a command-line tool. To
compile an encoder takes as long as some hundred fields take here. ``codec`` compiles what comes to more.

Only what is right is encoded here. Anything else is left to the compiled encoder, which knows the words for it.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Any

from minikafka.protocol.primitives import encode_uvarint
from minikafka.protocol.schema import EMPTY, FIXED_FORMATS, Field, NotForWalking
from minikafka.protocol.structs import default_of

if TYPE_CHECKING:
    from minikafka.protocol.schema import Struct as StructSchema
    from minikafka.protocol.structs import Message, Struct

_LONGEST_TEXT_BYTES = 32767


class WalkingEncoder:
    """Encodes one message.

    :param fields_left: how many fields may be walked through, an element of an array counted as one.
    """

    def __init__(self, message: type[Message], version: int, fields_left: int = 2**31) -> None:
        self._message = message
        self._version = version
        self._is_flexible = message._schema.is_flexible(version)
        self.fields_left = fields_left

    def encode(self, message: Message, out: bytearray) -> None:
        """Append ``message``. Raises NotForWalking, AttributeError, TypeError, ValueError or struct.error, perhaps
        after a part of it."""
        self._struct(self._message._schema, message, out)

    def _spend(self, fields: int) -> None:
        self._ensure_left(fields)
        self.fields_left -= fields

    def _ensure_left(self, fields: int) -> None:
        if fields > self.fields_left:
            raise NotForWalking("it is used often, or large")

    def _struct(self, schema: StructSchema, struct: Struct, out: bytearray) -> None:
        self._spend(1 + len(schema.fields))
        version = self._version
        for field in schema.absent_fields(version):
            if not field.ignorable and self._is_set(field, getattr(struct, field.name)):
                raise NotForWalking(f"{field.name} is not in version {version}")
        for field in schema.plain_fields(version):
            self._field(field, getattr(struct, field.name), out)
        if self._is_flexible:
            self._tagged_fields(schema.tagged_fields(version), struct, out)

    def _tagged_fields(self, fields: list[Field], struct: Struct, out: bytearray) -> None:
        present = [(field, value) for field in fields if self._is_set(field, value := getattr(struct, field.name))]
        out.append(len(present))
        for field, value in present:
            content = bytearray()
            self._field(field, value, content)
            out += encode_uvarint(field.tag or 0) + encode_uvarint(len(content)) + content

    def _is_set(self, field: Field, value: Any) -> bool:
        """Whether ``value`` differs from the field's default."""
        default = field.default
        if default is None:
            return value is not None
        if field.is_array:
            return value is None or len(value) > 0
        if field.type == "boolean":
            return bool(value) is not default
        if default is EMPTY:
            default = default_of(field, self._message)
        return value is not default and bool(value != default)

    def _field(self, field: Field, value: Any, out: bytearray) -> None:
        is_nullable = field.is_nullable(self._version)
        if value is None and not is_nullable:
            raise NotForWalking(f"{field.name} is None")
        if field.is_array:
            self._array(field, value, out)
        elif field.struct is not None:
            if is_nullable:
                # Kafka's generator gives a tagged struct an unsigned varint, 0 for null, where others have a signed
                # byte.
                out += b"\x01" if value is not None else b"\xff" if field.tag is None else b"\x00"
            if value is not None:
                self._struct(field.struct, value, out)
        else:
            self._value(field, value, out)

    def _array(self, field: Field, values: Any, out: bytearray) -> None:
        self._length(None if values is None else len(values), "i", self._is_flexible, out)
        if field.struct is not None:
            self._ensure_left(len(values or ()) * len(field.struct.fields))
            for value in values or ():
                self._struct(field.struct, value, out)
            return
        self._spend(len(values or ()))
        for value in values or ():
            if value is None:
                raise NotForWalking(f"None in {field.name}")
            self._value(field, value, out)

    def _value(self, field: Field, value: Any, out: bytearray) -> None:
        if field.type in FIXED_FORMATS:
            if field.type == "uuid" and len(value) != 16:
                raise NotForWalking(f"{field.name} is no uuid")
            out += pack(f">{FIXED_FORMATS[field.type]}", value)
            return
        is_text = field.type == "string"
        content = value.encode() if is_text and value is not None else value
        if is_text and content is not None and len(content) > _LONGEST_TEXT_BYTES:
            raise NotForWalking(f"{field.name} is too long")
        is_compact = self._is_flexible and field.is_compact
        self._length(None if content is None else len(content), "h" if is_text else "i", is_compact, out)
        if content is not None:
            out += content

    def _length(self, length: int | None, fixed_format: str, is_compact: bool, out: bytearray) -> None:
        """A length or a count; None is null."""
        if is_compact:
            out += encode_uvarint(0 if length is None else length + 1)
        else:
            out += pack(f">{fixed_format}", -1 if length is None else length)
