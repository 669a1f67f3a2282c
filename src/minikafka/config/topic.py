"""Checking the settings of a topic before they are stored; the sentences are Kafka's, admin clients show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minikafka.config.log import default_values
from minikafka.config.tables import topic_keys
from minikafka.config.values import InvalidValue
from minikafka.errors import INVALID_CONFIG, ApiError


def validate_topic_config(name: str, value: str) -> Any:
    """The typed value of one topic setting. Raises ApiError(INVALID_CONFIG)."""
    key = topic_keys().get(name)
    if key is None or not key.is_declared:
        raise ApiError(INVALID_CONFIG, f"Unknown topic config name: {name}")
    try:
        return key.parse(value)
    except InvalidValue as error:
        raise ApiError(INVALID_CONFIG, str(error)) from None


def validate_topic_configs(
    overrides: Mapping[str, str],
    *,
    defaults: Mapping[str, Any] | None = None,
    existing: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The typed values of all settings a topic is to have, checked one by one and against each other.

    ``defaults`` are the typed values of topic keys on this broker (``BrokerConfig.log_config().values``), ``existing``
    the topic's settings before the change. Raises ApiError(INVALID_CONFIG). Source: ``LogConfig.validate``.
    """
    typed = {name: validate_topic_config(name, value) for name, value in overrides.items()}
    values = {**(defaults if defaults is not None else default_values()), **typed}
    least, most = values["min.compaction.lag.ms"], values["max.compaction.lag.ms"]
    if least > most:
        raise ApiError(
            INVALID_CONFIG,
            f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})",
        )
    _ensure_no_remote_storage(values, existing or {})
    return typed


def _ensure_no_remote_storage(values: Mapping[str, Any], existing: Mapping[str, str]) -> None:
    if values["remote.storage.enable"]:
        raise ApiError(
            INVALID_CONFIG,
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage.",
        )
    if existing.get("remote.storage.enable", "").lower() == "true" and not values["remote.log.delete.on.disable"]:
        raise ApiError(
            INVALID_CONFIG,
            "It is invalid to disable remote storage without deleting remote data. If you want to keep the remote data "
            "and turn to read only, please set `remote.storage.enable=true,remote.log.copy.disable=true`. If you want "
            "to disable remote storage and delete all remote data, please set "
            "`remote.storage.enable=false,remote.log.delete.on.disable=true`.",
        )
