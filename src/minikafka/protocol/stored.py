"""Messages as they lie in a log: with the type and version that say how to read them.

- Keys of ``__consumer_offsets``, ``__transaction_state`` and ``__share_group_state``: int16 record type, body.
- Their values, and ConsumerProtocol*, EndTxnMarker, DefaultPrincipalData: int16 version, body
  (Kafka: MessageUtil.toVersionPrefixedBytes).
- Records of ``__cluster_metadata`` and ``__remote_log_metadata``: varints 1 (the frame version), type, version, then
  the body (Kafka: AbstractApiMessageSerde).
"""

from __future__ import annotations

from struct import Struct
from typing import Final, TypeVar

from minikafka.errors import ProtocolError
from minikafka.protocol import messages
from minikafka.protocol.primitives import Buffer, decode_uvarint, encode_uvarint
from minikafka.protocol.structs import Message
from minikafka.protocol.tables import (
    GROUP_RECORDS,
    METADATA_RECORDS,
    REMOTE_LOG_RECORDS,
    SHARE_RECORDS,
    TRANSACTION_RECORDS,
)

M = TypeVar("M", bound=Message)

_INT16: Final = Struct(">h")
_FRAME_VERSION: Final = 1


def encode_key(key: Message) -> bytes:
    """The key of a coordinator's record: its type, then the only version it has."""
    return _INT16.pack(key.api_key) + key.encode(key.max_version)


def encode_value(value: Message, version: int) -> bytes:
    """``value`` with ``version`` before it. Raises as ``Message.encode``."""
    return _INT16.pack(version) + value.encode(version)


def decode_value(cls: type[M], data: Buffer) -> M:
    """The message of class ``cls`` with its version before it. ProtocolError when malformed or of no known version."""
    return cls.decode(data[2:], _int16(data, cls.__name__))


def value_version(data: Buffer) -> int:
    """The version before a value. ProtocolError when ``data`` is too short."""
    return _int16(data, "a stored value")


def decode_group_key(data: Buffer) -> Message:
    """A key of ``__consumer_offsets``, e.g. ``OffsetCommitKey``.

    ProtocolError when it is malformed or of a type Kafka has not defined.
    """
    return _decode_key(data, GROUP_RECORDS, "__consumer_offsets")


def decode_transaction_key(data: Buffer) -> Message:
    """A key of ``__transaction_state``. ProtocolError as ``decode_group_key``."""
    return _decode_key(data, TRANSACTION_RECORDS, "__transaction_state")


def decode_share_key(data: Buffer) -> Message:
    """A key of ``__share_group_state``. ProtocolError as ``decode_group_key``."""
    return _decode_key(data, SHARE_RECORDS, "__share_group_state")


def value_class(key: Message) -> type[Message]:
    """The class of the values that go with a coordinator's key: ``OffsetCommitKey`` -> ``OffsetCommitValue``."""
    cls: type[Message] = getattr(messages, type(key).__name__.removesuffix("Key") + "Value")
    return cls


def encode_metadata_record(record: Message, version: int) -> bytes:
    """A record of ``__cluster_metadata`` or ``__remote_log_metadata``. Raises as ``Message.encode``."""
    head = encode_uvarint(_FRAME_VERSION) + encode_uvarint(record.api_key) + encode_uvarint(version)
    return head + record.encode(version)


def decode_metadata_record(data: Buffer) -> Message:
    """A record of ``__cluster_metadata``. ProtocolError when it is malformed or of a type Kafka has not defined."""
    return _decode_framed(data, METADATA_RECORDS, "__cluster_metadata")


def metadata_record_version(data: Buffer) -> int:
    """The version of a record that ``decode_metadata_record`` reads."""
    _, position = decode_uvarint(data, 0)
    _, position = decode_uvarint(data, position)
    return decode_uvarint(data, position)[0]


def decode_remote_log_record(data: Buffer) -> Message:
    """A record of ``__remote_log_metadata``. ProtocolError as ``decode_metadata_record``."""
    return _decode_framed(data, REMOTE_LOG_RECORDS, "__remote_log_metadata")


def _decode_key(data: Buffer, names: dict[int, str], log: str) -> Message:
    record_type = _int16(data, f"a key of {log}")
    name = names.get(record_type)
    if name is None:
        raise ProtocolError(f"a key of {log} has unknown type {record_type}")
    cls: type[Message] = getattr(messages, name + "Key")
    return cls.decode(data[2:], cls.max_version)


def _decode_framed(data: Buffer, names: dict[int, str], log: str) -> Message:
    try:
        frame_version, position = decode_uvarint(data, 0)
        record_type, position = decode_uvarint(data, position)
        version, position = decode_uvarint(data, position)
    except IndexError:
        raise ProtocolError(f"a record of {log} ends after {len(data)} bytes, before its version") from None
    if frame_version != _FRAME_VERSION:
        raise ProtocolError(f"a record of {log} has frame version {frame_version}, only {_FRAME_VERSION} is known")
    name = names.get(record_type)
    if name is None:
        raise ProtocolError(f"a record of {log} has unknown type {record_type}")
    cls: type[Message] = getattr(messages, name)
    return cls.decode(data[position:], version)


def _int16(data: Buffer, what: str) -> int:
    if len(data) < 2:
        raise ProtocolError(f"{what} has {len(data)} bytes, fewer than the two it starts with")
    number: int = _INT16.unpack_from(data)[0]
    return number
