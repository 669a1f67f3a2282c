"""Everything that is wrong with a property file, at once; loading it stops at the first error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from typing import Final, Literal

from minikafka.config.broker import BrokerConfig
from minikafka.config.checks import problems
from minikafka.config.client import ClientConfig
from minikafka.config.keys import ConfigKey
from minikafka.config.listener_keys import listener_key
from minikafka.config.loading import read_entries, typed_value
from minikafka.config.settings import Setting, at
from minikafka.config.tables import (
    admin_keys,
    broker_keys,
    connector_keys,
    consumer_keys,
    producer_keys,
    worker_keys,
)
from minikafka.errors import ConfigError
from minikafka.named_tuple import NamedTuple

FileKind = Literal["broker", "producer", "consumer", "admin", "worker", "connector"]
KINDS: Final = ("broker", "producer", "consumer", "admin", "worker", "connector")

_TABLES: Final = {
    "broker": broker_keys,
    "producer": producer_keys,
    "consumer": consumer_keys,
    "admin": admin_keys,
    "worker": worker_keys,
    "connector": connector_keys,
}
_NAMED: Final[dict[str, FileKind]] = {
    "connect-standalone": "worker",
    "connect-distributed": "worker",
    "source": "connector",
    "sink": "connector",
    "producer": "producer",
    "consumer": "consumer",
    "admin": "admin",
}
"""What is in the name of a file -> whose it is."""

_PREFIXES_OF_WORKERS: Final = (
    *("producer.", "consumer.", "admin.", "key.converter.", "value.converter.", "header.converter."),
    *("config.providers.", "listeners.https.", "admin.listeners.https.", "rest.extension.", "metrics.context."),
)
"""Settings that a worker hands on."""


class Findings(NamedTuple):
    """Sentences: what keeps the file from being used, and what is worth knowing."""

    errors: list[str]
    remarks: list[str]


def kind_of(path: str | PathLike[str]) -> FileKind:
    """Whose file this is by its name: ``consumer.properties`` is a consumer's; a broker's where it says nothing."""
    name = fspath(path).replace("\\", "/").rpartition("/")[2].lower()
    return next((kind for part, kind in _NAMED.items() if part in name), "broker")


def check_file(path: str | PathLike[str], kind: FileKind) -> Findings:
    """Read the file as this kind of program would.

    Raises ConfigError when it cannot be read, or is no property file.
    """
    entries = read_entries(path)
    errors = list(_wrong_values(entries, kind))
    remarks = list(_repeated(entries))
    usable = {name: setting for name, setting in entries if _fits(name, setting, kind)}
    if kind in ("producer", "consumer", "admin"):
        return Findings(errors, remarks + ClientConfig(kind, usable).warnings)
    if kind == "worker":
        return Findings(errors, remarks + list(_unknown_of_worker(usable)))
    if kind == "connector":  # Which names are its own only its class knows.
        return Findings(errors, remarks)
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


def _unknown_of_worker(settings: Mapping[str, Setting]) -> Iterator[str]:
    for name, setting in settings.items():
        if name not in worker_keys() and not name.startswith(_PREFIXES_OF_WORKERS):
            yield f"{name}{at(setting.place)} is not a setting of a Connect worker and is ignored."


def _key(name: str, kind: FileKind) -> ConfigKey | None:
    key = _TABLES[kind]().get(name)
    return listener_key(name) if key is None and kind == "broker" else key
