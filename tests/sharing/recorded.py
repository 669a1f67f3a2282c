"""Kafka's answers, one step a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "kafka-4.2.0.jsonl"


def write_answers(answers: list[list[Any]]) -> None:
    FILE.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")


def recorded_answers() -> list[list[Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
