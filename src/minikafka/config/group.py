"""The settings of a group of its own, and checking them; the sentences are Kafka's (``GroupConfig``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from minikafka.config.tables import group_keys
from minikafka.config.values import InvalidValue
from minikafka.errors import INVALID_CONFIG, ApiError

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_BOUNDED: Final = (
    ("consumer.heartbeat.interval.ms", "min", "max"),
    ("consumer.session.timeout.ms", "min", "max"),
    ("share.heartbeat.interval.ms", "min", "max"),
    ("share.session.timeout.ms", "min", "max"),
    ("share.record.lock.duration.ms", "min", "max"),
    ("streams.heartbeat.interval.ms", "min", "max"),
    ("streams.session.timeout.ms", "min", "max"),
    ("streams.num.standby.replicas", None, "max"),
)
"""Group key, and whether the broker has a bound on either side: ``group.consumer.min.session.timeout.ms`` and so on."""

_KINDS: Final = ("consumer", "share", "streams")


def group_config(config: BrokerConfig, overrides: Mapping[str, str]) -> dict[str, Any]:
    """The typed settings of a group by key: its own, else the broker's ``group.KEY``, else Kafka's default.

    Keys that are no group keys are left out. Raises ApiError(INVALID_CONFIG) on a value of the wrong type.
    """
    values = {key.name: _broker_value(config, key.name, key.default) for key in group_keys().values()}
    return values | {name: validate_group_config(name, text) for name, text in overrides.items() if name in values}


def validate_group_config(name: str, value: str) -> Any:
    """The typed value of one group setting. Raises ApiError(INVALID_CONFIG)."""
    key = group_keys().get(name)
    if key is None:
        raise ApiError(INVALID_CONFIG, f"Unknown group config name: {name}")
    try:
        return key.parse(value)
    except InvalidValue as error:
        raise ApiError(INVALID_CONFIG, str(error)) from None


def validate_group_configs(config: BrokerConfig, overrides: Mapping[str, str]) -> dict[str, Any]:
    """The typed values of all settings a group is to have, checked against the broker's bounds and each other.

    Raises ApiError(INVALID_CONFIG).
    """
    for name in overrides:
        if name not in group_keys():
            raise ApiError(INVALID_CONFIG, f"Unknown group config name: {name}")
    values = group_config(config, overrides)
    for name, low, high in _BOUNDED:
        if low is not None:
            bound = _bound_name(name, low)
            _require(values[name] >= config[bound], f"{name} must be greater than or equal to {bound}")
        bound = _bound_name(name, high)
        _require(values[name] <= config[bound], f"{name} must be less than or equal to {bound}")
    for kind in _KINDS:
        timeout, interval = f"{kind}.session.timeout.ms", f"{kind}.heartbeat.interval.ms"
        _require(values[timeout] > values[interval], f"{timeout} must be greater than {interval}")
    return {name: values[name] for name in overrides}


def _bound_name(name: str, side: str) -> str:
    kind, _, rest = name.partition(".")
    # Kafka has group.streams.max.standby.replicas for streams.num.standby.replicas.
    return f"group.{kind}.{side}.{rest.removeprefix('num.')}"


def _broker_value(config: BrokerConfig, name: str, default: Any) -> Any:
    try:
        return config[f"group.{name}"]
    except KeyError:
        return default


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ApiError(INVALID_CONFIG, sentence)
