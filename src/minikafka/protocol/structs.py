"""What all message classes share. The classes themselves are made by ``messages`` from the tables."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Protocol

from minikafka.errors import ProtocolError
from minikafka.protocol.codec import Decoder, Encoder, compile_constructor, decoder, encoder
from minikafka.protocol.schema import EMPTY, is_shareable

if TYPE_CHECKING:
    from typing_extensions import Self

    from minikafka.protocol.primitives import Buffer
    from minikafka.protocol.schema import Field
    from minikafka.protocol.schema import Message as MessageSchema
    from minikafka.protocol.schema import Struct as StructSchema

_CALLS_WORTH_COMPILING = 12
"""To compile a constructor takes about as long as so many calls of the general one."""

_sharing = Lock()
"""Two instances with all defaults would not be equal: each has a class of its own."""


class SplicedRecords(Protocol):
    """Record batches that are sent from where they are, e.g. a part of a file: see ``Message.write``."""

    @property
    def size_bytes(self) -> int: ...


class Struct:
    """A struct of a message. Attributes are Kafka's fields in snake_case; equal when all of them are.

    It has the fields of all versions. Those a version lacks have their defaults after decoding.
    """

    __slots__ = ()

    field_names: ClassVar[tuple[str, ...]]
    _schema: ClassVar[StructSchema]
    _message: ClassVar[type[Message]]
    _shared_default: ClassVar[Struct | None] = None
    _constructed: ClassVar[int] = 0

    def __init__(self, **fields: Any) -> None:
        # Many classes are only ever decoded, and most others made a few times.
        cls = type(self)
        cls._constructed += 1
        if cls._constructed < _CALLS_WORTH_COMPILING and fields.keys() <= set(cls.field_names):
            for field in cls._schema.fields:
                value = fields.get(field.name, EMPTY)
                is_given = value is not EMPTY or (field.default is not EMPTY and field.name in fields)
                setattr(self, field.name, value if is_given else default_of(field, cls._message))
        else:
            # It also says what is wrong with a field that there is not.
            cls.__init__ = compile_constructor(cls)  # type: ignore[method-assign]
            cls.__init__(self, **fields)

    @classmethod
    def shared_default(cls) -> Struct:
        """The instance with all defaults that stands wherever this struct is the default of a field. It is frozen."""
        if cls._shared_default is None:
            default = object.__new__(cls)
            for field in cls._schema.fields:
                setattr(default, field.name, field.default)
            frozen = _freeze(default)
            with _sharing:
                if cls._shared_default is None:
                    cls._shared_default = frozen
        return cls._shared_default

    def __eq__(self, other: object) -> bool:
        if not (isinstance(other, type(self)) or isinstance(self, type(other))):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.field_names)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={_text_of(getattr(self, name))}" for name in self.field_names)
        return f"{type(self).__qualname__}({fields})"


class Message(Struct):
    """A request, a response, a header or a stored record.

    ``api_key`` is its API key or record type (-1: it has none); ``min_version`` and ``max_version`` are the released
    versions; ``flexible_since`` the first one with tagged fields, if any.
    """

    __slots__ = ()

    api_key: ClassVar[int]
    min_version: ClassVar[int]
    max_version: ClassVar[int]
    flexible_since: ClassVar[int | None]
    _schema: ClassVar[MessageSchema]
    _decoders: ClassVar[dict[int, Decoder]]
    _encoders: ClassVar[dict[int, Encoder]]

    @classmethod
    def decode(cls, data: Buffer, version: int) -> Self:
        """The message that fills ``data`` from end to end.

        Fields of type records are slices of ``data``, not copies; everything else is copied. ProtocolError, naming
        message, version, field and position, when ``data`` is anything else.
        """
        message, end = (cls._decoders.get(version) or decoder(cls, version))(data, 0)
        if end != len(data):
            raise ProtocolError(
                f"{cls.__name__} v{version}: ends at byte {end}, but {len(data) - end} more bytes follow"
            )
        return message  # type: ignore[no-any-return]

    @classmethod
    def decode_from(cls, buffer: Buffer, position: int, version: int) -> tuple[Self, int]:
        """The message that starts at ``position``, and the position behind it. ProtocolError as ``decode``."""
        return (cls._decoders.get(version) or decoder(cls, version))(buffer, position)

    def encode(self, version: int) -> bytes:
        """The bytes of this message.

        ApiError(UNSUPPORTED_VERSION) when a field is set that the version lacks and that is not ignorable, or when
        there is no such version; EncodeError (a ValueError) when a value does not fit its field.
        """
        out = bytearray()
        (self._encoders.get(version) or encoder(type(self), version))(self, out, None)
        return bytes(out)

    def write(self, out: bytearray, version: int, splices: list[tuple[int, Any]] | None = None) -> None:
        """Append the bytes of this message to ``out``.

        A records value that is not bytes needs an attribute ``size_bytes``: its length is written, and
        ``(len(out), value)`` appended to ``splices``; whoever sends ``out`` puts the value's bytes in there.
        Raises as ``encode``.
        """
        (self._encoders.get(version) or encoder(type(self), version))(self, out, splices)


def default_of(field: Field, message: type[Message]) -> Any:
    """The default of a field of ``message``, or of a struct in it. Arrays, and structs that can be changed, are new
    each time."""
    if field.default is not EMPTY:
        return field.default
    if field.is_array:
        return []
    assert field.struct is not None
    struct: type[Struct] = getattr(message, field.struct.name)
    return struct.shared_default() if is_shareable(field.struct) else struct()


def _freeze(struct: Struct) -> Struct:
    cls = type(struct)
    frozen = type(
        cls.__name__,
        (cls,),
        {
            "__slots__": (),
            "__qualname__": cls.__qualname__,
            "__setattr__": _refuse,
            "__copy__": lambda self: cls(),
            "__deepcopy__": lambda self, memo: self,
        },
    )
    object.__setattr__(struct, "__class__", frozen)
    return struct


def _refuse(struct: Struct, name: str, value: Any) -> NoReturn:
    raise AttributeError(
        f"this {type(struct).__qualname__} is the default all messages share; "
        f"assign a new {type(struct).__qualname__}({name}={value!r}) instead"
    )


def _text_of(value: Any) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, memoryview) else repr(value)
