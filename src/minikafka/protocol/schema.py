"""Table text to schemas: what a message is made of, at each of its versions.

``find`` reads one message; nothing else of its table is parsed. The notation is explained in
``minikafka.protocol.tables``.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from minikafka.protocol.tables import homes

FIXED_FORMATS: Final[dict[str, str]] = {
    "boolean": "?",
    "int8": "b",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "float64": "d",
    "uuid": "16s",
}
"""Types of fixed width and their format in ``struct``."""

FIXED_SIZES: Final[dict[str, int]] = {
    "boolean": 1,
    "int8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "float64": 8,
    "uuid": 16,
}
"""Their widths in bytes."""

EMPTY: Final = ()
"""The default of an array that is not null, and of a struct that is not null (a fresh one)."""

_ZEROS: Final[dict[str, Any]] = {
    "boolean": False,
    "float64": 0.0,
    "uuid": bytes(16),
    "string": "",
    "bytes": b"",
    "records": None,
}
_NAMED_DEFAULTS: Final[dict[str, Any]] = {"null": None, "true": True, "false": False}


class NotForWalking(Exception):
    """A message that ``walking_encoder`` or ``walking_decoder`` leaves to the compiled function."""


class Field:
    """One field of a struct, or the struct-typed or primitive elements of an array.

    ``type`` is a primitive type or "struct" (then ``struct`` is set); ``is_array``: the field is an array of that.
    Ranges of versions are inclusive; ``until`` is the message's last version where the table says "+".
    """

    __slots__ = (
        "default",
        "ignorable",
        "is_array",
        "is_compact",
        "name",
        "nullable_since",
        "nullable_until",
        "since",
        "struct",
        "tag",
        "type",
        "until",
    )

    name: str
    type: str
    is_array: bool
    struct: Struct | None
    since: int
    until: int
    nullable_since: int
    nullable_until: int
    tag: int | None
    ignorable: bool
    is_compact: bool
    default: Any

    def is_in(self, version: int) -> bool:
        """Whether ``version`` has this field."""
        return self.since <= version <= self.until

    def is_nullable(self, version: int) -> bool:
        """Whether null may be sent in ``version``."""
        return self.nullable_since <= version <= self.nullable_until


class Struct:
    """A named list of fields: the ones in wire order first, then the tagged ones by tag."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: list[Field] = []

    def plain_fields(self, version: int) -> list[Field]:
        """The fields every instance of ``version`` has on the wire, in order."""
        return [field for field in self.fields if field.tag is None and field.is_in(version)]

    def tagged_fields(self, version: int) -> list[Field]:
        """The tagged fields ``version`` knows, by tag."""
        tagged = [(field.tag, field) for field in self.fields if field.tag is not None and field.is_in(version)]
        return [field for _, field in sorted(tagged, key=lambda pair: pair[0])]

    def absent_fields(self, version: int) -> list[Field]:
        """The fields only other versions have."""
        return [field for field in self.fields if not field.is_in(version)]


class Message(Struct):
    """A whole message. ``structs``: those inside it, by name. ``unstable``: its one unreleased version, or None;
    ``first_version`` and ``last_version`` include it."""

    __slots__ = ("first_version", "flexible_since", "key", "last_version", "structs", "unstable")

    def __init__(self, name: str, key: int) -> None:
        super().__init__(name)
        self.key = key
        self.structs: dict[str, Struct] = {}
        self.first_version = 0
        self.last_version = 0
        self.flexible_since: int | None = None
        self.unstable: int | None = None

    def versions(self) -> range:
        """All versions, the unreleased one included."""
        return range(self.first_version, self.last_version + 1)

    def is_flexible(self, version: int) -> bool:
        """Whether ``version`` has compact lengths and tagged fields."""
        return self.flexible_since is not None and version >= self.flexible_since


def is_shareable(struct: Struct) -> bool:
    """Whether one instance with all defaults can stand for all: nothing in it can change once it is frozen."""
    return not any(field.is_array or field.struct is not None for field in struct.fields)


def has_records(struct: Struct, version: int) -> bool:
    """Whether record batches can be anywhere in ``struct``."""
    return any(
        field.type == "records" or (field.struct is not None and has_records(field.struct, version))
        for field in struct.fields
        if field.is_in(version)
    )


@lru_cache(maxsize=1)
def _homes() -> dict[str, tuple[str, int]]:
    return homes()


def message_names() -> list[str]:
    """The names of all messages, in the order of the tables' index."""
    return list(_homes())


def find(name: str) -> Message:
    """The schema of the message called ``name``, e.g. "FetchRequest". KeyError when Kafka has none."""
    table, key = _homes()[name]
    text: str = import_module(f"minikafka.protocol.tables.{table}").TABLE
    start = text.index(f"\n{name} ") + 1
    end = text.find("\n\n", start)
    return parse(text[start : end if end > 0 else len(text)], key)


def parse(text: str, key: int) -> Message:
    """One message's lines of a table."""
    head, *lines = text.rstrip().split("\n")
    message = _parse_head(head, key)
    open_structs: list[Struct] = [message]
    ranges = [(message.first_version, message.last_version)]
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        del open_structs[depth:], ranges[depth:]
        field = _parse_field(line.split(), message, ranges[-1])
        open_structs[-1].fields.append(field)
        if field.struct is not None:
            open_structs.append(field.struct)
            ranges.append((field.since, field.until))
    return message


def _parse_head(line: str, key: int) -> Message:
    words = line.split()
    message = Message(words[0], key)
    for label, value in zip(words[1::2], words[2::2], strict=True):
        if label == "flexible":
            message.flexible_since = int(value[:-1])
        elif label == "unstable":
            message.unstable = int(value)
        else:
            first, _, last = value.partition("-")
            message.first_version = int(first)
            message.last_version = int(last or first)
    return message


def _parse_field(words: list[str], message: Message, around: tuple[int, int]) -> Field:
    field = Field()
    field.name = words[0]
    field.since, field.until = around
    field.tag = None
    field.ignorable = False
    field.is_compact = True
    type_text, nullable, nullable_range = words[1].partition("?")
    _set_type(field, type_text, message)
    default = EMPTY if field.is_array or field.struct is not None else _ZEROS.get(field.type, 0)
    rest = iter(words[2:])
    for word in rest:
        if word == "=":
            default = _parse_default(next(rest))
        elif word == "tag":
            field.tag = int(next(rest))
        elif word == "ignorable":
            field.ignorable = True
        elif word == "not_compact":
            field.is_compact = False
        else:
            field.since, field.until = _parse_range(word, message)
    field.default = default
    if not nullable:
        field.nullable_since, field.nullable_until = 1, 0
    elif nullable_range:
        field.nullable_since, field.nullable_until = _parse_range(nullable_range, message)
    else:
        field.nullable_since, field.nullable_until = field.since, field.until
    return field


def _set_type(field: Field, text: str, message: Message) -> None:
    field.is_array = text[0] == "["
    if field.is_array:
        text = text[1:-1]
    if text[0].isupper():
        field.type = "struct"
        struct = message.structs.get(text)
        if struct is None:
            struct = message.structs[text] = Struct(text)
        field.struct = struct
    else:
        field.type = text
        field.struct = None


def _parse_range(text: str, message: Message) -> tuple[int, int]:
    if text[-1] == "+":
        return int(text[:-1]), message.last_version
    since, _, until = text.partition("-")
    return int(since), int(until or since)


def _parse_default(text: str) -> Any:
    return _NAMED_DEFAULTS[text] if text in _NAMED_DEFAULTS else int(text)
