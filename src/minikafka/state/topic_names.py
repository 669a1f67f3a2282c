"""What a topic may be called, and which topics are the broker's own (Kafka: common.internals.Topic)."""

from __future__ import annotations

import re
from typing import Final

from minikafka.errors import INVALID_TOPIC_EXCEPTION, ApiError

GROUP_METADATA_TOPIC: Final = "__consumer_offsets"
TRANSACTION_STATE_TOPIC: Final = "__transaction_state"
SHARE_GROUP_STATE_TOPIC: Final = "__share_group_state"
CLUSTER_METADATA_TOPIC: Final = "__cluster_metadata"
CLUSTER_METADATA_TOPIC_ID: Final = bytes(15) + b"\x01"
"""Kafka's Uuid.METADATA_TOPIC_ID: the only topic id that is not random."""

INTERNAL_TOPICS: Final = frozenset((GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC, SHARE_GROUP_STATE_TOPIC))
MAX_NAME_LENGTH: Final = 249
"""A partition's folder, "name-partition", has to fit in a file name of 255 bytes."""

_LEGAL_NAME = r"[a-zA-Z0-9._-]+"


def is_internal(name: str) -> bool:
    return name in INTERNAL_TOPICS


def is_valid(name: str) -> bool:
    return _why_invalid(name) is None


def validate(name: str) -> None:
    """Raise INVALID_TOPIC_EXCEPTION, in Kafka's words, unless a topic may have this name."""
    reason = _why_invalid(name)
    if reason is not None:
        raise ApiError(INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: {reason}")


def has_collision_chars(name: str) -> bool:
    """Whether another topic's name may differ from this one in '.' and '_' alone: metric names cannot tell those."""
    return "_" in name or "." in name


def unify_collision_chars(name: str) -> str:
    return name.replace(".", "_")


def _why_invalid(name: str) -> str | None:
    if not name:
        return "the empty string is not allowed"
    if name in {".", ".."}:
        return f"'{name}' is not allowed"
    if len(name) > MAX_NAME_LENGTH:
        return f"the length of '{name}' is longer than the max allowed length {MAX_NAME_LENGTH}"
    if re.fullmatch(_LEGAL_NAME, name) is None:
        return f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    return None
