"""``kafka-verifiable-producer`` and ``-consumer``: their lines of JSON, as Kafka's own were seen to print them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli import run as run_command
from tests.support.polling import wait_until

COMMAND = (sys.executable, "-m", "minikafka", "kafka-verifiable-producer")

Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(num_partitions=1, group_initial_rebalance_delay_ms=0) as broker:
        yield broker


@pytest.fixture
def run(broker: Broker, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, lines of stdout without their times, stderr."""

    def run_tool(name: str, arguments: str, *, connected: bool = True) -> tuple[int, list[str], str]:
        capsys.readouterr()
        servers = ["--bootstrap-server", broker.bootstrap_servers] if connected else []
        code = run_command(f"kafka-verifiable-{name}", [*arguments.split(), *servers])
        printed = capsys.readouterr()
        return code, [re.sub(r'^\{"timestamp":\d+,', "{", line) for line in printed.out.splitlines()], printed.err

    return run_tool


def test_numbers_there_and_back(run: Run) -> None:
    code, lines, err = run("producer", "--topic numbers --max-messages 3 --repeating-keys 2 --value-prefix 7")
    assert (code, err) == (0, "")
    assert lines[:-1] == [
        '{"name":"startup_complete"}',
        '{"name":"producer_send_success","key":"0","value":"7.0","offset":0,"topic":"numbers","partition":0}',
        '{"name":"producer_send_success","key":"1","value":"7.1","offset":1,"topic":"numbers","partition":0}',
        '{"name":"producer_send_success","key":"0","value":"7.2","offset":2,"topic":"numbers","partition":0}',
        '{"name":"shutdown_complete"}',
    ]
    assert re.fullmatch(
        r'\{"name":"tool_data","sent":3,"acked":3,"target_throughput":-1,"avg_throughput":\d+\.\d+(E\d)?\}', lines[-1]
    )
    code, lines, err = run("consumer", "--topic numbers --group-id back --max-messages 3 --verbose")
    assert (code, err) == (0, "")
    assert lines == [
        '{"name":"startup_complete"}',
        '{"name":"partitions_assigned","partitions":[{"topic":"numbers","partition":0}]}',
        '{"name":"record_data","key":"0","value":"7.0","topic":"numbers","partition":0,"offset":0}',
        '{"name":"record_data","key":"1","value":"7.1","topic":"numbers","partition":0,"offset":1}',
        '{"name":"record_data","key":"0","value":"7.2","topic":"numbers","partition":0,"offset":2}',
        '{"name":"records_consumed","count":3,"partitions":[{"topic":"numbers","partition":0,"count":3,"minOffset":0,'
        '"maxOffset":2}]}',
        '{"name":"offsets_committed","offsets":[{"topic":"numbers","partition":0,"offset":3}],"success":true}',
        '{"name":"partitions_revoked","partitions":[{"topic":"numbers","partition":0}]}',
        '{"name":"shutdown_complete"}',
    ]


def test_the_new_protocol_and_commits_of_its_own(run: Run) -> None:
    run("producer", "--topic more --max-messages 2 --message-create-time 1000 --acks 1")
    code, lines, _ = run(
        "consumer", "--topic more --group-id new --max-messages 2 --group-protocol consumer --enable-autocommit"
    )
    assert code == 0
    assert [json.loads(line)["name"] for line in lines] == [
        "startup_complete",
        "partitions_assigned",
        "records_consumed",
        "partitions_revoked",
        "shutdown_complete",
    ]


def test_what_is_refused_is_told(run: Run) -> None:
    code, lines, _ = run("producer", "--topic bad/name --max-messages 1")
    assert code == 0
    assert lines[1] == (
        '{"name":"producer_send_error","topic":"bad/name","key":null,"value":"0","exception":"class '
        'org.apache.kafka.common.errors.InvalidTopicException","message":"The request attempted to perform an '
        'operation on an invalid topic."}'
    )


def test_an_end_that_is_asked_for(broker: Broker, tmp_path: Path) -> None:
    """SIGTERM: what was sent is awaited and told, and the sum of it."""
    output = tmp_path / "out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, "--throughput", "50", "--topic", "endless", "--bootstrap-server", broker.bootstrap_servers],
            stdout=file,
            env={**os.environ},
        )
    try:
        wait_until(lambda: "producer_send_success" in output.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    events = [json.loads(line) for line in output.read_text().splitlines()]
    assert [event["name"] for event in events[-2:]] == ["shutdown_complete", "tool_data"]
    assert events[-1]["sent"] == events[-1]["acked"] == len(events) - 3


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("producer", "--max-messages 1 --bootstrap-server h:1", "argument --topic is required"),
        ("producer", "--topic t", "one of the arguments --bootstrap-server is required"),
        (
            "producer",
            "--topic t --bootstrap-server h:1 --acks 5",
            "argument --acks: invalid choice: '5' (choose from {0,1,-1})",
        ),
        (
            "producer",
            "--topic t --bootstrap-server h:1 --producer.config a --command-config b",
            "Options --producer.config and --command-config are mutually exclusive.",
        ),
        ("consumer", "--topic t --bootstrap-server h:1", "argument --group-id is required"),
        (
            "consumer",
            "--topic t --bootstrap-server h:1 --group-id g --group-protocol none",
            "--group-protocol none: it is CLASSIC or CONSUMER",
        ),
    ],
)
def test_refuses(run: Run, name: str, arguments: str, sentence: str) -> None:
    code, lines, err = run(name, arguments, connected=False)
    assert (code, lines) == (1, [])
    assert err.startswith(f"usage: verifiable-{name}\n")
    assert err.endswith(f"verifiable-{name}: error: {sentence}\n")


def test_an_assignor_that_nobody_knows(run: Run) -> None:
    code, _, err = run("consumer", "--topic t --group-id g --assignment-strategy com.example.Mine")
    assert code == 1
    assert err.startswith("partition.assignment.strategy=com.example.Mine: there is no such assignor here, only Range")
