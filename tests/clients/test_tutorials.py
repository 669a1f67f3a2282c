"""What tutorials do with kafka-python, with the release that is installed; the client matrix runs the older ones."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import BrokerProcess

REPOSITORY = Path(__file__).parent.parent.parent
PROGRAMS = Path(__file__).parent / "tutorial"
RUNNER = REPOSITORY / "tests" / "matrix" / "kafka_python_tutorial.py"
# Each a process; they run side by side, for they wait more than they work.
PARTS = ("admin_", "consumer_groups", "consumer_[^g]", "producer_")
TIMEOUT_S = 100


@pytest.fixture(scope="module")
def runs(shared_broker: BrokerProcess) -> Iterator[dict[str, subprocess.Popen[str]]]:
    options = ["--features", "groups,transactions", "--only"]
    command = [sys.executable, "-W", "ignore", str(RUNNER), shared_broker.bootstrap, *options]
    runs = {
        part: subprocess.Popen([*command, part], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for part in PARTS
    }
    yield runs
    for process in runs.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("part", PARTS)
def test_programs_print_what_they_say(runs: dict[str, subprocess.Popen[str]], part: str) -> None:
    printed, _ = runs[part].communicate(timeout=TIMEOUT_S)
    assert runs[part].returncode == 0, printed
    assert re.search(r"^\w+ +\d+\.\d s$", printed, re.MULTILINE), printed


def test_every_program_has_its_part_and_its_line() -> None:
    names = sorted(path.stem for path in PROGRAMS.glob("*.py"))
    assert [name for name in names if sum(bool(re.match(part, name)) for part in PARTS) == 1] == names
    listed = re.findall(r"\| (\w+)\.py \|$", (PROGRAMS / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == names
