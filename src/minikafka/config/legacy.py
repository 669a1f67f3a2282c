"""Old names of settings that go on to take effect under their new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MINUTE_MS: Final = 60_000

_RENAMED: Final = (
    ("log.cleanup.interval.mins", "log.retention.check.interval.ms", _MINUTE_MS),
    ("log.message.timestamp.difference.max.ms", "log.message.timestamp.before.max.ms", 1),
    ("log.message.timestamp.difference.max.ms", "log.message.timestamp.after.max.ms", 1),
    ("delegation.token.master.key", "delegation.token.secret.key", None),
)
"""Old name, new name, and what to multiply the value by; None for text."""


def replacements(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of new keys that follow from old ones among ``values``, where the new key is not set itself."""
    found = {
        new: values[old] if factor is None else values[old] * factor
        for old, new, factor in _RENAMED
        if old in values and new not in values
    }
    return found | _one_id(values)


def new_names(old: str) -> list[str]:
    """What an old key is called now; empty for keys that were not renamed."""
    return [new for name, new, _ in _RENAMED if name == old]


def _one_id(values: Mapping[str, Any]) -> dict[str, Any]:
    """``node.id`` and ``broker.id`` are one (``KafkaConfig.populateSynonyms``); -1 once asked for a generated id."""
    node_id = values.get("node.id")
    broker_id = values.get("broker.id", -1)
    if node_id is None and broker_id >= 0:
        return {"node.id": broker_id}
    if node_id is not None and "broker.id" not in values:
        return {"broker.id": node_id}
    return {}
