"""What Kafka's deserializers make of keys and values, as the text that the console consumer prints."""

from __future__ import annotations

import struct
from collections.abc import Callable

from minikafka.cli.toolkit.java_strings import java_text
from minikafka.errors import MinikafkaError

Deserializer = Callable[[bytes], bytes]

_PACKAGE = "org.apache.kafka.common.serialization."


class DeserializationFailed(MinikafkaError):
    """Bytes that are not what the deserializer reads."""


def deserializer(name: str) -> Deserializer | None:
    """The deserializer of a Java class name, with or without its package; None when there is no such."""
    return _DESERIALIZERS.get(name.removeprefix(_PACKAGE))


def _fixed(format_: str, java_name: str, text: Callable[[float], str] = str) -> Deserializer:
    layout = struct.Struct(format_)

    def deserialize(data: bytes) -> bytes:
        if len(data) != layout.size:
            raise DeserializationFailed(f"Size of data received by {java_name} is not {layout.size}")
        return text(layout.unpack(data)[0]).encode()

    return deserialize


def _boolean(data: bytes) -> bytes:
    if data not in (b"\0", b"\1"):
        raise DeserializationFailed("Unexpected byte received by BooleanDeserializer: it reads one byte, 0 or 1")
    return b"true" if data == b"\1" else b"false"


def _bytes(data: bytes) -> bytes:
    """As ``Bytes.toString``: what is not printable ASCII, in hexadecimal."""
    return b"".join(bytes((byte,)) if 32 <= byte < 127 and byte != 92 else b"\\x%02X" % byte for byte in data)


def _void(data: bytes) -> bytes:
    raise DeserializationFailed("Data should be null for a VoidDeserializer.")


def _uuid(data: bytes) -> bytes:
    text = java_text(data)
    parts = text.split("-")
    if len(parts) != 5 or any(set(part.lower()) - set("0123456789abcdef") or not part for part in parts):
        raise DeserializationFailed(f"Error parsing data into UUID: {text!r}")
    return text.lower().encode()


def java_double(number: float) -> str:
    """As ``Double.toString`` writes it: 1.0, 1.0E10, 1.0E-5, NaN, Infinity."""
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    return _java_decimal(repr(number))


def java_float(number: float) -> str:
    """As ``Float.toString``: with as many digits as tell a float from its neighbours."""
    if number != number or number in (float("inf"), float("-inf")):
        return java_double(number)
    for digits in range(1, 10):
        text = f"{number:.{digits}g}"
        if struct.pack(">f", float(text)) == struct.pack(">f", number):
            return _java_decimal(repr(float(text)))
    return _java_decimal(repr(number))


def _java_decimal(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent_text = text.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction if fraction != "0" else ""
    digits = (whole + fraction).lstrip("0")
    exponent = int(exponent_text or 0) + len(whole) - 1
    if not digits:
        return f"{sign}0.0"
    exponent -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0") or "0"
    if -3 <= exponent < 7:
        if exponent < 0:
            return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
        digits = digits.ljust(exponent + 1, "0")
        return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :] or '0'}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


_DESERIALIZERS: dict[str, Deserializer] = {
    "StringDeserializer": lambda data: java_text(data).encode(),
    # Java prints an array's address here, which tells nothing.
    "ByteArrayDeserializer": lambda data: data,
    "ByteBufferDeserializer": lambda data: data,
    "BytesDeserializer": _bytes,
    "BooleanDeserializer": _boolean,
    "ShortDeserializer": _fixed(">h", "ShortDeserializer"),
    "IntegerDeserializer": _fixed(">i", "IntegerDeserializer"),
    "LongDeserializer": _fixed(">q", "LongDeserializer"),
    "FloatDeserializer": _fixed(">f", "FloatDeserializer", java_float),
    "DoubleDeserializer": _fixed(">d", "DoubleDeserializer", java_double),
    "UUIDDeserializer": _uuid,
    "VoidDeserializer": _void,
}
NAMES = tuple(_DESERIALIZERS)
