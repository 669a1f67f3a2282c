"""minikafka-server as a process: what it prints, how it ends, and what keeps it from starting."""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka import __version__
from minikafka.cli import main as dispatch
from minikafka.cli.local.server import UsageError, main, parse
from tests.support.brokers import answers_api_versions, free_port
from tests.support.polling import wait_until

REPOSITORY = Path(__file__).parents[3]
ANY_PORT = ("--override", "listeners=PLAINTEXT://127.0.0.1:0")


class Server:
    """A running minikafka-server, and what it has printed."""

    def __init__(self, directory: Path, *arguments: str, command: tuple[str, ...] = ("-m", "minikafka")) -> None:
        self.out = directory / "out.txt"
        self.err = directory / "err.txt"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, *command, *arguments], cwd=directory, stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )

    def wait_until_ready(self) -> Server:
        wait_until(lambda: "ready in" in self.text or self.process.poll() is not None, what="the broker is ready")
        assert self.process.poll() is None, self.err.read_text()
        return self

    @property
    def text(self) -> str:
        return self.out.read_text()

    @property
    def port(self) -> int:
        found = re.search(r"listening on PLAINTEXT://[^:]*:(\d+)", self.text)
        assert found is not None
        return int(found[1])

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, "--override", "log.dirs=data", *ANY_PORT).wait_until_ready()
    yield server
    server.process.kill()
    server.process.wait()


def lines(text: str) -> list[str]:
    """The log lines, without time."""
    return [line.split(" ", 2)[2] for line in text.splitlines()]


def test_it_says_what_it_does(started: Server, tmp_path: Path) -> None:
    assert answers_api_versions("127.0.0.1", started.port)
    started.process.terminate()
    assert started.process.wait(20) == 0
    assert re.sub(r"\d+ ms", "N ms", re.sub(r":\d+\b", ":PORT", "\n".join(lines(started.text)))).splitlines() == [
        f"INFO minikafka {__version__}, node 1",
        "INFO listening on PLAINTEXT://127.0.0.1:PORT",
        "INFO advertising PLAINTEXT as 127.0.0.1:PORT",
        f"INFO cluster {_cluster_id(tmp_path)} with 0 topics; 0 partitions in {tmp_path}/data",
        "INFO ready in N ms",
        "INFO SIGTERM received",
        "INFO stopping",
        "INFO stopped",
    ]
    assert started.err.read_text() == ""
    assert (tmp_path / "data" / ".kafka_cleanshutdown").exists()


def _cluster_id(directory: Path) -> str:
    properties = (directory / "data" / "meta.properties").read_text()
    found = re.search(r"cluster\.id=(\S+)", properties)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_that_stop_it_cleanly(started: Server, number: int, tmp_path: Path) -> None:
    assert started.end(number) == 0
    assert (tmp_path / "data" / ".kafka_cleanshutdown").exists()


def test_the_hang_up_is_ignored_under_nohup(tmp_path: Path) -> None:
    command = (
        "-c",
        "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from minikafka.cli.local.server import main; sys.exit(main())",
    )
    server = Server(tmp_path, "--override", "log.dirs=data", *ANY_PORT, command=command).wait_until_ready()
    server.process.send_signal(signal.SIGHUP)
    assert answers_api_versions("127.0.0.1", server.port)
    assert server.end(signal.SIGTERM) == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    command = (
        "-c",
        "import asyncio, sys\n"
        "from minikafka.server.node import Node\n"
        "async def stop(self): print('stopping for ever', flush=True); await asyncio.Event().wait()\n"
        "Node.stop = stop\n"
        "from minikafka.cli.local.server import main\n"
        "sys.exit(main())",
    )
    server = Server(tmp_path, "--override", "log.dirs=data", *ANY_PORT, command=command).wait_until_ready()
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping for ever" in server.text, what="the first signal is heard")
    assert server.end(signal.SIGINT) == 128 + signal.SIGINT
    assert "a second signal: ending at once" in server.text


def test_without_a_file_the_data_is_in_a_named_folder(tmp_path: Path) -> None:
    port = free_port()
    server = Server(tmp_path, "--override", f"listeners=PLAINTEXT://localhost:{port}").wait_until_ready()
    assert f"partitions in {tmp_path}/minikafka-data" in server.text
    assert (tmp_path / "minikafka-data" / "meta.properties").exists()
    assert server.end(signal.SIGTERM) == 0


def test_the_file_that_comes_with_it(tmp_path: Path) -> None:
    file = REPOSITORY / "config" / "server.properties"
    server = Server(tmp_path, str(file), *ANY_PORT).wait_until_ready()
    assert "WARNING" not in server.text
    assert (tmp_path / "data" / "meta.properties").exists()
    assert server.end(signal.SIGTERM) == 0


def test_the_script_of_a_checkout(tmp_path: Path) -> None:
    script = REPOSITORY / "bin" / "minikafka-server"
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run([script, "--version"], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, f"minikafka {__version__}\n"), done.stderr


def test_settings_that_do_nothing_or_are_unknown_are_named(tmp_path: Path) -> None:
    file = tmp_path / "server.properties"
    file.write_text("log.dirs=data\nlisteners=PLAINTEXT://127.0.0.1:0\nzookeeper.connect=localhost:2181\nlog.dris=x\n")
    server = Server(tmp_path, str(file)).wait_until_ready()
    warnings = [line for line in lines(server.text) if line.startswith("WARNING")]
    assert len(warnings) == 2
    assert any("log.dris" in warning and "line 4" in warning for warning in warnings)
    assert any("zookeeper.connect" in warning and "ZooKeeper" in warning for warning in warnings)
    assert server.end(signal.SIGTERM) == 0


def test_a_file_of_apache_kafka(tmp_path: Path) -> None:
    """Kafka's own settings for one combined node start this broker too; it says what it does otherwise."""
    file = tmp_path / "server.properties"
    file.write_text(
        "process.roles=broker,controller\n"
        "node.id=1\n"
        "controller.quorum.bootstrap.servers=localhost:9093\n"
        "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093\n"
        "inter.broker.listener.name=PLAINTEXT\n"
        "controller.listener.names=CONTROLLER\n"
        "log.dirs=data\n"
    )
    server = Server(tmp_path, str(file)).wait_until_ready()
    assert "not listening on CONTROLLER://:9093: the controller is part of this process" in server.text
    assert answers_api_versions("127.0.0.1", server.port)
    assert server.end(signal.SIGTERM) == 0


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it prints when it does not start: one line on stderr, and exit code 1."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("minikafka-server: ")
    assert captured.err.count("\n") == 1
    return captured.err.removeprefix("minikafka-server: ").rstrip("\n")


@pytest.fixture(autouse=True)
def root_logger_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minikafka.cli.local.server._log_to_stdout", lambda: None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--overide", "a=b"], "there is no option --overide; minikafka-server --help lists them"),
        (["--override"], "--override needs KEY=VALUE behind it"),
        (["--override", "num.partitions"], "--override takes KEY=VALUE, not 'num.partitions'"),
        (["--override", "=5"], "--override takes KEY=VALUE, not '=5'"),
        (["one.properties", "two.properties"], "one FILE is read, not two (one.properties and two.properties)"),
        (["/no/such/file"], "the configuration /no/such/file cannot be read: No such file or directory"),
    ],
)
def test_a_command_line_that_cannot_be_used(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(capsys, *arguments) == sentence


def test_garbage_is_collected_again_after_a_start_that_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = ["--override", f"log.dirs={tmp_path}", "--override", "listeners=SSL://127.0.0.1:0"]
    assert "security protocol SSL" in refusal(capsys, *overrides)
    assert gc.isenabled()


def test_a_value_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "server.properties"
    file.write_text("# first line\nnum.partitions=many\n")
    sentence = refusal(capsys, str(file))
    assert "num.partitions=many" in sentence
    assert f"{file}, line 2" in sentence


def test_a_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refusal(
            capsys,
            "--override",
            f"log.dirs={tmp_path / 'data'}",
            "--override",
            f"listeners=PLAINTEXT://127.0.0.1:{port}",
        )
    assert f"cannot listen on PLAINTEXT://127.0.0.1:{port}: port {port} is in use" in sentence
    assert not (tmp_path / "data").exists()


def test_a_locked_directory(started: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentence = refusal(capsys, "--override", f"log.dirs={tmp_path / 'data'}", *ANY_PORT)
    assert f"{tmp_path / 'data'} is in use by another broker" in sentence


def test_a_directory_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    sentence = refusal(capsys, "--override", f"log.dirs={tmp_path / 'file' / 'data'}", *ANY_PORT)
    assert f"{tmp_path / 'file'}" in sentence


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    sentence = refusal(capsys, "--override", f"log.dirs={tmp_path / 'data'}", *ANY_PORT)
    assert "Permission denied" in sentence


def test_another_brokers_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "meta.properties").write_text("version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\nnode.id=8\n")
    sentence = refusal(capsys, "--override", f"log.dirs={tmp_path}", *ANY_PORT)
    assert "node.id=8, and this one has node.id=1" in sentence


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: minikafka-server [FILE] [--override KEY=VALUE]...")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"minikafka {__version__}\n"


def test_overrides_are_parsed() -> None:
    arguments = parse(["--override", "a=b=c", "file", "--override=d = e "])
    assert arguments.file == "file"
    assert arguments.overrides == {"a": "b=c", "d": "e"}
    with pytest.raises(UsageError):
        parse(["-x"])


def test_the_command_dispatcher(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["--help"]) == 0
    listed = capsys.readouterr().out
    assert re.search("^  server +run a broker", listed, re.MULTILINE)
    assert re.search("^  kafka-topics +create", listed, re.MULTILINE)
    assert dispatch([]) == 0
    assert capsys.readouterr().out.startswith("usage: minikafka COMMAND")
    assert dispatch(["--version"]) == 0
    assert capsys.readouterr().out == f"minikafka {__version__}\n"
    assert dispatch(["server", "--version"]) == 0
    assert capsys.readouterr().out == f"minikafka {__version__}\n"
    assert dispatch(["serve"]) == 1
    assert "there is no command 'serve'" in capsys.readouterr().err
