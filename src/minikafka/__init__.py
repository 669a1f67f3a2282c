"""A Kafka broker you can pip install.

``minikafka.Broker`` runs one inside your program; ``minikafka-server`` runs one on its own.
Names are imported on first use (PEP 562), so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from minikafka.broker import Broker
    from minikafka.errors import ApiError, ConfigError, MinikafkaError, ProtocolError, StorageError

_HOMES = {
    "Broker": "minikafka.broker",
    "ApiError": "minikafka.errors",
    "ConfigError": "minikafka.errors",
    "MinikafkaError": "minikafka.errors",
    "ProtocolError": "minikafka.errors",
    "StorageError": "minikafka.errors",
}

__all__ = [
    "ApiError",
    "Broker",
    "ConfigError",
    "MinikafkaError",
    "ProtocolError",
    "StorageError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
