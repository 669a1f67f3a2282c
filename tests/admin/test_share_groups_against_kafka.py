"""Requests of share groups are answered as Apache Kafka 4.2.0 answered them, but for what is justified."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka import Broker
from tests.admin.comparison import Difference, Justification, differences
from tests.admin.share_groups import SETTINGS, STEPS, answers_of, recorded_answers

PAGE = Path(__file__).parents[2] / "docs" / "differences-from-kafka.md"
JUSTIFIED = [
    Justification(
        r"(fetch|acknowledge): no (member|group) v\d|fetch: unknown mode v2",
        r"\.error_code",
        "Share requests that make no sense are answered with INVALID_REQUEST.",
    ),
    Justification(
        r"fetch: unknown topic v\d",
        r"\.(error_code|acquisition_lock_timeout_ms|responses)",
        "ShareFetch of topics that are all unknown says so of each.",
    ),
]


@pytest.fixture(scope="module")
def found() -> list[Difference]:
    with Broker(config=SETTINGS) as broker:
        host, _, port = broker.bootstrap_servers.rpartition(":")
        return differences(recorded_answers(), answers_of(host, int(port)))


def test_every_answer_is_kafkas(found: list[Difference]) -> None:
    left = [each for each in found if not any(known.covers(each) for known in JUSTIFIED)]
    assert [str(difference) for difference in left] == []


@pytest.mark.parametrize("known", JUSTIFIED, ids=lambda known: known.reason)
def test_justified_differences_are_there_and_written_down(known: Justification, found: list[Difference]) -> None:
    assert any(known.covers(difference) for difference in found), "it is the same now: take it out"
    assert known.reason in PAGE.read_text(encoding="utf-8")


def test_each_step_has_a_name_of_its_own() -> None:
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
