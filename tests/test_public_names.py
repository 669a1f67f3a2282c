"""What ``import minikafka`` promises: these names, each found when it is first used, and nothing loaded before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import minikafka

PUBLIC_NAMES = [
    "ApiError",
    "Broker",
    "ConfigError",
    "MinikafkaError",
    "ProtocolError",
    "StorageError",
    "__version__",
]


def test_the_public_names() -> None:
    assert sorted(minikafka.__all__) == PUBLIC_NAMES


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(minikafka, name) is not None


def test_another_name_is_missed_by_name() -> None:
    with pytest.raises(AttributeError, match="'minikafka' has no attribute 'Brooker'"):
        _ = minikafka.Brooker  # type: ignore[attr-defined]


def test_the_import_loads_nothing_else() -> None:
    code = "import sys, minikafka; print([name for name in sys.modules if name.startswith('minikafka.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
