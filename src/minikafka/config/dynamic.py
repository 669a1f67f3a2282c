"""Checking changes to a broker's settings while it runs; the sentences are Kafka's (``DynamicBrokerConfig``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from minikafka.config.listener_keys import base_name
from minikafka.config.tables import broker_keys
from minikafka.config.values import InvalidValue
from minikafka.errors import INVALID_REQUEST, ApiError, ConfigError

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_ONLY_PER_LISTENER: Final = frozenset(
    {
        "ssl.key.password",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.type",
        "ssl.truststore.certificates",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.type",
    }
)
"""``SslConfigs.RECONFIGURABLE_CONFIGS``."""

_LIMITS_OF_LISTENERS: Final = frozenset({"max.connections", "max.connection.creation.rate", "num.network.threads"})
"""Keys of a listener that can be changed for all brokers at once."""


_THREAD_COUNTS: Final = (
    "background.threads",
    "num.io.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
)
_CLEANER_THREADS: Final = "log.cleaner.threads"


def validate_broker_changes(changes: Mapping[str, str], *, per_broker: bool) -> None:
    """Whether these settings can be made, for one broker or as the default of all.

    Unknown names pass, as in Kafka: plugins may know them. Raises ApiError with Kafka's sentence, and with
    INVALID_REQUEST, as Kafka answers for brokers where it answers INVALID_CONFIG for topics.
    """
    _refuse(
        "Cannot update these configs dynamically",
        (name for name in changes if _is_fixed(name)),
    )
    _refuse(
        "These security configs can be dynamically updated only per-listener using the listener prefix",
        (name for name in changes if name in _ONLY_PER_LISTENER),
        kind="HashSet",
    )
    for name, text in changes.items():
        key = broker_keys().get(base_name(name) or name)
        if key is None or not (key.is_declared or key.is_unlisted):
            continue
        try:
            key.parse(text)
        except InvalidValue as error:
            raise ApiError(INVALID_REQUEST, str(error)) from None
    if not per_broker:
        _refuse(
            "Cannot update these configs at default cluster level, broker id must be specified",
            (name for name in changes if _is_of_one_broker(name)),
        )


def validate_broker_update(current: BrokerConfig, settings: Mapping[str, str], *, per_broker: bool) -> None:
    """Whether these can be all settings made while it runs, for one broker or as the default of all.

    Raises ApiError(INVALID_REQUEST); where Kafka has a sentence for it, in Kafka's words.
    """
    validate_broker_changes(settings, per_broker=per_broker)
    try:
        if per_broker:
            changed = current.with_dynamic(current.dynamic_default, settings)
        else:
            changed = current.with_dynamic(settings, current.dynamic_broker)
    except ConfigError as error:
        raise ApiError(INVALID_REQUEST, str(error)) from None
    if changed.listeners != current.listeners:
        raise ApiError(
            INVALID_REQUEST,
            "listeners cannot be changed while the broker runs: set them in its property file, and start it again",
        )
    if changed["metric.reporters"] != current["metric.reporters"]:
        raise _invalid_update(
            "Validation of dynamic config update of Set(metric.reporters) failed with class class "
            "kafka.server.DynamicMetricsReporters"
        )
    validate_thread_counts(current, changed)


def validate_thread_counts(current: BrokerConfig, changed: BrokerConfig) -> None:
    """Whether the counts of threads change by no more than Kafka allows at a time, which is by half and by double.

    Raises ApiError(INVALID_REQUEST) with Kafka's sentence (``DynamicThreadPool``, ``LogCleaner``).
    """
    old, new = current[_CLEANER_THREADS], changed[_CLEANER_THREADS]
    if not old // 2 <= new <= old * 2:
        change = "reduced to less than half" if new < old else "increased to more than double"
        raise _invalid_update(f"Log cleaner threads cannot be {change} the current value {old}")
    for name in _THREAD_COUNTS:
        old, new = current[name], changed[name]
        if old // 2 <= new <= old * 2:
            continue
        too_many = f"not be greater than double the current value {old}"
        bound = too_many if new > old else f"be at least half the current value {old}"
        raise _invalid_update(f"Dynamic thread count update validation failed for {name}={new}, value should {bound}")


def _invalid_update(failure: str) -> ApiError:
    return ApiError(
        INVALID_REQUEST,
        f"Invalid value org.apache.kafka.common.config.ConfigException: {failure} "
        "for configuration Invalid dynamic configuration",
    )


def _is_fixed(name: str) -> bool:
    key = broker_keys().get(name)
    return key is not None and key.is_declared and not key.is_dynamic


def _is_of_one_broker(name: str) -> bool:
    base = base_name(name)
    if base is not None:
        return base not in _LIMITS_OF_LISTENERS
    key = broker_keys().get(name)
    return key is not None and key.update_mode == "per-broker"


def _refuse(sentence: str, names: Iterable[str], *, kind: str = "Set") -> None:
    """``kind``: how Scala calls the set of names that Kafka shows."""
    listed = ", ".join(names)
    if listed:
        raise ApiError(INVALID_REQUEST, f"{sentence}: {kind}({listed})")
