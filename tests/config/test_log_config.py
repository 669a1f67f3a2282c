from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig, LogConfig
from minikafka.config.tables import topic_keys
from minikafka.errors import INVALID_CONFIG, ApiError


def test_every_topic_key_is_an_attribute() -> None:
    config = LogConfig()
    for key in topic_keys().values():
        if key.is_declared and not key.is_internal:
            assert hasattr(config, key.name.replace(".", "_"))


def test_the_defaults_are_kafkas() -> None:
    config = LogConfig()
    assert config.segment_bytes == 1073741824
    assert config.retention_ms == 604_800_000
    assert config.retention_bytes == -1
    assert config.max_message_bytes == 1048588
    assert config.message_timestamp_type == "CreateTime"
    assert config.cleanup_policy == frozenset({"delete"})
    assert (config.delete, config.compact) == (True, False)
    assert config.local_retention_ms == config.retention_ms
    assert config.local_retention_bytes == config.retention_bytes
    assert BrokerConfig.load().log_config() == config


def test_topics_without_settings_share_one_object() -> None:
    config = BrokerConfig.load()
    assert config.log_config() is config.log_config({})
    assert config.log_config() is config.log_config(None)


def test_the_topics_settings_go_before_the_brokers() -> None:
    broker = BrokerConfig.load(overrides={"log.segment.bytes": "2097152", "log.cleanup.policy": "compact"})
    config = broker.log_config({"retention.ms": "5", "cleanup.policy": "compact,delete"})
    assert (config.segment_bytes, config.retention_ms) == (2097152, 5)
    assert (config.delete, config.compact) == (True, True)
    assert broker.log_config().cleanup_policy == frozenset({"compact"})
    assert config != broker.log_config()
    assert config == broker.log_config({"retention.ms": "5", "cleanup.policy": "compact,delete"})
    assert hash(config) == hash(broker.log_config({"retention.ms": "5", "cleanup.policy": "compact,delete"}))


def test_values_may_be_typed_and_beyond_what_a_client_could_set() -> None:
    config = LogConfig({"segment.bytes": 100, "cleanup.policy": ["compact"], "preallocate": "true"})
    assert config.segment_bytes == 100
    assert config.compact
    assert config.preallocate is True
    assert LogConfig({"segment.bytes": "2097152", "internal.segment.bytes": "100"}).segment_bytes == 100


def test_an_empty_policy_keeps_everything() -> None:
    config = LogConfig({"cleanup.policy": ""})
    assert not config.delete
    assert not config.compact


def test_keys_of_older_versions_are_left_out() -> None:
    assert LogConfig({"message.format.version": "2.0", "no.such.key": "x"}) == LogConfig()


def test_text_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        LogConfig({"retention.ms": "long"})
    assert refused.value.code == INVALID_CONFIG
    assert refused.value.message == "Invalid value long for configuration retention.ms: Not a number of type LONG"


def test_a_compacted_log_rolls_before_its_lag_is_over() -> None:
    settings = {"segment.ms": 100, "max.compaction.lag.ms": 10}
    assert LogConfig(settings).max_segment_ms == 100
    assert LogConfig({**settings, "cleanup.policy": "compact"}).max_segment_ms == 10


@pytest.mark.parametrize(
    ("compression", "level"), [("gzip", -1), ("lz4", 9), ("zstd", 3), ("snappy", None), ("producer", None)]
)
def test_the_level_of_the_compression(compression: str, level: int | None) -> None:
    assert LogConfig({"compression.type": compression}).compression_level == level


def test_its_text_shows_what_differs() -> None:
    assert repr(LogConfig({"cleanup.policy": "compact,delete"})) == "<LogConfig cleanup.policy=compact,delete>"
    assert repr(LogConfig()) == "<LogConfig defaults>"
