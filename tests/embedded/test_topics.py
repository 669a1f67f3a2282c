from __future__ import annotations

import pytest

from minikafka import ApiError, Broker
from minikafka.errors import INVALID_CONFIG, TOPIC_ALREADY_EXISTS, UNKNOWN_TOPIC_OR_PARTITION


def test_topics_are_created_with_settings_and_deleted(broker: Broker) -> None:
    broker.create_topic("orders", 3, {"cleanup.policy": "compact"}, retention_ms=1000, preallocate=True)
    broker.create_topic("small")
    assert broker.topics() == {"orders": 3, "small": 1}
    assert broker.topic_configs("orders") == {
        "cleanup.policy": "compact",
        "retention.ms": "1000",
        "preallocate": "true",
    }
    assert broker.topic_configs("small") == {}
    assert broker.partition_count("orders") == 3
    broker.delete_topic("small")
    assert list(broker.topics()) == ["orders"]
    broker.delete_topics()
    assert broker.topics() == {}
    assert broker.partition_count("orders") == 0


@pytest.mark.parametrize(
    ("settings", "code"),
    [({"retention_ms": "soon"}, INVALID_CONFIG), ({}, TOPIC_ALREADY_EXISTS)],
)
def test_refusals_are_the_brokers(broker: Broker, settings: dict[str, object], code: int) -> None:
    broker.create_topic("there")
    name = "new" if settings else "there"
    with pytest.raises(ApiError) as refused:
        broker.create_topic(name, **settings)
    assert refused.value.code == code


def test_names_and_numbers_that_are_none(broker: Broker) -> None:
    for ask in (broker.create_topic, broker.delete_topic, broker.topic_configs, broker.records, broker.produce):
        with pytest.raises(TypeError, match="a topic is named by text, not by 5"):
            ask(5)  # type: ignore[operator]
    with pytest.raises(TypeError, match="partitions is a number, not '3'"):
        broker.create_topic("t", "3")  # type: ignore[arg-type]
    assert broker.topics() == {}


def test_settings_of_what_is_not_there(broker: Broker) -> None:
    with pytest.raises(ApiError, match=r"none: This server does not host this topic-partition\."):
        broker.topic_configs("none")


def test_deleting_what_is_not_there(broker: Broker) -> None:
    with pytest.raises(ApiError) as refused:
        broker.delete_topic("none")
    assert refused.value.code == UNKNOWN_TOPIC_OR_PARTITION
