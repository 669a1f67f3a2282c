"""``BrokerConfig``: the settings of a broker, from a property file, ``--override`` pairs or a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from minikafka.config import checks, effective, legacy, notices
from minikafka.config.keys import ConfigKey
from minikafka.config.listener_keys import listener_key
from minikafka.config.listeners import Listener
from minikafka.config.loading import mapping_settings, read_settings, typed_value
from minikafka.config.log import LogConfig
from minikafka.config.settings import Setting
from minikafka.config.synonyms import broker_synonyms
from minikafka.config.tables import broker_keys
from minikafka.config.values import InvalidValue


class BrokerConfig:
    """Typed settings by Kafka's names: ``config["log.segment.bytes"]``.

    A key that was not set has its default. What several keys decide together has a property of its own
    (``log_retention_ms``, ``listeners``, ...). Immutable: ``with_dynamic`` gives a new one.
    """

    def __init__(
        self,
        settings: Mapping[str, Setting],
        *,
        dynamic_default: Mapping[str, str] | None = None,
        dynamic_broker: Mapping[str, str] | None = None,
        is_checked: bool = True,
    ) -> None:
        """Raises ConfigError: a value of the wrong type or out of range, or keys that contradict each other.

        ``load`` and ``from_mapping`` are the usual ways in; ``with_dynamic`` says what the next two are.
        ``is_checked``: whether contradictions are errors, or ``checks.problems`` is asked for them.
        """
        self.warnings: list[str] = []
        """Sentences to log at start-up: unknown keys, keys without effect on one node, old forms, the unreachable."""
        self.static = dict(settings)
        """What was given at start-up, as text."""
        self.dynamic_default = dict(dynamic_default or {})
        """What was changed for all brokers of the cluster while running, as text."""
        self.dynamic_broker = dict(dynamic_broker or {})
        """What was changed for this broker while running, as text; goes before all else."""
        self._values: dict[str, Any] = {}
        self._take_static()
        self._take_dynamic(self.dynamic_default)
        self._take_dynamic(self.dynamic_broker)
        effective.pin_to_one_node(self._values)
        self._listeners = effective.listeners(self)
        self._advertised_listeners = effective.advertised_listeners(self)
        self._log_config: LogConfig | None = None
        if is_checked:
            checks.check(self)
        self.warnings += notices.notices(self)

    @classmethod
    def load(
        cls, path: str | PathLike[str] | None = None, overrides: Mapping[str, str] | Iterable[tuple[str, str]] = ()
    ) -> BrokerConfig:
        """Read a property file (none: defaults only), then let ``overrides`` replace what it says.

        Raises ConfigError; its text names key, value, what is allowed, and the line of the file.
        """
        return cls(read_settings(path, overrides))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> BrokerConfig:
        """Settings as a program has them: values may be int, bool, float, a list, a dict, a path or text.

        Keys may be written with underscores (``log_segment_bytes``); a value of None leaves the key unset.
        Raises ConfigError.
        """
        return cls(mapping_settings(mapping, broker_keys()))

    def with_dynamic(self, cluster_default: Mapping[str, str], broker: Mapping[str, str]) -> BrokerConfig:
        """The same broker with settings that were changed while it runs, for all brokers and for this one.

        They were checked when they were made (``dynamic.validate_broker_changes``); a value that still cannot be used
        is left out with a warning, as in Kafka. Raises ConfigError when settings contradict each other.
        """
        return BrokerConfig(self.static, dynamic_default=cluster_default, dynamic_broker=broker)

    def __getitem__(self, name: str) -> Any:
        """The typed value of a key; KeyError when Kafka never had such a key."""
        values = self._values
        return values[name] if name in values else broker_keys()[name].default

    def __contains__(self, name: object) -> bool:
        """Whether the key was set, rather than left at its default."""
        return name in self.static or name in self.dynamic_default or name in self.dynamic_broker

    def for_listener(self, listener: str, name: str, *, mechanism: str | None = None) -> Any:
        """The value of a key for one listener, and one SASL mechanism if given.

        The most exact one that is set counts: ``listener.name.LISTENER.MECHANISM.KEY``, ``listener.name.LISTENER.KEY``,
        ``KEY``.
        """
        prefix = f"listener.name.{listener.lower()}."
        exact = [prefix + name]
        if mechanism is not None:
            exact.insert(0, f"{prefix}{mechanism.lower()}.{name}")
        return next((self._values[full] for full in exact if full in self._values), self[name])

    @property
    def originals(self) -> dict[str, str]:
        """The settings as they were given at start-up, unknown keys included."""
        return {name: setting.text for name, setting in self.static.items()}

    def place_of(self, name: str) -> str:
        """Where a key was set at start-up, for messages; empty when nowhere in particular."""
        setting = self.static.get(name)
        return setting.place if setting is not None else ""

    def log_config(self, overrides: Mapping[str, str] | None = None) -> LogConfig:
        """The settings of a topic with these settings of its own; without any, always the same object."""
        if self._log_config is None:
            self._log_config = LogConfig(defaults=effective.log_values(self))
        return LogConfig(overrides, defaults=self._log_config.values) if overrides else self._log_config

    @property
    def node_id(self) -> int:
        """``node.id``, else ``broker.id``."""
        value: int = self["node.id"]
        return value

    @property
    def log_dirs(self) -> list[str]:
        """``log.dirs``, else ``log.dir``; never empty."""
        dirs: list[str] = self["log.dirs"] or self["log.dir"]
        return dirs

    @property
    def metadata_log_dir(self) -> str:
        """The directory of ``__cluster_metadata-0``."""
        directory: str = self["metadata.log.dir"] or self.log_dirs[0]
        return directory

    @property
    def listeners(self) -> list[Listener]:
        """Where to listen for clients; those of the controller are ``controller_listeners``."""
        return self._listeners[0]

    @property
    def controller_listeners(self) -> list[Listener]:
        """Listeners named in ``controller.listener.names``: Kafka's tools reach the controller there."""
        return self._listeners[1]

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
        """``log.roll.ms``, else ``log.roll.hours``."""
        return effective.log_roll_ms(self)

    @property
    def log_roll_jitter_ms(self) -> int:
        """``log.roll.jitter.ms``, else ``log.roll.jitter.hours``."""
        return effective.log_roll_jitter_ms(self)

    @property
    def log_flush_interval_ms(self) -> int:
        """``log.flush.interval.ms``, else ``log.flush.scheduler.interval.ms``."""
        return effective.log_flush_interval_ms(self)

    @property
    def max_connections_per_ip_overrides(self) -> dict[str, int]:
        """Address or host name -> the most connections from there."""
        return effective.connection_overrides(self["max.connections.per.ip.overrides"])

    def _take_static(self) -> None:
        for name, setting in self.static.items():
            key = _key_of(name)
            if key is not None:
                self._values[name] = typed_value(name, key, setting)
        for name, value in legacy.replacements(self._values).items():
            self._values[name] = value

    def _take_dynamic(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            key = _key_of(name)
            if key is None:
                continue
            try:
                self._values[name] = key.parse(text)
                for synonym in broker_synonyms(name)[1:]:
                    # log.retention.hours of the file says nothing any more once log.retention.ms was changed.
                    self._values.pop(synonym, None)
            except InvalidValue as error:
                shown = "" if key.is_sensitive else f": {error}"
                self.warnings.append(f"the stored setting of {name} cannot be used and is left out{shown}")


def _key_of(name: str) -> ConfigKey | None:
    key = broker_keys().get(name)
    if key is None and name.startswith("listener.name."):
        return listener_key(name)
    return key
