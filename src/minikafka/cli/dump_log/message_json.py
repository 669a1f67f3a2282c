"""Messages as JSON, as Kafka's JSON converters and Jackson write them: in one line, fields in the schema's order."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any, Final

from minikafka.cli.console.deserializers import java_double
from minikafka.protocol.primitives import uuid_to_text
from minikafka.protocol.structs import Struct

_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\]')
_SHORT_ESCAPES: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def message_tree(struct: Struct, version: int) -> dict[str, Any]:
    """The fields that ``version`` has, by Kafka's names; tagged ones only where they are set.

    Bytes stay bytes, so that the caller may read what is in them; ``json_text`` writes them in base 64.
    """
    return {
        _camel_case(field.name): _tree(getattr(struct, field.name), field.type, version)
        for field in struct._schema.fields
        if field.is_in(version) and (field.tag is None or getattr(struct, field.name) != field.default)
    }


def json_text(value: Any) -> str:
    """``value`` without spaces, everything but control characters, quotes and backslashes as it is."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(key)}:{json_text(element)}" for key, element in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f'"{b64encode(value).decode()}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return java_double(value) if isinstance(value, float) else str(value)


def _tree(value: Any, kind: str, version: int) -> Any:
    if isinstance(value, Struct):
        return message_tree(value, version)
    if isinstance(value, list):
        return [_tree(element, kind, version) for element in value]
    return uuid_to_text(bytes(value)) if kind == "uuid" else value


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04X}"


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
