"""``kafka-producer-perf-test``: what it writes and prints; its numbers are what they are."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minikafka.broker import Broker
from minikafka.cli.measuring.payloads import PayloadsUnusable, chosen_from, from_file, random_letters
from minikafka.cli.measuring.producer_perf import main
from minikafka.cli.measuring.producer_perf_stats import Stats
from minikafka.cli.measuring.throttle import Throttle
from minikafka.client.cluster import Cluster
from minikafka.client.consuming.consumer import Consumer, ConsumerSettings
from minikafka.client.consuming.fetcher import FetchSettings
from tests.support.terminal import Terminal

Perf = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(num_partitions=1) as broker:
        yield broker


@pytest.fixture
def perf(broker: Broker, capsys: pytest.CaptureFixture[str]) -> Perf:
    """``perf("--record-size 5", ...)`` -> exit code, stdout with N for numbers, stderr."""

    def run(*arguments: str, connected: bool = True) -> tuple[int, str, str]:
        capsys.readouterr()
        servers = ["--bootstrap-server", broker.bootstrap_servers] if connected else []
        code = main([*(word for argument in arguments for word in argument.split()), *servers])
        printed = capsys.readouterr()
        return code, re.sub(r"\d+\.\d+|\b\d+(?= ms| records/sec)", "N", printed.out), printed.err

    return run


def values(broker: Broker, topic: str, *, read_committed: bool = False) -> list[bytes | None]:
    with Cluster(broker.bootstrap_servers) as cluster:
        fetch = FetchSettings(max_wait_ms=20, read_committed=read_committed)
        consumer = Consumer(cluster, ConsumerSettings(auto_offset_reset="earliest", fetch=fetch))
        consumer.assign([(topic, 0)])
        found = []
        while consumer.poll(0.2):
            found += [fetched.record.value for _, fetched in consumer.take_many(1000)]
        return found


TOTAL = (
    "N records/sec (N MB/sec), N ms avg latency, N ms max latency, N ms 50th, N ms 95th, N ms 99th, N ms 99.9th.\n"
).replace("99.9th", "Nth")


def test_random_records(perf: Perf, broker: Broker) -> None:
    assert perf("--topic sized --num-records 1500 --throughput -1 --record-size 20") == (
        0,
        f"1500 records sent, {TOTAL}",
        "",
    )
    found = values(broker, "sized")
    assert len(found) == 1500
    assert all(value is not None and re.fullmatch(rb"[A-Z]{20}", value) for value in found)
    assert len(set(found)) == 1500


def test_numbers_in_transactions(perf: Perf, broker: Broker) -> None:
    code, out, err = perf(
        "--topic transactional --num-records 300 --throughput 3000 --payload-monotonic --transaction-duration-ms 20"
    )
    assert (code, out, err) == (0, f"300 records sent, {TOTAL}", "")
    assert values(broker, "transactional", read_committed=True) == [b"%d" % number for number in range(300)]
    code, out, _ = perf("--topic transactional2 --num-records 3 --throughput -1 --payload-monotonic",
                        "--transactional-id mine --producer-props acks=all")  # fmt: skip
    assert code == 0
    assert values(broker, "transactional2", read_committed=True) == [b"0", b"1", b"2"]


def test_warmup_windows_and_metrics(perf: Perf) -> None:
    code, out, _ = perf(
        "--topic warm --num-records 200 --throughput 1000 --record-size 5 --warmup-records 100",
        "--reporting-interval 40 --print-metrics --command-property acks=1 client.id=me",
    )
    assert code == 0
    lines = out.splitlines()
    window = re.compile(r"\d+ records sent, N records/sec \(N MB/sec\), N ms avg latency, N ms max latency\.")
    assert lines[0] == ("Warmup first 100 records. Steady state results will print after the complete test summary.")
    assert window.fullmatch(lines[1])
    total = lines.index(f"200 records sent, {TOTAL}".rstrip())
    assert lines[total + 1] == f"100 steady state records sent, {TOTAL}".rstrip()
    assert lines[total + 3].split() == ["Metric", "Name", "Value"]
    assert lines[-2].split() == ["producer-metrics:record-send-total:{client-id=me}", ":", "N"]


def test_payloads_of_a_file(perf: Perf, broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "payloads"
    file.write_text("one;two;;drei é;")
    assert perf("--topic filed --num-records 100 --throughput -1 --payload-delimiter ;", f"--payload-file {file}") == (
        0,
        f"Reading payloads from: {file}\nNumber of records read: 4\n100 records sent, {TOTAL}",
        "",
    )
    assert set(values(broker, "filed")) == {b"one", b"two", b"", "drei é".encode()}


@pytest.mark.parametrize(
    ("text", "payloads"),
    [("a\nb", "a b"), ("\na\n", "a"), ("a\n\n", "a "), ("a", "a"), ("\n\na", " a")],
)
def test_what_is_between_delimiters(tmp_path: Path, text: str, payloads: str) -> None:
    file = tmp_path / "payloads"
    file.write_text(text)
    assert b" ".join(from_file(str(file), "\n")).decode() == payloads


def test_files_without_payloads(tmp_path: Path) -> None:
    empty, only_delimiters = tmp_path / "empty", tmp_path / "delimiters"
    empty.write_text("")
    only_delimiters.write_text("\n")
    with pytest.raises(PayloadsUnusable, match="File does not exist or empty file provided"):
        from_file(str(empty), "\n")
    with pytest.raises(PayloadsUnusable, match="holds nothing but delimiters"):
        from_file(str(only_delimiters), "\n")
    with pytest.raises(PayloadsUnusable, match="is no regular expression"):
        from_file(str(only_delimiters), "(")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--topic t --record-size 5 --throughput 1", "argument --num-records is required"),
        ("--topic t --num-records 5 --throughput 1", "one of the arguments --record-size --payload-file --payload-mon"),
        (
            "--topic t --num-records 5 --throughput 1 --record-size 5 --payload-monotonic",
            "argument --payload-monotonic: not allowed with argument --record-size",
        ),
        ("--num-records x", "argument --num-records: could not convert 'x' to Long (For input string: \"x\")"),
        ("--throughput z", "argument --throughput: could not convert 'z' to Double (For input string: \"z\")"),
        ("--topic", "argument --topic: expected one argument"),
        ("--producer-props --topic t", "argument --producer-props: expected 1 argument(s)"),
        ("--foo", "unrecognized arguments: '--foo'"),
        ("junk", "unrecognized arguments: 'junk'"),
        ("--t x", "ambiguous option: --t could match --topic, --throughput, --transactional-id"),
        ("--topic t --num 0 --throughput 1 --record-size 5", "--num-records should be greater than zero."),
        ("--topic t --num 1 --throughput 1 --record-size 0", "--record-size should be greater than zero."),
        (
            "--topic t --num 1 --throughput 1 --record-size 1 --warmup-records 1",
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-rec",
        ),
        (
            "--topic t --num 1 --throughput 1 --record-size 1",
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or "
            "--command-config must be specified.",
        ),
        (
            "--topic t --num 1 --throughput 1 --record-size 1 --producer-props a=b --command-property a=b",
            "--command-property and --producer-props cannot be specified together.",
        ),
        (
            "--topic t --num 1 --throughput 1 --record-size 1 --producer-props a=b --reporting-interval 0",
            "--reporting-interval should be greater than zero.",
        ),
    ],
)
def test_refuses(perf: Perf, arguments: str, sentence: str) -> None:
    code, out, err = perf(arguments, connected=False)
    assert (code, out) == (1, "")
    assert err.startswith("usage: kafka-producer-perf-test\n       [-h] [--bootstrap-server BOOTSTRAP-SERVER] ")
    assert f"\nkafka-producer-perf-test: error: {sentence}" in err


def test_a_bar_on_a_terminal(broker: Broker, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minikafka", "kafka-producer-perf-test", "--topic", "seen", "--num-records", "40"]
    options = ["--throughput", "100", "--record-size", "5", "--reporting-interval", "200"]
    servers = ["--bootstrap-server", broker.bootstrap_servers]
    with Terminal([*command, *options, *servers], tmp_path, {**os.environ, "TERM": "xterm"}) as terminal:
        assert terminal.wait() == 0
        shown = terminal.text
    assert re.search(r"\r\x1b\[KProducing \[#+\.+\] +\d+% \d+/40 records", shown)
    # Lines are printed where the bar was, if there was one, and nothing of it is left at the end.
    *lines, end = [line.rpartition("\r\x1b[K")[2] for line in shown.split("\n")]
    assert all(re.match(r"\d+ records sent, [\d.]+ records/sec", line) for line in lines), lines
    assert lines[-1].startswith("40 records sent, ")
    assert end == ""


def test_refuses_a_property(perf: Perf) -> None:
    code, out, err = perf("--topic t --num-records 1 --throughput 1 --record-size 1 --producer-props a")
    assert code == 1
    assert out.startswith("Option --producer-props has been deprecated and will be removed in a future version.")
    assert err == "Invalid property: a\n"
    code, _, err = perf("--topic t --num-records 1 --throughput 1 --record-size 1 --command-property acks=1",
                        "enable.idempotence=true")  # fmt: skip
    assert (code, err) == (1, "Must set acks to all in order to use the idempotent producer. Otherwise we cannot "
                              "guarantee idempotence.\n")  # fmt: skip


def test_help_without_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("usage: kafka-producer-perf-test")


def test_statistics(capsys: pytest.CaptureFixture[str]) -> None:
    now_ms = 0
    stats = Stats(4, 1000, now=lambda: now_ms)
    stats.add([1, 3], 1 << 20)
    now_ms = 1000
    stats.add([8], 1 << 20)
    now_ms = 2000
    stats.print_total()
    assert capsys.readouterr().out == (
        "3 records sent, 3.0 records/sec (2.00 MB/sec), 4.0 ms avg latency, 8.0 ms max latency.\n"
        "3 records sent, 1.500000 records/sec (1.00 MB/sec), 4.00 ms avg latency, 8.00 ms max latency, "
        "3 ms 50th, 8 ms 95th, 8 ms 99th, 8 ms 99.9th.\n"
    )


def test_statistics_behind_the_warmup(capsys: pytest.CaptureFixture[str]) -> None:
    now_ms = 0
    stats = Stats(3, 1000, is_steady=True, now=lambda: now_ms)
    for now_ms in (1000, 2000):  # noqa: B007
        stats.add([1], 0)
    stats.is_silent = True
    now_ms = 3000
    stats.add([1], 0)
    window = "1 records sent, 1.0 records/sec (0.00 MB/sec), 1.0 ms avg latency, 1.0 ms max latency.\n"
    assert capsys.readouterr().out == f"In steady state.\n{window}{window}"
    stats.print_total()
    assert capsys.readouterr().out.startswith("3 steady state records sent, 1.000000 records/sec (0.00 MB/sec), ")


def test_statistics_of_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    stats = Stats(1_000_000, 1000, now=lambda: 0)
    for start in range(0, 999, 333):
        stats.add([number % 2 for number in range(start, start + 333)], 0)
    stats.print_total()
    # Every other one is kept: the zeros.
    assert " 0 ms 50th, 0 ms 95th, 0 ms 99th, 0 ms 99.9th.\n" in capsys.readouterr().out


def test_throttle() -> None:
    throttle = Throttle(100.0, 1000)
    assert not throttle.is_ahead(50, 1000)
    assert not throttle.is_ahead(50, 1500)
    assert throttle.is_ahead(51, 1500)
    assert throttle.pause_s() == pytest.approx(0.01)
    quick = Throttle(1000.0, 0)
    assert [quick.pause_s() for _ in range(4)] == pytest.approx([0, 0.002, 0, 0.002])
    assert not Throttle(-1, 0).is_ahead(1_000_000, 1)


def test_letters_do_not_repeat_soon() -> None:
    payloads = random_letters(64)
    first = [next(payloads) for _ in range(2000)]
    assert len(set(first)) == 2000
    again = random_letters(64)
    assert next(again) == first[0]
    chosen = chosen_from([b"a", b"b"])
    assert {next(chosen) for _ in range(100)} == {b"a", b"b"}
