"""The steps of ``.ci/run``, two at a time; see there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from runner import NamedStep, Runner, Step, StepFailed, StepSkipped

REPOSITORY = Path(__file__).parent.parent
README = REPOSITORY / "README.md"
GROUND_TRUTH = REPOSITORY.parent / "shared"
OTHER_PYTHONS = ((3, 10), (3, 12), (3, 13), (3, 14))
SERVER_OUTPUT_SHOWN = 8_000
# What differs most between Pythons: parsing bytes, asyncio, threads, real clients.
TESTS_ON_OTHER_PYTHONS = (
    "tests/protocol",
    "tests/records",
    "tests/server",
    "tests/embedded",
    "tests/test_broker.py",
    "tests/clients/test_restart.py",
)


class Environments:
    """Virtual environments, each new, all in one temporary directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._tools: Path | None = None
        self._making_tools = threading.Lock()

    def tools(self, step: Step) -> Path:
        """The environment, made once for all lanes, with minikafka and what its test programs need."""
        with self._making_tools:
            if self._tools is None:
                programs = self.create(step, "tools")
                step.run(programs / "pip", "install", "--quiet", ".[test]")
                self._tools = programs
            return self._tools

    def create(self, step: Step, name: str, python: str = sys.executable) -> Path:
        """A new environment; the directory of its programs."""
        folder = self.directory / "environments" / name
        step.run(python, "-m", "venv", folder)
        return folder / "bin"


def readme_block(marker: str) -> str:
    """The code block of the README behind ``<!-- marker -->``."""
    found = re.search(rf"<!-- {re.escape(marker)} -->\n```\w+\n(.*?)```", README.read_text(), re.DOTALL)
    if found is None:
        raise StepFailed(f"README.md has no block '{marker}'")
    return found[1].strip()


def activated(programs: Path) -> dict[str, str]:
    """The variables that activating an environment sets."""
    return {"PATH": f"{programs}:{os.environ['PATH']}", "VIRTUAL_ENV": str(programs.parent)}


# --- the README


def readme_tests(environments: Environments, step: Step) -> None:
    """The README's command for tests, as it is written, in a new environment."""
    programs = environments.create(step, "tests")
    printed = step.run(readme_block("command: test"), environment=activated(programs), shell=True, timeout_s=1500)
    if GROUND_TRUTH.exists():
        missed = [line for line in printed.splitlines() if line.startswith("SKIPPED") and "shared" in line]
        if missed:
            raise StepFailed("tests against Kafka's golden data did not run though it is there: " + "; ".join(missed))


def readme_start(environments: Environments, step: Step) -> None:
    """The README's command that starts a broker, its examples against it, and a clean stop."""
    programs = environments.create(step, "start")
    install, _, start = readme_block("command: start").partition(" && ")
    variables = activated(programs)
    step.run(install, environment=variables, shell=True)
    step.run("pip install --quiet kafka-python", environment=variables, shell=True)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(REPOSITORY / "config", Path(directory) / "config")
        with ServerProcess(step, shlex.split(start), directory, variables) as server:
            server.wait_for("ready in")
            printed = step.run("python", "-c", readme_block("example: quick start"), environment=variables)
            expected = [f"0 {number} hello {number}" for number in range(3)]
            if [line for line in printed.splitlines() if line.startswith("0 ")] != expected:
                raise StepFailed("the quick start printed something else than the three messages")
        printed = step.run("python", "-c", readme_block("example: embedded"), environment=variables)
        if "offset=0" not in printed:
            raise StepFailed("the embedded example did not print where its message went")


class ServerProcess:
    """``minikafka-server`` in the foreground of a step; stops it with SIGTERM and expects exit code 0."""

    def __init__(self, step: Step, command: list[str], directory: str, variables: dict[str, str]) -> None:
        self.step = step
        self.command = command
        self.directory = directory
        self.variables = variables
        self.output = Path(directory) / "server-output"

    def __enter__(self) -> ServerProcess:
        program = shutil.which(self.command[0], path=self.variables["PATH"])
        if program is None:
            raise StepFailed(f"no {self.command[0]} was installed")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [program, *self.command[1:]],
                cwd=self.directory,
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self

    def wait_for(self, words: str) -> str:
        """What it has printed once ``words`` are in it."""
        deadline = time.monotonic() + 30
        while words not in self.output.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StepFailed(f"the server did not say '{words}':\n{self.output.read_text()}")
            time.sleep(0.02)
        return self.output.read_text()

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            exit_code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            exit_code = self.process.wait()
        if error is not None or exit_code != 0:
            with self.step.log_path.open("a") as log:
                # Last and short: what the step itself said stays in what is shown of a failure.
                log.write("--- what the server printed at the end\n" + self.output.read_text()[-SERVER_OUTPUT_SHOWN:])
        if error is None and exit_code != 0:
            raise StepFailed(f"the server ended with exit code {exit_code}")


# --- the code


def lint_and_types(environments: Environments, step: Step) -> None:
    programs = environments.create(step, "lint")
    step.run(programs / "pip", "install", "--quiet", ".[dev]")
    step.run(programs / "ruff", "check", ".")
    step.run(programs / "mypy")


# --- what is shipped


def packages(environments: Environments, step: Step) -> None:
    """A wheel and an sdist, each installed where there is nothing else, each giving a server that starts."""
    programs = environments.create(step, "build")
    step.run(programs / "pip", "install", "--quiet", "build")
    built = environments.directory / "dist"
    step.run(programs / "python", "-m", "build", "--outdir", built, REPOSITORY)
    for kind, pattern in (("wheel", "*.whl"), ("sdist", "*.tar.gz")):
        (archive,) = built.glob(pattern)
        installed = environments.create(step, kind)
        step.run(installed / "pip", "install", "--quiet", archive)
        server_starts(step, installed)


def server_starts(step: Step, programs: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        command = ["minikafka-server", "--override", "listeners=PLAINTEXT://127.0.0.1:0"]
        with ServerProcess(step, command, directory, activated(programs)) as server:
            server.wait_for("ready in")


# --- other Pythons


def find_python(version: tuple[int, int]) -> str | None:
    name = f"{version[0]}.{version[1]}"
    candidates = [shutil.which(f"python{name}"), *Path("~/.pyenv/versions").expanduser().glob(f"{name}.*/bin/python")]
    for candidate in filter(None, candidates):
        code = f"import ensurepip, sys; sys.exit(sys.version_info[:2] != {version})"
        if subprocess.run([candidate, "-c", code], capture_output=True, check=False).returncode == 0:
            return str(candidate)
    return None


def other_python(environments: Environments, version: tuple[int, int], step: Step) -> None:
    python = find_python(version)
    if python is None:
        raise StepSkipped(f"no Python {version[0]}.{version[1]} on this machine")
    programs = environments.create(step, f"python-{version[0]}.{version[1]}", python)
    step.run(programs / "pip", "install", "--quiet", ".[test]")
    tests = [path for path in TESTS_ON_OTHER_PYTHONS if (REPOSITORY / path).exists()]
    step.run(programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


# --- frameworks


def frameworks(environments: Environments, step: Step) -> None:
    """The tests inside frameworks, event loops, notebooks and parallel test runs, none of which may be skipped."""
    programs = environments.create(step, "frameworks")
    step.run(programs / "pip", "install", "--quiet", ".[frameworks]")
    tests = ["tests/frameworks", "tests/test_pytest_plugin.py", "tests/docs"]
    # Where warnings are errors, pytest-asyncio may not say what it wants to be told; the tests of it run it themselves.
    without = ["-p", "no:cacheprovider", "-p", "no:asyncio"]
    printed = step.run(programs / "python", "-m", "pytest", "-q", *without, *tests)
    skipped = [line for line in printed.splitlines() if line.startswith("SKIPPED")]
    if skipped:
        raise StepFailed("what is installed was not tested: " + "; ".join(skipped))


# --- clients, kills and speed


def client_matrix(environments: Environments, step: Step) -> None:
    """All clients against one broker process."""
    programs = environments.tools(step)
    with tempfile.TemporaryDirectory() as directory:
        # Clients join many groups here, one after the other: without the delay meant for many members, and with the
        # second heartbeat, which brings the assignments of share groups, soon.
        settings = [
            "listeners=PLAINTEXT://127.0.0.1:0",
            "group.initial.rebalance.delay.ms=0",
            "group.share.heartbeat.interval.ms=200",
            "group.share.min.heartbeat.interval.ms=200",
        ]
        command = ["minikafka-server", *(word for setting in settings for word in ("--override", setting))]
        with ServerProcess(step, command, directory, activated(programs)) as server:
            started = server.wait_for("ready in")
            found = re.search(r"listening on PLAINTEXT://([\d.]+:\d+)", started)
            if found is None:
                raise StepFailed(f"the server does not say where it listens:\n{started}")
            work = environments.directory / "matrix"
            step.run(programs / "python", "-m", "tests.matrix", found[1], "--work", work, timeout_s=900)


def kill_campaign(environments: Environments, step: Step) -> None:
    programs = environments.tools(step)
    step.run(programs / "python", "-m", "tests.crash.kill_campaign", "--rounds", "15", timeout_s=300)


def benchmarks_run(environments: Environments, step: Step) -> None:
    """That the benchmarks still run; numbers of a busy machine say nothing."""
    programs = environments.tools(step)
    step.run(programs / "python", "-m", "benchmarks", "--quick", "--brokers", "minikafka", timeout_s=200)


def steps(environments: Environments) -> list[NamedStep]:
    """What fails fast first, then those that take longest, so that both lanes end at about the same time."""
    pythons = [
        (f"Python {major}.{minor}", partial(other_python, environments, (major, minor)))
        for major, minor in OTHER_PYTHONS
        if (major, minor) != sys.version_info[:2]
    ]
    return [
        ("ruff and mypy", partial(lint_and_types, environments)),
        ("client matrix", partial(client_matrix, environments)),
        ("README: tests", partial(readme_tests, environments)),
        *pythons,
        ("frameworks", partial(frameworks, environments)),
        ("kill campaign", partial(kill_campaign, environments)),
        ("wheel and sdist", partial(packages, environments)),
        ("README: start and examples", partial(readme_start, environments)),
        ("benchmarks run", partial(benchmarks_run, environments)),
    ]


def main(wanted: list[str]) -> int:
    os.chdir(REPOSITORY)
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored under nohup, and then also where tests send it
    with tempfile.TemporaryDirectory(prefix="minikafka-ci-") as temporary:
        runner = Runner(Path(temporary))
        chosen = steps(Environments(Path(temporary)))
        if wanted:
            chosen = [step for step in chosen if any(word in step[0] for word in wanted)]
        runner.run(chosen)
        return runner.summary()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
