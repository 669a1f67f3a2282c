"""``kafka-consumer-perf-test``: what it reads and prints; its numbers are what they are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from minikafka.broker import Broker
from minikafka.cli.measuring.consumer_perf import main
from minikafka.cli.toolkit.java_dates import DateFormat, UnknownPattern
from minikafka.client.cluster import Cluster
from minikafka.client.producing.producer import Producer

Perf = Callable[[str], tuple[int, list[str], str]]

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}"
COLUMNS = (
    "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, "
    "fetch.nMsg.sec"
)


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with (
        Broker(num_partitions=1, group_initial_rebalance_delay_ms=0) as broker,
        Cluster(broker.bootstrap_servers) as cluster,
    ):
        producer = Producer(cluster)
        for _ in range(300):
            producer.send("read", bytes(95), b"12345")
        producer.flush()
        yield broker


@pytest.fixture
def perf(broker: Broker, capsys: pytest.CaptureFixture[str]) -> Perf:
    def run(arguments: str) -> tuple[int, list[str], str]:
        capsys.readouterr()
        code = main(["--bootstrap-server", broker.bootstrap_servers, *arguments.split()])
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err

    return run


def test_everything_at_once(perf: Perf) -> None:
    code, lines, err = perf("--topic read --num-records 250")
    assert (code, err) == (0, "")
    assert lines[0] == f"start.time, end.time, {COLUMNS}"
    found = re.fullmatch(rf"{TIME}, {TIME}, 0\.0238, \d+\.\d{{4}}, 250, [\d.]+, \d+, \d+, [\d.]+, [\d.]+", lines[1])
    assert found, lines[1]


def test_details_metrics_and_old_names(perf: Perf) -> None:
    code, lines, err = perf(
        "--include re.* --messages 400 --show-detailed-stats --reporting-interval 0 --timeout 200 --print-metrics "
        "--threads 1 --command-property client.id=me"
    )
    assert (code, err) == (0, "")
    assert lines[0] == "Warning: --messages is deprecated. Use --num-records instead."
    assert lines[1] == f"time, threadId, {COLUMNS}"
    assert re.fullmatch(rf"{TIME}, 0, 0\.0286, \d+\.\d{{4}}, 300, [\d.]+, \d+, -?\d+, [\d.]+, [\d.]+", lines[2])
    assert lines[3] == (
        "WARNING: Exiting before consuming the expected number of records: timeout (200 ms) exceeded. You can use the "
        "--timeout option to increase the timeout."
    )
    assert lines[5].split() == ["Metric", "Name", "Value"]
    assert lines[-1].split() == [
        "consumer-fetch-manager-metrics:records-consumed-total:{client-id=me}",
        ":",
        "300.000",
    ]


def test_from_the_end_without_a_header(perf: Perf) -> None:
    code, lines, _ = perf("--topic read --num-records 1 --timeout 100 --from-latest --hide-header --date-format SSS")
    assert code == 0
    assert lines[0].startswith("WARNING: Exiting before consuming")
    assert re.fullmatch(r"\d{3}, \d{3}, 0\.0000, 0\.0000, 0, 0\.0000, \d+, \d+, 0\.0000, 0\.0000", lines[1])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--num-records 1", "Exactly one of the following arguments is required: [topic], [include]"),
        ("--topic t", "Exactly one of the following arguments is required: [messages], [num-records]"),
        (
            "--topic t --num-records 1 --consumer.config a --command-config b",
            'Option "[consumer.config]" can\'t be used with option "[command-config]"',
        ),
        ("--topic t --num-records x", "Cannot parse argument 'x' of option num-records"),
        ("--topic t --num-records 1 --reporting-interval -1", "Value [-1] did not match regex [^\\d+$]"),
    ],
)
def test_refuses(perf: Perf, arguments: str, sentence: str) -> None:
    code, lines, err = perf(arguments)
    assert (code, lines) == (1, [])
    assert err.startswith(f"{sentence}\n")


def test_dates_as_java_writes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    try:
        moment = 1_234_567_890_007  # 2009-02-13 20:01:30.007 -0330
        patterns = {
            "yyyy-MM-dd HH:mm:ss:SSS": "2009-02-13 20:01:30:007",
            "EEE, d MMM yy hh 'o''clock' a": "Fri, 13 Feb 09 08 o'clock PM",
            "EEEE MMMM D u k K Z XXX XX X G": "Friday February 44 5 20 8 -0330 -03:30 -0330 -03 AD",
            "''": "'",
        }
        assert {pattern: DateFormat(pattern).text(moment) for pattern in patterns} == patterns
    finally:
        monkeypatch.undo()
        time.tzset()
    with pytest.raises(UnknownPattern, match="Illegal pattern character 'b'"):
        DateFormat("bb")
    with pytest.raises(UnknownPattern, match="Unterminated quote"):
        DateFormat("HH 'o")
