"""Commands whose standard streams are closed or full, as real processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.broker import Broker

needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")


def in_shell(command: str, **environment: str) -> tuple[int, str, str]:
    done = subprocess.run(
        f'"$PYTHON" -m minikafka {command}',
        shell=True,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONUNBUFFERED": "", **environment},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["kafka-topics --version", "config retention.ms", "init --help"])
def test_closed_output(command: str) -> None:
    assert in_shell(f"{command} >&-") == (0, "", "")


@needs_full_device
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["kafka-topics --version", "config retention.ms", "init --help"])
def test_full_output(command: str, unbuffered: str) -> None:
    code, _, error = in_shell(f"{command} >/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert code == 1
    (sentence,) = error.splitlines()
    assert sentence.endswith("No space left on device")


def test_closed_input(broker: Broker) -> None:
    """It is empty, and not the connection to the broker, which would have its number."""
    command = f"kafka-console-producer --bootstrap-server {broker.bootstrap_servers} --topic closed"
    assert in_shell(f"{command} <&-") == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
def test_a_broker_without_output(tmp_path: Path) -> None:
    """What stops it from starting is said all the same."""
    code, _, error = in_shell(f"server {tmp_path / 'none.properties'} >&- <&-")
    assert code == 1
    assert "none.properties cannot be read" in error


@needs_full_device
def test_a_log_on_a_full_disk(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"PLAINTEXT://127.0.0.1:{taken.getsockname()[1]}"
        code, _, error = in_shell(f"server --override listeners={address} --override log.dirs={tmp_path} >/dev/full")
    assert code == 1
    assert error.startswith(f"minikafka-server: cannot listen on {address}: ")
    assert "Traceback" not in error
