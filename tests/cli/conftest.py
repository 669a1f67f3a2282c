"""Brokers for the tests of the tools; each test uses topics and groups of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minikafka.broker import Broker
from minikafka.cli import run as run_command
from tests.cli.tool_run import Run
from tests.cli.tutorials.tutorial_folder import TutorialFolder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TutorialFolder]:
    """A tutorial's folder with a broker in it."""
    folder = TutorialFolder(tmp_path_factory.mktemp("tutorial"))
    folder.start_broker()
    yield folder
    folder.stop_all()


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    """A broker in this process."""
    with Broker() as broker:
        yield broker


@pytest.fixture
def run(broker: Broker, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("kafka-topics", "--list")`` -> exit code, stdout, stderr; the broker's address is added."""

    def run_tool(command: str, *arguments: str, connected: bool = True) -> tuple[int, str, str]:
        capsys.readouterr()
        servers = ["--bootstrap-server", broker.bootstrap_servers] if connected else []
        code = run_command(command, [*arguments, *servers])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_tool
