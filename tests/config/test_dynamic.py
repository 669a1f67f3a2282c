from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig
from minikafka.config.dynamic import validate_broker_changes, validate_thread_counts
from minikafka.errors import INVALID_REQUEST, ApiError


@pytest.mark.parametrize(
    ("changes", "per_broker"),
    [
        ({"message.max.bytes": "5", "log.retention.ms": "6"}, False),
        ({"listener.name.external.ssl.keystore.location": "x"}, True),
        ({"listener.name.external.max.connections": "5"}, False),
        ({"listener.name.x.plain.sasl.jaas.config": "x"}, True),
        ({"foo": "bar"}, True),
        ({"port": "1"}, True),
        ({"listener.name.x.foo": "y"}, True),
        ({"leader.replication.throttled.rate": "5"}, True),
    ],
)
def test_what_can_change_while_the_broker_runs(changes: dict[str, str], per_broker: bool) -> None:
    validate_broker_changes(changes, per_broker=per_broker)


# The sentences are those of Kafka 4.2 for the same changes.
@pytest.mark.parametrize(
    ("changes", "per_broker", "sentence"),
    [
        ({"log.dirs": "x"}, True, "Cannot update these configs dynamically: Set(log.dirs)"),
        ({"node.id": "2", "log.dirs": "x"}, True, "Cannot update these configs dynamically: Set(node.id, log.dirs)"),
        ({"log.retention.hours": "5"}, False, "Cannot update these configs dynamically: Set(log.retention.hours)"),
        (
            {"ssl.keystore.location": "x"},
            True,
            "These security configs can be dynamically updated only per-listener using the listener prefix: "
            "HashSet(ssl.keystore.location)",
        ),
        (
            {"listener.name.external.ssl.keystore.location": "x"},
            False,
            "Cannot update these configs at default cluster level, broker id must be specified: "
            "Set(listener.name.external.ssl.keystore.location)",
        ),
        (
            {"listeners": "x"},
            False,
            "Cannot update these configs at default cluster level, broker id must be specified: Set(listeners)",
        ),
        (
            {"sasl.jaas.config": "x"},
            False,
            "Cannot update these configs at default cluster level, broker id must be specified: Set(sasl.jaas.config)",
        ),
        (
            {"log.retention.ms": "x"},
            False,
            "Invalid value x for configuration log.retention.ms: Not a number of type LONG",
        ),
        (
            {"listener.name.x.ssl.client.auth": "y"},
            True,
            "Invalid value y for configuration ssl.client.auth: String must be one of: required, requested, none",
        ),
        (
            {"leader.replication.throttled.rate": "x"},
            True,
            "Invalid value x for configuration leader.replication.throttled.rate: Not a number of type LONG",
        ),
    ],
)
def test_what_cannot_change_is_refused_in_kafkas_words(
    changes: dict[str, str], per_broker: bool, sentence: str
) -> None:
    with pytest.raises(ApiError) as refused:
        validate_broker_changes(changes, per_broker=per_broker)
    assert (refused.value.code, refused.value.message) == (INVALID_REQUEST, sentence)


@pytest.mark.parametrize(
    ("count", "bound"),
    [
        ("1000", "value should not be greater than double the current value 10"),
        ("4", "value should be at least half the current value 10"),
    ],
)
def test_counts_of_threads_change_by_half_or_double(count: str, bound: str) -> None:
    current = BrokerConfig.load()
    with pytest.raises(ApiError) as refused:
        validate_thread_counts(current, current.with_dynamic({"background.threads": count}, {}))
    assert refused.value.message == (
        "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed "
        f"for background.threads={count}, {bound} for configuration Invalid dynamic configuration"
    )
    for allowed in ("5", "20"):
        validate_thread_counts(current, current.with_dynamic({"background.threads": allowed}, {}))
