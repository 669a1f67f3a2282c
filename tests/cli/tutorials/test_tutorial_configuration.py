"""T5: real brokers start with the files of Kafka 0.8 to 4.0, and each old form of a setting does what it did."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minikafka.cli import main
from minikafka.client.admin.configs import BROKER, Resource, describe_configs
from minikafka.client.cluster import Cluster
from tests.config.kafka_files import kafka_file
from tests.support.polling import wait_until


class Started(str):
    """What a broker printed until it was ready; ``port`` is that of its listener for clients."""

    port: int


@contextmanager
def running(directory: Path, settings: str, *arguments: str) -> Iterator[Started]:
    """A broker process with these settings, which stops cleanly in the end."""
    (directory / "server.properties").write_text(settings)
    output = directory / "out.txt"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "minikafka", "server.properties", *arguments], cwd=directory, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: "ready in" in output.read_text() or process.poll() is not None, what="the broker is ready")
        started = Started(output.read_text())
        assert process.poll() is None, started
        found = re.search(r"listening on \w+://\S*:(\d+)", started)
        assert found is not None
        started.port = int(found[1])
        yield started
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(20)


def refused(directory: Path, settings: str) -> str:
    """What a broker says that cannot start with these settings."""
    (directory / "server.properties").write_text(settings)
    done = subprocess.run(
        [sys.executable, "-m", "minikafka", "server.properties"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def values(port: int, *names: str) -> dict[str, str | None]:
    """What the broker itself says its settings are."""
    with Cluster(f"127.0.0.1:{port}") as cluster:
        (node,) = cluster.broker_ids()
        [entries] = describe_configs(cluster, [Resource(BROKER, str(node))]).values()
        return {entry.name: entry.value for entry in entries if entry.name in names}


@pytest.mark.parametrize(
    ("file", "release"),
    [
        ("server", "0.8.0"),
        ("server", "0.9.0.1"),
        ("server", "2.4.1"),
        ("kraft/server", "2.8.2"),
        ("kraft/broker", "4.0"),
    ],
)
def test_a_broker_starts_with_the_file_of_a_release(tmp_path: Path, file: str, release: str) -> None:
    settings = kafka_file(file, release)
    settings = re.sub(r"(?m)^log\.dirs=.*", "log.dirs=data", settings)
    # Ports of this machine are not the test's to choose; all else stays as it was shipped.
    settings = re.sub(r"(?m)^port=.*", "port=0", settings)
    settings = re.sub(r"(?m)^listeners=PLAINTEXT://\w*:\d+", "listeners=PLAINTEXT://127.0.0.1:0", settings)
    settings = re.sub(r"(?m)^advertised\.listeners=.*\n", "", settings)
    if "listeners=" not in settings and "port=" not in settings:
        settings += "listeners=PLAINTEXT://127.0.0.1:0\n"
    with running(tmp_path, settings) as started:
        assert "is not a setting" not in started
        assert ("there is no ZooKeeper" in started) == (file == "server")
        found = values(started.port, "num.partitions", "log.retention.hours", "socket.request.max.bytes")
    assert found == {
        "num.partitions": "2" if release == "0.8.0" else "1",
        "log.retention.hours": "168",
        "socket.request.max.bytes": "104857600",
    }


def test_the_forms_of_kafka_0_8(tmp_path: Path) -> None:
    settings = (
        "broker.id=3\n"
        "host.name=127.0.0.1\n"
        "port=0\n"
        "advertised.host.name=localhost\n"
        "log.dir=data\n"
        "log.cleanup.interval.mins=7\n"
        "log.retention.minutes=90\n"
        "log.roll.hours=24\n"
        "background.threads=5\n"
        "queued.max.requests=16\n"
        "controlled.shutdown.enable=true\n"
        "controlled.shutdown.max.retries=5\n"
        "controlled.shutdown.retry.backoff.ms=100\n"
        "replica.lag.max.messages=4000\n"
        "replica.fetch.max.bytes=1048576\n"
        "replica.socket.timeout.ms=30000\n"
        "zookeeper.connect=localhost:2181/chroot\n"
        "zookeeper.session.timeout.ms=6000\n"
        "zookeeper.sync.time.ms=2000\n"
    )
    with running(tmp_path, settings) as started:
        with Cluster(f"127.0.0.1:{started.port}") as cluster:
            [broker] = cluster.metadata([]).brokers
            assert (broker.node_id, broker.host, broker.port) == (3, "localhost", started.port)
        names = ("log.retention.check.interval.ms", "log.retention.minutes", "log.roll.hours", "queued.max.requests")
        assert values(started.port, *names) == {
            "log.retention.check.interval.ms": "420000",
            "log.retention.minutes": "90",
            "log.roll.hours": "24",
            "queued.max.requests": "16",
        }
    assert "log.cleanup.interval.mins (server.properties, line 6) is an old name" in started
    for name in ("port", "host.name", "advertised.host.name"):
        assert re.search(
            rf"WARNING {re.escape(name)} \(server.properties, line \d+\) is the form of Kafka 0.8", started
        )
    told = [line for line in started.splitlines() if "No effect on a single node: " in line]
    for name in (
        *("background.threads", "controlled.shutdown.max.retries", "replica.lag.max.messages"),
        *("replica.fetch.max.bytes", "replica.socket.timeout.ms", "zookeeper.connect", "zookeeper.sync.time.ms"),
    ):
        assert sum(name in line for line in told) == 1, f"{name} is named once, with the reason"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("num.partitions=0", "num.partitions=0 (server.properties, line 2): "),
        ("log.segment.bytes=12x", "It takes a 32-bit integer, [1048576,...]."),
        ("log.cleanup.interval.mins=0", "log.cleanup.interval.mins=0 (server.properties, line 2): "),
        ("port=high", "port=high (server.properties, line 2): "),
        ("compression.type=zip", "[uncompressed, zstd, lz4, snappy, gzip, producer]"),
        ("listeners=PLAINTEXT//:9092", "listeners=PLAINTEXT//:9092 (server.properties, line 2): "),
        ("replica.lag.time.max.ms=x", "replica.lag.time.max.ms=x (server.properties, line 2): "),
    ],
)
def test_a_wrong_value_stops_the_start_with_key_value_range_and_line(
    tmp_path: Path, setting: str, sentence: str
) -> None:
    said = refused(tmp_path, f"log.dirs=data\n{setting}\n")
    assert said.startswith("minikafka-server: ")
    assert sentence in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "option", "setting", "allowed"),
    [
        ("kafka-console-consumer", "--consumer.config", "fetch.min.bytes=few", "It takes a 32-bit integer, [0,...]."),
        ("kafka-console-producer", "--producer.config", "linger.ms=-1", "[0,...]"),
        ("kafka-topics", "--command-config", "request.timeout.ms=soon", "milliseconds are a number"),
        ("kafka-topics", "--command-config", "security.protocol=TLS", "[SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT]"),
    ],
)
def test_a_wrong_value_in_a_clients_file_is_named_in_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, option: str, setting: str, allowed: str
) -> None:
    file = tmp_path / "client.properties"
    file.write_text(f"# of a tutorial\n{setting}\n")
    what = ["--list"] if command == "kafka-topics" else ["--topic", "t"]
    assert main([command, "--bootstrap-server", "127.0.0.1:1", *what, option, str(file)]) == 1
    said = "".join(capsys.readouterr())
    assert f"{setting} ({file}, line 2): " in said
    assert allowed in said


def test_an_unknown_name_suggests_the_nearest(tmp_path: Path) -> None:
    settings = "listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs=data\nlog.retention.hour=5\nretention.ms=5\n"
    with running(tmp_path, settings) as started:
        pass
    assert (
        "log.retention.hour (server.properties, line 3) is not a setting of a broker and is ignored; did you mean "
        "log.retention.hours?" in started
    )
    assert "retention.ms (server.properties, line 4)" in started
    assert "it is a setting of a topic, and log.retention.ms is the default of all topics" in started


def test_what_is_bound_and_advertised_is_said(tmp_path: Path) -> None:
    settings = (
        "log.dirs=data\nlisteners=PLAINTEXT://0.0.0.0:0,OUTSIDE://127.0.0.1:0\n"
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT\n"
        "advertised.listeners=PLAINTEXT://localhost:9092,OUTSIDE://kafka.example.org:19092\n"
    )
    with running(tmp_path, settings) as started:
        pass
    assert re.search(r"listening on PLAINTEXT://0\.0\.0\.0:\d+, OUTSIDE://127\.0\.0\.1:\d+\n", started)
    assert "advertising PLAINTEXT as localhost:9092\n" in started
    assert "advertising OUTSIDE as kafka.example.org:19092\n" in started


def test_a_broker_on_all_addresses_tells_each_client_the_one_it_came_by(tmp_path: Path) -> None:
    with running(tmp_path, "log.dirs=data\nlisteners=PLAINTEXT://0.0.0.0:0\n") as started:
        for host in ("127.0.0.1", "localhost"):
            with Cluster(f"{host}:{started.port}") as cluster:
                [broker] = cluster.metadata([]).brokers
                assert (broker.host, broker.port) == ("127.0.0.1", started.port)
    assert "advertising PLAINTEXT as the address that each client connects to, port" in started
