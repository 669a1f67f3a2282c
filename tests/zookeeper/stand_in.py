"""The stand-in as a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from minikafka.zookeeper.client import ZooKeeperClient
from tests.support.brokers import free_port
from tests.support.polling import wait_until


class StandIn:
    """``zookeeper-server-start`` with a file of its own."""

    def __init__(
        self, directory: Path, bootstrap_servers: str, server_properties: str = "", settings: str = ""
    ) -> None:
        self.port = free_port()
        self.output = directory / "output"
        file = directory / "zookeeper.properties"
        file.write_text(
            f"clientPort={self.port}\nclientPortAddress=127.0.0.1\nbootstrap.servers={bootstrap_servers}\n{settings}"
        )
        if server_properties:
            (directory / "server.properties").write_text(server_properties)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "minikafka", "zookeeper-server-start", str(file)],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=directory,
            )
        wait_until(lambda: "minikafka needs no ZooKeeper" in self.printed, what="the stand-in is ready")

    @property
    def printed(self) -> str:
        return self.output.read_text()

    def client(self) -> ZooKeeperClient:
        return ZooKeeperClient("127.0.0.1", self.port)

    def word(self, word: str) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(word.encode())
            return connection.makefile().read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)
