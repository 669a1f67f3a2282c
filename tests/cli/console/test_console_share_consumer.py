"""``kafka-console-share-consumer``: its options, and what it says where there are no share groups.

That it reads, acknowledges, releases and rejects is tested with Apache Kafka (tests/matrix/kafka_share_groups.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.console.console_share_consumer import main
from minikafka.cli.console.console_share_consumer_options import TOOL, read
from minikafka.cli.toolkit.options import parse
from minikafka.client.sharing.share_session import ACCEPT, REJECT, RELEASE

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_tool(arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments.split())
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_tool


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--bootstrap-server h:1", "--topic is a required argument"),
        ("--topic t", 'Missing required argument "[bootstrap-server]"'),
        ("--topic t --bootstrap-server h:1 --reject --release", "At most one of --reject and --release may be spe"),
        (
            "--topic t --bootstrap-server h:1 --property a=b --formatter-property a=b",
            "Options --property and --formatter-property cannot be specified together.",
        ),
        (
            "--topic t --bootstrap-server h:1 --group a --command-property group.id=b",
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
            "'--consumer-config') do not match. Detected group ids: 'a', 'b'",
        ),
        ("--topic t --bootstrap-server h:1 --formatter com.example.Mine", "com.example.Mine: there is no such form"),
    ],
)
def test_refuses(run: Run, arguments: str, sentence: str) -> None:
    code, out, err = run(arguments)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)


def test_options(tmp_path: Path) -> None:
    file = tmp_path / "consumer.properties"
    file.write_text("max.poll.records=7\ngroup.id=mine\n")
    asked, deprecations = read(
        parse(
            TOOL,
            f"--bootstrap-server h:1 --topic t --consumer-config {file} --consumer-property client.id=me --release "
            "--property print.key=true --key-deserializer LongDeserializer --max-messages 3 --timeout-ms 5".split(),
        )
    )
    assert deprecations == [
        f"Option --{old} is deprecated and will be removed in a future version. Use --{new} instead."
        for old, new in (
            ("consumer-property", "command-property"),
            ("consumer-config", "command-config"),
            ("property", "formatter-property"),
        )
    ]
    assert (asked.group_id, asked.acknowledgement, asked.max_messages, asked.timeout_ms) == ("mine", RELEASE, 3, 5)
    assert asked.properties == {"client.id": "me", "max.poll.records": "7", "group.id": "mine"}
    assert asked.formatter_properties == {"print.key": "true", "key.deserializer": "LongDeserializer"}
    plain, _ = read(parse(TOOL, ["--bootstrap-server", "h:1", "--topic", "t"]))
    assert (plain.group_id, plain.acknowledgement, plain.timeout_ms) == ("console-share-consumer", ACCEPT, None)
    rejecting, _ = read(parse(TOOL, ["--bootstrap-server", "h:1", "--topic", "t", "--reject"]))
    assert rejecting.acknowledgement == REJECT


def test_a_broker_without_share_groups(run: Run) -> None:
    with Broker() as broker:
        code, out, err = run(f"--bootstrap-server {broker.bootstrap_servers} --topic t --enable-systest-events")
    assert (code, out) == (0, "shutdown_complete\n")
    lines = err.splitlines()
    assert (
        "The cluster does not support the share group protocol. To use share groups, the cluster must have" in lines[0]
    )
    assert lines[1] == "Processed a total of 0 messages"
