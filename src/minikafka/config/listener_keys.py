"""Keys of one listener: ``listener.name.LISTENER.KEY``, ``listener.name.LISTENER.MECHANISM.KEY`` (KIP-103, KIP-226)."""

from __future__ import annotations

from minikafka.config.keys import ConfigKey
from minikafka.config.tables import broker_keys

_PREFIX = "listener.name."


def base_name(name: str) -> str | None:
    """The key a listener's key is about, e.g. ``sasl.jaas.config``; None when it is none of a broker's."""
    if not name.startswith(_PREFIX):
        return None
    _, _, rest = name[len(_PREFIX) :].partition(".")
    if rest in broker_keys():
        return rest
    _, _, behind_mechanism = rest.partition(".")
    return behind_mechanism if behind_mechanism in broker_keys() else None


def listener_key(name: str) -> ConfigKey | None:
    """What is known about a listener's key: what is known about the key behind the prefix."""
    base = base_name(name)
    return broker_keys()[base] if base is not None else None
