"""The scenario's answers are those that Apache Kafka 4.2.0 gave, but for what is justified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka import Broker
from minikafka.protocol.messages import AlterReplicaLogDirsRequest, DescribeConfigsRequest
from tests.admin.answers import Answers, Place, answers_of
from tests.admin.comparison import JUSTIFIED, Difference, Justification, differences, recorded_answers, unjustified
from tests.admin.scenario import FIRST_VERSION, STEPS
from tests.admin.settings import log_directories, settings
from tests.support.brokers import free_port

PAGE = Path(__file__).parents[2] / "docs" / "differences-from-kafka.md"
CONTROLLER_PORT = 9093
KAFKA = recorded_answers()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A broker with the settings of the Kafka that was asked."""
    directory = tmp_path_factory.mktemp("admin")
    port = free_port()
    with Broker(config=settings(directory, port, CONTROLLER_PORT)) as broker:
        place = Place("127.0.0.1", port, log_directories(directory), [CONTROLLER_PORT])
        place.cluster_id = broker.cluster_id
        yield place


@pytest.fixture(scope="module")
def ours(place: Place) -> Answers:
    return answers_of(place, STEPS)


@pytest.fixture(scope="module")
def found(ours: Answers) -> list[Difference]:
    return differences(KAFKA, ours)


def test_every_answer_is_kafkas(found: list[Difference]) -> None:
    assert [str(difference) for difference in unjustified(found)] == []


@pytest.mark.parametrize("known", JUSTIFIED, ids=lambda known: known.answer)
def test_justified_differences_are_there_and_written_down(known: Justification, found: list[Difference]) -> None:
    assert any(known.covers(difference) for difference in found), "it is the same now: take it out"
    assert known.reason in PAGE.read_text(encoding="utf-8")


@pytest.mark.usefixtures("ours")
def test_versions_that_kafka_has_dropped_are_answered_as_the_next_one(place: Place) -> None:
    # Version 0 of DescribeConfigs knows no sources, and has a test of its own beside the handlers.
    apis = FIRST_VERSION.keys() - {DescribeConfigsRequest.api_key, AlterReplicaLogDirsRequest.api_key}
    dropped = [
        step._replace(versions=(0, 1)) for step in STEPS if len(step.versions) > 1 and step.request.api_key in apis
    ]
    answers = answers_of(place, dropped)
    assert {step.request.api_key for step in dropped} == apis
    for step in dropped:
        assert answers[f"{step.name} v0"] == answers[f"{step.name} v1"]


def test_each_step_has_a_name_of_its_own() -> None:
    names = [step.name for step in STEPS]
    assert len(names) == len(set(names))
