"""What is acquired, acknowledged, refused and stored is what Apache Kafka 4.2.0 gave, refused and stored."""

from __future__ import annotations

from minikafka import Broker
from tests.sharing.recorded import recorded_answers
from tests.sharing.scenario import answers_of


def test_every_answer_is_kafkas() -> None:
    with Broker() as broker:
        ours = answers_of("127.0.0.1", broker.port)
    kafka = recorded_answers()
    assert [name for name, _ in ours] == [name for name, _ in kafka]
    assert [(name, answer, due) for (name, answer), (_, due) in zip(ours, kafka, strict=True) if answer != due] == []
