"""The keys of Kafka Connect against what Kafka Connect itself declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from minikafka.config.file_check import check_file, kind_of
from minikafka.config.keys import KeyTable
from minikafka.config.tables import client, connect, connector_keys, worker_keys
from tests.config.facts import rows

CONFIG = Path(__file__).parents[2] / "config"
TABLES = {"worker": worker_keys, "connector": connector_keys}


@pytest.mark.parametrize("fact", rows("kafka_connect_keys.tsv"), ids=lambda fact: f"{fact[0]}-{fact[1]}")
def test_a_key_is_as_connect_declares_it(fact: list[str]) -> None:
    scope, name, type_name, default, importance = fact
    key = TABLES[scope]()[name]
    assert key.type == type_name.lower()
    assert key.default_text == (None if default in ("!null", "!required") else default)
    # Workers share the entries of their connections with all clients, to whom some matter more.
    assert key.importance == importance.lower() or name in KeyTable(client.TABLE)
    assert key.documentation.endswith(".")


def test_connect_has_no_other_keys() -> None:
    declared = {(scope, name) for scope, name, *_ in rows("kafka_connect_keys.tsv")}
    assert {("worker", name) for name in KeyTable(connect.WORKER)} <= declared
    assert {("connector", name) for name in connector_keys()} <= declared


@pytest.mark.parametrize("file", sorted(CONFIG.glob("connect-*.properties")), ids=lambda file: file.stem)
def test_the_files_for_connect_are_in_order(file: Path) -> None:
    kind = kind_of(file)
    assert kind == ("connector" if "source" in file.stem or "sink" in file.stem else "worker")
    assert check_file(file, kind) == ([], [])


def test_what_is_wrong_with_a_worker_is_said(tmp_path: Path) -> None:
    file = tmp_path / "connect-distributed.properties"
    file.write_text(
        "group.id=a\nproducer.acks=1\nkey.converter.schemas.enable=x\nrest.port=many\nlisteners.https.a=b\n"
        "offset.flush.interval.ms=often\nconnect.protocol=lazy\n"
    )
    findings = check_file(file, kind_of(file))
    assert [error.partition(" ")[0] for error in findings.errors] == [
        "offset.flush.interval.ms=often",
        "connect.protocol=lazy",
    ]
    assert findings.remarks == [f"rest.port ({file}, line 4) is not a setting of a Connect worker and is ignored."]
