from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config import BrokerConfig
from minikafka.config.reasons import REASONS


def warnings(**settings: str) -> list[str]:
    return BrokerConfig.load(overrides={name.replace("__", "."): value for name, value in settings.items()}).warnings


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "log.segmnt.bytes",
            "log.segmnt.bytes (--override) is not a setting of a broker and is ignored; "
            "did you mean log.segment.bytes?",
        ),
        (
            "Log_Retention_Hours",
            "Log_Retention_Hours (--override) is not a setting of a broker and is ignored; "
            "did you mean log.retention.hours?",
        ),
        (
            "retention.ms",
            "retention.ms (--override) is not a setting of a broker and is ignored; "
            "it is a setting of a topic, and log.retention.ms is the default of all topics.",
        ),
        (
            "consumer.session.timeout.ms",
            "consumer.session.timeout.ms (--override) is not a setting of a broker and is ignored; "
            "it is a setting of a group.",
        ),
        (
            "enable.auto.commit",
            "enable.auto.commit (--override) is not a setting of a broker and is ignored; "
            "it is a setting of a consumer.",
        ),
        (
            "batch.size",
            "batch.size (--override) is not a setting of a broker and is ignored; it is a setting of a producer.",
        ),
        (
            "something.else.entirely",
            "something.else.entirely (--override) is not a setting of a broker and is ignored.",
        ),
        (
            "listener.name.external.max.connexions",
            "listener.name.external.max.connexions (--override) is not a setting of a broker and is ignored.",
        ),
    ],
)
def test_an_unknown_name_is_told_with_what_may_be_meant(name: str, sentence: str) -> None:
    assert BrokerConfig.load(overrides={name: "1"}).warnings == [sentence]


def test_keys_without_effect_are_named_once_by_their_reason(tmp_path: Path) -> None:
    path = tmp_path / "server.properties"
    path.write_text(
        "zookeeper.connect=localhost:2181\nnum.io.threads=8\nzookeeper.connection.timeout.ms=6000\nlog.retention.hours=1\n"
    )
    assert BrokerConfig.load(path).warnings == [
        f"No effect on a single node: zookeeper.connect, zookeeper.connection.timeout.ms ({REASONS['zookeeper']}).",
        f"No effect on a single node: num.io.threads ({REASONS['threads']}).",
    ]


@pytest.mark.parametrize("name", ["config.providers.file.class", "rsm.config.chunk.size", "rlmm.config.topic"])
def test_settings_of_plugins_are_without_effect_whatever_their_name(name: str) -> None:
    (warning,) = BrokerConfig.load(overrides={name: "x"}).warnings
    assert warning.startswith(f"No effect on a single node: {name} (")


def test_what_is_the_case_anyway_is_no_news() -> None:
    assert warnings(process__roles="broker,controller", offsets__topic__replication__factor="1") == []
    assert warnings(offsets__topic__replication__factor="3") == [
        f"No effect on a single node: offsets.topic.replication.factor ({REASONS['internal-topics']})."
    ]


def test_old_names_are_told_with_the_new_ones() -> None:
    assert warnings(log__cleanup__interval__mins="5") == [
        "log.cleanup.interval.mins (--override) is an old name: use log.retention.check.interval.ms."
    ]
    assert warnings(port="9092", listeners="PLAINTEXT://:9092", advertised__host__name="a") == [
        "advertised.host.name (--override) is the form of Kafka 0.8: use advertised.listeners.",
        "port (--override) is the form of Kafka 0.8: it is ignored, because listeners is set.",
    ]


def test_what_one_node_cannot_meet_is_told() -> None:
    assert warnings(default__replication__factor="3", min__insync__replicas="2") == [
        "default.replication.factor=3 (--override) is more than one node has: topics that leave it to the broker "
        "cannot be created. Set it to 1.",
        "min.insync.replicas=2 (--override) is more than one node has: producers with acks=all will get "
        "NOT_ENOUGH_REPLICAS. Set it to 1.",
    ]


def test_settings_that_take_effect_are_no_news() -> None:
    assert warnings(log__retention__hours="1", listener__name__external__max__connections="5") == []
