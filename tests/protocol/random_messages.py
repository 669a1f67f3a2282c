"""Messages filled at random, from a seed, with values that are likely to matter."""

from __future__ import annotations

from random import Random
from typing import Any

from minikafka.protocol.schema import Field, Struct

RANGES = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
TEXTS = ("", "topic", "a" * 126, "b" * 127, "c" * 128, "d" * 16384, "naïve ключ 日本 \U0001f600", "\0\x7f\x80\uffff")


def random_message(cls: Any, version: int, random: Random) -> Any:
    """A message with every field of ``version`` set at random, the other fields at their defaults."""
    return _random_struct(cls, cls._schema, version, random)


def _random_struct(cls: Any, schema: Struct, version: int, random: Random) -> Any:
    make = cls if schema is cls._schema else getattr(cls, schema.name)
    values = {}
    for field in schema.fields:
        # Left out now and then, so that defaults and absent tagged fields are met too.
        if field.is_in(version) and (random.random() < 0.9 or field.type == "records"):
            values[field.name] = _random_value(cls, field, version, random)
    return make(**values)


def _random_value(cls: Any, field: Field, version: int, random: Random) -> Any:
    if field.is_nullable(version) and random.random() < 0.2:
        return None
    if field.is_array:
        count = random.choice((0, 1, 1, 2, 3)) if field.struct is not None else random.choice((0, 1, 2, 3, 130))
        return [_random_item(cls, field, version, random) for _ in range(count)]
    return _random_item(cls, field, version, random)


def _random_item(cls: Any, field: Field, version: int, random: Random) -> Any:
    if field.struct is not None:
        return _random_struct(cls, field.struct, version, random)
    if field.type in RANGES:
        lowest, highest = RANGES[field.type]
        return random.choice((lowest, highest, 0, random.randint(lowest, highest), random.randint(0, 100)))
    if field.type == "boolean":
        return random.random() < 0.5
    if field.type == "float64":
        return random.choice((0.0, -1.5, 1e300, random.random()))
    if field.type == "uuid":
        return random.choice((bytes(16), random.randbytes(16)))
    if field.type == "string":
        # A long text is rare: most messages should stay small.
        return random.choice(TEXTS) if random.random() < 0.1 else random.choice(("", "topic", "é", "x" * 9))
    return random.randbytes(random.choice((0, 1, 20, 130)))
