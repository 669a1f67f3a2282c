"""What Apache Kafka answers and minikafka answers otherwise, for a reason. Everything else has to be equal.

``docs/differences-from-kafka.md`` has the same reasons, word for word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.admin.answers import Answers

RECORDED = Path(__file__).with_name("kafka-4.2.0.json")


class Difference(NamedTuple):
    """One field of one answer."""

    answer: str
    path: str
    kafka: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.answer}: {self.path}: Kafka says {self.kafka!r}, minikafka {self.ours!r}"


class Justification(NamedTuple):
    """``answer`` and ``path`` are expressions that have to match the whole of a difference's."""

    answer: str
    path: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        return bool(re.fullmatch(self.answer, difference.answer) and re.fullmatch(self.path, difference.path))


ONE_NODE_DEFAULTS = (
    "broker.id|controller.listener.names|node.id|offsets.topic.replication.factor|process.roles|"
    r"share.coordinator.state.topic.(min.isr|replication.factor)|transaction.state.log.(min.isr|replication.factor)"
)
JUSTIFIED = [
    Justification(
        "describe a broker v4",
        rf"\.results\[0\]\.configs\[({ONE_NODE_DEFAULTS})\]\.synonyms.*",
        "The defaults of a few keys are those of one node.",
    ),
    Justification(
        r"describe the root logger v\d",
        r"\.results\[0\]\.configs\[root\]\.value",
        "Log levels are those of Python's loggers.",
    ),
    Justification(
        r"broker(, checked only)?: an unheard-of listener v\d",
        r"\.responses\[0\]\.error_message",
        "Some sentences about a refused broker setting are minikafka's own.",
    ),
    Justification(
        r"broker(, checked only)?: bad overrides for addresses v\d",
        r"\.responses\[0\]\.error_message",
        "Some sentences about a refused broker setting are minikafka's own.",
    ),
    Justification(
        r"voter: unreachable v\d",
        r"\.error_message",
        "A further voter is never asked whether it is ready.",
    ),
]


def recorded_answers() -> Answers:
    """What Apache Kafka 4.2.0 answered."""
    answers: Answers = json.loads(RECORDED.read_text(encoding="utf-8"))
    return answers


def differences(kafka: Answers, ours: Answers) -> list[Difference]:
    """Everything that is not the same."""
    found = []
    for answer in [*kafka, *(answer for answer in ours if answer not in kafka)]:
        pairs = _compare(kafka.get(answer, "not asked"), ours.get(answer, "not asked"), "")
        found += [Difference(answer, *pair) for pair in pairs]
    return found


def unjustified(found: list[Difference]) -> list[Difference]:
    return [difference for difference in found if not any(known.covers(difference) for known in JUSTIFIED)]


def write(answers: Answers, path: Path) -> None:
    """One answer a line, so that changes can be read."""
    lines = (f"{json.dumps(name)}: {json.dumps(answer, sort_keys=True)}" for name, answer in answers.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _compare(kafka: Any, ours: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(kafka, dict) and isinstance(ours, dict):
        for key in sorted(kafka.keys() | ours.keys()):
            yield from _compare(kafka.get(key), ours.get(key), f"{path}.{key}")
    elif isinstance(kafka, list) and isinstance(ours, list) and len(kafka) == len(ours):
        for index, pair in enumerate(zip(kafka, ours, strict=True)):
            name = pair[0].get("name", index) if isinstance(pair[0], dict) else index
            yield from _compare(*pair, f"{path}[{name}]")
    elif kafka != ours:
        yield path, kafka, ours
