"""The scenario's answers are those that Apache Kafka 4.2.0 gave, but for what is justified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka import Broker
from tests.admin.answers import Answers, Place, answers_of
from tests.admin.comparison import JUSTIFIED, Difference, Justification, differences, recorded_answers, unjustified
from tests.admin.scenario import STEPS
from tests.admin.settings import log_directories, settings
from tests.support.brokers import free_port

PAGE = Path(__file__).parents[2] / "docs" / "differences-from-kafka.md"
CONTROLLER_PORT = 9093
KAFKA = recorded_answers()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    directory = tmp_path_factory.mktemp("admin")
    port = free_port()
    with Broker(config=settings(directory, port, CONTROLLER_PORT)) as broker:
        place = Place("127.0.0.1", port, log_directories(directory), [CONTROLLER_PORT])
        place.cluster_id = broker.cluster_id
        yield answers_of(place, STEPS)


@pytest.fixture(scope="module")
def found(ours: Answers) -> list[Difference]:
    return differences(KAFKA, ours)


def test_every_answer_is_kafkas(found: list[Difference]) -> None:
    assert [str(difference) for difference in unjustified(found)] == []


@pytest.mark.parametrize("known", JUSTIFIED, ids=lambda known: known.answer)
def test_justified_differences_are_there_and_written_down(known: Justification, found: list[Difference]) -> None:
    assert any(known.covers(difference) for difference in found), "it is the same now: take it out"
    assert known.reason in PAGE.read_text(encoding="utf-8")


def test_each_step_has_a_name_of_its_own() -> None:
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
