"""Names one partition of one share group (Kafka: ``SharePartitionKey``)."""

from __future__ import annotations

from minikafka.named_tuple import NamedTuple
from minikafka.protocol.primitives import uuid_from_text, uuid_to_text

_MAX_INT = 2**31 - 1
_PADDED_UUID_LENGTH = 24
_JAVA_WHITESPACE = "".join(map(chr, range(ord(" ") + 1)))
"""What ``String.trim`` takes away."""


class SharePartitionKey(NamedTuple):
    group_id: str
    topic_id: bytes
    """16 bytes."""
    partition: int

    def __str__(self) -> str:
        """As it is looked up with FindCoordinator: what its place in ``__share_group_state`` depends on."""
        return f"{self.group_id}:{uuid_to_text(self.topic_id)}:{self.partition}"


def parse_share_partition_key(text: str) -> SharePartitionKey:
    """What ``str`` of a key gives, and what else Kafka takes for one. Raises ValueError."""
    parts = text.rstrip(":").split(":")
    group_id = parts[0].strip(_JAVA_WHITESPACE)
    if len(parts) != 3 or not group_id:
        raise ValueError(f"not a share partition, which is GROUP:TOPIC_ID:PARTITION: {text!r}")
    topic_id = parts[1].removesuffix("==") if len(parts[1]) == _PADDED_UUID_LENGTH else parts[1]
    return SharePartitionKey(group_id, uuid_from_text(topic_id), _parse_int(parts[2]))


def _parse_int(text: str) -> int:
    """``Integer.parseInt``."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    value = int(text) if digits.isdecimal() else _MAX_INT + 1
    if not -_MAX_INT - 1 <= value <= _MAX_INT:
        raise ValueError(f"not a partition: {text!r}")
    return value
