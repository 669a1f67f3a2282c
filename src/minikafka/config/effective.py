"""What several keys decide together, as in ``KafkaConfig``: precedence, old forms and derived defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from minikafka.config.listeners import Listener, ensure_distinct_ports, parse_listeners, parse_protocol_map
from minikafka.config.settings import at
from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY, ONLY_OF_TOPICS
from minikafka.config.tables import topic_keys
from minikafka.errors import ConfigError

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS

_AT_MOST_ONE: Final = (
    "offsets.topic.replication.factor",
    "share.coordinator.state.topic.min.isr",
    "share.coordinator.state.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
)
"""Kafka's own topics cannot have more replicas than there are nodes, and the broker cannot do without them."""


def pin_to_one_node(values: dict[str, Any]) -> None:
    """Lower what would keep one node from creating Kafka's own topics."""
    for name in _AT_MOST_ONE:
        if name in values:
            values[name] = 1


def log_retention_ms(config: BrokerConfig) -> int:
    """``KafkaConfig.logRetentionTimeMillis``."""
    value = config["log.retention.ms"]
    if value is None:
        minutes = config["log.retention.minutes"]
        value = minutes * _MINUTE_MS if minutes is not None else config["log.retention.hours"] * _HOUR_MS
    return -1 if value < 0 else int(value)


def log_roll_ms(config: BrokerConfig) -> int:
    value = config["log.roll.ms"]
    return int(value if value is not None else config["log.roll.hours"] * _HOUR_MS)


def log_roll_jitter_ms(config: BrokerConfig) -> int:
    value = config["log.roll.jitter.ms"]
    return int(value if value is not None else config["log.roll.jitter.hours"] * _HOUR_MS)


def log_flush_interval_ms(config: BrokerConfig) -> int:
    value = config["log.flush.interval.ms"]
    return int(value if value is not None else config["log.flush.scheduler.interval.ms"])


def log_values(config: BrokerConfig) -> dict[str, Any]:
    """A typed value for every topic key: the broker's settings, and Kafka's default where it has none of its own.

    Source: ``KafkaConfig.extractLogConfigMap``.
    """
    values = {name: topic_keys()[name].default for name in ONLY_OF_TOPICS}
    values |= {topic_key: config[broker_key] for topic_key, broker_key in BROKER_KEY_OF_TOPIC_KEY.items()}
    values["retention.ms"] = log_retention_ms(config)
    values["segment.ms"] = log_roll_ms(config)
    values["segment.jitter.ms"] = log_roll_jitter_ms(config)
    values["flush.ms"] = log_flush_interval_ms(config)
    return values


def connection_overrides(text: str) -> dict[str, int]:
    """``max.connections.per.ip.overrides``: address or host name -> count. Raises ConfigError."""
    overrides: dict[str, int] = {}
    for pair in filter(None, (item.strip() for item in text.split(","))):
        host, colon, count = pair.rpartition(":")
        if not colon or not host or " " in host or not count.strip().isdecimal():
            raise ConfigError(f"{pair!r} is not a HOST:COUNT pair")
        overrides[host.strip()] = int(count)
    return overrides


def listeners(config: BrokerConfig) -> tuple[list[Listener], list[Listener]]:
    """Those for clients, and those of the controller. Raises ConfigError."""
    key = "listeners"
    items = config[key]
    if key not in config and ("port" in config or "host.name" in config):
        key = "port" if "port" in config else "host.name"
        items = [_plaintext(config["host.name"], config["port"])]
    found = _parse(config, key, items, distinct_ports=True)
    names = controller_names(config)
    return [each for each in found if each.name not in names], [each for each in found if each.name in names]


def advertised_listeners(config: BrokerConfig) -> list[Listener]:
    """Raises ConfigError."""
    items = config["advertised.listeners"]
    if items is None:
        if "advertised.host.name" not in config and "advertised.port" not in config:
            return config.listeners
        own = next((each for each in config.listeners if each.name == "PLAINTEXT"), config.listeners[0])
        host = config["advertised.host.name"] or own.host
        items = [_plaintext(host, config["advertised.port"] or own.port)]
    found = _parse(config, "advertised.listeners", items, distinct_ports=False)
    names = controller_names(config)
    return [each for each in found if each.name not in names]


def controller_names(config: BrokerConfig) -> set[str]:
    """``controller.listener.names`` in upper case, as listener names are compared."""
    return {name.upper() for name in config["controller.listener.names"]}


def _plaintext(host: str | None, port: int) -> str:
    address = host or ""
    return f"PLAINTEXT://[{address}]:{port}" if ":" in address else f"PLAINTEXT://{address}:{port}"


def _parse(config: BrokerConfig, key: str, items: list[str], *, distinct_ports: bool) -> list[Listener]:
    protocols = _protocols(config)
    try:
        found = parse_listeners(items, protocols)
        if distinct_ports:
            ensure_distinct_ports(found)
    except ConfigError as error:
        raise ConfigError(f"{key}={','.join(items)}{at(config.place_of(key))}: {error}") from None
    return found


def _protocols(config: BrokerConfig) -> dict[str, str]:
    """Name -> security protocol; without a map of one's own, a controller's listener is PLAINTEXT (KIP-891)."""
    key = "listener.security.protocol.map"
    try:
        protocols = parse_protocol_map(config[key])
    except ConfigError as error:
        raise ConfigError(f"{key}={config[key]}{at(config.place_of(key))}: {error}") from None
    if key not in config:
        for name in controller_names(config):
            protocols.setdefault(name, "PLAINTEXT")
    return protocols
