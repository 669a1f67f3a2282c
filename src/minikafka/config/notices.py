"""What a broker says at start-up about its settings: the unknown, the ineffective, the old, and the out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from minikafka.config.legacy import new_names
from minikafka.config.listener_keys import listener_key
from minikafka.config.settings import at
from minikafka.config.tables import broker_keys

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig

_PLUGIN_PREFIXES: Final = {"config.providers.": "java-class", "rlmm.config.": "remote", "rsm.config.": "remote"}
"""Settings handed on to plugins: any name behind these is possible."""

_OLD_ADDRESSES: Final = {
    "advertised.host.name": "advertised.listeners",
    "advertised.port": "advertised.listeners",
    "host.name": "listeners",
    "port": "listeners",
}

_SILENT_AT_DEFAULT: Final = frozenset({"always", "combined", "internal-topics"})
"""Reasons that are no news when the key is set to what is the case anyway."""


def is_known(name: str) -> bool:
    """Whether a broker can have a setting of this name: its own, one of a listener, or one handed on to a plugin."""
    return name in broker_keys() or listener_key(name) is not None or name.startswith(tuple(_PLUGIN_PREFIXES))


def notices(config: BrokerConfig) -> list[str]:
    """Sentences, in the order of the settings; keys without effect are gathered by their reason."""
    sentences: list[str] = []
    ineffective: dict[str, list[str]] = {}
    for name, setting in config.static.items():
        reason = _no_effect(config, name)
        if reason is not None:
            ineffective.setdefault(reason, []).append(name)
        elif not is_known(name):
            sentences.append(f"{name}{at(setting.place)} is not a setting of a broker and is ignored{_hint(name)}")
    return sentences + _old_names(config) + _ineffective(ineffective) + _out_of_reach(config)


def _no_effect(config: BrokerConfig, name: str) -> str | None:
    key = broker_keys().get(name)
    if key is None:
        return next((reason for prefix, reason in _PLUGIN_PREFIXES.items() if name.startswith(prefix)), None)
    if key.no_effect in _SILENT_AT_DEFAULT and config.static[name].text.strip() == (key.default_text or ""):
        return None
    return key.no_effect


def _ineffective(names_by_reason: dict[str, list[str]]) -> list[str]:
    if not names_by_reason:
        return []
    from minikafka.config.reasons import REASONS, no_effect

    return [
        f"{no_effect(reason)}: {', '.join(names)} ({REASONS[reason]})." for reason, names in names_by_reason.items()
    ]


def _old_names(config: BrokerConfig) -> list[str]:
    sentences = [
        f"{name}{at(config.place_of(name))} is an old name: use {' and '.join(new_names(name))}."
        for name in config.static
        if new_names(name)
    ]
    for name, new in _OLD_ADDRESSES.items():
        if name in config:
            use = f"it is ignored, because {new} is set" if new in config else f"use {new}"
            sentences.append(f"{name}{at(config.place_of(name))} is the form of Kafka 0.8: {use}.")
    return sentences


def _out_of_reach(config: BrokerConfig) -> list[str]:
    sentences = []
    if config["default.replication.factor"] > 1:
        sentences.append(
            f"default.replication.factor={config['default.replication.factor']}"
            f"{at(config.place_of('default.replication.factor'))} is more than one node has: "
            "topics that leave it to the broker cannot be created. Set it to 1."
        )
    if config["min.insync.replicas"] > 1:
        sentences.append(
            f"min.insync.replicas={config['min.insync.replicas']}{at(config.place_of('min.insync.replicas'))} "
            "is more than one node has: producers with acks=all will get NOT_ENOUGH_REPLICAS. Set it to 1."
        )
    return sentences


def _hint(name: str) -> str:
    # Only a mistyped file pays for the other tables and for difflib.
    from minikafka.config.suggestions import hint

    return hint(name)
