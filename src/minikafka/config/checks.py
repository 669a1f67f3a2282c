"""What settings have to fulfil together; Kafka makes the same checks in ``KafkaConfig.validateValues``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from minikafka.config import effective
from minikafka.config.settings import at
from minikafka.errors import ConfigError

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_NOT_ABOVE: Final = (
    ("group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"),
    ("group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"),
    ("group.consumer.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"),
    ("group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"),
    ("group.consumer.min.session.timeout.ms", "group.consumer.session.timeout.ms"),
    ("group.consumer.session.timeout.ms", "group.consumer.max.session.timeout.ms"),
    ("group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"),
    ("group.share.min.heartbeat.interval.ms", "group.share.heartbeat.interval.ms"),
    ("group.share.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"),
    ("group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"),
    ("group.share.min.session.timeout.ms", "group.share.session.timeout.ms"),
    ("group.share.session.timeout.ms", "group.share.max.session.timeout.ms"),
    ("group.share.min.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"),
    ("group.share.min.record.lock.duration.ms", "group.share.record.lock.duration.ms"),
    ("group.share.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"),
    ("group.share.max.size", "group.share.max.share.sessions"),
    ("group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"),
    ("group.streams.min.heartbeat.interval.ms", "group.streams.heartbeat.interval.ms"),
    ("group.streams.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"),
    ("group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"),
    ("group.streams.min.session.timeout.ms", "group.streams.session.timeout.ms"),
    ("group.streams.session.timeout.ms", "group.streams.max.session.timeout.ms"),
    ("group.streams.num.standby.replicas", "group.streams.max.standby.replicas"),
    ("replica.fetch.wait.max.ms", "replica.socket.timeout.ms"),
    ("replica.fetch.wait.max.ms", "replica.lag.time.max.ms"),
)
"""The value of the first key must not be above that of the second."""

_BELOW: Final = (
    ("group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms"),
    ("group.share.heartbeat.interval.ms", "group.share.session.timeout.ms"),
    ("group.streams.heartbeat.interval.ms", "group.streams.session.timeout.ms"),
)
"""The value of the first key must be below that of the second."""

_COMPRESSION_IDS: Final = range(5)
_MAX_UPDATES_PER_SNAPSHOT: Final = 500


def check(config: BrokerConfig) -> None:
    """Raises ConfigError: the keys, their values, and what has to hold; the first of the problems."""
    for problem in problems(config):
        raise ConfigError(problem)


def problems(config: BrokerConfig) -> Iterator[str]:
    """Sentences: the keys, their values, and what has to hold and does not."""
    yield from _check_ids(config)
    yield from _check_order(config)
    yield from _check_log(config)
    yield from _check_listeners(config)
    yield from _check_connections(config)
    for key in ("offsets.topic.compression.codec", "share.coordinator.state.topic.compression.codec"):
        yield from _require(
            config[key] in _COMPRESSION_IDS, config, "0 none, 1 gzip, 2 snappy, 3 lz4 and 4 zstd are known", key
        )
    key = "share.coordinator.snapshot.update.records.per.snapshot"
    yield from _require(
        config[key] <= _MAX_UPDATES_PER_SNAPSHOT, config, f"must not be above {_MAX_UPDATES_PER_SNAPSHOT}", key
    )
    yield from _require(
        "classic" in config["group.coordinator.rebalance.protocols"],
        config,
        "classic has to be among them",
        "group.coordinator.rebalance.protocols",
    )
    yield from _require(
        len(config["group.share.assignors"]) == 1, config, "there has to be exactly one", "group.share.assignors"
    )


def _check_ids(config: BrokerConfig) -> Iterator[str]:
    if "broker.id" not in config:
        return
    if config["broker.id"] < -1:
        yield from _require(False, config, "it is a number of 0 or more (-1: node.id tells)", "broker.id")
    elif config["broker.id"] >= 0:
        yield from _require(
            config["node.id"] == config["broker.id"], config, "the two have to be the same", "node.id", "broker.id"
        )


def _check_order(config: BrokerConfig) -> Iterator[str]:
    for low, high in _NOT_ABOVE:
        if low in config or high in config:
            yield from _require(
                config[low] <= config[high], config, "the first must not be above the second", low, high
            )
    for low, high in _BELOW:
        if low in config or high in config:
            yield from _require(config[low] < config[high], config, "the first must be below the second", low, high)


def _check_log(config: BrokerConfig) -> Iterator[str]:
    yield from _require(config.log_roll_ms >= 1, config, "must be at least 1", "log.roll.ms")
    yield from _require(config.log_roll_jitter_ms >= 0, config, "must be at least 0", "log.roll.jitter.ms")
    yield from _require(
        config.log_retention_ms != 0,
        config,
        "must be at least 1, or -1 for no limit",
        next(key for key in ("log.retention.ms", "log.retention.minutes", "log.retention.hours") if config[key] == 0)
        if config.log_retention_ms == 0
        else "log.retention.ms",
    )
    # KafkaConfig divides the buffer among the threads; without threads nothing is compacted and it does not matter.
    threads = max(config["log.cleaner.threads"], 1)
    yield from _require(
        config["log.cleaner.dedupe.buffer.size"] // threads > 1024 * 1024,
        config,
        "there must be more than 1048576 bytes for each cleaner thread",
        "log.cleaner.dedupe.buffer.size",
        "log.cleaner.threads",
    )


def _check_listeners(config: BrokerConfig) -> Iterator[str]:
    names = {listener.name for listener in config.listeners}
    yield from _require(bool(names), config, "at least one listener has to be for clients", "listeners")
    advertised = config.advertised_listeners
    yield from _require(bool(advertised), config, "at least one listener has to be advertised", "advertised.listeners")
    key = "advertised.listeners"
    if advertised is config.listeners:
        # An address like 0.0.0.0 is fine here: each client is then told the address it came by.
        return
    for listener in advertised:
        yield from _require(
            listener.name in names, config, f"{listener.name} is not among listeners: {', '.join(sorted(names))}", key
        )
        yield from _require(
            listener.host != "0.0.0.0",
            config,
            "no client can connect to 0.0.0.0; give the address or name clients reach this machine by",
            key,
        )
    if "inter.broker.listener.name" in config:
        name = config["inter.broker.listener.name"].upper()
        yield from _require(
            name in {listener.name for listener in advertised},
            config,
            f"it has to be an advertised listener: {', '.join(listener.name for listener in advertised)}",
            "inter.broker.listener.name",
        )


def _check_connections(config: BrokerConfig) -> Iterator[str]:
    key = "max.connections.per.ip.overrides"
    try:
        overrides = effective.connection_overrides(config[key])
    except ConfigError as error:
        yield f"{key}={config[key]}{at(config.place_of(key))}: {error}"
        return
    yield from _require(
        config["max.connections.per.ip"] > 0 or bool(overrides),
        config,
        "0 is possible only with max.connections.per.ip.overrides",
        "max.connections.per.ip",
    )
    yield from _require(
        config["queued.max.request.bytes"] <= 0
        or config["queued.max.request.bytes"] >= config["socket.request.max.bytes"],
        config,
        "the first must not be below the second, or a request of that size could never be read",
        "queued.max.request.bytes",
        "socket.request.max.bytes",
    )
    yield from _require(
        config["connections.max.idle.ms"] < 0
        or config["connection.failed.authentication.delay.ms"] < config["connections.max.idle.ms"],
        config,
        "the first must be below the second, or a failed login would never be answered",
        "connection.failed.authentication.delay.ms",
        "connections.max.idle.ms",
    )


def _require(holds: bool, config: BrokerConfig, rule: str, *keys: str) -> Iterator[str]:
    if not holds:
        shown = " and ".join(f"{key}={_text(config, key)}{at(config.place_of(key))}" for key in keys)
        yield f"{shown}: {rule}."


def _text(config: BrokerConfig, key: str) -> str:
    from minikafka.config.values import value_text

    return str(value_text(config[key]))
