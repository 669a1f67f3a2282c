"""Decoders and encoders of messages: the first uses walk through the schema, then they are compiled.

Compiling takes a third of a millisecond and more, and most messages of a process are used once or twice, so that comes
when it is worth it (``FIELDS_WORTH_COMPILING``), or to say what is wrong with a message. Those with records in
them are the hot paths, and compiled at once.

Source text comes from ``decode_source`` and ``encode_source``. It is registered in ``linecache``, so a traceback or a
debugger shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct as Packer
from struct import error as StructError
from struct import pack, unpack_from
from typing import TYPE_CHECKING, Any

from minikafka.errors import UNSUPPORTED_VERSION, ApiError, MinikafkaError, ProtocolError
from minikafka.protocol.primitives import Buffer, decode_uvarint, encode_uvarint
from minikafka.protocol.schema import EMPTY, NotForWalking, has_records, is_shareable

if TYPE_CHECKING:
    from minikafka.protocol.schema import Message as MessageSchema
    from minikafka.protocol.source import Place, Source
    from minikafka.protocol.structs import Message, Struct

Decoder = Callable[[Buffer, int], tuple[Any, int]]
"""``decoder(buffer, position=0) -> (message, position behind it)``"""

Encoder = Callable[[Any, bytearray, "list[tuple[int, Any]] | None"], None]
"""``encoder(message, out, splices)``, see ``Message.write``"""

FIELDS_WORTH_COMPILING = 600
"""Walking through so many takes about as long as to compile a decoder or an encoder."""

_DECODE_FAILURES = (ProtocolError, IndexError, StructError, UnicodeDecodeError)
_ENCODE_FAILURES = (AttributeError, StructError, TypeError, ValueError)


class EncodeError(MinikafkaError, ValueError):
    """A message holds a value its schema does not allow: a bug of whoever filled it in."""


def decoder(cls: type[Message], version: int) -> Decoder:
    """What decodes a message class; hot paths may not keep it. ProtocolError when there is no such version."""
    found = cls._decoders.get(version)
    if found is None:
        schema = cls._schema
        if version not in schema.versions():
            raise ProtocolError(_no_version(schema, version))
        if has_records(schema, version):
            return compiled_decoder(cls, version)
        found = cls._decoders[version] = _walking_decoder(cls, version)
    return found


def encoder(cls: type[Message], version: int) -> Encoder:
    """What encodes a message class; not to be kept. ApiError(UNSUPPORTED_VERSION) when there is no such version."""
    found = cls._encoders.get(version)
    if found is None:
        schema = cls._schema
        if version not in schema.versions():
            raise ApiError(UNSUPPORTED_VERSION, _no_version(schema, version))
        if has_records(schema, version):
            return compiled_encoder(cls, version)
        found = cls._encoders[version] = _walking_encoder(cls, version)
    return found


def compiled_decoder(cls: type[Message], version: int) -> Decoder:
    """Compile the decoder of a version that there is, for all uses from now on."""
    decode = cls._decoders[version] = _compile_decoder(cls, version)
    return decode


def compiled_encoder(cls: type[Message], version: int) -> Encoder:
    """Compile the encoder of a version that there is, for all uses from now on."""
    encode = cls._encoders[version] = _compile_encoder(cls, version)
    return encode


def _walking_decoder(cls: type[Message], version: int) -> Decoder:
    from minikafka.protocol.walking_decoder import WalkingDecoder

    fields_left = FIELDS_WORTH_COMPILING

    def decode(data: Buffer, position: int = 0) -> tuple[Any, int]:
        nonlocal fields_left
        walker = WalkingDecoder(cls, version, data, position, fields_left)
        try:
            found = walker.decode()
        except (NotForWalking, ValueError, *_DECODE_FAILURES):
            pass  # the compiled one says what is wrong, if anything is
        else:
            fields_left = walker.fields_left
            return found
        return compiled_decoder(cls, version)(data, position)

    return decode


def _walking_encoder(cls: type[Message], version: int) -> Encoder:
    from minikafka.protocol.walking_encoder import WalkingEncoder

    fields_left = FIELDS_WORTH_COMPILING

    def encode(message: Any, out: bytearray, splices: list[tuple[int, Any]] | None) -> None:
        nonlocal fields_left
        walker = WalkingEncoder(cls, version, fields_left)
        start = len(out)
        try:
            walker.encode(message, out)
        except (NotForWalking, *_ENCODE_FAILURES):
            del out[start:]  # the compiled one says what is wrong, if anything is
        else:
            fields_left = walker.fields_left
            return
        compiled_encoder(cls, version)(message, out, splices)

    return encode


def _no_version(schema: MessageSchema, version: int) -> str:
    return f"{schema.name} has no version {version}, only {schema.first_version} to {schema.last_version}"


def compile_source(name: str, lines: list[str], names: dict[str, Any]) -> dict[str, Any]:
    """Run generated source with ``names`` as its globals, and return these."""
    import linecache  # it is only needed here, and not free to import

    text = "\n".join(lines) + "\n"
    file_name = f"<minikafka.protocol {name}>"
    # The entry linecache itself makes for a file it read; no modification time means it is never looked up again.
    linecache.cache[file_name] = (len(text), None, text.splitlines(keepends=True), file_name)
    exec(compile(text, file_name, "exec"), names)
    return names


def _struct_names(cls: type[Message]) -> dict[str, Any]:
    schema = cls._schema
    names: dict[str, Any] = {f"struct_{schema.name}": cls}
    for name, struct_schema in schema.structs.items():
        struct: type[Struct] = getattr(cls, name)
        names[f"struct_{name}"] = struct
        if is_shareable(struct_schema):
            names[f"default_{name}"] = struct.shared_default()
    return names


def compile_constructor(cls: type[Struct]) -> Callable[..., None]:
    """``__init__`` with the fields of ``cls`` as keywords and Kafka's defaults."""
    from minikafka.protocol.source import default_expression

    arguments = []
    body = []
    for field in cls._schema.fields:
        default = default_expression(field)
        # Arrays and structs are made anew for each instance.
        fresh = field.default is EMPTY
        arguments.append(f"{field.name}={'EMPTY' if fresh else default}")
        value = f"{default} if {field.name} is EMPTY else {field.name}" if fresh else field.name
        body.append(f" self.{field.name} = {value}")
    head = f"def __init__(self, *, {', '.join(arguments)}):" if arguments else "def __init__(self):"
    names = _struct_names(cls._message)
    names["EMPTY"] = EMPTY
    init: Callable[..., None] = compile_source(f"make {cls.__qualname__}", [head, *(body or [" pass"])], names)[
        "__init__"
    ]
    return init


def _compile_decoder(cls: type[Message], version: int) -> Decoder:
    from minikafka.protocol.decode_source import DecoderSource

    schema = cls._schema
    source = DecoderSource(schema, version)
    name = f"{schema.name} v{version}"
    names = _struct_names(cls)
    for suffix, fields in source.formats.items():
        names[f"unpack_{suffix}"] = Packer(">" + fields).unpack_from
    names.update(
        new=object.__new__,
        unpack_from=unpack_from,
        varint=decode_uvarint,
        long_varint=_long_varint,
        long_string_length=_long_string_length,
        skip_tagged_fields=skip_tagged_fields,
        overrun=_overrun,
        bad_length=_bad_length,
        bad_count=_bad_count,
        wrong_tag_size=_wrong_tag_size,
        failures=_DECODE_FAILURES,
        explain=_decode_failure(name, source),
    )
    decode: Decoder = compile_source(f"decode {name}", source.lines, names)["decode"]
    return decode


def _compile_encoder(cls: type[Message], version: int) -> Encoder:
    from minikafka.protocol.encode_source import EncoderSource

    schema = cls._schema
    source = EncoderSource(schema, version)
    name = f"{schema.name} v{version}"
    names = _struct_names(cls)
    for suffix, fields in source.formats.items():
        names[f"pack_{suffix}"] = Packer(">" + fields).pack
    names.update(
        pack=pack,
        uvarint=encode_uvarint,
        raw=frozenset((bytes, bytearray, memoryview)),
        add_splice=_add_splice,
        wrong_uuid=_wrong_uuid,
        too_long=_too_long,
        unsupported=_unsupported(name),
        failures=_ENCODE_FAILURES,
        explain=_encode_failure(name, source),
    )
    encode: Encoder = compile_source(f"encode {name}", source.lines, names)["encode"]
    return encode


# What generated code calls where the fast path ends.


def _long_varint(data: Buffer, position: int) -> tuple[int, int]:
    """A length of more than one byte, and the position of its last byte."""
    value, end = decode_uvarint(data, position)
    return value, end - 1


def _long_string_length(data: Buffer, position: int) -> tuple[int, int]:
    # Kafka's generated readers refuse text of more than 32767 bytes, though a varint could say so.
    value, end = decode_uvarint(data, position)
    if value > 0x8000:
        raise ProtocolError(f"text of {value - 1} bytes, Kafka allows 32767")
    return value, end - 1


def skip_tagged_fields(data: Buffer, position: int, limit: int) -> int:
    """The position behind the section of tagged fields at ``position``. ProtocolError or IndexError if cut off."""
    count, position = decode_uvarint(data, position)
    for _ in range(count):
        _, position = decode_uvarint(data, position)
        size, position = decode_uvarint(data, position)
        if size > limit - position:
            raise _overrun(size, position, limit)
        position += size
    return position


def _overrun(size: int, position: int, limit: int) -> ProtocolError:
    return ProtocolError(f"{size} bytes announced, {limit - position} left")


def _bad_length(length: int, position: int, limit: int) -> ProtocolError:
    if length < 0:
        return ProtocolError("null, which is not allowed here")
    return _overrun(length, position, limit)


def _bad_count(count: int, size: int, position: int, limit: int) -> ProtocolError:
    if count < 0:
        return ProtocolError("null, which is not allowed here")
    return ProtocolError(f"{count} elements of at least {size} bytes announced, {limit - position} bytes left")


def _wrong_tag_size(rest: int) -> ProtocolError:
    return ProtocolError(f"the size of the tagged field is wrong by {rest}")


def _add_splice(splices: list[tuple[int, Any]] | None, out: bytearray, value: Any) -> None:
    if splices is None:
        raise TypeError(f"{value!r} can only be written with a list of splices; without one records have to be bytes")
    splices.append((len(out), value))


def _wrong_uuid(value: bytes) -> ValueError:
    return ValueError(f"a uuid has 16 bytes, not {len(value)}: {value!r}")


def _too_long(size: int) -> ValueError:
    return ValueError(f"text of {size} bytes, Kafka allows 32767")


def _unsupported(name: str) -> Callable[[str, Any], ApiError]:
    message, _, version = name.rpartition(" v")

    def unsupported(field: str, value: Any) -> ApiError:
        # The sentence of Kafka's generated classes.
        text = f"Attempted to write a non-default {field} at version {version} ({message}: {value!r})"
        return ApiError(UNSUPPORTED_VERSION, text)

    return unsupported


# From an exception in generated code to the field it is about.


def _decode_failure(name: str, source: Source) -> Callable[[Exception], ProtocolError]:
    places = source.places

    def explain(failure: Exception) -> ProtocolError:
        place, values = _where(failure, places)
        position = values["p"]
        path = _field_at(place, values["limit"] - position)
        return ProtocolError(f"{name}: {path} at byte {position}: {_reason(failure)}")

    return explain


def _encode_failure(name: str, source: Source) -> Callable[[Exception], EncodeError]:
    places = source.places

    def explain(failure: Exception) -> EncodeError:
        place, _ = _where(failure, places)
        fields = ", ".join(path for path, _ in place) or "the message"
        return EncodeError(f"{name}: {fields}: {failure}")

    return explain


def _where(failure: Exception, places: list[Place]) -> tuple[Place, dict[str, Any]]:
    traceback = failure.__traceback__
    assert traceback is not None
    return places[traceback.tb_lineno - 1], traceback.tb_frame.f_locals


def _field_at(place: Place, left: int) -> str:
    """The first of the fields read together that does not fit into the bytes left."""
    for path, end in place:
        if end > left:
            return path
    return place[-1][0]


def _reason(failure: Exception) -> str:
    if isinstance(failure, ProtocolError):
        return str(failure)
    if isinstance(failure, UnicodeDecodeError):
        return f"not UTF-8: {failure.reason}"
    return "the data ends here"
