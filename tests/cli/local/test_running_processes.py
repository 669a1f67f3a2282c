"""Which servers run, as the commands that stop them find out."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from minikafka.cli.local import running_processes
from minikafka.cli.local.running_processes import RunningProcess, registered, running, stop

COMMAND = "kafka-server-start"


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.delenv("SIGNAL", raising=False)
    return tmp_path / "logs"


@pytest.fixture
def server(logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a broker, with its file."""
    code = "print('up', flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, COMMAND], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        logs.mkdir()
        (logs / f"{COMMAND}-{process.pid}.pid").write_text(f"{process.pid}\n7\n")
        yield process
        process.kill()


@pytest.fixture(params=["/proc", "ps"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "ps":
        monkeypatch.setattr(running_processes, "_PROC", tmp_path / "no-proc")
    way: str = request.param
    return way


def test_who_runs_is_found_and_stopped(server: subprocess.Popen[bytes], way: str, logs: Path) -> None:
    (found,) = running(COMMAND)
    assert found == RunningProcess(server.pid, COMMAND, "7", logs / f"{COMMAND}-{server.pid}.pid")
    assert stop([found], "nobody") == 0
    assert server.wait(20) == -signal.SIGTERM


def test_who_does_not_run_any_more_is_forgotten(server: subprocess.Popen[bytes], way: str, logs: Path) -> None:
    server.kill()
    server.wait(20)
    assert running(COMMAND) == []
    assert list(logs.iterdir()) == []


def test_another_process_of_that_number_is_left_alone(logs: Path, way: str) -> None:
    with registered("zookeeper-server-start"):
        assert running("zookeeper-server-start") == []  # pytest is none
    assert list(logs.iterdir()) == []


def test_another_signal(
    server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGNAL", "NOPE")
    assert stop(running(COMMAND), "nobody") == 1
    assert capsys.readouterr().err == "SIGNAL=NOPE: there is no such signal\n"
    monkeypatch.setenv("SIGNAL", "INT")
    assert stop(running(COMMAND), "nobody") == 0
    assert server.wait(20) == -signal.SIGINT


def test_nobody_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert stop(running(COMMAND), "No kafka server to stop") == 1
    assert capsys.readouterr().out == "No kafka server to stop\n"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert stop([RunningProcess(gone.pid, COMMAND, "", Path("none"))], "nobody") == 0
