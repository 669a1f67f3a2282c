"""The small pieces of the wire format that are not fixed-width numbers: unsigned varints and uuids.

Source: ``org.apache.kafka.common.utils.ByteUtils`` and ``org.apache.kafka.common.Uuid``.
"""

from __future__ import annotations

from binascii import Error as _Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Final

from minikafka.errors import ProtocolError

Buffer = bytes | bytearray | memoryview

ZERO_UUID: Final = bytes(16)

_TO_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")
_LAST_LENGTH: Final = 2**31 - 1


def uuid_to_text(uuid: bytes) -> str:
    """16 bytes as Kafka writes a uuid in text: URL-safe Base64 without padding, 22 characters."""
    if len(uuid) != 16:
        raise ValueError(f"a uuid has 16 bytes, not {len(uuid)}: {uuid!r}")
    return b2a_base64(uuid, newline=False).translate(_TO_URL_SAFE)[:22].decode("ascii")


def uuid_from_text(text: str) -> bytes:
    """The 16 bytes of a uuid in Kafka's text form, e.g. "AAAAAAAAAAAAAAAAAAAAAA". ValueError for anything else."""
    try:
        uuid = a2b_base64(text.translate(_FROM_URL_SAFE) + "==") if len(text) == 22 else b""
    except (_Base64Error, ValueError):
        uuid = b""
    if len(uuid) != 16:
        raise ValueError(f"not a uuid: {text!r}; Kafka writes one as 22 characters of URL-safe Base64")
    return uuid


def encode_uvarint(value: int) -> bytes:
    """``value`` (0 <= value < 2**32) in groups of seven bits, lowest first."""
    if value < 128:
        return bytes((value,))
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode_uvarint(buffer: Buffer, position: int) -> tuple[int, int]:
    """The varint at ``position``, and the position behind it.

    ProtocolError when it is longer than five bytes or than 31 bits, which is all that a length, a count or a tag can
    have: Kafka would read the rest as a negative number. IndexError when the buffer ends inside.
    """
    value = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 28:
            raise ProtocolError("a varint of more than 5 bytes")
    if value > _LAST_LENGTH:
        raise ProtocolError(f"a varint of more than 31 bits ({value})")
    return value, position
