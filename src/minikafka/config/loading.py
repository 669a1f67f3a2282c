"""From property files and mappings to settings, and from settings to typed values, with errors people can act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any, Final

from minikafka.config.keys import ConfigKey
from minikafka.config.properties import parse_properties
from minikafka.config.settings import Setting, at, setting_text
from minikafka.config.values import HIDDEN, InvalidValue
from minikafka.errors import ConfigError

_TYPE_WORDS: Final = {
    "boolean": "true or false",
    "short": "a 16-bit integer",
    "int": "a 32-bit integer",
    "long": "a 64-bit integer",
    "double": "a number",
    "list": "a comma-separated list",
}


def read_settings(
    path: str | PathLike[str] | None, overrides: Mapping[str, str] | Iterable[tuple[str, str]]
) -> dict[str, Setting]:
    """The settings of a property file (none: no file), with ``overrides`` in place of what it says.

    Raises ConfigError when the file cannot be read or is no property file.
    """
    settings = dict(read_entries(path)) if path is not None else {}
    for name, value in dict(overrides).items():
        settings[name] = Setting(value, "--override")
    return settings


def read_entries(path: str | PathLike[str]) -> list[tuple[str, Setting]]:
    """The entries of a property file in their order, repeated ones included.

    Raises ConfigError when the file cannot be read or is no property file.
    """
    source = fspath(path)
    return [
        (name, Setting(value, f"{source}, line {line}"))
        for name, value, line in parse_properties(_read(source), source)
    ]


def mapping_settings(mapping: Mapping[str, object], known: Iterable[str]) -> dict[str, Setting]:
    """Settings as a program has them; a name may have underscores for dots, a value of None is no setting."""
    return {
        name if "." in name or name in known else name.replace("_", "."): Setting(
            setting_text(value), getattr(value, "place", "")
        )
        for name, value in mapping.items()
        if value is not None
    }


def typed_value(name: str, key: ConfigKey, setting: Setting) -> Any:
    """The value of a setting. Raises ConfigError that says what the key takes, and where the setting stands."""
    try:
        return key.parse(setting.text)
    except InvalidValue as error:
        shown = HIDDEN if key.is_sensitive else setting.text
        reason = error.reason.rstrip(".")
        raise ConfigError(f"{name}={shown}{at(setting.place)}: {reason}. It takes {_allowed(key)}.") from None


def _allowed(key: ConfigKey) -> str:
    words = _TYPE_WORDS.get(key.type, "text")
    return f"{words}, {key.condition.text}" if key.condition is not None and key.condition.text else words


def _read(path: str) -> str:
    try:
        # Java reads property files as ISO 8859-1; what lies beyond it is written as \uXXXX.
        with open(path, encoding="latin-1", newline="") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"the configuration {path} cannot be read: {error.strerror}") from error
