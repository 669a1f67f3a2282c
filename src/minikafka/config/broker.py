"""``BrokerConfig``: the settings of a broker, from a property file, ``--override`` pairs or a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any, Final, NamedTuple

from minikafka.config import effective
from minikafka.config.keys import ConfigKey
from minikafka.config.listeners import Listener
from minikafka.config.log import LogConfig
from minikafka.config.properties import parse_properties
from minikafka.config.tables import broker_keys
from minikafka.config.values import HIDDEN, InvalidValue, value_text
from minikafka.errors import ConfigError


class Setting(NamedTuple):
    """A value as it was given, and where: ``config/server.properties, line 7``, ``--override`` or nothing."""

    text: str
    place: str


class BrokerConfig:
    """Typed settings by Kafka's names: ``config["log.segment.bytes"]``.

    A key that was not set has its default. What several keys decide together has a property of its own
    (``log_retention_ms``, ``listeners``, ...). Immutable: a change gives a new one.
    """

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        """Raises ConfigError: a value of the wrong type or out of range, or keys that contradict each other."""
        self.warnings: list[str] = []
        """Sentences to log at start-up: unknown keys, keys without effect on one node, old forms."""
        self._settings = dict(settings)
        self._values: dict[str, Any] = {}
        for name, setting in self._settings.items():
            self._take(name, setting)
        self._listeners = effective.listeners(self)
        self._advertised_listeners = effective.advertised_listeners(self)
        self._log_config: LogConfig | None = None

    @classmethod
    def load(
        cls, path: str | PathLike[str] | None = None, overrides: Mapping[str, str] | Iterable[tuple[str, str]] = ()
    ) -> BrokerConfig:
        """Read a property file (none: defaults only), then let ``overrides`` replace what it says.

        Raises ConfigError; its text names key, value, what is allowed, and the line of the file.
        """
        settings: dict[str, Setting] = {}
        if path is not None:
            source = fspath(path)
            for entry in parse_properties(_read(source), source):
                settings[entry.key] = Setting(entry.value, f"{source}, line {entry.line}")
        for name, value in dict(overrides).items():
            settings[name] = Setting(value, "--override")
        return cls(settings)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> BrokerConfig:
        """Settings as a program has them: values may be int, bool, float, a list, a dict, a path or text.

        Keys may be written with underscores (``log_segment_bytes``); a value of None leaves the key unset.
        """
        return cls(
            {key_name(name): Setting(setting_text(value), "") for name, value in mapping.items() if value is not None}
        )

    def __getitem__(self, name: str) -> Any:
        """The typed value of a key; KeyError when Kafka never had such a key."""
        values = self._values
        return values[name] if name in values else broker_keys()[name].default

    def __contains__(self, name: object) -> bool:
        """Whether the key was set, rather than left at its default."""
        return name in self._settings

    @property
    def originals(self) -> dict[str, str]:
        """The settings as they were given, unknown keys included."""
        return {name: setting.text for name, setting in self._settings.items()}

    def place_of(self, name: str) -> str:
        """Where a key was set, for messages; empty when nowhere in particular."""
        setting = self._settings.get(name)
        return setting.place if setting is not None else ""

    def log_config(self, overrides: Mapping[str, str] | None = None) -> LogConfig:
        """The settings of a topic with these settings of its own; without any, always the same object."""
        if self._log_config is None:
            self._log_config = LogConfig(effective.log_values(self))
        return LogConfig(overrides, defaults=self._log_config.values) if overrides else self._log_config

    @property
    def node_id(self) -> int:
        return effective.node_id(self)

    @property
    def log_dirs(self) -> list[str]:
        """``log.dirs``, else ``log.dir``; never empty."""
        return effective.log_dirs(self)

    @property
    def listeners(self) -> list[Listener]:
        """Where to listen, controller listeners left out."""
        return self._listeners

    @property
    def advertised_listeners(self) -> list[Listener]:
        """What clients are told; without ``advertised.listeners`` the same as ``listeners``."""
        return self._advertised_listeners

    @property
    def log_retention_ms(self) -> int:
        """``log.retention.ms``, else ``.minutes``, else ``.hours``; -1 is unlimited."""
        return effective.log_retention_ms(self)

    @property
    def log_roll_ms(self) -> int:
        return effective.log_roll_ms(self)

    @property
    def log_roll_jitter_ms(self) -> int:
        return effective.log_roll_jitter_ms(self)

    @property
    def log_flush_interval_ms(self) -> int:
        """``log.flush.interval.ms``, else ``log.flush.scheduler.interval.ms``."""
        return effective.log_flush_interval_ms(self)

    def _take(self, name: str, setting: Setting) -> None:
        key = broker_keys().get(name)
        if key is None:
            self.warnings.append(f"{name} is not a setting of a broker; it is ignored{_at(setting.place)}")
            return
        try:
            self._values[name] = key.parse(setting.text)
        except InvalidValue as error:
            raise ConfigError(_refusal(key, setting, error)) from None


def key_name(option: str) -> str:
    """Kafka's name of a key that may be written as a Python keyword: ``log_segment_bytes`` -> ``log.segment.bytes``."""
    return option if "." in option or option in broker_keys() else option.replace("_", ".")


def setting_text(value: object) -> str:
    """A Python value as a property file would say it; a dict gives ``key:value`` pairs."""
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    return str(value_text(value))


def _read(path: str) -> str:
    try:
        with open(path, encoding="latin-1") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"the configuration {path} cannot be read: {error.strerror}") from error


_TYPE_WORDS: Final = {
    "boolean": "true or false",
    "short": "a 16-bit integer",
    "int": "a 32-bit integer",
    "long": "a 64-bit integer",
    "double": "a number",
    "list": "a comma-separated list",
}


def _refusal(key: ConfigKey, setting: Setting, error: InvalidValue) -> str:
    shown = HIDDEN if key.is_sensitive else setting.text
    allowed = _TYPE_WORDS.get(key.type, "text")
    if key.condition is not None and key.condition.text:
        allowed = f"{allowed}, {key.condition.text}"
    return f"{key.name}={shown}: {error.reason}. It takes {allowed}{_at(setting.place)}"


def _at(place: str) -> str:
    return f" ({place})" if place else ""
