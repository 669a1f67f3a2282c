"""The golden messages of Apache Kafka, where they are at hand: ``../shared/protocol`` beside the repository."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from minikafka.protocol import messages
from minikafka.protocol.primitives import uuid_from_text
from minikafka.protocol.schema import Field

DIRECTORY = Path(__file__).parents[3] / "shared" / "protocol"

needs_golden = pytest.mark.skipif(
    not (DIRECTORY / "vectors.jsonl.gz").exists(),
    reason=f"NOT CHECKED AGAINST APACHE KAFKA: no golden vectors at {DIRECTORY}",
)


def golden_rows() -> Iterator[dict[str, Any]]:
    """Every row of the golden vectors, in the order of the file."""
    with gzip.open(DIRECTORY / "vectors.jsonl.gz", "rt", encoding="ascii") as lines:
        for line in lines:
            yield json.loads(line)


def class_of(row: dict[str, Any]) -> Any:
    kind = row["kind"].removesuffix("_frame")
    return getattr(messages, row["api"] + (kind.capitalize() if kind in ("request", "response") else ""))


def place_of(row: dict[str, Any]) -> str:
    return f"{row['api']} v{row['version']} {row['kind']} {row['inst']} ({row['src']})"


def message_of(row: dict[str, Any]) -> Any:
    """The message that the row's JSON describes; what the JSON leaves out keeps its default."""
    cls = class_of(row)
    return _struct_of(cls, cls, row["json"])


def _struct_of(message: Any, cls: Any, fields: dict[str, Any]) -> Any:
    by_name = {field.name: field for field in cls._schema.fields}
    values = {}
    for camel_name, value in fields.items():
        name = _snake_case(camel_name)
        values[name] = _value_of(message, by_name[name], value)
    return cls(**values)


def _snake_case(name: str) -> str:
    words_apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words_apart).lower()


def _value_of(message: Any, field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.is_array:
        return [_item_of(message, field, item) for item in value]
    return _item_of(message, field, value)


def _item_of(message: Any, field: Field, value: Any) -> Any:
    if field.struct is not None:
        return _struct_of(message, getattr(message, field.struct.name), value)
    if field.type in ("bytes", "records"):
        return b64decode(value, validate=True)
    if field.type == "uuid":
        return uuid_from_text(value)
    return value
