"""Brokers in processes of their own: minikafka, or Apache Kafka from a directory of its jars.

Both are started, stopped and killed alike, so that one scenario or one measurement runs against either.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.polling import POLL_INTERVAL_S

_LOWEST_PORT = 15_000
_PORTS_OF_THE_SYSTEM = Path("/proc/sys/net/ipv4/ip_local_port_range")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0

# ApiVersions version 0, correlation id 1, no client id, behind its size: the first thing a client asks.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now, and that the system gives to nobody who asks for just any: no
    other process gets it before the broker listens there, or while that is started again."""
    chance = random.SystemRandom()
    for _ in range(100):
        port = chance.randrange(_LOWEST_PORT, _first_port_of_the_system())
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port was found")


def _first_port_of_the_system() -> int:
    try:
        return max(int(_PORTS_OF_THE_SYSTEM.read_text().split()[0]), _LOWEST_PORT + 1_000)
    except OSError:
        return 32_768


def answers_api_versions(host: str, port: int) -> bool:
    """Whether a broker at ``host:port`` answers ApiVersions without an error."""
    try:
        with socket.create_connection((host, port), timeout=10) as connection, connection.makefile("rb") as answers:
            connection.sendall(API_VERSIONS_REQUEST)
            answer = answers.read(10)
    except OSError:
        return False
    return len(answer) == 10 and answer[4:10] == struct.pack(">ih", 1, 0)


class BrokerProcess:
    """A broker process with its data under ``directory``, listening on one port of 127.0.0.1 from start to start.

    ``settings`` are lines of its server.properties beyond listeners and log.dirs.
    """

    def __init__(self, directory: Path, settings: Mapping[str, str] | None = None, port: int | None = None) -> None:
        self.directory = directory
        self.host = "127.0.0.1"
        self.port = free_port() if port is None else port
        self.settings = dict(settings or {})
        self.data_directory = directory / "data"
        self.log_path = directory / "broker.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "the broker has not been started"
        return self.process.pid

    @property
    def log_text(self) -> str:
        """Everything the broker has printed, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def command(self, properties_file: Path) -> list[str]:
        """The command that runs the broker in the foreground."""
        raise NotImplementedError

    def properties(self) -> dict[str, str]:
        return {
            "listeners": f"PLAINTEXT://{self.host}:{self.port}",
            "log.dirs": str(self.data_directory),
            **self.settings,
        }

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def prepare(self, properties_file: Path) -> None:
        """What has to be done once, before the first start."""

    def start(self) -> BrokerProcess:
        """Start it, and return once it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        properties_file = self.directory / "server.properties"
        lines = [f"{key}={value}\n" for key, value in self.properties().items()]
        properties_file.write_text("".join(lines))
        self.prepare(properties_file)
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(properties_file),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment(),
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers_api_versions(self.host, self.port):
            if self.process.poll() is not None:
                raise AssertionError(f"the broker ended with {self.process.returncode} at its start:\n{self.log_text}")
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the broker did not answer within {START_TIMEOUT_S} s:\n{self.log_text}")
            time.sleep(POLL_INTERVAL_S)
        return self

    def stop(self) -> int:
        """Ask it to stop as an operator would (SIGTERM), and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """Kill it where it stands (SIGKILL), and return its exit code."""
        return self._end(signal.SIGKILL)

    def _end(self, signal_number: int) -> int:
        process = self.process
        if process is None:
            return 0
        process.send_signal(signal_number)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the broker did not stop within {STOP_TIMEOUT_S} s:\n{self.log_text}") from None
        finally:
            self.process = None
        return process.returncode

    def __enter__(self) -> BrokerProcess:
        return self.start()

    def __exit__(self, *_: Any) -> None:
        self.kill()


class MinikafkaProcess(BrokerProcess):
    """``minikafka-server`` as it is installed beside the running Python."""

    def command(self, properties_file: Path) -> list[str]:
        return [sys.executable, "-m", "minikafka", str(properties_file)]


class ApacheKafkaProcess(BrokerProcess):
    """Apache Kafka (3.9 or newer, KRaft, one node) from ``jars_directory``, which holds it with its dependencies."""

    def __init__(
        self,
        directory: Path,
        jars_directory: Path,
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        super().__init__(directory, settings, port)
        self.jars_directory = jars_directory
        self.controller_port = free_port()

    def properties(self) -> dict[str, str]:
        controller = f"{self.host}:{self.controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": controller,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "offsets.topic.num.partitions": "5",
            "group.initial.rebalance.delay.ms": "0",
            **super().properties(),
            "listeners": f"PLAINTEXT://{self.host}:{self.port},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.host}:{self.port}",
        }

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        return ["java", "-Xmx512m", "-cp", f"{self.jars_directory}/*", main_class, *arguments]

    def command(self, properties_file: Path) -> list[str]:
        return self._java("kafka.Kafka", str(properties_file))

    def prepare(self, properties_file: Path) -> None:
        if (self.data_directory / "meta.properties").exists():
            return
        cluster_id = "bWluaWthZmthLXRlc3RzIQ"
        command = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties_file), "-s")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"formatting Kafka's storage failed:\n{done.stdout}{done.stderr}")


def java_is_available() -> bool:
    return shutil.which("java") is not None
