"""The line that says how far long work is: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minikafka.cli.toolkit.progress import Progress
from tests.support.terminal import Terminal

WORK = """
import sys
from minikafka.cli.toolkit.progress import Progress

with Progress("Counting", 4, "sheep", now=iter(range(100)).__next__) as progress:
    for number in range(4):
        progress.advance()
        if number == 1:
            progress.clear()
            print("half")
print("done")
"""


class FakeTerminal(io.StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


class Seconds:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> FakeTerminal:
    monkeypatch.setenv("TERM", "xterm")
    return FakeTerminal()


def test_a_real_terminal(tmp_path: Path) -> None:
    with Terminal([sys.executable, "-c", WORK], tmp_path, {**os.environ, "TERM": "xterm"}) as terminal:
        assert terminal.wait() == 0
        frames = terminal.text.split("\r\x1b[K")
    assert frames[1].startswith("Counting [")
    assert "]  25% 1/4 sheep, 0:06 left" in frames[1]
    assert frames[3] == "half\n"
    assert "] 100% 4/4 sheep, 0:00 left" in frames[5]
    assert frames[6] == "done\n"


def test_a_pipe() -> None:
    done = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("half\ndone\n", "")


def test_a_terminal_that_cannot_erase(terminal: FakeTerminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with Progress("Reading", 2, stream=terminal) as progress:
        progress.advance(2)
    assert progress.done == 2
    assert terminal.getvalue() == ""


def test_where_it_is_not_wanted(terminal: FakeTerminal) -> None:
    with Progress("Reading", 2, is_wanted=False, stream=terminal) as progress:
        progress.advance(2)
    assert terminal.getvalue() == ""


def test_drawn_ten_times_a_second(terminal: FakeTerminal) -> None:
    seconds = Seconds()
    with Progress("Reading", 1000, stream=terminal, now=seconds) as progress:
        for _ in range(1000):
            seconds.now_s += 0.001
            progress.advance()
    assert terminal.getvalue().count("Reading") == 10
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_without_a_total(terminal: FakeTerminal) -> None:
    Progress("Reading", None, "records", stream=terminal).reach(7)
    assert terminal.getvalue() == "\r\x1b[KReading: 7 records"


def test_more_words_than_columns(terminal: FakeTerminal) -> None:
    Progress("R" * 70, 9, stream=terminal).reach(3)
    assert terminal.getvalue() == "\r\x1b[K" + f"{'R' * 70}  33% 3/9"[:79]
