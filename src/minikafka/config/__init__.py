"""Configuration: every key Kafka has or had, its value on this node, and what the value means.

One table (``tables/``) is the source of names, types, defaults, ranges, update modes and documentation; loading,
``DescribeConfigs``, ``minikafka config`` and ``docs/configuration.md`` all read it. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikafka.config.broker import BrokerConfig
    from minikafka.config.client import ClientConfig
    from minikafka.config.listeners import Listener
    from minikafka.config.log import LogConfig
    from minikafka.config.topic import validate_topic_config, validate_topic_configs

_HOMES = {
    "BrokerConfig": "minikafka.config.broker",
    "ClientConfig": "minikafka.config.client",
    "Listener": "minikafka.config.listeners",
    "LogConfig": "minikafka.config.log",
    "validate_topic_config": "minikafka.config.topic",
    "validate_topic_configs": "minikafka.config.topic",
}

__all__ = ["BrokerConfig", "ClientConfig", "Listener", "LogConfig", "validate_topic_config", "validate_topic_configs"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
