"""What is accepted and what is said to what is not, value by value as Apache Kafka 4.2 does."""

from __future__ import annotations

import pytest

from minikafka.config.group import validate_group_config
from minikafka.config.tables import broker_keys
from minikafka.config.topic import validate_topic_config
from minikafka.config.values import InvalidValue
from minikafka.errors import INVALID_CONFIG, ApiError
from tests.config.facts import rows


@pytest.mark.parametrize(("scope", "name", "value", "verdict"), rows("kafka_verdicts.tsv"))
def test_verdict(scope: str, name: str, value: str, verdict: str) -> None:
    if verdict == "ok":
        _validate(scope, name, value)
        return
    with pytest.raises((ApiError, InvalidValue)) as refused:
        _validate(scope, name, value)
    assert str(refused.value) == verdict
    assert getattr(refused.value, "code", INVALID_CONFIG) == INVALID_CONFIG


def _validate(scope: str, name: str, value: str) -> None:
    if scope == "topic":
        validate_topic_config(name, value)
    elif scope == "group":
        validate_group_config(name, value)
    else:
        broker_keys()[name].parse(value)
