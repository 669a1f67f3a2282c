"""What DescribeConfigs tells about a topic, a broker, a group: value, source, synonyms, type, documentation.

Source: ``ConfigHelper`` and ``ConfigHelperUtils``. A value can be set at several places; the list of synonyms has them
in the order in which they count, and the first one is the source of the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from minikafka.config.broker import BrokerConfig
from minikafka.config.client_metrics import client_metrics_config
from minikafka.config.group import group_config
from minikafka.config.keys import ConfigKey
from minikafka.config.listener_keys import base_name, listener_key
from minikafka.config.reasons import REASONS, no_effect
from minikafka.config.synonyms import BROKER_KEY_OF_TOPIC_KEY, broker_synonyms
from minikafka.config.tables import broker_keys, client_metrics_keys, group_keys, topic_keys
from minikafka.config.values import value_text

TOPIC_CONFIG: Final = 1
DYNAMIC_BROKER_CONFIG: Final = 2
DYNAMIC_DEFAULT_BROKER_CONFIG: Final = 3
STATIC_BROKER_CONFIG: Final = 4
DEFAULT_CONFIG: Final = 5
DYNAMIC_BROKER_LOGGER_CONFIG: Final = 6
CLIENT_METRICS_CONFIG: Final = 7
GROUP_CONFIG: Final = 8

_UNKNOWN_TYPE: Final = 0

_Texts = Callable[[str], "str | None"]


class Synonym:
    """One place a value comes from. ``value`` is None for passwords."""

    __slots__ = ("name", "source", "value")

    def __init__(self, name: str, value: str | None, source: int) -> None:
        self.name = name
        self.value = value
        self.source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Synonym) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"<Synonym {self.name}={self.value} from {self.source}>"


class DescribedConfig:
    """One setting as DescribeConfigs shows it. ``source`` and ``type_code`` are the numbers of the protocol."""

    __slots__ = ("_key", "is_sensitive", "name", "read_only", "source", "synonyms", "type_code", "value")

    def __init__(
        self, name: str, key: ConfigKey | None, value: str | None, synonyms: list[Synonym], *, read_only: bool
    ) -> None:
        self.name = name
        self._key = key
        # Kafka takes what it does not know for a secret (KafkaConfig.maybeSensitive).
        self.is_sensitive = key is None or key.is_sensitive
        self.value = None if self.is_sensitive else value
        self.synonyms = synonyms
        self.source = synonyms[0].source if synonyms else DEFAULT_CONFIG
        self.read_only = read_only
        self.type_code = key.type_code if key is not None else _UNKNOWN_TYPE

    @property
    def documentation(self) -> str | None:
        """What the key means, and why it has no effect if so; None for keys of a listener and unknown ones."""
        return documentation_of(self._key) if self._key is not None and self._key.name == self.name else None

    def __repr__(self) -> str:
        return f"<DescribedConfig {self.name}={self.value} from {self.source}>"


def documentation_of(key: ConfigKey) -> str:
    """The documentation of a key, with the reason when it has no effect."""
    if key.no_effect is None:
        return key.documentation
    return f"{key.documentation} {no_effect(key.no_effect)}: {REASONS[key.no_effect]}.".strip()


def describe_topic(config: BrokerConfig, overrides: Mapping[str, str]) -> Iterator[DescribedConfig]:
    """The settings of a topic with these settings of its own, by name."""
    values = config.log_config(overrides).values
    for name in sorted(values):
        key = topic_keys()[name]
        if key.is_internal and name not in overrides:
            continue
        value = value_text(values[name])
        broker_name = BROKER_KEY_OF_TOPIC_KEY.get(name)
        synonyms = _broker_synonyms(config, broker_name, broker_keys()[broker_name]) if broker_name else []
        if name in overrides:
            synonyms.insert(0, Synonym(name, value, TOPIC_CONFIG))
        yield DescribedConfig(name, key, value, synonyms, read_only=False)


def describe_broker(config: BrokerConfig) -> Iterator[DescribedConfig]:
    """All settings of this broker, by name; what was set and is unknown to Kafka 4.2 too, as unknown."""
    names = {key.name for key in broker_keys().values() if key.is_declared and not key.is_internal}
    names |= {*config.static, *config.dynamic_default, *config.dynamic_broker}
    if "node.id" in config or "broker.id" in config:
        names |= {"node.id", "broker.id"}
    for name in sorted(names):
        key = _declared(name)
        value = value_text(_broker_value(config, name)) if key is not None else None
        yield DescribedConfig(name, key, value, _broker_synonyms(config, name, key), read_only=not _is_dynamic(name))


def describe_broker_defaults(config: BrokerConfig) -> Iterator[DescribedConfig]:
    """What was changed for all brokers of the cluster (the broker resource with an empty name), by name."""
    for name in sorted(config.dynamic_default):
        key = _declared(name)
        synonyms = [
            synonym
            for synonym in _broker_synonyms(config, name, key)
            if synonym.source == DYNAMIC_DEFAULT_BROKER_CONFIG
        ]
        yield DescribedConfig(name, key, config.dynamic_default[name], synonyms, read_only=not _is_dynamic(name))


def describe_group(config: BrokerConfig, overrides: Mapping[str, str]) -> Iterator[DescribedConfig]:
    """The settings of a group with these settings of its own, by name."""
    for name, typed in sorted(group_config(config, overrides).items()):
        value = value_text(typed)
        source = GROUP_CONFIG if name in overrides else DEFAULT_CONFIG
        yield DescribedConfig(name, group_keys()[name], value, [Synonym(name, value, source)], read_only=False)


def describe_client_metrics(overrides: Mapping[str, str]) -> Iterator[DescribedConfig]:
    """The settings of a subscription to client metrics with these settings of its own, by name."""
    for name, typed in sorted(client_metrics_config(overrides).items()):
        value = value_text(typed)
        synonyms = [Synonym(name, value, CLIENT_METRICS_CONFIG)] if name in overrides else []
        yield DescribedConfig(name, client_metrics_keys()[name], value, synonyms, read_only=False)


def _declared(name: str) -> ConfigKey | None:
    key = broker_keys().get(name) or listener_key(name)
    return key if key is not None and key.is_declared else None


def _is_dynamic(name: str) -> bool:
    key = broker_keys().get(name)
    return key is not None and key.is_dynamic


def _broker_value(config: BrokerConfig, name: str) -> object:
    if name in broker_keys():
        return config[name]
    layers = (config.dynamic_broker, config.dynamic_default, config.originals)
    return next((layer[name] for layer in layers if name in layer), None)


def _broker_synonyms(config: BrokerConfig, name: str, key: ConfigKey | None) -> list[Synonym]:
    """Where the value of a broker's key comes from, most important first (``ConfigHelper.configSynonyms``)."""
    base = base_name(name)
    names = (name, base) if base is not None else broker_synonyms(name)
    is_sensitive = key is None or key.is_sensitive
    found = [
        Synonym(each, None if is_sensitive else text, source)
        for texts, source in _layers(config)
        for each in names
        if (text := texts(each)) is not None
    ]
    # What stands before the first mention of the name itself belongs to another of the names.
    while found and found[0].name != name:
        del found[0]
    return found


def _layers(config: BrokerConfig) -> tuple[tuple[_Texts, int], ...]:
    return (
        (config.dynamic_broker.get, DYNAMIC_BROKER_CONFIG),
        (config.dynamic_default.get, DYNAMIC_DEFAULT_BROKER_CONFIG),
        (lambda name: _static_text(config, name), STATIC_BROKER_CONFIG),
        (_default_text, DEFAULT_CONFIG),
    )


def _static_text(config: BrokerConfig, name: str) -> str | None:
    # Kafka copies node.id to broker.id and back before anything else (KafkaConfig.populateSynonyms).
    twin = {"node.id": "broker.id", "broker.id": "node.id"}.get(name)
    setting = config.static.get(name) or (config.static.get(twin) if twin is not None else None)
    return setting.text if setting is not None else None


def _default_text(name: str) -> str | None:
    key = broker_keys().get(name)
    return key.default_text if key is not None and key.is_declared else None
