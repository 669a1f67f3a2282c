"""What several keys decide together, as in ``KafkaConfig``: precedence, old forms and derived defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from minikafka.config.listeners import Listener, ensure_distinct_ports, parse_listeners, parse_protocol_map
from minikafka.errors import ConfigError

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS

_LOG_KEYS: Final = {
    "cleanup.policy": "log.cleanup.policy",
    "compression.gzip.level": "compression.gzip.level",
    "compression.lz4.level": "compression.lz4.level",
    "compression.type": "compression.type",
    "compression.zstd.level": "compression.zstd.level",
    "delete.retention.ms": "log.cleaner.delete.retention.ms",
    "file.delete.delay.ms": "log.segment.delete.delay.ms",
    "flush.messages": "log.flush.interval.messages",
    "index.interval.bytes": "log.index.interval.bytes",
    "local.retention.bytes": "log.local.retention.bytes",
    "local.retention.ms": "log.local.retention.ms",
    "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
    "max.message.bytes": "message.max.bytes",
    "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
    "message.timestamp.type": "log.message.timestamp.type",
    "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio",
    "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
    "min.insync.replicas": "min.insync.replicas",
    "preallocate": "log.preallocate",
    "retention.bytes": "log.retention.bytes",
    "segment.bytes": "log.segment.bytes",
    "segment.index.bytes": "log.index.size.max.bytes",
    "unclean.leader.election.enable": "unclean.leader.election.enable",
}
"""Topic key -> the broker key that is its default."""


def node_id(config: BrokerConfig) -> int:
    value: int = config["node.id"] if "node.id" in config else config["broker.id"]
    return value if value >= 0 else 1


def log_dirs(config: BrokerConfig) -> list[str]:
    dirs: list[str] = config["log.dirs"] or config["log.dir"]
    return dirs


def log_retention_ms(config: BrokerConfig) -> int:
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
    """The typed topic values that follow from the broker's settings (``KafkaConfig.extractLogConfigMap``)."""
    values = {topic_key: config[broker_key] for topic_key, broker_key in _LOG_KEYS.items()}
    values["retention.ms"] = log_retention_ms(config)
    values["segment.ms"] = log_roll_ms(config)
    values["segment.jitter.ms"] = log_roll_jitter_ms(config)
    values["flush.ms"] = log_flush_interval_ms(config)
    return values


def listeners(config: BrokerConfig) -> list[Listener]:
    found = _parse(config, "listeners", config["listeners"])
    ensure_distinct_ports(found)
    return [listener for listener in found if listener.name not in _controller_names(config)]


def advertised_listeners(config: BrokerConfig) -> list[Listener]:
    if config["advertised.listeners"] is None:
        return config.listeners
    found = _parse(config, "advertised.listeners", config["advertised.listeners"])
    return [listener for listener in found if listener.name not in _controller_names(config)]


def _controller_names(config: BrokerConfig) -> set[str]:
    return {name.upper() for name in config["controller.listener.names"] or ()}


def _parse(config: BrokerConfig, key: str, items: list[str]) -> list[Listener]:
    try:
        protocols = parse_protocol_map(config["listener.security.protocol.map"])
        for name in _controller_names(config):
            protocols.setdefault(name, "PLAINTEXT")
        return parse_listeners(items, protocols)
    except ConfigError as error:
        place = config.place_of(key)
        raise ConfigError(f"{key}={','.join(items)}: {error}{f' ({place})' if place else ''}") from None
