"""``kafka-console-share-consumer``: its options, what it reads and acknowledges, and what it says where there are no
share groups. Beside Kafka's it runs in tests/matrix/group_tools.py.
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
from minikafka.protocol.messages import UpdateFeaturesRequest

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


def test_it_prints_accepts_releases_and_rejects(run: Run) -> None:
    settings = {"group.share.heartbeat.interval.ms": 50, "group.share.min.heartbeat.interval.ms": 50}
    with Broker(config=settings) as broker:
        broker.create_topic("t")
        broker.configure_group("g", share_auto_offset_reset="earliest")
        for value in ("a", "b", "c"):
            broker.produce("t", value)
        fixed = f"--bootstrap-server {broker.bootstrap_servers} --topic t --group g --timeout-ms 10000"
        properties = "--formatter-property print.delivery=true --formatter-property print.offset=true"
        command = f"{fixed} {properties} --max-messages"
        assert run(f"{command} 2 --release")[:2] == (0, "Offset:0\tDelivery:1\ta\nOffset:1\tDelivery:1\tb\n")
        assert run(f"{command} 1 --reject")[:2] == (0, "Offset:0\tDelivery:2\ta\n")
        code, out, err = run(f"{command} 2")
        assert (code, out) == (0, "Offset:1\tDelivery:3\tb\nOffset:2\tDelivery:3\tc\n")
        assert err == "Processed a total of 2 messages\n"
        assert broker.lag("g") == {("t", 0): 0}


def test_a_broker_without_share_groups(run: Run) -> None:
    with Broker() as broker:
        off = UpdateFeaturesRequest.FeatureUpdateKey(feature="share.version", max_version_level=0, upgrade_type=2)
        assert broker.call(UpdateFeaturesRequest(feature_updates=[off]), 2).error_code == 0
        code, out, err = run(f"--bootstrap-server {broker.bootstrap_servers} --topic t --enable-systest-events")
    assert (code, out) == (0, "shutdown_complete\n")
    lines = err.splitlines()
    assert (
        "The cluster does not support the share group protocol. To use share groups, the cluster must have" in lines[0]
    )
    assert lines[1] == "Processed a total of 0 messages"
