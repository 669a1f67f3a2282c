"""``minikafka config``: keys are explained, listed and suggested; files are checked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.cli.local.config import main


def test_a_key_is_explained_for_all_who_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compression.type"]) == 0
    out = capsys.readouterr().out
    scopes = [line for line in out.splitlines() if line.startswith("compression.type")]
    assert scopes == ["compression.type (broker)", "compression.type (topic)", "compression.type (producer)"]
    assert "  type: string\n  default: none\n  allowed: [none, gzip, snappy, lz4, zstd]\n" in out


def test_relatives_of_a_key_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log.retention.ms", "log_message_timestamp_difference_max_ms"]) == 0
    out = capsys.readouterr().out
    assert "the first that is set counts: log.retention.ms, log.retention.minutes, log.retention.hours\n" in out
    assert "a topic's own: retention.ms\n" in out
    assert "now called: log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms\n" in out


def test_a_key_of_one_listener_is_explained_by_its_base(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["listener.name.outside.max.connections"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("listener.name.outside.max.connections (one listener)\n  Goes before max.connections there")
    assert "\nmax.connections (broker)\n" in out


def test_a_reader_may_leave_early() -> None:
    """As in ``minikafka config | head -1``."""
    command = [sys.executable, "-m", "minikafka", "config"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        assert process.stdout.readline() == b"Broker: the node:\n"
        process.stdout.close()
        assert process.stderr.read() == b""


def test_a_key_without_effect_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["num.network.threads"]) == 0
    assert "No effect on a single node: one event loop serves all connections" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("log.retntion.hours", "did you mean log.retention.hours"),
        ("AUTO_OFFSET_RESET_", "did you mean auto.offset.reset"),
        ("voters", "did you mean controller.quorum.voters"),
        ("zzz", "minikafka config lists all."),
    ],
)
def test_an_unknown_key_suggests_another(capsys: pytest.CaptureFixture[str], key: str, suggestion: str) -> None:
    assert main([key, "retention.ms"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("retention.ms (topic)\n")
    assert captured.err.startswith(f"minikafka config: Kafka never had a setting {key}; {suggestion}")


def test_without_a_key_all_are_listed_by_area(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    areas = {}
    for block in capsys.readouterr().out.split("\n\n"):
        title, *lines = block.rstrip().split("\n")
        areas[title] = {line.split()[0]: line for line in lines}
    assert len(areas) == 17
    assert areas["Broker: the node:"]["process.roles"].endswith("list = broker,controller  (no effect)")
    assert areas["Topic:"]["retention.ms"].endswith("long = 604800000")
    assert areas["Broker: keys of older versions:"].keys() >= {"zookeeper.connect", "advertised.host.name"}
    assert "bootstrap.servers" in areas["Producer, consumer and admin client:"]
    assert "group.id" in areas["Consumer:"]


def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "consumer.properties"
    file.write_text("group.id=a\nfetch.min.bytes=none\nlog.dirs=b\n")
    assert main(["--file", str(file)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"ERROR fetch.min.bytes=none ({file}, line 2): ")
    assert out[1] == f"NOTE log.dirs ({file}, line 3) is not a setting of a consumer and is ignored."
    assert main([f"--file={file}", "--for=broker"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{file} can be used by a broker."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--file"], "--file needs a FILE behind it"),
        (["--all"], "there is no option --all"),
        (["--file", "x", "retention.ms"], "either keys are explained, or a file is checked"),
        (["--for", "broker"], "--for says whose file --file is"),
        (
            ["--file", "x", "--for", "topic"],
            "--for is one of broker, producer, consumer, admin, worker, connector, not",
        ),
        (["--file", "/no/such/file"], "/no/such/file cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_understood_is_said(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(arguments) == 1
    assert sentence in capsys.readouterr().err.splitlines()[0]


def test_help_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: minikafka config")
