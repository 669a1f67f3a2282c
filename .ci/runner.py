"""Runs steps, some at a time, and tells what became of each.

A step is a function that takes a ``Step`` to report through; it fails by raising. What its commands print is kept
together and shown when the step is done, so that lanes do not mix.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

LANES = 2
SHOWN_BYTES = {"passed": 2_500, "SKIPPED": 2_500, "FAILED": 30_000}


class StepFailed(Exception):
    """A command of a step did not do what it had to."""


class StepSkipped(Exception):
    """A step cannot run on this machine; says what is missing."""


class Result(NamedTuple):
    name: str
    outcome: str
    seconds: float


class Step:
    """What a step runs its commands with; collects what they print and what was left out."""

    def __init__(self, name: str, log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self.left_out: list[str] = []

    def run(
        self,
        *command: str | Path,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = 600,
        shell: bool = False,
    ) -> str:
        """Run a command to its end; what it printed. Raises StepFailed."""
        words = [str(word) for word in command]
        with self.log_path.open("ab") as log:
            log.write(f"$ {' '.join(words)}\n".encode())
            log.flush()
            start = log.tell()
            process = subprocess.Popen(
                words[0] if shell else words,
                shell=shell,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
            try:
                exit_code = process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise StepFailed(f"not done in {timeout_s:.0f} s: {' '.join(words)}") from None
        with self.log_path.open("rb") as log:
            log.seek(start)
            printed = log.read().decode(errors="replace")
        self.left_out += re.findall(r"^SKIPPED .*", printed, re.MULTILINE)
        if exit_code != 0:
            raise StepFailed(f"exit code {exit_code}: {' '.join(words)}")
        return printed


NamedStep = tuple[str, Callable[[Step], None]]


class Runner:
    """Runs steps in their order, as many at a time as there are lanes."""

    def __init__(self, log_directory: Path) -> None:
        self.log_directory = log_directory
        self.results: list[Result] = []
        self.left_out: list[str] = []
        self._printing = threading.Lock()
        self._started = time.monotonic()

    def run(self, steps: Iterable[NamedStep]) -> None:
        waiting = deque(steps)
        lanes = [threading.Thread(target=self._run_lane, args=(waiting,)) for _ in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _run_lane(self, waiting: deque[NamedStep]) -> None:
        while True:
            try:
                name, function = waiting.popleft()
            except IndexError:
                return
            self._run_step(name, function)

    def _run_step(self, name: str, function: Callable[[Step], None]) -> None:
        step = Step(name, self.log_directory / re.sub(r"\W+", "-", name))
        step.log_path.touch()
        started = time.monotonic()
        try:
            function(step)
            outcome, reason = "passed", ""
        except StepSkipped as skipped:
            outcome, reason = "SKIPPED", str(skipped)
            step.left_out.append(f"SKIPPED {name}: {skipped}")
        except Exception as failure:  # whatever went wrong is this step's failure, and the others go on
            outcome, reason = "FAILED", f"{type(failure).__name__}: {failure}"
        result = Result(name, outcome, time.monotonic() - started)
        with self._printing:
            self.results.append(result)
            self.left_out += step.left_out
            self._show(result, reason, step.log_path)

    def _show(self, result: Result, reason: str, log_path: Path) -> None:
        minutes, seconds = divmod(time.monotonic() - self._started, 60)
        print(f"\n=== [{minutes:2.0f}:{seconds:02.0f}] {result.outcome} {result.name} ({result.seconds:.1f} s)")
        print(log_path.read_bytes()[-SHOWN_BYTES[result.outcome] :].decode(errors="replace").rstrip())
        if reason:
            print(reason)
        print(end="", flush=True)

    def summary(self) -> int:
        """Print what became of all steps; the exit code."""
        print("\n=== What was left out")
        for line in sorted(set(self.left_out)) or ["nothing"]:
            print(line)
        print("\n=== Steps")
        for result in sorted(self.results, key=lambda result: -result.seconds):
            print(f"{result.seconds:7.1f} s  {result.outcome:7}  {result.name}")
        print(f"{time.monotonic() - self._started:7.1f} s  in all")
        outcomes = [result.outcome for result in self.results]
        passed, failed, skipped = (outcomes.count(kind) for kind in ("passed", "FAILED", "SKIPPED"))
        print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
        return 1 if failed or not passed else 0
