"""The settings of a subscription to client metrics (KIP-714), and checking them; the sentences are Kafka's
(``ClientMetricsConfigs``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from minikafka.config.tables import client_metrics_keys
from minikafka.config.values import InvalidValue
from minikafka.errors import INVALID_CONFIG, INVALID_REQUEST, ApiError

_SHORTEST_INTERVAL_MS: Final = 100
_LONGEST_INTERVAL_MS: Final = 3_600_000
_MATCHED: Final = frozenset(
    {
        "client_id",
        "client_instance_id",
        "client_software_name",
        "client_software_version",
        "client_source_address",
        "client_source_port",
    }
)
"""What of a client a pattern may be about."""


def client_metrics_config(overrides: Mapping[str, str]) -> dict[str, Any]:
    """The typed settings of a subscription by key: its own, else Kafka's default."""
    return {key.name: key.default for key in client_metrics_keys().values()} | {
        name: client_metrics_keys()[name].parse(text)
        for name, text in overrides.items()
        if name in client_metrics_keys()
    }


def validate_client_metrics(name: str, overrides: Mapping[str, str]) -> None:
    """Whether a subscription may be called ``name`` and have these settings.

    Raises ApiError: INVALID_CONFIG or, as in Kafka for the name, the interval and unknown keys, INVALID_REQUEST.
    """
    if not name:
        raise ApiError(INVALID_REQUEST, "Subscription name can't be empty")
    for key in overrides:
        if key not in client_metrics_keys():
            raise ApiError(INVALID_REQUEST, f"Unknown client metrics configuration: {key}")
    try:
        values = client_metrics_config(overrides)
    except InvalidValue as error:
        raise ApiError(INVALID_CONFIG, str(error)) from None
    interval_ms = values["interval.ms"]
    if not _SHORTEST_INTERVAL_MS <= interval_ms <= _LONGEST_INTERVAL_MS:
        raise ApiError(
            INVALID_REQUEST,
            f"Invalid value {interval_ms} for interval.ms, interval must be between {_SHORTEST_INTERVAL_MS} and "
            f"{_LONGEST_INTERVAL_MS} (1 hour)",
        )
    for pattern in values["match"]:
        if not _is_pattern(pattern):
            raise ApiError(INVALID_CONFIG, f"Illegal client matching pattern: {pattern}")


def _is_pattern(text: str) -> bool:
    name, equals, expression = text.partition("=")
    if not equals or not expression or "=" in expression or name.strip() not in _MATCHED:
        return False
    try:
        re.compile(expression.strip())
    except re.error:
        return False
    return True
