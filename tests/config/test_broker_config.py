from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config import BrokerConfig
from minikafka.errors import ConfigError


def load(directory: Path, text: str, **options: object) -> BrokerConfig:
    path = directory / "server.properties"
    path.write_text(text, encoding="latin-1")
    return BrokerConfig.load(path, **options)  # type: ignore[arg-type]


def test_without_settings_every_key_has_its_default() -> None:
    config = BrokerConfig.load()
    assert config["log.segment.bytes"] == 1073741824
    assert config["log.cleanup.policy"] == ["delete"]
    assert config["log.cleaner.min.cleanable.ratio"] == 0.5
    assert config["auto.create.topics.enable"] is True
    assert config["log.flush.interval.ms"] is None
    assert config.node_id == 1
    assert config.log_dirs == ["/tmp/kafka-logs"]
    assert [str(listener) for listener in config.listeners] == ["PLAINTEXT://:9092"]
    assert config.warnings == []
    assert "log.segment.bytes" not in config


def test_a_key_kafka_never_had_is_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"log\.segmnt\.bytes"):
        BrokerConfig.load()["log.segmnt.bytes"]


def test_the_file_is_read_and_overrides_go_before_it(tmp_path: Path) -> None:
    config = load(
        tmp_path, "num.partitions=3\nlog.dirs = /a, /b\nmessage.max.bytes:5\n", overrides={"num.partitions": "4"}
    )
    assert config["num.partitions"] == 4
    assert config.log_dirs == ["/a", "/b"]
    assert config["message.max.bytes"] == 5
    assert config.originals == {"num.partitions": "4", "log.dirs": "/a, /b", "message.max.bytes": "5"}
    assert "num.partitions" in config
    assert config.place_of("num.partitions") == "--override"
    assert config.place_of("log.dirs") == f"{tmp_path}/server.properties, line 2"
    assert config.place_of("node.id") == ""


def test_overrides_may_be_pairs_of_which_the_last_counts() -> None:
    config = BrokerConfig.load(overrides=[("num.partitions", "2"), ("num.partitions", "3")])
    assert config["num.partitions"] == 3


def test_a_mapping_takes_python_values_and_underscores(tmp_path: Path) -> None:
    config = BrokerConfig.from_mapping(
        {
            "log_segment_bytes": 2**20,
            "auto.create.topics.enable": False,
            "log_cleanup_policy": ["compact", "delete"],
            "log.dir": tmp_path,
            "listener.security.protocol.map": {"EXTERNAL": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT"},
            "listeners": ("PLAINTEXT://:0", "EXTERNAL://127.0.0.1:0"),
            "log_cleaner_min_cleanable_ratio": 0.25,
            "num_partitions": None,
        }
    )
    assert config["log.segment.bytes"] == 2**20
    assert config["auto.create.topics.enable"] is False
    assert config["log.cleanup.policy"] == ["compact", "delete"]
    assert config.log_dirs == [str(tmp_path)]
    assert [str(listener) for listener in config.listeners] == ["PLAINTEXT://:0", "EXTERNAL://127.0.0.1:0"]
    assert config["log.cleaner.min.cleanable.ratio"] == 0.25
    assert "num.partitions" not in config


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "log.segment.bytes=12",
            "log.segment.bytes=12 (FILE, line 2): Value must be at least 1048576. "
            "It takes a 32-bit integer, [1048576,...].",
        ),
        (
            "log.retention.hours=a week",
            "log.retention.hours=a week (FILE, line 2): Not a number of type INT. It takes a 32-bit integer.",
        ),
        (
            "delete.topic.enable=yes",
            "delete.topic.enable=yes (FILE, line 2): Expected value to be either true or false. "
            "It takes true or false.",
        ),
        (
            "log.cleanup.policy=dedupe",
            "log.cleanup.policy=dedupe (FILE, line 2): String must be one of: compact, delete. "
            "It takes a comma-separated list, [compact, delete].",
        ),
        (
            "zookeeper.session.timeout.ms=soon",
            "zookeeper.session.timeout.ms=soon (FILE, line 2): Not a number of type INT. It takes a 32-bit integer.",
        ),
        (
            "inter.broker.protocol.version=newest",
            "inter.broker.protocol.version=newest (FILE, line 2): Version `newest` is not a valid version. "
            "It takes text, a version such as 2.8 or 3.9-IV0.",
        ),
        (
            "listener.name.external.ssl.client.auth=maybe",
            "listener.name.external.ssl.client.auth=maybe (FILE, line 2): String must be one of: required, requested, "
            "none. It takes text, [required, requested, none].",
        ),
    ],
)
def test_a_wrong_value_names_key_value_range_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, f"# first\n{line}\n")
    assert str(refused.value).replace(f"{tmp_path}/server.properties", "FILE") == message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.properties cannot be read: No such file or directory$"):
        BrokerConfig.load(tmp_path / "nowhere.properties")


def test_a_file_is_latin_1_as_in_java(tmp_path: Path) -> None:
    assert load(tmp_path, "broker.rack=caf\xe9\n")["broker.rack"] == "café"


@pytest.mark.parametrize(
    ("settings", "retention_ms"),
    [
        ({}, 168 * 3_600_000),
        ({"log.retention.hours": "2"}, 7_200_000),
        ({"log.retention.hours": "2", "log.retention.minutes": "3"}, 180_000),
        ({"log.retention.hours": "2", "log.retention.minutes": "3", "log.retention.ms": "4"}, 4),
        ({"log.retention.hours": "-1"}, -1),
        ({"log.retention.ms": "-5"}, -1),
    ],
)
def test_the_finest_unit_of_retention_counts(settings: dict[str, str], retention_ms: int) -> None:
    config = BrokerConfig.load(overrides=settings)
    assert config.log_retention_ms == retention_ms
    assert config.log_config().retention_ms == retention_ms


def test_rolling_and_flushing_have_older_forms_too() -> None:
    config = BrokerConfig.load(
        overrides={"log.roll.hours": "1", "log.roll.jitter.hours": "2", "log.flush.scheduler.interval.ms": "9"}
    )
    assert (config.log_roll_ms, config.log_roll_jitter_ms, config.log_flush_interval_ms) == (3_600_000, 7_200_000, 9)
    config = BrokerConfig.load(
        overrides={
            "log.roll.hours": "1",
            "log.roll.ms": "5",
            "log.roll.jitter.ms": "6",
            "log.flush.scheduler.interval.ms": "9",
            "log.flush.interval.ms": "7",
        }
    )
    assert (config.log_roll_ms, config.log_roll_jitter_ms, config.log_flush_interval_ms) == (5, 6, 7)
    log = config.log_config()
    assert (log.segment_ms, log.segment_jitter_ms, log.flush_ms) == (5, 6, 7)


@pytest.mark.parametrize(
    ("settings", "node_id"),
    [
        ({"node.id": "7"}, 7),
        ({"broker.id": "8"}, 8),
        ({"broker.id": "0"}, 0),
        ({"broker.id": "-1"}, 1),
        ({"node.id": "9", "broker.id": "9"}, 9),
        ({"node.id": "9", "broker.id": "-1"}, 9),
    ],
)
def test_node_id_and_broker_id_are_one(settings: dict[str, str], node_id: int) -> None:
    assert BrokerConfig.load(overrides=settings).node_id == node_id


def test_directories_have_an_older_form() -> None:
    config = BrokerConfig.load(overrides={"log.dir": "/one"})
    assert (config.log_dirs, config.metadata_log_dir) == (["/one"], "/one")
    config = BrokerConfig.load(overrides={"log.dir": "/one", "log.dirs": "/two,/three", "metadata.log.dir": "/meta"})
    assert (config.log_dirs, config.metadata_log_dir) == (["/two", "/three"], "/meta")


def test_renamed_keys_go_on_to_take_effect() -> None:
    config = BrokerConfig.load(
        overrides={
            "log.cleanup.interval.mins": "2",
            "log.message.timestamp.difference.max.ms": "1000",
            "log.message.timestamp.after.max.ms": "500",
            "delegation.token.master.key": "secret",
        }
    )
    assert config["log.retention.check.interval.ms"] == 120_000
    assert config["log.message.timestamp.before.max.ms"] == 1000
    assert config["log.message.timestamp.after.max.ms"] == 500
    assert config["delegation.token.secret.key"] == "secret"


def test_kafkas_own_topics_get_one_replica_whatever_is_asked_for() -> None:
    config = BrokerConfig.load(
        overrides={"offsets.topic.replication.factor": "3", "transaction.state.log.min.isr": "2"}
    )
    assert config["offsets.topic.replication.factor"] == 1
    assert config["transaction.state.log.min.isr"] == 1
    assert config["transaction.state.log.replication.factor"] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"node.id": "1", "broker.id": "2"},
            "node.id=1 (--override) and broker.id=2 (--override): the two have to be the same.",
        ),
        ({"broker.id": "-2"}, "broker.id=-2 (--override): it is a number of 0 or more (-1: node.id tells)."),
        ({"log.retention.ms": "0"}, "log.retention.ms=0 (--override): must be at least 1, or -1 for no limit."),
        ({"log.retention.hours": "0"}, "log.retention.hours=0 (--override): must be at least 1, or -1 for no limit."),
        ({"log.roll.ms": "0"}, "log.roll.ms=0 (--override): must be at least 1."),
        ({"log.roll.jitter.ms": "-1"}, "log.roll.jitter.ms=-1 (--override): must be at least 0."),
        (
            {"log.cleaner.dedupe.buffer.size": "2000000", "log.cleaner.threads": "2"},
            "log.cleaner.dedupe.buffer.size=2000000 (--override) and log.cleaner.threads=2 (--override): "
            "there must be more than 1048576 bytes for each cleaner thread.",
        ),
        (
            {"replica.fetch.wait.max.ms": "50000"},
            "replica.fetch.wait.max.ms=50000 (--override) and replica.socket.timeout.ms=30000: "
            "the first must not be above the second.",
        ),
        (
            {"group.consumer.session.timeout.ms": "1"},
            "group.consumer.min.session.timeout.ms=45000 and group.consumer.session.timeout.ms=1 (--override): "
            "the first must not be above the second.",
        ),
        (
            {
                "group.share.heartbeat.interval.ms": "50000",
                "group.share.max.heartbeat.interval.ms": "50000",
            },
            "group.share.heartbeat.interval.ms=50000 (--override) and group.share.session.timeout.ms=45000: "
            "the first must be below the second.",
        ),
        (
            {"group.share.max.share.sessions": "199"},
            "group.share.max.size=200 and group.share.max.share.sessions=199 (--override): the first must not be above "
            "the second.",
        ),
        (
            {"group.share.assignors": "simple,other"},
            "group.share.assignors=simple,other (--override): there has to be exactly one.",
        ),
        (
            {"max.connections.per.ip": "0"},
            "max.connections.per.ip=0 (--override): 0 is possible only with max.connections.per.ip.overrides.",
        ),
        (
            {"max.connections.per.ip.overrides": "a:b"},
            "max.connections.per.ip.overrides=a:b (--override): 'a:b' is not a HOST:COUNT pair",
        ),
        (
            {"queued.max.request.bytes": "5"},
            "queued.max.request.bytes=5 (--override) and socket.request.max.bytes=104857600: the first must not be "
            "below the second, or a request of that size could never be read.",
        ),
        (
            {"connections.max.idle.ms": "50"},
            "connection.failed.authentication.delay.ms=100 and connections.max.idle.ms=50 (--override): "
            "the first must be below the second, or a failed login would never be answered.",
        ),
        (
            {"offsets.topic.compression.codec": "9"},
            "offsets.topic.compression.codec=9 (--override): 0 none, 1 gzip, 2 snappy, 3 lz4 and 4 zstd are known.",
        ),
        (
            {"share.coordinator.snapshot.update.records.per.snapshot": "501"},
            "share.coordinator.snapshot.update.records.per.snapshot=501 (--override): must not be above 500.",
        ),
        (
            {"group.coordinator.rebalance.protocols": "consumer"},
            "group.coordinator.rebalance.protocols=consumer (--override): classic has to be among them.",
        ),
    ],
)
def test_settings_that_contradict_each_other_stop_the_start(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        BrokerConfig.load(overrides=settings)
    assert str(refused.value) == message


def test_connection_limits_of_addresses() -> None:
    config = BrokerConfig.load(
        overrides={"max.connections.per.ip": "0", "max.connections.per.ip.overrides": "127.0.0.1:5, build:7"}
    )
    assert config.max_connections_per_ip_overrides == {"127.0.0.1": 5, "build": 7}


def test_the_most_exact_setting_of_a_listener_counts() -> None:
    config = BrokerConfig.load(
        overrides={
            "max.connections": "100",
            "listener.name.external.max.connections": "5",
            "listener.name.external.scram-sha-256.sasl.jaas.config": "exact",
            "listener.name.external.sasl.jaas.config": "of the listener",
        }
    )
    assert config.for_listener("EXTERNAL", "max.connections") == 5
    assert config.for_listener("PLAINTEXT", "max.connections") == 100
    assert config.for_listener("EXTERNAL", "sasl.jaas.config", mechanism="SCRAM-SHA-256") == "exact"
    assert config.for_listener("EXTERNAL", "sasl.jaas.config", mechanism="PLAIN") == "of the listener"
    assert config.for_listener("PLAINTEXT", "sasl.jaas.config", mechanism="PLAIN") is None
    assert config.warnings == []


def test_dynamic_settings_go_before_static_ones() -> None:
    static = BrokerConfig.load(overrides={"log.retention.hours": "24", "message.max.bytes": "1000"})
    config = static.with_dynamic({"log.retention.ms": "5", "message.max.bytes": "2000"}, {"message.max.bytes": "3000"})
    assert config["message.max.bytes"] == 3000
    assert config.log_retention_ms == 5
    assert config["log.retention.hours"] == 168, "the file's hours say nothing any more"
    assert config.log_config().max_message_bytes == 3000
    assert static["message.max.bytes"] == 1000
    assert config.with_dynamic({}, {})["message.max.bytes"] == 1000


def test_a_stored_setting_that_cannot_be_used_is_left_out_with_a_warning() -> None:
    config = BrokerConfig.load().with_dynamic({"message.max.bytes": "many", "some.plugin.key": "x"}, {})
    assert config["message.max.bytes"] == 1048588
    assert config.warnings == [
        "the stored setting of message.max.bytes cannot be used and is left out: "
        "Invalid value many for configuration message.max.bytes: Not a number of type INT"
    ]
