"""Everything that is wrong with a property file, at once; loading it stops at the first error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from typing import Final, Literal, NamedTuple

from minikafka.config.broker import BrokerConfig
from minikafka.config.checks import problems
from minikafka.config.client import ClientConfig
from minikafka.config.keys import ConfigKey
from minikafka.config.listener_keys import listener_key
from minikafka.config.loading import read_entries, typed_value
from minikafka.config.settings import Setting
from minikafka.config.tables import admin_keys, broker_keys, consumer_keys, producer_keys
from minikafka.errors import ConfigError

FileKind = Literal["broker", "producer", "consumer", "admin"]
KINDS: Final = ("broker", "producer", "consumer", "admin")

_TABLES: Final = {
    "broker": broker_keys,
    "producer": producer_keys,
    "consumer": consumer_keys,
    "admin": admin_keys,
}


class Findings(NamedTuple):
    """Sentences: what keeps the file from being used, and what is worth knowing."""

    errors: list[str]
    remarks: list[str]


def kind_of(path: str | PathLike[str]) -> FileKind:
    """Whose file this is by its name: ``consumer.properties`` is a consumer's; a broker's where it says nothing."""
    name = fspath(path).replace("\\", "/").rpartition("/")[2].lower()
    return next((kind for kind in ("producer", "consumer", "admin") if kind in name), "broker")


def check_file(path: str | PathLike[str], kind: FileKind) -> Findings:
    """Read the file as this kind of program would.

    Raises ConfigError when it cannot be read, or is no property file.
    """
    entries = read_entries(path)
    errors = list(_wrong_values(entries, kind))
    remarks = list(_repeated(entries))
    usable = {name: setting for name, setting in entries if _fits(name, setting, kind)}
    if kind != "broker":
        return Findings(errors, remarks + ClientConfig(kind, usable).warnings)
    try:
        config = BrokerConfig(usable, is_checked=False)
    except ConfigError as error:  # about listeners
        return Findings([*errors, str(error)], remarks)
    return Findings(errors + list(problems(config)), remarks + config.warnings)


def _wrong_values(entries: Iterable[tuple[str, Setting]], kind: FileKind) -> Iterator[str]:
    for name, setting in entries:
        key = _key(name, kind)
        if key is not None:
            try:
                typed_value(name, key, setting)
            except ConfigError as error:
                yield str(error)


def _fits(name: str, setting: Setting, kind: FileKind) -> bool:
    return not list(_wrong_values([(name, setting)], kind))


def _repeated(entries: Iterable[tuple[str, Setting]]) -> Iterator[str]:
    seen: dict[str, Setting] = {}
    for name, setting in entries:
        if name in seen:
            yield f"{name} is set twice ({seen[name].place}, and {setting.place}): the last one counts."
        seen[name] = setting


def _key(name: str, kind: FileKind) -> ConfigKey | None:
    key = _TABLES[kind]().get(name)
    return listener_key(name) if key is None and kind == "broker" else key
