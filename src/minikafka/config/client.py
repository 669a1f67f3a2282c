"""``ClientConfig``: ``producer.properties``, ``consumer.properties`` and an admin client's file, typed and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, Final, Literal

from minikafka.config.loading import mapping_settings, read_settings, typed_value
from minikafka.config.settings import Setting, at
from minikafka.config.tables import admin_keys, consumer_keys, producer_keys

Kind = Literal["producer", "consumer", "admin"]

_TABLES: Final = {"producer": producer_keys, "consumer": consumer_keys, "admin": admin_keys}


class ClientConfig:
    """Typed settings of a client by Kafka's names: ``config["fetch.min.bytes"]``; an unset key has its default."""

    def __init__(self, kind: Kind, settings: Mapping[str, Setting]) -> None:
        """Raises ConfigError: a value of the wrong type or out of range."""
        self._keys = _TABLES[kind]()
        self._settings = dict(settings)
        self._values = {
            name: typed_value(name, self._keys[name], setting)
            for name, setting in settings.items()
            if name in self._keys
        }
        self.warnings = [
            f"{name}{at(setting.place)} is not a setting of {_WITH_ARTICLE[kind]} and is ignored."
            for name, setting in settings.items()
            if name not in self._keys
        ]
        """Sentences about names no client of this kind knows."""

    @classmethod
    def load(
        cls,
        kind: Kind,
        path: str | PathLike[str] | None = None,
        overrides: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> ClientConfig:
        """Read a property file (none: defaults only), and let ``overrides`` replace what it says.

        Raises ConfigError.
        """
        return cls(kind, read_settings(path, overrides))

    @classmethod
    def from_mapping(cls, kind: Kind, mapping: Mapping[str, object]) -> ClientConfig:
        """Settings as a program has them, see ``BrokerConfig.from_mapping``. Raises ConfigError."""
        return cls(kind, mapping_settings(mapping, _TABLES[kind]()))

    def __getitem__(self, name: str) -> Any:
        """The typed value of a key; KeyError when no client of this kind ever had such a key."""
        return self._values[name] if name in self._values else self._keys[name].default

    def __contains__(self, name: object) -> bool:
        """Whether the key was set, rather than left at its default."""
        return name in self._settings

    @property
    def originals(self) -> dict[str, str]:
        """The settings as they were given, unknown ones included."""
        return {name: setting.text for name, setting in self._settings.items()}


_WITH_ARTICLE: Final = {"producer": "a producer", "consumer": "a consumer", "admin": "an admin client"}
