"""The scenario's answers, and the records that come of it, are those that Apache Kafka 4.2.0 gave."""

from __future__ import annotations

from minikafka import Broker
from minikafka.client.connection import Connection
from tests.coordinator.share_groups.recorded import recorded_answers
from tests.coordinator.share_groups.scenario import SETTINGS, answers_of


def test_every_answer_is_kafkas() -> None:
    with Broker(config=SETTINGS) as broker, Connection("127.0.0.1", broker.port) as connection:
        ours = answers_of(connection)
    kafka = recorded_answers()
    assert [name for name, _ in ours] == [name for name, _ in kafka]
    assert [(name, answer, due) for (name, answer), (_, due) in zip(ours, kafka, strict=True) if answer != due] == []
