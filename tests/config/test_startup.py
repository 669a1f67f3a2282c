"""Loading a configuration must not pay for what only mistakes, people or clients need."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from minikafka.config import BrokerConfig
config = BrokerConfig.from_mapping({"log_dirs": "/tmp/x", "num.partitions": 3, "listeners": "PLAINTEXT://:0"})
config.log_config()
print("\\n".join(sys.modules))
"""

ON_DEMAND = {
    "difflib",
    "minikafka.config.client",
    "minikafka.config.describe",
    "minikafka.config.durations",
    "minikafka.config.dynamic",
    "minikafka.config.group",
    "minikafka.config.reasons",
    "minikafka.config.reference",
    "minikafka.config.suggestions",
    "minikafka.config.tables.admin",
    "minikafka.config.tables.client",
    "minikafka.config.tables.consumer",
    "minikafka.config.tables.group",
    "minikafka.config.tables.producer",
}


def test_a_good_configuration_loads_only_what_it_needs() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert "minikafka.config.broker" in loaded
    assert loaded & ON_DEMAND == set()
