"""The lines of Kafka's verifiable clients: one JSON object each, with the time and the name of what happened."""

from __future__ import annotations

import sys
import time
from typing import Any

from minikafka.cli.dump_log.message_json import json_text
from minikafka.cli.toolkit.java_strings import java_text


def print_event(name: str, **fields: Any) -> None:
    """Print the event at once: whoever reads it may kill this process next."""
    event = {"timestamp": time.time_ns() // 1_000_000, "name": name, **fields}
    sys.stdout.write(json_text(event) + "\n")
    sys.stdout.flush()


def text_of(data: bytes | None) -> str | None:
    """A key or value as StringDeserializer reads it."""
    return None if data is None else java_text(data)
