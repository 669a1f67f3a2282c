"""Decodes a message by walking through its schema, field by field; the counterpart of ``walking_encoder``.

Only what is well-formed is decoded here. Anything else is left to the compiled decoder, which says what is wrong.
"""

from __future__ import annotations

from struct import calcsize, unpack_from
from typing import TYPE_CHECKING, Any

from minikafka.protocol.primitives import decode_uvarint
from minikafka.protocol.schema import FIXED_FORMATS, Field, NotForWalking
from minikafka.protocol.structs import default_of

if TYPE_CHECKING:
    from minikafka.protocol.primitives import Buffer
    from minikafka.protocol.schema import Struct as StructSchema
    from minikafka.protocol.structs import Message, Struct

_LONGEST_TEXT_BYTES = 32767


class WalkingDecoder:
    """Decodes one message, without records in it.

    :param fields_left: how many fields may be walked through, an element of an array counted as one.
    """

    def __init__(
        self, message: type[Message], version: int, data: Buffer, position: int = 0, fields_left: int = 2**31
    ) -> None:
        self._message = message
        self._version = version
        self._is_flexible = message._schema.is_flexible(version)
        self._data = data if data.__class__ is bytes else bytes(data)
        self._position = position
        self.fields_left = fields_left

    def decode(self) -> tuple[Any, int]:
        """The message, and the position behind it. Raises NotForWalking, IndexError, ValueError, ProtocolError or
        struct.error."""
        message = self._struct(self._message._schema, self._message)
        return message, self._position

    def _spend(self, fields: int) -> None:
        self._ensure_left(fields)
        self.fields_left -= fields

    def _ensure_left(self, fields: int) -> None:
        if fields > self.fields_left:
            raise NotForWalking("it is used often, or large")

    def _struct(self, schema: StructSchema, cls: type[Struct]) -> Any:
        self._spend(1 + len(schema.fields))
        version = self._version
        struct: Struct = object.__new__(cls)
        for field in schema.plain_fields(version):
            setattr(struct, field.name, self._field(field))
        tagged = schema.tagged_fields(version)
        for field in schema.absent_fields(version) + tagged:
            setattr(struct, field.name, default_of(field, self._message))
        if self._is_flexible:
            self._tagged_fields({field.tag: field for field in tagged}, struct)
        return struct

    def _tagged_fields(self, known: dict[int | None, Field], struct: Struct) -> None:
        for _ in range(self._uvarint()):
            self._spend(1)
            tag, size_bytes = self._uvarint(), self._uvarint()
            end = self._end_of(size_bytes)
            field = known.get(tag)
            if field is None:
                self._position = end
                continue
            setattr(struct, field.name, self._field(field))
            if self._position != end:
                raise NotForWalking(f"the size of {field.name} is wrong")

    def _field(self, field: Field) -> Any:
        is_nullable = field.is_nullable(self._version)
        if field.is_array:
            return self._array(field, is_nullable)
        if field.struct is not None:
            if is_nullable and self._is_null_struct(field):
                return None
            return self._struct(field.struct, getattr(self._message, field.struct.name))
        return self._value(field, is_nullable)

    def _is_null_struct(self, field: Field) -> bool:
        [marker] = self._fixed("b")
        return bool(marker == 0 if field.tag is not None else marker < 0)

    def _array(self, field: Field, is_nullable: bool) -> Any:
        count = self._length("i", self._is_flexible, is_nullable)
        if count is None:
            return None
        if field.struct is not None:
            self._ensure_left(count * len(field.struct.fields))
            cls = getattr(self._message, field.struct.name)
            return [self._struct(field.struct, cls) for _ in range(self._plausible(count))]
        self._spend(count)
        return [self._value(field, False) for _ in range(self._plausible(count))]

    def _plausible(self, count: int) -> int:
        if count > len(self._data) - self._position:
            raise NotForWalking("more elements than bytes")
        return count

    def _value(self, field: Field, is_nullable: bool) -> Any:
        if field.type in FIXED_FORMATS:
            [value] = self._fixed(FIXED_FORMATS[field.type])
            return value
        is_text = field.type == "string"
        is_compact = self._is_flexible and field.is_compact
        length = self._length("h" if is_text else "i", is_compact, is_nullable)
        if length is None:
            return None
        if is_text and length > _LONGEST_TEXT_BYTES:
            raise NotForWalking(f"{field.name} is too long")
        start, self._position = self._position, self._end_of(length)
        content = self._data[start : self._position]
        return content.decode() if is_text else content

    # The bytes.

    def _length(self, fixed_format: str, is_compact: bool, is_nullable: bool) -> int | None:
        """A length or a count; None is null."""
        if is_compact:
            length = self._uvarint() - 1
        else:
            [length] = self._fixed(fixed_format)
        if length >= 0:
            return length
        if not is_nullable:
            raise NotForWalking("null")
        return None

    def _fixed(self, fixed_format: str) -> tuple[Any, ...]:
        values = unpack_from(f">{fixed_format}", self._data, self._position)
        self._position += calcsize(f">{fixed_format}")
        return values

    def _uvarint(self) -> int:
        value, self._position = decode_uvarint(self._data, self._position)
        return value

    def _end_of(self, size_bytes: int) -> int:
        end = self._position + size_bytes
        if end > len(self._data):
            raise NotForWalking("the data ends before")
        return end
