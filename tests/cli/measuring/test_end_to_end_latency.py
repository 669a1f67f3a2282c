"""``kafka-e2e-latency``: options, old positions, and what it prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.measuring.end_to_end_latency import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(num_partitions=1) as broker:
        yield broker


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_tool(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([word for argument in arguments for word in argument.split()])
        printed = capsys.readouterr()
        return code, re.sub(r"\d+\.\d+(E-\d+)?", "N", printed.out), printed.err

    return run_tool


def test_records_with_keys_and_headers(run: Run, broker: Broker) -> None:
    code, out, err = run(
        f"--bootstrap-server {broker.bootstrap_servers} --topic timed --num-records 20 --producer-acks all",
        "--record-size 10 --record-key-size 4 --num-headers 2 --record-header-key-size 3 --record-header-size -1",
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == (
        'Topic "timed" does not exist. Will create topic with 1 partition(s) and replication factor = 1'
    )
    assert lines[1:3] == ["0\tN", "Avg latency: N ms"]
    assert re.fullmatch(r"Percentiles: 50th = \d+, 99th = \d+, Nth = \d+", lines[3])


def test_words_in_their_old_places(run: Run, broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("client.id=timer\n")
    code, out, _ = run(f"{broker.bootstrap_servers} old 2 1 0 {file}")
    assert code == 0
    assert out.startswith(
        "WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka N. Please use named "
        "arguments instead: --bootstrap-server, --topic, --num-records, --producer-acks, --record-size, "
        '--command-config\nTopic "old" does not exist.'
    )
    assert run("a b c") == (
        1,
        "",
        "Invalid number of arguments. Expected 5 or 6 positional arguments, but got 3. Usage: bootstrap-server topic "
        "num-records producer-acks record-size [optional] command-config\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--topic t", 'Missing required argument "[bootstrap-server]"'),
        ("--producer-acks 0", "Invalid value for --producer-acks. Latency testing requires synchronous"),
        ("--num-records 0", "Value for --num-records must be a positive integer."),
        ("--record-size -1", "Value for --record-size must be a non-negative integer."),
        ("--num-headers -1", "Value for --num-headers must be a non-negative integer."),
        (
            "--record-header-size -2",
            "Value for --record-header-size must be a non-negative integer or -1 for null header value.",
        ),
    ],
)
def test_refuses(run: Run, arguments: str, sentence: str) -> None:
    name = arguments.partition(" ")[0]
    needed = {
        "--bootstrap-server": "h:1",
        "--topic": "t",
        "--num-records": "1",
        "--producer-acks": "1",
        "--record-size": "1",
    }
    others = [] if name == "--topic" else [f"{other} {value}" for other, value in needed.items() if other != name]
    code, out, err = run(arguments, *others)
    assert (code, out) == (1, "")
    assert err.startswith(sentence)
