from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig, validate_topic_configs
from minikafka.errors import INVALID_CONFIG, ApiError

KEEP_REMOTE = (
    "It is invalid to disable remote storage without deleting remote data. If you want to keep the remote data and "
    "turn to read only, please set `remote.storage.enable=true,remote.log.copy.disable=true`. If you want to disable "
    "remote storage and delete all remote data, please set "
    "`remote.storage.enable=false,remote.log.delete.on.disable=true`."
)


def test_settings_are_typed() -> None:
    assert validate_topic_configs({"retention.ms": "5", "cleanup.policy": "compact,compact"}) == {
        "retention.ms": 5,
        "cleanup.policy": ["compact"],
    }


def test_lags_are_compared_with_the_brokers() -> None:
    broker = BrokerConfig.load(overrides={"log.cleaner.min.compaction.lag.ms": "50"})
    with pytest.raises(ApiError) as refused:
        validate_topic_configs({"max.compaction.lag.ms": "3"}, defaults=broker.log_config().values)
    assert refused.value.code == INVALID_CONFIG
    assert refused.value.message == (
        "conflict topic config setting min.compaction.lag.ms (50) > max.compaction.lag.ms (3)"
    )
    validate_topic_configs({"max.compaction.lag.ms": "3"})


def test_tiered_storage_is_refused_as_where_it_is_off() -> None:
    with pytest.raises(ApiError, match=r"^Tiered Storage functionality is disabled in the broker\. Topic cannot be"):
        validate_topic_configs({"remote.storage.enable": "true"})


def test_tiered_storage_of_a_log_of_kafka_can_be_left_only_with_its_data() -> None:
    existing = {"remote.storage.enable": "true"}
    with pytest.raises(ApiError) as refused:
        validate_topic_configs({"remote.storage.enable": "false"}, existing=existing)
    assert refused.value.message == KEEP_REMOTE
    validate_topic_configs({"remote.log.delete.on.disable": "true"}, existing=existing)
