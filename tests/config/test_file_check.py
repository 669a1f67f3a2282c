"""All that is wrong with a property file is said at once, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config.file_check import check_file, kind_of
from minikafka.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "config"


def test_all_errors_are_found_at_once(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text(
        "# a comment\n"
        "log.segment.bytes=1\n"
        "log.retention.hours=week\n"
        "num.partitions=2\n"
        "node.id=1\n"
        "broker.id=2\n"
        "queued.max.request.bytes=5\n"
        "listener.name.plaintext.max.connections=many\n"
        "log.retenton.ms=5\n"
        "num.partitions=3\n"
        "ssl.key.password=hush\n"
    )
    findings = check_file(file, "broker")
    lines = [f"({file}, line {line})" for line in range(12)]
    assert [error.partition(": ")[0] for error in findings.errors] == [
        f"log.segment.bytes=1 {lines[2]}",
        f"log.retention.hours=week {lines[3]}",
        f"listener.name.plaintext.max.connections=many {lines[8]}",
        f"node.id=1 {lines[5]} and broker.id=2 {lines[6]}",
        f"queued.max.request.bytes=5 {lines[7]} and socket.request.max.bytes=104857600",
    ]
    assert findings.errors[0].endswith("It takes a 32-bit integer, [1048576,...].")
    assert findings.remarks[:2] == [
        f"num.partitions is set twice ({file}, line 4, and {file}, line 10): the last one counts.",
        f"log.retenton.ms {lines[9]} is not a setting of a broker and is ignored; did you mean log.retention.ms?",
    ]
    assert "hush" not in str(findings)


def test_listeners_that_cannot_be_understood_are_an_error_beside_others(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text("listeners=PLAINTEXT:9092\nnum.partitions=0\n")
    errors = check_file(file, "broker").errors
    assert [error.partition("=")[0] for error in errors] == ["num.partitions", "listeners"]
    assert f"({file}, line 1)" in errors[1]


def test_a_client_file_is_checked_as_such(tmp_path: Path) -> None:
    file = tmp_path / "my-consumer.properties"
    file.write_text("auto.offset.reset=sometimes\nfetch.min.bytes=-1\nlog.dirs=/tmp\n")
    findings = check_file(file, kind_of(file))
    assert [error.partition("=")[0] for error in findings.errors] == ["auto.offset.reset", "fetch.min.bytes"]
    assert findings.remarks == [f"log.dirs ({file}, line 3) is not a setting of a consumer and is ignored."]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("config/server.properties", "broker"),
        ("config/producer.properties", "producer"),
        ("producer/consumer.properties", "consumer"),
        (r"C:\consumer\Admin.properties", "admin"),
        ("x", "broker"),
    ],
)
def test_the_name_tells_whose_file_it_is(path: str, kind: str) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    "name", ["server.properties", "kraft/server.properties", "producer.properties", "consumer.properties"]
)
def test_the_shipped_files_are_without_errors(name: str) -> None:
    assert check_file(CONFIG / name, kind_of(name)).errors == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.properties cannot be read: No such file"):
        check_file(tmp_path / "missing.properties", "broker")
