"""A folder that ``minikafka init`` laid out, with ports of its own, and its commands as a tutorial writes them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from minikafka.cli.local.layout import write_layout
from tests.support.brokers import answers_api_versions, free_port
from tests.support.polling import wait_until
from tests.support.terminal import Terminal

TIMEOUT_S = 40


class TutorialFolder:
    """``port`` stands where tutorials have 9092; ZooKeeper's 2181 stays in commands, where nobody connects to it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.zookeeper_port = free_port()
        write_layout(directory)
        self._change("server.properties", "listeners=PLAINTEXT://:9092", f"listeners=PLAINTEXT://localhost:{self.port}")
        self._change("zookeeper.properties", "clientPort=2181", f"clientPort={self.zookeeper_port}")
        self.set("zookeeper.properties", "clientPortAddress=127.0.0.1")
        self.environment = {key: value for key, value in os.environ.items() if key not in ("LOG_DIR", "SIGNAL")}
        self.environment["PYTHON"] = sys.executable

    def set(self, file: str, line: str) -> None:
        with (self.directory / "config" / file).open("a") as settings:
            settings.write(f"\n{line}\n")

    def words(self, command: str) -> list[str]:
        return [word.replace("localhost:9092", f"localhost:{self.port}") for word in shlex.split(command)]

    def run(self, command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command line to its end."""
        return subprocess.run(
            self.words(command),
            cwd=self.directory,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def output(self, command: str, stdin: str = "") -> str:
        """What a command that succeeds prints to stdout."""
        done = self.run(command, stdin)
        assert done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def run_in_shell(self, line: str) -> str:
        """What a line of shell prints to the shell's own stdout."""
        done = subprocess.run(
            line,
            shell=True,
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        return done.stdout

    def terminal(self, command: str) -> Terminal:
        return Terminal(self.words(command), self.directory, self.environment)

    def start_broker(self) -> None:
        assert self.run("bin/kafka-server-start.sh -daemon config/server.properties").returncode == 0
        assert answers_api_versions("localhost", self.port)

    def stop_all(self) -> None:
        """Stop what was started as a daemon, and wait until it is gone."""
        for name in ("kafka-server-stop.sh", "zookeeper-server-stop.sh"):
            done = self.run(f"bin/{name}")
            assert "Traceback" not in done.stderr, done.stderr
        wait_until(lambda: not list((self.directory / "logs").glob("*.pid")), what="the daemons have ended")

    def _change(self, file: str, old: str, new: str) -> None:
        path = self.directory / "config" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
