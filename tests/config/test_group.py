from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig
from minikafka.config.group import group_config, validate_group_configs
from minikafka.errors import INVALID_CONFIG, ApiError

BROKER = BrokerConfig.load(overrides={"group.consumer.session.timeout.ms": "50000"})


def test_a_group_has_its_own_settings_then_the_brokers_then_kafkas() -> None:
    values = group_config(BROKER, {"share.session.timeout.ms": "46000", "no.group.key": "x"})
    assert values["share.session.timeout.ms"] == 46000
    assert values["consumer.session.timeout.ms"] == 50000
    assert values["share.auto.offset.reset"] == "latest"
    assert "no.group.key" not in values


def test_settings_within_the_bounds_are_typed() -> None:
    assert validate_group_configs(BROKER, {"consumer.session.timeout.ms": "60000"}) == {
        "consumer.session.timeout.ms": 60000
    }


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"x": "1"}, "Unknown group config name: x"),
        (
            {"consumer.session.timeout.ms": "1"},
            "consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms",
        ),
        (
            {"consumer.session.timeout.ms": "60001"},
            "consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms",
        ),
        (
            {"share.record.lock.duration.ms": "70000"},
            "share.record.lock.duration.ms must be less than or equal to group.share.max.record.lock.duration.ms",
        ),
        (
            {"streams.num.standby.replicas": "9"},
            "streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas",
        ),
        (
            {"consumer.session.timeout.ms": "x"},
            "Invalid value x for configuration consumer.session.timeout.ms: Not a number of type INT",
        ),
    ],
)
def test_settings_beyond_the_bounds_are_refused_in_kafkas_words(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(ApiError) as refused:
        validate_group_configs(BROKER, settings)
    assert (refused.value.code, refused.value.message) == (INVALID_CONFIG, sentence)


def test_heartbeats_come_before_the_session_is_over() -> None:
    broker = BrokerConfig.load(
        overrides={
            "group.consumer.max.heartbeat.interval.ms": "50000",
            "group.consumer.max.session.timeout.ms": "90000",
        }
    )
    with pytest.raises(ApiError, match=r"^consumer\.session\.timeout\.ms must be greater than consumer\.heartbeat"):
        validate_group_configs(
            broker, {"consumer.heartbeat.interval.ms": "50000", "consumer.session.timeout.ms": "50000"}
        )
